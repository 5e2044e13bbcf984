//! What an editor reads of messages, and does with those in quarantine.

use std::collections::HashMap;

use intake::{message::Stage, sorting::Class};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Set,
    sea_query::{Expr, Func},
};
use uuid::Uuid;

use crate::{
    Error, Result, Store,
    entity::{message, submission},
    history::{self, Line},
    message::{after, is_unread, sender, stage},
    record::{MessageQuery, MessageRecord},
    search::holds,
    values::{LINE_CHARACTERS_MAX, REASON_CHARACTERS_MAX, bounded, from_word, instant, line, word},
};

pub async fn get(store: &Store, id: Uuid) -> Result<MessageRecord> {
    let row = message::Entity::find_by_id(id).one(&store.reader).await?;
    let records = records(store, vec![row.ok_or(Error::NotFound { what: "message", id })?]).await?;
    records.into_iter().next().ok_or(Error::NotFound { what: "message", id })
}

pub async fn list(store: &Store, query: &MessageQuery) -> Result<Vec<MessageRecord>> {
    let mut rows = message::Entity::find();
    if let Some(mailbox_id) = query.mailbox_id {
        rows = rows.filter(message::Column::MailboxId.eq(mailbox_id));
    }
    if !query.stages.is_empty() {
        rows = rows.filter(message::Column::Stage.is_in(query.stages.iter().map(|stage| stage.as_str())));
        // Says the same and names the index: without it all mails are walked to find a few.
        if query.stages.iter().all(|stage| matches!(stage, Stage::TooLarge | Stage::Vanished | Stage::Quarantined)) {
            rows = rows.filter(is_unread());
        }
    }
    if !query.classes.is_empty() {
        let words = query.classes.iter().map(word).collect::<Result<Vec<_>>>()?;
        rows = rows.filter(message::Column::Class.is_in(words));
    }
    if !query.holds.is_empty() {
        let backend = store.backend();
        let part = line(&query.holds, LINE_CHARACTERS_MAX);
        let column = |column: message::Column| Expr::col((message::Entity, column));
        let address = Expr::expr(Func::lower(column(message::Column::FromAddress)));
        let any = Condition::any()
            .add(holds(backend, column(message::Column::Subject), &part))
            .add(holds(backend, column(message::Column::FromName), &part))
            .add(holds(backend, address, &part.to_lowercase()));
        rows = rows.filter(any);
    }
    if let Some(key) = query.after {
        rows = rows.filter(after([Expr::col(message::Column::ReceivedAt), Expr::col(message::Column::Id)], key));
    }
    let rows = rows
        .order_by_desc(message::Column::ReceivedAt)
        .order_by_desc(message::Column::Id)
        .limit(bounded(query.limit))
        .all(&store.reader)
        .await?;
    records(store, rows).await
}

async fn records(store: &Store, rows: Vec<message::Model>) -> Result<Vec<MessageRecord>> {
    let submissions: Vec<(Uuid, Uuid)> = submission::Entity::find()
        .select_only()
        .columns([submission::Column::MessageId, submission::Column::Id])
        .filter(submission::Column::MessageId.is_in(rows.iter().map(|row| row.id)))
        .into_tuple()
        .all(&store.reader)
        .await?;
    let submissions: HashMap<Uuid, Uuid> = submissions.into_iter().collect();
    rows.into_iter()
        .map(|row| {
            Ok(MessageRecord {
                message: row.message()?,
                stage_failed: stage(row.stage_failed.as_ref())?,
                repeats: row.repeats,
                class: row.class.as_deref().map(from_word).transpose()?,
                from: sender(&row),
                submission_id: submissions.get(&row.id).copied(),
                erased_at: row.erased_at.map(instant).transpose()?,
                class_reason: row.class_reason_zh.zip(row.class_reason_en),
                reason: row.reason,
                subject: row.subject,
            })
        })
        .collect()
}

/// The row, held until the end of the transaction, if it is in quarantine.
async fn quarantined(tx: &DatabaseTransaction, id: Uuid) -> Result<message::Model> {
    let row = message::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let row = row.ok_or(Error::NotFound { what: "message", id })?;
    if row.stage == Stage::Quarantined.as_str() {
        Ok(row)
    } else {
        Err(Error::Conflict(format!("message {id} is {}, not quarantined", row.stage)))
    }
}

pub async fn retry(store: &Store, id: Uuid, actor: &str, reason: &str) -> Result<MessageRecord> {
    let tx = store.write().await?;
    let row = quarantined(&tx, id).await?;
    let to = match stage(row.stage_failed.as_ref())? {
        Some(failed) if failed.is_open() => failed,
        _ => return Err(Error::Internal(format!("message {id} does not say at which stage it failed"))),
    };
    let mut row = row.into_active_model();
    row.stage = Set(to.as_str().to_owned());
    row.stage_failed = Set(None);
    row.tries = Set(0);
    row.due_at = Set(None);
    row.reason = Set(String::new());
    row.update(&tx).await?;
    let detail = format!("retry: {reason}");
    history::append(&tx, [Line { message_id: id, from: Some(Stage::Quarantined), to, actor, detail: &detail }]).await?;
    tx.commit().await?;
    get(store, id).await
}

pub async fn release(store: &Store, id: Uuid, actor: &str, reason: &str) -> Result<MessageRecord> {
    let tx = store.write().await?;
    let mut row = quarantined(&tx, id).await?.into_active_model();
    row.stage = Set(Stage::Recorded.as_str().to_owned());
    row.stage_failed = Set(None);
    row.class = Set(Some(word(Class::Unreadable)?));
    row.class_reason_zh = Set(Some(line(&format!("编辑从隔离区放行：{reason}"), REASON_CHARACTERS_MAX)));
    row.class_reason_en =
        Set(Some(line(&format!("released from quarantine by an editor: {reason}"), REASON_CHARACTERS_MAX)));
    row.update(&tx).await?;
    let detail = format!("release: {reason}");
    let to = Stage::Recorded;
    history::append(&tx, [Line { message_id: id, from: Some(Stage::Quarantined), to, actor, detail: &detail }]).await?;
    tx.commit().await?;
    get(store, id).await
}
