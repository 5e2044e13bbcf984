//! What can go wrong with blobs, in a folder or in a bucket.

use std::{io, path::PathBuf};

use intake::ports::PortError;
use stdx::{ErrorKind, Sha256};

/// A failure of the folder, or of the bucket.
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
    /// The bucket's server refused, broke off or did not answer; tried again as often as it is worth.
    #[error("cannot {doing} {name}: {detail}")]
    Bucket {
        /// What was being done.
        doing: &'static str,
        /// To which bucket.
        name: String,
        /// The status and code that came, or what befell the line.
        detail: String,
    },
    /// The bucket gave other bytes than those of the blob.
    #[error("the bytes of blob {sha256} in the bucket hash to {found}")]
    Damaged {
        /// The blob.
        sha256: Sha256,
        /// What came.
        found: Sha256,
    },
    /// What should be kept under a hash has another.
    #[error("{path} should hold blob {sha256} and hashes to {found}", path = path.display())]
    OtherBytes {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        sha256: Sha256,
        /// What it holds.
        found: Sha256,
    },
    /// More than a bucket takes.
    #[error("blob {sha256} has {size_bytes} bytes, more than a bucket takes")]
    TooLarge {
        /// The blob.
        sha256: Sha256,
        /// Its size.
        size_bytes: u64,
    },
    /// The settings of a bucket cannot be used.
    #[error("the bucket's settings: {0}")]
    Settings(String),
    /// A thread of ours died.
    #[error("a writing thread died: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

impl Error {
    /// What kind. A full disk or quota is `Exhausted`; any other refusal of a file system or of a bucket, also that of our
    /// key, may pass, and is `Unavailable`: it is no fault of the mail in hand.
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
            Self::NotAFile(_)
            | Self::Damaged { .. }
            | Self::OtherBytes { .. }
            | Self::TooLarge { .. }
            | Self::Settings(_) => ErrorKind::Invalid,
            Self::DraftFailed(_) | Self::Bucket { .. } => ErrorKind::Unavailable,
            Self::Thread(_) => ErrorKind::Internal,
        }
    }
}

impl Error {
    /// Whether the file system knows no such file.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
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
