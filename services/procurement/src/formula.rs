//! Formulas over figures: `share(F25, N01)`, `annual_growth(F10, F09, 6)`. Exact rationals over intervals, no floating point.
//!
//! A formula never divides by an interval that holds zero, never adds unlike units, and tells which figure is missing.

mod grammar;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use stdx::ErrorKind;

use crate::{
    figure::{Caveat, ComputedFigure, FigureId, Period, PublishedFigure, Scope},
    interval::Interval,
    rational::fraction,
    unit::{Dimension, Unit},
};

/// A formula may nest this deep.
pub const DEPTH_MAX: usize = 16;
/// A formula may have this many parts.
pub const PARTS_MAX: usize = 64;
/// A formula may be written in this many bytes.
pub const TEXT_BYTES_MAX: usize = 1024;
/// Growth by the year may span this many years.
pub const YEARS_MAX: u32 = 100;

/// A formula; read from text with `parse`, written back by `Display`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula {
    /// A figure: `F09`.
    Figure(FigureId),
    /// A plain number: `10000`.
    Number(BigRational),
    /// `sum(F17b, F18c)`: like units, at least two parts.
    Sum(Vec<Formula>),
    /// `difference(F15a, F16a)`: the first without the second; like units.
    Difference(Box<Formula>, Box<Formula>),
    /// `product(F23, F12)`.
    Product(Box<Formula>, Box<Formula>),
    /// `ratio(F09, F10)`: how many times the second the first is, or so much of the first for each of the second.
    Ratio(Box<Formula>, Box<Formula>),
    /// `share(part, whole)`: like units, told in percent.
    Share(Box<Formula>, Box<Formula>),
    /// `per_capita(count, people)`.
    PerCapita(Box<Formula>, Box<Formula>),
    /// `growth(from, to)`: to ÷ from − 1; like units, told in percent.
    Growth(Box<Formula>, Box<Formula>),
    /// `annual_growth(from, to, years)`: the yearly growth that leads from one to the other; like units.
    AnnualGrowth(Box<Formula>, Box<Formula>, u32),
    /// `days(F29a, 30)`: months taken as so many days each.
    Days(Box<Formula>, u32),
}

/// Why a formula cannot be read or has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The text is no formula.
    #[error("no formula: {reason} at byte {at}")]
    Unreadable {
        /// What is wrong.
        reason: String,
        /// Where, in bytes from the beginning.
        at: usize,
    },
    /// A figure is not there.
    #[error("figure {0} is missing")]
    Missing(FigureId),
    /// The divisor may be zero.
    #[error("{0} may be zero and cannot divide")]
    DivisorHoldsZero(String),
    /// Parts of a sum, difference, share or growth measure different things.
    #[error("{one} and {two} have unlike units")]
    UnlikeUnits {
        /// One part.
        one: String,
        /// The other.
        two: String,
    },
    /// A place in an order is not a quantity.
    #[error("figure {0} is a rank and cannot be computed with")]
    Rank(FigureId),
    /// Growth by the year needs numbers that are not negative.
    #[error("{0} may be negative and has no root")]
    NegativeRoot(String),
    /// `days` needs months.
    #[error("{0} is not in months")]
    NotMonths(String),
}

impl Failure {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing(_) => ErrorKind::NotFound,
            _ => ErrorKind::Invalid,
        }
    }
}

/// Where a formula looks its figures up.
pub type Figures = BTreeMap<FigureId, PublishedFigure>;

struct Value {
    central: Option<BigRational>,
    interval: Interval,
    dimension: Dimension,
    periods: BTreeSet<Period>,
}

impl Formula {
    /// The figures that the formula names.
    #[must_use]
    pub fn figures(&self) -> BTreeSet<FigureId> {
        let mut found = BTreeSet::new();
        self.visit(&mut |part| {
            if let Self::Figure(id) = part {
                found.insert(id.clone());
            }
        });
        found
    }

    fn visit(&self, seen: &mut impl FnMut(&Self)) {
        seen(self);
        for part in self.parts() {
            part.visit(seen);
        }
    }

    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Figure(_) | Self::Number(_) => Vec::new(),
            Self::Sum(parts) => parts.iter().collect(),
            Self::Difference(one, two)
            | Self::Product(one, two)
            | Self::Ratio(one, two)
            | Self::Share(one, two)
            | Self::PerCapita(one, two)
            | Self::Growth(one, two)
            | Self::AnnualGrowth(one, two, _) => vec![one, two],
            Self::Days(part, _) => vec![part],
        }
    }

    /// The divisor of a formula that is a quotient as a whole, with the dividend.
    #[must_use]
    pub fn as_quotient(&self) -> Option<(&Self, &Self)> {
        match self {
            Self::Ratio(above, below) | Self::Share(above, below) | Self::PerCapita(above, below) => {
                Some((above, below))
            }
            _ => None,
        }
    }

    /// The unit that a value of this formula is usually told in, where the formula decides it.
    #[must_use]
    pub fn usual_unit(&self, dimension: Dimension) -> Option<Unit> {
        match self {
            Self::Share(..) | Self::Growth(..) | Self::AnnualGrowth(..) => Some(Unit::Percent),
            Self::Ratio(..) if dimension == Dimension::NONE => Some(Unit::Times),
            _ if dimension == Unit::PerTenThousand.dimension() => Some(Unit::PerTenThousand),
            _ => None,
        }
    }

    /// Computes the formula from published figures.
    ///
    /// # Errors
    /// A missing figure, a rank, unlike units, a divisor that may be zero, a root of what may be negative.
    pub fn evaluate(&self, figures: &Figures) -> Result<ComputedFigure, Failure> {
        let mut caveats = BTreeSet::new();
        let value = self.value(figures, &mut caveats)?;
        let inputs = self.figures();
        let used: Vec<&PublishedFigure> = inputs.iter().filter_map(|id| figures.get(id)).collect();
        let bases: BTreeSet<_> =
            used.iter().map(|figure| figure.basis).filter(|basis| !basis.goes_with_all()).collect();
        if bases.len() > 1 {
            caveats.insert(Caveat::MixedBases(bases.into_iter().collect()));
        }
        if used.iter().map(|figure| figure.scope).collect::<BTreeSet<Scope>>().len() > 1 {
            caveats.insert(Caveat::MixedScopes);
        }
        for figure in used {
            if let Some(note) = &figure.base_note {
                caveats.insert(Caveat::OpenBase(figure.id.clone(), note.clone()));
            }
        }
        let Value { central, interval, dimension, .. } = value;
        Ok(ComputedFigure { central, interval, dimension, inputs, caveats })
    }

    fn value(&self, figures: &Figures, caveats: &mut BTreeSet<Caveat>) -> Result<Value, Failure> {
        let value = match self {
            Self::Figure(id) => return read(id, figures),
            Self::Number(number) => Value {
                central: Some(number.clone()),
                interval: Interval::point(number.clone()),
                dimension: Dimension::NONE,
                periods: BTreeSet::new(),
            },
            Self::Sum(parts) => {
                let mut values = parts.iter().map(|part| Ok((part, part.value(figures, caveats)?)));
                let (first, mut total) = values
                    .next()
                    .unwrap_or_else(|| Err(Failure::UnlikeUnits { one: self.to_string(), two: String::new() }))?;
                for next in values {
                    let (part, value) = next?;
                    like(first, &total, part, &value)?;
                    total = total.join(value, |one, two| one + two, Interval::plus);
                }
                total.note_periods(caveats);
                total
            }
            Self::Difference(one, two) => {
                let (left, right) = alike(one, two, figures, caveats)?;
                left.join(right, |one, two| one - two, Interval::minus)
            }
            Self::Product(one, two) => {
                let (left, right) = (one.value(figures, caveats)?, two.value(figures, caveats)?);
                let dimension = left.dimension + right.dimension;
                Value { dimension, ..left.join(right, |one, two| one * two, Interval::times) }
            }
            Self::Ratio(above, below) => {
                let (left, right) = (above.value(figures, caveats)?, below.value(figures, caveats)?);
                quotient(left, right, below)?
            }
            Self::PerCapita(above, below) => {
                let (left, right) = (above.value(figures, caveats)?, below.value(figures, caveats)?);
                if right.dimension != Unit::Person.dimension() {
                    return Err(Failure::UnlikeUnits {
                        one: below.to_string(),
                        two: Unit::Person.english().to_owned(),
                    });
                }
                let value = quotient(left, right, below)?;
                value.note_periods(caveats);
                value
            }
            Self::Share(part, whole) => {
                let (left, right) = alike(part, whole, figures, caveats)?;
                let value = quotient(left, right, whole)?;
                value.note_periods(caveats);
                value
            }
            Self::Growth(from, to) => {
                let (from_value, to_value) = alike(from, to, figures, caveats)?;
                quotient(to_value, from_value, from)?.less_one()
            }
            Self::AnnualGrowth(from, to, years) => {
                let (from_value, to_value) = alike(from, to, figures, caveats)?;
                let times = quotient(to_value, from_value, from)?;
                let root = |interval: &Interval| interval.root(*years);
                let interval = root(&times.interval).ok_or_else(|| Failure::NegativeRoot(self.to_string()))?;
                // A root is seldom rational: the middle of the enclosure of 12 decimals stands for it.
                let central = times.central.as_ref().and_then(|central| {
                    let enclosure = root(&Interval::point(central.clone()))?;
                    Some((&enclosure.low()?.value + &enclosure.high()?.value) / fraction(2, 1))
                });
                Value { central, interval, ..times }.less_one()
            }
            Self::Days(part, days) => {
                let value = part.value(figures, caveats)?;
                if value.dimension != Unit::Month.dimension() {
                    return Err(Failure::NotMonths(part.to_string()));
                }
                let days = fraction(i64::from(*days), 1);
                Value {
                    central: value.central.map(|central| central * &days),
                    interval: value.interval.scaled(&days),
                    dimension: Unit::Day.dimension(),
                    periods: value.periods,
                }
            }
        };
        Ok(value)
    }
}

impl Value {
    /// Joins two values; the dimension stays the first one's.
    fn join(
        self,
        other: Self,
        central: impl Fn(&BigRational, &BigRational) -> BigRational,
        interval: impl Fn(&Interval, &Interval) -> Interval,
    ) -> Self {
        Self {
            central: self.central.as_ref().zip(other.central.as_ref()).map(|(one, two)| central(one, two)),
            interval: interval(&self.interval, &other.interval),
            dimension: self.dimension,
            periods: self.periods.into_iter().chain(other.periods).collect(),
        }
    }

    fn less_one(self) -> Self {
        let one = BigRational::one();
        Self {
            central: self.central.map(|central| central - &one),
            interval: self.interval.minus(&Interval::point(one)),
            ..self
        }
    }

    fn note_periods(&self, caveats: &mut BTreeSet<Caveat>) {
        if self.periods.len() > 1 {
            caveats.insert(Caveat::MixedPeriods(self.periods.iter().copied().collect()));
        }
    }
}

fn read(id: &FigureId, figures: &Figures) -> Result<Value, Failure> {
    let figure = figures.get(id).ok_or_else(|| Failure::Missing(id.clone()))?;
    let unit = figure.quantity.unit();
    if unit == Unit::Rank {
        return Err(Failure::Rank(id.clone()));
    }
    Ok(Value {
        central: figure.quantity.central(),
        interval: figure.quantity.interval(),
        dimension: unit.dimension(),
        periods: BTreeSet::from([figure.period]),
    })
}

fn like(one: &Formula, one_value: &Value, two: &Formula, two_value: &Value) -> Result<(), Failure> {
    if one_value.dimension == two_value.dimension {
        Ok(())
    } else {
        Err(Failure::UnlikeUnits { one: one.to_string(), two: two.to_string() })
    }
}

fn alike(
    one: &Formula,
    two: &Formula,
    figures: &Figures,
    caveats: &mut BTreeSet<Caveat>,
) -> Result<(Value, Value), Failure> {
    let (left, right) = (one.value(figures, caveats)?, two.value(figures, caveats)?);
    like(one, &left, two, &right)?;
    Ok((left, right))
}

fn quotient(above: Value, below: Value, divisor: &Formula) -> Result<Value, Failure> {
    let interval =
        above.interval.over(&below.interval).ok_or_else(|| Failure::DivisorHoldsZero(divisor.to_string()))?;
    let dimension = above.dimension - below.dimension;
    // The central value lies in its interval, so a divisor whose interval has no zero has no central zero.
    let joined =
        above.join(below, |one, two| if two.is_zero() { BigRational::zero() } else { one / two }, |one, _| one.clone());
    Ok(Value { interval, dimension, ..joined })
}

/// The form that `parse` reads.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Figure(id) => write!(f, "{id}"),
            Self::Number(number) => match crate::rational::exact(number) {
                Some(text) => f.write_str(&text.replace(',', "")),
                None => write!(f, "{number}"),
            },
            Self::Sum(parts) => {
                f.write_str("sum(")?;
                for (index, part) in parts.iter().enumerate() {
                    write!(f, "{}{part}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str(")")
            }
            Self::Difference(one, two) => write!(f, "difference({one}, {two})"),
            Self::Product(one, two) => write!(f, "product({one}, {two})"),
            Self::Ratio(one, two) => write!(f, "ratio({one}, {two})"),
            Self::Share(one, two) => write!(f, "share({one}, {two})"),
            Self::PerCapita(one, two) => write!(f, "per_capita({one}, {two})"),
            Self::Growth(one, two) => write!(f, "growth({one}, {two})"),
            Self::AnnualGrowth(one, two, years) => write!(f, "annual_growth({one}, {two}, {years})"),
            Self::Days(part, days) => write!(f, "days({part}, {days})"),
        }
    }
}

/// How the numbers of a formula are written out, in the two languages of our sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// 中文.
    Chinese,
    /// English.
    English,
}

impl Formula {
    /// Writes the formula with the numbers as published: `F09(321.70亿元)÷F10(84亿元)`.
    #[must_use]
    pub fn spelled(&self, figures: &Figures, language: Language) -> String {
        let spell = |part: &Self| {
            let text = part.spelled(figures, language);
            if matches!(part, Self::Figure(_) | Self::Number(_)) { text } else { format!("({text})") }
        };
        match self {
            Self::Figure(id) => match (figures.get(id), language) {
                (Some(figure), Language::Chinese) => format!("{id}（{}）", figure.quantity.chinese()),
                (Some(figure), Language::English) => format!("{id} ({})", figure.quantity.english()),
                (None, Language::Chinese) => format!("{id}（缺）"),
                (None, Language::English) => format!("{id} (missing)"),
            },
            Self::Number(number) => {
                let sign = if number.is_negative() { "−" } else { "" };
                let text = crate::rational::exact(&number.abs()).unwrap_or_else(|| number.abs().to_string());
                format!("{sign}{text}")
            }
            Self::Sum(parts) => parts.iter().map(spell).collect::<Vec<_>>().join(" + "),
            Self::Difference(one, two) => format!("{} − {}", spell(one), spell(two)),
            Self::Product(one, two) => format!("{} × {}", spell(one), spell(two)),
            Self::Ratio(one, two) | Self::Share(one, two) | Self::PerCapita(one, two) => {
                format!("{} ÷ {}", spell(one), spell(two))
            }
            Self::Growth(from, to) => format!("{} ÷ {} − 1", spell(to), spell(from)),
            Self::AnnualGrowth(from, to, years) => format!("({} ÷ {})^(1/{years}) − 1", spell(to), spell(from)),
            Self::Days(part, days) => match language {
                Language::Chinese => format!("{} × 每月{days}天", spell(part)),
                Language::English => format!("{} × {days} days a month", spell(part)),
            },
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
