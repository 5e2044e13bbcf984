//! Figures (统计数据): what a source published, word for word, and what we computed. The two are never mixed:
//! nothing turns a [`ComputedFigure`] into a [`PublishedFigure`].

use std::{collections::BTreeSet, fmt, ops::Range, str::FromStr};

use chrono::NaiveDate;
use num_rational::BigRational;

use crate::{coded::coded, error::Error, interval::Interval, quantity::Quantity, region::RegionCode, unit::Dimension};

/// An id of a figure may have this many characters.
pub const ID_CHARACTERS_MAX: usize = 32;

/// The name of a figure inside formulas and registers, such as `F09` or `F15a`: a letter, then letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FigureId(String);

impl FigureId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FigureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FigureId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let lawful = text.len() <= ID_CHARACTERS_MAX
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_'));
        if !lawful {
            return Err(Error::malformed(
                "id of a figure",
                text,
                "must be a letter, then up to 31 letters, digits, - and _",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

coded! {
    /// What a figure counts by. Figures on two bases speak of two populations (procurement.md trap T5).
    Basis, "basis":
    /// 预算: planned amount.
    Budget = "BUDGET" "预算",
    /// 合同: amount of the contracts.
    Contract = "CONTRACT" "合同",
    /// 决算: settled amount.
    Settlement = "SETTLEMENT" "决算",
    /// 支付: paid amount.
    Payment = "PAYMENT" "支付",
    /// 财政支出, without saying planned, settled or paid.
    Expenditure = "EXPENDITURE" "财政支出",
    /// 实施: projects carried out in the period.
    Implementation = "IMPLEMENTATION" "实施",
    /// 登记: organisations registered at the end of the period.
    Registration = "REGISTRATION" "登记",
    /// 人口: people living in the region.
    Population = "POPULATION" "人口",
    /// 计数: a plain count of named things, such as the members of a pilot.
    Count = "COUNT" "计数",
    /// 推算: the source computed it from other figures.
    Derived = "DERIVED" "推算",
    /// The source does not say.
    Unstated = "UNSTATED" "未说明",
}

impl Basis {
    /// Whether figures on this basis may stand beside any other without a caveat.
    #[must_use]
    pub fn goes_with_all(self) -> bool {
        matches!(self, Self::Population | Self::Count | Self::Derived | Self::Unstated)
    }
}

coded! {
    /// Whose figure it is: 本级 is the government's own level, 全辖 the level and everything below it (trap T7).
    Scope, "scope":
    /// 全省, 全市, 全辖.
    WholeArea = "WHOLE_AREA" "全辖",
    /// 省属, 省本级, 市级部门.
    OwnLevel = "OWN_LEVEL" "本级",
}

/// The time that a figure speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// The source does not say.
    Unstated,
    /// A calendar year, which is the fiscal year: `2021`.
    Year(i32),
    /// A month: `2021-04`.
    Month(i32, u32),
    /// From the first of a year to the time of writing: `2015..`.
    Since(i32),
    /// Up to and with a day: `..2021-12-31`.
    Until(NaiveDate),
    /// A comparison of two years: `2015..2021`.
    Between(i32, i32),
}

impl Period {
    /// The words that Chinese readers are shown.
    #[must_use]
    pub fn chinese(self) -> String {
        match self {
            Self::Unstated => "时间未说明".to_owned(),
            Self::Year(year) => format!("{year}年"),
            Self::Month(year, month) => format!("{year}年{month}月"),
            Self::Since(year) => format!("{year}年以来"),
            Self::Until(day) => format!("截至{day}"),
            Self::Between(from, to) => format!("{to}年比{from}年"),
        }
    }
}

/// The form of the data files.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unstated => f.write_str("unstated"),
            Self::Year(year) => write!(f, "{year}"),
            Self::Month(year, month) => write!(f, "{year}-{month:02}"),
            Self::Since(year) => write!(f, "{year}.."),
            Self::Until(day) => write!(f, "..{day}"),
            Self::Between(from, to) => write!(f, "{from}..{to}"),
        }
    }
}

impl FromStr for Period {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            let forms = "must be 2021, 2021-04, 2015.., ..2021-12-31, 2015..2021 or unstated, from 1949 to 2199";
            Error::malformed("period", text, forms)
        };
        let digits = |text: &str, length: usize| {
            let lawful = text.len() == length && text.bytes().all(|digit| digit.is_ascii_digit());
            lawful.then(|| text.parse::<i32>().ok()).flatten()
        };
        let year = |text: &str| digits(text, 4).filter(|year| (1949..2200).contains(year)).ok_or_else(wrong);
        match text.split_once("..") {
            None if text == "unstated" => Ok(Self::Unstated),
            None => match text.split_once('-') {
                None => Ok(Self::Year(year(text)?)),
                Some((years, month)) => {
                    let month = digits(month, 2).filter(|month| (1..=12).contains(month)).ok_or_else(wrong)?;
                    Ok(Self::Month(year(years)?, u32::try_from(month).map_err(|_| wrong())?))
                }
            },
            Some(("", day)) => {
                let read = NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| wrong())?;
                // chrono reads `2021-1-1` and long years too; only the written form comes back.
                if read.to_string() == day { Ok(Self::Until(read)) } else { Err(wrong()) }
            }
            Some((from, "")) => Ok(Self::Since(year(from)?)),
            Some((from, to)) => {
                let (from, to) = (year(from)?, year(to)?);
                if from < to { Ok(Self::Between(from, to)) } else { Err(wrong()) }
            }
        }
    }
}

/// Where a statement comes from: a document and its words, which stand there verbatim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The id of the document in the data set.
    pub document: String,
    /// The words.
    pub quote: String,
    /// Where the words first stand in the document, in characters from its beginning.
    pub span_characters: Range<usize>,
}

/// A figure that a source published. It says what is counted, for whom and when, and keeps the source's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFigure {
    /// Its name in formulas.
    pub id: FigureId,
    /// What is measured, as a stable code such as `settlement_amount`: only figures of one metric may be called equal.
    pub metric: String,
    /// What is measured, in Chinese.
    pub chinese: String,
    /// What is measured, in English.
    pub english: String,
    /// The number with its unit and qualifier.
    pub quantity: Quantity,
    /// What it counts by.
    pub basis: Basis,
    /// Own level or the whole area.
    pub scope: Scope,
    /// Parts that the figure leaves out, such as a city planned separately (不含宁波).
    pub without: Vec<RegionCode>,
    /// For which region.
    pub region: RegionCode,
    /// When.
    pub period: Period,
    /// What the source leaves open about the base of a share or the start of a change; a reader must not guess it.
    pub base_note: Option<BaseNote>,
    /// The words of the source.
    pub source: Source,
}

/// What a source leaves open about a figure's base, or what must be known to read it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BaseNote {
    /// In Chinese.
    pub chinese: String,
    /// In English.
    pub english: String,
}

/// Something to be careful about in a computed figure; never a reason to change it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Caveat {
    /// Figures on several bases: their populations differ (trap T5).
    MixedBases(Vec<Basis>),
    /// Own-level and whole-area figures together (trap T7).
    MixedScopes,
    /// A share, sum or figure per head of several periods (trap T4).
    MixedPeriods(Vec<Period>),
    /// The base of this figure is open or needs a word (traps T1, T2, T4).
    OpenBase(FigureId, BaseNote),
}

impl Caveat {
    /// The caveat for Chinese readers.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            Self::MixedBases(bases) => {
                format!("口径不同：{}", bases.iter().map(|basis| basis.chinese()).collect::<Vec<_>>().join("、"))
            }
            Self::MixedScopes => "本级与全辖混用".to_owned(),
            Self::MixedPeriods(periods) => {
                format!("时间不同：{}", periods.iter().map(|period| period.chinese()).collect::<Vec<_>>().join("、"))
            }
            Self::OpenBase(id, note) => format!("{id} 的基数：{}", note.chinese),
        }
    }

    /// The caveat for English readers.
    #[must_use]
    pub fn english(&self) -> String {
        match self {
            Self::MixedBases(bases) => {
                format!("different bases: {}", bases.iter().map(|basis| basis.code()).collect::<Vec<_>>().join(", "))
            }
            Self::MixedScopes => "own-level and whole-area figures together".to_owned(),
            Self::MixedPeriods(periods) => {
                format!("different periods: {}", periods.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            }
            Self::OpenBase(id, note) => format!("the base of {id}: {}", note.english),
        }
    }
}

/// A value that we computed from published figures or records. It has no source of its own, only inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComputedFigure {
    /// The value from the numbers as written, in base units; nothing if an input means no single number (多, 几, 以上).
    pub central: Option<BigRational>,
    /// Every value that the inputs allow, in base units.
    pub interval: Interval,
    /// What it measures.
    pub dimension: Dimension,
    /// The figures that it was computed from.
    pub inputs: BTreeSet<FigureId>,
    /// What to be careful about.
    pub caveats: BTreeSet<Caveat>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_period_is_read_and_written_in_one_form() {
        for text in ["unstated", "2021", "2021-04", "2015..", "..2021-12-31", "2015..2021"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "21",
            "2021-13",
            "2021-4",
            "..2021",
            "..2021-02-30",
            "..2021-1-01",
            "2021..2015",
            "2021..2021",
            "+021",
            "..",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_id_is_short_and_plain() {
        for text in ["F09", "F15a", "N01", "wenzhou-items_2"] {
            assert_eq!(text.parse::<FigureId>().unwrap().as_str(), text);
        }
        for text in ["", "1F", "F 9", "图", "F09(", &"F".repeat(33)] {
            assert!(text.parse::<FigureId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_period_or_an_id_panic(text in ".{0,40}") {
            let _ = text.parse::<Period>();
            let _ = text.parse::<FigureId>();
        }
    }
}
