//! Tests of mailboxes: asked for once, done by one worker, and their mail never becomes a submission.

use intake::{judgement::Verdict, sorting::Class};
use stdx::ErrorKind;
use store::mailbox_test::{TestNote, TestOutcome, TestStep};
use uuid::Uuid;

use crate::{
    letters::letters,
    outbox::{answering, policy},
    scene::{Scene, assessment, letter},
};

pub async fn a_test_is_asked_for_once_and_done_by_one_worker(scene: Scene) {
    let store = &scene.store;
    let ask = || store.mailbox_test_ask(scene.mailbox_id, "admin");
    let id = ask().await.unwrap().unwrap();
    assert_eq!(ask().await.unwrap(), None, "one at a time");
    let unknown = store.mailbox_test_ask(Uuid::now_v7(), "admin").await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    assert_eq!(store.mailbox_test_take(Uuid::now_v7(), "other").await.unwrap(), None, "another's mailbox");
    let test = store.mailbox_test_take(scene.mailbox_id, "worker-1").await.unwrap().unwrap();
    assert_eq!((test.id, test.is_taken, test.is_ended), (id, true, false));
    assert!(test.message_id.ends_with("@163.com"), "{}", test.message_id);
    assert_eq!(store.mailbox_test_take(scene.mailbox_id, "worker-2").await.unwrap(), None);
    let note = |step| TestNote { step, outcome: TestOutcome::Passed, zh: "好".into(), en: "well".into() };
    let notes = [note(TestStep::Receive), note(TestStep::Folders)];
    store.mailbox_test_note(id, &notes[..1], false).await.unwrap();
    assert_eq!(store.mailbox_test_get(id).await.unwrap().notes, notes[..1]);
    store.mailbox_test_note(id, &notes, true).await.unwrap();
    let ended = store.mailbox_test_get(id).await.unwrap();
    assert_eq!((ended.notes.as_slice(), ended.is_ended), (&notes[..], true));
    let next = ask().await.unwrap().unwrap();
    assert_ne!(store.mailbox_test_get(next).await.unwrap().token, test.token);
    // Nobody took it up: it is given up, and so is one whose worker died.
    scene.sql("UPDATE mailbox_test SET asked_at = asked_at - 16000000 WHERE ended_at IS NULL").await.unwrap();
    assert_eq!(store.mailbox_test_take(scene.mailbox_id, "worker-1").await.unwrap(), None);
    ask().await.unwrap().unwrap();
    store.mailbox_test_take(scene.mailbox_id, "worker-1").await.unwrap().unwrap();
    scene.sql("UPDATE mailbox_test SET asked_at = asked_at - 16000000 WHERE ended_at IS NULL").await.unwrap();
    assert_eq!(ask().await.unwrap(), None, "its worker is at it");
    scene.sql("UPDATE mailbox_test SET asked_at = asked_at - 66000000 WHERE ended_at IS NULL").await.unwrap();
    assert!(ask().await.unwrap().is_some());
}

pub async fn the_mail_of_a_test_never_becomes_a_submission_and_one_that_only_says_so_does(scene: Scene) {
    let scene = answering(scene, policy());
    let id = scene.store.mailbox_test_ask(scene.mailbox_id, "admin").await.unwrap().unwrap();
    let test = scene.store.mailbox_test_get(id).await.unwrap();
    let unknown = "0".repeat(32);
    let (made_up_id, made_up_subject) =
        (test.message_id.replace(&test.token, &unknown), test.subject.replace(&test.token, &unknown));
    let theirs = "1@b.cn".to_owned();
    let submission = "主题征稿".to_owned();
    for (uid, message_id, subject, is_own) in [
        (1, &made_up_id, &submission, false),
        (2, &theirs, &made_up_subject, false),
        (3, &theirs, &format!("Re: {}", test.subject), false),
        (4, &test.message_id, &submission, true),
        (5, &theirs, &test.subject, true),
    ] {
        // Whatever the mail looks like, and whatever was thought of it: the tables know it.
        let mut mail = letter("czzhengwen@163.com", subject);
        (mail.headers.message_id, mail.headers.loop_mark) = (Some(message_id.clone()), true);
        let message = scene.parsed(uid, &mail).await;
        scene.record(&message, &mail, &[], &assessment(Class::Submission, Verdict::Eligible)).await;
        let row = scene.store.message_get(message.id).await.unwrap();
        assert_eq!(row.submission_id.is_none(), is_own, "{uid}");
        if is_own {
            let history = scene.history(&message).await;
            assert!(history.contains("automatic-reply: the mail of a test of this mailbox"), "{history}");
        }
        assert_eq!(scene.store.mailbox_test_get(id).await.unwrap().is_set_aside, is_own, "{uid}");
    }
    assert!(letters(&scene).await.iter().all(|letter| letter.number <= 3), "nothing answers it");
    assert_eq!(scene.faults().await, [""; 0]);
}
