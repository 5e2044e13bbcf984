//! Classes of mail, one line a case.

use chrono::NaiveDate;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::letter::{Address, CloudFile, Content, Disposition, Document, DocumentFormat, Part, Video};

const IN_TIME: &str = "2023-03-01T10:00:00+08:00";

fn at(instant: &str) -> DateTime<Utc> {
    instant.parse().unwrap()
}

fn campaign() -> Campaign {
    Campaign::twentieth_congress(Uuid::from_u128(1))
}

fn letter(subject: &str) -> Letter {
    let mut letter = Letter::default();
    letter.headers.subject = subject.into();
    letter.headers.from = vec![Address { name: "张三".into(), address: "zhangsan@example.com".into() }];
    letter.headers.media_type = "multipart/mixed".into();
    letter
}

fn part(name: &str, content: Content) -> Part {
    Part {
        path: "2".into(),
        name: name.into(),
        media_type_declared: "application/octet-stream".into(),
        media_type: "application/octet-stream".into(),
        disposition: Disposition::Attachment,
        size_bytes: 20_000,
        sha256: stdx::Sha256::of(name.as_bytes()),
        content,
    }
}

fn document(name: &str, characters: u64) -> Part {
    let format = if name.ends_with(".docx") { DocumentFormat::Docx } else { DocumentFormat::Text };
    let text = "字".repeat(usize::try_from(characters).unwrap());
    part(name, Content::Document(Document { format, text, truncated: false, characters, pictures: 0 }))
}

fn video(name: &str) -> Part {
    let video = Video {
        container: "mp4".into(),
        coded_width: 1920,
        coded_height: 1080,
        video_codec: Some("h264".into()),
        ..Video::default()
    };
    part(name, Content::Video(video))
}

fn unreadable(name: &str, what: &str) -> Part {
    part(name, Content::Unreadable { what: what.into(), reason: "encrypted".into() })
}

fn cloud(name: &str, quoted: bool) -> CloudFile {
    CloudFile {
        provider: "netease".into(),
        name: name.into(),
        size_bytes_claimed: None,
        expires_at: None,
        url: "https://example.com/a".into(),
        quoted,
    }
}

fn earlier(number: u128, subject: &str) -> Earlier {
    Earlier {
        submission_id: Uuid::from_u128(number),
        campaign_id: Uuid::from_u128(1),
        root_id: Uuid::from_u128(number),
        version: 1,
        message_id_header: Some(format!("{number}@example.com")),
        subject: subject.into(),
        received_at: at("2023-02-01T10:00:00+08:00"),
        revision_until: None,
    }
}

fn class(letter: &Letter) -> Class {
    let sorting = sort(letter, at(IN_TIME), &[campaign()], &[]);
    assert!(!sorting.zh.is_empty() && !sorting.en.is_empty() && !sorting.zh.contains('\n'));
    sorting.class
}

/// An article of many characters: a title, paragraphs, headings.
fn article() -> String {
    let paragraph = "近年来，财政部门认真学习贯彻党的二十大精神，坚持以人民为中心的发展思想，积极推进政府购买服务改革，取得了明显成效，为高质量发展提供了坚实保障。";
    format!(
        "奋进新征程的财政担当\n\n一、主要做法\n{}\n二、取得成效\n{}\n",
        format!("{paragraph}\n").repeat(5),
        paragraph.repeat(4)
    )
}

#[test]
fn machines_are_told_from_people_by_their_headers() {
    type Change = fn(&mut Letter);
    let cases: [(&str, Class, Change); 29] = [
        ("a delivery report", Class::Bounce, |letter| {
            letter.headers.media_type = "multipart/report".into();
            letter.headers.report_type = Some("delivery-status".into());
        }),
        ("a daemon with a null path", Class::Bounce, |letter| {
            letter.headers.from[0].address = "MAILER-DAEMON@example.com".into();
            letter.headers.return_path = Some(String::new());
        }),
        ("系统退信 of a postmaster", Class::Bounce, |letter| {
            letter.headers.from[0].address = "Postmaster@163.com".into();
            letter.headers.subject = "系统退信".into();
        }),
        ("Undelivered Mail of a daemon", Class::Bounce, |letter| {
            letter.headers.from[0].address = "mailer-daemon@example.com".into();
            letter.headers.subject = "Undelivered Mail Returned to Sender".into();
        }),
        ("a report that holds the tag", Class::Bounce, |letter| {
            letter.headers.from[0].address = "postmaster@qq.com".into();
            letter.headers.subject = "来自QQ邮箱的退信：主题征稿".into();
        }),
        ("a person who writes of 退信", Class::Submission, |letter| {
            letter.headers.subject = "主题征稿（上次退信，重发）".into()
        }),
        ("a postmaster who submits", Class::Submission, |letter| {
            letter.headers.from[0].address = "postmaster@czj.example.gov.cn".into();
            letter.headers.subject = "主题征稿：奋进".into();
        }),
        ("auto-replied", Class::AutomaticReply, |letter| letter.headers.auto_submitted = Some("auto-replied".into())),
        ("auto-generated with the tag", Class::AutomaticReply, |letter| {
            letter.headers.auto_submitted = Some("auto-generated".into());
            letter.headers.subject = "主题征稿".into();
        }),
        ("Auto-Submitted: no is a person", Class::Submission, |letter| {
            letter.headers.auto_submitted = Some("no".into());
            letter.headers.subject = "主题征稿".into();
        }),
        ("X-Autoreply", Class::AutomaticReply, |letter| letter.headers.auto_response = Some("X-Autoreply".into())),
        ("X-Auto-Response-Suppress of Exchange", Class::Submission, |letter| {
            letter.headers.auto_response = Some("X-Auto-Response-Suppress".into());
            letter.headers.subject = "主题征稿".into();
        }),
        ("Precedence: auto_reply", Class::AutomaticReply, |letter| {
            letter.headers.precedence = Some("auto_reply".into())
        }),
        ("自动回复：", Class::AutomaticReply, |letter| {
            letter.headers.subject = "自动回复：【主题征稿】收稿回执".into()
        }),
        ("Automatic reply:", Class::AutomaticReply, |letter| {
            letter.headers.subject = "Automatic reply: 主题征稿".into()
        }),
        ("a manuscript in answer to an automatic reply", Class::Submission, |letter| {
            letter.headers.subject = "自动回复：主题征稿".into();
            letter.parts.push(document("稿件.docx", 2000));
        }),
        ("a person who answers an automatic reply", Class::Submission, |letter| {
            letter.headers.subject = "Re: 自动回复：主题征稿".into();
        }),
        ("a receipt of reading that only its subject tells", Class::AutomaticReply, |letter| {
            letter.headers.subject = "已读: 【主题征稿】收稿回执".into()
        }),
        ("a person who has read", Class::Submission, |letter| letter.headers.subject = "主题征稿（已读）：奋进".into()),
        ("a null path", Class::AutomaticReply, |letter| letter.headers.return_path = Some(String::new())),
        ("a receipt of reading", Class::AutomaticReply, |letter| {
            letter.headers.media_type = "multipart/report".into();
            letter.headers.report_type = Some("disposition-notification".into());
        }),
        ("a list", Class::ListMail, |letter| letter.headers.list = Some("<news.example.com>".into())),
        ("Precedence: bulk", Class::ListMail, |letter| letter.headers.precedence = Some("bulk".into())),
        ("a list that holds the tag and no manuscript", Class::ListMail, |letter| {
            letter.headers.list = Some("<news.example.com>".into());
            letter.headers.subject = "主题征稿启事".into();
            letter.body.text = article();
        }),
        ("bulk with the tag and a document", Class::Submission, |letter| {
            letter.headers.precedence = Some("bulk".into());
            letter.headers.subject = "主题征稿".into();
            letter.parts.push(document("稿件.docx", 2000));
        }),
        ("bulk with the tag and a long body", Class::Submission, |letter| {
            letter.headers.precedence = Some("bulk".into());
            letter.headers.subject = "主题征稿".into();
            letter.body.text = article();
        }),
        ("a list with the tag and a document", Class::Submission, |letter| {
            letter.headers.list = Some("<all.czj.example.gov.cn>".into());
            letter.headers.subject = "主题征稿".into();
            letter.parts.push(video("视频.mp4"));
        }),
        ("bulk with a document and no tag", Class::ListMail, |letter| {
            letter.headers.precedence = Some("bulk".into());
            letter.parts.push(document("稿件.docx", 2000));
        }),
        ("Precedence: normal", Class::Submission, |letter| {
            letter.headers.precedence = Some("normal".into());
            letter.headers.subject = "主题征稿".into();
        }),
    ];
    for (name, expected, change) in cases {
        let mut letter = letter("您好");
        change(&mut letter);
        assert_eq!(class(&letter), expected, "{name}");
    }
}

#[test]
fn the_reason_of_a_mass_mail_that_is_taken_names_its_mark() {
    let mut letter = letter("主题征稿");
    letter.headers.precedence = Some("bulk".into());
    letter.parts.push(document("稿件.docx", 2000));
    let sorting = sort(&letter, at(IN_TIME), &[campaign()], &[]);
    assert!(sorting.zh.contains("Precedence: bulk") && sorting.en.contains("Precedence: bulk"), "{sorting:?}");
}

#[test]
fn a_manuscript_without_the_tag_is_a_near_miss() {
    type Change = fn(&mut Letter);
    let cases: [(&str, Class, Change); 22] = [
        ("nothing", Class::NotASubmission, |_| {}),
        ("a short body", Class::NotASubmission, |letter| letter.body.text = "请问征稿截止到哪天？".into()),
        ("a video", Class::NearMiss, |letter| letter.parts.push(video("视频.mp4"))),
        ("a broken video", Class::NearMiss, |letter| letter.parts.push(unreadable("视频.mp4", "video"))),
        ("a video that only its name tells", Class::NearMiss, |letter| {
            letter.parts.push(part("视频.wmv", Content::Other))
        }),
        ("sound alone", Class::NotASubmission, |letter| {
            letter
                .parts
                .push(part("录音.mp4", Content::Video(Video { audio_codec: Some("aac".into()), ..Video::default() })))
        }),
        ("a cloud video", Class::NearMiss, |letter| letter.cloud_files.push(cloud("视频.mp4", false))),
        ("a cloud video of quoted mail", Class::NotASubmission, |letter| {
            letter.cloud_files.push(cloud("视频.mp4", true))
        }),
        ("a cloud archive", Class::NotASubmission, |letter| letter.cloud_files.push(cloud("资料.zip", false))),
        ("a long document", Class::NearMiss, |letter| letter.parts.push(document("奋进.docx", 300))),
        ("a long text file", Class::NearMiss, |letter| letter.parts.push(document("奋进.txt", 3000))),
        ("a footer", Class::NotASubmission, |letter| letter.parts.push(document("", 99))),
        ("a long text without a file name", Class::NearMiss, |letter| letter.parts.push(document("", 3000))),
        ("a short document", Class::NotASubmission, |letter| letter.parts.push(document("通知.docx", 299))),
        ("a short document with 投稿 in the subject", Class::NearMiss, |letter| {
            letter.headers.subject = "投稿：一首小诗".into();
            letter.parts.push(document("小诗.docx", 60));
        }),
        ("an old Word file", Class::NearMiss, |letter| letter.parts.push(unreadable("奋进.doc", "document"))),
        ("a PDF", Class::NotASubmission, |letter| letter.parts.push(unreadable("发票.pdf", "document"))),
        ("no subject and nothing else", Class::NotASubmission, |letter| letter.headers.subject.clear()),
        ("a PDF with 来稿 in the subject", Class::NearMiss, |letter| {
            letter.headers.subject = "来稿".into();
            letter.parts.push(unreadable("奋进.pdf", "document"));
        }),
        ("an article in the body", Class::NearMiss, |letter| letter.body.text = article()),
        ("an offer in the body", Class::NotASubmission, |letter| {
            letter.body.text = format!("{}\n退订请回复TD", article())
        }),
        ("an article in quoted mail", Class::NotASubmission, |letter| {
            letter.body.text = format!("收到，谢谢\n{}", article());
            letter.body.quoted_from = Some("收到，谢谢\n".len());
        }),
    ];
    for (name, expected, change) in cases {
        let mut letter = letter("您好");
        change(&mut letter);
        assert_eq!(class(&letter), expected, "{name}");
    }
}

#[test]
fn a_correction_belongs_to_an_earlier_submission_of_the_same_sender() {
    let known = [earlier(3, "主题征稿"), earlier(2, "【主题征稿】建功新时代"), earlier(1, "【主题征稿】奋进新征程")];
    for (subject, replies_to, expected) in [
        ("【主题征稿】奋进新征程（修改稿）", None, Some(2)),
        ("Re: 【主题征稿】奋进新征程", None, Some(2)),
        ("【主题征稿】奋进新征程", None, Some(2)),
        ("主题征稿 建功新时代 第二稿", None, Some(1)),
        ("主題徵稿：建功新時代", None, Some(1)),
        ("奋进新征程 修订稿", None, Some(2)),
        ("补充材料：奋进新征程", None, Some(2)),
        ("【主题征稿】新的一篇", None, None),
        ("【主题征稿】新的一篇（修改稿）", None, None),
        ("主题征稿", None, None),
        ("主题征稿 修改稿", None, Some(0)),
        ("修改稿", None, Some(0)),
        ("更正", None, Some(0)),
        ("联系方式如下", Some("1@example.com"), Some(2)),
        ("Re: 【主题征稿】建功新时代", Some("1@example.com"), Some(2)),
        ("主题征稿", Some("2@example.com"), Some(1)),
        ("【主题征稿】奋进新征程", Some("unknown@example.com"), Some(2)),
        ("您好", Some("unknown@example.com"), None),
    ] {
        let mut letter = letter(subject);
        letter.headers.in_reply_to = replies_to.into_iter().map(str::to_owned).collect();
        let sorting = sort(&letter, at(IN_TIME), &[campaign()], &known);
        assert_eq!(sorting.corrects, expected, "{subject} {replies_to:?}: {}", sorting.zh);
        assert_eq!(sorting.class == Class::Correction, expected.is_some(), "{subject}");
    }
}

#[test]
fn without_an_earlier_submission_nothing_is_a_correction() {
    for (subject, expected) in [
        ("【主题征稿】奋进新征程（修改稿）", Class::Submission),
        ("修改稿", Class::NotASubmission),
        ("Re: 奋进", Class::NotASubmission),
    ] {
        assert_eq!(class(&letter(subject)), expected, "{subject}");
    }
}

#[test]
fn the_only_submission_of_a_sender_is_meant_by_a_word_of_correction() {
    let sorting = sort(&letter("更正联系电话"), at(IN_TIME), &[campaign()], &[earlier(1, "【主题征稿】奋进新征程")]);
    assert_eq!((sorting.class, sorting.corrects), (Class::Correction, Some(0)));
    let two = [earlier(2, "【主题征稿】建功新时代"), earlier(1, "【主题征稿】奋进新征程")];
    assert_eq!(sort(&letter("更正联系电话"), at(IN_TIME), &[campaign()], &two).class, Class::NotASubmission);
}

#[test]
fn the_last_of_the_references_that_is_known_is_the_one_answered() {
    let known = [earlier(2, "【主题征稿】建功新时代"), earlier(1, "【主题征稿】奋进新征程")];
    let mut letter = letter("补充");
    letter.headers.references = vec!["1@example.com".into(), "2@example.com".into(), "x@example.com".into()];
    assert_eq!(sort(&letter, at(IN_TIME), &[campaign()], &known).corrects, Some(0));
}

#[test]
fn of_campaigns_that_share_a_tag_the_open_one_takes_the_mail() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let of = |number, tag: &str, opens: &str, deadline: &str| {
        let mut campaign = Campaign::twentieth_congress(Uuid::from_u128(number));
        (campaign.tag, campaign.opens_day, campaign.deadline_day) = (tag.into(), day(opens), day(deadline));
        campaign
    };
    let campaigns = [
        of(1, "主题征稿", "2022-10-01", "2023-03-31"),
        of(2, "主题征稿", "2023-06-01", "2023-09-30"),
        of(3, "青年主题征稿", "2022-01-01", "2022-12-31"),
    ];
    for (subject, received, expected) in [
        ("主题征稿", "2023-03-31T23:59:59+08:00", 0),
        ("主题征稿", "2023-04-01T00:00:00+08:00", 0),
        ("主题征稿", "2023-05-31T23:59:59+08:00", 0),
        ("主题征稿", "2023-06-01T00:00:00+08:00", 1),
        ("主题征稿", "2024-01-01T00:00:00+08:00", 1),
        ("主题征稿", "2021-01-01T00:00:00+08:00", 0),
        ("青年主题征稿", "2023-03-01T00:00:00+08:00", 2),
    ] {
        let sorting = sort(&letter(subject), at(received), &campaigns, &[]);
        assert_eq!((sorting.class, sorting.campaign), (Class::Submission, Some(expected)), "{subject} {received}");
    }
    assert_eq!(sort(&letter("主题征稿"), at(IN_TIME), &[], &[]).class, Class::NotASubmission);
}

#[test]
fn an_earlier_submission_for_another_campaign_is_not_corrected() {
    let mut other = earlier(1, "【主题征稿】奋进新征程");
    other.campaign_id = Uuid::from_u128(9);
    let mut letter = letter("【主题征稿】奋进新征程（修改稿）");
    letter.headers.in_reply_to = vec!["1@example.com".into()];
    let sorting = sort(&letter, at(IN_TIME), &[campaign()], &[other]);
    assert_eq!((sorting.class, sorting.corrects), (Class::Submission, None));
}

proptest! {
    #[test]
    fn any_mail_is_sorted_and_always_the_same(
        subject in "(主题征稿|修改稿|奋进|Re: |自动回复：|\\PC){0,6}",
        body in any::<String>(),
        from in any::<String>(),
        reply in any::<String>(),
        known in any::<String>(),
    ) {
        let mut letter = letter(&subject);
        letter.headers.from[0].address = from;
        letter.headers.in_reply_to = vec![reply];
        letter.body.text = body;
        let known = [earlier(1, &known), earlier(2, "主题征稿 奋进")];
        let sorting = sort(&letter, at(IN_TIME), &[campaign()], &known);
        prop_assert_eq!(&sorting, &sort(&letter, at(IN_TIME), &[campaign()], &known));
        prop_assert_ne!(sorting.class, Class::Unreadable);
        prop_assert_eq!(sorting.class == Class::Correction, sorting.corrects.is_some());
        prop_assert_eq!(sorting.class.is_judged(), sorting.campaign.is_some());
        prop_assert!(!sorting.zh.contains('\n') && !sorting.en.contains('\n'));
    }
}
