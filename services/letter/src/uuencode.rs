//! Uuencode: as a transfer encoding, and as a `begin 644 name` block inside a text.

use std::io::{self, Write};

use memchr::memchr;

use crate::transfer::Trouble;

/// No line of uuencode is longer; what is longer is text.
const LINE_BYTES_MAX: usize = 200;

/// The name on a line `begin 644 name`.
fn begin(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"begin ")?;
    let digits = rest.iter().take_while(|it| (b'0'..=b'7').contains(it)).count();
    let name = rest.get(digits..)?.strip_prefix(b" ")?.trim_ascii();
    ((3..=4).contains(&digits) && !name.is_empty()).then_some(name)
}

/// The bytes of a data line; `None` if the line cannot be one.
fn data(line: &[u8]) -> Option<Vec<u8>> {
    let (&first, symbols) = line.split_first()?;
    if !(b' '..=b'`').contains(&first) {
        return None;
    }
    let count = usize::from((first - b' ') & 0x3f);
    let wanted = count.div_ceil(3) * 4;
    // Trailing spaces may be lost on the way, and a check character may follow.
    let minimum = (count * 4).div_ceil(3);
    let lawful = symbols.iter().all(|it| (b' '..=b'`').contains(it));
    let trimmed = symbols.trim_ascii_end().len();
    if !lawful || trimmed > wanted + 2 || (trimmed < minimum && !line.ends_with(b" ") && minimum - trimmed > 3) {
        return None;
    }
    let symbol = |at: usize| symbols.get(at).map_or(0, |it| (it - b' ') & 0x3f);
    let mut bytes = Vec::with_capacity(wanted / 4 * 3);
    for at in (0..wanted).step_by(4) {
        let (a, b, c, d) = (symbol(at), symbol(at + 1), symbol(at + 2), symbol(at + 3));
        bytes.extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    bytes.truncate(count);
    Some(bytes)
}

/// What comes out of a text: its lines, and the files between them.
pub trait Output {
    /// A piece of text, line ends included.
    fn text(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// A file begins; false leaves it in the text.
    fn file_begin(&mut self, name: &[u8]) -> io::Result<bool>;
    /// Bytes of that file.
    fn file_data(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// The file ends; `whole` if its `end` line was there.
    fn file_end(&mut self, whole: bool) -> io::Result<()>;
}

/// Splits a text into lines and uuencoded files, as a stream.
#[derive(Default)]
pub struct Splitter {
    carry: Vec<u8>,
    /// Inside a line that is too long to be anything but text.
    in_long_line: bool,
    /// A `begin` line that waits for a data line to prove it.
    begun: Option<Vec<u8>>,
    in_file: bool,
}

impl Splitter {
    /// Takes the next bytes of the text.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn feed(&mut self, chunk: &[u8], out: &mut impl Output) -> io::Result<()> {
        let mut rest = chunk;
        while !rest.is_empty() {
            let end = memchr(b'\n', rest).map(|at| at + 1);
            let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
            rest = after;
            if self.in_long_line {
                out.text(piece)?;
                self.in_long_line = end.is_none();
            } else if self.carry.is_empty() && end.is_some() {
                self.line(piece, out)?;
            } else {
                self.carry.extend_from_slice(piece);
                if end.is_some() {
                    let line = std::mem::take(&mut self.carry);
                    self.line(&line, out)?;
                } else if self.carry.len() > LINE_BYTES_MAX {
                    let piece = std::mem::take(&mut self.carry);
                    self.line(&piece, out)?;
                    self.in_long_line = true;
                }
            }
        }
        Ok(())
    }

    /// Takes the end of the text.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(&mut self, out: &mut impl Output) -> io::Result<()> {
        let line = std::mem::take(&mut self.carry);
        if !line.is_empty() {
            self.line(&line, out)?;
        }
        if let Some(held) = self.begun.take() {
            out.text(&held)?;
        }
        if self.in_file {
            self.in_file = false;
            out.file_end(false)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], out: &mut impl Output) -> io::Result<()> {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if let Some(held) = self.begun.take() {
            let name = begin(held.trim_ascii_end()).unwrap_or_default().to_vec();
            let bytes = data(text).filter(|bytes| !bytes.is_empty());
            match bytes {
                Some(bytes) if out.file_begin(&name)? => {
                    self.in_file = true;
                    return out.file_data(&bytes);
                }
                _ => out.text(&held)?,
            }
        }
        if self.in_file {
            if text.trim_ascii() == b"end" {
                self.in_file = false;
                return out.file_end(true);
            }
            if let Some(bytes) = data(text) {
                return out.file_data(&bytes);
            }
            if text.is_empty() {
                return Ok(());
            }
            self.in_file = false;
            out.file_end(false)?;
        }
        if text.len() <= LINE_BYTES_MAX && begin(text).is_some() {
            self.begun = Some(line.to_vec());
            return Ok(());
        }
        out.text(line)
    }
}

/// The transfer encoding: the first file is the content, its name a hint.
#[derive(Default)]
pub struct Decoder {
    splitter: Splitter,
    /// The name on the `begin` line, raw.
    pub name: Option<Vec<u8>>,
    whole: bool,
    done: bool,
}

struct First<'d, 'o> {
    name: &'d mut Option<Vec<u8>>,
    whole: &'d mut bool,
    done: &'d mut bool,
    out: &'o mut dyn Write,
}

impl Output for First<'_, '_> {
    fn text(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn file_begin(&mut self, name: &[u8]) -> io::Result<bool> {
        self.name.get_or_insert_with(|| name.to_vec());
        Ok(!*self.done)
    }

    fn file_data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    fn file_end(&mut self, whole: bool) -> io::Result<()> {
        (*self.whole, *self.done) = (whole, true);
        Ok(())
    }
}

impl Decoder {
    /// Decodes the next bytes.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn feed(&mut self, chunk: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let Self { splitter, name, whole, done } = self;
        splitter.feed(chunk, &mut First { name, whole, done, out })
    }

    /// Writes what is left, and tells what was wrong.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<Option<Trouble>> {
        let Self { splitter, name, whole, done } = self;
        splitter.finish(&mut First { name, whole, done, out })?;
        Ok(match (&self.name, self.whole) {
            (None, _) => Some(("uuencode", "no line of data behind a begin line".into())),
            (Some(_), false) => Some(("uuencode", "the data breaks off before its end line".into())),
            (Some(_), true) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Told(String);

    impl Output for Told {
        fn text(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.0.push_str(&String::from_utf8_lossy(bytes));
            Ok(())
        }
        fn file_begin(&mut self, name: &[u8]) -> io::Result<bool> {
            self.0.push_str(&format!("[{}:", String::from_utf8_lossy(name)));
            Ok(true)
        }
        fn file_data(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.0.push_str(&String::from_utf8_lossy(bytes));
            Ok(())
        }
        fn file_end(&mut self, whole: bool) -> io::Result<()> {
            self.0.push_str(if whole { "]" } else { "…]" });
            Ok(())
        }
    }

    #[test]
    fn only_a_begin_line_with_data_behind_it_is_a_file() {
        let cases = [
            ("hello\r\nbegin 644 a.txt\r\n#86)C\r\n`\r\nend\r\nbye\r\n", "hello\r\n[a.txt:abc]bye\r\n"),
            ("begin 644 a.txt\n#86)C\n", "[a.txt:abc…]"),
            ("begin 644 the story\nof my life\n", "begin 644 the story\nof my life\n"),
            ("begin 644 a.txt", "begin 644 a.txt"),
            ("begin 999 a.txt\n#86)C\nend\n", "begin 999 a.txt\n#86)C\nend\n"),
            ("begin 644 a\n#86)C\nthis is no data line\n", "[a:abc…]this is no data line\n"),
        ];
        for (text, told) in cases {
            for step in [1, 7, 1000] {
                let (mut splitter, mut out) = (Splitter::default(), Told::default());
                for chunk in text.as_bytes().chunks(step) {
                    splitter.feed(chunk, &mut out).unwrap();
                }
                splitter.finish(&mut out).unwrap();
                assert_eq!(out.0, told, "{text:?} in steps of {step}");
            }
        }
    }
}
