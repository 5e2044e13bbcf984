//! A published figure against the total of our own records.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::wording::{Telling, ends};
use crate::{
    figure::{Basis, Period, PublishedFigure, Scope},
    formula::Language,
    rational::{self, Rounding, fraction},
    region::RegionCode,
    unit::Unit,
};

/// The total of records and what it covers. Coverage is told in regions that report of those that exist in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// The total in base units: yuan, things, people, days, a plain number.
    pub total: BigRational,
    /// What it is in.
    pub unit: Unit,
    /// What it counts by.
    pub basis: Basis,
    /// Own level or the whole area.
    pub scope: Scope,
    /// For which region.
    pub region: RegionCode,
    /// Parts that the records leave out by definition (不含宁波).
    pub without: Vec<RegionCode>,
    /// When.
    pub period: Period,
    /// Regions that report.
    pub regions_reporting: u32,
    /// Regions that exist in the period.
    pub regions_existing: u32,
}

/// Why the records say nothing about a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// No region reports.
    Nothing,
    /// Another basis: settled money says nothing about planned money.
    Basis,
    /// Own level against whole area.
    Scope,
    /// Another region, or other parts left out.
    Region,
    /// Another period.
    Period,
    /// They measure something else.
    Unit,
}

/// What follows from comparing a figure with records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordsVerdict {
    /// The records give the number as published, to the last digit and beyond.
    Match,
    /// The records give a value that the published digits and qualifier allow.
    WithinRounding,
    /// They do not.
    Differs {
        /// Records less the published number (or less the nearest value it allows, if it means no single number), in base units.
        absolute: BigRational,
        /// The same in hundredths of the published number; nothing if that is zero.
        percent: Option<BigRational>,
    },
    /// Regions are missing, so a smaller total proves nothing.
    PartialCoverage {
        /// Regions that report.
        reporting: u32,
        /// Regions that exist.
        existing: u32,
    },
    /// The records say nothing about the figure.
    NoData {
        /// Why.
        reason: Mismatch,
    },
}

impl RecordsVerdict {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Match => "MATCH",
            Self::WithinRounding => "WITHIN_ROUNDING",
            Self::Differs { .. } => "DIFFERS",
            Self::PartialCoverage { .. } => "PARTIAL_COVERAGE",
            Self::NoData { .. } => "NO_DATA",
        }
    }

    /// The word that Chinese readers are shown.
    #[must_use]
    pub fn chinese(&self) -> &'static str {
        match self {
            Self::Match => "相符",
            Self::WithinRounding => "在舍入范围内",
            Self::Differs { .. } => "不符",
            Self::PartialCoverage { .. } => "数据不全",
            Self::NoData { .. } => "没有可比数据",
        }
    }
}

/// A figure compared with records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What follows.
    pub verdict: RecordsVerdict,
    /// The arithmetic and the verdict in Chinese.
    pub chinese: String,
    /// The arithmetic and the verdict in English.
    pub english: String,
}

impl Records {
    /// Compares a published figure with the records.
    ///
    /// Of totals that add up (money, counts) a part that is already larger than the whole published figure differs from it,
    /// however many regions are missing.
    #[must_use]
    pub fn compare(&self, figure: &PublishedFigure) -> Comparison {
        let verdict = self.verdict(figure);
        let (chinese, english) =
            (self.sentence(figure, &verdict, Language::Chinese), self.sentence(figure, &verdict, Language::English));
        Comparison { verdict, chinese, english }
    }

    fn verdict(&self, figure: &PublishedFigure) -> RecordsVerdict {
        if let Some(reason) = self.mismatch(figure) {
            return RecordsVerdict::NoData { reason };
        }
        let interval = figure.quantity.interval();
        let above =
            interval.high().is_some_and(|high| self.total > high.value || (!high.closed && self.total == high.value));
        if self.regions_reporting < self.regions_existing && !(above && self.unit.adds_up()) {
            let (reporting, existing) = (self.regions_reporting, self.regions_existing);
            return RecordsVerdict::PartialCoverage { reporting, existing };
        }
        let central = figure.quantity.central();
        if central.as_ref() == Some(&self.total) {
            return RecordsVerdict::Match;
        }
        if interval.contains(&self.total) {
            return RecordsVerdict::WithinRounding;
        }
        let below = interval.low().filter(|low| self.total <= low.value);
        let nearest = below.or(interval.high()).map(|end| end.value.clone());
        let published = central.or(nearest).unwrap_or_else(BigRational::zero);
        let absolute = &self.total - &published;
        let percent = (!published.is_zero()).then(|| &absolute / published.abs() * fraction(100, 1));
        RecordsVerdict::Differs { absolute, percent }
    }

    fn mismatch(&self, figure: &PublishedFigure) -> Option<Mismatch> {
        let sorted = |codes: &[RegionCode]| {
            let mut codes = codes.to_vec();
            codes.sort();
            codes.dedup();
            codes
        };
        let unit = figure.quantity.unit();
        if self.unit.dimension() != unit.dimension() || (self.unit == Unit::Rank) != (unit == Unit::Rank) {
            Some(Mismatch::Unit)
        } else if self.region != figure.region || sorted(&self.without) != sorted(&figure.without) {
            Some(Mismatch::Region)
        } else if self.period != figure.period {
            Some(Mismatch::Period)
        } else if self.scope != figure.scope {
            Some(Mismatch::Scope)
        } else if self.basis != figure.basis && !figure.basis.goes_with_all() {
            Some(Mismatch::Basis)
        } else {
            (self.regions_reporting == 0).then_some(Mismatch::Nothing)
        }
    }

    fn sentence(&self, figure: &PublishedFigure, verdict: &RecordsVerdict, language: Language) -> String {
        let chinese = language == Language::Chinese;
        if let RecordsVerdict::NoData { reason } = verdict {
            return self.mismatch_sentence(figure, *reason, chinese);
        }
        let telling = Telling::of(figure.quantity.unit());
        let interval = figure.quantity.interval();
        let mut told = ends(&interval, Some(&self.total));
        let difference = figure.quantity.central().map(|central| &self.total - central);
        told.extend(&difference);
        let places = telling.places(&told, Some(figure.quantity.decimals()));
        let total = telling.number(&self.total, places, language);
        let range = telling.range(&interval, places, language);
        let (reporting, existing) = (self.regions_reporting, self.regions_existing);
        let mut text = if chinese {
            let said = figure.quantity.chinese();
            format!(
                "公布的 {} 为 {said}（可取 {range}），记录合计 {total}（报送 {reporting}/{existing} 个地区）",
                figure.id
            )
        } else {
            let said = figure.quantity.english();
            format!(
                "{} states {said} (allows {range}); the records give {total} ({reporting} of {existing} regions report)",
                figure.id
            )
        };
        if let Some(difference) = &difference {
            let (said, difference) = (figure.quantity.written(), telling.number(difference, places, language));
            let total = rational::decimal(&(&self.total / figure.quantity.unit().scale()), places, Rounding::Nearest);
            text.push_str(&if chinese {
                format!(";{total} − {said} = {difference}")
            } else {
                format!("; {total} − {said} = {difference}")
            });
        }
        if let RecordsVerdict::Differs { percent: Some(percent), .. } = verdict {
            let percent = Telling::of(Unit::Percent).number(&(percent / fraction(100, 1)), 4, language);
            text.push_str(&if chinese { format!("，即 {percent}") } else { format!(", that is {percent}") });
        }
        if chinese { format!("{text}:{}。", verdict.chinese()) } else { format!("{text}: {}.", verdict.code()) }
    }

    fn mismatch_sentence(&self, figure: &PublishedFigure, reason: Mismatch, chinese: bool) -> String {
        let id = &figure.id;
        let pair = |what_chinese: &str,
                    what_english: &str,
                    published: &dyn std::fmt::Display,
                    ours: &dyn std::fmt::Display| {
            if chinese {
                format!("{id} 的{what_chinese}为{published}，记录的为{ours}：没有可比数据。")
            } else {
                format!("The {what_english} of {id} is {published}, that of the records {ours}: NO_DATA.")
            }
        };
        let region = |code: &RegionCode, without: &[RegionCode]| {
            let without: Vec<&str> = without.iter().map(RegionCode::as_str).collect();
            match (without.is_empty(), chinese) {
                (true, _) => code.as_str().to_owned(),
                (false, true) => format!("{}（不含{}）", code.as_str(), without.join("、")),
                (false, false) => format!("{} without {}", code.as_str(), without.join(", ")),
            }
        };
        match reason {
            Mismatch::Nothing if chinese => format!("没有地区报送 {id} 的记录：没有可比数据。"),
            Mismatch::Nothing => format!("No region reports records for {id}: NO_DATA."),
            Mismatch::Basis if chinese => pair("口径", "", &figure.basis.chinese(), &self.basis.chinese()),
            Mismatch::Basis => pair("", "basis", &figure.basis, &self.basis),
            Mismatch::Scope if chinese => pair("范围", "", &figure.scope.chinese(), &self.scope.chinese()),
            Mismatch::Scope => pair("", "scope", &figure.scope, &self.scope),
            Mismatch::Region => {
                pair("地区", "region", &region(&figure.region, &figure.without), &region(&self.region, &self.without))
            }
            Mismatch::Period if chinese => pair("时间", "", &figure.period.chinese(), &self.period.chinese()),
            Mismatch::Period => pair("", "period", &figure.period, &self.period),
            Mismatch::Unit if chinese => pair("单位", "", &figure.quantity.unit().chinese(), &self.unit.chinese()),
            Mismatch::Unit => pair("", "unit", &figure.quantity.unit(), &self.unit),
        }
    }
}

#[cfg(test)]
mod tests;
