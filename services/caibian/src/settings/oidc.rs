//! Settings of `[oidc]`: an identity provider that people sign in at besides here.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{UnknownUsers, check::Fault, masked};

/// Longest name of a provider, in characters.
const NAME_CHARACTERS_MAX: usize = 40;

/// `[oidc]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OidcSettings {
    /// The provider's address, as its tokens say it; empty: people sign in here alone.
    pub issuer: String,
    /// As the provider knows us.
    pub client_id: String,
    /// Empty, without a file too: a public client.
    #[serde(serialize_with = "masked")]
    pub client_secret: SecretString,
    /// A file that holds it instead.
    pub client_secret_file: PathBuf,
    /// A PEM file of one more root certificate.
    pub root_certificate_file: PathBuf,
    /// What people call the provider, in Chinese.
    pub name_zh: String,
    /// The same in English.
    pub name_en: String,
    /// The claim that gives the user name.
    pub user_claim: String,
    /// What becomes of people without an account.
    pub unknown_users: UnknownUsers,
}

impl Default for OidcSettings {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: SecretString::default(),
            client_secret_file: PathBuf::new(),
            root_certificate_file: PathBuf::new(),
            name_zh: "统一身份认证".into(),
            name_en: "single sign-on".into(),
            user_claim: "preferred_username".into(),
            unknown_users: UnknownUsers::Refuse,
        }
    }
}

impl OidcSettings {
    /// Whether people sign in at a provider.
    pub fn is_set(&self) -> bool {
        !self.issuer.is_empty()
    }

    /// What cannot be used.
    pub(super) fn fault(&self) -> Fault {
        if !self.is_set() {
            return (!self.client_id.is_empty()).then(|| ("issuer", "the address of the provider is missing".into()));
        }
        if !identity::is_protected(&self.issuer) || self.issuer.contains(['?', '#']) {
            return Some(("issuer", "expected https://HOST/PATH, or http://HOST on this machine".into()));
        }
        if self.client_id.is_empty() {
            return Some(("client_id", "the name by which the provider knows this installation is missing".into()));
        }
        if !self.client_secret.expose_secret().is_empty() && !self.client_secret_file.as_os_str().is_empty() {
            return Some(("client_secret_file", "either this or `client_secret`".into()));
        }
        if self.user_claim.is_empty() {
            return Some(("user_claim", "the claim that gives the user name is missing".into()));
        }
        let is_name = |name: &str| (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count());
        let names = [("name_zh", &self.name_zh), ("name_en", &self.name_en)];
        let wrong = names.into_iter().find(|(_, name)| !is_name(name) || name.chars().any(char::is_control));
        wrong.map(|(field, _)| (field, format!("1 to {NAME_CHARACTERS_MAX} characters on one line")))
    }
}
