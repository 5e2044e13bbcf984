//! A review as a list filters and orders it: what is compared and nothing else. Made from its review and its newest
//! version, in the transaction that changes them.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "manuscript")]
pub struct Model {
    /// Of the first version; with the next column the key of the table.
    pub received_at: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission_id: Uuid,
    pub campaign_id: Uuid,
    /// 收稿号 of the first version.
    pub number: i64,
    /// Of the review.
    pub row_version: i64,
    pub state: String,
    pub verdict: String,
    pub editor_id: Option<Uuid>,
    /// 9999-12-31 while no revision is waited for.
    pub due_day: chrono::NaiveDate,
    pub updated_at: i64,
    pub versions: i64,
    /// Of the newest version, in lower case.
    pub sender: String,
    pub has_video: bool,
    pub has_cloud_file: bool,
    pub cloud_expires_at: Option<i64>,
    pub backfilled: bool,
    /// When a letter of ours about it came back, the last time.
    pub bounced_at: Option<i64>,
    /// The first step of a person.
    pub opened_at: Option<i64>,
    /// The adoption or the decline that holds.
    pub decided_at: Option<i64>,
    /// The version of the review of which this and the groups tell.
    pub grouped_version: i64,
}

impl ActiveModelBehavior for ActiveModel {}
