//! Settings: from a TOML file, then from the environment (`CAIBIAN__STORE__URL`), with a default for every one of them.
//!
//! [`described`] explains each to people. A wrong one is told with its place and never with its value, which may be a
//! password.

mod check;
mod described;
mod issuers;
mod oidc;
mod place;
mod s3;
mod sending;
mod tls;
mod traces;
mod words;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Utc};
use intake::ports::Filing;
use procurement::settings::RuleSettings;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

#[cfg(test)]
use described::DESCRIBED;
pub use described::markdown;
pub use issuers::IssuerSettings;
pub use oidc::OidcSettings;
pub use s3::S3Settings;
pub use sending::{ReplySettings, SmtpSettings};
pub use tls::{CertificateSettings, TlsSettings};
pub use traces::TracesSettings;
pub use words::{Auth, ClientCertificates, LogFormat, MailboxKind, Security, UnknownUsers};

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
    /// The editors' desk.
    pub desk: DeskSettings,
    /// An identity provider that people sign in at.
    pub oidc: OidcSettings,
    /// The rules of government purchase of services.
    pub procurement: RuleSettings,
    /// The intake worker.
    pub worker: WorkerSettings,
    /// Letters to authors.
    pub reply: ReplySettings,
    /// Health and metrics.
    pub ops: OpsSettings,
    /// A virus scanner.
    pub scan: ScanSettings,
    /// The chain over the histories.
    pub history: HistorySettings,
    /// How long mail is kept.
    pub retention: RetentionSettings,
    /// Logs.
    pub log: LogSettings,
    /// Traces.
    pub traces: TracesSettings,
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
    #[serde(serialize_with = "masked_url")]
    pub url: SecretString,
    /// A file that holds the password of `url`, read at start.
    pub password_file: PathBuf,
    /// Whether `all`, `api` and `worker` bring the tables up to date first.
    pub migrate_at_start: bool,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { url: SecretString::default(), password_file: PathBuf::new(), migrate_at_start: true }
    }
}

impl StoreSettings {
    /// `url` with the password that lies in a file of its own.
    ///
    /// # Errors
    /// When the file cannot be read, or there is a password already.
    pub fn address(&self) -> Result<SecretString, Error> {
        let file = &self.password_file;
        if file.as_os_str().is_empty() {
            return Ok(self.url.clone());
        }
        let fault = |what: String| Error::Value { key: "store.password_file".into(), what };
        let text = std::fs::read_to_string(file).map_err(|error| fault(format!("{}: {error}", file.display())))?;
        let password = text.trim_end_matches(['\r', '\n']);
        let mut url = url::Url::parse(self.url.expose_secret())
            .map_err(|_| Error::Value { key: "store.url".into(), what: "expected postgres://user@host/name".into() })?;
        if url.password().is_some() {
            return Err(fault("either this or a password in store.url".into()));
        }
        url.set_password(Some(password)).map_err(|()| fault("store.url names no host".into()))?;
        Ok(String::from(url).into())
    }
}

/// `[blobs]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BlobSettings {
    /// Empty: `blobs` in the data folder. With a bucket, what lies in front of it.
    pub folder: PathBuf,
    /// With a bucket: bytes of copies in the folder.
    pub cache_bytes_max: u64,
    /// A bucket that keeps them.
    pub s3: S3Settings,
}

impl Default for BlobSettings {
    fn default() -> Self {
        Self { folder: PathBuf::new(), cache_bytes_max: 10 * 1024 * 1024 * 1024, s3: S3Settings::default() }
    }
}

/// `[scan]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScanSettings {
    /// Where clamd listens; empty: mail is not scanned.
    pub clamd: String,
    /// What clamd takes at most (its `StreamMaxLength`).
    pub size_bytes_max: u64,
}

impl Default for ScanSettings {
    fn default() -> Self {
        Self { clamd: String::new(), size_bytes_max: 25 << 20 }
    }
}

impl ScanSettings {
    /// The clamd that is set, if one is.
    ///
    /// # Errors
    /// When the words name no place.
    pub fn clamd(&self) -> Result<Option<scan::Clamd>, scan::NotAnAddress> {
        if self.clamd.is_empty() {
            return Ok(None);
        }
        Ok(Some(scan::Clamd::new(self.clamd.parse()?, self.size_bytes_max)))
    }
}

/// `[history]`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistorySettings {
    /// Empty: `history.digests` in the data folder.
    pub digests_file: PathBuf,
}

/// `[retention]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionSettings {
    /// Days after which mails that are no submission are erased; 0 keeps them.
    pub other_mail_days: u32,
}

/// `[api]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiSettings {
    /// Address and port.
    pub listen: SocketAddr,
    /// What callers are answered with; without it in the clear.
    pub tls: TlsSettings,
    /// Who may call with a token; these, certificates or issuers are needed beyond loopback.
    pub tokens: Vec<TokenSettings>,
    /// Who may call with a certificate.
    pub certificates: Vec<CertificateSettings>,
    /// Whose signed tokens are believed.
    pub issuers: Vec<IssuerSettings>,
    /// Empty: `page-token.key` in the data folder, made when missing.
    pub page_token_key_file: PathBuf,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 50051).into(),
            tls: TlsSettings::default(),
            tokens: Vec::new(),
            certificates: Vec::new(),
            issuers: Vec::new(),
            page_token_key_file: PathBuf::new(),
        }
    }
}

/// `[desk]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeskSettings {
    /// Address and port.
    pub listen: SocketAddr,
    /// Empty: plain HTTP at `listen`.
    pub public_url: String,
    /// Empty: the gRPC service of this process, or the one at `api.listen`.
    pub api: String,
    /// PEM file of the authorities that the service's certificate is of; empty: the usual ones.
    pub api_authorities_file: PathBuf,
    /// PEM file of the certificate that the desk shows it.
    pub api_certificate_file: PathBuf,
    /// PEM file of its key.
    pub api_key_file: PathBuf,
    /// Address and port of what shows mail as it was sent.
    pub content_listen: SocketAddr,
    /// Empty: plain HTTP at `content_listen`, or nothing where `public_url` is set.
    pub content_public_url: String,
}

impl Default for DeskSettings {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 8088).into(),
            public_url: String::new(),
            api: String::new(),
            api_authorities_file: PathBuf::new(),
            api_certificate_file: PathBuf::new(),
            api_key_file: PathBuf::new(),
            content_listen: ([127, 0, 0, 1], 8089).into(),
            content_public_url: String::new(),
        }
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
    /// What it may do in reviews.
    #[serde(default)]
    pub role: TokenRole,
}

/// What a caller may do in reviews, in rising order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenRole {
    /// 浏览者: looks.
    Viewer,
    /// 编辑: reviews and recommends.
    Editor,
    /// 主编: decides.
    ChiefEditor,
    /// 管理员.
    #[default]
    Administrator,
}

impl From<TokenRole> for intake::review::Role {
    fn from(role: TokenRole) -> Self {
        match role {
            TokenRole::Viewer => Self::Viewer,
            TokenRole::Editor => Self::Editor,
            TokenRole::ChiefEditor => Self::ChiefEditor,
            TokenRole::Administrator => Self::Administrator,
        }
    }
}

/// `[worker]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkerSettings {
    /// Who holds the leases; empty: the machine's name and the data folder.
    pub name: String,
    /// How long a lease lasts without renewal.
    pub lease_seconds: u64,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self { name: String::new(), lease_seconds: worker::LEASE_TTL.as_secs() }
    }
}

/// `[ops]`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpsSettings {
    /// Unset: a port by role on loopback, so that each role of one machine has its own.
    pub listen: Option<SocketAddr>,
}

impl OpsSettings {
    /// Where `all` and `api` listen, and where is asked, when nothing is set.
    const PORT: u16 = 9464;

    /// Where is asked, and where a process with the gRPC service listens.
    pub fn address(&self) -> SocketAddr {
        self.address_of(Self::PORT)
    }

    /// Where a worker alone listens.
    pub fn address_of_worker(&self) -> SocketAddr {
        self.address_of(Self::PORT + 1)
    }

    /// Where a desk alone listens.
    pub fn address_of_desk(&self) -> SocketAddr {
        self.address_of(Self::PORT + 2)
    }

    fn address_of(&self, port: u16) -> SocketAddr {
        self.listen.unwrap_or_else(|| ([127, 0, 0, 1], port).into())
    }
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
    /// For `imap`: a file that holds the password, read at start.
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
    #[serde(deserialize_with = "words::instant")]
    pub answer_from: Option<DateTime<Utc>>,
    /// `leave`, `flag:KEYWORD` or `move:FOLDER`.
    pub filing: String,
    /// Larger mails are left on the server, with a row that says so.
    pub size_bytes_max: u64,
    /// Time limit of one IMAP command.
    pub command_timeout_seconds: u64,
    /// Time limit of one window of a mail.
    pub window_timeout_seconds: u64,
    /// Where letters to its authors leave by; without a host no letter is written.
    pub smtp: SmtpSettings,
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
            smtp: SmtpSettings::default(),
        }
    }
}

fn masked<S: serde::Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if secret.expose_secret().is_empty() { "" } else { "***" })
}

/// A database address with its passwords masked, in front of the host and among the options.
fn masked_url<S: serde::Serializer>(url: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    let url = url.expose_secret();
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| *scheme != "sqlite") else {
        return serializer.serialize_str(url);
    };
    let (place, options) = rest.split_once('?').map_or((rest, None), |(place, options)| (place, Some(options)));
    // The last @ ends the password: one that was not percent-encoded must not show its tail as the host.
    let place = match place.rsplit_once('@') {
        Some((user, host)) => format!("{}:***@{host}", user.split(':').next().unwrap_or_default()),
        None => place.to_owned(),
    };
    let options = options.map(|options| {
        let shown = options.split('&').map(|option| match option.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("password") => format!("{name}=***"),
            _ => option.to_owned(),
        });
        format!("?{}", shown.collect::<Vec<_>>().join("&"))
    });
    serializer.serialize_str(&format!("{scheme}://{place}{}", options.unwrap_or_default()))
}

/// A setting that cannot be used, with its place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened.
    #[error("settings file {}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("settings file {}, line {line}, column {column}: {what}", file.display())]
    Grammar {
        /// Which.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// What the grammar wants.
        what: String,
    },
    /// A value breaks a rule, or is of another type.
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
        let named = file.unwrap_or(Path::new("caibian.toml"));
        match std::fs::read_to_string(named) {
            Ok(text) => {
                place::grammar(named, &text)?;
                sources = sources.add_source(config::File::from_str(&text, config::FileFormat::Toml));
            }
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(Error::File { file: named.to_owned(), source }),
        }
        let environment = config::Environment::with_prefix("CAIBIAN").prefix_separator("__").separator("__");
        let read = sources.add_source(environment).build().and_then(config::Config::try_deserialize::<Self>);
        let mut settings = read.map_err(place::of)?;
        settings.complete();
        settings.check()?;
        Ok(settings)
    }

    /// Fills in what follows from other settings.
    pub fn complete(&mut self) {
        let data = self.data.0.clone();
        if self.store.url.expose_secret().is_empty() {
            self.store.url = format!("sqlite:{}", data.join("caibian.db").display()).into();
        }
        if self.blobs.folder.as_os_str().is_empty() {
            self.blobs.folder = data.join("blobs");
        }
        if self.history.digests_file.as_os_str().is_empty() {
            self.history.digests_file = data.join("history.digests");
        }
        if self.api.page_token_key_file.as_os_str().is_empty() {
            self.api.page_token_key_file = data.join("page-token.key");
        }
        // An environment variable's name reaches us in lower case.
        let severities = std::mem::take(&mut self.procurement.severities.0);
        self.procurement.severities.0 =
            severities.into_iter().map(|(code, weight)| (code.to_uppercase(), weight)).collect();
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
            mailbox.smtp.complete(&mailbox.user);
        }
    }
}

impl MailboxSettings {
    /// What happens to a recorded mail on the server; none when the words are not understood.
    pub fn filing(&self) -> Option<Filing> {
        match self.filing.split_once(':') {
            None if self.filing == "leave" => Some(Filing::Leave),
            Some(("flag", keyword)) if check::is_keyword(keyword) => Some(Filing::Flag(keyword.into())),
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

#[cfg(test)]
mod tests;
