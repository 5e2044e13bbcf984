//! An erasure from its first row to its proof.

use store::{
    Store,
    erasure::{Asked, Begun, Refusal},
};

use crate::{Place, Result, Waits, finish, resume};

/// What was done, or would be.
#[derive(Debug)]
pub struct Erased {
    /// As it stands; of a rehearsal, as it would.
    pub begun: Begun,
    /// Why blobs wait, and what to do.
    pub waits: Option<Waits>,
}

/// Erases what is asked for. What a process before this one left is made good first. A rehearsal, an erasure that finds
/// nothing, and a refusal leave nothing; anything else is noted with who asked.
pub async fn erase(place: Place<'_>, store: &Store, asked: &Asked) -> Result<std::result::Result<Erased, Refusal>> {
    let waiting = if asked.is_rehearsal { Vec::new() } else { resume(place, store).await? };
    let mut begun = match store.erasure_begin(asked).await? {
        Ok(begun) => begun,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if begun.is_replayed {
        let waits = waiting.iter().find(|one| one.erasure.id == begun.erasure.id).and_then(|one| one.waits);
        return Ok(Ok(Erased { begun, waits }));
    }
    if asked.is_rehearsal || begun.erasure.counts.is_empty() {
        return Ok(Ok(Erased { begun, waits: None }));
    }
    let finished = finish(place, store, &begun.erasure).await?;
    begun.erasure = finished.erasure;
    Ok(Ok(Erased { begun, waits: finished.waits }))
}
