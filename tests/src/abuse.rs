//! What a hostile peer of the gRPC service does, in rounds, so that whoever drives it decides how fast.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::runtime::Builder;

use crate::http2::{
    CANCEL, END_HEADERS, END_STREAM, Heard, INITIAL_WINDOW_SIZE, Line, call, field, frame, greeting, kind, message,
};

/// New ones a round.
const SOCKETS_PER_ROUND: usize = 20;
/// Connections that send a byte a round each.
const DRIPPING: usize = 500;
/// Streams on one connection; the service allows 128.
pub const STREAMS: usize = 256;

/// How long a round may hang.
const ROUND_WITHIN: Duration = Duration::from_secs(2);

const LIST: &str = "/caibian.intake.v1.SubmissionService/ListSubmissions";
const DOWNLOAD: &str = "/caibian.intake.v1.SubmissionService/DownloadRaw";

/// A kind of abuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abuse {
    /// Calls that are taken back at once (CVE-2023-44487): a hundred a round.
    RapidReset,
    /// Headers without end (CVE-2024-27316): sixteen pieces a round.
    ContinuationFlood,
    /// Pieces of a message with nothing in them (RUSTSEC-2026-0258): a thousand a round.
    EmptyData,
    /// Headers of 20 KiB, a call a round.
    LongHeaders,
    /// Sockets that say nothing; whatever is cut comes back.
    IdleSockets,
    /// The same after the preface: connections on which nobody calls.
    IdleConnections,
    /// A byte of a preface a round on each of many connections, and of a call after it.
    SlowLoris,
    /// Compressed messages a thousand times as long as they look, a call a round.
    GzipBomb,
    /// Messages that say they have 4 GiB, a call a round.
    HugeClaim,
    /// More streams than a connection may have, none of which ever ends.
    ManyStreams,
    /// Whole files are asked for, on as many streams as there may be, and not one byte is let through.
    NeverReads,
    /// Five hundred PINGs a round, and no answer to them is read.
    PingFlood,
    /// The same with SETTINGS.
    SettingsFlood,
}

impl Abuse {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::RapidReset,
        Self::ContinuationFlood,
        Self::EmptyData,
        Self::LongHeaders,
        Self::IdleSockets,
        Self::IdleConnections,
        Self::SlowLoris,
        Self::GzipBomb,
        Self::HugeClaim,
        Self::ManyStreams,
        Self::NeverReads,
        Self::PingFlood,
        Self::SettingsFlood,
    ];
}

/// Whom it is done to.
#[derive(Clone, Debug)]
pub struct Target {
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// A token that lets its bearer in, where one is asked for; what may be done without one is done without.
    pub token: Option<String>,
    /// The name of a mail whose raw bytes are many.
    pub mail: String,
    /// How many sockets are held open at once.
    pub sockets: usize,
    /// Whether the abuser runs only while nobody else wants its processor, as if it were another machine.
    pub gives_way: bool,
    /// A message that grows when it is unpacked, packed.
    pub bomb: Vec<u8>,
}

impl Target {
    /// A service that asks for no token, without a mail and a bomb.
    #[must_use]
    pub fn at(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            token: None,
            mail: String::new(),
            sockets: 5_000,
            gives_way: false,
            bomb: Vec::new(),
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rounds that were done.
    pub rounds: u64,
    /// Frames, bytes that drip, or sockets, whatever it sends.
    pub sent: u64,
    /// Connections that the service ended.
    pub cut: u64,
    /// Of these, with ENHANCE_YOUR_CALM.
    pub calmed: u64,
    /// Streams that it refused to begin.
    pub refused: u64,
    /// Connections that are held now.
    pub held: usize,
}

/// Somebody who does it.
#[derive(Debug)]
pub struct Abuser {
    abuse: Abuse,
    target: Target,
    lines: Vec<Line>,
    tally: Tally,
}

impl Abuser {
    /// Has done nothing yet.
    #[must_use]
    pub fn new(abuse: Abuse, target: Target) -> Self {
        Self { abuse, target, lines: Vec::new(), tally: Tally::default() }
    }

    /// What came of it until now.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally { held: self.lines.len(), ..self.tally }
    }

    /// One round. What the service cuts is seen and begun anew in the next.
    pub async fn round(&mut self) {
        self.bury();
        let done = match self.abuse {
            Abuse::IdleSockets | Abuse::IdleConnections => self.occupy().await,
            Abuse::SlowLoris => self.drip().await,
            Abuse::ManyStreams | Abuse::NeverReads => self.hold_streams().await,
            Abuse::PingFlood | Abuse::SettingsFlood => self.flood().await,
            _ => self.call().await,
        };
        // A connection that ended meanwhile is buried in the next round; no socket is left, or nobody listens: likewise.
        drop(done);
        self.tally.rounds += 1;
    }

    fn bury(&mut self) {
        // What reads nothing is known to be dead when it cannot write.
        let deaf = matches!(self.abuse, Abuse::NeverReads | Abuse::PingFlood | Abuse::SettingsFlood);
        let tally = &mut self.tally;
        self.lines.retain_mut(|line| {
            let before = line.heard();
            let stands = deaf || line.listen();
            let Heard { goaway, refused, .. } = line.heard();
            tally.refused += refused - before.refused;
            if !stands || goaway.is_some() {
                tally.cut += 1;
                tally.calmed += u64::from(goaway == Some(crate::http2::ENHANCE_YOUR_CALM));
            }
            stands && goaway.is_none()
        });
    }

    async fn greeted(&mut self, settings: &[(u16, u32)]) -> io::Result<&mut Line> {
        if self.lines.is_empty() {
            self.lines.push(Line::greeted(&self.target.address, settings).await?);
        }
        Ok(&mut self.lines[0])
    }

    /// Calls, or what looks like them, on one connection.
    async fn call(&mut self) -> io::Result<()> {
        let Target { token, bomb, .. } = self.target.clone();
        let (abuse, known) = (self.abuse, call(LIST, token.as_deref()));
        let line = self.greeted(&[]).await?;
        let stream = line.stream();
        let data = |flags: u8, payload: &[u8]| frame(kind::DATA, flags, stream, payload);
        let (bytes, sent) = match abuse {
            Abuse::RapidReset => {
                let streams: Vec<u32> = (0..100).map(|_| line.stream()).collect();
                let one = |stream: &u32| {
                    let begun = frame(kind::HEADERS, END_HEADERS | END_STREAM, *stream, &known);
                    [begun, frame(kind::RST_STREAM, 0, *stream, &CANCEL.to_be_bytes())].concat()
                };
                (streams.iter().flat_map(one).collect(), 100)
            }
            Abuse::ContinuationFlood => {
                let piece = frame(kind::CONTINUATION, 0, stream, &field("x-more", &"m".repeat(8_000)));
                let begun = frame(kind::HEADERS, 0, stream, &call(LIST, None));
                ([begun, piece.repeat(16)].concat(), 16)
            }
            Abuse::EmptyData => {
                let begun = frame(kind::HEADERS, END_HEADERS, stream, &known);
                ([begun, data(0, b"").repeat(1_000)].concat(), 1_000)
            }
            Abuse::LongHeaders => {
                let long =
                    [call(LIST, None), field("x-long", &"l".repeat(10_000)), field("x-long", &"l".repeat(10_000))];
                let (first, more) = (long[..2].concat(), long[2].as_slice());
                let begun = frame(kind::HEADERS, END_STREAM, stream, &first);
                ([begun, frame(kind::CONTINUATION, END_HEADERS, stream, more)].concat(), 1)
            }
            Abuse::GzipBomb => {
                let headers = [known, field("grpc-encoding", "gzip")].concat();
                let length = u32::try_from(bomb.len()).unwrap_or(u32::MAX);
                let mut bytes = frame(kind::HEADERS, END_HEADERS, stream, &headers);
                for piece in message(true, length, &bomb).chunks(16_000) {
                    bytes.extend(data(0, piece));
                }
                bytes.extend(data(END_STREAM, b""));
                (bytes, 1)
            }
            Abuse::HugeClaim => {
                let begun = frame(kind::HEADERS, END_HEADERS, stream, &known);
                ([begun, data(0, &message(false, u32::MAX, b"and so on"))].concat(), 1)
            }
            _ => (Vec::new(), 0),
        };
        let written = line.send(&bytes).await;
        self.tally.sent += sent;
        written
    }

    /// Takes places.
    async fn occupy(&mut self) -> io::Result<()> {
        for _ in self.lines.len()..self.target.sockets.min(self.lines.len() + SOCKETS_PER_ROUND) {
            let line = match self.abuse {
                Abuse::IdleSockets => Line::connect(&self.target.address).await?,
                _ => Line::greeted(&self.target.address, &[]).await?,
            };
            self.lines.push(line);
            self.tally.sent += 1;
        }
        Ok(())
    }

    async fn drip(&mut self) -> io::Result<()> {
        if self.lines.len() < DRIPPING {
            self.lines.push(Line::connect(&self.target.address).await?);
        }
        let headers = frame(kind::HEADERS, END_HEADERS | END_STREAM, 1, &call(LIST, None));
        let drops = [greeting(&[]), headers].concat();
        for line in &mut self.lines {
            // How far it is, is what it has dripped.
            let at = line.push(b"")? as usize;
            if let Some(drop) = drops.get(at..=at) {
                line.push(drop)?;
                self.tally.sent += 1;
            }
        }
        Ok(())
    }

    async fn hold_streams(&mut self) -> io::Result<()> {
        if !self.lines.is_empty() {
            return Ok(());
        }
        let (headers, body) = match self.abuse {
            Abuse::NeverReads => {
                let name = &self.target.mail;
                let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
                let asked = [&[0x0a, length][..], name.as_bytes()].concat();
                (call(DOWNLOAD, self.target.token.as_deref()), Some(message(false, asked.len() as u32, &asked)))
            }
            _ => (call(LIST, self.target.token.as_deref()), None),
        };
        // As many as may be, where they are to be at work; more, where it is about their number.
        let streams = if body.is_some() { STREAMS / 2 } else { STREAMS };
        let line = self.greeted(&[(INITIAL_WINDOW_SIZE, if body.is_some() { 0 } else { 65_535 })]).await?;
        for _ in 0..streams {
            let stream = line.stream();
            line.send(&frame(kind::HEADERS, END_HEADERS, stream, &headers)).await?;
            if let Some(body) = &body {
                line.send(&frame(kind::DATA, END_STREAM, stream, body)).await?;
            }
        }
        self.tally.sent += streams as u64;
        Ok(())
    }

    async fn flood(&mut self) -> io::Result<()> {
        let one = match self.abuse {
            Abuse::PingFlood => frame(kind::PING, 0, 0, b"are you?"),
            _ => frame(kind::SETTINGS, 0, 0, &[]),
        };
        let line = self.greeted(&[]).await?;
        let before = line.push(b"");
        let pushed = line.push(&one.repeat(500));
        match before.and_then(|before| Ok(pushed? - before)) {
            Ok(written) => self.tally.sent += written / one.len() as u64,
            Err(error) => {
                self.lines.clear();
                self.tally.cut += 1;
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Somebody who does it on a thread of their own, again and again, until this is dropped.
#[derive(Debug)]
pub struct Running {
    stop: Arc<AtomicBool>,
    tally: Arc<Mutex<Tally>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Begins, with this pause between two rounds.
    ///
    /// # Panics
    /// When there is no thread for it.
    #[must_use]
    pub fn start(abuse: Abuse, target: Target, pause: Duration) -> Self {
        let (stop, tally) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Tally::default())));
        let thread = {
            let (stop, told) = (Arc::clone(&stop), Arc::clone(&tally));
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            std::thread::spawn(move || {
                if target.gives_way {
                    crate::process::give_way();
                }
                runtime.block_on(async {
                    let mut abuser = Abuser::new(abuse, target);
                    while !stop.load(Ordering::Relaxed) {
                        // Who is not answered any more waits for nobody.
                        let _ = tokio::time::timeout(ROUND_WITHIN, abuser.round()).await;
                        *told.lock().expect("nobody panics with it") = abuser.tally();
                        tokio::time::sleep(pause).await;
                    }
                });
            })
        };
        Self { stop, tally, thread: Some(thread) }
    }

    /// What came of it until now.
    ///
    /// # Panics
    /// When the thread panicked.
    #[must_use]
    pub fn tally(&self) -> Tally {
        *self.tally.lock().expect("nobody panics with it")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
