//! Two characters that stand side by side in the searched text of a manuscript: an inverted index.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manuscript_pair")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub pair: String,
    /// Of the first version: the order of the usual list.
    #[sea_orm(primary_key, auto_increment = false)]
    pub received_at: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
