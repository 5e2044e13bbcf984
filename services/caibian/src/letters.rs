//! Wires the settings of letters to the room that sends them, and says to the tables who writes to whom.

use std::time::Duration;

use post::{Office, SmtpSettings};
use reply::answering::Ourselves;
use secrecy::SecretString;
use store::{ReplyPolicy, ReplySender};

use crate::{
    Failure,
    settings::{Auth, MailboxSettings, Security, Settings},
    source::{password_in, read},
};

/// Who writes to authors; none when no mailbox has a server that letters leave by.
pub fn policy(settings: &Settings) -> Option<ReplyPolicy> {
    let reply = &settings.reply;
    let addresses: Vec<String> = settings.mailbox.iter().map(|mailbox| mailbox.address.clone()).collect();
    let sender = |mailbox: &MailboxSettings| {
        let domain = mailbox.address.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
        ReplySender {
            mailbox: mailbox.address.clone(),
            name: reply.name.clone(),
            address: mailbox.address.clone(),
            ourselves: Ourselves {
                addresses: addresses.clone(),
                message_id_domain: match reply.message_id_domain.as_str() {
                    "" => domain.to_owned(),
                    named => named.to_owned(),
                },
                authserv_id: Some(reply.authserv_id.clone()).filter(|id| !id.is_empty()),
                answers_unproven: reply.answers_unproven,
            },
        }
    };
    let senders: Vec<_> = settings.mailbox.iter().filter(|mailbox| mailbox.smtp.is_set()).map(sender).collect();
    (!senders.is_empty()).then(|| ReplyPolicy {
        senders,
        caps: reply.caps.clone(),
        on_uncertain: reply.on_uncertain,
        hold_declines: reply.hold_declines,
    })
}

/// The servers that letters leave by, one a mailbox that has one.
///
/// # Errors
/// When a password or certificate file cannot be read.
pub fn offices(settings: &Settings) -> Result<Vec<Office>, Failure> {
    let offices = settings.mailbox.iter().map(office).collect::<Result<Vec<_>, _>>()?;
    Ok(offices.into_iter().flatten().collect())
}

/// The server of a mailbox's letters, if it has one.
///
/// # Errors
/// When a password or certificate file cannot be read.
pub fn office(mailbox: &MailboxSettings) -> Result<Option<Office>, Failure> {
    let smtp = &mailbox.smtp;
    if !smtp.is_set() {
        return Ok(None);
    }
    let of = |password: &SecretString, file| password_in(mailbox, password, file);
    let password = if smtp.has_password() {
        of(&smtp.password, &smtp.password_file)?
    } else {
        of(&mailbox.password, &mailbox.password_file)?
    };
    let root = &smtp.root_certificate_file;
    let extra_root_pem = if root.as_os_str().is_empty() { None } else { Some(read(mailbox, root)?) };
    Ok(Some(Office {
        address: mailbox.address.clone(),
        settings: SmtpSettings {
            host: smtp.host.clone(),
            port: smtp.port,
            security: match smtp.security {
                Security::Tls => post::Security::Tls,
                Security::Starttls => post::Security::StartTls,
                Security::Plain => post::Security::Plain,
            },
            user: smtp.user.clone(),
            password,
            is_token: mailbox.auth == Auth::Xoauth2 && !smtp.has_password(),
            timeout: Duration::from_secs(smtp.timeout_seconds),
            extra_root_pem,
        },
    }))
}
