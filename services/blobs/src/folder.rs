//! The folder itself: where a blob lies, how it gets there durably, and whether it is still sound.

use std::{
    collections::HashSet,
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use intake::ports::{Blobs, PortError, PortResult};
use stdx::{Sha256, crash};
use tokio::task::spawn_blocking;

use crate::{
    FileDraft,
    error::{Doing, Error},
};

/// Age from which a file in `tmp` is taken for what a crash left behind. A living draft or work folder changes far more
/// often than this, and another process may share the folder.
pub const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// Blobs in a folder of this machine.
#[derive(Clone, Debug)]
pub struct Folder {
    tree: Arc<Tree>,
}

/// How a blob fares when its bytes are hashed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// The bytes hash to the name.
    Ok,
    /// There is no such blob.
    Missing,
    /// The bytes hash to something else.
    Corrupt,
}

#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    tmp: PathBuf,
    /// Folders of two levels that this process knows to be durable; 65,536 at most.
    durable: Mutex<HashSet<[u8; 2]>>,
}

/// A plain file that is to be adopted.
pub(crate) struct Plain {
    pub file: File,
    pub size_bytes: u64,
}

/// A blob in the order of its last use.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Used {
    pub used_at: SystemTime,
    pub sha256: Sha256,
    pub size_bytes: u64,
}

impl Folder {
    pub(crate) fn tree(&self) -> Arc<Tree> {
        self.tree.clone()
    }

    pub(crate) async fn begin(&self) -> Result<FileDraft, Error> {
        let tree = self.tree.clone();
        let file = spawn_blocking(move || {
            tempfile::Builder::new()
                .prefix("draft-")
                .permissions(Permissions::from_mode(0o600))
                .tempfile_in(&tree.tmp)
                .doing("make a draft in", &tree.tmp)
        })
        .await??;
        Ok(FileDraft::new(self.tree.clone(), file))
    }

    /// Opens the folder, making it if need be, and removes what a crash left in `tmp` more than [`LEFTOVER_AGE`] ago.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be made or read, `Exhausted` when the disk is full.
    pub async fn open(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        spawn_blocking(move || {
            let root = std::path::absolute(&root).doing("find", &root)?;
            make_all(&root)?;
            let tmp = root.join("tmp");
            make(&tmp)?;
            sync(&root)?;
            let tree = Tree { root, tmp, durable: Mutex::default() };
            tree.sweep(LEFTOVER_AGE)?;
            Ok(Self { tree: Arc::new(tree) })
        })
        .await?
    }

    /// Removes drafts and work folders that have not changed for `age`; gives how many. A file that cannot be removed
    /// is told in the log and passed over.
    ///
    /// # Errors
    /// `Unavailable` when `tmp` cannot be listed.
    pub async fn sweep(&self, age: Duration) -> Result<u64, Error> {
        let tree = self.tree.clone();
        spawn_blocking(move || tree.sweep(age)).await?
    }

    /// Hashes a blob again, in windows.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be read.
    pub async fn verify(&self, sha256: Sha256) -> Result<Verification, Error> {
        let path = self.tree.path(sha256);
        spawn_blocking(move || {
            let mut file = match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Verification::Missing),
                opened => opened.doing("open", &path)?,
            };
            let (found, _) = Sha256::of_reader(&mut file).doing("read", &path)?;
            Ok(if found == sha256 { Verification::Ok } else { Verification::Corrupt })
        })
        .await?
    }

    /// Blobs whose hash begins with this byte and that have not changed for `age`, in no order: a 256th of them all, so
    /// that a folder of any size is walked in bounded memory. What is not named like a blob is passed over.
    ///
    /// # Errors
    /// `Unavailable` when a folder cannot be listed.
    pub async fn unchanged(&self, first_byte: u8, age: Duration) -> Result<Vec<Sha256>, Error> {
        let tree = self.tree.clone();
        spawn_blocking(move || tree.unchanged(first_byte, age)).await?
    }

    /// Removes a blob if it has not changed for `age`; gives whether it was removed. One whose bytes were written or
    /// adopted again meanwhile stays: somebody is about to name it.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be locked or the blob not be removed.
    pub async fn remove_unchanged(&self, sha256: Sha256, age: Duration) -> Result<bool, Error> {
        let tree = self.tree.clone();
        spawn_blocking(move || tree.remove_unchanged(sha256, age)).await?
    }

    /// When a blob was written, adopted or found there last; none when it is not there.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be read.
    pub async fn changed_at(&self, sha256: Sha256) -> Result<Option<SystemTime>, Error> {
        let path = self.tree.path(sha256);
        spawn_blocking(move || match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            known => known.and_then(|known| known.modified()).doing("find", &path).map(Some),
        })
        .await?
    }

    /// Removes a blob if it is as it was at `changed_at`; gives whether it is gone. One that was written, adopted or found
    /// there since stays: somebody may be about to name it.
    ///
    /// # Errors
    /// As [`Self::remove_unchanged`].
    pub async fn remove_as_of(&self, sha256: Sha256, changed_at: SystemTime) -> Result<bool, Error> {
        let tree = self.tree.clone();
        spawn_blocking(move || tree.remove_as_of(sha256, changed_at)).await?
    }

    /// Bytes that may still be written, as an ordinary user.
    ///
    /// # Errors
    /// `Unavailable` when the file system does not tell.
    pub async fn free_bytes(&self) -> Result<u64, Error> {
        let tree = self.tree.clone();
        spawn_blocking(move || {
            let told = rustix::fs::statvfs(&tree.root).map_err(io::Error::from).doing("measure", &tree.root)?;
            Ok(told.f_bavail.saturating_mul(told.f_frsize))
        })
        .await?
    }
}

impl Blobs for Folder {
    type Draft = FileDraft;

    async fn draft(&self) -> PortResult<FileDraft> {
        self.begin().await.map_err(PortError::from)
    }

    async fn adopt(&self, file: &Path, sha256: Sha256) -> PortResult<()> {
        let (tree, path) = (self.tree.clone(), file.to_owned());
        blocking(move || {
            let plain = match Tree::open_plain(&path) {
                Err(error) if error.is_not_found() && tree.renew(sha256, None)? => return Ok(()),
                opened => opened?,
            };
            tree.place(&plain.file, &path, sha256, plain.size_bytes)
        })
        .await
    }

    async fn path(&self, sha256: Sha256) -> PortResult<PathBuf> {
        if self.has(sha256).await? { Ok(self.tree.path(sha256)) } else { Err(Error::Missing(sha256).into()) }
    }

    async fn workdir(&self) -> PortResult<PathBuf> {
        let tree = self.tree.clone();
        blocking(move || {
            tempfile::Builder::new()
                .prefix("work-")
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(&tree.tmp)
                .map(tempfile::TempDir::keep)
                .doing("make a work folder in", &tree.tmp)
        })
        .await
    }

    async fn has(&self, sha256: Sha256) -> PortResult<bool> {
        let tree = self.tree.clone();
        blocking(move || tree.has(sha256)).await
    }
}

impl Tree {
    pub(crate) fn path(&self, sha256: Sha256) -> PathBuf {
        let hex = sha256.hex();
        self.root.join(&hex[..2]).join(&hex[2..4]).join(hex)
    }

    pub(crate) fn has(&self, sha256: Sha256) -> Result<bool, Error> {
        let path = self.path(sha256);
        path.try_exists().doing("find", &path)
    }

    /// Opens what is to be adopted.
    pub(crate) fn open_plain(path: &Path) -> Result<Plain, Error> {
        // A link is never followed: the file comes from a child that read hostile bytes.
        let known = fs::symlink_metadata(path).doing("find", path)?;
        if !known.is_file() {
            return Err(Error::NotAFile(path.to_owned()));
        }
        fs::set_permissions(path, Permissions::from_mode(0o600)).doing("change", path)?;
        Ok(Plain { file: File::open(path).doing("open", path)?, size_bytes: known.len() })
    }

    /// Makes a finished file the blob of this hash. Afterwards `from` is gone and the blob is durable.
    pub(crate) fn place(&self, file: &File, from: &Path, sha256: Sha256, size_bytes: u64) -> Result<(), Error> {
        let to = self.path(sha256);
        let name = [sha256.as_bytes()[0], sha256.as_bytes()[1]];
        let folder = to.parent().expect("a blob lies two folders down");
        // A file of another size was torn by something outside of this program: the good bytes replace it.
        if self.renew(sha256, Some(size_bytes))? {
            fs::remove_file(from).doing("remove", from)?;
        } else {
            file.sync_all().doing("fsync", from)?;
            self.make_durable(name, folder)?;
            if let Err(error) = fs::rename(from, &to) {
                self.durable.lock().expect("nobody panics holding it").remove(&name);
                return Err(error).doing("rename into", &to);
            }
            crash::point("C6");
        }
        // Also when the blob was there: whoever renamed it may have died before this.
        self.make_durable(name, folder)?;
        sync(folder)
    }

    /// Whether the blob is there, of this size if one is given. If it is, it counts as changed now: a row is about to name
    /// it, and nobody may remove it as an orphan before.
    pub(crate) fn renew(&self, sha256: Sha256, size_bytes: Option<u64>) -> Result<bool, Error> {
        let path = self.path(sha256);
        let root = File::open(&self.root).doing("open", &self.root)?;
        // Where a file system knows no locks, nobody removes a blob either.
        let _ = root.lock_shared();
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            opened => opened.doing("open", &path)?,
        };
        let known = file.metadata().doing("find", &path)?;
        if !known.is_file() || size_bytes.is_some_and(|size_bytes| size_bytes != known.len()) {
            return Ok(false);
        }
        file.set_modified(SystemTime::now()).doing("change", &path)?;
        Ok(true)
    }

    fn unchanged(&self, first_byte: u8, age: Duration) -> Result<Vec<Sha256>, Error> {
        let mut found = Vec::new();
        for (sha256, path) in self.named(first_byte)? {
            if is_unchanged(&path, age) {
                found.push(sha256);
            }
        }
        Ok(found)
    }

    /// Blobs whose hash begins with this byte, with what orders them by their last use.
    pub(crate) fn blobs(&self, first_byte: u8) -> Result<Vec<Used>, Error> {
        let known = |(sha256, path): (Sha256, PathBuf)| {
            let known = fs::symlink_metadata(path).ok()?;
            Some(Used { used_at: known.modified().ok()?, sha256, size_bytes: known.len() })
        };
        Ok(self.named(first_byte)?.into_iter().filter_map(known).collect())
    }

    fn named(&self, first_byte: u8) -> Result<Vec<(Sha256, PathBuf)>, Error> {
        let mut found = Vec::new();
        for folder in entries(&self.root.join(format!("{first_byte:02x}")))? {
            if !folder.is_dir() {
                continue;
            }
            for path in entries(&folder)? {
                let sha256 = path.file_name().and_then(|name| name.to_str()?.parse::<Sha256>().ok());
                // The same digits in capitals, or in another folder, are not where a blob is looked for.
                if let Some(sha256) = sha256.filter(|sha256| self.path(*sha256) == path) {
                    found.push((sha256, path));
                }
            }
        }
        Ok(found)
    }

    pub(crate) fn remove_unchanged(&self, sha256: Sha256, age: Duration) -> Result<bool, Error> {
        let path = self.path(sha256);
        let root = File::open(&self.root).doing("open", &self.root)?;
        // Between the look and the removal nobody may find the blob there and count on it.
        root.lock().doing("lock", &self.root)?;
        if !is_unchanged(&path, age) {
            return Ok(false);
        }
        match fs::remove_file(&path) {
            // Another process removes orphans too.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            removed => removed.doing("remove", &path).map(|()| true),
        }
    }

    fn remove_as_of(&self, sha256: Sha256, changed_at: SystemTime) -> Result<bool, Error> {
        let path = self.path(sha256);
        let root = File::open(&self.root).doing("open", &self.root)?;
        // As above.
        root.lock().doing("lock", &self.root)?;
        match fs::symlink_metadata(&path).and_then(|known| known.modified()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            found if found.as_ref().ok() != Some(&changed_at) => return found.doing("find", &path).map(|_| false),
            _ => {}
        }
        fs::remove_file(&path).doing("remove", &path)?;
        path.parent().map_or(Ok(()), sync)?;
        Ok(true)
    }

    fn make_durable(&self, name: [u8; 2], folder: &Path) -> Result<(), Error> {
        if self.durable.lock().expect("nobody panics holding it").contains(&name) {
            return Ok(());
        }
        let above = folder.parent().expect("the first level lies in the root");
        make(above)?;
        make(folder)?;
        sync(above)?;
        sync(&self.root)?;
        self.durable.lock().expect("nobody panics holding it").insert(name);
        Ok(())
    }

    fn sweep(&self, age: Duration) -> Result<u64, Error> {
        let mut removed = 0;
        for entry in fs::read_dir(&self.tmp).doing("list", &self.tmp)? {
            let path = entry.doing("list", &self.tmp)?.path();
            if !is_unchanged(&path, age) {
                continue;
            }
            let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            match gone {
                Ok(()) => removed += 1,
                Err(error) => tracing::warn!(path = %path.display(), %error, "a leftover stays"),
            }
        }
        if removed > 0 {
            tracing::info!(removed, "removed what a crash left behind");
        }
        Ok(removed)
    }
}

fn is_unchanged(path: &Path, age: Duration) -> bool {
    changed_at(path).is_some_and(|at| at.elapsed().is_ok_and(|unchanged| unchanged >= age))
}

/// What lies in a folder; nothing when there is no such folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.doing("list", folder)?,
    };
    entries.map(|entry| Ok(entry.doing("list", folder)?.path())).collect()
}

/// The last change of a file, or of a folder and what lies directly in it.
fn changed_at(path: &Path) -> Option<SystemTime> {
    let known = fs::symlink_metadata(path).ok()?;
    let own = known.modified().ok()?;
    if !known.is_dir() {
        return Some(own);
    }
    let inside = fs::read_dir(path).ok()?.filter_map(|entry| entry.ok()?.metadata().ok()?.modified().ok());
    inside.chain([own]).max()
}

fn make(folder: &Path) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.doing("make", folder),
    }
}

/// Makes a folder and those above it, each durable in the one above.
fn make_all(folder: &Path) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent();
    if let Some(above) = above {
        make_all(above)?;
    }
    make(folder)?;
    above.map_or(Ok(()), sync)
}

fn sync(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).doing("fsync", folder)
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> PortResult<T> {
    spawn_blocking(work).await.map_err(Error::from).flatten().map_err(PortError::from)
}
