//! Signing in at an identity provider: a sign-in that was begun ends once and in its own browser, and whose account it is.

use chrono::{DateTime, TimeDelta, Utc};
use intake::review::Role;
use stdx::Sha256;
use store::{
    Store,
    account::{
        AccessAction, AccessQuery, Account, AccountChange, AccountDraft, Arrival, By, Identity, Invitation,
        InvitationUse, Kept, PendingSignIn, Session, SessionDraft,
    },
};

use crate::scene::{Scene, day};

fn at(minutes: i64) -> DateTime<Utc> {
    day() + TimeDelta::minutes(minutes)
}

fn hash(text: &str) -> Sha256 {
    Sha256::of(text.as_bytes())
}

fn by(minutes: i64) -> By {
    By { actor: "chief".into(), now: at(minutes) }
}

fn pending(state: &str) -> PendingSignIn {
    PendingSignIn {
        state: hash(state),
        binding: hash(&format!("{state} browser")),
        nonce: "N".into(),
        verifier: "V".into(),
        return_url: "https://desk.example.cn/sign-in/provider/return".into(),
        next: "/submissions".into(),
        expires_at: at(10),
    }
}

async fn take(store: &Store, state: &str, browser: &str, minutes: i64) -> bool {
    let binding = hash(&format!("{browser} browser"));
    let taken = store.sign_in_taken(hash(state), binding, at(minutes)).await.unwrap();
    assert!(taken.as_ref().is_none_or(|taken| taken == &pending(state)), "what was kept is given");
    taken.is_some()
}

pub async fn a_sign_in_that_was_begun_ends_once_in_time_and_in_its_own_browser(scene: Scene) {
    let store = &scene.store;
    for state in ["one", "two", "late"] {
        store.sign_in_begun(&pending(state), at(0)).await.unwrap();
    }
    assert!(!take(store, "one", "two", 1).await, "another browser's");
    assert!(!take(store, "three", "one", 1).await, "unknown");
    assert!(take(store, "one", "one", 1).await, "the other browser did not use it up");
    assert!(!take(store, "one", "one", 1).await, "used");
    assert!(!take(store, "late", "late", 10).await, "too old");
    // Of many at once one comes through.
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        tries.spawn(async move { take(&store, "two", "two", 2).await });
    }
    assert_eq!(tries.join_all().await.into_iter().filter(|taken| *taken).count(), 1);
}

async fn invited(store: &Store, name: &str, minutes: i64) -> Account {
    let draft = AccountDraft { name: name.into(), display_name: name.into(), role: Role::Editor, is_rehearsal: false };
    let invitation = Invitation { token: hash(name), expires_at: at(minutes) };
    match store.account_create(&draft, &invitation, None, &by(0)).await.unwrap() {
        Kept::Made(account) => account,
        Kept::Before(account) => panic!("{account:?} was there before"),
    }
}

fn identity(subject: &str, user_name: Option<&str>) -> Identity {
    Identity {
        issuer: "https://id.example.cn".into(),
        subject: subject.into(),
        user_name: user_name.map(str::to_owned),
        display_name: "李娜".into(),
    }
}

async fn arrive(store: &Store, subject: &str, user_name: &str, admits: bool, minutes: i64) -> Arrival {
    let token = hash(&format!("{subject} {user_name} {minutes}"));
    let draft = SessionDraft { token, peer: String::new(), now: at(minutes) };
    store.identity_arrive(&identity(subject, Some(user_name)), admits, &draft).await.unwrap()
}

fn session(arrival: Arrival) -> Session {
    match arrival {
        Arrival::SignedIn(session) => session,
        other => panic!("{other:?}"),
    }
}

pub async fn an_identity_is_tied_by_an_open_invitation_alone_and_then_by_its_subject(scene: Scene) {
    let store = &scene.store;
    let account = invited(store, "li.na", 60).await;
    let first = session(arrive(store, "s1", "li.na", false, 1).await);
    assert_eq!(first.account.id, account.id);
    assert_eq!(store.session_find(first.token, at(2)).await.unwrap().unwrap().account.name, "li.na");
    // The invitation is used up: nobody sets a password with it, and nobody else comes by the name.
    let session_of = SessionDraft { token: hash("x"), peer: String::new(), now: at(2) };
    let used = InvitationUse { token: hash("li.na"), password_hash: "hash".into(), session: session_of };
    assert_eq!(store.invitation_accept(&used).await.unwrap(), None);
    assert_eq!(arrive(store, "s2", "li.na", true, 2).await, Arrival::NotInvited);
    // The same subject of another issuer is somebody else.
    let other = Identity { issuer: "https://other.example.cn".into(), ..identity("s1", Some("li.na")) };
    let draft = SessionDraft { token: hash("other"), peer: String::new(), now: at(2) };
    assert_eq!(store.identity_arrive(&other, true, &draft).await.unwrap(), Arrival::NotInvited);
    // Under any name the subject is the same person.
    assert_eq!(session(arrive(store, "s1", "renamed", false, 3).await).account.id, account.id);

    // A password stands for itself, and an invitation that is over for nothing.
    invited(store, "wang", 60).await;
    let session_of = SessionDraft { token: hash("y"), peer: String::new(), now: at(2) };
    let used = InvitationUse { token: hash("wang"), password_hash: "hash".into(), session: session_of };
    store.invitation_accept(&used).await.unwrap().unwrap();
    assert_eq!(arrive(store, "s3", "wang", true, 4).await, Arrival::NotInvited);
    invited(store, "zhao", 5).await;
    assert_eq!(arrive(store, "s4", "zhao", true, 5).await, Arrival::NotInvited);

    // Disabled is disabled, and a new invitation unties.
    let disabled = AccountChange { disabled: Some(true), ..AccountChange::default() };
    store.account_update(account.id, None, &disabled, &by(6)).await.unwrap().unwrap();
    assert_eq!(arrive(store, "s1", "li.na", true, 7).await, Arrival::Disabled);
    let enabled = AccountChange { disabled: Some(false), ..AccountChange::default() };
    store.account_update(account.id, None, &enabled, &by(8)).await.unwrap().unwrap();
    session(arrive(store, "s1", "li.na", false, 9).await);
    let again = Invitation { token: hash("again"), expires_at: at(60) };
    store.account_invite(account.id, &again, &by(10)).await.unwrap();
    assert_eq!(arrive(store, "s1", "nobody", false, 11).await, Arrival::Unknown);
    assert_eq!(session(arrive(store, "s5", "li.na", false, 12).await).account.id, account.id);

    let query = AccessQuery { actor: Some("li.na".into()), limit: 50, ..AccessQuery::default() };
    let told: Vec<_> = store.access_list(&query).await.unwrap().into_iter().map(|(_, event)| event).collect();
    let by_provider = |action| {
        move |event: &&store::account::AccessEvent| event.action == action && event.detail == "https://id.example.cn"
    };
    assert_eq!(told.iter().filter(by_provider(AccessAction::InvitationAccepted)).count(), 2, "{told:?}");
    assert_eq!(told.iter().filter(by_provider(AccessAction::SignIn)).count(), 2, "{told:?}");
}

pub async fn who_is_unknown_is_refused_or_becomes_one_viewer_also_at_once(scene: Scene) {
    let store = &scene.store;
    assert_eq!(arrive(store, "s1", "li.na", false, 1).await, Arrival::Unknown);
    let draft = SessionDraft { token: hash("t"), peer: String::new(), now: at(1) };
    assert_eq!(store.identity_arrive(&identity("s1", None), true, &draft).await.unwrap(), Arrival::Unknown);
    let mut tries = tokio::task::JoinSet::new();
    for minutes in 0..4 {
        let store = store.clone();
        tries.spawn(async move { session(arrive(&store, "s1", "li.na", true, minutes).await) });
    }
    let sessions = tries.join_all().await;
    assert!(sessions.iter().all(|session| session.account.id == sessions[0].account.id));
    let account = &sessions[0].account;
    assert_eq!((account.name.as_str(), account.display_name.as_str(), account.role), ("li.na", "李娜", Role::Viewer));
    assert!(!account.has_password);
}
