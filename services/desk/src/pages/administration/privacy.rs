//! 个人信息: what is held of a person, as a file for the person; and its erasure: told first, then done, then proven. No
//! address of a person stands in an address of a page.

mod proof;
mod whose;

use std::time::Duration;

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::{get, post},
};
use maud::{Markup, html};
use proto::intake::v1::{
    ErasePersonRequest, ErasePersonResponse, GetErasureRequest, ListErasuresRequest, ListErasuresResponse,
    ReportPersonRequest,
};
use tokio_stream::StreamExt;
use tonic::{Request, Status};
use uuid::Uuid;
use whose::Whose;

use super::parts;
use crate::{
    Desk,
    fault::{Fault, FieldFault},
    html::{Here, Page, hidden, id_of, moment, pager, told, url, wrong},
    pages::exports::passed_on,
    posted::{Fields, Posted},
    visit::Visit,
    words,
};

/// The least role that is offered these pages; the services refuse the others.
pub const ASKS: proto::intake::v1::ReviewRole = proto::intake::v1::ReviewRole::Administrator;

/// How long an erasure or a report may take: the database is written anew.
const WITHIN: Duration = Duration::from_secs(290);

const PATH: &str = "/administration/privacy";

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route(PATH, get(list).post(of_address))
        .route("/administration/privacy/report", post(report))
        .route("/administration/privacy/confirm", post(confirm))
        .route("/administration/privacy/erase", post(erase))
        .route("/administration/privacy/{id}", get(one))
        .route("/contacts/{id}/privacy", get(of_contact))
        .route("/ledger/{id}/privacy", get(of_mail))
}

fn patiently<T>(asked: T) -> Request<T> {
    let mut request = Request::new(asked);
    request.set_timeout(WITHIN);
    request
}

/// What would be erased.
async fn rehearsed(visit: &Visit, whose: &Whose, including_adopted: bool) -> Result<ErasePersonResponse, Status> {
    let asked = ErasePersonRequest {
        subject: Some(whose.subject()),
        including_adopted,
        validate_only: true,
        ..ErasePersonRequest::default()
    };
    Ok(visit.api.privacy().erase_person(patiently(asked)).await?.into_inner())
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    list_page(&visit, Fields(query).one("page"), "", None).await
}

async fn list_page(visit: &Visit, page: &str, typed: &str, fault: Option<&Fault>) -> Response {
    let asked = ListErasuresRequest { page_size: 0, page_token: page.to_owned() };
    match visit.api.privacy().list_erasures(asked).await {
        Ok(answer) => {
            let body = list_body(visit, page, &answer.into_inner(), typed, fault);
            told(fault, Page::new(visit, Here::Administration, visit.say("个人信息", "Personal data")).show(&body))
        }
        Err(status) => Fault::from(status).to(visit),
    }
}

fn list_body(visit: &Visit, page: &str, answer: &ListErasuresResponse, typed: &str, fault: Option<&Fault>) -> Markup {
    let next = (!answer.next_page_token.is_empty()).then(|| url(PATH, &[("page", &answer.next_page_token)]));
    html! {
        (parts(visit, PATH))
        (wrong(visit, fault, &|fault| input(visit, fault)))
        form.line method="post" action=(PATH) {
            (hidden(visit))
            label { span { (visit.say("此人的邮箱地址", "The person’s mail address")) }
                input #address name="address" required maxlength="320" autocapitalize="none" autocomplete="off" value=(typed); }
            button { (visit.say("查看所存内容", "See what is held")) }
        }
        p.detail { (visit.say(
            "请先确认请求确系本人提出：来信的地址不能证明身份，可向该地址去信，请对方回复确认。",
            "First make sure that the request is the person’s own: the address of a mail proves nobody. Write to it and ask for an answer.")) }
        h2 { (visit.say("删除记录", "Erasures")) }
        @if answer.erasures.is_empty() { p { (visit.say("还没有删除过任何内容。", "Nothing was erased yet.")) } }
        @else { div.scroll tabindex="0" role="group" aria-label=(visit.say("删除记录", "Erasures")) { table {
            thead { tr {
                th scope="col" { (visit.say("时间（北京）", "When (Beijing)")) }
                th scope="col" { (visit.say("原因", "Reason")) }
                th scope="col" { (visit.say("类别", "Kind")) }
                th scope="col" { (visit.say("何人", "Who")) }
                th.number scope="col" { (visit.say("邮件", "Mails")) }
                th scope="col" { (visit.say("状态", "State")) }
            } }
            tbody { @for erasure in &answer.erasures { tr data-row {
                td { (moment(erasure.ask_time.as_ref())) }
                th scope="row" { a href={ (PATH) "/" (id_of(&erasure.name)) } { (erasure.reason) } }
                td { (words::erasure_kind(erasure.kind(), visit.language())) }
                td { (erasure.asked_by) }
                td.number { (erasure.counts.map_or(0, |counts| counts.messages)) }
                td { (proof::state(visit, erasure)) }
            } } }
        } } }
        (pager(visit, (!page.is_empty()).then_some(PATH), next.as_deref()))
    }
}

/// The input that a fault is about.
fn input(visit: &Visit, fault: &FieldFault) -> Option<(String, String)> {
    let inputs = [("address", "邮箱地址", "Mail address"), ("reason", "原因", "Reason")];
    let (name, zh, en) = inputs.into_iter().find(|(name, ..)| *name == fault.field)?;
    Some((name.to_owned(), visit.say(zh, en).to_owned()))
}

async fn of_address(posted: Posted) -> Response {
    let (visit, whose) = (&posted.visit, Whose::read(&posted));
    match rehearsed(visit, &whose, false).await {
        Ok(would) => person_page(visit, &whose, &would, &Fields::default(), None),
        Err(status) => list_page(visit, "", posted.one("address"), Some(&Fault::from(status))).await,
    }
}

async fn of_contact(visit: Visit, Path(id): Path<String>) -> Response {
    of_link(&visit, &Whose::Contact(format!("contacts/{id}"))).await
}

async fn of_mail(visit: Visit, Path(id): Path<String>) -> Response {
    of_link(&visit, &Whose::Mail(format!("messages/{id}"))).await
}

async fn of_link(visit: &Visit, whose: &Whose) -> Response {
    match rehearsed(visit, whose, false).await {
        Ok(would) => person_page(visit, whose, &would, &Fields::default(), None),
        Err(status) if status.code() == tonic::Code::InvalidArgument => Fault::not_found().to(visit),
        Err(status) => Fault::from(status).to(visit),
    }
}

fn person_page(
    visit: &Visit,
    whose: &Whose,
    would: &ErasePersonResponse,
    typed: &Fields,
    fault: Option<&Fault>,
) -> Response {
    let body = person_body(visit, whose, would, typed, fault);
    told(fault, Page::new(visit, Here::Administration, visit.say("个人信息", "Personal data")).show(&body))
}

fn person_body(
    visit: &Visit,
    whose: &Whose,
    would: &ErasePersonResponse,
    typed: &Fields,
    fault: Option<&Fault>,
) -> Markup {
    let counts = would.erasure.as_ref().and_then(|erasure| erasure.counts).unwrap_or_default();
    html! {
        (parts(visit, PATH))
        p { (visit.say("以下是系统中关于", "This is held of ")) (whose.shown(visit)) (visit.say("的内容：", ":")) }
        (proof::numbers(visit, &counts, false))
        (proof::beside(visit, would))
        @if whose.person().is_some() { section aria-labelledby="report" {
            h2 #report { (visit.say("查阅", "Access")) }
            p { (visit.say(
                "报告列出全部内容，供本人查阅。原始邮件和附件只列出哈希，可在来稿页下载。",
                "The report holds everything, for the person. Raw mails and files are named by their hashes; pages of submissions give them.")) }
            form method="post" action={ (PATH) "/report" } {
                (hidden(visit)) (whose.field())
                button { (visit.say("下载报告（JSON）", "Download the report (JSON)")) }
                br; small { (visit.say("下载会留下记录。", "This is recorded.")) }
            }
        } }
        section aria-labelledby="erase" {
            h2 #erase { (visit.say("删除", "Erasure")) }
            (wrong(visit, fault, &|fault| input(visit, fault)))
            form.column method="post" action={ (PATH) "/confirm" } {
                (hidden(visit)) (whose.field())
                label { span { (visit.say("原因（会长期保留，请勿写姓名）", "Reason (it stays: write no name)")) }
                    input #reason name="reason" required maxlength="500" autocomplete="off" value=(typed.one("reason")); }
                @if !would.adopted.is_empty() {
                    label.box { input type="checkbox" name="including_adopted" value="1" checked[typed.has("including_adopted")];
                        span { (visit.say(
                            "已采用、排期或刊发的稿件也一并删除（合同可能要求留存，请先核实）",
                            "Also manuscripts that were adopted, scheduled or published (a contract may require keeping them: look first)")) } }
                }
                button.quiet { (visit.say("下一步：查看将删除什么", "Next: see what would be erased")) }
            }
        }
    }
}

async fn confirm(posted: Posted) -> Response {
    let (visit, whose) = (&posted.visit, Whose::read(&posted));
    let including_adopted = posted.fields().has("including_adopted");
    let would = match rehearsed(visit, &whose, including_adopted).await {
        Ok(would) => would,
        Err(status) => return Fault::from(status).to(visit),
    };
    // What is refused at the end is told before.
    if let Some(fault) = in_the_way(&posted, &would) {
        return person_page(visit, &whose, &would, posted.fields(), Some(&fault));
    }
    let body = confirm_body(visit, &whose, &would, posted.one("reason").trim(), including_adopted);
    Page::new(visit, Here::Administration, visit.say("确认删除", "Confirm the erasure")).show(&body)
}

fn in_the_way(posted: &Posted, would: &ErasePersonResponse) -> Option<Fault> {
    if posted.one("reason").trim().is_empty() {
        return Some(Fault::of_fields(vec![FieldFault {
            field: "reason".into(),
            zh: "请填写原因。".into(),
            en: "Say why.".into(),
        }]));
    }
    let is_kept = !would.adopted.is_empty() && !posted.fields().has("including_adopted");
    is_kept.then(|| {
        let (zh, en) = (
            "其中有已采用、排期或刊发的稿件：确认可以一并删除时，请勾选下面一项。",
            "Some manuscripts were adopted, scheduled or published: tick the box below if they may go too.",
        );
        Fault::of(axum::http::StatusCode::CONFLICT, zh, en)
    })
}

fn confirm_body(
    visit: &Visit,
    whose: &Whose,
    would: &ErasePersonResponse,
    reason: &str,
    including_adopted: bool,
) -> Markup {
    let erasure = would.erasure.clone().unwrap_or_default();
    html! {
        (parts(visit, PATH))
        p.notice.warn role="status" { (visit.say(
            "尚未删除任何内容。确认后将删除以下内容，不能恢复。收稿号、版本、状态、时间和哈希保留，姓名、地址和文字不保留。",
            "Nothing was erased yet. What follows goes for good once you confirm. Numbers, versions, states, times and hashes stay; names, addresses and words do not.")) }
        dl.facts {
            dt { (visit.say("何人", "Whose")) } dd { (whose.shown(visit)) }
            dt { (visit.say("原因", "Reason")) } dd { (reason) }
        }
        (proof::numbers(visit, &erasure.counts.unwrap_or_default(), false))
        (proof::beside(visit, would))
        (proof::places(visit, &erasure))
        form method="post" action={ (PATH) "/erase" } {
            (hidden(visit)) (whose.field())
            // The same form sent twice erases once.
            input type="hidden" name="request_id" value=(Uuid::now_v7());
            input type="hidden" name="reason" value=(reason);
            @if including_adopted { input type="hidden" name="including_adopted" value="1"; }
            p { button.danger { (visit.say("删除，不能恢复", "Erase it for good")) }
                " " a href=(PATH) { (visit.say("不删除", "Do not erase")) } }
        }
    }
}

async fn erase(posted: Posted) -> Response {
    let (visit, whose) = (&posted.visit, Whose::read(&posted));
    let asked = ErasePersonRequest {
        subject: Some(whose.subject()),
        reason: posted.one("reason").trim().to_owned(),
        including_adopted: posted.fields().has("including_adopted"),
        validate_only: false,
        request_id: posted.one("request_id").to_owned(),
    };
    match visit.api.privacy().erase_person(patiently(asked)).await {
        // Answered at once and never by way of another address: the salt is shown this once.
        Ok(answer) => {
            let body = html! { (parts(visit, PATH)) (proof::done(visit, &answer.into_inner())) };
            Page::new(visit, Here::Administration, visit.say("删除证明", "Proof of the erasure")).show(&body)
        }
        Err(status) => Fault::from(status).to(visit),
    }
}

async fn report(posted: Posted) -> Response {
    let (visit, whose) = (&posted.visit, Whose::read(&posted));
    let Some(person) = whose.person() else { return Fault::not_found().to(visit) };
    let asked = ReportPersonRequest { person: Some(person) };
    match visit.api.privacy().report_person(patiently(asked)).await {
        Ok(answer) => {
            let pieces = answer.into_inner().map(|said| said.map(|said| (said.data, said.file)));
            match passed_on(pieces).await {
                Ok(file) => file,
                Err(status) => Fault::from(status).to(visit),
            }
        }
        Err(status) => Fault::from(status).to(visit),
    }
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    match visit.api.privacy().get_erasure(GetErasureRequest { name: format!("erasures/{id}") }).await {
        Ok(answer) => {
            let erasure = answer.into_inner();
            let body = html! { (parts(&visit, PATH)) (proof::whole(&visit, &erasure)) };
            Page::new(&visit, Here::Administration, visit.say("删除证明", "Proof of the erasure")).show(&body)
        }
        Err(status) if status.code() == tonic::Code::InvalidArgument => Fault::not_found().to(&visit),
        Err(status) => Fault::from(status).to(&visit),
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::{AdoptedManuscript, Erasure, ErasureCounts, ReviewRole};

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    fn would() -> ErasePersonResponse {
        let counts = ErasureCounts { messages: 3, submissions: 2, ..ErasureCounts::default() };
        let erasure = Erasure { counts: Some(counts), ..Erasure::default() };
        ErasePersonResponse { erasure: Some(erasure), ..ErasePersonResponse::default() }
    }

    #[test]
    fn what_is_typed_is_escaped_and_brought_along_in_forms_and_in_no_address() {
        let visit = visit_of(ReviewRole::Administrator, Language::Zh);
        let whose = Whose::Address("\"><script>@b.cn".into());
        for shown in [
            person_body(&visit, &whose, &would(), &Fields::default(), None),
            confirm_body(&visit, &whose, &would(), "<b>", true),
        ] {
            let shown = shown.into_string();
            assert!(shown.contains("name=\"address\" value=\"&quot;&gt;&lt;script&gt;@b.cn\""), "{shown}");
            assert!(!shown.contains("<script>") && !shown.contains("href=\"&quot;"), "{shown}");
            assert!(shown.contains("name=\"csrf\""), "{shown}");
        }
    }

    #[test]
    fn nothing_is_erased_by_the_first_form_and_what_was_adopted_is_asked_about() {
        let visit = visit_of(ReviewRole::Administrator, Language::Zh);
        let whose = Whose::Contact("contacts/c1".into());
        let shown = person_body(&visit, &whose, &would(), &Fields::default(), None).into_string();
        assert!(shown.contains("/administration/privacy/confirm") && !shown.contains("privacy/erase"), "{shown}");
        assert!(!shown.contains("including_adopted"), "{shown}");
        let one = AdoptedManuscript { submission: "submissions/s1".into(), number: 7, ..Default::default() };
        let adopted = ErasePersonResponse { adopted: vec![one], ..would() };
        let shown = person_body(&visit, &whose, &adopted, &Fields::default(), None).into_string();
        assert!(shown.contains("including_adopted") && shown.contains("href=\"/submissions/s1\""), "{shown}");
    }

    #[test]
    fn a_mail_is_erased_and_not_reported() {
        let visit = visit_of(ReviewRole::Administrator, Language::Zh);
        let whose = Whose::Mail("messages/m1".into());
        let shown = person_body(&visit, &whose, &would(), &Fields::default(), None).into_string();
        assert!(
            shown.contains("href=\"/ledger/m1\"") && shown.contains("name=\"message\" value=\"messages/m1\""),
            "{shown}"
        );
        assert!(shown.contains("/administration/privacy/confirm") && !shown.contains("privacy/report"), "{shown}");
    }
}
