//! The way to a server's greeting: names, sockets, TLS.

use std::{io, net::SocketAddr, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::{
    ImapSettings, Security,
    line::{Line, Wire, bounded, ignore},
};
use crate::Error;

/// Connects, protects the connection as set, and learns what the server can do.
pub(super) async fn connect(settings: &ImapSettings) -> Result<Line, Error> {
    let mut line = bounded("connecting", settings.connect_timeout, async {
        let socket = dial(settings).await?;
        match settings.security {
            Security::Plain => greeted(Box::new(socket)).await,
            Security::Tls => greeted(protect(settings, Box::new(socket)).await?).await,
            Security::StartTls => {
                let mut line = greeted(Box::new(socket)).await?;
                line.command("STARTTLS", "STARTTLS", settings.connect_timeout, &mut ignore).await?.ok("STARTTLS")?;
                // Only the bare socket goes on: what was said before the handshake anyone could have said.
                Ok(Line::new(protect(settings, line.into_wire()).await?))
            }
        }
    })
    .await?;
    line.learn_capabilities(settings.command_timeout).await?;
    tracing::debug!(host = settings.host, port = settings.port, security = ?settings.security, "connected");
    Ok(line)
}

async fn dial(settings: &ImapSettings) -> Result<TcpStream, Error> {
    let failed = |source| Error::Connect { host: settings.host.clone(), port: settings.port, source };
    let addresses: Vec<SocketAddr> =
        lookup_host((settings.host.as_str(), settings.port)).await.map_err(failed)?.collect();
    if settings.security == Security::Plain && !addresses.iter().all(|address| address.ip().is_loopback()) {
        return Err(Error::Invalid(format!(
            "a connection without TLS is only allowed to this machine, and {} is not",
            settings.host
        )));
    }
    let socket = TcpStream::connect(&addresses[..]).await.map_err(failed)?;
    socket.set_nodelay(true).map_err(failed)?;
    Ok(socket)
}

async fn greeted(wire: Box<dyn Wire>) -> Result<Line, Error> {
    let mut line = Line::new(wire);
    line.greeting().await?;
    Ok(line)
}

async fn protect(settings: &ImapSettings, wire: Box<dyn Wire>) -> Result<Box<dyn Wire>, Error> {
    let failed = |source| Error::Tls { host: settings.host.clone(), source };
    let name = ServerName::try_from(settings.host.clone())
        .map_err(|cause| Error::Invalid(format!("not a host name: {:?}: {cause}", settings.host)))?;
    let stream = TlsConnector::from(tls(settings)?).connect(name, wire).await.map_err(failed)?;
    Ok(Box::new(stream))
}

/// TLS 1.2 or 1.3 with Mozilla's roots and those of the settings.
fn tls(settings: &ImapSettings) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = &settings.extra_root_pem {
        let unfit = |cause: &dyn std::fmt::Display| Error::Invalid(format!("extra root certificate: {cause}"));
        let mut taken = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.map_err(|cause| unfit(&cause))?).map_err(|cause| unfit(&cause))?;
            taken += 1;
        }
        if taken == 0 {
            return Err(unfit(&"no certificate in it"));
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| Error::Tls { host: settings.host.clone(), source: io::Error::other(cause) })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
