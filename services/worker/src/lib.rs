//! Brings each message one step further, again and again.
//!
//! One task a mailbox ([`run_mailbox`]) holds the mailbox's lease and repeats a sweep: a row for each mail that the
//! server has and we have not, then one batch of open messages, oldest receipt first, each as far as it goes
//! ([`intake::message::next`] says the step); then filing, a reconciliation if one was asked, and a wait for something
//! new. The tables alone say where a message stands, so the first try, the retry and the restart are one path, and
//! a worker may be killed anywhere. Two workers on one mailbox do no harm: each write carries the fence of its lease.
//!
//! What is counted against a mail and what is not: a try is counted before it begins, so that a mail that kills the
//! process counts too. It is taken back when our own side failed (tables, disk) or the worker was asked to stop. A line
//! that fails while a mail's bytes are being read counts, for such a mail must not hold up those behind it.
//!
//! Deliberately absent: IMAP, MIME, SQL, files. Those come through [`intake::ports`].

mod backoff;
mod error;
mod mailbox;
mod run;
mod step;
mod sweep;

use std::time::Duration;

pub use error::Error;
pub use mailbox::{Assess, Mailbox, Ports};
pub use run::{run, run_mailbox};
/// Crash points for tests: see [`stdx::crash`]. The names `C1` to `C11` follow the order of effects of one message.
pub use stdx::crash;

/// How long a lease lasts without renewal, unless the settings say otherwise. It is renewed four times as often.
pub const LEASE_TTL: Duration = Duration::from_secs(60);
/// Bytes asked of the source at once, and so the most of a mail that is in memory while it is fetched.
pub const WINDOW_BYTES: u32 = 1 << 20;
/// By how much the fetched bytes may exceed the mailbox's bound before the mail is left on the server: listed sizes
/// are not exact everywhere.
pub const SIZE_SLACK_BYTES: u64 = 1 << 20;
/// UIDs whose size and receipt time are asked at once.
pub const LIST_CHUNK: usize = 500;
/// Messages that one sweep works on before it looks at the server again, so that new mail gets its row while
/// thousands of old ones are worked on.
pub const SWEEP_MESSAGES_MAX: u32 = 200;
/// Time after which a sweep takes no further message, for the same reason.
pub const SWEEP_TIME_MAX: Duration = Duration::from_secs(60);
/// Messages that are fetched before the first of them is opened: those of one folder follow each other, so that two
/// folders with mail of the same hour do not cost a SELECT a mail.
pub const GROUP_MESSAGES: usize = 16;
/// Children that may open letters at once in one process, over all mailboxes.
pub const OPENING_AT_ONCE: usize = 2;
/// How long a stopping worker may go on with the step in hand before it is dropped.
pub const STOP_GRACE: Duration = Duration::from_secs(6);
