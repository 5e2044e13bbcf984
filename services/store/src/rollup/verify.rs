//! Compares what was kept with the records, partition by partition, in one snapshot.

use std::collections::BTreeMap;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, ExprTrait, Order, QueryResult,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{
    RollupFault,
    records::{KEY, MEASURES, groups},
};
use crate::{Result, Store, values::unsigned};

/// Partitions whose names are in memory at once.
const PAGE: usize = 500;

/// Faults that are told; the first few say enough.
const FAULTS_MAX: usize = 200;

/// Groups by their key, with their measures.
type Groups = BTreeMap<(Vec<String>, bool), Vec<i64>>;

pub async fn verify(store: &Store) -> Result<(u64, Vec<RollupFault>)> {
    let tx = store.snapshot().await?;
    let mut faults = Vec::new();
    let mut compared = 0;
    let mut after: Option<(i64, String)> = None;
    loop {
        let page = page(&tx, after.as_ref()).await?;
        for (year, region) in &page {
            compared += 1;
            let kept = read(&tx, &kept(*year, region)).await?;
            let counted = read(&tx, &groups(*year, region)).await?;
            if let Some(detail) = difference(&kept, &counted) {
                tell(&mut faults, *year, region, detail)?;
            }
        }
        if page.len() < PAGE {
            break;
        }
        after = page.into_iter().next_back();
    }
    for (table, detail) in [("project", "it has projects and is not known"), ("rollup", "it is kept and not known")] {
        for row in tx.query_all(&unknown(table)).await? {
            tell(&mut faults, row.try_get_by_index(0)?, &row.try_get_by_index::<String>(1)?, detail.into())?;
        }
    }
    tx.commit().await?;
    Ok((compared, faults))
}

fn tell(faults: &mut Vec<RollupFault>, year: i64, region: &str, detail: String) -> Result<()> {
    if faults.len() < FAULTS_MAX {
        faults.push(RollupFault { year: unsigned(year)?, region: region.to_owned(), detail });
    }
    Ok(())
}

/// Filled partitions after that one, in their order.
async fn page(tx: &DatabaseTransaction, after: Option<&(i64, String)>) -> Result<Vec<(i64, String)>> {
    let mut select = Query::select();
    select
        .columns(["year", "region"])
        .from("rollup_partition")
        .and_where(Expr::col("is_filled").eq(true))
        .order_by_columns([("year", Order::Asc), ("region", Order::Asc)])
        .limit(PAGE as u64);
    if let Some((year, region)) = after {
        let here = Expr::tuple([Expr::col("year"), Expr::col("region")]);
        select.and_where(here.gt(Expr::tuple([Expr::val(*year), Expr::val(region.as_str())])));
    }
    let rows = tx.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

/// The groups of a partition as they are kept.
fn kept(year: i64, region: &str) -> SelectStatement {
    Query::select()
        .columns(KEY)
        .columns(MEASURES)
        .from("rollup")
        .and_where(Expr::col("year").eq(year))
        .and_where(Expr::col("region").eq(region))
        .take()
}

async fn read(tx: &DatabaseTransaction, select: &SelectStatement) -> Result<Groups> {
    let group = |row: &QueryResult| -> Result<_> {
        let synthetic_at = KEY.len() - 1;
        let codes = (2..synthetic_at).map(|at| Ok(row.try_get_by_index(at)?)).collect::<Result<Vec<String>>>()?;
        let measures = (0..MEASURES.len()).map(|at| Ok(row.try_get_by_index(KEY.len() + at)?));
        Ok(((codes, row.try_get_by_index(synthetic_at)?), measures.collect::<Result<Vec<i64>>>()?))
    };
    tx.query_all(select).await?.iter().map(group).collect()
}

/// The first measure that differs, if one does.
fn difference(kept: &Groups, counted: &Groups) -> Option<String> {
    let nothing = vec![0; MEASURES.len()];
    let keys = kept.keys().chain(counted.keys());
    keys.flat_map(|key| {
        let (kept, counted) = (kept.get(key).unwrap_or(&nothing), counted.get(key).unwrap_or(&nothing));
        let measures = MEASURES.iter().zip(kept).zip(counted);
        measures.filter(|((_, kept), counted)| kept != counted).map(move |((measure, kept), counted)| {
            let (codes, origin) = (key.0.join("/"), if key.1 { "synthetic" } else { "real" });
            format!("{measure} of {codes} ({origin}) is kept as {kept} and is {counted}")
        })
    })
    .next()
}

/// Partitions of a table that `rollup_partition` does not know.
fn unknown(table: &'static str) -> SelectStatement {
    let same = |name: &'static str| Expr::col(("rollup_partition", name)).equals((table, name));
    Query::select()
        .distinct()
        .columns([(table, "year"), (table, "region")])
        .from(table)
        .left_join("rollup_partition", same("year").and(same("region")))
        .and_where(Expr::col(("rollup_partition", "year")).is_null())
        .limit(FAULTS_MAX as u64)
        .take()
}
