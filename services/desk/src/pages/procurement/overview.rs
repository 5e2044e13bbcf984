//! 概览: how much is recorded, the totals of a year with what they cover, and what recomputing the published figures gave.

use std::collections::BTreeMap;

use axum::{Router, extract::Query, response::Response, routing::get};
use maud::{Markup, html};
use proto::procurement::v1::{
    AreaScope, ClaimReconciliation, ClaimVerdict, ListConsultationReviewsRequest, ListContractsRequest,
    ListEditionsRequest, ListEvaluationsRequest, ListFiguresRequest, ListPilotsRequest, ListPolicyDocumentsRequest,
    ListPracticeCasesRequest, ListProjectsRequest, ListProvidersRequest, ListPurchasersRequest, Origin,
    QueryRollupRequest, QueryRollupResponse, ReconcileClaimsRequest, RollupSelection, Wording,
};

use super::{
    Answer, Tab, answer, parts,
    places::{Place, place, unclear},
    show,
    words::{Named, claim_tone},
};
use crate::{
    Desk, Language,
    fault::Fault,
    html::{Unit, badge, count, synthetic, url},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement", get(page))
}

/// Where all of it is of, unless somewhere else is asked for.
const REGION: &str = "330000";

async fn page(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, shown(&visit, &Fields(query)).await)
}

/// A register: how many entries, how many of them made up, and where its list is.
struct Register {
    zh: &'static str,
    en: &'static str,
    path: &'static str,
    all: i64,
    synthetic: i64,
}

/// How many entries a list of the services has, and how many of them are made up.
macro_rules! sized {
    ($visit:ident.$client:ident.$method:ident($request:ident)) => {
        async {
            let mut client = $visit.api.$client();
            let asked = |filter: &str| $request {
                page_size: 1,
                filter: filter.to_owned(),
                return_total: true,
                ..Default::default()
            };
            let all = client.$method(asked("")).await?.into_inner().total_size.unwrap_or(0);
            let synthetic =
                client.$method(asked("provenance.is_synthetic = true")).await?.into_inner().total_size.unwrap_or(0);
            Ok::<_, tonic::Status>((all, synthetic))
        }
    };
}

async fn registers(visit: &Visit) -> Result<Vec<Register>, Fault> {
    let first = async {
        tokio::try_join!(
            sized!(visit.catalogues.list_editions(ListEditionsRequest)),
            sized!(visit.projects.list_projects(ListProjectsRequest)),
            sized!(visit.contracts.list_contracts(ListContractsRequest)),
            sized!(visit.providers.list_providers(ListProvidersRequest)),
            sized!(visit.purchasers.list_purchasers(ListPurchasersRequest)),
            sized!(visit.figures.list_figures(ListFiguresRequest)),
        )
    };
    let second = async {
        tokio::try_join!(
            sized!(visit.policies.list_policy_documents(ListPolicyDocumentsRequest)),
            sized!(visit.pilots.list_pilots(ListPilotsRequest)),
            sized!(visit.evaluations.list_evaluations(ListEvaluationsRequest)),
            sized!(visit.cases.list_practice_cases(ListPracticeCasesRequest)),
            sized!(visit.policies.list_consultation_reviews(ListConsultationReviewsRequest)),
        )
    };
    let ((editions, projects, contracts, providers, purchasers, figures), second) = tokio::try_join!(first, second)?;
    let (policies, pilots, evaluations, cases, consultations) = second;
    let register = |zh, en, path, (all, synthetic)| Register { zh, en, path, all, synthetic };
    Ok(vec![
        register("目录版本", "Editions", "/procurement/catalogues", editions),
        register("项目", "Projects", "/procurement/projects", projects),
        register("合同", "Contracts", "/procurement/contracts", contracts),
        register("承接主体", "Providers", "/procurement/providers", providers),
        register("购买主体", "Purchasers", "/procurement/purchasers", purchasers),
        register("已发布数字", "Published figures", "/procurement/figures", figures),
        register("政策文件", "Policy documents", "/procurement/policies", policies),
        register("试点", "Pilots", "/procurement/pilots", pilots),
        register("绩效评价", "Evaluations", "/procurement/evaluations", evaluations),
        register("征求意见", "Consultations", "/procurement/policies#consultations", consultations),
        register("实践案例", "Practice cases", "/procurement/cases", cases),
    ])
}

/// The last year that has projects.
pub async fn last_year(visit: &Visit) -> Result<Option<i32>, Fault> {
    let asked = ListProjectsRequest { page_size: 1, order_by: "year desc".into(), ..Default::default() };
    let found = visit.api.projects().list_projects(asked).await?.into_inner().projects;
    Ok(found.first().map(|project| project.year))
}

async fn totals(visit: &Visit, year: i32, region: &str, origin: Origin) -> Result<QueryRollupResponse, Fault> {
    let selection = RollupSelection {
        from_year: year,
        region: format!("regions/{region}"),
        scope: AreaScope::WholeArea.into(),
        origin: origin.into(),
        ..Default::default()
    };
    let asked = QueryRollupRequest { selection: Some(selection), dimensions: Vec::new() };
    Ok(visit.api.statistics().query_rollup(asked).await?.into_inner())
}

async fn shown(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let typed = fields.one("region").chars().take(64).collect::<String>();
    let (region, title, said) = match place(visit, if typed.is_empty() { REGION } else { &typed }).await? {
        Place::One { code, title } => (code, title, None),
        Place::None => (REGION.into(), REGION.into(), None),
        Place::Unclear(regions) => {
            (REGION.into(), REGION.into(), Some(unclear(visit, &typed, &regions, "/procurement")))
        }
    };
    let year = match fields.one("year").parse().ok().filter(|year| (1949..=2199).contains(year)) {
        Some(year) => Some(year),
        None => last_year(visit).await?,
    };
    let claims = async {
        let asked = ReconcileClaimsRequest { page_size: 500, ..Default::default() };
        Ok(visit.api.figures().reconcile_claims(asked).await?.into_inner().reconciliations)
    };
    let totals = async {
        let Some(year) = year else { return Ok(Vec::new()) };
        let of = |origin| totals(visit, year, &region, origin);
        let (real, made_up) = tokio::try_join!(of(Origin::Real), of(Origin::Synthetic))?;
        Ok::<_, Fault>(vec![(Origin::Real, real), (Origin::Synthetic, made_up)])
    };
    let (registers, claims, rows) = tokio::try_join!(registers(visit), claims, totals)?;
    let body = html! {
        ul.cards { @for register in &registers { li.card {
            a.count href=(register.path) { (count(register.all)) }
            (language.of(register.zh, register.en))
            @if register.synthetic > 0 {
                br; small { (language.of("其中 ", "of them ")) (synthetic(language)) " " (count(register.synthetic)) }
            }
        } } }
        section aria-labelledby="totals" {
            h2 #totals { (language.of("年度合计", "Totals of a year")) }
            form.line action="/procurement" {
                label { span { (language.of("年度", "Year")) }
                    input type="number" name="year" min="1949" max="2199" value=[year]; }
                label { span { (language.of("地区", "Region")) }
                    input name="region" maxlength="64" value=(title) placeholder=(language.of("名称或代码", "Name or code")); }
                button { (language.of("查看", "Show")) }
            }
            @if let Some(said) = said { (said) }
            @match year {
                None => p.nothing { (language.of("尚无项目。", "No project is recorded.")) },
                Some(year) => (table(&rows, year, &title, &region, language)),
            }
        }
        section aria-labelledby="claims" {
            h2 #claims { (language.of("说法核对", "Claims recomputed")) }
            p { (language.of("把来源文献中的比值、增幅等说法按其自身的数字重算，逐条给出结论。", "Ratios and growth that sources state, recomputed from their own figures.")) }
            (verdicts(&claims, language))
            p { a href="/procurement/claims" { (language.of("查看全部说法", "All claims")) } }
        }
    };
    show(visit, Tab::Overview, visit.say("政府购买服务", "Procurement of services"), &body)
}

fn table(rows: &[(Origin, QueryRollupResponse)], year: i32, title: &str, region: &str, language: Language) -> Markup {
    let totals = || rows.iter().filter_map(|(_, answer)| answer.total.as_ref());
    let unit = Unit::of(totals().flat_map(|of| [of.budget_fen, of.contract_fen, of.settlement_fen, of.paid_fen]));
    let money = |zh: &str, en: &str| unit.column(language.of(zh, en), language);
    let columns = [
        (language.of("数据", "Records").to_owned(), false),
        (language.of("项目", "Projects").to_owned(), true),
        (language.of("合同", "Contracts").to_owned(), true),
        (money("预算", "Budget"), true),
        (money("合同金额", "Contracts"), true),
        (money("决算", "Settlement"), true),
        (money("支付", "Paid"), true),
        (language.of("购买主体", "Purchasers").to_owned(), true),
        (language.of("承接主体", "Providers").to_owned(), true),
        (language.of("有数据的地区", "Regions reporting").to_owned(), true),
    ];
    let year_text = year.to_string();
    html! {
        div.scroll tabindex="0" { table {
            caption { (title) (language.of("", " ")) (year) (language.of("年，全辖，按各年当时区划", ", whole area, boundaries of the year")) }
            (parts::head(&columns.iter().map(|(words, is_number)| (words.as_str(), *is_number)).collect::<Vec<_>>()))
            tbody { @for (origin, answer) in rows {
                @let of = answer.total.unwrap_or_default();
                tr {
                    th scope="row" {
                        @let statistics = url("/procurement/statistics", &[("from", &year_text), ("region", region), ("origin", origin.code())]);
                        a href=(statistics) { (origin.named(language)) }
                        @if answer.includes_synthetic { " " (synthetic(language)) }
                    }
                    td.number { (count(of.project_count)) }
                    td.number { (count(of.contract_count)) }
                    td.number { (unit.cell(Some(of.budget_fen), language)) }
                    td.number { (unit.cell(Some(of.contract_fen), language)) }
                    td.number { (unit.cell(Some(of.settlement_fen), language)) }
                    td.number { (unit.cell(Some(of.paid_fen), language)) }
                    td.number { (distinct(answer.distinct_purchasers)) }
                    td.number { (distinct(answer.distinct_providers)) }
                    td.number { (parts::coverage(answer.coverage.first(), language)) }
                }
            } }
        } }
        @let caveats: Vec<_> = rows.iter().flat_map(|(origin, answer)| answer.caveats.iter().map(move |of| Wording {
            zh: format!("{}：{}", origin.words().0, of.zh),
            en: format!("{}: {}", origin.words().1, of.en),
        })).collect();
        (parts::caveats(&caveats, &[], language))
    }
}

fn distinct(number: Option<i64>) -> Markup {
    html! { @match number { Some(number) => (count(number)), None => span.nothing { "—" } } }
}

/// How many claims came to which verdict.
fn verdicts(claims: &[ClaimReconciliation], language: Language) -> Markup {
    let mut counts: BTreeMap<i32, i64> = BTreeMap::new();
    for claim in claims {
        *counts.entry(claim.verdict).or_default() += 1;
    }
    html! {
        ul.strip { @for verdict in ClaimVerdict::ALL {
            @let number = counts.get(&(*verdict as i32)).copied().unwrap_or(0);
            li { (badge(claim_tone(*verdict), verdict.named(language))) " " b { (count(number)) } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::procurement::v1::{Coverage, RegionRef, RollupTotals};

    #[test]
    fn totals_of_made_up_records_are_marked_and_every_total_says_what_it_covers() {
        let missing = vec![RegionRef { region: "regions/330110".into(), title: "余杭区".into() }];
        let coverage = Coverage {
            year: 2021,
            regions_reporting: 101,
            regions_existing: 102,
            missing,
            missing_count: 1,
            unknown: vec![],
        };
        let answer = |is_synthetic| QueryRollupResponse {
            total: Some(RollupTotals {
                project_count: 34_463,
                settlement_fen: 3_217_000_000_000,
                ..Default::default()
            }),
            includes_synthetic: is_synthetic,
            coverage: vec![coverage.clone()],
            ..Default::default()
        };
        let rows = [(Origin::Real, answer(false)), (Origin::Synthetic, answer(true))];
        let page = table(&rows, 2021, "浙江省", "330000", Language::Zh).into_string();
        assert_eq!(page.matches("<span class=\"badge warn\">模拟数据</span>").count(), 1);
        assert_eq!(page.matches("101/102").count(), 2);
        assert_eq!(page.matches("321.70").count(), 2);
        assert!(page.contains("决算（亿元）"));
        assert!(page.contains("<a href=\"/procurement/regions/330110\">余杭区</a>"));
    }
}
