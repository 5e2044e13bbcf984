//! The raw mail through one window of fixed size: whatever its size, this is all of it that is in memory.

use std::{fs::File, io, num::NonZeroU64, os::unix::fs::FileExt};

use memchr::{memchr, memmem};
use rustix::fs::{Advice, fadvise};

const WINDOW_BYTES: usize = 256 << 10;

/// The raw mail, read by position.
pub struct Source {
    file: File,
    size: u64,
    window: Vec<u8>,
    start: u64,
    filled: usize,
    /// What ends a line; a carriage return only for a mail that has no line feed at all near its beginning.
    line_end: u8,
}

impl Source {
    /// Looks at a file of `size` bytes.
    ///
    /// # Errors
    /// When its beginning cannot be read.
    pub fn new(file: File, size: u64) -> io::Result<Self> {
        let mut source = Self { file, size, window: vec![0; WINDOW_BYTES], start: 0, filled: 0, line_end: b'\n' };
        let beginning = source.peek(0, WINDOW_BYTES)?;
        if memchr(b'\n', beginning).is_none() && memchr(b'\r', beginning).is_some() {
            source.line_end = b'\r';
        }
        Ok(source)
    }

    /// Size of the raw mail in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The bytes from `at` on: at least `want` (at most a window's worth) unless the mail ends before, often more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn peek(&mut self, at: u64, want: usize) -> io::Result<&[u8]> {
        let want = want.min(WINDOW_BYTES).min(usize::try_from(self.size.saturating_sub(at)).unwrap_or(usize::MAX));
        let held = at >= self.start && at - self.start + want as u64 <= self.filled as u64;
        if !held {
            (self.start, self.filled) = (at, 0);
            while self.filled < WINDOW_BYTES {
                let read = self.file.read_at(&mut self.window[self.filled..], at + self.filled as u64)?;
                if read == 0 {
                    break;
                }
                self.filled += read;
            }
            // A file that shrank under our eyes ends where it ends.
            if self.filled < want {
                self.size = at + self.filled as u64;
            }
        }
        let from = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX).min(self.filled);
        let end = usize::try_from(self.size.saturating_sub(self.start)).unwrap_or(usize::MAX).min(self.filled);
        Ok(&self.window[from.min(end)..end])
    }

    /// Tells the system that these bytes are not read again, so that a huge mail does not push everything else out of its
    /// cache. They can be read all the same, and a system that does not listen does no harm.
    pub fn let_go(&self, from: u64, to: u64) {
        let _ = fadvise(&self.file, from, NonZeroU64::new(to.saturating_sub(from)), Advice::DontNeed);
    }

    /// Appends the line at `at`, its end included, as long as `into` stays within `bound`; gives where the next line
    /// begins, or `None` when the bound is broken.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn line(&mut self, at: u64, into: &mut Vec<u8>, bound: usize) -> io::Result<Option<u64>> {
        let (mut at, line_end) = (at, self.line_end);
        loop {
            let bytes = self.peek(at, 4096)?;
            let end = memchr(line_end, bytes);
            let taken = end.map_or(bytes.len(), |end| end + 1);
            if into.len() + taken > bound {
                return Ok(None);
            }
            into.extend_from_slice(&bytes[..taken]);
            at += taken as u64;
            if end.is_some() || taken == 0 {
                if end.is_some() && line_end == b'\r' {
                    into.pop();
                    into.push(b'\n');
                }
                return Ok(Some(at));
            }
        }
    }

    /// Where the next line begins that starts with two hyphens; `at_line_start` says whether `at` itself may be it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn dashes(&mut self, at: u64, at_line_start: bool) -> io::Result<Option<u64>> {
        if at_line_start && self.peek(at, 2)?.starts_with(b"--") {
            return Ok(Some(at));
        }
        let needle = [self.line_end, b'-', b'-'];
        let finder = memmem::Finder::new(&needle);
        let mut at = at;
        loop {
            let bytes = self.peek(at, 4096)?;
            if let Some(found) = finder.find(bytes) {
                return Ok(Some(at + found as u64 + 1));
            }
            if bytes.len() < needle.len() {
                return Ok(None);
            }
            at += (bytes.len() - (needle.len() - 1)) as u64;
        }
    }

    /// Where the content before a boundary line ends: the line end before the boundary belongs to the boundary
    /// (RFC 2046 §5.1.1).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn before_line_end(&mut self, line_at: u64, not_before: u64) -> io::Result<u64> {
        let mut end = line_at;
        for wanted in [self.line_end, b'\r'] {
            if end > not_before && self.peek(end - 1, 1)?.first() == Some(&wanted) {
                end -= 1;
                if wanted == b'\r' {
                    break;
                }
            }
        }
        Ok(end)
    }
}
