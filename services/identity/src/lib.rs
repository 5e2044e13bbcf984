//! Who somebody is, as an identity provider says (OpenID Connect Core 1.0, Authorization Code Flow with PKCE), and which program
//! calls, as an [`Issuer`] of tokens says.
//!
//! A sign-in's way through this room: [`Provider::begin`] (where the browser is sent, and three secrets that are kept
//! until it comes back) → [`Provider::complete`] (the code becomes an ID token, the token is verified by [`jwt`] with the
//! provider's [`keys`], and what it says of the person is read). The network is [`http`]: bounded, TLS, no redirects.
//!
//! Deliberately absent: accounts and sessions (`store`, `api`), what a browser sees (`desk`).

mod held;
mod http;
mod issuer;
pub mod jwt;
pub mod keys;
mod provider;

pub use http::is_protected;
pub use issuer::{Issuer, IssuerSettings, KeySource};
pub use provider::{Begun, Completing, Person, Provider, ProviderSettings};

use stdx::ErrorKind;

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The provider did not answer, or not as it should.
    #[error("the identity provider did not answer as it should: {0}")]
    Unavailable(String),
    /// The provider refused the code: it was used, is too old, or is not for us.
    #[error("the identity provider refused: {0}")]
    Refused(String),
    /// The token is not to be believed.
    #[error("the identity provider's token is not to be believed: {0}")]
    Token(#[from] jwt::Distrust),
    /// The settings are wrong.
    #[error("{0}")]
    Settings(String),
    /// The system gives no random bytes.
    #[error("no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl Error {
    /// The kind, for callers.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Refused(_) | Self::Token(_) => ErrorKind::Unauthenticated,
            Self::Settings(_) => ErrorKind::Invalid,
            Self::Random(_) => ErrorKind::Internal,
        }
    }
}
