//! A letter to an author on its way, whole: its words, the mail's bytes, its lease and what became of it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "reply")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub submission_id: Uuid,
    /// The first version of the manuscript.
    pub root_id: Uuid,
    pub campaign_id: Uuid,
    pub number: i64,
    pub kind: String,
    pub version: i64,
    pub state: String,
    /// `manuscript` and `bare` are automatic: an answer to a mail with or without a manuscript; else `decided`.
    pub occasion: String,
    pub from_name: String,
    pub from_address: String,
    /// Empty when suppressed before an address was chosen.
    pub to_address: String,
    /// The same as it is compared; of a letter without an address the sender’s.
    pub contact: String,
    pub subject: String,
    pub body: String,
    pub language: String,
    /// Empty when it could not be written.
    pub raw: Vec<u8>,
    pub message_id: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub answered: Json,
    /// What stands in its `Date`.
    pub dated_at: i64,
    pub due_at: i64,
    pub tries: i64,
    pub lease_holder: Option<String>,
    pub lease_fence: i64,
    pub lease_until: Option<i64>,
    pub stage: Option<String>,
    pub was_uncertain: bool,
    /// Its decision was retracted or another one taken: it never goes again.
    pub called_off: bool,
    pub silence: Option<String>,
    pub silence_zh: String,
    pub silence_en: String,
    pub detail: String,
    /// When the end of the mail was last sent: from then on a server may have it.
    pub handed_at: Option<i64>,
    pub failed_at: Option<i64>,
    pub sent_at: Option<i64>,
    pub bounced_at: Option<i64>,
    pub bounce_detail: String,
    pub edited: bool,
    /// Where what wrote it stands in a trace.
    pub traceparent: Option<String>,
    pub row_version: i64,
    pub created_at: i64,
    pub updated_at: i64,
    /// When its words were erased.
    pub erased_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
