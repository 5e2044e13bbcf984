//! From an evaluation to what was decided because of it: in budgets, in the choice of providers, in policies.

use chrono::NaiveDate;

use super::{Evaluation, EvaluationState};
use crate::{
    coded::coded,
    error::Error,
    finding::{Finding, Findings, Outcome, Rule, Severities, Severity},
    money::Fen,
    party::PartyName,
    project::FileNo,
};

coded! {
    /// In what a result is used (“项目预算安排、承接主体选择、政策调整等的依据”).
    UseKind, "kind of result use":
    /// 预算安排
    Budget = "BUDGET" "预算安排",
    /// 承接主体选择
    ProviderSelection = "PROVIDER_SELECTION" "承接主体选择",
    /// 政策调整
    Policy = "POLICY" "政策调整",
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The next budget rises.
    Raise,
    /// It stays.
    Keep,
    /// It falls.
    Cut,
    /// The project ends.
    Stop,
    /// The provider goes on.
    Renew,
    /// It is warned.
    Warn,
    /// Another takes its place.
    Replace,
    /// It may not be chosen before a day.
    BarUntil(NaiveDate),
    /// The policy is changed.
    Amend,
}

impl Effect {
    /// The stable code of tables and the wire; the day of `BAR_UNTIL` is kept beside it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Raise => "RAISE",
            Self::Keep => "KEEP",
            Self::Cut => "CUT",
            Self::Stop => "STOP",
            Self::Renew => "RENEW",
            Self::Warn => "WARN",
            Self::Replace => "REPLACE",
            Self::BarUntil(_) => "BAR_UNTIL",
            Self::Amend => "AMEND",
        }
    }

    /// Reads a code with the day that `BAR_UNTIL`, and it alone, needs.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn from_code(code: &str, until: Option<NaiveDate>) -> Result<Self, Error> {
        let plain =
            [Self::Raise, Self::Keep, Self::Cut, Self::Stop, Self::Renew, Self::Warn, Self::Replace, Self::Amend];
        match (code, until) {
            ("BAR_UNTIL", Some(day)) => Some(Self::BarUntil(day)),
            (_, None) => plain.into_iter().find(|effect| effect.code() == code),
            _ => None,
        }
        .ok_or_else(|| Error::malformed("effect", code, "is unknown, or its day is missing or too much"))
    }

    /// In what such an effect can be.
    #[must_use]
    pub fn kind(&self) -> UseKind {
        match self {
            Self::Raise | Self::Keep | Self::Cut | Self::Stop => UseKind::Budget,
            Self::Renew | Self::Warn | Self::Replace | Self::BarUntil(_) => UseKind::ProviderSelection,
            Self::Amend => UseKind::Policy,
        }
    }
}

/// One use of an evaluation's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultUse {
    /// Whose result.
    pub evaluation_no: FileNo,
    /// What was decided.
    pub effect: Effect,
    /// The project, policy or budget it was decided for, by number.
    pub target_no: FileNo,
    /// The provider concerned, where one is.
    pub provider: Option<PartyName>,
    /// When it was decided.
    pub decided_day: NaiveDate,
    /// By how much the target's money changes.
    pub delta: Option<Fen>,
}

/// Only a final result is used, and only afterwards.
pub const USE_AFTER_FINAL: Rule =
    Rule { code: "RESULT_USE_AFTER_FINAL", article: "预算法实施条例 §20", severity: Severity::Error };
/// A cut takes away and a raise adds.
pub const USE_DELTA: Rule =
    Rule { code: "RESULT_USE_DELTA", article: "财预〔2020〕10号", severity: Severity::Warning };

/// What followed from one evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace<'a> {
    /// The evaluation.
    pub evaluation: &'a Evaluation,
    /// What was decided because of it, by day.
    pub uses: Vec<&'a ResultUse>,
    /// What the rules say of these uses.
    pub findings: Vec<Finding>,
}

/// Follows an evaluation to everything decided because of it.
#[must_use]
pub fn trace<'a>(evaluation: &'a Evaluation, uses: &'a [ResultUse], severities: &Severities) -> Trace<'a> {
    let mut mine: Vec<&ResultUse> = uses.iter().filter(|of| of.evaluation_no == evaluation.evaluation_no).collect();
    mine.sort_by(|a, b| (a.decided_day, &a.target_no).cmp(&(b.decided_day, &b.target_no)));
    let mut findings = Findings::under(severities);
    for made in &mine {
        let (outcome, sentence) = match (evaluation.state, evaluation.final_day) {
            (EvaluationState::Final, Some(day)) if made.decided_day >= day => {
                (Outcome::Pass, format!("{day}定稿, {}应用于{}。", made.decided_day, made.target_no))
            }
            (EvaluationState::Final, Some(day)) => {
                (Outcome::Fail, format!("{}应用于{}, 早于定稿日期{day}。", made.decided_day, made.target_no))
            }
            (EvaluationState::Final, None) => (Outcome::Undetermined, "没有定稿日期。".to_owned()),
            _ => (Outcome::Fail, format!("评价尚未定稿, 已应用于{}。", made.target_no)),
        };
        findings.note(USE_AFTER_FINAL, outcome, sentence);
        if let Some(delta) = made.delta {
            let fits = match made.effect {
                Effect::Raise => delta > Fen::ZERO,
                Effect::Keep => delta == Fen::ZERO,
                Effect::Cut | Effect::Stop => delta < Fen::ZERO,
                _ => true,
            };
            findings.judge(USE_DELTA, fits, format!("{}的金额变动为{delta}。", made.target_no));
        }
    }
    Trace { evaluation, uses: mine, findings: findings.finish() }
}

/// The final evaluations that nobody used, the article's own demand (“评价结果运用为目标”), in the order given.
#[must_use]
pub fn unused<'a>(evaluations: &'a [Evaluation], uses: &[ResultUse]) -> Vec<&'a Evaluation> {
    let used: std::collections::BTreeSet<&FileNo> = uses.iter().map(|of| &of.evaluation_no).collect();
    evaluations
        .iter()
        .filter(|evaluation| evaluation.state == EvaluationState::Final && !used.contains(&evaluation.evaluation_no))
        .collect()
}
