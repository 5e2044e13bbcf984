//! A collector of traces (OTLP over gRPC) that keeps whatever reaches it.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{AnyValue, KeyValue, any_value::Value},
};
use prost::Message;
use tokio::sync::oneshot;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{
    Request, Response, Status,
    transport::{Identity, Server, ServerTlsConfig},
};

use crate::authority::Leaf;

/// A span as it was told.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its name.
    pub name: String,
    /// Its kind, as OTLP counts them: 1 internal, 2 server, 3 client.
    pub kind: i32,
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 of them.
    pub span_id: String,
    /// The same; empty where the span begins a trace.
    pub parent: String,
    /// By name, as text.
    pub attributes: BTreeMap<String, String>,
    /// The traces that it points at.
    pub links: Vec<String>,
    /// Whether it says that something went wrong.
    pub is_fault: bool,
    /// Lines of logs and the like that it holds.
    pub events: usize,
    /// Of the process that told it.
    pub resource: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Kept {
    requests: Vec<ExportTraceServiceRequest>,
    headers: Vec<String>,
}

/// One that listens until it is dropped.
#[derive(Debug)]
pub struct Collector {
    kept: Arc<Mutex<Kept>>,
    endpoint: String,
    stop: Option<oneshot::Sender<()>>,
}

struct Service(Arc<Mutex<Kept>>);

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.headers.push(format!("{:?}", request.metadata().clone().into_headers()));
        let bearer = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        kept.headers.extend(bearer.map(str::to_owned));
        kept.requests.push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    /// Starts it on a thread of its own.
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// Starts one that answers by TLS as `localhost`, with this certificate.
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn start_by_tls(leaf: &Leaf) -> Self {
        Self::start_with(Some(leaf))
    }

    fn start_with(leaf: Option<&Leaf>) -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("it can");
        let port = listener.local_addr().expect("it is bound").port();
        let (stop, stopped) = oneshot::channel::<()>();
        let (mut server, mut endpoint) = (Server::builder(), format!("http://127.0.0.1:{port}"));
        if let Some(leaf) = leaf {
            let identity = Identity::from_pem(&leaf.certificate, &leaf.key);
            server = server.tls_config(ServerTlsConfig::new().identity(identity)).expect("PEM");
            endpoint = format!("https://localhost:{port}");
        }
        let service = TraceServiceServer::new(Service(kept.clone()));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let incoming = TcpListenerStream::new(tokio::net::TcpListener::from_std(listener).expect("a listener"));
                let serving = server.add_service(service).serve_with_incoming(incoming);
                tokio::select! {
                    _ = serving => {}
                    _ = stopped => {}
                }
            });
        });
        Self { kept, endpoint, stop: Some(stop) }
    }

    /// The lines of `[traces]` that lead here, to stand at the end of the settings.
    #[must_use]
    pub fn settings(&self) -> String {
        settings(&self.endpoint)
    }

    /// Every span that came.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spans = Vec::new();
        for of_process in kept.requests.iter().flat_map(|request| &request.resource_spans) {
            let resource = of_process.resource.as_ref().map(|resource| texts(&resource.attributes)).unwrap_or_default();
            for span in of_process.scope_spans.iter().flat_map(|scope| &scope.spans) {
                spans.push(Span {
                    name: span.name.clone(),
                    kind: span.kind,
                    trace_id: hex(&span.trace_id),
                    span_id: hex(&span.span_id),
                    parent: hex(&span.parent_span_id),
                    attributes: texts(&span.attributes),
                    links: span.links.iter().map(|link| hex(&link.trace_id)).collect(),
                    is_fault: span.status.as_ref().is_some_and(|status| status.code == 2),
                    events: span.events.len(),
                    resource: resource.clone(),
                });
            }
        }
        spans
    }

    /// All bytes of all requests, as they go over the line.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.requests.iter().flat_map(Message::encode_to_vec).collect()
    }

    /// What stood in the heads of the requests.
    #[must_use]
    pub fn headers(&self) -> Vec<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).headers.clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

/// The lines of `[traces]` that lead there.
#[must_use]
pub fn settings(endpoint: &str) -> String {
    format!("[traces]\nendpoint = {endpoint:?}\n")
}

/// A collector that takes every connection and never says a word, as long as this is held.
#[derive(Debug)]
pub struct Mute(TcpListener);

impl Mute {
    /// Listens.
    ///
    /// # Panics
    /// When it cannot.
    #[must_use]
    pub fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a free port"))
    }

    /// The lines of `[traces]` that lead here.
    ///
    /// # Panics
    /// Never: it is bound.
    #[must_use]
    pub fn settings(&self) -> String {
        settings(&format!("http://{}", self.0.local_addr().expect("it is bound")))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &AnyValue| match &value.value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes
        .iter()
        .map(|attribute| (attribute.key.clone(), attribute.value.as_ref().map(text).unwrap_or_default()))
        .collect()
}
