//! What has been kept as long as the rules say: manuscripts that were not adopted, by their campaign, and mails that are no
//! submission.

use chrono::{DateTime, TimeDelta, Utc};
use intake::{campaign::Campaign, message::Stage, review::State};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Alias, Expr, Query},
};
use stdx::beijing;
use uuid::Uuid;

use crate::{
    Result, Store, campaign,
    entity::{message, review, submission},
    record::CampaignKey,
    values::{bounded, micros},
};

/// Campaigns of one question.
const CAMPAIGNS: u32 = 100;

/// Messages after an id whose time is over, in the order of the ids.
pub async fn expired(
    store: &Store,
    other_mail_days: u32,
    now: DateTime<Utc>,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Uuid>> {
    let mut found = Vec::new();
    let mut key: Option<CampaignKey> = None;
    loop {
        let page = campaign::list(store, key, CAMPAIGNS).await?;
        let Some(last) = page.last() else { break };
        key = Some(CampaignKey { deadline_day: last.deadline_day, id: last.id });
        for campaign in &page {
            found.extend(of_campaign(store, campaign, now, after, limit).await?);
        }
    }
    if other_mail_days > 0 {
        found.extend(others(store, now - TimeDelta::days(other_mail_days.into()), after, limit).await?);
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(usize::try_from(bounded(limit)).unwrap_or(usize::MAX));
    Ok(found)
}

async fn of_campaign(
    store: &Store,
    campaign: &Campaign,
    now: DateTime<Utc>,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Uuid>> {
    let kept_since = now - TimeDelta::days(campaign.retention_days.into());
    if campaign.retention_days == 0 || beijing::day_end(campaign.deadline_day) > kept_since {
        return Ok(Vec::new());
    }
    let states = [State::Adopted, State::Scheduled, State::Published];
    let kept = Query::select()
        .column(review::Column::SubmissionId)
        .from(review::Entity)
        .and_where(
            review::Column::State.is_in(states.map(State::as_str)).or(review::Column::State
                .eq(State::RevisionAsked.as_str())
                .and(review::Column::DueDay.gte(beijing::day_of(now)))),
        )
        .take();
    // A version that came late gives its manuscript the same time again.
    let late = Query::select()
        .expr(Expr::val(1))
        .from_as(submission::Entity, "late")
        .and_where(
            Expr::col((Alias::new("late"), submission::Column::RootId))
                .equals((submission::Entity, submission::Column::RootId)),
        )
        .and_where(Expr::col((Alias::new("late"), submission::Column::ReceivedAt)).gt(micros(kept_since)))
        .take();
    Ok(submission::Entity::find()
        .select_only()
        .column(submission::Column::MessageId)
        .filter(submission::Column::CampaignId.eq(campaign.id))
        .filter(submission::Column::ErasedAt.is_null())
        .filter(submission::Column::MessageId.gt(after.unwrap_or_default()))
        .filter(submission::Column::RootId.not_in_subquery(kept))
        .filter(Expr::exists(late).not())
        .order_by_asc(submission::Column::MessageId)
        .limit(bounded(limit))
        .into_tuple()
        .all(&store.reader)
        .await?)
}

/// Mails that became no submission, nor did any other of the same bytes.
async fn others(store: &Store, received_before: DateTime<Utc>, after: Option<Uuid>, limit: u32) -> Result<Vec<Uuid>> {
    let submitted = Query::select()
        .expr(Expr::val(1))
        .from_as(message::Entity, "twin")
        .inner_join(
            submission::Entity,
            Expr::col((submission::Entity, submission::Column::MessageId))
                .equals((Alias::new("twin"), message::Column::Id)),
        )
        .and_where(
            Expr::col((Alias::new("twin"), message::Column::RawSha256))
                .equals((message::Entity, message::Column::RawSha256)),
        )
        .and_where(Expr::col((submission::Entity, submission::Column::ErasedAt)).is_null())
        .take();
    let own = Query::select()
        .expr(Expr::val(1))
        .from(submission::Entity)
        .and_where(
            Expr::col((submission::Entity, submission::Column::MessageId))
                .equals((message::Entity, message::Column::Id)),
        )
        .take();
    Ok(message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .filter(message::Column::Stage.eq(Stage::Recorded.as_str()))
        .filter(message::Column::ErasedAt.is_null())
        .filter(message::Column::ReceivedAt.lt(micros(received_before)))
        .filter(message::Column::Id.gt(after.unwrap_or_default()))
        .filter(Condition::all().add(Expr::exists(own).not()).add(Expr::exists(submitted).not()))
        .order_by_asc(message::Column::Id)
        .limit(bounded(limit))
        .into_tuple()
        .all(&store.reader)
        .await?)
}
