//! Bytes to text: labels as Chinese mailers use them, and a guess that is careful where there is no label.
//!
//! The order of a guess: UTF-8 where valid, the mail's own charset, GB18030 only where the result is Han text, else
//! Windows-1252. Sniffing alone would turn “Formação” into Chinese.

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The encoding behind a label, with every Chinese name for a subset of GB18030 read as GB18030 (a mail labelled
/// gb2312 often holds GBK characters such as 镕 or 喆). `None` for a label that is unknown or says nothing.
#[must_use]
pub fn encoding_of(label: &str) -> Option<&'static Encoding> {
    // RFC 2231 §5 lets a language stand behind the charset.
    let label = label.trim().split('*').next().unwrap_or_default().trim_matches(['"', '\'']).to_ascii_lowercase();
    match label.as_str() {
        "gb2312" | "gbk" | "gb18030" | "x-gbk" | "gb_2312" | "gb_2312-80" | "gb2312-80" | "eucgb2312_cn" | "euc-cn"
        | "x-euc-cn" | "euccn" | "cn-gb" | "gb" | "chinese" | "cp936" | "ms936" | "windows-936" | "csgb2312"
        | "gb2312_charset" | "136" => Some(GB18030),
        "utf8mb4" | "utf-8-mac" | "cp65001" => Some(UTF_8),
        "big5-hkscs" | "cp950" | "ms950" => Some(encoding_rs::BIG5),
        // These say that there is no 8-bit text at all, so they cannot decide once there is some.
        "us-ascii" | "ascii" | "ansi_x3.4-1968" | "unknown-8bit" | "x-unknown" | "default_charset" => None,
        // WHATWG maps dead encodings to one that yields a single U+FFFD.
        other => Encoding::for_label_no_replacement(other.as_bytes()),
    }
}

/// Decodes the bytes of a text part. Gives the text without NUL characters, and whether the charset had to be guessed
/// (valid UTF-8 and byte order marks are no guess).
#[must_use]
pub fn decode_text(bytes: &[u8], label: Option<&str>) -> (String, bool) {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return (without_nul(encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned()), false);
    }
    if let Some(encoding) = label.and_then(encoding_of) {
        // ISO-8859-1 is what old mailers write when they do not know; bytes that are valid UTF-8 are that.
        if encoding == WINDOWS_1252
            && !bytes.is_ascii()
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return (without_nul(text.to_owned()), true);
        }
        // UTF-8 under a Chinese label decodes to rare characters without an error; the other way round is all but
        // impossible, as bytes of GBK hardly ever form several ideographs of UTF-8.
        if encoding == GB18030 && is_utf8_of_han(bytes) {
            return (other_text(UTF_8, bytes), true);
        }
        let (text, broken) = encoding.decode_without_bom_handling(bytes);
        if !broken {
            return (without_nul(text.into_owned()), false);
        }
        let guess = guess(bytes, None);
        // A wrong label gives way only to a charset that explains every byte; a text that is merely cut or damaged
        // keeps its label.
        return match guess {
            Some(other) if other != WINDOWS_1252 => (other_text(other, bytes), true),
            _ => (without_nul(text.into_owned()), false),
        };
    }
    if let Some(text) = label.and_then(|label| decode_rare(bytes, label)) {
        return (without_nul(text), false);
    }
    match guess(bytes, None) {
        Some(encoding) => (other_text(encoding, bytes), encoding != UTF_8),
        None => (other_text(WINDOWS_1252, bytes), true),
    }
}

/// Decodes raw header bytes; `own` is the charset of the mail's text, which its header most likely shares.
#[must_use]
pub fn decode_raw(bytes: &[u8], own: Option<&str>) -> (String, bool) {
    let encoding = guess(bytes, own.and_then(encoding_of)).unwrap_or(WINDOWS_1252);
    (other_text(encoding, bytes), encoding != UTF_8)
}

fn is_utf8_of_han(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let wide = || text.chars().filter(|it| !it.is_ascii());
    wide().count() >= 2 && wide().all(|it| matches!(it, '\u{2000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}'))
}

fn other_text(encoding: &'static Encoding, bytes: &[u8]) -> String {
    without_nul(encoding.decode_without_bom_handling(bytes).0.into_owned())
}

fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text }
}

/// HZ (RFC 1843) and what `mail_parser` knows beyond the web's encodings (UTF-7).
fn decode_rare(bytes: &[u8], label: &str) -> Option<String> {
    let label = label.trim().to_ascii_lowercase();
    if matches!(label.as_str(), "hz-gb-2312" | "hz") {
        return Some(decode_hz(bytes));
    }
    if matches!(label.as_str(), "utf-7" | "utf7" | "unicode-1-1-utf-7") {
        let decode = mail_parser::decoders::charsets::map::charset_decoder(b"utf-7")?;
        return Some(decode(bytes));
    }
    None
}

fn decode_hz(bytes: &[u8]) -> String {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut in_gb = false;
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after.first()) {
            (b'~', Some(b'{')) => (in_gb, rest) = (true, &after[1..]),
            (b'~', Some(b'}')) => (in_gb, rest) = (false, &after[1..]),
            (b'~', Some(b'\n')) if !in_gb => rest = &after[1..],
            (b'~', Some(b'~')) if !in_gb => {
                plain.push(b'~');
                rest = &after[1..];
            }
            // A line end closes GB mode (RFC 1843 §1).
            (b'\n', _) => {
                in_gb = false;
                plain.push(b'\n');
            }
            (byte, _) => plain.push(if in_gb && byte > b' ' { byte | 0x80 } else { byte }),
        }
    }
    GB18030.decode_without_bom_handling(&plain).0.into_owned()
}

/// The encoding that explains unlabelled bytes; `None` when only Windows-1252 is left.
fn guess(bytes: &[u8], own: Option<&'static Encoding>) -> Option<&'static Encoding> {
    if std::str::from_utf8(bytes).is_ok() {
        return Some(UTF_8);
    }
    let reads_whole = |encoding: &'static Encoding| !encoding.decode_without_bom_handling(bytes).1;
    if let Some(own) = own.filter(|own| ![UTF_8, UTF_16LE, UTF_16BE, WINDOWS_1252].contains(own))
        && reads_whole(own)
    {
        return Some(own);
    }
    (is_han_text(bytes) && reads_whole(GB18030)).then_some(GB18030)
}

/// Whether the bytes, read as GB18030, are Chinese rather than accented Latin letters that happen to pair up: most
/// ideographs are among the 3,755 common ones (GB 2312 level 1), and at least two stand together or one stands away
/// from Latin letters.
fn is_han_text(bytes: &[u8]) -> bool {
    let (mut common, mut rare, mut run, mut stands_free) = (0_usize, 0_usize, 0_usize, false);
    let mut before = b' ';
    let mut at = 0;
    while at < bytes.len() {
        let lead = bytes[at];
        let Some(&trail) = bytes.get(at + 1).filter(|_| lead >= 0x80) else {
            stands_free |= run > 0 && !lead.is_ascii_alphabetic() && !before.is_ascii_alphabetic();
            (run, before) = (0, lead);
            at += 1;
            continue;
        };
        match (lead, trail) {
            (0xb0..=0xd7, 0xa1..=0xfe) => common += 1,
            // Marks and full-width forms say neither yes nor no.
            (0xa1..=0xa9, 0xa1..=0xfe) => {
                at += 2;
                continue;
            }
            (_, b'0'..=b'9') => {
                rare += 1;
                at += 2;
            }
            _ => rare += 1,
        }
        run += 1;
        stands_free |= run >= 2;
        at += 2;
    }
    stands_free |= run > 0 && !before.is_ascii_alphabetic();
    common > 0 && common >= rare && stands_free
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gbk(text: &str) -> Vec<u8> {
        let (bytes, _, broken) = GB18030.encode(text);
        assert!(!broken);
        bytes.into_owned()
    }

    #[test]
    fn every_chinese_label_reads_as_gb18030() {
        for label in ["gb2312", "GB2312", "gbk", "x-gbk", "eucgb2312_cn", "\"gb2312\"", "GBK*zh", "cp936", "gb18030"] {
            // 镕 and 喆 are not in GB 2312, 𠮷 needs four bytes.
            assert_eq!(
                decode_text(&gbk("朱镕基、陶喆、𠮷"), Some(label)),
                ("朱镕基、陶喆、𠮷".into(), false),
                "{label}"
            );
        }
    }

    #[test]
    fn unlabelled_bytes_are_guessed_with_care() {
        let latin = |text: &str| WINDOWS_1252.encode(text).0.into_owned();
        let cases: &[(Vec<u8>, Option<&str>, &str, bool)] = &[
            (b"plain".to_vec(), None, "plain", false),
            ("征稿".as_bytes().to_vec(), None, "征稿", false),
            (gbk("征稿启事"), None, "征稿启事", true),
            (gbk("李"), None, "李", true),
            (gbk("第1章.docx"), None, "第1章.docx", true),
            (gbk("DNA双螺旋"), None, "DNA双螺旋", true),
            (latin("Formação"), None, "Formação", true),
            (latin("FORMAÇÃO"), None, "FORMAÇÃO", true),
            (latin("São João"), None, "São João", true),
            (latin("Müller"), None, "Müller", true),
            (latin("Müller"), Some("iso-8859-1"), "Müller", false),
            ("征稿".as_bytes().to_vec(), Some("iso-8859-1"), "征稿", true),
            ("征稿".as_bytes().to_vec(), Some("us-ascii"), "征稿", false),
            (gbk("征稿启事"), Some("utf-8"), "征稿启事", true),
            (gbk("征稿启事"), Some("us-ascii"), "征稿启事", true),
            (gbk("征稿启事"), Some("no-such-charset"), "征稿启事", true),
            (b"a\0b".to_vec(), None, "ab", false),
            (vec![0xff, 0xfe, 0x81, 0x5f, 0x3f, 0x7a], None, "征稿", false),
            (vec![0xef, 0xbb, 0xbf, b'a'], None, "a", false),
            (b"~{VPSSF4;p~}~~~\n.".to_vec(), Some("hz-gb-2312"), "中佑拼火~.", false),
            (b"+W4F6Pw-".to_vec(), Some("utf-7"), "宁稿", false),
        ];
        for (bytes, label, text, guessed) in cases {
            let (found, how) = decode_text(bytes, *label);
            assert_eq!((found.as_str(), how), (*text, *guessed), "{bytes:02x?} labelled {label:?}");
        }
    }

    #[test]
    fn a_raw_header_is_read_in_the_charset_of_the_mail() {
        let big5 = encoding_rs::BIG5.encode("學術論壇").0.into_owned();
        assert_eq!(decode_raw(&big5, Some("big5")), ("學術論壇".into(), true));
        assert_eq!(decode_raw(&gbk("征稿"), Some("utf-8")), ("征稿".into(), true));
        assert_eq!(decode_raw("征稿".as_bytes(), Some("gb2312")), ("征稿".into(), false));
    }
}
