//! Who sent a submission, for look-ups: the sender's address with the likeliest name and organisation.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "submission_contact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission_id: Uuid,
    /// Follows from the address.
    pub contact_id: Uuid,
    pub root_id: Uuid,
    /// In lower case.
    pub address: String,
    /// Empty when none was found.
    pub name: String,
    /// Empty when none was found.
    pub organisation: String,
    pub received_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
