//! One line of what became of an address: marked unreachable by a bounce, or reachable by a person; triggers refuse to change
//! or remove it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_event")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// In lower case.
    pub address: String,
    pub at: i64,
    pub is_reachable: bool,
    pub actor: String,
    pub detail: String,
}

impl ActiveModelBehavior for ActiveModel {}
