//! The hash of a mail that was erased: when the same bytes come again, nothing of them is kept.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erased_mail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub raw_sha256: String,
    pub erasure_id: Uuid,
    pub erased_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
