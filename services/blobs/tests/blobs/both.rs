//! What the worker and the API may count on, wherever the bytes lie.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use blobs::{Folder, Verification};
use intake::ports::{Blobs, Draft};
use stdx::{ErrorKind, Sha256};

use crate::world::{World, noise, put};

/// Lengths around the buffers of a draft and the parts of an upload (8 MiB).
const LENGTHS: [usize; 8] = [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 8 << 20, (8 << 20) + 1, 20_000_000];

async fn folder() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).await.unwrap();
    (place, folder)
}

async fn read<B: Blobs>(blobs: &B, sha256: Sha256) -> Vec<u8> {
    fs::read(blobs.path(sha256).await.unwrap()).unwrap()
}

#[tokio::test]
async fn bytes_of_any_length_come_back_under_their_hash() {
    let (_place, folder) = folder().await;
    let world = World::new().await;
    let (_elsewhere, second) = world.elsewhere().await;
    for length in LENGTHS {
        let bytes = noise(length);
        let sha256 = put(&folder, &bytes).await;
        assert_eq!(put(&world.bucket, &bytes).await, sha256);
        assert!(folder.has(sha256).await.unwrap() && world.bucket.has(sha256).await.unwrap());
        assert!(read(&folder, sha256).await == bytes, "{length} bytes");
        assert!(read(&world.bucket, sha256).await == bytes, "{length} bytes");
        assert!(read(&second, sha256).await == bytes, "{length} bytes");
        assert!(world.kept(sha256).unwrap() == bytes, "{length} bytes");
        assert_eq!(folder.verify(sha256).await.unwrap(), Verification::Ok);
        assert_eq!(second.verify(sha256).await.unwrap(), Verification::Ok);
    }
    assert_eq!(world.leftovers(), 0);
    assert!(world.server.with(|state| state.uploads.is_empty()));
}

async fn a_missing_blob_is_told(blobs: &impl Blobs) {
    let sha256 = Sha256::of(b"never written");
    assert!(!blobs.has(sha256).await.unwrap());
    assert_eq!(blobs.path(sha256).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_blob_that_is_not_there_is_told_as_missing() {
    let (_place, folder) = folder().await;
    a_missing_blob_is_told(&folder).await;
    let world = World::new().await;
    a_missing_blob_is_told(&world.bucket).await;
    assert_eq!(world.bucket.verify(Sha256::of(b"never written")).await.unwrap(), Verification::Missing);
}

async fn a_dropped_draft_is_nowhere(blobs: &impl Blobs) {
    let bytes = noise(3_000_000);
    let mut draft = blobs.draft().await.unwrap();
    draft.append(&bytes).await.unwrap();
    drop(draft);
    assert!(!blobs.has(Sha256::of(&bytes)).await.unwrap());
}

#[tokio::test]
async fn a_dropped_draft_leaves_nothing() {
    let (_place, folder) = folder().await;
    a_dropped_draft_is_nowhere(&folder).await;
    let world = World::new().await;
    a_dropped_draft_is_nowhere(&world.bucket).await;
    assert_eq!(world.leftovers(), 0);
}

async fn files_are_adopted(blobs: &impl Blobs) {
    let workdir = blobs.workdir().await.unwrap();
    for length in [0, 50_000, 9_000_000] {
        let bytes = noise(length);
        let sha256 = Sha256::of(&bytes);
        let file = workdir.join(sha256.hex());
        for _ in 0..2 {
            fs::write(&file, &bytes).unwrap();
            blobs.adopt(&file, sha256).await.unwrap();
            assert!(!file.exists());
        }
        blobs.adopt(&file, sha256).await.unwrap();
        assert!(read(blobs, sha256).await == bytes);
    }
    let secret: PathBuf = workdir.join("secret");
    fs::write(&secret, "a password").unwrap();
    symlink(&secret, workdir.join("link")).unwrap();
    let sha256 = Sha256::of(b"a password");
    assert_eq!(blobs.adopt(&workdir.join("link"), sha256).await.unwrap_err().kind, ErrorKind::Invalid);
    assert_eq!(blobs.adopt(&workdir, sha256).await.unwrap_err().kind, ErrorKind::Invalid);
    assert_eq!(blobs.adopt(&workdir.join("absent"), sha256).await.unwrap_err().kind, ErrorKind::Unavailable);
    assert!(!blobs.has(sha256).await.unwrap());
    fs::remove_dir_all(&workdir).unwrap();
}

#[tokio::test]
async fn a_file_is_adopted_once_or_twice_and_a_link_never() {
    let (_place, folder) = folder().await;
    files_are_adopted(&folder).await;
    let world = World::new().await;
    files_are_adopted(&world.bucket).await;
    assert_eq!(world.leftovers(), 0);
}
