//! A message and its stage: where one mail stands on its way from the server to the record, and what comes next.
//!
//! ```text
//! Seen ─fetch→ Stored ─open→ Parsed ─assess→ Recorded ─file (if configured)→ filed_at set
//!   ├→ TooLarge   (kept on the server, bound of the mailbox)
//!   ├→ Vanished   (somebody removed it from the server before it was fetched)
//!   └ waits longer and longer, and stays in sight, while its bytes cannot be had
//! Stored or Parsed → Quarantined after three tries, or at once when the mail breaks a bound;
//!   Quarantined ─retry (an editor)→ the stage that failed; ─release (an editor)→ Recorded as unreadable
//! Stored bytes that this mailbox already has end as Repeated, pointing at the first message: a copy in
//! another folder, or the same mail under a new UIDVALIDITY.
//! ```
//! Every change is a compare-and-set on the stage and on the lease's fence, and is appended to the history.

use std::{fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use stdx::{Sha256, Traceparent};
use uuid::Uuid;

/// Tries of opening or assessing before a mail is put in quarantine; each is counted before it begins. Fetching has no
/// such bound: a mail is never given up before its raw bytes are kept.
pub const TRIES_MAX: u32 = 3;

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A row is there; no byte was fetched yet.
    Seen,
    /// The raw bytes are durable under their hash.
    Stored,
    /// The letter was read into facts.
    Parsed,
    /// Assessed and recorded: the end of the way.
    Recorded,
    /// The same bytes as an earlier message of this mailbox: the end of the way.
    Repeated,
    /// Larger than the mailbox allows; left on the server.
    TooLarge,
    /// Gone from the server before it could be fetched.
    Vanished,
    /// Set aside for an editor.
    Quarantined,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 8] = [
        Self::Seen,
        Self::Stored,
        Self::Parsed,
        Self::Recorded,
        Self::Repeated,
        Self::TooLarge,
        Self::Vanished,
        Self::Quarantined,
    ];

    /// The word used in tables, on the wire and in logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Stored => "stored",
            Self::Parsed => "parsed",
            Self::Recorded => "recorded",
            Self::Repeated => "repeated",
            Self::TooLarge => "too_large",
            Self::Vanished => "vanished",
            Self::Quarantined => "quarantined",
        }
    }

    /// Whether the worker still has something to do.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Seen | Self::Stored | Self::Parsed)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text).ok_or_else(|| format!("no stage is called {text:?}"))
    }
}

/// What the receipt time rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceivedBasis {
    /// IMAP INTERNALDATE.
    InternalDate,
    /// The date of the topmost Received field: a mail file that was exported from somewhere.
    ReceivedHeader,
    /// The file's time of change.
    FileTime,
}

impl ReceivedBasis {
    /// The word used in tables and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InternalDate => "internal_date",
            Self::ReceivedHeader => "received_header",
            Self::FileTime => "file_time",
        }
    }
}

impl FromStr for ReceivedBasis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::InternalDate, Self::ReceivedHeader, Self::FileTime]
            .into_iter()
            .find(|basis| basis.as_str() == text)
            .ok_or_else(|| format!("no receipt basis is called {text:?}"))
    }
}

/// A message as the worker needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its identity in our tables.
    pub id: Uuid,
    /// The mailbox.
    pub mailbox_id: Uuid,
    /// The folder, decoded (`垃圾邮件`, never modified UTF-7).
    pub folder: String,
    /// The folder's epoch.
    pub uidvalidity: u32,
    /// Its number within the epoch: an IMAP UID, or a 63-bit number that a folder source derives.
    pub uid: u64,
    /// Size on the wire.
    pub size_bytes: u64,
    /// When the server received it.
    pub received_at: DateTime<Utc>,
    /// What that rests on.
    pub received_basis: ReceivedBasis,
    /// Received before the mailbox's cut-off: recorded, never answered.
    pub backfilled: bool,
    /// Where it stands.
    pub stage: Stage,
    /// Tries of this stage that were begun.
    pub tries: u32,
    /// Not before this time.
    pub due_at: Option<DateTime<Utc>>,
    /// The raw bytes, once stored.
    pub raw_sha256: Option<Sha256>,
    /// The trace of its way, from its first step on; none where no traces are made.
    pub traceparent: Option<Traceparent>,
}

/// What the worker is to do with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Fetch the raw bytes.
    Fetch,
    /// Open the letter in the child.
    Open,
    /// Assess and record.
    Assess,
    /// Set aside: three tries of this stage were begun and none ended.
    Quarantine,
    /// Leave on the server: larger than the mailbox allows.
    RefuseSize,
    /// Nothing before this time.
    Wait(DateTime<Utc>),
    /// Nothing, ever.
    Rest,
}

/// The worker's whole mind: the stored state and the time give the next step, for the first try, the retry and the
/// restart alike.
#[must_use]
pub fn next(message: &Message, size_bytes_max: u64, now: DateTime<Utc>) -> Step {
    if !message.stage.is_open() {
        return Step::Rest;
    }
    if let Some(due_at) = message.due_at.filter(|due_at| *due_at > now) {
        return Step::Wait(due_at);
    }
    if message.stage == Stage::Seen && message.size_bytes > size_bytes_max {
        return Step::RefuseSize;
    }
    if is_given_up(message) {
        return Step::Quarantine;
    }
    match message.stage {
        Stage::Seen => Step::Fetch,
        Stage::Stored => Step::Open,
        _ => Step::Assess,
    }
}

/// Whether a message has had its tries. A fetch reads bytes without looking into them, so it is the line or the server
/// that fails, never the mail: it is tried for ever, each time later.
#[must_use]
pub fn is_given_up(message: &Message) -> bool {
    message.stage != Stage::Seen && message.tries >= TRIES_MAX
}

/// How long to wait after a try has failed: 5 s, 30 s, 2 min, then 5 min.
#[must_use]
pub fn retry_after(tries: u32) -> TimeDelta {
    TimeDelta::seconds(match tries {
        0 | 1 => 5,
        2 => 30,
        3 => 120,
        _ => 300,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2023-03-01T00:00:00Z".parse().unwrap()
    }

    fn message(stage: Stage, tries: u32, due_seconds: Option<i64>) -> Message {
        Message {
            id: Uuid::nil(),
            mailbox_id: Uuid::nil(),
            folder: "INBOX".into(),
            uidvalidity: 1,
            uid: 1,
            size_bytes: 1000,
            received_at: now(),
            received_basis: ReceivedBasis::InternalDate,
            backfilled: false,
            stage,
            tries,
            due_at: due_seconds.map(|seconds| now() + TimeDelta::seconds(seconds)),
            raw_sha256: None,
            traceparent: None,
        }
    }

    #[test]
    fn the_next_step_follows_from_the_stage_the_tries_and_the_time() {
        let later = Step::Wait(now() + TimeDelta::seconds(1));
        for (stage, tries, due_seconds, size_bytes_max, expected) in [
            (Stage::Seen, 0, None, 1000, Step::Fetch),
            (Stage::Stored, 0, None, 1000, Step::Open),
            (Stage::Parsed, 0, None, 1000, Step::Assess),
            (Stage::Seen, 2, None, 1000, Step::Fetch),
            (Stage::Seen, 3, None, 1000, Step::Fetch),
            (Stage::Seen, u32::MAX, None, 1000, Step::Fetch),
            (Stage::Stored, 2, None, 1000, Step::Open),
            (Stage::Stored, 3, None, 1000, Step::Quarantine),
            (Stage::Parsed, 9, None, 1000, Step::Quarantine),
            (Stage::Seen, 0, None, 999, Step::RefuseSize),
            (Stage::Seen, 3, None, 999, Step::RefuseSize),
            (Stage::Stored, 0, None, 999, Step::Open),
            (Stage::Seen, 0, Some(1), 1000, later.clone()),
            (Stage::Seen, 3, Some(1), 1000, later.clone()),
            (Stage::Seen, 0, Some(1), 999, later),
            (Stage::Seen, 0, Some(0), 1000, Step::Fetch),
            (Stage::Seen, 0, Some(-1), 1000, Step::Fetch),
            (Stage::Recorded, 0, None, 1000, Step::Rest),
            (Stage::Recorded, 0, Some(1), 1000, Step::Rest),
            (Stage::Repeated, 3, None, 1000, Step::Rest),
            (Stage::TooLarge, 0, None, 1000, Step::Rest),
            (Stage::Vanished, 0, None, 1000, Step::Rest),
            (Stage::Quarantined, 3, None, 1000, Step::Rest),
        ] {
            let message = message(stage, tries, due_seconds);
            assert_eq!(
                next(&message, size_bytes_max, now()),
                expected,
                "{stage} {tries} {due_seconds:?} {size_bytes_max}"
            );
        }
    }

    #[test]
    fn each_wait_is_longer_than_the_one_before_until_it_stays() {
        let waits: Vec<i64> = (0..7).map(|tries| retry_after(tries).num_seconds()).collect();
        assert_eq!(waits, [5, 5, 30, 120, 300, 300, 300]);
        assert_eq!(retry_after(u32::MAX).num_seconds(), 300);
    }

    #[test]
    fn words_of_stages_and_bases_are_read_back() {
        for stage in Stage::ALL {
            assert_eq!(stage.as_str().parse(), Ok(stage));
            assert_eq!(stage.is_open(), next(&message(stage, 0, None), 1000, now()) != Step::Rest);
        }
        for basis in [ReceivedBasis::InternalDate, ReceivedBasis::ReceivedHeader, ReceivedBasis::FileTime] {
            assert_eq!(basis.as_str().parse(), Ok(basis));
        }
        assert!("Seen".parse::<Stage>().is_err());
        assert!("".parse::<ReceivedBasis>().is_err());
    }
}
