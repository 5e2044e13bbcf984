//! Wires the settings of a mailbox to the room that reads it.

use std::{path::Path, time::Duration};

use intake::ports::{Filing, FolderState, Listed, PortResult, Source};
use letter::ChildOpener;
use mail::{
    folder::FolderSource,
    imap::{self, ImapSettings, ImapSource},
};
use secrecy::SecretString;

use crate::{
    Failure,
    settings::{Auth, MailboxKind, MailboxSettings, Security},
};

/// Either kind of source, so that one worker can serve both.
pub enum AnySource {
    /// An IMAP server.
    Imap(Box<ImapSource>),
    /// A watched folder.
    Folder(FolderSource),
}

/// Opens letters in a child: this very program, even after its file was replaced by a newer one.
pub fn opener() -> ChildOpener {
    ChildOpener::new("/proc/self/exe", ["letter"])
}

/// A file that the settings of a mailbox name.
pub fn read(mailbox: &MailboxSettings, path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(std::fs::read(path).map_err(|error| format!("mailbox {}: {}: {error}", mailbox.name, path.display()))?)
}

/// A password from the settings of a mailbox, or from the file that they name instead.
pub fn password_in(mailbox: &MailboxSettings, password: &SecretString, file: &Path) -> Result<SecretString, Failure> {
    if file.as_os_str().is_empty() {
        return Ok(password.clone());
    }
    let text = String::from_utf8(read(mailbox, file)?)?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_string()))
}

/// The source that a mailbox's settings name.
///
/// # Errors
/// When a password or certificate file cannot be read, or a watched folder cannot be made.
pub fn source(mailbox: &MailboxSettings) -> Result<AnySource, Failure> {
    match mailbox.kind {
        MailboxKind::Folder => {
            std::fs::create_dir_all(&mailbox.path)
                .map_err(|error| format!("mailbox {}: {}: {error}", mailbox.name, mailbox.path.display()))?;
            Ok(AnySource::Folder(FolderSource::new(mailbox.path.clone())))
        }
        MailboxKind::Imap => {
            let password = password_in(mailbox, &mailbox.password, &mailbox.password_file)?;
            let extra_root_pem = if mailbox.root_certificate_file.as_os_str().is_empty() {
                None
            } else {
                Some(read(mailbox, &mailbox.root_certificate_file)?)
            };
            Ok(AnySource::Imap(Box::new(ImapSource::new(ImapSettings {
                host: mailbox.host.clone(),
                port: mailbox.port,
                security: match mailbox.security {
                    Security::Tls => imap::Security::Tls,
                    Security::Starttls => imap::Security::StartTls,
                    Security::Plain => imap::Security::Plain,
                },
                auth: match mailbox.auth {
                    Auth::Login => imap::Auth::Login,
                    Auth::Plain => imap::Auth::Plain,
                    Auth::Xoauth2 => imap::Auth::XOAuth2,
                },
                user: mailbox.user.clone(),
                password,
                client_id: ("caibian".into(), env!("CARGO_PKG_VERSION").into()),
                connect_timeout: mailbox.command_timeout(),
                command_timeout: mailbox.command_timeout(),
                window_timeout: mailbox.window_timeout(),
                idle: mailbox.idle,
                extra_root_pem,
            }))))
        }
    }
}

macro_rules! either {
    ($self:ident, $source:ident => $call:expr) => {
        match $self {
            AnySource::Imap($source) => $call,
            AnySource::Folder($source) => $call,
        }
    };
}

impl Source for AnySource {
    async fn select(&mut self, folder: &str) -> PortResult<FolderState> {
        either!(self, source => source.select(folder).await)
    }

    async fn uids(&mut self) -> PortResult<Vec<u64>> {
        either!(self, source => source.uids().await)
    }

    async fn list(&mut self, uids: &[u64]) -> PortResult<Vec<Listed>> {
        either!(self, source => source.list(uids).await)
    }

    async fn window(&mut self, uid: u64, offset: u64, length: u32) -> PortResult<Vec<u8>> {
        either!(self, source => source.window(uid, offset, length).await)
    }

    async fn file(&mut self, uid: u64, filing: &Filing) -> PortResult<()> {
        either!(self, source => source.file(uid, filing).await)
    }

    async fn wait(&mut self, at_most: Duration) -> PortResult<()> {
        either!(self, source => source.wait(at_most).await)
    }

    fn reset(&mut self) {
        either!(self, source => source.reset());
    }
}
