//! A peer of the gRPC service that writes its HTTP/2 frames by hand, and so may write what no client library would.

use std::io;

use tokio::{io::AsyncWriteExt, net::TcpStream};

/// What a client says first (RFC 9113 §3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A frame's length, kind, flags and stream.
const FRAME_HEAD_BYTES: usize = 9;

/// Kinds of frames (RFC 9113 §6).
pub mod kind {
    /// A piece of a message.
    pub const DATA: u8 = 0;
    /// The beginning of a stream.
    pub const HEADERS: u8 = 1;
    /// The end of a stream, by force.
    pub const RST_STREAM: u8 = 3;
    /// What a peer allows.
    pub const SETTINGS: u8 = 4;
    /// Asks whether the other is there.
    pub const PING: u8 = 6;
    /// The connection is about to end.
    pub const GOAWAY: u8 = 7;
    /// More of the headers.
    pub const CONTINUATION: u8 = 9;
}

/// Flag: the last frame of this direction of the stream.
pub const END_STREAM: u8 = 1;
/// Flag: the headers are complete.
pub const END_HEADERS: u8 = 4;
/// Setting: bytes that may come on a stream before its reader asks for more.
pub const INITIAL_WINDOW_SIZE: u16 = 4;
/// Code of an end: what the peer does is too much.
pub const ENHANCE_YOUR_CALM: u32 = 11;
/// Code of an end: the stream was not begun.
pub const REFUSED_STREAM: u32 = 7;
/// Code of an end: the stream is not wanted any more.
pub const CANCEL: u32 = 8;

/// A frame.
///
/// # Panics
/// When the payload is longer than a frame can say.
#[must_use]
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).ok().filter(|length| *length < 1 << 24).expect("a frame's length");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// What begins a connection: the preface, and settings.
#[must_use]
pub fn greeting(settings: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> =
        settings.iter().flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
    [PREFACE, &frame(kind::SETTINGS, 0, 0, &payload)].concat()
}

/// A field of headers, spelled out (RFC 7541 §6.2.2).
#[must_use]
pub fn field(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        // A length of seven bits, and what is beyond them in sevens (§5.1).
        let mut length = text.len();
        if length < 127 {
            bytes.push(length as u8);
        } else {
            bytes.push(127);
            length -= 127;
            while length >= 128 {
                bytes.push((length % 128) as u8 | 128);
                length /= 128;
            }
            bytes.push(length as u8);
        }
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// Headers of a gRPC call.
#[must_use]
pub fn call(path: &str, token: Option<&str>) -> Vec<u8> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut fields = vec![
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "127.0.0.1"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    if let Some(bearer) = &bearer {
        fields.push(("authorization", bearer));
    }
    fields.into_iter().flat_map(|(name, value)| field(name, value)).collect()
}

/// A gRPC message: whether it is compressed, how long it says it is, and what comes.
#[must_use]
pub fn message(is_compressed: bool, length: u32, bytes: &[u8]) -> Vec<u8> {
    [&[u8::from(is_compressed)][..], &length.to_be_bytes(), bytes].concat()
}

/// What has come over a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The code with which the server ended the connection.
    pub goaway: Option<u32>,
    /// Streams that it refused to begin.
    pub refused: u64,
    /// Bytes of frames.
    pub bytes: u64,
}

/// A connection.
#[derive(Debug)]
pub struct Line {
    socket: TcpStream,
    /// The beginning of a frame whose end has not come.
    rest: Vec<u8>,
    heard: Heard,
    /// What was pushed and has not gone.
    unsent: Vec<u8>,
    pushed: u64,
    next_stream: u32,
}

impl Line {
    /// Connects and says nothing.
    ///
    /// # Errors
    /// When nobody listens, or no socket is left.
    pub async fn connect(address: &str) -> io::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        Ok(Self { socket, rest: Vec::new(), heard: Heard::default(), unsent: Vec::new(), pushed: 0, next_stream: 1 })
    }

    /// Connects and greets.
    ///
    /// # Errors
    /// Of the connection.
    pub async fn greeted(address: &str, settings: &[(u16, u32)]) -> io::Result<Self> {
        let mut line = Self::connect(address).await?;
        line.send(&greeting(settings)).await?;
        Ok(line)
    }

    /// The number of a stream that was not used yet.
    pub fn stream(&mut self) -> u32 {
        let stream = self.next_stream;
        self.next_stream += 2;
        stream
    }

    /// Writes whatever it is given.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await
    }

    /// Writes as much as the other side takes without being waited for, and these bytes only when all before them have
    /// gone; how many have gone this way over the whole line.
    ///
    /// # Errors
    /// When the connection has ended.
    pub fn push(&mut self, bytes: &[u8]) -> io::Result<u64> {
        if self.unsent.is_empty() {
            self.unsent.extend(bytes);
        }
        match self.socket.try_write(&self.unsent) {
            Ok(count) => {
                self.unsent.drain(..count);
                self.pushed += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(self.pushed)
    }

    /// Reads what has come; whether the connection still stands.
    pub fn listen(&mut self) -> bool {
        let mut piece = [0; 16 * 1024];
        loop {
            match self.socket.try_read(&mut piece) {
                Ok(0) => return false,
                Ok(count) => self.take(&piece[..count]),
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
    }

    /// Reads until the other side ends the connection.
    pub async fn until_cut(&mut self) {
        while self.listen() {
            if self.socket.readable().await.is_err() {
                return;
            }
        }
    }

    /// What has come until now.
    #[must_use]
    pub fn heard(&self) -> Heard {
        self.heard
    }

    fn take(&mut self, piece: &[u8]) {
        self.rest.extend(piece);
        while let Some(head) = self.rest.get(..FRAME_HEAD_BYTES) {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let kind = head[3];
            let Some(payload) = self.rest.get(FRAME_HEAD_BYTES..FRAME_HEAD_BYTES + length) else { break };
            let code =
                |at: usize| payload.get(at..at + 4).and_then(|code| code.try_into().ok()).map(u32::from_be_bytes);
            match kind {
                kind::GOAWAY => self.heard.goaway = code(4),
                kind::RST_STREAM if code(0) == Some(REFUSED_STREAM) => self.heard.refused += 1,
                _ => {}
            }
            let whole = FRAME_HEAD_BYTES + length;
            self.heard.bytes += whole as u64;
            self.rest.drain(..whole);
        }
    }
}
