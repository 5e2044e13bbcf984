//! The history of messages: lines are added in the transaction of the change that they tell, and only read after.

use intake::message::Stage;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, NotSet, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use crate::{
    Result, Store,
    entity::message_event,
    record::Event,
    values::{REASON_CHARACTERS_MAX, instant, line, now, parsed},
};

/// Lines of one message's history that are read at most; one needs hundreds of retries to get there.
const HISTORY_MAX: u64 = 10_000;

/// A line not yet written.
pub struct Line<'a> {
    pub message_id: Uuid,
    pub from: Option<Stage>,
    pub to: Stage,
    pub actor: &'a str,
    pub detail: &'a str,
}

/// Adds lines.
pub async fn append(tx: &DatabaseTransaction, lines: impl IntoIterator<Item = Line<'_>>) -> Result<()> {
    let at = now();
    let lines: Vec<_> = lines
        .into_iter()
        .map(|entry| message_event::ActiveModel {
            id: NotSet,
            message_id: Set(entry.message_id),
            at: Set(at),
            stage_from: Set(entry.from.map(|stage| stage.as_str().to_owned())),
            stage_to: Set(entry.to.as_str().to_owned()),
            actor: Set(line(entry.actor, REASON_CHARACTERS_MAX)),
            detail: Set(line(entry.detail, REASON_CHARACTERS_MAX)),
        })
        .collect();
    if !lines.is_empty() {
        message_event::Entity::insert_many(lines).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// A message's history, oldest first.
pub async fn list(store: &Store, message_id: Uuid) -> Result<Vec<Event>> {
    message_event::Entity::find()
        .filter(message_event::Column::MessageId.eq(message_id))
        .order_by_asc(message_event::Column::Id)
        .limit(HISTORY_MAX)
        .all(&store.reader)
        .await?
        .into_iter()
        .map(|row| {
            Ok(Event {
                at: instant(row.at)?,
                from: row.stage_from.as_deref().map(parsed).transpose()?,
                to: parsed(&row.stage_to)?,
                actor: row.actor,
                detail: row.detail,
            })
        })
        .collect()
}
