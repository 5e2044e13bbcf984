//! Sorting: what kind of mail this is, before any rule is asked, with one line that says why.

mod machine;
mod near_miss;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use stdx::beijing;

use crate::{
    campaign::{Campaign, Check},
    letter::Letter,
    manuscript,
    submission::Earlier,
    tag, wording,
};

/// 字数 from which a body is a manuscript when the campaign has no rule that says it.
const BODY_CHARACTERS_MIN: u64 = 500;

/// What kind of mail it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A new submission (投稿).
    Submission,
    /// A later version of, or an addition to, an earlier submission of the same sender (修改稿, 补充).
    Correction,
    /// An automatic reply (自动回复, RFC 3834).
    AutomaticReply,
    /// A delivery report (退信, RFC 3464).
    Bounce,
    /// Mail of a list or newsletter.
    ListMail,
    /// Not for this campaign.
    NotASubmission,
    /// A manuscript without the tag: recorded for an editor to look at.
    NearMiss,
    /// Nothing of it could be read.
    Unreadable,
}

impl Class {
    /// Whether mail of this class gets a submission with findings.
    #[must_use]
    pub fn is_judged(self) -> bool {
        matches!(self, Self::Submission | Self::Correction | Self::NearMiss)
    }
}

/// A class with the reason for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sorting {
    /// What kind of mail it is.
    pub class: Class,
    /// Index into the campaigns that were offered; none when no campaign wants this mail.
    pub campaign: Option<usize>,
    /// The earlier submission that a correction belongs to: index into those offered.
    pub corrects: Option<usize>,
    /// One line in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// A reason in both languages.
type Reason = (String, String);

/// Sorts one letter for the campaigns of its mailbox. `earlier` are submissions of the same sender, newest first. Where
/// several campaigns share a tag, the one that was open at `received_at` takes it, else the one that ended last before.
/// Of tags that hold each other the longest decides. `Unreadable` is never given here.
#[must_use]
pub fn sort(letter: &Letter, received_at: DateTime<Utc>, campaigns: &[Campaign], earlier: &[Earlier]) -> Sorting {
    let alone = |class, (zh, en): Reason| Sorting { class, campaign: None, corrects: None, zh, en };
    if let Some(reason) = machine::bounce(letter) {
        return alone(Class::Bounce, reason);
    }
    let subject = letter.headers.subject.as_str();
    let tagged = tagged(subject, received_at, campaigns);
    if let Some(reason) = machine::automatic_reply(letter, tagged.is_some()) {
        return alone(Class::AutomaticReply, reason);
    }
    let replied = replied(letter, campaigns, earlier);
    let mut note = (String::new(), String::new());
    if let Some((strict, (zh, en))) = machine::list(letter) {
        let body_counts = !strict && tagged.is_some_and(|index| body_is_manuscript(letter, &campaigns[index]));
        if (tagged.is_none() && replied.is_none()) || (manuscript::attached(letter).is_none() && !body_counts) {
            return alone(Class::ListMail, (zh, en));
        }
        note = (format!("（虽有群发标记：{zh}）"), format!(" (although it bears a list’s mark: {en})"));
    }
    let of = |class, campaign, corrects, (zh, en): Reason| Sorting {
        class,
        campaign: Some(campaign),
        corrects,
        zh: format!("{zh}{}", note.0),
        en: format!("{en}{}", note.1),
    };
    if let Some((campaign, corrects, reason)) = correction(subject, received_at, tagged, replied, campaigns, earlier) {
        return of(Class::Correction, campaign, Some(corrects), reason);
    }
    if let Some(campaign) = tagged {
        let tag = &campaigns[campaign].tag;
        let subject = wording::quoted(subject);
        return of(
            Class::Submission,
            campaign,
            None,
            (format!("邮件主题“{subject}”含征稿标记“{tag}”"), format!("the subject “{subject}” holds the tag “{tag}”")),
        );
    }
    let Some(campaign) = choose(received_at, campaigns.iter().enumerate()) else {
        return alone(
            Class::NotASubmission,
            ("此邮箱没有正在使用的征稿活动".into(), "no campaign takes mail of this mailbox".into()),
        );
    };
    let wanted = &campaigns[campaign];
    if let Some((zh, en)) = near_miss::reason(letter, body_is_manuscript(letter, wanted)) {
        let tag = &wanted.tag;
        return of(
            Class::NearMiss,
            campaign,
            None,
            (
                format!("邮件主题没有“{tag}”，但{zh}，请编辑确认"),
                format!("the subject lacks the tag “{tag}”, but {en}: an editor has to look"),
            ),
        );
    }
    let tag = &wanted.tag;
    let (zh, en) = if subject.trim().is_empty() {
        ("邮件没有写主题".to_owned(), "the mail has no subject".to_owned())
    } else {
        let subject = wording::quoted(subject);
        (format!("邮件主题“{subject}”没有“{tag}”"), format!("the subject “{subject}” lacks the tag “{tag}”"))
    };
    alone(
        Class::NotASubmission,
        (
            format!("{zh}，邮件中也没有可作稿件的附件、链接或正文"),
            format!("{en}, and no attachment, link or body could be a manuscript"),
        ),
    )
}

/// The campaign whose tag the subject holds.
fn tagged(subject: &str, received_at: DateTime<Utc>, campaigns: &[Campaign]) -> Option<usize> {
    let holding = || campaigns.iter().enumerate().filter(|(_, campaign)| tag::holds(subject, &campaign.tag));
    let longest = holding().map(|(_, campaign)| tag::length(&campaign.tag)).max()?;
    choose(received_at, holding().filter(|(_, campaign)| tag::length(&campaign.tag) == longest))
}

/// The campaign that was open at this time (the one that opened last, if several were), else the one that ended last
/// before, else the one that opens first.
fn choose<'a>(received_at: DateTime<Utc>, campaigns: impl Iterator<Item = (usize, &'a Campaign)>) -> Option<usize> {
    campaigns
        .max_by_key(|(index, campaign)| {
            let opens_at = beijing::day_start(campaign.opens_day);
            let (rank, at) = if received_at < opens_at {
                (0, -opens_at.timestamp())
            } else if received_at < campaign.late_from() {
                (2, opens_at.timestamp())
            } else {
                (1, campaign.late_from().timestamp())
            };
            (rank, at, std::cmp::Reverse(*index))
        })
        .map(|(index, _)| index)
}

/// The earlier submission that the letter answers, with its campaign: indices into both.
fn replied(letter: &Letter, campaigns: &[Campaign], earlier: &[Earlier]) -> Option<(usize, usize)> {
    // References name the oldest mail first; the one answered is the newest known.
    let ids = letter.headers.in_reply_to.iter().chain(letter.headers.references.iter().rev());
    ids.filter(|id| !id.is_empty()).find_map(|id| {
        let (at, known) = earlier
            .iter()
            .enumerate()
            .find(|(_, known)| known.message_id_header.as_deref().is_some_and(|known| known == id))?;
        let campaign = campaigns.iter().position(|campaign| campaign.id == known.campaign_id)?;
        Some((campaign, at))
    })
}

/// Whether this belongs to an earlier submission: campaign, index into `earlier`, reason.
fn correction(
    subject: &str,
    received_at: DateTime<Utc>,
    tagged: Option<usize>,
    replied: Option<(usize, usize)>,
    campaigns: &[Campaign],
    earlier: &[Earlier],
) -> Option<(usize, usize, Reason)> {
    let named = |at: usize| wording::quoted(&earlier[at].subject);
    // A reply under another campaign's tag is for that campaign.
    if let Some((campaign, at)) = replied.filter(|(campaign, _)| tagged.is_none_or(|tagged| tagged == *campaign)) {
        let reason = (
            format!("回复了同一发件人此前的投稿“{}”", named(at)),
            format!("it answers the same sender’s earlier submission “{}”", named(at)),
        );
        return Some((campaign, at, reason));
    }
    let word = tag::correction_word(subject);
    if tagged.is_none() && word.is_none() {
        return None;
    }
    let of_sender = |campaign: &Campaign| earlier.iter().any(|known| known.campaign_id == campaign.id);
    let campaign = tagged
        .or_else(|| choose(received_at, campaigns.iter().enumerate().filter(|(_, campaign)| of_sender(campaign))))?;
    let (id, tag) = (campaigns[campaign].id, &campaigns[campaign].tag);
    let candidates = || earlier.iter().enumerate().filter(move |(_, known)| known.campaign_id == id);
    let core = tag::core(subject, tag);
    let similar = candidates().find(|(_, known)| tag::similar(&core, &tag::core(&known.subject, tag), word.is_some()));
    if let Some((at, _)) = similar {
        let (zh, en) = match word {
            Some(word) => (format!("主题含“{word}”，且"), format!("the subject says “{word}” and ")),
            None => (String::new(), String::new()),
        };
        let reason = (
            format!("{zh}标题与同一发件人此前的投稿“{}”相同或相近", named(at)),
            format!("{en}the title is that of the same sender’s earlier submission “{}”, or near it", named(at)),
        );
        return Some((campaign, at, reason));
    }
    // “修改稿” and nothing else, or one sender's only submission: no other can be meant.
    let word = word?;
    let mut roots: Vec<_> = candidates().map(|(_, known)| known.root_id).collect();
    roots.dedup();
    let (at, _) = candidates().next()?;
    (core.is_empty() || (tagged.is_none() && roots.len() == 1)).then(|| {
        let reason = (
            format!("主题含“{word}”，同一发件人最近的投稿是“{}”", named(at)),
            format!("the subject says “{word}”, and the same sender’s newest submission is “{}”", named(at)),
        );
        (campaign, at, reason)
    })
}

/// Whether the body alone is long enough to be the manuscript.
fn body_is_manuscript(letter: &Letter, campaign: &Campaign) -> bool {
    let asked = campaign.rules.iter().find_map(|rule| match rule.check {
        Check::ManuscriptPresent { body_characters_min } => Some(body_characters_min),
        _ => None,
    });
    let body = letter.body.own_text();
    wording::characters(body) >= asked.unwrap_or(BODY_CHARACTERS_MIN) && !manuscript::is_call(body, campaign)
}

#[cfg(test)]
mod tests;
