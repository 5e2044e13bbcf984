//! A tag that a manuscript has now, for look-ups by tag.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manuscript_tag")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: String,
    /// Of the first version: the order of the usual list.
    #[sea_orm(primary_key, auto_increment = false)]
    pub received_at: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
