//! The numbers and weights of the procurement rules, so that a province's own measure changes them without a release.

use serde::{Deserialize, Serialize};

use crate::{
    contract, evaluation,
    finding::{Rule, Severities, Severity},
    party, project,
};

/// Limits and weights. The shipped ones are the law's; each names its article where it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSettings {
    /// Weights other than the shipped, by rule code.
    pub severities: Severities,
    /// Longest term of a contract (102号令 §24).
    pub term_months_max: u32,
    /// Longest term where the four conditions hold (102号令 §24).
    pub term_with_basis_months_max: u32,
    /// All supplements together against the first amount (政府采购法 §49).
    pub amendments_percent_max: u32,
    /// From the award letter to the signature, in days (政府采购法 §46).
    pub signing_days_max: u32,
    /// From the signature to publication, in working days (政府采购法实施条例 §50).
    pub publication_workdays_max: u32,
    /// From the signature to filing, in working days (政府采购法 §47).
    pub filing_workdays_max: u32,
    /// Words of what may not be bought as a service (102号令 §10).
    pub negative_words: Vec<NegativeWords>,
}

/// Every rule there is.
pub const RULES: &[Rule] = &[
    party::PROVIDER_BARRED,
    party::KIND_AGAINST_CODE,
    party::PROVIDER_FLAGGED,
    project::BUDGETED,
    project::IN_CATALOGUE,
    project::SERVICE_KIND,
    project::NEGATIVE_LIST,
    project::INDIVIDUAL,
    project::YEAR,
    contract::AMOUNT,
    contract::SHARES,
    contract::TERM,
    contract::AMENDMENTS,
    contract::PAYMENTS,
    contract::SIGNED_IN_TIME,
    contract::PUBLISHED,
    contract::FILED,
    contract::ACCEPTANCE_INVITES_USERS,
    evaluation::INDEPENDENT,
    evaluation::COMPLETE,
    evaluation::ONE_FINAL,
    evaluation::SCORE,
    evaluation::USE_AFTER_FINAL,
    evaluation::USE_DELTA,
];

impl RuleSettings {
    /// What is wrong with them: the key within them, and what is asked. A rule whose shipped weight is `ERROR` is the
    /// law's, and no setting weakens it.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), (String, String)> {
        for (code, severity) in &self.severities.0 {
            let key = || format!("severities.{code}");
            let Some(rule) = RULES.iter().find(|rule| rule.code == code) else {
                let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
                return Err((key(), format!("no rule has this code; there are {}", codes.join(", "))));
            };
            if rule.severity == Severity::Error && *severity != Severity::Error {
                return Err((key(), format!("{} says so, and no setting weakens it", rule.article)));
            }
        }
        let numbers = [
            ("term_months_max", self.term_months_max),
            ("term_with_basis_months_max", self.term_with_basis_months_max),
            ("amendments_percent_max", self.amendments_percent_max),
            ("signing_days_max", self.signing_days_max),
            ("publication_workdays_max", self.publication_workdays_max),
            ("filing_workdays_max", self.filing_workdays_max),
        ];
        match numbers.into_iter().find(|(_, number)| !(1..=1200).contains(number)) {
            Some((key, _)) => Err((key.to_owned(), "expected 1 to 1200".to_owned())),
            None => Ok(()),
        }
    }
}

/// Words that point at one of the exclusions of 102号令 §10.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NegativeWords {
    /// The exclusion.
    pub exclusion: String,
    /// Words that point at it.
    pub words: Vec<String>,
}

impl Default for RuleSettings {
    fn default() -> Self {
        let words = |exclusion: &str, words: &[&str]| NegativeWords {
            exclusion: exclusion.to_owned(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        };
        Self {
            severities: Severities::default(),
            term_months_max: 12,
            term_with_basis_months_max: 36,
            amendments_percent_max: 10,
            signing_days_max: 30,
            publication_workdays_max: 2,
            filing_workdays_max: 7,
            negative_words: vec![
                words("不属于政府职责范围的服务事项", &["经营性投资", "招商返利"]),
                words("应当由政府直接履职的事项", &["行政许可审批", "行政处罚决定", "行政裁决", "行政强制"]),
                words(
                    "货物、工程及将工程和服务打包的项目",
                    &["货物采购", "设备采购", "设备购置", "工程施工", "工程建设", "建设工程", "新建", "扩建", "改建"],
                ),
                words("融资行为", &["融资", "贷款", "垫资", "信托", "融资租赁"]),
                words(
                    "购买主体的人员招、聘用, 以劳务派遣方式用工及公益性岗位",
                    &["劳务派遣", "人员招聘", "聘用人员", "编外人员", "用工", "公益性岗位"],
                ),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_known_by_a_code_of_its_own() {
        let written: usize = [
            include_str!("party.rs"),
            include_str!("project.rs"),
            include_str!("contract/rules.rs"),
            include_str!("evaluation.rs"),
            include_str!("evaluation/trace.rs"),
        ]
        .iter()
        .map(|text| text.matches(": Rule =").count())
        .sum();
        assert_eq!(RULES.len(), written);
        let codes: std::collections::BTreeSet<&str> = RULES.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), RULES.len());
    }

    #[test]
    fn a_setting_that_cannot_hold_is_named() {
        let cases = [
            ("", None),
            ("[severities]\nEVALUATOR_INDEPENDENT = \"OFF\"", None),
            ("[severities]\nCONTRACT_TERM = \"WARNING\"", Some("severities.CONTRACT_TERM")),
            ("[severities]\nCONTRACT_TERMS = \"ERROR\"", Some("severities.CONTRACT_TERMS")),
            ("term_months_max = 0", Some("term_months_max")),
        ];
        for (toml, expected) in cases {
            let settings: RuleSettings = toml::from_str(toml).unwrap();
            assert_eq!(settings.check().err().map(|(key, _)| key).as_deref(), expected, "{toml}");
        }
    }

    #[test]
    fn settings_say_only_what_differs_and_nothing_unknown() {
        let settings: RuleSettings =
            toml::from_str("amendments_percent_max = 5\n[severities]\nPROJECT_INDIVIDUAL = \"ERROR\"").unwrap();
        assert_eq!((settings.amendments_percent_max, settings.term_months_max), (5, 12));
        assert_eq!(settings.severities.0["PROJECT_INDIVIDUAL"], Severity::Error);
        assert!(toml::from_str::<RuleSettings>("amendment_percent = 5").is_err());
    }
}
