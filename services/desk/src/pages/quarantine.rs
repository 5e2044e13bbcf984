//! 隔离: mails that could not be opened, each to be tried again or released as unreadable.

use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use proto::intake::v1::{
    GetQuarantinedRequest, ListQuarantinedRequest, ListQuarantinedResponse, Message, ReleaseQuarantinedRequest,
    RetryQuarantinedRequest, ReviewRole,
};
use tonic::Code;

use super::ledger::mail;
use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, filled, hidden, id_of, moment, pager, told, url, wrong},
    posted::{Fields, Posted},
    visit::Visit,
};

/// Characters of a reason, as the service takes them.
const REASON_CHARACTERS_MAX: usize = 500;

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/quarantine", get(list))
        .route("/quarantine/{id}", get(show))
        .route("/quarantine/{id}/retry", post(retry))
        .route("/quarantine/{id}/release", post(release))
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    let query = Fields(query);
    let asked = ListQuarantinedRequest { page_token: query.one("page").to_owned(), page_size: 0 };
    let answer = match visit.api.quarantine().list_quarantined(asked).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Fault::from(status).to(&visit),
    };
    let page = Page::new(&visit, Here::Ledger, visit.say("隔离", "Quarantine"));
    let body = body(&visit, query.one("page"), &answer);
    match query.one("done") {
        "retry" => page
            .saying(Tone::Good, visit.say("已放回，采集程序将再试一次。", "Put back: the worker tries it again."))
            .show(&body),
        "release" => page
            .saying(Tone::Good, visit.say("已放行，登记为无法读取。", "Released: it is recorded as unreadable."))
            .show(&body),
        _ => page.show(&body),
    }
}

fn body(visit: &Visit, page: &str, answer: &ListQuarantinedResponse) -> Markup {
    let next = (!answer.next_page_token.is_empty()).then(|| url("/quarantine", &[("page", &answer.next_page_token)]));
    html! {
        p { (visit.say(
            "打不开的邮件放在这里，原件都已保存，后面的邮件不受影响。排除原因后可以再试；确实无法读取的可以放行，登记为“无法读取”。",
            "Mails that could not be opened. Their bytes are kept, and the mails behind them went on. Try one again when the cause \
             is mended, or release it: it is then recorded as unreadable.",
        )) }
        @if answer.messages.is_empty() { p { (visit.say("没有隔离的邮件。", "Nothing is in quarantine.")) } }
        @else { div.scroll tabindex="0" role="group" aria-label=(visit.say("隔离的邮件", "Mails in quarantine")) { table {
            thead { tr {
                th scope="col" { (visit.say("收到（北京时间）", "Received (Beijing)")) }
                th scope="col" { (visit.say("主题", "Subject")) }
                th scope="col" { (visit.say("发件人", "From")) }
                th scope="col" { (visit.say("在哪一步出错", "Failed at")) }
                th scope="col" { (visit.say("原因", "Reason")) }
            } }
            tbody { @for message in &answer.messages { tr data-row {
                td { (moment(message.received_time.as_ref())) }
                th scope="row" { a href={ "/quarantine/" (id_of(&message.name)) } { (mail::title(visit, message)) } }
                td { (mail::sender(message)) }
                td { (mail::stage(visit, message.stage_failed())) }
                td { (filled(&message.reason)) }
            } } }
        } } }
        (pager(visit, (!page.is_empty()).then_some("/quarantine"), next.as_deref()))
    }
}

async fn show(visit: Visit, Path(id): Path<String>) -> Response {
    one(&visit, &id, &Fields::default(), None).await
}

/// The page of one mail; with what was typed when a form was refused.
async fn one(visit: &Visit, id: &str, typed: &Fields, fault: Option<&Fault>) -> Response {
    match visit.api.quarantine().get_quarantined(GetQuarantinedRequest { name: format!("messages/{id}") }).await {
        Ok(answer) => {
            let message = answer.into_inner();
            let body = detail(visit, &message, typed, fault);
            told(fault, Page::new(visit, Here::Ledger, mail::title(visit, &message)).show(&body))
        }
        // Somebody else was quicker: the ledger tells what became of it.
        Err(status) if status.code() == Code::NotFound => Redirect::to(&format!("/ledger/{id}")).into_response(),
        Err(status) => Fault::from(status).to(visit),
    }
}

fn detail(visit: &Visit, message: &Message, typed: &Fields, fault: Option<&Fault>) -> Markup {
    let id = id_of(&message.name);
    let form = |action: &str, title: &str, words: &str, button: &str, is_danger: bool| {
        html! {
            form.column method="post" action={ "/quarantine/" (id) "/" (action) } {
                (hidden(visit))
                h3 { (title) }
                p { (words) }
                label { span { (visit.say("理由（记入留痕）", "Why (kept in the history)")) }
                    input id={ "reason-" (action) } name="reason" required maxlength=(REASON_CHARACTERS_MAX)
                        value=(if typed.one("form") == action { typed.one("reason") } else { "" }); }
                input type="hidden" name="form" value=(action);
                button.danger[is_danger] { (button) }
            }
        }
    };
    html! {
        (wrong(visit, fault, &|_| Some((format!("reason-{}", typed.one("form")), visit.say("理由", "Reason").to_owned()))))
        (mail::facts(visit, message))
        p { a href={ "/ledger/" (id) "#raw" } { (visit.say("查看原件", "See the raw mail")) } }
        @if visit.may(ReviewRole::Editor) {
            section aria-labelledby="handle" {
                h2 #handle { (visit.say("处理", "Handle it")) }
                div.cards {
                    div.card { (form(
                        "retry", visit.say("再试", "Try again"),
                        visit.say("回到出错的那一步，次数从头计。", "Back to the step that failed, its tries forgotten."),
                        visit.say("再试", "Try again"), false)) }
                    div.card { (form(
                        "release", visit.say("放行", "Release"),
                        visit.say("登记为“无法读取”，程序不再处理这封邮件。作者不会收到回信。",
                            "Recorded as unreadable: it is left alone from now on, and nobody is answered."),
                        visit.say("放行", "Release"), true)) }
                }
            }
        }
        (mail::history(visit, &message.history))
    }
}

async fn retry(Path(id): Path<String>, posted: Posted) -> Response {
    let asked = RetryQuarantinedRequest { name: format!("messages/{id}"), reason: posted.one("reason").to_owned() };
    match posted.visit.api.quarantine().retry_quarantined(asked).await {
        Ok(_) => Redirect::to("/quarantine?done=retry").into_response(),
        Err(status) => one(&posted.visit, &id, posted.fields(), Some(&Fault::from(status))).await,
    }
}

async fn release(Path(id): Path<String>, posted: Posted) -> Response {
    let asked = ReleaseQuarantinedRequest { name: format!("messages/{id}"), reason: posted.one("reason").to_owned() };
    match posted.visit.api.quarantine().release_quarantined(asked).await {
        Ok(_) => Redirect::to("/quarantine?done=release").into_response(),
        Err(status) => one(&posted.visit, &id, posted.fields(), Some(&Fault::from(status))).await,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use proto::intake::v1::Stage;

    use super::*;
    use crate::{Language, fault::FieldFault, visit::tests::visit_of};

    fn message() -> Message {
        Message {
            name: "messages/a1".into(),
            stage: Stage::Quarantined.into(),
            stage_failed: Stage::Stored.into(),
            tries: 3,
            reason: "附件层数过多".into(),
            ..Message::default()
        }
    }

    #[test]
    fn a_viewer_reads_why_and_an_editor_may_try_again_or_release() {
        let viewer = visit_of(ReviewRole::Viewer, Language::Zh);
        let shown = detail(&viewer, &message(), &Fields::default(), None).into_string();
        assert!(shown.contains("附件层数过多") && shown.contains("已存原件") && !shown.contains("<form"));
        let editor = visit_of(ReviewRole::Editor, Language::Zh);
        let shown = detail(&editor, &message(), &Fields::default(), None).into_string();
        for expected in [
            "action=\"/quarantine/a1/retry\"",
            "action=\"/quarantine/a1/release\"",
            &format!("value=\"{}\"", editor.csrf()),
        ] {
            assert!(shown.contains(expected), "{expected}");
        }
    }

    #[test]
    fn a_refused_form_keeps_what_was_typed_in_it_alone() {
        let editor = visit_of(ReviewRole::Editor, Language::Zh);
        let typed = Fields(vec![("form".into(), "release".into()), ("reason".into(), "坏\"了".into())]);
        let fault =
            Fault::of_fields(vec![FieldFault { field: "reason".into(), zh: "应为一行".into(), en: "x".into() }]);
        assert_eq!(fault.status(), StatusCode::BAD_REQUEST);
        let shown = detail(&editor, &message(), &typed, Some(&fault)).into_string();
        assert!(shown.contains("href=\"#reason-release\">理由：应为一行"), "{shown}");
        assert_eq!(shown.matches("value=\"坏&quot;了\"").count(), 1);
    }
}
