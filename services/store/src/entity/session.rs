//! A person signed in, known by the hash of the token; a session that ended has no row.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_sha256: String,
    pub account_id: Uuid,
    pub created_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
    pub peer: String,
}

impl ActiveModelBehavior for ActiveModel {}
