//! Working days by a calendar that is data: a year without an entry is unknown, and so is every due day that touches it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use chrono::{Datelike, NaiveDate, Weekday};
use serde::Deserialize;

use crate::error::Error;

/// Most working days that are counted on.
pub const WORKDAYS_MAX: u32 = 250;
/// Most days off and make-up days of one year.
const DAYS_MAX: usize = 366;

/// One year's exceptions to the week of five days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Year {
    /// Free although the weekday would be worked.
    pub off: BTreeSet<NaiveDate>,
    /// Worked although a Saturday or Sunday.
    pub work: BTreeSet<NaiveDate>,
    /// The notice that says so.
    pub source: String,
}

/// Which days are worked, year by year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkdayCalendar {
    years: BTreeMap<i32, Year>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    years: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    year: i32,
    source: String,
    off: Vec<String>,
    work: Vec<String>,
}

impl WorkdayCalendar {
    /// The calendar that ships: 2021 to 2023.
    ///
    /// # Panics
    /// Never: that the shipped file is sound is a test's promise.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<WorkdayCalendar> = LazyLock::new(|| {
            WorkdayCalendar::read(include_str!("../data/workdays.toml")).expect("the shipped calendar is sound")
        });
        &SHIPPED
    }

    /// Reads a calendar file: days as `2021-02-07`, ranges as `2021-01-01..2021-01-03` with both ends in.
    ///
    /// # Errors
    /// [`Error::Data`]: not TOML, a day outside its year, a year twice, a make-up day that is no weekend.
    pub fn read(text: &str) -> Result<Self, Error> {
        const FILE: &str = "workdays.toml";
        let file: File = toml::from_str(text).map_err(|fault| Error::data(FILE, "file", "toml", fault))?;
        let mut calendar = Self::default();
        for Entry { year, source, off, work } in file.years {
            let days = |field: &str, texts: &[String]| -> Result<BTreeSet<NaiveDate>, Error> {
                let wrong = |text: &str| Error::data(FILE, &format!("year {year}"), field, text);
                let mut days = BTreeSet::new();
                for text in texts {
                    let (first, last) = text.split_once("..").unwrap_or((text, text));
                    let first: NaiveDate = first.parse().map_err(|_| wrong(text))?;
                    let last: NaiveDate = last.parse().map_err(|_| wrong(text))?;
                    if last < first || first.year() != year || last.year() != year {
                        return Err(wrong(text));
                    }
                    days.extend(first.iter_days().take_while(|day| *day <= last).take(DAYS_MAX));
                }
                Ok(days)
            };
            let (off, work) = (days("off", &off)?, days("work", &work)?);
            if let Some(day) = work.iter().find(|day| !is_weekend(**day) || off.contains(day)) {
                return Err(Error::data(FILE, &format!("year {year}"), "work", day));
            }
            if calendar.years.insert(year, Year { off, work, source }).is_some() {
                return Err(Error::data(FILE, &format!("year {year}"), "year", "stands twice"));
            }
        }
        Ok(calendar)
    }

    /// Adds a year or replaces what was known of it.
    pub fn put(&mut self, year: i32, entry: Year) {
        self.years.insert(year, entry);
    }

    /// The years that are known.
    #[must_use]
    pub fn years(&self) -> &BTreeMap<i32, Year> {
        &self.years
    }

    /// Whether a day is worked; `None` in an unknown year.
    #[must_use]
    pub fn is_workday(&self, day: NaiveDate) -> Option<bool> {
        let year = self.years.get(&day.year())?;
        Some(!year.off.contains(&day) && (!is_weekend(day) || year.work.contains(&day)))
    }

    /// The n-th working day after a day, the day itself not counted; `None` when it cannot be known.
    #[must_use]
    pub fn nth_after(&self, day: NaiveDate, n: u32) -> Option<NaiveDate> {
        let mut left = (1..=WORKDAYS_MAX).contains(&n).then_some(n)?;
        // A year has more working days than the bound, so the walk ends within two years.
        for next in day.iter_days().skip(1).take(2 * DAYS_MAX) {
            if self.is_workday(next)? {
                left -= 1;
                if left == 0 {
                    return Some(next);
                }
            }
        }
        None
    }
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn each_shipped_year_has_its_eleven_public_holidays_and_no_more() {
        for year in WorkdayCalendar::shipped().years().keys() {
            let days: Vec<NaiveDate> = NaiveDate::from_ymd_opt(*year, 1, 1)
                .unwrap()
                .iter_days()
                .take_while(|day| day.year() == *year)
                .collect();
            let weekends = days.iter().filter(|day| is_weekend(**day)).count();
            let worked = days.iter().filter(|day| WorkdayCalendar::shipped().is_workday(**day) == Some(true)).count();
            assert_eq!(days.len() - weekends - worked, 11, "{year}");
        }
        assert_eq!(WorkdayCalendar::shipped().years().len(), 3);
    }

    #[test]
    fn working_days_are_counted_over_weekends_holidays_and_make_up_days() {
        for (from, n, due) in [
            ("2021-03-01", 1, Some("2021-03-02")),
            ("2021-03-05", 2, Some("2021-03-09")),
            ("2021-02-05", 2, Some("2021-02-08")),
            ("2021-02-10", 2, Some("2021-02-19")),
            ("2021-02-10", 3, Some("2021-02-20")),
            ("2021-09-30", 2, Some("2021-10-09")),
            ("2022-09-30", 3, Some("2022-10-10")),
            ("2023-09-28", 2, Some("2023-10-08")),
            ("2021-12-31", 1, Some("2022-01-04")),
            ("2023-12-28", 1, Some("2023-12-29")),
            ("2023-12-29", 1, None),
            ("2020-12-31", 1, Some("2021-01-04")),
            ("2020-12-30", 1, None),
            ("2021-03-01", 0, None),
            ("2021-03-01", WORKDAYS_MAX + 1, None),
        ] {
            assert_eq!(WorkdayCalendar::shipped().nth_after(day(from), n), due.map(day), "{n} after {from}");
        }
    }

    #[test]
    fn an_unsound_calendar_is_refused() {
        for body in [
            "off = []\nwork = [\"2021-02-08\"]",
            "off = [\"2021-02-30\"]\nwork = []",
            "off = [\"2021-02-03..2021-02-01\"]\nwork = []",
            "off = [\"2020-12-31\"]\nwork = []",
            "off = [\"2021-02-07\"]\nwork = [\"2021-02-07\"]",
        ] {
            assert!(
                WorkdayCalendar::read(&format!("[[years]]\nyear = 2021\nsource = \"\"\n{body}")).is_err(),
                "{body}"
            );
        }
        let twice = "[[years]]\nyear = 2021\nsource = \"\"\noff = []\nwork = []\n".repeat(2);
        assert!(WorkdayCalendar::read(&twice).is_err());
    }
}
