//! A person who signs in; the password only as argon2id left it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// In lower case.
    #[sea_orm(unique)]
    pub name: String,
    pub display_name: String,
    pub role: String,
    pub password_hash: Option<String>,
    pub disabled: bool,
    pub row_version: i64,
    pub created_at: i64,
    pub last_sign_in_at: Option<i64>,
    /// Of the call that made it.
    pub request_id: Option<String>,
    pub request_sha256: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
