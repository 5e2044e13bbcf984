//! An address that a letter came back from: nothing more is sent there until an editor has looked.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_mark")]
pub struct Model {
    /// In lower case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub address: String,
    pub unreachable_since: i64,
    pub reason: String,
}

impl ActiveModelBehavior for ActiveModel {}
