//! 项目: the list, and one project with its contracts and what became of it.

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::procurement::v1::{
    CheckProjectRequest, Contract, GetProjectRequest, GetProjectSeriesRequest, GetProjectTraceRequest,
    ListProjectsRequest, ListProjectsResponse, ProcurementMethod, Project, ProjectSeries, ProjectState, ProjectTrace,
    ServiceKind,
};

use super::{
    Answer, Tab, answer, contracts, evaluations,
    listing::{Listing, PAGE_SIZE},
    names::{Names, link},
    parts, show,
    words::Named,
};
use crate::{
    Desk, Language,
    html::{Chart, Point, Unit, filled, money, money_text},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/projects", get(list)).route("/procurement/projects/{id}", get(one))
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, listed(&visit, &Fields(query)).await)
}

async fn listed(visit: &Visit, fields: &Fields) -> Answer {
    let listing = Listing::new(visit, "/procurement/projects", fields)
        .search()
        .year()
        .region("region")
        .await?
        .choice::<ServiceKind>("kind", "service_kind", "服务类别", "Kind")
        .choice::<ProcurementMethod>("method", "method", "采购方式", "Method")
        .choice::<ProjectState>("state", "state", "状态", "State")
        .origin()
        .ordered(&[
            ("", "", "登记次序", "As registered"),
            ("latest", "year desc", "年度由近及远", "Latest year first"),
            ("number", "project_no", "项目编号", "Number"),
            ("title", "title", "名称", "Title"),
        ])
        .reference("item", "item", "catalogueItems", "目录条目", "Item")
        .await
        .reference("class", "class", "catalogueItems", "目录类别", "Category")
        .await
        .reference("purchaser", "purchaser", "purchasers", "购买主体", "Purchaser")
        .await
        .reference("pilot", "pilot", "pilots", "试点", "Pilot")
        .await;
    let asked = ListProjectsRequest {
        page_size: PAGE_SIZE,
        page_token: listing.token(),
        filter: listing.filter(),
        order_by: listing.order(),
        show_deleted: false,
        return_total: listing.is_counted(),
    };
    let found = visit.api.projects().list_projects(asked).await?.into_inner();
    let names = found.projects.iter().flat_map(|project| [project.region.as_str(), &project.purchaser]);
    let names = Names::of(&visit.api, visit.language(), names).await;
    let body = html! {
        (listing.form())
        (listing.total(found.total_size))
        (table(&found, &names, visit.language()))
        (listing.pager(&found.next_page_token))
    };
    show(visit, Tab::Projects, visit.say("项目", "Projects"), &body)
}

fn table(found: &ListProjectsResponse, names: &Names, language: Language) -> Markup {
    let unit = Unit::of(found.projects.iter().flat_map(|of| [of.budget_fen, of.settlement_fen]).flatten());
    let columns = [
        (language.of("项目", "Project"), false),
        (language.of("年度", "Year"), false),
        (language.of("地区", "Region"), false),
        (language.of("购买主体", "Purchaser"), false),
        (language.of("服务类别", "Kind"), false),
        (language.of("采购方式", "Method"), false),
        (&*unit.column(language.of("预算", "Budget"), language), true),
        (&*unit.column(language.of("决算", "Settlement"), language), true),
        (language.of("状态", "State"), false),
    ];
    html! {
        @if found.projects.is_empty() { p.nothing { (language.of("没有符合条件的项目。", "No project meets the conditions.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for project in &found.projects { tr data-row {
                th scope="row" {
                    (link(&project.name, &project.title)) (parts::marks(project.provenance.as_ref(), project.delete_time.as_ref(), language))
                    @if !project.project_no.is_empty() { br; span.code { (project.project_no) } }
                }
                td.short { (project.year) }
                td.short { (names.link(&project.region)) }
                td { (names.link(&project.purchaser)) }
                td { (project.service_kind().named(language)) }
                td { (method(project.method(), &project.method_text, language)) }
                td.number { (unit.cell(project.budget_fen, language)) }
                td.number { (unit.cell(project.settlement_fen, language)) }
                td.short { (project.state().named(language)) }
            } } }
        } } }
    }
}

/// How a provider is found, with the record's own words where they say more.
pub fn method(method: ProcurementMethod, text: &str, language: Language) -> Markup {
    let text = if text == method.words().0 { "" } else { text };
    html! {
        @if method != ProcurementMethod::Unspecified || text.is_empty() { (method.named(language)) }
        @if !text.is_empty() { @if method != ProcurementMethod::Unspecified { "（" (text) "）" } @else { (text) } }
    }
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("projects/{id}")).await)
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let mut projects = visit.api.projects();
    let project = projects.get_project(GetProjectRequest { name: name.clone() }).await?.into_inner();
    let trace = projects.get_project_trace(GetProjectTraceRequest { name: name.clone() }).await?.into_inner();
    let checked = projects.check_project(CheckProjectRequest { name }).await?.into_inner();
    let series = if project.series.is_empty() {
        None
    } else {
        let asked = GetProjectSeriesRequest { series: project.series.clone(), basis: 0 };
        Some(projects.get_project_series(asked).await?.into_inner())
    };
    let source = project.provenance.as_ref().map(|said| format!("sourceDocuments/{}", said.source)).unwrap_or_default();
    let providers = trace.contracts.iter().flat_map(|contract| &contract.parts).map(|part| part.provider.as_str());
    let asked =
        [&project.region, &project.purchaser, &project.item, &project.section, &project.class, &project.pilot, &source];
    let names = Names::of(&visit.api, language, asked.into_iter().map(String::as_str).chain(providers)).await;
    let has_more = series.is_some() || project.provenance.as_ref().is_some_and(|said| !said.quote.is_empty());
    let body = html! {
        (parts::warnings(project.provenance.as_ref(), project.delete_time.as_ref(), language))
        div.split[has_more] {
            div {
                (facts(&project, &names, language))
                (became(&trace, language))
            }
            div {
                @if let Some(series) = &series { (over_the_years(series, language)) }
                (parts::source(project.provenance.as_ref(), names.title(&source), language))
            }
        }
        (contracts_of(&trace.contracts, &names, language))
        @if !trace.evaluations.is_empty() {
            h2 { (language.of("绩效评价与结果应用", "Evaluations and what followed")) }
            (evaluations::traced(&trace.evaluations, language))
        }
        (parts::findings("rules", &checked.findings, language))
    };
    show(visit, Tab::Projects, &project.title, &body)
}

fn facts(project: &Project, names: &Names, language: Language) -> Markup {
    html! {
        dl.facts {
            dt { (language.of("项目编号", "Number")) } dd { (filled(&project.project_no)) }
            dt { (language.of("年度", "Year")) } dd { (project.year) }
            dt { (language.of("地区", "Region")) } dd { (names.link(&project.region)) " · " (project.level().named(language)) }
            dt { (language.of("购买主体", "Purchaser")) } dd { (names.link(&project.purchaser)) }
            dt { (language.of("指导性目录", "Catalogue")) }
            dd {
                @if project.item.is_empty() {
                    (language.of("目录以外", "outside the catalogue"))
                    @if !project.approval_ref.is_empty() { "（" (language.of("审核备案：", "approval: ")) (project.approval_ref) "）" }
                } @else {
                    ol.crumbs { @for name in [&project.class, &project.section, &project.item] { @if !name.is_empty() { li { (names.link(name)) } } } }
                }
            }
            dt { (language.of("服务类别", "Kind of service")) } dd { (project.service_kind().named(language)) }
            dt { (language.of("采购方式", "Method")) } dd { (method(project.method(), &project.method_text, language)) }
            dt { (language.of("组织形式", "Organisation")) } dd { (project.organisation_form().named(language)) }
            dt { (language.of("预算", "Budget")) } dd { (money(project.budget_fen, language)) }
            dt { (language.of("决算", "Settlement")) } dd { (money(project.settlement_fen, language)) }
            @if project.is_multi_year { dt { (language.of("期限", "Term")) } dd { (language.of("一签多年", "one contract for several years")) } }
            @if !project.pilot.is_empty() { dt { (language.of("试点", "Pilot")) } dd { (names.link(&project.pilot)) } }
            @if !project.individual_reason.is_empty() { dt { (language.of("由个人承接的理由", "Why a person delivers")) } dd { (project.individual_reason) } }
            dt { (language.of("状态", "State")) } dd { (project.state().named(language)) }
            @if !project.description.is_empty() { dt { (language.of("内容", "What is bought")) } dd { (project.description) } }
        }
    }
}

/// What became of it, in sentences, and the projects that followed.
fn became(trace: &ProjectTrace, language: Language) -> Markup {
    html! {
        h2 { (language.of("来龙去脉", "What became of it")) }
        @if trace.sentences.is_empty() { p.nothing { "—" } }
        ol lang="zh-CN" { @for sentence in &trace.sentences { li { (sentence) } } }
        @if !trace.followers.is_empty() {
            h3 { (language.of("后续年度", "Later years")) }
            ul { @for later in &trace.followers { li { (later.year) " " (link(&later.name, &later.title)) } } }
        }
    }
}

fn contracts_of(contracts: &[Contract], names: &Names, language: Language) -> Markup {
    html! {
        h2 { (language.of("合同", "Contracts")) }
        @if contracts.is_empty() { p.nothing { (language.of("没有登记合同。", "No contract is recorded.")) } } @else {
            (contracts::table(contracts, names, language))
        }
    }
}

/// The money of a service over the years.
fn over_the_years(series: &ProjectSeries, language: Language) -> Markup {
    use proto::procurement::v1::SeriesBasis;
    let basis = match series.basis() {
        SeriesBasis::Settlement => language.of("决算", "settlement"),
        SeriesBasis::Contract => language.of("合同金额", "contracts"),
        SeriesBasis::Budget => language.of("预算", "budget"),
        SeriesBasis::Unspecified => language.of("金额", "money"),
    };
    let of = |entry: &proto::procurement::v1::SeriesEntry| {
        let project = entry.project.as_ref()?;
        match series.basis() {
            SeriesBasis::Settlement => project.settlement_fen,
            SeriesBasis::Contract => entry.contract_fen,
            SeriesBasis::Budget => project.budget_fen,
            SeriesBasis::Unspecified => None,
        }
    };
    let entries = || series.entries.iter().filter_map(|entry| Some((entry, entry.project.as_ref()?)));
    let unit = Unit::of(entries().filter_map(|(entry, _)| of(entry)));
    let points = entries().map(|(entry, project)| Point {
        label: project.year.to_string(),
        value: of(entry),
        text: of(entry).map(|fen| money_text(fen, language)).unwrap_or_default(),
        is_partial: false,
        href: super::names::path(&project.name).unwrap_or_default(),
    });
    let chart = Chart {
        id: "series",
        title: unit.column(&format!("{}{basis}", language.of("历年", "Over the years: ")), language),
        points: points.collect(),
        unit: unit.fen(),
        is_synthetic: entries().any(|(_, project)| project.provenance.as_ref().is_some_and(|said| said.is_synthetic)),
    };
    let cells: Vec<_> = entries().map(|(entry, _)| vec![unit.cell(of(entry), language)]).collect();
    html! {
        h2 { (language.of("历年金额", "Over the years")) }
        (chart.line(language))
        (chart.table(language.of("年度", "Year"), &[basis], &cells))
        @for change in series.changes.iter().chain(&series.whole) { p lang="zh-CN" { (change.sentence) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::procurement::v1::Provenance;

    #[test]
    fn a_made_up_project_is_marked_in_its_row_and_what_is_not_recorded_is_a_dash_and_no_zero() {
        let project = Project {
            name: "projects/a".into(),
            title: "<b>居家养老</b>".into(),
            year: 2021,
            region: "regions/330110".into(),
            settlement_fen: Some(399_000_000),
            provenance: Some(Provenance { is_synthetic: true, ..Default::default() }),
            ..Default::default()
        };
        let found = ListProjectsResponse { projects: vec![project], ..Default::default() };
        let page = table(&found, &Names::default(), Language::Zh).into_string();
        assert!(page.contains("<a href=\"/procurement/projects/a\">&lt;b&gt;居家养老&lt;/b&gt;</a> <span class=\"badge warn\">模拟数据</span>"));
        assert!(
            page.contains("<td class=\"number\"><span class=\"nothing\">—</span></td><td class=\"number\">399.00</td>")
        );
        assert!(page.contains("决算（万元）"));
    }
}
