//! Finds boxes in a file and reads their payload under bounds of its own.

use std::{
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

use super::{Error, codec};

/// Boxes visited in one file. A movie of two tracks has about 60, each fragment about 12.
pub(super) const BOXES_MAX: u32 = 10_000;

/// Bytes read from one file.
pub(super) const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Bytes of one payload that are held at once.
const PAYLOAD_MAX: u64 = 64 * 1024;

/// A box with the place of its payload, which never reaches past its parent.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) kind: [u8; 4],
    pub(super) body: Range<u64>,
    /// Whether the claimed size goes past the parent; `body` then ends with the parent.
    pub(super) cut: bool,
}

/// A file seen as boxes.
pub(super) struct Boxes<'r, R> {
    reader: &'r mut R,
    end: u64,
    boxes_left: u32,
    bytes_left: u64,
}

impl<'r, R: Read + Seek> Boxes<'r, R> {
    pub(super) fn new(reader: &'r mut R, size_bytes: u64) -> Self {
        Self { reader, end: size_bytes, boxes_left: BOXES_MAX, bytes_left: BYTES_MAX }
    }

    /// The end of the file.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// The box that begins at `at`, or none if fewer than eight bytes are left before `end`.
    pub(super) fn next(&mut self, at: u64, end: u64) -> Result<Option<Located>, Error> {
        let left = end.saturating_sub(at);
        if left < 8 {
            return Ok(None);
        }
        self.boxes_left = self.boxes_left.checked_sub(1).ok_or(Error::TooManyBoxes)?;
        let mut header = [0; 16];
        self.read(at, &mut header[..8])?;
        let kind = [header[4], header[5], header[6], header[7]];
        let broken = |size| Error::BoxSize { kind: codec::four_characters(kind), at, size };
        let (header_bytes, size) = match u32_at(&header, 0).unwrap_or_default() {
            0 => (8, left),
            1 if left < 16 => return Err(broken(1)),
            1 => {
                self.read(at + 8, &mut header[8..])?;
                (16, u64_at(&header, 8).unwrap_or_default())
            }
            size => (8, u64::from(size)),
        };
        if size < header_bytes {
            return Err(broken(size));
        }
        Ok(Some(Located { kind, body: at + header_bytes..at + size.min(left), cut: size > left }))
    }

    /// The boxes inside a payload, as far as they make sense: writers pad their lists with zeros and stray bytes.
    pub(super) fn children(&mut self, body: Range<u64>) -> Result<Vec<Located>, Error> {
        let mut found = Vec::new();
        let mut at = body.start;
        loop {
            match self.next(at, body.end) {
                Ok(Some(child)) => {
                    at = child.body.end;
                    found.push(child);
                }
                Ok(None) | Err(Error::BoxSize { .. }) => return Ok(found),
                Err(other) => return Err(other),
            }
        }
    }

    /// The first bytes of a payload: at most `bytes_max`, at most 64 KiB, and never more than the file has.
    pub(super) fn payload(&mut self, located: &Located, bytes_max: u64) -> Result<Vec<u8>, Error> {
        self.bytes(located.body.clone(), bytes_max)
    }

    /// The first bytes of a range, under the same bounds.
    pub(super) fn bytes(&mut self, range: Range<u64>, bytes_max: u64) -> Result<Vec<u8>, Error> {
        let length = range.end.min(self.end).saturating_sub(range.start).min(bytes_max).min(PAYLOAD_MAX);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        self.read(range.start, &mut bytes)?;
        Ok(bytes)
    }

    fn read(&mut self, at: u64, bytes: &mut [u8]) -> Result<(), Error> {
        self.bytes_left = self.bytes_left.checked_sub(bytes.len() as u64).ok_or(Error::TooManyBytes)?;
        self.reader.seek(SeekFrom::Start(at))?;
        self.reader.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::CutShort("a needed".to_owned()),
            _ => Error::Io(error),
        })
    }
}

/// The big-endian number at a place, if the payload reaches that far.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_be_bytes(*chunk))
}

/// The big-endian number at a place, if the payload reaches that far.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_be_bytes(*chunk))
}

/// The big-endian number at a place, if the payload reaches that far.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_be_bytes(*chunk))
}

/// The number at a place that is 64 bits wide in version 1 of a box and 32 in version 0.
pub(super) fn wide_at(bytes: &[u8], at: usize, version: u8) -> Option<u64> {
    if version == 1 { u64_at(bytes, at) } else { u32_at(bytes, at).map(u64::from) }
}

/// Longer than this is garbage, and no duration.
const DURATION_MS_MAX: u128 = 100 * 366 * 24 * 3600 * 1000;

/// Ticks of a clock in milliseconds, rounded; none for a clock that stands still and for more than a hundred years.
pub(super) fn milliseconds(ticks: u64, ticks_per_second: u32) -> Option<u64> {
    let per_second = u128::from(ticks_per_second);
    let scaled = (u128::from(ticks) * 1000 + per_second / 2).checked_div(per_second)?;
    if scaled <= DURATION_MS_MAX { u64::try_from(scaled).ok() } else { None }
}
