//! 退信: a delivery report that names a letter of ours is tied to it, and the address that it went to is marked, so that
//! nothing more is sent there until a person has looked.

use ::reply::outbox::State;
use chrono::{DateTime, Utc};
use intake::letter::Letter;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::line::{self, Line};
use crate::{
    Result,
    entity::reply as row,
    reach, review,
    values::{LINE_CHARACTERS_MAX, from_word, line as text, micros},
};

/// Ids of one report that are looked up.
const IDS_MAX: usize = 50;

/// Ties a report that was sorted as a bounce to the letter that it names; one on a delay ties nothing.
pub async fn bounced(tx: &DatabaseTransaction, letter: &Letter, now: DateTime<Utc>) -> Result<()> {
    let report = letter.report.as_ref();
    if report.is_some_and(|report| !report.says_failed()) {
        return Ok(());
    }
    let headers = &letter.headers;
    let original = report.and_then(|report| report.original_message_id.as_ref());
    let ids: Vec<&str> = original
        .into_iter()
        .chain(&headers.in_reply_to)
        .chain(headers.references.iter().rev())
        .map(|id| id.trim().trim_matches(['<', '>']))
        .filter(|id| id.starts_with("caibian."))
        .take(IDS_MAX)
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let found = row::Entity::find()
        .filter(row::Column::MessageId.is_in(ids))
        // A letter that never left cannot come back: somebody made that up.
        .filter(row::Column::HandedAt.is_not_null())
        .filter(row::Column::BouncedAt.is_null())
        .order_by_desc(row::Column::HandedAt)
        .lock_exclusive()
        .one(tx)
        .await?;
    let Some(row) = found else { return Ok(()) };
    let said = report.map(|report| {
        let words = [&report.status, &report.diagnostic, &report.final_recipient];
        words.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
    });
    let said = said.filter(|said| !said.is_empty()).unwrap_or_else(|| headers.subject.clone());
    let said = text(&said, LINE_CHARACTERS_MAX);
    let columns =
        row::ActiveModel { bounced_at: Set(Some(micros(now))), bounce_detail: Set(said.clone()), ..Default::default() };
    line::set(tx, &row, columns, now).await?;
    review::bounced(tx, row.submission_id, now).await?;
    let state: State = from_word(&row.state)?;
    let detail = format!("it came back: {said}");
    line::append(tx, row.id, Line { before: Some(state), after: state, actor: "worker", detail: &detail }, now).await?;
    reach::mark(tx, &row, &said, now).await
}
