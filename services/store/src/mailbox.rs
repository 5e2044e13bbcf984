//! Mailboxes: as the settings name them, with their lease, their folders' sweeps and the editors' question.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use intake::ports::{FolderReconciliation, Lease};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, ExprTrait, NotSet,
    QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{CaseStatement, Expr, OnConflict, Query},
};
use uuid::Uuid;

use crate::{
    Error, Result, Store,
    entity::{folder, mailbox, message},
    message::is_open,
    record::{Enrolment, FolderRecord, MailboxRecord},
    values::{REASON_CHARACTERS_MAX, address, from_json, instant, json, line, micros, now, signed, unsigned},
    write::lease_lost,
};

/// Mailboxes that are listed at most; the settings name a handful.
const MAILBOXES_MAX: u64 = 1_000;

pub async fn enrol(store: &Store, enrolment: &Enrolment) -> Result<Uuid> {
    let row = mailbox::ActiveModel {
        id: Set(Uuid::now_v7()),
        name: Set(enrolment.name.clone()),
        kind: Set(enrolment.kind.clone()),
        address: Set(enrolment.address.clone()),
        folders: Set(json(&enrolment.folders)?),
        answer_from: Set(micros(enrolment.answer_from)),
        lease_holder: Set(None),
        lease_fence: Set(0),
        lease_expires_at: Set(None),
        reconcile_asked: Set(0),
        reconcile_answered: Set(0),
        reconcile_answer: Set(None),
    };
    let tx = store.write().await?;
    mailbox::Entity::insert(row)
        .on_conflict(
            OnConflict::column(mailbox::Column::Name)
                .update_columns([mailbox::Column::Kind, mailbox::Column::Address, mailbox::Column::Folders])
                .to_owned(),
        )
        .exec_without_returning(&tx)
        .await?;
    let id = mailbox::Entity::find()
        .select_only()
        .column(mailbox::Column::Id)
        .filter(mailbox::Column::Name.eq(&enrolment.name))
        .into_tuple()
        .one(&tx)
        .await?;
    tx.commit().await?;
    id.ok_or_else(|| Error::Internal(format!("the mailbox {} vanished", enrolment.name)))
}

/// Mailboxes that take mail for the same address as this one, itself among them: an IMAP mailbox, and a folder that its
/// old mail is loaded from.
pub async fn siblings(store: &Store, id: Uuid) -> Result<Vec<Uuid>> {
    of_address(store, &row(store, id).await?.address).await
}

/// Mailboxes with this address, by name.
pub async fn of_address(store: &Store, wanted: &str) -> Result<Vec<Uuid>> {
    let rows: Vec<(Uuid, String)> = mailbox::Entity::find()
        .select_only()
        .columns([mailbox::Column::Id, mailbox::Column::Address])
        .order_by_asc(mailbox::Column::Name)
        .into_tuple()
        .all(&store.reader)
        .await?;
    let wanted = address(wanted);
    Ok(rows.into_iter().filter(|(_, written)| address(written) == wanted).map(|(id, _)| id).collect())
}

/// The bare row.
pub async fn row(store: &Store, id: Uuid) -> Result<mailbox::Model> {
    let row = mailbox::Entity::find_by_id(id).one(&store.reader).await?;
    row.ok_or(Error::NotFound { what: "mailbox", id })
}

pub async fn get(store: &Store, id: Uuid, now: DateTime<Utc>) -> Result<MailboxRecord> {
    record(store, row(store, id).await?, now).await
}

pub async fn list(store: &Store, now: DateTime<Utc>) -> Result<Vec<MailboxRecord>> {
    let rows =
        mailbox::Entity::find().order_by_asc(mailbox::Column::Name).limit(MAILBOXES_MAX).all(&store.reader).await?;
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        records.push(record(store, row, now).await?);
    }
    Ok(records)
}

async fn record(store: &Store, row: mailbox::Model, now: DateTime<Utc>) -> Result<MailboxRecord> {
    let enrolled: Vec<String> = from_json(row.folders)?;
    let mut swept: HashMap<String, folder::Model> = folder::Entity::find()
        .filter(folder::Column::MailboxId.eq(row.id))
        .filter(folder::Column::Folder.is_in(enrolled.iter().map(String::as_str)))
        .all(&store.reader)
        .await?
        .into_iter()
        .map(|folder| (folder.folder.clone(), folder))
        .collect();
    let mut folders = Vec::with_capacity(enrolled.len());
    let mut last_error: Option<(String, DateTime<Utc>)> = None;
    for name in &enrolled {
        let Some(folder) = swept.remove(name) else {
            folders.push(FolderRecord {
                folder: name.clone(),
                uidvalidity: None,
                position: 0,
                server_count: 0,
                row_count: 0,
                last_sweep_at: None,
            });
            continue;
        };
        if let (Some(error), Some(at)) = (&folder.last_error, folder.last_error_at) {
            let at = instant(at)?;
            if last_error.as_ref().is_none_or(|(_, newest)| *newest < at) {
                last_error = Some((error.clone(), at));
            }
        }
        folders.push(folder_record(store, folder).await?);
    }
    let enrolment = Enrolment {
        name: row.name,
        kind: row.kind,
        address: row.address,
        folders: enrolled,
        answer_from: instant(row.answer_from)?,
    };
    Ok(MailboxRecord {
        id: row.id,
        enrolment,
        folders,
        lag_seconds: lag_seconds(store, row.id, now).await?,
        last_error,
    })
}

async fn folder_record(store: &Store, folder: folder::Model) -> Result<FolderRecord> {
    let (position, row_count): (Option<i64>, i64) = match folder.uidvalidity {
        None => (None, 0),
        Some(uidvalidity) => message::Entity::find()
            .select_only()
            .column_as(message::Column::Uid.max(), "position")
            .column_as(message::Column::Id.count(), "row_count")
            .filter(message::Column::MailboxId.eq(folder.mailbox_id))
            .filter(message::Column::Folder.eq(&folder.folder))
            .filter(message::Column::Uidvalidity.eq(uidvalidity))
            .into_tuple()
            .one(&store.reader)
            .await?
            .unwrap_or_default(),
    };
    Ok(FolderRecord {
        folder: folder.folder,
        uidvalidity: folder.uidvalidity.map(unsigned).transpose()?,
        position: unsigned(position.unwrap_or(0))?,
        server_count: unsigned(folder.server_count)?,
        row_count: unsigned(row_count)?,
        last_sweep_at: folder.last_sweep_at.map(instant).transpose()?,
    })
}

/// Age of the oldest open message; mail from before the first contact ages from when it was first seen.
async fn lag_seconds(store: &Store, mailbox_id: Uuid, now: DateTime<Utc>) -> Result<u64> {
    let waits_since = CaseStatement::new()
        .case(message::Column::Backfilled.eq(true), Expr::col(message::Column::SeenAt))
        .finally(Expr::col(message::Column::ReceivedAt));
    let oldest: Option<Option<i64>> = message::Entity::find()
        .select_only()
        .column_as(Expr::expr(waits_since).min(), "oldest")
        .filter(message::Column::MailboxId.eq(mailbox_id))
        .filter(is_open())
        .into_tuple()
        .one(&store.reader)
        .await?;
    let age: i64 = oldest.flatten().map_or(0, |oldest| (micros(now) - oldest).clamp(0, i64::MAX) / 1_000_000);
    unsigned(age)
}

/// The database's clock: workers' clocks may differ, and a lease must not. Asked before a change and not within it, which
/// engines that spread tables over machines refuse.
pub async fn clock_now(connection: &impl ConnectionTrait) -> Result<DateTime<Utc>> {
    let clock = match connection.get_database_backend() {
        DbBackend::Postgres => "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)",
        _ => "CAST(unixepoch('now', 'subsec') * 1000000 AS integer)",
    };
    let now = Query::select().expr(Expr::cust(clock)).take();
    let row = connection.query_one(&now).await?.ok_or_else(|| Error::Internal("the clock is mute".into()))?;
    instant(row.try_get_by_index(0)?)
}

/// When a lease ends that is taken at this time, in microseconds.
fn expiry(now: DateTime<Utc>, ttl: Duration) -> i64 {
    micros(now).saturating_add(i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX))
}

pub async fn lease_take(store: &Store, mailbox_id: Uuid, holder: &str, ttl: Duration) -> Result<Option<Lease>> {
    let holder = line(holder, REASON_CHARACTERS_MAX);
    let tx = store.write().await?;
    let now = clock_now(&tx).await?;
    let take = Query::update()
        .table(mailbox::Entity)
        .value(mailbox::Column::LeaseHolder, holder.clone())
        .value(mailbox::Column::LeaseFence, Expr::col(mailbox::Column::LeaseFence).add(1_i64))
        .value(mailbox::Column::LeaseExpiresAt, expiry(now, ttl))
        .and_where(mailbox::Column::Id.eq(mailbox_id))
        .cond_where(
            Condition::any()
                .add(mailbox::Column::LeaseHolder.is_null())
                .add(mailbox::Column::LeaseHolder.eq(holder))
                .add(Expr::col(mailbox::Column::LeaseExpiresAt).lte(micros(now))),
        )
        .returning_col(mailbox::Column::LeaseFence)
        .take();
    let lease = match tx.query_one(&take).await? {
        Some(row) => Some(Lease { mailbox_id, fence: row.try_get_by_index(0)? }),
        None => {
            let there = mailbox::Entity::find_by_id(mailbox_id).one(&tx).await?;
            there.ok_or(Error::NotFound { what: "mailbox", id: mailbox_id })?;
            None
        }
    };
    tx.commit().await?;
    Ok(lease)
}

/// Changes the mailbox's row if the lease is still held. One statement, so that no lock is taken twice.
async fn change_leased(tx: &DatabaseTransaction, lease: &Lease, change: &[(mailbox::Column, Expr)]) -> Result<()> {
    let mut update = mailbox::Entity::update_many()
        .filter(mailbox::Column::Id.eq(lease.mailbox_id))
        .filter(mailbox::Column::LeaseFence.eq(lease.fence))
        .filter(mailbox::Column::LeaseHolder.is_not_null());
    for (column, value) in change {
        update = update.col_expr(*column, value.clone());
    }
    match update.exec(tx).await?.rows_affected {
        0 => Err(lease_lost(lease)),
        _ => Ok(()),
    }
}

pub async fn lease_renew(store: &Store, lease: &Lease, ttl: Duration) -> Result<()> {
    let tx = store.write().await?;
    let expires_at = expiry(clock_now(&tx).await?, ttl);
    change_leased(&tx, lease, &[(mailbox::Column::LeaseExpiresAt, Expr::value(expires_at))]).await?;
    Ok(tx.commit().await?)
}

pub async fn lease_release(store: &Store, lease: &Lease) -> Result<()> {
    let tx = store.write().await?;
    let nobody = Expr::value(None::<String>);
    let never = Expr::value(None::<i64>);
    let change = [(mailbox::Column::LeaseHolder, nobody), (mailbox::Column::LeaseExpiresAt, never)];
    change_leased(&tx, lease, &change).await?;
    Ok(tx.commit().await?)
}

/// Notes the folder's epoch; gives the one before, if it changed.
pub async fn folder_bind(store: &Store, lease: &Lease, folder: &str, uidvalidity: u32) -> Result<Option<u32>> {
    let tx = store.write_leased(lease).await?.tx;
    let before = folder::Entity::find_by_id((lease.mailbox_id, folder.to_owned())).one(&tx).await?;
    let before: Option<u32> = before.and_then(|row| row.uidvalidity).map(unsigned).transpose()?;
    if before == Some(uidvalidity) {
        return Ok(None);
    }
    let row = folder::ActiveModel { uidvalidity: Set(Some(i64::from(uidvalidity))), ..unswept(lease, folder) };
    folder_put(&tx, row, &[folder::Column::Uidvalidity]).await?;
    tx.commit().await?;
    Ok(before)
}

pub async fn sweep_noted(
    store: &Store,
    lease: &Lease,
    folder: &str,
    outcome: std::result::Result<u64, &str>,
) -> Result<()> {
    use folder::Column::{LastError, LastErrorAt, LastSweepAt, ServerCount};
    let tx = store.write_leased(lease).await?.tx;
    let row = unswept(lease, folder);
    match outcome {
        Ok(server_count) => {
            let row = folder::ActiveModel {
                server_count: Set(signed(server_count)?),
                last_sweep_at: Set(Some(now())),
                ..row
            };
            folder_put(&tx, row, &[ServerCount, LastSweepAt, LastError, LastErrorAt]).await?;
        }
        Err(reason) => {
            let row = folder::ActiveModel {
                last_error: Set(Some(line(reason, REASON_CHARACTERS_MAX))),
                last_error_at: Set(Some(now())),
                ..row
            };
            folder_put(&tx, row, &[LastError, LastErrorAt]).await?;
        }
    }
    Ok(tx.commit().await?)
}

fn unswept(lease: &Lease, folder: &str) -> folder::ActiveModel {
    folder::ActiveModel {
        mailbox_id: Set(lease.mailbox_id),
        folder: Set(folder.to_owned()),
        uidvalidity: NotSet,
        server_count: Set(0),
        last_sweep_at: Set(None),
        last_error: Set(None),
        last_error_at: Set(None),
    }
}

/// Inserts a folder's row, or changes these columns of the one that is there.
async fn folder_put(tx: &DatabaseTransaction, row: folder::ActiveModel, changed: &[folder::Column]) -> Result<()> {
    folder::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([folder::Column::MailboxId, folder::Column::Folder])
                .update_columns(changed.iter().copied())
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

pub async fn reconcile_ask(store: &Store, mailbox_id: Uuid) -> Result<i64> {
    let tx = store.write().await?;
    let ask = Query::update()
        .table(mailbox::Entity)
        .value(mailbox::Column::ReconcileAsked, Expr::col(mailbox::Column::ReconcileAsked).add(1_i64))
        .and_where(mailbox::Column::Id.eq(mailbox_id))
        .returning_col(mailbox::Column::ReconcileAsked)
        .take();
    let row = tx.query_one(&ask).await?.ok_or(Error::NotFound { what: "mailbox", id: mailbox_id })?;
    let asked = row.try_get_by_index(0)?;
    tx.commit().await?;
    Ok(asked)
}

pub async fn reconcile_asked(store: &Store, mailbox_id: Uuid) -> Result<Option<i64>> {
    let row = row(store, mailbox_id).await?;
    Ok((row.reconcile_asked > row.reconcile_answered).then_some(row.reconcile_asked))
}

pub async fn reconcile_noted(store: &Store, lease: &Lease, asked: i64, folders: &[FolderReconciliation]) -> Result<()> {
    let answer = Expr::value(Some(json(&folders)?));
    let change = [(mailbox::Column::ReconcileAnswered, Expr::value(asked)), (mailbox::Column::ReconcileAnswer, answer)];
    let tx = store.write().await?;
    change_leased(&tx, lease, &change).await?;
    Ok(tx.commit().await?)
}

pub async fn reconcile_answer(
    store: &Store,
    mailbox_id: Uuid,
    asked: i64,
) -> Result<Option<Vec<FolderReconciliation>>> {
    let row = row(store, mailbox_id).await?;
    match row.reconcile_answer {
        Some(answer) if row.reconcile_answered >= asked => Ok(Some(from_json(answer)?)),
        _ => Ok(None),
    }
}
