//! What a dry run reads: recorded mail with the letter that was read and what was decided of it.

use std::{cmp::Reverse, collections::HashMap};

use chrono::{DateTime, Utc};
use intake::{message::Stage, sorting::Class};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use crate::{
    Error, Result, Store,
    entity::{letter, message, message_event, submission},
    message::after,
    record::{Judged, MessageLetter},
    values::{bounded, from_json, from_word, instant, word},
};

/// Recorded mail of these mailboxes that has a letter, newest receipt first, then by id.
pub async fn letters(
    store: &Store,
    mailbox_ids: &[Uuid],
    key: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
) -> Result<Vec<MessageLetter>> {
    let mut page: Vec<(i64, Uuid)> = Vec::new();
    // A question for each mailbox: only so does the index `message_by_stage` give the order too.
    for mailbox_id in mailbox_ids {
        page.extend(keys(store, *mailbox_id, key, limit).await?);
    }
    page.sort_unstable_by_key(|key| Reverse(*key));
    page.truncate(bounded(limit) as usize);
    whole(store, page.into_iter().map(|(_, id)| id).collect()).await
}

async fn keys(
    store: &Store,
    mailbox_id: Uuid,
    key: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
) -> Result<Vec<(i64, Uuid)>> {
    let id = || Expr::col((message::Entity, message::Column::Id));
    let its_letter = Query::select()
        .column(letter::Column::MessageId)
        .from(letter::Entity)
        .and_where(
            Expr::col((letter::Entity, letter::Column::MessageId)).equals((message::Entity, message::Column::Id)),
        )
        .take();
    let mut rows = message::Entity::find()
        .select_only()
        .columns([message::Column::ReceivedAt, message::Column::Id])
        .filter(message::Column::MailboxId.eq(mailbox_id))
        .filter(message::Column::Stage.eq(Stage::Recorded.as_str()))
        // That it is unreadable an editor has said, not a campaign.
        .filter(message::Column::Class.ne(word(Class::Unreadable)?))
        .filter(Expr::exists(its_letter));
    if let Some(key) = key {
        rows = rows.filter(after([Expr::col((message::Entity, message::Column::ReceivedAt)), id()], key));
    }
    let rows = rows
        .order_by_desc(message::Column::ReceivedAt)
        .order_by_desc(message::Column::Id)
        .limit(bounded(limit))
        .into_tuple()
        .all(&store.reader)
        .await?;
    Ok(rows)
}

/// These messages with everything, in the order of their ids.
async fn whole(store: &Store, ids: Vec<Uuid>) -> Result<Vec<MessageLetter>> {
    let rows = message::Entity::find()
        .find_also_related(submission::Entity)
        .filter(message::Column::Id.is_in(ids.iter().copied()))
        .all(&store.reader)
        .await?;
    let mut rows: HashMap<Uuid, _> = rows.into_iter().map(|row| (row.0.id, row)).collect();
    let letters =
        letter::Entity::find().filter(letter::Column::MessageId.is_in(ids.iter().copied())).all(&store.reader).await?;
    let mut letters: HashMap<Uuid, _> = letters.into_iter().map(|row| (row.message_id, row.facts)).collect();
    let recorded: Vec<(Uuid, i64)> = message_event::Entity::find()
        .select_only()
        .columns([message_event::Column::MessageId, message_event::Column::At])
        .filter(message_event::Column::MessageId.is_in(ids.iter().copied()))
        .filter(message_event::Column::StageTo.eq(Stage::Recorded.as_str()))
        .filter(message_event::Column::StageFrom.ne(Stage::Recorded.as_str()))
        .into_tuple()
        .all(&store.reader)
        .await?;
    let recorded: HashMap<Uuid, i64> = recorded.into_iter().collect();
    ids.into_iter()
        .map(|id| {
            let missing = |what| Error::NotFound { what, id };
            let (message, submission) = rows.remove(&id).ok_or_else(|| missing("message"))?;
            let recorded_at = match &submission {
                Some(submission) => submission.created_at,
                None => *recorded.get(&id).ok_or_else(|| missing("history of message"))?,
            };
            Ok(MessageLetter {
                letter: from_json(letters.remove(&id).ok_or_else(|| missing("letter of message"))?)?,
                class: from_word(message.class.as_deref().unwrap_or_default())?,
                campaign_id: message.campaign_id,
                recorded_at: instant(recorded_at)?,
                submission: submission.map(judged).transpose()?,
                message: message.message()?,
            })
        })
        .collect()
}

fn judged(row: submission::Model) -> Result<Judged> {
    Ok(Judged { id: row.id, findings: from_json(row.findings)?, judgement: from_json(row.judgement)? })
}
