//! A submission; `outline` is its letter without texts, so that a list reads no text.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "submission")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique)]
    pub message_id: Uuid,
    pub campaign_id: Uuid,
    pub number: i64,
    pub root_id: Uuid,
    pub version: i64,
    pub row_version: i64,
    pub change_seq: i64,
    pub class: String,
    pub verdict: String,
    /// In lower case.
    pub sender: String,
    pub subject: String,
    pub message_id_header: Option<String>,
    pub received_at: i64,
    pub backfilled: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub outline: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub contact: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub findings: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub judgement: Json,
    pub created_at: i64,
    /// Of the campaign's categories, from 1; 0 where nothing tells, unset while nobody has looked.
    pub category: Option<i64>,
    /// When its words were erased.
    pub erased_at: Option<i64>,
    #[sea_orm(belongs_to, from = "message_id", to = "id")]
    pub message: BelongsTo<super::message::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
