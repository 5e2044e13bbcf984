//! Sessions: begun by a password or an invitation, alive while their person is active, ended on the server's side.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    Set, sea_query::Expr,
};
use stdx::Sha256;
use uuid::Uuid;

use super::{
    AccessAction, AccessEvent, IDLE_MAX, InvitationUse, SEEN_EVERY, SESSION_MAX, SESSIONS_MAX, Session, SessionDraft,
    access, read,
};
use crate::{
    Error, Result, Store,
    entity::{account, account_invitation, session},
    values::{LINE_CHARACTERS_MAX, instant, line, micros},
};

/// The account's row, held until the end of the transaction.
pub async fn locked(tx: &DatabaseTransaction, id: Uuid) -> Result<account::Model> {
    let row = account::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    row.ok_or(Error::NotFound { what: "account", id })
}

/// Ends the sessions of an account, but for one.
pub async fn end_all(connection: &impl ConnectionTrait, account_id: Uuid, but: Option<Sha256>) -> Result<()> {
    let mut rows = session::Entity::delete_many().filter(session::Column::AccountId.eq(account_id));
    if let Some(but) = but {
        rows = rows.filter(session::Column::TokenSha256.ne(but.hex()));
    }
    rows.exec(connection).await?;
    Ok(())
}

pub async fn begin(
    store: &Store,
    account_id: Uuid,
    password_hash: &str,
    draft: &SessionDraft,
) -> Result<Option<Session>> {
    let tx = store.write().await?;
    let row = locked(&tx, account_id).await?;
    if row.disabled || row.password_hash.as_deref() != Some(password_hash) {
        return Ok(None);
    }
    let session = insert(&tx, row, draft, AccessAction::SignIn, "").await?;
    tx.commit().await?;
    Ok(Some(session))
}

pub async fn accept(store: &Store, accepted: &InvitationUse) -> Result<Option<Session>> {
    use account_invitation::Column;
    let now = micros(accepted.session.now);
    let tx = store.write().await?;
    let Some(invitation) = account_invitation::Entity::find_by_id(accepted.token.hex()).one(&tx).await? else {
        return Ok(None);
    };
    let row = locked(&tx, invitation.account_id).await?;
    let used = account_invitation::Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::TokenSha256.eq(accepted.token.hex()))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .exec(&tx)
        .await?;
    if used.rows_affected == 0 || row.disabled {
        return Ok(None);
    }
    end_all(&tx, row.id, None).await?;
    account::Entity::update_many()
        .col_expr(account::Column::PasswordHash, Expr::value(accepted.password_hash.clone()))
        .col_expr(account::Column::RowVersion, Expr::col(account::Column::RowVersion).add(1))
        .filter(account::Column::Id.eq(row.id))
        .exec(&tx)
        .await?;
    let row = locked(&tx, row.id).await?;
    let session = insert(&tx, row, &accepted.session, AccessAction::InvitationAccepted, "").await?;
    tx.commit().await?;
    Ok(Some(session))
}

/// A session beside the account's others, with its line of history.
pub async fn insert(
    tx: &DatabaseTransaction,
    row: account::Model,
    draft: &SessionDraft,
    action: AccessAction,
    detail: &str,
) -> Result<Session> {
    use session::Column;
    let now = micros(draft.now);
    session::Entity::delete_many()
        .filter(Column::AccountId.eq(row.id))
        .filter(Column::ExpiresAt.lte(now).or(Column::SeenAt.lte(micros(draft.now - IDLE_MAX))))
        .exec(tx)
        .await?;
    let alive: Vec<String> = session::Entity::find()
        .select_only()
        .column(Column::TokenSha256)
        .filter(Column::AccountId.eq(row.id))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::TokenSha256)
        .limit(SESSIONS_MAX - 1)
        .into_tuple()
        .all(tx)
        .await?;
    session::Entity::delete_many()
        .filter(Column::AccountId.eq(row.id))
        .filter(Column::TokenSha256.is_not_in(alive))
        .exec(tx)
        .await?;
    let inserted = session::Model {
        token_sha256: draft.token.hex(),
        account_id: row.id,
        created_at: now,
        seen_at: now,
        expires_at: micros(draft.now + SESSION_MAX),
        peer: line(&draft.peer, LINE_CHARACTERS_MAX),
    };
    session::Entity::insert(session::ActiveModel::from(inserted.clone())).exec_without_returning(tx).await?;
    account::Entity::update_many()
        .col_expr(account::Column::LastSignInAt, Expr::value(now))
        .filter(account::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    let event = AccessEvent {
        at: draft.now,
        actor: row.name.clone(),
        action,
        subject: String::new(),
        peer: draft.peer.clone(),
        detail: detail.to_owned(),
    };
    access::append(tx, &event).await?;
    record(inserted, account::Model { last_sign_in_at: Some(now), ..row }, draft.token)
}

fn record(row: session::Model, account: account::Model, token: Sha256) -> Result<Session> {
    Ok(Session {
        token,
        account: read::record(account)?,
        created_at: instant(row.created_at)?,
        seen_at: instant(row.seen_at)?,
        expires_at: instant(row.expires_at)?,
        peer: row.peer,
    })
}

pub async fn find(store: &Store, token: Sha256, now: DateTime<Utc>) -> Result<Option<Session>> {
    let Some(row) = session::Entity::find_by_id(token.hex()).one(&store.reader).await? else { return Ok(None) };
    if row.expires_at <= micros(now) || row.seen_at <= micros(now - IDLE_MAX) {
        return Ok(None);
    }
    let account = account::Entity::find_by_id(row.account_id).one(&store.reader).await?;
    let Some(account) = account.filter(|account| !account.disabled) else { return Ok(None) };
    record(row, account, token).map(Some)
}

pub async fn seen(store: &Store, session: &Session, now: DateTime<Utc>) -> Result<()> {
    if now - session.seen_at < SEEN_EVERY {
        return Ok(());
    }
    session::Entity::update_many()
        .col_expr(session::Column::SeenAt, Expr::value(micros(now)))
        .filter(session::Column::TokenSha256.eq(session.token.hex()))
        .filter(session::Column::SeenAt.lt(micros(now)))
        .exec(&store.writer)
        .await?;
    Ok(())
}

pub async fn end(store: &Store, token: Sha256, now: DateTime<Utc>) -> Result<()> {
    let tx = store.write().await?;
    let Some(row) = session::Entity::find_by_id(token.hex()).one(&tx).await? else { return Ok(()) };
    // The account first, as everywhere.
    let account = locked(&tx, row.account_id).await?;
    let ended = session::Entity::delete_by_id(token.hex()).exec(&tx).await?;
    if ended.rows_affected > 0 {
        let event = AccessEvent {
            at: now,
            actor: account.name,
            action: AccessAction::SignOut,
            subject: String::new(),
            peer: row.peer,
            detail: String::new(),
        };
        access::append(&tx, &event).await?;
    }
    tx.commit().await?;
    Ok(())
}

pub async fn password_change(
    store: &Store,
    session: &Session,
    old: &str,
    new: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    use account::Column;
    let tx = store.write().await?;
    let changed = account::Entity::update_many()
        .set(account::ActiveModel { password_hash: Set(Some(new.to_owned())), ..Default::default() })
        .col_expr(Column::RowVersion, Expr::col(Column::RowVersion).add(1))
        .filter(Column::Id.eq(session.account.id))
        .filter(Column::PasswordHash.eq(old))
        .filter(Column::Disabled.eq(false))
        .exec(&tx)
        .await?;
    if changed.rows_affected == 0 {
        return Ok(false);
    }
    end_all(&tx, session.account.id, Some(session.token)).await?;
    let event = AccessEvent {
        at: now,
        actor: session.account.name.clone(),
        action: AccessAction::PasswordChanged,
        subject: String::new(),
        peer: session.peer.clone(),
        detail: String::new(),
    };
    access::append(&tx, &event).await?;
    tx.commit().await?;
    Ok(true)
}
