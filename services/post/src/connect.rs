//! The way to a server that takes letters: name, socket, TLS, greeting, login.

use std::{io, net::SocketAddr};

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, Mechanism},
    client::AsyncSmtpConnection,
    commands::Starttls,
    extension::{ClientId, Extension},
};
use reply::outbox::{Outcome, Stage};
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use crate::{
    line::{Line, Socket, line},
    said,
    settings::{Security, SmtpSettings},
};

/// A connection that has logged in.
pub(crate) struct Open {
    /// Drives the commands.
    pub(crate) smtp: AsyncSmtpConnection,
    /// Holds the gate before the end of a mail.
    pub(crate) line: Line,
    /// Letters that it has carried.
    pub(crate) letters: u32,
}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server says that it will not now.
    Busy(String),
    /// Our own side: the name, the way, the certificate, something that is no mail server.
    Ours(String),
    /// The login was refused: asking again at once would prolong a ban.
    Login(String),
}

impl Trouble {
    /// What it means for a letter that waits.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Busy(said) => Outcome::Deferred { stage: Stage::Connect, said },
            Self::Ours(said) | Self::Login(said) => Outcome::Unable { said },
        }
    }
}

/// Connects, protects the connection as set, and logs in, within a bound of time.
pub(crate) async fn connect(settings: &SmtpSettings) -> Result<Open, Trouble> {
    match tokio::time::timeout(settings.connect_timeout(), within(settings)).await {
        Ok(open) => open,
        Err(_) => Err(Trouble::Ours(format!(
            "the server {} did not greet and log in within {} s",
            settings.host,
            settings.connect_timeout().as_secs_f32()
        ))),
    }
}

async fn within(settings: &SmtpSettings) -> Result<Open, Trouble> {
    let (socket, peer) = dial(settings).await?;
    let name = ClientId::default();
    let (mut smtp, line) = match settings.security {
        Security::Plain => greeted(Box::new(socket), peer, b"", &name).await?,
        Security::Tls => greeted(protect(settings, Box::new(socket)).await?, peer, b"", &name).await?,
        Security::StartTls => {
            let (mut smtp, line) = greeted(Box::new(socket), peer, b"", &name).await?;
            if !smtp.server_info().supports_feature(Extension::StartTls) {
                return Err(Trouble::Ours(format!(
                    "the server {} offers no STARTTLS (or somebody on the way took the offer out): nothing is sent in plain",
                    settings.host
                )));
            }
            smtp.command(Starttls).await.map_err(trouble)?;
            // Only the bare socket goes on: what was said before the handshake anyone could have said.
            drop(smtp);
            let socket = line.into_socket().ok_or_else(|| Trouble::Ours("the socket is gone".into()))?;
            greeted(protect(settings, socket).await?, peer, b"220 protected\r\n", &name).await?
        }
    };
    login(settings, &mut smtp).await?;
    tracing::debug!(host = settings.host, port = settings.port, security = ?settings.security, "connected");
    Ok(Open { smtp, line, letters: 0 })
}

async fn greeted(
    socket: Box<dyn Socket>,
    peer: SocketAddr,
    greeting: &'static [u8],
    name: &ClientId,
) -> Result<(AsyncSmtpConnection, Line), Trouble> {
    let (line, wire) = line(socket, peer, greeting);
    let smtp = AsyncSmtpConnection::connect_with_transport(Box::new(wire), name).await.map_err(trouble)?;
    Ok((smtp, line))
}

/// A refusal before a login speaks of the server's day, not of a letter.
fn trouble(error: Error) -> Trouble {
    let said = said::failure(&error);
    if error.status().is_some() { Trouble::Busy(said) } else { Trouble::Ours(said) }
}

async fn login(settings: &SmtpSettings, smtp: &mut AsyncSmtpConnection) -> Result<(), Trouble> {
    let password = settings.password.expose_secret();
    if password.is_empty() {
        return Ok(());
    }
    let mechanisms: &[Mechanism] =
        if settings.is_token { &[Mechanism::Xoauth2] } else { &[Mechanism::Plain, Mechanism::Login] };
    if smtp.server_info().get_auth_mechanism(mechanisms).is_none() {
        // A relay on this machine knows its callers by where they come from.
        return match settings.security {
            Security::Plain => Ok(()),
            _ => Err(Trouble::Ours(format!("the server {} offers no login that we know", settings.host))),
        };
    }
    let credentials = Credentials::new(settings.user.clone(), password.to_owned());
    smtp.auth(mechanisms, &credentials).await.map(drop).map_err(|error| {
        let said = said::refused_login(&error);
        if error.is_permanent() {
            Trouble::Login(format!(
                "the server {} refused the login (with NetEase and QQ it wants the authorisation code): {said}",
                settings.host
            ))
        } else if error.is_transient() {
            // 451: too many refused logins, a ban for a while.
            Trouble::Login(format!("the server {} takes no login now: {said}", settings.host))
        } else {
            Trouble::Ours(said)
        }
    })
}

async fn dial(settings: &SmtpSettings) -> Result<(TcpStream, SocketAddr), Trouble> {
    let failed = |error: io::Error| {
        Trouble::Ours(said::bounded(&format!("cannot connect to {}:{}: {error}", settings.host, settings.port)))
    };
    let addresses: Vec<SocketAddr> =
        lookup_host((settings.host.as_str(), settings.port)).await.map_err(failed)?.collect();
    if settings.security == Security::Plain && !addresses.iter().all(|address| address.ip().is_loopback()) {
        return Err(Trouble::Ours(format!(
            "a connection without TLS is only allowed to this machine, and {} is not",
            settings.host
        )));
    }
    let socket = TcpStream::connect(&addresses[..]).await.map_err(failed)?;
    // Text and end are two writes: with Nagle's delay each letter takes 40 ms longer.
    socket.set_nodelay(true).map_err(failed)?;
    let peer = socket.peer_addr().map_err(failed)?;
    Ok((socket, peer))
}

async fn protect(settings: &SmtpSettings, socket: Box<dyn Socket>) -> Result<Box<dyn Socket>, Trouble> {
    let failed = |error: &dyn std::fmt::Display| {
        Trouble::Ours(said::bounded(&format!("no protected connection to {}: {error}", settings.host)))
    };
    let name = ServerName::try_from(settings.host.clone()).map_err(|error| failed(&error))?;
    let config = tls::client(settings.extra_root_pem.as_deref()).map_err(|error| failed(&error))?;
    let stream = TlsConnector::from(config).connect(name, socket).await.map_err(|error| failed(&error))?;
    Ok(Box::new(stream))
}
