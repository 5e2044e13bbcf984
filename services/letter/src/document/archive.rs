//! Zip archives under bounds, and what is said of archives that are not opened.
//!
//! The figures are those of Apache POI (`ZipSecureFile`): a hundredfold inflation after the first 100 KiB is a bomb.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use intake::letter::Content;
use zip::ZipArchive;

use super::{first_bytes, unreadable};

/// Entries of an archive that is opened.
pub(super) const ENTRIES_MAX: u64 = 10_000;
/// Bytes of the directory of an archive that is opened.
const DIRECTORY_BYTES_MAX: u32 = 8 * 1024 * 1024;
/// Inflated bytes of one entry.
pub(super) const INFLATED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Inflated bytes below which the ratio does not matter.
const RATIO_FROM_BYTES: u64 = 100 * 1024;
/// Inflated bytes of one deflated byte.
const RATIO_MAX: u64 = 100;

pub(super) fn is_archive(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/zip"
            | "application/x-zip-compressed"
            | "application/vnd.rar"
            | "application/x-rar-compressed"
            | "application/x-7z-compressed"
            | "application/gzip"
            | "application/x-tar"
    )
}

/// Archives are not opened; whether they are encrypted is told where their first bytes show it.
pub(super) fn read(file: &mut File, media_type: &str) -> Content {
    let first = first_bytes(file, 4096).unwrap_or_default();
    let is_encrypted = match media_type {
        "application/zip" | "application/x-zip-compressed" => {
            // APPNOTE 4.4.4: bit 0 of the flags. The first entry is often a folder, so the next are asked too.
            memchr::memmem::find_iter(&first, b"PK\x03\x04")
                .any(|at| first.get(at + 6).is_some_and(|flags| flags & 1 == 1))
        }
        _ => is_encrypted_rar(&first),
    };
    unreadable("archive", if is_encrypted { "encrypted; archives are not opened" } else { "archives are not opened" })
}

/// RAR 5 begins an archive with encrypted names by its encryption header (type 4); RAR 4 sets a bit in the archive
/// header (0x0080) or in the first file header (0x0004).
fn is_encrypted_rar(first: &[u8]) -> bool {
    if let Some(rest) = first.strip_prefix(b"Rar!\x1a\x07\x01\0") {
        return rest.get(4..).and_then(|size| {
            let size_bytes = size.iter().take(3).take_while(|&&byte| byte & 0x80 != 0).count() + 1;
            size.get(size_bytes)
        }) == Some(&4);
    }
    let Some(rest) = first.strip_prefix(b"Rar!\x1a\x07\0") else { return false };
    rest.get(3).is_some_and(|flags| flags & 0x80 != 0)
        || (rest.get(15) == Some(&0x74) && rest.get(16).is_some_and(|flags| flags & 4 != 0))
}

/// Why an archive is not read.
pub(super) enum Refused {
    /// It is broken, encrypted or beyond a bound; for an editor.
    Because(&'static str),
    /// The file failed.
    Io(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Opens a zip archive whose end record claims few enough entries.
pub(super) fn open(file: &mut File, size_bytes: u64) -> Result<ZipArchive<&mut File>, Refused> {
    if entries_claimed(file, size_bytes)?.is_none_or(|entries| entries > ENTRIES_MAX) {
        return Err(Refused::Because("damaged, or more than 10,000 entries"));
    }
    file.seek(SeekFrom::Start(0))?;
    let archive = ZipArchive::new(file).map_err(|_| Refused::Because("damaged"))?;
    if archive.len() as u64 > ENTRIES_MAX {
        return Err(Refused::Because("more than 10,000 entries"));
    }
    Ok(archive)
}

/// The number of entries in the end record (APPNOTE 4.3.16), which with the directory's size decides how much a reader
/// allocates; none where there is no end record or a larger directory than so many entries have. A document with a
/// 64-bit end record would be beyond every bound.
fn entries_claimed(file: &mut File, size_bytes: u64) -> io::Result<Option<u64>> {
    const TAIL_BYTES: u64 = 22 + 0xffff;
    file.seek(SeekFrom::Start(size_bytes.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail)?;
    let record = memchr::memmem::rfind(&tail, b"PK\x05\x06").and_then(|at| tail.get(at..at + 22));
    Ok(record.and_then(|record| {
        let entries = u16::from_le_bytes(*record[10..].first_chunk()?);
        let directory_bytes = u32::from_le_bytes(*record[12..].first_chunk()?);
        (entries != u16::MAX && directory_bytes <= DIRECTORY_BYTES_MAX).then_some(u64::from(entries))
    }))
}

/// Inflates one entry under the bounds; a bomb ends as an error of the reader.
pub(super) struct Guarded<R> {
    inner: R,
    deflated_bytes: u64,
    inflated_bytes: u64,
}

impl<R> Guarded<R> {
    pub(super) fn new(inner: R, deflated_bytes: u64) -> Self {
        Self { inner, deflated_bytes, inflated_bytes: 0 }
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.inflated_bytes += read as u64;
        let allowed = self.deflated_bytes.saturating_mul(RATIO_MAX).clamp(RATIO_FROM_BYTES, INFLATED_BYTES_MAX);
        if self.inflated_bytes > allowed {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "inflates beyond every document"));
        }
        Ok(read)
    }
}
