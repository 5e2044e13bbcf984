//! One login at an IMAP server as a [`Source`]: connect, log in, list, fetch in windows, file, wait.
//!
//! Only `BODY.PEEK` is used, so no mail becomes read, and nothing is ever expunged. Each call takes the connection out of
//! its place and puts it back only when its state is known; after an error, a timeout or a call that was dropped half-way
//! the next call makes a new one and selects the same folder again.

mod connect;
mod line;
mod login;
mod mailbox;
mod settings;
mod wait;

use std::time::Duration;

use intake::ports::{Filing, FolderState, Listed, PortResult, Source};

pub use settings::{Auth, ImapSettings, Security};

use crate::Error;
use line::Line;

/// One login at an IMAP server.
#[derive(Debug)]
pub struct ImapSource {
    settings: ImapSettings,
    line: Option<Line>,
    wanted: Option<Wanted>,
}

/// The folder that was asked for last, and the epoch that its UIDs belong to.
#[derive(Clone, Debug)]
struct Wanted {
    folder: String,
    uidvalidity: u32,
}

impl ImapSource {
    /// Takes the settings; the first call connects.
    #[must_use]
    pub fn new(settings: ImapSettings) -> Self {
        Self { settings, line: None, wanted: None }
    }

    /// The connection, made anew if there is none.
    async fn line(&mut self) -> Result<Line, Error> {
        match self.line.take() {
            Some(line) => Ok(line),
            None => {
                let mut line = connect::connect(&self.settings).await?;
                login::login(&mut line, &self.settings).await?;
                Ok(line)
            }
        }
    }

    /// The connection with the wanted folder selected.
    async fn selected_line(&mut self) -> Result<Line, Error> {
        let Some(wanted) = self.wanted.clone() else {
            return Err(Error::Invalid("no folder was selected".to_owned()));
        };
        let mut line = self.line().await?;
        if !line.has_selected(&wanted.folder) {
            let now = mailbox::select(&mut line, &self.settings, &wanted.folder).await?.uidvalidity;
            if now != wanted.uidvalidity {
                return Err(Error::EpochChanged { folder: wanted.folder, before: wanted.uidvalidity, now });
            }
            // Whatever came between the two connections was told to nobody.
            line.expect_news();
        }
        Ok(line)
    }

    /// Puts the connection back, unless the error leaves its state unknown.
    fn keep<T>(&mut self, line: Line, outcome: Result<T, Error>) -> PortResult<T> {
        if outcome.as_ref().err().is_none_or(Error::leaves_line) {
            self.line = Some(line);
        }
        Ok(outcome?)
    }
}

impl Source for ImapSource {
    async fn select(&mut self, folder: &str) -> PortResult<FolderState> {
        let mut line = self.line().await?;
        self.wanted = None;
        let outcome = mailbox::select(&mut line, &self.settings, folder).await;
        if let Ok(state) = &outcome {
            self.wanted = Some(Wanted { folder: folder.to_owned(), uidvalidity: state.uidvalidity });
        }
        self.keep(line, outcome)
    }

    async fn uids(&mut self) -> PortResult<Vec<u64>> {
        let mut line = self.selected_line().await?;
        let outcome = mailbox::uids(&mut line, &self.settings).await;
        self.keep(line, outcome)
    }

    async fn list(&mut self, uids: &[u64]) -> PortResult<Vec<Listed>> {
        let mut line = self.selected_line().await?;
        let outcome = mailbox::list(&mut line, &self.settings, uids).await;
        self.keep(line, outcome)
    }

    async fn window(&mut self, uid: u64, offset: u64, length: u32) -> PortResult<Vec<u8>> {
        let mut line = self.selected_line().await?;
        let outcome = mailbox::window(&mut line, &self.settings, uid, offset, length).await;
        self.keep(line, outcome)
    }

    async fn file(&mut self, uid: u64, filing: &Filing) -> PortResult<()> {
        if *filing == Filing::Leave {
            return Ok(());
        }
        let mut line = self.selected_line().await?;
        let outcome = mailbox::file(&mut line, &self.settings, uid, filing).await;
        self.keep(line, outcome)
    }

    async fn wait(&mut self, at_most: Duration) -> PortResult<()> {
        let mut line = self.selected_line().await?;
        let outcome = wait::wait(&mut line, &self.settings, at_most).await;
        self.keep(line, outcome)
    }

    fn reset(&mut self) {
        self.line = None;
    }
}
