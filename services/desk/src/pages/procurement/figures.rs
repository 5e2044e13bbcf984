//! 数字: what documents say, with the interval that the words allow, and how our records compare.

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::procurement::v1::{
    AreaScope, Figure, FigureBasis, FigureQualifier, FigureReconciliation, FigureUnit, GetFigureRequest,
    GetSourceDocumentRequest, Interval, ListFiguresRequest, Number, Origin, ReconcileClaimsRequest,
    ReconcileFigureRequest, SourceDocument,
};

use super::{
    Answer, Tab, answer, claims,
    listing::{Listing, PAGE_SIZE, quoted},
    names::{Names, link, wording},
    parts, show,
    words::{Named, records_tone},
};
use crate::{
    Desk, Language,
    html::{badge, filled, grouped, synthetic},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/figures", get(list)).route("/procurement/figures/{id}", get(one))
}

/// Characters shown before and after a quote.
const CONTEXT: usize = 60;

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, listed(&visit, &Fields(query)).await)
}

async fn listed(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let listing = Listing::new(visit, "/procurement/figures", fields)
        .search()
        .region("region")
        .await?
        .choice::<FigureBasis>("basis", "basis", "口径", "Basis")
        .choice::<AreaScope>("scope", "scope", "范围", "Scope")
        .choice::<FigureQualifier>("qualifier", "qualifier", "限定", "Qualifier")
        .ordered(&[
            ("", "", "编号", "Id"),
            ("latest", "to_day desc", "时期由近及远", "Latest period first"),
            ("metric", "metric, to_day", "指标", "Metric"),
        ]);
    let asked = ListFiguresRequest {
        page_size: PAGE_SIZE,
        page_token: listing.token(),
        filter: listing.filter(),
        order_by: listing.order(),
        show_deleted: false,
        return_total: listing.is_counted(),
    };
    let found = visit.api.figures().list_figures(asked).await?.into_inner();
    let names = Names::of(&visit.api, language, found.figures.iter().map(|of| of.region.as_str())).await;
    let body = html! {
        p { (visit.say("来源文献发布的数字，照录原文；“多”“约”等限定使其成为区间。系统的合计从不写入此表。", "Figures as documents published them; words such as 多 and 约 make them intervals. No total of ours is ever written here."))
            " " a href="/procurement/claims" { (visit.say("说法与核对", "Claims and verdicts")) } }
        (listing.form())
        (listing.total(found.total_size))
        (table(&found.figures, &names, language))
        (listing.pager(&found.next_page_token))
    };
    show(visit, Tab::Figures, visit.say("数字", "Figures"), &body)
}

fn table(figures: &[Figure], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("编号", "Id"), false),
        (language.of("指标", "What is measured"), false),
        (language.of("数值", "Value"), true),
        (language.of("取值区间", "Interval"), true),
        (language.of("时期", "Period"), false),
        (language.of("地区", "Region"), false),
        (language.of("口径", "Basis"), false),
        (language.of("原文", "Quote"), false),
    ];
    html! {
        @if figures.is_empty() { p.nothing { (language.of("没有符合条件的数字。", "No figure meets the conditions.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for figure in figures { tr data-row {
                th scope="row" { (link(&figure.name, super::names::id(&figure.name))) }
                td { (wording(figure.title.as_ref(), language)) (parts::marks(figure.provenance.as_ref(), figure.delete_time.as_ref(), language)) }
                td.number { (value(figure, language)) }
                td.number { (interval(figure.interval.as_ref())) }
                td.short { (period(&figure.period, language)) }
                td.short { (names.link(&figure.region)) br; small { (figure.scope().named(language)) } }
                td.short { (figure.basis().named(language)) }
                td lang="zh-CN" { (figure.quote) }
            } } }
        } } }
    }
}

/// The number as it was written, with its unit and the word beside it.
pub fn value(figure: &Figure, language: Language) -> Markup {
    let qualifier = figure.qualifier();
    let unit = figure.unit().named(language);
    let (before, after) = match qualifier {
        FigureQualifier::MoreThan => ("", language.of("多", "+")),
        FigureQualifier::AtLeast => ("", language.of("以上", " or more")),
        FigureQualifier::About => (language.of("约", "about "), ""),
        FigureQualifier::Average => (language.of("平均", "mean "), ""),
        FigureQualifier::OrderOf => (language.of("数量级 ", "order of "), ""),
        FigureQualifier::Exact | FigureQualifier::Unspecified => ("", ""),
    };
    let space = if unit == "%" { "" } else { language.of("", " ") };
    html! {
        (before) b { (figure.value) }
        // 3100多名, and 800 or more documents.
        (after) (space) (unit)
        @if !figure.margin.is_empty() { " ±" (figure.margin) }
    }
}

/// A time as a figure has it: `2015..` is since 2015.
pub fn period(period: &str, language: Language) -> String {
    match period.split_once("..") {
        Some((from, "")) => format!("{}{from}{}", language.of("", "since "), language.of(" 年以来", "")),
        Some(("", to)) => format!("{}{to}", language.of("截至 ", "until ")),
        Some((from, to)) => format!("{to} {} {from}", language.of("比", "against")),
        None if period == "unstated" => language.of("未说明", "not stated").to_owned(),
        None => period.to_owned(),
    }
}

/// Every value between two ends: `[800, 900)`.
pub fn interval(interval: Option<&Interval>) -> Markup {
    let Some(interval) = interval else { return html! { span.nothing { "—" } } };
    let same = interval.low.is_some() && interval.low == interval.high;
    html! {
        @if same { (number(interval.low.as_ref())) } @else {
            @match &interval.low { Some(low) => { (if interval.is_low_closed { "[" } else { "(" }) (number(Some(low))) }, None => "(−∞" }
            ", "
            @match &interval.high { Some(high) => { (number(Some(high))) (if interval.is_high_closed { "]" } else { ")" }) }, None => "+∞)" }
        }
    }
}

/// An exact number; what is rounded opens to its fraction.
pub fn number(number: Option<&Number>) -> Markup {
    html! { @match number {
        None => span.nothing { "—" },
        Some(number) => @if number.is_rounded && !number.exact.is_empty() {
            details.exact { summary { (readable(&number.decimal)) } (number.exact) }
        } @else { (readable(&number.decimal)) },
    } }
}

/// A decimal, its whole part in groups of three digits from five digits on, with a sign as it is printed.
fn readable(decimal: &str) -> String {
    let (sign, size) = decimal.strip_prefix('-').map_or(("", decimal), |size| ("−", size));
    let (whole, rest) = size.split_once('.').map_or((size, None), |(whole, rest)| (whole, Some(rest)));
    let whole = if whole.len() < 5 { whole.to_owned() } else { grouped(whole) };
    let rest = rest.map(|rest| format!(".{rest}")).unwrap_or_default();
    format!("{sign}{whole}{rest}")
}

/// What base units are called: money is compared in yuan.
fn base(unit: FigureUnit, language: Language) -> &'static str {
    match unit {
        FigureUnit::Yuan | FigureUnit::WanYuan | FigureUnit::YiYuan => language.of(" 元", " yuan"),
        _ => "",
    }
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("figures/{id}")).await)
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let mut figures = visit.api.figures();
    let figure = figures.get_figure(GetFigureRequest { name: name.clone() }).await?.into_inner();
    let mut compared = Vec::new();
    for origin in [Origin::Real, Origin::Synthetic] {
        let asked = ReconcileFigureRequest { name: name.clone(), origin: origin.into() };
        compared.push((origin, figures.reconcile_figure(asked).await?.into_inner()));
    }
    let asked = GetSourceDocumentRequest { name: figure.source_document.clone() };
    let document = figures.get_source_document(asked).await.ok().map(tonic::Response::into_inner);
    let filter = format!("stated = {}", quoted(&name));
    let asked = ReconcileClaimsRequest { page_size: 50, filter, ..Default::default() };
    let claimed = figures.reconcile_claims(asked).await?.into_inner().reconciliations;
    let regions = figure.without_regions.iter().map(String::as_str).chain([figure.region.as_str()]);
    let names = Names::of(&visit.api, language, regions.chain(claimed.iter().map(|claim| claim.claim.as_str()))).await;
    let body = html! {
        (parts::warnings(figure.provenance.as_ref(), figure.delete_time.as_ref(), language))
        div.split {
            (facts(&figure, &names, language))
            div { (quote(&figure, document.as_ref(), language)) }
        }
        (parts::caveats(&figure.caveats, &[], language))
        h2 { (language.of("与登记数据核对", "Compared with our records")) }
        p { (language.of("核对只说明两者的关系，从不改动已发布的数字。", "Comparing only tells how the two stand to each other; the published figure is never changed.")) }
        div.pair { @for (origin, found) in &compared { (verdict(*origin, found, figure.unit(), language)) } }
        @if !claimed.is_empty() {
            h2 { (language.of("相关说法", "Claims about it")) }
            (claims::table(&claimed, &names, language))
        }
    };
    show(visit, Tab::Figures, wording(figure.title.as_ref(), language), &body)
}

fn facts(figure: &Figure, names: &Names, language: Language) -> Markup {
    html! {
        dl.facts {
            dt { (language.of("编号", "Id")) } dd { span.code { (super::names::id(&figure.name)) } }
            dt { (language.of("数值", "Value")) } dd { (value(figure, language)) }
            dt { (language.of("限定", "Qualifier")) } dd { (figure.qualifier().named(language)) }
            dt { (language.of("取值区间", "Interval")) } dd { (interval(figure.interval.as_ref())) " " (figure.unit().named(language)) }
            dt { (language.of("口径", "Basis")) } dd { (figure.basis().named(language)) }
            dt { (language.of("范围", "Scope")) } dd { (figure.scope().named(language)) }
            dt { (language.of("地区", "Region")) }
            dd { (names.link(&figure.region))
                @for left in &figure.without_regions { (language.of("，不含", ", without ")) (names.link(left)) } }
            dt { (language.of("时期", "Period")) } dd { (period(&figure.period, language)) }
            dt { (language.of("指标代码", "Metric")) } dd { span.code { (figure.metric) } }
            @if figure.base_note.is_some() { dt { (language.of("基数说明", "Base")) } dd { (wording(figure.base_note.as_ref(), language)) } }
        }
    }
}

/// The words of the source, within what stands around them where we hold the text.
fn quote(figure: &Figure, document: Option<&SourceDocument>, language: Language) -> Markup {
    let around = document.zip(figure.span).and_then(|(document, span)| {
        let (begin, end) = (usize::try_from(span.begin).ok()?, usize::try_from(span.end).ok()?);
        let text: Vec<char> = document.text.chars().collect();
        let quote = text.get(begin..end)?;
        let before = text.get(begin.saturating_sub(CONTEXT)..begin)?;
        let after = text.get(end..(end + CONTEXT).min(text.len()))?;
        let joined = |part: &[char]| part.iter().collect::<String>();
        // To the line's ends, where they are near.
        let (before, quote, after) = (joined(before), joined(quote), joined(after));
        let before = before.rsplit('\n').next().unwrap_or_default().to_owned();
        Some((before, quote, after.split('\n').next().unwrap_or_default().to_owned()))
    });
    html! {
        h2 { (language.of("原文", "Source")) }
        blockquote lang="zh-CN" {
            @match &around {
                Some((before, quote, after)) => { "……" (before) mark { (quote) } (after) "……" },
                None => (figure.quote),
            }
            footer { "——" @match document { Some(document) => { (document.title) @if !document.issuer.is_empty() { "（" (document.issuer) "）" } }, None => (figure.source_document) } }
        }
        @if let Some(document) = document { @if !document.note.is_empty() { p.detail { (document.note) } } }
    }
}

/// How the records of an origin compare.
fn verdict(origin: Origin, found: &FigureReconciliation, unit: FigureUnit, language: Language) -> Markup {
    let base = base(unit, language);
    html! {
        section.card {
            h3 { (origin.named(language)) " " (badge(records_tone(found.verdict()), found.verdict().named(language)))
                @if found.includes_synthetic { " " (synthetic(language)) } }
            p { (wording(found.sentence.as_ref(), language)) }
            dl.facts {
                @if found.total.is_some() { dt { (language.of("登记合计", "Our total")) } dd { (number(found.total.as_ref())) (base) } }
                @if found.published.is_some() { dt { (language.of("已发布", "Published")) } dd { (interval(found.published.as_ref())) (base) } }
                @if found.difference.is_some() {
                    dt { (language.of("相差", "Difference")) }
                    dd { (number(found.difference.as_ref())) (base) @if let Some(percent) = &found.difference_percent { "（" (number(Some(percent))) "%）" } }
                }
                @if found.reading.is_some() { dt { (language.of("读法", "Reading")) } dd { (wording(found.reading.as_ref(), language)) } }
                @if !found.measure.is_empty() { dt { (language.of("比较项", "Measure")) } dd { span.code { (filled(&found.measure)) } } }
                @if found.coverage.is_some() { dt { (language.of("有数据的地区", "Regions reporting")) } dd { (parts::coverage(found.coverage.as_ref(), language)) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::procurement::v1::CharacterSpan;

    fn told(exact: &str) -> Option<Number> {
        Some(Number { exact: exact.into(), decimal: exact.into(), is_rounded: false })
    }

    #[test]
    fn a_figure_keeps_the_word_that_stands_beside_it_and_shows_every_value_it_allows() {
        let figure = Figure {
            value: "800".into(),
            unit: FigureUnit::Document.into(),
            qualifier: FigureQualifier::MoreThan.into(),
            interval: Some(Interval {
                low: told("800"),
                is_low_closed: true,
                high: told("900"),
                is_high_closed: false,
            }),
            ..Default::default()
        };
        assert_eq!(value(&figure, Language::Zh).into_string(), "<b>800</b>多件");
        assert_eq!(interval(figure.interval.as_ref()).into_string(), "[800, 900)");
        let open = Interval { low: told("3"), is_low_closed: true, high: None, is_high_closed: false };
        assert_eq!(interval(Some(&open)).into_string(), "[3, +∞)");
        assert_eq!(readable("-32169500000.5"), "−32,169,500,000.5");
        assert_eq!(readable("9699"), "9699");
        assert_eq!(period("2015..", Language::Zh), "2015 年以来");
        assert_eq!(period("2015..2021", Language::Zh), "2021 比 2015");
    }

    #[test]
    fn a_quote_is_shown_where_it_stands_in_its_source() {
        let figure =
            Figure { quote: "84亿元".into(), span: Some(CharacterSpan { begin: 6, end: 10 }), ..Default::default() };
        let document =
            SourceDocument { title: "文".into(), text: "前一行\n比84亿元多\n后".into(), ..Default::default() };
        let figure = Figure { span: Some(CharacterSpan { begin: 5, end: 9 }), ..figure };
        let page = quote(&figure, Some(&document), Language::Zh).into_string();
        assert!(page.contains("……比<mark>84亿元</mark>多……"), "{page}");
    }
}
