//! One letter: its words, what became of it, and what an editor can do with it.

use axum::{
    Router,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use proto::intake::v1::{
    ApproveReplyRequest, CancelReplyRequest, GetReplyRequest, HoldReplyRequest, Reply, ReplyState, RetryReplyRequest,
    ReviewRole, SettleReplyRequest, UpdateReplyRequest,
};
use tonic::Status;

use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, badge, filled, hidden, id_of, moment, sentence, told, wrong},
    pages::ledger::mail::actor,
    pages::unreachable::{flag_with_form, lifted},
    posted::{Fields, Posted},
    visit::Visit,
    words,
};

/// Bounds of the words, as the service takes them.
const SUBJECT_MAX: usize = 200;
const BODY_MAX: usize = 10_000;
const NOTE_MAX: usize = 500;

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/outbox/{id}", get(show).post(act))
}

/// What can be done with a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Edit,
    Approve,
    Hold,
    Cancel,
    Retry,
    SettleSent,
    SettleAgain,
}

impl Step {
    const ALL: [Self; 7] =
        [Self::Approve, Self::Edit, Self::Hold, Self::Retry, Self::SettleSent, Self::SettleAgain, Self::Cancel];

    fn word(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Approve => "approve",
            Self::Hold => "hold",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::SettleSent => "settle-sent",
            Self::SettleAgain => "settle-again",
        }
    }

    /// Whether it can be done with a letter; the service decides.
    fn is_for(self, reply: &Reply) -> bool {
        use ReplyState::{Cancelled, Deferred, Failed, Held, Pending, Uncertain};
        let state = reply.state();
        match self {
            Self::Edit => matches!(state, Held | Pending | Deferred),
            // To an address that nothing reaches, that has to be settled first.
            Self::Approve | Self::Retry | Self::SettleAgain if reply.unreachable.is_some() => false,
            Self::Approve => state == Held,
            Self::Hold => matches!(state, Pending | Deferred),
            Self::Cancel => matches!(state, Held | Pending | Deferred | Failed),
            Self::Retry if state == ReplyState::Suppressed => {
                let silence = reply.silence.as_ref().map_or("", |silence| silence.code.as_str());
                matches!(silence, "unreachable" | "sender_cap")
            }
            Self::Retry => matches!(state, Failed | Cancelled | Deferred),
            Self::SettleSent | Self::SettleAgain => state == Uncertain,
        }
    }

    /// What the page says when it was done.
    fn done(self, visit: &Visit) -> &str {
        match self {
            Self::Edit => visit.say("文字已保存。", "The words were saved."),
            Self::Approve => visit.say("已批准，到时间即发出。", "Approved: it goes out when its time has come."),
            Self::Hold => visit.say("已暂缓，批准后才会发出。", "Held: it goes out only when it is approved."),
            Self::Cancel => visit.say("已取消，不会发出。", "Cancelled: it does not go out."),
            Self::Retry => visit.say("将立即再发。", "It is tried again now."),
            Self::SettleSent => visit.say("已记为发出。", "It counts as sent."),
            Self::SettleAgain => visit.say("将再发一次。", "It is sent once more."),
        }
    }
}

async fn show(visit: Visit, Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let query = Fields(query);
    let done = Step::ALL.into_iter().find(|step| step.word() == query.one("done"));
    let done = done.map(|step| step.done(&visit).to_owned()).or_else(|| lifted(&visit, query.one("released")));
    one(&visit, &id, done, &Fields::default(), None).await
}

async fn one(visit: &Visit, id: &str, done: Option<String>, typed: &Fields, fault: Option<&Fault>) -> Response {
    let reply = match visit.api.outbox().get_reply(GetReplyRequest { name: format!("replies/{id}") }).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Fault::from(status).to(visit),
    };
    let title = format!(
        "{} · {} {}",
        words::reply_kind(reply.kind(), visit.language()),
        visit.say("收稿号", "No."),
        reply.number
    );
    let page = Page::new(visit, Here::Outbox, title);
    let page = match done {
        Some(words) => page.saying(Tone::Good, words),
        None => page,
    };
    told(fault, page.show(&body(visit, &reply, typed, fault)))
}

fn body(visit: &Visit, reply: &Reply, typed: &Fields, fault: Option<&Fault>) -> Markup {
    let inputs: [(&str, &str, &str); 3] =
        [("subject", "主题", "Subject"), ("body", "正文", "Body"), ("note", "备注", "Note")];
    let input = |field: &crate::fault::FieldFault| {
        let (name, zh, en) = inputs.into_iter().find(|(name, ..)| field.field == *name)?;
        Some((name.to_owned(), visit.say(zh, en).to_owned()))
    };
    html! {
        (wrong(visit, fault, &input))
        div.split {
            section aria-labelledby="letter" {
                h2 #letter { (visit.say("信", "The letter")) }
                (words_of(visit, reply))
            }
            div {
                (facts(visit, reply))
                @if visit.may(ReviewRole::Editor) { (steps(visit, reply, typed)) }
            }
        }
        (history(visit, reply))
    }
}

/// Recipient, subject and body, as the author reads them.
pub fn words_of(visit: &Visit, reply: &Reply) -> Markup {
    let language = if reply.language == "en" { "en" } else { "zh-CN" };
    html! {
        dl.facts {
            dt { (visit.say("收信人", "To")) } dd { (filled(&reply.to)) }
            dt { (visit.say("主题", "Subject")) } dd lang=(language) { (filled(&reply.subject)) }
        }
        @if reply.body.is_empty() { p { (visit.say("没有正文。", "There is no body.")) } }
        @else { pre.manuscript lang=(language) { (reply.body) } }
    }
}

fn facts(visit: &Visit, reply: &Reply) -> Markup {
    let (tone, called) = words::reply_state(reply.state(), visit.language());
    let why = sentence(reply.silence.as_ref().and_then(|silence| silence.sentence.as_ref()), visit.language());
    html! {
        dl.facts {
            dt { (visit.say("状态", "State")) } dd { (badge(tone, called))
                @if reply.edited { " " (badge(Tone::Plain, visit.say("文字改过", "words changed"))) } }
            @if !why.is_empty() { dt { (visit.say("为什么不发", "Why it is not sent")) } dd { (why) } }
            @if !reply.detail.is_empty() { dt { (visit.say("服务器的答复", "What the server said")) } dd { (reply.detail) } }
            @if reply.bounce_time.is_some() {
                dt { (visit.say("退回", "Came back")) }
                dd { (moment(reply.bounce_time.as_ref())) " " (reply.bounce_detail) } }
            @if let Some(unreachable) = &reply.unreachable {
                dt { (visit.say("送达", "Delivery")) }
                dd { (flag_with_form(visit, unreachable, &format!("/outbox/{}", id_of(&reply.name)))) } }
            @if reply.due_time.is_some() { dt { (visit.say("不早于", "Not before")) } dd { (moment(reply.due_time.as_ref())) } }
            @if reply.sent_time.is_some() { dt { (visit.say("发出", "Sent")) } dd { (moment(reply.sent_time.as_ref())) } }
            @if reply.tries > 0 { dt { (visit.say("已试次数", "Tries")) } dd { (reply.tries) } }
            dt { (visit.say("来稿", "Submission")) }
            dd { a href={ "/submissions/" (id_of(&reply.submission)) } { (visit.say("收稿号", "No.")) " " (reply.number) } }
            @if !reply.message_id.is_empty() { dt { "Message-ID" } dd { code { (reply.message_id) } } }
        }
    }
}

/// What can be done, each with what follows from it.
fn steps(visit: &Visit, reply: &Reply, typed: &Fields) -> Markup {
    let state = reply.state();
    let id = id_of(&reply.name);
    let kept =
        |name: &str, or: &str| -> String { if typed.has(name) { typed.one(name).to_owned() } else { or.to_owned() } };
    let begin = |step: Step| {
        html! { (hidden(visit)) input type="hidden" name="step" value=(step.word()); input type="hidden" name="etag" value=(reply.etag); }
    };
    let small = |step: Step, words: &str, button: &str, has_note: bool, is_danger: bool| {
        html! { @if step.is_for(reply) {
            form.column method="post" action={ "/outbox/" (id) } {
                (begin(step))
                p { (words) }
                @if has_note { label { span { (visit.say("备注（记入留痕）", "Note (kept in the history)")) }
                    input name="note" maxlength=(NOTE_MAX) value=(if typed.one("step") == step.word() { typed.one("note") } else { "" }); } }
                button.danger[is_danger] { (button) }
            }
        } }
    };
    let uncertain = state == ReplyState::Uncertain;
    html! {
        @if Step::ALL.into_iter().any(|step| step.is_for(reply)) {
            section aria-labelledby="steps" {
                h2 #steps { (visit.say("处理", "What to do")) }
                (small(Step::Approve, visit.say("批准后到时间即发给作者。", "Once approved, it goes out when its time has come."),
                    visit.say("批准", "Approve"), false, false))
                @if uncertain {
                    p { (visit.say(
                        "信已交给对方服务器，但在对方确认之前连接断了：作者可能已经收到，也可能没有。请先在发信邮箱的“已发送”或服务器日志中查找上面的 \
                         Message-ID。",
                        "The letter was handed over, and the line broke before the server confirmed it: the author may have it or may not. \
                         Look for the Message-ID above among the sent mail or in the server's log first.",
                    )) }
                    (small(Step::SettleSent, visit.say("查到了，或宁可作者少收一封：", "You found it, or rather none than two:"),
                        visit.say("记为已发", "Count it as sent"), true, false))
                    (small(Step::SettleAgain,
                        visit.say("没有查到，或宁可作者收到两封（同一 Message-ID，多数邮箱只显示一封）：",
                            "You did not find it, or rather two than none (same Message-ID: most mailboxes show one):"),
                        visit.say("再发一次", "Send it once more"), true, true))
                }
                (small(Step::Retry, visit.say("立即再发，次数从头计。", "Tried again now, its tries forgotten."),
                    visit.say("再发", "Try again"), false, false))
                (small(Step::Hold, visit.say("暂不发出，等待批准。", "It waits until somebody approves it."),
                    visit.say("暂缓", "Hold"), true, false))
                @if Step::Edit.is_for(reply) {
                    details open[typed.one("step") == "edit"] {
                        summary { (visit.say("修改文字", "Change the words")) }
                        form.column method="post" action={ "/outbox/" (id) } {
                            (begin(Step::Edit))
                            label { span { (visit.say("主题", "Subject")) }
                                input #subject name="subject" required maxlength=(SUBJECT_MAX) value=(kept("subject", &reply.subject)); }
                            label { span { (visit.say("正文", "Body")) }
                                textarea #body name="body" rows="16" required maxlength=(BODY_MAX) { "\n" (kept("body", &reply.body)) } }
                            button data-save { (visit.say("保存文字", "Save the words")) }
                        }
                    }
                }
                (small(Step::Cancel, visit.say("不再发出这封信。", "This letter does not go out."),
                    visit.say("取消", "Cancel it"), true, true))
            }
        }
    }
}

fn history(visit: &Visit, reply: &Reply) -> Markup {
    let called = |state: ReplyState| words::reply_state(state, visit.language()).1;
    html! {
        section aria-labelledby="history" {
            h2 #history { (visit.say("记录", "History")) }
            div.scroll tabindex="0" role="group" aria-labelledby="history" { table {
                thead { tr {
                    th scope="col" { (visit.say("时间（北京）", "When (Beijing)")) }
                    th scope="col" { (visit.say("变化", "Change")) }
                    th scope="col" { (visit.say("何人", "Who")) }
                    th scope="col" { (visit.say("说明", "Detail")) }
                } }
                tbody { @for event in &reply.history { tr {
                    td { (moment(event.time.as_ref())) }
                    td { @if event.state_before() != ReplyState::Unspecified && event.state_before() != event.state_after() {
                            (called(event.state_before())) " → " }
                        (called(event.state_after())) }
                    td { (actor(visit, &event.actor)) }
                    td { (filled(&event.detail)) }
                } } }
            } }
        }
    }
}

async fn act(Path(id): Path<String>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let Some(step) = Step::ALL.into_iter().find(|step| step.word() == posted.one("step")) else {
        let (zh, en) = ("表单不完整。", "The form is not whole.");
        return Fault::of(StatusCode::BAD_REQUEST, zh, en).to(visit);
    };
    match take(&posted, format!("replies/{id}"), step).await {
        Ok(()) => Redirect::to(&format!("/outbox/{id}?done={}", step.word())).into_response(),
        Err(status) => one(visit, &id, None, posted.fields(), Some(&Fault::from(status))).await,
    }
}

async fn take(posted: &Posted, name: String, step: Step) -> Result<(), Status> {
    let mut outbox = posted.visit.api.outbox();
    let (etag, note) = (posted.one("etag").to_owned(), posted.one("note").trim().to_owned());
    match step {
        Step::Edit => {
            let (subject, body) = (posted.text("subject"), posted.text("body"));
            outbox.update_reply(UpdateReplyRequest { name, etag, subject, body }).await?
        }
        Step::Approve => outbox.approve_reply(ApproveReplyRequest { name, etag }).await?,
        Step::Hold => outbox.hold_reply(HoldReplyRequest { name, etag, note }).await?,
        Step::Cancel => outbox.cancel_reply(CancelReplyRequest { name, etag, note }).await?,
        Step::Retry => outbox.retry_reply(RetryReplyRequest { name, etag }).await?,
        Step::SettleSent => outbox.settle_reply(SettleReplyRequest { name, etag, send_again: false, note }).await?,
        Step::SettleAgain => outbox.settle_reply(SettleReplyRequest { name, etag, send_again: true, note }).await?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::{Silence, Unreachable};

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    fn reply(state: ReplyState) -> Reply {
        Reply {
            name: "replies/r1".into(),
            etag: "v3".into(),
            state: state.into(),
            subject: "来稿收悉".into(),
            body: "您好！\n</textarea><script>".into(),
            detail: "550 5.1.1 user unknown".into(),
            ..Reply::default()
        }
    }

    fn offered(shown: &str) -> Vec<&str> {
        shown.split("name=\"step\" value=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn each_state_offers_what_can_be_done_in_it_and_a_viewer_nothing() {
        let table: [(ReplyState, &[&str]); 9] = [
            (ReplyState::Held, &["approve", "edit", "cancel"]),
            (ReplyState::Pending, &["hold", "edit", "cancel"]),
            (ReplyState::Sending, &[]),
            (ReplyState::Deferred, &["retry", "hold", "edit", "cancel"]),
            (ReplyState::Sent, &[]),
            (ReplyState::Failed, &["retry", "cancel"]),
            (ReplyState::Uncertain, &["settle-sent", "settle-again"]),
            (ReplyState::Suppressed, &[]),
            (ReplyState::Cancelled, &["retry"]),
        ];
        let editor = visit_of(ReviewRole::Editor, Language::Zh);
        let viewer = visit_of(ReviewRole::Viewer, Language::Zh);
        for (state, expected) in table {
            let shown = body(&editor, &reply(state), &Fields::default(), None).into_string();
            assert_eq!(offered(&shown), expected, "{state:?}");
            assert!(shown.contains("550 5.1.1 user unknown") && !shown.contains("<script>"));
            assert!(offered(&body(&viewer, &reply(state), &Fields::default(), None).into_string()).is_empty());
        }
    }

    #[test]
    fn a_letter_that_a_mark_holds_is_let_go_by_lifting_the_mark() {
        let editor = visit_of(ReviewRole::ChiefEditor, Language::Zh);
        let silence = Silence { code: "unreachable".into(), ..Silence::default() };
        let unreachable = Unreachable { contact: "contacts/c1".into(), reason: "550".into(), ..Unreachable::default() };
        let held = Reply { silence: Some(silence), unreachable: Some(unreachable), ..reply(ReplyState::Held) };
        let shown = body(&editor, &held, &Fields::default(), None).into_string();
        assert_eq!(offered(&shown), ["edit", "cancel"]);
        assert!(shown.contains("/contacts/c1/reachable") && shown.contains("value=\"/outbox/r1\""), "{shown}");
        let kept = Reply { unreachable: None, state: ReplyState::Suppressed.into(), ..held };
        assert_eq!(offered(&body(&editor, &kept, &Fields::default(), None).into_string()), ["retry"]);
    }

    #[test]
    fn refused_words_stand_in_the_form_again() {
        let editor = visit_of(ReviewRole::Editor, Language::Zh);
        let typed = Fields(vec![
            ("step".into(), "edit".into()),
            ("subject".into(), "新主题".into()),
            ("body".into(), "新正文".into()),
        ]);
        let fault = Fault::of(StatusCode::CONFLICT, "已被他人修改", "changed");
        let shown = body(&editor, &reply(ReplyState::Held), &typed, Some(&fault)).into_string();
        for expected in ["已被他人修改", "value=\"新主题\"", "新正文</textarea>", "<details open>"] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
    }
}
