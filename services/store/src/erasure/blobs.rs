//! What follows the rows: which blobs may go, what became of them, and when an erasure has ended.

use std::collections::HashSet;

use intake::message::Stage;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set, sea_query::Expr};
use stdx::Sha256;
use uuid::Uuid;

use super::{ErasedBlob, Erasure};
use crate::{
    Error, Result, Store,
    blob::unnamed,
    entity::{erasure as row, message},
    values::{bounded, from_json, instant, json, now, parsed},
};

/// Erasures that have not ended; there is one at most, unless processes died.
const OPEN_MAX: u64 = 1_000;

/// In the very words of the partial index `erasure_open`.
fn is_open() -> Expr {
    Expr::cust("ended_at IS NULL")
}

fn record(row: row::Model) -> Result<Erasure> {
    Ok(Erasure {
        id: row.id,
        kind: parsed(&row.kind)?,
        asked_at: instant(row.asked_at)?,
        asked_by: row.asked_by,
        reason: row.reason,
        subject_sha256: row.subject_sha256,
        counts: from_json(row.counts)?,
        mails: from_json(row.mails)?,
        blobs: from_json(row.blobs)?,
        ended_at: row.ended_at.map(instant).transpose()?,
    })
}

pub async fn get(store: &Store, id: Uuid) -> Result<Erasure> {
    let found = row::Entity::find_by_id(id).one(&store.reader).await?;
    record(found.ok_or(Error::NotFound { what: "erasure", id })?)
}

/// Newest first, before one of them.
pub async fn list(store: &Store, before: Option<Uuid>, limit: u32) -> Result<Vec<Erasure>> {
    let mut rows = row::Entity::find();
    if let Some(before) = before {
        // Ids are in the order of their making.
        rows = rows.filter(row::Column::Id.lt(before));
    }
    let rows = rows.order_by_desc(row::Column::Id).limit(bounded(limit)).all(&store.reader).await?;
    rows.into_iter().map(record).collect()
}

/// Those that have not ended, oldest first.
pub async fn open(store: &Store) -> Result<Vec<Erasure>> {
    let rows = row::Entity::find().filter(is_open()).order_by_asc(row::Column::AskedAt).limit(OPEN_MAX);
    rows.all(&store.reader).await?.into_iter().map(record).collect()
}

/// Those of the hashes that no live row names, and whether no mail is on its way whose worker may have found one of these
/// blobs there and is about to name it.
pub async fn removable(store: &Store, hashes: &[Sha256]) -> Result<(HashSet<Sha256>, bool)> {
    // In this order: what is named after the first question was on its way at the time of it, or began later.
    let on_their_way = message::Entity::find()
        .filter(message::Column::Stage.is_in([Stage::Seen, Stage::Stored].map(Stage::as_str)))
        .count(&store.reader)
        .await?;
    Ok((unnamed(store, hashes).await?.into_iter().collect(), on_their_way == 0))
}

/// Writes down what became of blobs.
pub async fn note(store: &Store, id: Uuid, blobs: &[ErasedBlob]) -> Result<()> {
    let noted = row::ActiveModel { id: Set(id), blobs: Set(json(&blobs)?), ..Default::default() };
    let tx = store.write().await?;
    row::Entity::update(noted).exec_without_returning(&tx).await?;
    Ok(tx.commit().await?)
}

/// All is done.
pub async fn end(store: &Store, id: Uuid) -> Result<Erasure> {
    let ended = row::ActiveModel { id: Set(id), ended_at: Set(Some(now())), ..Default::default() };
    let tx = store.write().await?;
    row::Entity::update(ended).exec_without_returning(&tx).await?;
    tx.commit().await?;
    get(store, id).await
}
