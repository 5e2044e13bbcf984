//! Numbers inside sentences: which unit they are told in, and with how many digits.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::{
    figure::ComputedFigure,
    formula::{Figures, Formula, Language},
    interval::Interval,
    rational::{self, Rounding, fraction},
    unit::{Dimension, Unit},
};

/// Numbers are told with at least this many digits that count.
const DIGITS_MIN: i32 = 5;
/// A number is told with this many decimals more than the figure that it is compared with.
const DECIMALS_MORE: usize = 2;
/// No number is told with more decimals than this.
const PLACES_MAX: usize = 12;

/// The unit that values of one dimension are told in.
pub(super) struct Telling {
    scale: BigRational,
    chinese: String,
    english: String,
    whole: bool,
}

impl Telling {
    /// In a unit of the source.
    pub(super) fn of(unit: Unit) -> Self {
        let (chinese, english) = (unit.chinese().to_owned(), unit.english().to_owned());
        Self { scale: unit.scale(), chinese, english, whole: unit.counts() }
    }

    /// In the unit that a computed value of this size is usually told in.
    pub(super) fn usual(formula: &Formula, figure: &ComputedFigure, figures: &Figures) -> Self {
        let mut units: Vec<Unit> = match formula {
            Formula::Figure(_) | Formula::Sum(_) | Formula::Difference(..) => {
                figure.inputs.iter().filter_map(|id| figures.get(id)).map(|input| input.quantity.unit()).collect()
            }
            _ => Vec::new(),
        };
        units.dedup();
        let common = (units.len() == 1).then(|| units[0]);
        match common.or(formula.usual_unit(figure.dimension)) {
            Some(unit) => Self::of(unit),
            None => {
                let low = || figure.interval.low().map(|end| end.value.clone());
                let size = figure.central.clone().or_else(low).unwrap_or_else(BigRational::zero);
                Self::sized(figure.dimension, &size)
            }
        }
    }

    fn sized(dimension: Dimension, size: &BigRational) -> Self {
        let steps = [(100_000_000, "亿", " × 100 million"), (10_000, "万", " × 10,000")];
        let step = steps.iter().find(|(step, ..)| dimension.money == 1 && size.abs() >= fraction(*step, 1));
        let (scale, chinese, english) = step
            .map_or((BigRational::one(), "", ""), |(step, chinese, english)| (fraction(*step, 1), *chinese, *english));
        Self {
            scale,
            chinese: format!("{chinese}{}", dimension.chinese()),
            english: format!("{english}{}", dimension.english()),
            whole: dimension == Unit::Thing.dimension() || dimension == Unit::Person.dimension(),
        }
    }

    /// How many decimals tell these values apart, given the decimals of the figure that they are compared with.
    pub(super) fn places(&self, values: &[&BigRational], stated_decimals: Option<usize>) -> usize {
        let scaled: Vec<BigRational> = values.iter().map(|value| *value / &self.scale).collect();
        let digits = scaled.iter().map(rational::magnitude).max().unwrap_or(0);
        let mut places = usize::try_from(DIGITS_MIN - digits).unwrap_or(0);
        places = places.max(stated_decimals.map_or(0, |decimals| decimals + DECIMALS_MORE));
        if scaled.iter().any(|value| !value.is_integer()) {
            places = places.max(DECIMALS_MORE);
        }
        // As few as tell every value fully …
        if let Some(exact) = (0..places).find(|places| scaled.iter().all(|value| is_told(value, *places))) {
            return exact;
        }
        // … or as many as tell unlike values apart.
        let alike = |places| {
            scaled.iter().enumerate().any(|(index, one)| {
                scaled[..index].iter().any(|two| {
                    (one - two).abs() >= told_apart()
                        && rational::decimal(one, places, Rounding::Nearest)
                            == rational::decimal(two, places, Rounding::Nearest)
                })
            })
        };
        while places < PLACES_MAX && alike(places) {
            places += 1;
        }
        places
    }

    /// `3.8298倍`.
    pub(super) fn number(&self, value: &BigRational, places: usize, language: Language) -> String {
        let text = rational::decimal(&(value / &self.scale), places, Rounding::Nearest);
        format!("{text}{}", self.unit(language))
    }

    /// `3.8070–3.8528倍`.
    pub(super) fn range(&self, interval: &Interval, places: usize, language: Language) -> String {
        format!("{}{}", interval.scaled(&self.scale.recip()).show(places), self.unit(language))
    }

    /// `= 3倍`, or `≈ 3.8298倍 (3.8070–3.8528倍)`, or only the range where no single number is meant.
    pub(super) fn value(&self, figure: &ComputedFigure, places: usize, language: Language) -> String {
        let range = self.range(&figure.interval, places, language);
        let scaled = figure.interval.scaled(&self.scale.recip());
        let is_one_number = scaled.width().is_some_and(|width| width < told_apart());
        let whole = match figure.interval.whole_numbers() {
            Some((first, last)) if self.whole && figure.interval.as_point().is_none() && first < last => {
                let told = |number| rational::decimal(&BigRational::from_integer(number), 0, Rounding::Nearest);
                let (first, last) = (told(first), told(last));
                match language {
                    Language::Chinese => format!("，整数为 {first}–{last}"),
                    Language::English => format!(", whole numbers {first}–{last}"),
                }
            }
            _ => String::new(),
        };
        let Some(central) = &figure.central else { return format!("∈ {range}{whole}") };
        let is_exact = figure.interval.as_point().is_some() || !is_one_number;
        let sign = if is_exact && is_told(&(central / &self.scale), places) { '=' } else { '≈' };
        let number = self.number(central, places, language);
        match (is_one_number, language) {
            (true, _) => format!("{sign} {number}"),
            (false, Language::Chinese) => format!("{sign} {number}（区间 {range}{whole}）"),
            (false, Language::English) => format!("{sign} {number} (interval {range}{whole})"),
        }
    }

    fn unit(&self, language: Language) -> &str {
        match language {
            Language::Chinese => &self.chinese,
            Language::English => &self.english,
        }
    }
}

/// The finite ends of an interval and a central value: what must be told apart.
pub(super) fn ends<'a>(interval: &'a Interval, central: Option<&'a BigRational>) -> Vec<&'a BigRational> {
    let ends = [interval.low(), interval.high()].into_iter().flatten().map(|end| &end.value);
    central.into_iter().chain(ends).collect()
}

/// Ends closer than this in the unit told are those of a root's enclosure: one number.
fn told_apart() -> BigRational {
    fraction(1, 100_000_000)
}

fn is_told(value: &BigRational, places: usize) -> bool {
    (value * BigRational::from_integer(rational::ten_to(places))).is_integer()
}
