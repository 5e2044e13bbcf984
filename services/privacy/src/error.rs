//! What can go wrong while a person is reported or erased.

use intake::ports::PortError;
use stdx::ErrorKind;

/// A failure of the tables, of the blobs, or of our own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tables.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The folder or the bucket.
    #[error(transparent)]
    Blobs(#[from] blobs::Error),
    /// A lease.
    #[error(transparent)]
    Port(#[from] PortError),
    /// What is held cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// What we wrote ourselves cannot be read.
    #[error("{0}")]
    Internal(String),
}

/// A result of this room.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The kind, for callers.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Blobs(error) => error.kind(),
            Self::Port(error) => error.kind,
            Self::Json(_) | Self::Internal(_) => ErrorKind::Internal,
        }
    }
}
