//! Contacts: who sends, one for an address, over all campaigns. Nothing is added up beforehand: counts are taken from a
//! narrow row a submission, so that they are always those of the submissions that there are.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use intake::contact::Contact;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, JoinType, Order, QueryFilter, QueryOrder, QuerySelect,
    Select, Set,
    sea_query::{Expr, OnConflict, Query, SelectStatement},
};
use stdx::Sha256;
use uuid::Uuid;

use crate::{
    Error, Result, Store,
    entity::{contact_mark, review, submission_contact as row},
    export, reach,
    record::{ContactQuery, ContactRecord, ExportLine, OrganisationQuery, OrganisationRecord},
    search::holds,
    values::{LINE_CHARACTERS_MAX, address, bounded, instant, line, micros, parsed, unsigned},
};

/// Names and organisations that are shown of one contact.
const VALUES_MAX: usize = 10;

/// The id of an address's contact.
pub fn id_of(address: &str) -> Uuid {
    let digest = Sha256::of(format!("caibian contact {address}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Keeps who sent a submission; a row that is there stays. A mail without a sender is nobody's.
pub async fn insert(
    tx: &DatabaseTransaction,
    submission_id: Uuid,
    root_id: Uuid,
    sender: &str,
    contact: &Contact,
    received_at: i64,
) -> Result<()> {
    if sender.is_empty() {
        return Ok(());
    }
    let first = |values: &[intake::contact::Found]| {
        values.first().map(|found| line(&found.value, LINE_CHARACTERS_MAX)).unwrap_or_default()
    };
    let inserted = row::ActiveModel {
        submission_id: Set(submission_id),
        contact_id: Set(id_of(sender)),
        root_id: Set(root_id),
        address: Set(sender.to_owned()),
        name: Set(first(&contact.names)),
        organisation: Set(first(&contact.organisations)),
        received_at: Set(received_at),
    };
    let there = OnConflict::column(row::Column::SubmissionId).do_nothing().to_owned();
    row::Entity::insert(inserted).on_conflict(there).exec_without_returning(tx).await?;
    Ok(())
}

/// How many manuscripts: first versions.
fn manuscripts() -> Expr {
    Expr::cust("SUM(CASE WHEN root_id = submission_id THEN 1 ELSE 0 END)")
}

/// Rows that are the newest with their value of a column, newest first: by the index of receipts, so that a page costs the
/// same whatever stands behind it.
fn newest(of: row::Column, after: Option<(DateTime<Utc>, Uuid)>) -> Select<row::Entity> {
    let key = [row::Column::ReceivedAt, row::Column::SubmissionId];
    let here = || Expr::tuple(key.map(|column| Expr::col((row::Entity, column))));
    let newer = Query::select()
        .expr(Expr::val(1))
        .from_as(row::Entity, "newer")
        .and_where(Expr::col(("newer", of)).equals((row::Entity, of)))
        .and_where(Expr::tuple(key.map(|column| Expr::col(("newer", column)))).gt(here()))
        .take();
    let mut rows = row::Entity::find().filter(Expr::exists(newer).not());
    if let Some((received_at, id)) = after {
        rows = rows.filter(here().lt(Expr::tuple([Expr::val(micros(received_at)), Expr::val(id)])));
    }
    rows.order_by_desc(row::Column::ReceivedAt).order_by_desc(row::Column::SubmissionId)
}

/// Newest receipt first, then by submission.
pub async fn list(store: &Store, query: &ContactQuery) -> Result<Vec<ContactRecord>> {
    let mut rows = newest(row::Column::ContactId, query.after);
    if !query.search.is_empty() {
        let (backend, search) = (store.backend(), line(&query.search, LINE_CHARACTERS_MAX));
        let any = holds(backend, Expr::col(row::Column::Address), &address(&search))
            .or(holds(backend, Expr::col(row::Column::Name), &search))
            .or(holds(backend, Expr::col(row::Column::Organisation), &search));
        rows = rows.filter(row::Column::ContactId.in_subquery(those(any)));
    }
    if let Some(organisation) = &query.organisation {
        rows = rows.filter(row::Column::ContactId.in_subquery(those(row::Column::Organisation.eq(organisation))));
    }
    if query.unreachable {
        let marked = Query::select().column(contact_mark::Column::Address).from(contact_mark::Entity).take();
        rows = rows.filter(row::Column::Address.in_subquery(marked));
    }
    let rows = rows.limit(bounded(query.limit)).all(&store.reader).await?;
    records(store, rows).await
}

fn those(condition: Expr) -> SelectStatement {
    Query::select().column(row::Column::ContactId).from(row::Entity).and_where(condition).take()
}

pub async fn get(store: &Store, id: Uuid) -> Result<ContactRecord> {
    let rows = newest(row::Column::ContactId, None).filter(row::Column::ContactId.eq(id));
    let rows = rows.limit(1).all(&store.reader).await?;
    records(store, rows).await?.pop().ok_or(Error::NotFound { what: "contact", id })
}

/// Contacts by their newest rows.
async fn records(store: &Store, rows: Vec<row::Model>) -> Result<Vec<ContactRecord>> {
    let ids = || rows.iter().map(|row| row.contact_id);
    let sums: Vec<(Uuid, i64, i64, i64)> = row::Entity::find()
        .select_only()
        .column(row::Column::ContactId)
        .column_as(row::Column::SubmissionId.count(), "submissions")
        .column_as(manuscripts(), "manuscripts")
        .column_as(row::Column::ReceivedAt.min(), "first")
        .filter(row::Column::ContactId.is_in(ids()))
        .group_by(row::Column::ContactId)
        .into_tuple()
        .all(&store.reader)
        .await?;
    let sums: HashMap<Uuid, (i64, i64, i64)> =
        sums.into_iter().map(|(id, submissions, manuscripts, first)| (id, (submissions, manuscripts, first))).collect();
    let mut states = states(store, ids()).await?;
    let addresses: Vec<String> = rows.iter().map(|row| row.address.clone()).collect();
    let mut reaches = reach::of(&store.reader, &addresses).await?;
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.contact_id;
        let (submissions, manuscripts, first) = sums.get(&id).copied().unwrap_or((0, 0, row.received_at));
        let (names, organisations) = values(store, id).await?;
        records.push(ContactRecord {
            id,
            reach: reaches.remove(&row.address).unwrap_or_default(),
            address: row.address,
            names,
            organisations,
            manuscripts: unsigned(manuscripts)?,
            submissions: unsigned(submissions)?,
            states: states.remove(&id).unwrap_or_default(),
            first_received_at: instant(first)?,
            last_received_at: instant(row.received_at)?,
            last_submission_id: row.submission_id,
        });
    }
    Ok(records)
}

/// How many manuscripts of each contact stand in which state, by the state's word.
async fn states(
    store: &Store,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<(intake::review::State, u64)>>> {
    let review_of: sea_orm::RelationDef =
        row::Entity::belongs_to(review::Entity).from(row::Column::SubmissionId).to(review::Column::SubmissionId).into();
    let counted: Vec<(Uuid, String, i64)> = row::Entity::find()
        .select_only()
        .column(row::Column::ContactId)
        .column(review::Column::State)
        .column_as(row::Column::SubmissionId.count(), "manuscripts")
        .join(JoinType::InnerJoin, review_of)
        .filter(row::Column::ContactId.is_in(ids))
        .group_by(row::Column::ContactId)
        .group_by(review::Column::State)
        .order_by_asc(review::Column::State)
        .into_tuple()
        .all(&store.reader)
        .await?;
    let mut states: HashMap<Uuid, Vec<_>> = HashMap::new();
    for (id, state, manuscripts) in counted {
        states.entry(id).or_default().push((parsed(&state)?, unsigned(manuscripts)?));
    }
    // In the order of the way that a manuscript goes.
    states.values_mut().for_each(|counts| counts.sort());
    Ok(states)
}

/// Names and organisations of a contact, the newest first.
async fn values(store: &Store, id: Uuid) -> Result<(Vec<String>, Vec<String>)> {
    let of = |column: row::Column| async move {
        let found: Vec<(String, i64)> = row::Entity::find()
            .select_only()
            .column(column)
            .column_as(row::Column::ReceivedAt.max(), "last")
            .filter(row::Column::ContactId.eq(id))
            .filter(column.ne(""))
            .group_by(column)
            .order_by(row::Column::ReceivedAt.max(), Order::Desc)
            .order_by_asc(column)
            .limit(VALUES_MAX as u64)
            .into_tuple()
            .all(&store.reader)
            .await?;
        Result::Ok(found.into_iter().map(|(value, _)| value).collect())
    };
    Ok((of(row::Column::Name).await?, of(row::Column::Organisation).await?))
}

/// The newest submissions of a contact.
pub async fn submissions(store: &Store, id: Uuid, limit: u32) -> Result<Vec<ExportLine>> {
    let ids: Vec<Uuid> = row::Entity::find()
        .select_only()
        .column(row::Column::SubmissionId)
        .filter(row::Column::ContactId.eq(id))
        .order_by_desc(row::Column::ReceivedAt)
        .order_by_desc(row::Column::SubmissionId)
        .limit(bounded(limit))
        .into_tuple()
        .all(&store.reader)
        .await?;
    let mut lines = export::of(store, &ids).await?;
    lines.reverse();
    Ok(lines)
}

/// Organisations, newest receipt first, then by submission.
pub async fn organisations(store: &Store, query: &OrganisationQuery) -> Result<Vec<OrganisationRecord>> {
    let mut rows = newest(row::Column::Organisation, query.after).filter(row::Column::Organisation.ne(""));
    if !query.search.is_empty() {
        let name = Expr::col((row::Entity, row::Column::Organisation));
        rows = rows.filter(holds(store.backend(), name, &line(&query.search, LINE_CHARACTERS_MAX)));
    }
    let rows = rows.limit(bounded(query.limit)).all(&store.reader).await?;
    let sums: Vec<(String, i64, i64)> = row::Entity::find()
        .select_only()
        .column(row::Column::Organisation)
        .column_as(Expr::cust("COUNT(DISTINCT contact_id)"), "contacts")
        .column_as(manuscripts(), "manuscripts")
        .filter(row::Column::Organisation.is_in(rows.iter().map(|row| row.organisation.as_str())))
        .group_by(row::Column::Organisation)
        .into_tuple()
        .all(&store.reader)
        .await?;
    let sums: HashMap<String, (i64, i64)> =
        sums.into_iter().map(|(name, contacts, manuscripts)| (name, (contacts, manuscripts))).collect();
    rows.into_iter()
        .map(|row| {
            let (contacts, manuscripts) = sums.get(&row.organisation).copied().unwrap_or_default();
            Ok(OrganisationRecord {
                name: row.organisation,
                contacts: unsigned(contacts)?,
                manuscripts: unsigned(manuscripts)?,
                last_received_at: instant(row.received_at)?,
                last_submission_id: row.submission_id,
            })
        })
        .collect()
}
