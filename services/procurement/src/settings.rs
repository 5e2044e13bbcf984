//! The numbers and weights of the procurement rules, so that a province's own measure changes them without a release.

use serde::{Deserialize, Serialize};

use crate::finding::Severities;

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
    use crate::finding::Severity;

    #[test]
    fn settings_say_only_what_differs_and_nothing_unknown() {
        let settings: RuleSettings =
            toml::from_str("amendments_percent_max = 5\n[severities]\nPROJECT_INDIVIDUAL = \"ERROR\"").unwrap();
        assert_eq!((settings.amendments_percent_max, settings.term_months_max), (5, 12));
        assert_eq!(settings.severities.0["PROJECT_INDIVIDUAL"], Severity::Error);
        assert!(toml::from_str::<RuleSettings>("amendment_percent = 5").is_err());
    }
}
