//! Bytes that a thread writes, as a stream of pieces: what is not yet taken holds the writer up, so that an export of any
//! size takes little memory, and a caller who goes away ends it.

use std::io::{self, Write};

use futures::{Stream, stream};
use stdx::ErrorKind;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tonic::Status;

use crate::errors;

/// Bytes of one piece.
const PIECE_BYTES: usize = 256 * 1024;
/// Pieces that wait to be taken.
const PIECES_MAX: usize = 4;

/// Takes bytes and sends them.
pub struct Pieces {
    filled: Vec<u8>,
    sender: mpsc::Sender<Result<Vec<u8>, Status>>,
}

impl Pieces {
    fn send(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.filled, Vec::with_capacity(PIECE_BYTES));
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes the bytes any more");
        self.sender.blocking_send(Ok(piece)).map_err(gone)
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE_BYTES - self.filled.len());
        self.filled.extend_from_slice(&bytes[..taken]);
        if self.filled.len() == PIECE_BYTES {
            self.send()?;
        }
        Ok(taken)
    }

    /// Pieces are sent when they are full, and the last one at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A failure to write: of the machine, or of the caller who went away, whom no answer reaches.
pub fn failed(error: io::Error) -> Status {
    errors::of_kind(ErrorKind::Unavailable, &format!("an export could not be written: {error}"))
}

/// What `write` writes, on a thread of its own; holds the permit until that ends.
pub fn stream<W>(permit: OwnedSemaphorePermit, write: W) -> impl Stream<Item = Result<Vec<u8>, Status>> + Send + use<W>
where
    W: FnOnce(&mut Pieces) -> Result<(), Status> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(PIECES_MAX);
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let mut pieces = Pieces { filled: Vec::with_capacity(PIECE_BYTES), sender: sender.clone() };
        let ended = match write(&mut pieces) {
            Ok(()) => pieces.send().map_err(failed),
            Err(status) => Err(status),
        };
        if let Err(status) = ended {
            // Whoever is gone needs no reason.
            let _ = sender.blocking_send(Err(status));
        }
    });
    stream::unfold(receiver, |mut receiver| async move {
        let piece = receiver.recv().await?;
        Some((piece, receiver))
    })
}
