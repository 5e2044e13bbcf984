//! What a comparison of a figure with records promises.

use super::*;
use crate::{
    figure::Source,
    quantity::{Qualifier, Quantity},
};

fn settlement(written: &str, unit: Unit, qualifier: Qualifier, basis: Basis) -> PublishedFigure {
    PublishedFigure {
        id: "F09".parse().unwrap(),
        metric: "settlement_amount".to_owned(),
        chinese: "决算金额".to_owned(),
        english: "settled amount".to_owned(),
        quantity: Quantity::new(written, unit, qualifier).unwrap(),
        basis,
        scope: Scope::WholeArea,
        without: Vec::new(),
        region: "330000".parse().unwrap(),
        period: Period::Year(2021),
        base_note: None,
        source: Source { document: "D".to_owned(), quote: String::new(), span_characters: 0..0 },
    }
}

fn records(total: (i64, i64), unit: Unit, basis: Basis) -> Records {
    Records {
        total: fraction(total.0, total.1),
        unit,
        basis,
        scope: Scope::WholeArea,
        region: "330000".parse().unwrap(),
        without: Vec::new(),
        period: Period::Year(2021),
        regions_reporting: 90,
        regions_existing: 90,
    }
}

#[test]
fn a_total_matches_lies_within_rounding_or_differs() {
    let money = settlement("321.70", Unit::YiYuan, Qualifier::Exact, Basis::Settlement);
    let count = settlement("34463", Unit::Thing, Qualifier::Exact, Basis::Implementation);
    let advice = settlement("800", Unit::Document, Qualifier::MoreThan, Basis::Count);
    for (figure, total, unit, code, sentence) in [
        (&money, (32_170_000_000, 1), Unit::Yuan, "MATCH", "= 0.000 × 100 million yuan: MATCH"),
        (&money, (3_217_012_345_678, 100), Unit::Yuan, "WITHIN_ROUNDING", "321.7012 − 321.70 = 0.0012"),
        (&money, (32_169_500_000, 1), Unit::Yuan, "WITHIN_ROUNDING", "− 321.70 = -0.005"),
        (
            &money,
            (32_000_000_000, 1),
            Unit::Yuan,
            "DIFFERS",
            "320.000 − 321.70 = -1.700 × 100 million yuan, that is -0.5284%",
        ),
        (&count, (34_463, 1), Unit::Thing, "MATCH", "34,463 − 34463 = 0: MATCH"),
        (&count, (34_462, 1), Unit::Thing, "DIFFERS", "34,462 − 34463 = -1, that is -0.0029%"),
        (&advice, (812, 1), Unit::Thing, "WITHIN_ROUNDING", "allows [800, 900) documents"),
        (&advice, (900, 1), Unit::Thing, "DIFFERS", "that is 0.0000%"),
        (&advice, (790, 1), Unit::Thing, "DIFFERS", "that is -1.2500%"),
    ] {
        let found = records(total, unit, figure.basis).compare(figure);
        assert_eq!(found.verdict.code(), code, "{}", found.english);
        assert!(found.english.contains(sentence), "{}", found.english);
        assert!(found.chinese.ends_with(&format!("{}。", found.verdict.chinese())), "{}", found.chinese);
    }
}

#[test]
fn a_difference_tells_its_size_and_percent_exactly() {
    let money = settlement("84", Unit::YiYuan, Qualifier::Exact, Basis::Settlement);
    let found = records((8_316_000_000, 1), Unit::Yuan, Basis::Settlement).compare(&money);
    assert_eq!(
        found.verdict,
        RecordsVerdict::Differs { absolute: fraction(-84_000_000, 1), percent: Some(fraction(-1, 1)) }
    );
}

#[test]
fn missing_regions_leave_a_smaller_total_open_and_not_a_larger_one() {
    let count = settlement("34463", Unit::Thing, Qualifier::Exact, Basis::Implementation);
    let partial = |total, unit| Records { regions_reporting: 89, ..records(total, unit, Basis::Implementation) };
    let few = partial((30_000, 1), Unit::Thing).compare(&count);
    assert_eq!(few.verdict, RecordsVerdict::PartialCoverage { reporting: 89, existing: 90 });
    assert!(few.english.contains("89 of 90 regions report"), "{}", few.english);
    assert_eq!(partial((34_464, 1), Unit::Thing).compare(&count).verdict.code(), "DIFFERS");
    assert_eq!(partial((34_463, 1), Unit::Thing).compare(&count).verdict.code(), "PARTIAL_COVERAGE");
    let advice = settlement("800", Unit::Document, Qualifier::MoreThan, Basis::Count);
    for (total, code) in [(899, "PARTIAL_COVERAGE"), (900, "DIFFERS")] {
        assert_eq!(partial((total, 1), Unit::Document).compare(&advice).verdict.code(), code, "{total}");
    }
    // A share of the regions that report may fall when the others come.
    let share = settlement("69.4", Unit::Percent, Qualifier::Exact, Basis::Implementation);
    assert_eq!(partial((8, 10), Unit::Percent).compare(&share).verdict.code(), "PARTIAL_COVERAGE");
}

#[test]
fn records_of_something_else_are_no_data() {
    let money = settlement("321.70", Unit::YiYuan, Qualifier::Exact, Basis::Settlement);
    let ours = || records((32_170_000_000, 1), Unit::Yuan, Basis::Settlement);
    for (records, reason, chinese) in [
        (
            Records { basis: Basis::Payment, ..ours() },
            Mismatch::Basis,
            "F09 的口径为决算，记录的为支付：没有可比数据。",
        ),
        (
            Records { scope: Scope::OwnLevel, ..ours() },
            Mismatch::Scope,
            "F09 的范围为全辖，记录的为本级：没有可比数据。",
        ),
        (
            Records { without: vec!["330200".parse().unwrap()], ..ours() },
            Mismatch::Region,
            "F09 的地区为330000，记录的为330000（不含330200）：没有可比数据。",
        ),
        (
            Records { period: Period::Year(2020), ..ours() },
            Mismatch::Period,
            "F09 的时间为2021年，记录的为2020年：没有可比数据。",
        ),
        (Records { unit: Unit::Thing, ..ours() }, Mismatch::Unit, "F09 的单位为亿元，记录的为个：没有可比数据。"),
        (
            Records { regions_reporting: 0, regions_existing: 90, ..ours() },
            Mismatch::Nothing,
            "没有地区报送 F09 的记录：没有可比数据。",
        ),
    ] {
        let found = records.compare(&money);
        assert_eq!(found.verdict, RecordsVerdict::NoData { reason });
        assert_eq!(found.chinese, chinese);
        assert!(found.english.ends_with("NO_DATA."), "{}", found.english);
    }
}
