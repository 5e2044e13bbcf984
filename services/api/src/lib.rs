//! The gRPC services: the only way in, for programs and for the desk.
//!
//! A call's way through this room: [`accept`] (bounds of a connection) → [`gate`] (who calls, how long it may take) →
//! one service a file, which reads names, pages, filters and masks, asks `store`, and answers through [`wire`]. What goes
//! wrong leaves through [`errors`].
//!
//! Deliberately absent: rules of a campaign (`intake` has them), SQL (`store`), settings files (`caibian`).

mod accept;
mod campaign_service;
mod contact_service;
mod download;
mod dry_run;
mod editors;
pub mod errors;
mod export;
mod export_service;
mod filter;
mod gate;
mod line;
mod mail_page_service;
mod mailbox_service;
mod mailbox_test;
mod masked;
pub mod names;
mod outbox_service;
mod page;
mod privacy_service;
mod quarantine_service;
pub mod registers;
mod review_filter;
mod review_service;
pub mod rights;
mod server;
pub mod session;
mod session_service;
mod signed;
mod similar;
mod statistics_service;
mod submission_service;
mod ticket;
mod user_service;
mod watch;
mod watch_reviews;
pub mod wire;

use std::{fmt, io, net::SocketAddr};

use stdx::{ErrorKind, Sha256};

pub use server::{Bound, bind, serve};

/// What the services are told.
#[derive(Clone)]
pub struct ApiSettings {
    /// Where to listen; beyond loopback only with somebody who may call.
    pub listen: SocketAddr,
    /// What callers are answered with; none: in the clear.
    pub tls: Option<tls::Server>,
    /// Who may call with which token. Empty, without certificates and issuers too: everybody who reaches the port.
    pub tokens: Vec<TokenSetting>,
    /// Who may call with which certificate.
    pub certificates: Vec<CertificateSetting>,
    /// Whose signed tokens are believed.
    pub issuers: Vec<IssuerSetting>,
    /// Seals page tokens and tickets; random, and the same for all servers of one installation.
    pub page_token_key: [u8; 32],
    /// Limits and weights of the procurement rules.
    pub rules: procurement::settings::RuleSettings,
    /// Where people sign in besides here.
    pub sign_in_provider: Option<SignInProvider>,
}

/// An identity provider, and who may come from it.
#[derive(Clone)]
pub struct SignInProvider {
    /// What is asked.
    pub provider: identity::Provider,
    /// What people call it, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// What becomes of a person without an account.
    pub unknown_users: UnknownUsers,
    /// The desk that browsers are sent back to: `https://desk.example.cn`; empty for any on this machine.
    pub desk_url: String,
}

/// What becomes of a person whom the provider knows and we do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownUsers {
    /// Refused, in words.
    Refused,
    /// Gets an account as a viewer.
    Viewer,
}

impl ApiSettings {
    pub(crate) fn callers(&self) -> Callers {
        let Self { tokens, certificates, issuers, .. } = self.clone();
        Callers { tokens, certificates, issuers }
    }
}

impl fmt::Debug for ApiSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the key.
        f.debug_struct("ApiSettings")
            .field("listen", &self.listen)
            .field("tls", &self.tls)
            .field("tokens", &self.tokens)
            .field("certificates", &self.certificates)
            .field("issuers", &self.issuers)
            .finish_non_exhaustive()
    }
}

/// A caller's token, known by its hash only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSetting {
    /// Who calls with it, for the history: `caller:{name}`.
    pub name: String,
    /// SHA-256 of the token's bytes. A token is 256 random bits, so that the bare hash cannot be turned back.
    pub sha256: Sha256,
    /// The right in which it acts.
    pub role: intake::review::Role,
}

/// A caller's certificate, of an authority that TLS was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSetting {
    /// Who calls with it, for the history: `caller:{name}`.
    pub name: String,
    /// The subject alternative name that it must have.
    pub san: tls::Name,
    /// The right in which it acts.
    pub role: intake::review::Role,
}

/// An issuer of signed tokens (JSON Web Token, RFC 9068) that programs call with.
#[derive(Clone, Debug)]
pub struct IssuerSetting {
    /// What callers begin with in the history: `caller:{name}:{sub}`.
    pub name: String,
    /// What a token of it must be.
    pub issuer: identity::Issuer,
    /// The claim that tells what the caller is there: `roles`, `realm_access.roles`, `sub`.
    pub role_claim: String,
    /// What that is here. A caller who is several has the highest.
    pub roles: Vec<(String, intake::review::Role)>,
}

/// Who may call, besides people with sessions.
#[derive(Clone, Debug, Default)]
pub struct Callers {
    /// By token.
    pub tokens: Vec<TokenSetting>,
    /// By certificate.
    pub certificates: Vec<CertificateSetting>,
    /// By signed token.
    pub issuers: Vec<IssuerSetting>,
}

impl Callers {
    /// Whether nobody is told from others: then everybody who reaches the port may call.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.certificates.is_empty() && self.issuers.is_empty()
    }
}

/// Why the services do not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Other machines could call, and nobody would know who.
    #[error(
        "{listen} can be reached from other machines and neither a token nor a caller's certificate nor an issuer of \
         tokens is set: set one, or listen on 127.0.0.1"
    )]
    Open {
        /// The address of the settings.
        listen: SocketAddr,
    },
    /// The address is taken, or not ours.
    #[error("cannot listen on {listen}")]
    Listen {
        /// The address of the settings.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The descriptors cannot be served.
    #[error("the descriptors cannot be served by reflection")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// The server ended by itself.
    #[error("the gRPC server ended")]
    Serve(#[source] tonic::transport::Error),
}

impl Error {
    /// The kind, for callers.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Open { .. } => ErrorKind::Invalid,
            Self::Listen { .. } => ErrorKind::Unavailable,
            Self::Reflection(_) | Self::Serve(_) => ErrorKind::Internal,
        }
    }
}

/// A result of this room.
pub type Result<T> = std::result::Result<T, Error>;
