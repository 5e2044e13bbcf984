//! A list of the desk under a name, of one person or shown to all.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "saved_view")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The name of a user or a token.
    pub owner: String,
    pub title: String,
    pub query: String,
    pub shared: bool,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
