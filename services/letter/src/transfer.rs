//! Content-Transfer-Encoding undone as a stream: exact where the sender was, tolerant and told where he was not.

use std::io::{self, Write};

use base64::{Engine, alphabet, engine};
use memchr::{memchr, memchr2, memrchr};

use crate::uuencode;

/// Trailing bits that are not zero are a mailer's slip that changes no byte.
const BASE64: engine::GeneralPurpose = engine::GeneralPurpose::new(
    &alphabet::STANDARD,
    engine::GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(engine::DecodePaddingMode::RequireNone),
);

/// A line of base64 has at most 76 characters (RFC 2045 §6.8).
const LINE_BYTES: usize = 76;

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// 7bit, 8bit, binary, or nothing said: the bytes are the content.
    Identity,
    /// RFC 2045 §6.8.
    Base64,
    /// RFC 2045 §6.7.
    QuotedPrintable,
    /// `x-uuencode`, which no RFC defines.
    Uuencode,
    /// Something else; its bytes are kept as they are.
    Unknown,
}

impl Encoding {
    /// Reads the header field, whatever its case and the marks around it.
    #[must_use]
    pub fn of(field: Option<&[u8]>) -> Self {
        let word: String = field
            .unwrap_or_default()
            .iter()
            .take_while(|&&byte| byte != b';' && byte != b'(')
            .filter(|byte| byte.is_ascii_alphanumeric())
            .map(|byte| char::from(byte.to_ascii_lowercase()))
            .collect();
        match word.as_str() {
            "" | "7bit" | "8bit" | "binary" | "7bits" | "8bits" | "7" | "8" | "none" => Self::Identity,
            "base64" => Self::Base64,
            "quotedprintable" => Self::QuotedPrintable,
            "xuuencode" | "uuencode" | "xuue" | "uue" => Self::Uuencode,
            _ => Self::Unknown,
        }
    }
}

/// What a decoder had to put up with: a fault's code, and what for an editor.
pub type Trouble = (&'static str, String);

/// Undoes an encoding chunk by chunk.
pub enum Decoder {
    /// Hands the bytes on.
    Identity,
    /// Base64.
    Base64(Base64),
    /// Quoted-printable.
    Quoted(Quoted),
    /// Uuencode.
    Uuencode(Box<uuencode::Decoder>),
}

impl Decoder {
    /// A fresh decoder.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Identity | Encoding::Unknown => Self::Identity,
            Encoding::Base64 => Self::Base64(Base64::default()),
            Encoding::QuotedPrintable => Self::Quoted(Quoted::default()),
            Encoding::Uuencode => Self::Uuencode(Box::default()),
        }
    }

    /// Decodes the next bytes.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn feed(&mut self, chunk: &[u8], out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Identity => out.write_all(chunk),
            Self::Base64(it) => it.feed(chunk, out),
            Self::Quoted(it) => it.feed(chunk, out),
            Self::Uuencode(it) => it.feed(chunk, out),
        }
    }

    /// Writes what is left, and tells what was wrong.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<Option<Trouble>> {
        match self {
            Self::Identity => Ok(None),
            Self::Base64(it) => it.finish(out),
            Self::Quoted(it) => it.finish(out).map(|()| None),
            Self::Uuencode(it) => it.finish(out),
        }
    }
}

/// Whether a byte is one of the 64.
#[must_use]
pub fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

/// Decodes symbols that are all of the alphabet; a last group of two or three gives its one or two bytes.
pub fn base64_groups(symbols: &[u8], into: &mut Vec<u8>) {
    let whole = if symbols.len() % 4 == 1 { symbols.len() - 1 } else { symbols.len() };
    // All symbols are lawful and the length is, so this cannot fail.
    let _ = BASE64.decode_vec(&symbols[..whole], into);
}

/// A base64 stream. Line ends cost nothing; anything else outside the alphabet is dropped and told.
#[derive(Default)]
pub struct Base64 {
    symbols: Vec<u8>,
    bytes: Vec<u8>,
    fed: u64,
    junk_count: u64,
    junk_first_at: Option<u64>,
    padded: bool,
    ended: bool,
    after_padding: bool,
}

impl Base64 {
    fn feed(&mut self, chunk: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let mut rest = chunk;
        let begin = self.symbols.len();
        while !rest.is_empty() {
            let end = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            self.symbols.extend_from_slice(&rest[..end]);
            rest = &rest[(end + 1).min(rest.len())..];
        }
        let whole = self.symbols.len() / 4 * 4;
        self.bytes.resize(whole / 4 * 3, 0);
        let all_symbols = self.symbols[whole..].iter().all(|&byte| is_base64(byte));
        let decoded = if self.padded || self.ended || !all_symbols {
            None
        } else {
            BASE64.decode_slice(&self.symbols[..whole], &mut self.bytes).ok()
        };
        if let Some(decoded) = decoded {
            out.write_all(&self.bytes[..decoded])?;
            self.symbols.drain(..whole);
        } else {
            self.symbols.truncate(begin);
            self.slow(chunk, out)?;
        }
        self.fed += chunk.len() as u64;
        Ok(())
    }

    /// The same, symbol by symbol, for a chunk that holds more than symbols and line ends.
    fn slow(&mut self, chunk: &[u8], out: &mut dyn Write) -> io::Result<()> {
        for (at, &byte) in chunk.iter().enumerate() {
            if self.ended {
                break;
            }
            match byte {
                b'=' => {
                    self.flush(out)?;
                    self.padded = true;
                }
                byte if is_base64(byte) => {
                    if self.padded {
                        // Either two encoded pieces in one body, or the words that a list put beneath.
                        let ahead = &chunk[at..chunk.len().min(at + LINE_BYTES)];
                        let line_end = memchr(b'\n', ahead).map_or(at + ahead.len(), |end| at + end);
                        self.ended = !chunk[at..line_end].iter().all(|&it| is_base64(it) || b"=\r".contains(&it));
                        self.after_padding = true;
                        self.padded = false;
                        if self.ended {
                            break;
                        }
                    }
                    self.symbols.push(byte);
                    if self.symbols.len() >= 64 << 10 {
                        self.flush_whole(out)?;
                    }
                }
                byte if byte.is_ascii_whitespace() => {}
                _ => {
                    self.junk_count += 1;
                    self.junk_first_at.get_or_insert(self.fed + at as u64);
                }
            }
        }
        self.flush_whole(out)
    }

    fn flush_whole(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let rest = self.symbols.split_off(self.symbols.len() / 4 * 4);
        self.bytes.clear();
        base64_groups(&self.symbols, &mut self.bytes);
        self.symbols = rest;
        out.write_all(&self.bytes)
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.bytes.clear();
        base64_groups(&self.symbols, &mut self.bytes);
        self.symbols.clear();
        out.write_all(&self.bytes)
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<Option<Trouble>> {
        let left = self.symbols.len() % 4;
        let cut = left != 0 && !self.ended;
        self.flush(out)?;
        let mut told = Vec::new();
        if let Some(first) = self.junk_first_at {
            told.push(format!("{} bytes that are no base64, the first at byte {first}", self.junk_count));
        }
        if self.after_padding {
            told.push(if self.ended { "text after the end of the data" } else { "data after padding" }.to_owned());
        }
        if cut {
            told.push(format!("ends within a group, after {left} of 4 characters"));
        }
        Ok((!told.is_empty()).then(|| ("base64_broken", told.join("; "))))
    }
}

/// A quoted-printable stream (RFC 2045 §6.7): a wrong escape stays as it is written.
#[derive(Default)]
pub struct Quoted {
    carry: Vec<u8>,
}

impl Quoted {
    fn feed(&mut self, chunk: &[u8], out: &mut dyn Write) -> io::Result<()> {
        self.carry.extend_from_slice(chunk);
        // Up to the last line end everything is decided; a line without end may not grow without bound.
        let decided = match memrchr(b'\n', &self.carry) {
            Some(end) => end + 1,
            None if self.carry.len() > 64 << 10 => {
                let tail = self.carry.len() - 3;
                memchr(b'=', &self.carry[tail..]).map_or(self.carry.len(), |at| tail + at)
            }
            None => return Ok(()),
        };
        let rest = self.carry.split_off(decided);
        let decoded = quoted_lines(&self.carry);
        self.carry = rest;
        out.write_all(&decoded)
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let decoded = quoted_lines(&self.carry);
        self.carry.clear();
        out.write_all(&decoded)
    }
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn quoted_lines(lines: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len());
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let line_end = &line[text.len()..];
        // White space at a line's end was put there in transport.
        let text = if line_end.is_empty() { text } else { text.trim_ascii_end() };
        let (text, line_end) = match text.strip_suffix(b"=") {
            Some(soft) => (soft, &b""[..]),
            None => (text, line_end),
        };
        let mut rest = text;
        while let Some(at) = memchr(b'=', rest) {
            out.extend_from_slice(&rest[..at]);
            match (rest.get(at + 1), rest.get(at + 2)) {
                (Some(&high), Some(&low)) if hex(high, low).is_some() => {
                    out.extend(hex(high, low));
                    rest = &rest[at + 3..];
                }
                // A soft line break of a mail whose lines end in a bare carriage return.
                (Some(b'\r'), _) => rest = &rest[at + 2..],
                _ => {
                    out.push(b'=');
                    rest = &rest[at + 1..];
                }
            }
        }
        out.extend_from_slice(rest);
        out.extend_from_slice(line_end);
    }
    out
}

/// The Q encoding of an encoded word (RFC 2047 §4.2).
pub fn quoted_word(text: &[u8], into: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'_', _) => into.push(b' '),
            (b'=', [high, low, ..]) if hex(*high, *low).is_some() => {
                into.extend(hex(*high, *low));
                rest = &after[2..];
            }
            _ => into.push(first),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(encoding: Encoding, encoded: &[u8], step: usize) -> (Vec<u8>, Option<String>) {
        let (mut decoder, mut out) = (Decoder::new(encoding), Vec::new());
        for chunk in encoded.chunks(step) {
            decoder.feed(chunk, &mut out).unwrap();
        }
        let trouble = decoder.finish(&mut out).unwrap();
        (out, trouble.map(|(_, detail)| detail))
    }

    #[test]
    fn broken_base64_gives_every_byte_that_is_there_and_is_told() {
        let cases: &[(&[u8], &[u8], Option<&str>)] = &[
            (b"YWJjZA==", b"abcd", None),
            (b"YWJj\r\nZA==\r\n", b"abcd", None),
            (b"YW\nJj ZA =\t=", b"abcd", None),
            (b"YWJjZB==", b"abcd", None),
            (b"YWJjZA", b"abcd", Some("ends within a group, after 2 of 4 characters")),
            (b"YWJjZ", b"abc", Some("ends within a group, after 1 of 4 characters")),
            (b"YW\0J*jZA==", b"abcd", Some("2 bytes that are no base64, the first at byte 2")),
            (b"YWJjZA==\r\nZWY=\r\n", b"abcdef", Some("data after padding")),
            (b"YWJjZA==\r\n____\r\nlist mailing list\r\n", b"abcd", Some("text after the end")),
            (b"", b"", None),
        ];
        for (encoded, bytes, told) in cases {
            let (found, trouble) = decode(Encoding::Base64, encoded, 1 << 16);
            assert_eq!(found, *bytes, "{}", String::from_utf8_lossy(encoded));
            let trouble = trouble.unwrap_or_default();
            assert!(trouble.contains(told.unwrap_or_default()) && trouble.is_empty() == told.is_none(), "{trouble}");
        }
    }

    #[test]
    fn quoted_printable_is_exact_and_leaves_wrong_escapes() {
        let cases: &[(&[u8], &[u8])] = &[
            (b"a=3Db", b"a=b"),
            (b"soft =\r\nbreak", b"soft break"),
            (b"soft=  \r\nbreak", b"softbreak"),
            (b"end  \r\nnext\n", b"end\r\nnext\n"),
            (b"=XY =4", b"=XY =4"),
            (b"=e4=b8=AD", "中".as_bytes()),
            (b"a=", b"a"),
        ];
        for (encoded, bytes) in cases {
            assert_eq!(decode(Encoding::QuotedPrintable, encoded, 1 << 16).0, *bytes);
            assert_eq!(decode(Encoding::QuotedPrintable, encoded, 1).0, *bytes);
        }
    }

    #[test]
    fn encodings_are_known_by_any_spelling() {
        let cases = [
            ("Base64", Encoding::Base64),
            (" base64; x=y", Encoding::Base64),
            ("\"quoted-printable\"", Encoding::QuotedPrintable),
            ("8 bit", Encoding::Identity),
            ("x-uuencode", Encoding::Uuencode),
            ("gzip64", Encoding::Unknown),
        ];
        for (field, encoding) in cases {
            assert_eq!(Encoding::of(Some(field.as_bytes())), encoding, "{field}");
        }
    }

    proptest! {
        #[test]
        fn base64_survives_any_line_length_and_any_cut(bytes: Vec<u8>, line in 1_usize..90, step in 1_usize..90) {
            let encoded = base64::engine::general_purpose::STANDARD.encode(&bytes);
            let lines: Vec<&[u8]> = encoded.as_bytes().chunks(line).collect();
            prop_assert_eq!(decode(Encoding::Base64, &lines.join(&b"\r\n"[..]), step), (bytes, None));
        }

        #[test]
        fn no_encoding_panics_on_any_bytes(bytes: Vec<u8>, step in 1_usize..90) {
            for encoding in [Encoding::Base64, Encoding::QuotedPrintable, Encoding::Uuencode] {
                decode(encoding, &bytes, step);
            }
        }
    }
}
