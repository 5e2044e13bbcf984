//! What formulas promise.

use proptest::prelude::*;

use super::*;
use crate::{
    figure::{Basis, Source},
    quantity::{Qualifier, Quantity},
};

pub(crate) fn figure(id: &str, written: &str, unit: Unit, period: &str) -> PublishedFigure {
    PublishedFigure {
        id: id.parse().unwrap(),
        metric: id.to_lowercase(),
        chinese: id.to_owned(),
        english: id.to_owned(),
        quantity: Quantity::new(written, unit, Qualifier::Exact).unwrap(),
        basis: Basis::Count,
        scope: Scope::WholeArea,
        without: Vec::new(),
        region: "330000".parse().unwrap(),
        period: period.parse().unwrap(),
        base_note: None,
        source: Source { document: "D".to_owned(), quote: written.to_owned(), span_characters: 0..written.len() },
    }
}

fn figures() -> Figures {
    [
        figure("money", "321.70", Unit::YiYuan, "2021"),
        figure("small", "995", Unit::WanYuan, "2016"),
        figure("count", "34463", Unit::Thing, "2021"),
        figure("people", "10000", Unit::Person, "2020"),
        figure("none", "0", Unit::Thing, "2021"),
        figure("nearly", "0.0", Unit::Percent, "2021"),
        figure("loss", "-5", Unit::Thing, "2021"),
        figure("place", "1", Unit::Rank, "2021"),
        figure("months", "3", Unit::Month, "unstated"),
    ]
    .map(|figure| (figure.id.clone(), figure))
    .into()
}

#[test]
fn a_formula_reads_back_what_it_writes() {
    for text in [
        "F09",
        "12.5",
        "-3",
        "sum(F01, F02, 3)",
        "difference(F01, F02)",
        "product(share(F01, F02), F03)",
        "per_capita(F01, F02)",
        "growth(days(F29a, 30), F29b)",
        "annual_growth(F10, F09, 6)",
    ] {
        assert_eq!(text.parse::<Formula>().unwrap().to_string(), text);
    }
    assert_eq!(" ratio( F09 ,F10 ) ".parse::<Formula>().unwrap().to_string(), "ratio(F09, F10)");
}

#[test]
fn what_is_no_formula_is_refused_with_its_place() {
    for (text, why) in [
        ("", "expected a figure"),
        ("ratio(F09)", "needs 2 parts, not 1"),
        ("ratio(F09, F10", "expected , or )"),
        ("ratio(F09, F10))", "behind the end"),
        ("power(F09, F10)", "no function"),
        ("sum(F09)", "two parts or more"),
        ("1e3", "not a decimal"),
        ("annual_growth(F10, F09, 0)", "whole number from 1 to 100"),
        ("annual_growth(F10, F09, F11)", "whole number from 1 to 100"),
        ("days(F29a, 32)", "whole number from 1 to 31"),
        ("F09 F10", "behind the end"),
    ] {
        let error = text.parse::<Formula>().unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
    let deep = format!("{}F1{}", "days(".repeat(200), ", 3)".repeat(200));
    assert!(deep.parse::<Formula>().is_err());
    let wide = format!("sum({})", vec!["F1"; 100].join(","));
    assert!(wide.parse::<Formula>().is_err());
}

#[test]
fn a_formula_without_a_value_says_why() {
    for (text, why) in [
        ("ratio(count, none)", "none may be zero and cannot divide"),
        ("share(count, none)", "none may be zero and cannot divide"),
        ("growth(none, count)", "none may be zero and cannot divide"),
        ("ratio(count, nearly)", "nearly may be zero and cannot divide"),
        ("ratio(count, difference(count, count))", "difference(count, count) may be zero and cannot divide"),
        ("sum(money, count)", "money and count have unlike units"),
        ("difference(money, people)", "money and people have unlike units"),
        ("share(people, count)", "people and count have unlike units"),
        ("per_capita(count, money)", "unlike units"),
        ("sum(place, count)", "place is a rank"),
        ("sum(count, absent)", "figure absent is missing"),
        ("days(count, 30)", "count is not in months"),
        ("annual_growth(count, loss, 2)", "may be negative and has no root"),
    ] {
        let error = text.parse::<Formula>().unwrap().evaluate(&figures()).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn a_share_of_two_periods_carries_a_caveat_and_a_comparison_of_two_years_does_not() {
    let caveats = |text: &str| text.parse::<Formula>().unwrap().evaluate(&figures()).unwrap().caveats;
    assert_eq!(
        caveats("per_capita(count, people)"),
        [Caveat::MixedPeriods(vec![Period::Year(2020), Period::Year(2021)])].into()
    );
    assert!(caveats("ratio(money, small)").is_empty());
}

#[test]
fn units_are_turned_into_one_another_before_they_are_computed_with() {
    let value = "ratio(money, small)".parse::<Formula>().unwrap().evaluate(&figures()).unwrap();
    assert_eq!(value.central, Some(fraction(3_217_000, 995)));
    let days = "days(months, 30)".parse::<Formula>().unwrap().evaluate(&figures()).unwrap();
    assert_eq!((days.central, days.interval.show(0)), (Some(fraction(90, 1)), "75–105".to_owned()));
}

fn any_formula() -> impl Strategy<Value = Formula> {
    let leaf = prop_oneof![
        proptest::sample::select(vec!["money", "small", "count", "people", "none", "loss", "months", "nearly"])
            .prop_map(|id| Formula::Figure(id.parse().unwrap())),
        (-50_i64..50).prop_map(|number| Formula::Number(fraction(number, 4))),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let two = || (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Formula::Sum),
            two().prop_map(|(one, two)| Formula::Difference(one, two)),
            two().prop_map(|(one, two)| Formula::Product(one, two)),
            two().prop_map(|(one, two)| Formula::Ratio(one, two)),
            two().prop_map(|(one, two)| Formula::Share(one, two)),
            two().prop_map(|(one, two)| Formula::Growth(one, two)),
            two().prop_map(|(one, two)| Formula::AnnualGrowth(one, two, 3)),
            inner.clone().prop_map(|part| Formula::Days(Box::new(part), 30)),
        ]
    })
}

proptest! {
    #[test]
    fn the_value_from_the_numbers_as_written_lies_in_the_interval(formula in any_formula()) {
        if let Ok(value) = formula.evaluate(&figures())
            && let Some(central) = value.central
        {
            prop_assert!(value.interval.contains(&central), "{formula}");
        }
    }

    #[test]
    fn every_formula_reads_back_what_it_writes(formula in any_formula()) {
        prop_assert_eq!(formula.to_string().parse::<Formula>().unwrap(), formula);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[a-zA-Z0-9(),. _-]{0,60}|.{0,60}") {
        let _ = text.parse::<Formula>();
    }
}
