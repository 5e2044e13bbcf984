//! The chain over all histories.

use chrono::{TimeDelta, Utc};
use intake::review::{Actor, Role};
use sea_orm::{ConnectionTrait, Statement};
use stdx::beijing;
use store::{
    account::{AccessAction, AccessEvent},
    chain::Kind,
    record::RemarkMade,
};

use crate::{
    reviews::{in_first_review, who},
    scene::{Scene, day},
};

/// Some lines in each history.
async fn told(scene: &Scene) {
    let (submission, _) = in_first_review(scene, 1).await;
    let made = RemarkMade {
        submission_id: submission.id,
        actor: Actor { id: who(1), role: Role::Editor },
        name: "王五".into(),
        now: day(),
        once: None,
    };
    scene.store.review_comment(&made, "已电话联系。").await.unwrap();
    let event = AccessEvent {
        at: Utc::now(),
        actor: "zhang".into(),
        action: AccessAction::UserCreated,
        subject: "li".into(),
        peer: "127.0.0.1".into(),
        detail: "编辑".into(),
    };
    scene.store.access_append(&event).await.unwrap();
    for sql in [
        "INSERT INTO contact_event (address, at, is_reachable, actor, detail) VALUES ('a@b.cn', 1, FALSE, 'worker', '550')",
        "INSERT INTO reply_event (reply_id, at, state_before, state_after, actor, detail) \
         SELECT id, 1, NULL, 'pending', 'worker', '收稿回执' FROM reply",
    ] {
        scene.sql(sql).await.unwrap();
    }
}

async fn seal_all(scene: &Scene) -> u64 {
    let mut links = 0;
    loop {
        match scene.store.history_seal().await.unwrap() {
            0 => return links,
            made => links += made,
        }
    }
}

async fn count(scene: &Scene, sql: &str) -> u64 {
    let raw = scene.raw().await;
    let row = raw.query_one_raw(Statement::from_string(raw.get_database_backend(), sql)).await.unwrap().unwrap();
    u64::try_from(row.try_get_by_index::<i64>(0).unwrap()).unwrap()
}

/// Lets anything pass, as for somebody who owns the database.
async fn without_triggers(scene: &Scene) {
    for table in Kind::ALL.map(Kind::as_str).into_iter().chain(["history_link"]) {
        let statements = if scene.url.starts_with("postgres") {
            vec![format!("ALTER TABLE {table} DISABLE TRIGGER USER")]
        } else {
            vec![format!("DROP TRIGGER {table}_no_update"), format!("DROP TRIGGER {table}_no_delete")]
        };
        for statement in statements {
            scene.sql(&statement).await.unwrap();
        }
    }
}

pub async fn every_line_of_every_history_is_linked_once_whoever_links(scene: Scene) {
    told(&scene).await;
    // Lines come while four link.
    let sealing = (0..4).map(|_| {
        let scene = scene.clone();
        tokio::spawn(async move {
            for _ in 0..10 {
                scene.store.history_seal().await.unwrap();
            }
        })
    });
    let sealing: Vec<_> = sealing.collect();
    for uid in 50..90 {
        scene.seen(uid).await;
    }
    for task in sealing {
        task.await.unwrap();
    }
    seal_all(&scene).await;
    for kind in Kind::ALL.map(Kind::as_str) {
        let lines = count(&scene, &format!("SELECT COUNT(*) FROM {kind}")).await;
        let linked = count(&scene, &format!("SELECT COUNT(*) FROM history_link WHERE kind = '{kind}'")).await;
        assert_eq!(lines, linked, "{kind}");
        assert!(lines > 0 || kind == "reply_event", "{kind}");
    }
    assert_eq!(scene.faults().await, [""; 0]);
    assert_eq!(seal_all(&scene).await, 0);
}

pub async fn a_line_that_was_changed_removed_or_put_in_is_named(scene: Scene) {
    told(&scene).await;
    seal_all(&scene).await;
    assert_eq!(scene.faults().await, [""; 0]);
    without_triggers(&scene).await;
    // One byte of each column, each undone.
    let changes = [
        ("message_event", "detail", "uid 1 of INBOX, epoch 8", "uid 1 of INBOX, epoch 7"),
        ("message_event", "actor", "worker-2", "worker-1"),
        ("review_remark", "words", "已电话联糸。", "已电话联系。"),
        ("review_event", "note", "x", ""),
        ("contact_event", "address", "a@c.cn", "a@b.cn"),
        ("access_event", "peer", "127.0.0.2", "127.0.0.1"),
    ];
    for (table, column, changed, before) in changes {
        let which = format!("id = (SELECT MIN(id) FROM {table})");
        scene.sql(&format!("UPDATE {table} SET {column} = '{changed}' WHERE {which}")).await.unwrap();
        let faults = scene.faults().await;
        let id = count(&scene, &format!("SELECT MIN(id) FROM {table}")).await;
        assert_eq!(faults.len(), 1, "{table}.{column}: {faults:#?}");
        assert!(faults[0].starts_with(&format!("{table} {id} ")), "{faults:#?}");
        assert!(faults[0].contains("it is not what was linked at "), "{faults:#?}");
        scene.sql(&format!("UPDATE {table} SET {column} = '{before}' WHERE {which}")).await.unwrap();
        assert_eq!(scene.faults().await, [""; 0], "{table}.{column}");
    }
    // The rules by which mails were judged: as they are kept, and as they are used.
    let replaced = |table: &str, from: &str, to: &str| {
        let body = match scene.url.starts_with("postgres") {
            true => format!("CAST(REPLACE(CAST(body AS text), '{from}', '{to}') AS jsonb)"),
            false => format!("REPLACE(body, '{from}', '{to}')"),
        };
        format!("UPDATE {table} SET body = {body}")
    };
    for (table, place, detail) in [
        ("campaign_revision", "campaign_revision 1 of campaign ", "it is not what was linked at "),
        ("campaign", "campaign ", "what mails are judged by is not what was kept as revision 1"),
    ] {
        scene.sql(&replaced(table, "主题征稿", "主题投稿")).await.unwrap();
        let faults = scene.faults().await;
        assert!(faults.iter().any(|fault| fault.starts_with(place) && fault.contains(detail)), "{faults:#?}");
        scene.sql(&replaced(table, "主题投稿", "主题征稿")).await.unwrap();
        assert_eq!(scene.faults().await, [""; 0], "{table}");
    }
    let decided = "UPDATE review_event SET number = number + 100 WHERE number = 2";
    scene.sql(decided).await.unwrap();
    assert!(scene.faults().await.iter().any(|fault| fault.contains("it is not what was linked")));
    scene.sql("UPDATE review_event SET number = number - 100 WHERE number = 102").await.unwrap();
    // A link is as provable as a line.
    scene.sql("UPDATE history_link SET sealed_at = sealed_at + 1 WHERE number = 3").await.unwrap();
    assert_eq!(scene.faults().await, ["history_link 3: it does not follow from the one before"]);
    scene.sql("UPDATE history_link SET sealed_at = sealed_at - 1 WHERE number = 3").await.unwrap();
    assert_eq!(scene.faults().await, [""; 0]);
    // Put in below the others, with words that break nothing else.
    scene
        .sql("INSERT INTO access_event (id, at, actor, action, subject, peer, detail) VALUES (-5, 1, 'x', 'user_created', 'y', '', '')")
        .await
        .unwrap();
    assert_eq!(scene.faults().await, ["access_event -5 of x: it has no link, and later lines have"]);
    seal_all(&scene).await;
    scene.sql("DELETE FROM access_event WHERE id = -5").await.unwrap();
    scene.sql("DELETE FROM access_event").await.unwrap();
    let gone = scene.faults().await;
    assert!(gone.iter().any(|fault| fault.starts_with("access_event ") && fault.ends_with("and is gone")), "{gone:#?}");
    let last = count(&scene, "SELECT MAX(number) FROM history_link").await;
    scene.sql(&format!("DELETE FROM history_link WHERE number IN (2, {last})")).await.unwrap();
    let gone = scene.faults().await;
    assert!(gone.contains(&"history_link 3: the links after 1 are gone".to_owned()), "{gone:#?}");
    let end = format!("history_link: the last one is {}, the counter stands at {last}", last - 1);
    assert!(gone.contains(&end), "{gone:#?}");
}

pub async fn words_can_be_erased_with_their_salt_and_nothing_else_can(scene: Scene) {
    told(&scene).await;
    seal_all(&scene).await;
    let lawful = [
        ("message_event", "detail = ''"),
        ("review_event", "reason = '', note = '', request_sha256 = NULL"),
        ("review_remark", "words = '', request_sha256 = NULL"),
        ("contact_event", "address = '', detail = ''"),
        ("access_event", "subject = '', detail = ''"),
    ];
    // Whose words may be erased at all: each of these says so once it is.
    let owners = [("message_event", "message"), ("review_event", "review"), ("review_remark", "review")];
    for (table, erased) in lawful {
        for unlawful in ["at = 2", "id = id + 1000"] {
            let refused = scene.sql(&format!("UPDATE {table} SET {erased}, {unlawful}")).await.unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{table}: {refused}");
        }
        scene.sql(&format!("UPDATE {table} SET {erased}")).await.unwrap();
        let named = format!("{table} ");
        if table != "review_event" {
            assert!(scene.faults().await.iter().any(|fault| fault.starts_with(&named)), "{table} with its salts");
        }
        scene.sql(&format!("UPDATE history_link SET salt = NULL WHERE kind = '{table}'")).await.unwrap();
        let faults = scene.faults().await;
        match owners.iter().find(|(owned, _)| *owned == table) {
            // The chain holds, and nobody erased what the line is about.
            Some((_, owner)) => {
                let told = format!("of its {table} were erased, and it was not");
                let is_told = |fault: &String| fault.starts_with(&format!("{owner} ")) && fault.ends_with(&told);
                assert!(
                    faults.iter().any(is_told) && !faults.iter().any(|fault| fault.starts_with(&named)),
                    "{faults:#?}"
                );
                for owner in ["message", "submission"] {
                    scene.sql(&format!("UPDATE {owner} SET erased_at = 1")).await.unwrap();
                }
                let faults = scene.faults().await;
                assert!(!faults.iter().any(is_told), "{faults:#?}");
                for owner in ["message", "submission"] {
                    scene.sql(&format!("UPDATE {owner} SET erased_at = NULL")).await.unwrap();
                }
            }
            None => assert!(!faults.iter().any(|fault| fault.starts_with(&named)), "{faults:#?}"),
        }
    }
    for unlawful in ["salt = words_sha256", "number = number + 100", "link_sha256 = line_sha256"] {
        let refused = scene.sql(&format!("UPDATE history_link SET {unlawful}")).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{unlawful}: {refused}");
    }
    for sql in ["UPDATE campaign_revision SET created_at = 1", "DELETE FROM campaign_revision"] {
        assert!(scene.sql(sql).await.unwrap_err().to_string().contains("append-only"), "{sql}");
    }
    assert!(scene.sql("DELETE FROM history_link").await.unwrap_err().to_string().contains("append-only"));
    // Words that come back where the salt is gone are no words of that line.
    without_triggers(&scene).await;
    let before = scene.faults().await;
    scene.sql("UPDATE review_remark SET words = '已电话联系。'").await.unwrap();
    let faults = scene.faults().await;
    let new: Vec<&String> = faults.iter().filter(|fault| !before.contains(fault)).collect();
    assert!(new.len() == 1 && new[0].starts_with("review_remark "), "{new:#?}");
}

pub async fn a_days_digest_stays_what_it_was(scene: Scene) {
    let today = beijing::day_of(Utc::now());
    assert_eq!(scene.store.history_digest(today).await.unwrap(), None);
    told(&scene).await;
    let links = i64::try_from(seal_all(&scene).await).unwrap();
    let digest = scene.store.history_digest(today + TimeDelta::days(1)).await.unwrap().unwrap();
    assert_eq!(digest.number, links);
    scene.seen(77).await;
    assert_eq!(seal_all(&scene).await, 1);
    assert_eq!(scene.store.history_digest_at(links).await.unwrap(), Some(digest));
    assert_ne!(scene.store.history_digest(today + TimeDelta::days(1)).await.unwrap(), Some(digest));
    assert_eq!(scene.store.history_digest(today - TimeDelta::days(2)).await.unwrap(), None);
    assert_eq!(scene.store.history_digest_at(links + 2).await.unwrap(), None);
}
