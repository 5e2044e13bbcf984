//! Settings of letters: `[reply]`, and `[mailbox.smtp]` of each mailbox that answers.

use std::{net::IpAddr, path::PathBuf};

use reply::{answering::is_sendable, limits::Caps, outbox::OnUncertain};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{MailboxSettings, Security, check::Fault, masked};

/// Seconds that one step of sending may take.
const TIMEOUT_SECONDS: std::ops::RangeInclusive<u64> = 1..=300;
/// Longest name beside the sender's address, in characters.
const NAME_CHARACTERS_MAX: usize = 100;

/// `[reply]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReplySettings {
    /// The name beside the sender's address.
    pub name: String,
    /// Empty: the domain of the mailbox's address.
    pub message_id_domain: String,
    /// The `authserv-id` of the server that receives our mail; empty: no sender is proved or refuted.
    pub authserv_id: String,
    /// Whether mail is answered whose sender that server neither proves nor refutes.
    pub answers_unproven: bool,
    /// What is done with a letter of which nobody knows whether it went.
    pub on_uncertain: OnUncertain,
    /// Whether a letter that declines waits for a person.
    pub hold_declines: bool,
    /// How many letters may go.
    pub caps: Caps,
}

impl Default for ReplySettings {
    fn default() -> Self {
        Self {
            name: "编辑部".into(),
            message_id_domain: String::new(),
            authserv_id: String::new(),
            answers_unproven: false,
            on_uncertain: OnUncertain::Hold,
            hold_declines: true,
            caps: Caps::default(),
        }
    }
}

impl ReplySettings {
    /// What cannot be used.
    pub(super) fn fault(&self) -> Fault {
        if self.name.chars().count() > NAME_CHARACTERS_MAX || self.name.chars().any(char::is_control) {
            return Some(("name", format!("at most {NAME_CHARACTERS_MAX} characters on one line")));
        }
        if !self.message_id_domain.is_empty() && !is_sendable(&format!("x@{}", self.message_id_domain)) {
            return Some(("message_id_domain", "expected a domain name, such as example.com".into()));
        }
        None
    }
}

/// `[mailbox.smtp]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmtpSettings {
    /// The server that letters leave by; empty: authors of this mailbox get none.
    pub host: String,
    /// 0: 465, 587 with STARTTLS, 25 in plain.
    pub port: u16,
    /// How the line is protected.
    pub security: Security,
    /// Empty: the mailbox's.
    pub user: String,
    /// Empty: the mailbox's.
    #[serde(serialize_with = "masked")]
    pub password: SecretString,
    /// A file that holds it instead.
    pub password_file: PathBuf,
    /// A PEM file of one more root certificate.
    pub root_certificate_file: PathBuf,
    /// Time limit of one step.
    pub timeout_seconds: u64,
}

impl Default for SmtpSettings {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 0,
            security: Security::Tls,
            user: String::new(),
            password: SecretString::default(),
            password_file: PathBuf::new(),
            root_certificate_file: PathBuf::new(),
            timeout_seconds: 60,
        }
    }
}

impl SmtpSettings {
    /// Whether letters go.
    pub fn is_set(&self) -> bool {
        !self.host.is_empty()
    }

    /// Whether it has a password of its own.
    pub fn has_password(&self) -> bool {
        !self.password.expose_secret().is_empty() || !self.password_file.as_os_str().is_empty()
    }

    pub(super) fn complete(&mut self, user: &str) {
        if self.user.is_empty() {
            user.clone_into(&mut self.user);
        }
        if self.port == 0 {
            self.port = match self.security {
                Security::Tls => 465,
                Security::Starttls => 587,
                Security::Plain => 25,
            };
        }
    }

    /// What cannot be used.
    pub(super) fn fault(&self, mailbox: &MailboxSettings) -> Fault {
        if !self.is_set() {
            return None;
        }
        let address = self.host.parse::<IpAddr>().ok();
        if address.is_none() && self.host.contains(|c: char| c == '/' || c == ':' || c.is_whitespace()) {
            return Some(("smtp.host", "only the name of the server, such as smtp.163.com".into()));
        }
        if self.security == Security::Plain && address.is_some_and(|address| !address.is_loopback()) {
            return Some(("smtp.security", "`plain` is only for a server on this machine".into()));
        }
        if !self.password.expose_secret().is_empty() && !self.password_file.as_os_str().is_empty() {
            return Some(("smtp.password_file", "either this or `smtp.password`".into()));
        }
        let of_mailbox = !mailbox.password.expose_secret().is_empty() || !mailbox.password_file.as_os_str().is_empty();
        if self.security != Security::Plain && !self.has_password() && !of_mailbox {
            return Some((
                "smtp.password_file",
                "a password is needed: here, as `smtp.password`, or the mailbox's".into(),
            ));
        }
        if !TIMEOUT_SECONDS.contains(&self.timeout_seconds) {
            let what = format!("expected {} to {}", TIMEOUT_SECONDS.start(), TIMEOUT_SECONDS.end());
            return Some(("smtp.timeout_seconds", what));
        }
        (!is_sendable(&mailbox.address)).then(|| ("address", "letters cannot come from this address".into()))
    }
}
