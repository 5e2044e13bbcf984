//! Between the rules of the room `procurement` and the wire: findings, codes, identity numbers.

use procurement::{
    finding::{Finding, Outcome, Severity},
    identity_number,
};
use proto::procurement::v1;

use crate::wire::Fault;

/// What a rule found.
#[must_use]
pub fn finding(found: &Finding) -> v1::Finding {
    let severity = match found.severity {
        // A rule that is off gives no finding.
        Severity::Off => v1::Severity::Unspecified,
        Severity::Warning => v1::Severity::Warning,
        Severity::Error => v1::Severity::Error,
    };
    let outcome = match found.outcome {
        Outcome::Pass => v1::Outcome::Pass,
        Outcome::Fail => v1::Outcome::Fail,
        Outcome::Undetermined => v1::Outcome::Undetermined,
    };
    v1::Finding {
        rule: found.rule.to_owned(),
        article: found.article.to_owned(),
        severity: severity.into(),
        outcome: outcome.into(),
        sentence: found.sentence.clone(),
    }
}

/// What the rules found.
#[must_use]
pub fn findings(found: &[Finding]) -> Vec<v1::Finding> {
    found.iter().map(finding).collect()
}

/// The member of a closed list that a name of the wire stands for (`PROVIDER_KIND_ENTERPRISE`, its prefix
/// `PROVIDER_KIND_`); `None` for the unspecified one.
#[must_use]
pub fn member<T: std::str::FromStr>(name: &str, prefix: &str) -> Option<T> {
    name.strip_prefix(prefix)?.parse().ok()
}

/// A fault for each text that holds a resident identity number, which no register stores. Never repeats what it found.
#[must_use]
pub fn identity_faults(fields: &[(&str, &str)]) -> Vec<Fault> {
    let holding = fields.iter().filter(|(_, text)| identity_number::is_in(text));
    holding.map(|(field, _)| identity_fault(*field)).collect()
}

/// The fault of a field that holds a resident identity number.
#[must_use]
pub fn identity_fault(field: impl Into<String>) -> Fault {
    Fault {
        field: field.into(),
        zh: "含有公民身份号码;本系统不保存身份证号,个人只登记姓名(遮蔽后保存)".to_owned(),
        en: "holds a resident identity number, which is never stored".to_owned(),
    }
}
