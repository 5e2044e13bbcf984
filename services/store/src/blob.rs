//! Which blobs the rows name, and which they do not. The hash of an erased mail stays in its row and names nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use stdx::Sha256;
use uuid::Uuid;

use crate::{
    LIST_MAX, Result, Store,
    entity::{attachment, message},
    values::parsed,
};

/// Hashes of one question.
const HASHES_MAX: usize = 500;

/// Every hash once, ascending, a page after the given one; with the name of one row that names it.
pub async fn list(store: &Store, after: Option<Sha256>, limit: u32) -> Result<Vec<(Sha256, String)>> {
    let after = after.map(|hash| hash.hex()).unwrap_or_default();
    let limit = limit.min(LIST_MAX);
    let raw: Vec<String> = message::Entity::find()
        .select_only()
        .column(message::Column::RawSha256)
        .filter(message::Column::RawSha256.gt(after.clone()))
        .filter(message::Column::ErasedAt.is_null())
        .group_by(message::Column::RawSha256)
        .order_by_asc(message::Column::RawSha256)
        .limit(u64::from(limit))
        .into_tuple()
        .all(&store.reader)
        .await?;
    let parts: Vec<(String, i64)> = attachment::Entity::find()
        .select_only()
        .column(attachment::Column::Sha256)
        .column_as(attachment::Column::Id.min(), "first")
        .filter(attachment::Column::Sha256.gt(after))
        .group_by(attachment::Column::Sha256)
        .order_by_asc(attachment::Column::Sha256)
        .limit(u64::from(limit))
        .into_tuple()
        .all(&store.reader)
        .await?;
    // Both lists are cut at the same limit, so the first `limit` of their union are exact.
    let mut page: BTreeMap<String, Option<i64>> = parts.into_iter().map(|(hash, id)| (hash, Some(id))).collect();
    page.extend(raw.into_iter().map(|hash| (hash, None)));
    let page: Vec<(String, Option<i64>)> = page.into_iter().take(limit as usize).collect();

    let hashes_raw = page.iter().filter(|(_, part)| part.is_none()).map(|(hash, _)| hash.as_str());
    // A repeated message names the bytes of its first: without it, each mailbox gives a hash once.
    let messages: Vec<(String, Uuid)> = message::Entity::find()
        .select_only()
        .columns([message::Column::RawSha256, message::Column::Id])
        .filter(message::Column::RawSha256.is_in(hashes_raw))
        .filter(message::Column::Repeats.is_null())
        .filter(message::Column::ErasedAt.is_null())
        .into_tuple()
        .all(&store.reader)
        .await?;
    let messages: HashMap<String, Uuid> = messages.into_iter().collect();
    let attachments: HashMap<i64, String> = attachment::Entity::find()
        .filter(attachment::Column::Id.is_in(page.iter().filter_map(|(_, part)| *part)))
        .all(&store.reader)
        .await?
        .into_iter()
        .map(|row| (row.id, format!("message {} part {}", row.message_id, row.path)))
        .collect();
    page.into_iter()
        .map(|(hash, part)| {
            let name = match part {
                Some(id) => attachments.get(&id).cloned(),
                None => messages.get(&hash).map(|id| format!("message {id}")),
            };
            Ok((parsed(&hash)?, name.unwrap_or_default()))
        })
        .collect()
}

/// Those of the hashes that no row names.
pub async fn unnamed(store: &Store, hashes: &[Sha256]) -> Result<Vec<Sha256>> {
    let mut unnamed = Vec::new();
    for chunk in hashes.chunks(HASHES_MAX) {
        let texts = || chunk.iter().map(|hash| hash.hex());
        let raw: Vec<String> = message::Entity::find()
            .select_only()
            .column(message::Column::RawSha256)
            .distinct()
            .filter(message::Column::RawSha256.is_in(texts()))
            .filter(message::Column::ErasedAt.is_null())
            .into_tuple()
            .all(&store.reader)
            .await?;
        let parts: Vec<String> = attachment::Entity::find()
            .select_only()
            .column(attachment::Column::Sha256)
            .distinct()
            .filter(attachment::Column::Sha256.is_in(texts()))
            .into_tuple()
            .all(&store.reader)
            .await?;
        let named: HashSet<String> = raw.into_iter().chain(parts).collect();
        unnamed.extend(chunk.iter().filter(|hash| !named.contains(&hash.hex())));
    }
    Ok(unnamed)
}
