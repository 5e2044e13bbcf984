//! A magazine's mailbox in tables and blobs of its own, and a server over them.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use api::{ApiSettings, TokenSetting};
use blobs::Folder;
use chrono::{DateTime, TimeDelta, Utc};
use intake::{
    campaign::Campaign,
    contact::{Contact, Found},
    finding::{Evidence, Finding, Outcome, RuleCode, Severity},
    judgement::judge,
    letter::{
        Address, Body, Content, DeliveryReport, Disposition, Document, DocumentFormat, Headers, Letter, Page, Part,
    },
    message::{Message, ReceivedBasis, Stage},
    ports::{Blobs, Draft, Lease, Ledger, Listed},
    sorting::{Class, Sorting},
    submission::{Assessment, Earlier, assess},
};
use procurement::settings::RuleSettings;
use stdx::Sha256;
use store::{Store, record::Enrolment};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use uuid::Uuid;

#[path = "../shared/refusal.rs"]
mod refusal;

pub use refusal::{fields, refusal};

pub const EPOCH: u32 = 77;

pub struct World {
    pub folder: TempDir,
    pub store: Store,
    pub blobs: Arc<Folder>,
    pub campaign: Campaign,
    pub mailbox_id: Uuid,
    pub lease: Lease,
    uid: AtomicU64,
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A mail as the test wants it recorded.
#[derive(Clone)]
pub struct Mail {
    pub subject: String,
    pub from: String,
    pub received_at: DateTime<Utc>,
    pub text: String,
    pub parts: Vec<Part>,
    pub page: Option<Page>,
    pub class: Class,
    /// Rules that failed, as required ones.
    pub failed: Vec<RuleCode>,
    pub report: Option<DeliveryReport>,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            subject: "【主题征稿】做法与成效".into(),
            from: "limin@czt.example.cn".into(),
            received_at: at("2023-03-01T09:00:00+08:00"),
            text: "附件为稿件。\n李敏 某省财政厅 13800001234".into(),
            parts: Vec::new(),
            page: None,
            class: Class::Submission,
            failed: Vec::new(),
            report: None,
        }
    }
}

impl Mail {
    pub fn letter(&self) -> Letter {
        Letter {
            headers: Headers {
                subject: self.subject.clone(),
                from: vec![Address { name: "李敏".into(), address: self.from.clone() }],
                date: Some("2023-02-28T23:00:00+09:00".parse().unwrap()),
                ..Headers::default()
            },
            body: Body { text: self.text.clone(), page: self.page.clone(), ..Body::default() },
            parts: self.parts.clone(),
            report: self.report.clone(),
            ..Letter::default()
        }
    }

    fn assessment(&self, revision: u32) -> Assessment {
        let finding = |rule: RuleCode, outcome| Finding {
            rule,
            severity: Severity::Required,
            outcome,
            measured: "312.0 s".into(),
            limit: "≤ 300 s".into(),
            evidence: vec![Evidence { place: "body".into(), excerpt: "李敏".into() }],
            zh: "中文".into(),
            en: "English".into(),
        };
        let mut findings = vec![finding(RuleCode::ContactName, Outcome::Passed)];
        findings.extend(self.failed.iter().map(|rule| finding(*rule, Outcome::Failed)));
        let is_judged = self.class.is_judged();
        let judgement = is_judged.then(|| judge(&findings, revision));
        Assessment {
            sorting: Sorting {
                class: self.class,
                campaign: is_judged.then_some(0),
                corrects: None,
                zh: "主题含有“主题征稿”".into(),
                en: "the subject holds the tag".into(),
            },
            contact: Contact {
                names: vec![Found {
                    value: "李敏".into(), place: "body".into(), excerpt: "李敏 某省财政厅".into()
                }],
                ..Contact::default()
            },
            findings: if is_judged { findings } else { Vec::new() },
            judgement,
        }
    }
}

pub fn document(path: &str, name: &str, bytes: &[u8], text: &str) -> Part {
    Part {
        path: path.into(),
        name: name.into(),
        media_type_declared: "application/octet-stream".into(),
        media_type: "text/plain".into(),
        disposition: Disposition::Attachment,
        size_bytes: bytes.len() as u64,
        sha256: Sha256::of(bytes),
        content: Content::Document(Document {
            format: DocumentFormat::Text,
            text: text.into(),
            truncated: false,
            characters: text.chars().count() as u64,
            pictures: 2,
        }),
    }
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("data.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        store.campaign_ensure_default().await.unwrap();
        let campaign = store.campaign_list(None, 1).await.unwrap().remove(0);
        let blobs = Arc::new(Folder::open(folder.path().join("blobs")).await.unwrap());
        let enrolment = Enrolment {
            name: "投稿邮箱".into(),
            kind: "imap".into(),
            address: campaign.mailbox.clone(),
            folders: vec!["INBOX".into()],
            answer_from: at("2022-12-01T00:00:00+08:00"),
        };
        let mailbox_id = store.mailbox_enrol(&enrolment).await.unwrap();
        let lease = store.lease_take(mailbox_id, "worker", Duration::from_secs(600)).await.unwrap().unwrap();
        store.folder_bind(&lease, "INBOX", EPOCH).await.unwrap();
        Self { folder, store, blobs, campaign, mailbox_id, lease, uid: AtomicU64::new(0) }
    }

    /// A row, and no byte fetched.
    pub async fn seen(&self, received_at: DateTime<Utc>) -> Message {
        let uid = self.uid.fetch_add(1, Ordering::Relaxed) + 1;
        let listed = Listed { uid, size_bytes: 100, received_at, received_basis: ReceivedBasis::InternalDate };
        let answer_from = at("2022-12-01T00:00:00+08:00");
        assert_eq!(self.store.messages_seen(&self.lease, "INBOX", EPOCH, &[listed], answer_from).await.unwrap(), 1);
        let due = self.store.messages_due(self.mailbox_id, Utc::now(), 100).await.unwrap();
        due.into_iter().find(|message| message.uid == uid).unwrap()
    }

    pub async fn blob(&self, bytes: &[u8]) -> Sha256 {
        let mut draft = self.blobs.draft().await.unwrap();
        draft.append(bytes).await.unwrap();
        draft.commit().await.unwrap().0
    }

    /// The raw bytes, different for each mail.
    pub async fn stored(&self, received_at: DateTime<Utc>) -> (Message, Vec<u8>) {
        let message = self.seen(received_at).await;
        let message = self.store.try_begin(&self.lease, &message).await.unwrap();
        let raw = format!("Subject: {}\r\n\r\nraw mail {}\r\n", message.uid, message.id).into_bytes();
        let hash = self.blob(&raw).await;
        self.store.message_stored(&self.lease, &message, hash, raw.len() as u64).await.unwrap();
        (self.store.message_get(message.id).await.unwrap().message, raw)
    }

    /// Recorded as the mail says; gives the message's id.
    pub async fn received(&self, mail: &Mail) -> Uuid {
        self.recorded(mail, |campaigns, _| mail.assessment(campaigns[0].revision)).await
    }

    /// Recorded as the rules say, beside all campaigns of the mailbox and what the sender has sent before.
    pub async fn assessed(&self, mail: &Mail) -> Uuid {
        self.recorded(mail, |campaigns, earlier| assess(&mail.letter(), mail.received_at, campaigns, earlier)).await
    }

    async fn recorded(&self, mail: &Mail, assessment: impl FnOnce(&[Campaign], &[Earlier]) -> Assessment) -> Uuid {
        let (message, _) = self.stored(mail.received_at).await;
        let message = self.store.try_begin(&self.lease, &message).await.unwrap();
        let letter = mail.letter();
        self.store.message_parsed(&self.lease, &message, &letter).await.unwrap();
        let message = self.store.message_get(message.id).await.unwrap().message;
        let message = self.store.try_begin(&self.lease, &message).await.unwrap();
        let campaigns = self.store.campaigns(self.mailbox_id).await.unwrap();
        let earlier = self.store.earlier(self.mailbox_id, &mail.from).await.unwrap();
        let assessment = assessment(&campaigns, &earlier);
        let recorded = self.store.message_recorded(&self.lease, &message, &campaigns, &earlier, &letter, &assessment);
        recorded.await.unwrap();
        message.id
    }

    /// A letter of ours comes back.
    pub async fn bounced(&self, message_id: &str, diagnostic: &str) {
        let report = DeliveryReport {
            original_message_id: Some(message_id.into()),
            action: Some("failed".into()),
            diagnostic: Some(diagnostic.into()),
            ..DeliveryReport::default()
        };
        let from = "MAILER-DAEMON@czt.example.cn".into();
        self.received(&Mail { from, class: Class::Bounce, report: Some(report), ..Mail::default() }).await;
    }

    /// The submission's id of a recorded mail.
    pub async fn submission(&self, mail: &Mail) -> Uuid {
        let message_id = self.received(mail).await;
        self.store.message_get(message_id).await.unwrap().submission_id.unwrap()
    }

    /// The submission's id of a recorded mail whose contact is the given one.
    pub async fn submission_of(&self, mail: &Mail, contact: Contact) -> Uuid {
        let assessment =
            |campaigns: &[Campaign], _: &[Earlier]| Assessment { contact, ..mail.assessment(campaigns[0].revision) };
        let message_id = self.recorded(mail, assessment).await;
        self.store.message_get(message_id).await.unwrap().submission_id.unwrap()
    }

    /// Several mails, a minute apart.
    pub async fn submissions(&self, count: i64) -> Vec<Uuid> {
        let mut ids = Vec::new();
        for index in 0..count {
            let received_at = Mail::default().received_at + TimeDelta::minutes(index);
            ids.push(self.submission(&Mail { received_at, ..Mail::default() }).await);
        }
        ids
    }

    pub async fn quarantined(&self, received_at: DateTime<Utc>) -> Uuid {
        let (message, _) = self.stored(received_at).await;
        let reason = "too_deep: 10000 levels, at most 50";
        self.store.message_set_aside(&self.lease, &message, Stage::Quarantined, reason).await.unwrap();
        message.id
    }

    pub fn settings(&self) -> ApiSettings {
        ApiSettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            tls: None,
            tokens: Vec::new(),
            certificates: Vec::new(),
            issuers: Vec::new(),
            page_token_key: [5; 32],
            rules: RuleSettings::default(),
            sign_in_provider: None,
        }
    }

    pub async fn serve(&self) -> Server {
        self.serve_with(Vec::new()).await
    }

    pub async fn serve_with(&self, tokens: Vec<TokenSetting>) -> Server {
        self.serve_settings(ApiSettings { tokens, ..self.settings() }).await
    }

    pub async fn serve_settings(&self, settings: ApiSettings) -> Server {
        let bound = api::bind(settings, self.store.clone(), self.blobs.clone()).await.unwrap();
        let address = bound.address();
        let shutdown = CancellationToken::new();
        let ended = tokio::spawn(bound.serve(shutdown.clone()));
        Server { address, shutdown, ended }
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub shutdown: CancellationToken,
    pub ended: tokio::task::JoinHandle<api::Result<()>>,
}

impl Server {
    pub async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.address)).unwrap().connect().await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Waits for something that will come, and fails when it has not come after 20 s.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.unwrap_or_else(|_| panic!("{what} did not come"))
}
