//! Rows for look-ups (likeness, contacts) that the program which recorded a submission did not know yet: made at the start,
//! a few at a time, while everything else goes on.

use std::time::Duration;

use store::Store;
use tokio_util::sync::CancellationToken;

/// Submissions of one transaction: the worker that records waits for it.
const BATCH: u32 = 20;
/// From a failure to the next try.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// Fills in what is missing; ends at `cancel` alone, as every part of the program does.
pub async fn fill(store: Store, cancel: CancellationToken) {
    let mut filled = 0;
    while !cancel.is_cancelled() {
        match store.look_ups_fill(BATCH).await {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) => {
                tracing::warn!(%error, "rows for look-ups could not be made; another try follows");
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = tokio::time::sleep(RETRY_AFTER) => {}
                }
            }
        }
    }
    if filled > 0 {
        tracing::info!(filled, "made rows for look-ups of submissions that had none");
    }
    cancel.cancelled().await;
}
