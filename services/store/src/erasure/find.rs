//! Finds what is held of a person: mails by their sender, reports on letters to the address, and who else names it.

use std::collections::BTreeSet;

use intake::{letter::Letter, message::Stage};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, Func},
};
use stdx::Sha256;
use uuid::Uuid;

use super::Subject;
use crate::{
    Result,
    entity::{erased_mail, letter, message, submission},
    search::holds,
    values::{address, from_json},
};

/// Ids of one question.
pub const IDS_MAX: usize = 500;
/// Letters in memory at once, with all their texts.
const LETTERS: usize = 20;
/// Mails of others that are named.
const MENTIONS_MAX: usize = 1_000;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Messages, with copies of the same bytes.
    pub messages: BTreeSet<Uuid>,
    /// The address in lower case, for a person.
    pub address: Option<String>,
    /// Mails of others that hold the address.
    pub mentions: Vec<Uuid>,
    /// Mails that nobody could read yet.
    pub unread: u64,
}

pub async fn find(connection: &impl ConnectionTrait, subject: &Subject) -> Result<Found> {
    let mut found = Found::default();
    match subject {
        Subject::Person(of) => {
            let of = address(of);
            if !of.is_empty() {
                person(connection, &of, &mut found).await?;
            }
            found.address = Some(of);
        }
        Subject::Messages(ids) | Subject::Expired(ids) => found.messages.extend(ids.iter().copied()),
        Subject::Hashes(hashes) => {
            for chunk in hashes.chunks(IDS_MAX) {
                let with = message::Column::RawSha256.is_in(chunk.iter().map(|hash| hash.hex()));
                found.messages.extend(ids(connection, Condition::all().add(with)).await?);
            }
        }
    }
    copies(connection, &mut found.messages).await?;
    Ok(found)
}

async fn ids(connection: &impl ConnectionTrait, condition: Condition) -> Result<Vec<Uuid>> {
    let ids = message::Entity::find().select_only().column(message::Column::Id).filter(condition);
    Ok(ids.into_tuple().all(connection).await?)
}

async fn person(connection: &impl ConnectionTrait, of: &str, found: &mut Found) -> Result<()> {
    let from = Expr::expr(Func::lower(Expr::col(message::Column::FromAddress)));
    found.messages.extend(ids(connection, Condition::all().add(from.eq(of))).await?);
    let sent: Vec<Uuid> = submission::Entity::find()
        .select_only()
        .column(submission::Column::MessageId)
        .filter(submission::Column::Sender.eq(of))
        .into_tuple()
        .all(connection)
        .await?;
    found.messages.extend(sent);
    let facts = Expr::expr(Func::lower(Expr::col(letter::Column::Facts).cast_as("text")));
    let holding: Vec<Uuid> = letter::Entity::find()
        .select_only()
        .column(letter::Column::MessageId)
        .filter(holds(connection.get_database_backend(), facts, of))
        .order_by_asc(letter::Column::MessageId)
        .into_tuple()
        .all(connection)
        .await?;
    for chunk in holding.chunks(LETTERS) {
        let rows = letter::Entity::find().filter(letter::Column::MessageId.is_in(chunk.iter().copied()));
        for row in rows.all(connection).await? {
            // A letter that cannot be read is named like one of somebody else: a person has to look.
            if from_json::<Letter>(row.facts).is_ok_and(|letter| is_of(&letter, of)) {
                found.messages.insert(row.message_id);
            } else if !found.messages.contains(&row.message_id) && found.mentions.len() < MENTIONS_MAX {
                found.mentions.push(row.message_id);
            }
        }
    }
    found.unread = message::Entity::find()
        .filter(message::Column::Stage.is_in([Stage::Seen, Stage::Stored, Stage::Quarantined].map(Stage::as_str)))
        .count(connection)
        .await?;
    Ok(())
}

/// Whether a mail is of an address: its From or the sender of its envelope, or it reports on a letter to the address.
fn is_of(letter: &Letter, of: &str) -> bool {
    let headers = &letter.headers;
    let reported = letter.report.as_ref().and_then(|report| report.final_recipient.as_deref());
    let mut all = headers.from.iter().map(|from| from.address.as_str());
    all.any(|one| address(one) == of)
        || headers.return_path.iter().map(String::as_str).chain(reported).any(|one| address(one) == of)
}

/// Adds the copies of each mail: other rows with the same bytes.
async fn copies(connection: &impl ConnectionTrait, messages: &mut BTreeSet<Uuid>) -> Result<()> {
    let given: Vec<Uuid> = messages.iter().copied().collect();
    for chunk in given.chunks(IDS_MAX) {
        let hashes: Vec<Option<String>> = message::Entity::find()
            .select_only()
            .column(message::Column::RawSha256)
            .filter(message::Column::Id.is_in(chunk.iter().copied()))
            .into_tuple()
            .all(connection)
            .await?;
        let with = message::Column::RawSha256.is_in(hashes.into_iter().flatten());
        messages.extend(ids(connection, Condition::all().add(with)).await?);
    }
    Ok(())
}

/// Whether a mail of these bytes was erased.
pub async fn is_erased(connection: &impl ConnectionTrait, sha256: Sha256) -> Result<bool> {
    Ok(erased_mail::Entity::find_by_id(sha256.hex()).count(connection).await? > 0)
}
