//! The circuit and the counts that the limits ask for. Whoever takes a letter or ends a try holds the circuit's row, so
//! that senders take turns, counts are exact, and one trial at most is under way.

use ::reply::{
    limits::{Counts, Tripped, Turn},
    outbox::{Outcome, State},
};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QuerySelect, Set,
};
use uuid::Uuid;

use crate::{
    Error, Result,
    entity::{reply as row, reply_circuit},
    values::{instant, micros, word},
};

/// The id of its one row.
const ONE: i64 = 1;

/// What the row says.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    pub tripped: Tripped,
    trial_id: Option<Uuid>,
    closed_at: DateTime<Utc>,
}

impl Kept {
    fn read(row: Option<reply_circuit::Model>) -> Result<Self> {
        let row = row.ok_or_else(|| Error::Internal("the circuit has no row".into()))?;
        Ok(Self {
            tripped: Tripped { at: row.tripped_at.map(instant).transpose()?, trial_under_way: row.trial_id.is_some() },
            trial_id: row.trial_id,
            closed_at: instant(row.closed_at)?,
        })
    }

    /// As it stands.
    pub async fn get(connection: &impl ConnectionTrait) -> Result<Self> {
        Self::read(reply_circuit::Entity::find_by_id(ONE).one(connection).await?)
    }

    /// As it stands, held until the end of the transaction.
    pub async fn locked(tx: &DatabaseTransaction) -> Result<Self> {
        Self::read(reply_circuit::Entity::find_by_id(ONE).lock_exclusive().one(tx).await?)
    }

    /// Takes a turn; `trial_id` is the letter of a trial that begins.
    pub async fn turn(
        &mut self,
        tx: &DatabaseTransaction,
        turn: Turn,
        trial_id: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.tripped = self.tripped.after(turn, now);
        self.trial_id = trial_id.filter(|_| self.tripped.trial_under_way);
        if turn == Turn::TrialWent {
            self.closed_at = now;
        }
        self.save(tx).await
    }

    /// What the end of a try means for it.
    pub async fn ended(
        &mut self,
        tx: &DatabaseTransaction,
        reply_id: Uuid,
        outcome: &Outcome,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if self.trial_id != Some(reply_id) {
            return Ok(());
        }
        match outcome {
            Outcome::Sent { .. } => self.turn(tx, Turn::TrialWent, None, now).await,
            // No server was heard: the next letter tries it.
            Outcome::Unable { .. } | Outcome::Abandoned { .. } => {
                (self.trial_id, self.tripped.trial_under_way) = (None, false);
                self.save(tx).await
            }
            _ => self.turn(tx, Turn::TrialFailed, None, now).await,
        }
    }

    async fn save(&self, tx: &DatabaseTransaction) -> Result<()> {
        let row = reply_circuit::ActiveModel {
            tripped_at: Set(self.tripped.at.map(micros)),
            trial_id: Set(self.trial_id),
            closed_at: Set(micros(self.closed_at)),
            ..Default::default()
        };
        reply_circuit::Entity::update_many().set(row).filter(reply_circuit::Column::Id.eq(ONE)).exec(tx).await?;
        Ok(())
    }

    /// Letters to anybody, counted back from now. One that a sender has counts as gone.
    pub async fn counts(&self, connection: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Counts> {
        use row::Column::{FailedAt, HandedAt};
        let sending = word(State::Sending)?;
        let since = |span: TimeDelta| {
            let from = micros(now - span);
            Condition::any().add(HandedAt.gt(from)).add(FailedAt.gt(from)).add(row::Column::State.eq(sending.as_str()))
        };
        let failed_from = self.closed_at.max(now - TimeDelta::hours(1));
        Ok(Counts {
            hour: count(connection, since(TimeDelta::hours(1))).await?,
            day: count(connection, since(TimeDelta::hours(24))).await?,
            failed_hour: count(connection, failed(failed_from)).await?,
            ..Counts::default()
        })
    }
}

/// Letters that a server refused, that every try failed for, or that came back after an instant.
pub fn failed(from: DateTime<Utc>) -> Condition {
    Condition::any().add(row::Column::FailedAt.gt(micros(from))).add(row::Column::BouncedAt.gt(micros(from)))
}

pub async fn count(connection: &impl ConnectionTrait, which: Condition) -> Result<u32> {
    let count = row::Entity::find().filter(which).count(connection).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}
