//! Manuscripts without the tag: what makes a mail look like one.

use std::sync::LazyLock;

use regex::Regex;

use super::Reason;
use crate::{
    contact,
    letter::Letter,
    manuscript::{self, Clip},
    wording,
};

/// 字数 from which a document is more than a note.
const DOCUMENT_CHARACTERS_MIN: u64 = 300;

/// Why an editor should look at a mail without the tag; none if nothing in it looks like a manuscript.
pub(super) fn reason(letter: &Letter, body_long_enough: bool) -> Option<Reason> {
    let subject = wording::fold(&letter.headers.subject);
    let word = ["投稿", "征稿", "来稿", "供稿", "征文", "稿件"].into_iter().find(|word| subject.contains(word));
    if let Some(clip) = manuscript::clips(letter).into_iter().find(|clip| !clip.is_audio()) {
        let where_ = if matches!(clip, Clip::Cloud(_)) { ("链接了", "links to") } else { ("附有", "comes with") };
        let name = clip.name();
        return Some((format!("{}视频“{name}”", where_.0), format!("it {} the video “{name}”", where_.1)));
    }
    let long = manuscript::documents(letter)
        .find(|(part, document)| document.characters >= DOCUMENT_CHARACTERS_MIN && manuscript::is_text(part, document));
    if let Some((part, document)) = long {
        let (name, count) = (wording::quoted(&part.name), document.characters);
        return Some((
            format!("附有 {count} 字的文档“{name}”"),
            format!("it comes with the document “{name}” of {count} characters"),
        ));
    }
    // An old Word file cannot be counted; a PDF is as often an invoice, and needs a word of the subject.
    let word_file = manuscript::unread_documents(letter)
        .find(|part| ["doc", "docx", "wps"].map(Some).contains(&manuscript::extension(&part.name).as_deref()));
    if let Some(part) = word_file {
        let place = wording::quoted(&part.name);
        return Some((
            format!("附有无法读取的文档“{place}”"),
            format!("it comes with the document “{place}”, which cannot be read"),
        ));
    }
    if let Some(word) = word {
        let document = manuscript::documents(letter).next();
        let file = document.map(|(part, _)| (manuscript::spoken(part), contact::place(part)));
        if let Some((spoken, place)) = file.or_else(|| manuscript::attached(letter)) {
            return Some((
                format!("主题含“{word}”，并带有{spoken}"),
                format!("the subject says “{word}” and a file is with it ({place})"),
            ));
        }
    }
    let body = letter.body.own_text();
    (body_long_enough && has_form(body)).then(|| {
        let count = wording::characters(body);
        (
            format!("正文有 {count} 字，形似稿件"),
            format!("the body has {count} characters and the form of a manuscript"),
        )
    })
}

/// A title, or numbered headings, above paragraphs; nothing that newsletters and offers say.
fn has_form(body: &str) -> bool {
    static HEADING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)^\s*(?:[一二三四五六七八九]、|[((][一二三四五六七八九][))])").expect("a pattern of our own")
    });
    const OFFERS: [&str; 12] = [
        "退订",
        "取消订阅",
        "unsubscribe",
        "优惠",
        "促销",
        "发票",
        "报价",
        "代写",
        "代发",
        "点击查看",
        "立即购买",
        "扫码",
    ];
    let folded = wording::fold(body);
    if OFFERS.iter().any(|word| folded.contains(word)) {
        return false;
    }
    let lines: Vec<&str> = body.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_title = |line: &&&str| {
        (4..=40).contains(&line.chars().count())
            && !line.ends_with(['。', '，', ',', '：', ':', '；', '!', '！', '?', '？'])
            && !manuscript::is_courtesy(line)
    };
    let titled = lines.iter().take(6).any(|line| is_title(&line));
    let paragraphs = lines.iter().filter(|line| line.chars().count() >= 60).count();
    paragraphs >= 1 && (titled || HEADING.find_iter(body).take(2).count() == 2)
}
