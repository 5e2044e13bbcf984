//! Header fields from their raw bytes: unfolding, encoded words, addresses, ids and dates.
//!
//! Structure (address lists, dates, ids) is `mail_parser`'s work, one field at a time. The decoding is ours: it joins
//! encoded words before it decodes them, reads Chinese labels as GB18030, and reads raw 8-bit text.

use base64::Engine;
use chrono::{DateTime, FixedOffset, NaiveDate};
use intake::letter::{Address, Fault, Headers, LOOP_FIELD};
use mail_parser::{HeaderValue, parsers::MessageStream};
use memchr::memmem;

use crate::{charset, error::Error, limits::Limits, names::Parameters, transfer};

/// One field: its name in lower case, its value unfolded but not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name, lower case.
    pub name: String,
    /// The raw value without line ends.
    pub value: Vec<u8>,
}

/// Splits a header block into fields. Lines that are neither a field nor its continuation are passed over.
#[must_use]
pub fn fields(block: &[u8]) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for line in block.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if let Some(field) = fields.last_mut() {
                field.value.extend(line.iter().filter(|&&byte| byte != b'\r'));
            }
        } else if let Some((name, value)) = split(line) {
            fields.push(Field { name, value: value.iter().copied().filter(|&byte| byte != b'\r').collect() });
        }
    }
    fields
}

/// The name and value of a line that begins a field.
pub(crate) fn split(line: &[u8]) -> Option<(String, &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let name = line[..colon].trim_ascii_end();
    let lawful = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    lawful.then(|| (String::from_utf8_lossy(name).to_ascii_lowercase(), &line[colon + 1..]))
}

/// The raw value of the first field of that name: with two subjects, the first is the one that servers show.
#[must_use]
pub fn first<'f>(fields: &'f [Field], name: &str) -> Option<&'f [u8]> {
    fields.iter().find(|field| field.name == name).map(|field| field.value.as_slice())
}

enum Piece {
    Plain(String),
    Words(String),
}

struct Words {
    label: String,
    bytes: Vec<u8>,
    base64_rest: Vec<u8>,
}

impl Words {
    fn add(&mut self, base64: bool, text: &[u8]) {
        if !base64 {
            self.close_base64();
            transfer::quoted_word(text, &mut self.bytes);
            return;
        }
        let symbols = text.iter().copied().filter(|&byte| transfer::is_base64(byte)).collect::<Vec<_>>();
        // Some mailers cut the base64 text itself, in the middle of a group, and go on in the next word; others leave
        // the padding out.
        let length = symbols.len() + text.iter().filter(|&&byte| byte == b'=').count();
        if length % 4 == 0 {
            self.close_base64();
        }
        self.base64_rest.extend(symbols);
        let whole = if text.contains(&b'=') { self.base64_rest.len() } else { self.base64_rest.len() / 4 * 4 };
        let rest = self.base64_rest.split_off(whole);
        self.close_base64();
        self.base64_rest = rest;
    }

    fn close_base64(&mut self) {
        transfer::base64_groups(&self.base64_rest, &mut self.bytes);
        self.base64_rest.clear();
    }

    fn decode(mut self) -> (String, bool) {
        self.close_base64();
        charset::decode_text(&self.bytes, Some(&self.label))
    }

    fn shares_charset(&self, label: &str) -> bool {
        self.label.eq_ignore_ascii_case(label)
            || matches!((charset::encoding_of(&self.label), charset::encoding_of(label)), (Some(a), Some(b)) if a == b)
    }
}

/// The next encoded word (RFC 2047 §2): its place, charset, whether it is base64, its text.
fn next_word(value: &[u8]) -> Option<(std::ops::Range<usize>, String, bool, &[u8])> {
    /// Longer than any word of a mailer, so that hostile values cost no quadratic search.
    const WORD_BYTES_MAX: usize = 4 << 10;
    let mut from = 0;
    loop {
        let start = from + memmem::find(&value[from..], b"=?")?;
        from = start + 2;
        let head = &value[from..value.len().min(from + 64)];
        let Some(mark) = memchr::memchr(b'?', head).filter(|&mark| mark > 0) else { continue };
        let label = &head[..mark];
        let (Some(kind), Some(b'?')) = (head.get(mark + 1), head.get(mark + 2)) else { continue };
        if !label.iter().all(u8::is_ascii_graphic) || !matches!(kind, b'b' | b'B' | b'q' | b'Q') {
            continue;
        }
        let text_at = from + mark + 3;
        let text = &value[text_at..value.len().min(text_at + WORD_BYTES_MAX)];
        let Some(end) = memmem::find(text, b"?=") else { continue };
        let label = String::from_utf8_lossy(label).into_owned();
        return Some((start..text_at + end + 2, label, kind.eq_ignore_ascii_case(&b'b'), &text[..end]));
    }
}

fn pieces(value: &[u8], own: Option<&str>) -> (Vec<Piece>, bool) {
    let (mut pieces, mut guessed) = (Vec::new(), false);
    let mut open: Option<Words> = None;
    let mut rest = value;
    let mut close = |open: &mut Option<Words>, pieces: &mut Vec<Piece>| {
        if let Some((text, how)) = open.take().map(Words::decode) {
            guessed |= how;
            pieces.push(Piece::Words(text));
        }
    };
    let mut plain_guessed = false;
    let mut plain = |bytes: &[u8], pieces: &mut Vec<Piece>| {
        if !bytes.is_empty() {
            let (text, how) = charset::decode_raw(bytes, own);
            plain_guessed |= how;
            pieces.push(Piece::Plain(text));
        }
    };
    while let Some((place, label, base64, text)) = next_word(rest) {
        let between = &rest[..place.start];
        if !between.trim_ascii().is_empty() || open.is_none() {
            close(&mut open, &mut pieces);
            plain(between, &mut pieces);
        } else if open.as_ref().is_some_and(|words| !words.shares_charset(&label)) {
            close(&mut open, &mut pieces);
        }
        let words = open.get_or_insert_with(|| Words { label, bytes: Vec::new(), base64_rest: Vec::new() });
        words.add(base64, text);
        rest = &rest[place.end..];
    }
    close(&mut open, &mut pieces);
    plain(rest, &mut pieces);
    (pieces, guessed | plain_guessed)
}

/// Decodes a field of running text (RFC 2047), and says whether a charset had to be guessed. `own` is the charset of
/// the mail's text.
#[must_use]
pub fn decode(value: &[u8], own: Option<&str>) -> (String, bool) {
    let (pieces, guessed) = pieces(value, own);
    let text = pieces.into_iter().fold(String::new(), |mut text, piece| {
        let (Piece::Plain(more) | Piece::Words(more)) = piece;
        text.push_str(&more);
        text
    });
    (printable(text.trim()), guessed)
}

/// Line ends and tabs as spaces, other control characters as U+FFFD, no NUL.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .filter(|&character| character != '\0')
        .map(|character| match character {
            '\r' | '\n' | '\t' => ' ',
            character if character.is_control() => char::REPLACEMENT_CHARACTER,
            character => character,
        })
        .collect()
}

/// Cuts a text at a bound, between characters; says whether it had to.
pub(crate) fn cut(text: &mut String, bytes_max: usize) -> bool {
    if text.len() <= bytes_max {
        return false;
    }
    let at = (0..=bytes_max).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text.truncate(at);
    true
}

/// Hands a field to `mail_parser` with every run of encoded words as a single one in UTF-8, and raw text in UTF-8:
/// in that form it decodes both right, and a comma inside a word stays inside.
fn addresses(value: &[u8], own: Option<&str>) -> (Vec<Address>, bool) {
    let (pieces, guessed) = pieces(value, own);
    let mut field = String::new();
    for piece in pieces {
        match piece {
            Piece::Plain(text) => field.push_str(&text.replace(['\r', '\n'], " ")),
            Piece::Words(text) => {
                field.push_str("=?utf-8?B?");
                base64::engine::general_purpose::STANDARD.encode_string(text, &mut field);
                field.push_str("?=");
            }
        }
    }
    let mut found = parse_addresses(field);
    for address in &mut found {
        // The whole of `name <local@domain>` inside one encoded word.
        if address.address.is_empty()
            && address.name.contains('@')
            && let Some(inner) = parse_addresses(address.name.clone()).into_iter().find(|it| !it.address.is_empty())
        {
            *address = inner;
        }
    }
    found.retain(|it| !it.name.is_empty() || !it.address.is_empty());
    (found, guessed)
}

fn parse_addresses(mut field: String) -> Vec<Address> {
    field.push_str("\r\n");
    let HeaderValue::Address(list) = MessageStream::new(field.as_bytes()).parse_address() else { return Vec::new() };
    let text = |text: Option<&str>| printable(text.unwrap_or_default().trim());
    list.iter().map(|it| Address { name: text(it.name()), address: text(it.address()) }).collect()
}

pub(crate) fn ids(value: &[u8]) -> Vec<String> {
    let value = [value, b"\r\n"].concat();
    let clean = |id: &str| printable(id.trim());
    let mut ids: Vec<String> = match MessageStream::new(&value).parse_id() {
        HeaderValue::Text(id) => vec![clean(&id)],
        HeaderValue::TextList(ids) => ids.iter().map(|id| clean(id)).collect(),
        _ => Vec::new(),
    };
    ids.retain(|id| !id.is_empty());
    ids.truncate(1_000);
    ids
}

fn date(value: &[u8]) -> Option<DateTime<FixedOffset>> {
    let value = [value, b"\r\n"].concat();
    let HeaderValue::DateTime(it) = MessageStream::new(&value).parse_date() else { return None };
    let east = (i32::from(it.tz_hour) * 60 + i32::from(it.tz_minute)) * 60;
    let zone = FixedOffset::east_opt(if it.tz_before_gmt { -east } else { east })?;
    let day = NaiveDate::from_ymd_opt(i32::from(it.year), u32::from(it.month), u32::from(it.day))?;
    // A leap second is told as 60; chrono has none at that place.
    let second = u32::from(it.second).min(59);
    day.and_hms_opt(u32::from(it.hour), u32::from(it.minute), second)?.and_local_timezone(zone).single()
}

/// What stands inside the angle brackets, or the whole value: the null path `<>` is `""`.
fn path(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let text = text.trim();
    let inner = text.strip_prefix('<').and_then(|rest| rest.split('>').next()).unwrap_or(text);
    printable(inner.trim())
}

/// What the servers on the way say of the sender, the topmost first. A field beyond its bound says nothing: half of it
/// could hold a pass whose fail was cut off.
fn authentication_results(fields: &[Field]) -> Vec<String> {
    const FIELDS_MAX: usize = 10;
    const FIELD_BYTES_MAX: usize = 1 << 10;
    let told = fields.iter().filter(|field| field.name == "authentication-results").take(FIELDS_MAX);
    told.map(|field| {
        let text = printable(String::from_utf8_lossy(&field.value).trim());
        if text.len() > FIELD_BYTES_MAX { String::new() } else { text }
    })
    .collect()
}

/// Reads the fields that the letter keeps. Faults say which of them needed a guess.
///
/// # Errors
/// `too_many_addresses`.
pub(crate) fn read(
    fields: &[Field],
    own: Option<&str>,
    limits: &Limits,
    faults: &mut Vec<Fault>,
) -> Result<Headers, Error> {
    let mut guessed_in = |name: &str, guessed: bool| {
        if guessed {
            let detail = "raw or wrongly labelled text, charset guessed".into();
            faults.push(Fault { code: "charset_guessed".into(), place: name.into(), detail });
        }
    };
    let mut list = |name: &str| -> Result<Vec<Address>, Error> {
        let mut all = Vec::new();
        for field in fields.iter().filter(|field| field.name == name) {
            let marks = field.value.iter().filter(|byte| matches!(byte, b',' | b';')).count();
            if all.len() + marks > limits.addresses_max {
                let measured = all.len() + marks;
                let detail = format!("about {measured} addresses in {name} (bound {})", limits.addresses_max);
                return Err(Error::refused("too_many_addresses", detail));
            }
            let (mut found, guessed) = addresses(&field.value, own);
            for it in &mut found {
                cut(&mut it.name, limits.name_bytes_max);
                cut(&mut it.address, limits.name_bytes_max);
            }
            guessed_in(name, guessed);
            all.extend(found);
        }
        Ok(all)
    };
    let (from, reply_to, to) = (list("from")?, list("reply-to")?, list("to")?);
    let mut text = |name: &str, bytes_max: usize| {
        let (mut text, guessed) = decode(first(fields, name)?, own);
        guessed_in(name, guessed);
        cut(&mut text, bytes_max);
        Some(text)
    };
    let subject = text("subject", limits.field_bytes_max).unwrap_or_default();
    let list = text("list-id", 1 << 10).or_else(|| {
        let other = fields.iter().find(|field| field.name.starts_with("list-"))?;
        text(&other.name, 1 << 10)
    });
    let received = text("received", 1 << 10);
    let word = |name: &str| {
        let value = String::from_utf8_lossy(first(fields, name)?).to_ascii_lowercase();
        Some(printable(value.split([';', '(']).next().unwrap_or_default().trim()))
    };
    let kind = Parameters::of(first(fields, "content-type"), own);
    let auto_response = ["X-Auto-Response-Suppress", "X-Autoreply", "X-Autorespond"];
    Ok(Headers {
        subject,
        from,
        reply_to,
        to,
        return_path: first(fields, "return-path").map(path),
        date: first(fields, "date").and_then(date),
        message_id: first(fields, "message-id").and_then(|value| ids(value).into_iter().next()),
        in_reply_to: first(fields, "in-reply-to").map(ids).unwrap_or_default(),
        references: first(fields, "references").map(ids).unwrap_or_default(),
        auto_submitted: word("auto-submitted"),
        precedence: word("precedence"),
        list,
        auto_response: auto_response
            .iter()
            .find(|name| first(fields, &name.to_ascii_lowercase()).is_some())
            .map(|name| (*name).to_owned()),
        media_type: kind.media_type("text/plain"),
        report_type: kind.get("report-type", own).map(|(text, _)| text.to_ascii_lowercase()),
        received,
        authentication_results: authentication_results(fields),
        loop_mark: fields.iter().any(|field| field.name.eq_ignore_ascii_case(LOOP_FIELD)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_joined_before_they_are_decoded() {
        let cases: &[(&[u8], Option<&str>, &str, bool)] = &[
            (b"=?UTF-8?B?5b6B56i/?=", None, "征稿", false),
            // One character of three bytes cut by two words, by either encoding.
            (b"=?UTF-8?B?5b6B56g=?= =?utf-8?B?vw==?=", None, "征稿", false),
            (b"=?UTF-8?Q?=E5=BE=81=E7=A8?=\t=?utf-8?q?=BF?=", None, "征稿", false),
            // A group of base64 cut by two words.
            (b"=?UTF-8?B?5b6B56?= =?utf-8?B?i/?=", None, "征稿", false),
            // Padding left out.
            (b"=?GBK?B?1vc?= =?GBK?B?seA=?=", None, "主编", false),
            (b"=?gb2312?B?1vex4MT6?==?gbk?B?usM=?=", None, "主编您好", false),
            (b"Re: =?gb2312?B?1fe45Q==?= (2)", None, "Re: 征稿 (2)", false),
            (b"=?gb2312?B?6YCg5Lul?=", None, "造以", true),
            (b"\xd5\xf7\xb8\xe5", None, "征稿", true),
            (b"\xe5\xbe\x81", Some("gbk"), "征", false),
            (b"=?unknown?X?a?= =?", None, "=?unknown?X?a?= =?", false),
            (b"a\0b\x07c", None, "ab\u{fffd}c", false),
        ];
        for (value, own, text, guessed) in cases {
            let found = decode(value, *own);
            assert_eq!((found.0.as_str(), found.1), (*text, *guessed), "{}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn what_servers_say_of_a_sender_is_kept_topmost_first_and_a_field_beyond_its_bound_says_nothing() {
        let long = format!("mx.163.com; dkim=pass header.d={}; dmarc=fail", "a".repeat(1_000));
        let block = format!(
            "Authentication-Results: mx.163.com;\r\n\tspf=pass\r\n smtp.mailfrom=a@b.cn\r\nSubject: x\r\n\
             authentication-results: {long}\r\n{}",
            "Authentication-Results: relay.example; none\r\n".repeat(20)
        );
        let found = authentication_results(&fields(block.as_bytes()));
        assert_eq!(found[..3], ["mx.163.com; spf=pass smtp.mailfrom=a@b.cn", "", "relay.example; none"]);
        assert_eq!(found.len(), 10);
    }

    #[test]
    fn address_lists_keep_names_with_marks_and_groups() {
        let cases: &[(&[u8], &str)] = &[
            (b"a@b.cn", "<a@b.cn>"),
            (b"<>", ""),
            (b"", ""),
            (b"=?gb2312?B?1cXI/SzA7g==?= <a@b.cn>, c@d.cn", "张三,李<a@b.cn> <c@d.cn>"),
            (b"\"=?UTF-8?B?5byg5LiJ?=\" <a@b.cn>", "张三<a@b.cn>"),
            (b"=?UTF-8?B?5byg?=  =?UTF-8?B?5LiJ?= <a@b.cn>", "张三<a@b.cn>"),
            (b"\xd5\xc5\xc8\xfd <a@b.cn>", "张三<a@b.cn>"),
            (b"\"Zhang, San\" <a@b.cn>", "Zhang, San<a@b.cn>"),
            (b"friends: a@b.cn, c@d.cn;", "<a@b.cn> <c@d.cn>"),
            (b"=?UTF-8?B?5byg5LiJIDxhQGIuY24+?=", "张三<a@b.cn>"),
            (b"a@b.cn (\xe5\xbc\xa0\xe4\xb8\x89)", "张三<a@b.cn>"),
        ];
        for (value, told) in cases {
            let found = addresses(value, None).0;
            let found: Vec<_> = found.iter().map(|it| format!("{}<{}>", it.name, it.address)).collect();
            assert_eq!(found.join(" "), *told, "{}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn dates_keep_their_zone_and_wrong_ones_are_none() {
        let cases = [
            ("Fri, 31 Mar 2023 23:59:59 +0800", Some("2023-03-31T23:59:59+08:00")),
            ("Fri, 31 Mar 2023 23:59:59 +0800 (GMT+08:00)", Some("2023-03-31T23:59:59+08:00")),
            ("31 Mar 23 15:59:60 -0030", Some("2023-03-31T15:59:59-00:30")),
            ("Fri, 31 Feb 2023 23:59:59 +0800", None),
            ("2023年3月31日", None),
            ("", None),
        ];
        for (value, told) in cases {
            assert_eq!(date(value.as_bytes()).map(|it| it.to_rfc3339()).as_deref(), told, "{value}");
        }
    }
}
