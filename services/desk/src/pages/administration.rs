//! 管理: the people who sign in, what was done with accounts, personal data and campaigns, and what is held of a person.

mod access;
pub mod privacy;
mod users;

use axum::Router;
use maud::{Markup, html};

use crate::{Desk, visit::Visit};

/// The routes of the files beside this one.
pub fn routes() -> Router<Desk> {
    Router::new().merge(users::routes()).merge(access::routes()).merge(privacy::routes())
}

/// The parts of the administration, the present one marked.
fn parts(visit: &Visit, here: &str) -> Markup {
    let parts = [
        ("/administration", "用户", "Users"),
        ("/administration/access", "访问记录", "Accesses"),
        ("/administration/privacy", "个人信息", "Personal data"),
        ("/mailboxes", "邮箱与发信", "Mailboxes and sending"),
        ("/quarantine", "隔离", "Quarantine"),
    ];
    html! {
        nav aria-label=(visit.say("管理", "Administration")) { ul.tabs {
            @for (path, zh, en) in parts {
                li { a href=(path) aria-current=[(path == here).then_some("page")] { (visit.say(zh, en)) } } }
        } }
    }
}
