//! 联系人: who sends, what each of them sent, and for which organisations.

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Response},
    routing::get,
};
use maud::{Markup, html};
use proto::intake::v1::{
    ContactSubmission, GetContactRequest, ListContactsRequest, ListContactsResponse, ListOrganisationsRequest,
    ListOrganisationsResponse, Organisation, Sender,
};

use super::{
    administration::privacy::ASKS,
    unreachable::{flag_with_form, lifted},
};
use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, badge, filled, moment, notice, pager, url},
    posted::Fields,
    visit::Visit,
    words,
};

/// Lines of a page.
const LINES: i32 = 50;

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/contacts", get(contacts))
        .route("/contacts/{id}", get(contact))
        .route("/organisations", get(organisations))
}

type Pairs = Vec<(String, String)>;

async fn contacts(visit: Visit, Query(query): Query<Pairs>) -> Response {
    let query = Fields(query);
    let (search, organisation, page) = (query.one("q").trim(), query.one("organisation"), query.one("page"));
    let marked = if query.one("unreachable").is_empty() { "" } else { "1" };
    let asked = ListContactsRequest {
        page_size: LINES,
        page_token: page.to_owned(),
        search: search.to_owned(),
        organisation: organisation.to_owned(),
        unreachable: !marked.is_empty(),
    };
    // What cannot be searched for is told above the form that asked for it.
    let (fault, listed) = match visit.api.contacts().list_contacts(asked).await {
        Ok(answer) => (None, answer.into_inner()),
        Err(status) => (Some(Fault::from(status)), ListContactsResponse::default()),
    };
    let with = |organisation: &str, marked: &str, page: &str| {
        url("/contacts", &[("q", search), ("organisation", organisation), ("unreachable", marked), ("page", page)])
    };
    let here = |page: &str| with(organisation, marked, page);
    let body = html! {
        (tabs(&visit, "/contacts"))
        (searching(&visit, "/contacts", search, fault.as_ref()))
        ul.pills {
            @if !organisation.is_empty() {
                li { a href=(with("", marked, "")) { (organisation) " ×" span.unseen { (visit.say("（去掉此条件）", " (remove this condition)")) } } }
            }
            li {
                @if marked.is_empty() { a href=(with(organisation, "1", "")) { (visit.say("只看无法送达", "Unreachable only")) } }
                @else { a href=(with(organisation, "", "")) { (visit.say("无法送达", "Unreachable")) " ×" span.unseen { (visit.say("（去掉此条件）", " (remove this condition)")) } } }
            }
        }
        @if listed.contacts.is_empty() {
            @if fault.is_none() { p { (visit.say("没有符合条件的联系人。收到投稿后，作者会出现在这里。", "Nobody meets these conditions. Authors appear here once they have sent a submission.")) } }
        } @else {
            div.scroll tabindex="0" { (contact_table(&visit, &listed.contacts)) }
        }
        (pager(&visit, (!page.is_empty()).then(|| here("")).as_deref(), (!listed.next_page_token.is_empty()).then(|| here(&listed.next_page_token)).as_deref()))
    };
    let page = Page::new(&visit, Here::Contacts, visit.say("联系人", "Contacts")).show(&body);
    answered(page, fault.as_ref())
}

fn answered(page: Response, fault: Option<&Fault>) -> Response {
    match fault {
        Some(fault) => (fault.status(), page).into_response(),
        None => page,
    }
}

fn tabs(visit: &Visit, here: &str) -> Markup {
    html! {
        ul.tabs {
            @for (path, words) in [
                ("/contacts", visit.say("作者", "Authors")),
                ("/organisations", visit.say("单位", "Organisations")),
            ] {
                li { a href=(path) aria-current=[(path == here).then_some("page")] { (words) } }
            }
        }
    }
}

fn searching(visit: &Visit, path: &str, search: &str, fault: Option<&Fault>) -> Markup {
    html! {
        @if let Some(fault) = fault { (notice(Tone::Bad, fault.words(visit.language()))) }
        form.line method="get" action=(path) role="search" aria-label=(visit.say("筛选", "Filter")) {
            label {
                span { @if path == "/contacts" { (visit.say("姓名、单位或邮箱", "Name, organisation or address")) } @else { (visit.say("单位名称", "Organisation")) } }
                input type="search" name="q" value=(search) minlength="2" maxlength="80";
            }
            button { (visit.say("查找", "Search")) }
            @if !search.is_empty() { a href=(path) { (visit.say("清除", "Clear")) } }
        }
    }
}

/// The path of a contact's page.
fn path_of(contact: &Sender) -> String {
    format!("/{}", contact.name)
}

fn contact_table(visit: &Visit, contacts: &[Sender]) -> Markup {
    html! {
        table {
            caption.unseen { (visit.say("联系人列表", "List of contacts")) }
            thead { tr {
                th scope="col" { (visit.say("作者", "Author")) }
                th scope="col" { (visit.say("单位", "Organisation")) }
                th scope="col" { (visit.say("邮箱", "Address")) }
                th.number scope="col" { (visit.say("稿件", "Manuscripts")) }
                th scope="col" { (visit.say("审稿情况", "Reviews")) }
                th scope="col" { (visit.say("最近来稿", "Last received")) }
            } }
            tbody {
                @for contact in contacts {
                    tr {
                        th scope="row" { a href=(path_of(contact)) { (contact.names.first().map_or_else(|| visit.say("未署名", "unnamed"), String::as_str)) } }
                        td { (filled(contact.organisations.first().map_or("", String::as_str))) }
                        td { (contact.address)
                            @if let Some(unreachable) = &contact.unreachable {
                                br; (badge(Tone::Bad, visit.say("无法送达", "unreachable"))) " " small { (moment(unreachable.since_time.as_ref())) } } }
                        td.number { (contact.manuscript_count) }
                        td { (states(visit, contact)) }
                        td { (moment(contact.last_received_time.as_ref())) }
                    }
                }
            }
        }
    }
}

fn states(visit: &Visit, contact: &Sender) -> Markup {
    html! {
        @for count in &contact.states {
            (badge(words::state_tone(count.state()), &format!("{} {}", words::state(count.state(), visit.language()), count.manuscript_count))) " "
        }
    }
}

async fn contact(visit: Visit, Path(id): Path<String>, Query(query): Query<Pairs>) -> Response {
    let asked = GetContactRequest { name: format!("contacts/{id}") };
    let details = match visit.api.contacts().get_contact(asked).await {
        Ok(answer) => answer.into_inner(),
        Err(status) if status.code() == tonic::Code::InvalidArgument => return Fault::not_found().to(&visit),
        Err(status) => return Fault::from(status).to(&visit),
    };
    let contact = details.contact.unwrap_or_default();
    let title = contact.names.first().map_or_else(|| visit.say("未署名的作者", "An unnamed author"), String::as_str);
    let body = html! {
        p { a href="/contacts" { (visit.say("← 全部联系人", "← All contacts")) } }
        dl.facts {
            dt { (visit.say("邮箱", "Address")) } dd { (contact.address) }
            @if let Some(unreachable) = &contact.unreachable {
                dt { (visit.say("送达", "Delivery")) } dd { (flag_with_form(&visit, unreachable, &path_of(&contact))) }
            }
            @if contact.checked_time.is_some() {
                dt { (visit.say("核对地址", "Address checked")) }
                dd { (moment(contact.checked_time.as_ref())) " " (contact.checked_by) }
            }
            dt { (visit.say("署名", "Names")) } dd { (filled(&contact.names.join(visit.say("、", ", ")))) }
            dt { (visit.say("单位", "Organisations")) } dd {
                @if contact.organisations.is_empty() { (filled("")) }
                @for (at, organisation) in contact.organisations.iter().enumerate() {
                    @if at > 0 { (visit.say("；", "; ")) }
                    a href=(url("/contacts", &[("organisation", organisation)])) { (organisation) }
                }
            }
            dt { (visit.say("稿件", "Manuscripts")) } dd {
                (contact.manuscript_count)
                @if contact.submission_count > contact.manuscript_count {
                    (match visit.language() {
                        crate::Language::Zh => format!("（含修改稿共来稿 {} 次）", contact.submission_count),
                        crate::Language::En => format!(" ({} submissions with their corrections)", contact.submission_count),
                    })
                }
            }
            dt { (visit.say("审稿情况", "Reviews")) } dd { (states(&visit, &contact)) }
            dt { (visit.say("首次来稿", "First received")) } dd { (moment(contact.first_received_time.as_ref())) }
            dt { (visit.say("最近来稿", "Last received")) } dd { (moment(contact.last_received_time.as_ref())) }
        }
        @if visit.may(ASKS) {
            p { a href={ (path_of(&contact)) "/privacy" } { (visit.say("个人信息：查阅、删除", "Personal data: access, erasure")) } }
        }
        h2 { (visit.say("来稿", "Submissions")) }
        div.scroll tabindex="0" { (submission_table(&visit, &details.submissions)) }
        @if (details.submissions.len() as u64) < contact.submission_count {
            p.detail { (visit.say("只列出最近 100 次来稿。", "Only the latest 100 submissions are listed.")) }
        }
    };
    let page = Page::new(&visit, Here::Contacts, title);
    let page = match lifted(&visit, Fields(query).one("released")) {
        Some(words) => page.saying(Tone::Good, words),
        None => page,
    };
    page.show(&body)
}

fn submission_table(visit: &Visit, submissions: &[ContactSubmission]) -> Markup {
    html! {
        table {
            caption.unseen { (visit.say("此人的来稿", "Submissions of this person")) }
            thead { tr {
                th.number scope="col" { (visit.say("收稿号", "Number")) }
                th scope="col" { (visit.say("主题", "Subject")) }
                th.number scope="col" { (visit.say("版本", "Version")) }
                th scope="col" { (visit.say("状态", "State")) }
                th scope="col" { (visit.say("收到时间", "Received")) }
            } }
            tbody {
                @for submission in submissions {
                    tr {
                        td.number { (submission.number) }
                        th scope="row" { a href={ "/" (submission.submission) } { @if submission.subject.is_empty() { (visit.say("（无主题）", "(no subject)")) } @else { (submission.subject) } } }
                        td.number { (submission.version) }
                        td { @match submission.state() {
                            proto::intake::v1::ReviewState::Unspecified => (visit.say("不审稿", "not reviewed")),
                            state => (badge(words::state_tone(state), words::state(state, visit.language()))),
                        } }
                        td { (moment(submission.received_time.as_ref())) }
                    }
                }
            }
        }
    }
}

async fn organisations(visit: Visit, Query(query): Query<Pairs>) -> Response {
    let query = Fields(query);
    let (search, page) = (query.one("q").trim(), query.one("page"));
    let asked = ListOrganisationsRequest { page_size: LINES, page_token: page.to_owned(), search: search.to_owned() };
    let (fault, listed) = match visit.api.contacts().list_organisations(asked).await {
        Ok(answer) => (None, answer.into_inner()),
        Err(status) => (Some(Fault::from(status)), ListOrganisationsResponse::default()),
    };
    let here = |page: &str| url("/organisations", &[("q", search), ("page", page)]);
    let body = html! {
        (tabs(&visit, "/organisations"))
        (searching(&visit, "/organisations", search, fault.as_ref()))
        p.detail { (visit.say("单位名称以来稿所写为准，写法不同的分别列出。", "Organisations stand as submissions write them; one that is written in two ways is listed twice.")) }
        @if listed.organisations.is_empty() {
            @if fault.is_none() { p { (visit.say("没有符合条件的单位。", "No organisation meets these conditions.")) } }
        } @else {
            div.scroll tabindex="0" { (organisation_table(&visit, &listed.organisations)) }
        }
        (pager(&visit, (!page.is_empty()).then(|| here("")).as_deref(), (!listed.next_page_token.is_empty()).then(|| here(&listed.next_page_token)).as_deref()))
    };
    let page = Page::new(&visit, Here::Contacts, visit.say("单位", "Organisations")).show(&body);
    answered(page, fault.as_ref())
}

fn organisation_table(visit: &Visit, organisations: &[Organisation]) -> Markup {
    html! {
        table {
            caption.unseen { (visit.say("单位列表", "List of organisations")) }
            thead { tr {
                th scope="col" { (visit.say("单位", "Organisation")) }
                th.number scope="col" { (visit.say("作者", "Authors")) }
                th.number scope="col" { (visit.say("稿件", "Manuscripts")) }
                th scope="col" { (visit.say("最近来稿", "Last received")) }
            } }
            tbody {
                @for organisation in organisations {
                    tr {
                        th scope="row" { a href=(url("/contacts", &[("organisation", &organisation.display_name)])) { (organisation.display_name) } }
                        td.number { (organisation.contact_count) }
                        td.number { (organisation.manuscript_count) }
                        td { (moment(organisation.last_received_time.as_ref())) }
                    }
                }
            }
        }
    }
}
