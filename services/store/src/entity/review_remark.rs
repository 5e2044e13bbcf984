//! What an editor noted beside the steps of a review; triggers refuse to change or remove it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "review_remark")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub submission_id: Uuid,
    /// From 1 for each review.
    pub number: i64,
    pub at: i64,
    pub actor_id: Uuid,
    pub role: String,
    pub kind: String,
    /// The tag, or the comment.
    pub words: String,
    pub request_id: Option<String>,
    pub request_sha256: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
