//! What `verify` finds.

use intake::{
    judgement::Verdict,
    message::Stage,
    ports::{Ledger, Listed},
    sorting::Class,
};
use stdx::Sha256;

use crate::scene::{EPOCH, INBOX, Scene, assessment, letter, listed};

/// Some of everything.
async fn live(scene: &Scene) {
    for uid in 1..=3 {
        scene.submission(uid, "a@b.cn", "主题征稿").await;
    }
    let letter = letter("a@b.cn", "修改稿");
    let message = scene.parsed(4, &letter).await;
    let mut assessed = assessment(Class::Correction, Verdict::Late);
    assessed.sorting.corrects = Some(1);
    let earlier = scene.store.earlier(scene.mailbox_id, "a@b.cn").await.unwrap();
    scene.record(&message, &letter, &earlier, &assessed).await;
    scene.recorded(5, "x@y.cn", "退信", Class::Bounce, Verdict::Eligible).await;
    let copy = scene.seen_in("垃圾邮件", EPOCH, listed(1)).await;
    scene.store.message_stored(&scene.lease, &copy, scene.raw_sha256(1), 1).await.unwrap();
    scene.seen(6).await;
    scene.stored(7).await;
    let poison = scene.stored(8).await;
    for _ in 0..3 {
        let message = scene.again(&poison).await;
        let message = scene.store.try_begin(&scene.lease, &message).await.unwrap();
        scene.store.try_failed(&scene.lease, &message, "child_killed", message.received_at).await.unwrap();
    }
    let poison = scene.again(&poison).await;
    scene.store.message_set_aside(&scene.lease, &poison, Stage::Quarantined, "three tries").await.unwrap();
    for (uid, stage) in [(9, Stage::TooLarge), (10, Stage::Vanished)] {
        let message = scene.seen_in(INBOX, EPOCH, Listed { size_bytes: 1 << 40, ..listed(uid) }).await;
        scene.store.message_set_aside(&scene.lease, &message, stage, "so").await.unwrap();
    }
    let released = scene.seen(11).await;
    scene.store.message_set_aside(&scene.lease, &released, Stage::Quarantined, "so").await.unwrap();
    scene.store.quarantine_release(released.id, "editor", "unreadable").await.unwrap();
}

pub async fn a_lived_in_database_agrees_with_itself(scene: Scene) {
    assert_eq!(scene.faults().await, [""; 0], "empty");
    live(&scene).await;
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn every_planted_fault_is_found(scene: Scene) {
    live(&scene).await;
    let part = &letter("x@y.cn", "退信").parts[0];
    let plant = "INSERT INTO message_event (message_id, at, stage_from, stage_to, actor, detail) SELECT id, 0";
    // One fault after the other, each undone but those of the history, which cannot be undone and so come last.
    let cases: &[(&str, &str, &str)] = &[
        (
            "UPDATE message SET stage = 'stored' WHERE uid = 6",
            "UPDATE message SET stage = 'seen' WHERE uid = 6",
            "it is stored, its history ends at seen|it is stored without the hash of its raw bytes",
        ),
        (
            "UPDATE message SET stage = 'lost' WHERE uid = 6",
            "UPDATE message SET stage = 'seen' WHERE uid = 6",
            "it is lost, its history ends at seen|its stage lost is unknown",
        ),
        (
            "UPDATE message SET raw_sha256 = 'ff' WHERE repeats IS NOT NULL",
            "UPDATE message SET raw_sha256 = (SELECT o.raw_sha256 FROM message AS o WHERE o.id = message.repeats) \
             WHERE repeats IS NOT NULL",
            "it repeats message …, which has other bytes",
        ),
        (
            "UPDATE message SET repeats = id WHERE repeats IS NOT NULL",
            "UPDATE message SET repeats = (SELECT o.id FROM message AS o WHERE o.raw_sha256 = message.raw_sha256 \
             AND o.id <> message.id) WHERE repeats IS NOT NULL",
            "it repeats message …, which is repeated itself",
        ),
        (
            "UPDATE message SET repeats = (SELECT o.id FROM message AS o WHERE o.uid = 7) WHERE uid = 8",
            "UPDATE message SET repeats = NULL WHERE uid = 8",
            "it is quarantined and names a message that it repeats|it repeats message …, which has other bytes",
        ),
        (
            "UPDATE message SET class = NULL WHERE uid = 5",
            "UPDATE message SET class = 'bounce' WHERE uid = 5",
            "it is recorded without a class",
        ),
        (
            "UPDATE message SET class = 'bounce' WHERE uid = 2",
            "UPDATE message SET class = 'submission' WHERE uid = 2",
            "its message is recorded and of class bounce",
        ),
        (
            "UPDATE message SET campaign_id = NULL WHERE uid = 2",
            "UPDATE message SET campaign_id = (SELECT id FROM campaign) WHERE uid = 2",
            "its campaign is not its message's",
        ),
        (
            "UPDATE submission SET number = 9 WHERE number = 4",
            "UPDATE submission SET number = 4 WHERE number = 9",
            "its numbers are not 1 to 4: the highest is 9|its highest number is 9, its counter stands at 4",
        ),
        (
            "UPDATE counter SET value = 2 WHERE name = 'submission_change'",
            "UPDATE counter SET value = 4 WHERE name = 'submission_change'",
            "its change 3 is beyond the counter, which stands at 2|its change 4 is beyond the counter, which stands at 2",
        ),
        (
            "UPDATE submission SET version = 3 WHERE version = 2",
            "UPDATE submission SET version = 2 WHERE version = 3",
            "its chain has 2 versions, the highest is 3",
        ),
        (
            "UPDATE submission_finding SET outcome = 'failed' WHERE outcome = 'passed' \
             AND submission_id = (SELECT id FROM submission WHERE number = 2)",
            "UPDATE submission_finding SET outcome = 'passed' \
             WHERE submission_id = (SELECT id FROM submission WHERE number = 2)",
            "its findings for look-ups: 0 deadline passed required is held, 0 deadline failed required stands in its row",
        ),
        (
            "INSERT INTO submission_finding SELECT id, 1, 'video-size', 'failed', 'advice' FROM submission WHERE number = 3",
            "DELETE FROM submission_finding WHERE position = 1",
            "its findings for look-ups: nothing is held, 1 video-size failed advice stands in its row",
        ),
        (
            "UPDATE submission SET verdict = 'late' WHERE number = 1",
            "UPDATE submission SET verdict = 'eligible' WHERE number = 1",
            "its verdict for look-ups is late, its judgement says eligible",
        ),
        (
            "UPDATE attachment SET size_bytes = 6 WHERE message_id = (SELECT id FROM message WHERE uid = 5)",
            "UPDATE attachment SET size_bytes = 5 WHERE size_bytes = 6",
            "its attachments: {docx 5} is held, {docx 6} stands in its row",
        ),
        (
            "INSERT INTO attachment (message_id, path, name, media_type, size_bytes, sha256) \
             SELECT id, '3', 'x', 'text/plain', 1, 'ff' FROM message WHERE uid = 5",
            "DELETE FROM attachment WHERE path = '3'",
            "its attachments: nothing is held, 3 text/plain 1 ff \"x\" stands in its row",
        ),
        (
            "INSERT INTO attachment (message_id, path, name, media_type, size_bytes, sha256) \
             SELECT id, '1', 'x', 'text/plain', 1, 'ff' FROM message WHERE uid = 7",
            "DELETE FROM attachment WHERE path = '1'",
            "it is stored and has attachments without a letter",
        ),
        (
            "UPDATE submission_contact SET address = 'x@y.cn' \
             WHERE submission_id = (SELECT id FROM submission WHERE number = 2)",
            "UPDATE submission_contact SET address = 'a@b.cn'",
            "its contact for look-ups is not its own: another sender",
        ),
        ("UPDATE campaign SET revision = 2", "UPDATE campaign SET revision = 1", "it is at revision 2, and 1 are kept"),
    ];
    for (fault, undo, expected) in cases {
        assert!(scene.sql(fault).await.unwrap() > 0, "{fault}");
        let docx = |size| format!("2 {} {size} {} \"绩效 管理.docx\"", part.media_type, Sha256::of("退信".as_bytes()));
        let expected = expected.replace("{docx 5}", &docx(5)).replace("{docx 6}", &docx(6));
        let mut expected: Vec<&str> = expected.split('|').collect();
        expected.sort_unstable();
        assert_eq!(details(&scene).await, expected, "{fault}");
        scene.sql(undo).await.unwrap();
        assert_eq!(details(&scene).await, [""; 0], "{undo}");
    }
    // Each of these stays, and the next is found beside it.
    let lasting: &[(&str, &str)] = &[
        (
            "DELETE FROM letter WHERE message_id = (SELECT id FROM message WHERE uid = 5)",
            "it is recorded without a letter",
        ),
        (
            "DELETE FROM submission_finding",
            "its findings for look-ups: 0 deadline passed required is held, nothing stands in its row",
        ),
        ("DELETE FROM submission WHERE number = 4", "it is a recorded correction for a campaign and has no submission"),
        (
            &format!("{plant}, 'stored', 'parsed', 'x', 'y' FROM message WHERE uid = 6"),
            "its history breaks: a line goes on from stored where the line before ended at seen",
        ),
    ];
    for (fault, expected) in lasting {
        assert!(scene.sql(fault).await.unwrap() > 0, "{fault}");
        let found = details(&scene).await;
        assert!(expected.is_empty() || found.iter().any(|fault| fault == expected), "{fault}: {found:#?}");
    }
    let nameless = scene.faults().await;
    assert!(nameless.iter().all(|fault| fault.split(' ').nth(1).is_some_and(|id| id.len() == 37)), "{nameless:#?}");
}

/// The details of all faults, with ids left out.
async fn details(scene: &Scene) -> Vec<String> {
    let faults = scene.store.verify().await.unwrap();
    let mut details: Vec<String> = faults
        .into_iter()
        .map(|fault| {
            let words = fault.detail.split(' ').map(|word| match word.trim_end_matches(',') {
                id if id.len() == 36 => word.replace(id, "…"),
                _ => word.to_owned(),
            });
            words.collect::<Vec<_>>().join(" ")
        })
        .collect();
    details.sort();
    details
}
