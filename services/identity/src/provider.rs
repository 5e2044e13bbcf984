//! One provider: what it says of itself, its keys, and the two halves of a sign-in.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use stdx::Sha256;
use tokio::sync::Mutex;

use crate::{
    Error,
    held::Held,
    http::{Client, is_protected},
    jwt::{Expected, Purpose, Token},
    keys::Keys,
};

/// What a provider says of itself is asked for anew after this.
const DISCOVERED_FOR: Duration = Duration::from_secs(3600);

/// Characters that a provider's error is told with.
const TOLD_MAX: usize = 200;

/// RFC 3986 §2.3.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What the room is told of a provider.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// `https://id.example.cn/realms/caizheng`, character by character as its tokens say it.
    pub issuer: String,
    /// As the provider knows us.
    pub client_id: String,
    /// None for a public client, which PKCE alone protects.
    pub client_secret: Option<SecretString>,
    /// The claim that gives the user name: `preferred_username`.
    pub user_name_claim: String,
    /// Authorities beside the usual ones, as PEM.
    pub authorities: Option<String>,
}

/// A sign-in that was begun: where the browser goes, and what is kept until it comes back.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Where the browser is sent.
    pub url: String,
    /// Comes back in the address: which sign-in it is.
    pub state: String,
    /// Comes back in the token: it was made for this sign-in.
    pub nonce: String,
    /// Proves to the provider that who has the code is who asked for it (RFC 7636).
    pub verifier: String,
}

/// A browser that came back.
#[derive(Clone, Copy, Debug)]
pub struct Completing<'a> {
    /// From the address.
    pub code: &'a str,
    /// Of the sign-in.
    pub nonce: &'a str,
    /// Of the sign-in.
    pub verifier: &'a str,
    /// The same as when it began.
    pub redirect_uri: &'a str,
    /// What o'clock it is.
    pub now: DateTime<Utc>,
}

/// Who signed in, as the provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The provider.
    pub issuer: String,
    /// Names the person there, for ever: the one thing that an account is tied to.
    pub subject: String,
    /// What the claim of the settings says; may be empty, and people may change it.
    pub user_name: String,
    /// 姓名; may be empty.
    pub display_name: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    /// Without it, the header alone (OpenID Connect Discovery 1.0 §3).
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Exchanged {
    id_token: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

/// A provider. Cheap to clone.
#[derive(Clone)]
pub struct Provider {
    settings: Arc<ProviderSettings>,
    client: Client,
    discovered: Arc<Mutex<Option<(Instant, Discovered)>>>,
    held: Held,
}

/// 256 random bits in base64url.
fn secret() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn query(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, PLAIN));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

impl Provider {
    /// Asks nothing yet.
    ///
    /// # Errors
    /// [`Error::Settings`].
    pub fn new(settings: ProviderSettings) -> Result<Self, Error> {
        if !is_protected(&settings.issuer) || settings.issuer.contains(['?', '#']) {
            return Err(Error::Settings("issuer: an https address without query is needed".into()));
        }
        if settings.client_id.is_empty() || settings.user_name_claim.is_empty() {
            return Err(Error::Settings("client_id and user_name_claim are needed".into()));
        }
        let client = Client::new(settings.authorities.as_deref())?;
        Ok(Self { settings: Arc::new(settings), client, discovered: Arc::default(), held: Held::default() })
    }

    /// Which provider it is.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Begins a sign-in that comes back to `redirect_uri`.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Random`].
    pub async fn begin(&self, redirect_uri: &str) -> Result<Begun, Error> {
        let discovered = self.discovered().await?;
        let (state, nonce, verifier) = (secret()?, secret()?, secret()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::of(verifier.as_bytes()).as_bytes());
        let asked = query(&[
            ("response_type", "code"),
            ("scope", "openid profile"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", redirect_uri),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let endpoint = &discovered.authorization_endpoint;
        let url = format!("{endpoint}{}{asked}", if endpoint.contains('?') { '&' } else { '?' });
        Ok(Begun { url, state, nonce, verifier })
    }

    /// Ends it: the code becomes a token, the token a person.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Refused`], [`Error::Token`].
    pub async fn complete(&self, back: &Completing<'_>) -> Result<Person, Error> {
        let discovered = self.discovered().await?;
        let settings = &self.settings;
        let mut form = query(&[
            ("grant_type", "authorization_code"),
            ("code", back.code),
            ("redirect_uri", back.redirect_uri),
            ("client_id", &settings.client_id),
            ("code_verifier", back.verifier),
        ]);
        let mut authorization = None;
        if let Some(secret) = &settings.client_secret {
            let secret = secret.expose_secret();
            if discovered.token_endpoint_auth_methods_supported.iter().any(|method| method == "client_secret_post") {
                form.push('&');
                form.push_str(&query(&[("client_secret", secret)]));
            } else {
                // Each encoded by itself first (RFC 6749 §2.3.1).
                let encoded = |text| utf8_percent_encode(text, PLAIN);
                let pair = format!("{}:{}", encoded(settings.client_id.as_str()), encoded(secret));
                authorization = Some(format!("Basic {}", STANDARD.encode(pair)));
            }
        }
        let (status, body) = self.client.post(&discovered.token_endpoint, form, authorization).await?;
        if !status.is_success() {
            let said: Refused = serde_json::from_slice(&body).unwrap_or_default();
            let said = format!("{} {}", said.error, said.error_description);
            let said: String = said.trim().chars().filter(|c| !c.is_control()).take(TOLD_MAX).collect();
            return Err(if status.is_client_error() {
                Error::Refused(if said.is_empty() { status.to_string() } else { said })
            } else {
                Error::Unavailable(status.to_string())
            });
        }
        let exchanged: Exchanged =
            serde_json::from_slice(&body).map_err(|_| Error::Unavailable("it gave no ID token".into()))?;
        let token = Token::read(&exchanged.id_token)?;
        let keys = self.held.get(token.key_id(), || self.keys(&discovered)).await?;
        let claims = token.believe(
            &keys,
            &Expected {
                issuer: &settings.issuer,
                audience: &settings.client_id,
                purpose: Purpose::SignIn { nonce: back.nonce },
                now: back.now,
            },
        )?;
        Ok(Person {
            issuer: settings.issuer.clone(),
            subject: claims.text("sub").to_owned(),
            user_name: claims.text(&settings.user_name_claim).to_owned(),
            display_name: claims.text("name").to_owned(),
        })
    }

    async fn discovered(&self) -> Result<Discovered, Error> {
        let mut known = self.discovered.lock().await;
        if let Some((at, discovered)) = &*known
            && at.elapsed() < DISCOVERED_FOR
        {
            return Ok(discovered.clone());
        }
        let address = format!("{}/.well-known/openid-configuration", self.settings.issuer.trim_end_matches('/'));
        let discovered: Discovered = self.json(&address).await?;
        // Else one provider could speak for another (OpenID Connect Discovery 1.0 §4.3).
        if discovered.issuer != self.settings.issuer {
            return Err(Error::Unavailable("it calls itself otherwise than the settings do".into()));
        }
        let endpoints = [&discovered.authorization_endpoint, &discovered.token_endpoint, &discovered.jwks_uri];
        if !endpoints.into_iter().all(|endpoint| is_protected(endpoint)) {
            return Err(Error::Unavailable("it names an address without TLS".into()));
        }
        *known = Some((Instant::now(), discovered.clone()));
        Ok(discovered)
    }

    async fn keys(&self, discovered: &Discovered) -> Result<Keys, Error> {
        let (status, body) = self.client.get(&discovered.jwks_uri).await?;
        let keys = Some(body).filter(|_| status.is_success()).and_then(|body| Keys::read(&body));
        keys.ok_or_else(|| Error::Unavailable("its keys cannot be read".into()))
    }

    async fn json<T: for<'d> Deserialize<'d>>(&self, address: &str) -> Result<T, Error> {
        let (status, body) = self.client.get(address).await?;
        let read = Some(body).filter(|_| status.is_success()).and_then(|body| serde_json::from_slice(&body).ok());
        read.ok_or_else(|| Error::Unavailable(format!("{address} says {status}, and nothing that can be read")))
    }
}
