//! One submission: the manuscript on the left, on the right what is to be done, what is known and what was found; the
//! rest behind tabs that are plain links.

mod download;
mod facts;
mod files;
mod findings;
mod history;
mod letters;
mod mail;
mod manuscript;
mod opinions;
mod remarks;
mod reveal;
mod steps;
mod take;
mod versions;

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::{get, post},
};
use chrono::Utc;
use maud::{Markup, html};
use proto::intake::v1::{
    Campaign, Contact, GetCampaignRequest, GetReviewNeighboursRequest, GetReviewNeighboursResponse, GetReviewRequest,
    GetSubmissionRequest, ListRepliesRequest, ListReviewEventsRequest, ListReviewRemarksRequest, Reply, Review,
    ReviewAction, ReviewEvent, ReviewRemark, Submission,
};
use stdx::beijing;
use tonic::{Code, Status};
use uuid::Uuid;

use super::submissions::version;
use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, badge, notice, url},
    listing::Listing,
    pages::{
        as_sent::{self, AsSent},
        keys,
    },
    people::Editors,
    posted::Fields,
    visit::Visit,
    words,
};

/// Events that the history shows at once: as many as the service gives.
const EVENTS: i32 = 500;

/// Letters beside a submission.
const LETTERS: i32 = 50;

/// The routes of this directory.
pub fn routes() -> Router<Desk> {
    Router::new()
        .route("/submissions/{id}", get(show))
        .route("/submissions/{id}/steps", post(take::take))
        .route("/submissions/{id}/tags", post(remarks::tag))
        .route("/submissions/{id}/comment", post(remarks::comment))
        .route("/submissions/{id}/contact", post(reveal::reveal))
        .route("/submissions/{id}/files/{path}", get(download::file))
        .route("/submissions/{id}/raw", get(download::raw))
}

/// The tabs: what the address says, Chinese, English.
const TABS: [(&str, &str, &str); 6] = [
    ("manuscript", "稿件", "Manuscript"),
    ("files", "文件", "Files"),
    ("mail", "邮件", "Mail"),
    ("versions", "版本", "Versions"),
    ("opinions", "意见", "Opinions"),
    ("history", "记录", "History"),
];

/// `submissions/{uuid}` from the part of an address; none for what is no UUID.
fn name_of(id: &str) -> Option<String> {
    Some(format!("submissions/{}", Uuid::try_parse(id).ok()?.hyphenated()))
}

/// A form that was sent and refused: shown again with what was typed and what was said.
struct Refused<'a> {
    action: ReviewAction,
    fields: &'a Fields,
    fault: Fault,
}

/// Everything that the page shows.
struct Loaded {
    submission: Submission,
    /// The contact whole, where the person has just asked for it.
    revealed: Option<Contact>,
    /// None for a mail of a class that is not reviewed.
    review: Option<Review>,
    campaign: Option<Campaign>,
    editors: Editors,
    /// None when the outbox did not answer.
    letters: Option<Vec<Reply>>,
    neighbours: GetReviewNeighboursResponse,
    events: Vec<ReviewEvent>,
    remarks: Vec<ReviewRemark>,
    chain: versions::Chain,
    /// None on other tabs, and where a mail cannot be shown so.
    as_sent: Option<Result<AsSent, Status>>,
}

/// What an address asks of the page.
struct Asked {
    name: String,
    tab: &'static str,
    listing: Listing,
    /// The version to compare with: `submissions/{uuid}`.
    with: Option<String>,
    /// The mail as it was sent, in place of its text.
    as_sent: bool,
}

impl Asked {
    fn read(id: &str, query: &Fields) -> Option<Self> {
        let tab = TABS.iter().find(|(word, ..)| *word == query.one("tab")).map_or(TABS[0].0, |(word, ..)| word);
        let with = name_of(query.one("with"));
        let as_sent = query.one("view") == as_sent::VIEW;
        Some(Self { name: name_of(id)?, tab, listing: Listing::of_query(query.one("list")), with, as_sent })
    }

    /// The page of a version, with the list that one came from.
    fn url(&self, name: &str, rest: &[(&str, &str)]) -> String {
        url(&self.listing.submission_url(name), rest)
    }
}

async fn show(visit: Visit, Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let query = Fields(query);
    let Some(asked) = Asked::read(&id, &query) else { return Fault::not_found().to(&visit) };
    match load(&visit, &asked).await {
        Ok(loaded) => page(&visit, &asked, &loaded, None, done(&visit, &query)),
        Err(status) => Fault::from(status).to(&visit),
    }
}

/// What the step before this page did, by its word in the address.
fn done(visit: &Visit, query: &Fields) -> Option<String> {
    let action = |name: &str| {
        let word = query.one(name);
        (!word.is_empty()).then(|| ReviewAction::from_str_name(&format!("REVIEW_ACTION_{word}"))).flatten()
    };
    let language = visit.language();
    if let Some(action) = action("done") {
        return Some(format!("{}{}", language.of("已完成：", "Done: "), words::action(action, language)));
    }
    if let Some(words) = super::unreachable::lifted(visit, query.one("released")) {
        return Some(words);
    }
    match query.one("done") {
        "tags" => return Some(language.of("标签已更改。", "The tags were changed.").to_owned()),
        "comment" => return Some(language.of("备注已保存。", "The comment was kept.").to_owned()),
        _ => {}
    }
    let action = action("before")?;
    let said = language.of("上一篇已完成：", "The one before is done: ");
    Some(format!("{said}{}", words::action(action, language)))
}

async fn load(visit: &Visit, asked: &Asked) -> Result<Loaded, Status> {
    let name = asked.name.clone();
    let (mut submissions, mut reviews, mut beside) =
        (visit.api.submissions(), visit.api.reviews(), visit.api.reviews());
    let mut outbox = visit.api.outbox();
    let neighbours = GetReviewNeighboursRequest {
        submission: name.clone(),
        campaign: asked.listing.campaign(),
        filter: asked.listing.filter(&visit.session.user_name, beijing::day_of(Utc::now())),
        order_by: asked.listing.order_by().to_owned(),
    };
    let letters = ListRepliesRequest { page_size: LETTERS, submission: name.clone(), ..ListRepliesRequest::default() };
    let (submission, review, neighbours, editors, letters) = tokio::join!(
        submissions.get_submission(GetSubmissionRequest { name: name.clone() }),
        reviews.get_review(GetReviewRequest { submission: name.clone() }),
        beside.get_review_neighbours(neighbours),
        Editors::ask(visit),
        outbox.list_replies(letters),
    );
    let submission = submission?.into_inner();
    let review = match review {
        Ok(review) => Some(review.into_inner()),
        Err(status) if status.code() == Code::NotFound => None,
        Err(status) => return Err(status),
    };
    // The page of a submission is worth more than its surroundings: a list that cannot be read has no neighbours.
    let neighbours = neighbours.map(tonic::Response::into_inner).unwrap_or_default();
    let letters = letters.map(|answer| answer.into_inner().replies).ok();
    let campaign = match submission.campaign.as_str() {
        "" => None,
        campaign => {
            let asked = GetCampaignRequest { name: campaign.to_owned() };
            Some(visit.api.campaigns().get_campaign(asked).await?.into_inner())
        }
    };
    let (events, remarks) = if review.is_some() && matches!(asked.tab, "opinions" | "history") {
        let (submission, page_size, page_token) = (name, EVENTS, String::new());
        let lines =
            ListReviewEventsRequest { submission: submission.clone(), page_size, page_token: page_token.clone() };
        let beside = ListReviewRemarksRequest { submission, page_size, page_token };
        let events = visit.api.reviews().list_review_events(lines).await?.into_inner().events;
        (events, visit.api.reviews().list_review_remarks(beside).await?.into_inner().remarks)
    } else {
        (Vec::new(), Vec::new())
    };
    let chain = if asked.tab == "versions" {
        versions::load(visit, &submission, asked.with.as_deref()).await?
    } else {
        versions::Chain::default()
    };
    let as_sent = match asked.tab {
        "mail" => as_sent::load(visit, &submission.name, asked.as_sent).await,
        _ => None,
    };
    Ok(Loaded {
        submission,
        revealed: None,
        review,
        campaign,
        editors: editors?,
        letters,
        neighbours,
        events,
        remarks,
        chain,
        as_sent,
    })
}

fn page(
    visit: &Visit,
    asked: &Asked,
    loaded: &Loaded,
    refused: Option<&Refused<'_>>,
    done: Option<String>,
) -> Response {
    let Submission { subject, erase_time, .. } = &loaded.submission;
    let title = words::cut(words::subject(subject, erase_time.is_some(), visit.language()), 200);
    let page = Page::new(visit, Here::Submissions, title);
    let root = &loaded.submission.root;
    let page = if refused.is_some() || loaded.revealed.is_some() {
        page
    } else {
        page.watching(if root.is_empty() { &loaded.submission.name } else { root })
    };
    let body = body(visit, asked, loaded, refused);
    match done {
        Some(words) => page.saying(Tone::Good, words).show(&body),
        None => page.show(&body),
    }
}

fn body(visit: &Visit, asked: &Asked, loaded: &Loaded, refused: Option<&Refused<'_>>) -> Markup {
    let Loaded {
        submission,
        revealed,
        review,
        campaign,
        editors,
        letters,
        neighbours,
        events,
        remarks,
        chain,
        as_sent,
    } = loaded;
    let next = (!neighbours.next.is_empty()).then(|| asked.url(&neighbours.next, &[]));
    html! {
        (way(visit, asked, loaded))
        div.split {
            div {
                nav aria-label=(visit.say("稿件各部分", "Parts of the submission")) {
                    ul.tabs {
                        @for (tab, zh, en) in TABS {
                            @let rest = [("tab", if tab == TABS[0].0 { "" } else { tab })];
                            // Elsewhere `c` goes to where one comments.
                            @let key = (tab == "opinions" && asked.tab != tab).then_some("c");
                            li { a href=(asked.url(&asked.name, &rest)) data-key=[key] aria-current=[(tab == asked.tab).then_some("page")] { (visit.say(zh, en)) } }
                        }
                    }
                }
                @match asked.tab {
                    "files" => (files::tab(visit, submission)),
                    "mail" => (mail::tab(visit, asked, submission, as_sent.as_ref())),
                    "versions" => (versions::tab(visit, asked, submission, chain)),
                    "opinions" => (opinions::tab(visit, asked, review.as_ref(), events, remarks, editors)),
                    "history" => (history::tab(visit, events, remarks, editors)),
                    _ => (manuscript::tab(visit, submission)),
                }
            }
            div.side {
                @if let Some(review) = review {
                    (steps::steps(&steps::Around { visit, asked, review, campaign: campaign.as_ref(), editors, next: next.as_deref(), refused }))
                }
                @if let Some(review) = review { (remarks::tags(visit, asked, review)) }
                (findings::findings(visit, submission))
                (facts::facts(&facts::Around { visit, asked, submission, revealed: revealed.as_ref(), review: review.as_ref(), campaign: campaign.as_ref(), editors }))
                (letters::letters(visit, letters.as_deref()))
            }
        }
        (keys(visit))
    }
}

/// Number, state and version, and the way back and on.
fn way(visit: &Visit, asked: &Asked, loaded: &Loaded) -> Markup {
    let language = visit.language();
    let Loaded { submission, review, neighbours, .. } = loaded;
    let summary = review.as_ref().and_then(|review| review.summary.as_ref());
    let newest = summary
        .map(|summary| summary.submission.as_str())
        .filter(|newest| *newest != submission.name && !newest.is_empty());
    let number = review.as_ref().map_or(submission.number, |review| review.number);
    html! {
        div.way {
            p.line {
                a href=(asked.listing.url()) data-key="u" { (visit.say("来稿列表", "List")) }
                @if number > 0 { span { (visit.say("收稿号 ", "No. ")) b { (number) } } }
                @if let Some(review) = review {
                    (badge(words::state_tone(review.state()), words::state(review.state(), language)))
                } @else {
                    (badge(Tone::Plain, words::class(submission.class(), language)))
                }
                @let (tone, verdict) = words::verdict(submission.judgement.as_ref().map_or_else(Default::default, |judgement| judgement.verdict()), language);
                (badge(tone, verdict))
                @if submission.version > 1 { (badge(Tone::Plain, &version(submission.version, language))) }
                @if submission.backfilled { (badge(Tone::Plain, visit.say("补录", "Backfilled"))) }
                a href={ "/" (submission.name) "/similar" } { (visit.say("相似来稿", "Similar submissions")) }
                @if review.is_some() { a.down href="#steps" { (visit.say("去处理", "To the steps")) } }
            }
            nav.line aria-label=(visit.say("前后稿件", "Neighbours in the list")) {
                @if !neighbours.previous.is_empty() { a href=(asked.url(&neighbours.previous, &[])) data-key="[" rel="prev" { (visit.say("上一篇", "Previous")) } }
                @if !neighbours.next.is_empty() { a href=(asked.url(&neighbours.next, &[])) data-key="]" rel="next" { (visit.say("下一篇", "Next")) } }
            }
        }
        @if let Some(newest) = newest {
            (notice(Tone::Warn, visit.say("您正在看较早的一版，作者后来寄来了修改稿。", "You look at an earlier version; the author sent a later one.")))
            p { a href=(asked.url(newest, &[])) { (visit.say("看最新一版", "See the newest version")) } }
        }
    }
}

#[cfg(test)]
mod tests;
