//! Money: whole fen (1/100 yuan) in 64 bits. 元, 万元 and 亿元 are ways of writing, not of keeping.
//!
//! Deliberately absent: currencies other than the renminbi, and rounding: a text that means a part of a fen is refused.

use std::fmt;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};

use crate::{
    coded::coded,
    error::Error,
    rational::{self, Rounding, fraction},
};

/// A text of money may have this many bytes.
const TEXT_BYTES_MAX: usize = 128;

coded! {
    /// How an amount of money is written.
    MoneyUnit, "unit of money":
    /// Yuan.
    Yuan = "YUAN" "元",
    /// Ten thousand yuan.
    WanYuan = "WAN_YUAN" "万元",
    /// A hundred million yuan.
    YiYuan = "YI_YUAN" "亿元",
}

impl MoneyUnit {
    /// How many fen one of the unit is.
    #[must_use]
    pub fn fen(self) -> i64 {
        match self {
            Self::Yuan => 100,
            Self::WanYuan => 1_000_000,
            Self::YiYuan => 10_000_000_000,
        }
    }

    /// How many decimals write every whole number of fen: 2, 6 or 10.
    #[must_use]
    pub fn decimals(self) -> usize {
        match self {
            Self::Yuan => 2,
            Self::WanYuan => 6,
            Self::YiYuan => 10,
        }
    }
}

/// An amount of money in fen; negative for a cut or a refund.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fen(i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Takes a number of fen.
    #[must_use]
    pub const fn new(fen: i64) -> Self {
        Self(fen)
    }

    /// The number of fen.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Adds.
    ///
    /// # Errors
    /// [`Error::MoneyOverflow`].
    pub fn plus(self, other: Self) -> Result<Self, Error> {
        self.0.checked_add(other.0).map(Self).ok_or(Error::MoneyOverflow)
    }

    /// Subtracts.
    ///
    /// # Errors
    /// [`Error::MoneyOverflow`].
    pub fn minus(self, other: Self) -> Result<Self, Error> {
        self.0.checked_sub(other.0).map(Self).ok_or(Error::MoneyOverflow)
    }

    /// Sums exactly: the order of the amounts does not matter, only the total must fit.
    ///
    /// # Errors
    /// [`Error::MoneyOverflow`].
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, Error> {
        // 2^63 amounts fit into 128 bits, more than any iterator yields.
        let total: i128 = amounts.into_iter().map(|amount| i128::from(amount.0)).sum();
        i64::try_from(total).map(Self).map_err(|_| Error::MoneyOverflow)
    }

    /// Splits by weights so that the parts add up to the whole: each part is cut towards zero, and the fen left over go one
    /// each to the largest remainders, the earlier part first.
    ///
    /// # Errors
    /// No weight above zero.
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, Error> {
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if total == 0 {
            return Err(Error::malformed("weights", &format!("{weights:?}"), "one must be above zero"));
        }
        let (amount, total) = (BigInt::from(self.0.unsigned_abs()), BigInt::from(total));
        let mut parts = Vec::with_capacity(weights.len());
        let mut remainders = Vec::with_capacity(weights.len());
        for (index, weight) in weights.iter().enumerate() {
            let product = &amount * weight;
            let part = (&product / &total).to_i128().ok_or(Error::MoneyOverflow)?;
            remainders.push((product % &total, index));
            parts.push(part);
        }
        let mut left = i128::from(self.0.unsigned_abs()) - parts.iter().sum::<i128>();
        remainders.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        for (_, index) in remainders {
            if left == 0 {
                break;
            }
            parts[index] += 1;
            left -= 1;
        }
        let sign = i128::from(self.0.signum());
        parts.into_iter().map(|part| i64::try_from(sign * part).map(Self).map_err(|_| Error::MoneyOverflow)).collect()
    }

    /// Reads an amount that says its unit: `321.70亿元`, `995 万元`, `1,234.56元`, `995万`, `¥12`.
    ///
    /// # Errors
    /// No unit, no decimal, a part of a fen, or more than 64 bits of fen.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text, None)
    }

    /// Reads an amount of a column whose head says the unit (单位:万元); a unit in the cell itself wins.
    ///
    /// # Errors
    /// As [`Self::parse`], but for the missing unit.
    pub fn parse_in(text: &str, unit: MoneyUnit) -> Result<Self, Error> {
        Self::read(text, Some(unit))
    }

    fn read(text: &str, default: Option<MoneyUnit>) -> Result<Self, Error> {
        const WHAT: &str = "amount of money";
        if text.len() > TEXT_BYTES_MAX {
            return Err(Error::malformed(WHAT, text, "longer than 128 bytes"));
        }
        let bare = text.trim();
        let (sign, bare) = match bare.strip_prefix(['¥', '\u{FFE5}']) {
            Some(rest) => (Some(MoneyUnit::Yuan), rest.trim_start()),
            None => (None, bare),
        };
        let (said, number) = [
            ("亿元", MoneyUnit::YiYuan),
            ("万元", MoneyUnit::WanYuan),
            ("元", MoneyUnit::Yuan),
            ("亿", MoneyUnit::YiYuan),
            ("万", MoneyUnit::WanYuan),
        ]
        .iter()
        .find_map(|(word, unit)| bare.strip_suffix(word).map(|number| (Some(*unit), number)))
        .unwrap_or((sign, bare));
        let unit = said.or(default).ok_or_else(|| Error::malformed(WHAT, text, "says no unit (元, 万元, 亿元)"))?;
        let (value, _) = rational::parse(number).map_err(|_| Error::malformed(WHAT, text, "is not a decimal"))?;
        Self::from_rational(&(value * BigRational::from_integer(unit.fen().into())), text)
    }

    fn from_rational(fen: &BigRational, text: &str) -> Result<Self, Error> {
        if !fen.is_integer() {
            return Err(Error::malformed("amount of money", text, "means a part of a fen"));
        }
        fen.to_integer().to_i64().map(Self).ok_or(Error::MoneyOverflow)
    }

    /// The amount in yuan, exactly.
    #[must_use]
    pub fn yuan(self) -> BigRational {
        fraction(self.0, 100)
    }

    /// Writes the amount in a unit, exactly, without trailing zeros: `321.7亿元`, `995万元`, `12.34元`.
    #[must_use]
    pub fn show(self, unit: MoneyUnit) -> String {
        let value = BigRational::new(self.0.into(), unit.fen().into());
        let text =
            rational::exact(&value).unwrap_or_else(|| rational::decimal(&value, unit.decimals(), Rounding::Nearest));
        format!("{text}{}", unit.chinese())
    }

    /// The unit that people would write the amount in: 亿元 from a hundred million yuan, 万元 from ten thousand.
    #[must_use]
    pub fn usual_unit(self) -> MoneyUnit {
        [MoneyUnit::YiYuan, MoneyUnit::WanYuan]
            .into_iter()
            .find(|unit| self.0.unsigned_abs() >= unit.fen().unsigned_abs())
            .unwrap_or(MoneyUnit::Yuan)
    }

    /// Writes the amount in the unit that people would write it in.
    #[must_use]
    pub fn usual(self) -> String {
        self.show(self.usual_unit())
    }

    /// The nearest number of fen to a rational number of yuan, for shares that a person asked to be rounded.
    ///
    /// # Errors
    /// [`Error::MoneyOverflow`].
    pub fn nearest(yuan: &BigRational) -> Result<Self, Error> {
        let fen = yuan * BigRational::from_integer(100.into());
        if fen.is_zero() {
            return Ok(Self::ZERO);
        }
        fen.round().to_integer().to_i64().map(Self).ok_or(Error::MoneyOverflow)
    }
}

/// Yuan with two decimals: `32,170,000,000.00元`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}元", rational::decimal(&self.yuan(), 2, Rounding::Nearest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_amount_is_read_in_each_way_that_bureaux_write_it() {
        for (text, fen) in [
            ("321.70亿元", 3_217_000_000_000),
            ("84亿元", 840_000_000_000),
            ("995万元", 995_000_000),
            ("995 万元", 995_000_000),
            ("995万", 995_000_000),
            ("1,234.56元", 123_456),
            ("1234.56元", 123_456),
            ("¥12", 1_200),
            ("\u{FFE5}12", 1_200),
            ("¥1.5万", 1_500_000),
            ("-0.01元", -1),
            ("0.000001万元", 1),
            ("0.0000000001亿元", 1),
        ] {
            assert_eq!(Fen::parse(text).unwrap(), Fen::new(fen), "{text}");
        }
        assert_eq!(Fen::parse_in("995", MoneyUnit::WanYuan).unwrap(), Fen::new(995_000_000));
        assert_eq!(Fen::parse_in("3元", MoneyUnit::WanYuan).unwrap(), Fen::new(300));
    }

    #[test]
    fn an_amount_that_is_not_whole_fen_or_says_no_unit_is_refused() {
        for (text, why) in [
            ("995", "says no unit"),
            ("0.001元", "part of a fen"),
            ("0.0000001万元", "part of a fen"),
            ("1e5元", "not a decimal"),
            ("约3元", "not a decimal"),
            ("", "says no unit"),
            ("元", "not a decimal"),
            ("92233720368547758.08元", "64-bit"),
        ] {
            let error = Fen::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert_eq!(Fen::parse("92233720368547758.07元").unwrap(), Fen::new(i64::MAX));
        assert_eq!(Fen::parse("-92233720368547758.08元").unwrap(), Fen::new(i64::MIN));
    }

    #[test]
    fn an_amount_is_written_exactly_in_any_unit() {
        let settlement = Fen::parse("321.70亿元").unwrap();
        for (unit, text) in [
            (MoneyUnit::YiYuan, "321.7亿元"),
            (MoneyUnit::WanYuan, "3,217,000万元"),
            (MoneyUnit::Yuan, "32,170,000,000元"),
        ] {
            assert_eq!(settlement.show(unit), text);
        }
        assert_eq!(settlement.to_string(), "32,170,000,000.00元");
        assert_eq!(settlement.usual_unit(), MoneyUnit::YiYuan);
        assert_eq!(Fen::new(1).show(MoneyUnit::YiYuan), "0.0000000001亿元");
    }

    #[test]
    fn a_split_gives_the_fen_left_over_to_the_largest_remainders() {
        let parts = |fen, weights: &[u64]| -> Vec<i64> {
            Fen::new(fen).split(weights).unwrap().into_iter().map(Fen::get).collect()
        };
        assert_eq!(parts(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(parts(-100, &[1, 1, 1]), [-34, -33, -33]);
        assert_eq!(parts(10, &[1, 2, 0]), [3, 7, 0]);
        assert!(Fen::new(1).split(&[]).is_err());
        assert!(Fen::new(1).split(&[0, 0]).is_err());
    }

    #[test]
    fn no_floating_point_stands_anywhere_in_this_room() {
        fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found);
                } else {
                    let text = std::fs::read_to_string(&path).unwrap();
                    for word in [concat!("f", "32"), concat!("f", "64")] {
                        if text.contains(word) {
                            found.push(format!("{} has {word}", path.display()));
                        }
                    }
                }
            }
        }
        let mut found = Vec::new();
        walk(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert_eq!(found, Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(fen: i64) {
            let amount = Fen::new(fen);
            for unit in MoneyUnit::ALL {
                prop_assert_eq!(Fen::parse(&amount.show(*unit)).unwrap(), amount);
            }
            prop_assert_eq!(Fen::parse(&amount.to_string()).unwrap(), amount);
        }

        #[test]
        fn sums_are_exact_or_refused(fen in proptest::collection::vec(any::<i64>(), 0..40)) {
            let total: BigInt = fen.iter().map(|fen| BigInt::from(*fen)).sum();
            match Fen::sum(fen.iter().copied().map(Fen::new)) {
                Ok(sum) => prop_assert_eq!(BigInt::from(sum.get()), total),
                Err(error) => {
                    prop_assert_eq!(error, Error::MoneyOverflow);
                    prop_assert!(total > i64::MAX.into() || total < i64::MIN.into());
                }
            }
        }

        #[test]
        fn the_parts_of_a_split_add_up(fen: i64, weights in proptest::collection::vec(any::<u64>(), 1..20)) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let parts = Fen::new(fen).split(&weights).unwrap();
            prop_assert_eq!(Fen::sum(parts).unwrap(), Fen::new(fen));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,80}") {
            let _ = Fen::parse(&text);
            let _ = Fen::parse_in(&text, MoneyUnit::WanYuan);
        }
    }
}
