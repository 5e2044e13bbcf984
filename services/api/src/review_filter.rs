//! The filter of ListReviews, in the grammar of ListSubmissions.

use chrono::{Datelike, NaiveDate};
use proto::intake::v1;
use store::record::ReviewFilter;
use tonic::Status;
use uuid::Uuid;

use crate::{
    filter::{Misread, Operator, Reader, misread, read_by},
    review_service::account,
    wire,
};

/// Reads a filter; an empty one gives no comparison.
pub fn read(text: &str) -> Result<Vec<ReviewFilter>, Status> {
    read_by(text, term)
}

fn term(reader: &mut Reader, filters: &mut Vec<ReviewFilter>) -> Result<(), Misread> {
    let (start, field) = reader.field();
    let operators: &[Operator] = match field.as_str() {
        "state" | "editor" => &[Operator::Equal, Operator::Unequal],
        "assigned" => &[Operator::Equal],
        "due_day" => &[Operator::Equal, Operator::AtLeast, Operator::Less, Operator::Greater, Operator::AtMost],
        _ => return Err(misread(start, "state, editor, assigned or due_day")),
    };
    let (operator, start, value) = reader.compared(&field, operators)?;
    let equal = operator == Operator::Equal;
    match field.as_str() {
        "state" => {
            let state = v1::ReviewState::from_str_name(&format!("REVIEW_STATE_{}", value.to_ascii_uppercase()));
            let state = state.and_then(wire::review::state_read).ok_or_else(|| {
                let expected = "RECEIVED, JUDGED, ASSIGNED, FIRST_REVIEW, SECOND_REVIEW, FINAL_REVIEW, \
                                REVISION_ASKED, ADOPTED, DECLINED, SCHEDULED, PUBLISHED or WITHDRAWN";
                misread(start, expected)
            })?;
            filters.push(ReviewFilter::State(state, equal));
        }
        "editor" => {
            let id: Uuid = account(&value);
            filters.push(ReviewFilter::Editor(id, equal));
        }
        "assigned" => filters.push(ReviewFilter::Assigned(match value.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(misread(start, "true or false")),
        })),
        _ => {
            let day: Option<NaiveDate> = value.parse().ok();
            let day = day.filter(|day| (1..=9998).contains(&day.year()));
            let (day, next) = day
                .and_then(|day| Some((day, day.succ_opt()?)))
                .ok_or_else(|| misread(start, "a day such as 2023-03-01"))?;
            let (from, before) = match operator {
                Operator::AtLeast => (Some(day), None),
                Operator::Greater => (Some(next), None),
                Operator::Less => (None, Some(day)),
                Operator::AtMost => (None, Some(next)),
                Operator::Equal | Operator::Unequal | Operator::Holds => (Some(day), Some(next)),
            };
            filters.extend(from.map(ReviewFilter::DueFrom));
            filters.extend(before.map(ReviewFilter::DueBefore));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use intake::review::State;

    use super::*;
    use crate::filter::terms;

    #[test]
    fn filters_that_are_understood() {
        let day = |text: &str| text.parse().unwrap();
        let table = [
            ("", vec![]),
            ("state = first_review", vec![ReviewFilter::State(State::FirstReview, true)]),
            ("state != DECLINED", vec![ReviewFilter::State(State::Declined, false)]),
            ("editor = zhang", vec![ReviewFilter::Editor(account("zhang"), true)]),
            ("assigned = false", vec![ReviewFilter::Assigned(false)]),
            (
                "due_day = 2023-03-20",
                vec![ReviewFilter::DueFrom(day("2023-03-20")), ReviewFilter::DueBefore(day("2023-03-21"))],
            ),
            ("due_day <= 2023-03-20", vec![ReviewFilter::DueBefore(day("2023-03-21"))]),
            ("due_day > 2023-03-20", vec![ReviewFilter::DueFrom(day("2023-03-21"))]),
            (
                "state = ADOPTED AND editor != \"Li Na\"",
                vec![ReviewFilter::State(State::Adopted, true), ReviewFilter::Editor(account("Li Na"), false)],
            ),
        ];
        for (text, expected) in table {
            assert_eq!(terms(text, term), Ok(expected), "{text}");
        }
    }

    #[test]
    fn filters_that_are_not_understood_say_where_and_what_was_expected() {
        let table = [
            ("verdict = LATE", 1, "state, editor"),
            ("state : ADOPTED", 7, "= or != after state"),
            ("state = UNSPECIFIED", 9, "RECEIVED, JUDGED"),
            ("assigned = maybe", 12, "true or false"),
            ("assigned != true", 10, "= after assigned"),
            ("due_day < 9999-12-31", 11, "a day such as"),
            ("due_day < tomorrow", 11, "a day such as"),
        ];
        for (text, character, expected) in table {
            let misread = terms(text, term).unwrap_err();
            assert_eq!(misread.character, character, "{text}: {misread:?}");
            assert!(misread.expected.starts_with(expected), "{text}: {misread:?}");
        }
    }
}
