//! The rows of the inverted index that belong to an entry.

use std::collections::BTreeMap;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, ExprTrait,
    sea_query::{Expr, Query},
};

use super::Term;
use crate::Result;

const TABLE: &str = "register_term";

/// Rows of one insert: five values each, and SQLite binds 32,766 at most.
const ROWS_MAX: usize = 2_000;

/// Inserts the terms of entries that have none yet.
pub async fn insert(tx: &DatabaseTransaction, register: &str, terms: &[(&str, &Term)]) -> Result<()> {
    for chunk in terms.chunks(ROWS_MAX) {
        let mut insert = Query::insert();
        insert.into_table(TABLE).columns(["register", "facet", "term", "id", "amount"]);
        for (id, term) in chunk {
            insert.values_panic([
                register.into(),
                term.facet.into(),
                term.term.as_str().into(),
                (*id).into(),
                term.amount.into(),
            ]);
        }
        tx.execute(&insert).await?;
    }
    Ok(())
}

/// Brings the terms of an entry to these; rows that stay the same are not touched.
pub async fn replace(tx: &DatabaseTransaction, register: &str, id: &str, terms: &[Term]) -> Result<()> {
    let kept = Query::select()
        .columns(["facet", "term", "amount"])
        .from(TABLE)
        .and_where(Expr::col("register").eq(register))
        .and_where(Expr::col("id").eq(id))
        .take();
    let mut gone: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in tx.query_all(&kept).await? {
        gone.insert((row.try_get_by_index(0)?, row.try_get_by_index(1)?), row.try_get_by_index(2)?);
    }
    let mut new: Vec<(&str, &Term)> = Vec::new();
    for term in terms {
        let key = (term.facet.to_owned(), term.term.clone());
        if gone.get(&key) == Some(&term.amount) {
            gone.remove(&key);
        } else {
            new.push((id, term));
        }
    }
    let gone: Vec<(String, String)> = gone.into_keys().collect();
    for chunk in gone.chunk_by(|(facet, _), (next, _)| facet == next) {
        let delete = Query::delete()
            .from_table(TABLE)
            .and_where(Expr::col("register").eq(register))
            .and_where(Expr::col("facet").eq(chunk[0].0.as_str()))
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("term").is_in(chunk.iter().map(|(_, term)| term.as_str())))
            .take();
        tx.execute(&delete).await?;
    }
    insert(tx, register, &new).await
}
