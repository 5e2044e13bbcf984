//! Accounts: sessions that end, invitations that are used once, and an installation that always has an administrator.

use chrono::{DateTime, TimeDelta, Utc};
use intake::review::Role;
use stdx::{ErrorKind, Sha256};
use store::{
    Store,
    account::{
        AccessAction, AccessEvent, AccessQuery, Account, AccountChange, AccountDraft, By, Invitation, InvitationUse,
        Kept, Once, Session, SessionDraft,
    },
};

use crate::scene::{Scene, day};

fn at(minutes: i64) -> DateTime<Utc> {
    day() + TimeDelta::minutes(minutes)
}

fn by(minutes: i64) -> By {
    By { actor: "chief".into(), now: at(minutes) }
}

fn hash(text: &str) -> Sha256 {
    Sha256::of(text.as_bytes())
}

fn draft(name: &str, role: Role) -> AccountDraft {
    AccountDraft { name: name.into(), display_name: name.into(), role, is_rehearsal: false }
}

fn invitation(token: &str) -> Invitation {
    Invitation { token: hash(token), expires_at: at(60) }
}

async fn made(store: &Store, name: &str, role: Role) -> Account {
    match store.account_create(&draft(name, role), &invitation(name), None, &by(0)).await.unwrap() {
        Kept::Made(account) => account,
        Kept::Before(account) => panic!("{account:?} was there before"),
    }
}

fn use_of(invitation: &str, session: &str, minutes: i64) -> InvitationUse {
    InvitationUse {
        token: hash(invitation),
        password_hash: format!("hash of {invitation}"),
        session: SessionDraft { token: hash(session), peer: "203.0.113.7".into(), now: at(minutes) },
    }
}

/// A person who has accepted, and the session that began with it.
async fn arrived(store: &Store, name: &str, role: Role) -> Session {
    made(store, name, role).await;
    store.invitation_accept(&use_of(name, &format!("{name}-0"), 1)).await.unwrap().unwrap()
}

async fn begin(store: &Store, session: &Session, token: &str, minutes: i64) -> Option<Session> {
    let draft = SessionDraft { token: hash(token), peer: String::new(), now: at(minutes) };
    let name = &session.account.name;
    store.session_begin(session.account.id, &format!("hash of {name}"), &draft).await.unwrap()
}

async fn is_alive(store: &Store, token: &str, minutes: i64) -> bool {
    store.session_find(hash(token), at(minutes)).await.unwrap().is_some()
}

pub async fn a_session_ends_when_its_person_is_idle_and_after_twelve_hours_whatever_happens(scene: Scene) {
    let store = &scene.store;
    let session = arrived(store, "zhang", Role::Editor).await;
    assert_eq!((session.created_at, session.expires_at), (at(1), at(1) + TimeDelta::hours(12)));
    let found = store.session_find(hash("zhang-0"), at(30)).await.unwrap().unwrap();
    assert_eq!(found, session);
    assert!(!is_alive(store, "zhang-0", 31).await, "half an hour without a call");
    // Activity is written once a minute at most.
    store.session_seen(&session, at(1) + TimeDelta::seconds(59)).await.unwrap();
    assert_eq!(store.session_find(hash("zhang-0"), at(2)).await.unwrap().unwrap().seen_at, at(1));
    for minutes in (20..=720).step_by(20) {
        let session = store.session_find(hash("zhang-0"), at(minutes)).await.unwrap().unwrap();
        store.session_seen(&session, at(minutes)).await.unwrap();
    }
    assert!(is_alive(store, "zhang-0", 720).await);
    assert!(!is_alive(store, "zhang-0", 721).await);
    assert!(!is_alive(store, "nobody's", 2).await);
}

pub async fn an_invitation_is_used_once_also_by_many_at_once(scene: Scene) {
    made(&scene.store, "zhang", Role::Editor).await;
    assert!(scene.store.invitation_find(hash("zhang"), at(59)).await.unwrap().is_some());
    assert!(scene.store.invitation_find(hash("zhang"), at(60)).await.unwrap().is_none());
    assert!(scene.store.invitation_accept(&use_of("zhang", "late", 60)).await.unwrap().is_none());
    let tries: Vec<_> = (0..8)
        .map(|number| {
            let store = scene.store.clone();
            tokio::spawn(async move { store.invitation_accept(&use_of("zhang", &number.to_string(), 1)).await })
        })
        .collect();
    let mut accepted = 0;
    for one in tries {
        accepted += usize::from(one.await.unwrap().unwrap().is_some());
    }
    assert_eq!(accepted, 1);
    assert!(scene.store.invitation_find(hash("zhang"), at(2)).await.unwrap().is_none());
    let (account, password) = scene.store.account_find("ZHANG").await.unwrap().unwrap();
    assert_eq!((account.has_password, password.as_deref()), (true, Some("hash of zhang")));
}

pub async fn what_changes_a_persons_rights_ends_the_sessions(scene: Scene) {
    let store = &scene.store;
    arrived(store, "root", Role::Administrator).await;
    let session = arrived(store, "zhang", Role::Editor).await;
    let id = session.account.id;
    begin(store, &session, "second", 2).await.unwrap();
    assert!(store.password_change(&session, "hash of zhang", "new", at(3)).await.unwrap());
    assert!(!store.password_change(&session, "hash of zhang", "newer", at(3)).await.unwrap(), "it is another one");
    assert!(begin(store, &arrived(store, "old", Role::Viewer).await, "years", 5 * 365 * 24 * 60).await.is_some());
    assert!(is_alive(store, "zhang-0", 4).await, "the one that changed it goes on");
    assert!(!is_alive(store, "second", 4).await);
    assert!(begin(store, &session, "stale", 4).await.is_none(), "the compared hash is no longer the password's");

    let renamed = AccountChange { display_name: Some("张三".into()), ..AccountChange::default() };
    store.account_update(id, None, &renamed, &by(5)).await.unwrap().unwrap();
    assert!(is_alive(store, "zhang-0", 6).await);
    let promoted = AccountChange { role: Some(Role::ChiefEditor), ..AccountChange::default() };
    store.account_update(id, None, &promoted, &by(6)).await.unwrap().unwrap();
    assert!(!is_alive(store, "zhang-0", 7).await);

    let other = arrived(store, "li", Role::Viewer).await;
    let disabled = AccountChange { disabled: Some(true), ..AccountChange::default() };
    store.account_update(other.account.id, None, &disabled, &by(7)).await.unwrap().unwrap();
    assert!(!is_alive(store, "li-0", 8).await);
    assert!(begin(store, &other, "off", 8).await.is_none());
    assert!(is_alive(store, "root-0", 8).await, "nobody else's");

    let wang = arrived(store, "wang", Role::Viewer).await;
    store.account_invite(wang.account.id, &invitation("wang again"), &by(8)).await.unwrap();
    assert!(!is_alive(store, "wang-0", 9).await);
    assert!(begin(store, &wang, "lost", 9).await.is_none(), "the old password is gone");
    store.session_end(hash("root-0"), at(9)).await.unwrap();
    store.session_end(hash("root-0"), at(9)).await.unwrap();
    assert!(!is_alive(store, "root-0", 9).await);
    let query = AccessQuery { actions: vec![AccessAction::SignOut], limit: 10, ..AccessQuery::default() };
    assert_eq!(store.access_list(&query).await.unwrap().len(), 1, "a sign-out is told once");
}

pub async fn of_many_sessions_of_one_person_the_newest_twenty_live(scene: Scene) {
    let session = arrived(&scene.store, "zhang", Role::Editor).await;
    for number in 0..25 {
        begin(&scene.store, &session, &number.to_string(), 2 + number).await.unwrap();
    }
    let mut alive = 0;
    for number in 0..25 {
        alive += usize::from(is_alive(&scene.store, &number.to_string(), 26).await);
    }
    assert_eq!(alive, 20);
    assert!(is_alive(&scene.store, "24", 26).await && !is_alive(&scene.store, "4", 26).await);
}

pub async fn the_last_administrator_stays_one_also_when_two_put_each_other_out(scene: Scene) {
    let store = &scene.store;
    let one = arrived(store, "one", Role::Administrator).await.account;
    let disabled = AccountChange { disabled: Some(true), ..AccountChange::default() };
    let demoted = AccountChange { role: Some(Role::ChiefEditor), ..AccountChange::default() };
    made(store, "invited", Role::Administrator).await;
    for change in [&disabled, &demoted] {
        // An invitation is no administrator who can sign in.
        assert_eq!(store.account_update(one.id, None, change, &by(2)).await.unwrap(), None);
    }
    let two = arrived(store, "two", Role::Administrator).await.account;
    let by = by(3);
    let (first, second) = tokio::join!(
        store.account_update(one.id, None, &disabled, &by),
        store.account_update(two.id, None, &demoted, &by),
    );
    assert_eq!([first.unwrap(), second.unwrap()].iter().filter(|changed| changed.is_some()).count(), 1);
}

pub async fn a_name_is_taken_in_any_case_and_the_same_call_makes_one_account(scene: Scene) {
    let store = &scene.store;
    made(store, "zhang", Role::Editor).await;
    let taken = store.account_create(&draft("Zhang", Role::Viewer), &invitation("x"), None, &by(1)).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let once = Once { request_id: "r1".into(), body_sha256: hash("body") };
    let rehearsal = AccountDraft { is_rehearsal: true, ..draft("li", Role::Viewer) };
    store.account_create(&rehearsal, &invitation("li"), Some(&once), &by(1)).await.unwrap();
    assert!(store.account_find("li").await.unwrap().is_none());
    let first = store.account_create(&draft("li", Role::Viewer), &invitation("li"), Some(&once), &by(1)).await.unwrap();
    let again = store.account_create(&draft("li", Role::Viewer), &invitation("i2"), Some(&once), &by(2)).await.unwrap();
    let (Kept::Made(first), Kept::Before(again)) = (first, again) else { panic!("made twice") };
    assert_eq!(first, again);
    assert!(store.invitation_find(hash("i2"), at(3)).await.unwrap().is_none());
    let other = Once { body_sha256: hash("other"), ..once };
    let reused = store.account_create(&draft("li", Role::Viewer), &invitation("i3"), Some(&other), &by(2)).await;
    assert_eq!(reused.unwrap_err().kind(), ErrorKind::Invalid);

    let names: Vec<String> = store.account_list(None, 10).await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["li", "zhang"]);
    let after: Vec<String> = store.account_list(Some("li"), 1).await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(after, ["zhang"]);
    let renamed = AccountChange { display_name: Some("李".into()), ..AccountChange::default() };
    let changed = store.account_update(first.id, Some(1), &renamed, &by(4)).await.unwrap().unwrap();
    assert_eq!((changed.row_version, changed.display_name.as_str()), (2, "李"));
    let stale = store.account_update(first.id, Some(1), &AccountChange::default(), &by(4)).await;
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::Conflict);
    assert!(!store.account_ensure_first(&draft("admin", Role::Administrator), &invitation("a"), &by(5)).await.unwrap());
}

pub async fn what_was_done_with_accounts_can_only_be_added_to(scene: Scene) {
    let store = &scene.store;
    assert!(store.account_ensure_first(&draft("admin", Role::Administrator), &invitation("a"), &by(0)).await.unwrap());
    for number in 0..3 {
        let event = AccessEvent {
            at: at(number),
            actor: "zhang".into(),
            action: AccessAction::ContactRevealed,
            subject: format!("submissions/{number}"),
            peer: String::new(),
            detail: String::new(),
        };
        store.access_append(&event).await.unwrap();
    }
    let query = AccessQuery { actor: Some("zhang".into()), limit: 2, ..AccessQuery::default() };
    let page = store.access_list(&query).await.unwrap();
    assert_eq!(
        page.iter().map(|(_, event)| event.subject.as_str()).collect::<Vec<_>>(),
        ["submissions/2", "submissions/1"]
    );
    let rest = store.access_list(&AccessQuery { before: Some(page[1].0), ..query }).await.unwrap();
    assert_eq!(rest.len(), 1);
    let created = AccessQuery { actions: vec![AccessAction::UserCreated], limit: 9, ..AccessQuery::default() };
    assert_eq!(store.access_list(&created).await.unwrap()[0].1.detail, "admin, administrator");
    for sql in ["UPDATE access_event SET detail = 'x'", "DELETE FROM access_event"] {
        let refused = scene.sql(sql).await.unwrap_err();
        assert!(refused.to_string().contains("the history is append-only"), "{sql}: {refused}");
    }
}
