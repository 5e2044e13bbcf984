//! Approving the ticked letters: shown once more, then approved one by one, and told which ones were not.

use axum::{
    Router,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use maud::{Markup, html};
use proto::intake::v1::{ApproveReplyRequest, GetReplyRequest, Reply, ReplyState};

use super::{letter, ticket};
use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, hidden, id_of, notice, url},
    posted::Posted,
    visit::Visit,
    words,
};

/// Letters approved at once: a page of the list.
const LETTERS_MAX: usize = 50;

/// Letters that are shown in full before.
const SHOWN_MAX: usize = 5;

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/outbox/approve", post(approve))
}

/// A letter that was not approved, and why.
struct Left {
    name: String,
    subject: String,
    why: String,
}

async fn approve(posted: Posted) -> Response {
    let visit = &posted.visit;
    let tickets: Vec<(&str, &str)> =
        posted.fields().all("reply").filter_map(|ticket| ticket.split_once(' ')).take(LETTERS_MAX).collect();
    let back = url("/outbox", &[("state", "held"), ("campaign", posted.one("campaign"))]);
    if tickets.is_empty() {
        return Redirect::to(&back).into_response();
    }
    let is_sure = posted.fields().has("sure");
    let (mut letters, mut left) = (Vec::new(), Vec::new());
    for (name, etag) in &tickets {
        let mut outbox = visit.api.outbox();
        let (name, etag) = ((*name).to_owned(), (*etag).to_owned());
        let answer = if is_sure {
            outbox.approve_reply(ApproveReplyRequest { name: name.clone(), etag }).await
        } else {
            outbox.get_reply(GetReplyRequest { name: name.clone() }).await
        };
        match answer {
            Ok(answer) => letters.push(answer.into_inner()),
            Err(status) => {
                let why = Fault::from(status).words(visit.language()).to_owned();
                left.push(Left { subject: name.clone(), name, why });
            }
        }
    }
    if is_sure && left.is_empty() {
        return Redirect::to(&url(&back, &[("done", "approved")])).into_response();
    }
    let body = if is_sure {
        outcome(visit, letters.len(), &left, &back)
    } else {
        // What is no longer as it was ticked is not approved behind anybody's back.
        let (same, changed): (Vec<Reply>, Vec<Reply>) = letters.into_iter().partition(|letter| {
            letter.state() == ReplyState::Held && tickets.contains(&(letter.name.as_str(), letter.etag.as_str()))
        });
        let why = visit.say("在您勾选之后有改动", "it was changed since you ticked it");
        left.extend(changed.into_iter().map(|letter| Left {
            name: letter.name,
            subject: letter.subject,
            why: why.into(),
        }));
        preview(visit, posted.one("campaign"), &same, &left, &back)
    };
    Page::new(visit, Here::Outbox, visit.say("批准所选的信", "Approve the ticked letters")).show(&body)
}

fn preview(visit: &Visit, campaign: &str, letters: &[Reply], left: &[Left], back: &str) -> Markup {
    let count = letters.len();
    html! {
        (left_out(visit, left))
        @if letters.is_empty() { p { (visit.say("没有可以批准的信。", "There is no letter to approve.")) } }
        @else {
            p { (visit.language().of(
                &format!("共 {count} 封。批准后到时间即发给作者，发出后不能收回。"),
                &format!("{count} letters. Once approved they go to the authors when their time has come, and cannot be called back."))) }
            form.line method="post" action="/outbox/approve" {
                (hidden(visit))
                input type="hidden" name="campaign" value=(campaign);
                input type="hidden" name="sure" value="1";
                @for letter in letters { input type="hidden" name="reply" value=(ticket(letter)); }
                button { (visit.language().of(&format!("批准这 {count} 封"), &format!("Approve these {count}"))) }
                a.button.quiet href=(back) { (visit.say("返回，不批准", "Back, approve nothing")) }
            }
            @for letter in letters.iter().take(SHOWN_MAX) {
                article.card {
                    h2 { (words::reply_kind(letter.kind(), visit.language())) " · " (visit.say("收稿号", "No.")) " " (letter.number) }
                    (letter::words_of(visit, letter))
                }
            }
            @if count > SHOWN_MAX {
                h2 { (visit.say("其余各封", "The others")) }
                ul { @for letter in &letters[SHOWN_MAX..] {
                    li { a href={ "/outbox/" (id_of(&letter.name)) } { (letter.subject) } " → " (letter.to) }
                } }
            }
        }
    }
}

fn outcome(visit: &Visit, approved: usize, left: &[Left], back: &str) -> Markup {
    html! {
        @if approved > 0 {
            (notice(Tone::Good, visit.language().of(&format!("已批准 {approved} 封。"), &format!("{approved} were approved.")))) }
        (left_out(visit, left))
        p { a href=(back) { (visit.say("回到待批准的信", "Back to the letters that wait")) } }
    }
}

fn left_out(visit: &Visit, left: &[Left]) -> Markup {
    html! {
        @if !left.is_empty() {
            div.notice.warn role="alert" {
                p { (visit.language().of(&format!("有 {} 封未批准：", left.len()), &format!("{} are not approved:", left.len()))) }
                ul { @for letter in left {
                    li { a href={ "/outbox/" (id_of(&letter.name)) } { (letter.subject) } (visit.say("：", ": ")) (letter.why) }
                } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::ReviewRole;

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    #[test]
    fn what_is_approved_is_shown_first_and_what_is_not_is_named() {
        let visit = visit_of(ReviewRole::Editor, Language::Zh);
        let letter = |number: u64| Reply {
            name: format!("replies/r{number}"),
            etag: "v1".into(),
            number,
            subject: format!("来稿收悉 {number}"),
            body: "您好！\n<b>".into(),
            ..Reply::default()
        };
        let letters: Vec<Reply> = (1..=7).map(letter).collect();
        let left = [Left { name: "replies/x".into(), subject: "采用通知".into(), why: "有改动".into() }];
        let shown = preview(&visit, "c1", &letters, &left, "/outbox?state=held").into_string();
        assert_eq!(shown.matches("name=\"reply\"").count(), 7, "every one of them is sent back");
        assert_eq!(shown.matches("<article").count(), SHOWN_MAX);
        for expected in [
            "批准这 7 封",
            "&lt;b&gt;",
            "href=\"/outbox/r7\"",
            "采用通知</a>：有改动",
            "name=\"campaign\" value=\"c1\"",
        ] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        let shown = outcome(&visit, 6, &left, "/outbox").into_string();
        assert!(shown.contains("已批准 6 封") && shown.contains("有 1 封未批准"));
    }
}
