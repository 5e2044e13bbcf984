//! 试点: the reform year by year, the pilots with their members, and what ministries granted.

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::procurement::v1::{
    Designation, GetPilotRequest, ListDesignationsRequest, ListEvaluationsRequest, ListMilestonesRequest,
    ListPilotMembersRequest, ListPilotsRequest, Milestone, Pilot, PilotMember, PilotStage,
};

use super::{
    Answer, Tab, answer, evaluations,
    listing::{Listing, PAGE_SIZE, quoted},
    names::{Names, id, link},
    parts::{self, counted, titled},
    show,
    words::Named,
};
use crate::{
    Desk, Language,
    html::{filled, url},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/pilots", get(list)).route("/procurement/pilots/{id}", get(one))
}

/// Members and designations that a page shows.
const SHOWN: i32 = 500;

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, listed(&visit, &Fields(query)).await)
}

async fn listed(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let listing = Listing::new(visit, "/procurement/pilots", fields)
        .search()
        .year()
        .region("region")
        .await?
        .choice::<PilotStage>("stage", "stage", "阶段", "Stage")
        .ordered(&[("", "year", "由远及近", "Earliest first"), ("latest", "year desc", "由近及远", "Latest first")]);
    let asked = ListPilotsRequest {
        page_size: PAGE_SIZE,
        page_token: listing.token(),
        filter: listing.filter(),
        order_by: listing.order(),
        show_deleted: false,
        return_total: listing.is_counted(),
    };
    let mut pilots = visit.api.pilots();
    let found = pilots.list_pilots(asked).await?.into_inner();
    let asked = ListDesignationsRequest { page_size: SHOWN, order_by: "year".into(), ..Default::default() };
    let designations = pilots.list_designations(asked).await?.into_inner().designations;
    let asked = ListMilestonesRequest { page_size: SHOWN, order_by: "year".into(), ..Default::default() };
    let milestones = pilots.list_milestones(asked).await?.into_inner().milestones;
    let regions = found.pilots.iter().map(|of| of.region.as_str());
    let regions = regions.chain(designations.iter().map(|of| of.holder.as_str()));
    let entries = milestones.iter().flat_map(|entry| &entry.entries).map(String::as_str);
    let entries = entries.chain(milestones.iter().map(|entry| entry.region.as_str()));
    let names = Names::of(&visit.api, language, regions.chain(entries)).await;
    let body = html! {
        (listing.form())
        (listing.total(found.total_size))
        (table(&found.pilots, &names, language))
        (listing.pager(&found.next_page_token))
        h2 #designations { (visit.say("试点省份与联系点", "Designations")) }
        (granted(&designations, &names, language))
        h2 #milestones { (visit.say("大事记", "The reform, year by year")) }
        (years(&milestones, &names, language))
    };
    show(visit, Tab::Pilots, visit.say("试点", "Pilots"), &body)
}

fn table(pilots: &[Pilot], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("试点", "Pilot"), false),
        (language.of("阶段", "Stage"), false),
        (language.of("起止", "Years"), false),
        (language.of("地区", "Region"), false),
    ];
    html! {
        @if pilots.is_empty() { p.nothing { (language.of("没有符合条件的试点。", "No pilot meets the conditions.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for pilot in pilots { tr data-row {
                th scope="row" { (link(&pilot.name, titled(&pilot.title, &pilot.title_en, language))) (parts::marks(pilot.provenance.as_ref(), pilot.delete_time.as_ref(), language)) }
                td { (pilot.stage().named(language)) }
                td.short { (span(pilot.year, pilot.end_year, language)) }
                td.short { (names.link(&pilot.region)) }
            } } }
        } } }
    }
}

fn span(year: i32, end: Option<i32>, language: Language) -> String {
    match end {
        Some(end) if end == year => year.to_string(),
        Some(end) => format!("{year}–{end}"),
        None => format!("{}{year}{}", language.of("", "since "), language.of(" 年起", "")),
    }
}

fn granted(designations: &[Designation], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("名称", "Title"), false),
        (language.of("类别", "Kind"), false),
        (language.of("授予单位", "Granted by"), false),
        (language.of("地区", "Holder"), false),
        (language.of("年度", "Years"), false),
        (language.of("当年全国总数", "In the nation"), true),
    ];
    html! {
        @if designations.is_empty() { p.nothing { (language.of("没有登记。", "None is recorded.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for of in designations { tr data-row {
                th scope="row" { (titled(&of.title, &of.title_en, language)) (parts::marks(of.provenance.as_ref(), of.delete_time.as_ref(), language)) }
                td.short { (of.kind().named(language)) }
                td { (filled(&of.grantor)) }
                td.short { (names.link(&of.holder)) }
                td.short { (span(of.year, of.end_year, language)) }
                td.number { (counted(of.national_total)) @if !of.national_total_figure.is_empty() { " " (link(&of.national_total_figure, id(&of.national_total_figure))) } }
            } } }
        } } }
    }
}

fn years(milestones: &[Milestone], names: &Names, language: Language) -> Markup {
    html! {
        @if milestones.is_empty() { p.nothing { (language.of("没有登记。", "None is recorded.")) } }
        @for year in milestones.chunk_by(|before, after| before.year == after.year) {
            h3 { (year.first().map(|entry| entry.year).unwrap_or_default()) }
            ul { @for entry in year { li {
                (titled(&entry.title, &entry.title_en, language)) " " span.detail { "（" (names.title(&entry.region)) "）" }
                (parts::marks(entry.provenance.as_ref(), None, language))
                @let told: Vec<_> = entry.entries.iter().filter(|more| names.has(more)).collect();
                @if !told.is_empty() { br; small { @for (at, more) in told.into_iter().enumerate() { @if at > 0 { (language.of("；", "; ")) } (names.link(more)) } } }
            } } }
        }
    }
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("pilots/{id}")).await)
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let mut pilots = visit.api.pilots();
    let pilot = pilots.get_pilot(GetPilotRequest { name: name.clone() }).await?.into_inner();
    let filter = format!("pilot = {}", quoted(&name));
    let asked = ListPilotMembersRequest { page_size: SHOWN, filter: filter.clone(), ..Default::default() };
    let members = pilots.list_pilot_members(asked).await?.into_inner().pilot_members;
    let asked = ListEvaluationsRequest { page_size: PAGE_SIZE, filter, order_by: "year".into(), ..Default::default() };
    let evaluated = visit.api.evaluations().list_evaluations(asked).await?.into_inner().evaluations;
    let source = pilot.provenance.as_ref().map(|said| format!("sourceDocuments/{}", said.source)).unwrap_or_default();
    let mut asked: Vec<&str> = vec![&pilot.region, &pilot.legal_basis, &source];
    for member in &members {
        asked.extend([member.region.as_str(), &member.purchaser]);
        asked.extend(member.figures.iter().map(String::as_str));
    }
    asked.extend(evaluated.iter().map(|of| of.region.as_str()));
    let names = Names::of(&visit.api, language, asked).await;
    let body = html! {
        (parts::warnings(pilot.provenance.as_ref(), pilot.delete_time.as_ref(), language))
        dl.facts {
            dt { (language.of("阶段", "Stage")) } dd { (pilot.stage().named(language)) }
            dt { (language.of("起止", "Years")) } dd { (span(pilot.year, pilot.end_year, language)) }
            dt { (language.of("地区", "Region")) } dd { (names.link(&pilot.region)) }
            dt { (language.of("依据", "Legal basis")) } dd { (names.link(&pilot.legal_basis)) }
        }
        p { a href=(url("/procurement/projects", &[("pilot", id(&name))])) { (language.of("属于此试点的项目", "Projects of this pilot")) } }
        (parts::source(pilot.provenance.as_ref(), names.title(&source), language))
        h2 { (language.of("试点单位", "Members")) }
        (member_table(&members, &names, language))
        h2 { (language.of("绩效评价", "Evaluations")) }
        (evaluations::table(&evaluated, &names, language))
    };
    show(visit, Tab::Pilots, titled(&pilot.title, &pilot.title_en, language), &body)
}

fn member_table(members: &[PilotMember], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("单位", "Member"), false),
        (language.of("类别", "Kind"), false),
        (language.of("数量", "How many"), true),
        (language.of("项目数", "Projects"), true),
        (language.of("相关数字", "Figures"), false),
    ];
    html! {
        @if members.is_empty() { p.nothing { (language.of("没有登记。", "None is recorded.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for of in members { tr {
                th scope="row" {
                    @if !of.region.is_empty() { (names.link(&of.region)) }
                    @else if !of.purchaser.is_empty() { (names.link(&of.purchaser)) }
                    @else if !of.department.is_empty() { (of.department) }
                    @else { span.nothing { (language.of("来源未列名", "not named by the source")) } }
                    (parts::marks(of.provenance.as_ref(), of.delete_time.as_ref(), language))
                }
                td.short { (of.kind().named(language)) }
                td.number { (counted(of.member_count)) }
                td.number { (counted(of.project_count)) }
                td { @for (at, figure) in of.figures.iter().enumerate() { @if at > 0 { (language.of("、", ", ")) } (names.link(figure)) } }
            } } }
        } } }
    }
}
