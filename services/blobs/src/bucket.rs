//! Blobs in a bucket of an S3 server, with a folder of this machine in front: bytes are written there first, and copies
//! of what was used last stay there.

mod copies;
mod http;
mod remote;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use futures::StreamExt;
use intake::ports::{Blobs, Draft, PortError, PortResult};
use secrecy::SecretString;
use sha2::Digest;
use stdx::{Sha256, crash};

pub use self::copies::USED_LATELY;
use self::{copies::Copies, remote::Remote};
use crate::{
    Error, FileDraft, Folder, Verification,
    folder::{Tree, blocking},
};

/// Downloads that may be under way before the list of them is cleared of those that ended.
const TURNS_MAX: usize = 64;

/// Where the bucket is, and who asks.
#[derive(Clone, Debug)]
pub struct BucketSettings {
    /// The bucket's name.
    pub bucket: String,
    /// The server, such as `https://s3.example.cn`; empty: that of AWS in the region.
    pub endpoint: String,
    /// The region that requests are signed for.
    pub region: String,
    /// What keys begin with, without a slash at its ends; may be empty.
    pub prefix: String,
    /// Whether the bucket's name stands in the host (`https://BUCKET.HOST/KEY`) instead of the path.
    pub bucket_in_host: bool,
    /// The name of the key that requests are signed with.
    pub access_key_id: String,
    /// The key itself.
    pub secret_access_key: SecretString,
    /// A PEM text of authorities beside the usual ones.
    pub authorities: Option<String>,
    /// Bytes of copies on this machine from which the least recently used ones go.
    pub cache_bytes_max: u64,
}

/// Blobs in a bucket. A blob is durable once the bucket has it, and no sooner said to be.
#[derive(Clone, Debug)]
pub struct Bucket {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    cache: Folder,
    copies: Copies,
    remote: Remote,
    turns: Mutex<HashMap<Sha256, Weak<tokio::sync::Mutex<()>>>>,
}

/// A draft on this machine, on its way to the bucket.
#[derive(Debug)]
pub struct BucketDraft {
    draft: FileDraft,
    shared: Arc<Shared>,
}

impl Bucket {
    /// Opens the folder in front of the bucket, as [`Folder::open`] does. Asks the bucket nothing: that it is down now
    /// keeps nobody from starting.
    ///
    /// # Errors
    /// `Invalid` when the settings cannot be used; otherwise as [`Folder::open`].
    pub async fn open(cache: impl Into<PathBuf>, settings: &BucketSettings) -> Result<Self, Error> {
        let remote = Remote::new(settings)?;
        let cache = Folder::open(cache).await?;
        let copies = Copies::new(cache.tree(), settings.cache_bytes_max);
        Ok(Self { shared: Arc::new(Shared { cache, copies, remote, turns: Mutex::default() }) })
    }

    /// Asks the bucket for something, to see whether it answers us.
    ///
    /// # Errors
    /// `Unavailable` with the reason when it does not.
    pub async fn answers(&self) -> Result<(), Error> {
        self.shared.remote.get(Sha256::of(b"")).await.map(|_| ())
    }

    /// Hashes the bucket's bytes of a blob again, as they come. A copy on this machine that is damaged is removed.
    ///
    /// # Errors
    /// `Unavailable` when the bucket does not give them.
    pub async fn verify(&self, sha256: Sha256) -> Result<Verification, Error> {
        if self.shared.cache.verify(sha256).await? == Verification::Corrupt {
            self.shared.cache.remove_unchanged(sha256, Duration::ZERO).await?;
            tracing::warn!(%sha256, "a copy of this machine was damaged and is removed; the bucket's bytes count");
        }
        let Some(mut bytes) = self.shared.remote.get(sha256).await? else { return Ok(Verification::Missing) };
        let mut hasher = sha2::Sha256::new();
        while let Some(piece) = bytes.next().await {
            hasher.update(&piece?);
        }
        Ok(if Sha256::finish(hasher) == sha256 { Verification::Ok } else { Verification::Corrupt })
    }

    /// Blobs of the bucket whose hash begins with this byte and that are at least so old, in no order.
    ///
    /// # Errors
    /// `Unavailable` when the bucket does not list them.
    pub async fn unchanged(&self, first_byte: u8, age: Duration) -> Result<Vec<Sha256>, Error> {
        self.shared.remote.unchanged(first_byte, age).await
    }

    /// Removes a blob from the bucket, and its copy on this machine; one that is not there stays so. In a bucket nobody can
    /// lock out another who finds the blob there and counts on it: only for a caller who knows that no worker runs.
    ///
    /// # Errors
    /// `Unavailable` when the bucket does not remove it.
    pub async fn remove(&self, sha256: Sha256) -> Result<(), Error> {
        self.shared.remote.remove(sha256).await?;
        self.shared.cache.remove_unchanged(sha256, Duration::ZERO).await?;
        Ok(())
    }

    /// Bytes that may still be written into the folder in front of the bucket.
    ///
    /// # Errors
    /// As [`Folder::free_bytes`].
    pub async fn free_bytes(&self) -> Result<u64, Error> {
        self.shared.cache.free_bytes().await
    }

    /// Removes the copies of this machine that were used least recently, until the others are within the bound; never
    /// one that was used within [`crate::USED_LATELY`]. Happens by itself as copies are added. Gives the bytes that stay.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be listed.
    pub async fn trim(&self) -> Result<u64, Error> {
        self.shared.copies.trim().await
    }
}

impl Shared {
    /// The copy of this machine, which counts as used now.
    async fn copy(&self, sha256: Sha256) -> PortResult<Option<PathBuf>> {
        let tree = self.cache.tree();
        blocking(move || Ok(tree.renew(sha256, None)?.then(|| tree.path(sha256)))).await
    }

    /// Who comes second for a blob waits for the first, and finds the copy.
    fn turn(&self, sha256: Sha256) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(&sha256).and_then(Weak::upgrade) {
            return turn;
        }
        if turns.len() >= TURNS_MAX {
            turns.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::default();
        turns.insert(sha256, Arc::downgrade(&turn));
        turn
    }

    /// Brings a blob here. Bytes of another hash are thrown away.
    async fn fetch(&self, sha256: Sha256) -> Result<(), Error> {
        let Some(mut bytes) = self.remote.get(sha256).await? else { return Err(Error::Missing(sha256)) };
        let mut draft = self.cache.begin().await?;
        while let Some(piece) = bytes.next().await {
            draft.append_bytes(&piece?).await?;
        }
        let sealed = draft.seal().await?;
        if sealed.sha256 != sha256 {
            return Err(Error::Damaged { sha256, found: sealed.sha256 });
        }
        let size_bytes = sealed.size_bytes;
        sealed.place().await?;
        self.copies.added(size_bytes);
        Ok(())
    }
}

impl Blobs for Bucket {
    type Draft = BucketDraft;

    async fn draft(&self) -> PortResult<BucketDraft> {
        Ok(BucketDraft { draft: self.shared.cache.begin().await?, shared: self.shared.clone() })
    }

    async fn adopt(&self, file: &Path, sha256: Sha256) -> PortResult<()> {
        let path = file.to_owned();
        let plain = match blocking(move || Ok(Tree::open_plain(&path))).await? {
            Err(error) if error.is_not_found() && self.has(sha256).await? => return Ok(()),
            opened => opened?,
        };
        let (opened, size_bytes) = (Arc::new(plain.file), plain.size_bytes);
        self.shared.remote.keep(&opened, file, sha256, size_bytes).await?;
        crash::point("C5b");
        let (tree, path) = (self.shared.cache.tree(), file.to_owned());
        blocking(move || tree.place(&opened, &path, sha256, size_bytes)).await?;
        self.shared.copies.added(size_bytes);
        Ok(())
    }

    async fn path(&self, sha256: Sha256) -> PortResult<PathBuf> {
        if let Some(path) = self.shared.copy(sha256).await? {
            return Ok(path);
        }
        let turn = self.shared.turn(sha256);
        let _held = turn.lock().await;
        if let Some(path) = self.shared.copy(sha256).await? {
            return Ok(path);
        }
        self.shared.fetch(sha256).await?;
        Ok(self.shared.cache.tree().path(sha256))
    }

    async fn workdir(&self) -> PortResult<PathBuf> {
        self.shared.cache.workdir().await
    }

    async fn has(&self, sha256: Sha256) -> PortResult<bool> {
        Ok(self.shared.remote.size_bytes(sha256).await?.is_some())
    }
}

impl Draft for BucketDraft {
    async fn append(&mut self, bytes: &[u8]) -> PortResult<()> {
        self.draft.append_bytes(bytes).await.map_err(PortError::from)
    }

    async fn sha256(&mut self) -> PortResult<Sha256> {
        self.draft.hash().await.map_err(PortError::from)
    }

    async fn commit(self) -> PortResult<(Sha256, u64)> {
        let sealed = self.draft.seal().await?;
        self.shared.remote.keep(&sealed.file, &sealed.path, sealed.sha256, sealed.size_bytes).await?;
        crash::point("C5b");
        let kept = (sealed.sha256, sealed.size_bytes);
        sealed.place().await?;
        self.shared.copies.added(kept.1);
        Ok(kept)
    }
}
