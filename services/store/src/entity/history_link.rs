//! One link of the chain over all histories; triggers refuse to change or remove it, but for its salt, which an erasure takes.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "history_link")]
pub struct Model {
    /// From 1, without a gap.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// The table of the line.
    pub kind: String,
    pub event_id: i64,
    /// Never before that of the link before.
    pub sealed_at: i64,
    pub format: i32,
    /// None once the line's words are erased.
    pub salt: Option<Vec<u8>>,
    pub words_sha256: Vec<u8>,
    pub line_sha256: Vec<u8>,
    pub link_sha256: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
