//! An opener that does what a test wrote for each mail.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use intake::{
    letter::{Address, Body, Content, Disposition, Headers, Letter, Page, Part, Unreadable},
    ports::{Opened, Opener, PortResult},
};
use stdx::{ErrorKind, Sha256};
use tokio::time::sleep;

use crate::{
    blobs::Shelf,
    chance::{Chance, fault},
};

/// What happens to a child.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Read,
    Die,
    Refuse,
    Panic,
    Slow(Duration),
    Fail(ErrorKind),
}

pub struct MemoryOpener {
    pub shelf: Arc<Mutex<Shelf>>,
    pub chance: Arc<Chance>,
    /// What happens to the child of a mail of these bytes, and how often; afterwards it reads.
    pub acts: Mutex<BTreeMap<Sha256, (Act, u32)>>,
    pub opened: Mutex<BTreeMap<Sha256, u32>>,
    /// Children alive now, and the most at once.
    pub alive: Mutex<(u32, u32)>,
}

struct Alive<'a>(&'a Mutex<(u32, u32)>);

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().0 -= 1;
    }
}

impl Opener for MemoryOpener {
    async fn open(&self, raw: &Path, workdir: &Path) -> PortResult<Opened> {
        let sha256: Sha256 = raw.file_name().unwrap().to_str().unwrap().parse().unwrap();
        {
            let mut alive = self.alive.lock().unwrap();
            alive.0 += 1;
            alive.1 = alive.1.max(alive.0);
        }
        let _alive = Alive(&self.alive);
        *self.opened.lock().unwrap().entry(sha256).or_default() += 1;
        self.chance.call("open").await?;
        let act = match self.acts.lock().unwrap().get_mut(&sha256) {
            Some((act, times)) if *times > 0 => {
                *times -= 1;
                *act
            }
            _ => Act::Read,
        };
        let why = |code: &str| Unreadable { code: code.into(), detail: "as the test wrote".into() };
        match act {
            Act::Die => return Ok(Opened::Died(why("child_killed"))),
            Act::Refuse => return Ok(Opened::Refused(why("too_deep"))),
            Act::Panic => panic!("as the test wrote"),
            Act::Fail(kind) => return Err(fault(kind, "no child can be started")),
            Act::Slow(time) => sleep(time).await,
            Act::Read if self.chance.strikes() => return Ok(Opened::Died(why("child_killed"))),
            Act::Read => {}
        }
        Ok(Opened::Read(Box::new(self.read(sha256, workdir))))
    }
}

impl MemoryOpener {
    /// Two parts of the same bytes, which the child writes once, and a page.
    fn read(&self, sha256: Sha256, workdir: &Path) -> Letter {
        let mut shelf = self.shelf.lock().unwrap();
        let raw = shelf.kept.get(&sha256).expect("an opener is only given blobs that are there").clone();
        let decoded = part_of(&raw);
        let part = |path: &str| Part {
            path: path.into(),
            name: "稿件.txt".into(),
            media_type_declared: "text/plain".into(),
            media_type: "text/plain".into(),
            disposition: Disposition::Attachment,
            size_bytes: decoded.len() as u64,
            sha256: Sha256::of(&decoded),
            content: Content::Other,
        };
        let parts = vec![part("1"), part("2")];
        let from = vec![Address { name: String::new(), address: "author@example.com".into() }];
        let subject = String::from_utf8_lossy(&raw[..raw.len().min(80)]).into_owned();
        let html = page_of(&raw);
        let page = Page {
            size_bytes: html.len() as u64,
            sha256: Sha256::of(&html),
            pictures: Vec::new(),
            remote_pictures: 0,
            truncated: false,
        };
        for bytes in [decoded, html] {
            shelf.files.insert(workdir.join(Sha256::of(&bytes).hex()), bytes);
        }
        if let Ok(mut file) = std::fs::File::create(workdir.join("left")) {
            std::io::Write::write_all(&mut file, b"a child leaves more than it tells").unwrap();
        }
        let body = Body { page: Some(page), ..Body::default() };
        Letter { headers: Headers { subject, from, ..Headers::default() }, body, parts, ..Letter::default() }
    }
}

pub fn page_of(raw: &[u8]) -> Vec<u8> {
    [b"<p>page of ", &raw[..raw.len().min(100)], b"</p>"].concat()
}

pub fn part_of(raw: &[u8]) -> Vec<u8> {
    [b"part of ", &raw[..raw.len().min(100)]].concat()
}
