//! What can go wrong while a mail is written: only our own settings or a fault of ours.

use stdx::ErrorKind;

/// Why a mail could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Our own address or `Message-ID` domain, or the recipient, is not fit for a header.
    #[error("{field} is not fit for a mail: {detail}")]
    Address {
        /// Which.
        field: &'static str,
        /// Why; never the address itself.
        detail: String,
    },
    /// The mail could not be put together.
    #[error("the mail could not be put together")]
    Build(#[source] lettre::error::Error),
}

impl Error {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Address { .. } => ErrorKind::Invalid,
            Self::Build(_) => ErrorKind::Internal,
        }
    }
}
