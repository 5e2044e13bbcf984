//! The ledger that the worker writes.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use intake::{
    judgement::Verdict,
    letter::Letter,
    message::{Message, Stage},
    ports::{FolderReconciliation, Lease, Ledger, Listed, PortResult, StoreOutcome},
    sorting::Class,
};
use stdx::{ErrorKind, Sha256};
use store::record::{Enrolment, FolderRecord};

use crate::scene::{EPOCH, INBOX, Scene, TTL, assessment, at, day, enrolment, letter, listed};

fn kind<T: std::fmt::Debug>(result: PortResult<T>) -> ErrorKind {
    result.unwrap_err().kind
}

pub async fn enrolling_again_keeps_the_first_contact_and_takes_new_folders(scene: Scene) {
    let again = Enrolment {
        kind: "folder".into(),
        address: "new@163.com".into(),
        folders: vec!["归档".into()],
        answer_from: Utc::now(),
        ..enrolment("征稿")
    };
    assert_eq!(scene.store.mailbox_enrol(&again).await.unwrap(), scene.mailbox_id);
    let mailbox = scene.store.mailbox_get(scene.mailbox_id, Utc::now()).await.unwrap();
    assert_eq!(mailbox.enrolment, Enrolment { answer_from: enrolment("").answer_from, ..again });
    scene.store.lease_renew(&scene.lease, TTL).await.unwrap();

    let other = scene.store.mailbox_enrol(&enrolment("备用")).await.unwrap();
    let mailboxes = scene.store.mailbox_list(Utc::now()).await.unwrap();
    let mut ids: Vec<_> = mailboxes.iter().map(|mailbox| mailbox.id).collect();
    ids.sort();
    assert_eq!(ids, [scene.mailbox_id, other]);
    let racing: Vec<_> = (0..6)
        .map(|_| {
            let store = scene.store.clone();
            tokio::spawn(async move { store.mailbox_enrol(&enrolment("新")).await.unwrap() })
        })
        .collect();
    let mut racers = Vec::new();
    for racer in racing {
        racers.push(racer.await.unwrap());
    }
    racers.dedup();
    assert_eq!(racers.len(), 1, "one name, one mailbox");
    let unknown = scene.store.mailbox_get(scene.campaign.id, Utc::now()).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
}

pub async fn a_lease_goes_to_another_holder_only_when_it_has_ended(scene: Scene) {
    let (store, mailbox_id) = (&scene.store, scene.mailbox_id);
    assert_eq!(scene.lease, Lease { mailbox_id, fence: 1 });
    assert_eq!(store.lease_take(mailbox_id, "worker-2", TTL).await.unwrap(), None, "held");
    let again = store.lease_take(mailbox_id, "worker-1", TTL).await.unwrap().unwrap();
    assert_eq!(again.fence, 2, "the same holder, restarted, takes over from itself");
    assert_eq!(kind(store.lease_renew(&scene.lease, TTL).await), ErrorKind::Conflict);
    assert_eq!(kind(store.lease_release(&scene.lease).await), ErrorKind::Conflict);

    store.lease_renew(&again, Duration::ZERO).await.unwrap();
    let other = store.lease_take(mailbox_id, "worker-2", TTL).await.unwrap().unwrap();
    assert_eq!(other.fence, 3, "an ended lease goes to whoever asks");
    assert_eq!(kind(store.lease_renew(&again, TTL).await), ErrorKind::Conflict);

    store.lease_release(&other).await.unwrap();
    assert_eq!(kind(store.lease_renew(&other, TTL).await), ErrorKind::Conflict, "let go is lost");
    assert_eq!(kind(store.folder_bind(&other, INBOX, 1).await), ErrorKind::Conflict);
    assert_eq!(store.lease_take(mailbox_id, "worker-3", TTL).await.unwrap().unwrap().fence, 4);
    assert_eq!(kind(store.lease_take(scene.campaign.id, "worker-3", TTL).await), ErrorKind::NotFound);

    store.lease_release(&Lease { mailbox_id, fence: 4 }).await.unwrap();
    let takers: Vec<_> = (0..8)
        .map(|taker| {
            let store = scene.store.clone();
            tokio::spawn(async move { store.lease_take(mailbox_id, &format!("taker-{taker}"), TTL).await.unwrap() })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    assert_eq!(taken.len(), 1, "one of eight");
}

pub async fn a_stale_fence_changes_nothing(scene: Scene) {
    let seen = scene.seen(1).await;
    let stored = scene.stored(2).await;
    let letter = letter("a@b.cn", "主题征稿");
    let parsed = scene.parsed(3, &letter).await;
    let recorded = scene.recorded(4, "a@b.cn", "主题征稿", Class::Submission, Verdict::Eligible).await;
    let fresh = scene.store.lease_take(scene.mailbox_id, "worker-1", TTL).await.unwrap().unwrap();
    let (store, stale) = (&scene.store, &scene.lease);
    let elsewhere = scene.store.mailbox_enrol(&enrolment("备用")).await.unwrap();
    let foreign = scene.store.lease_take(elsewhere, "worker-1", TTL).await.unwrap().unwrap();

    let before = format!("{:?}", store.message_list(&all()).await.unwrap());
    let hash = Sha256::of(b"1");
    let assessed = assessment(Class::Submission, Verdict::Eligible);
    let campaigns = std::slice::from_ref(&scene.campaign);
    for lease in [stale, &foreign] {
        let refused = [
            kind(store.try_begin(lease, &seen).await),
            kind(store.try_forget(lease, &seen, day()).await),
            kind(store.try_failed(lease, &seen, "x", day()).await),
            kind(store.message_stored(lease, &seen, hash, 1).await),
            kind(store.message_parsed(lease, &stored, &letter).await),
            kind(store.message_recorded(lease, &parsed, campaigns, &[], &letter, &assessed).await),
            kind(store.message_set_aside(lease, &seen, Stage::Vanished, "x").await),
            kind(store.message_filed(lease, &recorded).await),
        ];
        assert_eq!(refused, [ErrorKind::Conflict; 8], "{lease:?}");
    }
    let refused = [
        kind(store.folder_bind(stale, INBOX, 9).await),
        kind(store.messages_seen(stale, INBOX, EPOCH, &[listed(9)], day()).await),
        kind(store.sweep_noted(stale, INBOX, Ok(1)).await),
        kind(store.reconcile_noted(stale, 1, &[]).await),
        kind(store.lease_renew(stale, TTL).await),
        kind(store.lease_release(stale).await),
    ];
    assert_eq!(refused, [ErrorKind::Conflict; 6]);
    assert_eq!(format!("{:?}", store.message_list(&all()).await.unwrap()), before);
    store.message_stored(&fresh, &seen, hash, 1).await.unwrap();
}

fn all() -> store::record::MessageQuery {
    store::record::MessageQuery { limit: 1000, ..Default::default() }
}

pub async fn a_message_that_moved_in_between_is_left_alone(scene: Scene) {
    let (store, lease) = (&scene.store, &scene.lease);
    let seen = scene.seen(1).await;
    let hash = Sha256::of(b"1");
    assert_eq!(store.message_stored(lease, &seen, hash, 1).await.unwrap(), StoreOutcome::Stored);
    assert_eq!(kind(store.message_stored(lease, &seen, hash, 1).await), ErrorKind::Conflict);
    assert_eq!(kind(store.try_begin(lease, &seen).await), ErrorKind::Conflict);
    assert_eq!(kind(store.message_set_aside(lease, &seen, Stage::Vanished, "x").await), ErrorKind::Conflict);
    let stored = scene.again(&seen).await;
    let letter = letter("a@b.cn", "主题征稿");
    store.message_parsed(lease, &stored, &letter).await.unwrap();
    assert_eq!(kind(store.message_parsed(lease, &stored, &letter).await), ErrorKind::Conflict);
    let parsed = scene.again(&seen).await;
    assert_eq!(kind(store.message_parsed(lease, &parsed, &letter).await), ErrorKind::Conflict, "not twice");

    // Two at once: one records, the other is told.
    let racers: Vec<_> = (0..4)
        .map(|_| {
            let (store, lease, parsed, letter, campaign) =
                (store.clone(), lease.clone(), parsed.clone(), letter.clone(), scene.campaign.clone());
            tokio::spawn(async move {
                let assessed = assessment(Class::Submission, Verdict::Eligible);
                store.message_recorded(&lease, &parsed, &[campaign], &[], &letter, &assessed).await
            })
        })
        .collect();
    let mut recorded = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(()) => recorded += 1,
            Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{error}"),
        }
    }
    assert_eq!(recorded, 1);
    let open = kind(store.message_set_aside(lease, &scene.again(&seen).await, Stage::Vanished, "x").await);
    assert_eq!(open, ErrorKind::Conflict, "a recorded message stays recorded");
    let sideways = kind(store.message_set_aside(lease, &scene.seen(2).await, Stage::Recorded, "x").await);
    assert_eq!(sideways, ErrorKind::Invalid);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn ten_thousand_mails_get_a_row_each_once(scene: Scene) {
    let listed: Vec<Listed> = (1..=10_000).rev().map(listed).collect();
    let answer_from = day() + TimeDelta::seconds(101);
    let store = &scene.store;
    let started = Instant::now();
    let new = store.messages_seen(&scene.lease, INBOX, EPOCH, &listed, answer_from).await.unwrap();
    let took = started.elapsed();
    assert_eq!(new, 10_000);
    let database = scene.url.split(':').next().unwrap();
    println!("{database}: messages_seen(10,000) took {} ms", took.as_millis());
    let again = store.messages_seen(&scene.lease, INBOX, EPOCH, &listed, answer_from).await.unwrap();
    assert_eq!(again, 0);
    let twice = [listed[0].clone(), listed[0].clone()];
    assert_eq!(store.messages_seen(&scene.lease, INBOX, EPOCH + 1, &twice, answer_from).await.unwrap(), 1);
    assert_eq!(store.messages_seen(&scene.lease, INBOX, EPOCH, &[], answer_from).await.unwrap(), 0);

    let known = store.uids_known(scene.mailbox_id, INBOX, EPOCH).await.unwrap();
    assert_eq!(known, (1..=10_000).collect::<Vec<_>>());
    assert_eq!(store.uids_known(scene.mailbox_id, INBOX, EPOCH + 1).await.unwrap(), [10_000]);
    let due = store.messages_due(scene.mailbox_id, Utc::now(), 200).await.unwrap();
    assert_eq!(due.iter().map(|message| message.uid).collect::<Vec<_>>(), (1..=200).collect::<Vec<_>>());
    assert_eq!(due.iter().filter(|message| message.backfilled).count(), 100, "received before the cut-off");
    assert_eq!(due[0].size_bytes, 1001);
    assert_eq!(scene.history(&due[0]).await, " → seen, worker-1: uid 1 of INBOX, epoch 7\n");

    let folder = i64::MAX as u64;
    let largest = Listed { uid: folder, size_bytes: folder, ..listed[0].clone() };
    assert_eq!(scene.seen_in("归档", 1, largest).await.uid, folder, "a folder source derives 63-bit numbers");
    let beyond = Listed { uid: folder + 1, ..listed[0].clone() };
    assert_eq!(kind(store.messages_seen(&scene.lease, INBOX, EPOCH, &[beyond], day()).await), ErrorKind::Invalid);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn due_messages_come_oldest_first_when_their_time_has_come(scene: Scene) {
    let (store, lease) = (&scene.store, &scene.lease);
    let now = Utc::now();
    let waits = scene.seen(1).await;
    let stored = scene.stored(3).await;
    let elsewhere = scene.seen_in("垃圾邮件", 1, listed(2)).await;
    let gone = scene.seen(4).await;
    store.message_set_aside(lease, &gone, Stage::Vanished, "removed by somebody").await.unwrap();
    let begun = store.try_begin(lease, &waits).await.unwrap();
    store.try_failed(lease, &begun, "the line was cut", now).await.unwrap();
    let due = async |at| {
        let due = store.messages_due(scene.mailbox_id, at, 10).await.unwrap();
        due.into_iter().map(|message| message.id).collect::<Vec<_>>()
    };
    assert_eq!(due(now - TimeDelta::microseconds(2)).await, [elsewhere.id, stored.id]);
    assert_eq!(due(now).await, [waits.id, elsewhere.id, stored.id]);
    assert_eq!(store.messages_due(scene.mailbox_id, now, 1).await.unwrap()[0].tries, 1);
    assert_eq!(store.messages_due(scene.campaign.id, now, 10).await.unwrap(), []);
    let reason = store.message_get(gone.id).await.unwrap().reason;
    assert_eq!(reason, "removed by somebody");
}

pub async fn a_try_is_counted_before_it_begins_and_can_be_taken_back(scene: Scene) {
    let (store, lease) = (&scene.store, &scene.lease);
    let seen = scene.seen(1).await;
    let first = store.try_begin(lease, &seen).await.unwrap();
    assert_eq!(first, Message { tries: 1, ..seen.clone() });
    assert_eq!(scene.again(&seen).await, first, "counted before the work");
    assert_eq!(kind(store.try_begin(lease, &seen).await), ErrorKind::Conflict, "the same try does not begin twice");

    let due_at = at("2023-03-01T09:00:00.000001Z");
    store.try_forget(lease, &first, due_at).await.unwrap();
    assert_eq!(scene.again(&seen).await, Message { tries: 0, due_at: Some(due_at), ..seen.clone() });
    assert_eq!(kind(store.try_forget(lease, &first, due_at).await), ErrorKind::Conflict);

    let mut message = scene.again(&seen).await;
    for tries in 1..=3 {
        message = store.try_begin(lease, &message).await.unwrap();
        assert_eq!((message.tries, message.due_at), (tries, None));
        store.try_failed(lease, &message, "断线", due_at).await.unwrap();
        message = scene.again(&message).await;
        assert_eq!((message.tries, message.due_at), (tries, Some(due_at)));
    }
    let expected = " → seen, worker-1: uid 1 of INBOX, epoch 7\n\
                    seen → seen, worker-1: try 1 failed: 断线\n\
                    seen → seen, worker-1: try 2 begins\n\
                    seen → seen, worker-1: try 2 failed: 断线\n\
                    seen → seen, worker-1: try 3 begins\n\
                    seen → seen, worker-1: try 3 failed: 断线\n";
    assert_eq!(scene.history(&message).await, expected);
    store.message_stored(lease, &message, Sha256::of(b"1"), 77).await.unwrap();
    let stored = store.message_get(seen.id).await.unwrap();
    let expected = (Stage::Stored, 0, None, 77, Some(Sha256::of(b"1")));
    let message = stored.message;
    assert_eq!((message.stage, message.tries, message.due_at, message.size_bytes, message.raw_sha256), expected);
    assert_eq!(stored.reason, "", "a stage that ended well has no reason");
}

pub async fn a_copy_in_another_folder_is_repeated(scene: Scene) {
    let (store, lease, hash) = (&scene.store, &scene.lease, Sha256::of(b"the same"));
    let first = scene.seen(1).await;
    let copy = scene.seen_in("垃圾邮件", 3, listed(8)).await;
    let resent = scene.seen(2).await;
    assert_eq!(store.message_stored(lease, &first, hash, 8).await.unwrap(), StoreOutcome::Stored);
    for repeated in [&copy, &resent] {
        let outcome = store.message_stored(lease, repeated, hash, 8).await.unwrap();
        assert_eq!(outcome, StoreOutcome::Repeated(first.id));
        let row = store.message_get(repeated.id).await.unwrap();
        assert_eq!((row.message.stage, row.repeats), (Stage::Repeated, Some(first.id)));
    }
    let told = format!("a copy in another folder of message {} (INBOX, epoch 7, uid 1)", first.id);
    assert!(scene.history(&copy).await.contains(&told));
    let told = format!("the same bytes again as message {} (INBOX, epoch 7, uid 1)", first.id);
    assert!(scene.history(&resent).await.contains(&told));

    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_mail_that_comes_to_an_address_by_two_ways_is_repeated_and_one_to_another_address_is_not(scene: Scene) {
    let hash = Sha256::of(b"the same");
    let first = scene.seen(1).await;
    assert_eq!(scene.store.message_stored(&scene.lease, &first, hash, 8).await.unwrap(), StoreOutcome::Stored);
    let archive = Enrolment { kind: "folder".into(), address: "czzhengwen@163.COM".into(), ..enrolment("旧邮件") };
    let elsewhere = Enrolment { address: "tougao@example.cn".into(), ..enrolment("别处") };
    for (enrolment, expected) in [(archive, StoreOutcome::Repeated(first.id)), (elsewhere, StoreOutcome::Stored)] {
        let mailbox_id = scene.store.mailbox_enrol(&enrolment).await.unwrap();
        let lease = scene.store.lease_take(mailbox_id, "worker-1", TTL).await.unwrap().unwrap();
        let (store, url, campaign) = (scene.store.clone(), scene.url.clone(), scene.campaign.clone());
        let other = Scene { mailbox_id, lease, store, url, campaign };
        let message = other.seen_in(INBOX, 99, listed(1)).await;
        assert_eq!(other.store.message_stored(&other.lease, &message, hash, 8).await.unwrap(), expected);
    }
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_changed_epoch_binds_the_same_mail_again_without_doubling_it(scene: Scene) {
    let (store, lease) = (&scene.store, &scene.lease);
    assert_eq!(store.folder_bind(lease, INBOX, EPOCH).await.unwrap(), None, "first contact");
    assert_eq!(store.folder_bind(lease, INBOX, EPOCH).await.unwrap(), None);
    let first = scene.submission(1, "a@b.cn", "主题征稿").await;
    assert_eq!(store.folder_bind(lease, INBOX, 8).await.unwrap(), Some(EPOCH));
    assert_eq!(store.folder_bind(lease, INBOX, 8).await.unwrap(), None);
    assert_eq!(store.uids_known(scene.mailbox_id, INBOX, 8).await.unwrap(), [0; 0]);

    let again = scene.seen_in(INBOX, 8, listed(1)).await;
    let outcome = store.message_stored(lease, &again, scene.raw_sha256(1), 2001).await.unwrap();
    assert_eq!(outcome, StoreOutcome::Repeated(first.message.id));
    let told = format!("under a new epoch (UIDVALIDITY) the same mail as message {}", first.message.id);
    assert!(scene.history(&again).await.contains(&told));
    assert_eq!(store.uids_known(scene.mailbox_id, INBOX, 8).await.unwrap(), [1], "a repeated row counts");
    assert_eq!(store.uids_known(scene.mailbox_id, INBOX, EPOCH).await.unwrap(), [1]);
    assert_eq!(store.change_latest().await.unwrap(), 1);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_message_out_of_quarantine_is_tried_again_or_released(scene: Scene) {
    let (store, lease) = (&scene.store, &scene.lease);
    let message = scene.stored(1).await;
    let message = store.try_begin(lease, &message).await.unwrap();
    store.message_set_aside(lease, &message, Stage::Quarantined, "child_killed").await.unwrap();
    let row = store.message_get(message.id).await.unwrap();
    assert_eq!((row.message.stage, row.stage_failed, row.message.tries), (Stage::Quarantined, Some(Stage::Stored), 1));
    assert_eq!(row.reason, "child_killed");
    assert_eq!(store.messages_due(scene.mailbox_id, Utc::now(), 10).await.unwrap(), []);

    let retried = store.quarantine_retry(message.id, "编辑甲", "新版本").await.unwrap();
    assert_eq!((retried.message.stage, retried.message.tries, retried.stage_failed), (Stage::Stored, 0, None));
    assert_eq!(retried.reason, "");
    assert_eq!(store.messages_due(scene.mailbox_id, Utc::now(), 10).await.unwrap().len(), 1);
    let twice = store.quarantine_retry(message.id, "编辑甲", "").await.unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Conflict, "{twice}");

    let message = scene.again(&message).await;
    store.message_set_aside(lease, &message, Stage::Quarantined, "too_deep").await.unwrap();
    let released = store.quarantine_release(message.id, "编辑乙", "电话联系作者").await.unwrap();
    assert_eq!((released.message.stage, released.class), (Stage::Recorded, Some(Class::Unreadable)));
    assert_eq!(released.class_reason.unwrap().0, "编辑从隔离区放行：电话联系作者");
    assert_eq!(store.quarantine_release(message.id, "编辑乙", "").await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(store.quarantine_retry(scene.mailbox_id, "编辑乙", "").await.unwrap_err().kind(), ErrorKind::NotFound);
    let history = scene.history(&message).await;
    let tail: Vec<&str> = history.lines().skip(2).collect();
    let expected = [
        "stored → quarantined, worker-1: child_killed",
        "quarantined → stored, 编辑甲: retry: 新版本",
        "stored → quarantined, worker-1: too_deep",
        "quarantined → recorded, 编辑乙: release: 电话联系作者",
    ];
    assert_eq!(tail, expected);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_filed_message_is_filed_once_and_only_when_its_bytes_are_ours(scene: Scene) {
    let (store, lease) = (&scene.store, &scene.lease);
    let second = scene.recorded(2, "a@b.cn", "主题征稿", Class::Submission, Verdict::Eligible).await;
    let first = scene.recorded(1, "a@b.cn", "退信", Class::Bounce, Verdict::Eligible).await;
    let copy = scene.seen(3).await;
    store.message_stored(lease, &copy, scene.raw_sha256(1), 1).await.unwrap();
    scene.stored(4).await;
    scene.seen_in("垃圾邮件", EPOCH, listed(5)).await;
    let unfetched = scene.seen(6).await;
    store.message_set_aside(lease, &unfetched, Stage::Quarantined, "poison").await.unwrap();
    store.quarantine_release(unfetched.id, "编辑", "").await.unwrap();

    let to_file = async |limit| store.messages_to_file(scene.mailbox_id, INBOX, EPOCH, limit).await.unwrap();
    let uids = to_file(10).await.iter().map(|message| message.uid).collect::<Vec<_>>();
    assert_eq!(uids, [1, 2, 3], "oldest first; never a mail whose bytes were not fetched");
    assert_eq!(to_file(1).await, std::slice::from_ref(&first));
    assert_eq!(store.messages_to_file(scene.mailbox_id, INBOX, EPOCH + 1, 10).await.unwrap(), []);
    store.message_filed(lease, &second).await.unwrap();
    store.message_filed(lease, &second).await.unwrap();
    assert_eq!(to_file(10).await.iter().map(|message| message.uid).collect::<Vec<_>>(), [1, 3]);
    let history = scene.history(&second).await;
    assert_eq!(history.matches("recorded → recorded, worker-1: filed on the server").count(), 1, "{history}");
    assert_eq!(kind(store.message_filed(lease, &Message { stage: Stage::Seen, ..first }).await), ErrorKind::Conflict);
}

pub async fn a_sweep_leaves_its_position_and_its_error(scene: Scene) {
    let (store, lease) = (&scene.store, &scene.lease);
    let get = async |now| store.mailbox_get(scene.mailbox_id, now).await.unwrap();
    let nothing = |folder: &str| FolderRecord {
        folder: folder.into(),
        uidvalidity: None,
        position: 0,
        server_count: 0,
        row_count: 0,
        last_sweep_at: None,
    };
    let new = get(Utc::now()).await;
    assert_eq!(new.folders, [nothing(INBOX), nothing("垃圾邮件")], "in the order of the settings");
    assert_eq!((new.lag_seconds, new.last_error), (0, None));

    store.sweep_noted(lease, "垃圾邮件", Err("NO Unsafe Login")).await.unwrap();
    let failing = get(Utc::now()).await;
    assert_eq!(failing.folders[1], nothing("垃圾邮件"));
    assert_eq!(failing.last_error.unwrap().0, "NO Unsafe Login");

    store.folder_bind(lease, INBOX, EPOCH).await.unwrap();
    scene.seen(5).await;
    scene.stored(9).await;
    scene.seen_in(INBOX, EPOCH + 1, listed(99)).await;
    store.sweep_noted(lease, INBOX, Ok(12)).await.unwrap();
    let now = day() + TimeDelta::seconds(65);
    let swept = get(now).await;
    let inbox = &swept.folders[0];
    assert_eq!((inbox.uidvalidity, inbox.position, inbox.server_count, inbox.row_count), (Some(EPOCH), 9, 12, 2));
    assert!(inbox.last_sweep_at.is_some());
    assert_eq!(swept.lag_seconds, 60, "the mail of second 5 waits longest");
    assert!(swept.last_error.is_some(), "the other folder still fails");
    assert_eq!(get(day()).await.lag_seconds, 0, "a clock that is behind gives no negative age");

    // Mail from before the first contact does not make years of lag: it ages from when it was seen.
    let old = Listed { received_at: at("2001-01-01T00:00:00Z"), ..listed(1) };
    scene.seen_in("垃圾邮件", 1, old).await;
    assert_eq!(get(now).await.lag_seconds, 60);

    store.sweep_noted(lease, INBOX, Err("cut")).await.unwrap();
    store.sweep_noted(lease, "垃圾邮件", Ok(1)).await.unwrap();
    let failing = get(now).await;
    assert_eq!(failing.last_error.unwrap().0, "cut");
    assert_eq!(failing.folders[0].server_count, 12, "a failing sweep changes no count");
    store.sweep_noted(lease, INBOX, Ok(13)).await.unwrap();
    assert_eq!(get(now).await.last_error, None);
}

pub async fn the_newest_question_is_answered_with_all_older_ones(scene: Scene) {
    let (store, lease, mailbox_id) = (&scene.store, &scene.lease, scene.mailbox_id);
    assert_eq!(store.reconcile_asked(mailbox_id).await.unwrap(), None);
    let first = store.reconcile_ask(mailbox_id).await.unwrap();
    let second = store.reconcile_ask(mailbox_id).await.unwrap();
    assert_eq!((first, second), (1, 2));
    assert_eq!(store.reconcile_asked(mailbox_id).await.unwrap(), Some(2));
    assert_eq!(store.reconcile_answer(mailbox_id, first).await.unwrap(), None);
    let answer = vec![FolderReconciliation {
        folder: "垃圾邮件".into(),
        server_count: 3,
        missing: vec![1, 2],
        missing_count: 2,
        gone_count: 1,
        reconciled_at: day(),
    }];
    store.reconcile_noted(lease, second, &answer).await.unwrap();
    assert_eq!(store.reconcile_asked(mailbox_id).await.unwrap(), None);
    let third = store.reconcile_ask(mailbox_id).await.unwrap();
    assert_eq!(store.reconcile_answer(mailbox_id, first).await.unwrap(), Some(answer.clone()));
    assert_eq!(store.reconcile_answer(mailbox_id, second).await.unwrap(), Some(answer));
    assert_eq!(store.reconcile_answer(mailbox_id, third).await.unwrap(), None);
    let unknown = store.reconcile_ask(scene.campaign.id).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    let unread: PortResult<Letter> = store.letter(mailbox_id).await;
    assert_eq!(kind(unread), ErrorKind::NotFound);
}
