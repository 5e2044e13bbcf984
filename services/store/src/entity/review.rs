//! Where a manuscript stands: one row a chain of versions, under its first. `standing` is the whole of it, the other
//! columns are for look-ups.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "review")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission_id: Uuid,
    pub campaign_id: Uuid,
    pub row_version: i64,
    pub state: String,
    pub editor_id: Option<Uuid>,
    /// 9999-12-31 while no revision is waited for.
    pub due_day: chrono::NaiveDate,
    #[sea_orm(column_type = "JsonBinary")]
    pub standing: Json,
    pub received_at: i64,
    pub updated_at: i64,
    #[sea_orm(belongs_to, from = "submission_id", to = "id")]
    pub submission: BelongsTo<super::submission::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
