//! A person at the desk without a browser: keeps the desk's cookies and sends the forms of pages as they stand there.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

/// Somebody who reads pages and sends forms.
#[derive(Clone, Debug)]
pub struct Visitor {
    address: String,
    /// By name.
    cookies: BTreeMap<String, String>,
    tls: Option<Tls>,
    /// What a proxy tells of whence they come; empty without one.
    forwarded_for: String,
}

/// How a desk is reached behind a proxy with TLS.
#[derive(Clone)]
struct Tls {
    /// The host that is asked for, with its port.
    host: String,
    client: Arc<ClientConfig>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("host", &self.host).finish_non_exhaustive()
    }
}

trait Line: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The status.
    pub status: u16,
    /// Where it leads on to; empty if nowhere.
    pub location: String,
    /// Where the page leads on by itself, as the header says it; empty if nowhere.
    pub refresh: String,
    /// The page.
    pub html: String,
}

/// A form of a page with what it holds already.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    /// With a field filled in, instead of what it held.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.into(), value.into()));
        self
    }
}

impl Shown {
    /// The first form whose HTML holds these words.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn form(&self, words: &str) -> Form {
        let forms = self.html.split("<form").skip(1).filter_map(|form| form.split("</form>").next());
        let form = forms.into_iter().find(|form| form.contains(words));
        let form = form.unwrap_or_else(|| panic!("no form with {words:?} in {}", self.html));
        let hidden = form.split("<input").skip(1).filter(|input| attribute(input, "type").as_deref() == Some("hidden"));
        Form {
            action: attribute(form, "action").expect("a form says where it is sent"),
            fields: hidden
                .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())))
                .collect(),
        }
    }

    /// The first link that begins so.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn link(&self, beginning: &str) -> String {
        let links = self.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let link = links.into_iter().find(|link| link.starts_with(beginning));
        unescaped(link.unwrap_or_else(|| panic!("no link to {beginning} in {}", self.html)))
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(unescaped)
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// A value as a form sends it.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

impl Visitor {
    /// Somebody at the desk that listens there, not signed in.
    #[must_use]
    pub fn at(address: &str) -> Self {
        Self { address: address.into(), cookies: BTreeMap::new(), tls: None, forwarded_for: String::new() }
    }

    /// Somebody at `host` (`desk.localhost:8443`) whose port is that of `127.0.0.1`, and whose certificate one in `roots`
    /// signed, a PEM.
    ///
    /// # Panics
    /// When the PEM holds no certificate.
    #[must_use]
    pub fn over_tls(host: &str, roots: &[u8]) -> Self {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(roots) {
            store.add(certificate.expect("a PEM")).expect("a certificate");
        }
        let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let client = versions.with_safe_default_protocol_versions().expect("ring has them");
        let client = Arc::new(client.with_root_certificates(store).with_no_client_auth());
        let port = host.rsplit_once(':').map_or("443", |(_, port)| port);
        let tls = Some(Tls { host: host.to_owned(), client });
        Self { address: format!("127.0.0.1:{port}"), cookies: BTreeMap::new(), tls, forwarded_for: String::new() }
    }

    /// The same person as behind a proxy that says so in `X-Forwarded-For`.
    #[must_use]
    pub fn forwarded_for(mut self, told: &str) -> Self {
        told.clone_into(&mut self.forwarded_for);
        self
    }

    /// The same person with the same cookies at another address.
    #[must_use]
    pub fn moved(mut self, address: &str) -> Self {
        address.clone_into(&mut self.address);
        self
    }

    async fn line(&self) -> Box<dyn Line> {
        let line = TcpStream::connect(&self.address).await.expect("the desk listens");
        let Some(tls) = &self.tls else { return Box::new(line) };
        let name = tls.host.split(':').next().unwrap_or_default().to_owned();
        let name = ServerName::try_from(name).expect("the name of a host");
        Box::new(TlsConnector::from(tls.client.clone()).connect(name, line).await.expect("a certificate of that name"))
    }

    /// Reads a page.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn get(&mut self, path: &str) -> Shown {
        self.ask("GET", path, "").await
    }

    /// Sends a form, as a page of the desk's own would.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn send(&mut self, form: &Form) -> Shown {
        let fields: Vec<_> =
            form.fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        self.ask("POST", &form.action, &fields.join("&")).await
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> Shown {
        let mut line = self.line().await;
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let forwarded = match self.forwarded_for.as_str() {
            "" => String::new(),
            told => format!("X-Forwarded-For: {told}\r\n"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nSec-Fetch-Site: same-origin\r\n{forwarded}Connection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.tls.as_ref().map_or(&self.address, |tls| &tls.host),
            cookies.join("; "),
            body.len()
        );
        line.write_all(request.as_bytes()).await.expect("the desk reads");
        let mut answer = Vec::new();
        // A proxy may end a TLS connection without a word.
        let read = line.read_to_end(&mut answer).await;
        assert!(read.is_ok() || !answer.is_empty(), "the desk answers: {read:?}");
        let answer = String::from_utf8_lossy(&answer);
        let (head, html) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let field = |name: &str| {
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")));
            line.map(|line| line[name.len() + 2..].to_owned()).unwrap_or_default()
        };
        for line in head.lines() {
            let Some((name, cookie)) = line.split_once(": ") else { continue };
            let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((cookie, value)) = pair.filter(|_| name.eq_ignore_ascii_case("set-cookie")) {
                self.cookies.insert(cookie.to_owned(), value.to_owned());
            }
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Shown { status, location: field("location"), refresh: field("refresh"), html: html.to_owned() }
    }
}
