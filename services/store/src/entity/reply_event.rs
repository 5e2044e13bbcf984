//! One line of a letter's history; triggers refuse to change or remove it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reply_event")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub reply_id: Uuid,
    pub at: i64,
    pub state_before: Option<String>,
    pub state_after: String,
    pub actor: String,
    pub detail: String,
}

impl ActiveModelBehavior for ActiveModel {}
