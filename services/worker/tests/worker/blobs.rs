//! Blobs in memory: durable once committed, gone with their draft before.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use intake::ports::{Blobs, Draft, PortResult};
use stdx::{ErrorKind, Sha256};

use crate::chance::{Chance, fault};

#[derive(Default)]
pub struct Shelf {
    pub kept: BTreeMap<Sha256, Vec<u8>>,
    /// Files that children left in work folders.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// The disk takes no byte more.
    pub full: bool,
    /// A commit of more bytes than this finds the disk full.
    pub largest: Option<usize>,
    pub commits: u64,
    pub workdirs: BTreeSet<PathBuf>,
}

pub struct MemoryBlobs {
    pub shelf: Arc<Mutex<Shelf>>,
    chance: Arc<Chance>,
    /// Where work folders are really made; nowhere unless a test looks at them.
    workroot: Option<PathBuf>,
    next: AtomicU64,
}

impl MemoryBlobs {
    pub fn new(shelf: Arc<Mutex<Shelf>>, chance: Arc<Chance>, workroot: Option<PathBuf>) -> Self {
        Self { shelf, chance, workroot, next: AtomicU64::new(0) }
    }
}

pub struct MemoryDraft {
    shelf: Arc<Mutex<Shelf>>,
    chance: Arc<Chance>,
    bytes: Vec<u8>,
}

impl Blobs for MemoryBlobs {
    type Draft = MemoryDraft;

    async fn draft(&self) -> PortResult<MemoryDraft> {
        self.chance.call("draft").await?;
        Ok(MemoryDraft { shelf: self.shelf.clone(), chance: self.chance.clone(), bytes: Vec::new() })
    }

    async fn adopt(&self, file: &Path, sha256: Sha256) -> PortResult<()> {
        self.chance.call("adopt").await?;
        let mut shelf = self.shelf.lock().unwrap();
        if shelf.full {
            return Err(fault(ErrorKind::Exhausted, "no space left"));
        }
        let bytes = shelf.files.remove(file).ok_or_else(|| fault(ErrorKind::Unavailable, "no such file"))?;
        assert_eq!(Sha256::of(&bytes), sha256, "a file is adopted under a hash that is not its own");
        shelf.kept.insert(sha256, bytes);
        Ok(())
    }

    async fn path(&self, sha256: Sha256) -> PortResult<PathBuf> {
        self.chance.call("path").await?;
        if self.shelf.lock().unwrap().kept.contains_key(&sha256) {
            Ok(PathBuf::from(format!("/kept/{sha256}")))
        } else {
            Err(fault(ErrorKind::NotFound, "no such blob"))
        }
    }

    async fn workdir(&self) -> PortResult<PathBuf> {
        self.chance.call("workdir").await?;
        let name = format!("work-{}", self.next.fetch_add(1, Ordering::Relaxed));
        let path = match &self.workroot {
            Some(root) => {
                std::fs::create_dir(root.join(&name)).unwrap();
                root.join(name)
            }
            None => Path::new("/nowhere").join(name),
        };
        self.shelf.lock().unwrap().workdirs.insert(path.clone());
        Ok(path)
    }

    async fn has(&self, sha256: Sha256) -> PortResult<bool> {
        Ok(self.shelf.lock().unwrap().kept.contains_key(&sha256))
    }
}

impl Draft for MemoryDraft {
    async fn append(&mut self, bytes: &[u8]) -> PortResult<()> {
        self.chance.call("append").await?;
        if self.shelf.lock().unwrap().full {
            return Err(fault(ErrorKind::Exhausted, "no space left"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    async fn sha256(&mut self) -> PortResult<Sha256> {
        Ok(Sha256::of(&self.bytes))
    }

    async fn commit(self) -> PortResult<(Sha256, u64)> {
        self.chance.call("commit").await?;
        let sha256 = Sha256::of(&self.bytes);
        let size_bytes = self.bytes.len() as u64;
        {
            let mut shelf = self.shelf.lock().unwrap();
            if shelf.full || shelf.largest.is_some_and(|largest| self.bytes.len() > largest) {
                return Err(fault(ErrorKind::Exhausted, "no space left"));
            }
            shelf.commits += 1;
            shelf.kept.insert(sha256, self.bytes);
        }
        self.chance.answer("commit", (sha256, size_bytes)).await
    }
}
