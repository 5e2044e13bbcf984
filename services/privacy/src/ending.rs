//! What follows when the rows of an erasure are empty: its blobs go, then the pages of the database that held the words.
//! Each step can be the last of a process; whoever comes next goes on.

use std::time::Duration;

use blobs::{Bucket, Folder, LEFTOVER_AGE};
use intake::ports::Ledger;
use stdx::{Sha256, crash};
use store::{
    Store,
    erasure::{ErasedBlob, Erasure, Fate},
};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Error, Place, Result};

/// Blobs that one question to the tables is about.
const CHUNK: usize = 200;
/// How long mailboxes are kept from workers at most, while blobs are removed from a bucket.
const LEASE: Duration = Duration::from_secs(60);
/// How often the worker goes on with what did not end.
const EVERY: Duration = Duration::from_secs(600);

/// Why blobs wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// A mail is on its way, and a file of the same bytes may come with it.
    MailOnItsWay,
    /// They lie in a bucket, and a worker runs.
    WorkerRuns,
}

impl Waits {
    /// Why, and what to do, in Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::MailOnItsWay => {
                "有邮件正在收取，可能带有同样的文件：采集程序会在一小时内删除等待中的内容，也可以运行 `caibian person resume`。"
            }
            Self::WorkerRuns => {
                "采集程序运行期间，无法保证没有邮件用到存储桶中的内容：请先停止采集程序，运行 `caibian person resume`，再重新启动。"
            }
        }
    }

    /// The same in English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::MailOnItsWay => {
                "mail is on its way, and the same file may come with it: the worker removes what waits within the hour, \
                 `caibian person resume` does it too"
            }
            Self::WorkerRuns => {
                "nobody can be kept from counting on what lies in the bucket while a worker runs: stop the workers, run \
                 `caibian person resume`, start them again"
            }
        }
    }
}

/// An erasure after all that could be done now.
#[derive(Debug)]
pub struct Finished {
    /// As it stands; it has ended when no blob waits.
    pub erasure: Erasure,
    /// Why blobs wait, and what to do.
    pub waits: Option<Waits>,
}

/// Removes the blobs of erasures that nobody names, makes the database give up its free pages, once for all of them, and ends
/// those of which no blob waits.
async fn finish_all(place: Place<'_>, store: &Store, erasures: &[Erasure], is_first: bool) -> Result<Vec<Finished>> {
    if erasures.is_empty() {
        return Ok(Vec::new());
    }
    let mut waits = Vec::with_capacity(erasures.len());
    for erasure in erasures {
        waits.push(match place {
            Place::Folder(folder) => from_folder(folder, store, erasure).await?,
            Place::Bucket(bucket) => from_bucket(bucket, store, erasure).await?,
        });
    }
    crash::point("E2");
    // What waits is not written anew each time.
    if is_first || waits.iter().any(Option::is_none) {
        store.scrub().await?;
    }
    crash::point("E3");
    let mut finished = Vec::with_capacity(erasures.len());
    for (erasure, waits) in erasures.iter().zip(waits) {
        let erasure = match waits {
            None => store.erasure_end(erasure.id).await?,
            Some(_) => store.erasure_get(erasure.id).await?,
        };
        finished.push(Finished { erasure, waits });
    }
    Ok(finished)
}

/// The same of one.
pub async fn finish(place: Place<'_>, store: &Store, erasure: &Erasure) -> Result<Finished> {
    let finished = finish_all(place, store, std::slice::from_ref(erasure), true).await?;
    finished.into_iter().next().ok_or_else(|| Error::Internal("an erasure was lost on its way".into()))
}

fn hash(blob: &ErasedBlob) -> Result<Sha256> {
    blob.sha256.parse().map_err(|_| Error::Internal(format!("{} is no hash", blob.sha256)))
}

/// Nobody who finds a blob in the folder counts on it after it is gone: a mail whose worker found it before the question is
/// on its way at the question, and one that comes later has touched the file, which then stays.
async fn from_folder(folder: &Folder, store: &Store, erasure: &Erasure) -> Result<Option<Waits>> {
    let mut all = erasure.blobs.clone();
    for from in (0..all.len()).step_by(CHUNK) {
        let until = all.len().min(from + CHUNK);
        let mut looked_at = Vec::with_capacity(CHUNK);
        for blob in &all[from..until] {
            let sha256 = hash(blob)?;
            looked_at.push((sha256, folder.changed_at(sha256).await?));
        }
        let hashes: Vec<Sha256> = looked_at.iter().map(|(sha256, _)| *sha256).collect();
        let (free, is_quiet) = store.erasure_removable(&hashes).await?;
        for (blob, (sha256, changed_at)) in all[from..until].iter_mut().zip(looked_at) {
            if blob.fate != Fate::Waiting {
                continue;
            }
            let is_gone = match changed_at {
                _ if !free.contains(&sha256) => {
                    blob.fate = Fate::Shared;
                    continue;
                }
                None => true,
                Some(changed_at) if is_quiet => folder.remove_as_of(sha256, changed_at).await?,
                // Between a blob and its row lie moments.
                Some(_) => folder.remove_unchanged(sha256, LEFTOVER_AGE).await?,
            };
            if is_gone {
                blob.fate = Fate::Removed;
            }
        }
        store.erasure_note(erasure.id, &all).await?;
    }
    let waits = all.iter().any(|blob| blob.fate == Fate::Waiting);
    Ok(waits.then_some(Waits::MailOnItsWay))
}

/// Who holds every mailbox keeps all workers from counting on what lies in the bucket.
async fn from_bucket(bucket: &Bucket, store: &Store, erasure: &Erasure) -> Result<Option<Waits>> {
    let holder = format!("erasure {}", Uuid::now_v7());
    let mut leases = Vec::new();
    let mut is_alone = true;
    for mailbox in store.mailbox_list(chrono::Utc::now()).await? {
        match store.lease_take(mailbox.id, &holder, LEASE).await? {
            Some(lease) => leases.push(lease),
            None => is_alone = false,
        }
    }
    let removed = if is_alone { from_bucket_alone(bucket, store, erasure, &leases).await } else { Ok(()) };
    for lease in &leases {
        store.lease_release(lease).await?;
    }
    removed?;
    Ok((!is_alone).then_some(Waits::WorkerRuns))
}

async fn from_bucket_alone(
    bucket: &Bucket,
    store: &Store,
    erasure: &Erasure,
    leases: &[intake::ports::Lease],
) -> Result<()> {
    let mut all = erasure.blobs.clone();
    for from in (0..all.len()).step_by(CHUNK) {
        let until = all.len().min(from + CHUNK);
        let hashes = all[from..until].iter().map(hash).collect::<Result<Vec<_>>>()?;
        let (free, _) = store.erasure_removable(&hashes).await?;
        for (blob, sha256) in all[from..until].iter_mut().zip(hashes) {
            if blob.fate != Fate::Waiting {
                continue;
            }
            for lease in leases {
                store.lease_renew(lease, LEASE).await?;
            }
            blob.fate = Fate::Shared;
            if free.contains(&sha256) {
                bucket.remove(sha256).await?;
                blob.fate = Fate::Removed;
            }
        }
        store.erasure_note(erasure.id, &all).await?;
    }
    Ok(())
}

/// Goes on with every erasure that has not ended; gives those that still wait.
pub async fn resume(place: Place<'_>, store: &Store) -> Result<Vec<Finished>> {
    let finished = finish_all(place, store, &store.erasure_open().await?, false).await?;
    Ok(finished.into_iter().filter(|one| one.waits.is_some()).collect())
}

/// Does so every ten minutes until `cancel`, for a folder; a failure is told in the log, and the next time is another.
pub async fn resume_always(folder: Folder, store: Store, cancel: CancellationToken) {
    let mut times = interval(EVERY);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let resumed = async {
        loop {
            times.tick().await;
            if let Err(error) = resume(Place::Folder(&folder), &store).await {
                tracing::warn!(%error, "an erasure that was begun does not end: `caibian person resume` says why");
            }
        }
    };
    cancel.run_until_cancelled(resumed).await;
}
