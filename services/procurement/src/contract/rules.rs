//! The rules of a contract, one function each; what each found is a finding with its article.

use chrono::{Months, NaiveDate};
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::{Contract, ENTRIES_MAX, PROVIDERS_MAX};
use crate::{
    finding::{Finding, Findings, Outcome, Rule, Severity},
    money::Fen,
    rational::{self, Rounding},
    settings::RuleSettings,
    workday::WorkdayCalendar,
};

/// The amount is above zero, and there are not more entries than a contract takes.
pub const AMOUNT: Rule =
    Rule { code: "CONTRACT_AMOUNT", article: "财政部令第102号 §23", severity: Severity::Error };
/// The shares of the providers sum to 1.
pub const SHARES: Rule =
    Rule { code: "CONTRACT_SHARES", article: "财政部令第102号 §23", severity: Severity::Error };
/// A year, or three where the four conditions hold.
pub const TERM: Rule = Rule { code: "CONTRACT_TERM", article: "财政部令第102号 §24", severity: Severity::Error };
/// All supplements together add at most a tenth.
pub const AMENDMENTS: Rule =
    Rule { code: "CONTRACT_AMENDMENTS", article: "政府采购法 §49", severity: Severity::Error };
/// Nothing is paid beyond what was agreed.
pub const PAYMENTS: Rule =
    Rule { code: "CONTRACT_PAYMENTS", article: "财政部令第102号 §23", severity: Severity::Error };
/// Signed within thirty days of the award letter.
pub const SIGNED_IN_TIME: Rule =
    Rule { code: "CONTRACT_SIGNED_IN_TIME", article: "政府采购法 §46", severity: Severity::Error };
/// Made public within two working days of the signature.
pub const PUBLISHED: Rule =
    Rule { code: "CONTRACT_PUBLISHED", article: "政府采购法实施条例 §50", severity: Severity::Error };
/// A copy filed within seven working days of the signature.
pub const FILED: Rule = Rule { code: "CONTRACT_FILED", article: "政府采购法 §47", severity: Severity::Error };
/// Those served take part when a public service is taken over.
pub const ACCEPTANCE_INVITES_USERS: Rule =
    Rule { code: "ACCEPTANCE_INVITES_USERS", article: "政府采购法实施条例 §45", severity: Severity::Error };

/// What the rules say of a contract, seen from a day: what was not done yet and may still be done in time is undetermined.
#[must_use]
pub fn check_contract(
    contract: &Contract,
    settings: &RuleSettings,
    calendar: &WorkdayCalendar,
    on_day: NaiveDate,
) -> Vec<Finding> {
    let mut findings = Findings::under(&settings.severities);
    amount(contract, &mut findings);
    shares(contract, &mut findings);
    term(contract, settings, &mut findings);
    amendments(contract, settings, &mut findings);
    payments(contract, &mut findings);
    signed_in_time(contract, settings, &mut findings);
    if contract.is_secret {
        findings.note(PUBLISHED, Outcome::Pass, "涉及国家秘密、商业秘密, 不公告。");
    } else {
        let workdays = settings.publication_workdays_max;
        within_workdays(
            PUBLISHED,
            ("公告", workdays),
            contract,
            contract.published_day,
            calendar,
            on_day,
            &mut findings,
        );
    }
    let workdays = settings.filing_workdays_max;
    within_workdays(FILED, ("备案", workdays), contract, contract.filed_day, calendar, on_day, &mut findings);
    acceptance(contract, &mut findings);
    findings.finish()
}

fn amount(contract: &Contract, findings: &mut Findings<'_>) {
    let few = contract.parts.len() <= PROVIDERS_MAX
        && contract.amendments.len() <= ENTRIES_MAX
        && contract.payments.len() <= ENTRIES_MAX;
    findings.judge(
        AMOUNT,
        few && contract.amount > Fen::ZERO,
        match few {
            true if contract.amount == Fen::ZERO => "没有合同金额。".to_owned(),
            true => format!("合同金额为{}。", contract.amount),
            false => "承接主体、补充合同或支付记录的条数超过上限。".to_owned(),
        },
    );
}

fn shares(contract: &Contract, findings: &mut Findings<'_>) {
    if contract.parts.is_empty() {
        return findings.note(SHARES, Outcome::Fail, "没有承接主体。");
    }
    let sum = contract.parts.iter().fold(BigRational::zero(), |sum, part| sum + part.share.get());
    findings.judge(SHARES, sum.is_one(), format!("{}个承接主体的份额合计为{sum}, 应为1。", contract.parts.len()));
}

fn term(contract: &Contract, settings: &RuleSettings, findings: &mut Findings<'_>) {
    let (Some(start), Some(end)) = (contract.start_day, contract.end_day) else {
        return findings.note(TERM, Outcome::Undetermined, "没有履行期限的起止日期。");
    };
    if end < start {
        return findings.note(TERM, Outcome::Fail, format!("结束日期{end}早于开始日期{start}。"));
    }
    // The end is the last day of service: a year from 1 January ends on 31 December.
    let fits = |months: u32| start.checked_add_months(Months::new(months)).is_some_and(|limit| end < limit);
    let (short, long) = (settings.term_months_max, settings.term_with_basis_months_max);
    if fits(short) {
        return findings.note(TERM, Outcome::Pass, format!("{start}至{end}, 不超过{short}个月。"));
    }
    if !fits(long) {
        return findings.note(TERM, Outcome::Fail, format!("{start}至{end}, 超过{long}个月。"));
    }
    match contract.multi_year_basis {
        None => findings.note(TERM, Outcome::Fail, format!("{start}至{end}, 超过{short}个月, 没有说明依据。")),
        Some(basis) => {
            let missing = basis.missing();
            findings.judge(
                TERM,
                missing.is_empty(),
                match missing.is_empty() {
                    true => format!("{start}至{end}, 不超过{long}个月, 符合可签三年以内合同的条件。"),
                    false => format!("{start}至{end}, 超过{short}个月, 不符合条件: {}。", missing.join("、")),
                },
            );
        }
    }
}

fn amendments(contract: &Contract, settings: &RuleSettings, findings: &mut Findings<'_>) {
    let percent_max = settings.amendments_percent_max;
    let Ok(sum) = Fen::sum(contract.amendments.iter().map(|amendment| amendment.delta)) else {
        return findings.note(AMENDMENTS, Outcome::Fail, "补充合同金额合计超出可记录的范围。");
    };
    // In hundredths of fen and 128 bits: exact, and out of reach of overflow.
    let kept = i128::from(sum.get()) * 100 <= i128::from(contract.amount.get().max(0)) * i128::from(percent_max);
    let percent = match contract.amount {
        Fen::ZERO => "—".to_owned(),
        amount => {
            let part = BigRational::new((i128::from(sum.get()) * 100).into(), amount.get().into());
            rational::decimal(&part, 2, Rounding::Nearest)
        }
    };
    let sentence = format!("补充合同金额合计{sum}, 为原合同金额的{percent}%, 不得超过{percent_max}%。");
    findings.judge(AMENDMENTS, kept, sentence);
}

fn payments(contract: &Contract, findings: &mut Findings<'_>) {
    let (Ok(paid), Ok(limit)) = (contract.paid(), contract.amended_amount()) else {
        return findings.note(PAYMENTS, Outcome::Fail, "支付金额合计超出可记录的范围。");
    };
    findings.judge(PAYMENTS, paid <= limit, format!("已支付{paid}, 合同及补充合同金额合计{limit}。"));
}

fn signed_in_time(contract: &Contract, settings: &RuleSettings, findings: &mut Findings<'_>) {
    let (Some(award), Some(signed)) = (contract.award_day, contract.signed_day) else {
        return findings.note(SIGNED_IN_TIME, Outcome::Undetermined, "没有中标(成交)通知书日期或签订日期。");
    };
    let days = (signed - award).num_days();
    let kept = (0..=i64::from(settings.signing_days_max)).contains(&days);
    let sentence = format!("{award}发出通知书, {signed}签订, 相隔{days}日, 应在{}日内。", settings.signing_days_max);
    findings.judge(SIGNED_IN_TIME, kept, sentence);
}

fn within_workdays(
    rule: Rule,
    (act, workdays): (&str, u32),
    contract: &Contract,
    done: Option<NaiveDate>,
    calendar: &WorkdayCalendar,
    on_day: NaiveDate,
    findings: &mut Findings<'_>,
) {
    let Some(signed) = contract.signed_day else {
        return findings.note(rule, Outcome::Undetermined, "没有签订日期。");
    };
    if let Some(done) = done.filter(|done| *done < signed) {
        return findings.note(rule, Outcome::Fail, format!("{act}日期{done}早于签订日期{signed}。"));
    }
    let Some(due) = calendar.nth_after(signed, workdays) else {
        let sentence = format!("{signed}签订, 没有相应年度的工作日历, 无法计算{workdays}个工作日。");
        return findings.note(rule, Outcome::Undetermined, sentence);
    };
    let until = format!("{signed}签订, {workdays}个工作日内即{due}前{act}");
    match done {
        Some(done) => findings.judge(rule, done <= due, format!("{until}, 实际{done}。")),
        None if on_day > due => findings.note(rule, Outcome::Fail, format!("{until}, 截至{on_day}没有记录。")),
        None => findings.note(rule, Outcome::Undetermined, format!("{until}, 尚未到期。")),
    }
}

fn acceptance(contract: &Contract, findings: &mut Findings<'_>) {
    let Some(acceptance) = contract.acceptance.filter(|_| contract.is_public_service) else { return };
    let outcome = match acceptance.service_users_invited {
        Some(true) => Outcome::Pass,
        Some(false) => Outcome::Fail,
        None => Outcome::Undetermined,
    };
    findings.note(
        ACCEPTANCE_INVITES_USERS,
        outcome,
        match outcome {
            Outcome::Pass => "公共服务项目验收时邀请了服务对象参与。",
            Outcome::Fail => "公共服务项目验收时没有邀请服务对象参与。",
            Outcome::Undetermined => "没有记录验收时是否邀请服务对象参与。",
        },
    );
}
