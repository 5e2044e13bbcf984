//! The circuit that stops all letters while too many fail: one row, held by whoever takes a letter.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reply_circuit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub tripped_at: Option<i64>,
    /// The letter that tries it after the pause, while it is on its way.
    pub trial_id: Option<Uuid>,
    /// When it closed last; failures before count no more.
    pub closed_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
