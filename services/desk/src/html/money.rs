//! Money and counts as people read them. Whole fen in, text out, nothing in floating point; what was rounded for reading
//! opens to the exact amount.

use maud::{Markup, html};

use crate::Language;

/// How an amount is written: all amounts of a column in one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// 元.
    Yuan,
    /// 万元.
    Wan,
    /// 亿元.
    Yi,
}

impl Unit {
    /// The one in which the largest of these amounts of fen is best read.
    #[must_use]
    pub fn of(amounts: impl IntoIterator<Item = i64>) -> Self {
        match amounts.into_iter().map(i64::unsigned_abs).max().unwrap_or(0) {
            0..1_000_000 => Self::Yuan,
            1_000_000..10_000_000_000 => Self::Wan,
            _ => Self::Yi,
        }
    }

    /// How many fen it is.
    #[must_use]
    pub fn fen(self) -> i64 {
        match self {
            Self::Yuan => 100,
            Self::Wan => 1_000_000,
            Self::Yi => 10_000_000_000,
        }
    }

    /// Its name.
    #[must_use]
    pub fn named(self, language: Language) -> &'static str {
        match self {
            Self::Yuan => language.of("元", "yuan"),
            Self::Wan => language.of("万元", "10k yuan"),
            Self::Yi => language.of("亿元", "100m yuan"),
        }
    }

    /// What a column of amounts in it is called: `决算（亿元）`.
    #[must_use]
    pub fn column(self, words: &str, language: Language) -> String {
        match language {
            Language::Zh => format!("{words}（{}）", self.named(language)),
            Language::En => format!("{words} ({})", self.named(language)),
        }
    }

    /// An amount in it with two decimals, and whether that is not the whole of it.
    #[must_use]
    pub fn written(self, fen: i64) -> (String, bool) {
        let hundredth = i128::from(self.fen() / 100);
        let whole = i128::from(fen);
        let rounded = (whole.abs() + hundredth / 2) / hundredth * whole.signum();
        (point(rounded), rounded * hundredth != whole)
    }

    /// An amount in a column of this unit.
    #[must_use]
    pub fn cell(self, fen: Option<i64>, language: Language) -> Markup {
        html! { @match fen { Some(fen) => (self.opening(fen, "", language)), None => span.nothing { "—" } } }
    }

    fn opening(self, fen: i64, named: &str, language: Language) -> Markup {
        let (text, is_rounded) = self.written(fen);
        html! {
            @if is_rounded {
                details.exact { summary { (text) (named) } (yuan(fen)) " " (language.of("元", "yuan")) }
            } @else { (text) (named) }
        }
    }
}

/// An amount by itself, with its unit.
#[must_use]
pub fn money(fen: Option<i64>, language: Language) -> Markup {
    let written = |fen: i64| {
        let unit = Unit::of([fen]);
        let named = language.of("", " × ").to_owned() + unit.named(language);
        let named = if unit == Unit::Yuan { named.replace(" × ", " ") } else { named };
        unit.opening(fen, &named, language)
    };
    html! { @match fen { Some(fen) => (written(fen)), None => span.nothing { "—" } } }
}

/// An amount as plain text, for a sentence or a picture: `321.70亿元`.
#[must_use]
pub fn money_text(fen: i64, language: Language) -> String {
    let unit = Unit::of([fen]);
    let (text, _) = unit.written(fen);
    text + language.of("", if unit == Unit::Yuan { " " } else { " × " }) + unit.named(language)
}

/// All of an amount, in yuan with its fen: `12,345.60`.
#[must_use]
pub fn yuan(fen: i64) -> String {
    point(i128::from(fen))
}

/// A whole number, in groups of three digits.
#[must_use]
pub fn count(number: i64) -> String {
    sign(number < 0) + &grouped(&number.unsigned_abs().to_string())
}

fn sign(is_negative: bool) -> String {
    if is_negative { "−".to_owned() } else { String::new() }
}

/// Hundredths, with two decimals.
fn point(hundredths: i128) -> String {
    let size = hundredths.unsigned_abs();
    format!("{}{}.{:02}", sign(hundredths < 0), grouped(&(size / 100).to_string()), size % 100)
}

/// Digits in groups of three.
#[must_use]
pub fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_in_the_unit_of_its_size_and_opens_to_the_fen_only_where_it_was_rounded() {
        assert_eq!(money(Some(3_217_000_000_000), Language::Zh).into_string(), "321.70亿元");
        assert_eq!(money(Some(995_000_000), Language::Zh).into_string(), "995.00万元");
        assert_eq!(money(Some(12_345), Language::Zh).into_string(), "123.45元");
        assert_eq!(
            money(Some(-123_456_789), Language::Zh).into_string(),
            "<details class=\"exact\"><summary>−123.46万元</summary>−1,234,567.89 元</details>"
        );
        assert_eq!(money(None, Language::Zh).into_string(), "<span class=\"nothing\">—</span>");
    }

    #[test]
    fn a_column_has_the_unit_of_its_largest_amount_and_no_amount_is_ever_lost() {
        let unit = Unit::of([1, -2_000_000_000_000, 99]);
        assert_eq!(unit, Unit::Yi);
        assert_eq!(unit.written(1), ("0.00".into(), true));
        assert_eq!(unit.written(i64::MIN), ("−922,337,203.69".into(), true));
        assert_eq!(yuan(i64::MIN), "−92,233,720,368,547,758.08");
        assert_eq!(Unit::of([]), Unit::Yuan);
    }

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!(Unit::Wan.written(5_000), ("0.01".into(), true));
        assert_eq!(Unit::Wan.written(-5_000), ("−0.01".into(), true));
        assert_eq!(Unit::Wan.written(4_999), ("0.00".into(), true));
        assert_eq!(count(-34_463), "−34,463");
    }
}
