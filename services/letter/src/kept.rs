//! A part's decoded bytes on their way into the work folder, hashed as they pass; named by their hash in the end.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use sha2::Digest;
use stdx::Sha256;

/// A part being written. Dropped before its end, its file goes.
pub struct Kept {
    out: BufWriter<File>,
    path: PathBuf,
    hasher: sha2::Sha256,
    size_bytes: u64,
    is_named: bool,
}

/// A part that is written.
pub struct Leaf {
    /// Hash of its bytes.
    pub sha256: Sha256,
    /// Their number.
    pub size_bytes: u64,
    /// The file.
    pub path: PathBuf,
}

impl Kept {
    /// Begins a file; `number` tells the parts of one mail apart.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn begin(workdir: &Path, number: usize) -> io::Result<Self> {
        let path = workdir.join(format!("part-{number}.partial"));
        let out = BufWriter::with_capacity(64 << 10, File::create(&path)?);
        Ok(Self { out, path, hasher: sha2::Sha256::new(), size_bytes: 0, is_named: false })
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// When the last bytes cannot be written or the file not renamed.
    pub fn finish(mut self) -> io::Result<Leaf> {
        self.out.flush()?;
        let sha256 = Sha256::finish(std::mem::take(&mut self.hasher));
        let path = self.path.with_file_name(sha256.hex());
        // The same bytes twice: replacing a file would make some file systems write it out at once.
        if !path.exists() {
            fs::rename(&self.path, &path)?;
            self.is_named = true;
        }
        Ok(Leaf { sha256, size_bytes: self.size_bytes, path })
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.is_named {
            let _ = fs::remove_file(&self.path);
        }
    }
}
