//! Whether a provider may be awarded a contract on a day, by all that is on record of it.

use chrono::NaiveDate;

use crate::{
    coded::coded,
    finding::{Finding, Findings, Outcome, Rule, Severities, Severity},
    party::{Provider, ProviderFlag, check_provider},
};

coded! {
    /// Whether a provider still exists.
    RegistrationStatus, "status of a registration":
    /// 存续
    Active = "ACTIVE" "存续",
    /// 吊销: its licence was taken away.
    Revoked = "REVOKED" "吊销",
    /// 注销: it ended.
    Deregistered = "DEREGISTERED" "注销",
}

/// Who delivers can answer for what it does: it exists and its licence was not taken away.
pub const PROVIDER_EXISTS: Rule =
    Rule { code: "PROVIDER_EXISTS", article: "政府采购法 §22", severity: Severity::Error };
/// Nobody whom an evaluation's result bars.
pub const PROVIDER_BARRED_BY_RESULT: Rule =
    Rule { code: "PROVIDER_BARRED_BY_RESULT", article: "预算法实施条例 §20", severity: Severity::Error };

/// What the rules say of an award on a day. `barred_until` are the days until which results bar the provider, the first
/// day free again each.
#[must_use]
pub fn check_eligibility(
    provider: &Provider,
    status: Option<RegistrationStatus>,
    flags: &[ProviderFlag],
    barred_until: &[NaiveDate],
    on_day: NaiveDate,
    severities: &Severities,
) -> Vec<Finding> {
    let mut all = check_provider(provider, flags, on_day, severities);
    let mut findings = Findings::under(severities);
    match status {
        // A status is of today, and what is asked may be long ago: only an ended one is told.
        None | Some(RegistrationStatus::Active) => {}
        Some(ended) => {
            findings.note(PROVIDER_EXISTS, Outcome::Fail, format!("登记状态为{}, 不能承担民事责任。", ended.chinese()));
        }
    }
    if let Some(until) = barred_until.iter().max() {
        let (outcome, sentence) = match on_day < *until {
            true => (Outcome::Fail, format!("绩效评价结果应用: {until}前不得选择。")),
            false => (Outcome::Pass, format!("绩效评价结果应用的限制已于{until}解除。")),
        };
        findings.note(PROVIDER_BARRED_BY_RESULT, outcome, sentence);
    }
    all.extend(findings.finish());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{finding::is_clear, party::ProviderKind};

    #[test]
    fn an_ended_or_barred_provider_is_not_eligible() {
        use RegistrationStatus::*;
        let provider = Provider {
            name: "某某服务有限公司".parse().unwrap(),
            credit_code: None,
            kind: ProviderKind::Enterprise,
            registration_class: None,
            region: None,
        };
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (status, barred_until, clear) in [
            (None, &[][..], true),
            (Some(Active), &[], true),
            (Some(Revoked), &[], false),
            (Some(Deregistered), &[], false),
            (Some(Active), &["2021-06-02", "2020-01-01"], false),
            (Some(Active), &["2021-06-01"], true),
        ] {
            let barred_until: Vec<NaiveDate> = barred_until.iter().copied().map(day).collect();
            let findings =
                check_eligibility(&provider, status, &[], &barred_until, day("2021-06-01"), &Severities::default());
            assert_eq!(is_clear(&findings), clear, "{status:?} {barred_until:?}");
        }
    }
}
