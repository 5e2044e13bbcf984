//! Pages and filters.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use intake::{
    finding::RuleCode,
    judgement::Verdict,
    letter::Page,
    message::Stage,
    ports::{Ledger, Listed},
    sorting::Class,
};
use stdx::{ErrorKind, Sha256};
use store::{
    LIST_MAX,
    record::{
        Enrolment, MessageQuery, SubmissionFilter as Filter, SubmissionKey, SubmissionOrder, SubmissionQuery,
        SubmissionRecord,
    },
};

use crate::scene::{EPOCH, INBOX, Scene, TTL, assessment, at, day, enrolment, letter, listed};

fn key(record: &SubmissionRecord) -> SubmissionKey {
    SubmissionKey { received_at: record.message.received_at, number: record.number, id: record.id }
}

pub async fn a_page_neither_skips_nor_repeats_while_mail_arrives(scene: Scene) {
    let orders = [
        SubmissionOrder::ReceivedDescending,
        SubmissionOrder::ReceivedAscending,
        SubmissionOrder::NumberDescending,
        SubmissionOrder::NumberAscending,
    ];
    // Three mails a second, so that pages end among equal receipt times, and receipt is not in order of number.
    let mut uid = 0_u64;
    let mut arrive = async |scene: &Scene| {
        uid += 1;
        let listed = Listed { received_at: day() + TimeDelta::seconds((uid * 7 % 40 / 3) as i64), ..listed(uid) };
        let letter = letter("a@b.cn", "主题征稿");
        let message = scene.seen_in(INBOX, EPOCH, listed).await;
        let hash = Sha256::of(&uid.to_le_bytes());
        scene.store.message_stored(&scene.lease, &message, hash, 1).await.unwrap();
        let message = scene.again(&message).await;
        scene.store.message_parsed(&scene.lease, &message, &letter).await.unwrap();
        let message = scene.again(&message).await;
        scene.record(&message, &letter, &[], &assessment(Class::Submission, Verdict::Eligible)).await;
    };
    for _ in 0..20 {
        arrive(&scene).await;
    }
    for order in orders {
        for limit in [1, 3, 7] {
            let query = SubmissionQuery { order, limit: LIST_MAX, ..SubmissionQuery::default() };
            let before = scene.store.submission_list(&query).await.unwrap();
            let mut walked: Vec<SubmissionRecord> = Vec::new();
            loop {
                let page = SubmissionQuery { after: walked.last().map(key), limit, ..query.clone() };
                let page = scene.store.submission_list(&page).await.unwrap();
                if page.is_empty() {
                    break;
                }
                walked.extend(page);
                if walked.len() < 15 {
                    arrive(&scene).await;
                }
            }
            let ids: Vec<_> = walked.iter().map(|record| record.id).collect();
            let unique: BTreeSet<_> = ids.iter().copied().collect();
            assert_eq!(unique.len(), ids.len(), "{order:?} by {limit}: repeats");
            assert!(before.iter().all(|record| unique.contains(&record.id)), "{order:?} by {limit}: skips");
            // What arrived in between may be walked too; the order holds over all of it.
            let after = scene.store.submission_list(&query).await.unwrap();
            let expected: Vec<_> = after.iter().map(|record| record.id).filter(|id| unique.contains(id)).collect();
            assert_eq!(ids, expected, "{order:?} by {limit}: out of order");
        }
    }
}

pub async fn every_filter_gives_what_it_says(scene: Scene) {
    let table = [
        (1, "a@b.cn", "主题征稿：绩效100%", Class::Submission, Verdict::Eligible),
        (2, "A@B.cn", "主题征稿：绩效_1", Class::Submission, Verdict::Late),
        (3, "c@d.cn", "Theme \\ 主题征稿", Class::NearMiss, Verdict::Incomplete),
        (4, "c@d.cn", "theme", Class::Correction, Verdict::Undetermined),
    ];
    for (uid, sender, subject, class, verdict) in table {
        scene.recorded(uid, sender, subject, class, verdict).await;
    }
    let old = Listed { received_at: at("2022-09-30T23:59:59.999999+08:00"), ..listed(5) };
    let message = scene.seen_in("垃圾邮件", EPOCH, old).await;
    let letter = letter("old@b.cn", "主题征稿：旧");
    scene.store.message_stored(&scene.lease, &message, Sha256::of(b"old"), 1).await.unwrap();
    let message = scene.again(&message).await;
    scene.store.message_parsed(&scene.lease, &message, &letter).await.unwrap();
    let message = scene.again(&message).await;
    scene.record(&message, &letter, &[], &assessment(Class::Submission, Verdict::Eligible)).await;

    let second = TimeDelta::seconds(1);
    let holds = |text: &str| Filter::SubjectHolds(text.into());
    let cases: Vec<(Vec<Filter>, &[u64])> = vec![
        (vec![], &[1, 2, 3, 4, 5]),
        (vec![Filter::Class(Class::Submission, true)], &[1, 2, 5]),
        (vec![Filter::Class(Class::Submission, false)], &[3, 4]),
        (vec![Filter::Verdict(Verdict::Late, true)], &[2]),
        (vec![Filter::Verdict(Verdict::Late, false)], &[1, 3, 4, 5]),
        (vec![Filter::From("a@B.CN".into())], &[1, 2]),
        (vec![Filter::From("a@b".into())], &[]),
        (vec![holds("征稿：绩效")], &[1, 2]),
        (vec![holds("%")], &[1]),
        (vec![holds("_")], &[2]),
        (vec![holds("\\")], &[3]),
        (vec![holds("0%")], &[1]),
        (vec![holds("theme")], &[4]),
        (vec![holds("'; DROP TABLE submission; --")], &[]),
        (vec![Filter::ReceivedFrom(day() + second * 3)], &[3, 4]),
        (vec![Filter::ReceivedBefore(day() + second * 3)], &[1, 2, 5]),
        (vec![Filter::Backfilled(true)], &[5]),
        (vec![Filter::Backfilled(false)], &[1, 2, 3, 4]),
        (vec![Filter::FindingFailed(RuleCode::Deadline)], &[2, 3, 4]),
        (vec![Filter::FindingFailed(RuleCode::VideoSize)], &[]),
        (vec![Filter::Class(Class::Submission, true), Filter::Verdict(Verdict::Eligible, true), holds("旧")], &[5]),
        (vec![Filter::FindingFailed(RuleCode::Deadline), Filter::From("c@d.cn".into())], &[3, 4]),
    ];
    for (filters, expected) in cases {
        let query = SubmissionQuery {
            campaign_id: Some(scene.campaign.id),
            order: SubmissionOrder::NumberAscending,
            limit: 10,
            filters,
            ..SubmissionQuery::default()
        };
        let found: Vec<u64> =
            scene.store.submission_list(&query).await.unwrap().iter().map(|record| record.number).collect();
        assert_eq!(found, expected, "{:?}", query.filters);
    }
    let elsewhere = SubmissionQuery { campaign_id: Some(scene.mailbox_id), limit: 10, ..SubmissionQuery::default() };
    assert_eq!(scene.store.submission_list(&elsewhere).await.unwrap(), []);
    let endless = SubmissionQuery { filters: vec![holds("x"); 33], limit: 10, ..SubmissionQuery::default() };
    assert_eq!(scene.store.submission_list(&endless).await.unwrap_err().kind(), ErrorKind::Invalid);
}

pub async fn changes_come_whole_and_in_their_order(scene: Scene) {
    let mut submissions = Vec::new();
    for uid in 1..=5 {
        submissions.push(scene.submission(uid, "a@b.cn", &format!("主题征稿{uid}")).await);
    }
    let changes = scene.store.submission_changes(2, Some(scene.campaign.id), 2).await.unwrap();
    assert_eq!(changes, [(3, submissions[2].clone()), (4, submissions[3].clone())]);
    assert_eq!(scene.store.submission_changes(5, None, 10).await.unwrap(), []);
    assert_eq!(scene.store.submission_changes(0, Some(scene.mailbox_id), 10).await.unwrap(), []);
    assert_eq!(scene.store.change_latest().await.unwrap(), 5);
}

pub async fn recorded_mail_comes_with_its_letter_from_all_mailboxes_of_an_address(scene: Scene) {
    let first = scene.submission(1, "a@b.cn", "主题征稿：一").await;
    let near = scene.recorded(2, "c@d.cn", "无标记", Class::NearMiss, Verdict::Incomplete).await;
    let bounce = scene.recorded(3, "x@y.cn", "退信", Class::Bounce, Verdict::Eligible).await;
    // None of these: open mail, and mail that an editor released.
    scene.seen(4).await;
    scene.stored(5).await;
    scene.parsed(6, &letter("a@b.cn", "主题征稿：六")).await;
    let released = scene.parsed(7, &letter("a@b.cn", "主题征稿：七")).await;
    scene.store.message_set_aside(&scene.lease, &released, Stage::Quarantined, "so").await.unwrap();
    scene.store.quarantine_release(released.id, "editor", "unreadable").await.unwrap();

    // A second mailbox of the address, whose mails were received in the very same moments.
    let second = Enrolment { address: " czzhengwen@163.COM".into(), ..enrolment("旧信") };
    let second = scene.store.mailbox_enrol(&second).await.unwrap();
    let lease = scene.store.lease_take(second, "worker-2", TTL).await.unwrap().unwrap();
    let scene = Scene { mailbox_id: second, lease, ..scene };
    let arrive = async |uid: u64, moment_of: u64, sender: &str, subject: &str, class| {
        let at = Listed { received_at: listed(moment_of).received_at, ..listed(uid) };
        let (message, letter) = (scene.seen_in(INBOX, EPOCH, at).await, letter(sender, subject));
        scene.store.message_stored(&scene.lease, &message, Sha256::of(&uid.to_le_bytes()), 1).await.unwrap();
        let message = scene.again(&message).await;
        scene.store.message_parsed(&scene.lease, &message, &letter).await.unwrap();
        let message = scene.again(&message).await;
        scene.record(&message, &letter, &[], &assessment(class, Verdict::Eligible)).await;
        scene.again(&message).await
    };
    let again = scene.submission_of(&arrive(11, 1, "A@b.cn", "主题征稿：再", Class::Submission).await).await;
    let list_mail = arrive(13, 3, "x@y.cn", "周报", Class::ListMail).await;
    // And one of another address.
    let other = Enrolment { address: "else@163.com".into(), ..enrolment("其他") };
    let other = scene.store.mailbox_enrol(&other).await.unwrap();
    let lease = scene.store.lease_take(other, "worker-3", TTL).await.unwrap().unwrap();
    let scene = Scene { mailbox_id: other, lease, ..scene };
    scene.recorded(21, "x@y.cn", "退信", Class::Bounce, Verdict::Eligible).await;

    let ids = scene.store.mailboxes_of_address("CZZhengWen@163.com").await.unwrap();
    assert_eq!(ids.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([first.message.mailbox_id, second]));
    assert!(scene.store.mailboxes_of_address("czzhengwen@163").await.unwrap().is_empty());
    let all = scene.store.message_letters(&ids, None, LIST_MAX).await.unwrap();
    for limit in [1, 2, 4, 5] {
        let (mut after, mut walked) = (None, Vec::new());
        loop {
            let page = scene.store.message_letters(&ids, after, limit).await.unwrap();
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            after = Some((last.message.received_at, last.message.id));
            walked.extend(page);
        }
        assert_eq!(walked, all, "by {limit}");
    }
    let mut expected = vec![first.message.id, near.id, bounce.id, again.message.id, list_mail.id];
    let mut found: Vec<_> = all.iter().map(|record| record.message.id).collect();
    assert!(all.is_sorted_by_key(|record| std::cmp::Reverse((record.message.received_at, record.message.id))));
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);

    let of = |id| all.iter().find(|record| record.message.id == id).unwrap();
    let whole = of(first.message.id);
    assert_eq!((&whole.letter, &whole.message), (&first.letter, &first.message), "with all its texts");
    assert_eq!((whole.class, whole.campaign_id), (Class::Submission, Some(scene.campaign.id)));
    let judged = whole.submission.as_ref().unwrap();
    assert_eq!((judged.id, &judged.findings, &judged.judgement), (first.id, &first.findings, &first.judgement));
    let bounced = of(bounce.id);
    assert_eq!((bounced.class, bounced.campaign_id, bounced.submission.is_none()), (Class::Bounce, None, true));
    assert_eq!(of(near.id).class, Class::NearMiss);

    // What was known of a sender then: nothing that came with this mail or after it.
    let known = async |id| {
        let earlier = scene.store.earlier_before(&[scene.campaign.id], "a@B.cn", of(id).recorded_at).await.unwrap();
        earlier.into_iter().map(|earlier| earlier.submission_id).collect::<Vec<_>>()
    };
    assert!(known(first.message.id).await.is_empty());
    assert_eq!(known(bounce.id).await, [first.id]);
    assert_eq!(known(again.message.id).await, [first.id]);
    assert_eq!(known(list_mail.id).await, [again.id, first.id]);
    let at = of(list_mail.id).recorded_at;
    assert_eq!(scene.store.earlier_before(&[second], "a@b.cn", at).await.unwrap(), [], "of other campaigns");
}

pub async fn every_blob_is_named_once(scene: Scene) {
    for uid in 1..=4 {
        // All four carry the same attachment.
        scene.submission(uid, "a@b.cn", "主题征稿").await;
    }
    let copy = scene.seen_in("垃圾邮件", EPOCH, listed(1)).await;
    scene.store.message_stored(&scene.lease, &copy, scene.raw_sha256(1), 1).await.unwrap();
    let mut expected: Vec<Sha256> = (1..=4).map(|uid| scene.raw_sha256(uid)).collect();
    expected.push(Sha256::of("主题征稿".as_bytes()));
    expected.sort();
    for limit in [1, 2, 100] {
        let mut walked = Vec::new();
        loop {
            let after = walked.last().map(|(hash, _)| *hash);
            let page = scene.store.blob_list(after, limit).await.unwrap();
            if page.is_empty() {
                break;
            }
            walked.extend(page);
        }
        assert_eq!(walked.iter().map(|(hash, _)| *hash).collect::<Vec<_>>(), expected, "by {limit}");
        assert!(walked.iter().all(|(_, name)| name.starts_with("message 0")), "{walked:?}");
        assert_eq!(walked.iter().filter(|(_, name)| name.ends_with(" part 2")).count(), 1, "{walked:?}");
    }
}

pub async fn the_page_of_a_mail_is_named_and_held_against_its_letter(scene: Scene) {
    let mut letter = letter("a@b.cn", "主题征稿");
    let sha256 = Sha256::of(b"<p>page</p>");
    let page = Page { size_bytes: 11, sha256, pictures: vec!["2".into()], remote_pictures: 3, truncated: true };
    letter.body.page = Some(page);
    let message = scene.parsed(1, &letter).await;
    assert_eq!(scene.store.letter(message.id).await.unwrap(), letter);
    let named = scene.store.blob_list(None, 10).await.unwrap();
    assert!(named.contains(&(sha256, format!("message {} part page", message.id))), "{named:?}");
    assert_eq!(scene.store.blobs_unnamed(&[sha256]).await.unwrap(), []);
    assert_eq!(scene.faults().await, [""; 0]);
    scene.sql("UPDATE attachment SET size_bytes = 12 WHERE path = 'page'").await.unwrap();
    assert_eq!(scene.faults().await.len(), 1);
    scene.sql("DELETE FROM attachment WHERE path = 'page'").await.unwrap();
    assert_eq!(scene.faults().await.len(), 1);
}

pub async fn hashes_that_no_row_names_are_told(scene: Scene) {
    scene.submission(1, "a@b.cn", "主题征稿").await;
    scene.stored(2).await;
    let part = Sha256::of("主题征稿".as_bytes());
    let mut hashes: Vec<Sha256> = (0_u64..1200).map(|number| Sha256::of(&number.to_le_bytes())).collect();
    let unnamed = hashes.clone();
    for (at, named) in [(0, part), (600, scene.raw_sha256(1)), (1202, scene.raw_sha256(2))] {
        hashes.insert(at, named);
    }
    assert_eq!(scene.store.blobs_unnamed(&hashes).await.unwrap(), unnamed);
    assert_eq!(scene.store.blobs_unnamed(&[]).await.unwrap(), []);
}

pub async fn messages_are_listed_newest_first_by_stage(scene: Scene) {
    for uid in 1..=5 {
        scene.seen(uid).await;
    }
    scene.stored(6).await;
    let walk = async |stages: &[Stage]| {
        let (mut after, mut uids) = (None, Vec::new());
        loop {
            let stages = stages.to_vec();
            let query =
                MessageQuery { mailbox_id: Some(scene.mailbox_id), stages, after, limit: 2, ..MessageQuery::default() };
            let page = scene.store.message_list(&query).await.unwrap();
            let Some(last) = page.last() else { break uids };
            after = Some((last.message.received_at, last.message.id));
            uids.extend(page.iter().map(|row| row.message.uid));
        }
    };
    assert_eq!(walk(&[]).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(walk(&[Stage::Seen]).await, [5, 4, 3, 2, 1]);
    assert_eq!(walk(&[Stage::Stored, Stage::Parsed]).await, [6]);
    let elsewhere = MessageQuery { mailbox_id: Some(scene.campaign.id), limit: 10, ..MessageQuery::default() };
    assert_eq!(scene.store.message_list(&elsewhere).await.unwrap(), []);
    assert_eq!(scene.store.message_get(scene.campaign.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(scene.store.message_history(scene.campaign.id).await.unwrap(), []);
}

pub async fn messages_are_found_by_class_and_by_what_subject_and_sender_hold(scene: Scene) {
    scene.seen(1).await;
    scene.recorded(2, "MAILER-DAEMON@163.com", "退信：100%_送达失败", Class::Bounce, Verdict::Eligible).await;
    scene.recorded(3, "li@Example.cn", "主题征稿：绩效 ABC", Class::Submission, Verdict::Eligible).await;
    let found = async |classes: &[Class], holds: &str| {
        let query =
            MessageQuery { classes: classes.to_vec(), holds: holds.into(), limit: 10, ..MessageQuery::default() };
        let rows = scene.store.message_list(&query).await.unwrap();
        rows.iter().map(|row| row.message.uid).collect::<Vec<_>>()
    };
    let table: [(&[Class], &str, &[u64]); 11] = [
        (&[], "", &[3, 2, 1]),
        (&[Class::Bounce], "", &[2]),
        (&[Class::Bounce, Class::Submission], "", &[3, 2]),
        (&[Class::ListMail], "", &[]),
        (&[], "绩效", &[3]),
        (&[], "abc", &[]),
        (&[], "%_", &[2]),
        (&[], "%x", &[]),
        (&[], "mailer-daemon", &[2]),
        (&[], "LI@EXAMPLE", &[3]),
        (&[Class::Bounce], "绩效", &[]),
    ];
    for (classes, holds, expected) in table {
        assert_eq!(found(classes, holds).await, expected, "{classes:?} {holds}");
    }
}
