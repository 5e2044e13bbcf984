//! The connection as `lettre` sees it: every line of the server is bounded (`lettre` reads a line of any length into
//! memory before it looks at it), and the end of a mail waits at a gate until it is let through.
//!
//! `lettre` writes a mail as two writes, the text and `\r\n.\r\n`, and has no place between them to wait at. So the wire
//! does: the second write stands still, and every earlier failure is known to have come before the end.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use stdx::crash;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};

/// What ends a mail. It stands nowhere in a text with doubled dots, and `lettre` writes it by itself.
const END: &[u8] = b"\r\n.\r\n";
/// Bytes of one line of a server (RFC 5321 §4.5.3.1.5 has 512).
const LINE_BYTES_MAX: usize = 4 << 10;
/// Bytes of all that a server says on one connection.
const SAID_BYTES_MAX: usize = 1 << 20;

/// A socket, protected or not.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Socket for S {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    /// No mail is being sent.
    Idle,
    /// The end of a mail will be stopped.
    Shut,
    /// It stands at the gate.
    Reached,
    /// It may pass.
    Open,
    /// Its first byte has passed.
    Passed,
}

struct State {
    socket: Option<Box<dyn Socket>>,
    /// What is read before the socket: the greeting that a server does not repeat after STARTTLS.
    greeting: &'static [u8],
    line_bytes: usize,
    said_bytes: usize,
    gate: Gate,
    waiting: Option<Waker>,
}

struct Shared {
    state: Mutex<State>,
    reached: Notify,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Our end of the wire: holds the gate.
pub(crate) struct Line(Arc<Shared>);

/// The end that `lettre` holds.
pub(crate) struct Wire {
    shared: Arc<Shared>,
    peer: SocketAddr,
}

/// Both ends around a socket.
pub(crate) fn line(socket: Box<dyn Socket>, peer: SocketAddr, greeting: &'static [u8]) -> (Line, Wire) {
    let state = State { socket: Some(socket), greeting, line_bytes: 0, said_bytes: 0, gate: Gate::Idle, waiting: None };
    let shared = Arc::new(Shared { state: Mutex::new(state), reached: Notify::new() });
    (Line(shared.clone()), Wire { shared, peer })
}

impl Line {
    /// From now on the end of a mail is stopped.
    pub(crate) fn shut(&self) {
        self.0.state().gate = Gate::Shut;
    }

    /// Gives when the end of the mail stands at the gate: the text has been handed to the system.
    pub(crate) async fn reached(&self) {
        self.0.reached.notified().await;
    }

    /// Lets the end pass.
    pub(crate) fn open(&self) {
        let mut state = self.0.state();
        state.gate = Gate::Open;
        if let Some(waiting) = state.waiting.take() {
            waiting.wake();
        }
    }

    /// The bare socket, when `lettre` has let go of its end; what was read ahead is gone with it.
    pub(crate) fn into_socket(self) -> Option<Box<dyn Socket>> {
        self.0.state().socket.take()
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the socket was taken away")
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let state = &mut *self.shared.state();
        if !state.greeting.is_empty() {
            let (now, later) = state.greeting.split_at(state.greeting.len().min(buffer.remaining()));
            buffer.put_slice(now);
            state.greeting = later;
            return Poll::Ready(Ok(()));
        }
        let Some(socket) = &mut state.socket else { return Poll::Ready(Err(gone())) };
        let before = buffer.filled().len();
        let read = Pin::new(socket).poll_read(cx, buffer);
        let fresh = &buffer.filled()[before..];
        state.said_bytes += fresh.len();
        for part in fresh.split_inclusive(|&byte| byte == b'\n') {
            state.line_bytes += part.len();
            if state.line_bytes > LINE_BYTES_MAX || state.said_bytes > SAID_BYTES_MAX {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the server never ends its answer",
                )));
            }
            if part.ends_with(b"\n") {
                state.line_bytes = 0;
            }
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let state = &mut *self.shared.state();
        match state.gate {
            Gate::Shut | Gate::Reached if bytes == END => {
                if state.gate == Gate::Shut {
                    state.gate = Gate::Reached;
                    self.shared.reached.notify_one();
                }
                state.waiting = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Gate::Open if bytes == END => state.gate = Gate::Passed,
            _ => {}
        }
        match &mut state.socket {
            Some(socket) => Pin::new(socket).poll_write(cx, bytes),
            None => Poll::Ready(Err(gone())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = &mut *self.shared.state();
        let Some(socket) = &mut state.socket else { return Poll::Ready(Err(gone())) };
        let flushed = Pin::new(socket).poll_flush(cx);
        if flushed.is_ready() && state.gate == Gate::Passed {
            state.gate = Gate::Idle;
            crash::point("C13");
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.shared.state().socket {
            Some(socket) => Pin::new(socket).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}
