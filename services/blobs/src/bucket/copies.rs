//! The copies that a bucket has on this machine: how many bytes they are, and which of them go.

use std::{
    collections::BinaryHeap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::task::spawn_blocking;

use crate::{Error, folder::Tree};

/// A copy that was used within this time stays, whatever the bound says: somebody may be about to open it.
pub const USED_LATELY: Duration = Duration::from_secs(3600);

/// Copies that one run may remove. It knows of so many and no more, so that a cache of any size is walked in bounded
/// memory; the next run goes on.
const CANDIDATES_MAX: usize = 100_000;

/// The part of the bound that a run frees beyond it, so that not every new copy asks for another.
const FREED_PART: u64 = 8;

#[derive(Clone, Debug)]
pub(super) struct Copies {
    known: Arc<Known>,
}

#[derive(Debug)]
struct Known {
    tree: Arc<Tree>,
    bytes_max: u64,
    /// What the last run left, and what this process added since.
    bytes: AtomicU64,
    /// At how many bytes the next run is due.
    due_bytes: AtomicU64,
    is_running: AtomicBool,
}

impl Copies {
    /// The first run is due with the first copy: what is there already is not known.
    pub fn new(tree: Arc<Tree>, bytes_max: u64) -> Self {
        let known = Known {
            tree,
            bytes_max,
            bytes: 0.into(),
            due_bytes: AtomicU64::new(0),
            is_running: AtomicBool::new(false),
        };
        Self { known: Arc::new(known) }
    }

    /// Counts a new copy; begins a run in the background when one is due.
    pub fn added(&self, size_bytes: u64) {
        let known = &self.known;
        let bytes = known.bytes.fetch_add(size_bytes, Ordering::Relaxed).saturating_add(size_bytes);
        if bytes < known.due_bytes.load(Ordering::Relaxed) || known.is_running.swap(true, Ordering::AcqRel) {
            return;
        }
        let copies = self.clone();
        tokio::spawn(async move {
            if let Err(error) = copies.trim().await {
                tracing::warn!(%error, "the copies of blobs are not kept within their bound");
            }
            copies.known.is_running.store(false, Ordering::Release);
        });
    }

    pub async fn trim(&self) -> Result<u64, Error> {
        let known = self.known.clone();
        spawn_blocking(move || {
            let left = known.trim()?;
            known.bytes.store(left, Ordering::Relaxed);
            let due = if left > known.bytes_max { left.saturating_add(known.slack()) } else { known.bytes_max };
            known.due_bytes.store(due.max(1), Ordering::Relaxed);
            Ok(left)
        })
        .await?
    }
}

impl Known {
    fn slack(&self) -> u64 {
        self.bytes_max / FREED_PART
    }

    fn trim(&self) -> Result<u64, Error> {
        let (mut bytes, mut oldest) = (0_u64, BinaryHeap::new());
        for first_byte in 0..=u8::MAX {
            for copy in self.tree.blobs(first_byte)? {
                bytes += copy.size_bytes;
                oldest.push(copy);
                if oldest.len() > CANDIDATES_MAX {
                    oldest.pop();
                }
            }
        }
        if bytes <= self.bytes_max {
            return Ok(bytes);
        }
        let mut removed = 0_u64;
        for copy in oldest.into_sorted_vec() {
            if bytes <= self.bytes_max - self.slack() {
                break;
            }
            if self.tree.remove_unchanged(copy.sha256, USED_LATELY)? {
                bytes -= copy.size_bytes;
                removed += 1;
            } else if !self.tree.has(copy.sha256)? {
                // Another run has removed it since it was looked at: nothing more has to go in its place.
                bytes -= copy.size_bytes;
            }
        }
        if bytes > self.bytes_max {
            tracing::warn!(
                bytes,
                bytes_max = self.bytes_max,
                "copies of blobs that were used lately exceed their bound"
            );
        }
        tracing::debug!(removed, bytes, "removed copies of blobs");
        Ok(bytes)
    }
}
