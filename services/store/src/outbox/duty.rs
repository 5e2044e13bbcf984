//! What a step of a review owes to the author: the letter that tells the decision, and the end of every earlier one that
//! has not gone.

use ::reply::{Kind, answering::Occasion, outbox::State};
use chrono::{DateTime, Utc};
use intake::{
    campaign::Campaign,
    letter::Letter,
    review::{Action, Decision, Duty, Next, Step},
};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::{
    ReplyPolicy,
    line::{self, Line},
    write::{About, Writing, write},
};
use crate::{
    Error, Result,
    entity::{letter, reply as row, review_event, submission},
    values::{from_json, from_word, instant, unsigned},
};

/// Events of one review that are looked through for the words of a decision.
const EVENTS_MAX: u64 = 1_000;

/// Does what a step owes, in its transaction.
pub async fn owe(
    tx: &DatabaseTransaction,
    policy: Option<&ReplyPolicy>,
    campaign: &Campaign,
    root_id: Uuid,
    next: &Next,
    actor: &str,
) -> Result<()> {
    let now = next.entry.at;
    match next.duty {
        Duty::None => Ok(()),
        Duty::CallBack => call_off(tx, root_id, actor, true, now).await,
        Duty::Tell { decision, hold_until } => {
            call_off(tx, root_id, actor, false, now).await?;
            let Some(policy) = policy else { return Ok(()) };
            tell(tx, policy, campaign, root_id, next, decision, hold_until, actor).await
        }
    }
}

/// Stops the letters of earlier decisions. One that a sender has at this moment cannot be stopped; it never goes again.
async fn call_off(
    tx: &DatabaseTransaction,
    root_id: Uuid,
    actor: &str,
    is_call_back: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let rows = row::Entity::find()
        .filter(row::Column::RootId.eq(root_id))
        .filter(row::Column::Occasion.eq("decided"))
        .filter(row::Column::CalledOff.eq(false))
        .order_by_asc(row::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    for row in rows {
        let state: State = from_word(&row.state)?;
        let columns = row::ActiveModel { called_off: Set(true), ..Default::default() };
        let (after, detail) = match state {
            State::Held | State::Pending | State::Deferred | State::Failed => (
                State::Cancelled,
                if is_call_back { "its decision was retracted" } else { "another decision followed" },
            ),
            // An editor has to write to the author.
            State::Sent if is_call_back => (State::Sent, "its decision was retracted after it had gone"),
            State::Sent => continue,
            other => (other, ""),
        };
        let columns = row::ActiveModel { state: Set(crate::values::word(after)?), ..columns };
        line::set(tx, &row, columns, now).await?;
        if !detail.is_empty() {
            line::append(tx, row.id, Line { before: Some(state), after, actor, detail }, now).await?;
        }
    }
    Ok(())
}

#[allow(clippy::too_many_arguments)] // one caller, which has them all
async fn tell(
    tx: &DatabaseTransaction,
    policy: &ReplyPolicy,
    campaign: &Campaign,
    root_id: Uuid,
    next: &Next,
    decision: Decision,
    hold_until: DateTime<Utc>,
    actor: &str,
) -> Result<()> {
    let kind = Kind::of_decision(decision);
    let is_restored = next.entry.step.action == Action::Retract;
    if is_restored && last_sent(tx, root_id).await? == Some(kind) {
        // The author was told this decision, and nothing else since.
        return Ok(());
    }
    let reason = match is_restored {
        true => reason_of(tx, root_id, decision).await?,
        false => next.entry.step.reason.clone(),
    };
    let root = submission::Entity::find_by_id(root_id).one(tx).await?;
    let root = root.ok_or(Error::NotFound { what: "submission", id: root_id })?;
    let newest = submission::Entity::find()
        .filter(submission::Column::RootId.eq(root_id))
        .filter(submission::Column::Class.is_in(["submission", "correction"]))
        .order_by_desc(submission::Column::Version)
        .one(tx)
        .await?;
    let newest = newest.ok_or(Error::NotFound { what: "submission", id: root_id })?;
    if newest.erased_at.is_some() {
        // Nobody knows any more whom to write to.
        return Ok(());
    }
    let mail = letter::Entity::find_by_id(newest.message_id).one(tx).await?;
    let mail: Letter =
        from_json(mail.ok_or(Error::NotFound { what: "letter of message", id: newest.message_id })?.facts)?;
    let (contact, findings): (_, Vec<_>) = (from_json(newest.contact)?, from_json(newest.findings)?);
    let about = About {
        campaign,
        submission_id: root_id,
        root_id,
        number: unsigned(root.number)?,
        subject: &root.subject,
        class: from_word(&newest.class)?,
        letter: &mail,
        contact: &contact,
        findings: &findings,
        received_at: instant(root.received_at)?,
        backfilled: newest.backfilled,
    };
    let writing = Writing {
        kind,
        occasion: Occasion::Decided,
        reason: &reason,
        until_day: next.standing.revision.map(|(_, day)| day).filter(|_| decision == Decision::AskRevision),
        due_at: hold_until,
        is_held: policy.hold_declines && decision == Decision::Decline,
        actor,
    };
    write(tx, policy, &about, &writing, next.entry.at).await
}

/// The letter of a decision that the author got last, or may have got.
async fn last_sent(tx: &DatabaseTransaction, root_id: Uuid) -> Result<Option<Kind>> {
    let kind: Option<String> = row::Entity::find()
        .select_only()
        .column(row::Column::Kind)
        .filter(row::Column::RootId.eq(root_id))
        .filter(row::Column::Occasion.eq("decided"))
        .filter(row::Column::State.is_in(["sent", "sending", "uncertain"]))
        .order_by_desc(row::Column::CreatedAt)
        .order_by_desc(row::Column::Id)
        .into_tuple()
        .one(tx)
        .await?;
    kind.map(|kind| crate::values::parsed(&kind)).transpose()
}

/// The words of a decision that a retraction restored.
async fn reason_of(tx: &DatabaseTransaction, root_id: Uuid, decision: Decision) -> Result<String> {
    let events = review_event::Entity::find()
        .filter(review_event::Column::SubmissionId.eq(root_id))
        .order_by_desc(review_event::Column::Number)
        .limit(EVENTS_MAX)
        .all(tx)
        .await?;
    for event in events {
        let step = Step { action: from_json(event.action)?, reason: event.reason, note: String::new() };
        let same = matches!(
            (&step.action, decision),
            (Action::Adopt, Decision::Adopt)
                | (Action::Decline, Decision::Decline)
                | (Action::AskRevision { .. }, Decision::AskRevision)
        );
        if same {
            return Ok(step.reason);
        }
    }
    Ok(String::new())
}
