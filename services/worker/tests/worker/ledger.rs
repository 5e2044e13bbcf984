//! The tables in memory: leases with fences, compare-and-set on the stage, and a list of everything that should never
//! have been asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use intake::{
    campaign::Campaign,
    letter::Letter,
    message::{Message, Stage},
    ports::{FolderReconciliation, Lease, Ledger, Listed, PortError, PortResult, StoreOutcome},
    submission::{Assessment, Earlier},
};
use stdx::{Clock, ErrorKind, Sha256};
use uuid::Uuid;

use crate::{
    blobs::Shelf,
    chance::{Chance, WorldClock, fault},
};

pub struct Row {
    pub message: Message,
    pub reason: String,
    pub letter: Option<Letter>,
    pub assessment: Option<Assessment>,
    pub recorded: u32,
    pub repeats: Option<Uuid>,
    pub filed: bool,
    /// Tries that were ever begun, and not taken back.
    pub tries_counted: u32,
}

#[derive(Default)]
pub struct Tables {
    pub rows: Vec<Row>,
    pub fences: BTreeMap<Uuid, i64>,
    pub holders: BTreeMap<Uuid, (String, DateTime<Utc>)>,
    pub epochs: BTreeMap<(Uuid, String), u32>,
    pub renumbered: Vec<(String, u32, u32)>,
    pub notes: Vec<(String, Result<u64, String>)>,
    pub asked: Option<i64>,
    pub answers: Vec<(i64, Vec<FolderReconciliation>)>,
    /// The order in which messages were recorded, by UID.
    pub order: Vec<u64>,
    /// Effects that came before what they rest on.
    pub violations: Vec<String>,
    pub down: Option<ErrorKind>,
    /// These calls fail with this kind.
    pub refuses: BTreeMap<&'static str, ErrorKind>,
    pub refused_stale: u32,
}

pub struct MemoryLedger {
    pub tables: Arc<Mutex<Tables>>,
    pub shelf: Arc<Mutex<Shelf>>,
    pub chance: Arc<Chance>,
    pub clock: WorldClock,
}

impl Tables {
    fn fenced(&mut self, lease: &Lease) -> PortResult<()> {
        if self.fences.get(&lease.mailbox_id) == Some(&lease.fence) {
            return Ok(());
        }
        self.refused_stale += 1;
        Err(fault(ErrorKind::Conflict, "the fence is stale"))
    }

    /// The row of a message, if it stands where the caller thinks.
    fn row(&mut self, lease: &Lease, message: &Message) -> PortResult<&mut Row> {
        self.fenced(lease)?;
        let row = self.rows.iter_mut().find(|row| row.message.id == message.id);
        row.filter(|row| row.message.stage == message.stage).ok_or_else(|| fault(ErrorKind::Conflict, "it has moved"))
    }

    /// The same, if no other try was begun or taken back since.
    fn row_of_try(&mut self, lease: &Lease, message: &Message) -> PortResult<&mut Row> {
        let row = self.row(lease, message)?;
        if row.message.tries == message.tries { Ok(row) } else { Err(fault(ErrorKind::Conflict, "another try")) }
    }

    fn moved(&mut self, lease: &Lease, message: &Message, stage: Stage) -> PortResult<&mut Row> {
        let row = self.row(lease, message)?;
        row.message.stage = stage;
        row.message.tries = 0;
        row.message.due_at = None;
        Ok(row)
    }
}

impl MemoryLedger {
    async fn call<T>(
        &self,
        name: &'static str,
        act: impl FnOnce(&mut Tables) -> PortResult<T> + Send,
    ) -> PortResult<T> {
        self.chance.call(name).await?;
        let value = {
            let mut tables = self.tables.lock().unwrap();
            if let Some(kind) = tables.down.or(tables.refuses.get(name).copied()) {
                return Err(fault(kind, name));
            }
            act(&mut tables)?
        };
        self.chance.answer(name, value).await
    }

    fn is_kept(&self, sha256: &Sha256) -> bool {
        self.shelf.lock().unwrap().kept.contains_key(sha256)
    }
}

impl Ledger for MemoryLedger {
    async fn lease_take(&self, mailbox_id: Uuid, holder: &str, ttl: Duration) -> PortResult<Option<Lease>> {
        let now = self.clock.now();
        self.call("lease_take", |tables| {
            let held = tables.holders.get(&mailbox_id);
            if held.is_some_and(|(by, until)| by != holder && *until > now) {
                return Ok(None);
            }
            tables.holders.insert(mailbox_id, (holder.to_owned(), now + ttl));
            let fence = tables.fences.entry(mailbox_id).or_default();
            *fence += 1;
            Ok(Some(Lease { mailbox_id, fence: *fence }))
        })
        .await
    }

    async fn lease_renew(&self, lease: &Lease, ttl: Duration) -> PortResult<()> {
        let now = self.clock.now();
        self.call("lease_renew", |tables| {
            tables.fenced(lease)?;
            let held = tables.holders.get_mut(&lease.mailbox_id);
            let held = held.ok_or_else(|| fault(ErrorKind::Conflict, "it was let go"))?;
            held.1 = now + ttl;
            Ok(())
        })
        .await
    }

    async fn lease_release(&self, lease: &Lease) -> PortResult<()> {
        self.call("lease_release", |tables| {
            tables.fenced(lease)?;
            tables.holders.remove(&lease.mailbox_id);
            Ok(())
        })
        .await
    }

    async fn folder_bind(&self, lease: &Lease, folder: &str, uidvalidity: u32) -> PortResult<Option<u32>> {
        self.call("folder_bind", |tables| {
            tables.fenced(lease)?;
            let before = tables.epochs.insert((lease.mailbox_id, folder.to_owned()), uidvalidity);
            let before = before.filter(|before| *before != uidvalidity);
            tables.renumbered.extend(before.map(|before| (folder.to_owned(), before, uidvalidity)));
            Ok(before)
        })
        .await
    }

    async fn uids_known(&self, mailbox_id: Uuid, folder: &str, uidvalidity: u32) -> PortResult<Vec<u64>> {
        self.call("uids_known", |tables| {
            let of = |message: &Message| {
                message.mailbox_id == mailbox_id && message.folder == folder && message.uidvalidity == uidvalidity
            };
            let mut uids: Vec<u64> =
                tables.rows.iter().filter(|row| of(&row.message)).map(|row| row.message.uid).collect();
            uids.sort_unstable();
            Ok(uids)
        })
        .await
    }

    async fn messages_seen(
        &self,
        lease: &Lease,
        folder: &str,
        uidvalidity: u32,
        listed: &[Listed],
        answer_from: DateTime<Utc>,
    ) -> PortResult<u64> {
        self.call("messages_seen", |tables| {
            tables.fenced(lease)?;
            let mut new = 0;
            for listed in listed {
                let is_it = |message: &Message| {
                    message.mailbox_id == lease.mailbox_id
                        && message.folder == folder
                        && (message.uidvalidity, message.uid) == (uidvalidity, listed.uid)
                };
                if tables.rows.iter().any(|row| is_it(&row.message)) {
                    continue;
                }
                new += 1;
                let message = Message {
                    id: Uuid::from_u128(tables.rows.len() as u128 + 1),
                    mailbox_id: lease.mailbox_id,
                    folder: folder.to_owned(),
                    uidvalidity,
                    uid: listed.uid,
                    size_bytes: listed.size_bytes,
                    received_at: listed.received_at,
                    received_basis: listed.received_basis,
                    backfilled: listed.received_at < answer_from,
                    stage: Stage::Seen,
                    tries: 0,
                    due_at: None,
                    raw_sha256: None,
                    traceparent: None,
                };
                tables.rows.push(Row {
                    message,
                    reason: String::new(),
                    letter: None,
                    assessment: None,
                    recorded: 0,
                    repeats: None,
                    filed: false,
                    tries_counted: 0,
                });
            }
            Ok(new)
        })
        .await
    }

    async fn messages_due(&self, mailbox_id: Uuid, now: DateTime<Utc>, limit: u32) -> PortResult<Vec<Message>> {
        self.call("messages_due", |tables| {
            let is_due = |message: &Message| {
                message.mailbox_id == mailbox_id
                    && message.stage.is_open()
                    && message.due_at.is_none_or(|due_at| due_at <= now)
            };
            let mut due: Vec<Message> =
                tables.rows.iter().map(|row| &row.message).filter(|message| is_due(message)).cloned().collect();
            due.sort_by_key(|message| (message.received_at, message.id));
            due.truncate(limit as usize);
            Ok(due)
        })
        .await
    }

    async fn try_begin(&self, lease: &Lease, message: &Message) -> PortResult<Message> {
        self.call("try_begin", |tables| {
            let row = tables.row_of_try(lease, message)?;
            row.message.tries += 1;
            row.tries_counted += 1;
            Ok(row.message.clone())
        })
        .await
    }

    async fn try_forget(&self, lease: &Lease, message: &Message, due_at: DateTime<Utc>) -> PortResult<()> {
        self.call("try_forget", |tables| {
            let row = tables.row_of_try(lease, message)?;
            row.message.tries = row.message.tries.saturating_sub(1);
            row.tries_counted -= 1;
            row.message.due_at = Some(due_at);
            Ok(())
        })
        .await
    }

    async fn try_failed(
        &self,
        lease: &Lease,
        message: &Message,
        reason: &str,
        due_at: DateTime<Utc>,
    ) -> PortResult<()> {
        self.call("try_failed", |tables| {
            let row = tables.row_of_try(lease, message)?;
            row.message.due_at = Some(due_at);
            row.reason = reason.to_owned();
            Ok(())
        })
        .await
    }

    async fn is_erased(&self, _raw_sha256: Sha256) -> PortResult<bool> {
        Ok(false)
    }

    async fn message_stored(
        &self,
        lease: &Lease,
        message: &Message,
        raw_sha256: Sha256,
        size_bytes: u64,
    ) -> PortResult<StoreOutcome> {
        let is_kept = self.is_kept(&raw_sha256);
        self.call("message_stored", |tables| {
            if !is_kept {
                tables.violations.push(format!("UID {} is stored before its bytes are", message.uid));
            }
            let is_first =
                |row: &&Row| row.message.mailbox_id == message.mailbox_id && row.message.raw_sha256 == Some(raw_sha256);
            let first = tables.rows.iter().find(is_first).map(|row| row.message.id);
            let stage = if first.is_some() { Stage::Repeated } else { Stage::Stored };
            let row = tables.moved(lease, message, stage)?;
            row.message.size_bytes = size_bytes;
            row.repeats = first;
            if first.is_none() {
                row.message.raw_sha256 = Some(raw_sha256);
            }
            Ok(first.map_or(StoreOutcome::Stored, StoreOutcome::Repeated))
        })
        .await
    }

    async fn message_parsed(&self, lease: &Lease, message: &Message, letter: &Letter) -> PortResult<()> {
        let are_kept = letter.files().all(|sha256| self.is_kept(&sha256));
        self.call("message_parsed", |tables| {
            if !are_kept {
                tables.violations.push(format!("UID {} is parsed before its files are kept", message.uid));
            }
            let row = tables.moved(lease, message, Stage::Parsed)?;
            row.letter = Some(letter.clone());
            Ok(())
        })
        .await
    }

    async fn letter(&self, message_id: Uuid) -> PortResult<Letter> {
        self.call("letter", |tables| {
            let row = tables.rows.iter().find(|row| row.message.id == message_id);
            row.and_then(|row| row.letter.clone()).ok_or_else(|| fault(ErrorKind::NotFound, "no letter"))
        })
        .await
    }

    async fn campaigns(&self, _: Uuid) -> PortResult<Vec<Campaign>> {
        self.call("campaigns", |_| Ok(vec![Campaign::twentieth_congress(Uuid::from_u128(7))])).await
    }

    async fn earlier(&self, _: Uuid, sender: &str) -> PortResult<Vec<Earlier>> {
        assert_eq!(sender, "author@example.com");
        self.call("earlier", |_| Ok(Vec::new())).await
    }

    async fn message_recorded(
        &self,
        lease: &Lease,
        message: &Message,
        _: &[Campaign],
        _: &[Earlier],
        letter: &Letter,
        assessment: &Assessment,
    ) -> PortResult<()> {
        self.call("message_recorded", |tables| {
            let uid = message.uid;
            let row = tables.moved(lease, message, Stage::Recorded)?;
            row.recorded += 1;
            row.assessment = Some(assessment.clone());
            let is_its_letter = row.letter.as_ref() == Some(letter);
            if !is_its_letter {
                tables.violations.push(format!("UID {uid} is recorded with another letter"));
            }
            tables.order.push(uid);
            Ok(())
        })
        .await
    }

    async fn message_set_aside(&self, lease: &Lease, message: &Message, stage: Stage, reason: &str) -> PortResult<()> {
        self.call("message_set_aside", |tables| {
            let row = tables.moved(lease, message, stage)?;
            row.reason = reason.to_owned();
            Ok(())
        })
        .await
    }

    async fn messages_to_file(
        &self,
        mailbox_id: Uuid,
        folder: &str,
        uidvalidity: u32,
        limit: u32,
    ) -> PortResult<Vec<Message>> {
        self.call("messages_to_file", |tables| {
            let waits = |row: &&Row| {
                let message = &row.message;
                matches!(message.stage, Stage::Recorded | Stage::Repeated)
                    && !row.filed
                    && (message.mailbox_id, message.folder.as_str(), message.uidvalidity)
                        == (mailbox_id, folder, uidvalidity)
            };
            Ok(tables.rows.iter().filter(waits).map(|row| row.message.clone()).take(limit as usize).collect())
        })
        .await
    }

    async fn message_filed(&self, lease: &Lease, message: &Message) -> PortResult<()> {
        self.call("message_filed", |tables| {
            tables.row(lease, message)?.filed = true;
            Ok(())
        })
        .await
    }

    async fn sweep_noted(&self, lease: &Lease, folder: &str, outcome: Result<u64, &str>) -> PortResult<()> {
        self.call("sweep_noted", |tables| {
            tables.fenced(lease)?;
            tables.notes.push((folder.to_owned(), outcome.map_err(ToOwned::to_owned)));
            Ok(())
        })
        .await
    }

    async fn reconcile_asked(&self, _: Uuid) -> PortResult<Option<i64>> {
        self.call("reconcile_asked", |tables| Ok(tables.asked)).await
    }

    async fn reconcile_noted(
        &self,
        lease: &Lease,
        asked: i64,
        folders: &[FolderReconciliation],
    ) -> Result<(), PortError> {
        self.call("reconcile_noted", |tables| {
            tables.fenced(lease)?;
            tables.asked = None;
            tables.answers.push((asked, folders.to_vec()));
            Ok(())
        })
        .await
    }
}
