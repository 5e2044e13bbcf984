//! Reviews as an editor reads them: one with all that belongs to it, the history.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use intake::review::{Entry, Standing, State, Step};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::remark;
use crate::{
    Error, Result, Store,
    entity::{manuscript, manuscript_summary, review, review_event, review_person, submission},
    record::{ReviewEvent, ReviewRecord, ReviewSummary},
    values::{bounded, from_json, instant, micros, parsed, unsigned, word},
};

/// The first version of the chain that a submission belongs to.
pub async fn root_of(connection: &impl ConnectionTrait, submission_id: Uuid) -> Result<Uuid> {
    let root: Option<Uuid> = submission::Entity::find_by_id(submission_id)
        .select_only()
        .column(submission::Column::RootId)
        .into_tuple()
        .one(connection)
        .await?;
    root.ok_or(Error::NotFound { what: "submission", id: submission_id })
}

/// The last day that an editor last named for a revision, as it was known at an instant; none where none was asked for.
pub async fn revision_until(
    connection: &impl ConnectionTrait,
    root_id: Uuid,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<NaiveDate>> {
    let mut asked = review_event::Entity::find()
        .select_only()
        .column(review_event::Column::Standing)
        .filter(review_event::Column::SubmissionId.eq(root_id))
        .filter(review_event::Column::StateTo.eq(word(State::RevisionAsked)?));
    if let Some(instant) = known_at {
        asked = asked.filter(review_event::Column::At.lt(micros(instant)));
    }
    let asked: Option<serde_json::Value> =
        asked.order_by_desc(review_event::Column::Number).into_tuple().one(connection).await?;
    let standing: Option<Standing> = asked.map(from_json).transpose()?;
    Ok(standing.and_then(|standing| standing.revision).map(|(_, day)| day))
}

/// Reviews that changed after a key and not after an instant, in that order; a change is named by its instant and the first
/// version.
pub async fn changes(
    store: &Store,
    after: (DateTime<Utc>, Uuid),
    until: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<(DateTime<Utc>, Uuid)>> {
    let key = [review::Column::UpdatedAt, review::Column::SubmissionId];
    let here = Expr::tuple(key.map(Expr::col));
    let rows: Vec<(i64, Uuid)> = review::Entity::find()
        .select_only()
        .columns(key)
        .filter(here.gt(Expr::tuple([Expr::val(micros(after.0)), Expr::val(after.1)])))
        .filter(review::Column::UpdatedAt.lte(micros(until)))
        .order_by_asc(review::Column::UpdatedAt)
        .order_by_asc(review::Column::SubmissionId)
        .limit(bounded(limit))
        .into_tuple()
        .all(&store.reader)
        .await?;
    rows.into_iter().map(|(at, id)| Ok((instant(at)?, id))).collect()
}

pub async fn get(store: &Store, submission_id: Uuid) -> Result<ReviewRecord> {
    let root_id = root_of(&store.reader, submission_id).await?;
    let row = review::Entity::find_by_id(root_id).one(&store.reader).await?;
    one(&store.reader, row.ok_or(Error::NotFound { what: "review", id: submission_id })?).await
}

/// A row as a record.
pub async fn one(connection: &impl ConnectionTrait, row: review::Model) -> Result<ReviewRecord> {
    let id = row.submission_id;
    let mut records = records(connection, vec![row]).await?;
    records.pop().ok_or(Error::NotFound { what: "review", id })
}

/// Rows as records, in their order.
pub async fn records(connection: &impl ConnectionTrait, rows: Vec<review::Model>) -> Result<Vec<ReviewRecord>> {
    let root_ids: Vec<Uuid> = rows.iter().map(|row| row.submission_id).collect();
    let roots: Vec<(Uuid, i64, String)> = submission::Entity::find()
        .select_only()
        .columns([submission::Column::Id, submission::Column::Number, submission::Column::Subject])
        .filter(submission::Column::Id.is_in(root_ids.iter().copied()))
        .into_tuple()
        .all(connection)
        .await?;
    let mut roots: HashMap<Uuid, (i64, String)> =
        roots.into_iter().map(|(id, number, subject)| (id, (number, subject))).collect();
    let mut summaries = summaries(connection, &root_ids).await?;
    let mut tags = remark::of(connection, &root_ids).await?;
    let mut read = Vec::with_capacity(rows.len());
    let mut ids = Vec::new();
    for row in rows {
        let standing: Standing = from_json(row.standing.clone())?;
        ids.extend(standing.editor);
        ids.extend(standing.recommendations.iter().map(|opinion| opinion.by));
        read.push((row, standing));
    }
    let names = names(connection, ids).await?;
    read.into_iter()
        .map(|(row, standing)| {
            let id = row.submission_id;
            let (number, subject) = roots.remove(&id).ok_or(Error::NotFound { what: "submission", id })?;
            let of_this = standing.editor.into_iter().chain(standing.recommendations.iter().map(|opinion| opinion.by));
            Ok(ReviewRecord {
                submission_id: id,
                campaign_id: row.campaign_id,
                number: unsigned(number)?,
                subject,
                row_version: unsigned(row.row_version)?,
                names: of_this.filter_map(|id| Some((id, names.get(&id)?.clone()))).collect(),
                received_at: instant(row.received_at)?,
                updated_at: instant(row.updated_at)?,
                standing,
                summary: summaries.remove(&id),
                tags: tags.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

async fn summaries(connection: &impl ConnectionTrait, ids: &[Uuid]) -> Result<HashMap<Uuid, ReviewSummary>> {
    let compared = manuscript::Entity::find()
        .filter(manuscript::Column::SubmissionId.is_in(ids.iter().copied()))
        .all(connection)
        .await?;
    let mut compared: HashMap<Uuid, manuscript::Model> =
        compared.into_iter().map(|row| (row.submission_id, row)).collect();
    let shown = manuscript_summary::Entity::find()
        .filter(manuscript_summary::Column::SubmissionId.is_in(ids.iter().copied()))
        .all(connection)
        .await?;
    let mut summaries = HashMap::with_capacity(shown.len());
    for shown in shown {
        let Some(compared) = compared.remove(&shown.submission_id) else { continue };
        let summary = ReviewSummary {
            newest_id: shown.newest_id,
            versions: unsigned(compared.versions)?,
            subject: shown.subject,
            contact_name: shown.contact_name,
            organisation: shown.organisation,
            received_at: instant(shown.received_at)?,
            failed: from_json(shown.failed)?,
            undetermined: from_json(shown.undetermined)?,
            documents: unsigned(shown.documents)?,
            videos: unsigned(shown.videos)?,
            pictures: unsigned(shown.pictures)?,
            cloud_files: unsigned(shown.cloud_files)?,
            cloud_expires_at: compared.cloud_expires_at.map(instant).transpose()?,
            characters: unsigned(shown.characters)?,
            backfilled: compared.backfilled,
            erased_at: shown.erased_at.map(instant).transpose()?,
        };
        summaries.insert(shown.submission_id, summary);
    }
    Ok(summaries)
}

/// The names of persons that are known.
pub async fn names(connection: &impl ConnectionTrait, mut ids: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let known = review_person::Entity::find().filter(review_person::Column::Id.is_in(chunk.iter().copied()));
        names.extend(known.all(connection).await?.into_iter().map(|person| (person.id, person.name)));
    }
    Ok(names)
}

/// Events after a number, oldest first; or the newest ones, also oldest first.
pub async fn events(store: &Store, submission_id: Uuid, after: Option<u32>, limit: u32) -> Result<Vec<ReviewEvent>> {
    let root_id = root_of(&store.reader, submission_id).await?;
    let rows = review_event::Entity::find().filter(review_event::Column::SubmissionId.eq(root_id));
    let mut rows = match after {
        Some(number) => rows
            .filter(review_event::Column::Number.gt(i64::from(number)))
            .order_by_asc(review_event::Column::Number)
            .limit(bounded(limit)),
        None => rows.order_by_desc(review_event::Column::Number).limit(bounded(limit)),
    }
    .all(&store.reader)
    .await?;
    if rows.is_empty() && review::Entity::find_by_id(root_id).one(&store.reader).await?.is_none() {
        return Err(Error::NotFound { what: "review", id: submission_id });
    }
    rows.sort_by_key(|row| row.number);
    let mut read = Vec::with_capacity(rows.len());
    let mut ids = Vec::new();
    for row in rows {
        let step = Step { action: from_json(row.action)?, reason: row.reason, note: row.note };
        let assigned = match &step.action {
            intake::review::Action::Assign { editor } => Some(*editor),
            _ => None,
        };
        ids.push(row.actor_id);
        ids.extend(assigned);
        let by = intake::review::Actor { id: row.actor_id, role: parsed(&row.role)? };
        let (from, to) = (parsed(&row.state_from)?, parsed(&row.state_to)?);
        read.push((unsigned(row.number)?, assigned, Entry { at: instant(row.at)?, by, step, from, to }));
    }
    let names = names(&store.reader, ids).await?;
    let name = |id: Uuid| names.get(&id).cloned().unwrap_or_default();
    let event = |(number, assigned, entry): (u32, Option<Uuid>, Entry)| ReviewEvent {
        number,
        actor: name(entry.by.id),
        editor: assigned.map(name).unwrap_or_default(),
        entry,
    };
    Ok(read.into_iter().map(event).collect())
}
