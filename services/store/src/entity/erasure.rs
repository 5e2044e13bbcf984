//! An erasure of personal data: who asked for it and why, what was done, and what remains elsewhere.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The word of a [`crate::erasure::Kind`].
    pub kind: String,
    pub asked_at: i64,
    pub asked_by: String,
    pub reason: String,
    /// Of a salt that is kept nowhere and the address, for an erasure of a person.
    pub subject_sha256: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub counts: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub mails: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub blobs: Json,
    /// Unset while blobs wait to be removed or the database to be cleaned.
    pub ended_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
