//! The way to a server's greeting: names, sockets, TLS.

use std::net::SocketAddr;

use rustls::pki_types::ServerName;
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
    let config = tls::client(settings.extra_root_pem.as_deref()).map_err(|error| Error::Invalid(error.to_string()))?;
    let stream = TlsConnector::from(config).connect(name, wire).await.map_err(failed)?;
    Ok(Box::new(stream))
}
