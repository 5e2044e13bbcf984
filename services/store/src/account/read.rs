//! Accounts as they are.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use stdx::Sha256;
use uuid::Uuid;

use super::Account;
use crate::{
    Error, Result, Store,
    entity::{account, account_invitation},
    values::{bounded, clean, instant, micros, parsed, unsigned},
};

pub fn record(row: account::Model) -> Result<Account> {
    Ok(Account {
        id: row.id,
        name: row.name,
        display_name: row.display_name,
        role: parsed(&row.role)?,
        disabled: row.disabled,
        has_password: row.password_hash.is_some(),
        row_version: unsigned(row.row_version)?,
        created_at: instant(row.created_at)?,
        last_sign_in_at: row.last_sign_in_at.map(instant).transpose()?,
    })
}

pub async fn get(store: &Store, id: Uuid) -> Result<Account> {
    let row = account::Entity::find_by_id(id).one(&store.reader).await?;
    record(row.ok_or(Error::NotFound { what: "account", id })?)
}

pub async fn find(store: &Store, name: &str) -> Result<Option<(Account, Option<String>)>> {
    let name = clean(&name.to_lowercase());
    let row = account::Entity::find().filter(account::Column::Name.eq(name)).one(&store.reader).await?;
    row.map(|row| {
        let hash = row.password_hash.clone();
        Ok((record(row)?, hash))
    })
    .transpose()
}

pub async fn list(store: &Store, after: Option<&str>, limit: u32) -> Result<Vec<Account>> {
    let mut rows = account::Entity::find();
    if let Some(after) = after {
        rows = rows.filter(account::Column::Name.gt(after));
    }
    let rows = rows.order_by_asc(account::Column::Name).limit(bounded(limit)).all(&store.reader).await?;
    rows.into_iter().map(record).collect()
}

pub async fn invited(store: &Store, token: Sha256, now: DateTime<Utc>) -> Result<Option<Account>> {
    let invitation = account_invitation::Entity::find_by_id(token.hex()).one(&store.reader).await?;
    let usable = |row: &account_invitation::Model| row.used_at.is_none() && row.expires_at > micros(now);
    let Some(invitation) = invitation.filter(usable) else { return Ok(None) };
    let account = get(store, invitation.account_id).await?;
    Ok(Some(account).filter(|account| !account.disabled))
}
