//! Civil days of requests, `YYYY-MM-DD`.

use chrono::NaiveDate;
use stdx::{Clock, SystemClock};
use tonic::Status;

use crate::{errors, wire::Fault};

/// Reads a day; nothing but the ten characters is taken.
#[must_use]
pub fn read(text: &str) -> Option<NaiveDate> {
    text.parse::<NaiveDate>().ok().filter(|day| day.to_string() == text)
}

/// The day of a field that must be set.
pub fn required(field: &str, text: &str) -> Result<NaiveDate, Status> {
    read(text)
        .ok_or_else(|| errors::field(field, "a day of the form 2021-12-31 is needed", "请填写日期,格式如 2021-12-31"))
}

/// The day of a field, or today in Beijing when it is empty.
pub fn or_today(field: &str, text: &str) -> Result<NaiveDate, Status> {
    if text.is_empty() { Ok(today()) } else { required(field, text) }
}

/// Today in Beijing, whose days the law counts.
#[must_use]
pub fn today() -> NaiveDate {
    stdx::beijing::day_of(SystemClock.now())
}

/// Of fields that hold a day or nothing, those that hold something else.
#[must_use]
pub fn faults(fields: &[(&str, &str)]) -> Vec<Fault> {
    let wrong = fields.iter().filter(|(_, text)| !text.is_empty() && read(text).is_none());
    let fault = |field: &str| Fault {
        field: field.to_owned(),
        zh: "应为 YYYY-MM-DD 形式的日期".to_owned(),
        en: "a day of the form YYYY-MM-DD is needed".to_owned(),
    };
    wrong.map(|(field, _)| fault(field)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_ten_characters_and_stands_in_the_calendar() {
        for (text, is_day) in
            [("2021-04-09", true), ("2021-4-9", false), ("2021-02-29", false), ("", false), ("2021-04-09 ", false)]
        {
            assert_eq!(read(text).is_some(), is_day, "{text}");
        }
        assert_eq!(faults(&[("a", ""), ("b", "2021-03-05"), ("c", "2021")])[0].field, "c");
    }
}
