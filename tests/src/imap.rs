//! The test's own IMAP client: blocking, plain, and only what an author's provider or a person in webmail would do.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use chrono::{DateTime, FixedOffset};

/// A session.
#[derive(Debug)]
pub struct Imap {
    stream: BufReader<TcpStream>,
    tag: u32,
}

/// Where the server put a mail (RFC 4315 APPENDUID).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The folder's epoch.
    pub uidvalidity: u32,
    /// The mail's UID.
    pub uid: u64,
}

impl Imap {
    /// Connects and logs in where any password is good.
    ///
    /// # Panics
    /// When the server does not let us.
    #[must_use]
    pub fn login(port: u16, user: &str) -> Self {
        Self::login_with(port, user, "x")
    }

    /// Connects and logs in.
    ///
    /// # Panics
    /// When the server does not let us.
    #[must_use]
    pub fn login_with(port: u16, user: &str, password: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        stream.set_nodelay(true).expect("a socket option");
        let mut session = Self { stream: BufReader::new(stream), tag: 0 };
        let greeting = session.line();
        assert!(greeting.starts_with("* OK"), "greeting: {greeting}");
        session.command(&format!("LOGIN \"{user}\" \"{password}\""));
        session
    }

    fn line(&mut self) -> String {
        let mut bytes = Vec::new();
        self.stream.read_until(b'\n', &mut bytes).expect("the server answers");
        assert!(!bytes.is_empty(), "the server closed the connection");
        let mut text = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
        let literal = text.rsplit_once('{').and_then(|(_, tail)| tail.strip_suffix('}')?.parse::<usize>().ok());
        if let Some(length) = literal {
            let mut literal = vec![0; length];
            self.stream.read_exact(&mut literal).expect("the server sends its literal");
            text.push_str(&String::from_utf8_lossy(&literal));
            text.push_str(&self.line());
        }
        text
    }

    /// Sends a command and gives the untagged lines and the closing one.
    ///
    /// # Panics
    /// When the answer is not OK.
    pub fn command(&mut self, command: &str) -> Vec<String> {
        let tag = self.send(command);
        self.stream.get_mut().write_all(b"\r\n").expect("the server reads");
        self.finish(&tag, command)
    }

    fn send(&mut self, command: &str) -> String {
        self.tag += 1;
        let tag = format!("t{}", self.tag);
        self.stream.get_mut().write_all(format!("{tag} {command}").as_bytes()).expect("the server reads");
        tag
    }

    fn finish(&mut self, tag: &str, command: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            let done = line.strip_prefix(tag).map(|rest| rest.trim_start().starts_with("OK"));
            lines.push(line);
            match done {
                None => {}
                Some(true) => return lines,
                Some(false) => panic!("{command}: {}", lines.join("\n")),
            }
        }
    }

    /// Delivers a mail: `received_at` becomes its INTERNALDATE.
    pub fn append(&mut self, folder: &str, received_at: DateTime<FixedOffset>, raw: &[u8]) -> Place {
        self.append_flagged(folder, "", received_at, raw)
    }

    /// The same with flags, such as `\Seen`.
    ///
    /// # Panics
    /// When the server refuses the mail.
    pub fn append_flagged(
        &mut self,
        folder: &str,
        flags: &str,
        received_at: DateTime<FixedOffset>,
        raw: &[u8],
    ) -> Place {
        self.append_stream(folder, flags, received_at, raw.len() as u64, |to| to.write_all(raw))
    }

    /// The same for a mail that is written piece by piece and is exactly `size_bytes` long.
    ///
    /// # Panics
    /// When the server refuses the mail.
    pub fn append_stream(
        &mut self,
        folder: &str,
        flags: &str,
        received_at: DateTime<FixedOffset>,
        size_bytes: u64,
        write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> Place {
        let received = received_at.format("%d-%b-%Y %H:%M:%S %z");
        let command = format!("APPEND \"{folder}\" ({flags}) \"{received}\" {{{size_bytes}+}}\r\n");
        let tag = self.send(&command);
        write(self.stream.get_mut()).expect("the server takes the mail");
        self.stream.get_mut().write_all(b"\r\n").expect("the server reads");
        let lines = self.finish(&tag, &command);
        let closing = lines.last().expect("a closing line");
        let (_, place) = closing.split_once("APPENDUID ").unwrap_or_else(|| panic!("no APPENDUID: {closing}"));
        let mut numbers = place.split([' ', ']']).map(|number| number.parse::<u64>().expect("a number"));
        Place {
            uidvalidity: numbers.next().and_then(|number| u32::try_from(number).ok()).expect("a UIDVALIDITY"),
            uid: numbers.next().expect("a UID"),
        }
    }

    /// Opens a folder for changes and gives its UIDVALIDITY.
    ///
    /// # Panics
    /// When the server does not say it.
    pub fn select(&mut self, folder: &str) -> u32 {
        let lines = self.command(&format!("SELECT \"{folder}\""));
        lines
            .iter()
            .find_map(|line| line.split_once("[UIDVALIDITY ")?.1.split(']').next()?.parse().ok())
            .expect("a server says its UIDVALIDITY")
    }

    /// Bytes of a mail of the open folder, without setting \Seen.
    ///
    /// # Panics
    /// When the server does not send them.
    pub fn window(&mut self, uid: u64, offset: u64, length: u64) -> Vec<u8> {
        let command = format!("UID FETCH {uid} BODY.PEEK[]<{offset}.{length}>");
        let tag = self.send(&command);
        self.stream.get_mut().write_all(b"\r\n").expect("the server reads");
        let mut head = Vec::new();
        self.stream.read_until(b'\n', &mut head).expect("the server answers");
        let head = String::from_utf8_lossy(&head);
        let size = head.trim_end().rsplit_once('{').and_then(|(_, tail)| tail.strip_suffix('}')?.parse().ok());
        let mut bytes = vec![0; size.unwrap_or_else(|| panic!("no literal: {head}"))];
        self.stream.read_exact(&mut bytes).expect("the server sends its literal");
        self.finish(&tag, &command);
        bytes
    }

    /// Every mail of the folder that is open: its UID and flags.
    pub fn flags(&mut self) -> Vec<(u64, Vec<String>)> {
        let lines = self.command("UID FETCH 1:* (FLAGS)");
        lines
            .iter()
            .filter_map(|line| {
                let fields = line.split_once("FETCH (")?.1;
                let uid = fields.split_once("UID ")?.1.split([' ', ')']).next()?.parse().ok()?;
                let flags = fields.split_once("FLAGS (")?.1.split(')').next()?;
                Some((uid, flags.split_whitespace().filter(|flag| *flag != "\\Recent").map(str::to_owned).collect()))
            })
            .collect()
    }
}
