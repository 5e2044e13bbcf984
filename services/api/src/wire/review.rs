//! Reviews and their history on the wire.

use chrono::{DateTime, Utc};
use intake::review::{
    Action, ActionKind, Actor, Decision, Role, Round, Settings, State, open_to,
    table::{Row, Words},
};
use proto::intake::v1;
use store::record::{Remark, RemarkKind, ReviewEvent, ReviewRecord, ReviewSummary, SavedView};
use uuid::Uuid;

use super::{campaign::day, submission::verdict, timestamp};
use crate::names;

/// State on the wire.
#[must_use]
pub fn state(value: State) -> v1::ReviewState {
    match value {
        State::Received => v1::ReviewState::Received,
        State::Judged => v1::ReviewState::Judged,
        State::Assigned => v1::ReviewState::Assigned,
        State::FirstReview => v1::ReviewState::FirstReview,
        State::SecondReview => v1::ReviewState::SecondReview,
        State::FinalReview => v1::ReviewState::FinalReview,
        State::RevisionAsked => v1::ReviewState::RevisionAsked,
        State::Adopted => v1::ReviewState::Adopted,
        State::Declined => v1::ReviewState::Declined,
        State::Scheduled => v1::ReviewState::Scheduled,
        State::Published => v1::ReviewState::Published,
        State::Withdrawn => v1::ReviewState::Withdrawn,
    }
}

/// State from the wire; none when unspecified.
#[must_use]
pub fn state_read(value: v1::ReviewState) -> Option<State> {
    Some(match value {
        v1::ReviewState::Unspecified => return None,
        v1::ReviewState::Received => State::Received,
        v1::ReviewState::Judged => State::Judged,
        v1::ReviewState::Assigned => State::Assigned,
        v1::ReviewState::FirstReview => State::FirstReview,
        v1::ReviewState::SecondReview => State::SecondReview,
        v1::ReviewState::FinalReview => State::FinalReview,
        v1::ReviewState::RevisionAsked => State::RevisionAsked,
        v1::ReviewState::Adopted => State::Adopted,
        v1::ReviewState::Declined => State::Declined,
        v1::ReviewState::Scheduled => State::Scheduled,
        v1::ReviewState::Published => State::Published,
        v1::ReviewState::Withdrawn => State::Withdrawn,
    })
}

/// ActionKind on the wire.
#[must_use]
pub fn action(value: ActionKind) -> v1::ReviewAction {
    match value {
        ActionKind::Judge => v1::ReviewAction::Judge,
        ActionKind::Assign => v1::ReviewAction::Assign,
        ActionKind::Begin => v1::ReviewAction::Begin,
        ActionKind::Recommend => v1::ReviewAction::Recommend,
        ActionKind::Pass => v1::ReviewAction::Pass,
        ActionKind::SendBack => v1::ReviewAction::SendBack,
        ActionKind::Adopt => v1::ReviewAction::Adopt,
        ActionKind::Decline => v1::ReviewAction::Decline,
        ActionKind::AskRevision => v1::ReviewAction::AskRevision,
        ActionKind::TakeCorrection => v1::ReviewAction::TakeCorrection,
        ActionKind::Resume => v1::ReviewAction::Resume,
        ActionKind::Schedule => v1::ReviewAction::Schedule,
        ActionKind::Unschedule => v1::ReviewAction::Unschedule,
        ActionKind::Publish => v1::ReviewAction::Publish,
        ActionKind::Withdraw => v1::ReviewAction::Withdraw,
        ActionKind::Retract => v1::ReviewAction::Retract,
    }
}

/// Decision on the wire.
#[must_use]
pub fn decision(value: Decision) -> v1::ReviewDecision {
    match value {
        Decision::Adopt => v1::ReviewDecision::Adopt,
        Decision::Decline => v1::ReviewDecision::Decline,
        Decision::AskRevision => v1::ReviewDecision::AskRevision,
    }
}

/// Decision from the wire; none when unspecified.
#[must_use]
pub fn decision_read(value: v1::ReviewDecision) -> Option<Decision> {
    Some(match value {
        v1::ReviewDecision::Unspecified => return None,
        v1::ReviewDecision::Adopt => Decision::Adopt,
        v1::ReviewDecision::Decline => Decision::Decline,
        v1::ReviewDecision::AskRevision => Decision::AskRevision,
    })
}

/// Round on the wire.
#[must_use]
pub fn round(value: Round) -> v1::ReviewRound {
    match value {
        Round::First => v1::ReviewRound::First,
        Round::Second => v1::ReviewRound::Second,
        Round::Final => v1::ReviewRound::Final,
    }
}

/// Round from the wire; none when unspecified.
#[must_use]
pub fn round_read(value: v1::ReviewRound) -> Option<Round> {
    Some(match value {
        v1::ReviewRound::Unspecified => return None,
        v1::ReviewRound::First => Round::First,
        v1::ReviewRound::Second => Round::Second,
        v1::ReviewRound::Final => Round::Final,
    })
}

/// Role on the wire.
#[must_use]
pub fn role(value: Role) -> v1::ReviewRole {
    match value {
        Role::Worker => v1::ReviewRole::Worker,
        Role::Viewer => v1::ReviewRole::Viewer,
        Role::Editor => v1::ReviewRole::Editor,
        Role::ChiefEditor => v1::ReviewRole::ChiefEditor,
        Role::Administrator => v1::ReviewRole::Administrator,
    }
}

/// Role from the wire; none when unspecified.
#[must_use]
pub fn role_read(value: v1::ReviewRole) -> Option<Role> {
    Some(match value {
        v1::ReviewRole::Unspecified => return None,
        v1::ReviewRole::Worker => Role::Worker,
        v1::ReviewRole::Viewer => Role::Viewer,
        v1::ReviewRole::Editor => Role::Editor,
        v1::ReviewRole::ChiefEditor => Role::ChiefEditor,
        v1::ReviewRole::Administrator => Role::Administrator,
    })
}

/// Words on the wire.
#[must_use]
pub fn words(value: Words) -> v1::ReviewWords {
    match value {
        Words::Free => v1::ReviewWords::Free,
        Words::MayTellAuthor => v1::ReviewWords::MayTellAuthor,
        Words::TellAuthor => v1::ReviewWords::TellAuthor,
        Words::TellColleagues => v1::ReviewWords::TellColleagues,
    }
}

/// A review as this caller sees it, without history.
#[must_use]
pub fn review(record: &ReviewRecord, actor: &Actor, now: DateTime<Utc>, settings: &Settings) -> v1::Review {
    let standing = &record.standing;
    let name = |id: Uuid| {
        let known = record.names.iter().find(|(known, _)| *known == id);
        known.map(|(_, name)| name.clone()).unwrap_or_default()
    };
    v1::Review {
        submission: names::SUBMISSION.name(record.submission_id),
        etag: etag(record.row_version),
        campaign: names::CAMPAIGN.name(record.campaign_id),
        number: record.number,
        subject: record.subject.clone(),
        state: state(standing.state).into(),
        verdict: standing.verdict.map_or(v1::Verdict::Unspecified, verdict).into(),
        editor: standing.editor.map(name).unwrap_or_default(),
        recommendations: standing
            .recommendations
            .iter()
            .map(|opinion| v1::ReviewRecommendation {
                editor: name(opinion.by),
                decision: decision(opinion.decision).into(),
                time: Some(timestamp(opinion.at)),
            })
            .collect(),
        revision: standing
            .revision
            .map(|(of, until)| v1::ReviewRevision { round: round(of).into(), until_day: Some(day(until)) }),
        placements: standing
            .placements
            .iter()
            .map(|place| v1::ReviewPlacement {
                channel: place.channel.clone(),
                slot: place.slot.clone(),
                publish_time: place.published_at.map(timestamp),
            })
            .collect(),
        retractable_until_time: standing.retractable_until(settings).filter(|until| *until > now).map(timestamp),
        next_actions: open_to(standing, actor, now, settings).into_iter().filter_map(next_action).collect(),
        received_time: Some(timestamp(record.received_at)),
        update_time: Some(timestamp(record.updated_at)),
        history: Vec::new(),
        summary: record.summary.as_ref().map(summary),
        tags: record.tags.clone(),
    }
}

/// A line beside the steps.
#[must_use]
pub fn remark(remark: &Remark) -> v1::ReviewRemark {
    v1::ReviewRemark {
        number: remark.number,
        time: Some(timestamp(remark.at)),
        actor: remark.actor.clone(),
        role: role(remark.role).into(),
        kind: match remark.kind {
            RemarkKind::Tagged => v1::ReviewRemarkKind::Tagged,
            RemarkKind::Untagged => v1::ReviewRemarkKind::Untagged,
            RemarkKind::Commented => v1::ReviewRemarkKind::Commented,
        }
        .into(),
        words: remark.words.clone(),
    }
}

/// A list of the desk under a name.
#[must_use]
pub fn saved_view(view: &SavedView) -> v1::SavedView {
    v1::SavedView {
        name: names::SAVED_VIEW.name(view.id),
        title: view.title.clone(),
        query: view.query.clone(),
        shared: view.shared,
        owner: view.owner.clone(),
        create_time: Some(timestamp(view.created_at)),
    }
}

/// The newest version in a line of a list.
fn summary(summary: &ReviewSummary) -> v1::ReviewSummary {
    v1::ReviewSummary {
        submission: names::SUBMISSION.name(summary.newest_id),
        versions: summary.versions,
        subject: summary.subject.clone(),
        contact_name: summary.contact_name.clone(),
        organisation: summary.organisation.clone(),
        received_time: Some(timestamp(summary.received_at)),
        failed: summary.failed.clone(),
        undetermined: summary.undetermined.clone(),
        documents: summary.documents,
        videos: summary.videos,
        pictures: summary.pictures,
        cloud_files: summary.cloud_files,
        cloud_expire_time: summary.cloud_expires_at.map(timestamp),
        characters: summary.characters,
        backfilled: summary.backfilled,
        erase_time: summary.erased_at.map(timestamp),
    }
}

/// An open row, if a call takes it: what the worker does with the mail is none of a caller's.
fn next_action(row: &Row) -> Option<v1::ReviewNextAction> {
    let called = !matches!(row.action, ActionKind::Judge | ActionKind::TakeCorrection);
    called.then(|| v1::ReviewNextAction { action: action(row.action).into(), words: words(row.words).into() })
}

/// The version of a review as callers give it back.
#[must_use]
pub fn etag(row_version: u64) -> String {
    format!("r{row_version}")
}

/// A line of the history.
#[must_use]
pub fn event(event: &ReviewEvent) -> v1::ReviewEvent {
    let entry = &event.entry;
    let step = &entry.step;
    let mut line = v1::ReviewEvent {
        number: event.number,
        time: Some(timestamp(entry.at)),
        actor: event.actor.clone(),
        role: role(entry.by.role).into(),
        action: action(step.action.kind()).into(),
        state_before: state(entry.from).into(),
        state_after: state(entry.to).into(),
        reason: step.reason.clone(),
        note: step.note.clone(),
        editor: event.editor.clone(),
        ..v1::ReviewEvent::default()
    };
    match &step.action {
        Action::Judge { verdict: found } | Action::TakeCorrection { verdict: found } => {
            line.verdict = verdict(*found).into();
        }
        Action::Recommend { decision: recommended } => line.decision = decision(*recommended).into(),
        Action::AskRevision { until_day } => line.until_day = Some(day(*until_day)),
        Action::Schedule { channel, slot } => {
            line.channel.clone_from(channel);
            line.slot.clone_from(slot);
        }
        Action::Unschedule { channel } | Action::Publish { channel } => line.channel.clone_from(channel),
        Action::Assign { .. }
        | Action::Begin
        | Action::Pass
        | Action::SendBack
        | Action::Adopt
        | Action::Decline
        | Action::Resume
        | Action::Withdraw
        | Action::Retract => {}
    }
    line
}
