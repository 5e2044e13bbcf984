//! Reviews: the standing of each manuscript with its history. A step reads the row under a lock, asks the pure table,
//! and writes row, history and what the author is owed in one transaction; the worker's own steps are part of the
//! transaction that records.

mod decided;
mod page;
mod read;
mod remark;

use chrono::{DateTime, NaiveDate, Utc};
use intake::{
    campaign::Campaign,
    judgement::Verdict,
    review::{self, Action, Actor, Next, Role, Standing, Step},
};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, NotSet, QueryFilter, QuerySelect, Set, sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{
    Error, Result, Store,
    entity::{campaign, review as row, review_event, review_person, submission},
    manuscript,
    outbox::{self, ReplyPolicy},
    record::{ReviewOnce, ReviewPerson, ReviewRecord, ReviewStep},
    register::Refusal as RequestRefusal,
    values::{LINE_CHARACTERS_MAX, clean, from_json, instant, json, line, micros, signed},
};

pub use decided::{Decided, decided, decision};
pub use page::{count, list, met, neighbours};
pub use read::{changes, events, get, names, revision_until, root_of};
pub use remark::{comment, remarks, tag, tags};

/// Stands in the column `due_day` while no revision is waited for: such rows come last.
pub const NO_DAY: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a day of the calendar");

/// The worker as the history names it.
const WORKER: Actor = Actor { id: Uuid::nil(), role: Role::Worker };

/// The step of the worker that a recorded version is: a new manuscript is judged, a later version joins its review.
/// Gives what the message's history has to tell beside, if the review did not take it.
pub async fn recorded(
    tx: &DatabaseTransaction,
    policy: Option<&ReplyPolicy>,
    campaign: &Campaign,
    root_id: Uuid,
    received_at: i64,
    verdict: Verdict,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let settings = campaign.review_settings();
    let (there, standing, action) = match locked(tx, root_id).await? {
        None => (None, Standing::received(), Action::Judge { verdict }),
        Some(row) => {
            let standing = from_json(row.standing.clone())?;
            (Some(row), standing, Action::TakeCorrection { verdict })
        }
    };
    let step = Step { action, reason: String::new(), note: String::new() };
    let next = match review::step(&standing, &step, &WORKER, now, &settings) {
        Ok(next) => next,
        // Whatever a review says, the mail is recorded.
        Err(refusal) => return Ok(Some(format!("its review did not take it: {}", refusal.en()))),
    };
    let number = match &there {
        Some(row) => row.row_version + 1,
        None => 1,
    };
    let columns = columns(&next.standing, number, now)?;
    match there {
        Some(_) => update(tx, root_id, number - 1, columns).await?,
        None => {
            let received_at = match submission::Entity::find_by_id(root_id).one(tx).await? {
                Some(root) => root.received_at,
                None => received_at,
            };
            let inserted = row::ActiveModel {
                submission_id: Set(root_id),
                campaign_id: Set(campaign.id),
                received_at: Set(received_at),
                ..columns
            };
            row::Entity::insert(inserted).exec_without_returning(tx).await?;
        }
    }
    append(tx, root_id, number, &next, campaign.revision, None).await?;
    outbox::owe(tx, policy, campaign, root_id, &next, "worker").await?;
    Ok(None)
}

/// Takes a step of a person.
pub async fn step(store: &Store, asked: &ReviewStep) -> Result<std::result::Result<ReviewRecord, review::Refusal>> {
    let root_id = read::root_of(&store.reader, asked.submission_id).await?;
    // The tables hold microseconds: what is compared later must not have more.
    let now = instant(micros(asked.now))?;
    let tx = store.write().await?;
    let row = locked(&tx, root_id).await?.ok_or(Error::NotFound { what: "review", id: asked.submission_id })?;
    if let Some(once) = &asked.once
        && let Some(event) = made(&tx, asked.actor.id, once).await?
    {
        let same = event.request_sha256.as_deref() == Some(&once.body_sha256.hex()) && event.submission_id == root_id;
        if !same {
            return Err(RequestRefusal::Reused.into());
        }
        let then = row::Model { row_version: event.number, standing: event.standing, updated_at: event.at, ..row };
        return Ok(Ok(read::one(&tx, then).await?));
    }
    if row.row_version != signed(asked.row_version)? {
        return Err(Error::Conflict(format!(
            "the review is at version {}, not {}",
            row.row_version, asked.row_version
        )));
    }
    let campaign = campaign::Entity::find_by_id(row.campaign_id).one(&tx).await?;
    let campaign: Campaign =
        from_json(campaign.ok_or(Error::NotFound { what: "campaign", id: row.campaign_id })?.body)?;
    let standing: Standing = from_json(row.standing.clone())?;
    let next = match review::step(&standing, &asked.step, &asked.actor, now, &campaign.review_settings()) {
        Ok(next) => next,
        Err(refusal) => return Ok(Err(refusal)),
    };
    persons(&tx, &asked.persons).await?;
    let number = row.row_version + 1;
    update(&tx, root_id, row.row_version, columns(&next.standing, number, now)?).await?;
    append(&tx, root_id, number, &next, campaign.revision, asked.once.as_ref()).await?;
    manuscript::regroup(&tx, root_id).await?;
    let name = asked.persons.iter().find(|person| person.id == asked.actor.id);
    let name = name.map(|person| person.name.as_str()).unwrap_or_default();
    outbox::owe(&tx, store.policy.as_deref(), &campaign, root_id, &next, name).await?;
    let after = locked(&tx, root_id).await?.ok_or(Error::NotFound { what: "review", id: root_id })?;
    let record = read::one(&tx, after).await?;
    if !asked.is_rehearsal {
        tx.commit().await?;
    }
    Ok(Ok(record))
}

/// A letter of ours about a manuscript came back; any version names it.
pub async fn bounced(tx: &DatabaseTransaction, submission_id: Uuid, at: DateTime<Utc>) -> Result<()> {
    let root_id = read::root_of(tx, submission_id).await?;
    manuscript::bounced(tx, root_id, at).await
}

/// The row, held until the end of the transaction.
async fn locked(tx: &DatabaseTransaction, root_id: Uuid) -> Result<Option<row::Model>> {
    Ok(row::Entity::find_by_id(root_id).lock_exclusive().one(tx).await?)
}

/// The event of a call that was made before.
async fn made(tx: &DatabaseTransaction, actor_id: Uuid, once: &ReviewOnce) -> Result<Option<review_event::Model>> {
    Ok(review_event::Entity::find()
        .filter(review_event::Column::ActorId.eq(actor_id))
        .filter(review_event::Column::RequestId.eq(once.request_id.as_str()))
        .one(tx)
        .await?)
}

/// Makes the names of persons known, in one order everywhere.
async fn persons(tx: &DatabaseTransaction, persons: &[ReviewPerson]) -> Result<()> {
    let mut persons: Vec<&ReviewPerson> = persons.iter().collect();
    persons.sort_by_key(|person| person.id);
    persons.dedup_by_key(|person| person.id);
    for person in persons {
        let known =
            review_person::ActiveModel { id: Set(person.id), name: Set(line(&person.name, LINE_CHARACTERS_MAX)) };
        review_person::Entity::insert(known)
            .on_conflict(OnConflict::column(review_person::Column::Id).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// The columns that a step changes.
fn columns(standing: &Standing, number: i64, now: DateTime<Utc>) -> Result<row::ActiveModel> {
    Ok(row::ActiveModel {
        row_version: Set(number),
        state: Set(standing.state.as_str().to_owned()),
        editor_id: Set(standing.editor),
        due_day: Set(due_day(standing)),
        standing: Set(json(standing)?),
        updated_at: Set(micros(now)),
        ..Default::default()
    })
}

/// The last day of the revision that is waited for.
pub fn due_day(standing: &Standing) -> NaiveDate {
    standing.revision.map_or(NO_DAY, |(_, day)| day)
}

async fn update(tx: &DatabaseTransaction, root_id: Uuid, row_version: i64, columns: row::ActiveModel) -> Result<()> {
    let changed = row::Entity::update_many()
        .set(columns.clone())
        .filter(row::Column::SubmissionId.eq(root_id))
        .filter(row::Column::RowVersion.eq(row_version))
        .exec(tx)
        .await?;
    match changed.rows_affected {
        0 => Err(Error::Conflict(format!("the review of {root_id} is no longer at version {row_version}"))),
        _ => manuscript::stepped(tx, root_id, &columns).await,
    }
}

async fn append(
    tx: &DatabaseTransaction,
    root_id: Uuid,
    number: i64,
    next: &Next,
    campaign_revision: u32,
    once: Option<&ReviewOnce>,
) -> Result<()> {
    let entry = &next.entry;
    let event = review_event::ActiveModel {
        id: NotSet,
        submission_id: Set(root_id),
        number: Set(number),
        at: Set(micros(entry.at)),
        actor_id: Set(entry.by.id),
        role: Set(entry.by.role.as_str().to_owned()),
        state_from: Set(entry.from.as_str().to_owned()),
        state_to: Set(entry.to.as_str().to_owned()),
        action: Set(json(&entry.step.action)?),
        reason: Set(clean(&entry.step.reason)),
        note: Set(clean(&entry.step.note)),
        standing: Set(json(&next.standing)?),
        campaign_revision: Set(i64::from(campaign_revision)),
        request_id: Set(once.map(|once| once.request_id.clone())),
        request_sha256: Set(once.map(|once| once.body_sha256.hex())),
    };
    review_event::Entity::insert(event).exec_without_returning(tx).await?;
    Ok(())
}
