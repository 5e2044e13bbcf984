//! Erasures and their proofs.

use proto::intake::v1;
use store::erasure::{Adopted, Begun, Erasure, Fate, Kind};

use super::timestamp;
use crate::names;

fn kind(kind: Kind) -> v1::ErasureKind {
    match kind {
        Kind::Person => v1::ErasureKind::Person,
        Kind::Messages => v1::ErasureKind::Messages,
        Kind::Retention => v1::ErasureKind::Retention,
        Kind::Replay => v1::ErasureKind::Replay,
    }
}

fn fate(fate: Fate) -> v1::BlobFate {
    match fate {
        Fate::Waiting => v1::BlobFate::Waiting,
        Fate::Removed => v1::BlobFate::Removed,
        Fate::Shared => v1::BlobFate::Shared,
    }
}

fn wait(waits: privacy::Waits) -> v1::ErasureWait {
    match waits {
        privacy::Waits::MailOnItsWay => v1::ErasureWait::MailOnItsWay,
        privacy::Waits::WorkerRuns => v1::ErasureWait::WorkerRuns,
    }
}

fn counts(erasure: &Erasure) -> v1::ErasureCounts {
    let counts = &erasure.counts;
    let of = |fate| erasure.blobs.iter().filter(|blob| blob.fate == fate).count() as u64;
    v1::ErasureCounts {
        messages: counts.messages,
        letters: counts.letters,
        files: counts.files,
        submissions: counts.submissions,
        manuscripts: counts.manuscripts,
        replies: counts.replies,
        called_off: counts.called_off,
        lines: counts.lines,
        tags: counts.tags,
        marks: counts.marks,
        removed_blobs: of(Fate::Removed),
        shared_blobs: of(Fate::Shared),
        waiting_blobs: of(Fate::Waiting),
    }
}

/// An erasure in a list: without its mails and blobs.
#[must_use]
pub fn listed(erasure: &Erasure) -> v1::Erasure {
    v1::Erasure {
        name: names::ERASURE.name(erasure.id),
        kind: kind(erasure.kind).into(),
        ask_time: Some(timestamp(erasure.asked_at)),
        asked_by: erasure.asked_by.clone(),
        reason: erasure.reason.clone(),
        subject_sha256: erasure.subject_sha256.clone().unwrap_or_default(),
        counts: Some(counts(erasure)),
        mails: Vec::new(),
        blobs: Vec::new(),
        end_time: erasure.ended_at.map(timestamp),
    }
}

/// The whole of it.
#[must_use]
pub fn whole(erasure: &Erasure) -> v1::Erasure {
    let mails = erasure.mails.iter().map(|mail| v1::ErasedMail {
        message: names::MESSAGE.name(mail.message_id),
        mailbox: mail.mailbox.clone(),
        folder: mail.folder.clone(),
        uidvalidity: mail.uidvalidity,
        uid: mail.uid,
        raw_sha256: mail.raw_sha256.clone().unwrap_or_default(),
    });
    let blobs = erasure.blobs.iter();
    let blobs = blobs.map(|blob| v1::ErasedBlob { sha256: blob.sha256.clone(), fate: fate(blob.fate).into() });
    v1::Erasure { mails: mails.collect(), blobs: blobs.collect(), ..listed(erasure) }
}

fn adopted(one: &Adopted) -> v1::AdoptedManuscript {
    v1::AdoptedManuscript {
        submission: names::SUBMISSION.name(one.submission_id),
        campaign: names::CAMPAIGN.name(one.campaign_id),
        number: one.number,
    }
}

/// What an erasure gave; a rehearsal has no name, no salt and no hash of the address, for there is nothing to show later.
#[must_use]
pub fn erased(begun: &Begun, waits: Option<privacy::Waits>, is_rehearsal: bool) -> v1::ErasePersonResponse {
    let mut erasure = whole(&begun.erasure);
    let mut salt = begun.salt.clone().unwrap_or_default();
    if is_rehearsal {
        (erasure.name, erasure.subject_sha256, salt) = (String::new(), String::new(), String::new());
    }
    v1::ErasePersonResponse {
        erasure: Some(erasure),
        salt,
        adopted: begun.adopted.iter().map(adopted).collect(),
        mentions: begun.mentions.iter().map(|id| names::MESSAGE.name(*id)).collect(),
        unread_count: begun.unread,
        wait: waits.map_or(v1::ErasureWait::Unspecified, wait).into(),
    }
}
