//! manuscript-present (征稿启事 二 1, 2: 文字稿件, 视频稿件): an attachment, a cloud link, or a body long enough to be one.

use super::{Case, Told, size_zh};
use crate::{
    campaign::Campaign,
    contact,
    finding::Outcome,
    letter::{Content, Letter},
    manuscript::{self, Clip},
    wording,
};

pub(super) fn check(case: &Case<'_>, campaign: &Campaign, body_characters_min: u64) -> Told {
    let letter = case.letter;
    let limit = format!("a text or video, or a body of ≥ {body_characters_min} 字");
    let present = present(letter);
    if !present.is_empty() {
        let listed: Vec<&str> = present.iter().take(3).map(|(_, what)| what.as_str()).collect();
        let rest = if present.len() > 3 { format!("等 {} 件", present.len()) } else { String::new() };
        let listed = format!("{}{rest}", listed.join("、"));
        let told = Told::new(Outcome::Passed, &listed, limit);
        return present
            .iter()
            .take(5)
            .fold(told, |told, (place, what)| told.because(place, what))
            .say(format!("收到稿件：{listed}。"), format!("Manuscript received: {listed}."));
    }
    let characters = wording::characters(letter.body.own_text());
    if characters >= body_characters_min && !manuscript::is_call(letter.body.own_text(), campaign) {
        return Told::new(Outcome::Passed, format!("body of {characters} 字"), limit)
            .because("body", letter.body.own_text())
            .say(
                format!("正文 {characters} 字，作为稿件登记。"),
                format!("The body of {characters} characters is taken as the manuscript."),
            );
    }
    let call = (characters >= body_characters_min).then(|| {
        let (zh, en) = ("邮件正文含有征稿启事", "a body that holds the call itself");
        ("body".to_owned(), zh.to_owned(), en.to_owned())
    });
    if let Some((place, zh, en)) = perhaps(letter).or(call) {
        return Told::new(Outcome::Undetermined, en.clone(), limit).because(&place, &en).say(
            format!("{zh}，无法确认其中是否有稿件，编辑将人工核对；请优先以 DOCX、TXT 或 MP4 附件发送稿件。"),
            format!("Only {en}: it cannot be told whether a manuscript is inside; an editor will look. Please send manuscripts as DOCX, TXT or MP4."),
        );
    }
    let told = Told::new(Outcome::Failed, format!("no file, body of {characters} 字"), limit).say(
        "邮件中没有找到文字稿件或视频稿件，请将稿件作为附件（DOCX、TXT、MP4）或超大附件重新发送。",
        "No text or video manuscript was found: please send it again as an attachment (DOCX, TXT, MP4) or a cloud attachment.",
    );
    if characters > 0 { told.because("body", letter.body.own_text()) } else { told }
}

/// Manuscripts with their places.
fn present(letter: &Letter) -> Vec<(String, String)> {
    let mut present: Vec<(String, String)> = manuscript::documents(letter)
        .filter(|(part, document)| manuscript::is_text(part, document))
        .map(|(part, document)| {
            (contact::place(part), format!("“{}”（{} 字）", wording::quoted(&part.name), document.characters))
        })
        .collect();
    present.extend(
        manuscript::unread_documents(letter)
            .filter(|part| part.size_bytes > 0 && !manuscript::is_side(&part.name))
            .map(|part| (contact::place(part), format!("“{}”（由编辑打开查看）", wording::quoted(&part.name)))),
    );
    let clips = manuscript::clips(letter);
    present.extend(clips.iter().filter_map(|clip| {
        let bytes = match clip {
            Clip::Read(part, _) | Clip::Unread(part, _) => part.size_bytes,
            Clip::Cloud(_) => return None,
        };
        (bytes > 0).then(|| (clip.place(), format!("“{}”（{}）", clip.name(), size_zh(bytes))))
    }));
    let linked = manuscript::cloud_files(letter)
        .filter(|file| manuscript::is_cloud_text(file) || manuscript::is_cloud_video(file));
    present.extend(
        linked.map(|file| (format!("cloud file “{}”", wording::quoted(&file.name)), manuscript::spoken_cloud(file))),
    );
    present
}

/// What may hide a manuscript: an archive, an attached mail, an unread document that goes with one by its name, a link that does not tell what lies behind it, or a document
/// that holds pictures of pages instead of words.
fn perhaps(letter: &Letter) -> Option<(String, String, String)> {
    if let Some(part) = manuscript::archives(letter).next() {
        let name = wording::quoted(&part.name);
        let (zh, en) = match () {
            () if manuscript::is_mail(part) => ("转发的邮件", "attached mail"),
            () if manuscript::is_outlook(part) => (" Outlook 专用格式的附件", "attachment in Outlook’s own form"),
            () => ("压缩包", "archive"),
        };
        return Some((contact::place(part), format!("邮件只附有{zh}“{name}”"), format!("the {en} “{name}”")));
    }
    if let Some(part) = manuscript::unread_documents(letter).find(|part| part.size_bytes > 0) {
        let name = wording::quoted(&part.name);
        let spoken = manuscript::spoken(part);
        return Some((contact::place(part), format!("邮件只附有{spoken}"), format!("the document “{name}”")));
    }
    if let Some(file) = manuscript::cloud_files(letter).find(|file| manuscript::is_cloud_unknown(file)) {
        let (name, spoken) = (wording::quoted(&file.name), manuscript::spoken_cloud(file));
        return Some((format!("cloud file “{name}”"), format!("邮件只附有{spoken}"), format!("the link “{name}”")));
    }
    let scanned = letter.parts.iter().find(|part| {
        matches!(&part.content, Content::Document(document) if document.characters == 0 && document.pictures > 0)
    })?;
    let name = wording::quoted(&scanned.name);
    Some((
        contact::place(scanned),
        format!("文档“{name}”中只有图片"),
        format!("the document “{name}” with pictures and no words"),
    ))
}
