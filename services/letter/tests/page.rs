//! The page of a mail, from its bytes: which HTML is taken, in which charset, and which pictures it shows.

use std::fs;

use intake::letter::{Letter, Page};
use specimen::{Mail, png};

struct Opened {
    letter: Letter,
    shown: Option<(Page, String)>,
}

fn open(raw: &[u8]) -> Opened {
    let folder = tempfile::tempdir().unwrap();
    let (mail, workdir) = (folder.path().join("raw"), folder.path().join("parts"));
    fs::write(&mail, raw).unwrap();
    fs::create_dir(&workdir).unwrap();
    let letter = letter::open_here(&mail, &workdir).unwrap();
    let read = |page: &Page| fs::read_to_string(workdir.join(page.sha256.hex())).unwrap();
    let shown = letter.body.page.as_ref().map(|page| (page.clone(), read(page)));
    Opened { letter, shown }
}

fn mail() -> Mail {
    Mail::new("李娜", "li@example.com", "czzhengwen@163.com").subject("征稿")
}

#[test]
fn only_a_true_picture_of_the_mail_is_shown() {
    let raw = mail()
        .text("见下")
        .html("<p>见<b>下</b><img src=\"cid:one@x\"><img src='cid:two@x'><img src=cid:three@x><img src=https://x.example/1.gif></p>")
        .attach_inline("图.png", "image/png", "one@x", png(4, 4, [1, 2, 3]))
        .attach_inline("图.png", "image/png", "two@x", b"<script>alert(1)</script>".as_slice())
        .attach_inline("图.svg", "image/svg+xml", "three@x", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".as_slice())
        .to_bytes();
    let opened = open(&raw);
    let (page, html) = opened.shown.unwrap();
    let path = &opened.letter.parts.iter().find(|part| part.media_type == "image/png").unwrap().path;
    assert_eq!(
        html.trim_end(),
        format!("<p>见<b>下</b><img src=\"part/{path}\">〔图片未显示〕〔图片未显示〕〔远程图片未加载〕</p>")
    );
    assert_eq!((&page.pictures, page.remote_pictures, page.truncated), (&vec![path.clone()], 1, false));
    assert_eq!(opened.letter.body.text, "见下");
}

#[test]
fn a_mail_of_text_alone_has_no_page_and_one_of_a_picture_alone_has() {
    assert!(open(&mail().text("正文").to_bytes()).shown.is_none());
    let raw = mail().html("<div><img src=\"cid:one@x\"></div>").attach_inline(
        "图.png",
        "image/png",
        "one@x",
        png(4, 4, [1, 2, 3]),
    );
    let opened = open(&raw.to_bytes());
    assert_eq!(opened.letter.body.text, "");
    assert!(opened.shown.unwrap().1.contains("<img src=\"part/"));
}

#[test]
fn a_page_is_read_in_the_charset_of_its_header_or_of_its_meta() {
    let gbk = b"\xbd\xe1\xb9\xb9";
    let raw = |head: &str, meta: &[u8]| [head.as_bytes(), b"\r\n\r\n", meta, b"<p>", gbk, b"</p>"].concat();
    for raw in [
        raw("Content-Type: text/html; charset=gb2312", b""),
        raw("Content-Type: text/html", b"<meta charset=gbk>"),
        raw("Content-Type: text/html", b"<meta http-equiv=content-type content='text/html; charset=gb2312'>"),
    ] {
        let opened = open(&raw);
        assert_eq!((opened.shown.unwrap().1.as_str(), opened.letter.body.text.as_str()), ("<p>结构</p>", "结构"));
    }
}

#[test]
fn a_page_that_was_cut_says_so() {
    let raw = mail().html(&"<p>一段文字</p>".repeat(100_000)).to_bytes();
    let (page, html) = open(&raw).shown.unwrap();
    assert!(page.truncated && html.trim_end().ends_with("</p>"), "{page:?}");
}
