//! Fills partitions that were forgotten. Whoever fills holds the counter of changes, so nothing is written to a register
//! meanwhile, and of two that fill at once the second finds everything done.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, ExprTrait,
    sea_query::{Condition, Expr, Func, Query},
};

use super::records::{KEY, MEASURES, groups};
use crate::{Error, Result, Store, register::write::CHANGE_COUNTER, write::numbers_next};

/// Partitions that one transaction fills: others wait for it.
const PARTITIONS_MAX: usize = 200;

/// Transactions that one question waits for; each leaves fewer partitions behind.
const ROUNDS_MAX: usize = 10_000;

/// Begins a transaction that sees every partition filled that meets a condition on `rollup_partition`; the caller
/// commits it.
pub async fn filled(store: &Store, scope: &Condition) -> Result<DatabaseTransaction> {
    let tx = store.snapshot().await?;
    if missing(&tx, scope, 1).await?.is_empty() {
        return Ok(tx);
    }
    tx.rollback().await?;
    for _ in 0..ROUNDS_MAX {
        let tx = store.write().await?;
        numbers_next(&tx, CHANGE_COUNTER, 0).await?;
        let missing = missing(&tx, scope, PARTITIONS_MAX + 1).await?;
        for (year, region) in missing.iter().take(PARTITIONS_MAX) {
            fill(&tx, *year, region).await?;
        }
        if missing.len() <= PARTITIONS_MAX {
            return Ok(tx);
        }
        tx.commit().await?;
    }
    Err(Error::Unavailable("partitions are forgotten faster than they are filled".into()))
}

/// Forgets every partition and fills it anew.
pub async fn rebuild(store: &Store) -> Result<u64> {
    let tx = store.write().await?;
    numbers_next(&tx, CHANGE_COUNTER, 0).await?;
    tx.execute(&Query::delete().from_table("rollup").take()).await?;
    tx.execute(&Query::delete().from_table("rollup_partition").take()).await?;
    let known = Query::select().distinct().columns(["year", "region"]).expr(Expr::val(false)).from("project").take();
    let mut insert = Query::insert();
    insert.into_table("rollup_partition").columns(["year", "region", "is_filled"]);
    tx.execute(insert.select_from(known).map_err(|error| Error::Internal(error.to_string()))?).await?;
    tx.commit().await?;
    let tx = filled(store, &Condition::all()).await?;
    let count = Query::select().expr(Func::count(Expr::col("year"))).from("rollup_partition").take();
    let row = tx.query_one(&count).await?.ok_or_else(|| Error::Internal("a count gave nothing".into()))?;
    let count: i64 = row.try_get_by_index(0)?;
    tx.commit().await?;
    crate::values::unsigned(count)
}

async fn missing(tx: &DatabaseTransaction, scope: &Condition, at_most: usize) -> Result<Vec<(i64, String)>> {
    let select = Query::select()
        .columns(["year", "region"])
        .from("rollup_partition")
        .and_where(Expr::col("is_filled").eq(false))
        .cond_where(scope.clone())
        .limit(at_most as u64)
        .take();
    let rows = tx.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

async fn fill(tx: &DatabaseTransaction, year: i64, region: &str) -> Result<()> {
    let here = || Expr::col("year").eq(year).and(Expr::col("region").eq(region));
    tx.execute(&Query::delete().from_table("rollup").and_where(here()).take()).await?;
    let mut insert = Query::insert();
    insert.into_table("rollup").columns(KEY.into_iter().chain(MEASURES));
    let insert = insert.select_from(groups(year, region)).map_err(|error| Error::Internal(error.to_string()))?;
    tx.execute(insert).await?;
    tx.execute(&Query::update().table("rollup_partition").value("is_filled", true).and_where(here()).take()).await?;
    Ok(())
}
