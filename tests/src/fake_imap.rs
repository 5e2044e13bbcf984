//! An IMAP server that misbehaves on request. It keeps its mails in memory, speaks as much of RFC 3501 as a reader of
//! mail needs, and writes down every command, so that a test can also say what the product must never have asked.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Manner {
    /// As it should.
    Honest,
    /// Like 163.com: SELECT and EXAMINE are refused unless ID came after the login.
    WantsId,
    /// Sends half of the bytes of a window, then nothing, and keeps the connection.
    StallsInLiteral,
    /// Announces a literal of 500,000,000 bytes where a window was asked, sends a little, then nothing.
    ClaimsHugeLiteral,
    /// Closes the connection in the middle of a window.
    CutsInLiteral,
    /// Ends its answer to a window with a tag that nobody sent.
    AnswersWithWrongTag,
    /// Never stops to report new mail, in the middle of the answer to a search.
    FloodsExists,
    /// Answers a search with a line that never ends.
    NeverEndsTheLine,
    /// Refuses the password.
    RefusesLogin,
}

/// Commands kept at most.
const TRANSCRIPT_MAX: usize = 100_000;

/// The epoch of its only folder, INBOX.
pub const UIDVALIDITY: u32 = 7;

/// What all connections share.
#[derive(Debug)]
struct Shared {
    manner: Mutex<Manner>,
    mails: Vec<Vec<u8>>,
    transcript: Mutex<Vec<String>>,
    connections: AtomicUsize,
    stopped: AtomicBool,
}

/// The running server; stops when dropped.
#[derive(Debug)]
pub struct FakeImap {
    shared: Arc<Shared>,
    /// Port on 127.0.0.1.
    pub port: u16,
}

impl FakeImap {
    /// Starts a server whose INBOX holds `mails`, with UIDs from 1.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn start(manner: Manner, mails: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            manner: Mutex::new(manner),
            mails,
            transcript: Mutex::default(),
            connections: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let ours = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ours.stopped.load(Ordering::SeqCst) {
                    return;
                }
                ours.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&ours);
                // A connection that breaks is what these servers are for.
                thread::spawn(move || drop(Connection::new(stream, shared).serve()));
            }
        });
        Self { shared, port }
    }

    /// Changes its manner, for every later command.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn set_manner(&self, manner: Manner) {
        *self.shared.manner.lock().expect("no holder panics") = manner;
    }

    /// How many connections it has had.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Every command that it got, without the tag.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    #[must_use]
    pub fn transcript(&self) -> Vec<String> {
        self.shared.transcript.lock().expect("no holder panics").clone()
    }
}

impl Drop for FakeImap {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

struct Connection {
    stream: BufReader<TcpStream>,
    shared: Arc<Shared>,
    logged_in: bool,
    identified: bool,
}

type Served = std::io::Result<()>;

impl Connection {
    fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        let _ = stream.set_nodelay(true);
        let _ = stream.set_read_timeout(Some(Duration::from_secs(120)));
        let _ = stream.set_write_timeout(Some(Duration::from_secs(30)));
        Self { stream: BufReader::new(stream), shared, logged_in: false, identified: false }
    }

    fn manner(&self) -> Manner {
        *self.shared.manner.lock().expect("no holder panics")
    }

    fn say(&mut self, text: &str) -> Served {
        self.stream.get_mut().write_all(text.as_bytes())
    }

    fn read_command(&mut self) -> std::io::Result<Option<String>> {
        let mut command = String::new();
        loop {
            let mut line = Vec::new();
            let read = (&mut self.stream).take(64 * 1024).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(None);
            }
            let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            let literal = line.rsplit_once('{').and_then(|(_, tail)| {
                let number = tail.strip_suffix('}')?;
                let waits = !number.ends_with('+');
                Some((number.trim_end_matches('+').parse::<usize>().ok()?, waits))
            });
            command.push_str(&line);
            let Some((length, waits)) = literal else { return Ok(Some(command)) };
            if waits {
                self.say("+ go on\r\n")?;
            }
            let mut bytes = vec![0; length.min(64 * 1024)];
            self.stream.read_exact(&mut bytes)?;
            command.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    fn serve(mut self) -> Served {
        self.say("* OK [CAPABILITY IMAP4rev1 ID IDLE UIDPLUS MOVE AUTH=PLAIN] ready\r\n")?;
        while let Some(line) = self.read_command()? {
            if self.shared.stopped.load(Ordering::SeqCst) {
                break;
            }
            let (tag, command) = line.split_once(' ').unwrap_or((line.as_str(), ""));
            {
                let mut transcript = self.shared.transcript.lock().expect("no holder panics");
                if transcript.len() < TRANSCRIPT_MAX {
                    transcript.push(command.to_owned());
                }
            }
            let upper = command.to_uppercase();
            let mut words = upper.split_whitespace();
            let verb = match words.next().unwrap_or("") {
                "UID" => format!("UID {}", words.next().unwrap_or("")),
                verb => verb.to_owned(),
            };
            match verb.as_str() {
                "CAPABILITY" => self.say("* CAPABILITY IMAP4rev1 ID IDLE UIDPLUS MOVE AUTH=PLAIN\r\n")?,
                "LOGIN" | "AUTHENTICATE" => {
                    if verb == "AUTHENTICATE" && upper.split_whitespace().count() < 3 {
                        self.say("+ \r\n")?;
                        let _ = self.read_command()?;
                    }
                    if self.manner() == Manner::RefusesLogin {
                        self.say(&format!("{tag} NO [AUTHENTICATIONFAILED] LOGIN Login error or password error\r\n"))?;
                        continue;
                    }
                    self.logged_in = true;
                }
                "ID" => {
                    self.identified = self.logged_in && command.contains('"');
                    self.say("* ID (\"name\" \"fake\")\r\n")?;
                }
                "LIST" => self.say("* LIST () \"/\" INBOX\r\n")?,
                "STATUS" => {
                    let (count, next) = (self.shared.mails.len(), self.shared.mails.len() + 1);
                    self.say(&format!(
                        "* STATUS INBOX (MESSAGES {count} UIDNEXT {next} UIDVALIDITY {UIDVALIDITY} UNSEEN 0)\r\n"
                    ))?;
                }
                "SELECT" | "EXAMINE" => {
                    if self.manner() == Manner::WantsId && !self.identified {
                        self.say(&format!("{tag} NO {verb} Unsafe Login. Please contact kefu@188.com for help\r\n"))?;
                        continue;
                    }
                    self.say_folder()?;
                }
                "UID SEARCH" => match self.manner() {
                    Manner::FloodsExists => return self.flood(),
                    Manner::NeverEndsTheLine => {
                        self.say("* SEARCH")?;
                        loop {
                            self.say(&" 1".repeat(8 * 1024))?;
                        }
                    }
                    _ => {
                        let uids: String = (1..=self.shared.mails.len()).map(|uid| format!(" {uid}")).collect();
                        self.say(&format!("* SEARCH{uids}\r\n"))?;
                    }
                },
                "UID FETCH" if !self.fetch(&upper)? => return Ok(()),
                "IDLE" => {
                    self.say("+ idling\r\n")?;
                    let Some(_done) = self.read_command()? else { return Ok(()) };
                }
                "LOGOUT" => {
                    self.say(&format!("* BYE\r\n{tag} OK bye\r\n"))?;
                    return Ok(());
                }
                _ => {}
            }
            let wrong = verb == "UID FETCH" && upper.contains("BODY") && self.manner() == Manner::AnswersWithWrongTag;
            let tag = if wrong { "zz999" } else { tag };
            self.say(&format!("{tag} OK done\r\n"))?;
        }
        Ok(())
    }

    fn say_folder(&mut self) -> Served {
        let (count, next) = (self.shared.mails.len(), self.shared.mails.len() + 1);
        self.say(&format!(
            "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] ok\r\n\
             * {count} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY {UIDVALIDITY}] ok\r\n* OK [UIDNEXT {next}] ok\r\n"
        ))
    }

    fn flood(&mut self) -> Served {
        let lines = "* 4000000000 EXISTS\r\n".repeat(400);
        // Ends when the other side hangs up.
        loop {
            self.say(&lines)?;
        }
    }

    /// Whether the connection goes on.
    fn fetch(&mut self, command: &str) -> std::io::Result<bool> {
        let set = command.split_whitespace().nth(2).unwrap_or("").to_owned();
        let window = command.split_once("BODY.PEEK[]").or_else(|| command.split_once("BODY[]")).map(|(_, tail)| {
            let range = tail.strip_prefix('<').and_then(|tail| tail.split_once('>')).map(|(range, _)| range);
            let (offset, length) = range.and_then(|range| range.split_once('.')).unwrap_or(("0", "4294967295"));
            (offset.parse::<usize>().unwrap_or(0), length.parse::<usize>().unwrap_or(usize::MAX), range.is_some())
        });
        let shared = Arc::clone(&self.shared);
        for (index, mail) in shared.mails.iter().enumerate().filter(|(index, _)| holds(&set, index + 1)) {
            let number = index + 1;
            let size = mail.len();
            let Some((offset, length, partial)) = window else {
                self.say(&format!(
                    "* {number} FETCH (UID {number} RFC822.SIZE {size} FLAGS () \
                     INTERNALDATE \"01-Mar-2023 09:00:00 +0800\")\r\n"
                ))?;
                continue;
            };
            let bytes = &mail[offset.min(size)..offset.saturating_add(length).min(size)];
            let origin = if partial { format!("<{offset}>") } else { String::new() };
            let manner = self.manner();
            let claimed = if manner == Manner::ClaimsHugeLiteral { 500_000_000 } else { bytes.len() };
            self.say(&format!("* {number} FETCH (UID {number} BODY[]{origin} {{{claimed}}}\r\n"))?;
            match manner {
                Manner::StallsInLiteral | Manner::ClaimsHugeLiteral => {
                    self.stream.get_mut().write_all(&bytes[..bytes.len() / 2])?;
                    // Silent until the other side hangs up, or sends what nobody waits for.
                    let mut nothing = [0; 1];
                    let _ = self.stream.read(&mut nothing);
                    return Ok(false);
                }
                Manner::CutsInLiteral => {
                    self.stream.get_mut().write_all(&bytes[..bytes.len() / 2])?;
                    self.stream.get_mut().shutdown(Shutdown::Both)?;
                    return Ok(false);
                }
                _ => {
                    self.stream.get_mut().write_all(bytes)?;
                    self.say(")\r\n")?;
                }
            }
        }
        Ok(true)
    }
}

/// Whether an IMAP sequence set holds a number; `*` is the largest there can be.
fn holds(set: &str, number: usize) -> bool {
    let bound = |text: &str| if text == "*" { usize::MAX } else { text.parse().unwrap_or(usize::MAX) };
    set.split(',').any(|range| {
        let (from, to) = range.split_once(':').unwrap_or((range, range));
        let (from, to) = (bound(from), bound(to));
        (from.min(to)..=from.max(to)).contains(&number)
    })
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn sequence_sets_are_read() {
        let cases = [
            ("1", 1, true),
            ("1", 2, false),
            ("1:*", 9, true),
            ("2,4:6", 5, true),
            ("6:4", 5, true),
            ("2,4", 3, false),
        ];
        for (set, number, expected) in cases {
            assert_eq!(holds(set, number), expected, "{set} {number}");
        }
    }
}
