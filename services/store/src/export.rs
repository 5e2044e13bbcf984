//! What leaves as a file: submissions in the order of their numbers, each with where its manuscript stands.

use std::collections::HashMap;

use intake::review::{Action, Decision, Standing, State};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::{
    Result, Store,
    entity::{message, review, review_event, submission},
    record::{ExportLine, ExportQuery, ExportReview, SubmissionRecord},
    review::{met, names},
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
    let reasons = reasons(store, &standings).await?;
    let line = |submission: SubmissionRecord| {
        let review = standings.get(&submission.root_id).map(|standing| ExportReview {
            editor: standing.editor.and_then(|id| names.get(&id).cloned()).unwrap_or_default(),
            decision: decision(standing.state),
            reason: reasons.get(&submission.root_id).cloned().unwrap_or_default(),
            standing: standing.clone(),
        });
        ExportLine { submission, review }
    };
    Ok(submissions.into_iter().map(line).collect())
}

/// The decision that holds in a state.
fn decision(state: State) -> Option<Decision> {
    match state {
        State::Adopted | State::Scheduled | State::Published => Some(Decision::Adopt),
        State::Declined => Some(Decision::Decline),
        State::RevisionAsked => Some(Decision::AskRevision),
        State::Received
        | State::Judged
        | State::Assigned
        | State::FirstReview
        | State::SecondReview
        | State::FinalReview
        | State::Withdrawn => None,
    }
}

/// What the author was told of the decision that holds.
async fn reasons(store: &Store, standings: &HashMap<Uuid, Standing>) -> Result<HashMap<Uuid, String>> {
    let decided = standings.iter().filter(|(_, standing)| decision(standing.state).is_some()).map(|(id, _)| *id);
    let states = [State::Adopted, State::Declined, State::RevisionAsked].map(State::as_str);
    let events = review_event::Entity::find()
        .filter(review_event::Column::SubmissionId.is_in(decided))
        .filter(review_event::Column::StateTo.is_in(states))
        .order_by_asc(review_event::Column::Id)
        .all(&store.reader)
        .await?;
    let mut reasons = HashMap::new();
    for event in events {
        let made = match from_json::<Action>(event.action)? {
            Action::Adopt => Decision::Adopt,
            Action::Decline => Decision::Decline,
            Action::AskRevision { .. } => Decision::AskRevision,
            _ => continue,
        };
        // The last of them is the one that holds: what was retracted or gone past is not this decision, or older.
        if standings.get(&event.submission_id).is_some_and(|standing| decision(standing.state) == Some(made)) {
            reasons.insert(event.submission_id, event.reason);
        }
    }
    Ok(reasons)
}
