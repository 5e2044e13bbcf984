//! Civil days of requests, `YYYY-MM-DD`.

use chrono::NaiveDate;
use stdx::{Clock, SystemClock};
use tonic::Status;

use crate::errors;

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
    if text.is_empty() { Ok(stdx::beijing::day_of(SystemClock.now())) } else { required(field, text) }
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
    }
}
