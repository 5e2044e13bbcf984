//! Makes the rows of reviews that have none, or that a program before this one changed: at every start, a few at a time,
//! so that it can break off anywhere and goes on where it was.

use sea_orm::{
    ConnectionTrait, ExprTrait, Order,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::refresh;
use crate::{Result, Store};

/// Reviews of one transaction.
const REVIEWS: u64 = 100;

/// Fills until all have their rows.
pub async fn fill(store: &Store) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let review = |column: &'static str| Expr::col(("review", column));
        let manuscript = |column: &'static str| Expr::col(("manuscript", column));
        let stale = Query::select()
            .column(("review", "submission_id"))
            .from("review")
            .left_join("manuscript", manuscript("submission_id").equals(("review", "submission_id")))
            .and_where(review("submission_id").gt(after))
            .and_where(
                manuscript("submission_id")
                    .is_null()
                    .or(manuscript("row_version").ne(Expr::col(("review", "row_version")))),
            )
            .order_by(("review", "submission_id"), Order::Asc)
            .limit(REVIEWS)
            .take();
        let rows = store.reader.query_all(&stale).await?;
        let ids = rows.iter().map(|row| row.try_get_by_index(0)).collect::<std::result::Result<Vec<Uuid>, _>>()?;
        let Some(last) = ids.last() else { return Ok(()) };
        after = *last;
        let tx = store.write().await?;
        refresh(&tx, &ids).await?;
        tx.commit().await?;
    }
}
