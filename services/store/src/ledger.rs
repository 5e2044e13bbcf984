//! The tables as the worker's ledger: each change is one transaction that checks the lease's fence, compares and sets
//! the stage, and appends to the history.

use std::time::Duration;

use chrono::{DateTime, Utc};
use intake::{
    campaign::Campaign,
    letter::Letter,
    message::{Message, Stage},
    ports::{FolderReconciliation, Lease, Ledger, Listed, PortResult, StoreOutcome},
    submission::{Assessment, Earlier},
};
use stdx::Sha256;
use uuid::Uuid;

use crate::{Store, campaign, erasure, mailbox, message, submission};

impl Ledger for Store {
    async fn lease_take(&self, mailbox_id: Uuid, holder: &str, ttl: Duration) -> PortResult<Option<Lease>> {
        Ok(mailbox::lease_take(self, mailbox_id, holder, ttl).await?)
    }

    async fn lease_renew(&self, lease: &Lease, ttl: Duration) -> PortResult<()> {
        Ok(mailbox::lease_renew(self, lease, ttl).await?)
    }

    async fn lease_release(&self, lease: &Lease) -> PortResult<()> {
        Ok(mailbox::lease_release(self, lease).await?)
    }

    async fn folder_bind(&self, lease: &Lease, folder: &str, uidvalidity: u32) -> PortResult<Option<u32>> {
        Ok(mailbox::folder_bind(self, lease, folder, uidvalidity).await?)
    }

    async fn uids_known(&self, mailbox_id: Uuid, folder: &str, uidvalidity: u32) -> PortResult<Vec<u64>> {
        Ok(message::uids(self, mailbox_id, folder, uidvalidity).await?)
    }

    async fn messages_seen(
        &self,
        lease: &Lease,
        folder: &str,
        uidvalidity: u32,
        listed: &[Listed],
        answer_from: DateTime<Utc>,
    ) -> PortResult<u64> {
        Ok(message::seen(self, lease, folder, uidvalidity, listed, answer_from).await?)
    }

    async fn messages_due(&self, mailbox_id: Uuid, now: DateTime<Utc>, limit: u32) -> PortResult<Vec<Message>> {
        Ok(message::due(self, mailbox_id, now, limit).await?)
    }

    async fn try_begin(&self, lease: &Lease, message: &Message) -> PortResult<Message> {
        Ok(message::try_begin(self, lease, message).await?)
    }

    async fn try_forget(&self, lease: &Lease, message: &Message, due_at: DateTime<Utc>) -> PortResult<()> {
        Ok(message::try_forget(self, lease, message, due_at).await?)
    }

    async fn try_failed(
        &self,
        lease: &Lease,
        message: &Message,
        reason: &str,
        due_at: DateTime<Utc>,
    ) -> PortResult<()> {
        Ok(message::try_failed(self, lease, message, reason, due_at).await?)
    }

    async fn is_erased(&self, raw_sha256: Sha256) -> PortResult<bool> {
        Ok(erasure::is_erased(&self.reader, raw_sha256).await?)
    }

    async fn message_stored(
        &self,
        lease: &Lease,
        message: &Message,
        raw_sha256: Sha256,
        size_bytes: u64,
    ) -> PortResult<StoreOutcome> {
        Ok(message::stored(self, lease, message, raw_sha256, size_bytes).await?)
    }

    async fn message_parsed(&self, lease: &Lease, message: &Message, letter: &Letter) -> PortResult<()> {
        Ok(message::parsed(self, lease, message, letter).await?)
    }

    async fn letter(&self, message_id: Uuid) -> PortResult<Letter> {
        Ok(message::letter(self, message_id).await?)
    }

    async fn campaigns(&self, mailbox_id: Uuid) -> PortResult<Vec<Campaign>> {
        Ok(campaign::of_mailbox(self, mailbox_id).await?)
    }

    async fn earlier(&self, mailbox_id: Uuid, sender: &str) -> PortResult<Vec<Earlier>> {
        Ok(submission::earlier(self, mailbox_id, sender).await?)
    }

    async fn message_recorded(
        &self,
        lease: &Lease,
        message: &Message,
        campaigns: &[Campaign],
        earlier: &[Earlier],
        letter: &Letter,
        assessment: &Assessment,
    ) -> PortResult<()> {
        Ok(submission::recorded(self, lease, message, campaigns, earlier, letter, assessment).await?)
    }

    async fn message_set_aside(&self, lease: &Lease, message: &Message, stage: Stage, reason: &str) -> PortResult<()> {
        Ok(message::set_aside(self, lease, message, stage, reason).await?)
    }

    async fn messages_to_file(
        &self,
        mailbox_id: Uuid,
        folder: &str,
        uidvalidity: u32,
        limit: u32,
    ) -> PortResult<Vec<Message>> {
        Ok(message::to_file(self, mailbox_id, folder, uidvalidity, limit).await?)
    }

    async fn message_filed(&self, lease: &Lease, message: &Message) -> PortResult<()> {
        Ok(message::filed(self, lease, message).await?)
    }

    async fn sweep_noted(&self, lease: &Lease, folder: &str, outcome: Result<u64, &str>) -> PortResult<()> {
        Ok(mailbox::sweep_noted(self, lease, folder, outcome).await?)
    }

    async fn reconcile_asked(&self, mailbox_id: Uuid) -> PortResult<Option<i64>> {
        Ok(mailbox::reconcile_asked(self, mailbox_id).await?)
    }

    async fn reconcile_noted(&self, lease: &Lease, asked: i64, folders: &[FolderReconciliation]) -> PortResult<()> {
        Ok(mailbox::reconcile_noted(self, lease, asked, folders).await?)
    }
}
