//! Between the rules of the room `procurement` and the wire: findings, codes, days.

use chrono::{FixedOffset, NaiveDate, Utc};
use procurement::finding::{Finding, Outcome, Severity};
use proto::procurement::v1;
use tonic::Status;

use crate::{errors, wire::Fault};

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

/// Today in Beijing, whose days the law counts.
#[must_use]
pub fn today() -> NaiveDate {
    let beijing = FixedOffset::east_opt(8 * 3600).expect("eight hours are an offset");
    Utc::now().with_timezone(&beijing).date_naive()
}

/// The civil day of a text `YYYY-MM-DD`; `None` when it is empty or no day (see [`day_faults`]).
#[must_use]
pub fn day(text: &str) -> Option<NaiveDate> {
    // chrono reads `2021-3-5` too; one day has one spelling here, so that days are ordered as texts.
    text.parse().ok().filter(|day: &NaiveDate| day.to_string() == text)
}

/// The day that a request's field names, or today when it is empty.
pub fn day_or_today(field: &str, text: &str) -> Result<NaiveDate, Status> {
    match day(text) {
        Some(day) => Ok(day),
        None if text.is_empty() => Ok(today()),
        None => Err(errors::fields(&[not_a_day(field)])),
    }
}

/// Of fields that hold a day or nothing, those that hold something else.
#[must_use]
pub fn day_faults(fields: &[(&str, &str)]) -> Vec<Fault> {
    let wrong = fields.iter().filter(|(_, text)| !text.is_empty() && day(text).is_none());
    wrong.map(|(field, _)| not_a_day(field)).collect()
}

fn not_a_day(field: &str) -> Fault {
    let en = "a day of the form YYYY-MM-DD is needed".to_owned();
    Fault { field: field.to_owned(), zh: "应为 YYYY-MM-DD 形式的日期".to_owned(), en }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_spelling() {
        for (text, sound) in [
            ("2021-03-05", true),
            ("2021-3-5", false),
            ("2021-02-29", false),
            (" 2021-03-05", false),
            ("20210305", false),
            ("", false),
        ] {
            assert_eq!(day(text).is_some(), sound, "{text}");
        }
        assert_eq!(day_faults(&[("a", ""), ("b", "2021-03-05"), ("c", "2021")])[0].field, "c");
    }
}
