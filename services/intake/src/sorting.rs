//! Sorting: what kind of mail this is, before any rule is asked, with one line that says why.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{campaign::Campaign, letter::Letter, submission::Earlier};

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

/// Sorts one letter for the campaigns of its mailbox. `earlier` are submissions of the same sender, newest first. Where
/// several campaigns share a tag, the one that was open at `received_at` takes it, else the one that ended last before.
#[must_use]
pub fn sort(letter: &Letter, received_at: DateTime<Utc>, campaigns: &[Campaign], earlier: &[Earlier]) -> Sorting {
    let _ = (letter, received_at, campaigns, earlier);
    todo!()
}
