//! What a certificate says: who it is (RFC 5280 §4.2.1.6), and until when.

use chrono::{DateTime, Utc};
use rustls::pki_types::CertificateDer;
use x509_cert::{
    Certificate,
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// Names of one certificate that are read.
const NAMES_MAX: usize = 100;

/// A subject alternative name that somebody can be known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// Such as `spiffe://example.cn/newsroom`, character by character.
    Uri(String),
    /// Such as `newsroom.example.cn`, in lower case.
    Dns(String),
}

impl Name {
    /// As people write it: with `://` a URI, else a host's name; none for what is neither.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        if text.contains("://") {
            return Some(Self::Uri(text.to_owned()));
        }
        let is_host = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        is_host.then(|| Self::Dns(text.to_ascii_lowercase()))
    }
}

fn parsed(certificate: &CertificateDer<'_>) -> Option<Certificate> {
    Certificate::from_der(certificate).ok()
}

/// The names of a certificate that a handshake has verified; none of one that cannot be read.
#[must_use]
pub fn names(certificate: &CertificateDer<'_>) -> Vec<Name> {
    let Some(certificate) = parsed(certificate) else { return Vec::new() };
    let Ok(Some((_, SubjectAltName(names)))) = certificate.tbs_certificate().get_extension() else { return Vec::new() };
    let name = |name: GeneralName| match name {
        GeneralName::UniformResourceIdentifier(uri) => Some(Name::Uri(uri.to_string())),
        GeneralName::DnsName(host) => Some(Name::Dns(host.to_string().to_ascii_lowercase())),
        _ => None,
    };
    names.into_iter().take(NAMES_MAX).filter_map(name).collect()
}

/// The instant from which a certificate is no longer good.
pub(crate) fn ends_at(certificate: &CertificateDer<'_>) -> Option<DateTime<Utc>> {
    let end = parsed(certificate)?.tbs_certificate().validity().not_after.to_unix_duration();
    DateTime::from_timestamp(i64::try_from(end.as_secs()).ok()?, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_uri_or_a_host() {
        let uri = |text: &str| Some(Name::Uri(text.into()));
        for (text, read) in [
            ("spiffe://example.cn/desk", uri("spiffe://example.cn/desk")),
            ("Desk.Example.cn", Some(Name::Dns("desk.example.cn".into()))),
            ("", None),
            ("a b", None),
            ("采编", None),
            ("desk.example.cn/x", None),
        ] {
            assert_eq!(Name::read(text), read, "{text}");
        }
    }
}
