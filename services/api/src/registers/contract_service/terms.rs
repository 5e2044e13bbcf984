//! A contract of the wire as the rules see it, and what follows from what it says: sums, state, amounts by kind.

use std::collections::BTreeMap;

use num_rational::BigRational;
use num_traits::{One, Zero};
use procurement::{
    contract::{self, Acceptance, Amendment, PROVIDERS_MAX, Part, Payment, Share},
    money::Fen,
    party::PartyName,
    project::FileNo,
};
use proto::procurement::v1::{self, ContractState};
use store::register::Term;

use super::super::{day, rules};
use crate::wire::Fault;

/// Supplements, and payments, of one contract: it is read as a whole.
const ENTRIES_MAX: usize = 1_000;
/// Characters of a share.
const SHARE_CHARACTERS_MAX: usize = 64;
/// Characters of a text about a method.
const METHOD_CHARACTERS_MAX: usize = 200;

fn fault(field: impl Into<String>, en: impl Into<String>, zh: impl Into<String>) -> Fault {
    Fault { field: field.into(), zh: zh.into(), en: en.into() }
}

fn share(text: &str) -> Result<Share, procurement::Error> {
    if text.is_empty() { Ok(Share::whole()) } else { Share::parse(text) }
}

/// A share in its one spelling: `1`, or a fraction in lowest terms.
#[must_use]
pub fn spelled(share: &BigRational) -> String {
    share.to_string()
}

/// What breaks the form of a contract. The rules of the law are none of it: they give findings.
#[must_use]
pub fn check(contract: &v1::Contract) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !contract.title.is_empty() && contract.title.parse::<PartyName>().is_err() {
        faults.push(fault("title", "has 1 to 200 characters and no control characters", "应为 1 至 200 个字符"));
    }
    if !contract.contract_no.is_empty() && contract.contract_no.parse::<FileNo>().is_err() {
        faults.push(fault("contract_no", "has 1 to 100 characters and no blanks", "应为 1 至 100 个字符,不含空白"));
    }
    if contract.project.is_empty() {
        faults.push(fault("project", "a project is needed", "请填写项目"));
    }
    faults.extend(check_parts(&contract.parts));
    if contract.amount_fen.is_some_and(|amount| amount < 0) {
        faults.push(fault("amount_fen", "must not be negative", "不能为负数"));
    }
    faults.extend(day::faults(&[
        ("award_day", &contract.award_day),
        ("signed_day", &contract.signed_day),
        ("start_day", &contract.start_day),
        ("end_day", &contract.end_day),
        ("published_day", &contract.published_day),
        ("filed_day", &contract.filed_day),
    ]));
    if contract.method_text.chars().count() > METHOD_CHARACTERS_MAX {
        faults.push(fault("method_text", "has at most 200 characters", "不超过 200 个字符"));
    }
    let texts = [("title", contract.title.as_str()), ("method_text", &contract.method_text)];
    faults.extend(rules::identity_faults(&texts));
    faults
}

fn check_parts(parts: &[v1::ContractPart]) -> Vec<Fault> {
    if !(1..=PROVIDERS_MAX).contains(&parts.len()) {
        return vec![fault("parts", "1 to 100 providers are needed", "应有 1 至 100 个承接主体")];
    }
    let mut faults = Vec::new();
    let mut sum = BigRational::zero();
    for (index, part) in parts.iter().enumerate() {
        let at = |field: &str| format!("parts[{index}].{field}");
        if part.provider.is_empty() {
            faults.push(fault(at("provider"), "a provider is needed", "请填写承接主体"));
        } else if parts[..index].iter().any(|before| before.provider == part.provider) {
            faults.push(fault(at("provider"), "stands twice", "承接主体重复"));
        }
        match Some(&part.share).filter(|text| text.chars().count() <= SHARE_CHARACTERS_MAX).map(|text| share(text)) {
            Some(Ok(share)) => sum += share.get(),
            _ => {
                let en = "a share above 0 and at most 1 is needed, such as 1/3, 60% or 0.6";
                faults.push(fault(at("share"), en, "应为大于 0、不超过 1 的份额,如 1/3、60%、0.6"));
            }
        }
    }
    if faults.is_empty() && !sum.is_one() {
        let text: String = sum.to_string().chars().take(SHARE_CHARACTERS_MAX).collect();
        faults.push(fault("parts", format!("the shares sum to {text}, not to 1"), format!("份额合计为{text},应为 1")));
    }
    if faults.is_empty() && shares(parts).and_then(|parts| split(parts, Fen::new(1))).is_err() {
        faults.push(fault("parts", "the shares have no small common denominator", "份额的公分母过大"));
    }
    faults
}

fn shares(parts: &[v1::ContractPart]) -> Result<Vec<Part>, procurement::Error> {
    let unnamed = |_| procurement::Error::malformed("provider", "", "is no name");
    parts
        .iter()
        .map(|part| Ok(Part { provider: part.provider.parse().map_err(unnamed)?, share: share(&part.share)? }))
        .collect()
}

fn split(parts: Vec<Part>, amount: Fen) -> Result<Vec<Fen>, procurement::Error> {
    bare(parts).split(amount)
}

// The parts alone: what splits an amount looks at nothing else.
fn bare(parts: Vec<Part>) -> contract::Contract {
    contract::Contract {
        contract_no: "-".parse().expect("a hyphen is a number"),
        amount: Fen::ZERO,
        parts,
        award_day: None,
        signed_day: None,
        start_day: None,
        end_day: None,
        published_day: None,
        filed_day: None,
        is_secret: false,
        is_public_service: false,
        multi_year_basis: None,
        amendments: Vec::new(),
        payments: Vec::new(),
        acceptance: None,
    }
}

/// The contract as the rules see it; `is_public_service` is its project's.
///
/// # Errors
/// A share or a name that [`check`] refuses.
pub fn agreement(contract: &v1::Contract, is_public_service: bool) -> Result<contract::Contract, procurement::Error> {
    let day = day::read;
    let basis = |basis: &v1::MultiYearBasis| contract::MultiYearBasis {
        budget_is_assured: basis.budget_is_assured,
        content_is_fixed: basis.content_is_fixed,
        funding_is_stable: basis.funding_is_stable,
        price_is_steady: basis.price_is_steady,
    };
    let acceptance = |taken: &v1::Acceptance| {
        let service_users_invited = taken.service_users_invited;
        day(&taken.day).map(|day| Acceptance { day, passed: taken.is_passed, service_users_invited })
    };
    let amended = |of: &v1::Amendment| day(&of.day).map(|day| Amendment { day, delta: Fen::new(of.delta_fen) });
    let paid = |of: &v1::Payment| day(&of.day).map(|day| Payment { day, amount: Fen::new(of.amount_fen) });
    Ok(contract::Contract {
        amount: Fen::new(contract.amount_fen.unwrap_or_default()),
        award_day: day(&contract.award_day),
        signed_day: day(&contract.signed_day),
        start_day: day(&contract.start_day),
        end_day: day(&contract.end_day),
        published_day: day(&contract.published_day),
        filed_day: day(&contract.filed_day),
        is_secret: contract.is_secret,
        is_public_service,
        multi_year_basis: contract.multi_year_basis.as_ref().map(basis),
        amendments: contract.amendments.iter().filter_map(amended).collect(),
        payments: contract.payments.iter().filter_map(paid).collect(),
        acceptance: contract.acceptance.as_ref().and_then(acceptance),
        ..bare(shares(&contract.parts)?)
    })
}

/// Writes what follows from the rest: sums, the first provider, the state, days in order, shares in one spelling.
///
/// # Errors
/// Sums that leave 64 bits, with the field to blame.
pub fn settle(contract: &mut v1::Contract) -> Result<(), Vec<Fault>> {
    for part in &mut contract.parts {
        if let Ok(share) = share(&part.share) {
            part.share = spelled(share.get());
        }
    }
    contract.amendments.sort_by(|a, b| a.day.cmp(&b.day));
    contract.payments.sort_by(|a, b| a.day.cmp(&b.day));
    let too_much = |field: &str| vec![fault(field, "the sum is beyond 64 bits of fen", "金额合计超出可记录的范围")];
    let amended = contract.amendments.iter().map(|of| Fen::new(of.delta_fen));
    contract.amended_fen = match contract.amount_fen {
        None => None,
        Some(amount) => {
            let sum = Fen::sum(std::iter::once(Fen::new(amount)).chain(amended));
            Some(sum.map_err(|_| too_much("amount_fen"))?.get())
        }
    };
    let paid = Fen::sum(contract.payments.iter().map(|of| Fen::new(of.amount_fen)));
    let paid = paid.map_err(|_| too_much("payments"))?;
    contract.paid_fen = (!contract.payments.is_empty()).then_some(paid.get());
    let first = contract.parts.first();
    (contract.provider, contract.provider_kind) =
        first.map_or_else(Default::default, |part| (part.provider.clone(), part.kind));
    let state = match (&contract.termination, &contract.acceptance) {
        (Some(_), _) => ContractState::Terminated,
        (None, Some(taken)) if taken.is_passed => ContractState::Accepted,
        (None, Some(_)) => ContractState::Rejected,
        (None, None) if contract.signed_day.is_empty() => ContractState::Draft,
        (None, None) => ContractState::InForce,
    };
    contract.state = state.into();
    Ok(())
}

/// Each part's own amounts, in the order of the parts: agreed with supplements, and paid.
///
/// # Errors
/// A share that [`check`] refuses.
pub fn amounts(contract: &v1::Contract) -> Result<Vec<(Fen, Fen)>, procurement::Error> {
    let agreement = bare(shares(&contract.parts)?);
    let agreed = agreement.split(Fen::new(contract.amended_fen.unwrap_or_default()))?;
    let paid = agreement.split(Fen::new(contract.paid_fen.unwrap_or_default()))?;
    Ok(agreed.into_iter().zip(paid).collect())
}

/// What totals by provider kind are added up from.
#[must_use]
pub fn weighed(contract: &v1::Contract) -> Vec<Term> {
    // A contract that no amounts can be given of was refused before it came here.
    let Ok(amounts) = amounts(contract) else { return Vec::new() };
    let mut by_kind: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for (part, (agreed, paid)) in contract.parts.iter().zip(amounts) {
        let code = part.kind().as_str_name().trim_start_matches("PROVIDER_KIND_");
        let sums = by_kind.entry(code).or_default();
        // Parts of one 64-bit amount: no sum of them leaves it.
        *sums = (sums.0.saturating_add(agreed.get()), sums.1.saturating_add(paid.get()));
    }
    let mut terms = Vec::with_capacity(2 * by_kind.len());
    for (code, (agreed, paid)) in by_kind {
        terms.push(Term { facet: "provider_kinds", term: code.to_owned(), amount: agreed });
        terms.push(Term { facet: "provider_kinds_paid", term: code.to_owned(), amount: paid });
    }
    terms
}

/// Whether one entry more may be recorded.
#[must_use]
pub fn has_room(entries: usize) -> bool {
    entries < ENTRIES_MAX
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn contract() -> v1::Contract {
        let part = |provider: &str, share: &str, kind: v1::ProviderKind| v1::ContractPart {
            provider: provider.into(),
            share: share.into(),
            kind: kind.into(),
            ..Default::default()
        };
        v1::Contract {
            project: "projects/1".into(),
            parts: vec![
                part("providers/a", "1/3", v1::ProviderKind::Enterprise),
                part("providers/b", "1/3", v1::ProviderKind::SocialOrganisation),
                part("providers/c", "1/3", v1::ProviderKind::Enterprise),
            ],
            amount_fen: Some(90),
            amendments: vec![v1::Amendment { day: "2021-05-01".into(), delta_fen: 10, ..Default::default() }],
            ..Default::default()
        }
    }

    #[test]
    fn amounts_by_kind_add_up_to_the_amended_amount() {
        let mut contract = contract();
        settle(&mut contract).unwrap();
        assert_eq!((contract.amended_fen, contract.paid_fen), (Some(100), None));
        let told: Vec<String> =
            weighed(&contract).iter().map(|term| format!("{} {} {}", term.facet, term.term, term.amount)).collect();
        assert_eq!(
            told,
            [
                "provider_kinds ENTERPRISE 67",
                "provider_kinds_paid ENTERPRISE 0",
                "provider_kinds SOCIAL_ORGANISATION 33",
                "provider_kinds_paid SOCIAL_ORGANISATION 0",
            ]
        );
    }

    type Edit = fn(&mut v1::Contract);

    #[test]
    fn what_breaks_the_form_is_named() {
        let cases: [(&str, Edit, &[&str]); 11] = [
            ("sound", |_| {}, &[]),
            ("sum below 1", |c| c.parts[0].share = "1/4".into(), &["parts"]),
            ("decimals", |c| c.parts[0].share = "33.3%".into(), &["parts"]),
            ("no share", |c| c.parts[1].share = "0".into(), &["parts[1].share"]),
            ("long share", |c| c.parts[1].share = "0".repeat(65), &["parts[1].share"]),
            ("twice", |c| c.parts[2].provider = "providers/a".into(), &["parts[2].provider"]),
            ("none", |c| c.parts.clear(), &["parts"]),
            (
                "one without a share",
                |c| {
                    c.parts.truncate(1);
                    c.parts[0].share.clear();
                },
                &[],
            ),
            ("amount", |c| c.amount_fen = Some(-1), &["amount_fen"]),
            ("day", |c| c.signed_day = "2021-2-30".into(), &["signed_day"]),
            ("number", |c| c.contract_no = "a b".into(), &["contract_no"]),
        ];
        for (what, edit, fields) in cases {
            let mut subject = contract();
            edit(&mut subject);
            let found: Vec<String> = check(&subject).into_iter().map(|fault| fault.field).collect();
            assert_eq!(found, fields, "{what}");
        }
    }

    #[test]
    fn a_state_follows_from_what_is_recorded() {
        let taken = |is_passed| Some(v1::Acceptance { day: "2021-12-01".into(), is_passed, ..Default::default() });
        for (signed, acceptance, terminated, state) in [
            ("", None, false, ContractState::Draft),
            ("2021-01-04", None, false, ContractState::InForce),
            ("2021-01-04", taken(true), false, ContractState::Accepted),
            ("2021-01-04", taken(false), false, ContractState::Rejected),
            ("2021-01-04", taken(true), true, ContractState::Terminated),
        ] {
            let mut subject = v1::Contract { signed_day: signed.into(), acceptance, ..contract() };
            subject.termination = terminated.then(v1::Termination::default);
            settle(&mut subject).unwrap();
            assert_eq!(subject.state(), state);
        }
    }

    proptest! {
        #[test]
        fn whatever_the_shares_the_amounts_by_kind_are_the_whole(
            amount in 0i64..=i64::MAX / 4,
            deltas in proptest::collection::vec(-1_000_000i64..1_000_000, 0..4),
            payments in proptest::collection::vec(-1_000i64..=i64::MAX / 16, 0..4),
            weights in proptest::collection::vec((1u32..50, 1i32..=10), 1..9),
        ) {
            let whole: u32 = weights.iter().map(|(weight, _)| weight).sum();
            let part = |(at, (weight, kind)): (usize, &(u32, i32))| v1::ContractPart {
                provider: format!("providers/{at}"),
                share: format!("{weight}/{whole}"),
                kind: *kind,
                ..Default::default()
            };
            let day = || "2021-05-01".to_owned();
            let mut subject = v1::Contract {
                project: "projects/1".into(),
                parts: weights.iter().enumerate().map(part).collect(),
                amount_fen: Some(amount),
                amendments: deltas
                    .into_iter()
                    .map(|delta_fen| v1::Amendment { day: day(), delta_fen, ..Default::default() })
                    .collect(),
                payments: payments
                    .into_iter()
                    .map(|amount_fen| v1::Payment { day: day(), amount_fen, ..Default::default() })
                    .collect(),
                ..Default::default()
            };
            prop_assert!(check(&subject).is_empty());
            settle(&mut subject).unwrap();
            let terms = weighed(&subject);
            let sum = |facet: &str| -> i64 {
                terms.iter().filter(|term| term.facet == facet).map(|term| term.amount).sum()
            };
            prop_assert_eq!(sum("provider_kinds"), subject.amended_fen.unwrap());
            prop_assert_eq!(sum("provider_kinds_paid"), subject.paid_fen.unwrap_or_default());
        }
    }

    #[test]
    fn sums_beyond_64_bits_are_refused() {
        let mut subject = v1::Contract { amount_fen: Some(i64::MAX), ..contract() };
        assert_eq!(settle(&mut subject).unwrap_err()[0].field, "amount_fen");
    }
}
