//! Wires the settings of the raw bytes to the room that keeps them.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use blobs::{Bucket, BucketDraft, BucketSettings, FileDraft, Folder, Verification};
use intake::ports::{Blobs, Draft, PortResult};
use privacy::{Keeps, Place};
use stdx::Sha256;
use store::Store;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    Failure, orphans,
    settings::{BlobSettings, S3Settings},
};

/// How often copies of a bucket's blobs are held against their bound, beside each time that some were added.
const TRIM_EVERY: Duration = Duration::from_secs(3600);

/// Either place, so that one program can keep them in both.
#[derive(Clone, Debug)]
pub enum AnyBlobs {
    /// A folder of this machine.
    Folder(Folder),
    /// A bucket, with a folder in front.
    Bucket(Bucket),
}

/// A draft in either.
#[derive(Debug)]
pub enum AnyDraft {
    /// On its way into a folder.
    Folder(FileDraft),
    /// On its way into a bucket.
    Bucket(BucketDraft),
}

/// Opens the place that the settings name.
///
/// # Errors
/// When the folder cannot be made, a file that the settings name cannot be read, or the bucket's settings cannot be used.
pub async fn open(settings: &BlobSettings) -> Result<AnyBlobs, Failure> {
    if !settings.s3.is_set() {
        return Ok(AnyBlobs::Folder(Folder::open(&settings.folder).await?));
    }
    let bucket = bucket_settings(&settings.s3, settings.cache_bytes_max)?;
    Ok(AnyBlobs::Bucket(Bucket::open(&settings.folder, &bucket).await?))
}

fn bucket_settings(s3: &S3Settings, cache_bytes_max: u64) -> Result<BucketSettings, Failure> {
    let read = |key: &str, file: &Path| {
        std::fs::read_to_string(file).map_err(|error| format!("setting blobs.s3.{key}: {}: {error}", file.display()))
    };
    let secret_access_key = if s3.secret_access_key_file.as_os_str().is_empty() {
        s3.secret_access_key.clone()
    } else {
        read("secret_access_key_file", &s3.secret_access_key_file)?.trim_end().to_owned().into()
    };
    let root = &s3.root_certificate_file;
    Ok(BucketSettings {
        bucket: s3.bucket.clone(),
        endpoint: s3.endpoint.clone(),
        region: s3.region.clone(),
        prefix: s3.prefix.clone(),
        bucket_in_host: s3.bucket_in_host,
        access_key_id: s3.access_key_id.clone(),
        secret_access_key,
        authorities: if root.as_os_str().is_empty() { None } else { Some(read("root_certificate_file", root)?) },
        cache_bytes_max,
    })
}

macro_rules! either {
    ($self:expr, $kind:ident, $blobs:ident => $call:expr) => {
        match $self {
            $kind::Folder($blobs) => $call,
            $kind::Bucket($blobs) => $call,
        }
    };
}

impl AnyBlobs {
    /// Hashes a blob again.
    pub async fn verify(&self, sha256: Sha256) -> Result<Verification, Failure> {
        Ok(either!(self, AnyBlobs, blobs => blobs.verify(sha256).await)?)
    }

    /// Bytes that may still be written on this machine, where drafts lie in either case.
    pub async fn free_bytes(&self) -> Result<u64, Failure> {
        Ok(either!(self, AnyBlobs, blobs => blobs.free_bytes().await)?)
    }

    /// Whether a bucket answers; a folder always does.
    pub async fn answers(&self) -> Result<(), Failure> {
        match self {
            AnyBlobs::Folder(_) => Ok(()),
            AnyBlobs::Bucket(bucket) => Ok(bucket.answers().await?),
        }
    }

    /// Blobs whose hash begins with this byte and that have not changed for `age`.
    pub async fn unchanged(&self, first_byte: u8, age: Duration) -> Result<Vec<Sha256>, Failure> {
        Ok(either!(self, AnyBlobs, blobs => blobs.unchanged(first_byte, age).await)?)
    }

    /// Tells in the log if the place does not answer, which keeps nobody from starting; then keeps it tidy until `cancel`.
    /// Of a folder, orphans and the blobs of erasures are removed by the worker. From a bucket nothing is removed, only copies on this machine.
    pub async fn tend(self, store: Store, is_worker: bool, cancel: CancellationToken) {
        let bucket = match self {
            AnyBlobs::Folder(folder) if is_worker => {
                let orphans = orphans::remove_daily(folder.clone(), store.clone(), cancel.clone());
                tokio::join!(orphans, privacy::resume_always(folder, store, cancel));
                return;
            }
            // What ends by itself ends the process.
            AnyBlobs::Folder(_) => return cancel.cancelled().await,
            AnyBlobs::Bucket(bucket) => bucket,
        };
        let tended = async {
            if let Err(error) = bucket.answers().await {
                tracing::warn!(%error, "no mail is recorded until the bucket answers");
            }
            let mut hours = interval(TRIM_EVERY);
            hours.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                hours.tick().await;
                if let Err(error) = bucket.trim().await {
                    tracing::warn!(%error, "copies of blobs stay for another hour");
                }
            }
        };
        cancel.run_until_cancelled(tended).await;
    }
}

impl Keeps for AnyBlobs {
    fn place(&self) -> Place<'_> {
        match self {
            AnyBlobs::Folder(folder) => Place::Folder(folder),
            AnyBlobs::Bucket(bucket) => Place::Bucket(bucket),
        }
    }
}

impl Blobs for AnyBlobs {
    type Draft = AnyDraft;

    async fn draft(&self) -> PortResult<AnyDraft> {
        Ok(match self {
            AnyBlobs::Folder(folder) => AnyDraft::Folder(folder.draft().await?),
            AnyBlobs::Bucket(bucket) => AnyDraft::Bucket(bucket.draft().await?),
        })
    }

    async fn adopt(&self, file: &Path, sha256: Sha256) -> PortResult<()> {
        either!(self, AnyBlobs, blobs => blobs.adopt(file, sha256).await)
    }

    async fn path(&self, sha256: Sha256) -> PortResult<PathBuf> {
        either!(self, AnyBlobs, blobs => blobs.path(sha256).await)
    }

    async fn workdir(&self) -> PortResult<PathBuf> {
        either!(self, AnyBlobs, blobs => blobs.workdir().await)
    }

    async fn has(&self, sha256: Sha256) -> PortResult<bool> {
        either!(self, AnyBlobs, blobs => blobs.has(sha256).await)
    }
}

impl Draft for AnyDraft {
    async fn append(&mut self, bytes: &[u8]) -> PortResult<()> {
        either!(self, AnyDraft, draft => draft.append(bytes).await)
    }

    async fn sha256(&mut self) -> PortResult<Sha256> {
        either!(self, AnyDraft, draft => draft.sha256().await)
    }

    async fn commit(self) -> PortResult<(Sha256, u64)> {
        either!(self, AnyDraft, draft => draft.commit().await)
    }
}
