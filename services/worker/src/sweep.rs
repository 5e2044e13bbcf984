//! One sweep of a mailbox: rows for what is new, a batch of work, filing, a reconciliation, and what to wait for.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use chrono::{DateTime, Utc};
use intake::{
    message::{Message, Stage, TRIES_MAX},
    ports::{Blobs, Filing, FolderReconciliation, Lease, Ledger, Listed, Opener, Source},
};
use stdx::{Clock, ErrorKind, crash};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    Error, GROUP_MESSAGES, LIST_CHUNK, Mailbox, Ports, SWEEP_MESSAGES_MAX, SWEEP_TIME_MAX,
    backoff::Complaint,
    error::{Doing, is_of_folder, is_ours},
    run::InHand,
};

/// Missing UIDs that a reconciliation names.
const MISSING_NAMED: usize = 100;

/// A sweep under way.
pub(crate) struct Sweep<'a, S, B, O, L, C> {
    pub(crate) mailbox: &'a Mailbox,
    pub(crate) source: &'a mut S,
    pub(crate) ports: &'a Ports<B, O, L, C>,
    pub(crate) lease: &'a Lease,
    pub(crate) cancel: &'a CancellationToken,
    pub(crate) in_hand: &'a InHand,
    memory: &'a mut Memory,
    /// What the source has selected, with its epoch.
    selected: Option<(String, u32)>,
    /// What was found of each folder: how many mails, or why not.
    found: BTreeMap<String, Result<u64, Error>>,
    /// Folders in which the server refused to file a mail.
    unfiled: BTreeMap<String, Error>,
    /// The first failure of the line; the sweep ends with it after the work that needs no line.
    pub(crate) trouble: Option<Error>,
    /// No byte is fetched any more in this sweep.
    pub(crate) line_is_down: bool,
    /// Stages that were left.
    pub(crate) moved: u64,
}

/// What outlives a sweep, to be told and for nothing else.
#[derive(Default)]
pub(crate) struct Memory {
    /// What was said of each folder.
    complaints: BTreeMap<String, Complaint>,
    /// Why messages wait that our own side held up, until one gets on.
    standing: Option<Error>,
}

/// How a sweep ended.
pub(crate) enum End {
    /// The worker is to stop.
    Stopped,
    /// More is due already.
    More,
    /// Nothing is due.
    Idle(Idle),
}

/// What to do until the next sweep.
pub(crate) struct Idle {
    /// Where to wait for new mail; none when no folder can be selected.
    pub(crate) folder: Option<String>,
    /// Until a sweep or a retry is due.
    pub(crate) at_most: Duration,
    /// Open messages that this sweep left, or that are due within the wait.
    pub(crate) known: HashSet<Uuid>,
}

/// Which side a failure was on.
enum Side {
    Theirs(Error),
    Ours(Error),
}

impl<'a, S: Source, B: Blobs, O: Opener, L: Ledger, C: Clock> Sweep<'a, S, B, O, L, C> {
    pub(crate) fn new(
        mailbox: &'a Mailbox,
        source: &'a mut S,
        ports: &'a Ports<B, O, L, C>,
        lease: &'a Lease,
        cancel: &'a CancellationToken,
        in_hand: &'a InHand,
        memory: &'a mut Memory,
    ) -> Self {
        Self {
            mailbox,
            source,
            ports,
            lease,
            cancel,
            in_hand,
            memory,
            selected: None,
            found: BTreeMap::new(),
            unfiled: BTreeMap::new(),
            trouble: None,
            line_is_down: false,
            moved: 0,
        }
    }

    pub(crate) async fn run(mut self) -> Result<End, Error> {
        let ended = self.sweep().await;
        if ended.as_ref().is_err_and(|error| error.kind == ErrorKind::Conflict) || matches!(ended, Ok(End::Stopped)) {
            return ended;
        }
        let is_rested = matches!(&ended, Ok(End::Idle(idle)) if idle.known.is_empty());
        if self.moved > 0 || is_rested {
            self.memory.standing = None;
        }
        if let Err(error) = &ended
            && is_ours(error.kind)
        {
            self.memory.standing = Some(error.clone());
        }
        let failure = ended.as_ref().err().cloned().or_else(|| self.memory.standing.clone());
        let noted = self.note(failure.as_ref()).await;
        let end = ended?;
        noted?;
        self.trouble.map_or(Ok(end), Err)
    }

    async fn sweep(&mut self) -> Result<End, Error> {
        for folder in &self.mailbox.folders {
            if self.cancel.is_cancelled() {
                return Ok(End::Stopped);
            }
            if self.line_is_down {
                break;
            }
            let count = match self.list(folder).await {
                Ok(count) => Ok(count),
                Err(Side::Ours(error)) => return Err(error),
                Err(Side::Theirs(error)) => {
                    self.line_failed(folder, &error);
                    Err(error)
                }
            };
            self.found.insert(folder.clone(), count);
        }
        self.work().await?;
        if self.mailbox.filing != Filing::Leave {
            for folder in &self.mailbox.folders {
                self.file(folder).await?;
            }
        }
        self.reconcile().await?;
        if self.cancel.is_cancelled() { Ok(End::Stopped) } else { self.outlook().await }
    }

    /// Notes how each folder fared. `failure` is one of our own side: it stopped them all.
    async fn note(&mut self, failure: Option<&Error>) -> Result<(), Error> {
        let down = self.trouble.clone().filter(|_| self.line_is_down);
        for folder in &self.mailbox.folders {
            let found = self.found.get(folder);
            let trouble = failure.or(found.and_then(|found| found.as_ref().err())).or(down.as_ref());
            let trouble = trouble.or(self.unfiled.get(folder)).map(ToString::to_string);
            let outcome = match (&trouble, found) {
                (Some(trouble), _) => Err(trouble.as_str()),
                (None, Some(Ok(count))) => Ok(*count),
                (None, _) => continue,
            };
            self.ports.ledger.sweep_noted(self.lease, folder, outcome).await.doing("note the sweep")?;
        }
        Ok(())
    }

    /// Remembers a failure of the source. One about a folder alone is told there and does not end the sweep.
    pub(crate) fn line_failed(&mut self, folder: &str, error: &Error) {
        if is_of_folder(error.kind) {
            self.complain(folder, error);
            return;
        }
        self.source.reset();
        self.selected = None;
        // Asking again at once could get the login banned.
        self.line_is_down |= error.kind == ErrorKind::Unauthenticated;
        self.trouble.get_or_insert_with(|| error.clone());
    }

    fn complain(&mut self, folder: &str, error: &Error) {
        let mailbox = self.mailbox;
        if self.memory.complaints.entry(folder.to_owned()).or_default().is_news(error) {
            tracing::warn!(mailbox = mailbox.name, folder, %error, "something is wrong with this folder");
        }
    }

    /// Whether the folder failed in this sweep already.
    pub(crate) fn is_failed(&self, folder: &str) -> bool {
        self.line_is_down || self.found.get(folder).is_some_and(Result::is_err)
    }

    pub(crate) fn folder_failed(&mut self, folder: &str, error: Error) {
        self.line_failed(folder, &error);
        self.found.insert(folder.to_owned(), Err(error));
    }

    /// Selects a folder, unless it is, and gives its epoch.
    pub(crate) async fn select(&mut self, folder: &str) -> Result<u32, Error> {
        if let Some((selected, epoch)) = &self.selected
            && selected == folder
        {
            return Ok(*epoch);
        }
        self.selected = None;
        let state = self.source.select(folder).await.at_source("select a folder")?;
        if state.uidvalidity == 0 {
            let detail = "the server gives UIDVALIDITY 0, which is never lawful (RFC 9051 §2.3.1.1)".into();
            return Err(Error { doing: "select a folder", kind: ErrorKind::Invalid, detail });
        }
        crash::point("C1");
        self.selected = Some((folder.to_owned(), state.uidvalidity));
        Ok(state.uidvalidity)
    }

    /// Forgets what is selected, after a reset.
    pub(crate) fn unselect(&mut self) {
        self.source.reset();
        self.selected = None;
    }

    /// A row for each mail of the folder that has none; gives how many mails the server has.
    async fn list(&mut self, folder: &str) -> Result<u64, Side> {
        let (ledger, lease, mailbox) = (&*self.ports.ledger, self.lease, self.mailbox);
        // The last sweep's selection may be of an epoch that is over.
        self.selected = None;
        let epoch = self.select(folder).await.map_err(Side::Theirs)?;
        let before = ledger.folder_bind(lease, folder, epoch).await.doing("bind a folder").map_err(Side::Ours)?;
        if let Some(before) = before {
            measure::uidvalidity_changed();
            tracing::warn!(
                mailbox = mailbox.name,
                folder,
                uidvalidity_before = before,
                uidvalidity = epoch,
                "the server renumbered this folder: every mail is looked at again, known bytes are told by their hash"
            );
        }
        let uids = self.uids().await.map_err(Side::Theirs)?;
        let known = ledger.uids_known(mailbox.id, folder, epoch).await.doing("read the rows").map_err(Side::Ours)?;
        let known: HashSet<u64> = known.into_iter().collect();
        let new: Vec<u64> = uids.iter().copied().filter(|uid| !known.contains(uid)).collect();
        crash::point("C2");
        let mut made = 0;
        for chunk in new.chunks(LIST_CHUNK) {
            if self.cancel.is_cancelled() {
                break;
            }
            let listed = self.source.list(chunk).await.at_source("list mails").map_err(Side::Theirs)?;
            // A server may tell of other mails too, and of one mail twice.
            let listed: BTreeMap<u64, Listed> = listed.into_iter().map(|listed| (listed.uid, listed)).collect();
            let listed: Vec<Listed> =
                listed.into_values().filter(|listed| chunk.binary_search(&listed.uid).is_ok()).collect();
            if listed.len() < chunk.len() {
                tracing::info!(
                    mailbox = mailbox.name,
                    folder,
                    gone = chunk.len() - listed.len(),
                    "mails left meanwhile"
                );
            }
            let rows = ledger.messages_seen(lease, folder, epoch, &listed, mailbox.answer_from).await;
            made += rows.doing("make rows").map_err(Side::Ours)?;
            crash::point("C3");
        }
        if made > 0 {
            tracing::info!(mailbox = mailbox.name, folder, new = made, on_server = uids.len(), "new mail");
        }
        Ok(uids.len() as u64)
    }

    /// The server's set, in order and without repetition.
    async fn uids(&mut self) -> Result<Vec<u64>, Error> {
        let mut uids = self.source.uids().await.at_source("read the UIDs")?;
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// Works on one batch, oldest receipt first.
    async fn work(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        let mut due = self.due(self.ports.clock.now()).await?;
        // A message whose tries twice did not end goes behind the others: should it kill this process again, they are
        // through.
        due.sort_by_key(|message| message.tries + 1 >= TRIES_MAX);
        for group in due.chunks(GROUP_MESSAGES) {
            let mut group: Vec<Option<Message>> = group.iter().cloned().map(Some).collect();
            for folder in folders_of(&group) {
                for place in &mut group {
                    if place.as_ref().is_some_and(|message| message.stage == Stage::Seen && message.folder == folder) {
                        let message = place.take().expect("it was looked at just now");
                        *place = self.step_from_seen(message).await?;
                    }
                }
            }
            for message in group.into_iter().flatten() {
                self.step_from_stored(message).await?;
            }
            if self.cancel.is_cancelled() || began.elapsed() >= SWEEP_TIME_MAX {
                break;
            }
        }
        Ok(())
    }

    async fn due(&mut self, at: DateTime<Utc>) -> Result<Vec<Message>, Error> {
        self.ports.ledger.messages_due(self.mailbox.id, at, SWEEP_MESSAGES_MAX).await.doing("read what is due")
    }

    /// Files what was recorded in this folder. A mail that the server refuses to file holds up no other.
    async fn file(&mut self, folder: &str) -> Result<(), Error> {
        if self.is_failed(folder) || self.cancel.is_cancelled() {
            return Ok(());
        }
        let epoch = match self.select(folder).await {
            Ok(epoch) => epoch,
            Err(error) => {
                self.folder_failed(folder, error);
                return Ok(());
            }
        };
        let (ledger, lease) = (&*self.ports.ledger, self.lease);
        let waiting = ledger.messages_to_file(self.mailbox.id, folder, epoch, SWEEP_MESSAGES_MAX).await;
        for message in waiting.doing("read what is to be filed")? {
            if self.cancel.is_cancelled() {
                break;
            }
            let began = Instant::now();
            let span = self.span(trace::Step::File, &message);
            let filed = async {
                let filed = self.source.file(message.uid, &self.mailbox.filing).await.at_source("file a mail");
                if filed.is_err() {
                    trace::failed("failed");
                    return Ok(filed);
                }
                crash::point("C11");
                ledger.message_filed(lease, &message).await.doing("note a filing")?;
                trace::ended("filed");
                self.told(&message, "filed", began);
                Ok(filed)
            };
            match filed.instrument(span).await? {
                Ok(()) => {}
                Err(error) if is_of_folder(error.kind) => {
                    self.complain(folder, &error);
                    self.unfiled.insert(folder.to_owned(), error);
                }
                Err(error) => {
                    self.folder_failed(folder, error);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Compares the server's sets with the rows, if somebody asked. A folder that cannot be selected is left out.
    async fn reconcile(&mut self) -> Result<(), Error> {
        let (ledger, mailbox) = (&*self.ports.ledger, self.mailbox);
        let asked = ledger.reconcile_asked(mailbox.id).await.doing("read what is asked")?;
        let Some(asked) = asked else { return Ok(()) };
        let mut folders = Vec::new();
        for folder in &mailbox.folders {
            if self.trouble.is_some() || self.cancel.is_cancelled() {
                return Ok(());
            }
            match self.reconcile_folder(folder).await {
                Ok(compared) => folders.push(compared),
                Err(Side::Ours(error)) => return Err(error),
                Err(Side::Theirs(error)) => self.folder_failed(folder, error),
            }
        }
        if self.trouble.is_some() {
            return Ok(());
        }
        let sum = |count: fn(&FolderReconciliation) -> u64| folders.iter().map(count).sum();
        measure::reconciled(&mailbox.name, sum(|folder| folder.missing_count), sum(|folder| folder.gone_count));
        ledger.reconcile_noted(self.lease, asked, &folders).await.doing("note a reconciliation")
    }

    async fn reconcile_folder(&mut self, folder: &str) -> Result<FolderReconciliation, Side> {
        let epoch = self.select(folder).await.map_err(Side::Theirs)?;
        let uids = self.uids().await.map_err(Side::Theirs)?;
        let known = self.ports.ledger.uids_known(self.mailbox.id, folder, epoch).await;
        let known: HashSet<u64> = known.doing("read the rows").map_err(Side::Ours)?.into_iter().collect();
        let missing: Vec<u64> = uids.iter().copied().filter(|uid| !known.contains(uid)).collect();
        let present = uids.len() - missing.len();
        Ok(FolderReconciliation {
            folder: folder.to_owned(),
            server_count: uids.len() as u64,
            missing_count: missing.len() as u64,
            missing: missing.into_iter().take(MISSING_NAMED).collect(),
            gone_count: (known.len() - present) as u64,
            reconciled_at: self.ports.clock.now(),
        })
    }

    /// What to do next, by the tables: they know of retries that an earlier process set.
    async fn outlook(&mut self) -> Result<End, Error> {
        let now = self.ports.clock.now();
        let every = self.mailbox.sweep_every;
        let horizon = chrono::TimeDelta::from_std(every).ok().and_then(|every| now.checked_add_signed(every));
        let open = self.due(horizon.unwrap_or(now)).await?;
        let is_due = |message: &Message| message.due_at.is_none_or(|due_at| due_at <= now);
        if self.moved > 0 && open.iter().any(is_due) {
            return Ok(End::More);
        }
        let retry = open.iter().filter(|message| !is_due(message)).filter_map(|message| message.due_at).min();
        let retry = retry.and_then(|due_at| (due_at - now).to_std().ok());
        Ok(End::Idle(Idle {
            folder: self.mailbox.folders.iter().find(|folder| !self.is_failed(folder)).cloned(),
            at_most: retry.unwrap_or(every).min(every),
            known: open.into_iter().map(|message| message.id).collect(),
        }))
    }

    /// One line a transition; no word of what the mail says or who sent it.
    pub(crate) fn told(&self, message: &Message, stage: &str, began: Instant) {
        tracing::info!(
            message = %message.id,
            mailbox = self.mailbox.name,
            folder = message.folder,
            uid = message.uid,
            from = message.stage.as_str(),
            stage,
            duration_ms = began.elapsed().as_millis() as u64,
            "moved"
        );
    }
}

/// The folders of a group's messages, each once, in the order of their first message.
fn folders_of(group: &[Option<Message>]) -> Vec<String> {
    let mut folders: Vec<String> = Vec::new();
    for message in group.iter().flatten() {
        if !folders.contains(&message.folder) {
            folders.push(message.folder.clone());
        }
    }
    folders
}
