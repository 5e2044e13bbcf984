//! The judgement (判定): what follows from all findings of one submission.

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Outcome, RuleCode, Severity};

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every required rule passed.
    Eligible,
    /// 待补: a required rule other than the deadline failed.
    Incomplete,
    /// 逾期: received after the deadline, whatever else was found.
    Late,
    /// No required rule failed, but one could not be measured: an editor has to look.
    Undetermined,
}

/// A verdict with the rules that led to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// What follows.
    pub verdict: Verdict,
    /// Required rules that failed.
    pub failed: Vec<RuleCode>,
    /// Required rules that could not be measured.
    pub undetermined: Vec<RuleCode>,
    /// Advice that was not followed.
    pub advice: Vec<RuleCode>,
    /// The campaign's revision whose rules were applied.
    pub campaign_revision: u32,
}

/// Judges from findings alone: the same findings always give the same judgement.
#[must_use]
pub fn judge(findings: &[Finding], campaign_revision: u32) -> Judgement {
    let rules = |severity: Severity, outcome: Outcome| {
        let mut rules: Vec<RuleCode> = findings
            .iter()
            .filter(|finding| finding.severity == severity && finding.outcome == outcome)
            .map(|finding| finding.rule)
            .collect();
        rules.dedup();
        rules
    };
    let failed = rules(Severity::Required, Outcome::Failed);
    let undetermined = rules(Severity::Required, Outcome::Undetermined);
    let verdict = if failed.contains(&RuleCode::Deadline) {
        Verdict::Late
    } else if !failed.is_empty() {
        Verdict::Incomplete
    } else if !undetermined.is_empty() {
        Verdict::Undetermined
    } else {
        Verdict::Eligible
    };
    Judgement { verdict, failed, undetermined, advice: rules(Severity::Advice, Outcome::Failed), campaign_revision }
}
