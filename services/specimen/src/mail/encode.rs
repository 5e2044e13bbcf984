//! Writes text into headers and bodies: encoded words, parameters, base64.

use std::{
    borrow::Cow,
    io::{self, Read, Write},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use encoding_rs::{GB18030, GBK, UTF_8};

use super::{Charset, NameEncoding};

/// Bytes that one line of 76 columns holds in base64.
const LINE_BYTES: usize = 57;
/// Bytes that one encoded word holds: with `=?gb2312?B?` and `?=` it stays under 75 characters.
const WORD_BYTES: usize = 42;
/// A word of this many bytes breaks characters of two bytes and of three.
const BREAKING_WORD_BYTES: usize = 43;
/// Characters of one piece of a continued parameter.
const PIECE_CHARACTERS: usize = 60;

/// The charset's name as the mail states it.
pub(super) fn label(charset: Charset) -> &'static str {
    match charset {
        Charset::Utf8 => "UTF-8",
        Charset::GbkLabelledGb2312 => "gb2312",
        Charset::Gb18030Raw8bit => "gb18030",
    }
}

/// The text in the charset's bytes.
pub(super) fn bytes(text: &str, charset: Charset) -> Cow<'_, [u8]> {
    let encoding = match charset {
        Charset::Utf8 => UTF_8,
        Charset::GbkLabelledGb2312 => GBK,
        Charset::Gb18030Raw8bit => GB18030,
    };
    encoding.encode(text).0
}

/// The text of a header field whose name took `used` characters: encoded words folded onto lines of their own, unless
/// the text is ASCII or the charset goes raw.
pub(super) fn words(text: &str, used: usize, charset: Charset, splits_a_character: bool) -> Vec<u8> {
    if text.is_ascii() || charset == Charset::Gb18030Raw8bit {
        return bytes(text, charset).into_owned();
    }
    let mut lines = String::new();
    // A word of 73 characters beside a long field name would make the line too long; RFC 2047 allows 76.
    for (index, piece) in pieces(text, charset, splits_a_character, WORD_BYTES - used.min(12)).iter().enumerate() {
        if index > 0 {
            lines.push_str("\r\n ");
        }
        lines.push_str(&format!("=?{}?B?{}?=", label(charset), STANDARD.encode(piece)));
    }
    lines.into_bytes()
}

/// The encoded text in pieces that each fill a word, whole characters unless the mail splits one on purpose.
fn pieces(text: &str, charset: Charset, splits_a_character: bool, word_bytes: usize) -> Vec<Vec<u8>> {
    if splits_a_character {
        return bytes(text, charset).chunks(BREAKING_WORD_BYTES).map(<[u8]>::to_vec).collect();
    }
    let mut pieces = vec![Vec::new()];
    for character in text.chars() {
        let encoded = bytes(character.encode_utf8(&mut [0; 4]), charset).into_owned();
        match pieces.last_mut() {
            Some(last) if last.len() + encoded.len() <= word_bytes => last.extend(encoded),
            _ => pieces.push(encoded),
        }
    }
    pieces
}

/// A parameter of a MIME field with the fold before it.
pub(super) fn parameter(
    key: &str,
    value: &str,
    charset: Charset,
    name_encoding: NameEncoding,
    splits_a_character: bool,
) -> Vec<u8> {
    let quoted = |inner: &[u8]| {
        let inner: Vec<u8> = inner
            .iter()
            .flat_map(|&byte| if matches!(byte, b'"' | b'\\') { vec![b'\\', byte] } else { vec![byte] })
            .collect();
        [format!(";\r\n\t{key}=\"").as_bytes(), &inner, b"\""].concat()
    };
    if value.is_empty() {
        return Vec::new();
    }
    // A line break or another control character in quotes would end the field.
    if value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return quoted(value.as_bytes());
    }
    match name_encoding {
        NameEncoding::Rfc2231 => extended(key, value, charset),
        NameEncoding::Raw8bit => quoted(&bytes(value, charset)),
        NameEncoding::Rfc2047 => {
            let charset = if charset == Charset::Gb18030Raw8bit { Charset::GbkLabelledGb2312 } else { charset };
            quoted(&words(value, key.len(), charset, splits_a_character))
        }
    }
}

/// The form of RFC 2231: percent-encoded, in numbered pieces where it is long.
fn extended(key: &str, value: &str, charset: Charset) -> Vec<u8> {
    let mut pieces = vec![format!("{}''", label(charset))];
    for &byte in bytes(value, charset).iter() {
        let plain = byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let next = if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        match pieces.last_mut() {
            Some(last) if last.len() + next.len() <= PIECE_CHARACTERS => last.push_str(&next),
            _ => pieces.push(next),
        }
    }
    if let [single] = &pieces[..] {
        return format!(";\r\n\t{key}*={single}").into_bytes();
    }
    let pieces = pieces.iter().enumerate();
    pieces.flat_map(|(index, piece)| format!(";\r\n\t{key}*{index}*={piece}").into_bytes()).collect()
}

/// Base64 in lines of 76 columns, encoded as it is read.
pub(super) fn base64_lines(out: &mut impl Write, mut bytes: impl Read) -> io::Result<()> {
    let mut block = vec![0; LINE_BYTES * 1024];
    let mut lines = Vec::with_capacity(78 * 1024 + 2);
    loop {
        let mut filled = 0;
        while filled < block.len() {
            match bytes.read(&mut block[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        lines.clear();
        for line in block[..filled].chunks(LINE_BYTES) {
            lines.extend_from_slice(STANDARD.encode(line).as_bytes());
            lines.extend_from_slice(b"\r\n");
        }
        out.write_all(&lines)?;
        if filled < block.len() {
            return Ok(());
        }
    }
}
