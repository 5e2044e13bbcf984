//! The bucket itself: keys, uploads whole or in parts, downloads as they come, and what a failure of its server means.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path, sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use hyper::body::Bytes;
use object_store::{
    BackoffConfig, MultipartUpload, ObjectStore, ObjectStoreExt, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path as Key,
};
use secrecy::ExposeSecret;
use sha2::Digest;
use stdx::Sha256;
use tokio::{
    runtime::Handle,
    sync::Semaphore,
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

use super::{BucketSettings, http::Connector};
use crate::error::{Doing, Error};

/// A part of an upload, the least that S3 takes; what is not longer goes up at once. With those below it bounds the memory
/// of all uploads.
const PART_BYTES: u64 = 5 * 1024 * 1024;
/// Parts of one upload on their way at once.
const PARTS_AT_ONCE: usize = 2;
/// Uploads at once.
const UPLOADS_AT_ONCE: usize = 2;
/// Parts that S3 takes.
const PARTS_MAX: u64 = 10_000;
/// More than can have been put there.
const BLOB_BYTES_MAX: u64 = PARTS_MAX * PART_BYTES;

/// Tries of one request beside the first, and until when one begins. What fails for longer is for the worker to wait out.
const RETRIES: usize = 2;
const RETRY_WITHIN: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// How long it is tried to take an upload back.
const ABORT_WITHIN: Duration = Duration::from_secs(10);

/// Characters of a server's own words in an error.
const WORDS_MAX: usize = 200;

pub(super) struct Remote {
    store: AmazonS3,
    name: String,
    prefix: String,
    uploads: Semaphore,
}

/// Not the store: it would show the key that requests are signed with.
impl std::fmt::Debug for Remote {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Remote").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Remote {
    pub fn new(settings: &BucketSettings) -> Result<Self, Error> {
        let BucketSettings { bucket, endpoint, region, .. } = settings;
        let endpoint = match endpoint.trim_end_matches('/') {
            "" => format!("https://s3.{region}.amazonaws.com"),
            endpoint => endpoint.to_owned(),
        };
        let (scheme, host) = endpoint
            .split_once("://")
            .filter(|(scheme, _)| ["http", "https"].contains(scheme))
            .ok_or_else(|| Error::Settings("the endpoint is no http:// or https:// address".into()))?;
        let endpoint = if settings.bucket_in_host { format!("{scheme}://{bucket}.{host}") } else { endpoint.clone() };
        let store = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_endpoint(endpoint)
            .with_virtual_hosted_style_request(settings.bucket_in_host)
            .with_region(region)
            .with_access_key_id(&settings.access_key_id)
            .with_secret_access_key(settings.secret_access_key.expose_secret())
            .with_http_connector(Connector::new(settings.authorities.as_deref(), scheme == "http")?)
            .with_retry(RetryConfig {
                backoff: BackoffConfig { init_backoff: FIRST_PAUSE, max_backoff: LONGEST_PAUSE, base: 2.0 },
                max_retries: RETRIES,
                retry_timeout: RETRY_WITHIN,
            })
            .build()
            .map_err(|error| Error::Settings(told(&error)))?;
        let prefix = if settings.prefix.is_empty() { String::new() } else { format!("{}/", settings.prefix) };
        Ok(Self { store, name: format!("bucket {bucket}"), prefix, uploads: Semaphore::new(UPLOADS_AT_ONCE) })
    }

    fn key(&self, sha256: Sha256) -> Key {
        let hex = sha256.hex();
        Key::from(format!("{}{}/{}/{hex}", self.prefix, &hex[..2], &hex[2..4]))
    }

    fn failed(&self, doing: &'static str, error: &object_store::Error) -> Error {
        Error::Bucket { doing, name: self.name.clone(), detail: told(error) }
    }

    /// How many bytes the bucket has of a blob, if it has it.
    pub async fn size_bytes(&self, sha256: Sha256) -> Result<Option<u64>, Error> {
        match self.store.head(&self.key(sha256)).await {
            Ok(known) => Ok(Some(known.size)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.failed("look into", &error)),
        }
    }

    /// The bytes of a blob, as they come; none when the bucket has no such blob.
    pub async fn get(&self, sha256: Sha256) -> Result<Option<BoxStream<'static, Result<Bytes, Error>>>, Error> {
        let got = match self.store.get(&self.key(sha256)).await {
            Ok(got) => got,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(self.failed("read from", &error)),
        };
        if got.meta.size > BLOB_BYTES_MAX {
            return Err(Error::TooLarge { sha256, size_bytes: got.meta.size });
        }
        let name = self.name.clone();
        let failed = move |error: object_store::Error| Error::Bucket {
            doing: "read from",
            name: name.clone(),
            detail: told(&error),
        };
        Ok(Some(got.into_stream().map_err(failed).boxed()))
    }

    /// Sees to it that the bucket has a blob. What is there in this size already is not sent again.
    pub async fn keep(&self, file: &Arc<File>, path: &Path, sha256: Sha256, size_bytes: u64) -> Result<(), Error> {
        if size_bytes > BLOB_BYTES_MAX {
            return Err(Error::TooLarge { sha256, size_bytes });
        }
        if self.size_bytes(sha256).await? == Some(size_bytes) {
            return Ok(());
        }
        let _turn = self.uploads.acquire().await.expect("nobody closes it");
        let key = self.key(sha256);
        let failed = |error: object_store::Error| self.failed("write to", &error);
        let mut bytes = Reading { file, path, offset: 0, left: size_bytes, hasher: sha2::Sha256::new() };
        if size_bytes <= PART_BYTES {
            let whole = bytes.part().await?;
            bytes.end(sha256)?;
            return self.store.put(&key, whole.into()).await.map(|_| ()).map_err(failed);
        }
        let mut upload = Upload::new(self.store.put_multipart(&key).await.map_err(failed)?);
        let sent: Result<(), Error> = async {
            while bytes.left > 0 {
                let part = bytes.part().await?;
                upload.send(part).await.map_err(failed)?;
            }
            bytes.end(sha256)?;
            upload.complete().await.map_err(failed)
        }
        .await;
        if sent.is_err() {
            upload.abort().await;
        }
        sent
    }

    /// Removes a blob; one that is not there stays so.
    pub async fn remove(&self, sha256: Sha256) -> Result<(), Error> {
        match self.store.delete(&self.key(sha256)).await {
            Err(error) if !is_missing(&error) => Err(self.failed("remove from", &error)),
            _ => Ok(()),
        }
    }

    /// Blobs that begin with this byte and are at least so old.
    pub async fn unchanged(&self, first_byte: u8, age: Duration) -> Result<Vec<Sha256>, Error> {
        let below = Key::from(format!("{}{first_byte:02x}", self.prefix));
        let until = Utc::now() - TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX);
        let mut listed = self.store.list(Some(&below));
        let mut found = Vec::new();
        while let Some(object) = listed.next().await {
            let object = object.map_err(|error| self.failed("list", &error))?;
            let sha256 = object.location.filename().and_then(|name| name.parse::<Sha256>().ok());
            // What else may lie there is not ours.
            if let Some(sha256) = sha256.filter(|sha256| self.key(*sha256) == object.location)
                && object.last_modified <= until
            {
                found.push(sha256);
            }
        }
        Ok(found)
    }
}

/// A file that is read part by part and hashed once more on its way.
struct Reading<'a> {
    file: &'a Arc<File>,
    path: &'a Path,
    offset: u64,
    left: u64,
    hasher: sha2::Sha256,
}

impl Reading<'_> {
    async fn part(&mut self) -> Result<Vec<u8>, Error> {
        let length = self.left.min(PART_BYTES);
        let (file, offset, mut hasher) = (self.file.clone(), self.offset, self.hasher.clone());
        let read = spawn_blocking(move || -> io::Result<_> {
            let mut bytes = vec![0; usize::try_from(length).expect("a part fits into memory")];
            file.read_exact_at(&mut bytes, offset)?;
            // A long upload is no leftover of a crash.
            file.set_modified(std::time::SystemTime::now())?;
            hasher.update(&bytes);
            Ok((bytes, hasher))
        });
        let (bytes, hasher) = read.await?.doing("read", self.path)?;
        self.hasher = hasher;
        self.offset += length;
        self.left -= length;
        Ok(bytes)
    }

    /// Nothing goes under a name that is not its hash.
    fn end(&mut self, sha256: Sha256) -> Result<(), Error> {
        let found = Sha256::finish(std::mem::take(&mut self.hasher));
        if found == sha256 { Ok(()) } else { Err(Error::OtherBytes { path: self.path.to_owned(), sha256, found }) }
    }
}

/// An upload in parts. Dropped before its end, also by a caller that lost patience, it is taken back.
struct Upload {
    upload: Option<Box<dyn MultipartUpload>>,
    parts: JoinSet<object_store::Result<()>>,
}

impl Upload {
    fn new(upload: Box<dyn MultipartUpload>) -> Self {
        Self { upload: Some(upload), parts: JoinSet::new() }
    }

    async fn send(&mut self, part: Vec<u8>) -> object_store::Result<()> {
        self.wait(PARTS_AT_ONCE - 1).await?;
        if let Some(upload) = &mut self.upload {
            self.parts.spawn(upload.put_part(part.into()));
        }
        Ok(())
    }

    /// Until at most so many parts are on their way.
    async fn wait(&mut self, at_most: usize) -> object_store::Result<()> {
        while self.parts.len() > at_most {
            if let Some(sent) = self.parts.join_next().await {
                sent.map_err(object_store::Error::from)??;
            }
        }
        Ok(())
    }

    async fn complete(&mut self) -> object_store::Result<()> {
        self.wait(0).await?;
        if let Some(upload) = &mut self.upload {
            upload.complete().await?;
        }
        self.upload = None;
        Ok(())
    }

    async fn abort(&mut self) {
        self.parts.shutdown().await;
        if let Some(upload) = self.upload.take() {
            take_back(upload).await;
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.parts.abort_all();
        if let (Some(upload), Ok(runtime)) = (self.upload.take(), Handle::try_current()) {
            runtime.spawn(take_back(upload));
        }
    }
}

async fn take_back(mut upload: Box<dyn MultipartUpload>) {
    let why = match timeout(ABORT_WITHIN, upload.abort()).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => told(&error),
        Err(_) => "no answer in time".into(),
    };
    tracing::warn!(why, "parts of an upload that failed stay in the bucket until its rules remove them");
}

/// Whether the bucket has no such blob; a bucket that is not there itself is another matter.
fn is_missing(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. }) && !error.to_string().contains("NoSuchBucket")
}

/// A failure in few words: the server's status and code, or what the line said. Its whole answer may hold what was signed.
fn told(error: &object_store::Error) -> String {
    let whole = error.to_string();
    let between = |from: &str, to: &str| {
        let (_, rest) = whole.split_once(from)?;
        rest.split_once(to).map(|(found, _)| found.to_owned())
    };
    let status = between("status code: ", ":");
    let code = between("<Code>", "</Code>");
    let words = match (status, code) {
        (None, None) => {
            let mut deepest: &dyn std::error::Error = error;
            while let Some(source) = deepest.source() {
                deepest = source;
            }
            deepest.to_string()
        }
        (status, code) => {
            [Some("the server answers".into()), status, code].into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
    };
    let words: String = words.chars().filter(|character| !character.is_control()).take(WORDS_MAX).collect();
    words
}
