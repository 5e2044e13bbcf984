//! How our own side of a line trusts the other: one answer for mail servers, identity providers and buckets.

use std::sync::Arc;

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::Error;

/// TLS 1.2 or 1.3 with Mozilla's authorities, and those of a PEM text beside them; host names are checked, no protocol is agreed on
/// (ALPN), no certificate is shown.
///
/// # Errors
/// [`Error::Authorities`] when the text holds no certificate or one that cannot be read.
pub fn client(more_authorities: Option<&[u8]>) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = usual();
    if let Some(pem) = more_authorities {
        let unfit = |cause: &dyn std::fmt::Display| Error::Authorities(cause.to_string());
        let mut taken = 0;
        for authority in CertificateDer::pem_slice_iter(pem) {
            roots.add(authority.map_err(|cause| unfit(&cause))?).map_err(|cause| unfit(&cause))?;
            taken += 1;
        }
        if taken == 0 {
            return Err(unfit(&"no certificate in it"));
        }
    }
    Ok(Arc::new(builder()?.with_root_certificates(roots).with_no_client_auth()))
}

/// Mozilla's authorities.
pub(crate) fn usual() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// The versions and the cryptography that all of caibian's lines have.
pub(crate) fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_certificate_is_no_authority() {
        assert!(client(None).is_ok());
        for unfit in ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let told = client(Some(unfit.as_bytes())).unwrap_err().to_string();
            assert!(told.starts_with("the root certificate: "), "{told}");
        }
    }
}
