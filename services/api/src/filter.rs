//! The filter of ListSubmissions: `field op value (AND field op value)*`, read from left to right without recursion. An
//! error names the character it stands at and what was expected there.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use intake::finding::RuleCode;
use proto::intake::v1;
use stdx::beijing;
use store::record::SubmissionFilter;
use tonic::Status;

use crate::{errors, wire};

/// Characters of a filter.
const CHARACTERS_MAX: usize = 2_000;
/// Comparisons of a filter.
const TERMS_MAX: usize = 20;

/// Why a filter is not understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Misread {
    /// Counted from 1.
    pub character: usize,
    /// What could stand there.
    pub expected: String,
}

/// Reads the filter of ListSubmissions; an empty one gives no comparison.
pub fn read(text: &str) -> Result<Vec<SubmissionFilter>, Status> {
    read_by("filter", text, Reader::term)
}

/// Reads a filter whose comparisons `term` reads; an error names the field of the request.
pub fn read_by<T>(field: &str, text: &str, term: Term<T>) -> Result<Vec<T>, Status> {
    terms(text, term).map_err(|misread| {
        let Misread { character, expected } = misread;
        errors::field(
            field,
            format!("at character {character}: expected {expected}"),
            format!("第 {character} 个字符处:应为 {expected}"),
        )
    })
}

/// Reads one comparison, which may be kept as several.
pub type Term<T> = fn(&mut Reader, &mut Vec<T>) -> Result<(), Misread>;

/// Reads comparisons joined by AND.
pub fn terms<T>(text: &str, term: Term<T>) -> Result<Vec<T>, Misread> {
    if text.chars().count() > CHARACTERS_MAX {
        return Err(Misread {
            character: CHARACTERS_MAX + 1,
            expected: format!("at most {CHARACTERS_MAX} characters"),
        });
    }
    let mut reader = Reader { characters: text.chars().collect(), at: 0 };
    let mut filters = Vec::new();
    reader.skip_space();
    if reader.peek().is_none() {
        return Ok(filters);
    }
    for _ in 0..TERMS_MAX {
        term(&mut reader, &mut filters)?;
        reader.skip_space();
        if reader.peek().is_none() {
            return Ok(filters);
        }
        let start = reader.at;
        if !reader.word().eq_ignore_ascii_case("AND") {
            return Err(misread(start, "AND or the end"));
        }
        reader.skip_space();
    }
    Err(misread(reader.at, &format!("the end: a filter has at most {TERMS_MAX} comparisons")))
}

/// At a character, counted from 0.
pub fn misread(at: usize, expected: &str) -> Misread {
    Misread { character: at + 1, expected: expected.to_owned() }
}

/// What stands between field and value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    Unequal,
    Holds,
    AtLeast,
    Less,
    Greater,
    AtMost,
}

/// Values, each with the place where it stands.
pub type Values = Vec<(usize, String)>;

/// A filter that is being read.
pub struct Reader {
    characters: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|character| character.is_ascii_alphanumeric() || character == '_') {
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }

    /// The field that a comparison begins with, and where it stands.
    pub fn field(&mut self) -> (usize, String) {
        (self.at, self.word())
    }

    /// What follows the field: one of these operators, the place of the value, the value.
    pub fn compared(&mut self, field: &str, operators: &[Operator]) -> Result<(Operator, usize, String), Misread> {
        let operator = self.operator_of(field, operators)?;
        self.skip_space();
        Ok((operator, self.at, self.value()?))
    }

    /// Reads `= value`, which may be the empty text in quotes.
    pub fn equal(&mut self, field: &str) -> Result<(usize, String), Misread> {
        self.operator_of(field, &[Operator::Equal])?;
        self.skip_space();
        Ok((self.at, self.value_or_empty()?))
    }

    /// As `compared`, and the value may be several, of which one holds: `(A OR B)`. Each comes with its place.
    pub fn compared_among(&mut self, field: &str, operators: &[Operator]) -> Result<(Operator, Values), Misread> {
        let operator = self.operator_of(field, operators)?;
        self.skip_space();
        if self.peek() != Some('(') {
            return Ok((operator, vec![(self.at, self.value()?)]));
        }
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.skip_space();
            let start = self.at;
            let value = if self.peek() == Some('"') { self.value()? } else { self.word() };
            if value.is_empty() {
                return Err(misread(start, "a value"));
            }
            if values.len() == TERMS_MAX {
                return Err(misread(start, &format!("): at most {TERMS_MAX} values stand in brackets")));
            }
            values.push((start, value));
            self.skip_space();
            let start = self.at;
            if self.peek() == Some(')') {
                self.at += 1;
                return Ok((operator, values));
            }
            if !self.word().eq_ignore_ascii_case("OR") {
                return Err(misread(start, "OR or )"));
            }
        }
    }

    fn operator_of(&mut self, field: &str, operators: &[Operator]) -> Result<Operator, Misread> {
        self.skip_space();
        let start = self.at;
        self.operator().filter(|operator| operators.contains(operator)).ok_or_else(|| {
            let words: Vec<&str> = operators.iter().map(|operator| operator.as_str()).collect();
            misread(start, &format!("{} after {field}", words.join(" or ")))
        })
    }

    fn term(&mut self, filters: &mut Vec<SubmissionFilter>) -> Result<(), Misread> {
        let (start, field) = self.field();
        let operators: &[Operator] = match field.as_str() {
            "class" | "verdict" | "backfilled" => &[Operator::Equal, Operator::Unequal],
            "from" | "finding" => &[Operator::Equal],
            "subject" => &[Operator::Holds],
            "received_time" => {
                &[Operator::Equal, Operator::AtLeast, Operator::Less, Operator::Greater, Operator::AtMost]
            }
            _ => return Err(misread(start, "class, verdict, from, subject, received_time, backfilled or finding")),
        };
        let (operator, start, value) = self.compared(&field, operators)?;
        let equal = operator == Operator::Equal;
        match field.as_str() {
            "class" => {
                let class = v1::Class::from_str_name(&format!("CLASS_{}", value.to_ascii_uppercase()));
                let class = class.and_then(wire::class_read).ok_or_else(|| {
                    let expected = "SUBMISSION, CORRECTION, AUTOMATIC_REPLY, BOUNCE, LIST_MAIL, NOT_A_SUBMISSION, \
                                    NEAR_MISS or UNREADABLE";
                    misread(start, expected)
                })?;
                filters.push(SubmissionFilter::Class(class, equal));
            }
            "verdict" => {
                let verdict = v1::Verdict::from_str_name(&format!("VERDICT_{}", value.to_ascii_uppercase()));
                let verdict = verdict
                    .and_then(wire::verdict_read)
                    .ok_or_else(|| misread(start, "ELIGIBLE, INCOMPLETE, LATE or UNDETERMINED"))?;
                filters.push(SubmissionFilter::Verdict(verdict, equal));
            }
            "backfilled" => {
                let value = match value.to_ascii_lowercase().as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return Err(misread(start, "true or false")),
                };
                filters.push(SubmissionFilter::Backfilled(value == equal));
            }
            "from" => filters.push(SubmissionFilter::From(value.to_lowercase())),
            "subject" => filters.push(SubmissionFilter::SubjectHolds(value)),
            "finding" => {
                let rule = RuleCode::ALL.into_iter().find(|rule| rule.as_str().eq_ignore_ascii_case(&value));
                let rule = rule.ok_or_else(|| {
                    misread(start, &format!("a rule: {}", RuleCode::ALL.map(RuleCode::as_str).join(", ")))
                })?;
                filters.push(SubmissionFilter::FindingFailed(rule));
            }
            _ => {
                let (first, end) = span(&value).ok_or_else(|| {
                    misread(start, "a time such as \"2023-03-01T00:00:00+08:00\", or a day such as 2023-03-01")
                })?;
                let (from, before) = match operator {
                    Operator::AtLeast => (Some(first), None),
                    Operator::Greater => (Some(end), None),
                    Operator::Less => (None, Some(first)),
                    Operator::AtMost => (None, Some(end)),
                    Operator::Equal | Operator::Unequal | Operator::Holds => (Some(first), Some(end)),
                };
                filters.extend(from.map(SubmissionFilter::ReceivedFrom));
                filters.extend(before.map(SubmissionFilter::ReceivedBefore));
            }
        }
        Ok(())
    }

    fn operator(&mut self) -> Option<Operator> {
        let next = self.characters.get(self.at + 1).copied();
        let (operator, length) = match (self.peek()?, next) {
            ('!', Some('=')) => (Operator::Unequal, 2),
            ('>', Some('=')) => (Operator::AtLeast, 2),
            ('<', Some('=')) => (Operator::AtMost, 2),
            ('=', _) => (Operator::Equal, 1),
            (':', _) => (Operator::Holds, 1),
            ('>', _) => (Operator::Greater, 1),
            ('<', _) => (Operator::Less, 1),
            _ => return None,
        };
        self.at += length;
        Some(operator)
    }

    /// A word, or a text in quotes with `\"` and `\\`. Never empty.
    fn value(&mut self) -> Result<String, Misread> {
        let start = self.at;
        let value = self.value_or_empty()?;
        if value.is_empty() { Err(misread(start, "a value")) } else { Ok(value) }
    }

    /// A value, or two quotes with nothing between them.
    fn value_or_empty(&mut self) -> Result<String, Misread> {
        let start = self.at;
        let mut value = String::new();
        if self.peek() == Some('"') {
            self.at += 1;
            loop {
                let character = self.peek().ok_or_else(|| misread(self.at, "a closing \""))?;
                self.at += 1;
                match character {
                    '"' => break,
                    '\\' => {
                        let escaped = self.peek().filter(|escaped| matches!(escaped, '"' | '\\'));
                        value.push(escaped.ok_or_else(|| misread(self.at, "\" or \\ after \\"))?);
                        self.at += 1;
                    }
                    _ => value.push(character),
                }
            }
        } else {
            let bare =
                |character: char| !character.is_whitespace() && !matches!(character, '"' | '=' | '<' | '>' | '!');
            while let Some(character) = self.peek().filter(|character| bare(*character)) {
                value.push(character);
                self.at += 1;
            }
            if value.is_empty() {
                return Err(misread(start, "a value"));
            }
        }
        Ok(value)
    }
}

impl Operator {
    fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Holds => ":",
            Self::AtLeast => ">=",
            Self::Less => "<",
            Self::Greater => ">",
            Self::AtMost => "<=",
        }
    }
}

/// What a time names, as its first instant and the first one after it: a microsecond (the tables keep no less), or a
/// day in Beijing.
pub fn span(value: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    // Beyond four digits a year has no form in the tables that sorts right.
    let in_range = |instant: &DateTime<Utc>| (0..253_402_300_800).contains(&instant.timestamp());
    if let Ok(day) = value.parse::<NaiveDate>() {
        let first = DateTime::<Utc>::from_naive_utc_and_offset(day.and_time(chrono::NaiveTime::MIN), Utc);
        return in_range(&first).then(|| (beijing::day_start(day), beijing::day_end(day)));
    }
    let instant = DateTime::parse_from_rfc3339(value).ok()?.to_utc();
    in_range(&instant).then(|| (instant, instant + TimeDelta::microseconds(1)))
}

#[cfg(test)]
mod tests {
    use SubmissionFilter::{
        Backfilled, Class, FindingFailed, From, ReceivedBefore, ReceivedFrom, SubjectHolds, Verdict,
    };
    use intake::{judgement, sorting};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn filters_that_are_understood() {
        let midnight = at("2023-02-28T16:00:00Z");
        let next = at("2023-03-01T16:00:00Z");
        let table = [
            ("", vec![]),
            ("  ", vec![]),
            ("class = SUBMISSION", vec![Class(sorting::Class::Submission, true)]),
            ("class!=near_miss", vec![Class(sorting::Class::NearMiss, false)]),
            ("verdict = \"late\"", vec![Verdict(judgement::Verdict::Late, true)]),
            ("from = Li.Ming@CZT.gov.cn", vec![From("li.ming@czt.gov.cn".into())]),
            ("subject : \"绩效 AND \\\"评价\\\" \\\\\"", vec![SubjectHolds("绩效 AND \"评价\" \\".into())]),
            ("subject:绩效", vec![SubjectHolds("绩效".into())]),
            ("backfilled = true", vec![Backfilled(true)]),
            ("backfilled != TRUE", vec![Backfilled(false)]),
            ("finding = \"video-duration\"", vec![FindingFailed(RuleCode::VideoDuration)]),
            ("received_time >= \"2023-03-01T00:00:00+08:00\"", vec![ReceivedFrom(midnight)]),
            ("received_time < 2023-02-28T16:00:00Z", vec![ReceivedBefore(midnight)]),
            ("received_time > 2023-02-28T16:00:00Z", vec![ReceivedFrom(midnight + TimeDelta::microseconds(1))]),
            ("received_time <= 2023-02-28T16:00:00Z", vec![ReceivedBefore(midnight + TimeDelta::microseconds(1))]),
            ("received_time >= 2023-03-01", vec![ReceivedFrom(midnight)]),
            ("received_time > 2023-03-01", vec![ReceivedFrom(next)]),
            ("received_time < 2023-03-01", vec![ReceivedBefore(midnight)]),
            ("received_time <= 2023-03-01", vec![ReceivedBefore(next)]),
            ("received_time = 2023-03-01", vec![ReceivedFrom(midnight), ReceivedBefore(next)]),
            (
                "verdict = LATE and class = CORRECTION  AND  backfilled = false ",
                vec![
                    Verdict(judgement::Verdict::Late, true),
                    Class(sorting::Class::Correction, true),
                    Backfilled(false),
                ],
            ),
        ];
        for (text, expected) in table {
            assert_eq!(terms(text, Reader::term), Ok(expected), "{text}");
        }
    }

    #[test]
    fn filters_that_are_not_understood_say_where_and_what_was_expected() {
        let table = [
            ("klass = X", 1, "class, verdict"),
            ("class", 6, "= or != after class"),
            ("class : SUBMISSION", 7, "= or != after class"),
            ("class =", 8, "a value"),
            ("class = \"\"", 9, "a value"),
            ("class = GOOD", 9, "SUBMISSION, CORRECTION"),
            ("class = UNSPECIFIED", 9, "SUBMISSION, CORRECTION"),
            ("class = BOUNCE OR class = BOUNCE", 16, "AND or the end"),
            ("class = BOUNCE AND", 19, "class, verdict"),
            ("AND class = BOUNCE", 1, "class, verdict"),
            ("subject : \"绩效", 14, "a closing \""),
            ("subject : \"a\\n\"", 14, "\" or \\ after \\"),
            ("subject = x", 9, ": after subject"),
            ("received_time >= yesterday", 18, "a time such as"),
            ("received_time >= 2023-02-29", 18, "a time such as"),
            ("received_time >= 2023-03-01T00:00:00", 18, "a time such as"),
            ("received_time >= +12023-03-01", 18, "a time such as"),
            ("received_time != 2023-03-01", 15, "= or >= or < or > or <= after received_time"),
            ("backfilled = maybe", 14, "true or false"),
            ("finding = \"video\"", 11, "a rule: subject-tag"),
            ("(class = BOUNCE)", 1, "class, verdict"),
        ];
        for (text, character, expected) in table {
            let misread = terms(text, Reader::term).unwrap_err();
            assert_eq!(misread.character, character, "{text}: {misread:?}");
            assert!(misread.expected.starts_with(expected), "{text}: {misread:?}");
        }
    }

    #[test]
    fn the_bounds_are_2_000_characters_and_20_comparisons() {
        let terms_of = |count: usize| vec!["backfilled = true"; count].join(" AND ");
        assert_eq!(terms(&terms_of(20), Reader::term).unwrap().len(), 20);
        assert!(terms(&terms_of(21), Reader::term).unwrap_err().expected.starts_with("the end"));
        let long = |count: usize| format!("subject : {}", "绩".repeat(count - "subject : ".len()));
        assert!(terms(&long(2_000), Reader::term).is_ok());
        assert_eq!(terms(&long(2_001), Reader::term).unwrap_err().character, 2_001);
    }
}
