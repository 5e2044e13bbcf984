//! Exact numbers, intervals and computed values. No number on the wire is a floating-point one.

use num_rational::BigRational;
use procurement::{
    figure::ComputedFigure,
    interval::{End, Interval},
    rational::{self, Rounding},
};
use proto::procurement::v1;

/// Places of the decimal form.
const PLACES_MAX: usize = 12;

/// Both languages.
#[must_use]
pub fn wording(zh: impl Into<String>, en: impl Into<String>) -> v1::Wording {
    v1::Wording { zh: zh.into(), en: en.into() }
}

/// A number in so many places, without commas: programs read it.
#[must_use]
pub fn plain(value: &BigRational, places: usize, rounding: Rounding) -> String {
    rational::decimal(value, places, rounding).replace(',', "")
}

/// A number, exactly and as a decimal.
#[must_use]
pub fn number(value: &BigRational, rounding: Rounding) -> v1::Number {
    match rational::exact(value) {
        Some(exact) => {
            let exact = exact.replace(',', "");
            v1::Number { decimal: exact.clone(), exact, is_rounded: false }
        }
        None => v1::Number {
            exact: format!("{}/{}", value.numer(), value.denom()),
            decimal: plain(value, PLACES_MAX, rounding),
            is_rounded: true,
        },
    }
}

/// An interval; its decimals lie outside rather than inside.
#[must_use]
pub fn interval(interval: &Interval) -> v1::Interval {
    let end = |end: Option<&End>, rounding| end.map(|end| number(&end.value, rounding));
    let closed = |end: Option<&End>| end.is_some_and(|end| end.closed);
    v1::Interval {
        low: end(interval.low(), Rounding::Down),
        is_low_closed: closed(interval.low()),
        high: end(interval.high(), Rounding::Up),
        is_high_closed: closed(interval.high()),
    }
}

/// A computed value in base units.
#[must_use]
pub fn computed(value: &ComputedFigure) -> v1::ComputedFigure {
    v1::ComputedFigure {
        central: value.central.as_ref().map(|central| number(central, Rounding::Nearest)),
        interval: Some(interval(&value.interval)),
        unit: Some(wording(value.dimension.chinese(), value.dimension.english().trim_start())),
        inputs: value.inputs.iter().map(|id| format!("figures/{id}")).collect(),
        caveats: value.caveats.iter().map(|caveat| wording(caveat.chinese(), caveat.english())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use procurement::rational::fraction;

    use super::*;

    #[test]
    fn a_number_is_whole_where_it_ends_and_a_fraction_with_a_rounded_decimal_where_it_does_not() {
        let whole = number(&fraction(3_217_000_000_000, 100), Rounding::Nearest);
        assert_eq!((whole.exact.as_str(), whole.decimal.as_str()), ("32170000000", "32170000000"));
        assert!(!whole.is_rounded);
        let third = number(&fraction(-1, 3), Rounding::Down);
        assert_eq!((third.exact.as_str(), third.decimal.as_str()), ("-1/3", "-0.333333333334"));
        assert!(third.is_rounded);
    }

    #[test]
    fn an_interval_is_told_wider_rather_than_narrower_and_an_end_that_is_not_there_is_unset() {
        let told = interval(&Interval::closed(fraction(1, 3), fraction(2, 3)));
        assert_eq!(told.low.unwrap().decimal, "0.333333333333");
        assert_eq!(told.high.unwrap().decimal, "0.666666666667");
        let open = interval(&Interval::at_least(fraction(800, 1)));
        assert!(open.high.is_none() && open.is_low_closed && !open.is_high_closed);
    }
}
