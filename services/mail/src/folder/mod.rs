//! A watched folder of mail files as a [`Source`]: `*.eml` in the folder itself, and what a Maildir keeps in `cur` and
//! `new` if those are there. Subfolders are other folders of the mailbox.
//!
//! * A mail's UID is 63 bits of a SHA-256 over what a new mail changes and a flag does not (see [`scan`]).
//! * The receipt of a Maildir file is its time of change, which is when it was delivered. That of an `.eml` file, which
//!   somebody exported or copied, is the date of its topmost Received field, and its time of change without one.
//! * A file that is still being written is not seen: an `.eml` counts once it was left alone for the settle time, a
//!   Maildir file at once, because it is delivered by a rename.
//! * Hidden files, symbolic links and whatever is not a regular file are passed over.

mod received;
mod scan;

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Component, Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use intake::{
    message::ReceivedBasis,
    ports::{Filing, FolderState, Listed, PortResult, Source},
};

use crate::{Error, LIST_UIDS_MAX, WINDOW_BYTES_MAX};
use scan::{Found, Layout};

/// How long an `.eml` file must have been left alone before it counts.
pub const SETTLE: Duration = Duration::from_secs(2);

/// There is no server that could renumber anything.
const UIDVALIDITY: u32 = 1;
/// Pause between two looks at the folder; longer where a look itself takes long.
const LOOK_PAUSE: Duration = Duration::from_millis(250);
/// Longest wait at once; nobody means more, and an instant far away does not exist.
const WAIT_MAX: Duration = Duration::from_secs(24 * 3600);
/// Most names tried for a mail that is moved where its name is taken.
const NAMES_TRIED_MAX: u32 = 10_000;

/// When a lone mail file was received, told as for an `.eml` file of a watched folder.
///
/// # Errors
/// When the file cannot be read.
pub fn received_at(file: &Path) -> io::Result<(DateTime<Utc>, ReceivedBasis)> {
    received::received(&File::open(file)?, Layout::File)
}

/// A watched folder of mail files.
#[derive(Debug)]
pub struct FolderSource {
    root: PathBuf,
    settle: Duration,
    selected: Option<PathBuf>,
    files: HashMap<u64, Found>,
    /// The UIDs that were asked for last: what comes after them is news.
    told: Vec<u64>,
}

impl FolderSource {
    /// Watches a folder. Folder `INBOX` is `root` itself, any other is the subfolder of that name.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root, settle: SETTLE, selected: None, files: HashMap::new(), told: Vec::new() }
    }

    /// Sets how long an `.eml` file must have been left alone before it counts (two seconds else).
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    fn selected(&self) -> Result<PathBuf, Error> {
        self.selected.clone().ok_or_else(|| Error::Invalid("no folder was selected".to_owned()))
    }

    async fn look(&self) -> Result<HashMap<u64, Found>, Error> {
        let (folder, settle) = (self.selected()?, self.settle);
        blocking(move || scan::scan(&folder, settle)).await
    }

    /// The file of a UID, looked for again when it is not where it was: its flags may have changed.
    async fn find(&mut self, uid: u64) -> Result<(Found, File), Error> {
        for is_fresh in [false, true] {
            if is_fresh {
                self.files = self.look().await?;
            }
            if let Some(found) = self.files.get(&uid).cloned()
                && let Some(file) = blocking({
                    let found = found.clone();
                    move || open(uid, &found)
                })
                .await?
            {
                return Ok((found, file));
            }
        }
        Err(Error::NotFound(format!("mail {uid} is no longer in {}", self.selected()?.display())))
    }

    async fn moved(&mut self, uid: u64, name: &str) -> Result<(), Error> {
        let to = relative(name)?;
        if self.root.join(&to) == self.selected()? {
            return Err(Error::Invalid(format!("{name:?} is the folder that the mail is in")));
        }
        let found = match self.find(uid).await {
            Ok((found, _)) => found,
            Err(Error::NotFound(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let root = self.root.clone();
        blocking(move || {
            let to = match found.layout {
                Layout::File => to,
                Layout::Maildir => to.join("cur"),
            };
            let to = beneath(&root, &to, true)?;
            rename_beside(&found.path, &to)
        })
        .await?;
        self.files.remove(&uid);
        Ok(())
    }
}

impl Source for FolderSource {
    async fn select(&mut self, folder: &str) -> PortResult<FolderState> {
        self.reset();
        self.selected = None;
        let (root, path, name) = (self.root.clone(), relative(folder)?, folder.to_owned());
        self.selected = Some(blocking(move || existing(&root, &path, &name)).await?);
        let files = self.look().await?;
        Ok(FolderState { uidvalidity: UIDVALIDITY, exists: files.len() as u64 })
    }

    async fn uids(&mut self) -> PortResult<Vec<u64>> {
        self.files = self.look().await?;
        self.told = sorted(&self.files);
        Ok(self.told.clone())
    }

    async fn list(&mut self, uids: &[u64]) -> PortResult<Vec<Listed>> {
        if uids.len() > LIST_UIDS_MAX {
            let told = format!("{} UIDs at once, more than {LIST_UIDS_MAX}", uids.len());
            return Err(Error::Invalid(told).into());
        }
        let mut listed = Vec::with_capacity(uids.len());
        for &uid in uids {
            match self.find(uid).await {
                Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
                Ok((found, file)) => {
                    let (received_at, received_basis) =
                        blocking(move || received::received(&file, found.layout).map_err(failed(&found.path))).await?;
                    listed.push(Listed { uid, size_bytes: found.size_bytes, received_at, received_basis });
                }
            }
        }
        Ok(listed)
    }

    async fn window(&mut self, uid: u64, offset: u64, length: u32) -> PortResult<Vec<u8>> {
        if length == 0 || length > WINDOW_BYTES_MAX {
            let told = format!("a window of {length} bytes; 1 to {WINDOW_BYTES_MAX} can be asked for");
            return Err(Error::Invalid(told).into());
        }
        let (found, file) = self.find(uid).await?;
        Ok(blocking(move || read_at(&file, offset, length as usize).map_err(failed(&found.path))).await?)
    }

    /// Files have no keywords, so a flag does nothing; a move never overwrites.
    async fn file(&mut self, uid: u64, filing: &Filing) -> PortResult<()> {
        match filing {
            Filing::Leave | Filing::Flag(_) => Ok(()),
            Filing::Move(name) => Ok(self.moved(uid, name).await?),
        }
    }

    async fn wait(&mut self, at_most: Duration) -> PortResult<()> {
        let end = Instant::now() + at_most.min(WAIT_MAX);
        loop {
            let began = Instant::now();
            if sorted(&self.look().await?) != self.told {
                return Ok(());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            tokio::time::sleep(LOOK_PAUSE.max(began.elapsed() * 10).min(left)).await;
        }
    }

    fn reset(&mut self) {
        self.files = HashMap::new();
        self.told = Vec::new();
    }
}

fn sorted(files: &HashMap<u64, Found>) -> Vec<u64> {
    let mut uids: Vec<u64> = files.keys().copied().collect();
    uids.sort_unstable();
    uids
}

/// A folder's path beneath the root: plain names only, so that none leads elsewhere.
fn relative(name: &str) -> Result<PathBuf, Error> {
    if name.eq_ignore_ascii_case("INBOX") {
        return Ok(PathBuf::new());
    }
    let is_plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !is_plain || name.chars().any(char::is_control) {
        return Err(Error::Invalid(format!("not a folder name: {:?}", name.chars().take(80).collect::<String>())));
    }
    Ok(PathBuf::from(name))
}

/// The folder of a path beneath the root, made if asked. Each part must be a true folder: a symbolic link could lead out.
fn beneath(root: &Path, relative: &Path, is_made: bool) -> Result<PathBuf, Error> {
    let mut path = root.to_owned();
    for part in relative {
        path.push(part);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(Error::Invalid(format!("{} is not a folder", path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_made => {
                fs::create_dir(&path).map_err(failed(&path))?;
            }
            Err(error) => return Err(failed(&path)(error)),
        }
    }
    Ok(path)
}

fn existing(root: &Path, relative: &Path, name: &str) -> Result<PathBuf, Error> {
    match beneath(root, relative, false) {
        Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        outcome => return outcome,
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(root).map_err(failed(root))?.take(100) {
        let entry = entry.map_err(failed(root))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    let names = names.join(", ");
    Err(Error::NotFound(format!("there is no folder {name:?} in {}; there are: INBOX, {names}", root.display())))
}

/// Opens a file if it is still the mail of this UID: not replaced, and no link in its place.
fn open(uid: u64, found: &Found) -> Result<Option<File>, Error> {
    let gone_or = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Ok(None),
        _ => Err(failed(&found.path)(error)),
    };
    let linked = match fs::symlink_metadata(&found.path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(None),
        Err(error) => return gone_or(error),
    };
    let file = match File::open(&found.path) {
        Ok(file) => file,
        Err(error) => return gone_or(error),
    };
    let opened = file.metadata().map_err(failed(&found.path))?;
    let is_same = (linked.dev(), linked.ino()) == (opened.dev(), opened.ino());
    Ok((is_same && scan::uid(&found.path, found.layout, &opened) == Some(uid)).then_some(file))
}

fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let left = usize::try_from(file.metadata()?.len().saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length.min(left)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Moves a file into a folder under its own name, or with a number where that is taken. The name is claimed by an empty
/// file made for it, because a rename alone would overwrite.
fn rename_beside(from: &Path, to: &Path) -> Result<(), Error> {
    let name = from.file_name().unwrap_or_default();
    for number in 0..NAMES_TRIED_MAX {
        let target = to.join(numbered(Path::new(name), number));
        match OpenOptions::new().write(true).create_new(true).open(&target) {
            Ok(_) => {
                return match fs::rename(from, &target) {
                    Ok(()) => Ok(()),
                    Err(error) => {
                        let _ = fs::remove_file(&target);
                        if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(failed(from)(error)) }
                    }
                };
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&target)(error)),
        }
    }
    Err(Error::Exhausted(format!("{} has {NAMES_TRIED_MAX} files of the name {}", to.display(), name.display())))
}

/// `mail.eml` becomes `mail.2.eml`; a Maildir name keeps its flags at the end.
fn numbered(name: &Path, number: u32) -> std::ffi::OsString {
    if number == 0 {
        return name.as_os_str().to_owned();
    }
    let (mut stem, tail) = match (name.file_stem(), name.extension()) {
        (Some(stem), Some(extension)) if extension.eq_ignore_ascii_case("eml") => (stem.to_owned(), Some(extension)),
        _ => (name.as_os_str().to_owned(), None),
    };
    match tail {
        Some(extension) => {
            stem.push(format!(".{}.", number + 1));
            stem.push(extension);
            stem
        }
        None => {
            let mut numbered = std::ffi::OsString::from(format!("{}.", number + 1));
            numbered.push(stem);
            numbered
        }
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::File { path: path.clone(), source }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(cause) => Err(Error::File { path: PathBuf::new(), source: io::Error::other(cause) }),
    }
}
