//! Orphans: blobs that no row names, left behind when a process dies between a blob and its row.

use std::time::Duration;

use blobs::Folder;
use stdx::Sha256;
use store::Store;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::{Failure, raw::AnyBlobs};

/// Age from which a blob without a row is an orphan: between a blob and its row lie moments, and never a day.
pub const AGE: Duration = Duration::from_secs(24 * 3600);
/// How often the worker removes them.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// When it does so first: a worker that is restarted every night comes to it too.
const FIRST_AFTER: Duration = Duration::from_secs(3600);
/// Orphans of one run; the next goes on with the others.
const ORPHANS_MAX: usize = 10_000;

/// The blobs of an age.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Those that no row names, at most 10,000.
    pub orphans: Vec<Sha256>,
    /// How many of the others were looked at.
    pub named: usize,
}

/// Looks for blobs that have not changed for `age` and that no row names.
pub async fn find(blobs: &AnyBlobs, store: &Store, age: Duration) -> Result<Found, Failure> {
    let mut found = Found::default();
    for first_byte in 0..=u8::MAX {
        let old = blobs.unchanged(first_byte, age).await?;
        let orphans = store.blobs_unnamed(&old).await?;
        found.named += old.len() - orphans.len();
        found.orphans.extend(orphans);
        if found.orphans.len() >= ORPHANS_MAX {
            found.orphans.truncate(ORPHANS_MAX);
            break;
        }
    }
    Ok(found)
}

/// Removes orphans of this age; gives how many. Removes none when they outnumber the blobs that have a row: the tables
/// are then rather the wrong ones, or an older state of the right ones.
pub async fn remove(blobs: &Folder, store: &Store, age: Duration) -> Result<u64, Failure> {
    let Found { orphans, named } = find(&AnyBlobs::Folder(blobs.clone()), store, age).await?;
    if orphans.len() > named {
        tracing::warn!(
            orphans = orphans.len(),
            named,
            "most blobs of a day and more have no row: are these the tables of this folder? None was removed"
        );
        return Ok(0);
    }
    let mut removed = 0;
    for sha256 in orphans {
        removed += u64::from(blobs.remove_unchanged(sha256, age).await?);
    }
    if removed > 0 {
        tracing::info!(removed, "removed blobs that no row names");
    }
    Ok(removed)
}

/// Removes orphans once a day until `cancel`; a failure is told in the log, and the next day is another.
pub async fn remove_daily(blobs: Folder, store: Store, cancel: CancellationToken) {
    let mut days = interval_at(Instant::now() + FIRST_AFTER, EVERY);
    days.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let daily = async {
        loop {
            days.tick().await;
            if let Err(error) = remove(&blobs, &store, AGE).await {
                tracing::warn!(%error, "orphans among the blobs stay for another day");
            }
        }
    };
    cancel.run_until_cancelled(daily).await;
}

#[cfg(test)]
mod tests {
    use std::{fs::File, path::Path, time::SystemTime};

    use chrono::Utc;
    use intake::{
        message::ReceivedBasis,
        ports::{Blobs, Draft, Ledger, Listed},
    };
    use store::record::Enrolment;

    use super::*;

    struct Scene {
        place: tempfile::TempDir,
        blobs: Folder,
        store: Store,
    }

    impl Scene {
        async fn new() -> Self {
            let place = tempfile::tempdir().unwrap();
            let store = Store::open(&format!("sqlite:{}", place.path().join("caibian.db").display())).await.unwrap();
            store.migrate().await.unwrap();
            let blobs = Folder::open(place.path().join("blobs")).await.unwrap();
            Self { place, blobs, store }
        }

        /// A blob that was written a day ago.
        async fn old(&self, bytes: &str) -> Sha256 {
            let mut draft = self.blobs.draft().await.unwrap();
            draft.append(bytes.as_bytes()).await.unwrap();
            let (sha256, _) = draft.commit().await.unwrap();
            let hex = sha256.hex();
            let path = self.place.path().join("blobs").join(&hex[..2]).join(&hex[2..4]).join(&hex);
            File::open::<&Path>(&path).unwrap().set_modified(SystemTime::now() - AGE).unwrap();
            sha256
        }

        /// Rows that name these blobs.
        async fn name(&self, hashes: &[Sha256]) {
            let now = Utc::now();
            let enrolment = Enrolment {
                name: "征稿".into(),
                kind: "folder".into(),
                address: "a@b.cn".into(),
                folders: vec!["INBOX".into()],
                answer_from: now,
            };
            let mailbox_id = self.store.mailbox_enrol(&enrolment).await.unwrap();
            let lease = self.store.lease_take(mailbox_id, "worker", AGE).await.unwrap().unwrap();
            let listed: Vec<Listed> = (1..=hashes.len() as u64)
                .map(|uid| Listed { uid, size_bytes: 1, received_at: now, received_basis: ReceivedBasis::FileTime })
                .collect();
            self.store.messages_seen(&lease, "INBOX", 1, &listed, now).await.unwrap();
            let due = self.store.messages_due(mailbox_id, now, 100).await.unwrap();
            for (message, sha256) in due.iter().zip(hashes) {
                self.store.message_stored(&lease, message, *sha256, 1).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn old_blobs_without_a_row_are_removed_and_no_others() {
        let scene = Scene::new().await;
        let named = [scene.old("one").await, scene.old("two").await];
        scene.name(&named).await;
        let orphan = scene.old("three").await;
        let mut draft = scene.blobs.draft().await.unwrap();
        draft.append(b"its row comes in a moment").await.unwrap();
        let (young, _) = draft.commit().await.unwrap();

        let found = find(&AnyBlobs::Folder(scene.blobs.clone()), &scene.store, AGE).await.unwrap();
        assert_eq!(found, Found { orphans: vec![orphan], named: 2 });
        assert_eq!(remove(&scene.blobs, &scene.store, AGE).await.unwrap(), 1);
        assert!(!scene.blobs.has(orphan).await.unwrap());
        for kept in [named[0], named[1], young] {
            assert!(scene.blobs.has(kept).await.unwrap(), "{kept}");
        }
        assert_eq!(remove(&scene.blobs, &scene.store, AGE).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn nothing_is_removed_by_tables_that_know_few_of_the_blobs() {
        let scene = Scene::new().await;
        let mut blobs = Vec::new();
        for bytes in ["one", "two", "three"] {
            blobs.push(scene.old(bytes).await);
        }
        scene.name(&blobs[..1]).await;
        assert_eq!(remove(&scene.blobs, &scene.store, AGE).await.unwrap(), 0);
        for kept in blobs {
            assert!(scene.blobs.has(kept).await.unwrap(), "{kept}");
        }
    }
}
