//! Accepts connections under bounds of our own: how many there are and who makes room when all places are taken, how long
//! a peer may take to say that it speaks HTTP/2, how old a connection grows, and a switch that cuts what is left when the
//! time to drain is over (hyper itself waits for idle peers and open streams without end).

use std::{
    collections::BTreeMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures::{Stream, stream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo};

use crate::line::{Line, Shown};

/// Connections at once.
const CONNECTIONS_MAX: usize = 1024;
/// From the accept to the last byte of the client's preface.
const PREFACE_WITHIN: Duration = Duration::from_secs(5);
/// `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n` (RFC 9113 §3.4).
const PREFACE_BYTES: usize = 24;
/// A connection older than this is told to go (GOAWAY),
pub const CONNECTION_AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// and has so much longer for what it has begun.
const CONNECTION_AGE_GRACE: Duration = Duration::from_secs(30);

/// Connections of a listener, by TLS where there is any, until the stream is dropped. Each ends with an error once `cut` is
/// cancelled.
///
/// Nobody needs a token to connect, so when all places are taken the oldest connection without a call of a known caller
/// makes room: who takes every place and says nothing keeps nobody out. Where all are of known callers, others wait.
pub fn connections(
    listener: TcpListener,
    tls: Option<tls::Server>,
    cut: CancellationToken,
) -> impl Stream<Item = io::Result<Connection>> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let strangers = Strangers::default();
    stream::unfold((listener, tls, places, strangers, cut), |(listener, tls, places, strangers, cut)| async move {
        let stream = loop {
            match listener.accept().await {
                Ok((stream, _)) => break stream,
                Err(error) => {
                    // Out of descriptors, mostly: they come back as connections end.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        };
        let place = match places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                strangers.displace();
                places.clone().acquire_owned().await.ok()?
            }
        };
        let connection = stream.set_nodelay(true).map(|()| {
            let cut = cut.child_token();
            Connection {
                stream: Line::new(stream, tls.as_ref()),
                stranger: strangers.admit(cut.clone()),
                cut: Box::pin(cut.cancelled_owned()),
                end: Box::pin(tokio::time::sleep(PREFACE_WITHIN)),
                preface_missing: PREFACE_BYTES,
                _place: place,
                _counted: measure::connection(),
            }
        });
        Some((connection, (listener, tls, places, strangers, cut)))
    })
}

/// Connections on which no known caller has called yet, in the order in which they came, with what cuts each.
#[derive(Clone, Default)]
struct Strangers(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    cuts: BTreeMap<u64, CancellationToken>,
    next: u64,
}

impl Strangers {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, cut: CancellationToken) -> Stranger {
        let mut waiting = self.waiting();
        let number = waiting.next;
        waiting.next += 1;
        waiting.cuts.insert(number, cut);
        Stranger { number, among: self.clone() }
    }

    /// Cuts the oldest, if there is one.
    fn displace(&self) {
        if let Some((_, cut)) = self.waiting().cuts.pop_first() {
            cut.cancel();
            measure::connection_displaced();
        }
    }
}

/// One of them.
#[derive(Clone)]
struct Stranger {
    number: u64,
    among: Strangers,
}

impl Stranger {
    fn remove(&self) {
        self.among.waiting().cuts.remove(&self.number);
    }
}

/// The other end of a connection; each of its calls has it among its extensions.
#[derive(Clone)]
pub struct Peer {
    /// Its address.
    pub tcp: TcpConnectInfo,
    /// The names of the certificate that it showed.
    pub shown: Shown,
    stranger: Stranger,
}

impl Peer {
    /// A known caller calls: the connection makes room for nobody any more.
    pub fn becomes_known(&self) {
        self.stranger.remove();
    }
}

/// A connection under these bounds.
pub struct Connection {
    stream: Line,
    stranger: Stranger,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// When it is cut, whatever is under way.
    end: Pin<Box<Sleep>>,
    /// Bytes of the preface that have not come yet.
    preface_missing: usize,
    _place: OwnedSemaphorePermit,
    _counted: measure::Held,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.stranger.remove();
    }
}

impl Connection {
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the connection is cut"));
        }
        if self.end.as_mut().poll(cx).is_ready() {
            let why = if self.preface_missing > 0 { "no HTTP/2 preface in time" } else { "the connection is too old" };
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        Ok(())
    }

    fn came(&mut self, bytes: usize) {
        if self.preface_missing > 0 {
            self.preface_missing = self.preface_missing.saturating_sub(bytes);
            if self.preface_missing == 0 {
                self.end.as_mut().reset(Instant::now() + CONNECTION_AGE_MAX + CONNECTION_AGE_GRACE);
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.came(buffer.filled().len() - before);
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        let (tcp, shown) = self.stream.connect_info();
        Peer { tcp, shown, stranger: self.stranger.clone() }
    }
}
