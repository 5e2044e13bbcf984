//! How to reach one mail server, and how long each step may take.

use std::time::Duration;

use secrecy::SecretString;

/// Letters that one connection carries: NetEase refuses more with 450 MI:DMC.
pub const LETTERS_MAX: u32 = 50;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (usually port 465).
    Tls,
    /// TLS after the command STARTTLS (usually port 587); never without.
    StartTls,
    /// None: refused unless the host is this machine.
    Plain,
}

/// Settings of one server. The password never shows in its debug form.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Host name, checked against the certificate; or an address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User name.
    pub user: String,
    /// Password; with NetEase the authorisation code (授权码). Empty: no login, for a relay that asks for none.
    pub password: SecretString,
    /// Whether the password is an access token (SASL XOAUTH2).
    pub is_token: bool,
    /// Bound of each command; the way to a login as a whole, the text and the answer to its end have more of it.
    pub timeout: Duration,
    /// Certificates in PEM that are trusted beside those of Mozilla's list: a house's own authority.
    pub extra_root_pem: Option<Vec<u8>>,
}

impl SmtpSettings {
    /// Bound of the way from a name to a login.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        self.timeout * 2
    }

    /// Bound of sending the text, all but its end.
    #[must_use]
    pub fn text_timeout(&self) -> Duration {
        self.timeout * 2
    }

    /// Bound of the answer to the end of a mail. The longest, as RFC 5321 §4.5.3.2.6 asks: whoever leaves early does not
    /// know what became of the letter.
    #[must_use]
    pub fn end_timeout(&self) -> Duration {
        self.timeout * 5
    }

    /// How long a letter may be in hand: every step at its bound, with a second connection after a first one that the
    /// server closed, and room for the tables.
    #[must_use]
    pub fn lease(&self) -> Duration {
        let commands = self.timeout * 3 * 2;
        self.connect_timeout() * 2 + commands + self.text_timeout() + self.end_timeout() + self.timeout * 2
    }
}
