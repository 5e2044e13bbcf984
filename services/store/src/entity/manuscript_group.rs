//! What a manuscript is counted under, for statistics and for look-ups.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manuscript_group")]
pub struct Model {
    /// The word of a [`crate::record::ReviewGroup`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub value: String,
    /// Of the first version: the order of the usual list.
    #[sea_orm(primary_key, auto_increment = false)]
    pub received_at: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
