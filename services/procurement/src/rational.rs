//! Exact decimals: texts to rationals and back, without floating point anywhere.

use num_bigint::{BigInt, Sign};
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::error::Error;

/// A decimal may have this many digits; longer texts are refused.
pub const DIGITS_MAX: usize = 30;

/// How [`decimal`] ends a number that has more places than are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, halves away from zero (四舍五入).
    Nearest,
    /// Towards minus infinity: for the lower end of an interval.
    Down,
    /// Towards plus infinity: for the upper end of an interval.
    Up,
}

/// Ten to a power.
#[must_use]
pub fn ten_to(power: usize) -> BigInt {
    BigInt::from(10).pow(u32::try_from(power).unwrap_or(u32::MAX))
}

/// A small fraction.
///
/// # Panics
/// If the denominator is zero.
#[must_use]
pub fn fraction(numerator: i64, denominator: i64) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

/// Reads `321.70`, `-143`, `1,234.5` and their full-width forms; tells how many decimals were written.
///
/// # Errors
/// Anything else: an exponent, commas that do not part groups of three, more than 30 digits.
pub fn parse(text: &str) -> Result<(BigRational, usize), Error> {
    let wrong = |reason: &str| Error::malformed("decimal", text, reason);
    // Digits, commas, a point and a sign: nothing longer can be a decimal of 30 digits.
    if text.len() > 4 * 2 * DIGITS_MAX {
        return Err(wrong("longer than 30 digits"));
    }
    let narrow: String = text.trim().chars().map(narrow).collect();
    let (negative, unsigned) = match narrow.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, narrow.as_str()),
    };
    let (whole, decimals) = match unsigned.split_once('.') {
        Some((_, "")) => return Err(wrong("no digit after the point")),
        Some((whole, decimals)) => (whole, decimals),
        None => (unsigned, ""),
    };
    let groups: Vec<&str> = whole.split(',').collect();
    if groups.len() > 1 && (!(1..=3).contains(&groups[0].len()) || groups[1..].iter().any(|group| group.len() != 3)) {
        return Err(wrong("commas must part groups of three digits"));
    }
    let digits = format!("{}{decimals}", groups.concat());
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong("must be digits, with at most one sign and one point"));
    }
    if digits.len() > DIGITS_MAX {
        return Err(wrong("longer than 30 digits"));
    }
    let magnitude = BigInt::parse_bytes(digits.as_bytes(), 10).ok_or_else(|| wrong("must be digits"))?;
    let signed = if negative { -magnitude } else { magnitude };
    Ok((BigRational::new(signed, ten_to(decimals.len())), decimals.len()))
}

fn narrow(character: char) -> char {
    match character {
        // The full-width forms stand 0xFEE0 above the ASCII ones.
        '\u{FF10}'..='\u{FF19}' | '\u{FF0E}' | '\u{FF0C}' | '\u{FF0D}' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        '\u{2212}' => '-',
        other => other,
    }
}

/// Writes a rational with exactly `places` decimals and commas between groups of three digits.
#[must_use]
pub fn decimal(value: &BigRational, places: usize, rounding: Rounding) -> String {
    let scaled = value * BigRational::from_integer(ten_to(places));
    let whole = match rounding {
        Rounding::Nearest => scaled.round().to_integer(),
        Rounding::Down => scaled.floor().to_integer(),
        Rounding::Up => scaled.ceil().to_integer(),
    };
    let digits = format!("{:0>width$}", whole.magnitude().to_string(), width = places + 1);
    let (integer, decimals) = digits.split_at(digits.len() - places);
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 2);
    if whole.sign() == Sign::Minus {
        text.push('-');
    }
    for (index, digit) in integer.chars().enumerate() {
        if index > 0 && (integer.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if places > 0 {
        text.push('.');
        text.push_str(decimals);
    }
    text
}

/// Writes a rational whole and unrounded if it ends within 12 decimals, without trailing zeros.
#[must_use]
pub fn exact(value: &BigRational) -> Option<String> {
    (0..=12)
        .find(|places| (value * BigRational::from_integer(ten_to(*places))).is_integer())
        .map(|places| decimal(value, places, Rounding::Nearest))
}

/// How many digits stand before the point: 1 for 3.83, 5 for 34463, 0 for 0.4, −1 for 0.04.
#[must_use]
pub fn magnitude(value: &BigRational) -> i32 {
    if value.is_zero() {
        return 0;
    }
    let value = value.abs();
    let ten = BigRational::from_integer(BigInt::from(10));
    if value >= BigRational::from_integer(BigInt::from(1)) {
        return i32::try_from(value.to_integer().to_string().len()).unwrap_or(i32::MAX);
    }
    let mut scaled = value * &ten;
    let mut digits = 0;
    while scaled < BigRational::from_integer(BigInt::from(1)) && digits > -64 {
        scaled *= &ten;
        digits -= 1;
    }
    digits
}

/// Whole numbers in the proportion of some fractions, to split by.
///
/// # Errors
/// Fractions below 0, or whose common denominator leaves 64 bits.
pub fn whole_weights(fractions: &[&BigRational]) -> Result<Vec<u64>, Error> {
    let common = fractions.iter().fold(BigInt::one(), |common, fraction| {
        // Reducing a/b divides both by their greatest common divisor.
        BigRational::new(common, fraction.denom().clone()).numer() * fraction.denom()
    });
    let weights: Option<Vec<u64>> =
        fractions.iter().map(|fraction| (*fraction * &common).to_integer().to_u64()).collect();
    weights.ok_or_else(|| Error::malformed("shares", &common.to_string(), "have no small denominator"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_read_as_written_and_anything_else_is_refused() {
        for (text, numerator, denominator, decimals) in [
            ("321.70", 32170, 100, 2),
            ("84", 84, 1, 0),
            ("-143", -143, 1, 0),
            ("−40", -40, 1, 0),
            ("12.4", 124, 10, 1),
            ("1,234,567.5", 12_345_675, 10, 1),
            (" 0.05 ", 5, 100, 2),
            ("\u{FF11}\u{FF12}\u{FF0E}\u{FF14}", 124, 10, 1),
            ("\u{FF0D}\u{FF11}\u{FF0C}\u{FF12}\u{FF10}\u{FF10}", -1200, 1, 0),
        ] {
            assert_eq!(parse(text).unwrap(), (fraction(numerator, denominator), decimals), "{text}");
        }
        for text in
            ["", "-", ".", "1.", ".5", "1e3", "1,23", ",123", "1234,567", "1.2.3", "--1", "+1", "约3", "1 000", "0x1"]
        {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse(&"9".repeat(30)).is_ok());
        assert!(parse(&"9".repeat(31)).is_err());
        assert!(parse(&"9".repeat(1_000_000)).is_err());
    }

    #[test]
    fn a_rational_is_printed_to_the_nearest_or_outwards() {
        let third = fraction(32170, 8400);
        for (rounding, text) in [(Rounding::Nearest, "3.8298"), (Rounding::Down, "3.8297"), (Rounding::Up, "3.8298")] {
            assert_eq!(decimal(&third, 4, rounding), text);
        }
        assert_eq!(decimal(&fraction(-5, 1000), 2, Rounding::Nearest), "-0.01");
        assert_eq!(decimal(&fraction(-5, 10000), 2, Rounding::Nearest), "0.00");
        assert_eq!(decimal(&fraction(1_041_963, 1), 0, Rounding::Nearest), "1,041,963");
        assert_eq!(exact(&fraction(32170, 100)).as_deref(), Some("321.7"));
        assert_eq!(exact(&fraction(1, 3)), None);
    }

    #[test]
    fn fractions_have_whole_weights_of_the_same_proportion() {
        let (half, third) = (fraction(1, 2), fraction(1, 3));
        assert_eq!(whole_weights(&[&half, &third, &fraction(1, 6)]).unwrap(), [3, 2, 1]);
        assert_eq!(whole_weights(&[]).unwrap(), Vec::<u64>::new());
        assert!(whole_weights(&[&fraction(-1, 2)]).is_err());
        let small = [i64::MAX, i64::MAX - 1, i64::MAX - 2].map(|denominator| fraction(1, denominator));
        assert!(whole_weights(&small.iter().collect::<Vec<_>>()).is_err());
    }

    #[test]
    fn a_magnitude_counts_digits_before_the_point() {
        for (numerator, denominator, digits) in [(383, 100, 1), (34463, 1, 5), (4, 10, 0), (4, 100, -1), (0, 1, 0)] {
            assert_eq!(magnitude(&fraction(numerator, denominator)), digits);
        }
    }
}
