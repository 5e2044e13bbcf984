//! An issuer of tokens that programs call with: its keys, and what a token of it must be.

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};
use tokio::io::AsyncReadExt;

use crate::{
    Error,
    held::Held,
    http::{ANSWER_BYTES_MAX, Client, is_protected},
    jwt::{Claims, Expected, Purpose, Token},
    keys::Keys,
};

/// Where the keys of an issuer are (JSON Web Key Set, RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// An `https` address, or one on this machine.
    Url(String),
    /// A file.
    File(PathBuf),
}

/// What the room is told of an issuer.
#[derive(Clone, Debug)]
pub struct IssuerSettings {
    /// `iss`, character by character.
    pub issuer: String,
    /// What must stand among `aud`: the name of these services there, never that of a program at which people sign in.
    pub audience: String,
    /// Its keys.
    pub keys: KeySource,
    /// Authorities beside the usual ones, as PEM.
    pub authorities: Option<String>,
}

/// An issuer. Cheap to clone.
#[derive(Clone)]
pub struct Issuer {
    settings: Arc<IssuerSettings>,
    client: Client,
    held: Held,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Issuer").field(&self.settings).finish()
    }
}

impl Issuer {
    /// Asks nothing yet: an issuer that is down holds nothing else up.
    ///
    /// # Errors
    /// [`Error::Settings`].
    pub fn new(settings: IssuerSettings) -> Result<Self, Error> {
        if settings.issuer.is_empty() || settings.audience.is_empty() {
            return Err(Error::Settings("issuer and audience are needed".into()));
        }
        if matches!(&settings.keys, KeySource::Url(url) if !is_protected(url)) {
            return Err(Error::Settings("an https address of the keys is needed".into()));
        }
        let client = Client::new(settings.authorities.as_deref())?;
        Ok(Self { settings: Arc::new(settings), client, held: Held::default() })
    }

    /// Whose tokens it believes.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Believes a token of a call, or not.
    ///
    /// # Errors
    /// [`Error::Token`], and [`Error::Unavailable`] while there are no keys.
    pub async fn believe(&self, token: Token<'_>, now: DateTime<Utc>) -> Result<Claims, Error> {
        let keys = self.held.get(token.key_id(), || self.ask()).await?;
        let settings = &self.settings;
        let expected = Expected { issuer: &settings.issuer, audience: &settings.audience, purpose: Purpose::Call, now };
        Ok(token.believe(&keys, &expected)?)
    }

    async fn ask(&self) -> Result<Keys, Error> {
        let set = match &self.settings.keys {
            KeySource::Url(url) => {
                let (status, body) = self.client.get(url).await?;
                Some(body.to_vec()).filter(|_| status.is_success())
            }
            KeySource::File(file) => {
                let failed = |error: std::io::Error| Error::Unavailable(format!("{}: {error}", file.display()));
                let mut set = Vec::new();
                let opened = tokio::fs::File::open(file).await.map_err(failed)?;
                opened.take(ANSWER_BYTES_MAX as u64).read_to_end(&mut set).await.map_err(failed)?;
                Some(set)
            }
        };
        set.and_then(|set| Keys::read(&set)).ok_or_else(|| Error::Unavailable("its keys cannot be read".into()))
    }
}
