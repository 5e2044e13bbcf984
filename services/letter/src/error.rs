//! Why a mail was not read: because of the mail, or because of us.

use std::io;

use intake::letter::Unreadable;
use stdx::ErrorKind;

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The mail breaks a bound; another try cannot help.
    #[error(transparent)]
    Refused(#[from] Unreadable),
    /// The raw mail could not be read, or a part could not be written (a full disk, a folder without rights).
    #[error("{what}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// The kind, for a caller that only decides whether to try again.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(_) => ErrorKind::Exhausted,
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => ErrorKind::NotFound,
            Self::Io { .. } => ErrorKind::Unavailable,
        }
    }

    pub(crate) fn refused(code: &str, detail: impl Into<String>) -> Self {
        Self::Refused(Unreadable { code: code.into(), detail: detail.into() })
    }

    pub(crate) fn io(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}
