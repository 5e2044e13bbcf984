//! Why a step is refused, as a value with a stable word and a sentence in both languages.

use chrono::{DateTime, NaiveDate, Utc};
use stdx::beijing;

use super::{ActionKind, Decision, RECOMMENDATIONS_MAX, Role, Round, SLOT_MAX, State, WORDS_MAX};

/// Why a step is refused; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The table has no such step.
    NotLawful(State, ActionKind),
    /// The role has not the right; the least role that has it.
    RoleTooLow(Role),
    /// The worker does this, no person.
    WorkerOnly,
    /// The author will read why, and nothing is said.
    ReasonMissing,
    /// A reason is said where no letter would carry it to the author.
    ReasonReachesNobody,
    /// Colleagues have to know why, and nothing is said.
    NoteMissing,
    /// A reason or note of so many characters is too long, or holds control characters.
    WordsUnfit(usize),
    /// The campaign does not let this be decided in this round.
    DecisionNotOfRound(Round, Decision),
    /// The campaign asks for so many opinions, and so many count.
    RecommendationsMissing {
        /// Asked for.
        asked: u32,
        /// There, without those of who decides if the campaign keeps the two apart.
        counted: u32,
    },
    /// The round has as many opinions as are kept.
    RecommendationsFull,
    /// The verdict is not 合格 and the note does not say why it is adopted all the same.
    ExceptionUnexplained,
    /// The campaign has no later round.
    NoLaterRound,
    /// The campaign has no earlier round.
    NoEarlierRound,
    /// The campaign has no round at all.
    NoRound,
    /// The day is not after today in Beijing, or later than the campaign allows: the first and the last that would do.
    DayUnfit(NaiveDate, NaiveDate),
    /// The campaign has no such channel.
    ChannelUnknown,
    /// The place in the channel is empty, too long or holds control characters.
    SlotUnfit,
    /// It has no place in this channel.
    NotScheduled,
    /// It has appeared in this channel.
    PublishedAlready,
    /// There is no decision to retract, or a later step followed it.
    NothingToRetract,
    /// The window for a retraction has closed.
    WindowClosed(DateTime<Utc>),
    /// Another took the decision; only that person or the chief editor may retract it.
    NotOwnDecision,
}

impl Refusal {
    /// A stable word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLawful(..) => "not_lawful",
            Self::RoleTooLow(_) => "role_too_low",
            Self::WorkerOnly => "worker_only",
            Self::ReasonMissing => "reason_missing",
            Self::ReasonReachesNobody => "reason_reaches_nobody",
            Self::NoteMissing => "note_missing",
            Self::WordsUnfit(_) => "words_unfit",
            Self::DecisionNotOfRound(..) => "decision_not_of_round",
            Self::RecommendationsMissing { .. } => "recommendations_missing",
            Self::RecommendationsFull => "recommendations_full",
            Self::ExceptionUnexplained => "exception_unexplained",
            Self::NoLaterRound => "no_later_round",
            Self::NoEarlierRound => "no_earlier_round",
            Self::NoRound => "no_round",
            Self::DayUnfit(..) => "day_unfit",
            Self::ChannelUnknown => "channel_unknown",
            Self::SlotUnfit => "slot_unfit",
            Self::NotScheduled => "not_scheduled",
            Self::PublishedAlready => "published_already",
            Self::NothingToRetract => "nothing_to_retract",
            Self::WindowClosed(_) => "window_closed",
            Self::NotOwnDecision => "not_own_decision",
        }
    }

    /// Whether it is a matter of rights, which another person might have.
    #[must_use]
    pub fn is_of_rights(&self) -> bool {
        matches!(self, Self::RoleTooLow(_) | Self::WorkerOnly | Self::NotOwnDecision)
    }

    /// A sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::NotLawful(state, action) => format!("稿件处于“{}”状态，不能{}。", state.zh(), action.zh()),
            Self::RoleTooLow(role) => format!("此操作需要{}权限。", role.zh()),
            Self::WorkerOnly => "此操作只由系统进行。".into(),
            Self::ReasonMissing => "请填写理由：作者将在信中读到。".into(),
            Self::ReasonReachesNobody => "此操作不向作者发信，理由请写在内部备注中。".into(),
            Self::NoteMissing => "请填写内部备注，说明原因。".into(),
            Self::WordsUnfit(_) => format!("理由和备注各不超过 {WORDS_MAX} 字，且不含控制字符。"),
            Self::DecisionNotOfRound(round, decision) => {
                format!("本次征稿的{}不能作出“{}”的决定。", round.zh(), decision.zh())
            }
            Self::RecommendationsMissing { asked, counted } => {
                format!("本审次需要 {asked} 份建议，现有 {counted} 份有效（决定人本人的建议可能不计入）。")
            }
            Self::RecommendationsFull => format!("本审次已有 {RECOMMENDATIONS_MAX} 份建议，不能再增加。"),
            Self::ExceptionUnexplained => "稿件未判定为合格，采用时请在内部备注中说明原因。".into(),
            Self::NoLaterRound => "本次征稿没有更后的审次，请直接作出决定。".into(),
            Self::NoEarlierRound => "本次征稿没有更前的审次。".into(),
            Self::NoRound => "本次征稿没有设置审次，请联系管理员。".into(),
            Self::DayUnfit(first, last) => format!("修改期限应在 {first} 至 {last} 之间。"),
            Self::ChannelUnknown => "本次征稿没有这个刊发渠道。".into(),
            Self::SlotUnfit => format!("请填写刊期或位置，不超过 {SLOT_MAX} 字，不含控制字符。"),
            Self::NotScheduled => "稿件未在此渠道排期。".into(),
            Self::PublishedAlready => "稿件已在此渠道刊发。".into(),
            Self::NothingToRetract => "没有可以撤回的决定，或其后已有新的操作。".into(),
            Self::WindowClosed(at) => format!("撤回期限已于北京时间 {} 结束。", beijing::format(*at)),
            Self::NotOwnDecision => "只有作出决定的人或主编可以撤回。".into(),
        }
    }

    /// The same in English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::NotLawful(state, action) => {
                format!("The submission is in state “{}”: it is not lawful to {}.", state.en(), action.en())
            }
            Self::RoleTooLow(role) => format!("This needs the role {}.", role.en()),
            Self::WorkerOnly => "Only the system does this.".into(),
            Self::ReasonMissing => "Please give a reason: the author will read it in the letter.".into(),
            Self::ReasonReachesNobody => "No letter goes to the author here: please write the reason as a note.".into(),
            Self::NoteMissing => "Please say why in a note for colleagues.".into(),
            Self::WordsUnfit(_) => {
                format!("Reason and note have at most {WORDS_MAX} characters each and no control characters.")
            }
            Self::DecisionNotOfRound(round, decision) => {
                format!("In this campaign the {} may not {}.", round.en(), decision.en())
            }
            Self::RecommendationsMissing { asked, counted } => format!(
                "This round asks for {asked} recommendations and {counted} count (an own one may not, for an own decision)."
            ),
            Self::RecommendationsFull => {
                format!("This round has {RECOMMENDATIONS_MAX} recommendations, the most kept.")
            }
            Self::ExceptionUnexplained => {
                "The submission was not judged eligible: please say in a note why it is adopted.".into()
            }
            Self::NoLaterRound => "This campaign has no later round: please decide.".into(),
            Self::NoEarlierRound => "This campaign has no earlier round.".into(),
            Self::NoRound => "This campaign has no round of review: please ask an administrator.".into(),
            Self::DayUnfit(first, last) => format!("The last day for a revision must be from {first} to {last}."),
            Self::ChannelUnknown => "This campaign has no such channel.".into(),
            Self::SlotUnfit => {
                format!("Please name the issue or place in at most {SLOT_MAX} characters, no control characters.")
            }
            Self::NotScheduled => "The submission has no place in this channel.".into(),
            Self::PublishedAlready => "The submission has appeared in this channel.".into(),
            Self::NothingToRetract => "There is no decision to retract, or another step followed it.".into(),
            Self::WindowClosed(at) => format!("The time to retract ended at {}.", beijing::format(*at)),
            Self::NotOwnDecision => "Only who took the decision, or the chief editor, may retract it.".into(),
        }
    }
}
