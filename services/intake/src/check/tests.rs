//! Each rule passing, failing and not measurable, one line a case.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    contact,
    finding::RuleCode,
    judgement::{self, Verdict},
    letter::{CloudFile, Content, Disposition, Document, DocumentFormat, Part, Video},
    tag,
};

const IN_TIME: &str = "2023-03-01T10:00:00+08:00";
const MIB: u64 = 1024 * 1024;

fn campaign() -> Campaign {
    Campaign::twentieth_congress(Uuid::nil())
}

fn letter(subject: &str, body: &str) -> Letter {
    let mut letter = Letter::default();
    letter.headers.subject = subject.into();
    letter.body.text = body.into();
    letter
}

fn part(name: &str, size_bytes: u64, content: Content) -> Part {
    Part {
        path: "2".into(),
        name: name.into(),
        media_type_declared: "application/octet-stream".into(),
        media_type: "application/octet-stream".into(),
        disposition: Disposition::Attachment,
        size_bytes,
        sha256: stdx::Sha256::of(name.as_bytes()),
        content,
    }
}

fn document(name: &str, text: &str, pictures: u32) -> Part {
    let characters = wording::characters(text);
    let document = Document { format: DocumentFormat::Docx, text: text.into(), truncated: false, characters, pictures };
    part(name, 20_000, Content::Document(document))
}

fn unreadable(name: &str, what: &str) -> Part {
    part(name, 20_000, Content::Unreadable { what: what.into(), reason: "encrypted".into() })
}

fn picture(name: &str, size_bytes: u64, disposition: Disposition) -> Part {
    Part { disposition, ..part(name, size_bytes, Content::Picture) }
}

fn good_video() -> Video {
    Video {
        container: "mp4".into(),
        brand: "isom".into(),
        duration_ms: Some(120_000),
        coded_width: 1920,
        coded_height: 1080,
        displayed_width: 1920,
        displayed_height: 1080,
        video_codec: Some("h264".into()),
        audio_codec: Some("aac".into()),
        ..Video::default()
    }
}

fn video(change: impl FnOnce(&mut Video)) -> Part {
    let mut video = good_video();
    change(&mut video);
    part("视频.mp4", 100 * MIB, Content::Video(video))
}

fn cloud(name: &str, size_bytes_claimed: Option<u64>) -> CloudFile {
    CloudFile {
        provider: "netease".into(),
        name: name.into(),
        size_bytes_claimed,
        expires_at: None,
        url: "https://mail.163.com/large-attachment-download/index.html?file=a".into(),
        quoted: false,
    }
}

fn findings_of(letter: &Letter, received_at: &str, campaign: &Campaign) -> Vec<Finding> {
    let contact = contact::find(letter);
    check(Case { letter, received_at: received_at.parse().unwrap(), contact: &contact, revision_until: None }, campaign)
}

fn of_rule(letter: &Letter, rule: RuleCode) -> Vec<Finding> {
    let found: Vec<_> =
        findings_of(letter, IN_TIME, &campaign()).into_iter().filter(|finding| finding.rule == rule).collect();
    for finding in &found {
        assert!(
            !finding.zh.is_empty()
                && !finding.en.is_empty()
                && !finding.measured.is_empty()
                && !finding.limit.is_empty()
        );
        assert!(finding.evidence.iter().all(|evidence| evidence.excerpt.chars().count() <= EXCERPT_MAX));
    }
    found
}

/// `passed`, or `failed advice` where the severity is not the rule's own in the call; one finding a word.
fn outcomes(letter: &Letter, rule: RuleCode) -> String {
    let own = campaign().rules.iter().find(|listed| listed.check.code() == rule).unwrap().severity;
    let word = |finding: &Finding| {
        let outcome = match finding.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Undetermined => "undetermined",
        };
        if finding.severity == own {
            outcome.to_owned()
        } else {
            format!("{outcome}-as-{:?}", finding.severity).to_lowercase()
        }
    };
    of_rule(letter, rule).iter().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_tag_passes_however_it_is_written() {
    for (subject, expected) in
        [("【主题征稿】奋进", "passed"), ("主 題 徵 稿", "passed"), ("投稿：奋进", "failed"), ("", "failed")]
    {
        assert_eq!(outcomes(&letter(subject, ""), RuleCode::SubjectTag), expected, "{subject}");
    }
}

#[test]
fn a_mail_received_in_the_last_second_of_the_deadline_day_is_in_time_and_the_next_is_late() {
    for (received_at, expected) in [
        ("2022-09-01T00:00:00+08:00", Outcome::Passed),
        ("2023-03-31T23:59:59+08:00", Outcome::Passed),
        ("2023-03-31T23:59:59.999+08:00", Outcome::Passed),
        ("2023-04-01T00:00:00+08:00", Outcome::Failed),
        ("2023-03-31T16:00:00Z", Outcome::Failed),
        ("2023-03-31T15:59:59Z", Outcome::Passed),
        ("2023-03-31T11:59:59-05:00", Outcome::Failed),
    ] {
        let findings = findings_of(&letter("主题征稿", ""), received_at, &campaign());
        let deadline = findings.iter().find(|finding| finding.rule == RuleCode::Deadline).unwrap();
        assert_eq!(deadline.outcome, expected, "{received_at}");
        let late = judgement::judge(&findings, 1).verdict == Verdict::Late;
        assert_eq!(late, expected == Outcome::Failed);
    }
}

#[test]
fn a_revision_that_was_asked_for_is_in_time_until_the_end_of_its_day_and_never_late_before_the_deadline() {
    let (letter, contact) = (letter("Re: 主题征稿", ""), Contact::default());
    for (revision_until, received_at, expected) in [
        (Some("2023-05-10"), "2023-05-10T23:59:59+08:00", Outcome::Passed),
        (Some("2023-05-10"), "2023-05-11T00:00:00+08:00", Outcome::Failed),
        (Some("2023-03-10"), "2023-03-31T23:59:59+08:00", Outcome::Passed),
        (Some("2023-03-10"), "2023-04-01T00:00:00+08:00", Outcome::Failed),
        (None, "2023-05-10T12:00:00+08:00", Outcome::Failed),
    ] {
        let revision_until = revision_until.map(|day| day.parse().unwrap());
        let case =
            Case { letter: &letter, received_at: received_at.parse().unwrap(), contact: &contact, revision_until };
        let told = deadline::check(&case, &campaign());
        assert_eq!(told.outcome, expected, "{revision_until:?} {received_at}: {}", told.zh);
        let names_the_day = told.zh.contains("修改期限 2023 年 5 月 10 日");
        assert_eq!(names_the_day, revision_until.is_some_and(|day| day > campaign().deadline_day), "{}", told.zh);
    }
}

#[test]
fn the_senders_date_decides_nothing_and_is_told_when_it_differs_by_a_day() {
    for (date, told) in
        [("2023-03-31T12:00:00+08:00", true), ("2023-04-09T12:00:00+08:00", false), ("2030-01-01T00:00:00+00:00", true)]
    {
        let mut letter = letter("主题征稿", "");
        letter.headers.date = Some(date.parse().unwrap());
        let findings = findings_of(&letter, "2023-04-10T10:00:00+08:00", &campaign());
        let deadline = findings.iter().find(|finding| finding.rule == RuleCode::Deadline).unwrap();
        assert_eq!(deadline.outcome, Outcome::Failed);
        assert_eq!(deadline.measured, "2023-04-10 10:00:00 +08:00");
        let evidence = deadline.evidence.iter().find(|evidence| evidence.place == "date");
        assert_eq!(evidence.is_some_and(|evidence| evidence.excerpt.contains("decides nothing")), told, "{date}");
    }
}

#[test]
fn contact_data_may_stand_anywhere_and_are_undetermined_behind_a_closed_file() {
    type Change = fn(&mut Letter);
    let cases: [(&str, [&str; 3], Change); 12] = [
        ("nothing", ["failed"; 3], |_| {}),
        ("all three", ["passed"; 3], |letter| {
            letter.body.text = "姓名：张三 单位：湖州市财政局 电话：13800000000".into()
        }),
        ("a name only", ["passed", "failed", "failed"], |letter| letter.body.text = "姓名：张三".into()),
        ("in a document", ["passed"; 3], |letter| {
            letter.parts.push(document("稿件.docx", "奋进\n（作者：李四，湖州市财政局，13800000000）", 0));
        }),
        ("an old Word file", ["undetermined"; 3], |letter| letter.parts.push(unreadable("稿件.doc", "document"))),
        ("an archive", ["undetermined"; 3], |letter| letter.parts.push(unreadable("稿件.zip", "archive"))),
        ("a cloud document", ["undetermined"; 3], |letter| letter.cloud_files.push(cloud("稿件.docx", None))),
        ("a bare link", ["undetermined"; 3], |letter| letter.cloud_files.push(cloud("", None))),
        ("a broken video hides no contact", ["failed"; 3], |letter| letter.parts.push(unreadable("视频.mp4", "video"))),
        ("a display name", ["passed", "failed", "failed"], |letter| {
            letter.headers.from =
                vec![crate::letter::Address { name: "张三".into(), address: "a@example.com".into() }];
        }),
        ("an address in the text", ["failed", "failed", "passed"], |letter| {
            letter.body.text = "邮箱：a@example.com".into()
        }),
        ("the call's own contacts", ["failed"; 3], |letter| {
            letter.body.text =
                "联系人：张小莉 010-88227050\n联系人：吕怡慧 电话：88227055\n邮箱：czzhengwen@163.com".into();
        }),
    ];
    for (name, expected, change) in cases {
        let mut letter = letter("主题征稿", "");
        change(&mut letter);
        let found = [RuleCode::ContactName, RuleCode::ContactOrganisation, RuleCode::ContactDetails]
            .map(|rule| outcomes(&letter, rule));
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_manuscript_is_a_file_a_link_or_a_long_body() {
    type Change = fn(&mut Letter);
    let cases: [(&str, &str, Change); 24] = [
        ("nothing", "failed", |_| {}),
        ("a document", "passed", |letter| letter.parts.push(document("稿件.docx", "奋进", 0))),
        ("an empty document", "failed", |letter| letter.parts.push(document("稿件.docx", "", 0))),
        ("a scanned document", "undetermined", |letter| letter.parts.push(document("稿件.docx", "", 3))),
        ("an introduction alone", "failed", |letter| letter.parts.push(document("视频简介.docx", "奋进新征程", 0))),
        ("an old Word file", "passed", |letter| letter.parts.push(unreadable("稿件.doc", "document"))),
        ("a PDF that nobody looked into", "passed", |letter| letter.parts.push(part("稿件.pdf", 100, Content::Other))),
        ("a video", "passed", |letter| letter.parts.push(video(|_| {}))),
        ("a video of zero bytes", "failed", |letter| {
            letter.parts.push(Part { size_bytes: 0, ..unreadable("视频.mp4", "video") });
        }),
        ("a cloud video", "passed", |letter| letter.cloud_files.push(cloud("视频.mp4", None))),
        ("a cloud archive", "undetermined", |letter| letter.cloud_files.push(cloud("稿件.zip", None))),
        ("a bare link", "undetermined", |letter| letter.cloud_files.push(cloud("", None))),
        ("a cloud picture", "failed", |letter| letter.cloud_files.push(cloud("图.jpg", None))),
        ("an attachment of Outlook’s own", "undetermined", |letter| {
            letter
                .parts
                .push(Part { media_type: "application/ms-tnef".into(), ..part("winmail.dat", 90_000, Content::Other) });
        }),
        ("a quoted cloud video", "failed", |letter| {
            letter.cloud_files.push(CloudFile { quoted: true, ..cloud("视频.mp4", None) })
        }),
        ("an archive alone", "undetermined", |letter| letter.parts.push(unreadable("稿件.rar", "archive"))),
        ("an attached mail alone", "undetermined", |letter| {
            let mail = part("转发.eml", 90_000, Content::Other);
            letter.parts.push(Part { media_type: "message/rfc822".into(), ..mail });
        }),
        ("an archive and a document", "passed", |letter| {
            letter.parts.push(unreadable("稿件.rar", "archive"));
            letter.parts.push(document("稿件.docx", "奋进", 0));
        }),
        ("a picture alone", "failed", |letter| letter.parts.push(picture("图.jpg", 100_000, Disposition::Attachment))),
        ("a body of 499", "failed", |letter| letter.body.text = "字".repeat(499)),
        ("a body of 500", "passed", |letter| letter.body.text = "字".repeat(500)),
        ("an unread introduction alone", "undetermined", |letter| {
            letter.parts.push(unreadable("视频简介.doc", "document"))
        }),
        ("the call itself", "undetermined", |letter| {
            letter.body.text = format!("{}投稿邮箱：czzhengwen@163.com 联系人：张小莉 010-88227050", "字".repeat(500));
        }),
        ("a long quoted mail", "failed", |letter| {
            letter.body.text = "字".repeat(500);
            letter.body.quoted_from = Some(0);
        }),
    ];
    for (name, expected, change) in cases {
        let mut letter = letter("主题征稿", "");
        change(&mut letter);
        assert_eq!(outcomes(&letter, RuleCode::ManuscriptPresent), expected, "{name}");
    }
}

#[test]
fn publicity_comes_with_pictures() {
    type Change = fn(&mut Letter);
    let cases: [(&str, &str, Change); 8] = [
        ("no picture", "failed", |letter| letter.parts.push(document("稿件.docx", "奋进", 0))),
        ("inside the document", "passed", |letter| letter.parts.push(document("稿件.docx", "奋进", 2))),
        ("attached", "passed", |letter| letter.parts.push(picture("图.jpg", 2000, Disposition::Attachment))),
        ("a small picture of a signature", "failed", |letter| {
            letter.parts.push(picture("logo.png", 2000, Disposition::Inline))
        }),
        ("a picture in the body", "passed", |letter| {
            letter.parts.push(picture("图.png", 200_000, Disposition::Inline))
        }),
        ("behind a closed file", "undetermined", |letter| letter.parts.push(unreadable("稿件.doc", "document"))),
        ("a video is no text", "", |letter| letter.parts.push(video(|_| {}))),
        ("another category", "", |letter| {
            letter.headers.subject = "主题征稿（第三类）".into();
            letter.parts.push(document("稿件.docx", "奋进", 0));
        }),
    ];
    for (name, expected, change) in cases {
        let mut letter = letter("主题征稿（第二类）", "");
        change(&mut letter);
        assert_eq!(outcomes(&letter, RuleCode::PublicityPictures), expected, "{name}");
    }
    assert_eq!(outcomes(&letter("主题征稿", "稿件"), RuleCode::PublicityPictures), "", "no category is known");
}

#[test]
fn each_measure_of_a_video_has_its_limit() {
    type Change = fn(&mut Video);
    let cases: [(RuleCode, &str, Change); 23] = [
        (RuleCode::VideoDuration, "passed", |_| {}),
        (RuleCode::VideoDuration, "passed", |video| video.duration_ms = Some(300_000)),
        (RuleCode::VideoDuration, "passed", |video| video.duration_ms = Some(301_000)),
        (RuleCode::VideoDuration, "failed", |video| video.duration_ms = Some(301_001)),
        (RuleCode::VideoDuration, "failed", |video| video.duration_ms = Some(u64::MAX)),
        (RuleCode::VideoDuration, "undetermined", |video| video.duration_ms = None),
        (RuleCode::VideoResolution, "passed", |_| {}),
        (RuleCode::VideoResolution, "passed", |video| (video.displayed_width, video.displayed_height) = (1080, 1920)),
        (RuleCode::VideoResolution, "passed", |video| (video.displayed_width, video.displayed_height) = (3840, 2160)),
        (RuleCode::VideoResolution, "failed-as-advice", |video| {
            (video.displayed_width, video.displayed_height) = (1920, 816)
        }),
        (RuleCode::VideoResolution, "failed-as-advice", |video| {
            (video.displayed_width, video.displayed_height) = (1079, 1920)
        }),
        (RuleCode::VideoResolution, "failed", |video| (video.displayed_width, video.displayed_height) = (1280, 720)),
        (RuleCode::VideoResolution, "failed", |video| (video.displayed_width, video.displayed_height) = (1919, 1079)),
        (RuleCode::VideoResolution, "passed", |video| (video.displayed_width, video.displayed_height) = (0, 0)),
        (RuleCode::VideoResolution, "undetermined", |video| {
            (video.displayed_width, video.displayed_height, video.coded_width, video.coded_height) = (0, 0, 0, 0);
        }),
        (RuleCode::VideoFormat, "passed", |_| {}),
        (RuleCode::VideoFormat, "failed", |video| video.container = "mov".into()),
        (RuleCode::VideoFormat, "failed", |video| video.video_codec = Some("hevc".into())),
        (RuleCode::VideoFormat, "failed", |video| video.video_codec = None),
        (RuleCode::VideoSize, "passed", |_| {}),
        (RuleCode::VideoDuration, "passed", audio),
        (RuleCode::VideoResolution, "", audio),
        (RuleCode::VideoFormat, "", audio),
    ];
    for (rule, expected, change) in cases {
        let mut letter = letter("主题征稿", "");
        letter.parts.push(video(change));
        assert_eq!(outcomes(&letter, rule), expected, "{rule:?}");
    }
}

fn audio(video: &mut Video) {
    *video =
        Video { container: "mp4".into(), duration_ms: Some(1000), audio_codec: Some("aac".into()), ..Video::default() };
}

#[test]
fn a_video_of_500_mib_is_small_enough_and_a_byte_more_is_not() {
    for (size_bytes, expected) in
        [(500 * MIB, "passed"), (500 * MIB + 1, "failed"), (u64::MAX, "failed"), (0, "passed")]
    {
        let mut letter = letter("主题征稿", "");
        letter.parts.push(Part { size_bytes, ..video(|_| {}) });
        assert_eq!(outcomes(&letter, RuleCode::VideoSize), expected, "{size_bytes}");
    }
}

#[test]
fn a_video_that_cannot_be_read_or_fetched_is_undetermined() {
    use RuleCode::{VideoDuration, VideoFormat, VideoResolution, VideoSize};
    let attached = |name: &str| {
        let mut letter = letter("主题征稿", "");
        letter.parts.push(unreadable(name, "video"));
        letter
    };
    let linked = |name: &str, claimed| {
        let mut letter = letter("主题征稿", "");
        letter.cloud_files.push(cloud(name, claimed));
        letter
    };
    for (name, letter, expected) in [
        ("a broken MP4", attached("视频.mp4"), ["undetermined", "passed", "undetermined", "undetermined"]),
        ("a video without a name", attached(""), ["undetermined", "passed", "undetermined", "undetermined"]),
        ("AVI", attached("视频.avi"), ["undetermined", "passed", "undetermined", "failed"]),
        ("WMV", attached("视频.WMV"), ["undetermined", "passed", "undetermined", "failed"]),
        (
            "a cloud MP4",
            linked("视频.mp4", Some(400 * MIB)),
            ["undetermined", "undetermined", "undetermined", "undetermined"],
        ),
        (
            "a large cloud MP4",
            linked("视频.mp4", Some(501 * MIB)),
            ["undetermined", "failed", "undetermined", "undetermined"],
        ),
        (
            "a cloud file without a size",
            linked("视频.mp4", None),
            ["undetermined", "undetermined", "undetermined", "undetermined"],
        ),
        ("a cloud MKV", linked("视频.mkv", None), ["undetermined", "undetermined", "undetermined", "failed"]),
        ("a cloud document", linked("稿件.docx", None), ["", "", "", ""]),
    ] {
        let found = [VideoDuration, VideoSize, VideoResolution, VideoFormat].map(|rule| outcomes(&letter, rule));
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_claim_decides_nothing_where_the_size_is_required() {
    let mut campaign = campaign();
    campaign.rules.retain(|rule| matches!(rule.check, Check::VideoSize { .. }));
    campaign.rules[0].severity = Severity::Required;
    let mut letter = letter("主题征稿", "");
    letter.cloud_files.push(cloud("视频.mp4", Some(900 * MIB)));
    let findings = findings_of(&letter, IN_TIME, &campaign);
    assert_eq!((findings[0].outcome, findings[0].severity), (Outcome::Undetermined, Severity::Required));
    assert!(findings[0].measured.contains("claimed"));
}

#[test]
fn an_introduction_is_in_the_body_or_a_document() {
    type Change = fn(&mut Letter);
    let cases: [(&str, &str, Change); 18] = [
        ("nothing", "failed", |_| {}),
        ("a heading with words", "passed", |letter| {
            letter.body.text = "视频简介：本片讲述财政干部扎根基层的故事，展现时代担当。".into()
        }),
        ("a heading on its own line", "passed", |letter| {
            letter.body.text = "【内容简介】\n本片讲述财政干部扎根基层的故事，展现时代担当。".into()
        }),
        ("a numbered heading", "passed", |letter| {
            letter.body.text = "二、作品简介\n本片讲述财政干部扎根基层的故事，展现时代担当。".into()
        }),
        ("a heading with little", "failed", |letter| letter.body.text = "视频简介：奋进新征程".into()),
        ("a heading that points elsewhere", "failed", |letter| {
            letter.body.text = "视频简介：见附件，请编辑老师审阅并提出宝贵意见为盼".into()
        }),
        ("a heading above contact lines", "failed", |letter| {
            letter.body.text = "视频简介：\n姓名：张三\n单位：浙江省湖州市财政局预算科\n电话：13800000000".into();
        }),
        ("the word in a sentence", "failed", |letter| {
            letter.body.text = "附件是视频和简介，请各位编辑老师审阅，谢谢。".into()
        }),
        ("greetings and contacts alone", "failed", |letter| {
            letter.body.text = "尊敬的编辑老师：\n您好！附件是我单位制作的视频，请查收。\n联系人：张三\n单位：湖州市财政局\n电话：13800000000\n此致\n敬礼".into();
        }),
        ("own words enough", "passed", |letter| {
            letter.body.text = "您好！\n本片以一名乡镇财政干部的一天为线索，讲述基层财政人的坚守与奉献，展现新时代财政干部的精神风貌。".into();
        }),
        ("in a document", "passed", |letter| {
            letter.parts.push(document("说明.docx", "视频简介\n本片讲述财政干部扎根基层的故事，展现时代担当。", 0))
        }),
        ("a document of that name", "passed", |letter| {
            letter.parts.push(document("视频简介.docx", "本片讲述财政干部扎根基层的故事，展现时代担当。", 0))
        }),
        ("a short document of that name", "failed", |letter| letter.parts.push(document("视频简介.docx", "奋进", 0))),
        ("a closed document of that name", "undetermined", |letter| {
            letter.parts.push(unreadable("视频简介.doc", "document"))
        }),
        ("quoted words", "failed", |letter| {
            letter.body.text = "视频简介：本片讲述财政干部扎根基层的故事，展现时代担当。".into();
            letter.body.quoted_from = Some(0);
        }),
        ("two videos and one introduction", "passed passed", |letter| {
            letter.parts.push(video(|_| {}));
            letter.body.text = "视频简介：本片讲述财政干部扎根基层的故事，展现时代担当。".into();
        }),
        ("a signature below a short one", "failed", |letter| {
            letter.body.text = "视频简介：财政故事。\n席慕 遵义市财政局 0851-28220000".into();
        }),
        ("sound needs one too", "failed failed", |letter| letter.parts.push(video(audio))),
    ];
    for (name, expected, change) in cases {
        let mut letter = letter("主题征稿", "");
        letter.parts.push(video(|_| {}));
        change(&mut letter);
        assert_eq!(outcomes(&letter, RuleCode::VideoSynopsis), expected, "{name}");
    }
    let mut linked = letter("主题征稿", "视频简介：本片讲述财政干部扎根基层的故事，展现时代担当。");
    linked.cloud_files.push(cloud("视频.mp4", None));
    assert_eq!(outcomes(&linked, RuleCode::VideoSynopsis), "passed");
}

#[test]
fn rules_about_videos_say_nothing_without_one_and_speak_of_each() {
    let rules = [
        RuleCode::VideoDuration,
        RuleCode::VideoSize,
        RuleCode::VideoResolution,
        RuleCode::VideoFormat,
        RuleCode::VideoSynopsis,
    ];
    let text = letter("主题征稿", "正文");
    let mut three = letter("主题征稿", "正文");
    three.parts.extend([video(|_| {}), unreadable("二.mp4", "video")]);
    three.cloud_files.push(cloud("三.mp4", None));
    for rule in rules {
        assert_eq!((of_rule(&text, rule).len(), of_rule(&three, rule).len()), (0, 3), "{rule:?}");
    }
}

#[test]
fn sentences_say_to_an_author_what_was_found_and_what_to_do() {
    let said = |letter: &Letter, rule, expected: Expect| {
        let found = of_rule(letter, rule);
        let text: Vec<String> = found
            .iter()
            .map(|found| format!("{} | {}\n{}\n{}\n", found.measured, found.limit, found.zh, found.en))
            .collect();
        expected.assert_eq(&text.concat());
    };
    let with = |part: Part| {
        let mut letter = letter("主题征稿", "");
        letter.parts.push(part);
        letter
    };
    said(
        &with(video(|video| video.duration_ms = Some(311_400))),
        RuleCode::VideoDuration,
        expect![[r"
        311.4 s | ≤ 300 s
        视频“视频.mp4”时长 5 分 11 秒，超过 5 分钟的要求，请剪辑后重新发送。
        The video “视频.mp4” lasts 5 min 11 s, more than 5 min: please cut it and send it again.
    "]],
    );
    said(
        &with(Part { size_bytes: 700 * MIB + MIB / 2, ..video(|_| {}) }),
        RuleCode::VideoSize,
        expect![[r#"
            700.5 MiB | ≤ 500 MiB
            视频“视频.mp4”大小 700.5 MB，超过 500 MB，建议压缩后重新发送。
            The video “视频.mp4” has 700.5 MiB, more than 500 MiB: please compress it and send it again.
        "#]],
    );
    said(
        &with(video(|video| (video.displayed_width, video.displayed_height) = (1280, 720))),
        RuleCode::VideoResolution,
        expect![[r"
        1280×720 | short side ≥ 1080
        视频“视频.mp4”分辨率 1280×720，低于 1080P 的要求，请以 1080P 或更高的分辨率重新导出后发送。
        The video “视频.mp4” has 1280×720 pixels, less than 1080P: please export it again at 1080P or more.
    "]],
    );
    said(
        &with(video(|video| video.video_codec = Some("hevc".into()))),
        RuleCode::VideoFormat,
        expect![[r#"
            mp4, hevc | mp4, h264
            视频“视频.mp4”为 MP4（H.265 编码），建议转换为 MP4（H.264 编码）后重新发送。
            The video “视频.mp4” is MP4 with H.265 video: please convert it to MP4 with H.264 video.
        "#]],
    );
    said(
        &with(video(|video| video.container = "mov".into())),
        RuleCode::VideoFormat,
        expect![[r#"
        mov, h264 | mp4, h264
        视频“视频.mp4”为 MOV（H.264 编码），建议转换为 MP4（H.264 编码）后重新发送。
        The video “视频.mp4” is MOV with H.264 video: please convert it to MP4 with H.264 video.
    "#]],
    );
    said(
        &with(unreadable("稿件.doc", "document")),
        RuleCode::ContactName,
        expect![[r#"
        none found, one file could not be read | a name
        邮件中没有找到作者或联系人姓名，附件“稿件.doc”无法自动读取，编辑将人工核对；您也可回复邮件补充。
        No name of an author or contact was found in the mail, and part 2 “稿件.doc” could not be read: an editor will look; you may also send the name of an author or contact in a reply.
    "#]],
    );
    said(
        &letter("", ""),
        RuleCode::SubjectTag,
        expect![[r#"
        no subject | holds “主题征稿”
        邮件没有写主题，将由编辑确认是否为本次征稿的来稿；今后来稿请在主题中注明“主题征稿”。
        The mail has no subject, so an editor will decide whether it is for this call: please write “主题征稿” in the subject of further mails.
    "#]],
    );
    said(
        &letter("投稿", ""),
        RuleCode::SubjectTag,
        expect![[r#"
        no tag | holds “主题征稿”
        邮件主题“投稿”没有注明“主题征稿”，将由编辑确认是否为本次征稿的来稿；今后来稿请在主题中注明。
        The subject “投稿” does not hold “主题征稿”, so an editor will decide whether it is for this call: please write it in the subject of further mails.
    "#]],
    );
    let mut many = letter("主题征稿", "");
    many.parts.extend((1..5).map(|number| document(&format!("{number}.docx"), "奋进", 0)));
    said(
        &many,
        RuleCode::ManuscriptPresent,
        expect![[r#"
        “1.docx”（2 字）、“2.docx”（2 字）、“3.docx”（2 字）等 4 件 | a text or video, or a body of ≥ 500 字
        收到稿件：“1.docx”（2 字）、“2.docx”（2 字）、“3.docx”（2 字）等 4 件。
        Manuscript received: “1.docx”（2 字）、“2.docx”（2 字）、“3.docx”（2 字）等 4 件.
    "#]],
    );
    said(
        &letter("主题征稿", ""),
        RuleCode::ContactOrganisation,
        expect![[r#"
            none found | an organisation
            邮件和稿件中没有找到工作单位，请回复邮件补充。
            No organisation was found in the mail or the manuscript: please send the organisation in a reply.
        "#]],
    );
}

#[test]
fn findings_stand_in_the_campaigns_order_and_only_its_rules_are_applied() {
    let mut letter = letter("主题征稿（第二类）", "");
    letter.parts.push(document("稿件.docx", "奋进", 0));
    letter.parts.push(video(|_| {}));
    let mut campaign = campaign();
    let codes = |findings: &[Finding]| {
        let mut codes: Vec<RuleCode> = findings.iter().map(|finding| finding.rule).collect();
        codes.dedup();
        codes
    };
    assert_eq!(codes(&findings_of(&letter, IN_TIME, &campaign)), RuleCode::ALL);
    campaign.rules.reverse();
    let reversed: Vec<RuleCode> = RuleCode::ALL.into_iter().rev().collect();
    assert_eq!(codes(&findings_of(&letter, IN_TIME, &campaign)), reversed);
    campaign.rules.truncate(1);
    assert_eq!(codes(&findings_of(&letter, IN_TIME, &campaign)), [RuleCode::VideoSynopsis]);
    campaign.rules.clear();
    assert_eq!(findings_of(&letter, IN_TIME, &campaign), []);
}

#[test]
fn a_whole_submission_is_eligible_and_each_fault_changes_the_verdict() {
    type Change = fn(&mut Letter);
    let late = "2023-04-01T00:00:00+08:00";
    let cases: [(&str, Verdict, &str, Change); 7] = [
        ("all is there", Verdict::Eligible, IN_TIME, |_| {}),
        ("late", Verdict::Late, late, |_| {}),
        ("late and incomplete", Verdict::Late, late, |letter| letter.body.text.clear()),
        ("no contact", Verdict::Incomplete, IN_TIME, |letter| {
            letter.body.text = "视频简介：本片讲述财政干部扎根基层的故事，展现时代担当。".into()
        }),
        ("advice alone", Verdict::Eligible, IN_TIME, |letter| letter.parts[0].size_bytes = 600 * MIB),
        ("a cropped picture", Verdict::Eligible, IN_TIME, |letter| {
            letter.parts[0] = video(|video| (video.displayed_width, video.displayed_height) = (1920, 816));
        }),
        ("a cloud video", Verdict::Undetermined, IN_TIME, |letter| {
            letter.parts.clear();
            letter.cloud_files.push(cloud("视频.mp4", Some(100 * MIB)));
        }),
    ];
    for (name, expected, received_at, change) in cases {
        let mut letter = letter(
            "【主题征稿】奋进",
            "姓名：张三 单位：湖州市财政局 电话：13800000000\n视频简介：本片讲述财政干部扎根基层的故事，展现时代担当。",
        );
        letter.parts.push(video(|_| {}));
        change(&mut letter);
        let findings = findings_of(&letter, received_at, &campaign());
        assert_eq!(judgement::judge(&findings, 1).verdict, expected, "{name}: {findings:#?}");
    }
}

#[test]
fn sizes_are_told_in_units_of_1024() {
    for (bytes, expected) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (500 * MIB, "500 MiB"),
        (500 * MIB + 1, "500 MiB"),
        // A card of 386.2M.
        (404_960_051, "386.2 MiB"),
        (1536 * MIB, "1.5 GiB"),
    ] {
        assert_eq!(size(bytes), expected);
    }
    assert!(size(u64::MAX).ends_with("GiB"));
    assert_eq!(size_zh(1536), "1.5 KB");
}

#[test]
fn an_empty_video_is_to_be_sent_again_and_nothing_else_is_said_of_its_size() {
    let mut letter = letter("主题征稿", "");
    letter.parts.push(Part { size_bytes: 0, ..unreadable("视频.mp4", "video") });
    assert_eq!(outcomes(&letter, RuleCode::VideoDuration), "failed");
    assert_eq!(outcomes(&letter, RuleCode::VideoSize), "");
}

#[test]
fn no_chinese_sentence_holds_an_english_place() {
    let mut letter = letter("", "");
    letter.parts.push(unreadable("稿件.doc", "document"));
    letter.parts.push(video(|_| {}));
    letter.cloud_files.push(cloud("资料.zip", None));
    for finding in findings_of(&letter, IN_TIME, &campaign()) {
        let wrong = ["part ", "cloud file", "iB", "未命名"].iter().any(|word| finding.zh.contains(word));
        assert!(!wrong && finding.zh.ends_with('。'), "{}", finding.zh);
    }
}

prop_compose! {
    fn any_video()(
        container in "mp4|mov|",
        duration_ms in any::<Option<u64>>(),
        sizes in any::<(u32, u32, u32, u32)>(),
        video_codec in proptest::option::of("h264|hevc|\\PC{0,4}"),
    ) -> Video {
        Video {
            container, duration_ms, video_codec,
            coded_width: sizes.0, coded_height: sizes.1, displayed_width: sizes.2, displayed_height: sizes.3,
            ..Video::default()
        }
    }
}

prop_compose! {
    fn any_letter()(
        subject in any::<String>(),
        body in "(视频简介：|姓名：|类别：2|\\n|财政|\\PC){0,40}",
        names in proptest::collection::vec("\\PC{0,12}(\\.mp4|\\.docx|\\.avi|\\.zip)?", 6),
        size in any::<u64>(),
        read in any_video(),
        quoted_from in proptest::option::of(0_usize..100),
        claimed in any::<Option<u64>>(),
        count in 0_usize..6,
    ) -> Letter {
        let mut letter = letter(&subject, &body);
        letter.body.quoted_from = quoted_from;
        let contents = [
            Content::Video(read),
            Content::Unreadable { what: "video".into(), reason: subject.clone() },
            Content::Unreadable { what: "document".into(), reason: String::new() },
            Content::Other,
            Content::Picture,
            Content::Unreadable { what: "archive".into(), reason: body.clone() },
        ];
        let parts = contents.into_iter().zip(&names).map(|(content, name)| part(name, size, content));
        letter.parts = parts.take(count).collect();
        letter.parts.push(document(&names[0], &body, 0));
        letter.cloud_files.push(cloud(&names[5], claimed));
        letter
    }
}

proptest! {
    #[test]
    fn any_letter_is_checked_and_judged_always_the_same(letter in any_letter(), seconds in -4_000_000_000_i64..4_000_000_000) {
        let contact = contact::find(&letter);
        let received_at = DateTime::from_timestamp(seconds, 0).unwrap();
        let case = Case { letter: &letter, received_at, contact: &contact, revision_until: None };
        let campaign = campaign();
        let findings = check(case, &campaign);
        prop_assert_eq!(&findings, &check(case, &campaign));
        prop_assert_eq!(judgement::judge(&findings, 1), judgement::judge(&findings, 1));
        let order: Vec<usize> = findings
            .iter()
            .map(|finding| campaign.rules.iter().position(|rule| rule.check.code() == finding.rule).unwrap())
            .collect();
        prop_assert!(order.is_sorted());
        for finding in &findings {
            prop_assert!(!finding.zh.is_empty() && !finding.en.is_empty());
            prop_assert!(finding.evidence.len() <= EVIDENCE_MAX);
            prop_assert!(finding.evidence.iter().all(|evidence| evidence.excerpt.chars().count() <= EXCERPT_MAX));
        }
        let tagged = findings.iter().any(|finding| finding.rule == RuleCode::SubjectTag && finding.outcome == Outcome::Passed);
        prop_assert_eq!(tagged, tag::holds(&letter.headers.subject, &campaign.tag));
    }
}
