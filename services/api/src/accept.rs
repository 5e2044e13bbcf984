//! Accepts connections under bounds of our own: how many there are and who makes room when all places are taken, how long
//! a peer may take to say that it speaks HTTP/2, how old a connection grows, and a switch that cuts what is left when the
//! time to drain is over (hyper itself waits for idle peers and open streams without end).

use std::{
    collections::{BTreeSet, HashMap},
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
/// Places that are kept free where somebody can make room: who comes takes one at once, and need not wait until the connection
/// that makes room is gone.
const PLACES_KEPT: usize = 64;
/// Room is made so much later,
const ROOM_AFTER: Duration = Duration::from_millis(4);
/// and at most so often: many come at once, and to end as many in the same moment would keep the calls of others waiting.
const ROOM_EVERY: Duration = Duration::from_micros(500);
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
/// Nobody needs a token to connect, so when the places run out the oldest connection without a call of a known caller
/// makes room: who takes every place and says nothing keeps nobody out. Where all are of known callers, the one with the
/// most connections gives that on which it has not called for longest; where each has one, others wait.
pub fn connections(
    listener: TcpListener,
    tls: Option<tls::Server>,
    cut: CancellationToken,
) -> impl Stream<Item = io::Result<Connection>> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let seated = Seated::default();
    stream::unfold((listener, tls, places, seated, cut), |(listener, tls, places, seated, cut)| async move {
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
        make_room(&places, &seated);
        let place = places.clone().acquire_owned().await.ok()?;
        let connection = stream.set_nodelay(true).map(|()| {
            let cut = cut.child_token();
            Connection {
                stream: Line::new(stream, tls.as_ref()),
                seat: seated.admit(cut.clone()),
                cut: Box::pin(cut.cancelled_owned()),
                end: Box::pin(tokio::time::sleep(PREFACE_WITHIN)),
                preface_missing: PREFACE_BYTES,
                _place: place,
                _counted: measure::connection(),
            }
        });
        Some((connection, (listener, tls, places, seated, cut)))
    })
}

/// Cuts one connection of those that stand as one more takes a place: at once when there is none, else a little later.
fn make_room(places: &Arc<Semaphore>, seated: &Seated) {
    let free = places.available_permits();
    // Who comes now has not called yet, and would be the first to go where all others have.
    let newest = seated.newest();
    if free == 0 {
        seated.displace(newest);
    } else if let Some(taken) = PLACES_KEPT.checked_sub(free) {
        let (places, seated) = (places.clone(), seated.clone());
        let later = ROOM_AFTER + ROOM_EVERY * u32::try_from(taken).unwrap_or(0);
        tokio::spawn(async move {
            tokio::time::sleep(later).await;
            if places.available_permits() < PLACES_KEPT {
                seated.displace(newest);
            }
        });
    }
}

/// The connections that stand.
#[derive(Clone, Default)]
struct Seated(Arc<Mutex<Seats>>);

#[derive(Default)]
struct Seats {
    held: HashMap<u64, Held>,
    /// Those of them on which no known caller has called. Numbers grow, so the first is the oldest.
    strangers: BTreeSet<u64>,
    next: u64,
}

struct Held {
    /// Who called on it last, once a known caller has.
    caller: Option<String>,
    /// When it came or was last called on, as a number that only grows.
    used: u64,
    cut: CancellationToken,
}

impl Seats {
    fn tick(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The one that makes room for who came after `newest`. Only where all are of known callers are they looked at one by one.
    fn least(&self, newest: u64) -> Option<u64> {
        if let Some(stranger) = self.strangers.first().filter(|stranger| **stranger <= newest) {
            return Some(*stranger);
        }
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for caller in self.held.values().filter_map(|held| held.caller.as_deref()) {
            *counts.entry(caller).or_default() += 1;
        }
        let (most, _) = counts.into_iter().filter(|(_, count)| *count > 1).max_by_key(|(_, count)| *count)?;
        let of_most = self.held.iter().filter(|(_, held)| held.caller.as_deref() == Some(most));
        of_most.min_by_key(|(_, held)| held.used).map(|(number, _)| *number)
    }

    fn remove(&mut self, number: u64) -> Option<Held> {
        self.strangers.remove(&number);
        self.held.remove(&number)
    }
}

impl Seated {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, cut: CancellationToken) -> Seat {
        let mut seats = self.seats();
        let number = seats.tick();
        seats.strangers.insert(number);
        seats.held.insert(number, Held { caller: None, used: number, cut });
        Seat { number, among: self.clone() }
    }

    /// No connection that comes later has a number as low.
    fn newest(&self) -> u64 {
        self.seats().next
    }

    /// Cuts the one that makes room for who came after `newest`, if there is one.
    fn displace(&self, newest: u64) {
        let mut seats = self.seats();
        if let Some(held) = seats.least(newest).and_then(|number| seats.remove(number)) {
            held.cut.cancel();
            measure::connection_displaced();
        }
    }
}

/// One of them.
#[derive(Clone)]
struct Seat {
    number: u64,
    among: Seated,
}

impl Seat {
    fn leave(&self) {
        self.among.seats().remove(self.number);
    }
}

/// The other end of a connection; each of its calls has it among its extensions.
#[derive(Clone)]
pub struct Peer {
    /// Its address.
    pub tcp: TcpConnectInfo,
    /// The names of the certificate that it showed.
    pub shown: Shown,
    seat: Seat,
}

impl Peer {
    /// A known caller calls: the connection makes room for no stranger any more, and for others as the last of this caller's.
    pub fn called_by(&self, caller: &str) {
        let mut seats = self.seat.among.seats();
        let now = seats.tick();
        seats.strangers.remove(&self.seat.number);
        if let Some(held) = seats.held.get_mut(&self.seat.number) {
            held.used = now;
            if held.caller.as_deref() != Some(caller) {
                held.caller = Some(caller.to_owned());
            }
        }
    }
}

/// A connection under these bounds.
pub struct Connection {
    stream: Line,
    seat: Seat,
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
        self.seat.leave();
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
        Peer { tcp, shown, seat: self.seat.clone() }
    }
}
