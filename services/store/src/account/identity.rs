//! Signing in at an identity provider: what is kept until the browser comes back, and whose account it then is.

use chrono::{DateTime, Utc};
use intake::review::Role;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::Expr,
};
use stdx::Sha256;
use uuid::Uuid;

use super::{
    AccessAction, AccessEvent, Arrival, Identity, PENDING_SIGN_INS_MAX, PendingSignIn, SessionDraft, access,
    session::{insert, locked},
};
use crate::{
    Error, Result, Store,
    entity::{account, account_identity, account_invitation, pending_sign_in},
    values::{LINE_CHARACTERS_MAX, instant, line, micros},
};

pub async fn begun(store: &Store, pending: &PendingSignIn, now: DateTime<Utc>) -> Result<()> {
    use pending_sign_in::{Column, Entity};
    let tx = store.write().await?;
    Entity::delete_many().filter(Column::ExpiresAt.lte(micros(now))).exec(&tx).await?;
    // Whoever begins many pushes out the oldest, and fills no disk.
    if Entity::find().count(&tx).await? >= PENDING_SIGN_INS_MAX {
        let oldest = Entity::find().order_by_asc(Column::ExpiresAt).limit(1).one(&tx).await?;
        if let Some(oldest) = oldest {
            Entity::delete_by_id(oldest.state_sha256).exec(&tx).await?;
        }
    }
    let row = pending_sign_in::ActiveModel {
        state_sha256: Set(pending.state.hex()),
        binding_sha256: Set(pending.binding.hex()),
        nonce: Set(pending.nonce.clone()),
        verifier: Set(pending.verifier.clone()),
        return_url: Set(pending.return_url.clone()),
        next: Set(pending.next.clone()),
        expires_at: Set(micros(pending.expires_at)),
    };
    Entity::insert(row).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(())
}

pub async fn taken(store: &Store, state: Sha256, binding: Sha256, now: DateTime<Utc>) -> Result<Option<PendingSignIn>> {
    use pending_sign_in::{Column, Entity};
    let tx = store.write().await?;
    let Some(row) = Entity::find_by_id(state.hex()).one(&tx).await? else { return Ok(None) };
    // Another browser does not use it up: the right one may still come.
    let taken = Entity::delete_many()
        .filter(Column::StateSha256.eq(state.hex()))
        .filter(Column::BindingSha256.eq(binding.hex()))
        .filter(Column::ExpiresAt.gt(micros(now)))
        .exec(&tx)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(PendingSignIn {
        state,
        binding,
        nonce: row.nonce,
        verifier: row.verifier,
        return_url: row.return_url,
        next: row.next,
        expires_at: instant(row.expires_at)?,
    }))
}

pub async fn arrive(store: &Store, identity: &Identity, admits: bool, draft: &SessionDraft) -> Result<Arrival> {
    match arrive_once(store, identity, admits, draft).await {
        // The same person at the same time: the twin has made the account by now.
        Err(Error::Conflict(_)) => arrive_once(store, identity, admits, draft).await,
        arrived => arrived,
    }
}

async fn arrive_once(store: &Store, identity: &Identity, admits: bool, draft: &SessionDraft) -> Result<Arrival> {
    let tx = store.write().await?;
    let name = identity.user_name.as_deref();
    let found = match (tied(&tx, identity).await?, name) {
        (None, Some(name)) => {
            let named = account::Entity::find().filter(account::Column::Name.eq(name)).one(&tx).await?;
            named.map(|row| row.id)
        }
        (tied, _) => tied,
    };
    let (row, action) = match (found, name) {
        (Some(account_id), _) => {
            let row = locked(&tx, account_id).await?;
            // Asked again now that nobody else changes the account: it may have been tied or untied meanwhile.
            if tied(&tx, identity).await? == Some(row.id) {
                (row, AccessAction::SignIn)
            } else if row.disabled {
                return Ok(Arrival::Disabled);
            } else if name == Some(row.name.as_str())
                && row.password_hash.is_none()
                && use_up(&tx, row.id, draft.now).await?
            {
                link(&tx, identity, row.id, draft.now).await?;
                (row, AccessAction::InvitationAccepted)
            } else {
                return Ok(Arrival::NotInvited);
            }
        }
        (None, Some(name)) if admits => {
            let row = viewer(&tx, name, identity, draft).await?;
            link(&tx, identity, row.id, draft.now).await?;
            (row, AccessAction::SignIn)
        }
        _ => return Ok(Arrival::Unknown),
    };
    if row.disabled {
        return Ok(Arrival::Disabled);
    }
    let session = insert(&tx, row, draft, action, &identity.issuer).await?;
    tx.commit().await?;
    Ok(Arrival::SignedIn(session))
}

/// The account that an identity is tied to.
async fn tied(tx: &DatabaseTransaction, identity: &Identity) -> Result<Option<Uuid>> {
    let key = (identity.issuer.clone(), identity.subject.clone());
    Ok(account_identity::Entity::find_by_id(key).one(tx).await?.map(|row| row.account_id))
}

/// Uses the open invitation of an account up; tells whether there was one.
async fn use_up(tx: &DatabaseTransaction, account_id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    use account_invitation::Column;
    let used = account_invitation::Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(micros(now)))
        .filter(Column::AccountId.eq(account_id))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(micros(now)))
        .exec(tx)
        .await?;
    Ok(used.rows_affected > 0)
}

async fn link(tx: &DatabaseTransaction, identity: &Identity, account_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let row = account_identity::ActiveModel {
        issuer: Set(identity.issuer.clone()),
        subject: Set(identity.subject.clone()),
        account_id: Set(account_id),
        created_at: Set(micros(now)),
    };
    account_identity::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// An account for somebody who is known to the provider alone.
async fn viewer(
    tx: &DatabaseTransaction,
    name: &str,
    identity: &Identity,
    draft: &SessionDraft,
) -> Result<account::Model> {
    let display_name = if identity.display_name.trim().is_empty() { name } else { &identity.display_name };
    let row = account::Model {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        display_name: line(display_name, LINE_CHARACTERS_MAX),
        role: Role::Viewer.as_str().to_owned(),
        password_hash: None,
        disabled: false,
        row_version: 1,
        created_at: micros(draft.now),
        last_sign_in_at: None,
        request_id: None,
        request_sha256: None,
    };
    account::Entity::insert(account::ActiveModel::from(row.clone())).exec_without_returning(tx).await?;
    let event = AccessEvent {
        at: draft.now,
        actor: name.to_owned(),
        action: AccessAction::UserCreated,
        subject: super::write::subject(row.id),
        peer: draft.peer.clone(),
        detail: format!("{name}, {}, {}", row.role, identity.issuer),
    };
    access::append(tx, &event).await?;
    Ok(row)
}
