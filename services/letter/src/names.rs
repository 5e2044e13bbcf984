//! Content-Type and Content-Disposition with their parameters, and out of them the name of a file.
//!
//! RFC 2231 wins over RFC 2047, the disposition over the type. A name is data and never a path: it keeps its slashes
//! and backslashes, loses NUL, and shows U+FFFD for other control characters.

use crate::{charset, headers, limits::Limits};

/// A field's value with its parameters, in the order of the field.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// What stands before the first semicolon, lower case, without spaces.
    pub value: String,
    list: Vec<(String, String)>,
    guessed: bool,
}

impl Parameters {
    /// Reads a raw field; `own` is the charset of the mail's text, for names in raw 8-bit text.
    #[must_use]
    pub fn of(raw: Option<&[u8]>, own: Option<&str>) -> Self {
        let Some(raw) = raw else { return Self::default() };
        // Decoded first: the second byte of a GBK character may be a backslash.
        let (text, guessed) = charset::decode_raw(raw, own);
        let (value, rest) = text.split_once(';').unwrap_or((&text, ""));
        let value = value.chars().filter(|it| !it.is_whitespace() && !it.is_control()).collect::<String>();
        Self { value: value.trim_matches('"').to_ascii_lowercase(), list: parameters(rest), guessed }
    }

    /// The media type: what is declared if it has the form of one, else `default`.
    #[must_use]
    pub fn media_type(&self, default: &str) -> String {
        let token = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_graphic() && it != b'/');
        match self.value.split_once('/') {
            Some((kind, subtype)) if token(kind) && token(subtype) && self.value.len() <= 255 => self.value.clone(),
            _ => default.to_owned(),
        }
    }

    /// A parameter's decoded value, and whether its charset was guessed. Empty ones count as absent.
    #[must_use]
    pub fn get(&self, name: &str, own: Option<&str>) -> Option<(String, bool)> {
        self.extended(name, own)
            .or_else(|| {
                let (_, text) = self.list.iter().find(|(it, _)| it == name)?;
                let (text, guessed) = headers::decode(text.as_bytes(), own);
                Some((text, guessed || (self.guessed && !text_is_ascii(&self.list, name))))
            })
            .filter(|(text, _)| !text.is_empty())
    }

    /// A parameter as it stands, for a boundary.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.list.iter().find(|(it, _)| it == name).map(|(_, text)| text.as_str()).filter(|text| !text.is_empty())
    }

    /// `name*`, `name*0`, `name*0*` … (RFC 2231 §3 and §4).
    fn extended(&self, name: &str, own: Option<&str>) -> Option<(String, bool)> {
        let mut segments: Vec<(u32, bool, &str)> = self
            .list
            .iter()
            .filter_map(|(key, text)| {
                let rest = key.strip_prefix(name)?.strip_prefix('*')?;
                let (number, encoded) = match rest.strip_suffix('*') {
                    Some(number) => (number, true),
                    None => (rest, rest.is_empty()),
                };
                let number = if number.is_empty() { 0 } else { number.parse().ok()? };
                Some((number, encoded, text.as_str()))
            })
            .collect();
        segments.sort_by_key(|(number, ..)| *number);
        let mut label: Option<String> = None;
        let (mut text, mut percent, mut guessed) = (String::new(), String::new(), false);
        for (at, (_, encoded, segment)) in segments.iter().enumerate() {
            let mut segment = *segment;
            if *encoded && at == 0 {
                let mut three = segment.splitn(3, '\'');
                if let (Some(charset), Some(_), Some(rest)) = (three.next(), three.next(), three.next()) {
                    label = Some(charset.to_owned()).filter(|charset| !charset.is_empty());
                    segment = rest;
                }
            }
            if *encoded {
                percent.push_str(segment);
            } else {
                close(&mut percent, label.as_deref(), own, &mut text, &mut guessed);
                text.push_str(segment);
            }
        }
        close(&mut percent, label.as_deref(), own, &mut text, &mut guessed);
        // Encoded words inside, by mailers that do both.
        let (text, words_guessed) = headers::decode(text.as_bytes(), own);
        (!text.is_empty()).then_some((text, guessed || words_guessed))
    }
}

fn text_is_ascii(list: &[(String, String)], name: &str) -> bool {
    list.iter().find(|(it, _)| it == name).is_none_or(|(_, text)| text.is_ascii())
}

/// A character, and with some mailers even a `%XX`, may be cut by a segment's end, so segments are decoded together.
fn close(percent: &mut String, label: Option<&str>, own: Option<&str>, text: &mut String, guessed: &mut bool) {
    if percent.is_empty() {
        return;
    }
    let bytes = percent_decoded(percent);
    let (more, how) = match label {
        Some(label) => charset::decode_text(&bytes, Some(label)),
        None => charset::decode_raw(&bytes, own),
    };
    text.push_str(&more);
    *guessed |= how;
    percent.clear();
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut into = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|&it| (it as char).to_digit(16));
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                into.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                into.push(byte);
                at += 1;
            }
        }
    }
    into
}

fn parameters(mut rest: &str) -> Vec<(String, String)> {
    let mut list = Vec::new();
    loop {
        rest = rest.trim_start_matches(|it: char| it == ';' || it.is_whitespace());
        let Some(end) = rest.find(['=', ';']) else { return list };
        let name = rest[..end].trim().to_ascii_lowercase();
        if rest.as_bytes()[end] == b';' {
            rest = &rest[end..];
            continue;
        }
        rest = rest[end + 1..].trim_start();
        let (text, after) = match rest.strip_prefix('"') {
            Some(inner) => quoted(inner),
            None => {
                let end = rest.find(';').unwrap_or(rest.len());
                (rest[..end].trim().to_owned(), &rest[end..])
            }
        };
        rest = after;
        list.push((name, text));
    }
}

/// A quoted string and what follows it. Only `\"` and `\\` are escapes: mailers on Windows write bare backslashes.
/// A quotation mark that neither a semicolon, a space nor the end follows is part of the text.
fn quoted(inner: &str) -> (String, &str) {
    let mut text = String::new();
    let mut characters = inner.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (character, characters.peek().map(|(_, next)| *next)) {
            ('\\', Some(next @ ('"' | '\\'))) => {
                text.push(next);
                characters.next();
            }
            ('"', None) => return (text, ""),
            ('"', Some(next)) if next == ';' || next.is_whitespace() => return (text, &inner[at + 1..]),
            _ => text.push(character),
        }
    }
    (text, "")
}

/// The file name of a part, and whether its charset was guessed.
#[must_use]
pub fn file_name(
    disposition: &Parameters,
    media_type: &Parameters,
    own: Option<&str>,
    limits: &Limits,
) -> (String, bool) {
    let found = disposition.get("filename", own).or_else(|| media_type.get("name", own));
    let (mut name, guessed) = found.unwrap_or_default();
    headers::cut(&mut name, limits.name_bytes_max);
    (name, guessed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_decoded_whatever_the_mailer_did() {
        let cases: &[(&[u8], &[u8], &str, bool)] = &[
            (b"attachment; filename=a.docx", b"", "a.docx", false),
            (b"attachment; filename=my paper.docx; size=3", b"", "my paper.docx", false),
            (b"attachment; filename*=UTF-8''%E7%A8%BF%E4%BB%B6.docx", b"", "稿件.docx", false),
            (b"attachment; filename*=gb2312'zh-cn'%B8%E5%BC%FE.docx", b"", "稿件.docx", false),
            // A character cut by the continuation.
            (b"attachment; filename*0*=GBK''%B8%E5%BC; filename*1*=%FE; filename*2=.docx", b"", "稿件.docx", false),
            (b"attachment; filename*1=\"b.docx\"; filename*0=\"a\"", b"", "ab.docx", false),
            (b"attachment; filename=\"wrong.doc\"; filename*=utf-8''%E7%A8%BF.docx", b"", "稿.docx", false),
            (b"attachment; filename=\"=?gb2312?B?uOW8/i5kb2N4?=\"", b"", "稿件.docx", false),
            (b"attachment; filename==?UTF-8?B?56i/?= =?UTF-8?B?5Lu2?=.docx", b"", "稿件.docx", false),
            (b"attachment", b"text/plain; name=\"=?UTF-8?Q?=E7=A8=BF=E4=BB=B6.txt?=\"", "稿件.txt", false),
            (b"attachment; filename=\"\"", b"text/plain; name=b.txt", "b.txt", false),
            (b"attachment; filename=\"\xb8\xe5\xbc\xfe.docx\"", b"", "稿件.docx", true),
            (b"attachment; filename=\"\xe7\xa8\xbf\xe4\xbb\xb6.docx\"", b"", "稿件.docx", false),
            // 誠's second byte in GBK is a backslash: it must not eat the quotation mark.
            (b"attachment; filename=\"\xb8\xe5\xbc\xfe\xd5\x5c\"; size=1", b"", "稿件誠", true),
            (b"attachment; filename=\"C:\\Users\\a.doc\"", b"", "C:\\Users\\a.doc", false),
            (b"attachment; filename=\"say \\\"hi\\\".doc\"", b"", "say \"hi\".doc", false),
            (b"attachment; filename=\"a\"b\".doc\"", b"", "a\"b\".doc", false),
            (b"attachment; filename=\"../../etc/pass\0wd\x07\"", b"", "../../etc/passwd\u{fffd}", false),
            (b"attachment; filename*=%E7%A8%BF.docx", b"", "稿.docx", false),
            (b"attachment", b"application/pdf", "", false),
        ];
        for (disposition, media_type, name, guessed) in cases {
            let disposition_read = Parameters::of(Some(disposition), None);
            let media_type = Parameters::of(Some(media_type), None);
            let found = file_name(&disposition_read, &media_type, None, &Limits::default());
            assert_eq!((found.0.as_str(), found.1), (*name, *guessed), "{}", String::from_utf8_lossy(disposition));
        }
    }

    #[test]
    fn a_media_type_needs_the_form_of_one() {
        let cases = [("TEXT/Plain; charset=x", "text/plain"), ("text", "-"), ("", "-"), ("a/", "-"), ("a/b/c", "-")];
        for (field, told) in cases {
            assert_eq!(Parameters::of(Some(field.as_bytes()), None).media_type("-"), told, "{field}");
        }
    }
}
