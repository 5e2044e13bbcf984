//! The chain over all histories (OWASP ASVS 5.0, 16.4.2): each line of a history gets a link that is made of the line and of the
//! link before it. A line that was changed, removed or put in between later is named by `verify`; a chain that was made anew
//! from some link on is told from the digests that left this database day by day.
//!
//! A link holds
//! ```text
//! words_sha256 = SHA-256(salt, words)                        salt: 16 random bytes; words: what may be personal
//! line_sha256  = SHA-256(format, kind, id, fixed columns, words_sha256)
//! link_sha256  = SHA-256(link before or 32 zeros, number, sealed_at, line_sha256)
//! ```
//! so that an erasure empties the words and throws the salt away, nobody can guess them from the hash, and everything else is
//! provable as before.
//!
//! Lines are linked some seconds after their commit, by whoever comes first, and not in their own transaction: one chain
//! written by each commit would put all writers in a row. So it covers what an older version beside this one writes, too, and what
//! was there before there was a chain. What is changed within those seconds goes unseen.

mod lines;
mod seal;
mod verify;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use stdx::{Sha256, beijing};

use crate::{
    Error, Result, Store,
    entity::history_link::{self, Column},
    values::{instant, micros},
    write::numbers_next,
};

pub use lines::Kind;
pub(crate) use seal::{seal, tops};
pub(crate) use verify::verify;

/// The counter that numbers the links; who holds its row is the only one who adds any.
const COUNTER: &str = "history_link";

/// How lines are written before they are hashed: a column more is a format more.
const FORMAT: i32 = 1;

/// The whole history up to some moment, in one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Links up to there.
    pub number: i64,
    /// The hash of the last of them.
    pub sha256: Sha256,
    /// When that one was made.
    pub sealed_at: DateTime<Utc>,
}

/// The digest at the end of a day in Beijing; none when nothing was linked by then.
pub(crate) async fn digest(store: &Store, day: NaiveDate) -> Result<Option<Digest>> {
    let end = micros(beijing::day_end(day));
    last(store, Condition::all().add(Column::SealedAt.lt(end))).await
}

/// The digest at one link; none when there is no such link.
pub(crate) async fn digest_at(store: &Store, number: i64) -> Result<Option<Digest>> {
    last(store, Condition::all().add(Column::Number.eq(number))).await
}

async fn last(store: &Store, condition: Condition) -> Result<Option<Digest>> {
    let link = history_link::Entity::find()
        .filter(condition)
        .order_by_desc(Column::Number)
        .limit(1)
        .one(&store.reader)
        .await?;
    let Some(link) = link else { return Ok(None) };
    Ok(Some(Digest { number: link.number, sha256: hash(&link.link_sha256)?, sealed_at: instant(link.sealed_at)? }))
}

/// Empties the words of lines and throws their salts away; all else of a line stays, and provable.
pub(crate) async fn erase_words(tx: &DatabaseTransaction, kind: Kind, ids: &[i64]) -> Result<()> {
    // Who makes links reads lines before it writes them down.
    numbers_next(tx, COUNTER, 0).await?;
    for ids in ids.chunks(IDS_MAX) {
        lines::empty(tx, kind, ids).await?;
        history_link::Entity::update_many()
            .col_expr(Column::Salt, Expr::value(Option::<Vec<u8>>::None))
            .filter(Column::Kind.eq(kind.as_str()))
            .filter(Column::EventId.is_in(ids.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Lines that one statement names.
const IDS_MAX: usize = 1_000;

fn hash(bytes: &[u8]) -> Result<Sha256> {
    let bytes: [u8; 32] =
        bytes.try_into().map_err(|_| Error::Internal(format!("a hash of {} bytes in a column", bytes.len())))?;
    Ok(Sha256::from(bytes))
}
