//! What recording writes, read back.

use intake::{
    judgement::Verdict,
    letter::{Content, Letter},
    message::Stage,
    ports::Ledger,
    sorting::Class,
    submission::Assessment,
};
use stdx::ErrorKind;
use store::record::{SubmissionQuery, SubmissionRecord};

use crate::scene::{Scene, assessment, day, letter};

pub async fn a_submission_is_read_back_as_it_was_recorded(scene: Scene) {
    let letter = letter("Zhang.San@Example.cn", "主题征稿：预算绩效𠮷");
    let message = scene.parsed(1, &letter).await;
    assert_eq!(scene.store.letter_get(message.id).await.unwrap(), letter);
    assert_eq!(scene.store.letter(message.id).await.unwrap(), letter);
    let assessed = assessment(Class::Submission, Verdict::Late);
    scene.record(&message, &letter, &[], &assessed).await;

    let row = scene.store.message_get(message.id).await.unwrap();
    assert_eq!((row.message.stage, row.message.tries), (Stage::Recorded, 0));
    assert_eq!(row.class, Some(Class::Submission));
    assert_eq!(row.class_reason.as_ref().unwrap().0, "主题含“主题征稿”");
    assert_eq!(row.subject, "主题征稿：预算绩效𠮷");
    assert_eq!(row.from.as_ref().unwrap().name, "张三");
    assert_eq!(row.from.as_ref().unwrap().address, "Zhang.San@Example.cn");

    let whole = scene.store.submission_get(row.submission_id.unwrap()).await.unwrap();
    let expected = SubmissionRecord {
        id: whole.id,
        campaign_id: scene.campaign.id,
        number: 1,
        root_id: whole.id,
        version: 1,
        row_version: 1,
        message: row.message,
        class: Class::Submission,
        class_reason: row.class_reason.unwrap(),
        letter: letter.clone(),
        contact: assessed.contact,
        findings: assessed.findings,
        judgement: assessed.judgement.unwrap(),
        created_at: whole.created_at,
        erased_at: None,
    };
    assert_eq!(whole, expected);
    assert_eq!(whole.message.received_at, day() + chrono::TimeDelta::seconds(1), "to the microsecond");

    let query = SubmissionQuery { limit: 10, ..SubmissionQuery::default() };
    let listed = scene.store.submission_list(&query).await.unwrap().remove(0);
    assert_eq!(listed.letter.body.text, "");
    let Content::Document(document) = &listed.letter.parts[0].content else { panic!("{:?}", listed.letter) };
    assert_eq!((document.text.as_str(), document.characters), ("", 6));
    assert!(listed.findings[0].evidence.is_empty());
    assert_eq!(listed.letter.headers, letter.headers);
    assert_eq!(listed.findings[0].measured, whole.findings[0].measured);

    let history = scene.history(&message).await;
    let lines: Vec<&str> = history.lines().collect();
    assert_eq!(lines.len(), 4, "{history}");
    assert!(lines[1].starts_with("seen → stored, worker-1: 2001 bytes, SHA-256 "), "{history}");
    assert_eq!(lines[2], "stored → parsed, worker-1: 1 parts, 0 faults");
    let expected =
        format!("parsed → recorded, worker-1: submission 1 of campaign {}, version 1: late", scene.campaign.id);
    assert_eq!(lines[3], expected);
}

pub async fn a_mail_of_no_judged_class_keeps_its_reason_and_no_submission(scene: Scene) {
    let message = scene.recorded(1, "MAILER-DAEMON@163.com", "退信", Class::Bounce, Verdict::Eligible).await;
    let row = scene.store.message_get(message.id).await.unwrap();
    assert_eq!((row.class, row.submission_id, row.message.stage), (Some(Class::Bounce), None, Stage::Recorded));
    assert_eq!(row.class_reason.unwrap().1, "the subject holds the tag");
    assert!(
        scene.history(&message).await.ends_with("parsed → recorded, worker-1: bounce: the subject holds the tag\n")
    );
    assert_eq!(scene.store.change_latest().await.unwrap(), 0);
    assert_eq!(scene.store.blob_list(None, 10).await.unwrap().len(), 2, "its attachment is known all the same");
    let unknown = scene.store.submission_get(message.id).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    assert_eq!(scene.store.letter_get(scene.mailbox_id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

pub async fn earlier_submissions_are_found_by_their_sender_in_any_case(scene: Scene) {
    for uid in 1..=3 {
        scene.submission(uid, "Li.Si@QQ.com", &format!("主题征稿{uid}")).await;
    }
    scene.submission(4, "other@qq.com", "主题征稿4").await;
    scene.recorded(5, "li.si@qq.com", "自动回复", Class::AutomaticReply, Verdict::Eligible).await;
    let earlier = scene.store.earlier(scene.mailbox_id, " LI.SI@qq.COM ").await.unwrap();
    let subjects: Vec<&str> = earlier.iter().map(|earlier| earlier.subject.as_str()).collect();
    assert_eq!(subjects, ["主题征稿3", "主题征稿2", "主题征稿1"], "newest first");
    assert_eq!(earlier[0].message_id_header.as_deref(), Some("主题征稿3@example.cn"));
    assert_eq!(scene.store.earlier(scene.mailbox_id, "").await.unwrap(), []);
    for uid in 10..70 {
        scene.submission(uid, "many@qq.com", "主题征稿").await;
    }
    assert_eq!(scene.store.earlier(scene.mailbox_id, "many@qq.com").await.unwrap().len(), 50);
}

pub async fn a_correction_joins_the_chain_of_what_it_corrects(scene: Scene) {
    let first = scene.submission(1, "a@b.cn", "主题征稿").await;
    let letter = letter("a@b.cn", "主题征稿（修改稿）");
    let mut corrections = Vec::new();
    let earlier = scene.store.earlier(scene.mailbox_id, "a@b.cn").await.unwrap();
    for uid in 2..=5 {
        corrections.push(scene.parsed(uid, &letter).await);
    }
    // All four saw only the first version; each becomes a version of its own.
    let tasks: Vec<_> = corrections
        .iter()
        .cloned()
        .map(|message| {
            let (store, lease, campaign, letter, earlier) =
                (scene.store.clone(), scene.lease.clone(), scene.campaign.clone(), letter.clone(), earlier.clone());
            tokio::spawn(async move {
                let mut assessed = assessment(Class::Correction, Verdict::Incomplete);
                assessed.sorting.corrects = Some(0);
                store.message_recorded(&lease, &message, &[campaign], &earlier, &letter, &assessed).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut versions = Vec::new();
    for message in &corrections {
        let submission = scene.submission_of(message).await;
        assert_eq!(submission.root_id, first.id);
        versions.push(submission.version);
    }
    versions.sort_unstable();
    assert_eq!(versions, [2, 3, 4, 5]);

    let message = scene.parsed(6, &letter).await;
    let assessed = assessment(Class::Correction, Verdict::Eligible);
    let beyond = |corrects, campaign| {
        let mut assessed: Assessment = assessed.clone();
        (assessed.sorting.corrects, assessed.sorting.campaign) = (corrects, campaign);
        assessed
    };
    for wrong in [beyond(Some(9), Some(0)), beyond(None, Some(1))] {
        let campaigns = std::slice::from_ref(&scene.campaign);
        let refused = scene.store.message_recorded(&scene.lease, &message, campaigns, &earlier, &letter, &wrong).await;
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Invalid);
    }
    assert_eq!(scene.again(&message).await.stage, Stage::Parsed);
    assert_eq!(scene.faults().await, [""; 0]);
}

/// U+0000 is refused by PostgreSQL in text and in jsonb, and long lines by its indexes.
pub async fn characters_that_a_database_refuses_are_replaced(scene: Scene) {
    let mut hostile: Letter = letter("nul\0@b.cn", "主题征稿\0隐");
    hostile.body.text = "正文\0\u{FFFF}\u{10FFFF}\r\n\t\\u0000".into();
    hostile.body.quoted_from = None;
    hostile.parts[0].name = "../\0".repeat(5000);
    hostile.headers.from[0].address = format!("{}@b.cn", "很".repeat(5000));
    let message = scene.parsed(1, &hostile).await;
    let mut assessed = assessment(Class::NearMiss, Verdict::Undetermined);
    assessed.findings[0].zh = "\0".into();
    assessed.sorting.zh = "零\0".into();
    scene.record(&message, &hostile, &[], &assessed).await;
    let read = scene.submission_of(&message).await;
    assert_eq!(read.letter.headers.subject, "主题征稿\u{FFFD}隐");
    assert_eq!(read.letter.body.text, "正文\u{FFFD}\u{FFFF}\u{10FFFF}\r\n\t\\u0000");
    assert_eq!(read.letter.parts[0].name, "../\u{FFFD}".repeat(5000));
    assert_eq!(read.findings[0].zh, "\u{FFFD}");
    assert_eq!(read.class_reason.0, "零\u{FFFD}");
    let sender = &hostile.headers.from[0].address;
    assert_eq!(scene.store.earlier(scene.mailbox_id, sender).await.unwrap().len(), 1, "cut alike when compared");
    let due_at = day();
    let next = scene.seen(2).await;
    let next = scene.store.try_begin(&scene.lease, &next).await.unwrap();
    scene.store.try_failed(&scene.lease, &next, &"断\0".repeat(9000), due_at).await.unwrap();
    assert_eq!(scene.store.message_get(next.id).await.unwrap().reason, "断\u{FFFD}".repeat(1000));
}
