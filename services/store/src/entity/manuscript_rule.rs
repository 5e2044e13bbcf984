//! A rule that the newest version of a manuscript did not pass, for look-ups by rule.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manuscript_rule")]
pub struct Model {
    /// `failed` or `undetermined`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub outcome: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub rule: String,
    /// Of the first version: the order of the usual list.
    #[sea_orm(primary_key, auto_increment = false)]
    pub received_at: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
