//! A mail server that takes every letter: it writes down what was said, keeps the mails, and can put them into mailboxes
//! of a Dovecot as the servers of the world would.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use chrono::Utc;

use crate::Imap;

/// Mails and lines kept at most.
const KEPT_MAX: usize = 100_000;

/// A mail that the server took.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipient.
    pub to: String,
    /// The mail, with its lines as they came.
    pub raw: String,
}

impl Taken {
    /// The value of a field, unfolded; empty if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
        let wanted = format!("{}:", name.to_ascii_lowercase());
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&wanted));
        line.map(|line| line[wanted.len()..].trim().to_owned()).unwrap_or_default()
    }

    /// The text, out of its base64.
    ///
    /// # Panics
    /// When it is not base64 of UTF-8.
    #[must_use]
    pub fn text(&self) -> String {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let (_, body) = self.raw.split_once("\r\n\r\n").expect("a header and a body");
        let symbols: String = body.split_whitespace().collect();
        String::from_utf8(STANDARD.decode(symbols).expect("base64")).expect("UTF-8")
    }
}

/// Where letters to an address go on to.
#[derive(Clone, Debug)]
pub struct Route {
    /// The address.
    pub address: String,
    /// The port of the Dovecot.
    pub port: u16,
    /// The user there.
    pub user: String,
}

#[derive(Debug)]
struct Shared {
    taken: Mutex<Vec<Taken>>,
    transcript: Mutex<Vec<String>>,
    routes: Vec<Route>,
    stopped: AtomicBool,
}

/// The running server; stops when dropped.
#[derive(Debug)]
pub struct Sink {
    shared: Arc<Shared>,
    /// Port on 127.0.0.1.
    pub port: u16,
}

impl Sink {
    /// Starts a server that keeps everything.
    #[must_use]
    pub fn start() -> Self {
        Self::routing(Vec::new())
    }

    /// Starts a server that hands mail for these addresses on.
    ///
    /// # Panics
    /// When no port can be bound.
    #[must_use]
    pub fn routing(routes: Vec<Route>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            taken: Mutex::default(),
            transcript: Mutex::default(),
            routes,
            stopped: AtomicBool::new(false),
        });
        let serving = shared.clone();
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                if serving.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let shared = serving.clone();
                thread::spawn(move || drop(serve(socket, &shared)));
            }
        });
        Self { shared, port }
    }

    /// The lines of `[mailbox.smtp]` that lead here.
    #[must_use]
    pub fn settings(&self) -> String {
        format!("{{ host = \"127.0.0.1\", port = {}, security = \"plain\", timeout_seconds = 1 }}", self.port)
    }

    /// The mails that it took, in their order.
    ///
    /// # Panics
    /// When another thread of the server died.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().expect("no thread died").clone()
    }

    /// Every command that it heard.
    ///
    /// # Panics
    /// When another thread of the server died.
    #[must_use]
    pub fn transcript(&self) -> Vec<String> {
        self.shared.transcript.lock().expect("no thread died").clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(socket: TcpStream, shared: &Shared) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    let mut line = BufReader::new(socket);
    let (mut from, mut to) = (String::new(), String::new());
    line.get_mut().write_all(b"220 sink ESMTP\r\n")?;
    loop {
        let mut command = String::new();
        if line.read_line(&mut command)? == 0 {
            return Ok(());
        }
        let command = command.trim_end().to_owned();
        let mut transcript = shared.transcript.lock().expect("no thread died");
        if transcript.len() < KEPT_MAX {
            transcript.push(command.clone());
        }
        drop(transcript);
        let path =
            || command.split_once('<').and_then(|(_, rest)| rest.split('>').next()).unwrap_or_default().to_owned();
        let verb = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" => b"250-sink\r\n250 AUTH PLAIN LOGIN\r\n",
            "AUTH" => b"235 welcome\r\n",
            "MAIL" => {
                from = path();
                b"250 ok\r\n"
            }
            "RCPT" => {
                to = path();
                b"250 ok\r\n"
            }
            "DATA" => {
                line.get_mut().write_all(b"354 go on\r\n")?;
                let mut raw = String::new();
                loop {
                    let mut row = String::new();
                    if line.read_line(&mut row)? == 0 {
                        // No end came, so this is no mail.
                        return Ok(());
                    }
                    if row == ".\r\n" {
                        break;
                    }
                    raw.push_str(row.strip_prefix('.').unwrap_or(&row));
                }
                take(shared, Taken { from: from.clone(), to: to.clone(), raw });
                b"250 2.0.0 queued\r\n"
            }
            "RSET" | "NOOP" => b"250 ok\r\n",
            "QUIT" => {
                line.get_mut().write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => b"502 what?\r\n",
        };
        line.get_mut().write_all(answer)?;
    }
}

fn take(shared: &Shared, taken: Taken) {
    if let Some(route) = shared.routes.iter().find(|route| route.address.eq_ignore_ascii_case(&taken.to)) {
        let delivered = format!("Return-Path: <{}>\r\n{}", taken.from, taken.raw);
        Imap::login(route.port, &route.user).append("INBOX", Utc::now().fixed_offset(), delivered.as_bytes());
    }
    let mut kept = shared.taken.lock().expect("no thread died");
    if kept.len() < KEPT_MAX {
        kept.push(taken);
    }
}
