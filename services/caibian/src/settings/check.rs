//! What a value must be beyond its type: so that a mistake is told at the start, not at the first mail.

use std::{net::IpAddr, ops::RangeInclusive};

use secrecy::ExposeSecret;
use tracing_subscriber::EnvFilter;

use super::{Error, MailboxKind, MailboxSettings, Security, Settings};

/// Longest keyword of `filing`, in bytes, as the `mail` room takes it.
const KEYWORD_BYTES_MAX: usize = 64;
/// Seconds between two sweeps.
const SWEEP_SECONDS: RangeInclusive<u64> = 1..=86_400;
/// Seconds of a lease: renewed four times as often, by tables that may be slow for a second.
const LEASE_SECONDS: RangeInclusive<u64> = 4..=3_600;
/// Days that mails which are no submission are kept.
const OTHER_MAIL_DAYS: RangeInclusive<u32> = 30..=36_500;
/// Seconds that a command or a window may take.
const TIMEOUT_SECONDS: RangeInclusive<u64> = 1..=3_600;

pub(super) type Fault = Option<(&'static str, String)>;

impl Settings {
    pub(super) fn check(&self) -> Result<(), Error> {
        let fault = |key: String, what: &str| Err(Error::Value { key, what: what.into() });
        let url = self.store.url.expose_secret();
        if self.data.0.as_os_str().is_empty() {
            return fault("data".into(), "a folder is needed");
        }
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return fault("store.url".into(), "expected sqlite:PATH or postgres://user:password@host/name");
        }
        if !self.store.password_file.as_os_str().is_empty() && url.starts_with("sqlite:") {
            return fault("store.password_file".into(), "SQLite asks for no password");
        }
        if !LEASE_SECONDS.contains(&self.worker.lease_seconds) {
            let what = format!("expected {} to {}", LEASE_SECONDS.start(), LEASE_SECONDS.end());
            return fault("worker.lease_seconds".into(), &what);
        }
        if self.retention.other_mail_days != 0 && !OTHER_MAIL_DAYS.contains(&self.retention.other_mail_days) {
            let what = format!("expected 0, or {} to {}", OTHER_MAIL_DAYS.start(), OTHER_MAIL_DAYS.end());
            return fault("retention.other_mail_days".into(), &what);
        }
        if let Err(error) = EnvFilter::try_new(&self.log.filter) {
            return fault("log.filter".into(), &error.to_string());
        }
        for (index, token) in self.api.tokens.iter().enumerate() {
            if token.name.is_empty() || self.api.tokens[..index].iter().any(|other| other.name == token.name) {
                return fault(format!("api.tokens[{index}].name"), "give it a name of its own");
            }
            if token.sha256 == stdx::Sha256::of(b"") {
                return fault(format!("api.tokens[{index}].sha256"), "this is the SHA-256 of nothing");
            }
        }
        if let Some((field, what)) = self.api.tls_fault() {
            return fault(format!("api.{field}"), &what);
        }
        if let Some((field, what)) = self.api.issuers_fault(&self.oidc) {
            return fault(format!("api.{field}"), &what);
        }
        if let Some((field, what)) = self.desk.api_fault() {
            return fault(format!("desk.{field}"), &what);
        }
        let url = &self.desk.public_url;
        if !url.is_empty() && !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
            return fault("desk.public_url".into(), "expected https://HOST, or http://HOST on this machine");
        }
        let content = &self.desk.content_public_url;
        if !content.is_empty() && desk::content::origin(content).is_none() {
            return fault("desk.content_public_url".into(), "expected https://HOST, or http://HOST on this machine");
        }
        if let Err(error) = self.scan.clamd() {
            return fault("scan.clamd".into(), &error.to_string());
        }
        if let Some((field, what)) = self.blobs.s3.fault() {
            return fault(format!("blobs.s3.{field}"), &what);
        }
        if let Some((field, what)) = self.oidc.fault() {
            return fault(format!("oidc.{field}"), &what);
        }
        if let Err((key, what)) = self.procurement.check() {
            return fault(format!("procurement.{key}"), &what);
        }
        if let Some((field, what)) = self.traces.fault() {
            return fault(format!("traces.{field}"), &what);
        }
        if let Some((field, what)) = self.reply.fault() {
            return fault(format!("reply.{field}"), &what);
        }
        for (index, mailbox) in self.mailbox.iter().enumerate() {
            let sends =
                |other: &MailboxSettings| other.smtp.is_set() && other.address.eq_ignore_ascii_case(&mailbox.address);
            if mailbox.smtp.is_set() && self.mailbox[..index].iter().any(sends) {
                return fault(format!("mailbox[{index}].smtp.host"), "another mailbox sends for this address");
            }
            if self.mailbox[..index].iter().any(|other| other.name == mailbox.name) {
                return fault(format!("mailbox[{index}].name"), "another mailbox has this name");
            }
            let found = mailbox.fault().or_else(|| match mailbox.kind {
                MailboxKind::Imap => mailbox.imap_fault(),
                MailboxKind::Folder if mailbox.path.as_os_str().is_empty() => {
                    Some(("path", "the watched folder is missing".into()))
                }
                MailboxKind::Folder => None,
            });
            if let Some((field, what)) = found.or_else(|| mailbox.smtp.fault(mailbox)) {
                return fault(format!("mailbox[{index}].{field}"), &what);
            }
        }
        Ok(())
    }
}

impl MailboxSettings {
    fn fault(&self) -> Fault {
        let within = |seconds: u64, range: RangeInclusive<u64>| {
            (!range.contains(&seconds)).then(|| format!("expected {} to {}", range.start(), range.end()))
        };
        if self.name.is_empty() || self.name.chars().any(char::is_control) {
            return Some(("name", "give it a name".into()));
        }
        if !self.address.contains('@') {
            return Some(("address", "the address that authors write to is missing".into()));
        }
        if self.folders.is_empty() || self.folders.iter().any(String::is_empty) {
            return Some(("folders", "at least one folder, and each with its name".into()));
        }
        if (1..self.folders.len()).any(|index| self.folders[..index].contains(&self.folders[index])) {
            return Some(("folders", "a folder is named twice".into()));
        }
        if self.filing().is_none() {
            let what = "expected `leave`, `flag:KEYWORD` (ASCII without spaces, no system flag) or `move:FOLDER`";
            return Some(("filing", what.into()));
        }
        if self.size_bytes_max == 0 {
            return Some(("size_bytes_max", "at least 1".into()));
        }
        within(self.sweep_seconds, SWEEP_SECONDS)
            .map(|what| ("sweep_seconds", what))
            .or_else(|| {
                within(self.command_timeout_seconds, TIMEOUT_SECONDS).map(|what| ("command_timeout_seconds", what))
            })
            .or_else(|| {
                within(self.window_timeout_seconds, TIMEOUT_SECONDS).map(|what| ("window_timeout_seconds", what))
            })
    }

    fn imap_fault(&self) -> Fault {
        if self.host.is_empty() {
            return Some(("host", "the IMAP server is missing".into()));
        }
        let address = self.host.parse::<IpAddr>().ok();
        if address.is_none() && self.host.contains(|c: char| c == '/' || c == ':' || c.is_whitespace()) {
            return Some(("host", "only the name of the server, such as imap.163.com".into()));
        }
        if self.security == Security::Plain && address.is_some_and(|address| !address.is_loopback()) {
            return Some(("security", "`plain` is only for a server on this machine".into()));
        }
        let has_password = !self.password.expose_secret().is_empty();
        match (has_password, !self.password_file.as_os_str().is_empty()) {
            (false, false) => Some(("password_file", "a password is needed: here, or as `password`".into())),
            (true, true) => Some(("password_file", "either this or `password`".into())),
            _ => None,
        }
    }
}

/// Whether a word is an IMAP keyword (RFC 3501 §9, flag-keyword): an atom, so never a system flag such as `\Seen`.
pub(super) fn is_keyword(word: &str) -> bool {
    (1..=KEYWORD_BYTES_MAX).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_graphic() && !br#"(){%*"\]"#.contains(&byte))
}
