//! One line of a message's history; triggers refuse to change or remove it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message_event")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub message_id: Uuid,
    pub at: i64,
    pub stage_from: Option<String>,
    pub stage_to: String,
    pub actor: String,
    pub detail: String,
}

impl ActiveModelBehavior for ActiveModel {}
