//! What the worker needs of the world. Real ones live in `mail`, `blobs`, `letter` and `store`; tests bring their own.

use std::{
    future::Future,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Utc};
use stdx::{ErrorKind, Sha256};
use uuid::Uuid;

use crate::{
    campaign::Campaign,
    letter::{Letter, Unreadable},
    message::{Message, ReceivedBasis, Stage},
    submission::{Assessment, Earlier},
};

/// A failure behind a port, with its chain already told in `detail`.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct PortError {
    /// What kind.
    pub kind: ErrorKind,
    /// The whole chain of causes, one line.
    pub detail: String,
}

/// A result of a port.
pub type PortResult<T> = Result<T, PortError>;

/// A folder as its server tells it on selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderState {
    /// The epoch of the UIDs. Zero is never lawful.
    pub uidvalidity: u32,
    /// How many mails it holds.
    pub exists: u64,
}

/// What is asked of a mail before any byte of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number within the epoch.
    pub uid: u64,
    /// Size on the wire.
    pub size_bytes: u64,
    /// When the server received it.
    pub received_at: DateTime<Utc>,
    /// What that rests on.
    pub received_basis: ReceivedBasis,
}

/// What happens to a recorded mail on the server. Never an expunge, never \Seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Filing {
    /// Nothing.
    #[default]
    Leave,
    /// Add this keyword.
    Flag(String),
    /// Move to this folder.
    Move(String),
}

/// A place that mails come from: one login at an IMAP server, or a watched folder.
pub trait Source: Send {
    /// Selects a folder for all that follows, connecting first if need be.
    fn select(&mut self, folder: &str) -> impl Future<Output = PortResult<FolderState>> + Send;
    /// Every UID of the selected folder, ascending. An answer that is unsure is an error, never an empty list.
    fn uids(&mut self) -> impl Future<Output = PortResult<Vec<u64>>> + Send;
    /// Size and receipt time of some UIDs (at most 500); a UID that is gone is missing from the answer.
    fn list(&mut self, uids: &[u64]) -> impl Future<Output = PortResult<Vec<Listed>>> + Send;
    /// Bytes `offset..offset + length` of a mail, fewer at its end; `NotFound` when it is gone.
    fn window(&mut self, uid: u64, offset: u64, length: u32) -> impl Future<Output = PortResult<Vec<u8>>> + Send;
    /// Files a recorded mail; filing it again, or one that is gone, succeeds.
    fn file(&mut self, uid: u64, filing: &Filing) -> impl Future<Output = PortResult<()>> + Send;
    /// Waits until something may have changed in the selected folder, at most this long.
    fn wait(&mut self, at_most: Duration) -> impl Future<Output = PortResult<()>> + Send;
    /// Drops the connection, if there is one; the next call makes a new one.
    fn reset(&mut self);
}

/// Raw bytes under their hash.
pub trait Blobs: Send + Sync {
    /// A place being written.
    type Draft: Draft;
    /// Begins a new blob.
    fn draft(&self) -> impl Future<Output = PortResult<Self::Draft>> + Send;
    /// Takes a finished file of the work folder’s file system, whose hash is known, durably; the file is gone then.
    fn adopt(&self, file: &Path, sha256: Sha256) -> impl Future<Output = PortResult<()>> + Send;
    /// A local path to read a blob from, to be opened at once; `Invalid` when the place that keeps it gave other bytes.
    fn path(&self, sha256: Sha256) -> impl Future<Output = PortResult<PathBuf>> + Send;
    /// A fresh, empty folder on the blobs’ file system for a child to write into; the caller removes it.
    fn workdir(&self) -> impl Future<Output = PortResult<PathBuf>> + Send;
    /// Whether a blob is there (not whether its bytes still hash right).
    fn has(&self, sha256: Sha256) -> impl Future<Output = PortResult<bool>> + Send;
}

/// A blob being written.
pub trait Draft: Send {
    /// Appends bytes.
    fn append(&mut self, bytes: &[u8]) -> impl Future<Output = PortResult<()>> + Send;
    /// The hash of the bytes so far.
    fn sha256(&mut self) -> impl Future<Output = PortResult<Sha256>> + Send;
    /// Makes the bytes durable (file, then directory) and gives their hash and size. Dropped instead, nothing remains.
    fn commit(self) -> impl Future<Output = PortResult<(Sha256, u64)>> + Send;
}

/// How opening a letter ended when our own side worked.
#[derive(Debug)]
pub enum Opened {
    /// It was read; the decoded bytes of each part, and the body's page, lie in the work folder under their hash in
    /// hexadecimal.
    Read(Box<Letter>),
    /// It broke a bound: further tries cannot help.
    Refused(Unreadable),
    /// The child died or took too long: another try may help.
    Died(Unreadable),
}

/// Opens one letter under limits.
pub trait Opener: Send + Sync {
    /// Reads the raw mail at `raw`, writing decoded parts into `workdir`.
    fn open(&self, raw: &Path, workdir: &Path) -> impl Future<Output = PortResult<Opened>> + Send;
}

/// A lease on a mailbox: the right to change its messages, told apart from an older holder's by the fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The mailbox.
    pub mailbox_id: Uuid,
    /// Grows with every new holder.
    pub fence: i64,
}

/// What became of storing raw bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreOutcome {
    /// New bytes: the message is `Stored`.
    Stored,
    /// This mailbox has the same bytes already: the message is `Repeated`.
    Repeated(Uuid),
    /// A mail of these bytes was erased: the message is `Recorded`, and nothing of it is kept.
    Erased,
}

/// The tables. Every change takes the lease and fails with `Conflict` when its fence is stale or the stage moved.
pub trait Ledger: Send + Sync {
    /// Takes or renews the lease; none while another holder's is live. The same holder takes over from itself.
    fn lease_take(
        &self,
        mailbox_id: Uuid,
        holder: &str,
        ttl: Duration,
    ) -> impl Future<Output = PortResult<Option<Lease>>> + Send;
    /// Extends a lease; `Conflict` when it was lost.
    fn lease_renew(&self, lease: &Lease, ttl: Duration) -> impl Future<Output = PortResult<()>> + Send;
    /// Lets go, so that another may take it at once.
    fn lease_release(&self, lease: &Lease) -> impl Future<Output = PortResult<()>> + Send;
    /// Notes the folder's epoch and gives the one before, if it changed.
    fn folder_bind(
        &self,
        lease: &Lease,
        folder: &str,
        uidvalidity: u32,
    ) -> impl Future<Output = PortResult<Option<u32>>> + Send;
    /// UIDs of one epoch that have a row, ascending.
    fn uids_known(
        &self,
        mailbox_id: Uuid,
        folder: &str,
        uidvalidity: u32,
    ) -> impl Future<Output = PortResult<Vec<u64>>> + Send;
    /// Makes rows in stage `Seen`; a UID that has one is passed over. Gives how many are new.
    fn messages_seen(
        &self,
        lease: &Lease,
        folder: &str,
        uidvalidity: u32,
        listed: &[Listed],
        answer_from: DateTime<Utc>,
    ) -> impl Future<Output = PortResult<u64>> + Send;
    /// Open messages whose `due_at` has come, the oldest receipt first, over all folders of the mailbox.
    fn messages_due(
        &self,
        mailbox_id: Uuid,
        now: DateTime<Utc>,
        limit: u32,
    ) -> impl Future<Output = PortResult<Vec<Message>>> + Send;
    /// Counts a try of the present stage before it begins, and gives the message as it then is.
    fn try_begin(&self, lease: &Lease, message: &Message) -> impl Future<Output = PortResult<Message>> + Send;
    /// Takes a try back: it failed for a reason that is not the mail's (a cut line, a full disk).
    fn try_forget(
        &self,
        lease: &Lease,
        message: &Message,
        due_at: DateTime<Utc>,
    ) -> impl Future<Output = PortResult<()>> + Send;
    /// A try failed; the message waits until `due_at`.
    fn try_failed(
        &self,
        lease: &Lease,
        message: &Message,
        reason: &str,
        due_at: DateTime<Utc>,
    ) -> impl Future<Output = PortResult<()>> + Send;
    /// Whether a mail of these bytes was erased: they are not to be kept again.
    fn is_erased(&self, raw_sha256: Sha256) -> impl Future<Output = PortResult<bool>> + Send;
    /// `Seen` → `Stored`, `Repeated`, or for bytes that were erased `Recorded`. The blob of all others is durable before
    /// this is called.
    fn message_stored(
        &self,
        lease: &Lease,
        message: &Message,
        raw_sha256: Sha256,
        size_bytes: u64,
    ) -> impl Future<Output = PortResult<StoreOutcome>> + Send;
    /// `Stored` → `Parsed`. The parts' blobs are durable before this is called.
    fn message_parsed(
        &self,
        lease: &Lease,
        message: &Message,
        letter: &Letter,
    ) -> impl Future<Output = PortResult<()>> + Send;
    /// The facts that `message_parsed` kept.
    fn letter(&self, message_id: Uuid) -> impl Future<Output = PortResult<Letter>> + Send;
    /// Campaigns that this mailbox takes mail for.
    fn campaigns(&self, mailbox_id: Uuid) -> impl Future<Output = PortResult<Vec<Campaign>>> + Send;
    /// Submissions of one sender's address (compared in lower case), newest first, at most 50.
    fn earlier(&self, mailbox_id: Uuid, sender: &str) -> impl Future<Output = PortResult<Vec<Earlier>>> + Send;
    /// `Parsed` → `Recorded`: class, submission, manuscripts, findings and history in one transaction.
    fn message_recorded(
        &self,
        lease: &Lease,
        message: &Message,
        campaigns: &[Campaign],
        earlier: &[Earlier],
        letter: &Letter,
        assessment: &Assessment,
    ) -> impl Future<Output = PortResult<()>> + Send;
    /// An open stage → `TooLarge`, `Vanished` or `Quarantined`, with the reason.
    fn message_set_aside(
        &self,
        lease: &Lease,
        message: &Message,
        stage: Stage,
        reason: &str,
    ) -> impl Future<Output = PortResult<()>> + Send;
    /// Recorded or repeated messages of one folder's epoch that still wait to be filed, oldest first.
    fn messages_to_file(
        &self,
        mailbox_id: Uuid,
        folder: &str,
        uidvalidity: u32,
        limit: u32,
    ) -> impl Future<Output = PortResult<Vec<Message>>> + Send;
    /// Notes that a message was filed on the server.
    fn message_filed(&self, lease: &Lease, message: &Message) -> impl Future<Output = PortResult<()>> + Send;
    /// Notes the end of a sweep: how many UIDs the server has in this folder, or why it failed.
    fn sweep_noted(
        &self,
        lease: &Lease,
        folder: &str,
        outcome: Result<u64, &str>,
    ) -> impl Future<Output = PortResult<()>> + Send;
    /// The number of the newest question whether server and rows agree that has no answer yet.
    fn reconcile_asked(&self, mailbox_id: Uuid) -> impl Future<Output = PortResult<Option<i64>>> + Send;
    /// Answers it, and all older ones.
    fn reconcile_noted(
        &self,
        lease: &Lease,
        asked: i64,
        folders: &[FolderReconciliation],
    ) -> impl Future<Output = PortResult<()>> + Send;
}

/// How one folder's server set and rows compare.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FolderReconciliation {
    /// The folder.
    pub folder: String,
    /// Mails on the server.
    pub server_count: u64,
    /// The first hundred UIDs of the server that have no row.
    pub missing: Vec<u64>,
    /// How many have none.
    pub missing_count: u64,
    /// Rows of the present epoch whose mail is no longer on the server.
    pub gone_count: u64,
    /// When they were compared.
    pub reconciled_at: DateTime<Utc>,
}
