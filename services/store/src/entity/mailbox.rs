//! A mailbox with its lease (by the database's clock) and the editors' last question.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "mailbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique)]
    pub name: String,
    pub kind: String,
    pub address: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub folders: Json,
    pub answer_from: i64,
    pub lease_holder: Option<String>,
    pub lease_fence: i64,
    pub lease_expires_at: Option<i64>,
    pub reconcile_asked: i64,
    pub reconcile_answered: i64,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub reconcile_answer: Option<Json>,
}

impl ActiveModelBehavior for ActiveModel {}
