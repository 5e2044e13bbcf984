//! Review (审稿): the life of a submission after it was recorded, as one table of lawful steps.
//!
//! ```text
//! Received ─judge→ Judged ─assign→ Assigned ─begin→ 初审 ─pass→ 复审 ─pass→ 终审     (a campaign may leave rounds out)
//!                                     any round ─ask for a revision→ RevisionAsked ─correction or resume→ the same round
//!                                     any round that may ─adopt→ Adopted ─schedule→ Scheduled ─publish→ Published
//!                                     any round that may ─decline→ Declined
//! A withdrawal by the author is lawful until publication. A decision or a withdrawal is retracted within the campaign's
//! window, as long as nothing followed it; a later step takes its place in the record.
//! ```
//! [`table::TABLE`] is that picture in full, [`step`] applies it: who may, what must be told to the author, and what
//! the campaign's [`settings::Settings`] ask. A refusal is a value. Nothing here reads a clock or knows who is signed in:
//! both are passed in, and the entry for the history is given back.

mod refusal;
pub mod settings;
mod step;
pub mod table;

use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::judgement::Verdict;

pub use refusal::Refusal;
pub use settings::Settings;
pub use step::{open_to, step};

/// Recommendations that are kept of one round; one a person.
pub const RECOMMENDATIONS_MAX: usize = 20;

/// Characters of a reason for the author or of a note for colleagues.
pub const WORDS_MAX: usize = 2000;

/// Characters of the place in a channel: `2023年第5期`.
pub const SLOT_MAX: usize = 100;

macro_rules! words {
    ($type:ident: $($variant:ident = $word:literal, $zh:literal, $en:literal;)+) => {
        impl $type {
            /// Every value.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word used in tables and on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What an editor calls it.
            #[must_use]
            pub fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh),+ }
            }

            /// The same in English.
            #[must_use]
            pub fn en(self) -> &'static str {
                match self { $(Self::$variant => $en),+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL
                    .into_iter()
                    .find(|value| value.as_str() == text)
                    .ok_or_else(|| format!("no {} is called {text:?}", stringify!($type)))
            }
        }
    };
}

/// Where a submission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 收到: recorded, not judged.
    Received,
    /// 已判定: the rules were applied; nobody has it.
    Judged,
    /// 已分派: an editor has it and has not begun.
    Assigned,
    /// 初审.
    FirstReview,
    /// 复审.
    SecondReview,
    /// 终审.
    FinalReview,
    /// 退修: the author was asked for a revision.
    RevisionAsked,
    /// 采用.
    Adopted,
    /// 退稿: the end of the way.
    Declined,
    /// 已排期: has a place in a channel.
    Scheduled,
    /// 已刊发: the end of the way; further channels may follow.
    Published,
    /// 撤稿: withdrawn by the author; the end of the way.
    Withdrawn,
}

words! { State:
    Received = "received", "收到", "received";
    Judged = "judged", "已判定", "judged";
    Assigned = "assigned", "已分派", "assigned";
    FirstReview = "first_review", "初审", "first review";
    SecondReview = "second_review", "复审", "second review";
    FinalReview = "final_review", "终审", "final review";
    RevisionAsked = "revision_asked", "退修", "revision asked";
    Adopted = "adopted", "采用", "adopted";
    Declined = "declined", "退稿", "declined";
    Scheduled = "scheduled", "已排期", "scheduled";
    Published = "published", "已刊发", "published";
    Withdrawn = "withdrawn", "撤稿", "withdrawn";
}

impl State {
    /// Whether the way ends here. A retraction within its window is no way on.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(self, Self::Declined | Self::Published | Self::Withdrawn)
    }

    /// The round, while one is open.
    #[must_use]
    pub fn round(self) -> Option<Round> {
        Round::ALL.into_iter().find(|round| round.state() == self)
    }
}

/// A round of review (三审制).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Round {
    /// 初审.
    First,
    /// 复审.
    Second,
    /// 终审.
    Final,
}

words! { Round:
    First = "first", "初审", "first review";
    Second = "second", "复审", "second review";
    Final = "final", "终审", "final review";
}

impl Round {
    /// The state in which it is open.
    #[must_use]
    pub fn state(self) -> State {
        match self {
            Self::First => State::FirstReview,
            Self::Second => State::SecondReview,
            Self::Final => State::FinalReview,
        }
    }
}

/// What may be recommended and decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// 采用.
    Adopt,
    /// 退稿.
    Decline,
    /// 退修.
    AskRevision,
}

words! { Decision:
    Adopt = "adopt", "采用", "adopt";
    Decline = "decline", "退稿", "decline";
    AskRevision = "ask_revision", "退修", "ask for a revision";
}

/// Who acts, in rising order of rights: each may do what the one before may, but for the worker, who is no person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The intake worker.
    Worker,
    /// 浏览者: looks.
    Viewer,
    /// 责任编辑: reviews and recommends.
    Editor,
    /// 主编: decides.
    ChiefEditor,
    /// 管理员.
    Administrator,
}

words! { Role:
    Worker = "worker", "系统", "the system";
    Viewer = "viewer", "浏览者", "viewer";
    Editor = "editor", "编辑", "editor";
    ChiefEditor = "chief_editor", "主编", "chief editor";
    Administrator = "administrator", "管理员", "administrator";
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The account; nil for the worker.
    pub id: Uuid,
    /// The right in which it acts.
    pub role: Role,
}

/// What is done, without its particulars: the rows of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // each is explained at `Action`
pub enum ActionKind {
    Judge,
    Assign,
    Begin,
    Recommend,
    Pass,
    SendBack,
    Adopt,
    Decline,
    AskRevision,
    TakeCorrection,
    Resume,
    Schedule,
    Unschedule,
    Publish,
    Withdraw,
    Retract,
}

words! { ActionKind:
    Judge = "judge", "判定", "judge";
    Assign = "assign", "分派", "assign";
    Begin = "begin", "开始审稿", "begin the review";
    Recommend = "recommend", "提出建议", "recommend";
    Pass = "pass", "送下一审", "pass to the next round";
    SendBack = "send_back", "退回上一审", "send back to the round before";
    Adopt = "adopt", "采用", "adopt";
    Decline = "decline", "退稿", "decline";
    AskRevision = "ask_revision", "退修", "ask for a revision";
    TakeCorrection = "take_correction", "收到修改稿", "take a correction";
    Resume = "resume", "不等修改稿继续审稿", "resume without a correction";
    Schedule = "schedule", "排期", "schedule";
    Unschedule = "unschedule", "取消排期", "unschedule";
    Publish = "publish", "刊发", "publish";
    Withdraw = "withdraw", "撤稿", "withdraw";
    Retract = "retract", "撤回上一决定", "retract the last decision";
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// The rules were applied.
    Judge {
        /// What followed.
        verdict: Verdict,
    },
    /// An editor gets it, or another one.
    Assign {
        /// The editor's account.
        editor: Uuid,
    },
    /// The campaign's first round is opened.
    Begin,
    /// An opinion in the open round; the same person's later one takes its place. Nothing is decided by it.
    Recommend {
        /// What is recommended.
        decision: Decision,
    },
    /// The round is done, and the campaign's next one opens.
    Pass,
    /// The campaign's round before opens again.
    SendBack,
    /// 采用.
    Adopt,
    /// 退稿.
    Decline,
    /// 退修.
    AskRevision {
        /// Last day in Beijing, inclusive.
        until_day: NaiveDate,
    },
    /// A correction (修改稿) of it was recorded and judged.
    TakeCorrection {
        /// What followed from its findings.
        verdict: Verdict,
    },
    /// The review goes on without the revision that was asked for.
    Resume,
    /// It gets a place in a channel, or another place in the same one.
    Schedule {
        /// One of the campaign's channels.
        channel: String,
        /// Where in it, in words: `2023年第5期`.
        slot: String,
    },
    /// It loses its place in a channel.
    Unschedule {
        /// The channel.
        channel: String,
    },
    /// It appeared.
    Publish {
        /// The channel.
        channel: String,
    },
    /// The author takes it back; an editor records it.
    Withdraw,
    /// The last decision or withdrawal was a slip: the state before it is restored.
    Retract,
}

impl Action {
    /// Its row.
    #[must_use]
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::Judge { .. } => ActionKind::Judge,
            Self::Assign { .. } => ActionKind::Assign,
            Self::Begin => ActionKind::Begin,
            Self::Recommend { .. } => ActionKind::Recommend,
            Self::Pass => ActionKind::Pass,
            Self::SendBack => ActionKind::SendBack,
            Self::Adopt => ActionKind::Adopt,
            Self::Decline => ActionKind::Decline,
            Self::AskRevision { .. } => ActionKind::AskRevision,
            Self::TakeCorrection { .. } => ActionKind::TakeCorrection,
            Self::Resume => ActionKind::Resume,
            Self::Schedule { .. } => ActionKind::Schedule,
            Self::Unschedule { .. } => ActionKind::Unschedule,
            Self::Publish { .. } => ActionKind::Publish,
            Self::Withdraw => ActionKind::Withdraw,
            Self::Retract => ActionKind::Retract,
        }
    }
}

/// An action with what is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// Why, as the author will read it in the letter; required where the table says so.
    pub reason: String,
    /// Why, for colleagues only; required where the table says so.
    pub note: String,
}

/// An opinion in the open round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// Whose.
    pub by: Uuid,
    /// What.
    pub decision: Decision,
    /// When.
    pub at: DateTime<Utc>,
}

/// A place in a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// One of the campaign's channels.
    pub channel: String,
    /// Where in it, in words.
    pub slot: String,
    /// When it appeared.
    pub published_at: Option<DateTime<Utc>>,
}

/// The last decision or withdrawal, for as long as it can be retracted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retractable {
    /// Who took it.
    pub by: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What a retraction restores. Chains are short: round → decision → withdrawal.
    pub before: Box<Standing>,
}

/// Where one submission stands, whole: what a table keeps of its review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// What followed from the findings on the newest version; none before the judgement.
    pub verdict: Option<Verdict>,
    /// 责任编辑.
    pub editor: Option<Uuid>,
    /// Opinions in the open round on the newest version, in their order.
    pub recommendations: Vec<Recommendation>,
    /// The round that goes on after a revision, with the last day for it.
    pub revision: Option<(Round, NaiveDate)>,
    /// Places in channels, in their order.
    pub placements: Vec<Placement>,
    /// The last decision or withdrawal, unless a later step took its place.
    pub retractable: Option<Retractable>,
}

impl Standing {
    /// When the last decision or withdrawal can no longer be retracted; none if there is none to retract.
    #[must_use]
    pub fn retractable_until(&self, settings: &Settings) -> Option<DateTime<Utc>> {
        self.retractable.as_ref().map(|last| last.at + settings.window())
    }

    /// How every submission begins.
    #[must_use]
    pub fn received() -> Self {
        Self {
            state: State::Received,
            verdict: None,
            editor: None,
            recommendations: Vec::new(),
            revision: None,
            placements: Vec::new(),
            retractable: None,
        }
    }
}

/// What a step owes to the author. Either takes the place of every unsent letter of an earlier decision; a letter that
/// was sent is not written again for the same decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Nothing.
    None,
    /// A letter that tells this decision, not to be sent before `hold_until`: until then it can be retracted.
    Tell {
        /// What was decided.
        decision: Decision,
        /// The end of the window for a retraction.
        hold_until: DateTime<Utc>,
    },
    /// The letter of the last decision must not be sent; if it was, an editor has to write to the author.
    CallBack,
}

/// A line for the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: Actor,
    /// What, with its particulars, and why.
    pub step: Step,
    /// The state before.
    pub from: State,
    /// The state after; the same where a step changes none.
    pub to: State,
}

/// What a lawful step leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// Where the submission then stands.
    pub standing: Standing,
    /// The line for the history.
    pub entry: Entry,
    /// What the author is owed.
    pub duty: Duty,
}

#[cfg(test)]
mod tests;
