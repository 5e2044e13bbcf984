//! Settings of `[[api.issuers]]`: whose signed tokens programs may call with.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{ApiSettings, OidcSettings, TokenRole};

/// `[[api.issuers]]`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IssuerSettings {
    /// What its callers' names begin with in the history.
    pub name: String,
    /// `iss`, as its tokens say it.
    pub issuer: String,
    /// What must stand in `aud`.
    pub audience: String,
    /// Where its keys are; or `jwks_file`.
    pub jwks_url: String,
    /// A file of its keys.
    pub jwks_file: PathBuf,
    /// A PEM file of one more root certificate, for `jwks_url`.
    pub root_certificate_file: PathBuf,
    /// The claim that tells what a caller is there.
    pub role_claim: String,
    /// What that is here.
    pub roles: BTreeMap<String, TokenRole>,
}

fn is_set(file: &Path) -> bool {
    !file.as_os_str().is_empty()
}

impl IssuerSettings {
    /// Where its keys are.
    pub fn keys(&self) -> identity::KeySource {
        if is_set(&self.jwks_file) {
            identity::KeySource::File(self.jwks_file.clone())
        } else {
            identity::KeySource::Url(self.jwks_url.clone())
        }
    }

    fn fault(&self, oidc: &OidcSettings) -> Option<(&'static str, &'static str)> {
        if self.name.is_empty() || self.name.contains(|c: char| c == ':' || c.is_control()) {
            return Some(("name", "give it a name without a colon"));
        }
        if self.issuer.is_empty() {
            return Some(("issuer", "what its tokens say as `iss` is missing"));
        }
        if self.audience.is_empty() {
            return Some(("audience", "what its tokens for these services say as `aud` is missing"));
        }
        // Else the token that tells who signed in at the desk would be one to call with.
        if oidc.is_set() && (&self.issuer, &self.audience) == (&oidc.issuer, &oidc.client_id) {
            return Some(("audience", "tokens for calls need another audience than people's sign-in (oidc.client_id)"));
        }
        if self.jwks_url.is_empty() != is_set(&self.jwks_file) {
            return Some(("jwks_url", "either this or `jwks_file`"));
        }
        if !self.jwks_url.is_empty() && !identity::is_protected(&self.jwks_url) {
            return Some(("jwks_url", "expected https://HOST/PATH, or http://HOST on this machine"));
        }
        if self.role_claim.is_empty() {
            return Some(("role_claim", "the claim that tells a caller's role is missing"));
        }
        self.roles.is_empty().then_some(("roles", "nobody would have a role: expected { \"word\" = \"viewer\", … }"))
    }
}

impl ApiSettings {
    /// What cannot be used of the issuers: key and words.
    pub(super) fn issuers_fault(&self, oidc: &OidcSettings) -> Option<(String, String)> {
        for (index, issuer) in self.issuers.iter().enumerate() {
            let place = |field: &str, what: &str| Some((format!("issuers[{index}].{field}"), what.to_owned()));
            if let Some((field, what)) = issuer.fault(oidc) {
                return place(field, what);
            }
            let before = &self.issuers[..index];
            let named = self.tokens.iter().map(|token| &token.name).chain(self.certificates.iter().map(|c| &c.name));
            let begin = format!("{}:", issuer.name);
            if before.iter().any(|other| other.name == issuer.name) || named.into_iter().any(|n| n.starts_with(&begin))
            {
                return place("name", "give it a name of its own");
            }
            if before.iter().any(|other| other.issuer == issuer.issuer) {
                return place("issuer", "this issuer is there already");
            }
        }
        None
    }
}
