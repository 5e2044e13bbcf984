//! What can go wrong with a folder of blobs.

use std::{io, path::PathBuf};

use intake::ports::PortError;
use stdx::{ErrorKind, Sha256};

/// A failure of the folder.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("cannot {doing} {path}: {source}", path = path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// No such blob.
    #[error("no blob {0}")]
    Missing(Sha256),
    /// What should be adopted is not a plain file: a link could name anything.
    #[error("{path} is not a plain file", path = .0.display())]
    NotAFile(PathBuf),
    /// A draft that failed once gives no blob: after a failed write or fsync nobody knows what the file holds.
    #[error("the draft failed before: {0}")]
    DraftFailed(String),
    /// A thread of ours died.
    #[error("a writing thread died: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

impl Error {
    /// What kind. A full disk or quota is `Exhausted`; any other refusal may pass, and is `Unavailable`.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    ErrorKind::Exhausted
                }
                _ => ErrorKind::Unavailable,
            },
            Self::Missing(_) => ErrorKind::NotFound,
            Self::NotAFile(_) => ErrorKind::Invalid,
            Self::DraftFailed(_) => ErrorKind::Unavailable,
            Self::Thread(_) => ErrorKind::Internal,
        }
    }
}

impl From<Error> for PortError {
    fn from(error: Error) -> Self {
        Self { kind: error.kind(), detail: error.to_string() }
    }
}

/// Says what was being done to which path.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str, path: &std::path::Path) -> Result<T, Error>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str, path: &std::path::Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { doing, path: path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_refusing_one() {
        for (code, kind) in [
            (rustix::io::Errno::NOSPC, ErrorKind::Exhausted),
            (rustix::io::Errno::DQUOT, ErrorKind::Exhausted),
            (rustix::io::Errno::FBIG, ErrorKind::Exhausted),
            (rustix::io::Errno::IO, ErrorKind::Unavailable),
            (rustix::io::Errno::ROFS, ErrorKind::Unavailable),
        ] {
            let error = Err::<(), _>(io::Error::from(code)).doing("write", "x".as_ref()).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
        }
    }
}
