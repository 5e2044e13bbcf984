//! Letters to authors and their history on the wire.

use ::reply::{Kind, Language, outbox::State};
use proto::intake::v1;
use store::outbox::record::{ReplyEvent, ReplyRecord, SendingRecord};

use super::{sentence, timestamp};
use crate::names;

/// Kind on the wire.
#[must_use]
pub fn kind(value: Kind) -> v1::ReplyKind {
    match value {
        Kind::Acknowledgement => v1::ReplyKind::Acknowledgement,
        Kind::Findings => v1::ReplyKind::Findings,
        Kind::Adopted => v1::ReplyKind::Adopted,
        Kind::Declined => v1::ReplyKind::Declined,
        Kind::RevisionAsked => v1::ReplyKind::RevisionAsked,
    }
}

/// State on the wire.
#[must_use]
pub fn state(value: State) -> v1::ReplyState {
    match value {
        State::Held => v1::ReplyState::Held,
        State::Pending => v1::ReplyState::Pending,
        State::Sending => v1::ReplyState::Sending,
        State::Deferred => v1::ReplyState::Deferred,
        State::Sent => v1::ReplyState::Sent,
        State::Failed => v1::ReplyState::Failed,
        State::Uncertain => v1::ReplyState::Uncertain,
        State::Suppressed => v1::ReplyState::Suppressed,
        State::Cancelled => v1::ReplyState::Cancelled,
    }
}

/// State from the wire; none when unspecified.
#[must_use]
pub fn state_read(value: v1::ReplyState) -> Option<State> {
    Some(match value {
        v1::ReplyState::Unspecified => return None,
        v1::ReplyState::Held => State::Held,
        v1::ReplyState::Pending => State::Pending,
        v1::ReplyState::Sending => State::Sending,
        v1::ReplyState::Deferred => State::Deferred,
        v1::ReplyState::Sent => State::Sent,
        v1::ReplyState::Failed => State::Failed,
        v1::ReplyState::Uncertain => State::Uncertain,
        v1::ReplyState::Suppressed => State::Suppressed,
        v1::ReplyState::Cancelled => State::Cancelled,
    })
}

/// A letter, without history.
#[must_use]
pub fn reply(record: &ReplyRecord) -> v1::Reply {
    v1::Reply {
        name: names::REPLY.name(record.id),
        etag: etag(record.row_version),
        submission: names::SUBMISSION.name(record.submission_id),
        campaign: names::CAMPAIGN.name(record.campaign_id),
        number: record.number,
        kind: kind(record.kind).into(),
        version: record.version,
        state: state(record.state).into(),
        to: record.to.clone(),
        subject: record.subject.clone(),
        body: record.body.clone(),
        language: match record.language {
            Language::Zh => "zh",
            Language::En => "en",
        }
        .to_owned(),
        message_id: record.message_id.clone(),
        due_time: Some(timestamp(record.due_at)),
        tries: record.tries,
        detail: record.detail.clone(),
        silence: record
            .silence
            .as_ref()
            .map(|(code, zh, en)| v1::Silence { code: code.clone(), sentence: Some(sentence(zh, en)) }),
        create_time: Some(timestamp(record.created_at)),
        update_time: Some(timestamp(record.updated_at)),
        sent_time: record.sent_at.map(timestamp),
        bounce_time: record.bounced_at.map(timestamp),
        bounce_detail: record.bounce_detail.clone(),
        edited: record.edited,
        history: Vec::new(),
        unreachable: None,
    }
}

/// The version of a letter as callers give it back.
#[must_use]
pub fn etag(row_version: u64) -> String {
    format!("r{row_version}")
}

/// A line of the history.
#[must_use]
pub fn event(event: &ReplyEvent) -> v1::ReplyEvent {
    v1::ReplyEvent {
        time: Some(timestamp(event.at)),
        state_before: event.from.map_or(v1::ReplyState::Unspecified, state).into(),
        state_after: state(event.to).into(),
        actor: event.actor.clone(),
        detail: event.detail.clone(),
    }
}

/// Whether letters go out.
#[must_use]
pub fn sending(record: &SendingRecord) -> v1::Sending {
    v1::Sending {
        senders: record.senders.clone(),
        sent_last_hour: record.sent_last_hour,
        sent_last_day: record.sent_last_day,
        failed_last_hour: record.failed_last_hour,
        hour_max: record.hour_max,
        day_max: record.day_max,
        paused_until_time: record.paused_until.map(timestamp),
    }
}
