//! What can go wrong between us and a place that mails come from.

use std::{error::Error as _, io, path::PathBuf};

use intake::ports::PortError;
use stdx::ErrorKind;

use crate::guard::Refusal;

/// Longest piece of a server's own words in an error, in characters.
const TOLD_CHARS_MAX: usize = 300;

/// A failure of a source. Its text never holds a credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server could not be reached.
    #[error("cannot reach {host}:{port}")]
    Connect {
        /// Host asked for.
        host: String,
        /// Port asked for.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// The TLS handshake failed, or the certificate is not the host's.
    #[error("no TLS with {host}")]
    Tls {
        /// Host asked for.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// The server took too long.
    #[error("{what} took longer than {limit_ms} ms")]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// The bound, in milliseconds.
        limit_ms: u128,
    },
    /// The connection ended in between.
    #[error("the server closed the connection")]
    Cut,
    /// The server said goodbye.
    #[error("the server said BYE: {0}")]
    Bye(String),
    /// Reading or writing failed.
    #[error("the connection failed")]
    Wire(#[source] io::Error),
    /// The server broke a bound or the grammar's frame.
    #[error("the server was cut off: {0}")]
    Guarded(Refusal),
    /// The server's words are not IMAP, or not an answer to what was asked.
    #[error("the server's answer makes no sense: {0}")]
    Garbled(String),
    /// The server answered NO or BAD.
    #[error("{what} was answered {answer}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// The server's words.
        answer: String,
    },
    /// The login failed.
    #[error("login was refused: {answer}{hint}")]
    Login {
        /// The server's words, without the password should it echo it.
        answer: String,
        /// What a person can do about it.
        hint: &'static str,
    },
    /// NetEase refuses clients that did not tell who they are.
    #[error(
        "the server calls this an unsafe login: {0} (NetEase wants an IMAP ID before a folder is opened, which was sent; \
         open the mailbox in a browser once, see that IMAP is on and that the password here is the 授权码, not the one of \
         the web page)"
    )]
    UnsafeLogin(String),
    /// The answer may be incomplete, so it counts as none.
    #[error("unsure: {0}")]
    Unsure(String),
    /// The folder's UIDs are no longer those that it was selected with.
    #[error("UIDVALIDITY of {folder:?} changed from {before} to {now}: select it again")]
    EpochChanged {
        /// The folder.
        folder: String,
        /// At selection.
        before: u32,
        /// After the new connection.
        now: u32,
    },
    /// The named thing is not there.
    #[error("{0}")]
    NotFound(String),
    /// What was asked cannot be asked.
    #[error("{0}")]
    Invalid(String),
    /// A stated bound was reached.
    #[error("{0}")]
    Exhausted(String),
    /// A file or folder could not be read or moved.
    #[error("{}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Login { .. } | Self::UnsafeLogin(_) => ErrorKind::Unauthenticated,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Exhausted(_) => ErrorKind::Exhausted,
            Self::EpochChanged { .. } => ErrorKind::Conflict,
            _ => ErrorKind::Unavailable,
        }
    }

    /// Whether the line is known to be between two commands after this, so that it can be used on.
    pub(crate) fn leaves_line(&self) -> bool {
        matches!(self, Self::NotFound(_) | Self::Invalid(_))
    }

    /// Sorts what reading gave: our own guard, the parser, or the line.
    pub(crate) fn wire(failure: io::Error) -> Self {
        if let Some(refusal) = failure.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()) {
            return Self::Guarded(refusal.clone());
        }
        // The parser's own text repeats its whole input, which may be a mail; its first line is enough to find the cause.
        let text = failure.to_string();
        if let Some((_, input)) = text.split_once(" during parsing of ") {
            let line = input.split(r"\r\n").next().unwrap_or_default();
            return Self::Garbled(line.chars().take(80).collect());
        }
        match failure.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut,
            _ => Self::Wire(failure),
        }
    }
}

impl From<Error> for PortError {
    fn from(error: Error) -> Self {
        let mut detail = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !detail.ends_with(&text) {
                detail = format!("{detail}: {text}");
            }
            cause = inner.source();
        }
        Self { kind: error.kind(), detail: told(&detail, usize::MAX) }
    }
}

/// Words of a server as they may stand in one line of a log: no control characters, not endless.
pub(crate) fn said(words: &str) -> String {
    told(words, TOLD_CHARS_MAX)
}

fn told(words: &str, chars_max: usize) -> String {
    words.chars().take(chars_max).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
