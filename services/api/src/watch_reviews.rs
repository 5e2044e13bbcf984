//! The stream that tells which manuscripts changed. It is pulled, a batch at a time, and holds names alone.

use std::{collections::VecDeque, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, stream};
use proto::intake::v1;
use stdx::Sha256;
use store::Store;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use crate::{errors, gate, names, watch::HEARTBEAT};

/// From one look at the tables to the next.
const POLL: Duration = Duration::from_millis(500);
/// A change is told when it is this old: by then every transaction that began before it has ended, and none is passed over.
const LATE: TimeDelta = TimeDelta::seconds(1);
/// Changes read at once.
const BATCH: u32 = 50;

/// The last change that was told.
type Key = (DateTime<Utc>, Uuid);

/// The change that a resume token names: the present instant for an empty one.
pub fn resume(token: &str, now: DateTime<Utc>) -> Result<Key, Status> {
    if token.is_empty() {
        return Ok((now, Uuid::nil()));
    }
    let key = token.split_once('.').and_then(|(micros, id)| {
        let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        Some((at, Uuid::try_parse(id).ok()?)).filter(|key| written(key) == token)
    });
    key.ok_or_else(|| {
        errors::field("resume_token", "not a token of an earlier response", "不是先前返回的 resume_token")
    })
}

fn written((at, id): &Key) -> String {
    format!("{}.{}", at.timestamp_micros(), id.hyphenated())
}

struct Watcher {
    store: Store,
    /// The token's hash of a person's session: the stream ends when the session has.
    session: Option<Sha256>,
    after: Key,
    batch: VecDeque<Key>,
    /// At once at the start, so that the caller has a token to resume from.
    heartbeat_at: Instant,
}

/// Every change after a key, then those to come; ends with UNAVAILABLE when `drain` is cancelled.
pub fn stream(
    store: Store,
    after: Key,
    session: Option<Sha256>,
    drain: CancellationToken,
) -> impl Stream<Item = Result<v1::WatchReviewsResponse, Status>> + Send {
    let watcher = Watcher { store, session, after, batch: VecDeque::new(), heartbeat_at: Instant::now() };
    stream::unfold(Some(watcher), move |watcher| {
        let drain = drain.clone();
        async move {
            let mut watcher = watcher?;
            let next = tokio::select! {
                biased;
                () = drain.cancelled() => Err(errors::draining()),
                next = watcher.next() => next,
            };
            // An error is the last thing a stream says.
            let watcher = next.is_ok().then_some(watcher);
            Some((next, watcher))
        }
    })
}

impl Watcher {
    async fn next(&mut self) -> Result<v1::WatchReviewsResponse, Status> {
        loop {
            if let Some(token) = self.session
                && self.store.session_find(token, Utc::now()).await.map_err(errors::of_store)?.is_none()
            {
                return Err(gate::unknown());
            }
            if self.batch.is_empty() {
                let changes = self.store.review_changes(self.after, Utc::now() - LATE, BATCH).await;
                self.batch = changes.map_err(errors::of_store)?.into();
            }
            let submission = match self.batch.pop_front() {
                Some(key) => {
                    self.after = key;
                    names::SUBMISSION.name(key.1)
                }
                None if Instant::now() < self.heartbeat_at => {
                    tokio::time::sleep(POLL).await;
                    continue;
                }
                None => String::new(),
            };
            self.heartbeat_at = Instant::now() + HEARTBEAT;
            return Ok(v1::WatchReviewsResponse { submission, resume_token: written(&self.after) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_in_its_one_spelling_only() {
        let now = DateTime::from_timestamp_micros(1_677_632_400_000_007).unwrap();
        let key = (now, Uuid::from_u128(7));
        assert_eq!(resume(&written(&key), now).unwrap(), key);
        assert_eq!(resume("", now).unwrap(), (now, Uuid::nil()));
        for wrong in ["0", "7.", ".7", "+7.00000000-0000-0000-0000-000000000007", "7.00000000000000000000000000000007"]
        {
            assert!(resume(wrong, now).is_err(), "{wrong}");
        }
    }
}
