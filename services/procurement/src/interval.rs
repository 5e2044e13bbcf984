//! Intervals of exact rationals: every value that a published number can stand for, and arithmetic that never loses one.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::rational::{self, Rounding, ten_to};

/// Roots are enclosed within this many decimals.
const ROOT_DECIMALS: usize = 12;

/// One end of an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Where it is.
    pub value: BigRational,
    /// Whether the end itself belongs to the interval.
    pub closed: bool,
}

/// A non-empty set of rationals without gaps; a missing end means that it goes on for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    low: Option<End>,
    high: Option<End>,
}

/// An end during arithmetic: minus infinity, a number, plus infinity.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Corner {
    Below,
    At(End),
    Above,
}

impl Interval {
    /// One number.
    #[must_use]
    pub fn point(value: BigRational) -> Self {
        Self::closed(value.clone(), value)
    }

    /// From `low` to `high`, both included, in whichever order they come.
    #[must_use]
    pub fn closed(low: BigRational, high: BigRational) -> Self {
        let (low, high) = if low <= high { (low, high) } else { (high, low) };
        Self { low: Some(End { value: low, closed: true }), high: Some(End { value: high, closed: true }) }
    }

    /// From `low`, included, up to but without `high`; nothing if `high` is not above `low`.
    #[must_use]
    pub fn half_open(low: BigRational, high: BigRational) -> Option<Self> {
        (low < high).then_some(Self {
            low: Some(End { value: low, closed: true }),
            high: Some(End { value: high, closed: false }),
        })
    }

    /// `low` and everything above.
    #[must_use]
    pub fn at_least(low: BigRational) -> Self {
        Self { low: Some(End { value: low, closed: true }), high: None }
    }

    /// The lower end; `None` is minus infinity.
    #[must_use]
    pub fn low(&self) -> Option<&End> {
        self.low.as_ref()
    }

    /// The upper end; `None` is plus infinity.
    #[must_use]
    pub fn high(&self) -> Option<&End> {
        self.high.as_ref()
    }

    /// The only number in the interval, if there is only one.
    #[must_use]
    pub fn as_point(&self) -> Option<&BigRational> {
        match (&self.low, &self.high) {
            (Some(low), Some(high)) if low.value == high.value => Some(&low.value),
            _ => None,
        }
    }

    /// How far apart the ends are; nothing if one is missing.
    #[must_use]
    pub fn width(&self) -> Option<BigRational> {
        Some(&self.high.as_ref()?.value - &self.low.as_ref()?.value)
    }

    /// Whether a number belongs to the interval.
    #[must_use]
    pub fn contains(&self, value: &BigRational) -> bool {
        let above_low = self.low.as_ref().is_none_or(|end| match end.value.cmp(value) {
            Ordering::Less => true,
            Ordering::Equal => end.closed,
            Ordering::Greater => false,
        });
        above_low
            && self.high.as_ref().is_none_or(|end| match end.value.cmp(value) {
                Ordering::Greater => true,
                Ordering::Equal => end.closed,
                Ordering::Less => false,
            })
    }

    /// Whether two intervals share a number.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        !self.is_below(other) && !other.is_below(self)
    }

    /// Whether each number of this interval is below each number of the other.
    #[must_use]
    pub fn is_below(&self, other: &Self) -> bool {
        match (&self.high, &other.low) {
            (Some(high), Some(low)) => {
                high.value < low.value || (high.value == low.value && !(high.closed && low.closed))
            }
            _ => false,
        }
    }

    /// How far apart two intervals are: zero if they meet or touch.
    #[must_use]
    pub fn gap(&self, other: &Self) -> BigRational {
        let between = |below: &Self, above: &Self| match (&below.high, &above.low) {
            (Some(high), Some(low)) => (&low.value - &high.value).max(BigRational::zero()),
            _ => BigRational::zero(),
        };
        between(self, other).max(between(other, self))
    }

    /// The smallest and the largest whole number inside, if both exist.
    #[must_use]
    pub fn whole_numbers(&self) -> Option<(BigInt, BigInt)> {
        let (low, high) = (self.low.as_ref()?, self.high.as_ref()?);
        let mut first = low.value.ceil().to_integer();
        if !low.closed && low.value.is_integer() {
            first += 1;
        }
        let mut last = high.value.floor().to_integer();
        if !high.closed && high.value.is_integer() {
            last -= 1;
        }
        (first <= last).then_some((first, last))
    }

    /// Every sum of two members.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let add = |one: &Option<End>, two: &Option<End>| match (one, two) {
            (Some(one), Some(two)) => Some(End { value: &one.value + &two.value, closed: one.closed && two.closed }),
            _ => None,
        };
        Self { low: add(&self.low, &other.low), high: add(&self.high, &other.high) }
    }

    /// Every difference of two members.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.plus(&other.negated())
    }

    /// The members with the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        let turn = |end: &Option<End>| end.as_ref().map(|end| End { value: -&end.value, closed: end.closed });
        Self { low: turn(&self.high), high: turn(&self.low) }
    }

    /// The members times a number.
    #[must_use]
    pub fn scaled(&self, factor: &BigRational) -> Self {
        self.times(&Self::point(factor.clone()))
    }

    /// Every product of two members.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        let corners: Vec<Corner> = [self.lower(), self.upper()]
            .iter()
            .flat_map(|one| [other.lower(), other.upper()].map(|two| product(one, &two)))
            .collect();
        let low = corners.iter().cloned().reduce(|one, two| extreme(one, two, Ordering::Less));
        let high = corners.into_iter().reduce(|one, two| extreme(one, two, Ordering::Greater));
        let end = |corner: Option<Corner>| match corner {
            Some(Corner::At(end)) => Some(end),
            _ => None,
        };
        Self { low: end(low), high: end(high) }
    }

    /// Every quotient of two members; nothing if zero belongs to the divisor.
    #[must_use]
    pub fn over(&self, divisor: &Self) -> Option<Self> {
        Some(self.times(&divisor.reciprocal()?))
    }

    fn reciprocal(&self) -> Option<Self> {
        if self.contains(&BigRational::zero()) {
            return None;
        }
        let positive = self.low.as_ref().is_some_and(|end| !end.value.is_negative());
        let zero = || Some(End { value: BigRational::zero(), closed: false });
        let turn = |end: &Option<End>| match end {
            None => zero(),
            Some(end) if end.value.is_zero() => None,
            Some(end) => Some(End { value: end.value.recip(), closed: end.closed }),
        };
        // Without zero inside, the interval lies on one side of it, and a missing end is the far one.
        debug_assert!(positive || self.high.as_ref().is_some_and(|end| !end.value.is_positive()));
        Some(Self { low: turn(&self.high), high: turn(&self.low) })
    }

    /// An interval that holds every `n`-th root of the members, to 12 decimals; nothing if one is negative or `n` is zero.
    #[must_use]
    pub fn root(&self, n: u32) -> Option<Self> {
        let low = self.low.as_ref()?;
        if n == 0 || low.value.is_negative() {
            return None;
        }
        let scale = BigRational::from_integer(ten_to(ROOT_DECIMALS));
        let power = num_traits::pow(scale.clone(), usize::try_from(n).ok()?);
        let floor = |value: &BigRational| (value * &power).floor().to_integer().nth_root(n);
        let ceiling = |value: &BigRational| {
            let root = floor(value);
            let exact = BigRational::from_integer(num_traits::pow(root.clone(), n as usize)) == value * &power;
            if exact { root } else { root + BigInt::one() }
        };
        let end = |root: BigInt| Some(End { value: BigRational::from_integer(root) / &scale, closed: true });
        Some(Self { low: end(floor(&low.value)), high: self.high.as_ref().and_then(|high| end(ceiling(&high.value))) })
    }

    /// Writes the ends with so many decimals, rounded outwards so that nothing is left out: `3.8070–3.8528`,
    /// `[-2, -1]`, `[800, 900)`, `≥ 5`.
    #[must_use]
    pub fn show(&self, places: usize) -> String {
        let low = self.low.as_ref().map(|end| (rational::decimal(&end.value, places, Rounding::Down), end.closed));
        let high = self.high.as_ref().map(|end| (rational::decimal(&end.value, places, Rounding::Up), end.closed));
        match (low, high) {
            (Some((low, _)), Some(_)) if self.as_point().is_some_and(|point| rational::exact(point).is_some()) => low,
            (Some((low, true)), Some((high, true))) if !low.starts_with('-') => format!("{low}–{high}"),
            (Some((low, low_in)), Some((high, high_in))) => {
                format!("{}{low}, {high}{}", if low_in { '[' } else { '(' }, if high_in { ']' } else { ')' })
            }
            (Some((low, closed)), None) => format!("{} {low}", if closed { '≥' } else { '>' }),
            (None, Some((high, closed))) => format!("{} {high}", if closed { '≤' } else { '<' }),
            (None, None) => "−∞–∞".to_owned(),
        }
    }

    fn lower(&self) -> Corner {
        self.low.clone().map_or(Corner::Below, Corner::At)
    }

    fn upper(&self) -> Corner {
        self.high.clone().map_or(Corner::Above, Corner::At)
    }
}

fn product(one: &Corner, two: &Corner) -> Corner {
    match (one, two) {
        (Corner::At(one), Corner::At(two)) => {
            // A zero that belongs to its interval makes zero of every member of the other, its open end or not.
            let held_zero = (one.value.is_zero() && one.closed) || (two.value.is_zero() && two.closed);
            Corner::At(End { value: &one.value * &two.value, closed: held_zero || (one.closed && two.closed) })
        }
        (Corner::At(end), far) | (far, Corner::At(end)) => {
            if end.value.is_zero() {
                return Corner::At(End { value: BigRational::zero(), closed: end.closed });
            }
            if end.value.is_positive() == (*far == Corner::Above) { Corner::Above } else { Corner::Below }
        }
        (one, two) => {
            if one == two {
                Corner::Above
            } else {
                Corner::Below
            }
        }
    }
}

/// The smaller or the larger corner; of two at one place, the one that belongs to the result.
fn extreme(one: Corner, two: Corner, wanted: Ordering) -> Corner {
    let order = match (&one, &two) {
        (Corner::At(one), Corner::At(two)) if one.value == two.value => one.closed.cmp(&two.closed).reverse(),
        (Corner::At(one), Corner::At(two)) => {
            if wanted == Ordering::Less {
                one.value.cmp(&two.value)
            } else {
                two.value.cmp(&one.value)
            }
        }
        _ => {
            let rank = |corner: &Corner| match corner {
                Corner::Below => 0,
                Corner::At(_) => 1,
                Corner::Above => 2,
            };
            if wanted == Ordering::Less { rank(&one).cmp(&rank(&two)) } else { rank(&two).cmp(&rank(&one)) }
        }
    };
    if order == Ordering::Greater { two } else { one }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rational::fraction;

    fn interval(low: i64, high: i64) -> Interval {
        Interval::closed(fraction(low, 1), fraction(high, 1))
    }

    #[test]
    fn a_divisor_that_holds_zero_is_refused_and_one_that_only_touches_it_is_not() {
        let one = interval(1, 2);
        assert_eq!(one.over(&interval(-1, 1)), None);
        assert_eq!(one.over(&interval(0, 1)), None);
        assert_eq!(one.over(&Interval::at_least(fraction(-3, 1))), None);
        let touching = interval(1, 2).minus(&Interval::half_open(fraction(0, 1), fraction(1, 1)).unwrap());
        assert_eq!(touching.show(0), "(0, 2]");
        assert_eq!(one.over(&touching).unwrap().show(1), "≥ 0.5");
        assert_eq!(one.over(&interval(-2, -1)).unwrap().show(1), "[-2.0, -0.5]");
    }

    #[test]
    fn open_ends_stay_open() {
        let more_than = Interval::half_open(fraction(800, 1), fraction(900, 1)).unwrap();
        assert_eq!(more_than.show(0), "[800, 900)");
        assert_eq!(more_than.plus(&interval(1, 1)).show(0), "[801, 901)");
        assert_eq!(more_than.scaled(&fraction(-1, 1)).show(0), "(-900, -800]");
        assert_eq!(more_than.whole_numbers(), Some((800.into(), 899.into())));
        assert!(!more_than.meets(&interval(900, 901)));
        assert_eq!(more_than.gap(&interval(900, 901)), fraction(0, 1));
        assert_eq!(more_than.gap(&interval(910, 911)), fraction(10, 1));
        assert_eq!(Interval::at_least(fraction(5, 1)).times(&interval(0, 1)).show(0), "≥ 0");
        let open = Interval { low: more_than.negated().low, high: more_than.high };
        assert_eq!(open.show(0), "(-900, 900)");
        assert_eq!(interval(0, 1).times(&open).show(0), "(-900, 900)");
        let above_zero = open.plus(&interval(1000, 1000));
        assert_eq!(above_zero.times(&interval(0, 1)).show(0), "[0, 1,900)");
    }

    #[test]
    fn a_root_is_enclosed() {
        let root = Interval::point(fraction(2, 1)).root(2).unwrap();
        assert_eq!(root.show(12), "1.414213562373–1.414213562374");
        assert_eq!(Interval::point(fraction(64, 1)).root(6).unwrap().as_point(), Some(&fraction(2, 1)));
        assert_eq!(interval(-1, 1).root(2), None);
        assert_eq!(interval(1, 2).root(0), None);
    }

    /// An interval of each sort with one of its members.
    fn member() -> impl Strategy<Value = (Interval, BigRational)> {
        let number = || (-60_i64..60, 1_i64..9).prop_map(|(above, below)| fraction(above, below));
        (number(), number(), 0_i64..=8, 0..6).prop_filter_map("open intervals of one point are empty", |parts| {
            let (one, two, eighths, sort) = parts;
            let (low, high) = if one <= two { (one, two) } else { (two, one) };
            let inside = &low + (&high - &low) * fraction(eighths, 8);
            let interval = match sort {
                0 => Interval::point(inside.clone()),
                1 => Interval::half_open(low, high)?,
                2 => Interval::at_least(low),
                4 if low < high => Interval {
                    low: Some(End { value: low, closed: false }),
                    high: Some(End { value: high, closed: false }),
                },
                3 => Interval::half_open(-high, -low)?.negated(),
                _ => Interval::closed(low, high),
            };
            interval.contains(&inside).then_some((interval, inside))
        })
    }

    proptest! {
        #[test]
        fn arithmetic_on_intervals_holds_the_result_of_every_pair_of_members(
            (one, x) in member(), (two, y) in member()
        ) {
            prop_assert!(one.plus(&two).contains(&(&x + &y)));
            prop_assert!(one.minus(&two).contains(&(&x - &y)));
            prop_assert!(one.times(&two).contains(&(&x * &y)), "{:?} × {:?}", one, two);
            prop_assert!(one.negated().contains(&-&x));
            match one.over(&two) {
                Some(quotient) => prop_assert!(quotient.contains(&(&x / &y)), "{:?} ÷ {:?}", one, two),
                None => prop_assert!(two.contains(&fraction(0, 1))),
            }
            prop_assert_eq!(one.meets(&two), two.meets(&one));
            prop_assert!(x != y || one.meets(&two));
            if !one.meets(&two) {
                prop_assert!((&x - &y).abs() >= one.gap(&two));
            }
        }

        #[test]
        fn the_ends_of_a_sum_are_no_wider_than_its_members_reach((one, _) in member(), (two, _) in member()) {
            let sum = one.plus(&two);
            for (end, parts) in [(sum.low(), [one.low(), two.low()]), (sum.high(), [one.high(), two.high()])] {
                match (end, parts) {
                    (Some(end), [Some(a), Some(b)]) => prop_assert_eq!(&end.value, &(&a.value + &b.value)),
                    (end, _) => prop_assert!(end.is_none()),
                }
            }
        }

        #[test]
        fn a_root_to_its_power_holds_the_number(above in 0_i64..100_000, below in 1_i64..1000, n in 1_u32..8) {
            let number = fraction(above, below);
            let root = Interval::point(number.clone()).root(n).unwrap();
            let power = (1..n).fold(root.clone(), |power, _| power.times(&root));
            prop_assert!(power.contains(&number));
        }

        #[test]
        fn what_is_printed_leaves_nothing_out((one, _) in member(), places in 0_usize..5) {
            let text = one.show(places);
            prop_assert!(!text.is_empty());
            if let (Some(low), Some(high)) = (one.low(), one.high()) {
                let read = |end: &End, rounding| {
                    rational::parse(&rational::decimal(&end.value, places, rounding)).unwrap().0
                };
                prop_assert!(read(low, Rounding::Down) <= low.value);
                prop_assert!(read(high, Rounding::Up) >= high.value);
            }
        }
    }
}
