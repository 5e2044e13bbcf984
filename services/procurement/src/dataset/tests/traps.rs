//! The traps that the article sets (procurement.md 1.4), T1 to T7; T8 is one of regions.

use super::*;
use crate::{
    figure::{Basis, Caveat, Period, Scope},
    rational::fraction,
    reconcile::{Mismatch, Records, RecordsVerdict, Relation, Undetermined, Verdict},
    unit::Unit,
};

fn records_of(figure: &PublishedFigure) -> Records {
    Records {
        total: figure.quantity.value() * figure.quantity.unit().scale(),
        unit: figure.quantity.unit(),
        basis: figure.basis,
        scope: figure.scope,
        region: figure.region.clone(),
        without: figure.without.clone(),
        period: figure.period,
        regions_reporting: 90,
        regions_existing: 90,
    }
}

fn evaluate(set: &Dataset, formula: &str) -> crate::figure::ComputedFigure {
    formula.parse::<crate::formula::Formula>().unwrap().evaluate(&set.figures).unwrap()
}

#[test]
fn t1_two_readings_of_the_public_service_projects_are_both_told_and_none_is_chosen() {
    let set = article();
    let found = set.reconcile(set.claim("C10").unwrap()).unwrap();
    assert_eq!(found.verdict, Verdict::AmbiguousBase);
    let readings: Vec<_> = found.computed.iter().map(|value| value.clone().unwrap()).collect();
    assert_eq!(readings[0].central, Some(fraction(34_463 * 694, 1000)));
    assert_eq!(readings[0].interval.whole_numbers(), Some((23_901.into(), 23_934.into())));
    assert_eq!(readings[1].central, Some(fraction(34_463 * 1000, 694)));
    for id in ["F12", "F23"] {
        assert!(set.figure(id).unwrap().base_note.is_some(), "{id}");
        assert!(
            readings[0].caveats.iter().any(|caveat| matches!(caveat, Caveat::OpenBase(of, _) if of.as_str() == id))
        );
    }
}

#[test]
fn t2_the_sixteen_projects_belong_to_the_eleven_departments() {
    let set = article();
    let with_projects: Vec<&Member> = set.members.iter().filter(|member| member.projects.is_some()).collect();
    assert_eq!(with_projects.len(), 1);
    assert_eq!((with_projects[0].kind, with_projects[0].count.as_str()), (MemberKind::Department, "F03"));
    let evaluation = set.evaluations.iter().find(|one| one.id == "E2018").unwrap();
    assert_eq!(evaluation.pilot.as_deref(), Some("T2016"));
    let ids: Vec<&str> = evaluation.figures.iter().map(FigureId::as_str).collect();
    assert_eq!(ids, ["F07a", "F07b"]);
    assert_eq!(set.reconcile(set.claim("C06b").unwrap()).unwrap().verdict, Verdict::Consistent);
}

#[test]
fn t3_the_two_170_are_two_figures_and_their_equal_values_mean_nothing() {
    let set = article();
    let (province, wenzhou) = (set.figure("F15c").unwrap(), set.figure("F21b").unwrap());
    assert_eq!(province.quantity, wenzhou.quantity);
    assert_ne!((&province.metric, &province.region), (&wenzhou.metric, &wenzhou.region));
    let mut claim = set.claim("C05").unwrap().clone();
    claim.stated = Some("F15c".parse().unwrap());
    claim.readings[0].formula = "F21b".parse().unwrap();
    assert_eq!(claim.relation, Relation::Equals);
    let found = set.reconcile(&claim).unwrap();
    assert_eq!(found.verdict, Verdict::Undetermined { missing: Undetermined::CommonSubject });
    assert!(found.english.contains("equal values mean nothing"), "{}", found.english);
}

#[test]
fn t4_a_share_without_its_denominator_is_undetermined_and_the_implied_denominator_is_listed() {
    let set = article();
    for (claim, missing, whole_numbers) in
        [("C07", "N01", (1_041_217, 1_042_709)), ("C08", "N02", (58_416_868, 58_889_878))]
    {
        let found = set.reconcile(set.claim(claim).unwrap()).unwrap();
        let ids = vec![missing.parse().unwrap()];
        assert_eq!(found.verdict, Verdict::Undetermined { missing: Undetermined::Figures(ids) });
        assert_eq!(found.denominators.len(), 1);
        assert_eq!(found.denominators[0].formula.to_string(), missing);
        let (first, last) = whole_numbers;
        assert_eq!(found.denominators[0].implied.interval.whole_numbers(), Some((first.into(), last.into())));
        assert!(found.chinese.contains("隐含的分母"), "{}", found.chinese);
    }
}

#[test]
fn t5_money_by_settlement_over_projects_by_implementation_carries_a_caveat() {
    let set = article();
    let average = evaluate(&set, "ratio(F09, F12)");
    assert!(average.caveats.contains(&Caveat::MixedBases(vec![Basis::Settlement, Basis::Implementation])));
    assert!(!evaluate(&set, "ratio(F09, F10)").caveats.iter().any(|caveat| matches!(caveat, Caveat::MixedBases(_))));
    let money = set.figure("F09").unwrap();
    let paid = Records { basis: Basis::Payment, ..records_of(money) };
    assert_eq!(paid.compare(money).verdict, RecordsVerdict::NoData { reason: Mismatch::Basis });
    assert_eq!(records_of(money).compare(money).verdict, RecordsVerdict::Match);
}

#[test]
fn t6_a_qualified_number_is_an_interval_and_never_a_point() {
    let set = article();
    for (id, one_number) in [("F01", false), ("F24a", false), ("F31a", false), ("F31b", false), ("F27", true)] {
        let quantity = &set.figure(id).unwrap().quantity;
        assert_eq!(quantity.central().is_some(), one_number, "{id}");
        assert_eq!(quantity.interval().as_point(), None, "{id}");
    }
    let times = evaluate(&set, "ratio(F31b, F31a)");
    assert_eq!((times.central, times.interval.show(0)), (None, "(1, 100)".to_owned()));
    let advice = set.figure("F01").unwrap();
    for (total, code) in [(800, "WITHIN_ROUNDING"), (899, "WITHIN_ROUNDING"), (900, "DIFFERS"), (799, "DIFFERS")] {
        let records = Records { total: fraction(total, 1), ..records_of(advice) };
        assert_eq!(records.compare(advice).verdict.code(), code, "{total}");
    }
}

#[test]
fn t7_own_level_figures_are_not_compared_with_the_whole_area() {
    let set = article();
    for id in ["F19", "F20", "F03", "F05c", "F22a"] {
        assert_eq!(set.figure(id).unwrap().scope, Scope::OwnLevel, "{id}");
    }
    let institutions = set.figure("F19").unwrap();
    let everywhere = Records { scope: Scope::WholeArea, ..records_of(institutions) };
    assert_eq!(everywhere.compare(institutions).verdict, RecordsVerdict::NoData { reason: Mismatch::Scope });
    assert!(evaluate(&set, "sum(F05a, F05b, F05c)").caveats.contains(&Caveat::MixedScopes));
    // A record set without a city planned separately is not the whole province either.
    let money = set.figure("F09").unwrap();
    let without = Records { without: vec!["330200".parse().unwrap()], ..records_of(money) };
    assert_eq!(without.compare(money).verdict, RecordsVerdict::NoData { reason: Mismatch::Region });
}

#[test]
fn the_projects_of_2021_are_compared_with_records_of_that_year_alone() {
    let set = article();
    let projects = set.figure("F12").unwrap();
    let ours = |total: i64| Records { total: fraction(total, 1), unit: Unit::Thing, ..records_of(projects) };
    assert_eq!(ours(34_463).compare(projects).verdict, RecordsVerdict::Match);
    let one_more = ours(34_464).compare(projects);
    assert_eq!(
        one_more.verdict,
        RecordsVerdict::Differs { absolute: fraction(1, 1), percent: Some(fraction(100, 34_463)) }
    );
    let before = Records { period: Period::Year(2020), ..ours(34_463) };
    assert_eq!(before.compare(projects).verdict, RecordsVerdict::NoData { reason: Mismatch::Period });
}
