//! What an operator asks of the tables every few seconds: how much is on its way and how old the oldest of it is.

use std::time::Duration;

use crate::{
    Result, Store,
    entity::{message, reply},
    values::{instant, parsed, unsigned, word},
};
use ::reply::outbox::State;
use chrono::{DateTime, Utc};
use intake::message::Stage;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

/// What is on its way, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// How many messages each stage has, every stage named.
    pub messages: Vec<(Stage, u64)>,
    /// How many letters each state has, every state named.
    pub letters: Vec<(State, u64)>,
    /// Letters that are not to go, by the reason's word.
    pub suppressed: Vec<(String, u64)>,
    /// For how long the oldest letter has been due.
    pub oldest_letter: Duration,
}

pub(crate) async fn look(store: &Store, now: DateTime<Utc>) -> Result<Vitals> {
    let messages: Vec<(String, i64)> = message::Entity::find()
        .select_only()
        .column(message::Column::Stage)
        .column_as(message::Column::Id.count(), "count")
        .group_by(message::Column::Stage)
        .into_tuple()
        .all(&store.reader)
        .await?;
    let mut counted: Vec<(Stage, u64)> = Stage::ALL.map(|stage| (stage, 0)).into();
    for (stage, count) in messages {
        let (stage, count) = (parsed::<Stage>(&stage)?, unsigned(count)?);
        counted.iter_mut().filter(|(known, _)| *known == stage).for_each(|(_, known)| *known = count);
    }
    let suppressed: Vec<(Option<String>, i64)> = reply::Entity::find()
        .select_only()
        .column(reply::Column::Silence)
        .column_as(reply::Column::Id.count(), "count")
        .filter(reply::Column::State.eq(word(State::Suppressed)?))
        .group_by(reply::Column::Silence)
        .into_tuple()
        .all(&store.reader)
        .await?;
    let oldest: Option<Option<i64>> = reply::Entity::find()
        .select_only()
        .column_as(reply::Column::DueAt.min(), "oldest")
        .filter(reply::Column::State.is_in([word(State::Pending)?, word(State::Deferred)?]))
        .into_tuple()
        .one(&store.reader)
        .await?;
    let due = oldest.flatten().map(instant).transpose()?;
    Ok(Vitals {
        messages: counted,
        letters: store.reply_counts(None).await?.0,
        suppressed: suppressed
            .into_iter()
            .map(|(silence, count)| Ok((silence.unwrap_or_default(), unsigned(count)?)))
            .collect::<Result<_>>()?,
        oldest_letter: due.and_then(|due| (now - due).to_std().ok()).unwrap_or_default(),
    })
}
