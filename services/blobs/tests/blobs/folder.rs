//! Promises of a folder of blobs, on a real file system.

use std::{
    fs::{self, File, FileTimes},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use blobs::{Folder, Verification};
use intake::ports::{Blobs, Draft};
use stdx::{ErrorKind, Sha256};

use crate::world::noise;

async fn folder() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path().join("deep/blobs")).await.unwrap();
    (place, folder)
}

fn root(place: &tempfile::TempDir) -> PathBuf {
    place.path().join("deep/blobs")
}

fn leftovers(place: &tempfile::TempDir) -> usize {
    fs::read_dir(root(place).join("tmp")).unwrap().count()
}

async fn put(folder: &Folder, bytes: &[u8]) -> Sha256 {
    let mut draft = folder.draft().await.unwrap();
    for window in bytes.chunks(700_001) {
        draft.append(window).await.unwrap();
    }
    let (sha256, size_bytes) = draft.commit().await.unwrap();
    assert_eq!((sha256, size_bytes), (Sha256::of(bytes), bytes.len() as u64));
    sha256
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn age(path: &Path, by: Duration) {
    let at = FileTimes::new().set_modified(SystemTime::now() - by);
    File::open(path).unwrap().set_times(at).unwrap();
}

#[tokio::test]
async fn bytes_of_any_length_come_back_under_their_hash() {
    let (place, folder) = folder().await;
    for length in [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5_000_000] {
        let bytes = noise(length);
        let sha256 = put(&folder, &bytes).await;
        assert!(folder.has(sha256).await.unwrap());
        assert!(fs::read(folder.path(sha256).await.unwrap()).unwrap() == bytes, "{length} bytes");
        assert_eq!(folder.verify(sha256).await.unwrap(), Verification::Ok);
    }
    assert_eq!(leftovers(&place), 0);
}

#[tokio::test]
async fn a_blob_lies_two_levels_down_and_only_its_owner_may_read_it() {
    let (place, folder) = folder().await;
    let sha256 = put(&folder, "稿件".as_bytes()).await;
    let hex = sha256.hex();
    let path = root(&place).join(&hex[..2]).join(&hex[2..4]).join(&hex);
    assert_eq!(folder.path(sha256).await.unwrap(), path);
    assert_eq!(mode(&path), 0o600);
    for above in path.ancestors().skip(1).take(4) {
        assert_eq!(mode(above), 0o700, "{}", above.display());
    }
}

#[tokio::test]
async fn a_blob_that_is_not_there_is_told_as_missing() {
    let (_place, folder) = folder().await;
    let sha256 = Sha256::of(b"never written");
    assert!(!folder.has(sha256).await.unwrap());
    assert_eq!(folder.path(sha256).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(folder.verify(sha256).await.unwrap(), Verification::Missing);
}

#[tokio::test]
async fn a_dropped_draft_leaves_nothing() {
    let (place, folder) = folder().await;
    let mut draft = folder.draft().await.unwrap();
    draft.append(&noise(3_000_000)).await.unwrap();
    assert_eq!(leftovers(&place), 1);
    drop(draft);
    assert_eq!(leftovers(&place), 0);
    assert!(!folder.has(Sha256::of(&noise(3_000_000))).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_from_many_hands_at_once_are_one_blob() {
    let (place, folder) = folder().await;
    let bytes = noise(2_500_000);
    futures_of(8, |_| {
        let (folder, bytes) = (folder.clone(), bytes.clone());
        async move { put(&folder, &bytes).await }
    })
    .await;
    let sha256 = Sha256::of(&bytes);
    assert_eq!(folder.verify(sha256).await.unwrap(), Verification::Ok);
    let beside = folder.path(sha256).await.unwrap();
    assert_eq!(fs::read_dir(beside.parent().unwrap()).unwrap().count(), 1);
    assert_eq!(leftovers(&place), 0);
}

async fn futures_of<F: Future<Output = Sha256> + Send + 'static>(count: usize, make: impl Fn(usize) -> F) {
    let tasks: Vec<_> = (0..count).map(|index| tokio::spawn(make(index))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn changed_bytes_are_found_and_a_torn_blob_is_replaced_by_the_next_good_copy() {
    let (_place, folder) = folder().await;
    let bytes = noise(10_000);
    let sha256 = put(&folder, &bytes).await;
    let path = folder.path(sha256).await.unwrap();

    let mut changed = bytes.clone();
    changed[9_999] ^= 1;
    fs::write(&path, &changed).unwrap();
    assert_eq!(folder.verify(sha256).await.unwrap(), Verification::Corrupt);

    fs::write(&path, &bytes[..5_000]).unwrap();
    assert_eq!(folder.verify(sha256).await.unwrap(), Verification::Corrupt);
    put(&folder, &bytes).await;
    assert_eq!(folder.verify(sha256).await.unwrap(), Verification::Ok);
}

#[tokio::test]
async fn a_file_is_adopted_without_a_copy_and_adopting_it_again_succeeds() {
    let (place, folder) = folder().await;
    let workdir = folder.workdir().await.unwrap();
    assert_eq!(mode(&workdir), 0o700);
    let bytes = noise(50_000);
    let sha256 = Sha256::of(&bytes);
    let file = workdir.join(sha256.hex());
    for _ in 0..2 {
        fs::write(&file, &bytes).unwrap();
        folder.adopt(&file, sha256).await.unwrap();
        assert!(!file.exists());
    }
    folder.adopt(&file, sha256).await.unwrap();
    assert_eq!(mode(&folder.path(sha256).await.unwrap()), 0o600);
    assert_eq!(folder.verify(sha256).await.unwrap(), Verification::Ok);
    fs::remove_dir(&workdir).unwrap();
    assert_eq!(leftovers(&place), 0);
}

#[tokio::test]
async fn a_link_is_never_adopted() {
    let (place, folder) = folder().await;
    let secret = place.path().join("secret");
    fs::write(&secret, "a password").unwrap();
    let workdir = folder.workdir().await.unwrap();
    let sha256 = Sha256::of(b"a password");
    symlink(&secret, workdir.join("link")).unwrap();
    assert_eq!(folder.adopt(&workdir.join("link"), sha256).await.unwrap_err().kind, ErrorKind::Invalid);
    assert_eq!(folder.adopt(&workdir, sha256).await.unwrap_err().kind, ErrorKind::Invalid);
    assert_eq!(folder.adopt(&workdir.join("absent"), sha256).await.unwrap_err().kind, ErrorKind::Unavailable);
    assert!(!folder.has(sha256).await.unwrap());
}

#[tokio::test]
async fn what_a_crash_left_is_removed_on_opening_and_what_another_process_writes_is_not() {
    let (place, folder) = folder().await;
    let tmp = root(&place).join("tmp");
    let old = Duration::from_secs(2 * 3600);
    fs::write(tmp.join("draft-dead"), "half").unwrap();
    age(&tmp.join("draft-dead"), old);
    fs::create_dir(tmp.join("work-dead")).unwrap();
    fs::write(tmp.join("work-dead/part"), "half").unwrap();
    age(&tmp.join("work-dead/part"), old);
    age(&tmp.join("work-dead"), old);
    // A child still writes into this one, though its entries were made long ago.
    fs::create_dir(tmp.join("work-alive")).unwrap();
    fs::write(tmp.join("work-alive/part"), "growing").unwrap();
    age(&tmp.join("work-alive"), old);
    let mut draft = folder.draft().await.unwrap();
    draft.append(b"alive").await.unwrap();

    Folder::open(root(&place)).await.unwrap();
    assert!(!tmp.join("draft-dead").exists());
    assert!(!tmp.join("work-dead").exists());
    assert!(tmp.join("work-alive/part").exists());
    assert_eq!(draft.commit().await.unwrap(), (Sha256::of(b"alive"), 5));
}

#[tokio::test]
async fn a_blob_of_a_crash_between_rename_and_fsync_is_taken_as_it_is() {
    let (place, folder) = folder().await;
    let bytes = noise(4_000);
    let hex = Sha256::of(&bytes).hex();
    let folder_of = root(&place).join(&hex[..2]).join(&hex[2..4]);
    fs::create_dir_all(&folder_of).unwrap();
    fs::write(folder_of.join(&hex), &bytes).unwrap();
    let sha256 = put(&folder, &bytes).await;
    assert_eq!(folder.verify(sha256).await.unwrap(), Verification::Ok);
    assert_eq!(leftovers(&place), 0);
}

#[tokio::test]
async fn a_folder_that_vanished_is_made_again() {
    let (place, folder) = folder().await;
    let bytes = noise(4_000);
    let sha256 = put(&folder, &bytes).await;
    fs::remove_dir_all(root(&place).join(&sha256.hex()[..2])).unwrap();
    let mut draft = folder.draft().await.unwrap();
    draft.append(&bytes).await.unwrap();
    assert_eq!(draft.commit().await.unwrap_err().kind, ErrorKind::Unavailable);
    put(&folder, &bytes).await;
    assert_eq!(folder.verify(sha256).await.unwrap(), Verification::Ok);
}

#[tokio::test]
async fn the_free_space_is_told_and_a_root_that_is_a_file_is_refused() {
    let (place, folder) = folder().await;
    assert!(folder.free_bytes().await.unwrap() > 0);
    let file = place.path().join("file");
    fs::write(&file, "in the way").unwrap();
    assert_eq!(Folder::open(&file).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

fn blob_path(place: &tempfile::TempDir, sha256: Sha256) -> PathBuf {
    let hex = sha256.hex();
    root(place).join(&hex[..2]).join(&hex[2..4]).join(hex)
}

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn blobs_are_listed_by_their_first_byte_once_they_are_old_and_nothing_else_is() {
    let (place, folder) = folder().await;
    let mut old = Vec::new();
    for number in 0_u64..300 {
        let sha256 = put(&folder, &number.to_le_bytes()).await;
        if number % 3 == 0 {
            age(&blob_path(&place, sha256), DAY + Duration::from_secs(1));
            old.push(sha256);
        }
    }
    let stray = blob_path(&place, old[0]).with_file_name("notes.txt");
    let elsewhere = stray.with_file_name("ff".repeat(32));
    let capital = stray.with_file_name(old[0].hex().to_uppercase());
    for file in [&stray, &elsewhere, &capital, &root(&place).join("tmp/left")] {
        fs::write(file, "x").unwrap();
        age(file, DAY * 2);
    }
    let mut found = Vec::new();
    for first_byte in 0..=u8::MAX {
        let page = folder.unchanged(first_byte, DAY).await.unwrap();
        assert!(page.iter().all(|sha256| sha256.as_bytes()[0] == first_byte));
        found.extend(page);
    }
    found.sort_unstable();
    old.sort_unstable();
    assert_eq!(found, old);
}

#[tokio::test]
async fn an_old_blob_is_removed_and_one_that_somebody_brings_again_is_not() {
    let (place, folder) = folder().await;
    let [gone, again, adopted, young] = [b"gone", b"more", b"part", b"new!"];
    for bytes in [gone, again, adopted] {
        age(&blob_path(&place, put(&folder, bytes).await), DAY);
    }
    put(&folder, again).await;
    let file = folder.workdir().await.unwrap().join("part");
    fs::write(&file, adopted).unwrap();
    folder.adopt(&file, Sha256::of(adopted)).await.unwrap();
    put(&folder, young).await;
    for (bytes, removed) in [(gone, true), (gone, false), (again, false), (adopted, false), (young, false)] {
        assert_eq!(folder.remove_unchanged(Sha256::of(bytes), DAY).await.unwrap(), removed, "{bytes:?}");
    }
    assert_eq!(folder.verify(Sha256::of(gone)).await.unwrap(), Verification::Missing);
    for bytes in [again, adopted, young] {
        assert_eq!(folder.verify(Sha256::of(bytes)).await.unwrap(), Verification::Ok);
    }
    assert_eq!(put(&folder, gone).await, Sha256::of(gone), "it may come again");
    assert_eq!(folder.verify(Sha256::of(gone)).await.unwrap(), Verification::Ok);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_that_is_brought_while_it_is_being_removed_is_there_afterwards() {
    let (place, folder) = folder().await;
    // Another process that shares the folder has its own handles.
    let other = Folder::open(root(&place)).await.unwrap();
    let mut removed = 0;
    for round in 0_u64..600 {
        let bytes = round.to_le_bytes();
        let sha256 = put(&folder, &bytes).await;
        age(&blob_path(&place, sha256), DAY);
        let (other, brings) = (other.clone(), folder.clone());
        let removal = tokio::spawn(async move { other.remove_unchanged(sha256, DAY).await.unwrap() });
        let brought = tokio::spawn(async move { put(&brings, &bytes).await });
        removed += u32::from(removal.await.unwrap());
        brought.await.unwrap();
        assert_eq!(folder.verify(sha256).await.unwrap(), Verification::Ok, "round {round}");
    }
    assert!(removed > 0, "no removal came first, so nothing was shown");
}
