//! Settings of `[traces]`: where traces are told, and how many.

use std::{collections::BTreeMap, path::PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};

use super::{Error, check::Fault};

/// `[traces]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TracesSettings {
    /// A collector (OTLP over gRPC); empty: no traces.
    pub endpoint: String,
    /// The share of traces that is kept.
    pub sample_ratio: f64,
    /// What each request to the collector bears, by name.
    #[serde(serialize_with = "masked_values")]
    pub headers: BTreeMap<String, SecretString>,
    /// A file that holds them instead.
    pub headers_file: PathBuf,
    /// A PEM file of the authorities of the collector's certificate; empty: the usual ones.
    pub authorities_file: PathBuf,
}

impl Default for TracesSettings {
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            sample_ratio: 1.0,
            headers: BTreeMap::new(),
            headers_file: PathBuf::new(),
            authorities_file: PathBuf::new(),
        }
    }
}

/// What a request to the collector bears.
pub type Header = (MetadataKey<Ascii>, MetadataValue<Ascii>);

impl TracesSettings {
    /// Whether somebody collects traces.
    pub fn is_set(&self) -> bool {
        !self.endpoint.is_empty()
    }

    /// Headers of the settings, or of their file.
    ///
    /// # Errors
    /// When the file cannot be read or holds something else; never with a value, which may be a token.
    pub fn read_headers(&self) -> Result<Vec<Header>, Error> {
        let file = &self.headers_file;
        let fault = |what: String| Error::Value { key: "traces.headers_file".into(), what };
        if file.as_os_str().is_empty() {
            let headers = self.headers.iter();
            return Ok(headers.filter_map(|(name, value)| header(name, value.expose_secret())).collect());
        }
        let text = std::fs::read_to_string(file).map_err(|error| fault(format!("{}: {error}", file.display())))?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let read = lines.map(|(index, line)| {
            let read = line.split_once(':').and_then(|(name, value)| header(name, value));
            read.ok_or_else(|| fault(format!("{}, line {}: expected NAME: VALUE", file.display(), index + 1)))
        });
        read.collect()
    }

    /// What cannot be used.
    pub(super) fn fault(&self) -> Fault {
        let has_headers = !self.headers.is_empty() || !self.headers_file.as_os_str().is_empty();
        let has_authorities = !self.authorities_file.as_os_str().is_empty();
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            return Some(("sample_ratio", "expected 0 to 1".into()));
        }
        if !self.is_set() {
            return (has_headers || has_authorities).then(|| ("endpoint", "the collector is missing".into()));
        }
        let url = url::Url::parse(&self.endpoint).ok().filter(|url| {
            let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
            is_bare && url.has_host() && ["", "/"].contains(&url.path())
        });
        let Some(url) = url.filter(|url| ["http", "https"].contains(&url.scheme())) else {
            return Some(("endpoint", "expected https://HOST:PORT, or http://HOST:PORT".into()));
        };
        if has_authorities && url.scheme() == "http" {
            return Some(("authorities_file", "certificates ask for an endpoint with https".into()));
        }
        if has_headers && !identity::is_protected(&self.endpoint) {
            return Some(("headers", "they may hold a token: expected an endpoint with https".into()));
        }
        if !self.headers.is_empty() && !self.headers_file.as_os_str().is_empty() {
            return Some(("headers_file", "either this or `headers`".into()));
        }
        let is_fit = |(name, value): (&String, &SecretString)| header(name, value.expose_secret()).is_some();
        (!self.headers.iter().all(is_fit)).then(|| ("headers", "expected names and values of ASCII characters".into()))
    }
}

fn header(name: &str, value: &str) -> Option<Header> {
    let value = Some(value.trim()).filter(|value| !value.is_empty() && value.is_ascii())?;
    let mut value: MetadataValue<Ascii> = value.parse().ok()?;
    value.set_sensitive(true);
    Some((name.trim().to_ascii_lowercase().parse().ok()?, value))
}

fn masked_values<S: Serializer>(headers: &BTreeMap<String, SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.keys().map(|name| (name, "***")))
}
