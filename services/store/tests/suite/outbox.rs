//! Letters to authors: written with what they follow from, taken by one sender at a time, and never handed over twice
//! where the settings say so.

use std::time::Duration;

use intake::campaign::ReplyTemplate;
use reply::{
    Kind,
    answering::Ourselves,
    message_id::Told,
    outbox::{OnUncertain, Outbox, Outcome, Outgoing, Stage},
};
use stdx::ErrorKind;
use store::{ReplyPolicy, ReplySender};

use crate::scene::{Scene, by};

/// Longer than any test.
pub const LEASE: Duration = Duration::from_secs(600);

pub fn policy() -> ReplyPolicy {
    ReplyPolicy {
        senders: vec![ReplySender {
            mailbox: "CZZhengWen@163.com".into(),
            name: "编辑部".into(),
            address: "czzhengwen@163.com".into(),
            ourselves: Ourselves {
                addresses: vec!["czzhengwen@163.com".into()],
                message_id_domain: "caibian.example.cn".into(),
                authserv_id: None,
                answers_unproven: false,
            },
        }],
        ..ReplyPolicy::default()
    }
}

pub fn answering(scene: Scene, policy: ReplyPolicy) -> Scene {
    Scene { store: scene.store.clone().answering(policy), ..scene }
}

pub async fn taken(scene: &Scene) -> Outgoing {
    scene.store.take("sender-1", LEASE).await.unwrap().expect("a letter is due")
}

pub fn sent() -> Outcome {
    Outcome::Sent { said: "250 OK".into() }
}

/// Lets the lease of every letter under way be over.
pub async fn leases_end(scene: &Scene) {
    scene.sql("UPDATE reply SET lease_until = 1 WHERE state = 'sending'").await.unwrap();
}

/// Lets the time of every letter that waits have come.
pub async fn time_comes(scene: &Scene) {
    scene.sql("UPDATE reply SET due_at = 1 WHERE state IN ('pending', 'deferred')").await.unwrap();
}

pub async fn a_letter_goes_out_once_through_one_sender(scene: Scene) {
    let scene = answering(scene, policy());
    let submission = scene.submission(1, "zhang@czt.example.cn", "主题征稿：预算绩效").await;
    assert!(scene.store.due_next().await.unwrap().is_some());
    let letter = taken(&scene).await;
    let told = Told { submission_id: submission.id, kind: Kind::Acknowledgement, version: 1 };
    assert_eq!(letter.message_id, told.message_id("caibian.example.cn"));
    assert_eq!((letter.from.as_str(), letter.to.as_str()), ("czzhengwen@163.com", "zhang@czt.example.cn"));
    assert_eq!((letter.fence, letter.tries), (1, 1));
    let raw = String::from_utf8(letter.raw.clone()).unwrap();
    assert!(raw.contains(&format!("Message-ID: <{}>\r\n", letter.message_id)), "{raw}");
    assert!(scene.store.take("sender-2", LEASE).await.unwrap().is_none(), "one sender has it");
    scene.store.staged(&letter, Stage::Envelope).await.unwrap();
    scene.store.staged(&letter, Stage::End).await.unwrap();
    scene.store.ended(&letter, &sent()).await.unwrap();
    assert_eq!(scene.store.ended(&letter, &sent()).await.unwrap_err().kind, ErrorKind::Conflict);
    time_comes(&scene).await;
    assert!(scene.store.take("sender-2", LEASE).await.unwrap().is_none(), "it went");
    assert_eq!(scene.store.due_next().await.unwrap(), None);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_campaigns_own_words_are_written_and_broken_ones_hold_nothing_up(scene: Scene) {
    let mut scene = answering(scene, policy());
    let [kind, language, subject] = ["acknowledgement", "zh", "Own words {{number}}"].map(str::to_owned);
    for (uid, body, is_own) in [(1, "收稿号 {{number}}", true), (2, "没有收稿号", false)] {
        let (kind, language, subject) = (kind.clone(), language.clone(), subject.clone());
        scene.campaign.templates = vec![ReplyTemplate { kind, language, subject, body: body.into() }];
        scene.campaign = scene.store.campaign_update(&scene.campaign, &by()).await.unwrap();
        scene.submission(uid, &format!("a{uid}@b.cn"), "主题征稿：预算绩效").await;
        let letter = taken(&scene).await;
        let raw = String::from_utf8(letter.raw.clone()).unwrap();
        assert_eq!(raw.contains(&format!("Subject: Own words {uid}\r\n")), is_own, "{raw}");
        scene.store.staged(&letter, Stage::Envelope).await.unwrap();
        scene.store.staged(&letter, Stage::End).await.unwrap();
        scene.store.ended(&letter, &sent()).await.unwrap();
    }
}

pub async fn a_sender_that_lost_its_lease_goes_no_further(scene: Scene) {
    let scene = answering(scene, policy());
    scene.submission(1, "zhang@czt.example.cn", "主题征稿").await;
    let letter = taken(&scene).await;
    scene.store.staged(&letter, Stage::Envelope).await.unwrap();
    leases_end(&scene).await;
    let refused = scene.store.staged(&letter, Stage::End).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    let again = scene.store.take("sender-2", LEASE).await.unwrap().expect("no server has it: it is due at once");
    assert_eq!((again.id, again.fence, again.tries), (letter.id, 2, 2));
    assert_eq!(again.raw, letter.raw, "the same bytes on every try");
    for words in [scene.store.staged(&letter, Stage::End).await, scene.store.ended(&letter, &sent()).await] {
        assert_eq!(words.unwrap_err().kind, ErrorKind::Conflict, "an older sender's words count no more");
    }
    scene.store.ended(&again, &sent()).await.unwrap();
}

/// Senders die at every point of a try, in every order of two tries, and leases end: how often was a mail handed over?
pub async fn a_letter_is_handed_over_once_or_where_the_settings_say_so_twice_whatever_dies(scene: Scene) {
    // Where a sender dies: after the take, in the envelope, at the end of the mail; or it is told that it may try again.
    let points = [None, Some(Stage::Envelope), Some(Stage::End)];
    let mut uid = 0;
    for (on_uncertain, handed_max) in [(OnUncertain::Hold, 1), (OnUncertain::Resend, 2)] {
        let scene = answering(scene.clone(), ReplyPolicy { on_uncertain, ..policy() });
        for order in 0..9_usize {
            uid += 1;
            scene.submission(uid, &format!("a{uid}@b.cn"), "主题征稿").await;
            let mut handed = 0;
            for digit in [order % 3, order / 3, 2, 2] {
                time_comes(&scene).await;
                let Some(letter) = scene.store.take("sender", LEASE).await.unwrap() else { break };
                for stage in [Stage::Envelope, Stage::End] {
                    if points[digit] >= Some(stage) {
                        scene.store.staged(&letter, stage).await.unwrap();
                        handed += u32::from(stage == Stage::End);
                    }
                }
                leases_end(&scene).await;
                if points[digit] == Some(Stage::End) {
                    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none(), "it is sorted, and pauses");
                }
            }
            assert_eq!(handed, handed_max, "{on_uncertain:?}, order {order}");
        }
    }
}

pub async fn two_senders_never_take_the_same_letter(scene: Scene) {
    let scene = answering(scene, policy());
    for uid in 1..=30 {
        scene.submission(uid, &format!("a{uid}@b.cn"), "主题征稿").await;
    }
    let senders: Vec<_> = (0..4)
        .map(|number| {
            let url = scene.url.clone();
            tokio::spawn(async move {
                let store = store::Store::open(&url).await.unwrap().answering(policy());
                let mut taken = Vec::new();
                while let Some(letter) = store.take(&format!("sender-{number}"), LEASE).await.unwrap() {
                    taken.push(letter.id);
                    store.staged(&letter, Stage::End).await.unwrap();
                    store.ended(&letter, &sent()).await.unwrap();
                }
                taken
            })
        })
        .collect();
    let mut taken = Vec::new();
    for sender in senders {
        taken.extend(sender.await.unwrap());
    }
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), 30);
    assert_eq!(scene.sql("UPDATE reply SET detail = '' WHERE state = 'sent' AND tries = 1").await.unwrap(), 30);
}
