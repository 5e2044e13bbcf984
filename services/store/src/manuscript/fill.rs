//! Makes the rows of reviews that have none, or that a program before this one changed: at every start and now and then
//! after it, a few at a time, so that it can break off anywhere and goes on where it was.

use std::collections::{HashMap, hash_map::Entry};

use intake::{campaign::Campaign, letter::Letter};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, Order, QueryFilter, QuerySelect,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::refresh;
use crate::{
    Result, Store,
    entity::{campaign, letter, submission},
    submission::category_of,
    values::from_json,
};

/// Reviews of one transaction.
const REVIEWS: u64 = 100;

/// Fills until all have their rows; gives how many had none or those of an older version.
pub async fn fill(store: &Store) -> Result<u64> {
    let (mut after, mut filled) = (Uuid::nil(), 0);
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
                    .or(manuscript("row_version").ne(Expr::col(("review", "row_version"))))
                    .or(manuscript("grouped_version").ne(Expr::col(("review", "row_version")))),
            )
            .order_by(("review", "submission_id"), Order::Asc)
            .limit(REVIEWS)
            .take();
        let rows = store.reader.query_all(&stale).await?;
        let ids = rows.iter().map(|row| row.try_get_by_index(0)).collect::<std::result::Result<Vec<Uuid>, _>>()?;
        let Some(last) = ids.last() else { return Ok(filled) };
        after = *last;
        let tx = store.write().await?;
        categorise(&tx, &ids).await?;
        refresh(&tx, &ids).await?;
        tx.commit().await?;
        filled += ids.len() as u64;
    }
}

/// Looks for the category of those versions of these manuscripts that a program before this one recorded.
async fn categorise(tx: &DatabaseTransaction, root_ids: &[Uuid]) -> Result<()> {
    let recorded: Vec<(Uuid, Uuid, Uuid)> = submission::Entity::find()
        .select_only()
        .columns([submission::Column::Id, submission::Column::MessageId, submission::Column::CampaignId])
        .filter(submission::Column::RootId.is_in(root_ids.iter().copied()))
        .filter(submission::Column::Category.is_null())
        .into_tuple()
        .all(tx)
        .await?;
    let mut campaigns: HashMap<Uuid, Option<Campaign>> = HashMap::new();
    for (id, message_id, campaign_id) in recorded {
        if let Entry::Vacant(unknown) = campaigns.entry(campaign_id) {
            let row = campaign::Entity::find_by_id(campaign_id).one(tx).await?;
            unknown.insert(row.and_then(|row| from_json(row.body).ok()));
        }
        let row = letter::Entity::find_by_id(message_id).one(tx).await?;
        // `verify` tells a letter that cannot be read; here it must not hold the others up.
        let letter: Option<Letter> = row.and_then(|row| from_json(row.facts).ok());
        let category = match (letter, &campaigns[&campaign_id]) {
            (Some(letter), Some(campaign)) => category_of(&letter, campaign),
            _ => 0,
        };
        let known = submission::ActiveModel { id: Set(id), category: Set(Some(category)), ..Default::default() };
        submission::Entity::update(known).exec_without_returning(tx).await?;
    }
    Ok(())
}
