//! The words of lines of the histories: all else of a line stays, and stays provable.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, IntoCondition},
};
use uuid::Uuid;

use super::find::IDS_MAX;
use crate::{
    Result,
    chain::{self, Kind},
    contact,
    entity::{access_event, contact_event, message_event, reply_event, review_event, review_remark},
    search::holds,
};

macro_rules! of_rows {
    ($(#[$doc:meta])* $name:ident: $table:ident, $column:ident, $kind:expr) => {
        $(#[$doc])*
        pub async fn $name(tx: &DatabaseTransaction, ids: &[Uuid]) -> Result<u64> {
            let mut erased = 0;
            for chunk in ids.chunks(IDS_MAX) {
                let within = $table::Column::$column.is_in(chunk.iter().copied());
                let lines: Vec<i64> = $table::Entity::find()
                    .select_only()
                    .column($table::Column::Id)
                    .filter(within)
                    .into_tuple()
                    .all(tx)
                    .await?;
                chain::erase_words(tx, $kind, &lines).await?;
                erased += lines.len() as u64;
            }
            Ok(erased)
        }
    };
}

of_rows! {
    /// Of messages.
    messages: message_event, MessageId, Kind::Message
}
of_rows! {
    /// Of letters to authors.
    replies: reply_event, ReplyId, Kind::Reply
}
of_rows! {
    /// Of reviews: reasons and notes.
    reviews: review_event, SubmissionId, Kind::Review
}
of_rows! {
    /// Of reviews: tags and comments.
    remarks: review_remark, SubmissionId, Kind::Remark
}

/// Of an address: whether letters reached it, and who looked at its contact.
pub async fn of_address(tx: &DatabaseTransaction, address: &str) -> Result<u64> {
    let lines: Vec<i64> = contact_event::Entity::find()
        .select_only()
        .column(contact_event::Column::Id)
        .filter(contact_event::Column::Address.eq(address))
        .into_tuple()
        .all(tx)
        .await?;
    chain::erase_words(tx, Kind::Contact, &lines).await?;
    let contact = contact::id_of(address).to_string();
    let named = holds(tx.get_database_backend(), Expr::col(access_event::Column::Subject), &contact).into_condition();
    let looks: Vec<i64> = access_event::Entity::find()
        .select_only()
        .column(access_event::Column::Id)
        .filter(named)
        .into_tuple()
        .all(tx)
        .await?;
    chain::erase_words(tx, Kind::Access, &looks).await?;
    Ok((lines.len() + looks.len()) as u64)
}
