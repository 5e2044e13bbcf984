//! HTTP/1.1 to a bucket's server, over the TLS that all of caibian uses: each wait has a bound, and each answer that is no
//! blob. Follows no redirect, so that a signed request goes nowhere else.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::{
    Method,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect},
    rt::{TokioExecutor, TokioTimer},
};
use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
        HttpResponseBody, HttpService,
    },
};
use tokio::time::{Instant, Sleep, sleep, timeout};

use crate::Error;

/// Until a connection is made.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// From the end of a request to the head of its answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The slowest line on which an upload is waited for.
const BYTES_PER_SECOND_MIN: u64 = 64 * 1024;
/// Between two pieces of an answer.
const PIECE_WITHIN: Duration = Duration::from_secs(30);
/// An answer that is no blob: a page of a list has a thousand keys.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// How long a connection is kept for the next request, and how many.
const IDLE: Duration = Duration::from_secs(15);
const IDLE_MAX: usize = 8;

/// Makes clients.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    client: Client<HttpsConnector<connect::HttpConnector>, HttpRequestBody>,
}

impl Connector {
    /// With the usual authorities, and those of a PEM text beside them; speaks plain HTTP only if that is said.
    pub fn new(authorities: Option<&str>, is_plain: bool) -> Result<Self, Error> {
        let tls = tls::client(authorities.map(str::as_bytes)).map_err(|error| Error::Settings(error.to_string()))?;
        let mut tcp = connect::HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_WITHIN));
        tcp.set_nodelay(true);
        let https = HttpsConnectorBuilder::new().with_tls_config((*tls).clone());
        let https = if is_plain { https.https_or_http() } else { https.https_only() };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_MAX)
            .build(https.enable_http1().wrap_connector(tcp));
        Ok(Self { client })
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait::async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let asks_for_a_blob = request.method() == Method::GET && request.uri().query().is_none();
        let sent_within = Duration::from_secs(request.body().content_length() as u64 / BYTES_PER_SECOND_MIN);
        let answer = timeout(CONNECT_WITHIN + sent_within + ANSWER_WITHIN, self.client.request(request)).await;
        let answer = answer.map_err(|_| too_slow())?.map_err(|error| {
            let kind = if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Interrupted };
            HttpError::new(kind, error)
        })?;
        let is_blob = asks_for_a_blob && answer.status().is_success();
        let left = if is_blob { u64::MAX } else { ANSWER_BYTES_MAX };
        Ok(answer.map(|body| HttpResponseBody::new(Bounded { body, left, patience: Box::pin(sleep(PIECE_WITHIN)) })))
    }
}

fn too_slow() -> HttpError {
    HttpError::new(HttpErrorKind::Timeout, io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))
}

/// An answer whose pieces come in time and are not more than we take.
#[derive(Debug)]
struct Bounded {
    body: Incoming,
    left: u64,
    patience: Pin<Box<Sleep>>,
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
            return self.patience.as_mut().poll(context).map(|()| Some(Err(too_slow())));
        };
        self.patience.as_mut().reset(Instant::now() + PIECE_WITHIN);
        Poll::Ready(frame.map(|frame| {
            let frame = frame.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error))?;
            let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
            self.left = self.left.checked_sub(bytes).ok_or_else(|| {
                let error =
                    io::Error::new(io::ErrorKind::InvalidData, "the answer is longer than any that is asked for");
                HttpError::new(HttpErrorKind::Decode, error)
            })?;
            Ok(frame)
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
