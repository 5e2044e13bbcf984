//! How values of the field are written in columns, and read back.
//!
//! PostgreSQL holds no U+0000 in text or jsonb, and a hostile mail may hold it anywhere: it becomes U+FFFD on both
//! databases, so that no mail can fail here for its content.

use std::{fmt::Display, str::FromStr};

use chrono::{DateTime, Utc};
use sea_orm::JsonValue;
use serde::{Serialize, de::DeserializeOwned};
use stdx::Traceparent;

use crate::{Error, LIST_MAX, Result};

/// Characters of a column that an index carries or a list shows (PostgreSQL bounds an index row at 2,704 bytes).
pub const LINE_CHARACTERS_MAX: usize = 500;

/// Characters of a reason or of a line of history.
pub const REASON_CHARACTERS_MAX: usize = 2_000;

/// An instant as microseconds since 1970.
pub fn micros(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_micros()
}

/// Now, as microseconds since 1970: for history and notes, never for a verdict.
pub fn now() -> i64 {
    micros(Utc::now())
}

/// The instant behind microseconds since 1970.
pub fn instant(micros: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| Error::Internal(format!("{micros} µs is no instant")))
}

/// How many rows a call lists that asks for `limit`.
pub fn bounded(limit: u32) -> u64 {
    u64::from(limit.min(LIST_MAX))
}

/// A number that the database holds as a signed one.
pub fn signed(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| Error::Invalid(format!("{number} does not fit into 63 bits")))
}

/// A number that was never negative when it was written.
pub fn unsigned<T: TryFrom<i64>>(number: i64) -> Result<T> {
    T::try_from(number).map_err(|_| Error::Internal(format!("the column holds {number}, out of bounds")))
}

/// A value of a text column that its type reads itself.
pub fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T> {
    text.parse().map_err(|error| Error::Internal(format!("{text:?} in a column: {error}")))
}

/// Where something stands in a trace. What cannot be read is none: a trace begins anew, and nothing is held up.
pub fn traceparent(column: Option<&str>) -> Option<Traceparent> {
    column?.parse().ok()
}

/// The word of an enum, as serde has it.
pub fn word<T: Serialize>(value: T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(JsonValue::String(word)) => Ok(word),
        other => Err(Error::Internal(format!("no word: {other:?}"))),
    }
}

/// The enum behind a word.
pub fn from_word<T: DeserializeOwned>(word: &str) -> Result<T> {
    from_json(JsonValue::String(word.to_owned()))
}

/// A value as JSON that both databases take.
pub fn json<T: Serialize>(value: &T) -> Result<JsonValue> {
    let mut value = serde_json::to_value(value).map_err(|error| Error::Internal(error.to_string()))?;
    scrub(&mut value);
    Ok(value)
}

/// The value behind JSON of ours.
pub fn from_json<T: DeserializeOwned>(value: JsonValue) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::Internal(format!("JSON in a column: {error}")))
}

/// Text for a column: without U+0000, cut at a number of characters.
pub fn line(text: &str, characters_max: usize) -> String {
    text.chars().take(characters_max).map(|character| if character == '\0' { '\u{FFFD}' } else { character }).collect()
}

/// Text for a column or to compare with one, whole: without U+0000.
pub fn clean(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// An address as it is compared: trimmed, in lower case.
pub fn address(text: &str) -> String {
    line(&text.trim().to_lowercase(), LINE_CHARACTERS_MAX)
}

fn scrub(value: &mut JsonValue) {
    match value {
        JsonValue::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{FFFD}"),
        JsonValue::Array(values) => values.iter_mut().for_each(scrub),
        JsonValue::Object(fields) => fields.values_mut().for_each(scrub),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_keeps_its_microseconds_and_its_order_whatever_its_offset() {
        let deadline: DateTime<Utc> = "2023-04-01T00:00:00+08:00".parse().unwrap();
        let before: DateTime<Utc> = "2023-03-31T15:59:59.999999Z".parse().unwrap();
        assert_eq!(micros(deadline) - micros(before), 1);
        assert_eq!(instant(micros(before)).unwrap(), before);
    }

    #[test]
    fn a_nul_becomes_a_replacement_character_everywhere() {
        let hostile = serde_json::json!({"a": ["x\0y", {"b": "\0"}], "c": 1});
        assert_eq!(json(&hostile).unwrap(), serde_json::json!({"a": ["x\u{FFFD}y", {"b": "\u{FFFD}"}], "c": 1}));
        assert_eq!(line("绩\0效", 2), "绩\u{FFFD}");
    }
}
