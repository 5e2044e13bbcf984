//! Civil days in Beijing. China has kept UTC+08:00 without summer time since 1992, so a fixed offset is exact
//! for every day that a campaign can name.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Utc};

/// Seconds east of Greenwich.
pub const OFFSET_SECONDS: i32 = 8 * 3600;

/// The zone itself, for formatting.
#[must_use]
pub fn zone() -> FixedOffset {
    FixedOffset::east_opt(OFFSET_SECONDS).expect("eight hours is a lawful offset")
}

/// The first instant of a civil day in Beijing.
#[must_use]
pub fn day_start(day: NaiveDate) -> DateTime<Utc> {
    (day.and_time(NaiveTime::MIN) - TimeDelta::seconds(i64::from(OFFSET_SECONDS))).and_utc()
}

/// The first instant that no longer belongs to the day: an inclusive deadline day ends here.
#[must_use]
pub fn day_end(day: NaiveDate) -> DateTime<Utc> {
    day_start(day) + TimeDelta::days(1)
}

/// The civil day in Beijing that holds an instant.
#[must_use]
pub fn day_of(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&zone()).date_naive()
}

/// `2023-03-31 23:59:59 +08:00`, the form that people are shown.
#[must_use]
pub fn format(instant: DateTime<Utc>) -> String {
    instant.with_timezone(&zone()).format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_of_a_day_is_inside_and_the_next_midnight_is_not() {
        let day = NaiveDate::from_ymd_opt(2023, 3, 31).unwrap();
        let last: DateTime<Utc> = "2023-03-31T23:59:59+08:00".parse().unwrap();
        let midnight: DateTime<Utc> = "2023-04-01T00:00:00+08:00".parse().unwrap();
        assert!(last < day_end(day));
        assert_eq!(midnight, day_end(day));
        assert_eq!(day_of(last), day);
        assert_ne!(day_of(midnight), day);
        assert_eq!(format(last), "2023-03-31 23:59:59 +08:00");
    }
}
