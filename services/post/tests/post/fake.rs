//! A mail server that does at each step what it is told, and writes down what it heard.

use std::sync::{Arc, Mutex};

use secrecy::SecretString;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use crate::outbox::Tables;
use post::{Security, SmtpSettings};
use reply::outbox::Stage;

/// A step of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    Greeting,
    Ehlo,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the first bytes of the text.
    Text,
    End,
    Rset,
}

/// What the server does at a step, instead of what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Says this.
    Say(&'static str),
    /// Says this and closes.
    SayAndCut(&'static str),
    /// Closes without a word.
    Cut,
    /// Says nothing, and keeps the connection.
    Hang,
    /// Sends a line that never ends.
    Endless,
}

/// Everything that it heard.
#[derive(Debug, Default)]
pub struct Heard {
    pub connections: usize,
    /// Lines outside of texts, without their ends.
    pub commands: Vec<String>,
    /// Whole texts that it took with a 250, dots undone, with CR LF.
    pub accepted: Vec<Vec<u8>>,
    /// Texts whose end it saw.
    pub ended: usize,
    /// Whether some end came before the tables knew.
    pub end_unnoted: bool,
}

#[derive(Clone)]
pub struct Fake {
    port: u16,
    heard: Arc<Mutex<Heard>>,
}

/// What is done at which step, each once, in this order; `usize` is how often it is passed over first.
pub type Script = Vec<(At, usize, Act)>;

struct Server {
    heard: Arc<Mutex<Heard>>,
    script: Arc<Mutex<Script>>,
    tables: Option<Tables>,
    tls: Option<Arc<ServerConfig>>,
    security: Security,
    offers_starttls: bool,
}

impl Fake {
    pub async fn start(script: Script) -> Self {
        Self::with(script, None, Security::Plain, None, true).await
    }

    /// Watches the tables: no end may come before they know.
    pub async fn watching(script: Script, tables: &Tables) -> Self {
        Self::with(script, Some(tables.clone()), Security::Plain, None, true).await
    }

    pub async fn protected(security: Security, config: Arc<ServerConfig>, offers_starttls: bool) -> Self {
        Self::with(vec![], None, security, Some(config), offers_starttls).await
    }

    async fn with(
        script: Script,
        tables: Option<Tables>,
        security: Security,
        tls: Option<Arc<ServerConfig>>,
        offers_starttls: bool,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let server = Arc::new(Server {
            heard: heard.clone(),
            script: Arc::new(Mutex::new(script)),
            tables,
            tls,
            security,
            offers_starttls,
        });
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move {
                    server.heard.lock().unwrap().connections += 1;
                    let _ = server.serve(socket).await;
                });
            }
        });
        Self { port, heard }
    }

    pub fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            host: "127.0.0.1".into(),
            port: self.port,
            security: Security::Plain,
            user: "tougao@example.com".into(),
            password: SecretString::from("geheimes-wort"),
            is_token: false,
            timeout: std::time::Duration::from_millis(400),
            extra_root_pem: None,
        }
    }

    pub fn heard<T>(&self, ask: impl FnOnce(&Heard) -> T) -> T {
        ask(&self.heard.lock().unwrap())
    }

    pub fn count(&self, command: &str) -> usize {
        self.heard(|heard| heard.commands.iter().filter(|line| line.starts_with(command)).count())
    }
}

type Io = std::io::Result<()>;

impl Server {
    async fn serve(&self, socket: tokio::net::TcpStream) -> Io {
        match (self.security, self.tls.clone()) {
            (Security::Tls, Some(tls)) => {
                self.talk(TlsAcceptor::from(tls).accept(socket).await?, true).await?;
            }
            (Security::StartTls, Some(tls)) => {
                if let Some(socket) = self.talk(socket, false).await? {
                    self.talk(TlsAcceptor::from(tls).accept(socket).await?, true).await?;
                }
            }
            _ => {
                self.talk(socket, true).await?;
            }
        }
        Ok(())
    }

    /// What the script has for this step; none: as it should.
    fn act(&self, at: At) -> Option<Act> {
        let mut script = self.script.lock().unwrap();
        let index = script.iter().position(|(there, ..)| *there == at)?;
        if script[index].1 > 0 {
            script[index].1 -= 1;
            return None;
        }
        Some(script.remove(index).2)
    }

    /// Gives the socket back when STARTTLS was asked for.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&self, socket: S, is_last: bool) -> std::io::Result<Option<S>> {
        let mut line = BufReader::new(socket);
        let is_resumed = is_last && self.security == Security::StartTls;
        if !is_resumed && !self.answer(&mut line, At::Greeting, "220 fake ESMTP").await? {
            return Ok(None);
        }
        let mut message_id = String::new();
        loop {
            let mut text = String::new();
            if line.read_line(&mut text).await? == 0 {
                return Ok(None);
            }
            let command = text.trim_end_matches(['\r', '\n']).to_owned();
            self.heard.lock().unwrap().commands.push(command.clone());
            let verb = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            let goes_on = match verb.as_str() {
                "EHLO" => {
                    let offer = match self.security {
                        Security::StartTls if !is_resumed && self.offers_starttls => "250-fake\r\n250 STARTTLS",
                        _ => "250-fake\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
                    };
                    self.answer(&mut line, At::Ehlo, offer).await?
                }
                "STARTTLS" => {
                    // What is said before the handshake counts for nothing.
                    line.write_all(b"220 go\r\n250 injected\r\n").await?;
                    return Ok(Some(line.into_inner()));
                }
                "AUTH" => self.answer(&mut line, At::Auth, "235 welcome").await?,
                "MAIL" => self.answer(&mut line, At::Mail, "250 ok").await?,
                "RCPT" => self.answer(&mut line, At::Rcpt, "250 ok").await?,
                "RSET" => self.answer(&mut line, At::Rset, "250 ok").await?,
                "QUIT" => {
                    line.write_all(b"221 bye\r\n").await?;
                    return Ok(None);
                }
                "DATA" => match self.act(At::Data) {
                    Some(act) => self.perform(&mut line, act).await?,
                    None => {
                        line.write_all(b"354 go on\r\n").await?;
                        match self.text(&mut line, &mut message_id).await? {
                            Some(text) => self.end(&mut line, text, &message_id).await?,
                            None => false,
                        }
                    }
                },
                _ => {
                    line.write_all(b"502 what?\r\n").await?;
                    true
                }
            };
            if !goes_on {
                return Ok(None);
            }
        }
    }

    /// Reads a text up to its end; none when the script has something before it.
    async fn text<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        line: &mut BufReader<S>,
        message_id: &mut String,
    ) -> std::io::Result<Option<Vec<u8>>> {
        let mut text = Vec::new();
        let mut is_first = true;
        loop {
            let mut row = Vec::new();
            if line.read_until(b'\n', &mut row).await? == 0 {
                return Ok(None);
            }
            if let Some(id) = row.strip_prefix(b"Message-ID: <") {
                *message_id = String::from_utf8_lossy(id).trim_end().trim_end_matches('>').to_owned();
            }
            if row == b".\r\n" {
                return Ok(Some(text));
            }
            text.extend_from_slice(row.strip_prefix(b".").unwrap_or(&row));
            if std::mem::take(&mut is_first)
                && let Some(act) = self.act(At::Text)
                && !self.perform(line, act).await?
            {
                return Ok(None);
            }
        }
    }

    async fn end<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        line: &mut BufReader<S>,
        text: Vec<u8>,
        message_id: &str,
    ) -> std::io::Result<bool> {
        {
            let mut heard = self.heard.lock().unwrap();
            heard.ended += 1;
            heard.end_unnoted |=
                self.tables.as_ref().is_some_and(|tables| tables.noted(message_id) != Some(Stage::End));
        }
        match self.act(At::End) {
            None => {
                self.heard.lock().unwrap().accepted.push(text);
                line.write_all(b"250 2.0.0 queued as 7A1\r\n").await?;
                Ok(true)
            }
            Some(act) => {
                // A server that falls silent after the end may well have taken the mail.
                let takes = !matches!(act, Act::Say(said) | Act::SayAndCut(said) if !said.starts_with('2'));
                if takes {
                    self.heard.lock().unwrap().accepted.push(text);
                }
                self.perform(line, act).await
            }
        }
    }

    async fn answer<S: AsyncWrite + Unpin>(&self, line: &mut S, at: At, usual: &'static str) -> std::io::Result<bool> {
        match self.act(at) {
            None => {
                line.write_all(format!("{usual}\r\n").as_bytes()).await?;
                Ok(true)
            }
            Some(act) => self.perform(line, act).await,
        }
    }

    async fn perform<S: AsyncWrite + Unpin>(&self, line: &mut S, act: Act) -> std::io::Result<bool> {
        match act {
            Act::Say(said) => {
                line.write_all(format!("{said}\r\n").as_bytes()).await?;
                Ok(true)
            }
            Act::SayAndCut(said) => {
                line.write_all(format!("{said}\r\n").as_bytes()).await?;
                Ok(false)
            }
            Act::Cut => Ok(false),
            Act::Hang => std::future::pending().await,
            Act::Endless => loop {
                line.write_all(&[b'2'; 4096]).await?;
            },
        }
    }
}
