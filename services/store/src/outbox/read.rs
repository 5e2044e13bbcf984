//! Letters as an editor reads them: one, a page by key, counts, the history, whether they go out at all.

use ::reply::{limits, limits::Circuit, outbox::State};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, Iterable, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    circuit::{Kept, count, failed},
    record::{ReplyEvent, ReplyQuery, ReplyRecord, SendingRecord},
};
use crate::{
    Error, Result, Store,
    entity::{reply as row, reply_event},
    mailbox::clock_now,
    review::root_of,
    values::{bounded, from_word, instant, micros, parsed, unsigned, word},
};

/// Lines of one letter's history that are read at most.
const HISTORY_MAX: u64 = 1_000;

/// A row as a record.
pub fn record(row: row::Model) -> Result<ReplyRecord> {
    Ok(ReplyRecord {
        id: row.id,
        submission_id: row.submission_id,
        campaign_id: row.campaign_id,
        number: unsigned(row.number)?,
        kind: parsed(&row.kind)?,
        version: unsigned(row.version)?,
        state: from_word(&row.state)?,
        to: row.to_address,
        subject: row.subject,
        body: row.body,
        language: from_word(&row.language)?,
        message_id: row.message_id,
        due_at: instant(row.due_at)?,
        tries: unsigned(row.tries)?,
        detail: row.detail,
        silence: row.silence.map(|code| (code, row.silence_zh, row.silence_en)),
        sent_at: row.sent_at.map(instant).transpose()?,
        bounced_at: row.bounced_at.map(instant).transpose()?,
        bounce_detail: row.bounce_detail,
        edited: row.edited,
        row_version: unsigned(row.row_version)?,
        created_at: instant(row.created_at)?,
        updated_at: instant(row.updated_at)?,
    })
}

pub async fn get(store: &Store, id: Uuid) -> Result<ReplyRecord> {
    let row = row::Entity::find_by_id(id).one(&store.reader).await?;
    record(row.ok_or(Error::NotFound { what: "reply", id })?)
}

pub async fn history(store: &Store, id: Uuid) -> Result<Vec<ReplyEvent>> {
    reply_event::Entity::find()
        .filter(reply_event::Column::ReplyId.eq(id))
        .order_by_asc(reply_event::Column::Id)
        .limit(HISTORY_MAX)
        .all(&store.reader)
        .await?
        .into_iter()
        .map(|event| {
            Ok(ReplyEvent {
                at: instant(event.at)?,
                from: event.state_before.as_deref().map(from_word).transpose()?,
                to: from_word(&event.state_after)?,
                actor: event.actor,
                detail: event.detail,
            })
        })
        .collect()
}

pub async fn list(store: &Store, query: &ReplyQuery) -> Result<Vec<ReplyRecord>> {
    use row::Column::{Body, BouncedAt, CampaignId, CreatedAt, Id, Raw, RootId, State};
    // A page of whole mails would be tens of megabytes.
    let mut rows = row::Entity::find()
        .select_only()
        .columns(row::Column::iter().filter(|column| !matches!(column, Body | Raw)))
        .column_as(Expr::val(""), "body")
        .column_as(Expr::val(Vec::<u8>::new()), "raw");
    if let Some(submission_id) = query.submission_id {
        rows = rows.filter(RootId.eq(root_of(&store.reader, submission_id).await?));
    }
    if let Some(campaign_id) = query.campaign_id {
        rows = rows.filter(CampaignId.eq(campaign_id));
    }
    if !query.states.is_empty() {
        let states = query.states.iter().map(word).collect::<Result<Vec<_>>>()?;
        rows = rows.filter(State.is_in(states));
    }
    if query.bounced {
        rows = rows.filter(BouncedAt.is_not_null());
    }
    if let Some((created_at, id)) = query.after {
        let here = Expr::tuple([Expr::col(CreatedAt), Expr::col(Id)]);
        rows = rows.filter(here.lt(Expr::tuple([Expr::val(micros(created_at)), Expr::val(id)])));
    }
    rows.order_by_desc(CreatedAt)
        .order_by_desc(Id)
        .limit(bounded(query.limit))
        .all(&store.reader)
        .await?
        .into_iter()
        .map(record)
        .collect()
}

/// How many letters each state has, in the order of [`State::ALL`], and how many came back.
pub async fn counts(store: &Store, campaign_id: Option<Uuid>) -> Result<(Vec<(State, u64)>, u64)> {
    let of = campaign_id.map_or_else(Condition::all, |id| Condition::all().add(row::Column::CampaignId.eq(id)));
    let found: Vec<(String, i64)> = row::Entity::find()
        .select_only()
        .column(row::Column::State)
        .column_as(row::Column::Id.count(), "count")
        .filter(of.clone())
        .group_by(row::Column::State)
        .into_tuple()
        .all(&store.reader)
        .await?;
    let mut counts = Vec::with_capacity(State::ALL.len());
    for state in State::ALL {
        let written = word(state)?;
        let count = found.iter().find(|(found, _)| *found == written).map_or(0, |(_, count)| *count);
        counts.push((state, unsigned(count)?));
    }
    let bounced = row::Entity::find().filter(of).filter(row::Column::BouncedAt.is_not_null());
    Ok((counts, bounced.count(&store.reader).await?))
}

pub async fn sending(store: &Store) -> Result<SendingRecord> {
    let Some(policy) = store.policy.as_deref() else { return Ok(SendingRecord::default()) };
    let reader = &store.reader;
    let now = clock_now(reader).await?;
    let kept = Kept::get(reader).await?;
    let sent = |from: DateTime<Utc>| Condition::all().add(row::Column::SentAt.gt(micros(from)));
    let (hour, day) = (now - TimeDelta::hours(1), now - TimeDelta::hours(24));
    let mut senders: Vec<String> = policy.senders.iter().map(|sender| sender.address.clone()).collect();
    senders.sort_unstable();
    senders.dedup();
    let counts = kept.counts(reader, now).await?;
    Ok(SendingRecord {
        senders,
        sent_last_hour: count(reader, sent(hour)).await?,
        sent_last_day: count(reader, sent(day)).await?,
        failed_last_hour: count(reader, failed(hour)).await?,
        hour_max: policy.caps.hour,
        day_max: policy.caps.day,
        paused_until: match limits::circuit(&policy.caps, &counts, kept.tripped, now) {
            Circuit::Open { until } => Some(until),
            Circuit::Closed | Circuit::Trial => None,
        },
    })
}
