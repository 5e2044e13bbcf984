//! Calls that were made once: the key of a call, and what its first success gave.
//!
//! The key is inserted before anything else. Two same calls at once meet there: the second waits for the first to commit
//! (then it gives what the first gave) or to roll back (then it goes on).

use chrono::TimeDelta;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, ExprTrait, JsonValue, Order,
    sea_query::{Expr, LockBehavior, LockType, OnConflict, Query},
};
use stdx::Sha256;

use super::{Entry, Once, Refusal};
use crate::{
    Error, Result, Store,
    values::{clean, from_json, json, now, parsed},
};

const TABLE: &str = "idempotency_key";

/// How long a call is known.
const KEPT_FOR: TimeDelta = TimeDelta::days(7);

/// Expired calls that one call takes away.
const PURGED_MAX: u64 = 100;

/// What the first success of this call gave; none when it was not made in the last week.
pub async fn replayed(store: &Store, once: &Once) -> Result<Option<Vec<Entry>>> {
    known(&store.reader, once).await
}

/// Claims the key of a call; gives what its first success gave when it was made before.
pub async fn claim(tx: &DatabaseTransaction, once: &Once) -> Result<Option<Vec<Entry>>> {
    let expired = Query::delete().from_table(TABLE).and_where(same(once)).and_where(is_expired()).take();
    tx.execute(&expired).await?;
    let insert = Query::insert()
        .into_table(TABLE)
        .columns(["method", "request_id", "body_sha256", "entries", "created_at"])
        .values_panic([
            clean(&once.method).into(),
            clean(&once.request_id).into(),
            once.body_sha256.to_string().into(),
            JsonValue::Array(Vec::new()).into(),
            now().into(),
        ])
        .on_conflict(OnConflict::columns(["method", "request_id"]).do_nothing().to_owned())
        .take();
    if tx.execute(&insert).await?.rows_affected() == 1 {
        return Ok(None);
    }
    let known = known(tx, once).await?;
    known.map(Some).ok_or_else(|| Error::Conflict("the same call is being made".into()))
}

/// Keeps what the call gave, and takes some expired calls away.
pub async fn keep(tx: &DatabaseTransaction, once: &Once, entries: &[Entry]) -> Result<()> {
    let update = Query::update().table(TABLE).value("entries", json(&entries)?).and_where(same(once)).take();
    tx.execute(&update).await?;
    // Others do the same at the same time: nobody waits for a row that somebody else takes away.
    let oldest = Query::select()
        .columns(["method", "request_id"])
        .from(TABLE)
        .and_where(is_expired())
        .order_by("created_at", Order::Asc)
        .limit(PURGED_MAX)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .take();
    let key = Expr::tuple([Expr::col("method"), Expr::col("request_id")]);
    tx.execute(Query::delete().from_table(TABLE).and_where(key.in_subquery(oldest))).await?;
    Ok(())
}

async fn known(connection: &impl ConnectionTrait, once: &Once) -> Result<Option<Vec<Entry>>> {
    let select = Query::select()
        .columns(["body_sha256", "entries"])
        .from(TABLE)
        .and_where(same(once))
        .and_where(is_expired().not())
        .take();
    let Some(row) = connection.query_one(&select).await? else { return Ok(None) };
    let body_sha256: Sha256 = parsed(&row.try_get_by_index::<String>(0)?)?;
    if body_sha256 != once.body_sha256 {
        return Err(Refusal::Reused.into());
    }
    Ok(Some(from_json(row.try_get_by_index::<JsonValue>(1)?)?))
}

fn same(once: &Once) -> Expr {
    let method = Expr::col("method").eq(clean(&once.method));
    method.and(Expr::col("request_id").eq(clean(&once.request_id)))
}

fn is_expired() -> Expr {
    Expr::col("created_at").lt(now() - KEPT_FOR.num_microseconds().unwrap_or(i64::MAX))
}
