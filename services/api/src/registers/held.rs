//! What the messages of policies, pilots, evaluations and cases must hold: texts within bounds, years, days as coarse as
//! their source, counts.

use std::ops::RangeInclusive;

use chrono::{Datelike, Months, NaiveDate};

use super::day;
use crate::wire::Fault;

/// Characters of a title.
pub const TITLE_CHARACTERS_MAX: usize = 500;
/// Characters of a name, such as that of an organisation.
pub const NAME_CHARACTERS_MAX: usize = 200;
/// Characters of a note.
pub const NOTE_CHARACTERS_MAX: usize = 2_000;
/// Characters of a text.
pub const TEXT_CHARACTERS_MAX: usize = 20_000;
/// References to figures.
pub const FIGURES_MAX: usize = 64;
/// References to projects.
pub const PROJECTS_MAX: usize = 200;
/// Years that entries may be of.
pub const YEARS: RangeInclusive<i32> = 2_000..=2_100;
/// Things counted.
const COUNT_MAX: i32 = 100_000_000;

/// Gathers what is wrong with one message.
#[derive(Default)]
pub struct Held {
    faults: Vec<Fault>,
}

impl Held {
    /// Notes a fault.
    pub fn wrong(&mut self, field: impl Into<String>, en: impl Into<String>, zh: impl Into<String>) {
        self.faults.push(Fault { field: field.into(), zh: zh.into(), en: en.into() });
    }

    /// Notes a fault unless it holds.
    pub fn must(&mut self, holds: bool, field: &str, en: &str, zh: &str) {
        if !holds {
            self.wrong(field, en, zh);
        }
    }

    /// A text of so many characters, without control characters but for the end of a line.
    pub fn text(&mut self, field: &str, text: &str, characters: RangeInclusive<usize>) {
        let is_clean = text.chars().all(|character| !character.is_control() || character == '\n');
        if !is_clean
            || !characters.contains(&text.chars().count())
            || (*characters.start() > 0 && text.trim().is_empty())
        {
            let (from, to) = (characters.start(), characters.end());
            self.wrong(
                field,
                format!("{from} to {to} characters are taken, no control characters"),
                format!("应为 {from} 至 {to} 个字符,不含控制字符"),
            );
        }
    }

    /// A title and its English.
    pub fn titles(&mut self, title: &str, title_en: &str) {
        self.text("title", title, 1..=TITLE_CHARACTERS_MAX);
        self.text("title_en", title_en, 0..=TITLE_CHARACTERS_MAX);
    }

    /// A reference or region that must be there; what it stands for is looked up later.
    pub fn required(&mut self, field: &str, name: &str) {
        self.must(!name.is_empty(), field, "is needed", "必填");
    }

    /// A member of a closed list that must be said.
    pub fn said<E: Default + PartialEq>(&mut self, field: &str, member: E) {
        self.must(member != E::default(), field, "is needed", "请选择");
    }

    /// A year.
    pub fn year(&mut self, field: &str, year: i32) {
        self.must(YEARS.contains(&year), field, "a year from 2000 to 2100 is needed", "年份应在 2000 至 2100 之间");
    }

    /// A year that may be unset, and is not before another.
    pub fn last_year(&mut self, field: &str, year: Option<i32>, first: Option<i32>) {
        if let Some(year) = year {
            self.year(field, year);
            self.must(first.is_none_or(|first| first <= year), field, "ends before it begins", "早于起始年份");
        }
    }

    /// A count that may be unset.
    pub fn count(&mut self, field: &str, count: Option<i32>) {
        let holds = count.is_none_or(|count| (0..=COUNT_MAX).contains(&count));
        self.must(holds, field, "a number from 0 to 100,000,000 is taken", "应在 0 至 1 亿之间");
    }

    /// A day as coarse as its source, or nothing.
    pub fn coarse_day(&mut self, field: &str, text: &str) {
        self.must(
            text.is_empty() || span(text).is_some(),
            field,
            "2014-06-25, 2014-06 or 2014 is taken",
            "应为 2014-06-25、2014-06 或 2014 形式的日期",
        );
    }

    /// At most so many elements, each once.
    pub fn list<T: Ord>(&mut self, field: &str, elements: &[T], at_most: usize) {
        if elements.len() > at_most {
            self.wrong(field, format!("at most {at_most} are taken"), format!("最多 {at_most} 项"));
            return;
        }
        let mut seen = std::collections::BTreeSet::new();
        if let Some(index) = elements.iter().position(|element| !seen.insert(element)) {
            self.wrong(format!("{field}[{index}]"), "stands twice", "重复");
        }
    }

    /// Everything wrong.
    pub fn faults(self) -> Vec<Fault> {
        self.faults
    }
}

/// The first and the last day that a coarse day can mean: `2014` is the whole year.
#[must_use]
pub fn span(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let within = |(first, last): (NaiveDate, NaiveDate)| (1900..=2200).contains(&first.year()).then_some((first, last));
    let first = |text: String, months: u32| {
        let first = day::read(&text)?;
        Some((first, first.checked_add_months(Months::new(months))?.pred_opt()?))
    };
    within(match text.len() {
        4 => first(format!("{text}-01-01"), 12),
        7 => first(format!("{text}-01"), 1),
        _ => day::read(text).map(|day| (day, day)),
    }?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coarse_day_means_every_day_that_it_can() {
        for (text, meant) in [
            ("2014", Some(("2014-01-01", "2014-12-31"))),
            ("2016-02", Some(("2016-02-01", "2016-02-29"))),
            ("2014-06-25", Some(("2014-06-25", "2014-06-25"))),
            ("", None),
            ("14", None),
            ("2014-13", None),
            ("2014-6", None),
            ("2014-02-30", None),
            ("年年年年", None),
            ("-014", None),
            ("1200", None),
        ] {
            let meant = meant.map(|(first, last): (&str, &str)| (first.parse().unwrap(), last.parse().unwrap()));
            assert_eq!(span(text), meant, "{text}");
        }
    }

    #[test]
    fn a_text_of_blanks_is_no_title_and_a_list_names_what_stands_twice() {
        let mut held = Held::default();
        held.titles("  ", "");
        held.list("figures", &["figures/F1", "figures/F2", "figures/F1"], 3);
        held.list("figures", &[1, 2, 3, 4], 3);
        let fields: Vec<String> = held.faults().into_iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["title", "figures[2]", "figures"]);
    }
}
