//! The tables; the only room that knows SeaORM.
//!
//! Functions are named noun first (`submission_list`). Every writing transaction begins in one place (`write`), so that
//! SQLite takes its lock at the start (IMMEDIATE) and never fails in the middle with "database is locked".

pub mod record;

use chrono::{DateTime, Utc};
use intake::{campaign::Campaign, letter::Letter, ports::FolderReconciliation};
use stdx::{ErrorKind, Sha256};
use uuid::Uuid;

use record::{
    CampaignKey, Enrolment, Event, MailboxRecord, MessageQuery, MessageRecord, SubmissionQuery, SubmissionRecord,
    VerifyFault,
};

/// What can go wrong in the tables.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The named row does not exist.
    #[error("no {what} {id}")]
    NotFound {
        /// `campaign`, `submission`, `message`, `mailbox`.
        what: &'static str,
        /// The id that was asked for.
        id: Uuid,
    },
    /// The row changed in between, or the lease was lost.
    #[error("{0}")]
    Conflict(String),
    /// The database is newer than this program, or its address is not understood.
    #[error("{0}")]
    Invalid(String),
    /// The database does not answer or is busy.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// Anything else.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// The kind, for callers.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Conflict(_) => ErrorKind::Conflict,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }
}

/// A result of the tables.
pub type Result<T> = std::result::Result<T, Error>;

/// The database. Cheap to clone. Also implements [`intake::ports::Ledger`].
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Opens `sqlite:PATH` (made when missing) or `postgres://…`; makes no tables.
    pub async fn open(url: &str) -> Result<Self> {
        let _ = url;
        todo!()
    }

    /// Brings the tables to the newest version, under a lock; refuses a database that is newer than this program.
    pub async fn migrate(&self) -> Result<()> {
        todo!()
    }

    /// Whether the tables are at the version of this program.
    pub async fn is_current(&self) -> Result<bool> {
        todo!()
    }

    /// A cheap question, for readiness.
    pub async fn ping(&self) -> Result<()> {
        todo!()
    }

    /// Inserts the shipped campaign if there is no campaign at all.
    pub async fn campaign_ensure_default(&self) -> Result<()> {
        todo!()
    }

    /// Inserts a campaign with revision 1.
    pub async fn campaign_insert(&self, campaign: &Campaign) -> Result<()> {
        let _ = campaign;
        todo!()
    }

    /// One campaign.
    pub async fn campaign_get(&self, id: Uuid) -> Result<Campaign> {
        let _ = id;
        todo!()
    }

    /// Newest deadline first, then by id.
    pub async fn campaign_list(&self, after: Option<CampaignKey>, limit: u32) -> Result<Vec<Campaign>> {
        let _ = (after, limit);
        todo!()
    }

    /// Stores a campaign as revision `campaign.revision + 1` if the stored revision is `campaign.revision`, else
    /// `Conflict`. Every revision is kept (table `campaign_revision`).
    pub async fn campaign_update(&self, campaign: &Campaign) -> Result<Campaign> {
        let _ = campaign;
        todo!()
    }

    /// Makes or changes a mailbox by its name in the settings; gives its id, which never changes. `answer_from` is
    /// kept from the first contact.
    pub async fn mailbox_enrol(&self, enrolment: &Enrolment) -> Result<Uuid> {
        let _ = enrolment;
        todo!()
    }

    /// One mailbox with its folders.
    pub async fn mailbox_get(&self, id: Uuid, now: DateTime<Utc>) -> Result<MailboxRecord> {
        let _ = (id, now);
        todo!()
    }

    /// Every mailbox, by name.
    pub async fn mailbox_list(&self, now: DateTime<Utc>) -> Result<Vec<MailboxRecord>> {
        let _ = now;
        todo!()
    }

    /// Asks the worker to compare server and rows; gives the question's number.
    pub async fn reconcile_ask(&self, mailbox_id: Uuid) -> Result<i64> {
        let _ = mailbox_id;
        todo!()
    }

    /// The answer to that question or a later one, once there is one.
    pub async fn reconcile_answer(&self, mailbox_id: Uuid, asked: i64) -> Result<Option<Vec<FolderReconciliation>>> {
        let _ = (mailbox_id, asked);
        todo!()
    }

    /// One message.
    pub async fn message_get(&self, id: Uuid) -> Result<MessageRecord> {
        let _ = id;
        todo!()
    }

    /// Newest receipt first, then by id.
    pub async fn message_list(&self, query: &MessageQuery) -> Result<Vec<MessageRecord>> {
        let _ = query;
        todo!()
    }

    /// A message's history, oldest first.
    pub async fn message_history(&self, id: Uuid) -> Result<Vec<Event>> {
        let _ = id;
        todo!()
    }

    /// `Quarantined` → the stage that failed, with tries 0; `Conflict` when it is not in quarantine.
    pub async fn quarantine_retry(&self, id: Uuid, actor: &str, reason: &str) -> Result<MessageRecord> {
        let _ = (id, actor, reason);
        todo!()
    }

    /// `Quarantined` → `Recorded` with class `Unreadable`; `Conflict` when it is not in quarantine.
    pub async fn quarantine_release(&self, id: Uuid, actor: &str, reason: &str) -> Result<MessageRecord> {
        let _ = (id, actor, reason);
        todo!()
    }

    /// One submission with everything.
    pub async fn submission_get(&self, id: Uuid) -> Result<SubmissionRecord> {
        let _ = id;
        todo!()
    }

    /// A page of submissions by key.
    pub async fn submission_list(&self, query: &SubmissionQuery) -> Result<Vec<SubmissionRecord>> {
        let _ = query;
        todo!()
    }

    /// Submissions recorded or changed after a change number, in its order, each with its number.
    pub async fn submission_changes(
        &self,
        after: i64,
        campaign_id: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<(i64, SubmissionRecord)>> {
        let _ = (after, campaign_id, limit);
        todo!()
    }

    /// The newest change number; 0 before the first. Numbers become visible in their order.
    pub async fn change_latest(&self) -> Result<i64> {
        todo!()
    }

    /// Messages of a campaign's submissions with the letter that was read, newest first, for a dry run. Pages by the
    /// key of the last one.
    pub async fn submission_letters(
        &self,
        campaign_id: Uuid,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: u32,
    ) -> Result<Vec<SubmissionRecord>> {
        let _ = (campaign_id, after, limit);
        todo!()
    }

    /// The letter of a message.
    pub async fn letter_get(&self, message_id: Uuid) -> Result<Letter> {
        let _ = message_id;
        todo!()
    }

    /// Every hash that a row names, with the row's name, a page after the given hash: `verify` re-hashes them.
    pub async fn blob_list(&self, after: Option<Sha256>, limit: u32) -> Result<Vec<(Sha256, String)>> {
        let _ = (after, limit);
        todo!()
    }

    /// Checks the tables against themselves: stages against history, submissions against messages, numbers without
    /// gaps or doubles, counts by stage against the total. Empty when nothing is wrong.
    pub async fn verify(&self) -> Result<Vec<VerifyFault>> {
        todo!()
    }
}
