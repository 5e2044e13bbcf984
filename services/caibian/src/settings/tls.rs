//! Settings of `[api.tls]`, `[[api.certificates]]` and of the desk's line to the services: certificates, and whose they are.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ApiSettings, ClientCertificates, DeskSettings, TokenRole, check::Fault};

/// `[api.tls]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSettings {
    /// PEM file of the certificate and those between it and its authority; empty: in the clear.
    pub certificate_file: PathBuf,
    /// PEM file of its key.
    pub key_file: PathBuf,
    /// PEM file of the authorities of callers' certificates; empty: callers show none.
    pub client_authorities_file: PathBuf,
    /// Whether every caller must show one.
    pub client_certificates: ClientCertificates,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            certificate_file: PathBuf::new(),
            key_file: PathBuf::new(),
            client_authorities_file: PathBuf::new(),
            client_certificates: ClientCertificates::Optional,
        }
    }
}

/// `[[api.certificates]]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateSettings {
    /// Named in the history of what the caller did.
    pub name: String,
    /// The subject alternative name: `spiffe://…` or another URI, or a host's name.
    pub san: String,
    /// What it may do in reviews.
    #[serde(default)]
    pub role: TokenRole,
}

fn is_set(file: &Path) -> bool {
    !file.as_os_str().is_empty()
}

fn files(certificate: &Path, key: &Path, authorities: &Path) -> tls::Files {
    let pair = tls::Pair { certificate: certificate.to_owned(), key: key.to_owned() };
    tls::Files {
        pair: is_set(certificate).then_some(pair),
        authorities: is_set(authorities).then(|| authorities.to_owned()),
    }
}

impl TlsSettings {
    /// Whether the services answer by TLS.
    pub fn is_set(&self) -> bool {
        is_set(&self.certificate_file)
    }

    /// The files that are named.
    pub fn files(&self) -> tls::Files {
        files(&self.certificate_file, &self.key_file, &self.client_authorities_file)
    }

    fn fault(&self) -> Fault {
        if is_set(&self.certificate_file) != is_set(&self.key_file) {
            return Some(("tls.key_file", "certificate and key are needed together".into()));
        }
        if is_set(&self.client_authorities_file) && !self.is_set() {
            return Some(("tls.certificate_file", "callers show certificates where the services have one".into()));
        }
        let required = self.client_certificates == ClientCertificates::Required;
        (required && !is_set(&self.client_authorities_file))
            .then(|| ("tls.client_authorities_file", "required with `client_certificates = \"required\"`".into()))
    }
}

impl ApiSettings {
    /// What cannot be used of TLS and of callers' certificates: key and words.
    pub(super) fn tls_fault(&self) -> Option<(String, String)> {
        if let Some((key, what)) = self.tls.fault() {
            return Some((key.into(), what));
        }
        if !self.certificates.is_empty() && !is_set(&self.tls.client_authorities_file) {
            return Some(("tls.client_authorities_file".into(), "required with `certificates`".into()));
        }
        for (index, certificate) in self.certificates.iter().enumerate() {
            let place = |field: &str| format!("certificates[{index}].{field}");
            let before = &self.certificates[..index];
            let named = self.tokens.iter().map(|token| &token.name).chain(before.iter().map(|other| &other.name));
            if certificate.name.is_empty() || named.into_iter().any(|name| *name == certificate.name) {
                return Some((place("name"), "give it a name of its own".into()));
            }
            let Some(san) = tls::Name::read(&certificate.san) else {
                return Some((place("san"), "expected a URI such as spiffe://example.cn/x, or a host's name".into()));
            };
            if before.iter().any(|other| tls::Name::read(&other.san).as_ref() == Some(&san)) {
                return Some((place("san"), "another caller has this name".into()));
            }
        }
        None
    }
}

impl DeskSettings {
    /// The files of the line to the services.
    pub fn api_files(&self) -> tls::Files {
        files(&self.api_certificate_file, &self.api_key_file, &self.api_authorities_file)
    }

    pub(super) fn api_fault(&self) -> Fault {
        let is_tls = self.api.starts_with("https://");
        if !self.api.is_empty() && !is_tls && !self.api.starts_with("http://") {
            return Some(("api", "expected https://HOST:PORT, or http://HOST:PORT".into()));
        }
        if is_set(&self.api_certificate_file) != is_set(&self.api_key_file) {
            return Some(("api_key_file", "certificate and key are needed together".into()));
        }
        let has_files = is_set(&self.api_certificate_file) || is_set(&self.api_authorities_file);
        (has_files && !is_tls).then(|| ("api", "certificates ask for https://HOST:PORT".into()))
    }
}
