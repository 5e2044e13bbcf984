//! What was done with accounts, personal data and campaigns; triggers refuse to change or remove it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_event")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: i64,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub peer: String,
    pub detail: String,
}

impl ActiveModelBehavior for ActiveModel {}
