//! 今日工作: how the mailboxes are, and what waits.

use axum::{Router, response::Response, routing::get};
use maud::html;
use proto::intake::v1::{ListMailboxesRequest, mailbox::State};

use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, badge, moment},
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/", get(show))
}

async fn show(visit: Visit) -> Response {
    let mailboxes = match visit.api.mailboxes().list_mailboxes(ListMailboxesRequest {}).await {
        Ok(answer) => answer.into_inner().mailboxes,
        Err(status) => return Fault::from(status).to(&visit),
    };
    let body = html! {
        section aria-labelledby="mailboxes" {
            h2 #mailboxes { (visit.say("邮箱", "Mailboxes")) }
            ul.strip {
                @for mailbox in &mailboxes {
                    li {
                        b { (mailbox.display_name) } " "
                        @match mailbox.state() {
                            State::Ok => (badge(Tone::Good, visit.say("正常", "well"))),
                            State::Failing => (badge(Tone::Bad, visit.say("出错", "failing"))),
                            State::New | State::Unspecified => (badge(Tone::Plain, visit.say("尚未收取", "not read yet"))),
                        }
                        " " (visit.say("上次收取", "last read")) " "
                        (moment(mailbox.folders.iter().filter_map(|folder| folder.last_sweep_time.as_ref()).max_by_key(|at| at.seconds)))
                        @if !mailbox.last_error.is_empty() { " " span.detail { (mailbox.last_error) } }
                    }
                }
            }
        }
    };
    Page::new(&visit, Here::Today, visit.say("今日工作", "Today")).show(&body)
}
