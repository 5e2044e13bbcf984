//! 案例: the list, and one practice case.

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::procurement::v1::{CaseTheme, GetPracticeCaseRequest, ListPracticeCasesRequest, PracticeCase};

use super::{
    Answer, Tab, answer,
    listing::{Listing, PAGE_SIZE},
    names::{Names, link},
    parts::{self, titled},
    show,
    words::Named,
};
use crate::{Desk, Language, posted::Fields, visit::Visit};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/cases", get(list)).route("/procurement/cases/{id}", get(one))
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, listed(&visit, &Fields(query)).await)
}

async fn listed(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let listing = Listing::new(visit, "/procurement/cases", fields)
        .search()
        .region("region")
        .await?
        .choice::<CaseTheme>("theme", "themes", "主题", "Theme");
    let asked = ListPracticeCasesRequest {
        page_size: PAGE_SIZE,
        page_token: listing.token(),
        filter: listing.filter(),
        return_total: listing.is_counted(),
        ..Default::default()
    };
    let found = visit.api.cases().list_practice_cases(asked).await?.into_inner();
    let names = Names::of(&visit.api, language, found.practice_cases.iter().map(|of| of.region.as_str())).await;
    let body = html! {
        (listing.form())
        (listing.total(found.total_size))
        @if found.practice_cases.is_empty() { p.nothing { (visit.say("没有符合条件的案例。", "No case meets the conditions.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&[(visit.say("案例", "Case"), false), (visit.say("地区", "Region"), false), (visit.say("主题", "Themes"), false)]))
            tbody { @for case in &found.practice_cases { tr data-row {
                th scope="row" { (link(&case.name, titled(&case.title, &case.title_en, language))) (parts::marks(case.provenance.as_ref(), case.delete_time.as_ref(), language)) }
                td.short { (names.link(&case.region)) }
                td { (themes(case, language)) }
            } } }
        } } }
        (listing.pager(&found.next_page_token))
    };
    show(visit, Tab::Cases, visit.say("实践案例", "Practice cases"), &body)
}

fn themes(case: &PracticeCase, language: Language) -> Markup {
    html! { @for (at, theme) in case.themes().enumerate() { @if at > 0 { (language.of("、", ", ")) } (theme.named(language)) } }
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("practiceCases/{id}")).await)
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let case = visit.api.cases().get_practice_case(GetPracticeCaseRequest { name }).await?.into_inner();
    let source = case.provenance.as_ref().map(|said| format!("sourceDocuments/{}", said.source)).unwrap_or_default();
    let asked = case.figures.iter().chain(&case.projects).map(String::as_str);
    let names = Names::of(&visit.api, language, asked.chain([case.region.as_str(), &source])).await;
    let body = html! {
        (parts::warnings(case.provenance.as_ref(), case.delete_time.as_ref(), language))
        p { (names.link(&case.region)) " · " (themes(&case, language)) }
        (parts::prose(visit.say("问题", "Problem"), &case.problem))
        (parts::prose(visit.say("做法", "Means"), &case.means))
        (parts::prose(visit.say("成效", "Outcome"), &case.outcome))
        @for (zh, en, entries) in [("相关数字", "Figures", &case.figures), ("相关项目", "Projects", &case.projects)] {
            @if !entries.is_empty() { h2 { (visit.say(zh, en)) } ul { @for entry in entries { li { (names.link(entry)) } } } }
        }
        (parts::source(case.provenance.as_ref(), names.title(&source), language))
    };
    show(visit, Tab::Cases, titled(&case.title, &case.title_en, language), &body)
}
