//! Holding a mailbox: its lease, the sweeps one after another, the waits between them, and a clean end.

use std::{collections::HashSet, panic::AssertUnwindSafe, sync::Mutex, time::Duration};

use futures::FutureExt;
use intake::{
    message::Message,
    ports::{Blobs, Lease, Ledger, Opener, Source},
};
use stdx::{Clock, ErrorKind};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Error, Mailbox, Ports, STOP_GRACE, SWEEP_MESSAGES_MAX,
    backoff::{Backoff, Complaint},
    error::{Doing, panic_text},
    sweep::{End, Memory, Sweep},
};

/// How often the tables are asked, during a wait, for what an editor may have asked: a retry or a reconciliation.
const ASKED_EVERY: Duration = Duration::from_secs(5);
/// How long a worker may take over saying goodbye to the tables.
const GOODBYE: Duration = Duration::from_secs(2);
/// Two sweeps of an idle mailbox are never closer than this, whatever a server announces.
const SWEEP_APART: Duration = Duration::from_millis(500);

/// The message whose begun try would have to be taken back if the step were dropped now.
pub(crate) type InHand = Mutex<Option<Message>>;

/// Keeps several mailboxes at once until `cancel`; what befalls one does not touch another.
pub async fn run<S, B, O, L, C>(mailboxes: Vec<(Mailbox, S)>, ports: Ports<B, O, L, C>, cancel: CancellationToken)
where
    S: Source + 'static,
    B: Blobs + 'static,
    O: Opener + 'static,
    L: Ledger + 'static,
    C: Clock + 'static,
{
    let mut tasks = JoinSet::new();
    for (mailbox, source) in mailboxes {
        tasks.spawn(run_mailbox(mailbox, source, ports.clone(), cancel.clone()));
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "the task of a mailbox died");
        }
    }
}

/// Keeps one mailbox until `cancel`: every failure, a panic too, is waited out and the mailbox begun anew. After
/// `cancel` the step in hand has [`STOP_GRACE`] to end; then its try is taken back and the lease let go, within 10 s.
pub async fn run_mailbox<S, B, O, L, C>(
    mailbox: Mailbox,
    mut source: S,
    ports: Ports<B, O, L, C>,
    cancel: CancellationToken,
) where
    S: Source,
    B: Blobs,
    O: Opener,
    L: Ledger,
    C: Clock,
{
    let in_hand = InHand::default();
    let mut pace = Pace {
        backoff: Backoff::new(format!("{}/{}", ports.holder, mailbox.name)),
        complaint: Complaint::default(),
        memory: Memory::default(),
        is_held: false,
    };
    while !cancel.is_cancelled() {
        let mut keeper = Keeper {
            mailbox: &mailbox,
            source: &mut source,
            ports: &ports,
            cancel: &cancel,
            in_hand: &in_hand,
            pace: &mut pace,
        };
        let pause = match keeper.keep().await {
            Ok(Kept::Stopped) => break,
            Ok(Kept::ByAnother) => ports.lease / 4,
            Err(error) => {
                source.reset();
                if error.kind == ErrorKind::Unauthenticated {
                    measure::mailbox_refused(&mailbox.name);
                }
                if pace.complaint.is_news(&error) {
                    tracing::warn!(mailbox = mailbox.name, %error, kind = ?error.kind, "the sweep failed");
                }
                pace.backoff.next(error.kind)
            }
        };
        tokio::select! {
            biased;
            () = sleep(pause) => {}
            () = cancel.cancelled() => {}
        }
    }
    source.reset();
}

struct Pace {
    backoff: Backoff,
    complaint: Complaint,
    memory: Memory,
    /// Whether nobody else had the mailbox since we did.
    is_held: bool,
}

enum Kept {
    Stopped,
    ByAnother,
}

struct Keeper<'a, S, B, O, L, C> {
    mailbox: &'a Mailbox,
    source: &'a mut S,
    ports: &'a Ports<B, O, L, C>,
    cancel: &'a CancellationToken,
    in_hand: &'a InHand,
    pace: &'a mut Pace,
}

impl<S: Source, B: Blobs, O: Opener, L: Ledger, C: Clock> Keeper<'_, S, B, O, L, C> {
    /// Takes the lease and works under it until something fails, the lease is lost, or the worker is stopped.
    async fn keep(&mut self) -> Result<Kept, Error> {
        let (ports, cancel, in_hand) = (self.ports, self.cancel, self.in_hand);
        let ledger = &*ports.ledger;
        let taken = tokio::select! {
            biased;
            taken = ledger.lease_take(self.mailbox.id, &ports.holder, ports.lease) => taken.doing("take the lease")?,
            () = async { cancel.cancelled().await; sleep(GOODBYE).await } => return Ok(Kept::Stopped),
        };
        let Some(lease) = taken else {
            self.pace.is_held = false;
            return Ok(Kept::ByAnother);
        };
        if !std::mem::replace(&mut self.pace.is_held, true) {
            tracing::info!(mailbox = self.mailbox.name, fence = lease.fence, "took the mailbox");
        }
        let ended = tokio::select! {
            biased;
            ended = AssertUnwindSafe(self.work(&lease)).catch_unwind() => ended.unwrap_or_else(|panic| {
                // The try stays counted: it may well be this mail that makes us panic.
                taken_from(in_hand);
                Err(Error { doing: "sweep", kind: ErrorKind::Internal, detail: panic_text(&*panic) })
            }),
            error = renew(ledger, &lease, ports.lease) => Err(error),
            () = async { cancel.cancelled().await; sleep(STOP_GRACE).await } => Ok(()),
        };
        if ended.as_ref().is_err_and(|error| error.kind == ErrorKind::Conflict) {
            measure::lease_lost();
            // Somebody else has the message now.
            taken_from(in_hand);
        }
        let stopped = cancel.is_cancelled();
        let goodbye = async {
            if stopped && let Some(message) = taken_from(in_hand) {
                let _ = take_back(ledger, &lease, in_hand, message, ports.clock.now()).await;
            }
            // Also before a wait for better times: another worker may fare better.
            ledger.lease_release(&lease).await
        };
        let gone = matches!(timeout(GOODBYE, goodbye).await, Ok(Ok(())));
        if stopped {
            tracing::info!(mailbox = self.mailbox.name, lease_released = gone, "stopped");
            return Ok(Kept::Stopped);
        }
        ended.map(|()| Kept::Stopped)
    }

    /// Sweeps and waits, until stopped.
    async fn work(&mut self, lease: &Lease) -> Result<(), Error> {
        // A try that could not be taken back while the tables were away.
        if let Some(message) = taken_from(self.in_hand) {
            take_back(&*self.ports.ledger, lease, self.in_hand, message, self.ports.clock.now()).await?;
        }
        loop {
            let began = Instant::now();
            let memory = &mut self.pace.memory;
            let sweep = Sweep::new(self.mailbox, self.source, self.ports, lease, self.cancel, self.in_hand, memory);
            let idle = match sweep.run().await? {
                End::Stopped => return Ok(()),
                End::More => {
                    self.went_well();
                    self.pace.backoff.reset();
                    continue;
                }
                End::Idle(idle) => idle,
            };
            self.went_well();
            let (ports, mailbox, source) = (self.ports, self.mailbox, &mut *self.source);
            let wait = async {
                match &idle.folder {
                    Some(folder) => {
                        source.select(folder).await.at_source("select the folder to wait in")?;
                        source.wait(idle.at_most).await.at_source("wait for new mail")?;
                    }
                    None => sleep(idle.at_most).await,
                }
                sleep((SWEEP_APART.min(idle.at_most)).saturating_sub(began.elapsed())).await;
                Ok(())
            };
            let broken_off = tokio::select! {
                biased;
                waited = wait => { waited?; false }
                () = asked(ports, mailbox, &idle.known) => true,
                () = self.cancel.cancelled() => return Ok(()),
            };
            if broken_off {
                // The source was in the middle of its wait.
                self.source.reset();
            }
            self.pace.backoff.reset();
        }
    }

    fn went_well(&mut self) {
        if self.pace.complaint.is_over() {
            tracing::info!(mailbox = self.mailbox.name, "sweeps go well again");
        }
    }
}

/// Ends when an editor asked for something: a reconciliation, or another try of a message that had come to rest.
async fn asked<B, O, L: Ledger, C: Clock>(ports: &Ports<B, O, L, C>, mailbox: &Mailbox, known: &HashSet<Uuid>) {
    loop {
        sleep(ASKED_EVERY).await;
        // A failure here is the next sweep's to tell.
        if let Ok(Some(_)) = ports.ledger.reconcile_asked(mailbox.id).await {
            return;
        }
        let due = ports.ledger.messages_due(mailbox.id, ports.clock.now(), SWEEP_MESSAGES_MAX).await;
        if due.is_ok_and(|due| due.iter().any(|message| !known.contains(&message.id))) {
            return;
        }
    }
}

/// Renews the lease until it is lost, or until it has lapsed because the tables were away.
async fn renew<L: Ledger>(ledger: &L, lease: &Lease, lasts: Duration) -> Error {
    let mut renewed_at = Instant::now();
    loop {
        sleep(lasts / 4).await;
        let began = Instant::now();
        match timeout(lasts / 4, ledger.lease_renew(lease, lasts)).await {
            Ok(Ok(())) => renewed_at = began,
            Ok(Err(error)) if error.kind == ErrorKind::Conflict || renewed_at.elapsed() >= lasts => {
                return Error { doing: "renew the lease", kind: error.kind, detail: error.detail };
            }
            Err(_) if renewed_at.elapsed() >= lasts => {
                let detail = "no answer for as long as the lease lasts".into();
                return Error { doing: "renew the lease", kind: ErrorKind::Unavailable, detail };
            }
            _ => {}
        }
    }
}

/// Takes back a begun try. While the tables are away the message stays in hand, and the debt is paid under the next
/// lease. When it has moved on meanwhile, or was taken back by a call whose answer was lost, the tables say so by
/// `Conflict`, and nothing is owed.
pub(crate) async fn take_back<L: Ledger>(
    ledger: &L,
    lease: &Lease,
    in_hand: &InHand,
    message: Message,
    due_at: chrono::DateTime<chrono::Utc>,
) -> Result<(), Error> {
    match ledger.try_forget(lease, &message, due_at).await {
        Ok(()) => Ok(()),
        Err(error) if error.kind == ErrorKind::Conflict => Ok(()),
        Err(error) => {
            put_into(in_hand, message);
            Err(error).doing("take a try back")
        }
    }
}

pub(crate) fn taken_from(in_hand: &InHand) -> Option<Message> {
    in_hand.lock().expect("nobody panics holding it").take()
}

pub(crate) fn put_into(in_hand: &InHand, message: Message) {
    *in_hand.lock().expect("nobody panics holding it") = Some(message);
}
