//! An S3 server in this process that keeps what it is given, tells what it was asked, and misbehaves when it is told to.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use stdx::Sha256;
use tokio::net::TcpListener;

pub const BUCKET: &str = "magazine";
pub const KEY_ID: &str = "AKIATEST";

/// Keys that one page of a list holds.
const PAGE: usize = 3;

/// What a request meets instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status, with the code that S3 gives.
    Status(u16, &'static str),
    /// The line is cut when some of the request has come.
    CutRequest,
    /// The line is cut when half of the answer's body has gone.
    CutAnswer,
    /// One byte of the body is another.
    OtherByte,
    /// Nothing comes, ever.
    Silence,
}

#[derive(Default)]
pub struct State {
    pub objects: BTreeMap<String, (Bytes, DateTime<Utc>)>,
    /// Uploads that were begun and neither completed nor taken back.
    pub uploads: BTreeMap<String, BTreeMap<u32, Bytes>>,
    /// `METHOD key?query` of each request.
    pub asked: Vec<String>,
    /// What the next requests with this method meet; the others go through.
    pub faults: VecDeque<(Method, Fault)>,
    /// What each request with this method meets.
    pub always: Option<(Method, Fault)>,
    /// How many requests came.
    count: u64,
}

#[derive(Clone)]
pub struct Server {
    pub address: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: format!("http://{}", listener.local_addr().unwrap()), state: Arc::default() };
        let ours = server.clone();
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                let ours = ours.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| ours.clone().answer(request));
                    // A line that is cut on purpose ends here too.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(line), service).await;
                });
            }
        });
        server
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    pub fn meets(&self, method: Method, faults: &[Fault]) {
        self.with(|state| state.faults.extend(faults.iter().map(|fault| (method.clone(), *fault))));
    }

    pub fn always(&self, method: Method, fault: Fault) {
        self.with(|state| state.always = Some((method, fault)));
    }

    pub fn heals(&self) {
        self.with(|state| {
            state.always = None;
            state.faults.clear();
        });
    }

    /// The requests since the last look.
    pub fn asked(&self) -> Vec<String> {
        self.with(|state| std::mem::take(&mut state.asked))
    }

    fn fault(&self, method: &Method) -> Option<Fault> {
        self.with(|state| {
            if state.faults.front().is_some_and(|(of, _)| of == method) {
                return state.faults.pop_front().map(|(_, fault)| fault);
            }
            state.always.as_ref().filter(|(of, _)| of == method).map(|(_, fault)| *fault)
        })
    }

    async fn answer(self, request: Request<Incoming>) -> io::Result<Response<Cuttable>> {
        let (head, mut body) = request.into_parts();
        let path = head.uri.path().trim_start_matches('/');
        let key = path.strip_prefix(BUCKET).map(|key| key.trim_start_matches('/').to_owned());
        let query = head.uri.query().unwrap_or_default().to_owned();
        let fault = self.fault(&head.method);
        self.with(|state| {
            state.count += 1;
            state.asked.push(format!("{} {}?{query}", head.method, key.as_deref().unwrap_or_default()));
        });
        match fault {
            Some(Fault::Status(status, code)) => return Ok(refused(status, code)),
            Some(Fault::CutRequest) => {
                let _ = body.frame().await;
                return Err(io::Error::other("cut"));
            }
            Some(Fault::Silence) => std::future::pending().await,
            _ => {}
        }
        let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let told = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !told("authorization").contains(&format!("Credential={KEY_ID}/")) {
            return Ok(refused(403, "InvalidAccessKeyId"));
        }
        if told("x-amz-content-sha256") != Sha256::of(&bytes).hex() {
            return Ok(refused(400, "XAmzContentSHA256Mismatch"));
        }
        let Some(key) = key else { return Ok(refused(404, "NoSuchBucket")) };
        let asked = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(found, _)| *found == name).map(|(_, value)| value.replace("%2F", "/")).next()
        };
        let mut answer = self.with(|state| match (head.method.clone(), asked("uploadId"), asked("partNumber")) {
            (Method::GET, ..) if key.is_empty() => {
                listed(state, &asked("prefix").unwrap(), asked("continuation-token"))
            }
            (Method::GET | Method::HEAD, ..) => given(state, &key, told("range")),
            (Method::PUT, Some(upload), Some(part)) => match state.uploads.get_mut(&upload) {
                Some(parts) => {
                    parts.insert(part.parse().unwrap(), bytes.clone());
                    answered(200, vec![(header::ETAG, format!("\"{part}\""))], Bytes::new())
                }
                None => refused(404, "NoSuchUpload"),
            },
            (Method::PUT, ..) => {
                state.objects.insert(key.clone(), (bytes.clone(), Utc::now()));
                answered(200, vec![(header::ETAG, "\"e\"".into())], Bytes::new())
            }
            (Method::POST, None, _) => {
                let upload = format!("u{}", state.count);
                state.uploads.insert(upload.clone(), BTreeMap::new());
                let xml = format!(
                    "<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
                );
                answered(200, Vec::new(), xml.into())
            }
            (Method::POST, Some(upload), _) => match state.uploads.remove(&upload) {
                Some(parts) => {
                    let whole: Vec<u8> = parts.into_values().flatten().collect();
                    state.objects.insert(key.clone(), (whole.into(), Utc::now()));
                    let xml = "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>";
                    answered(200, Vec::new(), xml.into())
                }
                None => refused(404, "NoSuchUpload"),
            },
            (Method::DELETE, Some(upload), _) => {
                state.uploads.remove(&upload);
                answered(204, Vec::new(), Bytes::new())
            }
            _ => refused(405, "MethodNotAllowed"),
        });
        match fault {
            Some(Fault::CutAnswer) => answer.body_mut().is_cut = true,
            Some(Fault::OtherByte) => answer.body_mut().falsify(),
            _ => {}
        }
        Ok(answer)
    }
}

/// The body of an answer, which may end too early.
pub struct Cuttable {
    bytes: Bytes,
    is_cut: bool,
}

impl Cuttable {
    fn falsify(&mut self) {
        let mut bytes = self.bytes.to_vec();
        if let Some(byte) = bytes.last_mut() {
            *byte ^= 1;
        }
        self.bytes = bytes.into();
    }
}

impl hyper::body::Body for Cuttable {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<io::Result<hyper::body::Frame<Bytes>>>> {
        let half = self.bytes.len().div_ceil(2);
        let piece = self.bytes.split_to(half);
        if piece.is_empty() {
            return std::task::Poll::Ready(None);
        }
        if self.is_cut && self.bytes.len() < half {
            return std::task::Poll::Ready(Some(Err(io::Error::other("cut"))));
        }
        std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(piece))))
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(self.bytes.len() as u64)
    }
}

fn answered(status: u16, headers: Vec<(header::HeaderName, String)>, bytes: Bytes) -> Response<Cuttable> {
    let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Cuttable { bytes, is_cut: false }).unwrap()
}

/// As S3 does, with what was signed in the answer: it must not come into a log.
fn refused(status: u16, code: &str) -> Response<Cuttable> {
    let xml =
        format!("<Error><Code>{code}</Code><Message>no</Message><StringToSign>SIGNED-WORDS</StringToSign></Error>");
    answered(status, Vec::new(), xml.into())
}

fn given(state: &State, key: &str, range: &str) -> Response<Cuttable> {
    let Some((bytes, at)) = state.objects.get(key) else { return refused(404, "NoSuchKey") };
    let mut headers = vec![
        (header::ETAG, "\"e\"".into()),
        (header::LAST_MODIFIED, at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
    ];
    let Some((from, to)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        // Also of an empty one, for which the server here would leave it out.
        headers.push((header::CONTENT_LENGTH, bytes.len().to_string()));
        return answered(200, headers, bytes.clone());
    };
    let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
    headers.push((header::CONTENT_RANGE, format!("bytes {from}-{to}/{}", bytes.len())));
    answered(206, headers, bytes.slice(from..=to))
}

fn listed(state: &State, prefix: &str, after: Option<String>) -> Response<Cuttable> {
    let after = after.unwrap_or_default();
    let mut found = state.objects.iter().filter(|(key, _)| key.starts_with(prefix) && **key > after);
    let page: Vec<_> = found.by_ref().take(PAGE).collect();
    let mut xml = String::from("<ListBucketResult>");
    if let (Some((last, _)), Some(_)) = (page.last(), found.next()) {
        xml += &format!("<NextContinuationToken>{last}</NextContinuationToken>");
    }
    for (key, (bytes, at)) in page {
        let (at, size) = (at.to_rfc3339(), bytes.len());
        xml += &format!("<Contents><Key>{key}</Key><LastModified>{at}</LastModified><Size>{size}</Size></Contents>");
    }
    answered(200, Vec::new(), (xml + "</ListBucketResult>").into())
}
