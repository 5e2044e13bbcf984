//! Settings: from a TOML file, then from the environment (`CAIBIAN__STORE__URL`), with a default for every one of them.
//!
//! [`DESCRIBED`] explains each to people; a test holds it against the struct, and the README against it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Utc};
use intake::ports::Filing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// All settings.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where everything lies that has no place of its own.
    pub data: DataFolder,
    /// The database.
    pub store: StoreSettings,
    /// The raw bytes.
    pub blobs: BlobSettings,
    /// The gRPC service.
    pub api: ApiSettings,
    /// The intake worker.
    pub worker: WorkerSettings,
    /// Logs.
    pub log: LogSettings,
    /// The mailboxes; a watched folder `inbox` in the data folder when there is none.
    pub mailbox: Vec<MailboxSettings>,
}

/// The data folder, `data` by default.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataFolder(pub PathBuf);

impl Default for DataFolder {
    fn default() -> Self {
        Self("data".into())
    }
}

/// `[store]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// Empty: `sqlite:` in the data folder.
    pub url: String,
    /// Whether `all`, `api` and `worker` bring the tables up to date first.
    pub migrate_at_start: bool,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { url: String::new(), migrate_at_start: true }
    }
}

/// `[blobs]`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BlobSettings {
    /// Empty: `blobs` in the data folder.
    pub folder: PathBuf,
}

/// `[api]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiSettings {
    /// Address and port.
    pub listen: SocketAddr,
    /// Who may call; needed beyond loopback.
    pub tokens: Vec<TokenSettings>,
    /// Empty: `page-token.key` in the data folder, made when missing.
    pub page_token_key_file: PathBuf,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 50051).into(), tokens: Vec::new(), page_token_key_file: PathBuf::new() }
    }
}

/// `[[api.tokens]]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// Named in the history of what the caller did.
    pub name: String,
    /// SHA-256 of the token, 64 hexadecimal digits.
    pub sha256: stdx::Sha256,
}

/// `[worker]`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkerSettings {
    /// Who holds the leases; empty: the machine's name and the data folder.
    pub name: String,
}

/// `[log]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// `text` or `json`.
    pub format: LogFormat,
    /// As `tracing_subscriber::EnvFilter` reads it.
    pub filter: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".into() }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[[mailbox]]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailboxSettings {
    /// Unique; never change it, it ties the mailbox to its rows.
    pub name: String,
    /// Where mails come from.
    pub kind: MailboxKind,
    /// The address that mail for it goes to: campaigns with this address take its mail.
    pub address: String,
    /// For `folder`: the watched folder.
    pub path: PathBuf,
    /// For `imap`: the server.
    pub host: String,
    /// For `imap`; 0: 993, or 143 without implicit TLS.
    pub port: u16,
    /// For `imap`.
    pub security: Security,
    /// For `imap`.
    pub auth: Auth,
    /// For `imap`; empty: the address.
    pub user: String,
    /// For `imap`: password, authorisation code or OAuth token.
    #[serde(serialize_with = "masked")]
    pub password: SecretString,
    /// For `imap`: a file that holds the password, read at every login.
    pub password_file: PathBuf,
    /// For `imap`: a PEM file of one more root certificate.
    pub root_certificate_file: PathBuf,
    /// Folders that are swept, with their names as people see them.
    pub folders: Vec<String>,
    /// Most seconds between two sweeps.
    pub sweep_seconds: u64,
    /// Whether to wait by IDLE.
    pub idle: bool,
    /// Mail received before this is recorded and never answered; unset: the moment of the first contact.
    pub answer_from: Option<DateTime<Utc>>,
    /// `leave`, `flag:KEYWORD` or `move:FOLDER`.
    pub filing: String,
    /// Larger mails are left on the server, with a row that says so.
    pub size_bytes_max: u64,
    /// Time limit of one IMAP command.
    pub command_timeout_seconds: u64,
    /// Time limit of one window of a mail.
    pub window_timeout_seconds: u64,
}

impl Default for MailboxSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: MailboxKind::Imap,
            address: String::new(),
            path: PathBuf::new(),
            host: String::new(),
            port: 0,
            security: Security::Tls,
            auth: Auth::Login,
            user: String::new(),
            password: SecretString::default(),
            password_file: PathBuf::new(),
            root_certificate_file: PathBuf::new(),
            folders: vec!["INBOX".into()],
            sweep_seconds: 60,
            idle: true,
            answer_from: None,
            filing: "leave".into(),
            size_bytes_max: 1536 * 1024 * 1024,
            command_timeout_seconds: 30,
            window_timeout_seconds: 60,
        }
    }
}

/// Where mails come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailboxKind {
    /// An IMAP server.
    Imap,
    /// A watched folder of `.eml` files or a Maildir.
    Folder,
}

impl MailboxKind {
    /// The word in settings and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Folder => "folder",
        }
    }
}

/// How the line is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after STARTTLS.
    Starttls,
    /// None; loopback only.
    Plain,
}

/// How the user proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// `LOGIN`.
    Login,
    /// `AUTHENTICATE PLAIN`.
    Plain,
    /// `AUTHENTICATE XOAUTH2`.
    Xoauth2,
}

fn masked<S: serde::Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if secret.expose_secret().is_empty() { "" } else { "***" })
}

/// A setting that cannot be used, with its place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file or a value cannot be read.
    #[error("the settings cannot be read: {0}")]
    Read(#[from] config::ConfigError),
    /// A value breaks a rule.
    #[error("setting {key}: {what}")]
    Value {
        /// Such as `mailbox[0].host`.
        key: String,
        /// What is asked.
        what: String,
    },
}

impl Settings {
    /// Reads the file (`caibian.toml` when none is named and there is one), then the environment, and checks them.
    ///
    /// # Errors
    /// Names the key, and what is asked of it.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        let mut sources = config::Config::builder();
        sources = match file {
            Some(file) => sources.add_source(config::File::from(file).format(config::FileFormat::Toml)),
            None => sources.add_source(config::File::new("caibian.toml", config::FileFormat::Toml).required(false)),
        };
        let environment = config::Environment::with_prefix("CAIBIAN").prefix_separator("__").separator("__");
        let mut settings: Self = sources.add_source(environment).build()?.try_deserialize()?;
        settings.complete();
        settings.check()?;
        Ok(settings)
    }

    /// Fills in what follows from other settings.
    pub fn complete(&mut self) {
        let data = self.data.0.clone();
        if self.store.url.is_empty() {
            self.store.url = format!("sqlite:{}", data.join("caibian.db").display());
        }
        if self.blobs.folder.as_os_str().is_empty() {
            self.blobs.folder = data.join("blobs");
        }
        if self.api.page_token_key_file.as_os_str().is_empty() {
            self.api.page_token_key_file = data.join("page-token.key");
        }
        if self.worker.name.is_empty() {
            let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
            self.worker.name = format!("{}:{}", host.trim(), data.display());
        }
        if self.mailbox.is_empty() {
            self.mailbox.push(MailboxSettings {
                name: "inbox".into(),
                kind: MailboxKind::Folder,
                address: intake::campaign::Campaign::twentieth_congress(uuid::Uuid::nil()).mailbox,
                path: data.join("inbox"),
                ..MailboxSettings::default()
            });
        }
        for mailbox in &mut self.mailbox {
            if mailbox.user.is_empty() {
                mailbox.user.clone_from(&mailbox.address);
            }
            if mailbox.port == 0 {
                mailbox.port = if mailbox.security == Security::Tls { 993 } else { 143 };
            }
        }
    }

    fn check(&self) -> Result<(), Error> {
        for (index, mailbox) in self.mailbox.iter().enumerate() {
            let fault = |field: &str, what: &str| {
                Err(Error::Value { key: format!("mailbox[{index}].{field}"), what: what.into() })
            };
            if mailbox.name.is_empty() {
                return fault("name", "give it a name");
            }
            if self.mailbox[..index].iter().any(|other| other.name == mailbox.name) {
                return fault("name", "another mailbox has this name");
            }
            if !mailbox.address.contains('@') {
                return fault("address", "the address that authors write to is missing");
            }
            if mailbox.folders.is_empty() {
                return fault("folders", "at least one folder");
            }
            if mailbox.sweep_seconds == 0 {
                return fault("sweep_seconds", "at least 1");
            }
            if mailbox.filing().is_none() {
                return fault("filing", "`leave`, `flag:KEYWORD` or `move:FOLDER`");
            }
            match mailbox.kind {
                MailboxKind::Imap if mailbox.host.is_empty() => return fault("host", "the IMAP server is missing"),
                MailboxKind::Folder if mailbox.path.as_os_str().is_empty() => {
                    return fault("path", "the watched folder is missing");
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl MailboxSettings {
    /// What happens to a recorded mail on the server; none when the words are not understood.
    pub fn filing(&self) -> Option<Filing> {
        match self.filing.split_once(':') {
            None if self.filing == "leave" => Some(Filing::Leave),
            Some(("flag", keyword)) if !keyword.is_empty() => Some(Filing::Flag(keyword.into())),
            Some(("move", folder)) if !folder.is_empty() => Some(Filing::Move(folder.into())),
            _ => None,
        }
    }

    /// The time limit of one IMAP command.
    pub fn command_timeout(&self) -> Duration {
        Duration::from_secs(self.command_timeout_seconds)
    }

    /// The time limit of one window.
    pub fn window_timeout(&self) -> Duration {
        Duration::from_secs(self.window_timeout_seconds)
    }
}

/// One setting, explained: key, default as shown, meaning.
pub type Described = (&'static str, &'static str, &'static str);

/// Every setting, in the order of the struct.
pub const DESCRIBED: &[Described] = &[
    ("data", "`data`", "Folder for everything that has no place of its own"),
    ("store.url", "`sqlite:` in `data`", "The database: `sqlite:PATH` or `postgres://user:password@host/name`"),
    (
        "store.migrate_at_start",
        "`true`",
        "Bring the tables up to date (under a lock) when `all`, `api` or `worker` starts",
    ),
    ("blobs.folder", "`blobs` in `data`", "Raw mails and attachments, each under its SHA-256"),
    (
        "api.listen",
        "`127.0.0.1:50051`",
        "Address of the gRPC service; port 0 takes a free one and writes it to `api.address` in `data`",
    ),
    (
        "api.tokens",
        "none",
        "Who may call: a list of `{ name, sha256 }`, the SHA-256 of each bearer token; without one only loopback is served",
    ),
    (
        "api.page_token_key_file",
        "`page-token.key` in `data`",
        "32 bytes that seal page tokens, made when missing; several servers share one",
    ),
    ("worker.name", "host name and `data`", "Who holds the leases; two workers need two names"),
    ("log.format", "`text`", "`text` or `json`"),
    (
        "log.filter",
        "`info`",
        "Such as `info,worker=debug`; lines of the IMAP library that could hold a password stay off whatever this says",
    ),
    ("mailbox.name", "required", "Unique; ties the mailbox to its rows, never change it"),
    ("mailbox.kind", "`imap`", "`imap`, or `folder` for a watched folder of `.eml` files or a Maildir"),
    ("mailbox.address", "required", "The address that authors write to; campaigns with this address take its mail"),
    ("mailbox.path", "required for `folder`", "The watched folder"),
    ("mailbox.host", "required for `imap`", "The IMAP server"),
    ("mailbox.port", "`993`, or `143`", "Its port; 143 unless `security` is `tls`"),
    ("mailbox.security", "`tls`", "`tls`, `starttls`, or `plain` (loopback only)"),
    ("mailbox.auth", "`login`", "`login`, `plain` or `xoauth2`"),
    ("mailbox.user", "the address", "The login name"),
    ("mailbox.password", "empty", "Password, authorisation code (授权码) or OAuth token"),
    ("mailbox.password_file", "none", "A file that holds the password instead; read at start"),
    ("mailbox.root_certificate_file", "none", "PEM file of one more root certificate, for a server with a private one"),
    ("mailbox.folders", "`[\"INBOX\"]`", "Folders to sweep, by the names that people see; add the junk folder"),
    ("mailbox.sweep_seconds", "`60`", "Most seconds between two sweeps; new mail is also told by IDLE"),
    ("mailbox.idle", "`true`", "Wait by IDLE where the server can"),
    ("mailbox.answer_from", "first contact", "Mail received before this instant is recorded and never answered"),
    (
        "mailbox.filing",
        "`leave`",
        "What happens to a recorded mail on the server: `leave`, `flag:KEYWORD`, `move:FOLDER`",
    ),
    ("mailbox.size_bytes_max", "`1610612736`", "Larger mails stay on the server, with a row that says so"),
    ("mailbox.command_timeout_seconds", "`30`", "Time limit of one IMAP command"),
    ("mailbox.window_timeout_seconds", "`60`", "Time limit of one window (1 MiB) of a mail"),
];

/// The settings as a Markdown table, as the README holds it.
pub fn markdown() -> String {
    let mut table = String::from("| setting | default | meaning |\n| --- | --- | --- |\n");
    for (key, default, meaning) in DESCRIBED {
        table.push_str(&format!("| `{key}` | {default} | {meaning} |\n"));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(prefix: &str, value: &serde_json::Value, into: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                    keys(&key, value, into);
                }
            }
            serde_json::Value::Array(items) if prefix == "mailbox" => keys(prefix, &items[0], into),
            _ => into.push(prefix.to_string()),
        }
    }

    #[test]
    fn every_setting_is_described_and_nothing_else() {
        let settings = Settings { mailbox: vec![MailboxSettings::default()], ..Settings::default() };
        let mut there = Vec::new();
        keys("", &serde_json::to_value(&settings).unwrap(), &mut there);
        let mut described: Vec<String> = DESCRIBED.iter().map(|(key, ..)| (*key).to_string()).collect();
        there.sort();
        described.sort();
        assert_eq!(there, described);
    }

    #[test]
    fn the_readme_holds_the_table_of_settings() {
        let readme = include_str!("../../../README.md");
        assert!(readme.contains(&markdown()), "put this into README.md:\n{}", markdown());
    }

    fn load(toml: &str) -> Result<Settings, Error> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("caibian.toml");
        std::fs::write(&file, toml).unwrap();
        Settings::load(Some(&file))
    }

    #[test]
    fn without_any_setting_a_watched_folder_takes_the_shipped_campaigns_mail() {
        let settings = load("").unwrap();
        assert_eq!(settings.store.url, "sqlite:data/caibian.db");
        assert_eq!(settings.mailbox[0].kind, MailboxKind::Folder);
        assert_eq!(settings.mailbox[0].address, "czzhengwen@163.com");
    }

    #[test]
    fn a_wrong_setting_is_named_with_its_place() {
        let cases = [
            ("[store]\nurll = \"x\"", "urll"),
            ("[[mailbox]]\naddress = \"a@b\"\nhost = \"h\"", "mailbox[0].name"),
            ("[[mailbox]]\nname = \"m\"\naddress = \"a@b\"", "mailbox[0].host"),
            ("[[mailbox]]\nname = \"m\"\nhost = \"h\"\naddress = \"a@b\"\nfiling = \"burn\"", "mailbox[0].filing"),
            ("[[mailbox]]\nname = \"m\"\nhost = \"h\"\naddress = \"a@b\"\nsecurity = \"none\"", "security"),
            ("[api]\nlisten = \"nowhere\"", "listen"),
        ];
        for (toml, place) in cases {
            let error = load(toml).expect_err(toml).to_string();
            assert!(error.contains(place), "{toml}: {error}");
        }
    }

    #[test]
    fn the_example_that_ships_is_understood() {
        let settings = load(include_str!("../../../deploy/caibian.example.toml")).unwrap();
        assert_eq!(settings.mailbox[0].host, "imap.163.com");
        assert_eq!(settings.mailbox[0].port, 993);
    }

    #[test]
    fn a_password_is_never_shown() {
        let settings =
            load("[[mailbox]]\nname = \"m\"\nhost = \"h\"\naddress = \"a@b\"\npassword = \"geheim\"").unwrap();
        assert!(!serde_json::to_string(&settings).unwrap().contains("geheim"));
        assert!(!format!("{settings:?}").contains("geheim"));
    }
}
