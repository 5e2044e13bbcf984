//! One change of a letter: the row, held by the transaction, goes from one state to another, and its history gets a line.

use ::reply::outbox::State;
use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, NotSet, QueryFilter, QueryOrder, QuerySelect, Set, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    Error, Result,
    entity::{reply as row, reply_event},
    values::{LINE_CHARACTERS_MAX, REASON_CHARACTERS_MAX, from_word, line, micros, word},
};

/// A line not yet written.
pub struct Line<'a> {
    pub before: Option<State>,
    pub after: State,
    pub actor: &'a str,
    pub detail: &'a str,
}

/// The row, held until the end of the transaction.
pub async fn locked(tx: &DatabaseTransaction, id: Uuid) -> Result<row::Model> {
    let row = row::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    row.ok_or(Error::NotFound { what: "reply", id })
}

/// Sets columns of a row that is held.
pub async fn set(
    tx: &DatabaseTransaction,
    row: &row::Model,
    columns: row::ActiveModel,
    now: DateTime<Utc>,
) -> Result<()> {
    let columns = row::ActiveModel { row_version: Set(row.row_version + 1), updated_at: Set(micros(now)), ..columns };
    let changed = row::Entity::update_many()
        .set(columns)
        .filter(row::Column::Id.eq(row.id))
        .filter(row::Column::RowVersion.eq(row.row_version))
        .exec(tx)
        .await?;
    match changed.rows_affected {
        0 => Err(Error::Conflict(format!("the reply {} is no longer at version {}", row.id, row.row_version))),
        _ => Ok(()),
    }
}

/// Adds a line of history.
pub async fn append(tx: &DatabaseTransaction, reply_id: Uuid, told: Line<'_>, now: DateTime<Utc>) -> Result<()> {
    let event = reply_event::ActiveModel {
        id: NotSet,
        reply_id: Set(reply_id),
        at: Set(micros(now)),
        state_before: Set(told.before.map(word).transpose()?),
        state_after: Set(word(told.after)?),
        actor: Set(line(told.actor, LINE_CHARACTERS_MAX)),
        detail: Set(line(told.detail, REASON_CHARACTERS_MAX)),
    };
    reply_event::Entity::insert(event).exec_without_returning(tx).await?;
    Ok(())
}

/// The state that the history ends at. A try is told when it is over, so that it is the one before the try while a sender
/// has the letter.
pub async fn last(tx: &DatabaseTransaction, reply_id: Uuid) -> Result<Option<(State, String)>> {
    let last: Option<(String, String)> = reply_event::Entity::find()
        .select_only()
        .columns([reply_event::Column::StateAfter, reply_event::Column::Detail])
        .filter(reply_event::Column::ReplyId.eq(reply_id))
        .order_by_desc(reply_event::Column::Id)
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    last.map(|(state, detail)| Ok((from_word(&state)?, detail))).transpose()
}

/// Letters that a sender may take, in the very words of the partial index `reply_due`.
pub fn is_waiting() -> Expr {
    Expr::cust("state IN ('pending', 'deferred')")
}
