//! The made-up registers have the published totals, keep the rules, repeat themselves and say everywhere what they are.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    catalogue::diff::Diff,
    contract::check_contract,
    finding::{Outcome, is_clear},
    party::check_provider,
    project::check_project,
    settings::RuleSettings,
};

fn zhejiang() -> RegionCode {
    "330000".parse().unwrap()
}

fn plan(year: i32, seed: u64) -> Plan {
    Plan::published(&zhejiang(), year, seed).unwrap()
}

// A share in the number of tenths of a percent it rounds to.
fn permille(part: u64, whole: u64) -> u64 {
    (part * 2000 + whole) / (2 * whole)
}

#[test]
fn the_totals_are_the_published_ones_to_the_fen_for_any_seed() {
    for (year, seed, projects, settlement, public, market) in [
        (2021, 1, 34_463, "321.70亿元", 694, 814),
        (2021, 20_221_016, 34_463, "321.70亿元", 694, 814),
        (2015, 1, 9_699, "84亿元", 600, 700),
    ] {
        let (mut count, mut publics, mut markets, mut sum, mut paid) = (0u64, 0, 0, Fen::ZERO, Fen::ZERO);
        for record in records(plan(year, seed)).unwrap() {
            count += 1;
            publics += u64::from(record.project.service_kind == ServiceKind::Public);
            markets += u64::from(record.provider.kind.is_enterprise_or_social_institution());
            let settlement = record.project.settlement.unwrap();
            assert!(settlement > Fen::ZERO);
            sum = sum.plus(settlement).unwrap();
            paid = paid.plus(record.contract.paid().unwrap()).unwrap();
        }
        assert_eq!(count, projects, "{year}");
        assert_eq!(sum, Fen::parse(settlement).unwrap(), "{year}: {sum}");
        assert_eq!(paid, sum, "{year}");
        assert_eq!((permille(publics, count), permille(markets, count)), (public, market), "{year}");
    }
}

#[test]
fn the_catalogues_have_the_published_counts_and_can_be_compared() {
    let (early, late) = (edition(2015), edition(2021));
    assert_eq!(early.counts().to_string(), "2类16款65项");
    assert_eq!(late.counts().to_string(), "6类46款170项");
    let diff = Diff::between(&early, &late, None).unwrap();
    assert_eq!(diff.apply(&early, 2021, 1).unwrap().items(), late.items());
    let counts = diff.counts(&early, &late);
    assert_eq!(counts.added as isize - counts.removed as isize, 4 + 30 + 105);
}

#[test]
fn every_record_keeps_the_rules() {
    let settings = RuleSettings::default();
    for year in [2015, 2021] {
        let edition = edition(year);
        let later = NaiveDate::from_ymd_opt(year + 1, 12, 31).unwrap();
        for record in records(plan(year, 7)).unwrap().step_by(41) {
            let day = record.contract.signed_day.unwrap();
            let mut findings = check_project(&record.project, Some(&edition), &[record.provider.kind], &settings);
            findings.extend(check_contract(&record.contract, &settings, WorkdayCalendar::shipped(), later));
            findings.extend(check_provider(&record.provider, &[], day, &settings.severities));
            assert!(is_clear(&findings), "{record:?}");
            let failed: Vec<_> = findings.iter().filter(|found| found.outcome == Outcome::Fail).collect();
            assert!(failed.is_empty(), "{failed:?} {record:?}");
        }
    }
}

#[test]
fn everything_made_up_says_so() {
    for record in records(plan(2021, 1)).unwrap().step_by(97) {
        for name in [&record.purchaser.name, &record.provider.name, &record.project.name] {
            assert!(name.as_str().starts_with(MARK), "{name:?}");
        }
        assert!(record.provider.shown_name().starts_with(MARK), "{:?}", record.provider);
        assert!(record.is_synthetic());
        assert!(record.project.project_no.as_str().starts_with("SYN-"));
        assert!(record.contract.contract_no.as_str().starts_with("SYN-"));
        for code in [&record.purchaser.credit_code, &record.provider.credit_code].into_iter().flatten() {
            assert_eq!(code.region(), "339999");
        }
    }
    assert!(
        edition(2021)
            .items()
            .values()
            .all(|line| line.uid.as_str().starts_with("syn-") && line.code.starts_with("SYN-"))
    );
}

#[test]
fn a_seed_repeats_itself_and_another_is_another() {
    let first = |seed| records(plan(2021, seed)).unwrap().take(50).collect::<Vec<_>>();
    assert_eq!(first(1), first(1));
    assert_ne!(first(1), first(2));
}

#[test]
fn numbers_are_unique_places_are_all_used_and_one_name_is_one_provider() {
    let (mut numbers, mut places, mut codes) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    let mut bearers = BTreeMap::new();
    for record in records(plan(2021, 1)).unwrap() {
        assert!(numbers.insert(record.project.project_no.clone()));
        places.insert(record.project.region.clone());
        let known = codes.entry(record.provider.name.clone()).or_insert_with(|| record.provider.clone());
        assert_eq!(*known, record.provider);
        if let Some(code) = &record.provider.credit_code {
            let bearer = bearers.entry(code.to_string()).or_insert_with(|| record.provider.name.clone());
            assert_eq!(*bearer, record.provider.name, "one code is one body's");
        }
    }
    // 90 counties, 11 cities and the province's own level; 江干 and 下城 are gone by the end of 2021.
    assert_eq!(places.len(), 102);
    assert!(!places.contains(&"330104".parse().unwrap()) && places.contains(&"330114".parse().unwrap()));
    assert!((3_000..20_000).contains(&codes.len()), "{}", codes.len());
}

#[test]
fn what_nobody_published_has_no_plan_and_a_plan_that_cannot_be_is_refused() {
    assert_eq!(Plan::published(&zhejiang(), 2020, 1), None);
    for (region, year) in PUBLISHED {
        assert!(Plan::published(&region.parse().unwrap(), year, 1).is_some(), "{region} {year}");
    }
    assert_eq!(Plan::published(&"330100".parse().unwrap(), 2021, 1), None);
    let small = Plan {
        projects: 10,
        settlement: Fen::new(10 * STEP_FEN),
        public_projects: 7,
        market_contracts: 10,
        ..plan(2021, 1)
    };
    assert_eq!(records(small.clone()).unwrap().count(), 10);
    assert!(records(small.clone()).unwrap().all(|record| record.project.settlement == Some(Fen::new(STEP_FEN))));
    for wrong in [
        Plan { projects: 0, ..small.clone() },
        Plan { projects: PROJECTS_MAX + 1, ..small.clone() },
        Plan { settlement: Fen::new(9 * STEP_FEN), ..small.clone() },
        Plan { settlement: Fen::new(10 * STEP_FEN + 1), ..small.clone() },
        Plan { settlement: Fen::new(-10 * STEP_FEN), ..small.clone() },
        Plan { public_projects: 11, ..small.clone() },
        Plan { region: "999999".parse().unwrap(), ..small.clone() },
    ] {
        assert!(records(wrong.clone()).is_err(), "{wrong:?}");
    }
}
