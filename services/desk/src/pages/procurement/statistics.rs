//! 统计: one number by year, by group and at the top, each as a picture and a table, with what it covers.

mod asked;

use axum::{Router, extract::Query, response::Response, routing::get};
use maud::{Markup, html};
use proto::procurement::v1::{
    Origin, QueryRollupRequest, QueryRollupResponse, QueryTopRequest, QueryTopResponse, QueryTrendRequest,
    QueryTrendResponse, RollupDimension, RollupGroup, RollupMeasure, RollupTotals,
};

use self::asked::{Asked, form, read};
use super::{Answer, Tab, answer, parts, show, words::Named};
use crate::{
    Desk, Language,
    html::{Chart, Point, Tone, Unit, count, money_text, notice, url},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/statistics", get(page))
}

/// Where the page is.
const PATH: &str = "/procurement/statistics";

/// Groups that a page shows.
const GROUPS_SHOWN: usize = 200;

async fn page(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, shown(&visit, &Fields(query)).await)
}

async fn shown(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let title = visit.say("统计", "Statistics");
    let Some(asked) = read(visit, fields).await? else {
        let body = html! { p.nothing { (visit.say("尚无项目，没有可统计的内容。", "No project is recorded: there is nothing to add up.")) } };
        return show(visit, Tab::Statistics, title, &body);
    };
    let Asked { selection, measure, dimension, .. } = &asked;
    let (measure, dimension) = (*measure, *dimension);
    let mut statistics = visit.api.statistics();
    let trend = QueryTrendRequest { selection: Some(selection.clone()), measure: measure.into() };
    let trend = statistics.query_trend(trend).await?.into_inner();
    let groups = QueryRollupRequest { selection: Some(selection.clone()), dimensions: vec![dimension.into()] };
    let groups = statistics.query_rollup(groups).await?.into_inner();
    let top = QueryTopRequest {
        selection: Some(selection.clone()),
        dimension: dimension.into(),
        measure: measure.into(),
        limit: 10,
    };
    let top = statistics.query_top(top).await?.into_inner();
    let is_empty = groups.total.is_none_or(|total| total.project_count == 0);
    let body = html! {
        (form(visit, &asked))
        @if let Some(said) = &asked.said { (said) }
        @if is_empty && selection.origin() == Origin::Real {
            (notice(Tone::Plain, visit.say("所选范围内没有真实数据；如需查看演示用的模拟数据，请在“数据”中选择。", "There are no real records here; made-up ones for demonstration can be chosen under Records.")))
        }
        section aria-labelledby="trend" {
            h2 #trend { (visit.say("逐年", "By year")) (visit.say("：", ": ")) (measure.named(language)) }
            (by_year(&trend, measure, language))
        }
        section aria-labelledby="top" {
            h2 #top { (visit.say("前十", "Top ten")) (visit.say("：", ": ")) (dimension.named(language)) }
            (largest(&top, measure, dimension, language))
        }
        section aria-labelledby="groups" {
            h2 #groups { (visit.say("汇总", "Totals")) (visit.say("：", ": ")) (dimension.named(language)) }
            (table(&groups, dimension, language))
        }
        (parts::caveats(&[trend.caveats, groups.caveats].concat(), &groups.not_carried, language))
    };
    show(visit, Tab::Statistics, title, &body)
}

/// How the numbers of a measure are written: as money of a unit, or counted.
#[derive(Clone, Copy)]
struct Written(Option<Unit>);

impl Written {
    fn of(measure: RollupMeasure, values: impl IntoIterator<Item = i64>) -> Self {
        let is_money = matches!(
            measure,
            RollupMeasure::BudgetFen
                | RollupMeasure::SettlementFen
                | RollupMeasure::ContractFen
                | RollupMeasure::PaidFen
        );
        Self(is_money.then(|| Unit::of(values)))
    }

    fn cell(self, value: i64, language: Language) -> Markup {
        html! { @match self.0 { Some(unit) => (unit.cell(Some(value), language)), None => (count(value)) } }
    }

    fn text(self, value: i64, language: Language) -> String {
        match self.0 {
            Some(_) => money_text(value, language),
            None => count(value),
        }
    }

    fn named(self, measure: RollupMeasure, language: Language) -> String {
        match self.0 {
            Some(unit) => unit.column(measure.named(language), language),
            None => measure.named(language).to_owned(),
        }
    }

    fn unit(self) -> i64 {
        self.0.map_or(1, Unit::fen)
    }
}

fn by_year(trend: &QueryTrendResponse, measure: RollupMeasure, language: Language) -> Markup {
    let written = Written::of(measure, trend.points.iter().map(|point| point.value));
    let points = trend.points.iter().map(|point| Point {
        label: point.year.to_string(),
        value: point.has_records.then_some(point.value),
        text: written.text(point.value, language),
        is_partial: parts::is_partial(point.coverage.as_ref()),
        href: String::new(),
    });
    let name = written.named(measure, language);
    let chart = Chart {
        id: "by-year",
        title: name.clone(),
        points: points.collect(),
        unit: written.unit(),
        is_synthetic: trend.includes_synthetic,
    };
    let dash = || html! { span.nothing { "—" } };
    let row = |point: &proto::procurement::v1::query_trend_response::Point| {
        let growth = point.growth.as_ref().map(|rate| html! { (signed(&rate.percent)) "%" });
        vec![
            if point.has_records {
                written.cell(point.value, language)
            } else {
                html! { span.nothing { (language.of("无数据", "no data")) } }
            },
            growth.unwrap_or_else(dash),
            parts::coverage(point.coverage.as_ref(), language),
        ]
    };
    let cells: Vec<_> = trend.points.iter().map(row).collect();
    let columns =
        [&*name, language.of("比上年", "On the year before"), language.of("有数据的地区", "Regions reporting")];
    let known = trend.points.iter().filter(|point| point.has_records).count();
    html! {
        div.pair {
            @if known > 1 { (chart.line(language)) } @else { (chart.bars(language)) }
            div {
                (chart.table(language.of("年度", "Year"), &columns, &cells))
                @if let Some(rate) = &trend.annual_growth {
                    p { (language.of("年均增长 ", "Annual growth ")) (signed(&rate.percent)) "%"
                        @if !rate.exact.is_empty() && rate.is_rounded { " " span.detail { "（" (language.of("精确值 ", "exactly ")) (rate.exact) "）" } } }
                }
            }
        }
    }
}

/// A percentage with its sign as it is printed.
fn signed(percent: &str) -> String {
    match percent.strip_prefix('-') {
        Some(size) => format!("−{size}"),
        None => format!("+{percent}"),
    }
}

/// The label of a group; a code that says nothing is told in words.
fn labelled(code: &str, label: &str, dimension: RollupDimension, language: Language) -> String {
    if !code.is_empty() {
        return if label.is_empty() { code } else { label }.to_owned();
    }
    let (zh, en) = match dimension {
        RollupDimension::Class => ("目录以外", "outside the catalogue"),
        RollupDimension::ProviderKind => ("（按项目计，不分类型）", "(counted of projects)"),
        _ => ("未登记", "not recorded"),
    };
    language.of(zh, en).to_owned()
}

/// Where the projects of a group are listed.
fn listed(code: &str, dimension: RollupDimension) -> String {
    let name = match dimension {
        RollupDimension::Year => "year",
        RollupDimension::Region => return super::names::path(&format!("regions/{code}")).unwrap_or_default(),
        RollupDimension::Class => "class",
        RollupDimension::ServiceKind => "kind",
        RollupDimension::Method => "method",
        RollupDimension::Level | RollupDimension::ProviderKind | RollupDimension::Unspecified => return String::new(),
    };
    if code.is_empty() { String::new() } else { url("/procurement/projects", &[(name, code)]) }
}

fn largest(top: &QueryTopResponse, measure: RollupMeasure, dimension: RollupDimension, language: Language) -> Markup {
    let written = Written::of(measure, top.entries.iter().map(|entry| entry.value));
    let name = written.named(measure, language);
    let points = top.entries.iter().map(|entry| Point {
        label: labelled(&entry.code, &entry.label, dimension, language),
        value: Some(entry.value),
        text: written.text(entry.value, language),
        is_partial: false,
        href: listed(&entry.code, dimension),
    });
    let chart = Chart {
        id: "largest",
        title: name.clone(),
        points: points.collect(),
        unit: written.unit(),
        is_synthetic: top.includes_synthetic,
    };
    let share = |percent: &str| html! { @if percent.is_empty() { span.nothing { "—" } } @else { (percent) "%" } };
    let row = |entry: &proto::procurement::v1::query_top_response::Entry| {
        vec![written.cell(entry.value, language), share(&entry.share_percent)]
    };
    let cells: Vec<_> = top.entries.iter().map(row).collect();
    html! {
        @if top.entries.is_empty() { p.nothing { (language.of("没有数据。", "No data.")) } } @else {
            div.pair {
                (chart.bars(language))
                div {
                    (chart.table(dimension.named(language), &[&name, language.of("占比", "Share")], &cells))
                    p.detail {
                        (language.of("其余合计 ", "All others ")) (written.text(top.rest, language))
                        (language.of("，总计 ", ", in all ")) (written.text(top.total, language))
                    }
                }
            }
        }
    }
}

fn table(answer: &QueryRollupResponse, dimension: RollupDimension, language: Language) -> Markup {
    let groups = &answer.groups[..answer.groups.len().min(GROUPS_SHOWN)];
    let all = || groups.iter().filter_map(|group| group.totals.as_ref()).chain(&answer.total);
    let unit = Unit::of(all().flat_map(|of| [of.budget_fen, of.contract_fen, of.settlement_fen, of.paid_fen]));
    let money = |zh: &str, en: &str| unit.column(language.of(zh, en), language);
    let columns = [
        (dimension.named(language).to_owned(), false),
        (language.of("项目", "Projects").to_owned(), true),
        (language.of("已决算项目", "Settled").to_owned(), true),
        (money("预算", "Budget"), true),
        (money("决算", "Settlement"), true),
        (language.of("合同", "Contracts").to_owned(), true),
        (money("合同金额", "Amount"), true),
        (money("支付", "Paid"), true),
    ];
    let cells = |of: &RollupTotals| {
        html! {
            td.number { (count(of.project_count)) }
            td.number { (count(of.settled_project_count)) }
            td.number { (unit.cell(Some(of.budget_fen), language)) }
            td.number { (unit.cell(Some(of.settlement_fen), language)) }
            td.number { (count(of.contract_count)) }
            td.number { (unit.cell(Some(of.contract_fen), language)) }
            td.number { (unit.cell(Some(of.paid_fen), language)) }
        }
    };
    let name = |group: &RollupGroup| {
        let code = group.codes.first().map_or("", String::as_str);
        let label = labelled(code, group.labels.first().map_or("", String::as_str), dimension, language);
        let href = listed(code, dimension);
        html! { @if href.is_empty() { (label) } @else { a href=(href) { (label) } } }
    };
    html! {
        div.scroll tabindex="0" { table {
            caption {
                (language.of("各组合计", "Totals of the groups")) @if answer.includes_synthetic { " " (crate::html::synthetic(language)) }
                @if answer.groups.len() > GROUPS_SHOWN {
                    (language.of("；只列出前 ", "; the first ")) (GROUPS_SHOWN) (language.of(" 组，合计仍为全部", " groups are listed, the sum is of all"))
                }
            }
            (parts::head(&columns.iter().map(|(words, is_number)| (words.as_str(), *is_number)).collect::<Vec<_>>()))
            tbody { @for group in groups { tr data-row {
                th scope="row" { (name(group)) }
                (cells(&group.totals.unwrap_or_default()))
            } } }
            @if let Some(total) = &answer.total { tfoot { tr { th scope="row" { (language.of("合计", "Sum")) } (cells(total)) } } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::procurement::v1::{Coverage, Rate, query_trend_response};

    fn year(year: i32, fen: Option<i64>, missing_count: i32) -> query_trend_response::Point {
        let coverage = Coverage {
            year,
            regions_reporting: 101 - missing_count,
            regions_existing: 101,
            missing_count,
            ..Default::default()
        };
        query_trend_response::Point {
            year,
            value: fen.unwrap_or(0),
            has_records: fen.is_some(),
            growth: None,
            coverage: Some(coverage),
        }
    }

    #[test]
    fn a_trend_shows_the_same_numbers_in_its_picture_and_its_table_and_says_what_is_made_up_or_missing() {
        let points =
            vec![year(2019, Some(840_000_000_000), 3), year(2020, None, 101), year(2021, Some(3_217_000_000_000), 0)];
        let rate = Rate { percent: "-25.0892".into(), ..Default::default() };
        let trend =
            QueryTrendResponse { points, annual_growth: Some(rate), includes_synthetic: true, ..Default::default() };
        let page = by_year(&trend, RollupMeasure::SettlementFen, Language::Zh).into_string();
        for told in [
            "321.70亿元</text>",
            ">321.70</td>",
            "84.00亿元</text>",
            ">84.00</td>",
            "98/101",
            "模拟数据",
            "无数据",
            "−25.0892%",
        ] {
            assert!(page.contains(told), "{told}");
        }
        assert!(page.contains("circle class=\"dot part\""), "a part of the regions is drawn hollow");
    }

    #[test]
    fn a_group_leads_to_its_projects_and_one_without_a_code_is_told_in_words() {
        assert_eq!(listed("e.a", RollupDimension::Class), "/procurement/projects?class=e.a");
        assert_eq!(listed("330110", RollupDimension::Region), "/procurement/regions/330110");
        assert_eq!(listed("", RollupDimension::Class), "");
        assert_eq!(labelled("", "", RollupDimension::Class, Language::Zh), "目录以外");
    }
}
