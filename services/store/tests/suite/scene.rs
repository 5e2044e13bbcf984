//! The scene of every case: an empty database with the shipped campaign, one mailbox and its lease.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use intake::{
    campaign::Campaign,
    contact::{Contact, Found},
    finding::{Evidence, Finding, Outcome, RuleCode, Severity},
    judgement::{Judgement, Verdict},
    letter::{Address, Body, Content, Disposition, Document, DocumentFormat, Headers, Letter, Part},
    message::{Message, ReceivedBasis, Stage},
    ports::{Lease, Ledger, Listed},
    sorting::{Class, Sorting},
    submission::{Assessment, Earlier},
};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbErr};
use stdx::Sha256;
use store::{
    Store,
    account::By,
    record::{Enrolment, MessageQuery, SubmissionRecord},
};
use uuid::Uuid;

pub const TTL: Duration = Duration::from_secs(600);
pub const INBOX: &str = "INBOX";
pub const EPOCH: u32 = 7;

#[derive(Clone)]
pub struct Scene {
    pub store: Store,
    pub url: String,
    pub mailbox_id: Uuid,
    pub lease: Lease,
    pub campaign: Campaign,
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A day in the middle of the campaign.
pub fn day() -> DateTime<Utc> {
    at("2023-03-01T08:30:00.123456+08:00")
}

/// An editor, now.
pub fn by() -> By {
    By { actor: "zhang".into(), now: Utc::now() }
}

pub fn enrolment(name: &str) -> Enrolment {
    Enrolment {
        name: name.into(),
        kind: "imap".into(),
        address: "CZZhengWen@163.com".into(),
        folders: vec![INBOX.into(), "垃圾邮件".into()],
        answer_from: at("2022-10-01T00:00:00+08:00"),
    }
}

pub fn listed(uid: u64) -> Listed {
    Listed {
        uid,
        size_bytes: 1000 + uid,
        received_at: day() + TimeDelta::seconds(i64::try_from(uid).unwrap()),
        received_basis: ReceivedBasis::InternalDate,
    }
}

pub fn letter(sender: &str, subject: &str) -> Letter {
    Letter {
        headers: Headers {
            subject: subject.into(),
            from: vec![Address { name: "张三".into(), address: sender.into() }],
            message_id: Some(format!("{subject}@example.cn")),
            ..Headers::default()
        },
        body: Body {
            text: "编辑您好：\n稿件见附件。\n>旧信".into(), quoted_from: Some(35), ..Body::default()
        },
        parts: vec![Part {
            path: "2".into(),
            name: "绩效 管理.docx".into(),
            media_type_declared: "application/octet-stream".into(),
            media_type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document".into(),
            disposition: Disposition::Attachment,
            size_bytes: 5,
            sha256: Sha256::of(subject.as_bytes()),
            content: Content::Document(Document {
                format: DocumentFormat::Docx,
                text: "预算绩效管理".into(),
                truncated: false,
                characters: 6,
                pictures: 0,
            }),
        }],
        ..Letter::default()
    }
}

pub fn assessment(class: Class, verdict: Verdict) -> Assessment {
    let failed = if verdict == Verdict::Eligible { vec![] } else { vec![RuleCode::Deadline] };
    let outcome = if failed.is_empty() { Outcome::Passed } else { Outcome::Failed };
    let finding = Finding {
        rule: RuleCode::Deadline,
        severity: Severity::Required,
        outcome,
        measured: "2023-03-01 08:30:01 +08:00".into(),
        limit: "≤ 2023-03-31".into(),
        evidence: vec![Evidence { place: "received".into(), excerpt: "2023-03-01".into() }],
        zh: "按时".into(),
        en: "in time".into(),
    };
    let found = Found { value: "张三".into(), place: "body".into(), excerpt: "作者张三".into() };
    let judged = class.is_judged();
    Assessment {
        sorting: Sorting {
            class,
            campaign: judged.then_some(0),
            corrects: None,
            zh: "主题含“主题征稿”".into(),
            en: "the subject holds the tag".into(),
        },
        contact: Contact { names: vec![found], ..Contact::default() },
        findings: if judged { vec![finding] } else { vec![] },
        judgement: judged.then_some(Judgement {
            verdict,
            failed,
            undetermined: vec![],
            advice: vec![],
            campaign_revision: 1,
        }),
    }
}

impl Scene {
    /// Makes the scene in an empty database.
    pub async fn new(url: &str) -> Self {
        let store = Store::open(url).await.unwrap();
        store.migrate().await.unwrap();
        store.campaign_ensure_default().await.unwrap();
        let campaign = store.campaign_list(None, 10).await.unwrap().remove(0);
        let mailbox_id = store.mailbox_enrol(&enrolment("征稿")).await.unwrap();
        let lease = store.lease_take(mailbox_id, "worker-1", TTL).await.unwrap().unwrap();
        Self { store, url: url.into(), mailbox_id, lease, campaign }
    }

    /// A connection that knows no rule of ours.
    pub async fn raw(&self) -> DatabaseConnection {
        Database::connect(&self.url).await.unwrap()
    }

    /// Runs bare SQL.
    pub async fn sql(&self, sql: &str) -> Result<u64, DbErr> {
        Ok(self.raw().await.execute_unprepared(sql).await?.rows_affected())
    }

    /// The tables as they were before there were erasures; that of summaries is gone already.
    pub async fn before_erasures(&self) {
        for table in ["message", "submission", "reply"] {
            self.sql(&format!("ALTER TABLE {table} DROP COLUMN erased_at")).await.unwrap();
        }
        for table in ["erasure", "erased_mail"] {
            self.sql(&format!("DROP TABLE {table}")).await.unwrap();
        }
        self.sql("DELETE FROM seaql_migrations WHERE version = 'm0026_erasure'").await.unwrap();
    }

    /// Makes a row and gives it.
    pub async fn seen(&self, uid: u64) -> Message {
        self.seen_in(INBOX, EPOCH, listed(uid)).await
    }

    pub async fn seen_in(&self, folder: &str, uidvalidity: u32, listed: Listed) -> Message {
        let from = enrolment("").answer_from;
        let new = self.store.messages_seen(&self.lease, folder, uidvalidity, std::slice::from_ref(&listed), from).await;
        assert_eq!(new.unwrap(), 1);
        let query = MessageQuery { limit: 1000, stages: vec![Stage::Seen], ..MessageQuery::default() };
        let rows = self.store.message_list(&query).await.unwrap();
        let row = rows.into_iter().map(|row| row.message).find(|message| {
            message.uid == listed.uid && message.folder == folder && message.uidvalidity == uidvalidity
        });
        row.unwrap()
    }

    /// The row as it is now.
    pub async fn again(&self, message: &Message) -> Message {
        self.store.message_get(message.id).await.unwrap().message
    }

    /// Stores bytes that only this message has.
    /// The hash of a mail's raw bytes; other mailboxes have other mails.
    pub fn raw_sha256(&self, uid: u64) -> Sha256 {
        Sha256::of(format!("mail {uid} of {}", self.mailbox_id).as_bytes())
    }

    pub async fn stored(&self, uid: u64) -> Message {
        let message = self.seen(uid).await;
        self.store.message_stored(&self.lease, &message, self.raw_sha256(uid), 2000 + uid).await.unwrap();
        self.again(&message).await
    }

    pub async fn parsed(&self, uid: u64, letter: &Letter) -> Message {
        let message = self.stored(uid).await;
        self.store.message_parsed(&self.lease, &message, letter).await.unwrap();
        self.again(&message).await
    }

    pub async fn record(&self, message: &Message, letter: &Letter, earlier: &[Earlier], assessment: &Assessment) {
        let campaigns = std::slice::from_ref(&self.campaign);
        let recorded = self.store.message_recorded(&self.lease, message, campaigns, earlier, letter, assessment).await;
        recorded.unwrap();
    }

    /// Takes a mail all the way.
    pub async fn recorded(&self, uid: u64, sender: &str, subject: &str, class: Class, verdict: Verdict) -> Message {
        let letter = letter(sender, subject);
        let message = self.parsed(uid, &letter).await;
        self.record(&message, &letter, &[], &assessment(class, verdict)).await;
        self.again(&message).await
    }

    /// Takes a mail all the way that becomes a submission.
    pub async fn submission(&self, uid: u64, sender: &str, subject: &str) -> SubmissionRecord {
        let message = self.recorded(uid, sender, subject, Class::Submission, Verdict::Eligible).await;
        self.submission_of(&message).await
    }

    pub async fn submission_of(&self, message: &Message) -> SubmissionRecord {
        let id = self.store.message_get(message.id).await.unwrap().submission_id.unwrap();
        self.store.submission_get(id).await.unwrap()
    }

    /// A message's history as text, one line an event.
    pub async fn history(&self, message: &Message) -> String {
        let events = self.store.message_history(message.id).await.unwrap();
        let line = |event: store::record::Event| {
            let from = event.from.map_or("", |stage| stage.as_str());
            format!("{from} → {}, {}: {}\n", event.to, event.actor, event.detail)
        };
        events.into_iter().map(line).collect()
    }

    /// What `verify` finds, as text.
    pub async fn faults(&self) -> Vec<String> {
        let faults = self.store.verify().await.unwrap();
        faults.into_iter().map(|fault| format!("{}: {}", fault.place, fault.detail)).collect()
    }
}
