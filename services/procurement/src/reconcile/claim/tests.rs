//! Every verdict that a claim can get.

use super::*;
use crate::{formula::tests::figure, rational::fraction};

fn figures() -> Figures {
    [
        figure("many", "100", Unit::Thing, "2021"),
        figure("few", "40", Unit::Thing, "2021"),
        figure("none", "0", Unit::Thing, "2021"),
        figure("money", "2.0", Unit::YiYuan, "2021"),
        figure("more", "2.04", Unit::YiYuan, "2020"),
        figure("half", "50", Unit::Percent, "2021"),
        figure("forty", "40", Unit::Percent, "2021"),
        figure("place", "1", Unit::Rank, "2021"),
    ]
    .map(|mut figure| {
        figure.metric = "one".to_owned();
        (figure.id.clone(), figure)
    })
    .into()
}

fn judge(stated: Option<&str>, relation: Relation, readings: &[&str]) -> Result<Reconciled, Failure> {
    let source = Source { document: "D".to_owned(), quote: String::new(), span_characters: 0..0 };
    let reading = |text: &&str| Reading {
        formula: text.parse().unwrap(),
        chinese: "如此".to_owned(),
        english: "so it is".to_owned(),
    };
    let claim = Claim {
        id: "C".to_owned(),
        chinese: String::new(),
        english: String::new(),
        source,
        stated: stated.map(|id| id.parse().unwrap()),
        relation,
        readings: readings.iter().map(reading).collect(),
    };
    claim.reconcile(&figures(), &BTreeMap::new())
}

#[test]
fn each_verdict_is_reached_and_ends_the_sentence() {
    use Relation::{Equals, Exceeds};
    for (stated, relation, readings, end) in [
        (Some("forty"), Equals, &["share(few, many)"][..], "Verdict: CONSISTENT."),
        (Some("half"), Equals, &["share(few, many)"], "Verdict: INCONSISTENT, at least 9.5% apart."),
        (Some("half"), Equals, &["share(few, many)", "ratio(50, 100)"], "Verdict: AMBIGUOUS_BASE."),
        (Some("forty"), Equals, &["share(few, many)", "ratio(4, 10)"], "Verdict: CONSISTENT."),
        (Some("half"), Equals, &["ratio(1, 10)", "ratio(2, 10)"], "Verdict: INCONSISTENT, at least 29.5% apart."),
        (Some("many"), Exceeds, &["few"], "Verdict: CONSISTENT."),
        (Some("few"), Exceeds, &["many"], "Verdict: INCONSISTENT, at least 60 apart."),
        (Some("many"), Exceeds, &["many"], "Verdict: INCONSISTENT, at least 0 apart."),
        (Some("more"), Exceeds, &["money"], "Verdict: UNDETERMINED, the intervals overlap: finer digits are missing."),
        (Some("more"), Equals, &["money"], "Verdict: CONSISTENT."),
        (Some("half"), Equals, &["share(few, none)"], "Verdict: UNDETERMINED, none may be zero and cannot divide."),
        (Some("half"), Equals, &["share(few, gone)"], "Verdict: UNDETERMINED, missing gone gone."),
        (Some("gone"), Equals, &["share(few, many)"], "Verdict: UNDETERMINED, missing gone gone."),
        (None, Equals, &["few", "many"], "Verdict: AMBIGUOUS_BASE."),
        (None, Equals, &["few", "sum(few, none)"], "Verdict: CONSISTENT."),
        (None, Equals, &["few"], "Verdict: UNDETERMINED, no stated figure to compare with."),
    ] {
        let found = judge(stated, relation, readings).unwrap();
        assert!(found.english.ends_with(end), "{}", found.english);
        assert!(found.english.contains(found.verdict.code()), "{}", found.english);
        assert!(found.chinese.contains(&format!("结论：{}", found.verdict.chinese())), "{}", found.chinese);
    }
}

#[test]
fn a_gap_is_an_exact_rational_in_base_units() {
    let found = judge(Some("half"), Relation::Equals, &["share(few, many)"]).unwrap();
    assert_eq!(found.verdict, Verdict::Inconsistent { gap: fraction(95, 1000) });
}

#[test]
fn a_claim_that_makes_no_sense_is_an_error() {
    for (stated, formula, why) in [
        ("half", "sum(few, money)", "few and money have unlike units"),
        ("half", "money", "half and money have unlike units"),
        ("place", "few", "place is a rank"),
        ("few", "place", "place is a rank"),
    ] {
        let error = judge(Some(stated), Relation::Equals, &[formula]).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn numbers_that_differ_late_are_told_with_the_digits_that_show_it() {
    let found = judge(Some("half"), Relation::Equals, &["ratio(4949999, 10000000)"]).unwrap();
    assert_eq!(found.verdict.code(), "INCONSISTENT");
    assert!(found.english.contains("= 49.49999%"), "{}", found.english);
    assert!(found.english.contains("at least 0.00001% apart"), "{}", found.english);
}

#[test]
fn a_denominator_is_listed_for_a_share_and_for_any_missing_divisor() {
    for (stated, formula, count) in [
        ("half", "share(few, many)", 1),
        ("half", "share(few, gone)", 1),
        ("half", "ratio(few, gone)", 1),
        ("half", "ratio(few, many)", 0),
        ("half", "growth(few, many)", 0),
        ("gone", "share(few, many)", 0),
    ] {
        let found = judge(Some(stated), Relation::Equals, &[formula]).unwrap();
        assert_eq!(found.denominators.len(), count, "{stated} {formula}");
        for denominator in &found.denominators {
            assert_eq!(denominator.implied.central, Some(fraction(80, 1)));
            assert!(denominator.english.contains("few (40) ÷ half (50%) = 80.000"), "{}", denominator.english);
        }
    }
}
