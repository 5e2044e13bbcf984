//! Talks to mail servers and mail folders; has no opinion on what a mail means.
//!
//! Two things fill [`intake::ports::Source`]: [`imap::ImapSource`], one login at an IMAP server, and
//! [`folder::FolderSource`], a watched folder of mail files. Neither ever deletes a mail or marks it as read.
//!
//! Nothing in this room logs a credential or a mail. The crate `async_imap` prints what the server says at TRACE, whole
//! mails included, so a program that uses this room must cap the log target `async_imap` at INFO.
//!
//! Deliberately absent: MIME, rules, retries. Whoever calls decides when to try again; [`Backoff`] says how long to wait.

mod backoff;
mod error;
pub mod folder;
pub mod folder_name;
pub mod guard;
pub mod imap;

pub use backoff::Backoff;
pub use error::Error;

/// The largest window that a source gives at once, in bytes; a larger one is refused as invalid, because a short answer
/// would read as the mail's end.
pub const WINDOW_BYTES_MAX: u32 = 1 << 20;

/// How many UIDs one call of `list` takes (the port's own bound).
pub const LIST_UIDS_MAX: usize = 500;
