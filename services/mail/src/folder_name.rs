//! Folder names as IMAP writes them: modified UTF-7 (RFC 3501 §5.1.3), quoted so that no name can become a command.

use base64::{
    Engine,
    alphabet::IMAP_MUTF7,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::Error;

/// Longest folder name, in characters.
const NAME_CHARS_MAX: usize = 255;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Writes a folder name in modified UTF-7: `垃圾邮件` becomes `&V4NXPpCuTvY-`.
#[must_use]
pub fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let mut wide = Vec::new();
    for character in name.chars() {
        if matches!(character, ' '..='~') {
            shift_back(&mut encoded, &mut wide);
            encoded.push(character);
            if character == '&' {
                encoded.push('-');
            }
        } else {
            wide.extend(character.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    shift_back(&mut encoded, &mut wide);
    encoded
}

fn shift_back(encoded: &mut String, wide: &mut Vec<u8>) {
    if !wide.is_empty() {
        encoded.push('&');
        BASE64.encode_string(&wide, encoded);
        encoded.push('-');
        wide.clear();
    }
}

/// Reads modified UTF-7; none when it is not well formed, as with servers that write a name in plain UTF-8.
#[must_use]
pub fn decode(encoded: &str) -> Option<String> {
    let mut name = String::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((plain, shifted)) = rest.split_once('&') {
        name.push_str(plain);
        let (inner, after) = shifted.split_once('-')?;
        if inner.is_empty() {
            name.push('&');
        } else {
            let bytes = BASE64.decode(inner).ok()?;
            let units = bytes.chunks_exact(2);
            if !units.remainder().is_empty() {
                return None;
            }
            let units = units.map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            for character in char::decode_utf16(units) {
                name.push(character.ok()?);
            }
        }
        rest = after;
    }
    name.push_str(rest);
    name.bytes().all(|byte| byte != 0).then_some(name)
}

/// A folder name as an argument of a command.
///
/// # Errors
/// `Invalid` when it is empty, longer than 255 characters, or holds a control character (CR, LF and NUL among them).
pub fn quoted(name: &str) -> Result<String, Error> {
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(Error::Invalid(format!("not a folder name: {:?}", name.chars().take(80).collect::<String>())));
    }
    Ok(quote(&encode(name)))
}

/// Puts text between quotation marks, escaping what RFC 3501 calls quoted-specials; the caller refuses CR, LF and NUL.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_and_read_as_rfc_3501_says() {
        for (name, encoded) in [
            ("INBOX", "INBOX"),
            ("垃圾邮件", "&V4NXPpCuTvY-"),
            ("已发送", "&XfJT0ZAB-"),
            ("草稿箱", "&g0l6P3ux-"),
            ("征稿/2023年", "&X4F6Pw-/2023&XnQ-"),
            ("R&D", "R&-D"),
            ("&", "&-"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("稿件😀", "&ej9O9tg93gA-"),
            ("", ""),
        ] {
            assert_eq!(encode(name), encoded);
            assert_eq!(decode(encoded).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_is_not_modified_utf_7_is_not_read() {
        for garbled in ["&V4NXPpCuTvY", "a&b", "&V4N-", "&!!!!-", "&2D0-", "&AAA-", "&V4NXPp==-"] {
            assert_eq!(decode(garbled), None, "{garbled}");
        }
    }

    #[test]
    fn no_name_becomes_a_command() {
        for name in ["", "a\r\nA1 DELETE INBOX", "a\nb", "a\0b", "a\u{85}b", &"长".repeat(256)] {
            assert!(quoted(name).is_err(), "{name:?}");
        }
        assert_eq!(quoted(r#"a" "b\c"#).unwrap(), r#""a\" \"b\\c""#);
        assert_eq!(quoted("垃圾邮件").unwrap(), r#""&V4NXPpCuTvY-""#);
    }
}
