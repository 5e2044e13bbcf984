//! What an administrator does with accounts: each in one transaction, with its line of history.

use intake::review::Role;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    AccessAction, Account, AccountChange, AccountDraft, By, Invitation, Kept, Once, access, read,
    session::{end_all, locked},
};
use crate::{
    Error, Result, Store,
    entity::{account, account_identity, account_invitation},
    register::Refusal,
    values::{LINE_CHARACTERS_MAX, line, micros, signed},
};

/// The table, as a refusal names it.
const TABLE: &str = "account";

pub async fn create(
    store: &Store,
    draft: &AccountDraft,
    invitation: &Invitation,
    once: Option<&Once>,
    by: &By,
) -> Result<Kept> {
    match create_once(store, draft, invitation, once, by).await {
        // The same call at the same time: its twin has made it by now.
        Err(Error::Conflict(_)) => create_once(store, draft, invitation, once, by).await,
        made => made,
    }
}

async fn create_once(
    store: &Store,
    draft: &AccountDraft,
    invitation: &Invitation,
    once: Option<&Once>,
    by: &By,
) -> Result<Kept> {
    let tx = store.write().await?;
    if let Some(once) = once {
        let made = account::Column::RequestId.eq(once.request_id.as_str());
        if let Some(row) = account::Entity::find().filter(made).one(&tx).await? {
            if row.request_sha256.as_deref() != Some(&once.body_sha256.hex()) {
                return Err(Refusal::Reused.into());
            }
            return Ok(Kept::Before(read::record(row)?));
        }
    }
    let row = insert(&tx, draft, invitation, once, by).await?;
    if !draft.is_rehearsal {
        tx.commit().await?;
    }
    Ok(Kept::Made(read::record(row)?))
}

pub async fn ensure_first(store: &Store, draft: &AccountDraft, invitation: &Invitation, by: &By) -> Result<bool> {
    let tx = store.write().await?;
    if account::Entity::find().count(&tx).await? > 0 {
        return Ok(false);
    }
    let made = match insert(&tx, draft, invitation, None, by).await {
        // Another process was quicker.
        Err(Error::Conflict(_) | Error::Refused(Refusal::Taken { .. })) => return Ok(false),
        made => made.map(|_| true)?,
    };
    tx.commit().await?;
    Ok(made)
}

async fn insert(
    tx: &DatabaseTransaction,
    draft: &AccountDraft,
    invitation: &Invitation,
    once: Option<&Once>,
    by: &By,
) -> Result<account::Model> {
    let name = draft.name.to_lowercase();
    if account::Entity::find().filter(account::Column::Name.eq(name.as_str())).count(tx).await? > 0 {
        return Err(Refusal::Taken { table: TABLE.into(), id: name }.into());
    }
    let row = account::Model {
        id: Uuid::now_v7(),
        name: line(&name, LINE_CHARACTERS_MAX),
        display_name: line(&draft.display_name, LINE_CHARACTERS_MAX),
        role: draft.role.as_str().to_owned(),
        password_hash: None,
        disabled: false,
        row_version: 1,
        created_at: micros(by.now),
        last_sign_in_at: None,
        request_id: once.map(|once| once.request_id.clone()),
        request_sha256: once.map(|once| once.body_sha256.hex()),
    };
    account::Entity::insert(account::ActiveModel::from(row.clone())).exec_without_returning(tx).await?;
    add_invitation(tx, row.id, invitation, by).await?;
    access::note(tx, AccessAction::UserCreated, subject(row.id), format!("{name}, {}", draft.role.as_str()), by)
        .await?;
    Ok(row)
}

async fn add_invitation(tx: &DatabaseTransaction, account_id: Uuid, invitation: &Invitation, by: &By) -> Result<()> {
    let row = account_invitation::ActiveModel {
        token_sha256: Set(invitation.token.hex()),
        account_id: Set(account_id),
        created_at: Set(micros(by.now)),
        expires_at: Set(micros(invitation.expires_at)),
        used_at: Set(None),
    };
    account_invitation::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// An account as lines of history name it.
pub fn subject(id: Uuid) -> String {
    format!("users/{}", id.hyphenated())
}

pub async fn update(
    store: &Store,
    id: Uuid,
    row_version: Option<u64>,
    change: &AccountChange,
    by: &By,
) -> Result<Option<Account>> {
    let tx = store.write().await?;
    // All administrators are held in one order, so that two of them cannot put each other out.
    let administrators = account::Entity::find()
        .filter(account::Column::Role.eq(Role::Administrator.as_str()))
        .order_by_asc(account::Column::Id)
        .lock_exclusive()
        .all(&tx)
        .await?;
    let before = locked(&tx, id).await?;
    if let Some(row_version) = row_version
        && signed(row_version)? != before.row_version
    {
        return Err(Error::Conflict(format!("the account is at version {}, not {row_version}", before.row_version)));
    }
    let mut after = before.clone();
    if let Some(display_name) = &change.display_name {
        after.display_name = line(display_name, LINE_CHARACTERS_MAX);
    }
    if let Some(role) = change.role {
        after.role = role.as_str().to_owned();
    }
    if let Some(disabled) = change.disabled {
        after.disabled = disabled;
    }
    if after == before {
        return read::record(before).map(Some);
    }
    let administers = |row: &account::Model| !row.disabled && row.role == Role::Administrator.as_str();
    let another = administrators.iter().any(|row| row.id != id && administers(row) && row.password_hash.is_some());
    if administers(&before) && !administers(&after) && !another {
        return Ok(None);
    }
    after.row_version += 1;
    let columns = account::ActiveModel {
        display_name: Set(after.display_name.clone()),
        role: Set(after.role.clone()),
        disabled: Set(after.disabled),
        row_version: Set(after.row_version),
        ..Default::default()
    };
    account::Entity::update_many().set(columns).filter(account::Column::Id.eq(id)).exec(&tx).await?;
    if after.role != before.role || after.disabled {
        end_all(&tx, id, None).await?;
    }
    let mut detail = vec![after.name.clone()];
    if after.role != before.role {
        detail.push(format!("{} → {}", before.role, after.role));
    }
    if after.disabled != before.disabled {
        detail.push(if after.disabled { "disabled" } else { "enabled" }.to_owned());
    }
    access::note(&tx, AccessAction::UserUpdated, subject(id), detail.join(", "), by).await?;
    tx.commit().await?;
    read::record(after).map(Some)
}

pub async fn invite(store: &Store, id: Uuid, invitation: &Invitation, by: &By) -> Result<Account> {
    let tx = store.write().await?;
    let mut row = locked(&tx, id).await?;
    account_invitation::Entity::update_many()
        .col_expr(account_invitation::Column::ExpiresAt, Expr::value(micros(by.now)))
        .filter(account_invitation::Column::AccountId.eq(id))
        .filter(account_invitation::Column::UsedAt.is_null())
        .filter(account_invitation::Column::ExpiresAt.gt(micros(by.now)))
        .exec(&tx)
        .await?;
    account_identity::Entity::delete_many().filter(account_identity::Column::AccountId.eq(id)).exec(&tx).await?;
    end_all(&tx, id, None).await?;
    row.password_hash = None;
    row.row_version += 1;
    let columns =
        account::ActiveModel { password_hash: Set(None), row_version: Set(row.row_version), ..Default::default() };
    account::Entity::update_many().set(columns).filter(account::Column::Id.eq(id)).exec(&tx).await?;
    add_invitation(&tx, id, invitation, by).await?;
    access::note(&tx, AccessAction::UserInvited, subject(id), row.name.clone(), by).await?;
    tx.commit().await?;
    read::record(row)
}
