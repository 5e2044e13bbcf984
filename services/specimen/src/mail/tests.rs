//! The composed bytes are what the options promise.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::Utc;

use super::*;

const SUBJECT: &str = "【主题征稿】深入学习宣传贯彻党的二十大精神：某市财政局服务乡村振兴的做法和成效（修改稿）";

fn header_of(bytes: &[u8]) -> String {
    let end = bytes.windows(4).position(|at| at == b"\r\n\r\n").unwrap();
    String::from_utf8(bytes[..end].to_vec()).unwrap()
}

fn encoded_words(header: &str) -> Vec<(String, Vec<u8>)> {
    header
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("=?"))
        .map(|word| {
            let mut parts = word.split('?');
            let label = parts.next().unwrap().to_owned();
            assert_eq!(parts.next(), Some("B"));
            (label, STANDARD.decode(parts.next().unwrap()).unwrap())
        })
        .collect()
}

#[test]
fn each_encoded_word_holds_whole_characters_in_at_most_75_columns() {
    for (charset, encoding) in [(Charset::Utf8, encoding_rs::UTF_8), (Charset::GbkLabelledGb2312, encoding_rs::GBK)] {
        let bytes = Mail::new("王建国", "w@example.cn", "m@example.com").subject(SUBJECT).charset(charset).to_bytes();
        let header = header_of(&bytes);
        assert!(header.lines().all(|line| line.len() <= 76), "{header}");
        let subject = header.split("Subject: ").nth(1).unwrap().split("\r\nMIME").next().unwrap();
        let mut read = String::new();
        for (_, word) in encoded_words(subject) {
            let (text, _, broken) = encoding.decode(&word);
            assert!(!broken, "{word:?}");
            read.push_str(&text);
        }
        assert_eq!(read, SUBJECT);
    }
}

#[test]
fn a_character_is_split_between_words_on_purpose_and_joins_again() {
    let mail = Mail::new("", "w@example.cn", "m@example.com").subject(SUBJECT).splitting_a_character();
    let words = encoded_words(&header_of(&mail.to_bytes()));
    assert!(std::str::from_utf8(&words[0].1).is_err());
    let joined: Vec<u8> = words.into_iter().flat_map(|(_, bytes)| bytes).collect();
    assert_eq!(String::from_utf8(joined).unwrap(), SUBJECT);
}

#[test]
fn a_raw_mail_holds_bare_gb18030_and_a_name_takes_each_of_its_three_forms() {
    let mail = Mail::new("", "w@example.cn", "m@example.com").subject("主题征稿").text("朱镕基").attach(
        "稿件.txt",
        "text/plain",
        "x",
    );
    let raw = mail.clone().charset(Charset::Gb18030Raw8bit).to_bytes();
    for text in ["主题征稿", "朱镕基"] {
        let encoded = encoding_rs::GB18030.encode(text).0;
        assert!(raw.windows(encoded.len()).any(|at| at == &*encoded), "{text}");
    }
    let holds = |name_encoding, expected: &[u8]| {
        let bytes = mail.clone().name_encoding(name_encoding).to_bytes();
        assert!(bytes.windows(expected.len()).any(|at| at == expected), "{}", String::from_utf8_lossy(&bytes));
    };
    holds(NameEncoding::Rfc2231, b"filename*=UTF-8''%E7%A8%BF%E4%BB%B6.txt");
    holds(NameEncoding::Rfc2047, "filename=\"=?UTF-8?B?56i/5Lu2LnR4dA==?=\"".as_bytes());
    holds(NameEncoding::Raw8bit, "filename=\"稿件.txt\"".as_bytes());
}

#[test]
fn a_streamed_attachment_is_written_as_one_held_in_memory() {
    let video = crate::Mp4 { seconds: 3, padding_bytes: 200_000, ..crate::Mp4::default() };
    let mail = Mail::new("", "w@example.cn", "m@example.com").subject("x").text("y").received_at(Utc::now());
    let mut streamed = Vec::new();
    mail.write_huge(&mut streamed, "v.mp4", "video/mp4", crate::mp4_stream(video)).unwrap();
    assert_eq!(streamed, mail.attach("v.mp4", "video/mp4", crate::mp4(video)).to_bytes());
    assert!(streamed.split(|&byte| byte == b'\n').all(|line| line.len() <= 77));
}
