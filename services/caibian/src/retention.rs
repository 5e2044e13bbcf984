//! What was kept as long as the rules say is erased: once a day by the worker, or by hand.

use std::{process::ExitCode, time::Duration};

use chrono::Utc;
use privacy::Keeps;
use store::{
    Store,
    erasure::{Asked, Refusal, Subject},
};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Failure, ledger,
    raw::{self, AnyBlobs},
    settings::{RetentionSettings, Settings},
};

/// Who acts, for the histories.
const ACTOR: &str = "retention";
/// Mails of one transaction.
const BATCH: u32 = 100;
/// How often the worker does it.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// When it does so first: a worker that is restarted every night comes to it too.
const FIRST_AFTER: Duration = Duration::from_secs(1800);

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Mails that were erased, or would be.
    pub mails: u64,
    /// Mails whose time is over and that stay: the same bytes came to a manuscript that was adopted, or a letter is on its way.
    pub stay: u64,
}

/// Erases all whose time is over, in batches; the blobs and the database's pages follow once.
pub async fn apply(
    blobs: &AnyBlobs,
    store: &Store,
    settings: &RetentionSettings,
    is_rehearsal: bool,
) -> Result<Done, Failure> {
    let (mut done, mut after) = (Done::default(), None);
    let now = Utc::now();
    loop {
        let batch = store.erasure_expired(settings.other_mail_days, now, after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = Some(*last);
        match erase(store, batch.clone(), is_rehearsal).await? {
            Ok(mails) => done.mails += mails,
            // One of them is in the way: the others go without it.
            Err(_) => {
                for id in batch {
                    match erase(store, vec![id], is_rehearsal).await? {
                        Ok(mails) => done.mails += mails,
                        Err(_) => done.stay += 1,
                    }
                }
            }
        }
    }
    if !is_rehearsal && done.mails > 0 {
        privacy::resume(blobs.place(), store).await?;
    }
    Ok(done)
}

async fn erase(store: &Store, ids: Vec<Uuid>, is_rehearsal: bool) -> Result<Result<u64, Refusal>, Failure> {
    let asked = Asked {
        subject: Subject::Expired(ids),
        by: ACTOR.into(),
        peer: String::new(),
        reason: "kept long enough".into(),
        includes_adopted: false,
        is_rehearsal,
        once: None,
    };
    let begun = store.erasure_begin(&asked).await?;
    if let (Ok(begun), false) = (&begun, is_rehearsal) {
        measure::mails_expired(begun.erasure.counts.messages);
    }
    Ok(begun.map(|begun| begun.erasure.counts.messages))
}

/// `caibian retention`
pub async fn run(settings: &Settings, yes: bool) -> Result<ExitCode, Failure> {
    let store = ledger::open(settings).await?;
    let blobs = raw::open(&settings.blobs).await?;
    let Done { mails, stay } = apply(&blobs, &store, &settings.retention, !yes).await?;
    let verb = if yes { "were erased" } else { "would be erased (do it with --yes)" };
    println!("{mails} mails {verb}, {stay} stay although their time is over");
    Ok(ExitCode::SUCCESS)
}

/// Does so once a day until `cancel`; a failure is told in the log, and the next day is another.
pub async fn daily(blobs: AnyBlobs, store: Store, settings: RetentionSettings, cancel: CancellationToken) {
    let mut days = interval_at(Instant::now() + FIRST_AFTER, EVERY);
    days.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let daily = async {
        loop {
            days.tick().await;
            match apply(&blobs, &store, &settings, false).await {
                Ok(done) if done.mails > 0 => {
                    tracing::info!(mails = done.mails, stay = done.stay, "erased what was kept long enough")
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "what was kept long enough stays for another day"),
            }
        }
    };
    cancel.run_until_cancelled(daily).await;
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use intake::{
        contact::Contact,
        letter::{Address, Headers, Letter},
        ports::{Blobs, Draft, Ledger, Listed},
        sorting::{Class, Sorting},
        submission::Assessment,
    };
    use store::record::Enrolment;

    use super::*;

    /// A mail that is no submission, received so many days ago; gives the hash of its bytes.
    async fn comes(blobs: &AnyBlobs, store: &Store, uid: u64, days_ago: i64) -> stdx::Sha256 {
        let received_at = Utc::now() - TimeDelta::days(days_ago);
        let enrolment = Enrolment {
            name: "征稿".into(),
            kind: "folder".into(),
            address: "a@b.cn".into(),
            folders: vec!["INBOX".into()],
            answer_from: received_at,
        };
        let mailbox_id = store.mailbox_enrol(&enrolment).await.unwrap();
        let lease = store.lease_take(mailbox_id, "worker", EVERY).await.unwrap().unwrap();
        let received_basis = intake::message::ReceivedBasis::FileTime;
        let listed = Listed { uid, size_bytes: 1, received_at, received_basis };
        store.messages_seen(&lease, "INBOX", 1, &[listed], received_at).await.unwrap();
        let mut draft = blobs.draft().await.unwrap();
        draft.append(format!("mail {uid}").as_bytes()).await.unwrap();
        let (sha256, size_bytes) = draft.commit().await.unwrap();
        let due = async || store.messages_due(mailbox_id, Utc::now(), 9).await.unwrap().remove(0);
        store.message_stored(&lease, &due().await, sha256, size_bytes).await.unwrap();
        let from = vec![Address { name: String::new(), address: "c@d.cn".into() }];
        let letter = Letter { headers: Headers { from, ..Headers::default() }, ..Letter::default() };
        store.message_parsed(&lease, &due().await, &letter).await.unwrap();
        let sorting = Sorting {
            class: Class::NotASubmission,
            campaign: None,
            corrects: None,
            zh: "不是来稿".into(),
            en: "no submission".into(),
        };
        let assessment = Assessment { sorting, contact: Contact::default(), findings: Vec::new(), judgement: None };
        store.message_recorded(&lease, &due().await, &[], &[], &letter, &assessment).await.unwrap();
        sha256
    }

    #[tokio::test]
    async fn mail_whose_time_is_over_goes_with_its_bytes_and_nothing_does_where_no_time_is_set() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", place.path().join("caibian.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        let blobs = AnyBlobs::Folder(blobs::Folder::open(place.path().join("blobs")).await.unwrap());
        let old = comes(&blobs, &store, 1, 40).await;
        let young = comes(&blobs, &store, 2, 20).await;
        let never = RetentionSettings::default();
        let soon = RetentionSettings { other_mail_days: 30 };
        assert_eq!(apply(&blobs, &store, &never, false).await.unwrap(), Done::default());
        assert_eq!(apply(&blobs, &store, &soon, true).await.unwrap(), Done { mails: 1, stay: 0 });
        assert!(blobs.has(old).await.unwrap(), "it was only told");
        assert_eq!(apply(&blobs, &store, &soon, false).await.unwrap(), Done { mails: 1, stay: 0 });
        assert_eq!((blobs.has(old).await.unwrap(), blobs.has(young).await.unwrap()), (false, true));
        assert_eq!(apply(&blobs, &store, &soon, false).await.unwrap(), Done::default());
        assert_eq!(store.verify().await.unwrap(), []);
    }
}
