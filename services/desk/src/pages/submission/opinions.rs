//! 意见: what was recommended, in the open round and before, and what colleagues told each other.

use maud::{Markup, html};
use proto::intake::v1::{Review, ReviewAction, ReviewDecision, ReviewEvent, ReviewRemark};

use super::{Asked, history::who, remarks::comments};
use crate::{
    html::{Tone, badge, moment},
    people::Editors,
    visit::Visit,
    words,
};

/// The opinions; those that count in the open round first.
pub fn tab(
    visit: &Visit,
    asked: &Asked,
    review: Option<&Review>,
    events: &[ReviewEvent],
    remarks: &[ReviewRemark],
    editors: &Editors,
) -> Markup {
    let given: Vec<&ReviewEvent> = events.iter().filter(|event| event.action() == ReviewAction::Recommend).collect();
    let counts = |event: &ReviewEvent| {
        let open = review.map(|review| review.recommendations.as_slice()).unwrap_or_default();
        open.iter().any(|opinion| opinion.editor == event.actor && opinion.time == event.time)
    };
    let (open, before): (Vec<&ReviewEvent>, Vec<&ReviewEvent>) = given.into_iter().partition(|event| counts(event));
    html! {
        h2 { (visit.say("本审次的建议", "Recommendations of this round")) }
        @if open.is_empty() { p.detail { (visit.say("本审次还没有建议。", "There is none in this round yet.")) } }
        @for event in &open { (one(visit, event, editors)) }
        @if !before.is_empty() {
            h2 { (visit.say("此前的建议", "Earlier ones")) }
            @for event in before.iter().rev() { (one(visit, event, editors)) }
        }
        @if review.is_some() { (comments(visit, asked, remarks, editors)) }
    }
}

fn one(visit: &Visit, event: &ReviewEvent, editors: &Editors) -> Markup {
    let language = visit.language();
    let tone = match event.decision() {
        ReviewDecision::Adopt => Tone::Good,
        ReviewDecision::AskRevision => Tone::Warn,
        ReviewDecision::Decline | ReviewDecision::Unspecified => Tone::Plain,
    };
    html! {
        article.sheet {
            p { (badge(tone, words::decision(event.decision(), language))) " " (who(visit, event, editors))
                " · " span.detail { (words::state(event.state_before(), language)) " · " (moment(event.time.as_ref())) } }
            @if !event.note.is_empty() { div.said { (event.note) } }
        }
    }
}
