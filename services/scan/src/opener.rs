//! Opens a letter once the scanner has nothing against it.

use std::path::Path;

use intake::{
    letter::{Letter, Unreadable},
    ports::{Opened, Opener, PortError, PortResult},
};
use stdx::ErrorKind;
use tokio::fs::File;

use crate::{Clamd, Error, Scan};

/// An opener whose mails a scanner sees first; with none set, the opener alone.
pub struct ScannedOpener<O> {
    opener: O,
    clamd: Option<Clamd>,
}

impl<O> ScannedOpener<O> {
    /// Puts a scanner before an opener.
    #[must_use]
    pub fn new(opener: O, clamd: Option<Clamd>) -> Self {
        Self { opener, clamd }
    }
}

impl<O: Opener> Opener for ScannedOpener<O> {
    async fn open(&self, raw: &Path, workdir: &Path) -> PortResult<Opened> {
        let Some(clamd) = &self.clamd else { return self.opener.open(raw, workdir).await };
        // clamd takes a mail apart itself, archives too. Of one that is longer than it takes, it sees each part that is not.
        let said = look(clamd, raw).await?;
        if let Scan::Found(name) = said {
            return Ok(found(&name, "the mail"));
        }
        let opened = self.opener.open(raw, workdir).await?;
        match &opened {
            Opened::Read(letter) if said == Scan::TooLarge => {
                Ok(parts(clamd, letter, workdir).await?.unwrap_or(opened))
            }
            _ => Ok(opened),
        }
    }
}

async fn parts(clamd: &Clamd, letter: &Letter, workdir: &Path) -> PortResult<Option<Opened>> {
    for part in &letter.parts {
        let file = workdir.join(part.sha256.hex());
        // What holds other parts is no file of its own.
        if !tokio::fs::try_exists(&file).await.unwrap_or(false) {
            continue;
        }
        match look(clamd, &file).await? {
            Scan::Clean => {}
            Scan::Found(name) => return Ok(Some(found(&name, &format!("part {}", part.path)))),
            Scan::TooLarge => tracing::warn!(part = part.path, "a part is longer than the scanner takes"),
        }
    }
    Ok(None)
}

async fn look(clamd: &Clamd, path: &Path) -> PortResult<Scan> {
    let file = File::open(path).await.map_err(|error| unavailable(&Error::File(error)))?;
    let said = clamd.scan(file).await;
    measure::file_scanned(match &said {
        Ok(Scan::Clean) => "clean",
        Ok(Scan::Found(_)) => "found",
        Ok(Scan::TooLarge) => "too_large",
        Err(_) => "failed",
    });
    said.map_err(|error| unavailable(&error))
}

fn found(name: &str, place: &str) -> Opened {
    Opened::Refused(Unreadable { code: "infected".into(), detail: format!("clamd found {name} in {place}") })
}

fn unavailable(error: &Error) -> PortError {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    PortError { kind: ErrorKind::Unavailable, detail: format!("{error}{cause}") }
}
