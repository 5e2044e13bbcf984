//! Links lines that have none.

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use stdx::Sha256;

use super::{
    COUNTER, FORMAT, Kind, hash,
    lines::{self, Written},
};
use crate::{
    Error, Result, Store,
    entity::history_link::{self, Column},
    values::now,
    write::numbers_next,
};

/// Lines of one history that one transaction links.
const LINES_MAX: u64 = 500;

/// How far below the highest linked id a line may still come: on PostgreSQL a transaction takes its ids before others that
/// commit before it.
const LATE_MAX: i64 = 10_000;

/// The highest id of each history: as long as these stay and a while has passed, there is nothing to link.
pub async fn tops(store: &Store) -> Result<[i64; Kind::ALL.len()]> {
    let mut tops = [0; Kind::ALL.len()];
    for (top, kind) in tops.iter_mut().zip(Kind::ALL) {
        *top = lines::top(&store.reader, kind).await?;
    }
    Ok(tops)
}

/// Links some lines, oldest first; gives how many, 0 when all have a link.
pub async fn seal(store: &Store) -> Result<u64> {
    let tx = store.write().await?;
    // Held until the commit: others who link wait here, and then see these links.
    let mut number = numbers_next(&tx, COUNTER, 0).await?;
    let (mut before, mut sealed_at) = match last(&tx).await? {
        Some(link) if link.number == number => (hash(&link.link_sha256)?, now().max(link.sealed_at)),
        None if number == 0 => (Sha256::from([0; 32]), now()),
        link => {
            let there = link.map_or(0, |link| link.number);
            return Err(Error::Internal(format!("the history has {there} links and its counter stands at {number}")));
        }
    };
    let mut links = Vec::new();
    for kind in Kind::ALL {
        let above = linked_top(&tx, kind).await?.saturating_sub(LATE_MAX);
        for line in lines::unlinked(&tx, kind, above, LINES_MAX).await? {
            number += 1;
            sealed_at = sealed_at.max(now());
            let mut salt = vec![0; 16];
            getrandom::fill(&mut salt).map_err(|error| Error::Internal(format!("no random bytes: {error}")))?;
            let words_sha256 = line.words_sha256(&salt);
            let line_sha256 = line.sha256(kind, &words_sha256);
            before = link_sha256(&before, number, sealed_at, &line_sha256);
            links.push(history_link::ActiveModel {
                number: Set(number),
                kind: Set(kind.as_str().into()),
                event_id: Set(line.id),
                sealed_at: Set(sealed_at),
                format: Set(FORMAT),
                salt: Set(Some(salt)),
                words_sha256: Set(words_sha256.as_bytes().to_vec()),
                line_sha256: Set(line_sha256.as_bytes().to_vec()),
                link_sha256: Set(before.as_bytes().to_vec()),
            });
        }
    }
    let count = links.len();
    if count > 0 {
        history_link::Entity::insert_many(links).exec_without_returning(&tx).await?;
        numbers_next(&tx, COUNTER, i64::try_from(count).unwrap_or(i64::MAX)).await?;
        tx.commit().await?;
    }
    Ok(count as u64)
}

/// What a link is made of.
pub fn link_sha256(before: &Sha256, number: i64, sealed_at: i64, line_sha256: &Sha256) -> Sha256 {
    let mut written = Written::default();
    written.bytes(before.as_bytes());
    written.integer(number);
    written.integer(sealed_at);
    written.bytes(line_sha256.as_bytes());
    written.sha256()
}

async fn last(tx: &DatabaseTransaction) -> Result<Option<history_link::Model>> {
    Ok(history_link::Entity::find().order_by_desc(Column::Number).limit(1).one(tx).await?)
}

/// The highest id of a history that has a link.
pub async fn linked_top(tx: &DatabaseTransaction, kind: Kind) -> Result<i64> {
    let top: Option<Option<i64>> = history_link::Entity::find()
        .select_only()
        .column_as(Column::EventId.max(), "top")
        .filter(Column::Kind.eq(kind.as_str()))
        .into_tuple()
        .one(tx)
        .await?;
    Ok(top.flatten().unwrap_or_default())
}
