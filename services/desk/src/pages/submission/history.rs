//! 记录: every step of the review, who took it and why, with tags and comments between them.

use maud::{Markup, html};
use proto::intake::v1::{ReviewAction, ReviewDecision, ReviewEvent, ReviewRemark, ReviewRole, Verdict};

use super::remarks::line;
use crate::{
    html::{badge, day, moment},
    people::Editors,
    visit::Visit,
    words,
};

/// The steps and remarks, the newest first.
pub fn tab(visit: &Visit, events: &[ReviewEvent], remarks: &[ReviewRemark], editors: &Editors) -> Markup {
    let at = |time: &Option<prost_types::Timestamp>| time.as_ref().map(|at| (at.seconds, at.nanos));
    let steps = events
        .iter()
        .map(|event| (at(&event.time), html! { li value=(event.number) { (one(visit, event, editors)) } }));
    // Not counted: the numbers are those of the steps.
    let beside =
        remarks.iter().map(|remark| (at(&remark.time), html! { li.beside { (line(visit, remark, editors)) } }));
    let mut lines: Vec<_> = steps.chain(beside).collect();
    lines.sort_by_key(|(at, _)| *at);
    html! {
        h2.unseen { (visit.say("记录", "History")) }
        @if lines.is_empty() { p.detail { (visit.say("还没有记录。", "Nothing happened yet.")) } }
        ol.events reversed { @for (_, line) in lines.iter().rev() { (line) } }
    }
}

fn one(visit: &Visit, event: &ReviewEvent, editors: &Editors) -> Markup {
    let language = visit.language();
    html! {
        p {
            b { (words::action(event.action(), language)) } " "
            (details(visit, event, editors))
            @if event.state_before() != event.state_after() {
                span.detail { (words::state(event.state_before(), language)) " → " } (badge(words::state_tone(event.state_after()), words::state(event.state_after(), language)))
            }
        }
        p.detail { (who(visit, event, editors)) " · " (moment(event.time.as_ref())) }
        @if !event.reason.is_empty() { p { span.detail { (visit.say("给作者：", "To the author: ")) } span.said { (event.reason) } } }
        @if !event.note.is_empty() { p { span.detail { (visit.say("备注：", "Note: ")) } span.said { (event.note) } } }
    }
}

/// Who took a step, in which role.
pub fn who(visit: &Visit, event: &ReviewEvent, editors: &Editors) -> Markup {
    let language = visit.language();
    html! {
        @if event.role() == ReviewRole::Worker { (words::role(ReviewRole::Worker, language)) }
        @else { (editors.called(&event.actor)) " " span.detail { (words::role(event.role(), language)) } }
    }
}

fn details(visit: &Visit, event: &ReviewEvent, editors: &Editors) -> Markup {
    let language = visit.language();
    html! {
        @match event.action() {
            ReviewAction::Assign => { (visit.say("给 ", "to ")) (editors.called(&event.editor)) " " },
            ReviewAction::Recommend if event.decision() != ReviewDecision::Unspecified => { (words::decision(event.decision(), language)) " " },
            ReviewAction::AskRevision => { (visit.say("期限 ", "until ")) (day(event.until_day.as_ref())) " " },
            ReviewAction::Schedule | ReviewAction::Unschedule | ReviewAction::Publish => { (event.channel) " " (event.slot) " " },
            ReviewAction::Judge | ReviewAction::TakeCorrection if event.verdict() != Verdict::Unspecified => {
                @let (tone, words) = words::verdict(event.verdict(), language);
                (badge(tone, words)) " "
            },
            _ => {},
        }
    }
}
