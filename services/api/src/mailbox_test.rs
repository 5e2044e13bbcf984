//! A mailbox's test as a stream: the row is read again and again, and each step that is over is told once.

use std::time::Duration;

use futures::{Stream, stream};
use proto::intake::v1::{self, test_mailbox_response::Outcome, test_mailbox_response::Step};
use store::{
    Store,
    mailbox_test::{TestNote, TestOutcome, TestStep},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{errors, wire};

/// From one look at the row to the next.
const POLL: Duration = Duration::from_millis(300);
/// How long no worker may take it up: a little longer than one would.
const TAKEN_WITHIN: Duration = Duration::from_secs(store::mailbox_test::TAKEN_WITHIN.as_secs() + 2);
/// The whole test, until the tables count it as given up; the wire promises 90 s.
const WITHIN: Duration = store::mailbox_test::WITHIN;

fn told(note: &TestNote) -> v1::TestMailboxResponse {
    let step = match note.step {
        TestStep::Receive => Step::Receive,
        TestStep::Folders => Step::Folders,
        TestStep::Send => Step::Send,
        TestStep::Taken => Step::Taken,
        TestStep::Seen => Step::Seen,
        TestStep::SetAside => Step::SetAside,
    };
    let outcome = match note.outcome {
        TestOutcome::Passed => Outcome::Passed,
        TestOutcome::Failed => Outcome::Failed,
        TestOutcome::Skipped => Outcome::Skipped,
    };
    v1::TestMailboxResponse {
        step: step.into(),
        outcome: outcome.into(),
        sentence: Some(wire::sentence(&note.zh, &note.en)),
        done: false,
    }
}

struct Watcher {
    store: Store,
    id: Uuid,
    told: usize,
    begun: Instant,
    drain: CancellationToken,
}

/// Every step of a test, then its end; an error when no worker takes it up or ends it in time.
pub fn stream(
    store: Store,
    id: Uuid,
    drain: CancellationToken,
) -> impl Stream<Item = Result<v1::TestMailboxResponse, Status>> + Send {
    let begun = Instant::now();
    let watcher = Watcher { store, id, told: 0, begun, drain };
    // The head of the answer leaves with its first message.
    let first = stream::once(async { Ok(v1::TestMailboxResponse::default()) });
    let rest = stream::unfold(Some(watcher), |watcher| async move {
        let mut watcher = watcher?;
        let drain = watcher.drain.clone();
        let next = tokio::select! {
            biased;
            () = drain.cancelled() => Err(errors::draining()),
            next = watcher.next() => next,
        };
        let goes_on = next.as_ref().is_ok_and(|told| !told.done);
        Some((next, goes_on.then_some(watcher)))
    });
    futures::StreamExt::chain(first, rest)
}

impl Watcher {
    async fn next(&mut self) -> Result<v1::TestMailboxResponse, Status> {
        loop {
            let test = self.store.mailbox_test_get(self.id).await.map_err(errors::of_store)?;
            if let Some(note) = test.notes.get(self.told) {
                self.told += 1;
                return Ok(told(note));
            }
            if test.is_ended {
                return Ok(v1::TestMailboxResponse { done: true, ..v1::TestMailboxResponse::default() });
            }
            let (within, en, zh) = if test.is_taken {
                let en = "the worker began the test and has not ended it in time: see whether it still runs, then test again";
                (WITHIN, en, "采集程序未能在时限内完成测试，请确认它仍在运行，然后再次测试")
            } else {
                let en = "no worker took up the test: see that `caibian worker` (or `all`) runs with this mailbox in its settings";
                (TAKEN_WITHIN, en, "没有采集程序接手测试，请确认 caibian worker（或 all）正在运行，且其设置中有此邮箱")
            };
            if self.begun.elapsed() > within {
                return Err(errors::status(Code::DeadlineExceeded, "WORKER_SILENT", en, zh));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
