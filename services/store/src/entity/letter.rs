//! The facts of a letter, apart from its message so that lists of messages stay light.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "letter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub facts: Json,
}

impl ActiveModelBehavior for ActiveModel {}
