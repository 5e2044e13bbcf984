use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use futures::future::join_all;
use intake::review::Role;
use store::account::{Account, AccountChange, AccountDraft, By, Kept};
use tempfile::TempDir;
use tonic_types::StatusExt;

use super::*;
use crate::session::invitation;

const PASSWORD: &str = "落霞与孤鹜齐飞 1";

struct Desk {
    _folder: TempDir,
    store: Store,
    sessions: Sessions,
    account: Account,
}

fn by() -> By {
    By { actor: "test".into(), now: Utc::now() }
}

/// A service with one person, `zhang`, whose password is set.
async fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("data.db").display())).await.unwrap();
    store.migrate().await.unwrap();
    let draft =
        AccountDraft { name: "zhang".into(), display_name: "张".into(), role: Role::Editor, is_rehearsal: false };
    let (invited, kept) = invitation(Utc::now()).unwrap();
    let Kept::Made(account) = store.account_create(&draft, &kept, None, &by()).await.unwrap() else { panic!("twice") };
    let sessions = Sessions::new(store.clone());
    let asked = v1::AcceptInvitationRequest { invitation: invited, password: PASSWORD.into(), peer: String::new() };
    sessions.accept_invitation(Request::new(asked)).await.unwrap();
    Desk { _folder: folder, store, sessions, account }
}

impl Desk {
    async fn sign_in(&self, name: &str, password: &str, peer: &str) -> Result<v1::SignInResponse, Status> {
        let asked = v1::SignInRequest { user_name: name.into(), password: password.into(), peer: peer.into() };
        self.sessions.sign_in(Request::new(asked)).await.map(Response::into_inner)
    }

    fn hashes(&self) -> usize {
        self.sessions.passwords.counted.all.load(Ordering::SeqCst)
    }
}

fn told(status: &Status) -> (Code, String, String, String) {
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    let zh = details.localized_message().unwrap().message.clone();
    (status.code(), info.reason.clone(), status.message().to_owned(), zh)
}

#[tokio::test]
async fn a_wrong_password_is_noted_with_whose_and_whence() {
    let desk = desk().await;
    desk.sign_in("zhang", "wrong", "203.0.113.7").await.unwrap_err();
    let query = store::account::AccessQuery {
        actions: vec![AccessAction::SignInFailed],
        limit: 9,
        ..store::account::AccessQuery::default()
    };
    // Nobody waits for it: the answer takes as long for a name that is nobody's.
    for _ in 0..200 {
        let noted = desk.store.access_list(&query).await.unwrap();
        if let [(_, event)] = &noted[..] {
            assert_eq!((event.actor.as_str(), event.peer.as_str()), ("zhang", "203.0.113.7"));
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it is not noted");
}

#[tokio::test]
async fn an_unknown_a_disabled_and_an_invited_user_cost_and_say_what_a_wrong_password_does() {
    let desk = desk().await;
    let made = |name: &str| AccountDraft {
        name: name.into(),
        display_name: String::new(),
        role: Role::Editor,
        is_rehearsal: false,
    };
    let (_, kept) = invitation(Utc::now()).unwrap();
    desk.store.account_create(&made("invited"), &kept, None, &by()).await.unwrap();
    let (_, kept) = invitation(Utc::now()).unwrap();
    let Kept::Made(off) = desk.store.account_create(&made("off"), &kept, None, &by()).await.unwrap() else { panic!() };
    let change = AccountChange { disabled: Some(true), ..AccountChange::default() };
    desk.store.account_update(off.id, None, &change, &by()).await.unwrap().unwrap();

    let before = desk.hashes();
    let wrong = told(&desk.sign_in("zhang", "wrong", "").await.unwrap_err());
    assert_eq!((wrong.0, wrong.1.as_str()), (Code::Unauthenticated, "SIGN_IN_FAILED"));
    assert_eq!(desk.hashes() - before, 1);
    for (number, name) in ["nobody", "off", "invited", "", "零"].into_iter().enumerate() {
        assert_eq!(told(&desk.sign_in(name, "wrong", "").await.unwrap_err()), wrong, "{name}");
        assert_eq!(desk.hashes() - before, 2 + number, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_guesses_at_once_five_are_looked_at_two_at_a_time_and_the_rest_must_wait() {
    let desk = desk().await;
    let before = desk.hashes();
    let guesses = (0..50).map(|number| async move { format!("guess number {number}") });
    let answers = join_all(guesses.map(|guess| async { desk.sign_in("Zhang", &guess.await, "").await })).await;
    let mut waits = 0;
    for status in answers.into_iter().map(Result::unwrap_err) {
        match status.code() {
            Code::Unauthenticated => {}
            Code::ResourceExhausted => {
                assert_eq!(told(&status).1, "SIGN_IN_TOO_OFTEN");
                assert!(status.get_details_retry_info().unwrap().retry_delay.unwrap() > Duration::ZERO);
                waits += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((desk.hashes() - before, waits), (5, 45));
    assert!(desk.sessions.passwords.counted.most_at_once.load(Ordering::SeqCst) <= 2);
    // Whoever knows the password waits too, and no longer than that.
    assert_eq!(desk.sign_in("zhang", PASSWORD, "").await.unwrap_err().code(), Code::ResourceExhausted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_ten_thousand_sign_ins_is_refused_but_for_a_few() {
    let desk = desk().await;
    let before = desk.hashes();
    let flood = (0..10_000).map(|number| {
        let desk = &desk;
        async move { desk.sign_in(&format!("n{number}"), "guess guess", &format!("p{number}")).await.unwrap_err() }
    });
    let answers = join_all(flood).await;
    let busy = answers.iter().filter(|status| told(status).1 == "SIGN_IN_BUSY").count();
    assert_eq!(busy + desk.hashes() - before, 10_000);
    assert!(busy > 5_000, "only {busy} were refused");
    assert!(desk.sessions.passwords.counted.most_at_once.load(Ordering::SeqCst) <= 2);
    desk.sign_in("zhang", PASSWORD, "").await.unwrap();
}

#[tokio::test]
async fn a_password_that_is_right_forgets_the_failures_before_it() {
    let desk = desk().await;
    for _ in 0..2 {
        for _ in 0..4 {
            assert_eq!(desk.sign_in("zhang", "wrong", "").await.unwrap_err().code(), Code::Unauthenticated);
        }
        desk.sign_in(" ZHANG".trim(), PASSWORD, "").await.unwrap();
    }
    // What is no fault of the person does not count either.
    for _ in 0..9 {
        let long = "x".repeat(257);
        assert_eq!(desk.sign_in("zhang", &long, "").await.unwrap_err().code(), Code::InvalidArgument);
    }
    desk.sign_in("zhang", PASSWORD, "").await.unwrap();
    let alive = desk.store.account_get(desk.account.id).await.unwrap();
    assert!(alive.last_sign_in_at.unwrap() > Utc::now() - TimeDelta::minutes(5));
}
