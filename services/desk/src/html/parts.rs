//! Small parts: badges, times, notices, pages of a list.

use chrono::{DateTime, NaiveDate, Utc};
use maud::{Markup, html};
use proto::intake::v1::{Day, Sentence};
use stdx::beijing;

use crate::{Language, visit::Visit};

/// What a colour means; a word always says the same beside it (WCAG 1.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Somebody should look.
    Warn,
    /// Something is wrong.
    Bad,
    /// Neither.
    Plain,
}

impl Tone {
    /// The class of the style sheet.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Plain => "plain",
        }
    }
}

/// A word in a box.
#[must_use]
pub fn badge(tone: Tone, words: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (words) } }
}

/// A sentence above the rest, read out by a screen reader.
#[must_use]
pub fn notice(tone: Tone, words: &str) -> Markup {
    html! { p class={ "notice " (tone.class()) } role=(if tone == Tone::Bad { "alert" } else { "status" }) { (words) } }
}

/// An instant in Beijing: `2023-03-31 23:59`, the whole of it on demand; a dash without one.
#[must_use]
pub fn moment(at: Option<&prost_types::Timestamp>) -> Markup {
    let at = at.and_then(|at| DateTime::<Utc>::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?));
    html! {
        @match at {
            Some(at) => time datetime=(at.format("%Y-%m-%dT%H:%M:%SZ")) title=(beijing::format(at)) {
                (at.with_timezone(&beijing::zone()).format("%Y-%m-%d %H:%M"))
            },
            None => span.nothing { "—" },
        }
    }
}

/// A day in Beijing; a dash without one.
#[must_use]
pub fn day(day: Option<&Day>) -> Markup {
    let day = day.and_then(|day| {
        NaiveDate::from_ymd_opt(day.year, u32::try_from(day.month).ok()?, u32::try_from(day.day).ok()?)
    });
    html! {
        @match day {
            Some(day) => time datetime=(day) { (day) },
            None => span.nothing { "—" },
        }
    }
}

/// A sentence that the services give in both languages.
#[must_use]
pub fn sentence(sentence: Option<&Sentence>, language: Language) -> &str {
    sentence.map_or("", |sentence| language.of(&sentence.zh, &sentence.en))
}

/// A text, or a dash that says that there is none.
#[must_use]
pub fn filled(text: &str) -> Markup {
    html! { @if text.is_empty() { span.nothing { "—" } } @else { (text) } }
}

/// What every form of a session brings back.
#[must_use]
pub fn hidden(visit: &Visit) -> Markup {
    html! { input type="hidden" name="csrf" value=(visit.csrf()); }
}

/// The way to the first and to the next page of a list; `None` where there is none.
#[must_use]
pub fn pager(visit: &Visit, first: Option<&str>, next: Option<&str>) -> Markup {
    html! {
        @if first.is_some() || next.is_some() {
            nav.pager aria-label=(visit.say("分页", "Pages")) {
                @if let Some(first) = first { a href=(first) { (visit.say("回到首页", "First page")) } }
                @if let Some(next) = next { a.next href=(next) rel="next" { (visit.say("下一页", "Next page")) } }
            }
        }
    }
}
