//! gRPC services elsewhere, by TLS where the address is `https`.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::{
    codegen::http::Uri,
    transport::{Channel, Endpoint},
};
use tower::Service;

use crate::{Error, Files, HTTP2, Kept};

/// Where services are, and how the line to them is protected. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Remote {
    address: String,
    client: Option<Kept<ClientConfig>>,
}

impl Remote {
    /// From `https://HOST:PORT`, or `http://HOST:PORT` for a line in the clear. The service is believed with a certificate
    /// of the authorities of `files`, or without these of one of Mozilla's; we show the certificate of `files`, if any.
    ///
    /// # Errors
    /// An address that is none, or what is wrong with which file.
    pub fn new(address: &str, files: Files) -> Result<Self, Error> {
        let wrong = || Error::Address { address: address.to_owned() };
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        let client = match (uri.scheme_str(), uri.host()) {
            (Some("https"), Some(_)) => Some(client(files)?),
            (Some("http"), Some(_)) if files == Files::default() => None,
            _ => return Err(wrong()),
        };
        Ok(Self { address: address.to_owned(), client })
    }

    /// Whether what goes over it can be read on its way.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.client.is_none()
    }

    /// Where the services are.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What shows our certificate, if anything does: to be followed, and for its end.
    #[must_use]
    pub fn kept(&self) -> Option<&Kept<ClientConfig>> {
        self.client.as_ref()
    }

    /// A channel that connects when it is first used and again when the line was cut, with the certificates of then;
    /// `tuned` gives it bounds.
    ///
    /// # Errors
    /// [`Error::Address`].
    pub fn channel(&self, tuned: impl FnOnce(Endpoint) -> Endpoint) -> Result<Channel, Error> {
        let wrong = || Error::Address { address: self.address.clone() };
        let endpoint = |address: String| Endpoint::from_shared(address).map_err(|_| wrong());
        let Some(client) = &self.client else {
            return Ok(tuned(endpoint(self.address.clone())?).connect_lazy());
        };
        // For the endpoint TLS is the connector's business; calls bear the true address.
        let inner = endpoint(self.address.replacen("https://", "http://", 1))?;
        let origin = self.address.parse().map_err(|_| wrong())?;
        let port = inner.uri().port_u16().unwrap_or(443);
        Ok(tuned(inner.origin(origin)).connect_with_connector_lazy(Connector { client: client.clone(), port }))
    }
}

fn client(files: Files) -> Result<Kept<ClientConfig>, Error> {
    Kept::new(files, |held| {
        let refused = |error: rustls::Error| Error::Refused(error.to_string());
        let builder =
            crate::client::builder()?.with_root_certificates(held.authorities.unwrap_or_else(crate::client::usual));
        let mut config = match held.pair {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(refused)?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![HTTP2.to_vec()];
        Ok(config)
    })
}

/// Connects by TLS.
struct Connector {
    client: Kept<ClientConfig>,
    port: u16,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connector, port) = (TlsConnector::from(self.client.get()), self.port);
        Box::pin(async move {
            let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
            let socket = TcpStream::connect((host.as_str(), port)).await?;
            socket.set_nodelay(true)?;
            let name = ServerName::try_from(host).map_err(io::Error::other)?;
            let line = connector.connect(name, socket).await?;
            if line.get_ref().1.alpn_protocol() != Some(HTTP2) {
                return Err(io::Error::other("the other side does not speak HTTP/2"));
            }
            Ok(TokioIo::new(line))
        })
    }
}
