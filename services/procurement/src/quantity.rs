//! A published number as it was written, with its qualifier, and the interval of values that it can stand for.
//!
//! “800多” is not 800: whoever computes with a qualified number computes with every value that it can mean.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::{
    coded::coded,
    error::Error,
    interval::Interval,
    rational::{self, fraction, ten_to},
    unit::Unit,
};

coded! {
    /// What the word beside a number says about it.
    Qualifier, "qualifier":
    /// No word: a count is itself, a measured number is rounded to the last digit written.
    Exact = "EXACT" "",
    /// 多: the number or more, but less than the next round one: 800多 is from 800 to below 900.
    MoreThan = "MORE_THAN" "多",
    /// 约: within half a unit of the last digit that is not a closing zero: 约12.4 is 12.35–12.45, 约3000 is 2500–3500.
    About = "ABOUT" "约",
    /// 几百万, 几千万: from the power of ten to below the next.
    OrderOf = "ORDER_OF" "几",
    /// 平均: an average, rounded to the last digit written.
    Average = "AVERAGE" "平均",
    /// 以上: the number or more, without an upper end.
    AtLeast = "AT_LEAST" "以上",
}

/// A published number: its digits as written, its unit, its qualifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    written: String,
    value: BigRational,
    decimals: usize,
    unit: Unit,
    qualifier: Qualifier,
    margin: Option<BigRational>,
}

impl Quantity {
    /// Takes a number as written (`321.70` keeps its closing zero), its unit and its qualifier.
    ///
    /// # Errors
    /// Not a decimal; 几 beside anything but a power of ten; 多 or 以上 beside a number that is not above zero.
    pub fn new(written: &str, unit: Unit, qualifier: Qualifier) -> Result<Self, Error> {
        let (value, decimals) = rational::parse(written)?;
        let wrong = |reason: &str| Error::malformed("quantity", written, reason);
        match qualifier {
            Qualifier::OrderOf => {
                let digits = value.to_integer().to_string();
                let power = digits.strip_prefix('1').is_some_and(|rest| rest.bytes().all(|digit| digit == b'0'));
                if !value.is_integer() || !power {
                    return Err(wrong("ORDER_OF needs a power of ten"));
                }
            }
            Qualifier::MoreThan | Qualifier::AtLeast if !value.is_positive() => {
                return Err(wrong("must be above zero beside 多 or 以上"));
            }
            _ => {}
        }
        Ok(Self { written: written.trim().to_owned(), value, decimals, unit, qualifier, margin: None })
    }

    /// Widens 约 to this much on each side, in the quantity's own unit: what an editor knows to be the source's habit.
    ///
    /// # Errors
    /// Another qualifier, or a margin smaller than the one that the digits give.
    pub fn with_margin(mut self, margin: &str) -> Result<Self, Error> {
        let (wanted, _) = rational::parse(margin)?;
        if self.qualifier != Qualifier::About {
            return Err(Error::malformed("margin", margin, "only ABOUT takes a margin"));
        }
        if wanted < self.last_digit() / fraction(2, 1) {
            return Err(Error::malformed("margin", margin, "is smaller than half a unit of the last digit"));
        }
        self.margin = Some(wanted);
        Ok(self)
    }

    /// The digits as the source writes them.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// How many decimals the source writes.
    #[must_use]
    pub fn decimals(&self) -> usize {
        self.decimals
    }

    /// The unit as the source writes it.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// What the word beside the number says.
    #[must_use]
    pub fn qualifier(&self) -> Qualifier {
        self.qualifier
    }

    /// What an editor widened 约 to, in the quantity's own unit.
    #[must_use]
    pub fn margin(&self) -> Option<&BigRational> {
        self.margin.as_ref()
    }

    /// The number as written, in its own unit, whatever the qualifier.
    #[must_use]
    pub fn value(&self) -> &BigRational {
        &self.value
    }

    /// The number in base units (yuan, things, people, days, months), if it means one number: 多, 几 and 以上 do not.
    #[must_use]
    pub fn central(&self) -> Option<BigRational> {
        match self.qualifier {
            Qualifier::Exact | Qualifier::About | Qualifier::Average => Some(&self.value * self.unit.scale()),
            Qualifier::MoreThan | Qualifier::OrderOf | Qualifier::AtLeast => None,
        }
    }

    /// Every value that the number can stand for, in base units.
    #[must_use]
    pub fn interval(&self) -> Interval {
        self.interval_in_unit().scaled(&self.unit.scale())
    }

    /// Every value that the number can stand for, in its own unit.
    #[must_use]
    pub fn interval_in_unit(&self) -> Interval {
        let value = &self.value;
        let around = |half: BigRational| Interval::closed(value - &half, value + &half);
        let half_open = |high| Interval::half_open(value.clone(), high).unwrap_or(Interval::point(value.clone()));
        match self.qualifier {
            Qualifier::Exact if self.unit.counts() && value.is_integer() => Interval::point(value.clone()),
            Qualifier::Exact | Qualifier::Average => around(fraction(1, 2) / self.written_places()),
            Qualifier::About => around(self.margin.clone().unwrap_or_else(|| self.last_digit() / fraction(2, 1))),
            Qualifier::MoreThan => half_open(value + self.last_digit()),
            Qualifier::OrderOf => half_open(value * fraction(10, 1)),
            Qualifier::AtLeast => Interval::at_least(value.clone()),
        }
    }

    /// Ten to the number of decimals written.
    fn written_places(&self) -> BigRational {
        BigRational::from_integer(ten_to(self.decimals))
    }

    /// What one more in the last digit that is not a closing zero of a whole number would be: 100 for 3100, 0.1 for 12.4.
    fn last_digit(&self) -> BigRational {
        if self.decimals > 0 || self.value.is_zero() {
            return self.written_places().recip();
        }
        let digits = self.value.to_integer().to_string();
        BigRational::from_integer(ten_to(digits.len() - digits.trim_end_matches('0').len()))
    }

    /// The number with its qualifier and unit for Chinese readers: `321.70亿元`, `800多件`, `约12.4个/万人`, `平均3个月`, `几百万元`.
    #[must_use]
    pub fn chinese(&self) -> String {
        let (written, unit) = (&self.written, self.unit.chinese());
        match self.qualifier {
            Qualifier::Exact => format!("{written}{unit}"),
            Qualifier::MoreThan => format!("{written}多{unit}"),
            Qualifier::AtLeast => format!("{written}{unit}以上"),
            Qualifier::About => format!("约{written}{unit}"),
            Qualifier::Average => format!("平均{written}{unit}"),
            Qualifier::OrderOf => match written.as_str() {
                "1" => format!("几{unit}"),
                "10" => format!("几十{unit}"),
                "100" => format!("几百{unit}"),
                "1000" => format!("几千{unit}"),
                _ => format!("数量级{written}{unit}"),
            },
        }
    }

    /// The number with its qualifier and unit for English readers.
    #[must_use]
    pub fn english(&self) -> String {
        let (written, unit) = (&self.written, self.unit.english());
        match self.qualifier {
            Qualifier::Exact => format!("{written}{unit}"),
            Qualifier::MoreThan => format!("more than {written}{unit}"),
            Qualifier::AtLeast => format!("at least {written}{unit}"),
            Qualifier::About => format!("about {written}{unit}"),
            Qualifier::Average => format!("on average {written}{unit}"),
            Qualifier::OrderOf => format!("of the order of {written}{unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_stands_for_an_interval_that_its_qualifier_and_digits_give() {
        for (written, unit, qualifier, places, interval) in [
            ("321.70", Unit::YiYuan, Qualifier::Exact, 3, "321.695–321.705"),
            ("321.7", Unit::YiYuan, Qualifier::Exact, 3, "321.650–321.750"),
            ("84", Unit::YiYuan, Qualifier::Exact, 1, "83.5–84.5"),
            ("995", Unit::WanYuan, Qualifier::Exact, 1, "994.5–995.5"),
            ("34463", Unit::Thing, Qualifier::Exact, 0, "34,463"),
            ("-143", Unit::House, Qualifier::Exact, 0, "-143"),
            ("-40", Unit::Percent, Qualifier::Exact, 1, "[-40.5, -39.5]"),
            ("6.98", Unit::Percent, Qualifier::Exact, 3, "6.975–6.985"),
            ("3.83", Unit::Times, Qualifier::Exact, 3, "3.825–3.835"),
            ("800", Unit::Document, Qualifier::MoreThan, 0, "[800, 900)"),
            ("3100", Unit::Person, Qualifier::MoreThan, 0, "[3,100, 3,200)"),
            ("1234", Unit::Person, Qualifier::MoreThan, 0, "[1,234, 1,235)"),
            ("3.5", Unit::YiYuan, Qualifier::MoreThan, 1, "[3.5, 3.6)"),
            ("12.4", Unit::PerTenThousand, Qualifier::About, 2, "12.35–12.45"),
            ("3000", Unit::Thing, Qualifier::About, 0, "2,500–3,500"),
            ("100", Unit::WanYuan, Qualifier::OrderOf, 0, "[100, 1,000)"),
            ("1", Unit::YiYuan, Qualifier::OrderOf, 0, "[1, 10)"),
            ("3", Unit::Month, Qualifier::Average, 1, "2.5–3.5"),
            ("20", Unit::Day, Qualifier::Average, 1, "19.5–20.5"),
            ("60", Unit::Percent, Qualifier::AtLeast, 0, "≥ 60"),
        ] {
            let quantity = Quantity::new(written, unit, qualifier).unwrap();
            assert_eq!(quantity.interval_in_unit().show(places), interval, "{}", quantity.chinese());
            assert_eq!(quantity.written(), written);
        }
    }

    #[test]
    fn a_qualified_number_is_never_one_number() {
        for (qualifier, one) in [
            (Qualifier::Exact, true),
            (Qualifier::About, true),
            (Qualifier::Average, true),
            (Qualifier::MoreThan, false),
            (Qualifier::OrderOf, false),
            (Qualifier::AtLeast, false),
        ] {
            assert_eq!(Quantity::new("100", Unit::WanYuan, qualifier).unwrap().central().is_some(), one, "{qualifier}");
        }
    }

    #[test]
    fn a_margin_only_widens_about() {
        let about = || Quantity::new("12.4", Unit::PerTenThousand, Qualifier::About).unwrap();
        assert_eq!(about().with_margin("0.5").unwrap().interval_in_unit().show(1), "11.9–12.9");
        assert!(about().with_margin("0.01").is_err());
        assert!(about().with_margin("wide").is_err());
        assert!(Quantity::new("84", Unit::YiYuan, Qualifier::Exact).unwrap().with_margin("1").is_err());
    }

    #[test]
    fn a_number_that_its_qualifier_forbids_is_refused() {
        for (written, qualifier) in [
            ("200", Qualifier::OrderOf),
            ("0", Qualifier::OrderOf),
            ("0.1", Qualifier::OrderOf),
            ("0", Qualifier::MoreThan),
            ("-5", Qualifier::AtLeast),
            ("many", Qualifier::Exact),
        ] {
            assert!(Quantity::new(written, Unit::Thing, qualifier).is_err(), "{written} {qualifier}");
        }
    }

    proptest! {
        #[test]
        fn a_number_lies_in_its_own_interval(whole in 1_u64..10_000_000, decimals in 0_usize..4, unit in 0..16_usize, qualifier in 0..6_usize) {
            let written = rational::decimal(&BigRational::new(whole.into(), ten_to(decimals)), decimals, rational::Rounding::Nearest);
            if let Ok(quantity) = Quantity::new(&written, Unit::ALL[unit], Qualifier::ALL[qualifier]) {
                prop_assert!(quantity.interval_in_unit().contains(quantity.value()));
                prop_assert!(quantity.interval().contains(&(quantity.value() * quantity.unit().scale())));
            }
        }

        #[test]
        fn no_text_makes_a_quantity_panic(written in ".{0,40}", qualifier in 0..6_usize) {
            let _ = Quantity::new(&written, Unit::Thing, Qualifier::ALL[qualifier]);
        }
    }
}
