//! Questions to a provider: HTTP/1.1, one connection each, TLS beyond this machine, no redirects, everything bounded.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, StatusCode, Uri,
    body::Bytes,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::Error;

/// From the first packet to the last byte of an answer.
const WITHIN: Duration = Duration::from_secs(8);

/// Bytes of an answer.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Asks.
#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
}

/// What goes along with a question.
#[derive(Default)]
struct Sent {
    form: String,
    authorization: Option<String>,
}

/// Whether an address is asked at all: TLS, or this machine.
pub fn is_protected(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else { return false };
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => matches!(host, "127.0.0.1" | "[::1]" | "localhost"),
        _ => false,
    }
}

impl Client {
    /// With the usual authorities, and those of a PEM text beside them.
    pub fn new(authorities: Option<&str>) -> Result<Self, Error> {
        let config = tls::client(authorities.map(str::as_bytes)).map_err(|error| Error::Settings(error.to_string()))?;
        Ok(Self { tls: TlsConnector::from(config) })
    }

    /// The answer to a GET.
    pub async fn get(&self, address: &str) -> Result<(StatusCode, Bytes), Error> {
        self.ask(Method::GET, address, Sent::default()).await
    }

    /// The answer to a form.
    pub async fn post(
        &self,
        address: &str,
        form: String,
        authorization: Option<String>,
    ) -> Result<(StatusCode, Bytes), Error> {
        self.ask(Method::POST, address, Sent { form, authorization }).await
    }

    async fn ask(&self, method: Method, address: &str, sent: Sent) -> Result<(StatusCode, Bytes), Error> {
        let asked = tokio::time::timeout(WITHIN, self.exchange(method, address, sent)).await;
        asked.map_err(|_| Error::Unavailable(format!("no answer within {WITHIN:?}")))?
    }

    async fn exchange(&self, method: Method, address: &str, sent: Sent) -> Result<(StatusCode, Bytes), Error> {
        let uri: Uri = address.parse().map_err(|_| Error::Unavailable("it names an address that is none".into()))?;
        if !is_protected(address) {
            return Err(Error::Unavailable("it names an address without TLS".into()));
        }
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_tls = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let failed = |error: std::io::Error| Error::Unavailable(error.to_string());
        let socket = TcpStream::connect((host.as_str(), port)).await.map_err(failed)?;
        if !is_tls {
            return request(socket, &uri, method, sent).await;
        }
        let name = ServerName::try_from(host).map_err(|error| Error::Unavailable(error.to_string()))?;
        request(self.tls.connect(name, socket).await.map_err(failed)?, &uri, method, sent).await
    }
}

async fn request<S>(socket: S, uri: &Uri, method: Method, sent: Sent) -> Result<(StatusCode, Bytes), Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let failed = |error: hyper::Error| Error::Unavailable(error.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.map_err(failed)?;
    // Ends with the answer: the sender is dropped below.
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, host)
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from(sent.form)))
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    if let Some(authorization) = sent.authorization {
        let value = HeaderValue::try_from(authorization).map_err(|error| Error::Unavailable(error.to_string()))?;
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    let answer = sender.send_request(request).await.map_err(failed)?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|error| Error::Unavailable(error.to_string()))?;
    Ok((status, body.to_bytes()))
}
