//! One test of a mailbox by a mail to itself.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mailbox_test")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub mailbox_id: Uuid,
    /// Random, in the mail that the test sends: by it our own mail is known.
    pub token: String,
    /// What the mail's `Message-ID` ends with.
    pub domain: String,
    pub asked_by: String,
    pub asked_at: i64,
    /// The worker that does it.
    pub holder: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub steps: Json,
    /// When the mail came in and was kept from becoming a submission.
    pub set_aside_at: Option<i64>,
    pub ended_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
