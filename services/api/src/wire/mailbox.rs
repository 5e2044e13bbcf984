//! Mailboxes, messages and their history, for the wire.

use intake::{letter::Page, message::Stage, ports::FolderReconciliation};
use proto::intake::v1;
use store::record::{Event, MailboxRecord, MessageRecord};
use uuid::Uuid;

use super::{sentence, submission, timestamp};
use crate::names;

/// The page of a mail, or that none is kept.
#[must_use]
pub fn mail_page(message_id: Uuid, page: Option<&Page>) -> v1::MailPage {
    let message = names::MESSAGE.name(message_id);
    let Some(page) = page else { return v1::MailPage { message, ..v1::MailPage::default() } };
    v1::MailPage {
        message,
        kept: true,
        size_bytes: page.size_bytes,
        sha256: page.sha256.hex(),
        pictures: page.pictures.clone(),
        remote_pictures: page.remote_pictures,
        truncated: page.truncated,
    }
}

/// A mailbox with its folders. It is failing while it has a last error, and new until each folder was swept once.
#[must_use]
pub fn mailbox(record: &MailboxRecord) -> v1::Mailbox {
    let swept = !record.folders.is_empty() && record.folders.iter().all(|folder| folder.last_sweep_at.is_some());
    let state = match (&record.last_error, swept) {
        (Some(_), _) => v1::mailbox::State::Failing,
        (None, true) => v1::mailbox::State::Ok,
        (None, false) => v1::mailbox::State::New,
    };
    let (last_error, last_error_time) = match &record.last_error {
        Some((error, at)) => (error.clone(), Some(timestamp(*at))),
        None => (String::new(), None),
    };
    v1::Mailbox {
        name: names::MAILBOX.name(record.id),
        display_name: record.enrolment.name.clone(),
        kind: record.enrolment.kind.clone(),
        address: record.enrolment.address.clone(),
        state: state.into(),
        folders: record
            .folders
            .iter()
            .map(|folder| v1::MailboxFolder {
                folder: folder.folder.clone(),
                uidvalidity: folder.uidvalidity.unwrap_or_default(),
                position: folder.position,
                server_count: folder.server_count,
                row_count: folder.row_count,
                last_sweep_time: folder.last_sweep_at.map(timestamp),
            })
            .collect(),
        lag_seconds: record.lag_seconds,
        last_error,
        last_error_time,
        answer_from_time: Some(timestamp(record.enrolment.answer_from)),
    }
}

/// A message with its history, which is empty in a list.
#[must_use]
pub fn message(record: &MessageRecord, history: &[Event]) -> v1::Message {
    let message = &record.message;
    v1::Message {
        name: names::MESSAGE.name(message.id),
        mailbox: names::MAILBOX.name(message.mailbox_id),
        folder: message.folder.clone(),
        uidvalidity: message.uidvalidity,
        uid: message.uid,
        size_bytes: message.size_bytes,
        received_time: Some(timestamp(message.received_at)),
        received_basis: message.received_basis.as_str().to_owned(),
        backfilled: message.backfilled,
        stage: stage(message.stage).into(),
        tries: message.tries,
        reason: record.reason.clone(),
        stage_failed: record.stage_failed.map_or(v1::Stage::Unspecified, stage).into(),
        raw_sha256: message.raw_sha256.map(|hash| hash.hex()).unwrap_or_default(),
        repeats: record.repeats.map(|id| names::MESSAGE.name(id)).unwrap_or_default(),
        class: record.class.map_or(v1::Class::Unspecified, submission::class).into(),
        class_reason: record.class_reason.as_ref().map(|(zh, en)| sentence(zh, en)),
        subject: record.subject.clone(),
        from: record.from.as_ref().map(submission::address),
        submission: record.submission_id.map(|id| names::SUBMISSION.name(id)).unwrap_or_default(),
        history: history.iter().map(event).collect(),
        erase_time: record.erased_at.map(timestamp),
    }
}

/// One line of a message's history.
#[must_use]
pub fn event(event: &Event) -> v1::MessageEvent {
    v1::MessageEvent {
        time: Some(timestamp(event.at)),
        from: event.from.map_or(v1::Stage::Unspecified, stage).into(),
        to: stage(event.to).into(),
        actor: event.actor.clone(),
        detail: event.detail.clone(),
    }
}

/// How one folder's server set and rows compare.
#[must_use]
pub fn reconciliation(folder: &FolderReconciliation) -> v1::FolderReconciliation {
    v1::FolderReconciliation {
        folder: folder.folder.clone(),
        server_count: folder.server_count,
        missing: folder.missing.clone(),
        missing_count: folder.missing_count,
        gone_count: folder.gone_count,
        reconcile_time: Some(timestamp(folder.reconciled_at)),
    }
}

/// A stage.
#[must_use]
pub fn stage(stage: Stage) -> v1::Stage {
    match stage {
        Stage::Seen => v1::Stage::Seen,
        Stage::Stored => v1::Stage::Stored,
        Stage::Parsed => v1::Stage::Parsed,
        Stage::Recorded => v1::Stage::Recorded,
        Stage::Repeated => v1::Stage::Repeated,
        Stage::TooLarge => v1::Stage::TooLarge,
        Stage::Vanished => v1::Stage::Vanished,
        Stage::Quarantined => v1::Stage::Quarantined,
    }
}

/// A stage from the wire; none when unspecified.
#[must_use]
pub fn stage_read(stage: v1::Stage) -> Option<Stage> {
    Some(match stage {
        v1::Stage::Unspecified => return None,
        v1::Stage::Seen => Stage::Seen,
        v1::Stage::Stored => Stage::Stored,
        v1::Stage::Parsed => Stage::Parsed,
        v1::Stage::Recorded => Stage::Recorded,
        v1::Stage::Repeated => Stage::Repeated,
        v1::Stage::TooLarge => Stage::TooLarge,
        v1::Stage::Vanished => Stage::Vanished,
        v1::Stage::Quarantined => Stage::Quarantined,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_comes_back_from_the_wire_as_it_went() {
        for each in Stage::ALL {
            assert_eq!(stage_read(stage(each)), Some(each));
            assert_eq!(stage(each).as_str_name(), format!("STAGE_{}", each.as_str().to_uppercase()));
        }
        assert_eq!(stage_read(v1::Stage::Unspecified), None);
    }
}
