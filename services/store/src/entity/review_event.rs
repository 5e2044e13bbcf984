//! One line of a review's history with the standing that it led to; triggers refuse to change or remove it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "review_event")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub submission_id: Uuid,
    /// Also the version of the review that it made.
    pub number: i64,
    pub at: i64,
    pub actor_id: Uuid,
    pub role: String,
    pub state_from: String,
    pub state_to: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub action: Json,
    pub reason: String,
    pub note: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub standing: Json,
    pub campaign_revision: i64,
    pub request_id: Option<String>,
    pub request_sha256: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
