//! Addresses that letters came back from: what waits for them is held, and goes on when a person has looked.

use intake::{judgement::Verdict, letter::DeliveryReport, sorting::Class};
use reply::{
    editing::Refusal,
    outbox::{Outbox, Outcome, Stage, State},
};
use stdx::ErrorKind;
use store::{
    Store,
    outbox::record::{ReplyAction, ReplyRecord},
    record::ContactQuery,
};
use uuid::Uuid;

use crate::{
    letters::{act, history, letters},
    outbox::{LEASE, answering, policy, sent, taken, time_comes},
    scene::{Scene, assessment, letter},
};

/// A letter goes out.
async fn goes(scene: &Scene) -> ReplyRecord {
    let outgoing = taken(scene).await;
    scene.store.staged(&outgoing, Stage::End).await.unwrap();
    scene.store.ended(&outgoing, &sent()).await.unwrap();
    scene.store.reply_get(outgoing.id).await.unwrap()
}

/// A report says that it came back.
async fn comes_back(scene: &Scene, uid: u64, of: &ReplyRecord) {
    let mut report = letter("MAILER-DAEMON@b.cn", &format!("退信{uid}"));
    report.report = Some(DeliveryReport {
        original_message_id: Some(of.message_id.clone()),
        action: Some("failed".into()),
        status: Some("5.1.1".into()),
        diagnostic: Some("550 no such user".into()),
        ..DeliveryReport::default()
    });
    let message = scene.parsed(uid, &report).await;
    scene.record(&message, &report, &[], &assessment(Class::Bounce, Verdict::Eligible)).await;
}

async fn of(scene: &Scene, id: Uuid) -> ReplyRecord {
    scene.store.reply_get(id).await.unwrap()
}

pub async fn letters_to_an_address_that_one_came_back_from_wait_until_a_person_has_looked(scene: Scene) {
    let scene = answering(scene, policy());
    scene.submission(1, "li@b.cn", "主题征稿1").await;
    let first = goes(&scene).await;
    let waiting = scene.submission(2, "Li@b.cn", "主题征稿2").await;
    scene.submission(3, "li@b.cn", "主题征稿3").await;
    scene.submission(4, "wang@b.cn", "主题征稿4").await;
    let [_, waits, in_hand, other] = letters(&scene).await.try_into().unwrap();
    // An editor holds one for a reason of the editor's own; a sender has another.
    scene
        .sql(&format!("UPDATE reply SET due_at = due_at + 60000000 WHERE number IN ({}, 4)", waiting.number))
        .await
        .unwrap();
    let outgoing = taken(&scene).await;
    assert_eq!(outgoing.id, in_hand.id);
    comes_back(&scene, 5, &first).await;

    let held = of(&scene, waits.id).await;
    assert_eq!((held.state, held.silence.as_ref().unwrap().0.as_str()), (State::Held, "unreachable"));
    assert_eq!(of(&scene, other.id).await.state, State::Pending, "another's letter");
    // The one in hand could not be given to a server either: it waits like the other.
    let later = Outcome::Deferred { stage: Stage::Connect, said: "421".into() };
    scene.store.ended(&outgoing, &later).await.unwrap();
    time_comes(&scene).await;
    assert_eq!(goes(&scene).await.id, other.id);
    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none(), "nothing goes to the address");
    assert_eq!(of(&scene, in_hand.id).await.state, State::Held);

    let id = Store::contact_id("LI@b.cn");
    let contact = scene.store.contact_get(id).await.unwrap();
    let unreachable = contact.reach.unreachable.unwrap();
    assert_eq!((unreachable.reason.as_str(), unreachable.heard_at), ("5.1.1 550 no such user", None));
    let marked = ContactQuery { unreachable: true, limit: 9, ..ContactQuery::default() };
    let listed = scene.store.contact_list(&marked).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [id]);
    let of_manuscript = scene.store.unreachable_of(waiting.id, "li@b.cn").await.unwrap();
    assert_eq!(of_manuscript[0].0, "li@b.cn");

    assert_eq!(scene.store.contact_mark_reachable(id, "李主编").await.unwrap(), 2);
    let lines = history(&scene, waits.id).await;
    assert!(lines.ends_with("held → pending, 李主编: the address was marked reachable\n"), "{lines}");
    let contact = scene.store.contact_get(id).await.unwrap();
    assert_eq!((contact.reach.unreachable, contact.reach.checked.unwrap().by.as_str()), (None, "李主编"));
    assert_eq!(scene.store.contact_list(&marked).await.unwrap(), []);
    time_comes(&scene).await;
    let mut went = [goes(&scene).await.id, goes(&scene).await.id];
    went.sort_unstable();
    let mut expected = [waits.id, in_hand.id];
    expected.sort_unstable();
    assert_eq!(went, expected, "not lost, and once each");
    assert!(scene.store.take("sender", LEASE).await.unwrap().is_none());
    assert_eq!(scene.store.contact_mark_reachable(id, "王").await.unwrap(), 0, "it is reachable");
    let unknown = scene.store.contact_mark_reachable(Uuid::now_v7(), "王").await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_mark_is_lifted_by_a_person_alone_and_an_old_bounce_sets_none_anew(scene: Scene) {
    let scene = answering(scene, policy());
    scene.submission(1, "li@b.cn", "主题征稿1").await;
    scene.submission(2, "li@b.cn", "主题征稿2").await;
    let (first, second) = (goes(&scene).await, goes(&scene).await);
    comes_back(&scene, 3, &first).await;
    // A mail from the address is told, and lifts nothing: anybody can write it.
    scene.sql("UPDATE contact_mark SET unreachable_since = 1").await.unwrap();
    scene.submission(4, "li@b.cn", "主题征稿4").await;
    let written = letters(&scene).await.pop().unwrap();
    assert_eq!((written.state, written.silence.unwrap().0.as_str()), (State::Suppressed, "unreachable"));
    let id = Store::contact_id("li@b.cn");
    let unreachable = scene.store.contact_get(id).await.unwrap().reach.unreachable.unwrap();
    assert!(unreachable.heard_at.is_some());

    scene.store.contact_mark_reachable(id, "李主编").await.unwrap();
    comes_back(&scene, 5, &second).await;
    assert!(of(&scene, second.id).await.bounced_at.is_some(), "tied to its letter");
    assert_eq!(scene.store.contact_get(id).await.unwrap().reach.unreachable, None, "it went before the look");
    scene.submission(6, "li@b.cn", "主题征稿6").await;
    comes_back(&scene, 7, &goes(&scene).await).await;
    assert!(scene.store.contact_get(id).await.unwrap().reach.unreachable.is_some(), "and this one after it");
    for sql in ["UPDATE contact_event SET actor = 'x'", "DELETE FROM contact_event"] {
        assert!(scene.sql(sql).await.is_err(), "{sql}");
    }
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_letter_that_waits_for_its_own_approval_stays_with_its_person_and_does_not_go_to_a_marked_address(
    scene: Scene,
) {
    let scene = answering(scene, policy());
    for uid in 1..=3 {
        scene.submission(uid, "li@b.cn", &format!("主题征稿{uid}")).await;
    }
    let [first, second, third] = letters(&scene).await.try_into().unwrap();
    let own = act(&scene, &second, ReplyAction::Hold).await.unwrap();
    scene.sql("UPDATE reply SET due_at = due_at + 60000000 WHERE number = 3").await.unwrap();
    assert_eq!(goes(&scene).await.id, first.id);
    comes_back(&scene, 9, &first).await;
    assert_eq!(act(&scene, &own, ReplyAction::Approve).await, Err(Refusal::Unreachable));
    assert_eq!(of(&scene, own.id).await.silence, None, "it is held for another reason");
    // Whoever approves the one that the mark holds has looked at the address.
    let approved = act(&scene, &of(&scene, third.id).await, ReplyAction::Approve).await.unwrap();
    assert_eq!((approved.state, approved.silence), (State::Pending, None));
    assert_eq!(of(&scene, own.id).await.state, State::Held, "nobody approved that one");
    assert_eq!(act(&scene, &own, ReplyAction::Approve).await.unwrap().state, State::Pending);
}
