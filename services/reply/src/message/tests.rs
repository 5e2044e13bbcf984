use chrono::TimeZone;
use intake::{
    campaign::Campaign,
    letter::{Headers, Letter},
    sorting::{self, Class},
};
use mail_parser::{HeaderValue as Parsed, MessageParser, MimeHeaders};
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::*;
use crate::{
    Kind, Language, Silence,
    answering::{Incoming, Occasion, Ourselves, recipient},
    standard::Templates,
};

const SENDER: Sender<'_> =
    Sender {
        name: "《中国财政》编辑部", address: "czzhengwen@163.com", message_id_domain: "caibian.example.cn"
    };

fn told() -> Told {
    Told { submission_id: Uuid::from_u128(0x0190), kind: Kind::Acknowledgement, version: 1 }
}

fn text(subject: &str, body: &str) -> Text {
    Text { subject: subject.into(), body: body.into(), language: Language::Zh }
}

fn at() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2023, 3, 1, 1, 2, 3).unwrap()
}

fn reply(text: &Text, answered: &Answered<'_>) -> Reply {
    write(&told(), text, &SENDER, "zhang@czt.example.cn", answered, at()).unwrap()
}

const NOTHING: Answered<'_> = Answered { message_id: None, references: &[] };

/// Names of the header fields, in their order.
fn fields(raw: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(raw).unwrap();
    let (header, _) = text.split_once("\r\n\r\n").unwrap();
    let lines = header.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn a_reply_is_this_mail_to_the_letter() {
    let references = ["0@czt.example.cn".to_owned()];
    let answered = Answered { message_id: Some("1@czt.example.cn"), references: &references };
    let reply = reply(&text("来稿收悉（收稿号 7）：财政改革", "张三：\n\n您好！\n"), &answered);
    let raw = String::from_utf8(reply.raw.clone()).unwrap();
    expect_test::expect![[r#"
        From: =?utf-8?b?44CK5Lit5Zu96LSi5pS/44CL57yW6L6R6YOo?= <czzhengwen@163.com>
        To: zhang@czt.example.cn
        Subject: =?utf-8?b?5p2l56i/5pS25oKJ77yI5pS256i/5Y+3IDfvvInvvJrotKLmlL8=?=
         =?utf-8?b?5pS56Z2p?=
        Date: Wed, 01 Mar 2023 01:02:03 +0000
        Message-ID: <caibian.acknowledgement.1.00000000000000000000000000000190@caibian.example.cn>
        In-Reply-To: <1@czt.example.cn>
        References: <0@czt.example.cn> <1@czt.example.cn>
        Auto-Submitted: auto-replied
        X-Auto-Response-Suppress: OOF, AutoReply
        X-Caibian-Loop: caibian.example.cn
        Content-Language: zh-CN
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: base64

        5byg5LiJ77yaDQoNCuaCqOWlve+8gQ0K
    "#]]
    .assert_eq(&raw.replace("\r\n", "\n"));
    assert_eq!(reply, self::reply(&text("来稿收悉（收稿号 7）：财政改革", "张三：\n\n您好！\n"), &answered));
}

#[test]
fn a_long_chinese_subject_and_text_are_read_back_as_they_were_written() {
    let sentence = "深入学习宣传贯彻党的二十大精神，推动财政事业高质量发展——";
    for subject in [
        sentence.repeat(6),
        format!("{sentence} GDP 增长 5.3% {sentence} “视频” 𠮷野家 {sentence}"),
        "a".repeat(200),
        format!("{} b", "a b ".repeat(49)),
        "=?utf-8?q?=0D=0ABcc:_x@example.cn?= 稿".to_owned(),
        "Re: plain ASCII".to_owned(),
    ] {
        let body = format!("{}\n\n.\n..\nFrom me\n{}\n", sentence.repeat(100), "x".repeat(3000));
        let reply = reply(&text(&subject, &body), &NOTHING);
        let raw = std::str::from_utf8(&reply.raw).unwrap();
        assert!(raw.is_ascii());
        for line in raw.split("\r\n") {
            assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{line}");
            assert!(line.matches("=?").count() == 0 || line.len() <= 78, "{line}");
        }
        let parsed = MessageParser::default().parse(&reply.raw).unwrap();
        let expected: String = line(&subject, 200).replace("=?", "= ?");
        assert_eq!(parsed.subject().unwrap(), expected);
        assert_eq!(reply.subject, expected);
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n"), body);
        assert_eq!(parsed.html_body_count(), 1, "the text alone");
        assert_eq!(parsed.content_type().unwrap().ctype(), "text");
    }
}

/// Each encoded word must stand for whole characters: some programs decode them one by one (RFC 2047 §5).
#[test]
fn no_character_is_cut_between_two_encoded_words() {
    let reply = reply(&text(&"财政改革与发展𠮷".repeat(20), "x"), &NOTHING);
    let raw = std::str::from_utf8(&reply.raw).unwrap();
    let header = raw.split_once("\r\n\r\n").unwrap().0;
    let words: Vec<&str> = header.split("=?utf-8?b?").skip(1).map(|word| word.split("?=").next().unwrap()).collect();
    assert!(words.len() > 5);
    for word in words {
        let one = format!("Subject: =?utf-8?b?{word}?=\r\n\r\n");
        let parsed = MessageParser::default().parse(one.as_bytes()).unwrap();
        assert!(!parsed.subject().unwrap().contains('\u{fffd}'), "{word}");
    }
}

#[test]
fn an_answer_is_threaded_and_a_long_thread_keeps_its_ends() {
    let references: Vec<String> = (0..60).map(|number| format!("{number}@example.cn")).collect();
    let reply = reply(&text("x", "y"), &Answered { message_id: Some("60@example.cn"), references: &references });
    let parsed = MessageParser::default().parse(&reply.raw).unwrap();
    assert_eq!(parsed.in_reply_to().as_text(), Some("60@example.cn"));
    let ids = parsed.references().as_text_list().unwrap();
    assert_eq!((ids.len(), ids[0].as_ref(), ids[19].as_ref()), (20, "0@example.cn", "60@example.cn"));
    assert_eq!(parsed.message_id(), Some(reply.message_id.as_str()));
    assert_eq!(Told::read(parsed.message_id().unwrap(), SENDER.message_id_domain), Some(told()));
}

#[test]
fn what_is_unfit_for_a_header_is_an_error_of_ours_or_left_out() {
    let write = |sender: &Sender<'_>, to: &str| {
        super::write(&told(), &text("x", "y"), sender, to, &NOTHING, at()).map_err(|error| error.kind())
    };
    for to in
        ["", "x", "a@b", "a@b.cn\r\nBcc: c@d.cn", "a@b.cn, c@d.cn", "<a@b.cn>", "a b@c.cn", "张@例.cn", "\"a b\"@c.cn"]
    {
        assert_eq!(write(&SENDER, to).err(), Some(stdx::ErrorKind::Invalid), "{to:?}");
    }
    assert!(write(&Sender { address: "a@b.cn>", ..SENDER }, "a@b.cn").is_err());
    assert!(write(&Sender { message_id_domain: "x.cn>\r\nBcc: a@b.cn", ..SENDER }, "a@b.cn").is_err());
    let references = ["a@b.cn>\r\nBcc: c@d.cn".to_owned(), "张@b.cn".into(), "no-at".into(), "x".repeat(300) + "@b.cn"];
    let answered = Answered { message_id: Some("<1@b.cn>"), references: &references };
    let names = fields(&reply(&text("x", "y"), &answered).raw);
    assert!(!names.iter().any(|name| name == "References" || name == "In-Reply-To" || name == "Bcc"), "{names:?}");
}

/// What a mail of ours looks like to whoever receives it, by its header alone.
fn as_received(reply: &Reply) -> (Letter, bool) {
    let parsed = MessageParser::default().parse(&reply.raw).unwrap();
    let says = |name: &str| match parsed.header(name) {
        Some(Parsed::Text(text)) => Some(text.to_string()),
        _ => None,
    };
    let headers = Headers {
        subject: parsed.subject().unwrap_or_default().into(),
        from: vec![intake::letter::Address { name: String::new(), address: reply.from.clone() }],
        return_path: Some(reply.from.clone()),
        message_id: parsed.message_id().map(Into::into),
        in_reply_to: parsed.in_reply_to().as_text().map(Into::into).into_iter().collect(),
        auto_submitted: says("Auto-Submitted"),
        precedence: says("Precedence"),
        media_type: "text/plain".into(),
        ..Headers::default()
    };
    (Letter { headers, ..Letter::default() }, parsed.header(LOOP_FIELD).is_some())
}

#[test]
fn two_caibians_that_write_to_each_other_end_after_one_letter() {
    // The subject holds the other campaign’s tag, and the letter is taken for a manuscript by its length.
    let campaign = Campaign::twentieth_congress(Uuid::nil());
    let long = "深入学习宣传贯彻党的二十大精神。".repeat(100);
    let reply = reply(&text("主题征稿：来稿收悉", &long), &NOTHING);
    let (mut letter, loop_mark) = as_received(&reply);
    letter.body.text = long;
    let sorted = sorting::sort(&letter, at(), &[campaign], &[]);
    assert_eq!(sorted.class, Class::AutomaticReply, "{}", sorted.en);
    assert!(loop_mark);
    let other = Ourselves { addresses: vec!["other@example.cn".into()], ..Ourselves::default() };
    for (class, loop_mark, silence) in [
        (sorted.class, loop_mark, Silence::LoopMark),
        // Each mark is enough alone: a gateway took the loop field away, or the sorting was told otherwise.
        (sorted.class, false, Silence::AutomaticReply),
        (Class::Submission, false, Silence::AutomaticReply),
    ] {
        let incoming = Incoming {
            class,
            headers: &letter.headers,
            authentication_results: &[],
            loop_mark,
            backfilled: false,
            unreachable: false,
        };
        let occasion = Occasion::Automatic { brings_manuscript: true };
        assert_eq!(recipient(&incoming, &other, occasion), Err(silence));
    }
}

#[test]
fn every_letter_that_ships_can_be_sent() {
    let templates = Templates::read(&[]).unwrap();
    let campaign = Campaign::twentieth_congress(Uuid::nil());
    for kind in Kind::ALL {
        for language in Language::ALL {
            let text = crate::particulars::preview(templates.of(kind, language).unwrap(), &campaign);
            let reply = reply(&text, &NOTHING);
            let parsed = MessageParser::default().parse(&reply.raw).unwrap();
            assert_eq!(parsed.subject(), Some(text.subject.as_str()));
            assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n"), text.body);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_word_from_outside_becomes_a_header(
        subject in any::<String>(), body in any::<String>(), name in any::<String>(),
        id in "(\\r|\\n|\\r\\n|Bcc: |[ -~]|\\PC){0,30}",
        references in vec("(\\r\\n|<|>|@|[!-~]|\\PC){0,20}", 0..5),
        breaks in "(\\r\\n|\\r|\\n|\\x00|\\x0b|\\x0c|\\u{85}|\\u{2028}|Bcc: a@b.cn|=\\?utf-8\\?q\\?|\\?=|=0D=0A| |x){0,30}",
    ) {
        let text = text(&format!("{subject}{breaks}"), &format!("{breaks}{body}"));
        let sender = Sender { name: &format!("{breaks}{name}"), ..SENDER };
        let answered = Answered { message_id: Some(&id), references: &references };
        let reply = write(&told(), &text, &sender, "zhang@czt.example.cn", &answered, at()).unwrap();
        prop_assert!(reply.raw.is_ascii());
        prop_assert!(!reply.body.contains(['\0', '\r']));
        let names = fields(&reply.raw);
        let known = ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
            "X-Auto-Response-Suppress", "X-Caibian-Loop", "Content-Language", "MIME-Version", "Content-Type",
            "Content-Transfer-Encoding"];
        let mut left = known.iter();
        for name in &names {
            prop_assert!(left.any(|known| known == name), "{:?}", names);
        }
        for (at, byte) in reply.raw.iter().enumerate() {
            prop_assert!(*byte != 0);
            if *byte == b'\n' { prop_assert_eq!(reply.raw[at - 1], b'\r'); }
            if *byte == b'\r' { prop_assert_eq!(reply.raw.get(at + 1), Some(&b'\n')); }
        }
        let parsed = MessageParser::default().parse(&reply.raw).unwrap();
        prop_assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("zhang@czt.example.cn"));
        prop_assert_eq!(parsed.from().unwrap().first().unwrap().address(), Some("czzhengwen@163.com"));
        prop_assert_eq!(parsed.attachment_count(), 0);
    }
}
