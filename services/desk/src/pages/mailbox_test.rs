//! 测试邮箱: a mail to the mailbox itself, each step with what happened and what to do next.

use axum::{Router, extract::Path, response::Response, routing::post};
use maud::{Markup, html};
use proto::intake::v1::{
    ReviewRole, TestMailboxRequest, TestMailboxResponse,
    test_mailbox_response::{Outcome, Step},
};
use tonic::Status;

use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, badge, hidden, notice, sentence},
    posted::Posted,
    visit::Visit,
};

/// Steps that are read at most.
const STEPS_MAX: usize = 20;

/// Every step in its order, and what it is called.
const STEPS: [(Step, &str, &str); 6] = [
    (Step::Receive, "收信服务器", "Server for receiving"),
    (Step::Folders, "文件夹", "Folders"),
    (Step::Send, "发信服务器", "Server for sending"),
    (Step::Taken, "发出测试邮件", "The mail is taken"),
    (Step::Seen, "收到测试邮件", "The mail arrives"),
    (Step::SetAside, "不作为来稿", "It is set aside"),
];

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/mailboxes/{id}/test", post(test))
}

/// The button, for whoever may press it.
#[must_use]
pub fn section(visit: &Visit, id: &str) -> Markup {
    html! {
        @if visit.may(ReviewRole::Administrator) {
            section aria-labelledby="test" {
                h2 #test { (visit.say("测试", "Test")) }
                p { (visit.say(
                    "登录收信和发信服务器，给此邮箱发一封信并等它到达。这封信不会作为来稿，也不会得到回复。最长约一分钟。",
                    "Signs in for receiving and sending, sends a mail to this mailbox and waits for it. The mail becomes no submission \
                     and gets no answer. It takes about a minute at most.",
                )) }
                form method="post" action={ "/mailboxes/" (id) "/test" } {
                    (hidden(visit)) button { (visit.say("测试连接", "Test the connection")) } }
            }
        }
    }
}

async fn test(Path(id): Path<String>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let (told, fault) = match asked(visit, format!("mailboxes/{id}")).await {
        Ok((told, None)) => (told, None),
        Ok((told, Some(status))) => (told, Some(Fault::from(status))),
        Err(status) => return Fault::from(status).to(visit),
    };
    let body = html! {
        p { a href={ "/mailboxes/" (id) } { (visit.say("← 回到邮箱", "← Back to the mailbox")) } }
        @if let Some(fault) = &fault { (notice(Tone::Bad, fault.words(visit.language()))) }
        (result(visit, &told))
        (section(visit, &id))
    };
    Page::new(visit, Here::Ledger, visit.say("测试邮箱", "Test of the mailbox")).show(&body)
}

type Told = (Vec<TestMailboxResponse>, Option<Status>);

/// Every step that was told; what broke the test off stands beside them.
async fn asked(visit: &Visit, name: String) -> Result<Told, Status> {
    let mut stream = visit.api.mailboxes().test_mailbox(TestMailboxRequest { name }).await?.into_inner();
    let mut told = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(next)) if next.done || told.len() >= STEPS_MAX => return Ok((told, None)),
            Ok(Some(next)) if next.step() != Step::Unspecified => told.push(next),
            Ok(Some(_)) => {}
            Ok(None) => return Ok((told, None)),
            Err(status) => return Ok((told, Some(status))),
        }
    }
}

/// Every step, those that were not reached too.
fn result(visit: &Visit, told: &[TestMailboxResponse]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(visit.say("测试结果", "What the test found")) { table {
            thead { tr {
                th scope="col" { (visit.say("步骤", "Step")) }
                th scope="col" { (visit.say("结果", "Result")) }
                th scope="col" { (visit.say("说明", "What to do")) }
            } }
            tbody { @for (step, zh, en) in STEPS { tr {
                @let over = told.iter().find(|told| told.step() == step);
                th scope="row" { (visit.say(zh, en)) }
                td { @match over.map(TestMailboxResponse::outcome) {
                    Some(Outcome::Passed) => (badge(Tone::Good, visit.say("正常", "passed"))),
                    Some(Outcome::Failed) => (badge(Tone::Bad, visit.say("失败", "failed"))),
                    Some(Outcome::Skipped) => (badge(Tone::Plain, visit.say("未试", "not tried"))),
                    Some(Outcome::Unspecified) | None => (badge(Tone::Plain, visit.say("未到此步", "not reached"))),
                } }
                td { (sentence(over.and_then(|over| over.sentence.as_ref()), visit.language())) }
            } } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::Sentence;

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    #[test]
    fn each_step_is_told_and_an_administrator_alone_gets_the_button() {
        let admin = visit_of(ReviewRole::Administrator, Language::Zh);
        let told = [
            TestMailboxResponse { step: Step::Receive.into(), outcome: Outcome::Passed.into(), ..Default::default() },
            TestMailboxResponse {
                step: Step::Folders.into(),
                outcome: Outcome::Failed.into(),
                sentence: Some(Sentence { zh: "文件夹“<垃圾>”打不开".into(), en: String::new() }),
                done: false,
            },
        ];
        let shown = result(&admin, &told).into_string();
        for (expected, count) in [("正常", 1), ("失败", 1), ("未到此步", 4), ("“&lt;垃圾&gt;”打不开", 1)]
        {
            assert_eq!(shown.matches(expected).count(), count, "{expected}\n{shown}");
        }
        assert!(section(&admin, "m1").into_string().contains("/mailboxes/m1/test"));
        let chief = visit_of(ReviewRole::ChiefEditor, Language::Zh);
        assert_eq!(section(&chief, "m1").into_string(), "");
    }
}
