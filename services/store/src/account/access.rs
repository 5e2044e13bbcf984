//! What was done with accounts, personal data and campaigns: lines are added and read, nothing else.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, NotSet, QueryFilter, QueryOrder, QuerySelect, Set};

use super::{AccessAction, AccessEvent, AccessQuery, By};
use crate::{
    Result, Store,
    entity::access_event,
    values::{LINE_CHARACTERS_MAX, bounded, from_word, instant, line, micros, word},
};

pub async fn append(connection: &impl ConnectionTrait, event: &AccessEvent) -> Result<()> {
    let row = access_event::ActiveModel {
        id: NotSet,
        at: Set(micros(event.at)),
        actor: Set(line(&event.actor, LINE_CHARACTERS_MAX)),
        action: Set(word(event.action)?),
        subject: Set(line(&event.subject, LINE_CHARACTERS_MAX)),
        peer: Set(line(&event.peer, LINE_CHARACTERS_MAX)),
        detail: Set(line(&event.detail, LINE_CHARACTERS_MAX)),
    };
    access_event::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// Adds a line of a change that somebody made.
pub async fn note(
    connection: &impl ConnectionTrait,
    action: AccessAction,
    subject: String,
    detail: String,
    by: &By,
) -> Result<()> {
    let event = AccessEvent { at: by.now, actor: by.actor.clone(), action, subject, peer: String::new(), detail };
    append(connection, &event).await
}

pub async fn list(store: &Store, query: &AccessQuery) -> Result<Vec<(i64, AccessEvent)>> {
    use access_event::Column;
    let mut rows = access_event::Entity::find();
    if !query.actions.is_empty() {
        let words: Vec<String> = query.actions.iter().map(|action| word(*action)).collect::<Result<_>>()?;
        rows = rows.filter(Column::Action.is_in(words));
    }
    if let Some(actor) = &query.actor {
        rows = rows.filter(Column::Actor.eq(actor.as_str()));
    }
    if let Some(before) = query.before {
        rows = rows.filter(Column::Id.lt(before));
    }
    let rows = rows.order_by_desc(Column::Id).limit(bounded(query.limit)).all(&store.reader).await?;
    rows.into_iter()
        .map(|row| {
            let event = AccessEvent {
                at: instant(row.at)?,
                actor: row.actor,
                action: from_word(&row.action)?,
                subject: row.subject,
                peer: row.peer,
                detail: row.detail,
            };
            Ok((row.id, event))
        })
        .collect()
}
