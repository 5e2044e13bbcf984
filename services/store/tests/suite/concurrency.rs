//! Many at once.

use std::time::Duration;

use intake::{
    campaign::Campaign,
    judgement::Verdict,
    ports::{Ledger, StoreOutcome},
    sorting::Class,
    submission::Earlier,
};
use sea_orm::{ConnectionTrait, TransactionTrait};
use stdx::{ErrorKind, Sha256};
use store::record::{SubmissionOrder, SubmissionQuery};

use uuid::Uuid;

use crate::scene::{EPOCH, INBOX, Scene, assessment, by, day, enrolment, letter, listed};

/// Read-then-write transactions from eight tasks: with DEFERRED transactions most of these fail on SQLite at once.
pub async fn eight_writers_of_a_hundred_writes_never_find_the_database_locked(scene: Scene) {
    let writers: Vec<_> = (0..8_u64)
        .map(|writer| {
            // Every writer has connections of its own, as another process would.
            let (url, lease) = (scene.url.clone(), scene.lease.clone());
            tokio::spawn(async move {
                let store = store::Store::open(&url).await.unwrap();
                for write in 0..100_u64 {
                    let row = listed(writer * 1000 + write + 1);
                    let from = enrolment("").answer_from;
                    let new = store.messages_seen(&lease, INBOX, EPOCH, &[row], from).await.unwrap();
                    assert_eq!(new, 1);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(scene.store.uids_known(scene.mailbox_id, INBOX, EPOCH).await.unwrap().len(), 800);
}

pub async fn of_many_messages_with_the_same_bytes_one_is_stored(scene: Scene) {
    let hash = Sha256::of(b"the same");
    let mut stored = Vec::new();
    for uid in 1..=8 {
        let (message, store, lease) = (scene.seen(uid).await, scene.store.clone(), scene.lease.clone());
        stored.push((message, store, lease));
    }
    let tasks: Vec<_> = stored
        .into_iter()
        .map(|(message, store, lease)| {
            tokio::spawn(async move { (message.id, store.message_stored(&lease, &message, hash, 8).await.unwrap()) })
        })
        .collect();
    let (mut first, mut repeated) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            (id, StoreOutcome::Stored) => first.push(id),
            (_, StoreOutcome::Repeated(of)) => repeated.push(of),
            (_, StoreOutcome::Erased) => panic!("nothing was erased"),
        }
    }
    assert_eq!(first.len(), 1);
    assert_eq!(repeated, vec![first[0]; 7]);
    assert_eq!(scene.faults().await, [""; 0]);
}

fn nothing() -> Earlier {
    Earlier {
        submission_id: Uuid::now_v7(),
        campaign_id: Uuid::now_v7(),
        root_id: Uuid::now_v7(),
        version: 1,
        message_id_header: None,
        subject: String::new(),
        received_at: day(),
        revision_until: None,
    }
}

pub async fn numbers_have_no_gap_under_concurrency_and_rollback(scene: Scene) {
    let letter = letter("a@b.cn", "主题征稿");
    let mut tasks = Vec::new();
    for uid in 1..=24_u64 {
        let message = scene.parsed(uid, &letter).await;
        let (store, lease, campaign, letter) =
            (scene.store.clone(), scene.lease.clone(), scene.campaign.clone(), letter.clone());
        tasks.push(tokio::spawn(async move {
            let campaigns = [campaign];
            let mut assessed = assessment(Class::Submission, Verdict::Eligible);
            if uid % 4 == 0 {
                // The chain's first version does not exist, which comes out after the number was taken.
                assessed.sorting.corrects = Some(0);
                let failed =
                    store.message_recorded(&lease, &message, &campaigns, &[nothing()], &letter, &assessed).await;
                assert_eq!(failed.unwrap_err().kind, ErrorKind::NotFound);
                return;
            }
            // A third are cut off somewhere in the middle, and then try again.
            if uid % 3 == 0 {
                let cut = Duration::from_micros(150 * uid);
                let record = store.message_recorded(&lease, &message, &campaigns, &[], &letter, &assessed);
                let _ = tokio::time::timeout(cut, record).await;
            }
            let recorded = store.message_recorded(&lease, &message, &campaigns, &[], &letter, &assessed).await;
            assert!(recorded.is_ok() || uid % 3 == 0, "{recorded:?}");
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let query = SubmissionQuery { order: SubmissionOrder::NumberAscending, limit: 100, ..SubmissionQuery::default() };
    let numbers: Vec<u64> =
        scene.store.submission_list(&query).await.unwrap().iter().map(|submission| submission.number).collect();
    assert_eq!(numbers, (1..=18).collect::<Vec<_>>());
    assert_eq!(scene.store.change_latest().await.unwrap(), 18);
    assert_eq!(scene.faults().await, [""; 0]);
}

/// A watcher that remembers the highest number it saw must never miss a lower one that becomes visible later.
pub async fn change_numbers_become_visible_in_their_order(scene: Scene) {
    let letter = letter("a@b.cn", "主题征稿");
    let mut messages = Vec::new();
    for uid in 1..=60_u64 {
        messages.push(scene.parsed(uid, &letter).await);
    }
    let watcher = {
        let store = scene.store.clone();
        tokio::spawn(async move {
            let mut seen: Vec<i64> = Vec::new();
            while seen.len() < 60 {
                let after = seen.last().copied().unwrap_or(0);
                let latest = store.change_latest().await.unwrap();
                let changes = store.submission_changes(after, None, 7).await.unwrap();
                assert!(changes.len() == 7 || changes.last().map_or(after, |(change, _)| *change) >= latest);
                seen.extend(changes.iter().map(|(change, _)| change));
                tokio::task::yield_now().await;
            }
            seen
        })
    };
    let mut recorders = Vec::new();
    for chunk in messages.chunks(10) {
        // Each records for a campaign of its own, whose counter would else make them take turns.
        let campaign = Campaign { id: Uuid::now_v7(), ..scene.campaign.clone() };
        scene.store.campaign_insert(&campaign, &by()).await.unwrap();
        let (chunk, store, lease, letter) = (chunk.to_vec(), scene.store.clone(), scene.lease.clone(), letter.clone());
        recorders.push(tokio::spawn(async move {
            for message in chunk {
                let assessment = assessment(Class::Submission, Verdict::Eligible);
                let campaigns = std::slice::from_ref(&campaign);
                store.message_recorded(&lease, &message, campaigns, &[], &letter, &assessment).await.unwrap();
            }
        }));
    }
    for recorder in recorders {
        recorder.await.unwrap();
    }
    let seen = tokio::time::timeout(Duration::from_secs(60), watcher).await.unwrap().unwrap();
    assert_eq!(seen, (1..=60).collect::<Vec<_>>());
}

/// What makes that order sure: whoever takes a number holds the counter until the commit.
pub async fn a_later_change_number_waits_for_an_earlier_one(scene: Scene) {
    scene.submission(1, "a@b.cn", "主题征稿").await;
    let letter = letter("a@b.cn", "主题征稿");
    for (uid, commits, expected) in [(2, true, 3), (3, false, 4)] {
        let message = scene.parsed(uid, &letter).await;
        let latest = scene.store.change_latest().await.unwrap();
        let raw = scene.raw().await;
        let earlier = raw.begin().await.unwrap();
        let take = "UPDATE counter SET value = value + 1 WHERE name = 'submission_change'";
        earlier.execute_unprepared(take).await.unwrap();
        let (store, lease, campaign, letter) =
            (scene.store.clone(), scene.lease.clone(), scene.campaign.clone(), letter.clone());
        let later = tokio::spawn(async move {
            let assessed = assessment(Class::Submission, Verdict::Eligible);
            store.message_recorded(&lease, &message, &[campaign], &[], &letter, &assessed).await.unwrap();
        });
        // Many more questions and answers than recording takes.
        for _ in 0..100 {
            assert_eq!(scene.store.change_latest().await.unwrap(), latest);
            assert!(!later.is_finished(), "it did not wait");
        }
        if commits {
            earlier.commit().await.unwrap()
        } else {
            earlier.rollback().await.unwrap()
        }
        later.await.unwrap();
        assert_eq!(scene.store.change_latest().await.unwrap(), expected);
        assert_eq!(scene.store.submission_changes(latest, None, 9).await.unwrap()[0].0, expected);
    }
}
