//! What an operator asks a running process over HTTP: whether it lives, whether it is ready, and its metrics.
//!
//! `/livez` answers while tasks run at all; restarting a process that does not is right. `/readyz` is 503 while the process
//! cannot do its work (its tables or its service away, the disk full, draining) and 200 else; both say why, and what runs
//! badly without being down: a mail server that does not answer makes no API unready. `/metrics` is for Prometheus.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router, extract,
    http::{HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, Utc};
use intake::message::Stage;
use measure::Vitals;
use reply::outbox::State;
use serde::Serialize;
use store::Store;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{Failure, backup, raw::AnyBlobs};

/// How long one look stands for all who ask.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a look may take.
const LOOK_WITHIN: Duration = Duration::from_secs(2);
/// With less space than this no mail can be kept.
pub const FREE_BYTES_MIN: u64 = 64 << 20;
/// A mailbox that was not swept for so long does badly.
pub const SWEEP_AGE_MAX: Duration = Duration::from_secs(10 * 60);
/// The same for a mail that is not recorded.
pub const PENDING_AGE_MAX: Duration = Duration::from_secs(30 * 60);
/// How long `caibian healthcheck` waits.
const ASK_WITHIN: Duration = Duration::from_secs(4);

/// When a certificate ends, as it is now.
pub type Ends = Arc<dyn Fn() -> Option<DateTime<Utc>> + Send + Sync>;

/// What a process is made of, as far as it can fail.
#[derive(Clone, Default)]
pub struct Parts {
    /// The tables.
    pub store: Option<Store>,
    /// Where raw bytes are written.
    pub blobs: Option<AnyBlobs>,
    /// Mailboxes that this process sweeps.
    pub mailboxes: Vec<String>,
    /// The data folder, where a backup leaves word.
    pub data: PathBuf,
    /// The service that the desk asks, where it is another process's.
    pub api: Option<tls::Remote>,
    /// When the certificates end that are shown; each may change.
    pub certificates: Vec<Ends>,
}

struct Ops {
    parts: Parts,
    channel: Option<Channel>,
    began: Instant,
    cancel: CancellationToken,
    looked: Mutex<Option<(Instant, Told)>>,
}

/// What a look came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Told {
    ready: bool,
    /// Why it is not ready.
    reasons: Vec<String>,
    /// What runs badly.
    degraded: Vec<String>,
}

/// Listens.
pub struct Bound {
    listener: TcpListener,
    ops: Arc<Ops>,
}

impl Bound {
    /// Listens; every answer is about these parts.
    pub async fn new(listen: SocketAddr, parts: Parts, cancel: CancellationToken) -> Result<Self, Failure> {
        let listener =
            TcpListener::bind(listen).await.map_err(|error| format!("setting ops.listen: {listen}: {error}"))?;
        let dial =
            |api: &tls::Remote| api.channel(|endpoint| endpoint.connect_timeout(LOOK_WITHIN).timeout(LOOK_WITHIN));
        let channel = parts.api.as_ref().map(dial).transpose()?;
        let ops = Ops { parts, channel, began: Instant::now(), cancel, looked: Mutex::default() };
        Ok(Self { listener, ops: Arc::new(ops) })
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr, Failure> {
        Ok(self.listener.local_addr()?)
    }

    /// Answers until `ended`: during a drain it still tells of it.
    pub async fn serve(self, ended: CancellationToken) -> Result<(), Failure> {
        let router = Router::new()
            .route("/livez", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .layer(map_response(plain))
            .with_state(self.ops);
        ended.run_until_cancelled(axum::serve(self.listener, router).into_future()).await.transpose()?;
        Ok(())
    }
}

/// What is told is what it says it is, and no page.
async fn plain(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

async fn ready(extract::State(ops): extract::State<Arc<Ops>>) -> Response {
    let told = ops.told().await;
    let status = if told.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_string(&told).unwrap_or_default() + "\n";
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

async fn metrics(extract::State(ops): extract::State<Arc<Ops>>) -> Response {
    ops.told().await;
    ([(header::CONTENT_TYPE, HeaderValue::from_static(measure::MEDIA_TYPE))], measure::text()).into_response()
}

impl Ops {
    /// The last look, if it is young, or a new one; many who ask at once share it.
    async fn told(&self) -> Told {
        let mut looked = self.looked.lock().await;
        let told = match &*looked {
            Some((at, told)) if at.elapsed() < LOOK_EVERY => told.clone(),
            _ => {
                let told = self.look().await;
                *looked = Some((Instant::now(), told.clone()));
                told
            }
        };
        if self.cancel.is_cancelled() {
            let reasons = [vec!["draining".into()], told.reasons].concat();
            return Told { ready: false, reasons, degraded: told.degraded };
        }
        told
    }

    async fn look(&self) -> Told {
        let mut told = Told::default();
        let mut vitals = Vitals::default();
        if let Some(store) = &self.parts.store {
            let looking = self.look_at_tables(store, &mut vitals, &mut told.degraded);
            match tokio::time::timeout(LOOK_WITHIN, looking).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => told.reasons.push(format!("the tables: {error}")),
                Err(_) => told.reasons.push(format!("the tables do not answer in {LOOK_WITHIN:?}")),
            }
        }
        if let Some(blobs) = &self.parts.blobs {
            match blobs.free_bytes().await {
                Ok(free) => {
                    vitals.free_bytes = Some(free);
                    if free < FREE_BYTES_MIN {
                        told.reasons.push(format!("only {free} bytes are free where raw mails are written"));
                    }
                }
                Err(error) => told.reasons.push(format!("the folder of raw mails: {error}")),
            }
        }
        if let Some(channel) = &self.channel {
            let asked = HealthClient::new(channel.clone()).check(HealthCheckRequest::default()).await;
            match asked {
                Ok(answer) if answer.get_ref().status() == ServingStatus::Serving => {}
                Ok(_) => told.reasons.push("the gRPC service says that it is not serving".into()),
                Err(status) => told.reasons.push(format!("the gRPC service: {}", status.message())),
            }
        }
        let now = Utc::now();
        let ends = self.parts.certificates.iter().filter_map(|ends| ends()).min();
        vitals.certificate_ends_in = ends.map(|end| (end - now).to_std().unwrap_or_default());
        if vitals.certificate_ends_in == Some(Duration::ZERO) {
            told.degraded.push("a certificate of gRPC has ended".into());
        }
        told.ready = told.reasons.is_empty();
        vitals.is_ready = told.ready && !self.cancel.is_cancelled();
        measure::set(&vitals);
        told
    }

    async fn look_at_tables(
        &self,
        store: &Store,
        vitals: &mut Vitals,
        degraded: &mut Vec<String>,
    ) -> Result<(), store::Error> {
        let now = Utc::now();
        vitals.backup_age = backup::last(&self.parts.data).and_then(|at| (now - at).to_std().ok());
        store.ping().await?;
        let found = store.vitals(now).await?;
        vitals.messages = found.messages.iter().map(|(stage, count)| (stage.as_str(), *count)).collect();
        vitals.letters = found.letters.iter().map(|(state, count)| (state.as_str(), *count)).collect();
        vitals.suppressed = found.suppressed;
        vitals.oldest_letter = found.oldest_letter;
        for (stage, words) in [(Stage::Quarantined, "in quarantine"), (Stage::TooLarge, "too large to fetch")] {
            let count = found.messages.iter().find(|(known, _)| *known == stage).map_or(0, |(_, count)| *count);
            if count > 0 {
                degraded.push(format!("mails {words}: {count}"));
            }
        }
        let uncertain = found.letters.iter().find(|(state, _)| *state == State::Uncertain);
        if let Some((_, count)) = uncertain.filter(|(_, count)| *count > 0) {
            degraded.push(format!("letters of which nobody knows whether they went: {count}"));
        }
        for mailbox in store.mailbox_list(now).await? {
            let name = &mailbox.enrolment.name;
            let pending = Duration::from_secs(mailbox.lag_seconds);
            vitals.oldest_pending = vitals.oldest_pending.max(pending);
            if pending > PENDING_AGE_MAX {
                degraded.push(format!("mailbox {name}: a mail has waited for {} minutes", pending.as_secs() / 60));
            }
            // What another process sweeps is that one's to tell.
            if !self.parts.mailboxes.contains(name) {
                continue;
            }
            // A folder that was never swept counts from this process's begin.
            let ages = mailbox.folders.iter().map(|folder| match folder.last_sweep_at {
                Some(at) => (now - at).to_std().unwrap_or_default(),
                None => self.began.elapsed(),
            });
            let age = ages.max().unwrap_or_default();
            if age > SWEEP_AGE_MAX {
                let why = mailbox.last_error.as_ref().map(|(why, _)| format!(": {why}")).unwrap_or_default();
                degraded.push(format!("mailbox {name}: not swept for {} minutes{why}", age.as_secs() / 60));
            }
            vitals.sweeps.push((name.clone(), age));
        }
        let campaigns = store.campaign_list(None, store::LIST_MAX).await?;
        let ends = campaigns.iter().map(intake::campaign::Campaign::late_from).filter(|end| *end > now);
        vitals.deadline_in = ends.min().and_then(|end| (end - now).to_std().ok());
        Ok(())
    }
}

/// Asks the process at `listen` whether it is ready; an error when it is not, or does not answer.
pub async fn healthcheck(listen: SocketAddr) -> Result<(), Failure> {
    let (is_ready, body) = ask(listen).await?;
    print!("{body}");
    if is_ready { Ok(()) } else { Err(format!("{listen}: not ready").into()) }
}

/// What the process at `listen` says of itself: whether it is ready, and the JSON that tells why not.
///
/// # Errors
/// When nobody answers.
pub async fn ask(listen: SocketAddr) -> Result<(bool, String), Failure> {
    let asking = async {
        let mut line = TcpStream::connect(listen).await?;
        line.write_all(b"GET /readyz HTTP/1.0\r\n\r\n").await?;
        let mut answer = String::new();
        line.take(64 * 1024).read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(ASK_WITHIN, asking).await;
    let answer = answer.map_err(|_| format!("{listen} does not answer in {ASK_WITHIN:?}"))?;
    let answer = answer.map_err(|error| format!("{listen}: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Ok((head.split(' ').nth(1) == Some("200"), body.to_owned()))
}

#[cfg(test)]
mod tests;
