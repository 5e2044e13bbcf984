//! A sign-in that was begun at an identity provider; one that came back has no row.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pending_sign_in")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub state_sha256: String,
    pub binding_sha256: String,
    pub nonce: String,
    pub verifier: String,
    pub return_url: String,
    pub next: String,
    pub expires_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
