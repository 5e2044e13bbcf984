//! The table of submissions: a line a manuscript, of its newest version.

use chrono::{DateTime, NaiveDate, Utc};
use maud::{Markup, html};
use proto::intake::v1::{Day, Review, ReviewState, ReviewSummary};
use stdx::beijing;

use crate::{
    Language,
    html::{Tone, badge, filled, moment},
    listing::{COLUMNS, Listing},
    people::Editors,
    visit::Visit,
    words,
};

/// Characters of a subject in a line.
const SUBJECT_CHARACTERS: usize = 60;

/// Characters of a name or an organisation in a line.
const NAME_CHARACTERS: usize = 24;

/// Rules named in a line; further ones are counted.
const RULES_NAMED: usize = 3;

/// Days before its end from which a link is warned of.
pub const EXPIRES_WITHIN_DAYS: i64 = 3;

/// What a line needs beside its review.
pub struct Around<'a> {
    /// Who looks.
    pub visit: &'a Visit,
    /// The list it stands in.
    pub listing: &'a Listing,
    /// What editors are called.
    pub editors: &'a Editors,
    /// What o'clock it is.
    pub now: DateTime<Utc>,
    /// Whether lines can be ticked.
    pub has_boxes: bool,
}

/// The table.
#[must_use]
pub fn table(around: &Around<'_>, caption: &str, reviews: &[Review]) -> Markup {
    let visit = around.visit;
    html! {
        div.scroll role="group" tabindex="0" aria-label=(caption) {
            table.list {
                caption.unseen { (caption) }
                thead { tr {
                    @if around.has_boxes { th scope="col" { span.unseen { (visit.say("选择", "Select")) } } }
                    th.number scope="col" { (visit.say("收稿号", "No.")) }
                    th scope="col" { (visit.say("稿件", "Manuscript")) }
                    @for (column, zh, en) in COLUMNS {
                        @if around.listing.shows(column) { th scope="col" { (visit.say(zh, en)) } }
                    }
                } }
                tbody { @for review in reviews { (line(around, review)) } }
            }
        }
    }
}

fn line(around: &Around<'_>, review: &Review) -> Markup {
    let visit = around.visit;
    let summary = review.summary.clone().unwrap_or_default();
    let subject = if summary.subject.is_empty() { &review.subject } else { &summary.subject };
    let newest = if summary.submission.is_empty() { &review.submission } else { &summary.submission };
    html! {
        tr data-row {
            @if around.has_boxes {
                td.tick { input type="checkbox" name="row" value={ (review.submission) " " (review.etag) }
                    aria-label={ (visit.say("选择", "Select")) " " (review.number) }; }
            }
            td.number { (review.number) }
            th scope="row" {
                a href=(around.listing.submission_url(newest)) {
                    bdi { (words::cut(words::subject(subject, summary.erase_time.is_some(), visit.language()), SUBJECT_CHARACTERS)) }
                }
                (content(visit, &summary, around.now))
                @if !around.listing.shows("tags") && !review.tags.is_empty() { small { (tags(&review.tags)) } }
            }
            @for (column, ..) in COLUMNS { @if around.listing.shows(column) { (cell(around, review, &summary, column)) } }
        }
    }
}

fn cell(around: &Around<'_>, review: &Review, summary: &ReviewSummary, column: &str) -> Markup {
    let visit = around.visit;
    let language = visit.language();
    let (tone, verdict) = words::verdict(review.verdict(), language);
    match column {
        "author" => html! {
            td { bdi { (filled(&words::cut(&summary.contact_name, NAME_CHARACTERS))) }
                @if !summary.organisation.is_empty() { small { bdi { (words::cut(&summary.organisation, NAME_CHARACTERS)) } } } }
        },
        "received" => html! { td.when { (moment(summary.received_time.as_ref().or(review.received_time.as_ref()))) } },
        "verdict" => html! { td { (badge(tone, verdict)) (missing(summary, language)) } },
        "state" => html! {
            td { (badge(words::state_tone(review.state()), words::state(review.state(), language)))
                (due(visit, review, beijing::day_of(around.now))) }
        },
        "editor" => html! { td { (filled(around.editors.called(&review.editor))) } },
        "changed" => html! { td.when { (moment(review.update_time.as_ref())) } },
        _ => html! { td { (tags(&review.tags)) } },
    }
}

/// Tags, each leading to the manuscripts that have it.
#[must_use]
pub fn tags(tags: &[String]) -> Markup {
    html! { @for tag in tags { a.tag href=(Listing::with(&[("tag", tag)]).url()) { (tag) } " " } }
}

/// Version, kinds of files, length, and a link that ends soon.
fn content(visit: &Visit, summary: &ReviewSummary, now: DateTime<Utc>) -> Markup {
    let language = visit.language();
    let counts = [
        (summary.documents, "文档", "documents"),
        (summary.videos, "视频", "videos"),
        (summary.pictures, "图片", "pictures"),
    ];
    let mut told: Vec<String> = counts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, zh, en)| match language {
            Language::Zh => format!("{zh} {count}"),
            Language::En => format!("{count} {en}"),
        })
        .collect();
    if summary.characters > 0 {
        told.push(format!("{} {}", summary.characters, language.of("字", "characters")));
    }
    html! {
        small {
            @if summary.versions > 1 { (badge(Tone::Plain, &version(summary.versions, language))) " " }
            @if summary.cloud_files > 0 { (cloud(visit, summary, now)) " " }
            @if summary.backfilled { (badge(Tone::Plain, visit.say("补录", "Backfilled"))) " " }
            (told.join(" · "))
        }
    }
}

/// `第 2 版`.
#[must_use]
pub fn version(number: u32, language: Language) -> String {
    match language {
        Language::Zh => format!("第 {number} 版"),
        Language::En => format!("version {number}"),
    }
}

fn cloud(visit: &Visit, summary: &ReviewSummary, now: DateTime<Utc>) -> Markup {
    let ends = summary.cloud_expire_time.as_ref().and_then(|at| DateTime::<Utc>::from_timestamp(at.seconds, 0));
    let Some(ends) = ends else { return badge(Tone::Plain, visit.say("云附件", "Cloud file")) };
    if ends <= now {
        return badge(Tone::Bad, visit.say("云附件已到期", "Cloud file ended"));
    }
    let day = beijing::day_of(ends);
    let is_soon = (day - beijing::day_of(now)).num_days() <= EXPIRES_WITHIN_DAYS;
    let words = match visit.language() {
        Language::Zh => format!("云附件 {} 到期", day.format("%m-%d")),
        Language::En => format!("Cloud file until {}", day.format("%m-%d")),
    };
    badge(if is_soon { Tone::Warn } else { Tone::Plain }, &words)
}

/// The rules that are not met, or not measured.
fn missing(summary: &ReviewSummary, language: Language) -> Markup {
    let named = |codes: &[String]| {
        let names: Vec<&str> = codes.iter().take(RULES_NAMED).map(|code| words::rule(code, language)).collect();
        let more = codes.len().saturating_sub(RULES_NAMED);
        let more = if more > 0 { format!(" +{more}") } else { String::new() };
        format!("{}{more}", names.join(language.of("、", ", ")))
    };
    html! {
        @if !summary.failed.is_empty() { small { (language.of("缺项：", "Not met: ")) (named(&summary.failed)) } }
        @if !summary.undetermined.is_empty() { small { (language.of("待核：", "To be checked: ")) (named(&summary.undetermined)) } }
    }
}

fn due(visit: &Visit, review: &Review, today: NaiveDate) -> Markup {
    let until = review.revision.as_ref().and_then(|revision| civil(revision.until_day.as_ref()));
    let until = until.filter(|_| review.state() == ReviewState::RevisionAsked);
    html! {
        @if let Some(until) = until {
            @if until < today { " " (badge(Tone::Bad, visit.say("退修逾期", "Overdue"))) }
            small { (visit.say("期限 ", "until ")) (until) }
        }
    }
}

/// A day of the wire as a day; none for one that is none.
fn civil(day: Option<&Day>) -> Option<NaiveDate> {
    let day = day?;
    NaiveDate::from_ymd_opt(day.year, u32::try_from(day.month).ok()?, u32::try_from(day.day).ok()?)
}
