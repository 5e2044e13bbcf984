//! Rows for look-ups (lists, likeness, contacts) that the program which recorded a submission did not know yet: made at the start,
//! a few at a time, while everything else goes on. And again and again for as long as an older program may work beside this
//! one: what that one records stands in no list of ours until then. Contracts are put where their projects are likewise.

use std::time::Duration;

use store::Store;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Failure;

/// Submissions of one transaction: the worker that records waits for it.
const BATCH: u32 = 20;
/// Between two looks, also after a failure.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// For how long after our start an older program may work beside us.
const UPGRADE_WITHIN: Duration = Duration::from_secs(3600);
/// Between two looks after that.
const LOOK_SELDOM: Duration = Duration::from_secs(3600);

/// Fills in what is missing; ends at `cancel` alone, as every part of the program does.
pub async fn fill(store: Store, cancel: CancellationToken) {
    let upgraded_at = Instant::now() + UPGRADE_WITHIN;
    let mut followed_at = None;
    while !cancel.is_cancelled() {
        // Every contract is looked at: at the start, and then as seldom as may be.
        if followed_at.is_none_or(|at: Instant| at.elapsed() >= LOOK_SELDOM) {
            followed_at = Some(Instant::now());
            match store.contracts_follow().await {
                Ok(0) => {}
                Ok(followed) => tracing::info!(followed, "contracts stand where their projects do"),
                Err(error) => {
                    let error = crate::chain(&error);
                    tracing::warn!(error, "contracts could not be put where their projects are; another try follows");
                }
            }
        }
        match look(&store, &cancel).await {
            Ok(0) => {}
            Ok(filled) => tracing::info!(filled, "made rows for look-ups of submissions that had none"),
            Err(error) => {
                let error = crate::chain(&*error);
                tracing::warn!(error, "rows for look-ups could not be made; another try follows");
            }
        }
        let pause = if Instant::now() < upgraded_at { LOOK_EVERY } else { LOOK_SELDOM };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn look(store: &Store, cancel: &CancellationToken) -> Result<u64, Failure> {
    let mut filled = store.manuscripts_fill().await?;
    while !cancel.is_cancelled() {
        match store.look_ups_fill(BATCH).await? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}
