//! The stream of changes. It is pulled: the next batch is read only when the reader took the last one, so a slow reader
//! holds sixteen submissions and no more.

use std::{collections::VecDeque, time::Duration};

use chrono::Utc;
use futures::{Stream, stream};
use proto::intake::v1;
use stdx::Sha256;
use store::{Store, record::SubmissionRecord};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{
    errors, gate,
    wire::{
        self,
        masking::{self, Sight},
    },
};

/// The longest silence of a stream; the wire promises 15 s.
pub const HEARTBEAT: Duration = Duration::from_secs(10);
/// From one look at the tables to the next.
const POLL: Duration = Duration::from_millis(250);
/// Submissions read at once.
const BATCH: u32 = 16;

/// The change number that a resume token names: the newest one for an empty token. A number that was never given (the
/// tables are older than the token) is OUT_OF_RANGE, because resuming there would pass over changes in silence.
pub fn resume(token: &str, latest: i64) -> Result<i64, Status> {
    if token.is_empty() {
        return Ok(latest);
    }
    let lawful = token.bytes().all(|digit| digit.is_ascii_digit());
    let after: i64 = token.parse().ok().filter(|_| lawful).ok_or_else(|| {
        errors::field("resume_token", "not a token of an earlier response", "不是先前返回的 resume_token")
    })?;
    if after > latest {
        let en = "the token is newer than the newest change; begin again with 0";
        return Err(errors::status(Code::OutOfRange, "RESUME_TOKEN_AHEAD", en, "令牌比最新变更还新,请从 0 重新开始"));
    }
    Ok(after)
}

/// Who reads a stream.
#[derive(Clone, Copy)]
pub struct Reader {
    /// What it sees of authors' personal data.
    pub sight: Sight,
    /// The token's hash of a person's session: the stream ends when the session has.
    pub session: Option<Sha256>,
}

struct Watcher {
    store: Store,
    reader: Reader,
    campaign_id: Option<Uuid>,
    /// The last change that was sent or passed over.
    after: i64,
    batch: VecDeque<(i64, SubmissionRecord)>,
    /// When silence has lasted long enough; at once at the start, so that the caller has a token to resume from.
    heartbeat_at: Instant,
    heartbeat: Duration,
    drain: CancellationToken,
}

/// Every change after a change number, then those to come; ends with UNAVAILABLE when `drain` is cancelled.
pub fn stream(
    store: Store,
    campaign_id: Option<Uuid>,
    after: i64,
    reader: Reader,
    drain: CancellationToken,
    heartbeat: Duration,
) -> impl Stream<Item = Result<v1::WatchSubmissionsResponse, Status>> + Send {
    let batch = VecDeque::new();
    let watcher = Watcher { store, reader, campaign_id, after, batch, heartbeat_at: Instant::now(), heartbeat, drain };
    stream::unfold(Some(watcher), |watcher| async move {
        let mut watcher = watcher?;
        let drain = watcher.drain.clone();
        let next = tokio::select! {
            biased;
            () = drain.cancelled() => Err(errors::draining()),
            next = watcher.next() => next,
        };
        // An error is the last thing a stream says.
        let watcher = next.is_ok().then_some(watcher);
        Some((next, watcher))
    })
}

impl Watcher {
    async fn next(&mut self) -> Result<v1::WatchSubmissionsResponse, Status> {
        loop {
            if self.batch.is_empty() {
                // Read first: whatever the batch does not hold up to here is another campaign's.
                let latest = self.store.change_latest().await.map_err(errors::of_store)?;
                if latest > self.after {
                    let changes = self.store.submission_changes(self.after, self.campaign_id, BATCH).await;
                    self.batch = changes.map_err(errors::of_store)?.into();
                    if self.batch.is_empty() {
                        self.after = latest;
                    }
                }
            }
            let submission = match self.batch.pop_front() {
                Some((change, record)) => {
                    self.after = change;
                    let mut submission = wire::submission(&record);
                    masking::mask(&mut submission, self.reader.sight);
                    Some(submission)
                }
                None if Instant::now() < self.heartbeat_at => {
                    tokio::time::sleep(POLL.min(self.heartbeat)).await;
                    continue;
                }
                None => None,
            };
            if let Some(token) = self.reader.session
                && self.store.session_find(token, Utc::now()).await.map_err(errors::of_store)?.is_none()
            {
                return Err(gate::unknown());
            }
            self.heartbeat_at = Instant::now() + self.heartbeat;
            return Ok(v1::WatchSubmissionsResponse { submission, resume_token: self.after.to_string() });
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    #[tokio::test]
    async fn a_stream_without_changes_keeps_saying_where_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("data.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        let drain = CancellationToken::new();
        let reader = Reader { sight: Sight::Whole, session: None };
        let stream = stream(store, None, 0, reader, drain.clone(), Duration::from_millis(5));
        let mut stream = std::pin::pin!(stream);
        for _ in 0..3 {
            let heartbeat = stream.next().await.unwrap().unwrap();
            assert_eq!((heartbeat.submission, heartbeat.resume_token.as_str()), (None, "0"));
        }
        drain.cancel();
        assert_eq!(stream.next().await.unwrap().unwrap_err().code(), Code::Unavailable);
        assert!(stream.next().await.is_none());
    }

    #[test]
    fn resume_tokens() {
        let table = [
            ("", Ok(7)),
            ("0", Ok(0)),
            ("7", Ok(7)),
            ("8", Err(Code::OutOfRange)),
            ("-1", Err(Code::InvalidArgument)),
            ("+1", Err(Code::InvalidArgument)),
            ("x", Err(Code::InvalidArgument)),
            ("99999999999999999999", Err(Code::InvalidArgument)),
        ];
        for (token, expected) in table {
            assert_eq!(resume(token, 7).map_err(|status| status.code()), expected, "{token:?}");
        }
    }
}
