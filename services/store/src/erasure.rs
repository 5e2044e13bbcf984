//! Erasure of personal data (PIPL, articles 19 and 47): of a person by the address, of single mails, of what has been kept long
//! enough. What counting rests on stays (mailbox, folder, UID and hash of a mail, numbers, versions, states, rules); every
//! word that names, quotes or shows somebody goes.
//!
//! Three steps, each of which may be the last of a process: one transaction empties the rows and writes down which blobs
//! nobody names any more; then the blobs go; then the database gives up the pages that held the words. An erasure has
//! ended when all of that is done, and until then `verify` names it.

mod again;
mod blobs;
mod expired;
mod find;
mod report;
mod scrub;
mod tombstone;
mod words;

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use intake::review::State;
use serde::{Deserialize, Serialize};
use stdx::Sha256;
use uuid::Uuid;

use crate::register::Once;

pub(crate) use blobs::{end, get, list, note, open, removable};
pub(crate) use expired::expired;
pub(crate) use find::is_erased;
pub use report::{PersonLetter, PersonLine, PersonMail, PersonRest, PersonSubmission};
pub(crate) use report::{page, rest};
pub(crate) use scrub::scrub;
pub(crate) use tombstone::begin;

/// Mails that one erasure takes on: its transaction keeps all other writers waiting.
pub const MAILS_MAX: usize = 5_000;

/// Why something is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person asked for it.
    Person,
    /// Single mails, named by whoever looked at them.
    Messages,
    /// It was kept as long as the rules say.
    Retention,
    /// It was erased before, and a backup brought it back.
    Replay,
}

impl Kind {
    /// The word of the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Messages => "messages",
            Self::Retention => "retention",
            Self::Replay => "replay",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Person, Self::Messages, Self::Retention, Self::Replay];
        all.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| format!("no kind is called {text:?}"))
    }
}

/// What is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// What is held of an address: its mails (From, or the sender of the envelope), reports on letters to it, the letters
    /// themselves, and what was noted of it.
    Person(String),
    /// These messages, with copies of the same bytes.
    Messages(Vec<Uuid>),
    /// The same, because they were kept long enough.
    Expired(Vec<Uuid>),
    /// Mails with these bytes, now and whenever they come.
    Hashes(Vec<Sha256>),
}

impl Subject {
    /// Why.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Person(_) => Kind::Person,
            Self::Messages(_) => Kind::Messages,
            Self::Expired(_) => Kind::Retention,
            Self::Hashes(_) => Kind::Replay,
        }
    }
}

/// An erasure that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Of what.
    pub subject: Subject,
    /// Who asks.
    pub by: String,
    /// From where; empty for a command and for the program itself.
    pub peer: String,
    /// Why, for the record; no name of the person belongs into it.
    pub reason: String,
    /// Also of manuscripts that were adopted, scheduled or published, which a contract may oblige us to keep.
    pub includes_adopted: bool,
    /// Everything is tried, and nothing is kept.
    pub is_rehearsal: bool,
    /// What makes the call the same call. Its hash of the request must be one that nobody can try addresses against.
    pub once: Option<Once>,
}

/// What an erasure did, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Mails whose subject and sender went.
    pub messages: u64,
    /// Mails that were read: their facts went.
    pub letters: u64,
    /// Rows of files that came with them.
    pub files: u64,
    /// Submissions whose words went.
    pub submissions: u64,
    /// Manuscripts of which no version is left.
    pub manuscripts: u64,
    /// Letters of ours whose words went.
    pub replies: u64,
    /// Those of them that had not gone, and never go.
    pub called_off: u64,
    /// Lines of the histories whose words went.
    pub lines: u64,
    /// Tags of manuscripts.
    pub tags: u64,
    /// Marks that letters do not reach the address.
    pub marks: u64,
}

impl Counts {
    /// Whether there was nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A mail that was erased here, and may still lie on the mail server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedMail {
    /// Its row.
    pub message_id: Uuid,
    /// The mailbox's name.
    pub mailbox: String,
    /// The folder on the server.
    pub folder: String,
    /// Its epoch.
    pub uidvalidity: u32,
    /// Its number there.
    pub uid: u64,
    /// The hash of its bytes, by which it is known when it comes again.
    pub raw_sha256: Option<String>,
}

/// What became of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Not looked at yet.
    Waiting,
    /// It is gone.
    Removed,
    /// A mail of somebody else has the same bytes: it stays.
    Shared,
}

/// A blob of an erased mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedBlob {
    /// The hash of its bytes.
    pub sha256: String,
    /// What became of it.
    pub fate: Fate,
}

/// An erasure as it stands: the proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// Its id.
    pub id: Uuid,
    /// Why.
    pub kind: Kind,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// Who asked.
    pub asked_by: String,
    /// Why, in words.
    pub reason: String,
    /// SHA-256 of the salt that was told once and the address, for that of a person.
    pub subject_sha256: Option<String>,
    /// What was done.
    pub counts: Counts,
    /// What may still lie on the mail server.
    pub mails: Vec<ErasedMail>,
    /// Blobs of theirs.
    pub blobs: Vec<ErasedBlob>,
    /// When all of it was done.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A manuscript that a contract may oblige us to keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// Its first version.
    pub submission_id: Uuid,
    /// Its campaign.
    pub campaign_id: Uuid,
    /// Its 收稿号.
    pub number: u64,
    /// Where it stands.
    pub state: State,
}

/// An erasure whose rows are empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Begun {
    /// As it stands; of a rehearsal, as it would.
    pub erasure: Erasure,
    /// With it who knows the address can show that the erasure was of it: hexadecimal, told this once and kept nowhere.
    pub salt: Option<String>,
    /// Manuscripts among them that were adopted, scheduled or published.
    pub adopted: Vec<Adopted>,
    /// Mails of others that hold the address somewhere; they stay, at most 1,000 are named.
    pub mentions: Vec<Uuid>,
    /// Mails that nobody could read yet: whose they are is not known.
    pub unread: u64,
    /// It was asked for before by the same call: this is what became of it, without all that was told once.
    #[serde(skip)]
    pub is_replayed: bool,
}

/// Why nothing is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// These manuscripts were adopted, and nobody said that they may go too.
    Adopted(Vec<Adopted>),
    /// So many letters are with a mail server at this moment.
    Sending(u64),
    /// This mail has not been fetched: nothing of it is held.
    NotFetched(Uuid),
    /// More mails than [`MAILS_MAX`].
    TooMany(u64),
}

impl Refusal {
    /// A stable word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Adopted(_) => "erasure_adopted",
            Self::Sending(_) => "erasure_sending",
            Self::NotFetched(_) => "erasure_not_fetched",
            Self::TooMany(_) => "erasure_too_many",
        }
    }

    /// A sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Adopted(adopted) => format!(
                "其中 {} 件稿件（收稿号 {}）已采用、排期或刊发，合同可能要求留存。确认可以一并删除时，请明确说明。",
                adopted.len(),
                numbers(adopted, "、")
            ),
            Self::Sending(count) => format!("有 {count} 封信正在发送，请一分钟后再试。"),
            Self::NotFetched(id) => format!("邮件 {id} 尚未取回，系统中没有它的内容。"),
            Self::TooMany(count) => format!("共有 {count} 封邮件，一次最多删除 {MAILS_MAX} 封，请分批按邮件删除。"),
        }
    }

    /// The same in English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Adopted(adopted) => format!(
                "Say so if {} adopted, scheduled or published manuscripts may go too: contracts may require them. Numbers: {}.",
                adopted.len(),
                numbers(adopted, ", ")
            ),
            Self::Sending(count) => format!("{count} letters are being sent at this moment: try again in a minute."),
            Self::NotFetched(id) => format!("The mail {id} has not been fetched: nothing of it is held."),
            Self::TooMany(count) => {
                format!("There are {count} mails, and one erasure takes {MAILS_MAX}: erase them by message, in parts.")
            }
        }
    }
}

fn numbers(adopted: &[Adopted], between: &str) -> String {
    adopted.iter().map(|one| one.number.to_string()).collect::<Vec<_>>().join(between)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en())
    }
}
