//! What a list filters, orders and shows of each review, kept beside it: made from the review and the newest version of
//! its manuscript in the transaction that changes them, so that no question reads JSON or goes over more than it gives.

mod fill;
mod groups;
mod made;
mod pairs;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{
    Result,
    entity::{manuscript, manuscript_group, manuscript_pair, manuscript_rule, manuscript_summary, review},
    values::micros,
};

pub use fill::fill;
pub use groups::{grouped, regroup};
pub use made::{Made, load, rules};
pub use pairs::{pairs, searched};

/// Rows of one insert: a pair binds three values, and SQLite binds 32,766 at most.
const ROWS_MAX: usize = 5_000;

/// Makes the rows of these reviews anew: a version joined their chains, or they have none yet.
pub async fn refresh(tx: &DatabaseTransaction, root_ids: &[Uuid]) -> Result<()> {
    let made = load(tx, root_ids, true).await?;
    let old = manuscript::Entity::find().filter(manuscript::Column::SubmissionId.is_in(root_ids.iter().copied()));
    let old = old.all(tx).await?;
    let shown = manuscript_summary::Entity::find()
        .filter(manuscript_summary::Column::SubmissionId.is_in(root_ids.iter().copied()))
        .all(tx)
        .await?;
    if !old.is_empty() {
        manuscript::Entity::delete_many()
            .filter(manuscript::Column::SubmissionId.is_in(old.iter().map(|row| row.submission_id)))
            .exec(tx)
            .await?;
    }
    if !shown.is_empty() {
        manuscript_summary::Entity::delete_many()
            .filter(manuscript_summary::Column::SubmissionId.is_in(shown.iter().map(|row| row.submission_id)))
            .exec(tx)
            .await?;
    }
    let mut rows: Vec<manuscript::ActiveModel> = Vec::with_capacity(made.len());
    let mut summaries: Vec<manuscript_summary::ActiveModel> = Vec::with_capacity(made.len());
    let mut new_rules: Vec<manuscript_rule::ActiveModel> = Vec::new();
    let mut new_pairs: Vec<manuscript_pair::ActiveModel> = Vec::new();
    let mut new_groups: Vec<manuscript_group::ActiveModel> = Vec::new();
    manuscript_group::Entity::delete_many()
        .filter(manuscript_group::Column::SubmissionId.is_in(made.iter().map(|made| made.row.submission_id)))
        .exec(tx)
        .await?;
    for Made { row, summary, groups } in made {
        let (id, received_at) = (row.submission_id, row.received_at);
        new_groups.extend(groups::rows(&row, groups));
        let bounced_at = old.iter().find(|old| old.submission_id == id).and_then(|old| old.bounced_at);
        let before = shown.iter().find(|shown| shown.submission_id == id);
        let old_rules = before.map(rules).transpose()?.unwrap_or_default();
        let kept_rules = rules(&summary)?;
        for (outcome, rule) in old_rules.difference(&kept_rules) {
            let key = (outcome.clone(), rule.clone(), received_at, id);
            manuscript_rule::Entity::delete_by_id(key).exec(tx).await?;
        }
        new_rules.extend(kept_rules.difference(&old_rules).map(|(outcome, rule)| manuscript_rule::ActiveModel {
            outcome: Set(outcome.clone()),
            rule: Set(rule.clone()),
            received_at: Set(received_at),
            submission_id: Set(id),
        }));
        let old_pairs = before.map(|before| pairs(&before.search_text)).unwrap_or_default();
        let kept_pairs = pairs(&summary.search_text);
        let gone: BTreeSet<&String> = old_pairs.difference(&kept_pairs).collect();
        if !gone.is_empty() {
            manuscript_pair::Entity::delete_many()
                .filter(manuscript_pair::Column::Pair.is_in(gone))
                .filter(manuscript_pair::Column::ReceivedAt.eq(received_at))
                .filter(manuscript_pair::Column::SubmissionId.eq(id))
                .exec(tx)
                .await?;
        }
        new_pairs.extend(kept_pairs.difference(&old_pairs).map(|pair| manuscript_pair::ActiveModel {
            pair: Set(pair.clone()),
            received_at: Set(received_at),
            submission_id: Set(id),
        }));
        rows.push(manuscript::Model { bounced_at, ..row }.into());
        summaries.push(summary.into());
    }
    if rows.is_empty() {
        return Ok(());
    }
    manuscript::Entity::insert_many(rows).exec_without_returning(tx).await?;
    manuscript_summary::Entity::insert_many(summaries).exec_without_returning(tx).await?;
    for chunk in new_rules.chunks(ROWS_MAX) {
        manuscript_rule::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx).await?;
    }
    for chunk in new_groups.chunks(ROWS_MAX) {
        manuscript_group::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx).await?;
    }
    for chunk in new_pairs.chunks(ROWS_MAX) {
        manuscript_pair::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Follows a step of a review.
pub async fn stepped(tx: &DatabaseTransaction, root_id: Uuid, review: &review::ActiveModel) -> Result<()> {
    let columns = manuscript::ActiveModel {
        row_version: review.row_version.clone(),
        state: review.state.clone(),
        verdict: match review.standing.try_as_ref() {
            Some(standing) => Set(made::verdict(standing)?),
            None => sea_orm::NotSet,
        },
        editor_id: review.editor_id.clone(),
        due_day: review.due_day.clone(),
        updated_at: review.updated_at.clone(),
        ..Default::default()
    };
    set(tx, root_id, columns).await
}

/// Sets columns of a manuscript's row; nothing where there is none.
async fn set(tx: &DatabaseTransaction, root_id: Uuid, columns: manuscript::ActiveModel) -> Result<()> {
    manuscript::Entity::update_many()
        .set(columns)
        .filter(manuscript::Column::SubmissionId.eq(root_id))
        .exec(tx)
        .await?;
    Ok(())
}

/// A letter of ours about a manuscript came back at this instant.
pub async fn bounced(tx: &DatabaseTransaction, root_id: Uuid, at: DateTime<Utc>) -> Result<()> {
    let columns = manuscript::ActiveModel { bounced_at: Set(Some(micros(at))), ..Default::default() };
    set(tx, root_id, columns).await
}
