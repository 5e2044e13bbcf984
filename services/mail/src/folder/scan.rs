//! Which files of a folder are mails, and under which number.

use std::{
    collections::HashMap,
    fs::{self, Metadata},
    io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use stdx::Sha256;

use crate::Error;

/// Most files of one folder.
const FILES_MAX: usize = 1_000_000;

/// How a file came to lie there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Somebody put an `.eml` file into the folder.
    File,
    /// A delivery agent put it into `new` or `cur`.
    Maildir,
}

/// A mail file.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) layout: Layout,
    pub(super) size_bytes: u64,
}

/// Looks through a folder. A mail that lies in `new` and `cur` at once, as in the middle of a move, counts once.
pub(super) fn scan(folder: &Path, settle: Duration) -> Result<HashMap<u64, Found>, Error> {
    let mut files = HashMap::new();
    gather(folder, Layout::File, settle, &mut files)?;
    for name in ["new", "cur"] {
        let folder = folder.join(name);
        if fs::symlink_metadata(&folder).is_ok_and(|metadata| metadata.is_dir()) {
            gather(&folder, Layout::Maildir, settle, &mut files)?;
        }
    }
    Ok(files)
}

fn gather(folder: &Path, layout: Layout, settle: Duration, files: &mut HashMap<u64, Found>) -> Result<(), Error> {
    let failed = |path: &Path, source| Error::File { path: path.to_owned(), source };
    let now = SystemTime::now();
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let entry = entry.map_err(|error| failed(folder, error))?;
        let path = entry.path();
        // Neither follows a link.
        let metadata = match entry.metadata() {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(&path, error)),
        };
        if layout == Layout::File && !is_settled(&metadata, now, settle) {
            continue;
        }
        let Some(uid) = uid(&path, layout, &metadata) else { continue };
        if files.len() >= FILES_MAX {
            return Err(Error::Exhausted(format!("{} holds more than {FILES_MAX} mails", folder.display())));
        }
        let found = Found { path, layout, size_bytes: metadata.len() };
        if let Some(other) = files.insert(uid, found)
            && layout == Layout::File
        {
            let (one, two) = (other.path.display().to_string(), files[&uid].path.display().to_string());
            return Err(Error::Unsure(format!("{one} and {two} have the same number {uid}: rename one")));
        }
    }
    Ok(())
}

/// Whether a file was left alone for a while. A time in the future says nothing about writing, so it counts as settled.
fn is_settled(metadata: &Metadata, now: SystemTime, settle: Duration) -> bool {
    metadata.modified().is_ok_and(|changed| {
        let apart = now.duration_since(changed).unwrap_or_else(|ahead| ahead.duration());
        apart >= settle
    })
}

/// The number of a mail, or none when the file is no mail. Of a Maildir file it rests on its name without the flags, so
/// that neither reading it nor its way from `new` to `cur` makes it another mail; of an `.eml` file on name, size and time
/// of change, so that a file that was replaced is a new mail.
pub(super) fn uid(path: &Path, layout: Layout, metadata: &Metadata) -> Option<u64> {
    let name = path.file_name()?.as_bytes();
    if name.starts_with(b".") {
        return None;
    }
    let digest = match layout {
        Layout::Maildir => {
            let flags_at = name.windows(3).position(|part| part == b":2,").unwrap_or(name.len());
            Sha256::of(&[b"maildir\0", &name[..flags_at]].concat())
        }
        Layout::File => {
            if !path.extension()?.eq_ignore_ascii_case("eml") {
                return None;
            }
            let changed_ns = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
            Sha256::of(&[b"file\0", name, b"\0", &metadata.len().to_be_bytes(), &changed_ns.to_be_bytes()].concat())
        }
    };
    let mut first = [0; 8];
    first.copy_from_slice(&digest.as_bytes()[..8]);
    // A database keeps it as a signed number, and zero is no UID.
    Some((u64::from_be_bytes(first) >> 1).max(1))
}
