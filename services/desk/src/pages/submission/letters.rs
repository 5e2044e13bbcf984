//! 回信: the letters of ours to the author, and how far they came.

use maud::{Markup, html};
use proto::intake::v1::Reply;

use crate::{
    html::{Tone, badge, moment, notice, sentence},
    visit::Visit,
    words,
};

/// The letters; `None` when the outbox did not answer.
pub fn letters(visit: &Visit, letters: Option<&[Reply]>) -> Markup {
    html! {
        section aria-labelledby="letters" {
            h2 #letters { (visit.say("回信", "Letters")) }
            @match letters {
                None => (notice(Tone::Warn, visit.say("暂时无法读取回信，请稍后刷新。", "The letters cannot be read just now. Reload the page later."))),
                Some([]) => p.detail { (visit.say("没有给作者的信。", "No letter to the author.")) },
                Some(letters) => ul.letters { @for letter in letters { li { (one(visit, letter)) } } },
            }
        }
    }
}

fn one(visit: &Visit, letter: &Reply) -> Markup {
    let language = visit.language();
    let (tone, state) = words::reply_state(letter.state(), language);
    html! {
        (badge(tone, state)) " "
        a href={ "/outbox/" (letter.name.strip_prefix("replies/").unwrap_or_default()) } { (words::reply_kind(letter.kind(), language)) }
        @if letter.bounce_time.is_some() { " " (badge(Tone::Bad, visit.say("退信", "came back"))) }
        @if !letter.to.is_empty() { br; small { (visit.say("寄往 ", "to ")) bdi { (letter.to) } } }
        br;
        small {
            @if letter.sent_time.is_some() { (visit.say("发出 ", "sent ")) (moment(letter.sent_time.as_ref())) }
            @else if let Some(silence) = &letter.silence { (sentence(silence.sentence.as_ref(), language)) }
            @else if letter.due_time.is_some() { (visit.say("最早发出 ", "not before ")) (moment(letter.due_time.as_ref())) }
        }
        @if !letter.bounce_detail.is_empty() { br; small { bdi { (words::cut(&letter.bounce_detail, 200)) } } }
        @else if !letter.detail.is_empty() { br; small { bdi { (words::cut(&letter.detail, 200)) } } }
    }
}
