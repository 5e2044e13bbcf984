//! The decision that holds of a manuscript: what it is, when it was made, what the author was told.

use std::collections::HashMap;

use intake::review::{Action, Decision, State};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::{Result, entity::review_event, values::from_json};

/// A decision that was made and not taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What.
    pub decision: Decision,
    /// When, in microseconds.
    pub at: i64,
    /// Why, as the author was told.
    pub reason: String,
}

/// The decision that holds in a state.
pub fn decision(state: State) -> Option<Decision> {
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

/// The decisions that hold of manuscripts in these states.
pub async fn decided(
    connection: &impl ConnectionTrait,
    states: &HashMap<Uuid, State>,
) -> Result<HashMap<Uuid, Decided>> {
    let those = states.iter().filter(|(_, state)| decision(**state).is_some()).map(|(id, _)| *id);
    let states_to = [State::Adopted, State::Declined, State::RevisionAsked].map(State::as_str);
    let events = review_event::Entity::find()
        .filter(review_event::Column::SubmissionId.is_in(those))
        .filter(review_event::Column::StateTo.is_in(states_to))
        .order_by_asc(review_event::Column::Id)
        .all(connection)
        .await?;
    let mut held = HashMap::new();
    for event in events {
        let made = match from_json::<Action>(event.action)? {
            Action::Adopt => Decision::Adopt,
            Action::Decline => Decision::Decline,
            Action::AskRevision { .. } => Decision::AskRevision,
            _ => continue,
        };
        // The last of them is the one that holds: what was retracted or gone past is not this decision, or older.
        if states.get(&event.submission_id).is_some_and(|state| decision(*state) == Some(made)) {
            held.insert(event.submission_id, Decided { decision: made, at: event.at, reason: event.reason });
        }
    }
    Ok(held)
}
