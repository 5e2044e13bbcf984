//! One message, one step: fetching, opening, assessing, and what a failure of each means.

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use chrono::TimeDelta;
use intake::{
    campaign::Campaign,
    letter::Letter,
    message::{self, Message, Stage, Step, retry_after},
    ports::{Blobs, Draft, Ledger, Opened, Opener, PortError, PortResult, Source, StoreOutcome},
    submission::{Assessment, Earlier},
};
use stdx::{Clock, ErrorKind, Sha256, crash};
use tokio::time::Instant;
use tracing::Instrument;

use crate::{
    Error, SIZE_SLACK_BYTES, WINDOW_BYTES,
    error::{Doing, is_ours, panic_text},
    run::{put_into, take_back, taken_from},
    sweep::Sweep,
};

/// The longest reason that is kept, in characters.
const REASON_CHARACTERS: usize = 500;
/// How long a message steps back after a try that our own side spoilt: others may fit on a disk that it does not.
const OURS_PAUSE: TimeDelta = TimeDelta::seconds(30);
/// A server that gives windows shorter than asked may do so this often, and once more for each 4 KiB it gave.
const SHORT_WINDOWS: u64 = 64;

/// What reading a mail from the source came to.
enum Pulled {
    Whole(Sha256, u64),
    Gone,
    TooLarge(u64),
    Stopped,
}

/// Whose fault it was that it came to nothing.
enum Fault {
    Line(PortError),
    Blobs(PortError),
    Mail(String),
}

impl<S: Source, B: Blobs, O: Opener, L: Ledger, C: Clock> Sweep<'_, S, B, O, L, C> {
    /// Brings a `Seen` message to `Stored`, if that can be done now.
    pub(crate) async fn step_from_seen(&mut self, message: Message) -> Result<Option<Message>, Error> {
        if self.cancel.is_cancelled() {
            return Ok(None);
        }
        match self.next(&message) {
            Step::Fetch => self.fetch(message).await,
            Step::RefuseSize => {
                let reason = format!("{} bytes; the mailbox takes {}", message.size_bytes, self.mailbox.size_bytes_max);
                self.set_aside(&message, Stage::TooLarge, &reason).await.map(|()| None)
            }
            Step::Quarantine => self.quarantine_unended(&message).await.map(|()| None),
            _ => Ok(None),
        }
    }

    /// Brings a `Stored` or `Parsed` message as far as it goes now.
    pub(crate) async fn step_from_stored(&mut self, message: Message) -> Result<(), Error> {
        let mut at = (message, None);
        loop {
            if self.cancel.is_cancelled() {
                return Ok(());
            }
            match self.next(&at.0) {
                Step::Open => match self.open(at.0).await? {
                    Some((message, letter)) => at = (message, Some(letter)),
                    None => return Ok(()),
                },
                Step::Assess => return self.assess(at.0, at.1).await,
                Step::Quarantine => return self.quarantine_unended(&at.0).await,
                _ => return Ok(()),
            }
        }
    }

    fn next(&self, message: &Message) -> Step {
        message::next(message, self.mailbox.size_bytes_max, self.ports.clock.now())
    }

    async fn fetch(&mut self, message: Message) -> Result<Option<Message>, Error> {
        if self.is_failed(&message.folder) {
            return Ok(None);
        }
        let epoch = match self.select(&message.folder).await {
            Ok(epoch) => epoch,
            Err(error) => {
                self.folder_failed(&message.folder, error);
                return Ok(None);
            }
        };
        if epoch != message.uidvalidity {
            let reason = format!(
                "the server renumbered the folder (UIDVALIDITY {} became {epoch}) before this mail was fetched; if it is \
                 still there, it has a row of the new numbering",
                message.uidvalidity
            );
            return self.set_aside(&message, Stage::Vanished, &reason).await.map(|()| None);
        }
        let span = self.span(trace::Step::Fetch, &message);
        self.fetch_selected(message).instrument(span).await
    }

    async fn fetch_selected(&mut self, message: Message) -> Result<Option<Message>, Error> {
        let began = Instant::now();
        let message = self.begin(message).await?;
        match self.pull(&message).await {
            Ok(Pulled::Whole(sha256, size_bytes)) => self.stored(message, sha256, size_bytes, began).await,
            Ok(Pulled::Gone) => {
                let reason = "it left the folder before it was fetched";
                self.set_aside(&message, Stage::Vanished, reason).await.map(|()| None)
            }
            Ok(Pulled::TooLarge(size_bytes)) => {
                let reason = format!(
                    "listed with {} bytes, but {size_bytes} came and no end; the mailbox takes {}",
                    message.size_bytes, self.mailbox.size_bytes_max
                );
                self.set_aside(&message, Stage::TooLarge, &reason).await.map(|()| None)
            }
            Ok(Pulled::Stopped) => self.forget(TimeDelta::zero()).await.map(|()| None),
            Err(Fault::Line(error)) if error.kind == ErrorKind::Conflict => {
                self.forget(TimeDelta::zero()).await?;
                let error = Error { doing: "fetch a mail", kind: ErrorKind::Unavailable, detail: error.detail };
                self.folder_failed(&message.folder, error);
                Ok(None)
            }
            Err(Fault::Line(error)) => {
                self.failed(&message, &format!("the line failed while it was fetched: {}", error.detail)).await?;
                self.line_is_down = true;
                let error = Error { doing: "fetch a mail", kind: error.kind, detail: error.detail };
                self.unselect();
                self.trouble.get_or_insert(error);
                Ok(None)
            }
            Err(Fault::Blobs(error)) => {
                self.settle(&message, Err::<(), _>(error), "keep raw bytes").await.map(|_| None)
            }
            Err(Fault::Mail(reason)) => self.failed(&message, &reason).await.map(|()| None),
        }
    }

    /// Reads a mail window by window into a blob. The listed size only says whether to doubt an early end.
    async fn pull(&mut self, message: &Message) -> Result<Pulled, Fault> {
        let mut draft = self.ports.blobs.draft().await.map_err(Fault::Blobs)?;
        let bound = self.mailbox.size_bytes_max.saturating_add(SIZE_SLACK_BYTES);
        let (mut offset, mut resumed_at, mut short_windows) = (0_u64, 0_u64, 0_u64);
        loop {
            if self.cancel.is_cancelled() {
                return Ok(Pulled::Stopped);
            }
            let bytes = match self.source.window(message.uid, offset, WINDOW_BYTES).await {
                Ok(bytes) => bytes,
                Err(error) if error.kind == ErrorKind::NotFound => return self.gone(message).await,
                // A long mail on a bad line gets on as long as each connection brings something: the bytes of a UID
                // never change within its epoch (RFC 9051 §2.3.1.1).
                Err(error) if error.kind == ErrorKind::Unavailable && offset > resumed_at => {
                    resumed_at = offset;
                    self.unselect();
                    match self.select(&message.folder).await {
                        Ok(epoch) if epoch == message.uidvalidity => continue,
                        _ => return Err(Fault::Line(error)),
                    }
                }
                Err(error) => return Err(Fault::Line(error)),
            };
            if bytes.len() > WINDOW_BYTES as usize {
                let detail = format!("a window of {} bytes came, longer than asked", bytes.len());
                return Err(Fault::Line(PortError { kind: ErrorKind::Invalid, detail }));
            }
            if bytes.is_empty() {
                break;
            }
            draft.append(&bytes).await.map_err(Fault::Blobs)?;
            crash::point("C4");
            offset += bytes.len() as u64;
            if offset > bound {
                return Ok(Pulled::TooLarge(offset));
            }
            if bytes.len() < WINDOW_BYTES as usize {
                if offset >= message.size_bytes {
                    break;
                }
                short_windows += 1;
                if short_windows > SHORT_WINDOWS + offset / 4096 {
                    return Err(Fault::Mail(format!("the server trickles: {offset} bytes in {short_windows} windows")));
                }
            }
        }
        // Two mails of which a server gives nothing would pass for copies of each other.
        if offset == 0 && message.size_bytes > 0 {
            return Err(Fault::Mail(format!("listed with {} bytes, but none came", message.size_bytes)));
        }
        let sha256 = draft.sha256().await.map_err(Fault::Blobs)?;
        if self.ports.ledger.is_erased(sha256).await.map_err(Fault::Blobs)? {
            // The draft goes with its bytes.
            return Ok(Pulled::Whole(sha256, offset));
        }
        let (sha256, size_bytes) = draft.commit().await.map_err(Fault::Blobs)?;
        crash::point("C7");
        Ok(Pulled::Whole(sha256, size_bytes))
    }

    /// `Vanished` is for ever, so the server is asked twice.
    async fn gone(&mut self, message: &Message) -> Result<Pulled, Fault> {
        let listed = self.source.list(&[message.uid]).await.map_err(Fault::Line)?;
        if listed.iter().any(|listed| listed.uid == message.uid) {
            return Err(Fault::Mail("the server lists the mail and says that there is none".into()));
        }
        Ok(Pulled::Gone)
    }

    async fn stored(
        &mut self,
        message: Message,
        sha256: Sha256,
        size_bytes: u64,
        began: Instant,
    ) -> Result<Option<Message>, Error> {
        let outcome = self.ports.ledger.message_stored(self.lease, &message, sha256, size_bytes).await;
        match self.settle(&message, outcome, "note stored bytes").await? {
            None => Ok(None),
            Some(StoreOutcome::Repeated(_)) => {
                self.moved(&message, Stage::Repeated, began);
                Ok(None)
            }
            Some(StoreOutcome::Erased) => {
                self.moved(&message, Stage::Recorded, began);
                Ok(None)
            }
            Some(StoreOutcome::Stored) => {
                measure::mail_fetched(size_bytes);
                trace::fetched(size_bytes);
                self.moved(&message, Stage::Stored, began);
                let raw_sha256 = Some(sha256);
                Ok(Some(Message { stage: Stage::Stored, tries: 0, due_at: None, raw_sha256, size_bytes, ..message }))
            }
        }
    }

    async fn open(&mut self, message: Message) -> Result<Option<(Message, Letter)>, Error> {
        let opening = self.ports.opening.clone();
        let _turn = opening.acquire().await.expect("nobody closes it");
        let span = self.span(trace::Step::Parse, &message);
        self.open_in_turn(message).instrument(span).await
    }

    async fn open_in_turn(&mut self, message: Message) -> Result<Option<(Message, Letter)>, Error> {
        let began = Instant::now();
        let message = self.begin(message).await?;
        crash::point("C8");
        let opened = self.open_letter(&message).await;
        match self.settle(&message, opened, "open a letter").await? {
            None => Ok(None),
            Some(Opened::Read(letter)) => {
                let parsed = self.ports.ledger.message_parsed(self.lease, &message, &letter).await;
                Ok(self.settle(&message, parsed, "note a letter").await?.map(|()| {
                    self.moved(&message, Stage::Parsed, began);
                    (Message { stage: Stage::Parsed, tries: 0, due_at: None, ..message }, *letter)
                }))
            }
            Some(Opened::Refused(why)) => {
                self.set_aside(&message, Stage::Quarantined, &why.to_string()).await.map(|()| None)
            }
            Some(Opened::Died(why)) => self.failed(&message, &why.to_string()).await.map(|()| None),
        }
    }

    /// Opens the letter in a work folder of its own, and keeps what it left there before anything is told of it.
    async fn open_letter(&mut self, message: &Message) -> PortResult<Opened> {
        let blobs = &*self.ports.blobs;
        let sha256 = message.raw_sha256.ok_or_else(|| {
            let detail = "the row is Stored and names no raw bytes".into();
            PortError { kind: ErrorKind::Internal, detail }
        })?;
        let raw = blobs.path(sha256).await?;
        let workdir = Workdir(blobs.workdir().await?);
        let began = Instant::now();
        let opened = self.ports.opener.open(&raw, &workdir.0).await?;
        measure::mail_opened(began.elapsed(), matches!(opened, Opened::Died(_)));
        if let Opened::Read(letter) = &opened {
            let mut kept = HashSet::new();
            for sha256 in letter.files().filter(|sha256| kept.insert(*sha256)) {
                blobs.adopt(&workdir.0.join(sha256.hex()), sha256).await?;
            }
        }
        workdir.remove().await;
        Ok(opened)
    }

    async fn assess(&mut self, message: Message, letter: Option<Letter>) -> Result<(), Error> {
        let began = Instant::now();
        let span = self.span(trace::Step::Assess, &message);
        let Some(assessed) = self.assessed(message, letter).instrument(span).await? else { return Ok(()) };
        let span = self.span(trace::Step::Record, &assessed.message);
        self.record(assessed, began).instrument(span).await
    }

    async fn assessed(&mut self, message: Message, letter: Option<Letter>) -> Result<Option<Assessed>, Error> {
        let ledger = &*self.ports.ledger;
        let message = self.begin(message).await?;
        let known = async {
            let letter = match letter {
                Some(letter) => letter,
                None => ledger.letter(message.id).await?,
            };
            let campaigns = ledger.campaigns(message.mailbox_id).await?;
            let earlier = match letter.headers.from.first() {
                Some(sender) if !sender.address.is_empty() => {
                    ledger.earlier(message.mailbox_id, &sender.address).await?
                }
                _ => Vec::new(),
            };
            Ok((letter, campaigns, earlier))
        };
        let known = known.await;
        let Some((letter, campaigns, earlier)) = self.settle(&message, known, "read what to assess by").await? else {
            return Ok(None);
        };
        let assess = || (self.ports.assess)(&letter, message.received_at, &campaigns, &earlier);
        match catch_unwind(AssertUnwindSafe(assess)) {
            Ok(assessment) => {
                trace::ended("assessed");
                Ok(Some(Assessed { message, letter, campaigns, earlier, assessment }))
            }
            Err(panic) => self.failed(&message, &format!("assessing {}", panic_text(&*panic))).await.map(|()| None),
        }
    }

    async fn record(&mut self, assessed: Assessed, began: Instant) -> Result<(), Error> {
        let Assessed { message, letter, campaigns, earlier, assessment } = assessed;
        let (ledger, lease) = (&*self.ports.ledger, self.lease);
        crash::point("C9");
        let recorded = ledger.message_recorded(lease, &message, &campaigns, &earlier, &letter, &assessment).await;
        if self.settle(&message, recorded, "record a message").await?.is_some() {
            crash::point("C10");
            self.moved(&message, Stage::Recorded, began);
        }
        Ok(())
    }

    /// A span of the mail's way.
    pub(crate) fn span(&self, step: trace::Step, message: &Message) -> tracing::Span {
        trace::step(step, message.id, &self.mailbox.name, message.traceparent)
    }

    /// Counts a try before its first effect. The first one of all says where the mail's way stands in a trace.
    async fn begin(&mut self, message: Message) -> Result<Message, Error> {
        let message = Message { traceparent: message.traceparent.or_else(trace::current), ..message };
        let message = self.ports.ledger.try_begin(self.lease, &message).await.doing("begin a try")?;
        put_into(self.in_hand, message.clone());
        Ok(message)
    }

    /// Sorts the result of one of our own ports: `None` when the message waits now because the call can never go well
    /// for this mail as it is; an error when our side is out of order, the try taken back.
    async fn settle<T>(
        &mut self,
        message: &Message,
        result: PortResult<T>,
        doing: &'static str,
    ) -> Result<Option<T>, Error> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind == ErrorKind::Conflict => Err(error).doing(doing),
            Err(error) if is_ours(error.kind) => {
                // That it could not be taken back is worth less than the cause; it is then done later.
                let _ = self.forget(OURS_PAUSE).await;
                Err(error).doing(doing)
            }
            Err(error) => self.failed(message, &format!("{doing}: {}", error.detail)).await.map(|()| None),
        }
    }

    async fn forget(&mut self, pause: TimeDelta) -> Result<(), Error> {
        trace::ended("put_off");
        let Some(message) = taken_from(self.in_hand) else { return Ok(()) };
        let due_at = self.ports.clock.now() + pause;
        take_back(&*self.ports.ledger, self.lease, self.in_hand, message, due_at).await
    }

    /// A counted try failed: later again, or quarantine after the third.
    async fn failed(&mut self, message: &Message, reason: &str) -> Result<(), Error> {
        if message::is_given_up(message) {
            return self.set_aside(message, Stage::Quarantined, reason).await;
        }
        let due_at = self.ports.clock.now() + retry_after(message.tries);
        let reason = bounded(reason);
        self.ports.ledger.try_failed(self.lease, message, &reason, due_at).await.doing("note a failed try")?;
        taken_from(self.in_hand);
        trace::failed("failed");
        tracing::warn!(
            message = %message.id,
            mailbox = self.mailbox.name,
            folder = message.folder,
            uid = message.uid,
            stage = message.stage.as_str(),
            tries = message.tries,
            "a try failed"
        );
        Ok(())
    }

    async fn quarantine_unended(&mut self, message: &Message) -> Result<(), Error> {
        let reason = format!("{} tries from stage {} were begun, and none ended", message.tries, message.stage);
        self.set_aside(message, Stage::Quarantined, &reason).await
    }

    async fn set_aside(&mut self, message: &Message, stage: Stage, reason: &str) -> Result<(), Error> {
        let began = Instant::now();
        let ledger = &*self.ports.ledger;
        ledger.message_set_aside(self.lease, message, stage, &bounded(reason)).await.doing("set a message aside")?;
        self.moved(message, stage, began);
        Ok(())
    }

    fn moved(&mut self, message: &Message, stage: Stage, began: Instant) {
        taken_from(self.in_hand);
        self.moved += 1;
        trace::ended(stage.as_str());
        self.told(message, stage.as_str(), began);
    }
}

/// A mail of which it is known what to record.
struct Assessed {
    message: Message,
    letter: Letter,
    campaigns: Vec<Campaign>,
    earlier: Vec<Earlier>,
    assessment: Assessment,
}

fn bounded(reason: &str) -> String {
    reason.chars().take(REASON_CHARACTERS).collect()
}

/// A child's work folder, removed whatever happens.
struct Workdir(PathBuf);

impl Workdir {
    async fn remove(self) {
        // Adopting has emptied it as a rule; what is left may be large and goes off the async threads.
        match std::fs::remove_dir(&self.0) {
            Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => {}
            _ => return,
        }
        if let Err(error) = tokio::fs::remove_dir_all(&self.0).await {
            tracing::warn!(%error, "a work folder stays; it is removed when the blobs are next opened");
        }
    }
}

impl Drop for Workdir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
