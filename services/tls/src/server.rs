//! What the gRPC service answers with.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    server::{NoServerSessionStorage, WebPkiClientVerifier},
};

use crate::{Error, Files, HTTP2, Kept};

/// The service's side, as the files have it now.
pub type Server = Kept<ServerConfig>;

/// From a pair, and the authorities of callers where these show certificates: each must where they are `required`, and may
/// else.
///
/// # Errors
/// What is wrong with which file.
pub fn server(files: Files, required: bool) -> Result<Server, Error> {
    Kept::new(files, move |held| {
        let refused = |error: &dyn std::fmt::Display| Error::Refused(error.to_string());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(&error))?;
        let builder = match held.authorities {
            Some(authorities) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider);
                let verifier = if required { verifier } else { verifier.allow_unauthenticated() };
                builder.with_client_cert_verifier(verifier.build().map_err(|error| refused(&error))?)
            }
            None => builder.with_no_client_auth(),
        };
        let (chain, key) = held.pair.ok_or_else(|| refused(&"a server needs both of its own"))?;
        let mut config = builder.with_single_cert(chain, key).map_err(|error| refused(&error))?;
        config.alpn_protocols = vec![HTTP2.to_vec()];
        // The strongest suite that both know.
        config.ignore_client_order = true;
        // Lines are few and last; each proves anew who it is.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    })
}
