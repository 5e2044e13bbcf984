//! One world: a mail server, a database of the wanted kind, and a folder for one caibian.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use chrono::{DateTime, FixedOffset};
use tempfile::TempDir;

use crate::{Dovecot, Imap, Mailbox, Postgres, Product, Settings, product::ADDRESS};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The embedded default.
    Sqlite,
    /// A PostgreSQL of the test's own.
    Postgres,
}

/// The name of the mailbox, and of the user at the mail server, where a test needs only one.
pub const USER: &str = "czzhengwen";

/// A world. Fields are dropped in this order: servers before the folder.
#[derive(Debug)]
pub struct World {
    /// The mail server.
    pub dovecot: Dovecot,
    postgres: Option<Postgres>,
    store_url: String,
    home: TempDir,
}

impl World {
    /// Starts the servers.
    ///
    /// # Panics
    /// When one does not start.
    #[must_use]
    pub fn new(backend: Backend) -> Self {
        let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).expect("our own folder");
        let postgres = (backend == Backend::Postgres).then(Postgres::start);
        let store_url = match &postgres {
            None => format!("sqlite:{}", home.path().join("data/caibian.db").display()),
            Some(server) => server.database("caibian"),
        };
        Self { dovecot: Dovecot::start(), postgres, store_url, home }
    }

    /// The folder of this world.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Which database it uses.
    #[must_use]
    pub fn backend(&self) -> Backend {
        if self.postgres.is_some() { Backend::Postgres } else { Backend::Sqlite }
    }

    /// The address of a further, empty database of the same kind.
    ///
    /// # Panics
    /// When there is one of that name.
    #[must_use]
    pub fn other_store(&self, name: &str) -> String {
        match &self.postgres {
            None => format!("sqlite:{}", self.home().join(format!("{name}.db")).display()),
            Some(server) => server.database(name),
        }
    }

    /// The address of its database.
    #[must_use]
    pub fn store_url(&self) -> &str {
        &self.store_url
    }

    /// The one mailbox of most tests.
    #[must_use]
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::imap(USER, self.dovecot.port)
    }

    /// Writes the settings.
    #[must_use]
    pub fn settings(&self, mailboxes: &[Mailbox]) -> Settings {
        Settings::write(self.home(), &self.store_url, mailboxes)
    }

    /// Writes the settings with these lines of `[api]`.
    #[must_use]
    pub fn settings_with_api(&self, api: &str, mailboxes: &[Mailbox]) -> Settings {
        Settings::write_with_api(self.home(), &self.store_url, api, mailboxes)
    }

    /// Writes the settings and starts the product.
    #[must_use]
    pub fn start(&self, mailboxes: &[Mailbox]) -> Product {
        Product::start(&self.settings(mailboxes))
    }

    /// A session of the test at the mailbox.
    #[must_use]
    pub fn session(&self) -> Imap {
        self.dovecot.session(USER)
    }
}

/// An instant in words: `2023-03-01T09:00:00+08:00`.
///
/// # Panics
/// When it is not RFC 3339.
#[must_use]
pub fn at(rfc3339: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(rfc3339).expect("RFC 3339")
}

/// A day well inside the shipped campaign.
#[must_use]
pub fn in_time() -> DateTime<FixedOffset> {
    at("2023-03-01T09:00:00+08:00")
}

/// A plain submission that passes every rule, with bytes of its own: for tests that count mails and do not read them.
#[must_use]
pub fn plain_mail(author: &str, number: usize, lines: usize) -> Vec<u8> {
    let body: String = (0..lines)
        .map(|line| {
            format!("第{number}篇第{line}行：学习宣传贯彻党的二十大精神，推进政府购买服务改革，提升财政治理效能。\r\n")
        })
        .collect();
    format!(
        "Message-ID: <{number}@{author}.example>\r\nDate: Wed, 01 Mar 2023 08:59:00 +0800\r\n\
         From: \"Zhang San\" <author{number}@{author}.example>\r\nTo: {ADDRESS}\r\n\
         Subject: =?utf-8?Q?=E4=B8=BB=E9=A2=98=E5=BE=81=E7=A8=BF?= {author} {number}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         姓名：张三\r\n单位：浙江省财政厅\r\n电话：0571-87057000\r\n\r\n{body}"
    )
    .into_bytes()
}
