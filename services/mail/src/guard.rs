//! Stands between the socket and the IMAP parser and follows the frame of what the server says (lines, literals, quotes,
//! parentheses), so that memory, stack and time stay bounded whatever a server claims.
//!
//! Why: `async-imap` makes room for a literal by its claim alone (`{500000000}` costs 490 MB before any byte came), and
//! `imap-proto` reads nested lists by recursion. The guard buffers nothing and sees each byte before the parser does.
//! It is stricter than the parser on purpose: where the two could disagree on what is a literal, a hostile server could
//! hide a claim from the guard, so such text ends the connection.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::WINDOW_BYTES_MAX;

/// Largest sum of literals in one response: a window and some slack.
pub const LITERAL_BYTES_MAX: u64 = WINDOW_BYTES_MAX as u64 + 64 * 1024;
/// Longest line, without its literals.
pub const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// Longest answer to a search: some hundred thousand UIDs.
pub const SEARCH_LINE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Deepest nesting of parentheses outside quotes.
pub const DEPTH_MAX: u32 = 32;
/// Most responses between two of our commands.
pub const RESPONSES_MAX: u32 = 200_000;

/// A literal is only asked for at the top level of a response (`FETCH (BODY[] {n}`, `LIST () "/" {n}`).
const LITERAL_DEPTH_MAX: u32 = 1;

/// Why the server was cut off.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It announced more literal bytes than a response may have.
    #[error("a literal of {0} bytes was announced, more than the {LITERAL_BYTES_MAX} that one answer may have")]
    Literal(u64),
    /// A line went on and on.
    #[error("a line is longer than {0} bytes")]
    Line(u64),
    /// Lists in lists.
    #[error("parentheses are nested deeper than {DEPTH_MAX}")]
    Depth,
    /// Too many lines for one command.
    #[error("more than {RESPONSES_MAX} responses to one command")]
    Responses,
    /// Something that no lawful server says, named here.
    #[error("the frame of the protocol is broken: {0}")]
    Frame(&'static str),
}

/// A stream whose incoming bytes are watched.
#[derive(Debug)]
pub struct Guard<S> {
    inner: S,
    scan: Scan,
}

impl<S> Guard<S> {
    /// Watches a stream that stands at the beginning of a response.
    pub fn new(inner: S) -> Self {
        Self { inner, scan: Scan::default() }
    }

    /// Gives the stream back.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut guard.inner).poll_read(cx, buf))?;
        if let Err(refusal) = guard.scan.feed(&buf.filled()[before..]) {
            buf.set_filled(before);
            return Poll::Ready(Err(io::Error::other(refusal)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        guard.scan.responses = 0;
        Pin::new(&mut guard.inner).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

/// What a response is, as far as its frame is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// Not yet known: the first word is still coming.
    #[default]
    Unknown,
    /// Human text follows (OK, NO, BAD, BYE, PREAUTH, tagged, `+`): no strings, no literals.
    Text,
    /// Strings, lists and literals follow.
    Data,
    /// Numbers follow.
    Search,
}

/// Where in `{123}` the line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Brace {
    #[default]
    None,
    Open {
        bytes: u64,
        digits: u32,
        lawful: bool,
    },
    Closed {
        bytes: u64,
        lawful: bool,
    },
}

/// The frame of one response so far.
#[derive(Debug, Default)]
struct Response {
    kind: Kind,
    word: [u8; 8],
    /// Length of the first word so far; longer than `word` for words that are of no interest.
    word_len: usize,
    line_bytes: u64,
    literal_bytes: u64,
    depth: u32,
    quoted: bool,
    escaped: bool,
    brace: Brace,
    last: u8,
}

#[derive(Debug, Default)]
struct Scan {
    response: Response,
    literal_left: u64,
    responses: u32,
    refusal: Option<Refusal>,
}

impl Scan {
    fn feed(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        let outcome = self.follow(bytes);
        if let Err(refusal) = &outcome {
            self.refusal = Some(refusal.clone());
        }
        outcome
    }

    fn follow(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
        while !bytes.is_empty() {
            if self.literal_left > 0 {
                let skipped = usize::try_from(self.literal_left).unwrap_or(usize::MAX).min(bytes.len());
                self.literal_left -= skipped as u64;
                bytes = &bytes[skipped..];
                continue;
            }
            let byte = bytes[0];
            bytes = &bytes[1..];
            if byte != b'\n' {
                self.response.take(byte)?;
            } else if let Some(literal_bytes) = self.response.end_line()? {
                self.literal_left = literal_bytes;
            } else {
                self.response = Response::default();
                self.responses += 1;
                if self.responses > RESPONSES_MAX {
                    return Err(Refusal::Responses);
                }
            }
        }
        Ok(())
    }
}

impl Response {
    fn take(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.last == b'\r' {
            return Err(Refusal::Frame("a bare CR"));
        }
        self.line_bytes += 1;
        let line_max = if self.kind == Kind::Search { SEARCH_LINE_BYTES_MAX } else { LINE_BYTES_MAX };
        if self.line_bytes > line_max {
            return Err(Refusal::Line(line_max));
        }
        if self.kind == Kind::Unknown {
            self.learn_kind(byte);
        }
        self.follow_brace(byte);
        if self.kind != Kind::Text {
            self.follow_lists(byte)?;
        }
        self.last = byte;
        Ok(())
    }

    /// The first byte tells tagged answers and continuations, the first word after `* ` the rest.
    fn learn_kind(&mut self, byte: u8) {
        match self.line_bytes {
            1 if byte != b'*' => self.kind = Kind::Text,
            1 | 2 => {}
            _ if byte == b' ' || byte == b'\r' => {
                let word = self.word[..self.word_len.min(self.word.len())].to_ascii_uppercase();
                self.kind = match word.as_slice() {
                    b"OK" | b"NO" | b"BAD" | b"BYE" | b"PREAUTH" => Kind::Text,
                    b"SEARCH" | b"ESEARCH" => Kind::Search,
                    _ => Kind::Data,
                };
            }
            _ => {
                if let Some(place) = self.word.get_mut(self.word_len) {
                    *place = byte;
                } else {
                    self.kind = Kind::Data;
                }
                self.word_len += 1;
            }
        }
    }

    fn follow_brace(&mut self, byte: u8) {
        self.brace = match (self.brace, byte) {
            (_, b'{') => Brace::Open {
                bytes: 0,
                digits: 0,
                lawful: !self.quoted && self.depth <= LITERAL_DEPTH_MAX && matches!(self.last, b' ' | b'('),
            },
            (Brace::Open { bytes, digits, lawful }, b'0'..=b'9') => Brace::Open {
                bytes: bytes.saturating_mul(10).saturating_add(u64::from(byte - b'0')),
                digits: digits.saturating_add(1),
                lawful,
            },
            (Brace::Open { bytes, digits: 1.., lawful }, b'}') => Brace::Closed { bytes, lawful },
            (closed @ Brace::Closed { .. }, b'\r') => closed,
            _ => Brace::None,
        };
    }

    fn follow_lists(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.quoted {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.quoted = false,
                _ => {}
            }
            return Ok(());
        }
        match byte {
            b'"' => self.quoted = true,
            b'(' => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(Refusal::Depth);
                }
            }
            b')' => {
                self.depth = self.depth.checked_sub(1).ok_or(Refusal::Frame("a list closes that never opened"))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes the LF that ends a line; gives the bytes of the literal that it announces, if it does.
    fn end_line(&mut self) -> Result<Option<u64>, Refusal> {
        if self.last != b'\r' {
            return Err(Refusal::Frame("a bare LF"));
        }
        if let Brace::Closed { bytes, lawful } = self.brace {
            self.literal_bytes = self.literal_bytes.saturating_add(bytes);
            if self.literal_bytes > LITERAL_BYTES_MAX {
                return Err(Refusal::Literal(self.literal_bytes));
            }
            if !lawful || self.kind != Kind::Data {
                return Err(Refusal::Frame("a literal in a place that has none"));
            }
            self.brace = Brace::None;
            self.last = 0;
            return Ok(Some(bytes));
        }
        if self.kind != Kind::Text && (self.quoted || self.depth > 0) {
            return Err(Refusal::Frame("a line ends inside a list or a quoted string"));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(said: &[u8]) -> Result<(), Refusal> {
        let whole = Scan::default().feed(said);
        let mut bytewise = Scan::default();
        let cut = said.iter().try_for_each(|byte| bytewise.feed(&[*byte]));
        assert_eq!(whole, cut, "the cut of the stream must not matter");
        whole
    }

    #[test]
    fn what_servers_say_passes() {
        for said in [
            "* OK Coremail System IMap Server Ready(163com[0123456789abcdef])\r\n",
            "* OK text with ) unbalanced ( and a \" quote\r\n",
            "+ \r\n",
            "A1 OK done (\r\n",
            "A1 NO [AUTHENTICATIONFAILED] \"\r\n",
            "* CAPABILITY IMAP4rev1 ID IDLE\r\n* 3 EXISTS\r\n",
            "* LIST (\\HasNoChildren) \"/\" {3}\r\n\"((\r\n",
            "* LIST () \"\\\\\" \"a\\\")\"\r\n",
            "* 1 FETCH (UID 5 BODY[]<0> {11}\r\n{99999999}\r FLAGS (\\Seen))\r\n",
            "* 1 FETCH (UID 5 BODY[]<0> {0}\r\n)\r\n",
            "* ID (\"name\" {4}\r\nnull)\r\n",
            "* SEARCH\r\n",
        ] {
            assert_eq!(outcome(said.as_bytes()), Ok(()), "{said:?}");
        }
    }

    #[test]
    fn what_breaks_a_bound_or_the_frame_ends_the_connection() {
        let literal = Refusal::Literal(500_000_000);
        let place = Refusal::Frame("a literal in a place that has none");
        let open = Refusal::Frame("a line ends inside a list or a quoted string");
        for (said, refusal) in [
            ("* 1 FETCH (BODY[] {500000000}\r\n", literal.clone()),
            ("* OK {500000000}\r\n", literal.clone()),
            ("A1 NO [BADCHARSET ({500000000}\r\n", literal),
            ("* 1 FETCH (BODY[] {99999999999999999999999}\r\n", Refusal::Literal(u64::MAX)),
            ("* 1 FETCH (A {1000000}\r\n", Refusal::Frame("")),
            ("* OK {5}\r\n", place.clone()),
            ("* 1 FETCH (X ({5}\r\n", place.clone()),
            ("* 1 FETCH (X a{5}\r\n", place.clone()),
            ("* 1 FETCH (X ~{5}\r\n", place.clone()),
            ("* 1 FETCH (X \"{5}\r\n", place),
            ("* 1 FETCH (X {5+}\r\n", open.clone()),
            ("* 1 FETCH (X \"a\r\n", open),
            ("* 1 FETCH )\r\n", Refusal::Frame("a list closes that never opened")),
            ("* 3 EXISTS\n", Refusal::Frame("a bare LF")),
            ("* 3 EXISTS\rx", Refusal::Frame("a bare CR")),
        ] {
            if refusal == Refusal::Frame("") {
                // Two literals that are small enough alone.
                let both = [said.as_bytes(), &[b'x'; 1_000_000], b" B {200000}\r\n"].concat();
                assert_eq!(outcome(&both), Err(Refusal::Literal(1_200_000)));
                continue;
            }
            assert_eq!(outcome(said.as_bytes()), Err(refusal), "{said:?}");
        }
    }

    #[test]
    fn parentheses_nest_up_to_the_bound_and_quoted_ones_do_not_count() {
        let nested = |depth: usize| format!("* 1 FETCH {}{}\r\n", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(outcome(nested(32).as_bytes()), Ok(()));
        assert_eq!(outcome(nested(33).as_bytes()), Err(Refusal::Depth));
        assert_eq!(outcome(nested(100_000).as_bytes()), Err(Refusal::Depth));
        assert_eq!(outcome(format!("* LIST () NIL \"{}\"\r\n", "(".repeat(1000)).as_bytes()), Ok(()));
    }

    #[test]
    fn a_search_may_be_long_and_other_lines_may_not() {
        let search = format!("* SEARCH{}\r\n", " 1234567890".repeat(200_000));
        assert_eq!(outcome(search.as_bytes()), Ok(()));
        let search = format!("* SEARCH{}\r\n", " 1234567890".repeat(800_000));
        assert_eq!(outcome(search.as_bytes()), Err(Refusal::Line(SEARCH_LINE_BYTES_MAX)));
        let line = format!("* OK {}\r\n", "x".repeat(1024 * 1024));
        assert_eq!(outcome(line.as_bytes()), Err(Refusal::Line(LINE_BYTES_MAX)));
    }

    #[test]
    fn responses_are_counted_and_a_refusal_stands() {
        let mut scan = Scan::default();
        for _ in 0..RESPONSES_MAX {
            scan.feed(b"* 1 EXISTS\r\n").unwrap();
        }
        assert_eq!(scan.feed(b"* 1 EXISTS\r\n"), Err(Refusal::Responses));
        scan.responses = 0;
        assert_eq!(scan.feed(b"* 1 EXISTS\r\n"), Err(Refusal::Responses));
    }
}
