//! The filter of ListReviews, in the grammar of ListSubmissions.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use intake::{finding::RuleCode, judgement::Verdict, review::State};
use proto::intake::v1;
use store::record::{ReviewCount, ReviewFilter, ReviewFlag, ReviewGroup, ReviewTime};
use tonic::Status;

use crate::{
    filter::{Misread, Operator, Reader, misread, read_by, span},
    review_service::account,
    wire,
};

const FIELDS: &str = "state, verdict, editor, assigned, due_day, text, tag, from, number, versions, received_time, update_time, \
                      cloud_expire_time, finding, undetermined, category, organisation, scheduled, published, reason, \
                      has_video, has_cloud_file, backfilled or bounced";

const STATES: &str = "RECEIVED, JUDGED, ASSIGNED, FIRST_REVIEW, SECOND_REVIEW, FINAL_REVIEW, REVISION_ASKED, ADOPTED, \
                      DECLINED, SCHEDULED, PUBLISHED or WITHDRAWN";

const ORDERED: &[Operator] = &[Operator::Equal, Operator::AtLeast, Operator::Less, Operator::Greater, Operator::AtMost];

/// Reads a filter of a field of the request; an empty one gives no comparison.
pub fn read(field: &str, text: &str) -> Result<Vec<ReviewFilter>, Status> {
    read_by(field, text, term)
}

fn term(reader: &mut Reader, filters: &mut Vec<ReviewFilter>) -> Result<(), Misread> {
    let (start, field) = reader.field();
    match field.as_str() {
        "state" | "verdict" | "editor" => {
            let (operator, values) = reader.compared_among(&field, &[Operator::Equal, Operator::Unequal])?;
            let is = operator == Operator::Equal;
            filters.push(match field.as_str() {
                "state" => ReviewFilter::State(each(&values, state)?, is),
                "verdict" => ReviewFilter::Verdict(each(&values, verdict)?, is),
                _ => ReviewFilter::Editor(values.iter().map(|(_, name)| account(name)).collect(), is),
            });
        }
        "due_day" => {
            let (operator, start, value) = reader.compared(&field, ORDERED)?;
            let day: Option<NaiveDate> = value.parse().ok();
            let day = day.filter(|day| (1..=9998).contains(&day.year()));
            let (day, next) = day
                .and_then(|day| Some((day, day.succ_opt()?)))
                .ok_or_else(|| misread(start, "a day such as 2023-03-01"))?;
            let (from, before) = bounds(operator, day, next);
            filters.extend(from.map(ReviewFilter::DueFrom));
            filters.extend(before.map(ReviewFilter::DueBefore));
        }
        "received_time" => times(reader, &field, ReviewTime::Received, filters)?,
        "update_time" => times(reader, &field, ReviewTime::Updated, filters)?,
        "cloud_expire_time" => times(reader, &field, ReviewTime::CloudExpiry, filters)?,
        "number" => counts(reader, &field, ReviewCount::Number, filters)?,
        "versions" => counts(reader, &field, ReviewCount::Versions, filters)?,
        "text" => {
            let (_, start, value) = reader.compared(&field, &[Operator::Holds])?;
            if !store::is_searchable(&value) {
                return Err(misread(start, "two characters or more"));
            }
            filters.push(ReviewFilter::Holds(value));
        }
        "tag" => {
            let (operator, values) = reader.compared_among(&field, &[Operator::Equal, Operator::Unequal])?;
            let tag = |value: &str| intake::remark::tag(value).ok_or("a tag: 1 to 20 letters, digits, -, _, . or ·");
            filters.push(ReviewFilter::Tag(each(&values, tag)?, operator == Operator::Equal));
        }
        "from" => {
            let (_, _, value) = reader.compared(&field, &[Operator::Equal])?;
            filters.push(ReviewFilter::From(value));
        }
        "finding" | "undetermined" => {
            let (_, start, value) = reader.compared(&field, &[Operator::Equal])?;
            let rule = RuleCode::ALL.into_iter().find(|rule| rule.as_str().eq_ignore_ascii_case(&value));
            let rule = rule.ok_or_else(|| {
                misread(start, &format!("a rule: {}", RuleCode::ALL.map(RuleCode::as_str).join(", ")))
            })?;
            filters.push(match field.as_str() {
                "finding" => ReviewFilter::Failed(rule),
                _ => ReviewFilter::Undetermined(rule),
            });
        }
        "category" => {
            let (start, value) = reader.equal(&field)?;
            let number: Option<u32> = value.parse().ok();
            let number = number.ok_or_else(|| misread(start, "the number of a category, or 0 for none"))?;
            filters.push(ReviewFilter::In(ReviewGroup::Category, number.to_string()));
        }
        "organisation" => filters.push(ReviewFilter::In(ReviewGroup::Organisation, reader.equal(&field)?.1)),
        "scheduled" => filters.push(ReviewFilter::In(ReviewGroup::Scheduled, reader.equal(&field)?.1)),
        "published" => filters.push(ReviewFilter::In(ReviewGroup::Published, reader.equal(&field)?.1)),
        "reason" => filters.push(ReviewFilter::In(ReviewGroup::Reason, reader.equal(&field)?.1)),
        "assigned" => flag(reader, &field, ReviewFlag::Assigned, filters)?,
        "has_video" => flag(reader, &field, ReviewFlag::Video, filters)?,
        "has_cloud_file" => flag(reader, &field, ReviewFlag::CloudFile, filters)?,
        "backfilled" => flag(reader, &field, ReviewFlag::Backfilled, filters)?,
        "bounced" => flag(reader, &field, ReviewFlag::Bounced, filters)?,
        _ => return Err(misread(start, FIELDS)),
    }
    Ok(())
}

fn each<T>(values: &[(usize, String)], read: impl Fn(&str) -> Result<T, &'static str>) -> Result<Vec<T>, Misread> {
    values.iter().map(|(start, value)| read(value).map_err(|expected| misread(*start, expected))).collect()
}

fn state(value: &str) -> Result<State, &'static str> {
    let state = v1::ReviewState::from_str_name(&format!("REVIEW_STATE_{}", value.to_ascii_uppercase()));
    state.and_then(wire::review::state_read).ok_or(STATES)
}

fn verdict(value: &str) -> Result<Verdict, &'static str> {
    let verdict = v1::Verdict::from_str_name(&format!("VERDICT_{}", value.to_ascii_uppercase()));
    verdict.and_then(wire::verdict_read).ok_or("ELIGIBLE, INCOMPLETE, LATE or UNDETERMINED")
}

/// Where a comparison begins and where it ends, of a value and what follows it.
fn bounds<T>(operator: Operator, value: T, next: T) -> (Option<T>, Option<T>) {
    match operator {
        Operator::AtLeast => (Some(value), None),
        Operator::Greater => (Some(next), None),
        Operator::Less => (None, Some(value)),
        Operator::AtMost => (None, Some(next)),
        Operator::Equal | Operator::Unequal | Operator::Holds => (Some(value), Some(next)),
    }
}

fn times(reader: &mut Reader, field: &str, which: ReviewTime, filters: &mut Vec<ReviewFilter>) -> Result<(), Misread> {
    let (operator, start, value) = reader.compared(field, ORDERED)?;
    let (first, end) = span(&value)
        .ok_or_else(|| misread(start, "a time such as \"2023-03-01T00:00:00+08:00\", or a day such as 2023-03-01"))?;
    let (from, before): (Option<DateTime<Utc>>, _) = bounds(operator, first, end);
    filters.extend(from.map(|at| ReviewFilter::Since(which, at)));
    filters.extend(before.map(|at| ReviewFilter::Before(which, at)));
    Ok(())
}

fn counts(
    reader: &mut Reader,
    field: &str,
    which: ReviewCount,
    filters: &mut Vec<ReviewFilter>,
) -> Result<(), Misread> {
    let (operator, start, value) = reader.compared(field, ORDERED)?;
    let number: Option<u64> = value.parse().ok();
    let number = number.filter(|number| *number < i64::MAX.unsigned_abs());
    let number = number.ok_or_else(|| misread(start, "a whole number"))?;
    let (from, before) = bounds(operator, number, number + 1);
    filters.extend(from.map(|number| ReviewFilter::AtLeast(which, number)));
    filters.extend(before.map(|number| ReviewFilter::Below(which, number)));
    Ok(())
}

fn flag(reader: &mut Reader, field: &str, which: ReviewFlag, filters: &mut Vec<ReviewFilter>) -> Result<(), Misread> {
    let (_, start, value) = reader.compared(field, &[Operator::Equal])?;
    filters.push(ReviewFilter::Is(
        which,
        match value.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(misread(start, "true or false")),
        },
    ));
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
            ("state = first_review", vec![ReviewFilter::State(vec![State::FirstReview], true)]),
            ("state != DECLINED", vec![ReviewFilter::State(vec![State::Declined], false)]),
            ("editor = zhang", vec![ReviewFilter::Editor(vec![account("zhang")], true)]),
            ("assigned = false", vec![ReviewFilter::Is(ReviewFlag::Assigned, false)]),
            (
                "due_day = 2023-03-20",
                vec![ReviewFilter::DueFrom(day("2023-03-20")), ReviewFilter::DueBefore(day("2023-03-21"))],
            ),
            ("due_day <= 2023-03-20", vec![ReviewFilter::DueBefore(day("2023-03-21"))]),
            ("due_day > 2023-03-20", vec![ReviewFilter::DueFrom(day("2023-03-21"))]),
            (
                "state = ADOPTED AND editor != \"Li Na\"",
                vec![
                    ReviewFilter::State(vec![State::Adopted], true),
                    ReviewFilter::Editor(vec![account("Li Na")], false),
                ],
            ),
            (
                "state = (JUDGED OR assigned  or FIRST_REVIEW)",
                vec![ReviewFilter::State(vec![State::Judged, State::Assigned, State::FirstReview], true)],
            ),
            (
                "state!=(DECLINED)AND verdict = (LATE OR INCOMPLETE)",
                vec![
                    ReviewFilter::State(vec![State::Declined], false),
                    ReviewFilter::Verdict(vec![Verdict::Late, Verdict::Incomplete], true),
                ],
            ),
            (
                "editor = (zhang OR \"Li (Na)\")",
                vec![ReviewFilter::Editor(vec![account("zhang"), account("Li (Na)")], true)],
            ),
            ("finding = video-duration", vec![ReviewFilter::Failed(RuleCode::VideoDuration)]),
            ("tag = ＡＩ", vec![ReviewFilter::Tag(vec!["ai".into()], true)]),
            ("tag != (\"浙江\" OR \"預算\")", vec![ReviewFilter::Tag(vec!["浙江".into(), "预算".into()], false)]),
            ("undetermined = \"video-size\"", vec![ReviewFilter::Undetermined(RuleCode::VideoSize)]),
            ("text : \"绩效 (一)\"", vec![ReviewFilter::Holds("绩效 (一)".into())]),
            ("category = 02", vec![ReviewFilter::In(ReviewGroup::Category, "2".into())]),
            (
                "organisation = \"\" AND published = 杂志",
                vec![
                    ReviewFilter::In(ReviewGroup::Organisation, String::new()),
                    ReviewFilter::In(ReviewGroup::Published, "杂志".into()),
                ],
            ),
            ("from = A@b.cn", vec![ReviewFilter::From("A@b.cn".into())]),
            (
                "number = 12",
                vec![ReviewFilter::AtLeast(ReviewCount::Number, 12), ReviewFilter::Below(ReviewCount::Number, 13)],
            ),
            ("versions > 1", vec![ReviewFilter::AtLeast(ReviewCount::Versions, 2)]),
            (
                "received_time <= 2023-03-01",
                vec![ReviewFilter::Before(ReviewTime::Received, "2023-03-01T16:00:00Z".parse().unwrap())],
            ),
            (
                "update_time >= 2023-03-01T00:00:00Z",
                vec![ReviewFilter::Since(ReviewTime::Updated, "2023-03-01T00:00:00Z".parse().unwrap())],
            ),
            (
                "cloud_expire_time < 2023-03-01",
                vec![ReviewFilter::Before(ReviewTime::CloudExpiry, "2023-02-28T16:00:00Z".parse().unwrap())],
            ),
            (
                "has_video = true AND has_cloud_file = FALSE AND backfilled = false AND bounced = true",
                vec![
                    ReviewFilter::Is(ReviewFlag::Video, true),
                    ReviewFilter::Is(ReviewFlag::CloudFile, false),
                    ReviewFilter::Is(ReviewFlag::Backfilled, false),
                    ReviewFilter::Is(ReviewFlag::Bounced, true),
                ],
            ),
        ];
        for (text, expected) in table {
            assert_eq!(terms(text, term), Ok(expected), "{text}");
        }
    }

    #[test]
    fn filters_that_are_not_understood_say_where_and_what_was_expected() {
        let table = [
            ("class = BOUNCE", 1, "state, verdict, editor"),
            ("verdict = GOOD", 11, "ELIGIBLE, INCOMPLETE"),
            ("state = (JUDGED OR GOOD)", 20, "RECEIVED, JUDGED"),
            ("state = (JUDGED, ASSIGNED)", 16, "OR or )"),
            ("state = (JUDGED", 16, "OR or )"),
            ("state = ()", 10, "a value"),
            ("state = (JUDGED OR)", 19, "a value"),
            ("text : 绩", 8, "two characters"),
            ("tag = \"两 词\"", 7, "a tag"),
            ("text = 绩效", 6, ": after text"),
            ("number = -1", 10, "a whole number"),
            ("number = 9223372036854775807", 10, "a whole number"),
            ("versions != 1", 10, "= or >="),
            ("finding = video", 11, "a rule: subject-tag"),
            ("bounced = 1", 11, "true or false"),
            ("update_time > yesterday", 15, "a time such as"),
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
