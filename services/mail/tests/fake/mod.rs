//! An IMAP server that plays a script, so that it can misbehave in exactly one way.
//!
//! A script has one step a line:
//! * `C: TEXT`: the client's next line is a tag and this text; `…` at the end stands for anything.
//! * `U: TEXT`: the client's next line is this text, without a tag.
//! * `S: TEXT`: the server says this line; `$` stands for the client's last tag.
//! * `S*N: TEXT`: it says so N times. `R*N: TEXT`: the text N times without an end of line, but with one for each `␤`;
//!   `ÿ` stands for the byte FF, which no UTF-8 has.
//! * `tls`: TLS begins. `close`: the server hangs up.
//!
//! After the last step the server is silent until the client hangs up; whatever the client says then fails the test.

use std::{fmt::Debug, sync::Arc, time::Duration};

use mail::imap::{ImapSettings, Security};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// The password of every script.
pub const PASSWORD: &str = "hun\"ter2";

/// From the greeting to a login with ID.
pub const LOGIN: &str = concat!(
    r#"
S: * OK ready
C: CAPABILITY
S: * CAPABILITY IMAP4rev1 ID IDLE MOVE
S: $ OK done
C: LOGIN "editor" "hun\"ter2"
S: $ OK in
C: CAPABILITY
S: * CAPABILITY IMAP4rev1 ID IDLE MOVE
S: $ OK done
C: ID ("name" "caibian" "version" ""#,
    env!("CARGO_PKG_VERSION"),
    r#"" "vendor" "caibian" "support-email" "editor")
S: * ID NIL
S: $ OK done
"#
);

/// The selection of an INBOX of three mails.
pub const INBOX: &str = r#"
C: SELECT "INBOX"
S: * FLAGS (\Answered \Seen)
S: * 3 EXISTS
S: * 0 RECENT
S: * OK [UIDVALIDITY 7] valid
S: * OK [PERMANENTFLAGS (\Answered \Seen \*)] flags
S: $ OK [READ-WRITE] selected
"#;

/// A server that plays one script a connection, in turn.
pub struct Fake {
    port: u16,
    player: JoinHandle<()>,
}

impl Fake {
    /// Starts on a free loopback port.
    pub async fn start(scripts: &[String]) -> Self {
        Self::start_with_tls(scripts, None).await
    }

    /// Starts with what `tls` needs.
    pub async fn start_with_tls(scripts: &[String], tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let scripts = scripts.to_vec();
        let player = tokio::spawn(async move {
            for script in scripts {
                let (socket, _) = listener.accept().await.unwrap();
                socket.set_nodelay(true).unwrap();
                play(Box::new(socket), &script, tls.clone()).await;
            }
        });
        Self { port, player }
    }

    /// Settings that reach it in plain.
    pub fn settings(&self) -> ImapSettings {
        ImapSettings {
            port: self.port,
            security: Security::Plain,
            command_timeout: Duration::from_secs(20),
            window_timeout: Duration::from_secs(20),
            ..ImapSettings::new("127.0.0.1", "editor", PASSWORD.into())
        }
    }

    /// Waits until every script was played to its end; panics where the client said something else.
    pub async fn finish(self) {
        tokio::time::timeout(Duration::from_secs(30), self.player)
            .await
            .expect("the script was not played out")
            .unwrap();
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin + Debug {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin + Debug> Stream for S {}

async fn play(socket: Box<dyn Stream>, script: &str, tls: Option<Arc<ServerConfig>>) {
    let mut stream = BufReader::new(socket);
    let mut tag = String::new();
    for step in script.lines().filter(|step| !step.trim().is_empty()) {
        let (kind, text) = step.split_once(": ").unwrap_or((step.trim_end_matches(':'), ""));
        let (kind, times) = kind.split_once('*').map_or((kind, 1), |(kind, times)| (kind, times.parse().unwrap()));
        match kind {
            "S" | "R" => {
                let end = if kind == "S" { "\r\n" } else { "" };
                let said = format!("{}{end}", text.replace('$', &tag).replace('␤', "\r\n")).repeat(times);
                let said = bytes_of(&said);
                // The client may have hung up in the middle, which is what floods are for.
                if stream.write_all(&said).await.is_err() {
                    return;
                }
                let _ = stream.flush().await;
            }
            "C" | "U" => {
                let mut line = Vec::new();
                stream.read_until(b'\n', &mut line).await.unwrap();
                let line = String::from_utf8(line).unwrap();
                let line = line.strip_suffix("\r\n").unwrap_or_else(|| panic!("{step:?} expected, got {line:?}"));
                let said = if kind == "C" {
                    let (new_tag, said) = line.split_once(' ').unwrap_or((line, ""));
                    tag = new_tag.to_owned();
                    said
                } else {
                    line
                };
                let fits = text.strip_suffix('…').map_or(said == text, |start| said.starts_with(start));
                assert!(fits, "expected {text:?}, got {said:?}");
            }
            "tls" => {
                let acceptor = TlsAcceptor::from(tls.clone().expect("a TLS setting"));
                // What the client sent ahead of the handshake would be lost here, and it sends nothing.
                assert!(stream.buffer().is_empty());
                let Ok(protected) = acceptor.accept(stream.into_inner()).await else { return };
                stream = BufReader::new(Box::new(protected));
            }
            "close" => return,
            _ => panic!("no such step: {step:?}"),
        }
    }
    let mut line = Vec::new();
    let _ = stream.read_until(b'\n', &mut line).await;
    assert!(line.is_empty(), "nothing more was expected, got {:?}", String::from_utf8_lossy(&line));
}

fn bytes_of(said: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(said.len());
    for part in said.split_inclusive('ÿ') {
        match part.strip_suffix('ÿ') {
            Some(part) => {
                bytes.extend_from_slice(part.as_bytes());
                bytes.push(0xff);
            }
            None => bytes.extend_from_slice(part.as_bytes()),
        }
    }
    bytes
}
