//! The newest version of a manuscript as a line of a list shows it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "manuscript_summary")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission_id: Uuid,
    /// The newest version.
    pub newest_id: Uuid,
    pub subject: String,
    pub contact_name: String,
    pub organisation: String,
    pub received_at: i64,
    /// Rules, as an array of words.
    #[sea_orm(column_type = "JsonBinary")]
    pub failed: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub undetermined: Json,
    pub documents: i64,
    pub videos: i64,
    pub pictures: i64,
    pub cloud_files: i64,
    pub characters: i64,
    /// Subject, author and organisation, folded, one a line.
    pub search_text: String,
    /// When that version was erased.
    pub erased_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
