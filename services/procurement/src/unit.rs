//! Units of published figures: what they count, by how much, and what may be added to what.
//!
//! Values of all units are computed in base units: yuan, things, people, days, months; a percentage is a plain number.

use std::ops::{Add, Sub};

use num_bigint::BigInt;
use num_rational::BigRational;

use crate::{coded::coded, money::MoneyUnit, rational::fraction};

coded! {
    /// A unit as the source writes it.
    Unit, "unit":
    /// Yuan.
    Yuan = "YUAN" "元",
    /// Ten thousand yuan.
    WanYuan = "WAN_YUAN" "万元",
    /// A hundred million yuan.
    YiYuan = "YI_YUAN" "亿元",
    /// Things of any sort: projects, cities, provinces, organisations.
    Thing = "THING" "个",
    /// Items: of a catalogue, or functions of a department.
    Item = "ITEM" "项",
    /// Categories of a catalogue, its first level.
    Category = "CATEGORY" "类",
    /// Sections of a catalogue, its second level.
    Section = "SECTION" "款",
    /// Documents.
    Document = "DOCUMENT" "件",
    /// Organisations and institutions.
    House = "HOUSE" "家",
    /// People.
    Person = "PERSON" "名",
    /// Days.
    Day = "DAY" "天",
    /// Calendar months, 28 to 31 days each.
    Month = "MONTH" "个月",
    /// Hundredths.
    Percent = "PERCENT" "%",
    /// How many times as much.
    Times = "TIMES" "倍",
    /// Things for each ten thousand people.
    PerTenThousand = "PER_TEN_THOUSAND" "个/万人",
    /// A place in an order, 1 being the first; never computed with.
    Rank = "RANK" "位",
}

impl Unit {
    /// The words that English readers are shown after a number, with their leading space where one belongs.
    #[must_use]
    pub fn english(self) -> &'static str {
        match self {
            Self::Yuan => " yuan",
            Self::WanYuan => " × 10,000 yuan",
            Self::YiYuan => " × 100 million yuan",
            Self::Thing => "",
            Self::Item => " items",
            Self::Category => " categories",
            Self::Section => " sections",
            Self::Document => " documents",
            Self::House => " bodies",
            Self::Person => " people",
            Self::Day => " days",
            Self::Month => " months",
            Self::Percent => "%",
            Self::Times => " times",
            Self::PerTenThousand => " per 10,000 people",
            Self::Rank => " (rank)",
        }
    }

    /// How many base units one of the unit is.
    #[must_use]
    pub fn scale(self) -> BigRational {
        match self {
            Self::WanYuan => fraction(MoneyUnit::WanYuan.fen(), 100),
            Self::YiYuan => fraction(MoneyUnit::YiYuan.fen(), 100),
            Self::Percent => fraction(1, 100),
            Self::PerTenThousand => fraction(1, 10_000),
            _ => BigRational::from_integer(BigInt::from(1)),
        }
    }

    /// What the unit measures.
    #[must_use]
    pub fn dimension(self) -> Dimension {
        let none = Dimension::NONE;
        match self {
            Self::Yuan | Self::WanYuan | Self::YiYuan => Dimension { money: 1, ..none },
            Self::Thing | Self::Item | Self::Category | Self::Section | Self::Document | Self::House => {
                Dimension { things: 1, ..none }
            }
            Self::Person => Dimension { people: 1, ..none },
            Self::Day => Dimension { days: 1, ..none },
            Self::Month => Dimension { months: 1, ..none },
            Self::PerTenThousand => Dimension { things: 1, people: -1, ..none },
            Self::Percent | Self::Times | Self::Rank => none,
        }
    }

    /// Whether a whole number in this unit is a count, exact when it is written out, and not a rounded measurement.
    #[must_use]
    pub fn counts(self) -> bool {
        match self {
            Self::Thing | Self::Item | Self::Category | Self::Section | Self::Document | Self::House | Self::Person => {
                true
            }
            Self::Rank => true,
            Self::Yuan | Self::WanYuan | Self::YiYuan | Self::Day | Self::Month => false,
            Self::Percent | Self::Times | Self::PerTenThousand => false,
        }
    }

    /// Whether the total of parts is their sum: true of money and counts, false of shares and averages.
    #[must_use]
    pub fn adds_up(self) -> bool {
        self.counts() && self != Self::Rank || self.dimension().money == 1
    }
}

/// Powers of the base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dimension {
    /// Power of yuan.
    pub money: i8,
    /// Power of things counted.
    pub things: i8,
    /// Power of people.
    pub people: i8,
    /// Power of days.
    pub days: i8,
    /// Power of months.
    pub months: i8,
}

impl Dimension {
    /// A plain number.
    pub const NONE: Self = Self { money: 0, things: 0, people: 0, days: 0, months: 0 };

    fn zip(self, other: Self, join: impl Fn(i8, i8) -> i8) -> Self {
        Self {
            money: join(self.money, other.money),
            things: join(self.things, other.things),
            people: join(self.people, other.people),
            days: join(self.days, other.days),
            months: join(self.months, other.months),
        }
    }

    /// The base unit in Chinese, such as `元/个`; empty for a plain number.
    #[must_use]
    pub fn chinese(self) -> String {
        let words = ["元", "个", "人", "天", "月"];
        self.name(words, words, "")
    }

    /// The base unit in English, with a leading space; empty for a plain number.
    #[must_use]
    pub fn english(self) -> String {
        let above = ["yuan", "things", "people", "days", "months"];
        self.name(above, ["yuan", "thing", "person", "day", "month"], " ")
    }

    fn name(self, above: [&str; 5], below: [&str; 5], lead: &str) -> String {
        let powers = [self.money, self.things, self.people, self.days, self.months];
        let side = |words: [&str; 5], wanted: fn(i8) -> bool| -> Vec<String> {
            powers
                .iter()
                .zip(words)
                .filter(|(power, _)| wanted(**power))
                .map(|(power, word)| if power.abs() == 1 { word.to_owned() } else { format!("{word}^{}", power.abs()) })
                .collect()
        };
        let (above, below) = (side(above, |power| power > 0).join("·"), side(below, |power| power < 0).join("·"));
        match (above.is_empty(), below.is_empty()) {
            (true, true) => String::new(),
            (false, true) => format!("{lead}{above}"),
            (_, false) => format!("{lead}{above}/{below}"),
        }
    }
}

/// The dimension of a product; powers stay within 8 bits.
impl Add for Dimension {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.zip(other, i8::saturating_add)
    }
}

/// The dimension of a quotient; powers stay within 8 bits.
impl Sub for Dimension {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.zip(other, i8::saturating_sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_has_a_scale_a_dimension_and_a_word() {
        for (unit, base_units, dimension, adds_up) in [
            (Unit::YiYuan, fraction(100_000_000, 1), "元", true),
            (Unit::WanYuan, fraction(10_000, 1), "元", true),
            (Unit::Thing, fraction(1, 1), "个", true),
            (Unit::House, fraction(1, 1), "个", true),
            (Unit::Percent, fraction(1, 100), "", false),
            (Unit::PerTenThousand, fraction(1, 10_000), "个/人", false),
            (Unit::Month, fraction(1, 1), "月", false),
            (Unit::Rank, fraction(1, 1), "", false),
        ] {
            assert_eq!(unit.scale(), base_units, "{unit}");
            assert_eq!(unit.dimension().chinese(), dimension, "{unit}");
            assert_eq!(unit.adds_up(), adds_up, "{unit}");
            assert_eq!(unit.code().parse::<Unit>().unwrap(), unit);
        }
    }

    #[test]
    fn things_for_each_person_times_people_are_things() {
        let things = Unit::PerTenThousand.dimension() + Unit::Person.dimension();
        assert_eq!(things, Unit::House.dimension());
        assert_eq!((Unit::YiYuan.dimension() - Unit::Thing.dimension()).english(), " yuan/thing");
    }
}
