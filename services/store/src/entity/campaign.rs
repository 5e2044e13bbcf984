//! A campaign as it stands; `body` is the whole of it, the other columns are for look-ups.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub revision: i64,
    /// In lower case.
    pub mailbox_address: String,
    pub deadline_day: chrono::NaiveDate,
    #[sea_orm(column_type = "JsonBinary")]
    pub body: Json,
    pub created_at: i64,
    pub updated_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
