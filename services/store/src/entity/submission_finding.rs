//! The outcome of one rule on one submission, for look-ups by rule.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "submission_finding")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    pub rule: String,
    pub outcome: String,
    pub severity: String,
}

impl ActiveModelBehavior for ActiveModel {}
