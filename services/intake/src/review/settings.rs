//! How a campaign reviews: which rounds, who decides in them, how long a decision can be retracted.

use chrono::{Days, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{Decision, Role, Round};
use crate::campaign::FieldFault;

/// Opinions that a round may ask for at most.
const RECOMMENDATIONS_MIN_MAX: u32 = 5;

/// A week: longer, and no author hears of a decision in time.
const RETRACT_MINUTES_MAX: u32 = 7 * 24 * 60;

/// A year.
const REVISION_DAYS_MAX: u32 = 366;

/// Channels that a campaign may list.
const CHANNELS_MAX: usize = 50;

/// A round as a campaign holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundSettings {
    /// Which.
    pub round: Round,
    /// Opinions that must be there before the round is passed or anything is decided in it.
    pub recommendations_min: u32,
    /// What may be decided in it, beside passing it on.
    pub decisions: Vec<Decision>,
    /// The least role that decides in it.
    pub decides: Role,
}

/// How a campaign reviews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The rounds in their order.
    pub rounds: Vec<RoundSettings>,
    /// Whether who decides must be another than who recommended: an own opinion does not count for an own decision.
    pub decider_differs: bool,
    /// How long a decision or withdrawal can be retracted, in minutes; its letter is held so long.
    pub retract_minutes: u32,
    /// The farthest day that an author may be given for a revision, in days from today.
    pub revision_days_max: u32,
    /// The campaign's channels (刊发渠道).
    pub channels: Vec<String>,
}

/// 三审制 without a channel of its own.
impl Default for Settings {
    fn default() -> Self {
        Self::three_rounds(Vec::new())
    }
}

impl Settings {
    /// 三审制: the first two rounds may decline and ask for revisions, only the last adopts, the chief editor decides on
    /// the opinion of another, and has half an hour to think again.
    #[must_use]
    pub fn three_rounds(channels: Vec<String>) -> Self {
        let round = |round, decisions: &[Decision]| RoundSettings {
            round,
            recommendations_min: 1,
            decisions: decisions.to_vec(),
            decides: Role::ChiefEditor,
        };
        Self {
            rounds: vec![
                round(Round::First, &[Decision::Decline, Decision::AskRevision]),
                round(Round::Second, &[Decision::Decline, Decision::AskRevision]),
                round(Round::Final, &Decision::ALL),
            ],
            decider_differs: true,
            retract_minutes: 30,
            revision_days_max: 60,
            channels,
        }
    }

    /// Everything that is wrong with the fields, in their order; empty for settings that can be used.
    #[must_use]
    pub fn faults(&self) -> Vec<FieldFault> {
        let mut faults = Vec::new();
        let mut unless = |sound: bool, field: String, zh: &str, en: &str| {
            if !sound {
                faults.push(FieldFault { field, zh: zh.into(), en: en.into() });
            }
        };
        unless(!self.rounds.is_empty(), "rounds".into(), "至少要有一个审次", "must have at least one round");
        unless(
            self.rounds.windows(2).all(|pair| pair[0].round < pair[1].round),
            "rounds".into(),
            "审次须按初审、复审、终审的顺序，且不重复",
            "must be in the order first, second, final, each once",
        );
        for (index, round) in self.rounds.iter().enumerate() {
            let field = |name: &str| format!("rounds[{index}].{name}");
            unless(
                round.recommendations_min <= RECOMMENDATIONS_MIN_MAX,
                field("recommendations_min"),
                "最多要求 5 份建议",
                "must be at most 5",
            );
            let repeated = (1..round.decisions.len()).any(|at| round.decisions[..at].contains(&round.decisions[at]));
            unless(!repeated, field("decisions"), "不能重复", "must not repeat");
            unless(round.decides >= Role::Editor, field("decides"), "至少应为编辑", "must be an editor at least");
        }
        if let Some(last) = self.rounds.last() {
            unless(
                last.decisions.contains(&Decision::Adopt) && last.decisions.contains(&Decision::Decline),
                format!("rounds[{}].decisions", self.rounds.len() - 1),
                "最后一审应能采用和退稿",
                "the last round must be able to adopt and to decline",
            );
        }
        unless(
            self.retract_minutes <= RETRACT_MINUTES_MAX,
            "retract_minutes".into(),
            "不能超过 7 天（10080 分钟）",
            "must be at most 7 days (10080 minutes)",
        );
        unless(
            (1..=REVISION_DAYS_MAX).contains(&self.revision_days_max),
            "revision_days_max".into(),
            "应为 1 至 366 天",
            "must be 1 to 366 days",
        );
        let sound = |at: usize, channel: &String| {
            !channel.trim().is_empty()
                && channel.chars().count() <= 50
                && !channel.chars().any(char::is_control)
                && !self.channels[..at].contains(channel)
        };
        unless(
            (1..=CHANNELS_MAX).contains(&self.channels.len()),
            "channels".into(),
            "应有 1 至 50 个渠道",
            "must have 1 to 50 channels",
        );
        for (at, channel) in self.channels.iter().enumerate().take(CHANNELS_MAX) {
            unless(
                sound(at, channel),
                format!("channels[{at}]"),
                "不能为空或重复，不超过 50 字，不含控制字符",
                "must have 1 to 50 characters, no control characters, and stand once",
            );
        }
        faults
    }

    /// The settings of a round; none if the campaign leaves it out.
    #[must_use]
    pub fn round(&self, round: Round) -> Option<&RoundSettings> {
        self.rounds.iter().find(|settings| settings.round == round)
    }

    pub(super) fn first(&self) -> Option<Round> {
        self.rounds.first().map(|settings| settings.round)
    }

    pub(super) fn after(&self, round: Round) -> Option<Round> {
        self.rounds.iter().map(|settings| settings.round).find(|other| *other > round)
    }

    pub(super) fn before(&self, round: Round) -> Option<Round> {
        self.rounds.iter().map(|settings| settings.round).rfind(|other| *other < round)
    }

    pub(super) fn window(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.retract_minutes))
    }

    pub(super) fn revision_days(&self) -> Days {
        Days::new(u64::from(self.revision_days_max))
    }
}
