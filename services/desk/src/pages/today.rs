//! 今日工作: what waits, each with the list behind it, what is mine, and how the mailboxes are.

use axum::{Router, response::Response, routing::get};
use chrono::Utc;
use maud::{Markup, html};
use proto::intake::v1::{
    CountRepliesRequest, CountRepliesResponse, CountReviewsRequest, ListMailboxesRequest, ListQuarantinedRequest,
    ListReviewsRequest, Mailbox, ReplyState, Review, mailbox::State,
};
use stdx::beijing;

use crate::{
    Desk,
    fault::Fault,
    html::{Here, Page, Tone, badge, moment},
    listing::Listing,
    pages::{
        keys,
        submissions::{Around, EXPIRES_WITHIN_DAYS, table},
    },
    people::Editors,
    visit::Visit,
};

/// Lines of my own list.
const MINE: i32 = 10;

/// Mails in quarantine that are counted; there are more when all of them are there.
const QUARANTINED: i32 = 500;

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/", get(show))
}

/// A card whose number is that of a list of submissions.
struct Waiting {
    zh: &'static str,
    en: &'static str,
    listing: Listing,
    /// When it is not empty.
    tone: Tone,
}

/// What waits, in the order in which it should be looked at.
fn waiting() -> Vec<Waiting> {
    let expires = EXPIRES_WITHIN_DAYS.to_string();
    let card = |zh, en, tone, pairs: &[(&str, &str)]| Waiting { zh, en, tone, listing: Listing::with(pairs) };
    vec![
        card("我的稿件", "Mine", Tone::Plain, &[("editor", "mine"), ("state", "open"), ("order", "unchanged")]),
        card("待分派", "To be assigned", Tone::Warn, &[("state", "JUDGED"), ("order", "oldest")]),
        card("待补正", "Incomplete", Tone::Warn, &[("state", "open"), ("verdict", "INCOMPLETE"), ("order", "oldest")]),
        card("等待作者修改", "Waiting for the author", Tone::Plain, &[("state", "REVISION_ASKED"), ("order", "due")]),
        card(
            "退修逾期",
            "Revision overdue",
            Tone::Bad,
            &[("state", "REVISION_ASKED"), ("overdue", "1"), ("order", "due")],
        ),
        card("逾期来稿", "Came late", Tone::Warn, &[("state", "open"), ("verdict", "LATE"), ("order", "oldest")]),
        card(
            "云附件三日内到期",
            "Cloud files end within three days",
            Tone::Bad,
            &[("expires", &expires), ("order", "oldest")],
        ),
        card("退信", "Letters came back", Tone::Bad, &[("is", "bounced")]),
    ]
}

/// A card as it is shown.
struct Card {
    words: &'static str,
    url: String,
    count: String,
    tone: Tone,
}

async fn show(visit: Visit) -> Response {
    let now = Utc::now();
    let me = visit.session.user_name.clone();
    let cards = waiting();
    let filters: Vec<String> = cards.iter().map(|card| card.listing.filter(&me, beijing::day_of(now))).collect();
    let mine = ListReviewsRequest {
        page_size: MINE,
        filter: filters[0].clone(),
        order_by: cards[0].listing.order_by().into(),
        ..ListReviewsRequest::default()
    };
    let (mut counting, mut listing, mut mailboxes) = (visit.api.reviews(), visit.api.reviews(), visit.api.mailboxes());
    let (mut outbox, mut quarantine) = (visit.api.outbox(), visit.api.quarantine());
    let (counts, mine, mailboxes, replies, quarantined, editors) = tokio::join!(
        counting.count_reviews(CountReviewsRequest { filters, ..CountReviewsRequest::default() }),
        listing.list_reviews(mine),
        mailboxes.list_mailboxes(ListMailboxesRequest {}),
        outbox.count_replies(CountRepliesRequest::default()),
        quarantine.list_quarantined(ListQuarantinedRequest { page_size: QUARANTINED, page_token: String::new() }),
        Editors::ask(&visit),
    );
    // The day's work is shown without the outbox too; its cards then say that they know nothing.
    let replies = replies.map(tonic::Response::into_inner).ok();
    let all = || -> Result<_, tonic::Status> {
        let quarantined = quarantined?.into_inner();
        let more = if quarantined.next_page_token.is_empty() { "" } else { "+" };
        let quarantined = format!("{}{more}", quarantined.messages.len());
        let shown = shown(&visit, cards, &counts?.into_inner().counts, replies.as_ref(), quarantined);
        Ok((shown, mine?.into_inner().reviews, mailboxes?.into_inner().mailboxes, editors?))
    };
    let (cards, mine, mailboxes, editors) = match all() {
        Ok(all) => all,
        Err(status) => return Fault::from(status).to(&visit),
    };
    let listing = waiting().swap_remove(0).listing;
    let around = Around { visit: &visit, listing: &listing, editors: &editors, now, has_boxes: false };
    let body = body(&around, &cards, &mine, &mailboxes);
    Page::new(&visit, Here::Today, visit.say("今日工作", "Today")).watching("").show(&body)
}

fn shown(
    visit: &Visit,
    waiting: Vec<Waiting>,
    counts: &[u64],
    replies: Option<&CountRepliesResponse>,
    quarantined: String,
) -> Vec<Card> {
    let card = |(waiting, count): (Waiting, &u64)| Card {
        words: visit.language().of(waiting.zh, waiting.en),
        url: waiting.listing.url(),
        count: count.to_string(),
        tone: if *count > 0 { waiting.tone } else { Tone::Plain },
    };
    let mut cards: Vec<Card> = waiting.into_iter().zip(counts).map(card).collect();
    let letters = [
        ("待批准的信", "Letters to approve", ReplyState::Held, Tone::Warn),
        ("发信不确定", "Letters: uncertain", ReplyState::Uncertain, Tone::Bad),
        ("发信失败", "Letters: failed", ReplyState::Failed, Tone::Bad),
    ];
    for (zh, en, state, tone) in letters {
        let count = replies
            .map(|replies| replies.counts.iter().find(|count| count.state() == state).map_or(0, |count| count.count));
        let word = state.as_str_name().trim_start_matches("REPLY_STATE_");
        cards.push(Card {
            words: visit.language().of(zh, en),
            url: crate::html::url("/outbox", &[("state", word)]),
            count: count.map_or_else(|| "—".into(), |count| count.to_string()),
            tone: if count == Some(0) { Tone::Plain } else { tone },
        });
    }
    let tone = if quarantined == "0" { Tone::Plain } else { Tone::Bad };
    let words = visit.language().of("隔离邮件", "Mails in quarantine");
    cards.push(Card { words, url: "/quarantine".into(), count: quarantined, tone });
    cards
}

fn body(around: &Around<'_>, cards: &[Card], mine: &[Review], mailboxes: &[Mailbox]) -> Markup {
    let visit = around.visit;
    html! {
        section aria-labelledby="waiting" {
            h2.unseen #waiting { (visit.say("待办", "What waits")) }
            ul.cards {
                @for card in cards {
                    li.card.(card.tone.class()) {
                        a href=(card.url) { span.count { (card.count) } span { (card.words) } }
                    }
                }
            }
        }
        section aria-labelledby="mine" {
            h2 #mine { (visit.say("我的稿件", "My submissions")) }
            @if mine.is_empty() {
                p.detail { (visit.say("您名下没有未决的稿件。到“待分派”看看有没有要接手的。", "Nothing undecided is yours. See whether something is to be assigned.")) }
            } @else {
                (table(around, visit.say("我的稿件", "My submissions"), mine))
                p { a href=(around.listing.url()) { (visit.say("全部我的稿件", "All of mine")) } }
            }
        }
        (health(visit, mailboxes))
        (keys(visit))
    }
}

fn health(visit: &Visit, mailboxes: &[Mailbox]) -> Markup {
    html! {
        section aria-labelledby="mailboxes" {
            h2 #mailboxes { (visit.say("邮箱", "Mailboxes")) }
            ul.strip {
                @for mailbox in mailboxes {
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
    }
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::count_replies_response::Count;

    use super::*;
    use crate::visit::tests::visit;

    #[test]
    fn each_card_shows_the_count_of_the_list_that_it_leads_to() {
        let visit = visit();
        let counts: Vec<u64> = (1..=8).collect();
        let held = Count { state: ReplyState::Held.into(), count: 9 };
        let replies = CountRepliesResponse { counts: vec![held], bounced: 0 };
        let cards = shown(&visit, waiting(), &counts, Some(&replies), "0".into());
        assert_eq!(cards.len(), 12);
        for (card, waiting) in cards.iter().zip(waiting()) {
            assert_eq!(card.url, waiting.listing.url());
            assert_eq!(Listing::of_query(card.url.split_once('?').unwrap().1), waiting.listing, "{}", card.words);
        }
        assert_eq!(
            (cards[1].words, cards[1].count.as_str(), cards[1].url.as_str()),
            ("待分派", "2", "/submissions?state=JUDGED&order=oldest")
        );
        assert_eq!(
            (cards[8].words, cards[8].count.as_str(), cards[8].url.as_str()),
            ("待批准的信", "9", "/outbox?state=HELD")
        );
        assert!(cards[11].tone == Tone::Plain, "an empty quarantine is no alarm");
    }
}
