//! 评价: the list, and one evaluation with its sheet and what was decided because of it.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::procurement::v1::{
    CheckEvaluationRequest, Evaluation, EvaluationIndicator, EvaluationPhase, EvaluationScheme, EvaluationState,
    EvaluatorKind, GetEvaluationRequest, GetEvaluationSchemeRequest, ListEvaluationsRequest, TraceResultRequest,
    TracedEvaluation, TracedProject, TracedUse,
};

use super::{
    Answer, Tab, answer,
    listing::{Listing, PAGE_SIZE},
    names::{Names, id, link},
    parts::{self, titled},
    show,
    words::{Named, outcome_tone},
};
use crate::{
    Desk, Language,
    html::{Tone, badge, filled, money},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/evaluations", get(list)).route("/procurement/evaluations/{id}", get(one))
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, listed(&visit, &Fields(query)).await)
}

async fn listed(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let mut listing = Listing::new(visit, "/procurement/evaluations", fields)
        .search()
        .year()
        .region("region")
        .await?
        .choice::<EvaluationPhase>("phase", "phase", "阶段", "Phase")
        .choice::<EvaluatorKind>("by", "evaluator_kind", "评价主体", "Evaluator")
        .choice::<EvaluationState>("state", "state", "状态", "State")
        .flag("unused", "state = FINAL AND application_count = 0", "结果未应用", "Result not used")
        .origin()
        .ordered(&[
            ("", "", "登记次序", "As registered"),
            ("latest", "year desc", "年度由近及远", "Latest year first"),
            ("final", "final_day desc", "最近定稿在前", "Last finalised first"),
        ]);
    for (name, collection, zh, en) in [("pilot", "pilots", "试点", "Pilot"), ("project", "projects", "项目", "Project")]
    {
        listing = listing.reference(name, name, collection, zh, en).await;
    }
    let asked = ListEvaluationsRequest {
        page_size: PAGE_SIZE,
        page_token: listing.token(),
        filter: listing.filter(),
        order_by: listing.order(),
        show_deleted: false,
        return_total: listing.is_counted(),
    };
    let found = visit.api.evaluations().list_evaluations(asked).await?.into_inner();
    let names = Names::of(&visit.api, language, found.evaluations.iter().map(|of| of.region.as_str())).await;
    let body = html! {
        (listing.form())
        (listing.total(found.total_size))
        (table(&found.evaluations, &names, language))
        (listing.pager(&found.next_page_token))
    };
    show(visit, Tab::Evaluations, visit.say("绩效评价", "Evaluations"), &body)
}

/// Evaluations, a row each.
pub fn table(evaluations: &[Evaluation], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("评价", "Evaluation"), false),
        (language.of("年度", "Year"), false),
        (language.of("地区", "Region"), false),
        (language.of("阶段", "Phase"), false),
        (language.of("评价主体", "Evaluator"), false),
        (language.of("得分", "Score"), true),
        (language.of("等级", "Grade"), false),
        (language.of("状态", "State"), false),
        (language.of("结果应用", "Used"), true),
    ];
    html! {
        @if evaluations.is_empty() { p.nothing { (language.of("没有登记评价。", "No evaluation is recorded.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for of in evaluations { tr data-row {
                th scope="row" { (link(&of.name, titled(&of.title, &of.title_en, language))) (parts::marks(of.provenance.as_ref(), of.delete_time.as_ref(), language)) }
                td { (of.year) }
                td.short { (names.link(&of.region)) }
                td.short { (of.phase().named(language)) }
                td { (of.evaluator_kind().named(language)) @if !of.evaluator.is_empty() { br; small { (of.evaluator) } } }
                td.number { (filled(&of.score)) }
                td.short { (filled(&of.grade)) }
                td { (state(of.state(), language)) }
                td.number { (of.application_count)
                    @if of.state() == EvaluationState::Final && of.application_count == 0 { " " (badge(Tone::Warn, language.of("未应用", "unused"))) } }
            } } }
        } } }
    }
}

fn state(state: EvaluationState, language: Language) -> Markup {
    badge(if state == EvaluationState::Final { Tone::Good } else { Tone::Plain }, state.named(language))
}

/// Evaluations with what followed from each.
pub fn traced(all: &[TracedEvaluation], language: Language) -> Markup {
    html! {
        @for one in all { @if let Some(of) = &one.evaluation {
            section.card {
                h3 { (of.year) " " (link(&of.name, titled(&of.title, &of.title_en, language))) (parts::marks(of.provenance.as_ref(), of.delete_time.as_ref(), language)) }
                p { (of.phase().named(language)) " · " (of.evaluator_kind().named(language)) @if !of.evaluator.is_empty() { "（" (of.evaluator) "）" }
                    " · " (state(of.state(), language))
                    @if !of.score.is_empty() { " · " (of.score) (language.of(" 分", " points")) } @if !of.grade.is_empty() { " · " (of.grade) } }
                (uses(&one.uses, language))
                @for finding in &one.findings {
                    p { (badge(outcome_tone(finding.outcome(), finding.severity()), finding.outcome().named(language))) " " span lang="zh-CN" { (finding.sentence) } " " span.detail lang="zh-CN" { (finding.article) } }
                }
            }
        } }
    }
}

fn uses(uses: &[TracedUse], language: Language) -> Markup {
    let project = |of: &TracedProject| {
        html! { (of.year) " " (link(&of.name, &of.title)) " " (language.of("预算 ", "budget ")) (money(of.budget_fen, language)) }
    };
    html! {
        @if uses.is_empty() { p.nothing { (language.of("结果尚未应用。", "The result was not used.")) } }
        @for used in uses { @if let Some(decided) = &used.result_application {
            dl.facts {
                dt { (language.of("结果应用", "Use")) }
                dd { (decided.kind().named(language)) (language.of("：", ": ")) (decided.effect().named(language)) " " (decided.decided_day) " " (titled(&decided.title, &decided.title_en, language)) (parts::marks(decided.provenance.as_ref(), None, language)) }
                @if decided.delta_fen.is_some() { dt { (language.of("决定的增减", "Decided change")) } dd { (money(decided.delta_fen, language)) } }
                @if let Some(before) = &used.before { dt { (language.of("此前", "Before")) } dd { (project(before)) } }
                @if let Some(after) = &used.after { dt { (language.of("此后", "After")) } dd { (project(after)) } }
                @if used.budget_change_fen.is_some() { dt { (language.of("预算实际变动", "Real change")) } dd { (money(used.budget_change_fen, language)) } }
                @if !decided.provider.is_empty() { dt { (language.of("承接主体", "Provider")) } dd { (link(&decided.provider, id(&decided.provider))) } }
                @if let Some(policy) = &used.policy_document { dt { (language.of("政策", "Policy")) } dd { (link(&policy.name, &policy.title)) } }
            }
        } }
    }
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("evaluations/{id}")).await)
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let mut evaluations = visit.api.evaluations();
    let of = evaluations.get_evaluation(GetEvaluationRequest { name: name.clone() }).await?.into_inner();
    let trace = evaluations.trace_result(TraceResultRequest { name: name.clone() }).await?.into_inner();
    let checked = evaluations.check_evaluation(CheckEvaluationRequest { name }).await?.into_inner();
    let scheme = if of.scheme.is_empty() {
        None
    } else {
        let asked = GetEvaluationSchemeRequest { name: of.scheme.clone() };
        Some(evaluations.get_evaluation_scheme(asked).await?.into_inner())
    };
    let source = of.provenance.as_ref().map(|said| format!("sourceDocuments/{}", said.source)).unwrap_or_default();
    let asked = [&of.region, &of.project, &of.purchaser, &of.system_region, &of.policy_document, &of.pilot, &source];
    let asked = asked.into_iter().chain(&of.figures).map(String::as_str);
    let names = Names::of(&visit.api, language, asked).await;
    let body = html! {
        (parts::warnings(of.provenance.as_ref(), of.delete_time.as_ref(), language))
        div.split {
            (facts(&of, &names, language))
            div { (parts::source(of.provenance.as_ref(), names.title(&source), language)) }
        }
        @if let Some(scheme) = &scheme { (sheet(&of, scheme, language)) }
        (parts::prose(language.of("报告", "Report"), &of.report))
        h2 { (language.of("结果应用", "What followed")) }
        @for traced in &trace.evaluations { (uses(&traced.uses, language)) }
        (parts::findings("rules", &checked.findings, language))
    };
    show(visit, Tab::Evaluations, titled(&of.title, &of.title_en, language), &body)
}

fn facts(of: &Evaluation, names: &Names, language: Language) -> Markup {
    let subjects = [&of.project, &of.purchaser, &of.system_region, &of.policy_document, &of.pilot];
    html! {
        dl.facts {
            dt { (language.of("对象", "Subject")) } dd { @for subject in subjects { @if !subject.is_empty() { (names.link(subject)) } } }
            dt { (language.of("年度", "Year")) } dd { (of.year) }
            dt { (language.of("地区", "Region")) } dd { (names.link(&of.region)) }
            dt { (language.of("阶段", "Phase")) } dd { (of.phase().named(language)) }
            dt { (language.of("评价主体", "Evaluator")) } dd { (of.evaluator_kind().named(language)) @if !of.evaluator.is_empty() { "（" (of.evaluator) "）" } }
            dt { (language.of("状态", "State")) } dd { (state(of.state(), language)) " " (of.final_day) }
            dt { (language.of("得分", "Score")) }
            dd {
                (filled(&of.score)) @if !of.grade.is_empty() { " · " (of.grade) }
                @if !of.exact_score.is_empty() && of.exact_score != of.score { " " span.detail { "（" (language.of("精确值 ", "exactly ")) (of.exact_score) "）" } }
            }
            dt { (language.of("满意度", "Satisfaction")) } dd { @if of.satisfaction.is_empty() { span.nothing { "—" } } @else { (of.satisfaction) "%" } }
            @if !of.delivered_to.is_empty() { dt { (language.of("报送", "Delivered to")) } dd { (of.delivered_to) @if !of.channel.is_empty() { "（" (of.channel) "）" } } }
            @if !of.figures.is_empty() {
                dt { (language.of("相关数字", "Figures")) }
                dd { ul { @for figure in &of.figures { li { (names.link(figure)) } } } }
            }
        }
    }
}

/// The sheet: indicators as a tree, weights and points.
fn sheet(of: &Evaluation, scheme: &EvaluationScheme, language: Language) -> Markup {
    let points: BTreeMap<&str, &str> = of.sheet.iter().map(|leaf| (leaf.code.as_str(), leaf.points.as_str())).collect();
    let mut rows = Vec::new();
    below("", 0, &scheme.indicators, &mut rows);
    let columns = [
        (language.of("指标", "Indicator"), false),
        (language.of("权重（%）", "Weight (%)"), true),
        (language.of("满分", "Most"), true),
        (language.of("得分", "Points"), true),
    ];
    html! {
        h2 { (language.of("评分表", "Sheet")) }
        div.scroll tabindex="0" { table {
            caption { (scheme.title) }
            (parts::head(&columns))
            tbody { @for (depth, indicator) in rows { tr {
                th scope="row" { @for _ in 0..depth { "　" } span.code { (indicator.code) } (indicator.title) }
                td.number { (indicator.weight) }
                @match points.get(indicator.code.as_str()) {
                    Some(points) => { td.number { (if indicator.score_max.is_empty() { "100" } else { &indicator.score_max }) } td.number { (points) } },
                    None => { td.number {} td.number {} },
                }
            } } }
        } }
    }
}

/// Levels of a scheme.
const DEEP: usize = 6;

fn below<'a>(
    parent: &str,
    depth: usize,
    all: &'a [EvaluationIndicator],
    rows: &mut Vec<(usize, &'a EvaluationIndicator)>,
) {
    for indicator in all.iter().filter(|indicator| indicator.parent == parent) {
        rows.push((depth, indicator));
        if depth < DEEP {
            below(&indicator.code, depth + 1, all, rows);
        }
    }
}
