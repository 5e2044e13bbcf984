//! Accesses: what was done with accounts and with personal data, newest first.

use axum::{Router, extract::Query, response::Response, routing::get};
use maud::{Markup, html};
use proto::intake::v1::{AccessAction, AccessEvent, ListAccessEventsRequest, ListAccessEventsResponse};

use super::parts;
use crate::{
    Desk,
    fault::Fault,
    html::{Choice, Here, Page, choice, filled, id_of, moment, pager, url},
    posted::Fields,
    visit::Visit,
    words::{self, ACCESS_ACTIONS, code, spelled},
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/administration/access", get(list))
}

/// The list that an address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    action: Option<AccessAction>,
    actor: String,
    page: String,
}

impl Asked {
    fn read(query: &Fields) -> Self {
        let action = AccessAction::from_str_name(&spelled(query.one("action"), "ACCESS_ACTION_"));
        Self {
            action: action.filter(|action| *action != AccessAction::Unspecified),
            actor: query.one("actor").trim().to_owned(),
            page: query.one("page").to_owned(),
        }
    }

    fn request(&self) -> ListAccessEventsRequest {
        ListAccessEventsRequest {
            actions: self.action.iter().map(|action| *action as i32).collect(),
            actor: self.actor.clone(),
            page_token: self.page.clone(),
            page_size: 0,
        }
    }

    fn action_code(&self) -> String {
        self.action.map(action_code).unwrap_or_default()
    }

    fn at(&self, page: &str) -> String {
        url("/administration/access", &[("action", &self.action_code()), ("actor", &self.actor), ("page", page)])
    }
}

fn action_code(action: AccessAction) -> String {
    code(action.as_str_name(), "ACCESS_ACTION_")
}

async fn list(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    let asked = Asked::read(&Fields(query));
    match visit.api.users().list_access_events(asked.request()).await {
        Ok(answer) => {
            let body = body(&visit, &asked, &answer.into_inner());
            Page::new(&visit, Here::Administration, visit.say("访问记录", "Accesses")).show(&body)
        }
        Err(status) => Fault::from(status).to(&visit),
    }
}

fn body(visit: &Visit, asked: &Asked, answer: &ListAccessEventsResponse) -> Markup {
    let actions: Vec<Choice> = ACCESS_ACTIONS
        .map(|action| (action_code(action), words::access_action(action, visit.language()).to_owned()))
        .into();
    let first = (!asked.page.is_empty()).then(|| asked.at(""));
    let next = (!answer.next_page_token.is_empty()).then(|| asked.at(&answer.next_page_token));
    html! {
        (parts(visit, "/administration/access"))
        p { (visit.say("这些记录不能更改，也不能删除。", "These lines are never changed and never removed.")) }
        form.line method="get" action="/administration/access" {
            (choice("action", visit.say("做了什么", "What"), Some(visit.say("全部", "All")), &actions, &asked.action_code()))
            label { span { (visit.say("何人（用户名或令牌名）", "Who (user or token name)")) }
                input name="actor" maxlength="100" autocapitalize="none" value=(asked.actor); }
            button { (visit.say("筛选", "Filter")) }
        }
        @if answer.events.is_empty() { p { (visit.say("没有符合条件的记录。", "Nothing fits.")) } }
        @else { div.scroll tabindex="0" role="group" aria-label=(visit.say("访问记录", "Accesses")) { table {
            thead { tr {
                th scope="col" { (visit.say("时间（北京）", "When (Beijing)")) }
                th scope="col" { (visit.say("何人", "Who")) }
                th scope="col" { (visit.say("做了什么", "What")) }
                th scope="col" { (visit.say("对象", "To what")) }
                th scope="col" { (visit.say("来自", "From where")) }
                th scope="col" { (visit.say("说明", "Detail")) }
            } }
            tbody { @for event in &answer.events { (row(visit, event)) } }
        } } }
        (pager(visit, first.as_deref(), next.as_deref()))
    }
}

fn row(visit: &Visit, event: &AccessEvent) -> Markup {
    html! {
        tr {
            td { (moment(event.time.as_ref())) }
            th scope="row" { (filled(&event.actor)) }
            td { (words::access_action(event.action(), visit.language())) }
            td { (subject(visit, &event.subject)) }
            td { (filled(&event.peer)) }
            td { (filled(&event.detail)) }
        }
    }
}

/// What it was done to, as a link to its page.
fn subject(visit: &Visit, name: &str) -> Markup {
    let known = [
        ("users/", "/administration/users/", "用户", "a user"),
        ("submissions/", "/submissions/", "来稿", "a submission"),
        ("campaigns/", "/campaigns/", "征稿", "a campaign"),
        ("erasures/", "/administration/privacy/", "删除证明", "the proof of an erasure"),
    ];
    let page = known.into_iter().find(|(prefix, ..)| name.starts_with(prefix));
    html! {
        @match page {
            Some((_, path, zh, en)) => a href={ (path) (id_of(name)) } { (visit.say(zh, en)) },
            None => (filled(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::ReviewRole;

    use super::*;
    use crate::{Language, visit::tests::visit_of};

    #[test]
    fn an_access_is_told_with_who_and_to_what_and_filters_stay_in_the_address() {
        let visit = visit_of(ReviewRole::Administrator, Language::Zh);
        let query = [("action", "contact-revealed"), ("actor", " wang ")];
        let asked = Asked::read(&Fields(query.map(|(name, value)| (name.to_owned(), value.to_owned())).into()));
        let request = asked.request();
        assert_eq!((request.actions, request.actor.as_str()), (vec![AccessAction::ContactRevealed as i32], "wang"));
        let event = AccessEvent {
            actor: "wang".into(),
            action: AccessAction::ContactRevealed.into(),
            subject: "submissions/s1".into(),
            ..AccessEvent::default()
        };
        let answer = ListAccessEventsResponse { events: vec![event], next_page_token: "T".into() };
        let shown = body(&visit, &asked, &answer).into_string();
        for expected in [
            "href=\"/submissions/s1\">来稿",
            "查看联系方式",
            "value=\"contact-revealed\" selected",
            "href=\"/administration/access?action=contact-revealed&amp;actor=wang&amp;page=T\"",
        ] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
    }
}
