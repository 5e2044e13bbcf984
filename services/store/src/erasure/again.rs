//! A call that is asked again: what is kept with its id, and what it is given.

use sea_orm::JsonValue;

use super::{Begun, Erasure, blobs::get};
use crate::{Error, Result, Store, register::Entry};

/// What a call is known to have made.
pub fn made(erasure: &Erasure) -> Entry {
    Entry {
        id: erasure.id.to_string(),
        row_version: 1,
        created_at: erasure.asked_at,
        updated_at: erasure.asked_at,
        deleted_at: None,
        values: Vec::new(),
        body: JsonValue::Null,
    }
}

/// The erasure that a call made before.
pub async fn replayed(store: &Store, made: &[Entry]) -> Result<Begun> {
    let id = made.first().and_then(|entry| entry.id.parse().ok());
    let id = id.ok_or_else(|| Error::Internal("a call that made no erasure is known as one that did".into()))?;
    let erasure = get(store, id).await?;
    Ok(Begun { erasure, salt: None, adopted: Vec::new(), mentions: Vec::new(), unread: 0, is_replayed: true })
}
