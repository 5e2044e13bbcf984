//! How to reach and enter one mailbox.

use std::time::Duration;

use secrecy::SecretString;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (usually port 993).
    Tls,
    /// TLS after the command STARTTLS (usually port 143); never without.
    StartTls,
    /// None: refused unless the host is this machine.
    Plain,
}

/// How the login is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// The command LOGIN (RFC 3501 §6.2.3).
    Login,
    /// SASL PLAIN (RFC 4616).
    Plain,
    /// SASL XOAUTH2 as Google and Microsoft describe it; the password is the access token.
    XOAuth2,
}

/// Settings of one login. The password never shows in its debug form.
#[derive(Clone, Debug)]
pub struct ImapSettings {
    /// Host name, checked against the certificate; or an address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User name.
    pub user: String,
    /// Password; with NetEase the authorisation code (授权码); with XOAUTH2 the access token.
    pub password: SecretString,
    /// How the login is made.
    pub auth: Auth,
    /// Name and version that the client gives of itself (RFC 2971).
    pub client_id: (String, String),
    /// Bound of the way to the server's greeting, TLS included.
    pub connect_timeout: Duration,
    /// Bound of each command.
    pub command_timeout: Duration,
    /// Bound of fetching one window.
    pub window_timeout: Duration,
    /// Whether IDLE is used when the server has it; else it is polled.
    pub idle: bool,
    /// Certificates in PEM that are trusted beside those of Mozilla's list: a house's own authority.
    pub extra_root_pem: Option<Vec<u8>>,
}

impl ImapSettings {
    /// The usual: TLS at port 993, LOGIN, 20 s to connect, 30 s a command, 60 s a window, IDLE.
    #[must_use]
    pub fn new(host: impl Into<String>, user: impl Into<String>, password: SecretString) -> Self {
        Self {
            host: host.into(),
            port: 993,
            security: Security::Tls,
            user: user.into(),
            password,
            auth: Auth::Login,
            client_id: ("caibian".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            connect_timeout: Duration::from_secs(20),
            command_timeout: Duration::from_secs(30),
            window_timeout: Duration::from_secs(60),
            idle: true,
            extra_root_pem: None,
        }
    }

    /// Whether the host is one of NetEase's, whose servers want an IMAP ID before SELECT and an authorisation code.
    #[must_use]
    pub(crate) fn is_netease(&self) -> bool {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        ["163.com", "126.com", "yeah.net", "188.com"]
            .iter()
            .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netease_hosts_are_known_by_their_domain() {
        for (host, netease) in [
            ("imap.163.com", true),
            ("IMAP.126.COM", true),
            ("imap.yeah.net", true),
            ("imap.188.com.", true),
            ("163.com", true),
            ("imap.not163.com", false),
            ("imap.163.com.example.org", false),
            ("imap.qq.com", false),
        ] {
            assert_eq!(ImapSettings::new(host, "u", "p".into()).is_netease(), netease, "{host}");
        }
    }

    #[test]
    fn the_password_does_not_show_in_the_debug_form() {
        let shown = format!("{:?}", ImapSettings::new("h", "u", "hunter2".into()));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
