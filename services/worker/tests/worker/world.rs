//! The world of a test: what is on the server, who works, and what came of it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use intake::{
    campaign::Campaign,
    contact::Contact,
    letter::Letter,
    message::Stage,
    ports::Filing,
    sorting::{Class, Sorting},
    submission::{Assessment, Earlier},
};
use stdx::{Clock, Sha256};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::{Mailbox, Ports};

use crate::{
    blobs::{MemoryBlobs, Shelf},
    chance::{Chance, WorldClock},
    ledger::{MemoryLedger, Row, Tables},
    opener::{Act, MemoryOpener},
    server::{Mail, MemorySource, Server},
};

pub const INBOX: &str = "INBOX";
pub const JUNK: &str = "垃圾邮件";
pub const MAILBOX: Uuid = Uuid::from_u128(0xa);

pub type WorldPorts = Ports<MemoryBlobs, MemoryOpener, MemoryLedger, WorldClock>;

pub struct World {
    pub server: Arc<Server>,
    pub tables: Arc<Mutex<Tables>>,
    pub shelf: Arc<Mutex<Shelf>>,
    pub opener: Arc<MemoryOpener>,
    pub chance: Arc<Chance>,
    pub clock: WorldClock,
    pub mailbox: Mailbox,
    ports: WorldPorts,
}

/// A worker that runs.
pub struct Hand {
    pub task: JoinHandle<()>,
    pub cancel: CancellationToken,
}

impl Hand {
    /// Stops it in order, and says how long that took.
    pub async fn stop(self) -> Duration {
        let began = Instant::now();
        self.cancel.cancel();
        self.task.await.unwrap();
        began.elapsed()
    }

    /// As `kill -9` does: whatever it had in hand is dropped at its last await.
    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|error| error.is_cancelled()));
    }
}

/// Says nothing of a letter; what the rules say is shown elsewhere.
pub fn plain(_: &Letter, _: DateTime<Utc>, _: &[Campaign], _: &[Earlier]) -> Assessment {
    Assessment {
        sorting: Sorting {
            class: Class::NotASubmission,
            campaign: None,
            corrects: None,
            zh: String::new(),
            en: String::new(),
        },
        contact: Contact::default(),
        findings: Vec::new(),
        judgement: None,
    }
}

impl World {
    pub fn new() -> Self {
        Self::seeded(1, None)
    }

    pub fn seeded(seed: u64, workroot: Option<PathBuf>) -> Self {
        let server = Arc::new(Server::new(&[INBOX, JUNK]));
        let (tables, shelf) = (Arc::<Mutex<Tables>>::default(), Arc::<Mutex<Shelf>>::default());
        let (chance, clock) = (Arc::new(Chance::new(seed)), WorldClock::new());
        let opener = MemoryOpener {
            shelf: shelf.clone(),
            chance: chance.clone(),
            acts: Mutex::default(),
            opened: Mutex::default(),
            alive: Mutex::default(),
        };
        let blobs = MemoryBlobs::new(shelf.clone(), chance.clone(), workroot);
        let ledger = MemoryLedger { tables: tables.clone(), shelf: shelf.clone(), chance: chance.clone(), clock };
        let mut ports = Ports::new(blobs, opener, ledger, clock, "one");
        ports.assess = plain;
        // The count of the process is shared by all tests in it.
        ports.opening = Arc::new(tokio::sync::Semaphore::new(worker::OPENING_AT_ONCE));
        let mailbox = Mailbox {
            id: MAILBOX,
            name: "box".into(),
            folders: vec![INBOX.into(), JUNK.into()],
            filing: Filing::Leave,
            size_bytes_max: 4 << 20,
            sweep_every: Duration::from_secs(300),
            answer_from: "2023-01-01T00:00:00Z".parse().unwrap(),
        };
        let opener = ports.opener.clone();
        Self { server, tables, shelf, opener, chance, clock, mailbox, ports }
    }

    pub fn ports(&self, holder: &str) -> WorldPorts {
        let mut ports = self.ports.clone();
        ports.holder = holder.into();
        ports
    }

    pub fn source(&self) -> MemorySource {
        MemorySource::new(self.server.clone(), self.chance.clone())
    }

    pub fn start(&self, holder: &str) -> Hand {
        self.start_with(self.mailbox.clone(), self.ports(holder))
    }

    pub fn start_with(&self, mailbox: Mailbox, ports: WorldPorts) -> Hand {
        let cancel = CancellationToken::new();
        let task = tokio::spawn(worker::run_mailbox(mailbox, self.source(), ports, cancel.clone()));
        Hand { task, cancel }
    }

    pub fn mail(&self, text: &str) -> Mail {
        self.mail_of(text.as_bytes().to_vec())
    }

    /// A mail received now.
    pub fn mail_of(&self, bytes: Vec<u8>) -> Mail {
        Mail { listed_bytes: bytes.len() as u64, bytes, received_at: self.clock.now(), kills_line_at: None, filed: 0 }
    }

    /// Delivers a mail to the INBOX and gives its UID.
    pub fn deliver(&self, text: &str) -> u64 {
        self.server.deliver(INBOX, self.mail(text))
    }

    pub fn acts(&self, text: &str, act: Act, times: u32) {
        self.opener.acts.lock().unwrap().insert(Sha256::of(text.as_bytes()), (act, times));
    }

    /// Waits for a state, at most some hours of the world's time.
    pub async fn until(&self, what: &str, mut is_so: impl FnMut(&World) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            // Fine steps at first, for tests that look at what is there in between.
            let step = began.elapsed().div_f64(20.0).clamp(Duration::from_millis(50), Duration::from_secs(10));
            assert!(began.elapsed() < Duration::from_secs(24 * 3600), "not within a day: {what}\n{}", self.shown());
            sleep(step).await;
        }
    }

    /// Runs a worker until no message is open and the server has nothing without a row.
    pub async fn settle(&self) {
        let hand = self.start("last");
        self.until("everything is settled", World::is_settled).await;
        hand.stop().await;
        self.check();
    }

    pub fn is_settled(&self) -> bool {
        let rooms = self.server.rooms.lock().unwrap();
        let tables = self.tables.lock().unwrap();
        let waits_for_filing = |row: &Row| {
            self.mailbox.filing != Filing::Leave
                && !row.filed
                && matches!(row.message.stage, Stage::Recorded | Stage::Repeated)
                && rooms.folders[&row.message.folder].uidvalidity == row.message.uidvalidity
        };
        tables.rows.iter().all(|row| !row.message.stage.is_open() && !waits_for_filing(row))
            && self.mailbox.folders.iter().all(|name| {
                let folder = &rooms.folders[name];
                folder.mails.keys().all(|uid| {
                    tables.rows.iter().any(|row| {
                        let message = &row.message;
                        (&message.folder, message.uidvalidity, message.uid) == (name, folder.uidvalidity, *uid)
                    })
                })
            })
    }

    /// What must hold at any time.
    pub fn check(&self) {
        let tables = self.tables.lock().unwrap();
        assert_eq!(tables.violations, Vec::<String>::new());
        for row in &tables.rows {
            assert!(row.recorded <= 1, "recorded {} times", row.recorded);
        }
        assert!(self.server.rooms.lock().unwrap().window_longest <= worker::WINDOW_BYTES);
    }

    /// The row of a mail of the INBOX in the present epoch.
    pub fn row<T>(&self, uid: u64, read: impl FnOnce(&Row) -> T) -> T {
        let epoch = self.server.rooms.lock().unwrap().folders[INBOX].uidvalidity;
        let tables = self.tables.lock().unwrap();
        let is_it =
            |row: &&Row| (row.message.folder.as_str(), row.message.uidvalidity, row.message.uid) == (INBOX, epoch, uid);
        let mut found = tables.rows.iter().filter(is_it);
        let value = read(found.next().unwrap_or_else(|| panic!("UID {uid} has no row")));
        assert!(found.next().is_none(), "UID {uid} has two rows");
        value
    }

    pub fn stage(&self, uid: u64) -> Option<Stage> {
        let epoch = self.server.rooms.lock().unwrap().folders[INBOX].uidvalidity;
        let tables = self.tables.lock().unwrap();
        let messages = tables.rows.iter().map(|row| &row.message);
        let mut found = messages
            .filter(|message| (message.folder.as_str(), message.uidvalidity, message.uid) == (INBOX, epoch, uid));
        found.next().map(|message| message.stage)
    }

    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for row in &self.tables.lock().unwrap().rows {
            *counts.entry(row.message.stage.as_str()).or_default() += 1;
        }
        counts
    }

    pub fn calls(&self, name: &str) -> u64 {
        self.server.rooms.lock().unwrap().calls.get(name).copied().unwrap_or(0)
    }

    /// An editor puts every quarantined message back, as the API does.
    pub fn retry_quarantined(&self) -> usize {
        let mut tables = self.tables.lock().unwrap();
        let set_aside = tables.rows.iter_mut().filter(|row| row.message.stage == Stage::Quarantined);
        set_aside
            .map(|row| {
                let is_stored = row.message.raw_sha256.is_some();
                row.message.stage = if is_stored { Stage::Stored } else { Stage::Seen };
                row.message.tries = 0;
                row.message.due_at = None;
            })
            .count()
    }

    /// The rows as text, for a failing test.
    pub fn shown(&self) -> String {
        let tables = self.tables.lock().unwrap();
        let rows = tables.rows.iter().map(|row| {
            let message = &row.message;
            format!(
                "{} {}/{} {} tries {} due {:?} {}",
                message.folder,
                message.uidvalidity,
                message.uid,
                message.stage,
                message.tries,
                message.due_at,
                row.reason
            )
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    pub fn ago(&self, seconds: i64) -> DateTime<Utc> {
        self.clock.now() - TimeDelta::seconds(seconds)
    }
}
