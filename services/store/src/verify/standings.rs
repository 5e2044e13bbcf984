//! Compares each review with its newest event and with what stands beside it for look-ups, page by page.

use std::collections::HashMap;

use intake::review::Standing;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, JsonValue, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::FAULTS_MAX;
use crate::{
    Result,
    entity::{review, review_event},
    record::VerifyFault,
    review::due_day,
    values::from_json,
};

/// Reviews in memory at once.
const REVIEWS: u64 = 500;

/// Compares them all.
pub async fn standings(tx: &DatabaseTransaction, faults: &mut Vec<VerifyFault>) -> Result<()> {
    let faults_before = faults.len();
    let mut after = Uuid::nil();
    while faults.len() - faults_before < FAULTS_MAX as usize {
        let page = review::Entity::find()
            .filter(review::Column::SubmissionId.gt(after))
            .order_by_asc(review::Column::SubmissionId)
            .limit(REVIEWS)
            .all(tx)
            .await?;
        let Some(last) = page.last() else { break };
        after = last.submission_id;
        let newest: Vec<(Uuid, JsonValue)> = review_event::Entity::find()
            .select_only()
            .columns([review_event::Column::SubmissionId, review_event::Column::Standing])
            .filter(review_event::Column::SubmissionId.is_in(page.iter().map(|row| row.submission_id)))
            .filter(Expr::cust(
                "number = (SELECT row_version FROM review WHERE review.submission_id = review_event.submission_id)",
            ))
            .into_tuple()
            .all(tx)
            .await?;
        let newest: HashMap<Uuid, JsonValue> = newest.into_iter().collect();
        for row in page {
            let place = format!("review {}", row.submission_id);
            if let Some(detail) = newest.get(&row.submission_id).and_then(|newest| fault(&row, newest)) {
                faults.push(VerifyFault { place, detail });
            }
        }
    }
    Ok(())
}

fn fault(row: &review::Model, newest: &JsonValue) -> Option<String> {
    if row.standing != *newest {
        return Some("its standing is not what its newest event led to".into());
    }
    let standing: Standing = match from_json(row.standing.clone()) {
        Ok(standing) => standing,
        Err(error) => return Some(format!("its standing cannot be read: {error}")),
    };
    let same =
        standing.state.as_str() == row.state && standing.editor == row.editor_id && due_day(&standing) == row.due_day;
    (!same).then(|| "its state, editor or day for look-ups is not that of its standing".into())
}
