//! The connection between two commands: writes one, reads until its own tagged answer, and takes nothing else for it.
//!
//! `async-imap` gives the framing and the parser. Its own commands are not used: they take a NO for an empty answer
//! (SEARCH, FETCH), take the end of the stream for the end of an answer, wait for ever when the tag is wrong, and hand the
//! LOGIN line to the log at TRACE. Its queue of unsolicited responses is therefore never filled and cannot block.

use std::{panic::AssertUnwindSafe, time::Duration};

use async_imap::{
    Client,
    imap_proto::{Capability, MailboxDatum, Outcome, Response, ResponseCode, Status},
};
use futures::FutureExt;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::{Error, error::said, guard::Guard};

/// A socket, with or without TLS.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin + std::fmt::Debug> Wire for S {}

/// A connection whose state is known.
#[derive(Debug)]
pub(super) struct Line {
    client: Client<Guard<Box<dyn Wire>>>,
    commands: u64,
    /// What the server can do, in upper case.
    pub(super) capabilities: Vec<String>,
    /// The folder that is selected.
    pub(super) selected: Option<Selected>,
    /// The server refused IDLE although it lists it.
    pub(super) idle_refused: bool,
    /// A command that was begun ahead of its call and whose answer was not read yet.
    ahead: Option<String>,
}

/// The selected folder as the server tells it.
#[derive(Debug, Default)]
pub(super) struct Selected {
    pub(super) folder: String,
    /// Mails in it, kept true by what the server tells between commands.
    pub(super) exists: u32,
    /// Flags that last; none when the server does not say, which means that all do (RFC 3501 §7.1).
    pub(super) flags_lasting: Option<Vec<String>>,
    /// More mails came since the UIDs were last asked for.
    pub(super) has_news: bool,
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) status: Status,
    /// A folder must be made first (RFC 3501 §7.1).
    pub(super) wants_create: bool,
    pub(super) text: String,
}

impl Done {
    /// An OK, or the server's refusal.
    pub(super) fn ok(self, what: &'static str) -> Result<(), Error> {
        match self.status {
            Status::Ok => Ok(()),
            _ => Err(self.refusal(what)),
        }
    }

    /// The server's refusal as an error.
    pub(super) fn refusal(&self, what: &'static str) -> Error {
        let word = if self.status == Status::No { "NO" } else { "BAD" };
        Error::Refused { what, answer: format!("{word} {}", self.text) }
    }
}

/// What one response was to the one who waits.
#[derive(Debug)]
pub(super) enum Heard {
    /// The answer to our command.
    Done(Done),
    /// `+` with its text.
    Continue(String),
    /// Data, already given to the listener.
    Untagged,
}

/// Takes the untagged responses of a command.
pub(super) type Listener<'a> = &'a mut (dyn FnMut(&Response<'_>) -> Result<(), Error> + Send);

/// For commands whose untagged responses are of no interest.
pub(super) fn ignore(_: &Response<'_>) -> Result<(), Error> {
    Ok(())
}

impl Line {
    /// Takes a fresh stream that has not said anything yet.
    pub(super) fn new(wire: Box<dyn Wire>) -> Self {
        Self {
            client: Client::new(Guard::new(wire)),
            commands: 0,
            capabilities: Vec::new(),
            selected: None,
            idle_refused: false,
            ahead: None,
        }
    }

    /// Gives the bare stream back; whatever the server said that was not read is lost with it.
    pub(super) fn into_wire(self) -> Box<dyn Wire> {
        self.client.into_inner().into_inner()
    }

    /// Whether the server lists a capability (given in upper case).
    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|listed| listed == capability)
    }

    /// Whether this folder is selected.
    pub(super) fn has_selected(&self, folder: &str) -> bool {
        self.selected.as_ref().is_some_and(|selected| selected.folder == folder)
    }

    /// Notes that mails may have come that nobody told of.
    pub(super) fn expect_news(&mut self) {
        if let Some(selected) = &mut self.selected {
            selected.has_news = true;
        }
    }

    /// Reads the greeting (RFC 3501 §7.1). One that says we are logged in already is refused: it would skip our TLS.
    pub(super) async fn greeting(&mut self) -> Result<(), Error> {
        match self.client.read_response().await.map_err(Error::wire)? {
            None => Err(Error::Cut),
            Some(data) => match data.parsed() {
                Response::Data { status: Status::Ok, .. } => Ok(()),
                Response::Data { status: Status::Bye, outcome } => Err(Error::Bye(told(outcome))),
                other => Err(Error::Garbled(said(&format!("not a greeting: {other:?}")))),
            },
        }
    }

    /// Asks what the server can do.
    pub(super) async fn learn_capabilities(&mut self, limit: Duration) -> Result<(), Error> {
        let mut capabilities = Vec::new();
        let done = self
            .command("CAPABILITY", "CAPABILITY", limit, &mut |response| {
                if let Response::Capabilities(listed) = response {
                    capabilities = listed.iter().map(capability_text).collect();
                }
                Ok(())
            })
            .await?;
        done.ok("CAPABILITY")?;
        self.capabilities = capabilities;
        Ok(())
    }

    /// Runs one command to its end. `what` names it in errors, because `text` may hold a credential.
    pub(super) async fn command(
        &mut self,
        what: &'static str,
        text: &str,
        limit: Duration,
        listener: Listener<'_>,
    ) -> Result<Done, Error> {
        bounded(what, limit, async {
            if self.ahead.as_deref() == Some(text) {
                self.ahead = None;
            } else {
                self.begin(text).await?;
            }
            self.answer(what, listener).await
        })
        .await
    }

    /// Begins a command whose call is likely to come next, so that the server works while we do. Only one command is ever
    /// under way: any other call first reads this one's answer and forgets it.
    pub(super) async fn begin_ahead(&mut self, text: String, limit: Duration) -> Result<(), Error> {
        bounded("a command ahead", limit, self.begin(&text)).await?;
        self.ahead = Some(text);
        Ok(())
    }

    async fn answer(&mut self, what: &'static str, listener: Listener<'_>) -> Result<Done, Error> {
        loop {
            match self.hear(listener).await? {
                Heard::Done(done) => return Ok(done),
                Heard::Continue(_) => return Err(Error::Garbled(format!("{what} was answered by a continuation"))),
                Heard::Untagged => {}
            }
        }
    }

    /// Writes a command under a new tag.
    pub(super) async fn begin(&mut self, text: &str) -> Result<(), Error> {
        if self.ahead.take().is_some() {
            self.answer("a command ahead", &mut ignore).await?;
        }
        self.commands += 1;
        let tag = self.tag();
        self.write_line(&format!("{tag} {text}")).await
    }

    /// Writes a bare line: `DONE`, or an answer to a challenge.
    pub(super) async fn write_line(&mut self, text: &str) -> Result<(), Error> {
        let wire = self.client.get_mut();
        wire.write_all(format!("{text}\r\n").as_bytes()).await.map_err(Error::wire)?;
        wire.flush().await.map_err(Error::wire)
    }

    /// Reads one response. Dropping this half-way loses nothing.
    pub(super) async fn hear(&mut self, listener: Listener<'_>) -> Result<Heard, Error> {
        let Some(data) = self.client.read_response().await.map_err(Error::wire)? else {
            return Err(Error::Cut);
        };
        match data.parsed() {
            Response::Done { tag, status, outcome } => {
                if tag.0 != self.tag() {
                    return Err(Error::Garbled(said(&format!("answer to {} instead of {}", tag.0, self.tag()))));
                }
                let status = match status {
                    Status::Ok => Status::Ok,
                    Status::No => Status::No,
                    _ => Status::Bad,
                };
                let wants_create = matches!(outcome.code, Some(ResponseCode::TryCreate));
                Ok(Heard::Done(Done { status, wants_create, text: told(outcome) }))
            }
            Response::Continue(outcome) => Ok(Heard::Continue(outcome.information.as_deref().unwrap_or("").to_owned())),
            Response::Data { status: Status::Bye, outcome } => Err(Error::Bye(told(outcome))),
            response => {
                if let Some(selected) = &mut self.selected {
                    selected.note(response);
                }
                listener(response)?;
                Ok(Heard::Untagged)
            }
        }
    }

    fn tag(&self) -> String {
        format!("C{:04}", self.commands)
    }
}

impl Selected {
    fn note(&mut self, response: &Response<'_>) {
        match response {
            Response::MailboxData(MailboxDatum::Exists(exists)) => {
                self.has_news |= *exists > self.exists;
                self.exists = *exists;
            }
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            _ => {}
        }
    }
}

/// Bounds work with the server in time, and turns a panic of the parser (it has some on odd input, such as
/// `INTERNALDATE NIL`) into an error of this connection.
pub(super) async fn bounded<T>(
    what: &'static str,
    limit: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
        Err(_) => Err(Error::Timeout { what, limit_ms: limit.as_millis() }),
        Ok(Err(_)) => Err(Error::Garbled(format!("the parser panicked at the answer to {what}"))),
        Ok(Ok(outcome)) => outcome,
    }
}

fn told(outcome: &Outcome<'_>) -> String {
    said(outcome.information.as_deref().unwrap_or(""))
}

fn capability_text(capability: &Capability<'_>) -> String {
    match capability {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(mechanism) => format!("AUTH={}", mechanism.to_ascii_uppercase()),
        Capability::Atom(atom) => atom.to_ascii_uppercase(),
    }
}
