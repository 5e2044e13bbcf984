//! A blob being written: bytes are gathered, then hashed and written on a blocking thread while the next ones arrive.

use std::{fs::File, io::Write, path::PathBuf, sync::Arc};

use intake::ports::{Draft, PortError, PortResult};
use sha2::Digest;
use stdx::{Sha256, crash};
use tempfile::{NamedTempFile, TempPath};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{
    error::{Doing, Error},
    folder::Tree,
};

/// Bytes handed to the blocking thread at once. A draft holds at most two such buffers.
const BUFFER_BYTES: usize = 1 << 20;

/// A draft in the folder's `tmp`. Dropped without `commit`, its file is removed.
#[derive(Debug)]
pub struct FileDraft {
    tree: Arc<Tree>,
    path: Option<TempPath>,
    filling: Vec<u8>,
    pen: Pen,
}

/// Who has the file now.
#[derive(Debug)]
enum Pen {
    Here(Box<Writer>),
    Away(JoinHandle<Result<Box<Writer>, Error>>),
    Broken(String),
}

#[derive(Debug)]
struct Writer {
    file: File,
    path: PathBuf,
    hasher: sha2::Sha256,
    size_bytes: u64,
    spare: Vec<u8>,
}

impl Writer {
    fn write(mut self: Box<Self>, mut bytes: Vec<u8>) -> Result<Box<Self>, Error> {
        self.hasher.update(&bytes);
        self.file.write_all(&bytes).doing("write", &self.path)?;
        self.size_bytes += bytes.len() as u64;
        bytes.clear();
        self.spare = bytes;
        Ok(self)
    }
}

impl FileDraft {
    pub(crate) fn new(tree: Arc<Tree>, file: NamedTempFile) -> Self {
        let (file, path) = file.into_parts();
        let writer =
            Writer { file, path: path.to_path_buf(), hasher: sha2::Sha256::new(), size_bytes: 0, spare: Vec::new() };
        Self { tree, path: Some(path), filling: Vec::new(), pen: Pen::Here(Box::new(writer)) }
    }

    /// Waits for the write under way. The handle stays in place until it has ended, so a caller may drop this future.
    async fn writer(&mut self) -> Result<Box<Writer>, Error> {
        if let Pen::Away(job) = &mut self.pen {
            let ended = job.await.unwrap_or_else(|error| Err(error.into()));
            self.pen = match ended {
                Ok(writer) => Pen::Here(writer),
                Err(error) => {
                    self.pen = Pen::Broken(error.to_string());
                    return Err(error);
                }
            };
        }
        match std::mem::replace(&mut self.pen, Pen::Broken("it is closed".into())) {
            Pen::Here(writer) => Ok(writer),
            Pen::Broken(why) => {
                self.pen = Pen::Broken(why.clone());
                Err(Error::DraftFailed(why))
            }
            Pen::Away(_) => unreachable!("the write under way has been waited for"),
        }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let mut writer = self.writer().await?;
        let spare = std::mem::take(&mut writer.spare);
        let full = std::mem::replace(&mut self.filling, spare);
        self.pen = Pen::Away(spawn_blocking(move || writer.write(full)));
        Ok(())
    }

    pub(crate) async fn append_bytes(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        if let Pen::Broken(why) = &self.pen {
            return Err(Error::DraftFailed(why.clone()));
        }
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BUFFER_BYTES - self.filling.len()));
            self.filling.extend_from_slice(now);
            bytes = later;
            if self.filling.len() == BUFFER_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// The hash of the bytes so far.
    pub(crate) async fn hash(&mut self) -> Result<Sha256, Error> {
        let writer = self.writer().await?;
        let mut hasher = writer.hasher.clone();
        self.pen = Pen::Here(writer);
        hasher.update(&self.filling);
        Ok(Sha256::finish(hasher))
    }

    /// Writes the rest: the bytes are whole, and no blob yet.
    pub(crate) async fn seal(mut self) -> Result<Sealed, Error> {
        let writer = self.writer().await?;
        let rest = std::mem::take(&mut self.filling);
        let path = self.path.take().expect("only seal takes the path, and it takes the draft too");
        let tree = self.tree.clone();
        spawn_blocking(move || {
            let writer = writer.write(rest)?;
            crash::point("C5");
            let Writer { file, hasher, size_bytes, .. } = *writer;
            Ok(Sealed { tree, file: Arc::new(file), path, sha256: Sha256::finish(hasher), size_bytes })
        })
        .await?
    }
}

/// A draft whose bytes are all there. Dropped instead of placed, its file is removed.
#[derive(Debug)]
pub(crate) struct Sealed {
    tree: Arc<Tree>,
    /// Open for reading too.
    pub file: Arc<File>,
    /// Where it lies until it is placed.
    pub path: TempPath,
    /// The hash of its bytes.
    pub sha256: Sha256,
    /// How many they are.
    pub size_bytes: u64,
}

impl Sealed {
    /// Makes it the blob of its hash, durably.
    pub(crate) async fn place(self) -> Result<(Sha256, u64), Error> {
        let Self { tree, file, path, sha256, size_bytes } = self;
        spawn_blocking(move || {
            tree.place(&file, &path, sha256, size_bytes)?;
            // The name is free again: removing it now could hit a later draft.
            let _ = path.keep();
            Ok((sha256, size_bytes))
        })
        .await?
    }
}

impl Draft for FileDraft {
    async fn append(&mut self, bytes: &[u8]) -> PortResult<()> {
        self.append_bytes(bytes).await.map_err(PortError::from)
    }

    async fn sha256(&mut self) -> PortResult<Sha256> {
        self.hash().await.map_err(PortError::from)
    }

    async fn commit(self) -> PortResult<(Sha256, u64)> {
        self.seal().await?.place().await.map_err(PortError::from)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use stdx::ErrorKind;
    use tempfile::TempPath;

    use super::*;
    use crate::Folder;

    #[tokio::test]
    async fn a_full_disk_is_told_as_exhausted_and_the_draft_gives_no_blob_afterwards() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).await.unwrap();
        let file = place.path().join("tmp/draft-full");
        std::fs::write(&file, "").unwrap();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let file = NamedTempFile::from_parts(full, TempPath::try_from_path(&file).unwrap());
        let mut draft = FileDraft::new(folder.tree(), file);

        let window = vec![7; BUFFER_BYTES];
        draft.append(&window).await.unwrap();
        assert_eq!(draft.append(&window).await.unwrap_err().kind, ErrorKind::Exhausted);
        assert_eq!(draft.append(b"more").await.unwrap_err().kind, ErrorKind::Unavailable);
        assert_eq!(draft.commit().await.unwrap_err().kind, ErrorKind::Unavailable);
        assert_eq!(std::fs::read_dir(place.path().join("tmp")).unwrap().count(), 0);
        assert!(!intake::ports::Blobs::has(&folder, Sha256::of(&window)).await.unwrap());
    }
}
