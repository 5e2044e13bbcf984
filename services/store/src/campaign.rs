//! Campaigns, with every revision that they ever had.

use intake::campaign::Campaign;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, NotSet, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{
    Error, LIST_MAX, Result, Store,
    account::{AccessAction, By, access},
    entity::{campaign, campaign_revision},
    mailbox,
    record::CampaignKey,
    values::{address, bounded, from_json, json, now},
};

/// Identity of the campaign that ships: the same in every installation, so that two programs that start at once on an
/// empty database insert one.
const TWENTIETH_CONGRESS: Uuid = Uuid::from_u128(0x0183_8ed8_3000_7000_8000_0000_0000_0001);

fn row(campaign: &Campaign) -> Result<campaign::ActiveModel> {
    let at = now();
    Ok(campaign::ActiveModel {
        id: Set(campaign.id),
        revision: Set(i64::from(campaign.revision)),
        mailbox_address: Set(address(&campaign.mailbox)),
        deadline_day: Set(campaign.deadline_day),
        body: Set(json(campaign)?),
        created_at: Set(at),
        updated_at: Set(at),
    })
}

async fn keep_revision(tx: &DatabaseTransaction, campaign: &Campaign) -> Result<()> {
    let revision = campaign_revision::ActiveModel {
        campaign_id: Set(campaign.id),
        revision: Set(i64::from(campaign.revision)),
        id: NotSet,
        body: Set(json(campaign)?),
        created_at: Set(now()),
    };
    campaign_revision::Entity::insert(revision).exec_without_returning(tx).await?;
    Ok(())
}

async fn note(tx: &DatabaseTransaction, campaign: &Campaign, action: AccessAction, by: &By) -> Result<()> {
    let subject = format!("campaigns/{}", campaign.id.hyphenated());
    access::note(tx, action, subject, format!("revision {}", campaign.revision), by).await
}

pub async fn ensure_default(store: &Store) -> Result<()> {
    if campaign::Entity::find().count(&store.reader).await? > 0 {
        return Ok(());
    }
    let tx = store.write().await?;
    let campaign = Campaign::twentieth_congress(TWENTIETH_CONGRESS);
    let inserted = campaign::Entity::insert(row(&campaign)?)
        .on_conflict(OnConflict::column(campaign::Column::Id).do_nothing().to_owned())
        .exec_without_returning(&tx)
        .await?;
    if inserted > 0 {
        keep_revision(&tx, &campaign).await?;
    }
    Ok(tx.commit().await?)
}

pub async fn insert(store: &Store, campaign: &Campaign, by: &By) -> Result<()> {
    let campaign = Campaign { revision: 1, ..campaign.clone() };
    let tx = store.write().await?;
    campaign::Entity::insert(row(&campaign)?).exec_without_returning(&tx).await?;
    keep_revision(&tx, &campaign).await?;
    note(&tx, &campaign, AccessAction::CampaignCreated, by).await?;
    Ok(tx.commit().await?)
}

pub async fn get(store: &Store, id: Uuid) -> Result<Campaign> {
    let row = campaign::Entity::find_by_id(id).one(&store.reader).await?;
    from_json(row.ok_or(Error::NotFound { what: "campaign", id })?.body)
}

pub async fn list(store: &Store, after: Option<CampaignKey>, limit: u32) -> Result<Vec<Campaign>> {
    let mut query = campaign::Entity::find();
    if let Some(key) = after {
        query = query.filter(
            Expr::tuple([Expr::col(campaign::Column::DeadlineDay), Expr::col(campaign::Column::Id)])
                .lt(Expr::tuple([Expr::val(key.deadline_day), Expr::val(key.id)])),
        );
    }
    query
        .order_by_desc(campaign::Column::DeadlineDay)
        .order_by_desc(campaign::Column::Id)
        .limit(bounded(limit))
        .all(&store.reader)
        .await?
        .into_iter()
        .map(|row| from_json(row.body))
        .collect()
}

pub async fn update(store: &Store, campaign: &Campaign, by: &By) -> Result<Campaign> {
    let next = Campaign { revision: campaign.revision.saturating_add(1), ..campaign.clone() };
    let tx = store.write().await?;
    let changed = campaign::Entity::update_many()
        .set(campaign::ActiveModel { created_at: NotSet, id: NotSet, ..row(&next)? })
        .filter(campaign::Column::Id.eq(campaign.id))
        .filter(campaign::Column::Revision.eq(i64::from(campaign.revision)))
        .exec(&tx)
        .await?
        .rows_affected;
    if changed == 0 {
        let there = campaign::Entity::find_by_id(campaign.id).one(&tx).await?;
        return Err(match there {
            None => Error::NotFound { what: "campaign", id: campaign.id },
            Some(row) => {
                Error::Conflict(format!("the campaign is at revision {}, not at {}", row.revision, campaign.revision))
            }
        });
    }
    keep_revision(&tx, &next).await?;
    note(&tx, &next, AccessAction::CampaignUpdated, by).await?;
    tx.commit().await?;
    Ok(next)
}

/// Campaigns whose address is the mailbox's, newest deadline first.
pub async fn of_mailbox(store: &Store, mailbox_id: Uuid) -> Result<Vec<Campaign>> {
    let mailbox = mailbox::row(store, mailbox_id).await?;
    campaign::Entity::find()
        .filter(campaign::Column::MailboxAddress.eq(address(&mailbox.address)))
        .order_by_desc(campaign::Column::DeadlineDay)
        .order_by_desc(campaign::Column::Id)
        .limit(u64::from(LIST_MAX))
        .all(&store.reader)
        .await?
        .into_iter()
        .map(|row| from_json(row.body))
        .collect()
}
