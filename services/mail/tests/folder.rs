//! The folder source over real files.

use std::{
    fs::{self, File, FileTimes},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use intake::{
    message::ReceivedBasis,
    ports::{Filing, PortError, Source},
};
use mail::folder::FolderSource;
use stdx::ErrorKind;
use tempfile::TempDir;

const MAIL: &[u8] = b"Received: from a by b; Fri, 31 Mar 2023 23:59:59 +0800 (CST)\r\nSubject: x\r\n\r\nbody\r\n";

/// A folder and a source on it that waits for no file to settle.
fn watched() -> (TempDir, FolderSource) {
    let root = tempfile::tempdir().unwrap();
    let source = FolderSource::new(root.path().to_owned()).with_settle(Duration::ZERO);
    (root, source)
}

/// Writes a file that was left alone since the year 2001.
fn put(root: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = root.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    set_changed(&path, 1_000_000_000);
    path
}

fn set_changed(path: &Path, unix_seconds: u64) {
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds);
    File::options().write(true).open(path).unwrap().set_times(FileTimes::new().set_modified(changed)).unwrap();
}

async fn uids(source: &mut FolderSource) -> Vec<u64> {
    source.select("INBOX").await.unwrap();
    source.uids().await.unwrap()
}

fn kind<T: std::fmt::Debug>(outcome: Result<T, PortError>) -> ErrorKind {
    outcome.unwrap_err().kind
}

#[tokio::test]
async fn only_mail_files_count() {
    let (root, mut source) = watched();
    let outside = tempfile::NamedTempFile::with_suffix(".eml").unwrap();
    put(&root, "a.eml", MAIL);
    put(&root, "B.EML", MAIL);
    put(&root, "征稿.eml", MAIL);
    put(&root, ".hidden.eml", MAIL);
    put(&root, "note.txt", MAIL);
    put(&root, "eml", MAIL);
    put(&root, "shelf/deeper.eml", MAIL);
    fs::create_dir(root.path().join("folder.eml")).unwrap();
    symlink(outside.path(), root.path().join("link.eml")).unwrap();
    put(&root, "new/1.host", MAIL);
    put(&root, "cur/2.host:2,S", MAIL);
    put(&root, "tmp/3.host", MAIL);
    put(&root, "cur/.hidden", MAIL);
    let state = source.select("INBOX").await.unwrap();
    assert_eq!((state.uidvalidity, state.exists), (1, 5));
    let uids = source.uids().await.unwrap();
    assert_eq!(uids.len(), 5);
    assert!(uids.windows(2).all(|pair| pair[0] < pair[1]), "{uids:?}");
    assert!(uids.iter().all(|uid| *uid > 0 && i64::try_from(*uid).is_ok()), "{uids:?}");
    assert_eq!(source.select("shelf").await.unwrap().exists, 1);
}

#[tokio::test]
async fn a_file_that_is_being_written_waits_and_one_delivered_by_a_rename_does_not() {
    let (root, _) = watched();
    let mut source = FolderSource::new(root.path().to_owned()).with_settle(Duration::from_secs(3600));
    fs::write(root.path().join("a.eml"), MAIL).unwrap();
    assert_eq!(uids(&mut source).await.len(), 0);
    fs::create_dir(root.path().join("new")).unwrap();
    fs::write(root.path().join("new/1.host"), MAIL).unwrap();
    assert_eq!(uids(&mut source).await.len(), 1);
    set_changed(&root.path().join("a.eml"), 1_000_000_000);
    assert_eq!(uids(&mut source).await.len(), 2);
    // A clock that is wrong by years does not hide a mail.
    set_changed(&root.path().join("a.eml"), 9_000_000_000);
    assert_eq!(uids(&mut source).await.len(), 2);
}

#[tokio::test]
async fn a_flag_or_a_move_to_cur_is_the_same_mail_and_a_replaced_file_is_another() {
    let (root, mut source) = watched();
    let new = put(&root, "new/1.host", MAIL);
    let before = uids(&mut source).await;
    fs::create_dir(root.path().join("cur")).unwrap();
    let cur = root.path().join("cur/1.host:2,");
    fs::hard_link(&new, &cur).unwrap();
    assert_eq!(uids(&mut source).await, before, "in the middle of the move it is one mail");
    fs::remove_file(&new).unwrap();
    // The listing is older than the move, and the mail is found again.
    assert_eq!(source.window(before[0], 0, 8).await.unwrap(), b"Received");
    fs::rename(&cur, root.path().join("cur/1.host:2,FS")).unwrap();
    assert_eq!(source.window(before[0], 0, 8).await.unwrap(), b"Received");
    assert_eq!(uids(&mut source).await, before);

    let (root, mut source) = watched();
    let path = put(&root, "a.eml", MAIL);
    let before = uids(&mut source).await;
    set_changed(&path, 1_000_000_001);
    assert_eq!(kind(source.window(before[0], 0, 8).await), ErrorKind::NotFound);
    assert_ne!(uids(&mut source).await, before);
    put(&root, "a.eml", b"longer or shorter");
    assert_ne!(uids(&mut source).await, before);
    put(&root, "a.eml", MAIL);
    assert_eq!(uids(&mut source).await, before);
}

#[tokio::test]
async fn a_link_put_in_the_place_of_a_mail_is_not_followed() {
    let (root, mut source) = watched();
    let secret = put(&root, "secret.txt", MAIL);
    let path = put(&root, "new/1.host", MAIL);
    let before = uids(&mut source).await;
    fs::remove_file(&path).unwrap();
    symlink(secret, &path).unwrap();
    assert_eq!(kind(source.window(before[0], 0, 8).await), ErrorKind::NotFound);
}

#[tokio::test]
async fn the_receipt_is_the_topmost_received_field_or_else_the_time_of_change() {
    let changed: DateTime<Utc> = "2001-09-09T01:46:40Z".parse().unwrap();
    let received: DateTime<Utc> = "2023-03-31T15:59:59Z".parse().unwrap();
    for (name, bytes, at, basis) in [
        ("a.eml", MAIL, received, ReceivedBasis::ReceivedHeader),
        ("b.eml", b"Subject: x\r\n\r\n".as_slice(), changed, ReceivedBasis::FileTime),
        ("c.eml", b"".as_slice(), changed, ReceivedBasis::FileTime),
        ("new/d", MAIL, changed, ReceivedBasis::FileTime),
    ] {
        let (root, mut source) = watched();
        put(&root, name, bytes);
        let uids = uids(&mut source).await;
        let listed = source.list(&[uids[0], 12]).await.unwrap();
        assert_eq!(listed.len(), 1);
        let mail = &listed[0];
        assert_eq!((mail.uid, mail.size_bytes), (uids[0], bytes.len() as u64), "{name}");
        assert_eq!((mail.received_at, mail.received_basis), (at, basis), "{name}");
    }
}

#[tokio::test]
async fn windows_cover_a_mail_and_end_with_it() {
    let (root, mut source) = watched();
    put(&root, "a.eml", MAIL);
    let uid = uids(&mut source).await[0];
    let mut bytes = Vec::new();
    loop {
        let window = source.window(uid, bytes.len() as u64, 7).await.unwrap();
        bytes.extend_from_slice(&window);
        if window.len() < 7 {
            break;
        }
    }
    assert_eq!(bytes, MAIL);
    assert_eq!(source.window(uid, 1 << 40, 7).await.unwrap(), []);
    assert_eq!(kind(source.window(uid, 0, 0).await), ErrorKind::Invalid);
    assert_eq!(kind(source.window(uid, 0, (1 << 20) + 1).await), ErrorKind::Invalid);
    assert_eq!(kind(source.window(uid ^ 1, 0, 7).await), ErrorKind::NotFound);
    assert_eq!(kind(source.list(&[1; 501]).await), ErrorKind::Invalid);
}

#[tokio::test]
async fn no_folder_lies_outside_the_root() {
    let (root, mut source) = watched();
    let outside = tempfile::tempdir().unwrap();
    put(&root, "a.eml", MAIL);
    fs::create_dir(root.path().join("shelf")).unwrap();
    symlink(outside.path(), root.path().join("link")).unwrap();
    let uid = uids(&mut source).await[0];
    for name in ["", "..", "shelf/..", "../shelf", "/etc", "./shelf/../..", "a\0b", "a\nb", "link", "link/new"] {
        let moved = source.file(uid, &Filing::Move(name.to_owned())).await;
        assert_eq!(kind(moved), ErrorKind::Invalid, "{name:?}");
    }
    for name in ["..", "/etc", "link"] {
        assert_eq!(kind(source.select(name).await), ErrorKind::Invalid, "{name:?}");
        assert_eq!(kind(source.uids().await), ErrorKind::Invalid, "nothing is selected after {name:?}");
    }
    let error = source.select("drawer").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.detail.contains("INBOX, shelf"), "{error}");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn filing_leaves_flags_nothing_and_moves_without_overwriting() {
    let (root, mut source) = watched();
    put(&root, "a.eml", MAIL);
    put(&root, "done/a.eml", b"another");
    put(&root, "cur/1.host:2,S", MAIL);
    let both = uids(&mut source).await;
    for uid in &both {
        source.file(*uid, &Filing::Leave).await.unwrap();
        source.file(*uid, &Filing::Flag("caibian".to_owned())).await.unwrap();
    }
    assert_eq!(uids(&mut source).await, both);
    assert_eq!(kind(source.file(both[0], &Filing::Move("INBOX".to_owned())).await), ErrorKind::Invalid);
    for uid in both.iter().chain(&both) {
        source.file(*uid, &Filing::Move("done".to_owned())).await.unwrap();
    }
    assert_eq!(uids(&mut source).await, []);
    assert_eq!(fs::read(root.path().join("done/a.eml")).unwrap(), b"another");
    assert_eq!(fs::read(root.path().join("done/a.2.eml")).unwrap(), MAIL);
    assert_eq!(fs::read(root.path().join("done/cur/1.host:2,S")).unwrap(), MAIL);
    assert_eq!(source.select("done").await.unwrap().exists, 3);
}

#[tokio::test]
async fn waiting_ends_on_a_new_file_and_sees_one_that_came_before_it_began() {
    let (root, mut source) = watched();
    assert_eq!(uids(&mut source).await, []);
    // Nothing new: it ends in time.
    source.wait(Duration::from_millis(1)).await.unwrap();
    put(&root, "a.eml", MAIL);
    let long = Duration::from_secs(600);
    tokio::time::timeout(Duration::from_secs(30), source.wait(long)).await.unwrap().unwrap();
    assert_eq!(source.uids().await.unwrap().len(), 1);
    let (outcome, _) = tokio::join!(tokio::time::timeout(Duration::from_secs(30), source.wait(long)), async {
        tokio::task::yield_now().await;
        put(&root, "b.eml", MAIL)
    });
    outcome.unwrap().unwrap();
    assert_eq!(source.uids().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error_and_never_an_empty_list() {
    let (root, mut source) = watched();
    put(&root, "a.eml", MAIL);
    uids(&mut source).await;
    let path = root.path().to_owned();
    root.close().unwrap();
    assert_eq!(kind(source.uids().await), ErrorKind::Unavailable);
    assert_eq!(kind(source.wait(Duration::from_secs(1)).await), ErrorKind::Unavailable);
    let error = source.select("INBOX").await.unwrap_err();
    assert!(error.detail.contains(&path.display().to_string()), "{error}");
}
