//! A band of a sketch: submissions that share one may be alike.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "likeness_band")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub band: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
