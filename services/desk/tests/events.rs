//! What an open page is told of changes, by services and tables that are real.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use api::ApiSettings;
use chrono::{DateTime, TimeDelta, Utc};
use desk::{DeskSettings, LISTENERS_MAX};
use intake::{
    contact::Contact,
    judgement::judge,
    letter::{Address, Headers, Letter},
    message::ReceivedBasis,
    ports::{Lease, Ledger, Listed},
    review::Role,
    sorting::{Class, Sorting},
    submission::Assessment,
};
use stdx::Sha256;
use store::{
    Store,
    account::{AccountDraft, By, Invitation, InvitationUse, SessionDraft},
    record::Enrolment,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Longer than anything here takes.
const BOUND: Duration = Duration::from_secs(60);

struct World {
    store: Store,
    mailbox_id: Uuid,
    lease: Lease,
    desk: SocketAddr,
    shutdown: CancellationToken,
    _folder: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn hash(text: &str) -> Sha256 {
    Sha256::of(text.as_bytes())
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("data.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        store.campaign_ensure_default().await.unwrap();
        let campaign = store.campaign_list(None, 1).await.unwrap().remove(0);
        let enrolment = Enrolment {
            name: "投稿邮箱".into(),
            kind: "imap".into(),
            address: campaign.mailbox.clone(),
            folders: vec!["INBOX".into()],
            answer_from: "2022-12-01T00:00:00+08:00".parse().unwrap(),
        };
        let mailbox_id = store.mailbox_enrol(&enrolment).await.unwrap();
        let lease = store.lease_take(mailbox_id, "worker", Duration::from_secs(600)).await.unwrap().unwrap();
        store.folder_bind(&lease, "INBOX", 1).await.unwrap();
        let shutdown = CancellationToken::new();
        let settings = ApiSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            tls: None,
            tokens: Vec::new(),
            certificates: Vec::new(),
            issuers: Vec::new(),
            page_token_key: [5; 32],
            rules: Default::default(),
            sign_in_provider: None,
        };
        let blobs = Arc::new(blobs::Folder::open(folder.path().join("blobs")).await.unwrap());
        let bound = api::bind(settings, store.clone(), blobs).await.unwrap();
        let address = bound.address();
        tokio::spawn(bound.serve(shutdown.clone()));
        let settings = DeskSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            api: tls::Remote::new(&format!("http://{address}"), tls::Files::default()).unwrap(),
            public_url: String::new(),
            content_listen: ([127, 0, 0, 1], 0).into(),
            content_public_url: String::new(),
        };
        let bound = desk::bind(settings).await.unwrap();
        let desk = bound.address();
        tokio::spawn(bound.serve(shutdown.clone()));
        Self { store, mailbox_id, lease, desk, shutdown, _folder: folder }
    }

    /// A person signs in with this token.
    async fn signed_in(&self, token: &str) {
        let now = Utc::now();
        let draft =
            AccountDraft {
                name: "li.na".into(), display_name: "李娜".into(), role: Role::Viewer, is_rehearsal: false
            };
        let invitation = Invitation { token: hash("invitation"), expires_at: now + TimeDelta::days(1) };
        let by = By { actor: "test".into(), now };
        self.store.account_create(&draft, &invitation, None, &by).await.unwrap();
        let session = SessionDraft { token: hash(token), peer: String::new(), now };
        let used = InvitationUse { token: hash("invitation"), password_hash: "made up".into(), session };
        self.store.invitation_accept(&used).await.unwrap().unwrap();
    }

    /// A mail is recorded as a submission.
    async fn mail(&self, uid: u64) -> Uuid {
        let received_at: DateTime<Utc> = "2023-03-01T09:00:00+08:00".parse().unwrap();
        let listed = Listed { uid, size_bytes: 100, received_at, received_basis: ReceivedBasis::InternalDate };
        let answer_from = "2022-12-01T00:00:00+08:00".parse().unwrap();
        self.store.messages_seen(&self.lease, "INBOX", 1, &[listed], answer_from).await.unwrap();
        let due = self.store.messages_due(self.mailbox_id, Utc::now(), 100).await.unwrap();
        let message = due.into_iter().find(|message| message.uid == uid).unwrap();
        let letter = Letter {
            headers: Headers {
                subject: "【主题征稿】做法与成效".into(),
                from: vec![Address { name: "李敏".into(), address: format!("limin{uid}@czt.example.cn") }],
                ..Headers::default()
            },
            ..Letter::default()
        };
        let again = || async { self.store.message_get(message.id).await.unwrap().message };
        self.store.message_stored(&self.lease, &message, hash(&format!("mail {uid}")), 100).await.unwrap();
        self.store.message_parsed(&self.lease, &again().await, &letter).await.unwrap();
        let campaigns = self.store.campaigns(self.mailbox_id).await.unwrap();
        let assessment = Assessment {
            sorting: Sorting {
                class: Class::Submission,
                campaign: Some(0),
                corrects: None,
                zh: "主题含有“主题征稿”".into(),
                en: "the subject holds the tag".into(),
            },
            contact: Contact::default(),
            findings: Vec::new(),
            judgement: Some(judge(&[], campaigns[0].revision)),
        };
        let message = again().await;
        self.store.message_recorded(&self.lease, &message, &campaigns, &[], &letter, &assessment).await.unwrap();
        self.store.message_get(message.id).await.unwrap().submission_id.unwrap()
    }

    async fn page(&self, token: &str, path: &str) -> Page {
        let mut line = TcpStream::connect(self.desk).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: desk\r\nCookie: caibian={token}\r\n\r\n");
        line.write_all(request.as_bytes()).await.unwrap();
        Page { line, told: String::new() }
    }
}

/// An open page, with what it was told.
struct Page {
    line: TcpStream,
    told: String,
}

impl Page {
    /// Reads on until these words came.
    async fn until(&mut self, words: &str) -> &str {
        let mut bytes = [0; 4096];
        while !self.told.contains(words) {
            let read = tokio::time::timeout(BOUND, self.line.read(&mut bytes)).await;
            let count = read.unwrap_or_else(|_| panic!("{words:?} did not come: {}", self.told)).unwrap();
            assert!(count > 0, "the line ended before {words:?}: {}", self.told);
            self.told.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        &self.told
    }
}

/// The last chunk of an answer.
const END: &str = "\r\n0\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_recorded_is_told_to_an_open_page_until_its_person_signs_out() {
    let world = World::new().await;
    world.signed_in("T").await;
    let mut stranger = world.page("S", "/events").await;
    let refused = stranger.until("请先登录。").await;
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let mut page = world.page("T", "/events").await;
    let head = page.until("event: beat").await.to_lowercase();
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: text/event-stream"), "{head}");
    assert!(head.contains("connect-src 'self'") && !head.contains("data: submissions/"), "{head}");
    let first = world.mail(1).await;
    page.until(&format!("data: submissions/{first}\n\n")).await;

    // A page that was out of sight goes on from what it was told last.
    let last = page.told.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    drop(page);
    let second = world.mail(2).await;
    let mut page = world.page("T", &format!("/events?after={last}")).await;
    let told = page.until(&format!("data: submissions/{second}\n\n")).await;
    assert!(!told.contains(&format!("data: submissions/{first}")), "told twice: {told}");

    world.store.session_end(hash("T"), Utc::now()).await.unwrap();
    page.until("event: over").await;
    page.until(END).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_too_many_is_refused_in_words_a_closed_one_makes_room_and_a_desk_that_ends_lets_all_go() {
    let world = World::new().await;
    world.signed_in("T").await;
    let mut pages = Vec::new();
    for _ in 0..LISTENERS_MAX {
        let mut page = world.page("T", "/events").await;
        page.until("event: beat").await;
        pages.push(page);
    }
    let mut refused = world.page("T", "/events").await;
    let refused = refused.until("请自行刷新。").await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 60"), "{refused}");

    pages.pop();
    let begun = std::time::Instant::now();
    loop {
        let mut page = world.page("T", "/events").await;
        if page.until("\r\n\r\n").await.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(begun.elapsed() < BOUND, "the place of a closed page stays taken");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.shutdown.cancel();
    for page in &mut pages {
        page.until(END).await;
    }
}
