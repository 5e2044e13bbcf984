//! One rule's outcome with its article: a value, never an error. What a rule could not decide is undetermined, not passed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How much a rule weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// Not judged at all.
    Off,
    /// Told, and nothing is held up by it. Rules whose text we have not seen in full begin here.
    Warning,
    /// The law says so.
    Error,
}

/// What came of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Kept.
    Pass,
    /// Broken.
    Fail,
    /// Cannot be said from what is recorded (a missing day, a year without a calendar).
    Undetermined,
}

/// A rule of the law, with the weight it has unless settings say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A stable code, `CONTRACT_TERM`.
    pub code: &'static str,
    /// The article it rests on.
    pub article: &'static str,
    /// Its weight as shipped.
    pub severity: Severity,
}

/// One rule's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's code.
    pub rule: &'static str,
    /// The article it rests on.
    pub article: &'static str,
    /// Its weight.
    pub severity: Severity,
    /// What came of it.
    pub outcome: Outcome,
    /// What was found and what is allowed, in one Chinese sentence.
    pub sentence: String,
}

/// Weights that differ from the shipped ones, by rule code. A rule shipped as an error is the law's: no setting weakens it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Severities(pub BTreeMap<String, Severity>);

/// Gathers the findings of one check under the weights in force.
pub struct Findings<'a> {
    severities: &'a Severities,
    all: Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// Begins a check.
    #[must_use]
    pub fn under(severities: &'a Severities) -> Self {
        Self { severities, all: Vec::new() }
    }

    /// Notes what came of a rule; a rule that is off is not noted.
    pub fn note(&mut self, rule: Rule, outcome: Outcome, sentence: impl Into<String>) {
        let severity = match (rule.severity, self.severities.0.get(rule.code)) {
            (Severity::Warning | Severity::Off, Some(set)) => *set,
            (shipped, _) => shipped,
        };
        if severity != Severity::Off {
            let Rule { code, article, .. } = rule;
            self.all.push(Finding { rule: code, article, severity, outcome, sentence: sentence.into() });
        }
    }

    /// Notes a rule that was either kept or broken.
    pub fn judge(&mut self, rule: Rule, kept: bool, sentence: impl Into<String>) {
        self.note(rule, if kept { Outcome::Pass } else { Outcome::Fail }, sentence);
    }

    /// Ends the check: everything found, in the order of the rules.
    #[must_use]
    pub fn finish(self) -> Vec<Finding> {
        self.all
    }
}

/// Whether nothing found stands in the way: no rule of weight `Error` is broken.
#[must_use]
pub fn is_clear(findings: &[Finding]) -> bool {
    !findings.iter().any(|found| found.severity == Severity::Error && found.outcome == Outcome::Fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_move_a_warning_and_never_weaken_the_law() {
        for (shipped, set, weight) in [
            (Severity::Warning, Severity::Error, Some(Severity::Error)),
            (Severity::Warning, Severity::Off, None),
            (Severity::Error, Severity::Off, Some(Severity::Error)),
            (Severity::Error, Severity::Warning, Some(Severity::Error)),
        ] {
            let severities = Severities(BTreeMap::from([("R".to_owned(), set)]));
            let mut findings = Findings::under(&severities);
            findings.judge(Rule { code: "R", article: "", severity: shipped }, false, "");
            let all = findings.finish();
            assert_eq!(all.first().map(|found| found.severity), weight, "{shipped:?} {set:?}");
            assert_eq!(is_clear(&all), weight != Some(Severity::Error));
        }
    }
}
