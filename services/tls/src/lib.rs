//! TLS of our own ends of a line. For gRPC that is both ends; of a line to a mail server, an identity provider or a bucket it is whom
//! we believe ([`client()`]), and the rest is its room's.
//!
//! [`files`] reads certificates and keys, and again when they change: a certificate is renewed without a restart, and a
//! broken one is told and left. [`server`] makes of them what the services answer with, [`Remote`] is how the desk reaches
//! services elsewhere, and [`Name`]s are what a certificate says who somebody is. TLS 1.2 at least, HTTP/2 alone (ALPN).
//!
//! Deliberately absent: who may do what (`api`), settings (`caibian`).

mod client;
pub mod files;
mod names;
mod remote;
pub mod server;

pub use client::client;
pub use files::{Files, Kept, Pair};
pub use names::{Name, names};
pub use remote::Remote;
pub use server::Server;

use std::{io, path::PathBuf};

use stdx::ErrorKind;

/// How HTTP/2 is named while a line is agreed on (RFC 9113 §3.2).
const HTTP2: &[u8] = b"h2";

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{}: {source}", file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{}: {what}", file.display())]
    Unfit {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Certificate and key, or the authorities, do not fit together.
    #[error("certificate, key and authorities: {0}")]
    Refused(String),
    /// Authorities that somebody wants to be believed beside the usual ones.
    #[error("the root certificate: {0}")]
    Authorities(String),
    /// The address of the other side.
    #[error("{address} is no address of gRPC services")]
    Address {
        /// As it stands in the settings.
        address: String,
    },
}

impl Error {
    /// The kind, for callers.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { .. } => ErrorKind::Unavailable,
            Self::Unfit { .. } | Self::Refused(_) | Self::Authorities(_) | Self::Address { .. } => ErrorKind::Invalid,
        }
    }
}
