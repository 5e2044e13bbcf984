//! Tokens (JSON Web Token in the compact form of RFC 7515), believed only when everything about them is as expected.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::keys::{Algorithm, Keys};

/// Bytes of a token.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// By so much clocks may differ.
pub const SKEW: TimeDelta = TimeDelta::seconds(60);

/// A token older than this is not one that was just made for us, whatever its end says.
const AGE_MAX: TimeDelta = TimeDelta::hours(24);

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It is no token, or too long.
    #[error("it cannot be read")]
    Unreadable,
    /// `none`, a symmetric algorithm, or one that we do not know.
    #[error("its algorithm is neither RS256 nor ES256")]
    Algorithm,
    /// It asks for an extension (`crit`) that we do not know.
    #[error("it asks for an extension that is not known")]
    Critical,
    /// No key of the provider has signed it.
    #[error("no key of the provider has signed it")]
    Signature,
    /// `iss` is another provider.
    #[error("it is another provider's")]
    Issuer,
    /// `aud` is not us, or others too without `azp` being us.
    #[error("it is meant for another program")]
    Audience,
    /// `exp` is over.
    #[error("it has expired")]
    Expired,
    /// `nbf` or `iat` is still to come, `iat` is missing or very old.
    #[error("its time of issue is not now")]
    Time,
    /// `nonce` is not the one of this sign-in.
    #[error("it is of another sign-in")]
    Nonce,
    /// `sub` is missing, empty, longer than 255 characters, or not on one line.
    #[error("it names nobody")]
    Subject,
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// `iss`, character by character.
    pub issuer: &'a str,
    /// Among `aud`.
    pub audience: &'a str,
    /// What it was made for.
    pub purpose: Purpose<'a>,
    /// What o'clock it is.
    pub now: DateTime<Utc>,
}

/// What a token was made for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// To tell us who signed in (OpenID Connect Core 1.0 §3.1.3.7): just made, for us alone or by our request.
    SignIn {
        /// `nonce` of this sign-in.
        nonce: &'a str,
    },
    /// To call with (RFC 9068 §4): `azp` and `nonce` are others' business, and `iat` may be missing.
    Call,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// A token that was read and not yet believed.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    algorithm: Algorithm,
    key_id: Option<String>,
    signed: &'a str,
    signature: Vec<u8>,
    claims: Map<String, Value>,
}

/// What a believed token says.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// A claim that is a text; empty when it is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The texts of a claim that is one or a list of them. A name with points that is no claim's leads inwards:
    /// `realm_access.roles`.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let mut steps = name.split('.');
        let first = steps.next().and_then(|step| self.0.get(step));
        let inward = || steps.try_fold(first?, |value, step| value.get(step));
        match self.0.get(name).or_else(inward) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

impl<'a> Token<'a> {
    /// Reads the three parts.
    ///
    /// # Errors
    /// [`Distrust::Unreadable`], [`Distrust::Algorithm`], [`Distrust::Critical`].
    pub fn read(token: &'a str) -> Result<Self, Distrust> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Distrust::Unreadable);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Distrust::Unreadable)?;
        let (header, claims) = signed.split_once('.').ok_or(Distrust::Unreadable)?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Distrust::Unreadable);
        let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| Distrust::Unreadable)?;
        let algorithm = Algorithm::read(&header.alg).ok_or(Distrust::Algorithm)?;
        if header.crit.is_some() {
            return Err(Distrust::Critical);
        }
        let claims = serde_json::from_slice(&decoded(claims)?).map_err(|_| Distrust::Unreadable)?;
        Ok(Self { algorithm, key_id: header.kid, signed, signature: decoded(signature)?, claims })
    }

    /// Which key it says has signed it.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Who it says has issued it, which nobody has verified yet.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    /// Believes it, or not (OpenID Connect Core 1.0 §3.1.3.7).
    ///
    /// # Errors
    /// The first that is not as expected; the signature comes first.
    pub fn believe(self, keys: &Keys, expected: &Expected<'_>) -> Result<Claims, Distrust> {
        if !keys.verify(self.key_id.as_deref(), self.algorithm, self.signed.as_bytes(), &self.signature) {
            return Err(Distrust::Signature);
        }
        let claims = self.claims;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(expected.issuer) {
            return Err(Distrust::Issuer);
        }
        let audiences: Vec<&str> = match claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let party = claims.get("azp").map(|party| party.as_str() == Some(expected.audience));
        let is_for_others = match expected.purpose {
            Purpose::SignIn { .. } => !party.unwrap_or(audiences.len() == 1),
            Purpose::Call => false,
        };
        if !audiences.contains(&expected.audience) || is_for_others {
            return Err(Distrust::Audience);
        }
        let now = expected.now;
        // Seconds since 1970, with a fraction where the provider likes one.
        let at = |name: &str| {
            let seconds = claims.get(name)?.as_f64()?;
            DateTime::from_timestamp_millis((seconds * 1000.0) as i64)
        };
        if at("exp").is_none_or(|end| end + SKEW <= now) {
            return Err(Distrust::Expired);
        }
        let is_timely = match expected.purpose {
            Purpose::SignIn { .. } => at("iat").is_some_and(|made| made <= now + SKEW && made + AGE_MAX > now),
            Purpose::Call => !claims.contains_key("iat") || at("iat").is_some_and(|made| made <= now + SKEW),
        };
        if !is_timely || (claims.contains_key("nbf") && at("nbf").is_none_or(|begin| begin > now + SKEW)) {
            return Err(Distrust::Time);
        }
        if let Purpose::SignIn { nonce } = expected.purpose
            && text("nonce") != Some(nonce)
        {
            return Err(Distrust::Nonce);
        }
        let is_name =
            |subject: &str| (1..=255).contains(&subject.chars().count()) && !subject.chars().any(char::is_control);
        if !text("sub").is_some_and(is_name) {
            return Err(Distrust::Subject);
        }
        Ok(Claims(claims))
    }
}
