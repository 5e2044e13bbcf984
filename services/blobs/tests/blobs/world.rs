//! Folders and buckets to hold the promises against.

use std::{
    fs::{self, File, FileTimes},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use blobs::{Bucket, BucketSettings};
use intake::ports::{Blobs, Draft, PortResult};
use stdx::Sha256;

use crate::server::{BUCKET, KEY_ID, Server};

/// A bucket with a server of its own, and the folder in front of it.
pub struct World {
    pub place: tempfile::TempDir,
    pub server: Server,
    pub bucket: Bucket,
}

impl World {
    pub async fn new() -> Self {
        Self::with_cache(1 << 40).await
    }

    pub async fn with_cache(cache_bytes_max: u64) -> Self {
        let place = tempfile::tempdir().unwrap();
        let server = Server::start().await;
        let bucket = open(place.path(), &server.address, cache_bytes_max).await;
        Self { place, server, bucket }
    }

    /// Another machine's view: the same bucket and an empty cache.
    pub async fn elsewhere(&self) -> (tempfile::TempDir, Bucket) {
        let place = tempfile::tempdir().unwrap();
        let bucket = open(place.path(), &self.server.address, 1 << 40).await;
        (place, bucket)
    }

    /// Another process on this machine: the same cache, with a bound of its own.
    pub async fn beside(&self, cache_bytes_max: u64) -> Bucket {
        open(self.place.path(), &self.server.address, cache_bytes_max).await
    }

    pub fn copy(&self, sha256: Sha256) -> PathBuf {
        self.place.path().join(below(sha256))
    }

    pub fn leftovers(&self) -> usize {
        fs::read_dir(self.place.path().join("tmp")).unwrap().count()
    }

    /// The bytes that the bucket itself has.
    pub fn kept(&self, sha256: Sha256) -> Option<Vec<u8>> {
        self.server.with(|state| state.objects.get(&key(sha256)).map(|(bytes, _)| bytes.to_vec()))
    }
}

pub async fn open(place: &Path, endpoint: &str, cache_bytes_max: u64) -> Bucket {
    let settings = BucketSettings {
        bucket: BUCKET.into(),
        endpoint: endpoint.into(),
        region: "cn-hangzhou".into(),
        prefix: "office/mail".into(),
        bucket_in_host: false,
        access_key_id: KEY_ID.into(),
        secret_access_key: "SECRET-KEY".to_owned().into(),
        authorities: None,
        cache_bytes_max,
    };
    Bucket::open(place, &settings).await.unwrap()
}

fn below(sha256: Sha256) -> String {
    let hex = sha256.hex();
    format!("{}/{}/{hex}", &hex[..2], &hex[2..4])
}

pub fn key(sha256: Sha256) -> String {
    format!("office/mail/{}", below(sha256))
}

pub async fn try_put<B: Blobs>(blobs: &B, bytes: &[u8]) -> PortResult<Sha256> {
    let mut draft = blobs.draft().await?;
    for window in bytes.chunks(700_001) {
        draft.append(window).await?;
    }
    let (sha256, size_bytes) = draft.commit().await?;
    assert_eq!((sha256, size_bytes), (Sha256::of(bytes), bytes.len() as u64));
    Ok(sha256)
}

pub async fn put<B: Blobs>(blobs: &B, bytes: &[u8]) -> Sha256 {
    try_put(blobs, bytes).await.unwrap()
}

pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(length)
    .collect()
}

pub fn age(path: &Path, by: Duration) {
    let at = FileTimes::new().set_modified(SystemTime::now() - by);
    File::open(path).unwrap().set_times(at).unwrap();
}
