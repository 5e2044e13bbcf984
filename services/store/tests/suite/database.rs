//! What the databases themselves must do.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use stdx::{ErrorKind, beijing};
use store::{
    Store,
    record::{SubmissionFilter, SubmissionQuery},
};

use crate::scene::{Scene, at, listed};

pub async fn migrating_again_or_twice_at_once_changes_nothing(scene: Scene) {
    scene.store.ping().await.unwrap();
    assert!(scene.store.is_current().await.unwrap());
    let again: Vec<_> = (0..4)
        .map(|_| {
            let url = scene.url.clone();
            tokio::spawn(async move { Store::open(&url).await?.migrate().await })
        })
        .collect();
    for again in again {
        again.await.unwrap().unwrap();
    }

    // The same race on tables that are not there yet: one of the programs makes them, the others find them.
    let raw = scene.raw().await;
    let names = match scene.url.starts_with("postgres") {
        true => "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
        false => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid DESC",
    };
    let cascade = if scene.url.starts_with("postgres") { " CASCADE" } else { "" };
    for table in raw.query_all_raw(Statement::from_string(raw.get_database_backend(), names)).await.unwrap() {
        let table: String = table.try_get_by_index(0).unwrap();
        scene.sql(&format!("DROP TABLE {table}{cascade}")).await.unwrap();
    }
    for function in ["message_event_refuse", "history_erasing_alone"] {
        let _ = scene.sql(&format!("DROP FUNCTION {function}")).await; // PostgreSQL only
    }
    assert!(!scene.store.is_current().await.unwrap());
    let race: Vec<_> = (0..4)
        .map(|_| {
            let url = scene.url.clone();
            tokio::spawn(async move { Store::open(&url).await?.migrate().await })
        })
        .collect();
    for program in race {
        program.await.unwrap().unwrap();
    }
    assert!(scene.store.is_current().await.unwrap());
    assert_eq!(scene.store.campaign_list(None, 10).await.unwrap(), []);
}

pub async fn a_newer_database_is_refused(scene: Scene) {
    scene.sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_of_the_future', 0)").await.unwrap();
    for refused in [scene.store.migrate().await.unwrap_err(), scene.store.is_current().await.unwrap_err()] {
        assert_eq!(refused.kind(), ErrorKind::Invalid);
        let expected = "the database is newer than this program: it has the migration m9999_of_the_future";
        assert_eq!(refused.to_string(), expected);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hangs_up = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    for (url, kind) in [
        ("mysql://root@localhost/x", ErrorKind::Invalid),
        ("sqlite::memory:", ErrorKind::Invalid),
        ("sqlite:", ErrorKind::Invalid),
        (&format!("postgres://pg@{hangs_up}/x"), ErrorKind::Unavailable),
    ] {
        assert_eq!(Store::open(url).await.err().map(|error| error.kind()), Some(kind), "{url}");
    }
    server.abort();
    let unreadable = Store::open("postgres://caibian:geh@eim@db.example:port/x").await.err().unwrap();
    assert_eq!(unreadable.kind(), ErrorKind::Invalid);
    assert!(!unreadable.to_string().contains("eim"), "{unreadable}");
}

pub async fn history_can_only_be_added_to(scene: Scene) {
    let message = scene.seen(1).await;
    let before = scene.history(&message).await;
    assert_eq!(before, " → seen, worker-1: uid 1 of INBOX, epoch 7\n");
    let raw = scene.raw().await;
    for sql in ["UPDATE message_event SET detail = 'x'", "DELETE FROM message_event"] {
        let refused: DbErr = raw.execute_unprepared(sql).await.unwrap_err();
        assert!(refused.to_string().contains("the history is append-only"), "{sql}: {refused}");
    }
    if scene.url.starts_with("postgres") {
        let refused = raw.execute_unprepared("TRUNCATE message_event").await.unwrap_err();
        assert!(refused.to_string().contains("the history is append-only"), "{refused}");
    }
    assert_eq!(scene.history(&message).await, before);
}

/// SeaORM keeps a timestamp on SQLite as text with its offset, and compares that text; instants here are numbers.
pub async fn a_cut_off_compares_instants_and_not_their_text(scene: Scene) {
    let late_from = beijing::day_end(scene.campaign.deadline_day);
    assert_eq!(late_from, at("2023-03-31T16:00:00Z"));
    let second = TimeDelta::seconds(1);
    let micro = TimeDelta::microseconds(1);
    let receipts = [late_from - second, late_from - micro, late_from, late_from + micro, at("2023-04-01T00:30:00Z")];
    for (uid, received_at) in (1..).zip(receipts) {
        let listed = intake::ports::Listed { received_at, ..listed(uid) };
        let letter = crate::scene::letter("a@b.cn", "主题征稿");
        let message = scene.seen_in("INBOX", 7, listed).await;
        assert_eq!(message.received_at, received_at, "microseconds are kept");
        let hash = stdx::Sha256::of(&uid.to_le_bytes());
        let (store, lease) = (&scene.store, &scene.lease);
        intake::ports::Ledger::message_stored(store, lease, &message, hash, 1).await.unwrap();
        let message = scene.again(&message).await;
        intake::ports::Ledger::message_parsed(store, lease, &message, &letter).await.unwrap();
        let message = scene.again(&message).await;
        let assessment =
            crate::scene::assessment(intake::sorting::Class::Submission, intake::judgement::Verdict::Eligible);
        scene.record(&message, &letter, &[], &assessment).await;
    }
    for (filter, expected) in [
        (SubmissionFilter::ReceivedBefore(late_from), 2),
        (SubmissionFilter::ReceivedFrom(late_from), 3),
        (SubmissionFilter::ReceivedBefore(late_from + micro), 3),
        (SubmissionFilter::ReceivedFrom(at("2023-04-01T08:30:00+08:00")), 1),
    ] {
        let query = SubmissionQuery { filters: vec![filter.clone()], limit: 10, ..SubmissionQuery::default() };
        assert_eq!(scene.store.submission_list(&query).await.unwrap().len(), expected, "{filter:?}");
    }
}
