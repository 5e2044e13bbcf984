//! 说法: what sources say of their own figures, recomputed each time; and what we compute that no source says.

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::procurement::v1::{
    Claim, ClaimReconciliation, ComputedFigure, DerivedFigure, EvaluateFormulaRequest, EvaluateFormulaResponse,
    GetClaimRequest, ListDerivedFiguresRequest, ListWantedFiguresRequest, ReconcileClaimRequest,
    ReconcileClaimsRequest, WantedFigure, evaluate_formula_request::Computed,
};

use super::{
    Answer, Tab, answer,
    figures::{interval, number, period},
    listing::{Listing, PAGE_SIZE},
    names::{Names, id, link, wording},
    parts, show,
    words::{Named, claim_tone},
};
use crate::{
    Desk, Language,
    html::{Tone, badge},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/claims", get(list)).route("/procurement/claims/{id}", get(one))
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, listed(&visit, &Fields(query)).await)
}

async fn listed(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let listing = Listing::new(visit, "/procurement/claims", fields).search();
    let mut figures = visit.api.figures();
    let asked = ReconcileClaimsRequest {
        page_size: PAGE_SIZE,
        page_token: listing.token(),
        filter: listing.filter(),
        order_by: String::new(),
    };
    let found = figures.reconcile_claims(asked).await?.into_inner();
    let asked = ListDerivedFiguresRequest { page_size: 50, ..Default::default() };
    let mut derived = Vec::new();
    for one in figures.list_derived_figures(asked).await?.into_inner().derived_figures {
        let computed = Some(Computed::DerivedFigure(one.name.clone()));
        let value = figures.evaluate_formula(EvaluateFormulaRequest { computed }).await;
        derived.push((one, value.ok().map(tonic::Response::into_inner)));
    }
    let asked = ListWantedFiguresRequest { page_size: 50, ..Default::default() };
    let wanted = figures.list_wanted_figures(asked).await?.into_inner().wanted_figures;
    let names = found.reconciliations.iter().map(|claim| claim.claim.as_str());
    let names = Names::of(&visit.api, language, names.chain(wanted.iter().map(|of| of.region.as_str()))).await;
    let body = html! {
        (listing.form())
        (table(&found.reconciliations, &names, language))
        (listing.pager(&found.next_page_token))
        h2 #wanted { (language.of("待补数据", "Figures that are wanted")) }
        p { (language.of("说法所依据而来源未给出的数字；由编辑自其他出处补录后，说法即据以判定。", "Figures that claims rest on and their source does not state; once an editor enters them from elsewhere, the claims are judged with them.")) }
        (wanted_table(&wanted, &names, language))
        h2 #derived { (language.of("推算数据", "Computed by us")) }
        p { (language.of("由已发布数字推算，任何来源都没有这样说过，不作为发布数据保存。", "Computed from published figures; no source says them, and they are never kept as published.")) }
        (derived_table(&derived, language))
    };
    show(visit, Tab::Figures, visit.say("说法与核对", "Claims and verdicts"), &body)
}

/// Claims with their verdicts, a row each.
pub fn table(claims: &[ClaimReconciliation], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("说法", "Claim"), false),
        (language.of("结论", "Verdict"), false),
        (language.of("算式", "Arithmetic"), false),
    ];
    html! {
        @if claims.is_empty() { p.nothing { (language.of("没有符合条件的说法。", "No claim meets the conditions.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for claim in claims { tr data-row {
                th scope="row" { (link(&claim.claim, names.title(&claim.claim))) br; span.code { (id(&claim.claim)) } }
                td { (badge(claim_tone(claim.verdict()), claim.verdict().named(language))) }
                td { (wording(claim.sentence.as_ref(), language)) }
            } } }
        } } }
    }
}

fn wanted_table(wanted: &[WantedFigure], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("编号", "Id"), false),
        (language.of("数字", "Figure"), false),
        (language.of("单位", "Unit"), false),
        (language.of("地区", "Region"), false),
        (language.of("时期", "Period"), false),
        (language.of("补录", "Entered"), false),
    ];
    html! {
        @if wanted.is_empty() { p.nothing { (language.of("没有待补数据。", "None.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for of in wanted { tr {
                th scope="row" { @if of.is_entered { (link(&format!("figures/{}", id(&of.name)), id(&of.name))) } @else { (id(&of.name)) } }
                td { (wording(of.title.as_ref(), language)) }
                td { (of.unit().named(language)) }
                td { (names.link(&of.region)) }
                td { (period(&of.period, language)) }
                td { @if of.is_entered { (badge(Tone::Good, language.of("已补录", "entered"))) } @else { (badge(Tone::Warn, language.of("待补", "wanted"))) } }
            } } }
        } } }
    }
}

fn derived_table(derived: &[(DerivedFigure, Option<EvaluateFormulaResponse>)], language: Language) -> Markup {
    let columns = [
        (language.of("推算", "Computed"), false),
        (language.of("公式", "Formula"), false),
        (language.of("算式", "Arithmetic"), false),
    ];
    html! {
        @if derived.is_empty() { p.nothing { (language.of("没有推算数据。", "None.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for (of, value) in derived { tr {
                th scope="row" { (wording(of.title.as_ref(), language)) }
                td { span.code { (of.formula) } }
                td { @match value {
                    Some(value) => (wording(value.sentence.as_ref(), language)),
                    None => span.nothing { (language.of("缺少数字，无法推算。", "Figures are missing.")) },
                } }
            } } }
        } } }
    }
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("claims/{id}")).await)
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let mut figures = visit.api.figures();
    let claim = figures.get_claim(GetClaimRequest { name: name.clone() }).await?.into_inner();
    let found = figures.reconcile_claim(ReconcileClaimRequest { name }).await?.into_inner();
    let inputs = found.readings.iter().filter_map(|reading| reading.value.as_ref()).flat_map(|value| &value.inputs);
    let asked = inputs.map(String::as_str).chain([claim.stated.as_str(), &claim.source_document]);
    let names = Names::of(&visit.api, language, asked).await;
    let body = html! {
        p { (badge(claim_tone(found.verdict()), found.verdict().named(language))) " " (wording(found.sentence.as_ref(), language)) }
        blockquote lang="zh-CN" { (claim.quote) footer { "——" (names.title(&claim.source_document)) } }
        (facts(&claim, &found, &names, language))
        h2 { (language.of("重算", "Recomputed")) }
        (readings(&found, &names, language))
        @if !found.implied_denominators.is_empty() {
            h2 { (language.of("隐含的分母", "Implied denominators")) }
            ul { @for implied in &found.implied_denominators { li { (wording(implied.sentence.as_ref(), language)) } } }
        }
        @if !found.missing_figures.is_empty() {
            h2 { (language.of("缺少的数字", "Missing figures")) }
            ul { @for missing in &found.missing_figures { li { a href="/procurement/claims#wanted" { (id(missing)) } } } }
        }
    };
    show(visit, Tab::Figures, wording(claim.title.as_ref(), language), &body)
}

fn facts(claim: &Claim, found: &ClaimReconciliation, names: &Names, language: Language) -> Markup {
    html! {
        dl.facts {
            dt { (language.of("编号", "Id")) } dd { span.code { (id(&claim.name)) } }
            dt { (language.of("所述数字", "Stated figure")) } dd { (names.link(&claim.stated)) @if !claim.stated.is_empty() { " " span.code { (id(&claim.stated)) } } }
            dt { (language.of("关系", "Relation")) } dd { (claim.relation().named(language)) }
            @if found.stated_interval.is_some() { dt { (language.of("所述数字的区间", "Stated interval")) } dd { (interval(found.stated_interval.as_ref())) } }
            @if found.gap.is_some() { dt { (language.of("差距", "Gap")) } dd { (number(found.gap.as_ref())) } }
        }
    }
}

fn readings(found: &ClaimReconciliation, names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("公式", "Formula"), false),
        (language.of("读法", "Reading"), false),
        (language.of("结果", "Value"), true),
        (language.of("区间", "Interval"), true),
        (language.of("所用数字", "Figures"), false),
    ];
    let inputs = |value: &ComputedFigure| {
        html! { @for (at, input) in value.inputs.iter().enumerate() { @if at > 0 { (language.of("、", ", ")) }
        (link(input, id(input))) " " span.detail { (names.title(input)) } } }
    };
    html! { div.scroll tabindex="0" { table {
        (parts::head(&columns))
        tbody { @for reading in &found.readings { tr {
            th scope="row" { span.code { (reading.formula) } }
            td { (wording(reading.meaning.as_ref(), language)) }
            @match &reading.value {
                Some(value) => {
                    td.number { (number(value.central.as_ref())) " " (wording(value.unit.as_ref(), language)) }
                    td.number { (interval(value.interval.as_ref())) }
                    td { (inputs(value)) @for caveat in &value.caveats { br; small { (wording(Some(caveat), language)) } } }
                },
                None => { td.number { "—" } td.number { "—" } td { (language.of("缺少数字", "Figures are missing")) } },
            }
        } } }
    } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::procurement::v1::{ClaimVerdict, Wording};

    #[test]
    fn a_verdict_is_a_word_and_the_arithmetic_a_sentence() {
        let claim = ClaimReconciliation {
            claim: "claims/C01".into(),
            verdict: ClaimVerdict::Consistent.into(),
            sentence: Some(Wording { zh: "321.70÷84≈3.83，一致。".into(), en: String::new() }),
            ..Default::default()
        };
        let page = table(&[claim], &Names::default(), Language::Zh).into_string();
        assert!(page.contains("<span class=\"badge good\">一致</span>"));
        assert!(page.contains("321.70÷84≈3.83，一致。"));
        assert!(page.contains("href=\"/procurement/claims/C01\""));
    }
}
