//! One mail at one place of the server (mailbox, folder, epoch, UID) with its stage.

use intake::message::Message;
use sea_orm::entity::prelude::*;

use crate::values::{instant, parsed, traceparent, unsigned};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub mailbox_id: Uuid,
    pub folder: String,
    pub uidvalidity: i64,
    pub uid: i64,
    pub size_bytes: i64,
    pub received_at: i64,
    pub received_basis: String,
    pub backfilled: bool,
    pub seen_at: i64,
    pub stage: String,
    pub tries: i64,
    pub due_at: Option<i64>,
    pub raw_sha256: Option<String>,
    pub repeats: Option<Uuid>,
    pub reason: String,
    pub stage_failed: Option<String>,
    pub campaign_id: Option<Uuid>,
    pub class: Option<String>,
    pub class_reason_zh: Option<String>,
    pub class_reason_en: Option<String>,
    pub subject: String,
    pub from_name: Option<String>,
    pub from_address: Option<String>,
    pub filed_at: Option<i64>,
    /// Where its way stands in a trace.
    pub traceparent: Option<String>,
    /// When its words and its bytes were erased.
    pub erased_at: Option<i64>,
    #[sea_orm(has_one)]
    pub submission: HasOne<super::submission::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row as the worker needs it.
    pub fn message(&self) -> crate::Result<Message> {
        Ok(Message {
            id: self.id,
            mailbox_id: self.mailbox_id,
            folder: self.folder.clone(),
            uidvalidity: unsigned(self.uidvalidity)?,
            uid: unsigned(self.uid)?,
            size_bytes: unsigned(self.size_bytes)?,
            received_at: instant(self.received_at)?,
            received_basis: parsed(&self.received_basis)?,
            backfilled: self.backfilled,
            stage: parsed(&self.stage)?,
            tries: unsigned(self.tries)?,
            due_at: self.due_at.map(instant).transpose()?,
            raw_sha256: self.raw_sha256.as_deref().map(parsed).transpose()?,
            traceparent: traceparent(self.traceparent.as_deref()),
        })
    }
}
