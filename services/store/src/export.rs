//! What leaves as a file: submissions in the order of their numbers, each with where its manuscript stands.

use std::collections::HashMap;

use intake::review::Standing;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::{
    Result, Store,
    entity::{message, review, submission},
    record::{ExportLine, ExportQuery, ExportReview, SubmissionRecord},
    review::{decided, decision, met, names},
    submission::records,
    values::{bounded, from_json, signed},
};

/// Submissions of one question by id.
const IDS_MAX: usize = 500;

/// A page of a campaign's submissions by number. Without comparisons every number is there, also that of a mail which is
/// not reviewed; with comparisons all versions of the manuscripts whose review meets them.
pub async fn lines(store: &Store, query: &ExportQuery) -> Result<Vec<ExportLine>> {
    let mut rows = submission::Entity::find()
        .find_also_related(message::Entity)
        .filter(submission::Column::CampaignId.eq(query.campaign_id))
        .filter(submission::Column::Number.gt(signed(query.after)?));
    if !query.filters.is_empty() {
        let root_id = Expr::col((submission::Entity, submission::Column::RootId));
        rows = rows.filter(met(store.backend(), &query.filters, root_id)?);
    }
    let rows = rows.order_by_asc(submission::Column::Number).limit(bounded(query.limit)).all(&store.reader).await?;
    beside(store, records(rows)?).await
}

/// Those of the submissions that there are, oldest receipt first.
pub async fn of(store: &Store, ids: &[Uuid]) -> Result<Vec<ExportLine>> {
    let mut lines = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_MAX) {
        let rows = submission::Entity::find()
            .find_also_related(message::Entity)
            .filter(submission::Column::Id.is_in(chunk.iter().copied()))
            .all(&store.reader)
            .await?;
        lines.extend(beside(store, records(rows)?).await?);
    }
    lines.sort_by_key(|line| (line.submission.message.received_at, line.submission.id));
    Ok(lines)
}

/// Submissions with their reviews.
async fn beside(store: &Store, submissions: Vec<SubmissionRecord>) -> Result<Vec<ExportLine>> {
    let roots: Vec<Uuid> = submissions.iter().map(|record| record.root_id).collect();
    let rows = review::Entity::find()
        .filter(review::Column::SubmissionId.is_in(roots.iter().copied()))
        .all(&store.reader)
        .await?;
    let standings = rows
        .into_iter()
        .map(|row| Ok((row.submission_id, from_json::<Standing>(row.standing)?)))
        .collect::<Result<HashMap<_, _>>>()?;
    let editors = standings.values().filter_map(|standing| standing.editor).collect();
    let names = names(&store.reader, editors).await?;
    let states = standings.iter().map(|(id, standing)| (*id, standing.state)).collect();
    let decided = decided(&store.reader, &states).await?;
    let line = |submission: SubmissionRecord| {
        let review = standings.get(&submission.root_id).map(|standing| ExportReview {
            editor: standing.editor.and_then(|id| names.get(&id).cloned()).unwrap_or_default(),
            decision: decision(standing.state),
            reason: decided.get(&submission.root_id).map(|decided| decided.reason.clone()).unwrap_or_default(),
            standing: standing.clone(),
        });
        ExportLine { submission, review }
    };
    Ok(submissions.into_iter().map(line).collect())
}
