//! A mail server in memory, and the source that reads it over a line that may fail.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use intake::{
    message::ReceivedBasis,
    ports::{Filing, FolderState, Listed, PortResult, Source},
};
use stdx::ErrorKind;
use tokio::{sync::Notify, time::timeout};

use crate::chance::{Chance, fault};

#[derive(Clone)]
pub struct Mail {
    pub bytes: Vec<u8>,
    pub listed_bytes: u64,
    pub received_at: DateTime<Utc>,
    /// The line fails whenever bytes from here on are asked.
    pub kills_line_at: Option<u64>,
    pub filed: u32,
}

#[derive(Default)]
pub struct Folder {
    pub uidvalidity: u32,
    pub uid_next: u64,
    pub mails: BTreeMap<u64, Mail>,
}

#[derive(Default)]
pub struct Rooms {
    pub folders: BTreeMap<String, Folder>,
    /// Every call fails with this while it is set.
    pub down: Option<ErrorKind>,
    /// Folders that cannot be selected.
    pub refused: BTreeMap<String, ErrorKind>,
    /// The server refuses to file anything.
    pub files_nothing: bool,
    /// Successful calls, by name.
    pub calls: BTreeMap<&'static str, u64>,
    pub window_longest: u32,
    /// The line fails once at these offsets of any mail.
    pub cuts: Vec<u64>,
    /// Logins that were tried, also in vain.
    pub selects_tried: u64,
    deliveries: u64,
}

pub struct Server {
    pub rooms: Mutex<Rooms>,
    // Not a watch channel: that one wakes its waiters in a random order.
    changed: Notify,
}

impl Server {
    pub fn new(folders: &[&str]) -> Self {
        let folder = |name: &&str| (name.to_string(), Folder { uidvalidity: 1, uid_next: 1, ..Folder::default() });
        let folders = folders.iter().map(folder).collect();
        Self { rooms: Mutex::new(Rooms { folders, ..Rooms::default() }), changed: Notify::new() }
    }

    pub fn deliver(&self, folder: &str, mail: Mail) -> u64 {
        let mut rooms = self.rooms.lock().unwrap();
        let folder = rooms.folders.get_mut(folder).unwrap();
        let uid = folder.uid_next;
        folder.uid_next += 1;
        folder.mails.insert(uid, mail);
        rooms.deliveries += 1;
        drop(rooms);
        self.changed.notify_waiters();
        uid
    }

    pub fn remove(&self, folder: &str, uid: u64) {
        self.rooms.lock().unwrap().folders.get_mut(folder).unwrap().mails.remove(&uid);
    }

    /// Mends the lines that mails of the folder kill.
    pub fn heal(&self, folder: &str) {
        for mail in self.rooms.lock().unwrap().folders.get_mut(folder).unwrap().mails.values_mut() {
            mail.kills_line_at = None;
        }
    }

    /// Gives the folder a new epoch and its mails new numbers, in another order.
    pub fn renumber(&self, folder: &str) {
        let mut rooms = self.rooms.lock().unwrap();
        let folder = rooms.folders.get_mut(folder).unwrap();
        folder.uidvalidity += 1;
        let mails: Vec<Mail> = std::mem::take(&mut folder.mails).into_values().rev().collect();
        folder.mails = (1..).zip(mails).collect();
        folder.uid_next = folder.mails.len() as u64 + 1;
    }
}

pub struct MemorySource {
    server: Arc<Server>,
    chance: Arc<Chance>,
    selected: Option<(String, u32)>,
    /// Deliveries that the last list of UIDs told of.
    known: u64,
}

impl MemorySource {
    pub fn new(server: Arc<Server>, chance: Arc<Chance>) -> Self {
        Self { server, chance, selected: None, known: 0 }
    }

    /// A call on the selected folder. After a fault the line is gone, and everything but a selection is refused.
    async fn call<T>(
        &mut self,
        name: &'static str,
        act: impl FnOnce(&mut Rooms, &str) -> PortResult<T>,
    ) -> PortResult<T> {
        if let Err(error) = self.chance.call(name).await {
            self.selected = None;
            return Err(error);
        }
        let mut rooms = self.server.rooms.lock().unwrap();
        let sound = match &self.selected {
            _ if rooms.down.is_some() => Err(fault(rooms.down.unwrap(), "the server is down")),
            None => Err(fault(ErrorKind::Unavailable, "nothing is selected")),
            Some((folder, epoch)) if rooms.folders[folder].uidvalidity != *epoch => {
                Err(fault(ErrorKind::Conflict, "UIDVALIDITY changed"))
            }
            Some((folder, _)) => Ok(folder.clone()),
        };
        let result = sound.and_then(|folder| act(&mut rooms, &folder));
        match &result {
            Ok(_) => *rooms.calls.entry(name).or_default() += 1,
            Err(error) if matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Conflict) => self.selected = None,
            Err(_) => {}
        }
        result
    }
}

impl Source for MemorySource {
    async fn select(&mut self, folder: &str) -> PortResult<FolderState> {
        self.selected = None;
        self.server.rooms.lock().unwrap().selects_tried += 1;
        self.chance.call("select").await?;
        let mut rooms = self.server.rooms.lock().unwrap();
        if let Some(kind) = rooms.down.or(rooms.refused.get(folder).copied()) {
            return Err(fault(kind, "refused"));
        }
        *rooms.calls.entry("select").or_default() += 1;
        let found = rooms.folders.get(folder).ok_or_else(|| fault(ErrorKind::NotFound, "no such folder"))?;
        self.selected = Some((folder.to_owned(), found.uidvalidity));
        Ok(FolderState { uidvalidity: found.uidvalidity, exists: found.mails.len() as u64 })
    }

    async fn uids(&mut self) -> PortResult<Vec<u64>> {
        self.known = self.server.rooms.lock().unwrap().deliveries;
        self.call("uids", |rooms, folder| Ok(rooms.folders[folder].mails.keys().copied().collect())).await
    }

    async fn list(&mut self, uids: &[u64]) -> PortResult<Vec<Listed>> {
        assert!(!uids.is_empty() && uids.len() <= 500, "{} mails listed at once", uids.len());
        let uids = uids.to_vec();
        self.call("list", move |rooms, folder| {
            let mails = &rooms.folders[folder].mails;
            let found = uids.iter().filter_map(|uid| mails.get(uid).map(|mail| (*uid, mail)));
            Ok(found
                .map(|(uid, mail)| Listed {
                    uid,
                    size_bytes: mail.listed_bytes,
                    received_at: mail.received_at,
                    received_basis: ReceivedBasis::InternalDate,
                })
                .collect())
        })
        .await
    }

    async fn window(&mut self, uid: u64, offset: u64, length: u32) -> PortResult<Vec<u8>> {
        self.call("window", move |rooms, folder| {
            rooms.window_longest = rooms.window_longest.max(length);
            let mail = rooms.folders[folder].mails.get(&uid).ok_or_else(|| fault(ErrorKind::NotFound, "no mail"))?;
            if mail.kills_line_at.is_some_and(|at| offset + u64::from(length) > at) {
                return Err(fault(ErrorKind::Unavailable, "connection reset"));
            }
            let from = mail.bytes.len().min(offset as usize);
            let to = mail.bytes.len().min(from + length as usize);
            let bytes = mail.bytes[from..to].to_vec();
            if let Some(cut) = rooms.cuts.iter().position(|at| *at == offset) {
                rooms.cuts.remove(cut);
                return Err(fault(ErrorKind::Unavailable, "connection reset"));
            }
            Ok(bytes)
        })
        .await
    }

    async fn file(&mut self, uid: u64, filing: &Filing) -> PortResult<()> {
        assert_ne!(*filing, Filing::Leave, "nothing is to be done");
        self.call("file", move |rooms, folder| {
            if rooms.files_nothing {
                return Err(fault(ErrorKind::Forbidden, "keywords are not permitted"));
            }
            if let Some(mail) = rooms.folders.get_mut(folder).unwrap().mails.get_mut(&uid) {
                mail.filed += 1;
            }
            Ok(())
        })
        .await
    }

    async fn wait(&mut self, at_most: Duration) -> PortResult<()> {
        self.call("wait", |_, _| Ok(())).await?;
        let changed = self.server.changed.notified();
        if self.server.rooms.lock().unwrap().deliveries == self.known {
            let _ = timeout(at_most, changed).await;
        }
        Ok(())
    }

    fn reset(&mut self) {
        self.selected = None;
    }
}
