//! Reviews as an editor reads them: one, a page by key, the history.

use std::collections::HashMap;

use intake::review::{Entry, Standing, Step};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, Order, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::NO_DAY;
use crate::{
    Error, Result, Store,
    entity::{review, review_event, review_person, submission},
    record::{ReviewEvent, ReviewFilter, ReviewKey, ReviewOrder, ReviewQuery, ReviewRecord},
    values::{bounded, from_json, instant, micros, parsed, unsigned},
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

pub async fn get(store: &Store, submission_id: Uuid) -> Result<ReviewRecord> {
    let root_id = root_of(&store.reader, submission_id).await?;
    let row = review::Entity::find_by_id(root_id).one(&store.reader).await?;
    one(&store.reader, row.ok_or(Error::NotFound { what: "review", id: submission_id })?).await
}

/// A row as a record.
pub async fn one(connection: &impl ConnectionTrait, row: review::Model) -> Result<ReviewRecord> {
    let id = row.submission_id;
    let root = submission::Entity::find_by_id(id).one(connection).await?;
    let mut records = records(connection, vec![(row, root)]).await?;
    records.pop().ok_or(Error::NotFound { what: "review", id })
}

pub async fn list(store: &Store, query: &ReviewQuery) -> Result<Vec<ReviewRecord>> {
    use review::Column::{CampaignId, DueDay, ReceivedAt, SubmissionId, UpdatedAt};
    let mut rows = review::Entity::find().find_also_related(submission::Entity);
    if let Some(campaign_id) = query.campaign_id {
        rows = rows.filter(CampaignId.eq(campaign_id));
    }
    for filter in &query.filters {
        rows = rows.filter(condition(filter));
    }
    let (column, order) = match query.order {
        ReviewOrder::ReceivedDescending => (ReceivedAt, Order::Desc),
        ReviewOrder::ReceivedAscending => (ReceivedAt, Order::Asc),
        ReviewOrder::UpdatedDescending => (UpdatedAt, Order::Desc),
        ReviewOrder::UpdatedAscending => (UpdatedAt, Order::Asc),
        ReviewOrder::DueAscending => (DueDay, Order::Asc),
    };
    if let Some(ReviewKey { received_at, updated_at, due_day, submission_id }) = query.after {
        let value = match column {
            ReceivedAt => Expr::val(micros(received_at)),
            UpdatedAt => Expr::val(micros(updated_at)),
            _ => Expr::val(due_day.unwrap_or(NO_DAY)),
        };
        let here = Expr::tuple([column, SubmissionId].map(|column| Expr::col((review::Entity, column))));
        let there = Expr::tuple([value, Expr::val(submission_id)]);
        rows = rows.filter(match order {
            Order::Asc => here.gt(there),
            _ => here.lt(there),
        });
    }
    let rows = rows
        .order_by(column, order.clone())
        .order_by(SubmissionId, order)
        .limit(bounded(query.limit))
        .all(&store.reader)
        .await?;
    records(&store.reader, rows).await
}

/// A comparison as it stands in a statement.
pub fn condition(filter: &ReviewFilter) -> Expr {
    use review::Column::{DueDay, EditorId, State};
    match filter {
        ReviewFilter::State(state, true) => State.eq(state.as_str()),
        ReviewFilter::State(state, false) => State.ne(state.as_str()),
        ReviewFilter::Editor(id, true) => EditorId.eq(*id),
        ReviewFilter::Editor(id, false) => EditorId.is_null().or(EditorId.ne(*id)),
        ReviewFilter::Assigned(true) => EditorId.is_not_null(),
        ReviewFilter::Assigned(false) => EditorId.is_null(),
        ReviewFilter::DueFrom(day) => DueDay.gte(*day).and(DueDay.ne(NO_DAY)),
        ReviewFilter::DueBefore(day) => DueDay.lt(*day),
    }
}

type Row = (review::Model, Option<submission::Model>);

async fn records(connection: &impl ConnectionTrait, rows: Vec<Row>) -> Result<Vec<ReviewRecord>> {
    let mut read = Vec::with_capacity(rows.len());
    let mut ids = Vec::new();
    for (row, root) in rows {
        let standing: Standing = from_json(row.standing.clone())?;
        ids.extend(standing.editor);
        ids.extend(standing.recommendations.iter().map(|opinion| opinion.by));
        read.push((row, root, standing));
    }
    let names = names(connection, ids).await?;
    read.into_iter()
        .map(|(row, root, standing)| {
            let root = root.ok_or(Error::NotFound { what: "submission", id: row.submission_id })?;
            let of_this = standing.editor.into_iter().chain(standing.recommendations.iter().map(|opinion| opinion.by));
            Ok(ReviewRecord {
                submission_id: row.submission_id,
                campaign_id: row.campaign_id,
                number: unsigned(root.number)?,
                subject: root.subject,
                row_version: unsigned(row.row_version)?,
                names: of_this.filter_map(|id| Some((id, names.get(&id)?.clone()))).collect(),
                received_at: instant(row.received_at)?,
                updated_at: instant(row.updated_at)?,
                standing,
            })
        })
        .collect()
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
