//! Documents as people send them, and archives that are made to hurt.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

fn read_bytes(bytes: &[u8], media_type: &str, name: &str, charset: Option<&str>) -> Content {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    read(&mut file, media_type, name, bytes.len() as u64, charset)
}

fn read_document(bytes: &[u8], media_type: &str, charset: Option<&str>) -> Document {
    match read_bytes(bytes, media_type, "", charset) {
        Content::Document(document) => document,
        other => panic!("{other:?}"),
    }
}

fn reason(content: Content) -> (String, String) {
    match content {
        Content::Unreadable { what, reason } => (what, reason),
        other => panic!("{other:?}"),
    }
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn docx_of(body: &str) -> Vec<u8> {
    let document =
        format!("<?xml version=\"1.0\"?><w:document xmlns:w=\"w\" xmlns:mc=\"m\"><w:body>{body}</w:body></w:document>");
    archive(&[("word/document.xml", document.as_bytes())])
}

#[test]
fn a_composed_docx_gives_its_text_its_characters_and_its_pictures() {
    let bytes = specimen::docx(&["主题征稿", "2021年，决算金额 321.70 亿元 < 500 & 更多"], 3);
    let document = read_document(&bytes, DOCX, None);
    assert_eq!(document.format, DocumentFormat::Docx);
    assert_eq!(document.text, "主题征稿\n2021年，决算金额 321.70 亿元 < 500 & 更多\n\n\n\n");
    assert_eq!((document.characters, document.pictures, document.truncated), (4 + 2 + 1 + 4 + 1 + 2 + 1 + 2, 3, false));
}

#[test]
fn the_marks_of_word_become_text() {
    let run = |text: &str| format!("<w:r><w:t>{text}</w:t></w:r>");
    let paragraph = |inner: &str| format!("<w:p>{inner}</w:p>");
    let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph(&run(text)));
    let cases = [
        (paragraph("<w:r><w:t>甲</w:t><w:tab/><w:t>乙</w:t><w:br/><w:t>丙</w:t></w:r>"), "甲\t乙\n丙\n"),
        (paragraph("<w:pPr><w:tabs><w:tab w:val=\"left\"/></w:tabs></w:pPr><w:r><w:t>甲</w:t></w:r>"), "甲\n"),
        (paragraph(&(run("甲") + "<w:r><w:delText>删</w:delText></w:r>" + &run("乙"))), "甲乙\n"),
        (paragraph(&run("a&#x4e2d;&#25991;&amp;&lt;")), "a中文&<\n"),
        (paragraph(&run("<![CDATA[a<b]]>")), "a<b\n"),
        (
            format!(
                "<w:tbl><w:tr>{}{}</w:tr><w:tr>{}{}</w:tr></w:tbl>",
                cell("姓名"),
                cell("王某"),
                cell("单位"),
                cell("财政局")
            ),
            "姓名\t王某\n单位\t财政局\n",
        ),
        (
            paragraph(&format!(
                "<mc:AlternateContent><mc:Choice>{}</mc:Choice><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>",
                run("框"),
                run("框")
            )),
            "框\n",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(read_document(&docx_of(&body), DOCX, None).text, expected, "{body}");
    }
}

#[test]
fn declared_entities_are_never_expanded() {
    let xml = "<?xml version=\"1.0\"?><!DOCTYPE d [<!ENTITY a \"AAAAAAAAAA\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY f SYSTEM \
               \"file:///etc/passwd\">]><w:document><w:p><w:r><w:t>x&b;&f;y</w:t></w:r></w:p></w:document>";
    let document = read_document(&archive(&[("word/document.xml", xml.as_bytes())]), DOCX, None);
    assert_eq!(document.text, "xy\n");
}

#[test]
fn an_archive_made_to_hurt_is_refused_with_its_reason() {
    let bomb = vec![b' '; 20 * 1024 * 1024];
    let mut many = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..10_001 {
        many.start_file(format!("word/{number}"), SimpleFileOptions::default()).unwrap();
    }
    let many = many.finish().unwrap().into_inner();
    let mut encrypted = docx_of("");
    // Bit 0 of the flags, in the local header and in the central directory.
    let central = encrypted.windows(4).rposition(|at| at == b"PK\x01\x02").unwrap();
    encrypted[6] |= 1;
    encrypted[central + 8] |= 1;
    let mut lying = docx_of("<w:p/>");
    let end = lying.len() - 22;
    lying[end + 8..end + 12].copy_from_slice(&[0xfe; 4]);
    let whole = specimen::docx(&["正文"], 0);
    let cases: [(&str, &[u8], &str); 8] = [
        ("bomb", &archive(&[("word/document.xml", &bomb)]), "inflates beyond every document"),
        ("many", &many, "damaged, or more than 10,000 entries"),
        ("lying", &lying, "damaged, or more than 10,000 entries"),
        ("encrypted", &encrypted, "encrypted"),
        ("cut", &whole[..whole.len() / 2], "damaged, or more than 10,000 entries"),
        ("empty", b"", "damaged, or more than 10,000 entries"),
        ("other", &archive(&[("xl/workbook.xml", b"<x/>")]), "no document inside"),
        ("broken", &archive(&[("word/document.xml", b"<w:p><w:r><w:t>x</w:t <")]), "damaged"),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(reason(read_bytes(bytes, DOCX, "", None)), ("document".to_owned(), expected.to_owned()), "{name}");
    }
}

#[test]
fn a_long_text_is_cut_between_characters_and_counted_whole() {
    // Repetition would deflate like a bomb.
    let long: String = (0..200_000u32)
        .filter_map(|number| char::from_u32(0x4e00 + number.wrapping_mul(2_654_435_761) % 20_000))
        .collect();
    for (bytes, media_type) in [(long.clone().into_bytes(), "text/plain"), (specimen::docx(&[&long], 0), DOCX)] {
        let document = read_document(&bytes, media_type, Some("utf-8"));
        assert_eq!(document.text.len(), TEXT_BYTES_MAX / 3 * 3, "{media_type}");
        assert!(document.truncated);
        assert_eq!(document.characters, 200_000);
    }
}

#[test]
fn plain_text_and_html_are_read_in_their_charset() {
    let gbk = encoding_rs::GBK.encode("各级财政部门学习宣传贯彻党的二十大精神").0;
    assert_eq!(read_document(&gbk, "text/plain", Some("gb2312")).text, "各级财政部门学习宣传贯彻党的二十大精神");
    assert_eq!(read_document(&gbk, "text/plain", None).characters, 19);
    let page = "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\"><title>t</title></head>\
                <body><p>稿件正文</p><script>alert(1)</script></body></html>";
    let document = read_document(&encoding_rs::GBK.encode(page).0, "text/html", None);
    assert_eq!((document.format, document.text.trim(), document.characters), (DocumentFormat::Html, "稿件正文", 4));
}

#[test]
fn what_cannot_be_read_says_why() {
    let ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    let stream: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let sealed = [&ole[..], &[0; 600], &stream].concat();
    let mut zip = archive(&[("a.mp4", b"x")]);
    zip[6] |= 1;
    let cases: [(&[u8], &str, &str, &str, &str); 11] = [
        (&sealed, "application/msword", "稿件.docx", "document", "encrypted"),
        (&sealed, "application/x-ole-storage", "稿件", "document", "encrypted"),
        (&ole, "application/msword", "稿件.doc", "document", "old Word format"),
        (&ole, "application/msword", "稿件.wps", "document", "old WPS format"),
        (b"%PDF-1.4", "application/pdf", "稿件.pdf", "document", "PDF text is not read yet"),
        (b"{\\rtf1}", "application/rtf", "稿件.rtf", "document", "RTF text is not read yet"),
        (&archive(&[("a.mp4", b"x")]), "application/zip", "a.zip", "archive", "archives are not opened"),
        (&zip, "application/zip", "a.zip", "archive", "encrypted; archives are not opened"),
        (
            b"Rar!\x1a\x07\x01\0\0\0\0\0\x0a\x04\0",
            "application/vnd.rar",
            "a.rar",
            "archive",
            "encrypted; archives are not opened",
        ),
        (
            b"Rar!\x1a\x07\0\xcf\x90\x73\x80\0\x0d\0\0\0\0\0\0\0",
            "application/vnd.rar",
            "a.rar",
            "archive",
            "encrypted; archives are not opened",
        ),
        (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", "a.7z", "archive", "archives are not opened"),
    ];
    for (bytes, media_type, name, what, why) in cases {
        assert_eq!(reason(read_bytes(bytes, media_type, name, None)), (what.to_owned(), why.to_owned()), "{name}");
    }
    assert_eq!(read_bytes(b"\xff\xd8\xff", "image/jpeg", "a.jpg", None), Content::Picture);
    assert_eq!(read_bytes(&ole, "application/x-ole-storage", "a", None), Content::Other);
    assert_eq!(read_bytes(b"x", "application/octet-stream", "a.bin", None), Content::Other);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn a_mutated_docx_never_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = specimen::docx(&["主题征稿", "正文"], 1);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = read_bytes(&bytes, DOCX, "稿件.docx", None);
    }
}
