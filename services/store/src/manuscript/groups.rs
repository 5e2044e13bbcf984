//! What a manuscript is counted under: values that statistics group by, each a row of one index, so that the list behind a
//! number is found by the same rows that were counted.

use std::collections::BTreeSet;

use intake::review::{Decision, Standing};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::made::{self, Made};
use crate::{
    Result,
    entity::{manuscript, manuscript_group},
    record::ReviewGroup,
    review::Decided,
    values::line,
};

/// Characters of a value: longer ones that begin alike are one.
const VALUE_CHARACTERS_MAX: usize = 200;

/// Kind and value.
pub type Group = (ReviewGroup, String);

/// A value as it is compared.
pub fn grouped(value: &str) -> String {
    line(value.trim(), VALUE_CHARACTERS_MAX)
}

/// The groups that follow from what is known of a manuscript.
pub fn groups(
    category: Option<i64>,
    organisation: &str,
    standing: &Standing,
    decided: Option<&Decided>,
) -> BTreeSet<Group> {
    let mut groups = BTreeSet::from([
        (ReviewGroup::Category, category.unwrap_or(0).to_string()),
        (ReviewGroup::Organisation, grouped(organisation)),
    ]);
    for place in &standing.placements {
        let kind = if place.published_at.is_some() { ReviewGroup::Published } else { ReviewGroup::Scheduled };
        groups.insert((kind, grouped(&place.channel)));
    }
    let told = decided.filter(|decided| decided.decision != Decision::Adopt);
    groups.extend(told.map(|decided| (ReviewGroup::Reason, grouped(&decided.reason))));
    groups
}

/// The rows of a manuscript's groups.
pub fn rows(
    of: &manuscript::Model,
    groups: BTreeSet<Group>,
) -> impl Iterator<Item = manuscript_group::ActiveModel> + use<> {
    let (received_at, submission_id) = (of.received_at, of.submission_id);
    groups.into_iter().map(move |(kind, value)| manuscript_group::ActiveModel {
        kind: Set(kind.as_str().to_owned()),
        value: Set(value),
        received_at: Set(received_at),
        submission_id: Set(submission_id),
    })
}

/// Follows a step of a review whose line of the history is written.
pub async fn regroup(tx: &DatabaseTransaction, root_id: Uuid) -> Result<()> {
    for Made { row, groups, .. } in made::load(tx, &[root_id], false).await? {
        manuscript_group::Entity::delete_many()
            .filter(manuscript_group::Column::SubmissionId.eq(root_id))
            .exec(tx)
            .await?;
        manuscript_group::Entity::insert_many(rows(&row, groups)).exec_without_returning(tx).await?;
        let columns = manuscript::ActiveModel {
            opened_at: Set(row.opened_at),
            decided_at: Set(row.decided_at),
            grouped_version: Set(row.grouped_version),
            ..Default::default()
        };
        super::set(tx, root_id, columns).await?;
    }
    Ok(())
}
