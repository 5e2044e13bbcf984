//! The bytes of a connection: as they come, or within TLS. The handshake is part of the first read or write, and so of the
//! time that a connection has for its begin.

use std::{
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use tls::Name;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{Accept, TlsAcceptor, server::TlsStream};
use tonic::transport::server::{Connected, TcpConnectInfo};

/// The names of the certificate that the other end showed, once the handshake is over.
#[derive(Clone, Debug, Default)]
pub struct Shown(Arc<OnceLock<Vec<Name>>>);

impl Shown {
    /// None where it showed no certificate.
    pub fn names(&self) -> Option<&[Name]> {
        self.0.get().map(Vec::as_slice)
    }
}

/// The bytes.
pub struct Line {
    way: Way,
    tcp: TcpConnectInfo,
    shown: Shown,
}

enum Way {
    Plain(TcpStream),
    Opening(Box<Accept<TcpStream>>),
    Protected(Box<TlsStream<TcpStream>>),
    /// The handshake has failed.
    Closed,
}

impl Line {
    /// With the certificates of now.
    pub fn new(stream: TcpStream, tls: Option<&tls::Server>) -> Self {
        let tcp = stream.connect_info();
        let way = match tls {
            Some(server) => Way::Opening(Box::new(TlsAcceptor::from(server.get()).accept(stream))),
            None => Way::Plain(stream),
        };
        Self { way, tcp, shown: Shown::default() }
    }

    /// The bytes of the call, once it is agreed how they come.
    fn open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Pin<&mut (dyn Bytes + '_)>>> {
        if let Way::Opening(accept) = &mut self.way {
            let opened = ready!(Pin::new(accept.as_mut()).poll(cx));
            self.way = Way::Closed;
            let stream = opened.inspect_err(|error| tracing::debug!(%error, "a TLS handshake has failed"))?;
            let (_, session) = stream.get_ref();
            if session.alpn_protocol() != Some(b"h2") {
                return Poll::Ready(Err(io::Error::other("the caller does not speak HTTP/2")));
            }
            if let Some(certificate) = session.peer_certificates().and_then(|chain| chain.first()) {
                // Set once: this is where a line is opened.
                let _ = self.shown.0.set(tls::names(certificate));
            }
            self.way = Way::Protected(Box::new(stream));
        }
        Poll::Ready(match &mut self.way {
            Way::Plain(stream) => Ok(Pin::new(stream)),
            Way::Protected(stream) => Ok(Pin::new(stream.as_mut())),
            Way::Opening(_) | Way::Closed => Err(io::ErrorKind::NotConnected.into()),
        })
    }
}

/// What can be read and written.
trait Bytes: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Bytes for S {}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.open(cx))?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.open(cx))?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.open(cx))?.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        // Both ways gather: TLS into its records.
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.open(cx))?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.way {
            Way::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Way::Protected(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            // Nothing was said that would have to be ended.
            Way::Opening(_) | Way::Closed => Poll::Ready(Ok(())),
        }
    }
}

impl Connected for Line {
    type ConnectInfo = (TcpConnectInfo, Shown);

    fn connect_info(&self) -> Self::ConnectInfo {
        (self.tcp.clone(), self.shown.clone())
    }
}
