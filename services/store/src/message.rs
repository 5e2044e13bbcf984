//! Messages on their way: every change compares and sets the stage under the lease's fence, and adds a line of history.

use chrono::{DateTime, Utc};
use intake::{
    letter::{Address, Letter},
    message::{Message, Stage},
    ports::{Lease, Listed, StoreOutcome},
    sorting::Class,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, ExprTrait, NotSet,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set, Statement,
    sea_query::{Expr, OnConflict},
};
use stdx::Sha256;
use uuid::Uuid;

use crate::{
    Error, Result, Store,
    entity::{attachment, letter, message},
    erasure,
    history::{self, Line},
    mailbox,
    values::{
        LINE_CHARACTERS_MAX, REASON_CHARACTERS_MAX, bounded, from_json, json, line, micros, now, parsed as read,
        signed, word,
    },
    write::Leased,
};

/// Rows of one INSERT: 500 rows of some dozen columns stay under the 32,766 variables of SQLite and the 65,535 of PostgreSQL.
const ROWS_MAX: usize = 500;

/// The stages that the worker still has to do with, in the very words of the partial index `message_open`.
pub fn is_open() -> Expr {
    Expr::cust("stage IN ('seen', 'stored', 'parsed')")
}

/// The stages of mails that could not be read, few at all times, in the very words of the partial index
/// `message_unread`.
pub fn is_unread() -> Expr {
    Expr::cust("stage IN ('too_large', 'vanished', 'quarantined')")
}

/// `(received_at, id)`, the key that lists of messages and submissions page by.
pub fn after(columns: [Expr; 2], key: (DateTime<Utc>, Uuid)) -> Expr {
    Expr::tuple(columns).lt(Expr::tuple([Expr::val(micros(key.0)), Expr::val(key.1)]))
}

/// UIDs of one epoch that have a row, ascending.
pub async fn uids(store: &Store, mailbox_id: Uuid, folder: &str, uidvalidity: u32) -> Result<Vec<u64>> {
    let uids: Vec<i64> = message::Entity::find()
        .select_only()
        .column(message::Column::Uid)
        .filter(message::Column::MailboxId.eq(mailbox_id))
        .filter(message::Column::Folder.eq(folder))
        .filter(message::Column::Uidvalidity.eq(i64::from(uidvalidity)))
        .order_by_asc(message::Column::Uid)
        .into_tuple()
        .all(&store.reader)
        .await?;
    uids.into_iter().map(crate::values::unsigned).collect()
}

/// Makes rows in stage `Seen`; one transaction a chunk, for a sweep that is cut short goes on with the next.
pub async fn seen(
    store: &Store,
    lease: &Lease,
    folder: &str,
    uidvalidity: u32,
    listed: &[Listed],
    answer_from: DateTime<Utc>,
) -> Result<u64> {
    let mut new = 0;
    for chunk in listed.chunks(ROWS_MAX) {
        let rows = chunk
            .iter()
            .map(|listed| row_seen(lease.mailbox_id, folder, uidvalidity, listed, answer_from))
            .collect::<Result<Vec<_>>>()?;
        let Leased { tx, holder } = store.write_leased(lease).await?;
        let place =
            [message::Column::MailboxId, message::Column::Folder, message::Column::Uidvalidity, message::Column::Uid];
        let mut insert = message::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(place).do_nothing().to_owned())
            .into_query();
        insert.returning(sea_orm::sea_query::Query::returning().columns([message::Column::Id, message::Column::Uid]));
        let mut details = Vec::new();
        for row in tx.query_all(&insert).await? {
            let id: Uuid = row.try_get_by_index(0)?;
            let uid: i64 = row.try_get_by_index(1)?;
            details.push((id, format!("uid {uid} of {folder}, epoch {uidvalidity}")));
        }
        let lines = details.iter().map(|(id, detail)| Line {
            message_id: *id,
            from: None,
            to: Stage::Seen,
            actor: &holder,
            detail,
        });
        history::append(&tx, lines).await?;
        tx.commit().await?;
        new += details.len() as u64;
    }
    Ok(new)
}

fn row_seen(
    mailbox_id: Uuid,
    folder: &str,
    uidvalidity: u32,
    listed: &Listed,
    answer_from: DateTime<Utc>,
) -> Result<message::ActiveModel> {
    Ok(message::ActiveModel {
        id: Set(Uuid::now_v7()),
        mailbox_id: Set(mailbox_id),
        folder: Set(folder.to_owned()),
        uidvalidity: Set(i64::from(uidvalidity)),
        uid: Set(signed(listed.uid)?),
        size_bytes: Set(signed(listed.size_bytes)?),
        received_at: Set(micros(listed.received_at)),
        received_basis: Set(listed.received_basis.as_str().to_owned()),
        backfilled: Set(listed.received_at < answer_from),
        seen_at: Set(now()),
        stage: Set(Stage::Seen.as_str().to_owned()),
        ..Default::default()
    })
}

/// Open messages whose time has come, the oldest receipt first.
pub async fn due(store: &Store, mailbox_id: Uuid, now: DateTime<Utc>, limit: u32) -> Result<Vec<Message>> {
    message::Entity::find()
        .filter(message::Column::MailboxId.eq(mailbox_id))
        .filter(is_open())
        .filter(Condition::any().add(message::Column::DueAt.is_null()).add(message::Column::DueAt.lte(micros(now))))
        .order_by_asc(message::Column::ReceivedAt)
        .order_by_asc(message::Column::Id)
        .limit(bounded(limit))
        .all(&store.reader)
        .await?
        .iter()
        .map(message::Model::message)
        .collect()
}

/// Sets columns of the message if it still stands where `message` says.
async fn change(
    tx: &DatabaseTransaction,
    lease: &Lease,
    message: &Message,
    same_try: bool,
    set: message::ActiveModel,
) -> Result<()> {
    let mut update = message::Entity::update_many()
        .set(set)
        .filter(message::Column::Id.eq(message.id))
        .filter(message::Column::MailboxId.eq(lease.mailbox_id))
        .filter(message::Column::Stage.eq(message.stage.as_str()));
    if same_try {
        update = update.filter(message::Column::Tries.eq(i64::from(message.tries)));
    }
    match update.exec(tx).await?.rows_affected {
        0 => Err(Error::Conflict(format!(
            "message {} is no longer {} at try {}",
            message.id, message.stage, message.tries
        ))),
        _ => Ok(()),
    }
}

/// Moves a message from its stage to another, with further columns.
pub async fn advance(
    leased: &Leased,
    lease: &Lease,
    message: &Message,
    to: Stage,
    set: message::ActiveModel,
) -> Result<()> {
    let set = message::ActiveModel { stage: Set(to.as_str().to_owned()), due_at: Set(None), ..set };
    change(&leased.tx, lease, message, false, set).await
}

/// Adds the line of history that belongs to a change.
pub async fn tell(leased: &Leased, message: &Message, to: Stage, detail: &str) -> Result<()> {
    let line = Line { message_id: message.id, from: Some(message.stage), to, actor: &leased.holder, detail };
    history::append(&leased.tx, [line]).await
}

/// Columns of a message whose stage ended well.
pub fn succeeded() -> message::ActiveModel {
    message::ActiveModel { tries: Set(0), reason: Set(String::new()), ..Default::default() }
}

/// Counts a try before it begins, so that a try that kills the process counts too. From the second on, the history
/// tells of it.
pub async fn try_begin(store: &Store, lease: &Lease, message: &Message) -> Result<Message> {
    let leased = store.write_leased(lease).await?;
    let next = Message { tries: message.tries.saturating_add(1), due_at: None, ..message.clone() };
    let mut set = message::ActiveModel { tries: Set(i64::from(next.tries)), due_at: Set(None), ..Default::default() };
    if let Some(traceparent) = next.traceparent {
        set.traceparent = Set(Some(traceparent.to_string()));
    }
    change(&leased.tx, lease, message, true, set).await?;
    if next.tries > 1 {
        let detail = format!("try {} begins", next.tries);
        tell(&leased, message, message.stage, &detail).await?;
    }
    leased.tx.commit().await?;
    Ok(next)
}

/// Takes a try back; not told in the history, which a full disk would flood.
pub async fn try_forget(store: &Store, lease: &Lease, message: &Message, due_at: DateTime<Utc>) -> Result<()> {
    let leased = store.write_leased(lease).await?;
    let set = message::ActiveModel {
        tries: Set(i64::from(message.tries.saturating_sub(1))),
        due_at: Set(Some(micros(due_at))),
        ..Default::default()
    };
    change(&leased.tx, lease, message, true, set).await?;
    Ok(leased.tx.commit().await?)
}

pub async fn try_failed(
    store: &Store,
    lease: &Lease,
    message: &Message,
    reason: &str,
    due_at: DateTime<Utc>,
) -> Result<()> {
    let leased = store.write_leased(lease).await?;
    let set = message::ActiveModel {
        due_at: Set(Some(micros(due_at))),
        reason: Set(line(reason, REASON_CHARACTERS_MAX)),
        ..Default::default()
    };
    change(&leased.tx, lease, message, true, set).await?;
    let detail = format!("try {} failed: {reason}", message.tries);
    tell(&leased, message, message.stage, &detail).await?;
    Ok(leased.tx.commit().await?)
}

/// `Seen` → `Stored`, or `Repeated` when the mailbox has these bytes.
pub async fn stored(
    store: &Store,
    lease: &Lease,
    message: &Message,
    raw_sha256: Sha256,
    size_bytes: u64,
) -> Result<StoreOutcome> {
    match store_once(store, lease, message, raw_sha256, size_bytes).await {
        // Another message with these bytes was stored between our look and our change: now it is seen.
        Err(Error::Conflict(_)) => store_once(store, lease, message, raw_sha256, size_bytes).await,
        outcome => outcome,
    }
}

async fn store_once(
    store: &Store,
    lease: &Lease,
    message: &Message,
    raw_sha256: Sha256,
    size_bytes: u64,
) -> Result<StoreOutcome> {
    if message.stage != Stage::Seen {
        return Err(Error::Conflict(format!("message {} is {}, not seen", message.id, message.stage)));
    }
    let siblings = mailbox::siblings(store, lease.mailbox_id).await?;
    let leased = store.write_leased(lease).await?;
    lock_hash(&leased.tx, raw_sha256).await?;
    let first = message::Entity::find()
        .filter(message::Column::MailboxId.is_in(siblings))
        .filter(message::Column::RawSha256.eq(raw_sha256.hex()))
        .filter(message::Column::Repeats.is_null())
        .one(&leased.tx)
        .await?;
    let is_erased = erasure::is_erased(&leased.tx, raw_sha256).await?;
    let set = message::ActiveModel {
        raw_sha256: Set(Some(raw_sha256.hex())),
        size_bytes: Set(signed(size_bytes)?),
        erased_at: Set(is_erased.then(now)),
        ..succeeded()
    };
    let outcome = match first {
        None if is_erased => {
            let set = message::ActiveModel {
                class: Set(Some(word(Class::Unreadable)?)),
                class_reason_zh: Set(Some(String::new())),
                class_reason_en: Set(Some(String::new())),
                ..set
            };
            advance(&leased, lease, message, Stage::Recorded, set).await?;
            tell(&leased, message, Stage::Recorded, "a mail of these bytes was erased: nothing of it is kept").await?;
            StoreOutcome::Erased
        }
        None => {
            let detail = format!("{size_bytes} bytes, SHA-256 {raw_sha256}");
            advance(&leased, lease, message, Stage::Stored, set).await?;
            tell(&leased, message, Stage::Stored, &detail).await?;
            StoreOutcome::Stored
        }
        Some(first) => {
            let how = if first.mailbox_id != lease.mailbox_id {
                "by another way to the same address already here as"
            } else if first.folder != message.folder {
                "a copy in another folder of"
            } else if first.uidvalidity != i64::from(message.uidvalidity) {
                "under a new epoch (UIDVALIDITY) the same mail as"
            } else {
                "the same bytes again as"
            };
            let detail = format!(
                "{how} message {} ({}, epoch {}, uid {})",
                first.id, first.folder, first.uidvalidity, first.uid
            );
            let set = message::ActiveModel { repeats: Set(Some(first.id)), ..set };
            advance(&leased, lease, message, Stage::Repeated, set).await?;
            tell(&leased, message, Stage::Repeated, &detail).await?;
            StoreOutcome::Repeated(first.id)
        }
    };
    leased.tx.commit().await?;
    Ok(outcome)
}

/// On PostgreSQL, makes those wait who store the same bytes for another mailbox of the address: the unique index holds
/// within a mailbox only. SQLite has one writer anyway.
async fn lock_hash(tx: &DatabaseTransaction, raw_sha256: Sha256) -> Result<()> {
    if tx.get_database_backend() == DbBackend::Postgres {
        let key = i64::from_be_bytes(raw_sha256.as_bytes()[..8].try_into().expect("eight of 32 bytes"));
        let lock =
            Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_advisory_xact_lock($1)", [key.into()]);
        tx.query_one_raw(lock).await?;
    }
    Ok(())
}

/// Where the row of a page says that it stands: no part of a mail is called so.
const PAGE: &str = "page";

/// A file that a letter was taken apart into: a row of `attachment`.
pub struct File<'l> {
    pub path: &'l str,
    pub name: &'l str,
    pub media_type: &'l str,
    pub size_bytes: u64,
    pub sha256: Sha256,
}

/// The parts of a letter and its page.
pub fn files(letter: &Letter) -> impl Iterator<Item = File<'_>> {
    let parts = letter.parts.iter().map(|part| File {
        path: &part.path,
        name: &part.name,
        media_type: &part.media_type,
        size_bytes: part.size_bytes,
        sha256: part.sha256,
    });
    let page = letter.body.page.iter().map(|page| File {
        path: PAGE,
        name: "",
        media_type: "text/html",
        size_bytes: page.size_bytes,
        sha256: page.sha256,
    });
    parts.chain(page)
}

/// `Stored` → `Parsed`, with the letter's facts and its attachments, whatever kind of mail it turns out to be.
pub async fn parsed(store: &Store, lease: &Lease, message: &Message, letter: &Letter) -> Result<()> {
    if message.stage != Stage::Stored {
        return Err(Error::Conflict(format!("message {} is {}, not stored", message.id, message.stage)));
    }
    let facts = letter::ActiveModel { message_id: Set(message.id), facts: Set(json(letter)?) };
    let from = letter.headers.from.first();
    let set = message::ActiveModel {
        subject: Set(line(&letter.headers.subject, LINE_CHARACTERS_MAX)),
        from_name: Set(from.map(|from| line(&from.name, LINE_CHARACTERS_MAX))),
        from_address: Set(from.map(|from| line(&from.address, LINE_CHARACTERS_MAX))),
        ..succeeded()
    };
    let attachments = files(letter)
        .map(|file| {
            Ok(attachment::ActiveModel {
                id: NotSet,
                message_id: Set(message.id),
                path: Set(line(file.path, LINE_CHARACTERS_MAX)),
                name: Set(line(file.name, LINE_CHARACTERS_MAX)),
                media_type: Set(line(file.media_type, LINE_CHARACTERS_MAX)),
                size_bytes: Set(signed(file.size_bytes)?),
                sha256: Set(file.sha256.hex()),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let leased = store.write_leased(lease).await?;
    let detail = format!("{} parts, {} faults", letter.parts.len(), letter.faults.len());
    advance(&leased, lease, message, Stage::Parsed, set).await?;
    tell(&leased, message, Stage::Parsed, &detail).await?;
    letter::Entity::insert(facts).exec_without_returning(&leased.tx).await?;
    for chunk in attachments.chunks(ROWS_MAX) {
        attachment::Entity::insert_many(chunk.to_vec()).exec_without_returning(&leased.tx).await?;
    }
    Ok(leased.tx.commit().await?)
}

pub async fn letter(store: &Store, message_id: Uuid) -> Result<Letter> {
    let row = letter::Entity::find_by_id(message_id).one(&store.reader).await?;
    from_json(row.ok_or(Error::NotFound { what: "letter of message", id: message_id })?.facts)
}

/// An open stage → `TooLarge`, `Vanished` or `Quarantined`. The tries stay, for an editor to see.
pub async fn set_aside(store: &Store, lease: &Lease, message: &Message, stage: Stage, reason: &str) -> Result<()> {
    if !matches!(stage, Stage::TooLarge | Stage::Vanished | Stage::Quarantined) {
        return Err(Error::Invalid(format!("a message is not set aside as {stage}")));
    }
    if !message.stage.is_open() {
        return Err(Error::Conflict(format!("message {} is {}, which is not open", message.id, message.stage)));
    }
    let stage_failed = (stage == Stage::Quarantined).then(|| message.stage.as_str().to_owned());
    let set = message::ActiveModel {
        reason: Set(line(reason, REASON_CHARACTERS_MAX)),
        stage_failed: Set(stage_failed),
        ..Default::default()
    };
    let leased = store.write_leased(lease).await?;
    advance(&leased, lease, message, stage, set).await?;
    tell(&leased, message, stage, reason).await?;
    Ok(leased.tx.commit().await?)
}

/// Finished messages that wait to be filed on the server. One whose bytes are not ours (an editor released it before
/// it was fetched) is never touched there.
pub async fn to_file(
    store: &Store,
    mailbox_id: Uuid,
    folder: &str,
    uidvalidity: u32,
    limit: u32,
) -> Result<Vec<Message>> {
    message::Entity::find()
        .filter(message::Column::MailboxId.eq(mailbox_id))
        .filter(message::Column::Folder.eq(folder))
        .filter(message::Column::Uidvalidity.eq(i64::from(uidvalidity)))
        // In the very words of the partial index `message_to_file`.
        .filter(Expr::cust("filed_at IS NULL AND stage IN ('recorded', 'repeated')"))
        .filter(message::Column::RawSha256.is_not_null())
        .order_by_asc(message::Column::ReceivedAt)
        .order_by_asc(message::Column::Id)
        .limit(bounded(limit))
        .all(&store.reader)
        .await?
        .iter()
        .map(message::Model::message)
        .collect()
}

/// Notes that a message was filed; noting it again changes nothing.
pub async fn filed(store: &Store, lease: &Lease, message: &Message) -> Result<()> {
    let leased = store.write_leased(lease).await?;
    let set = message::ActiveModel { filed_at: Set(Some(now())), ..Default::default() };
    let changed = message::Entity::update_many()
        .set(set)
        .filter(message::Column::Id.eq(message.id))
        .filter(message::Column::MailboxId.eq(lease.mailbox_id))
        .filter(message::Column::Stage.eq(message.stage.as_str()))
        .filter(message::Column::FiledAt.is_null())
        .exec(&leased.tx)
        .await?
        .rows_affected;
    if changed == 0 {
        let row = message::Entity::find_by_id(message.id).one(&leased.tx).await?;
        return match row.ok_or(Error::NotFound { what: "message", id: message.id })? {
            row if row.filed_at.is_some() && row.mailbox_id == lease.mailbox_id => Ok(()),
            row => Err(Error::Conflict(format!("message {} is {}, not {}", row.id, row.stage, message.stage))),
        };
    }
    tell(&leased, message, message.stage, "filed on the server").await?;
    Ok(leased.tx.commit().await?)
}

/// The address that a row's mail came from, once parsed.
pub fn sender(row: &message::Model) -> Option<Address> {
    let address = row.from_address.clone()?;
    Some(Address { name: row.from_name.clone().unwrap_or_default(), address })
}

/// The stage behind an optional column.
pub fn stage(column: Option<&String>) -> Result<Option<Stage>> {
    column.map(|text| read(text)).transpose()
}
