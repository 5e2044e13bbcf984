//! The sketch of a submission's text: how many shingles it has, and the minima of them (four bytes each, big-endian).

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "likeness")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission_id: Uuid,
    pub shingles: i64,
    pub minima: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
