//! 无法送达: an address that a letter came back from, wherever it is shown, and the form that lifts the mark.

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use maud::{Markup, html};
use proto::intake::v1::{MarkReachableRequest, ReviewRole, Unreachable};

use crate::{
    Desk,
    fault::Fault,
    html::{Tone, badge, hidden, id_of, is_own_path, moment, url},
    posted::Posted,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/contacts/{id}/reachable", post(lift))
}

/// The mark, since when, and why.
#[must_use]
pub fn flag(visit: &Visit, unreachable: &Unreachable) -> Markup {
    html! {
        (badge(Tone::Bad, visit.say("无法送达", "unreachable"))) " " bdi { (unreachable.address) }
        br; small { (moment(unreachable.since_time.as_ref())) " " (visit.say("退信：", "came back: ")) bdi { (unreachable.reason) } }
        @if unreachable.heard_time.is_some() {
            br; small { (visit.say("此后该地址又有来稿：", "A submission has come from the address since: ")) (moment(unreachable.heard_time.as_ref())) }
        }
    }
}

/// The mark, with the button that lifts it and leads back to a page of ours.
#[must_use]
pub fn flag_with_form(visit: &Visit, unreachable: &Unreachable, next: &str) -> Markup {
    html! {
        (flag(visit, unreachable))
        @if visit.may(ReviewRole::Editor) {
            form method="post" action={ "/contacts/" (id_of(&unreachable.contact)) "/reachable" } {
                (hidden(visit))
                input type="hidden" name="next" value=(next);
                button.quiet { (visit.say("标为可送达", "Mark as reachable")) }
                br; small { (visit.say("请先核对地址。等待中的信将继续发送，此操作会留痕。", "Check the address first. Letters that wait go on; this is recorded.")) }
            }
        }
    }
}

async fn lift(Path(id): Path<String>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let asked = MarkReachableRequest { name: format!("contacts/{id}") };
    match visit.api.contacts().mark_reachable(asked).await {
        Ok(answer) => {
            let own = Some(posted.one("next")).filter(|next| is_own_path(next)).unwrap_or("/contacts");
            Redirect::to(&url(own, &[("released", &answer.into_inner().released_count.to_string())])).into_response()
        }
        Err(status) => Fault::from(status).to(visit),
    }
}

/// What a page says after the mark was lifted; its query says how many letters go on.
#[must_use]
pub fn lifted(visit: &Visit, released: &str) -> Option<String> {
    let count: u32 = released.parse().ok()?;
    Some(match (visit.language(), count) {
        (crate::Language::Zh, 0) => "已标为可送达。".to_owned(),
        (crate::Language::Zh, _) => format!("已标为可送达，{count} 封等待的信将继续发送。"),
        (crate::Language::En, 0) => "Marked as reachable.".to_owned(),
        (crate::Language::En, 1) => "Marked as reachable: one letter that waited goes on.".to_owned(),
        (crate::Language::En, _) => format!("Marked as reachable: {count} letters that waited go on."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, visit::tests::visit_of};

    fn marked() -> Unreachable {
        Unreachable {
            contact: "contacts/c1".into(),
            address: "l***@b.cn".into(),
            since_time: Some(prost_types::Timestamp { seconds: 1_677_632_400, nanos: 0 }),
            reason: "5.1.1 550 <script>no such user".into(),
            ..Unreachable::default()
        }
    }

    #[test]
    fn the_mark_tells_day_and_reason_and_an_editor_alone_can_lift_it() {
        let editor = visit_of(ReviewRole::Editor, Language::Zh);
        let shown = flag_with_form(&editor, &marked(), "/outbox/r1").into_string();
        for expected in [
            "无法送达",
            "2023-03-01 09:00",
            "550 &lt;script&gt;no such user",
            "/contacts/c1/reachable",
            "value=\"/outbox/r1\"",
        ] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
        assert!(!shown.contains("又有来稿"));
        let heard = Unreachable { heard_time: marked().since_time, ..marked() };
        assert!(flag(&editor, &heard).into_string().contains("又有来稿"));
        let viewer = visit_of(ReviewRole::Viewer, Language::En);
        let shown = flag_with_form(&viewer, &marked(), "/").into_string();
        assert!(shown.contains("unreachable") && !shown.contains("<form"), "{shown}");
        assert_eq!(lifted(&editor, "2").unwrap(), "已标为可送达，2 封等待的信将继续发送。");
        assert_eq!(lifted(&editor, ""), None);
    }
}
