//! The outbox as a sender sees it. A stage is durable before its first byte leaves, so that what the row says when a
//! sender dies decides: below the end of the mail no server has it, from there on nobody can know.

use std::time::Duration;

use ::reply::{
    Silence,
    answering::Occasion,
    limits::{self, Circuit, Turn},
    outbox::{Origin, Outbox, Outcome, Outgoing, Stage, State, after},
};
use chrono::{DateTime, TimeDelta, Utc};
use intake::ports::PortResult;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{LockBehavior, LockType},
};

use super::{
    ReplyPolicy,
    circuit::Kept,
    line::{self, Line, is_waiting},
};
use crate::{
    Error, Result, Store,
    entity::{message, reply as row, submission},
    mailbox::clock_now,
    reach,
    values::{LINE_CHARACTERS_MAX, from_word, instant, line as text, micros, traceparent, unsigned, word},
};

/// Letters of dead senders that one call sorts.
const LEFT_MAX: u64 = 100;

/// How long a sender waits before it asks again while a cap is reached.
const CAP_WAIT: TimeDelta = TimeDelta::minutes(1);

/// What is said of a try that nobody ended.
const ABANDONED: &str = "the sender ended before the try did";

/// The sender as the history names it.
const SENDER: &str = "sender";

impl Outbox for Store {
    async fn take(&self, sender: &str, lease: Duration) -> PortResult<Option<Outgoing>> {
        Ok(take(self, sender, lease).await?)
    }

    async fn staged(&self, outgoing: &Outgoing, stage: Stage) -> PortResult<()> {
        Ok(staged(self, outgoing, stage).await?)
    }

    async fn ended(&self, outgoing: &Outgoing, outcome: &Outcome) -> PortResult<()> {
        Ok(ended(self, outgoing, outcome).await?)
    }

    async fn due_next(&self) -> PortResult<Option<DateTime<Utc>>> {
        Ok(due_next(self).await?)
    }
}

async fn take(store: &Store, sender: &str, lease: Duration) -> Result<Option<Outgoing>> {
    let Some(policy) = store.policy.as_deref() else { return Ok(None) };
    let tx = store.write().await?;
    let mut kept = Kept::locked(&tx).await?;
    let now = clock_now(&tx).await?;
    sort_left(&tx, policy, &mut kept, now).await?;
    let counts = kept.counts(&tx, now).await?;
    let circuit = limits::circuit(&policy.caps, &counts, kept.tripped, now);
    if matches!(circuit, Circuit::Open { .. }) && kept.tripped.at.is_none() {
        kept.turn(&tx, Turn::Opened, None, now).await?;
    }
    if limits::permit(&policy.caps, &counts, kept.tripped, Occasion::Decided, now).is_err() {
        tx.commit().await?;
        return Ok(None);
    }
    let row = loop {
        let due = row::Entity::find()
            .filter(is_waiting())
            .filter(row::Column::DueAt.lte(micros(now)))
            .order_by_asc(row::Column::DueAt)
            .order_by_asc(row::Column::Id)
            // An editor who holds one must not hold up the others.
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .one(&tx)
            .await?;
        let Some(row) = due else {
            tx.commit().await?;
            return Ok(None);
        };
        // A letter that was in a sender's hands when another one came back waits again.
        if !reach::is_marked(&tx, &row.contact).await? {
            break row;
        }
        reach::hold(&tx, &row, SENDER, now).await?;
    };
    let (fence, tries) = (row.lease_fence + 1, row.tries + 1);
    let lease = i64::try_from(lease.as_micros()).unwrap_or(i64::MAX / 4);
    let columns = row::ActiveModel {
        state: Set(word(State::Sending)?),
        tries: Set(tries),
        lease_holder: Set(Some(text(sender, LINE_CHARACTERS_MAX))),
        lease_fence: Set(fence),
        lease_until: Set(Some(micros(now).saturating_add(lease))),
        stage: Set(Some(word(Stage::Connect)?)),
        ..Default::default()
    };
    line::set(&tx, &row, columns, now).await?;
    if circuit == Circuit::Trial {
        kept.turn(&tx, Turn::TrialBegun, Some(row.id), now).await?;
    }
    let origin = origin(&tx, &row).await?;
    tx.commit().await?;
    Ok(Some(Outgoing {
        id: row.id,
        fence,
        from: row.from_address,
        to: row.to_address,
        raw: row.raw,
        message_id: row.message_id,
        tries: unsigned(tries)?,
        origin,
    }))
}

/// What a letter follows from; the mail's way is looked up where what wrote the letter was traced.
async fn origin(tx: &DatabaseTransaction, row: &row::Model) -> Result<Origin> {
    let cause = traceparent(row.traceparent.as_deref());
    let mail: Option<Option<String>> = match cause {
        None => None,
        Some(_) => {
            message::Entity::find()
                .select_only()
                .column(message::Column::Traceparent)
                .inner_join(submission::Entity)
                .filter(submission::Column::Id.eq(row.submission_id))
                .into_tuple()
                .one(tx)
                .await?
        }
    };
    let mail = traceparent(mail.flatten().as_deref());
    Ok(Origin { submission_id: Some(row.submission_id), traceparent: cause, mail })
}

/// Ends the tries of senders whose lease is over.
async fn sort_left(tx: &DatabaseTransaction, policy: &ReplyPolicy, kept: &mut Kept, now: DateTime<Utc>) -> Result<()> {
    let left = row::Entity::find()
        .filter(row::Column::State.eq(word(State::Sending)?))
        .filter(row::Column::LeaseUntil.lte(micros(now)))
        .order_by_asc(row::Column::LeaseUntil)
        .limit(LEFT_MAX)
        .lock_exclusive()
        .all(tx)
        .await?;
    for row in left {
        let stage: Stage = from_word(row.stage.as_deref().unwrap_or_default())?;
        let outcome = match stage {
            Stage::End => Outcome::Uncertain { said: ABANDONED.to_owned() },
            Stage::Connect | Stage::Envelope => Outcome::Abandoned { stage },
        };
        close(tx, policy, kept, &row, &outcome, now).await?;
    }
    Ok(())
}

async fn staged(store: &Store, outgoing: &Outgoing, stage: Stage) -> Result<()> {
    let tx = store.write().await?;
    let now = clock_now(&tx).await?;
    let mut columns = row::ActiveModel { stage: Set(Some(word(stage)?)), ..Default::default() };
    if stage == Stage::End {
        columns.handed_at = Set(Some(micros(now)));
    }
    let changed = row::Entity::update_many()
        .set(columns)
        .filter(row::Column::Id.eq(outgoing.id))
        .filter(row::Column::State.eq(word(State::Sending)?))
        .filter(row::Column::LeaseFence.eq(outgoing.fence))
        // A sender that slept past its lease must not go on.
        .filter(row::Column::LeaseUntil.gt(micros(now)))
        .exec(&tx)
        .await?;
    if changed.rows_affected == 0 {
        return Err(lost(outgoing));
    }
    Ok(tx.commit().await?)
}

fn lost(outgoing: &Outgoing) -> Error {
    Error::Conflict(format!("the lease {} on reply {} was lost", outgoing.fence, outgoing.id))
}

async fn ended(store: &Store, outgoing: &Outgoing, outcome: &Outcome) -> Result<()> {
    let policy = store.policy.as_deref().cloned().unwrap_or_default();
    let tx = store.write().await?;
    let mut kept = Kept::locked(&tx).await?;
    let now = clock_now(&tx).await?;
    let row = line::locked(&tx, outgoing.id).await?;
    let state: State = from_word(&row.state)?;
    // A sender that was given up after the end of the mail may still bring its answer, as long as no other has the letter.
    let late = matches!(outcome, Outcome::Sent { .. })
        && row.handed_at.is_some()
        && matches!(state, State::Uncertain | State::Deferred | State::Pending);
    if row.lease_fence != outgoing.fence || !(state == State::Sending || late) {
        return Err(lost(outgoing));
    }
    close(&tx, &policy, &mut kept, &row, outcome, now).await?;
    Ok(tx.commit().await?)
}

/// Ends a try: the row is held.
async fn close(
    tx: &DatabaseTransaction,
    policy: &ReplyPolicy,
    kept: &mut Kept,
    row: &row::Model,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> Result<()> {
    let (mut state, due_at) = after(outcome, unsigned(row.tries)?, row.was_uncertain, policy.on_uncertain, now);
    if row.called_off && state == State::Deferred {
        let uncertain = matches!(outcome, Outcome::Uncertain { .. });
        state = if uncertain { State::Uncertain } else { State::Cancelled };
    }
    let said = match outcome {
        Outcome::Sent { said } | Outcome::Uncertain { said } | Outcome::Unable { said } => said.clone(),
        Outcome::Deferred { stage, said } | Outcome::Refused { stage, said } => format!("{}: {said}", word(*stage)?),
        Outcome::Abandoned { stage } => format!("{}: {ABANDONED}", word(*stage)?),
    };
    let said = text(&said, LINE_CHARACTERS_MAX);
    let mut columns = row::ActiveModel {
        state: Set(word(state)?),
        lease_holder: Set(None),
        lease_until: Set(None),
        stage: Set(None),
        detail: Set(said.clone()),
        due_at: Set(due_at.map_or(row.due_at, micros)),
        ..Default::default()
    };
    match outcome {
        Outcome::Unable { .. } => columns.tries = Set(row.tries.saturating_sub(1)),
        Outcome::Uncertain { .. } => columns.was_uncertain = Set(true),
        _ => {}
    }
    match state {
        State::Sent => columns.sent_at = Set(Some(micros(now))),
        State::Failed => columns.failed_at = Set(Some(micros(now))),
        _ => {}
    }
    line::set(tx, row, columns, now).await?;
    kept.ended(tx, row.id, outcome, now).await?;
    let last = line::last(tx, row.id).await?;
    // What our own side cannot do is tried every minute: told once.
    let told = matches!(outcome, Outcome::Unable { .. }) && last.as_ref() == Some(&(state, said.clone()));
    if !told {
        let before = last.map(|(state, _)| state);
        line::append(tx, row.id, Line { before, after: state, actor: SENDER, detail: &said }, now).await?;
    }
    Ok(())
}

async fn due_next(store: &Store) -> Result<Option<DateTime<Utc>>> {
    let Some(policy) = store.policy.as_deref() else { return Ok(None) };
    let reader = &store.reader;
    let due: Option<i64> = row::Entity::find()
        .select_only()
        .column(row::Column::DueAt)
        .filter(is_waiting())
        .order_by_asc(row::Column::DueAt)
        .into_tuple()
        .one(reader)
        .await?;
    let left: Option<Option<i64>> = row::Entity::find()
        .select_only()
        .column(row::Column::LeaseUntil)
        .filter(row::Column::State.eq(word(State::Sending)?))
        .order_by_asc(row::Column::LeaseUntil)
        .into_tuple()
        .one(reader)
        .await?;
    let left = left.flatten().map(instant).transpose()?;
    let Some(due) = due.map(instant).transpose()? else { return Ok(left) };
    let now = clock_now(reader).await?;
    let kept = Kept::get(reader).await?;
    let counts = kept.counts(reader, now).await?;
    let due = match limits::permit(&policy.caps, &counts, kept.tripped, Occasion::Decided, now) {
        Ok(()) => Some(due),
        Err(Silence::CircuitOpen(until)) if kept.tripped.at.is_some() => Some(due.max(until)),
        // Asked now, the circuit opens.
        Err(Silence::CircuitOpen(_)) => Some(due),
        // When the trial is over, somebody ends it.
        Err(Silence::TrialUnderWay) => None,
        Err(_) => Some(due.max(now + CAP_WAIT)),
    };
    Ok(due.into_iter().chain(left).min())
}
