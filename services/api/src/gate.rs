//! Stands before every service, reflection included: who calls, and how long the call may take. A caller is known by the
//! token of a setting or of a session, by one that an issuer has signed ([`signed`]), or without a token by the certificate
//! of the line; a token goes before: people call over the desk's line. Without any caller set, who reaches the port and
//! brings no token is `local`, an administrator. What each may call stands in [`rights`]; only health and signing in are
//! open to nobody known.

use std::{
    convert::Infallible,
    mem,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use chrono::Utc;
use futures::future::BoxFuture;
use intake::review::Role;
use stdx::{ErrorKind, Sha256, Traceparent};
use store::{
    Store,
    account::{By, Session},
};
use subtle::ConstantTimeEq;
use tokio::time::Instant;
use tonic::{
    Code, Status,
    body::Body,
    codegen::http::{
        HeaderMap, HeaderValue, Request, Response, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
};
use tower::{Layer, Service};
use tracing::{Instrument, Span};

use crate::{
    Callers,
    accept::Peer,
    errors,
    line::Shown,
    rights::{self, Right},
    signed,
};

/// How long a call may take when it does not say, and at most.
const DEADLINE: Duration = Duration::from_secs(15);
/// The same for calls that wait for the worker or for an operation, or go over much that is stored.
const DEADLINE_LONG: Duration = Duration::from_secs(30);
/// The longest deadline that such a call may ask for.
const DEADLINE_LONG_MAX: Duration = Duration::from_secs(300);
/// The calls that this holds for.
const LONG: [&str; 13] = [
    "/caibian.intake.v1.MailboxService/ReconcileMailbox",
    "/caibian.intake.v1.CampaignService/TestCampaign",
    "/caibian.intake.v1.PrivacyService/ErasePerson",
    "/caibian.intake.v1.PrivacyService/ReportPerson",
    "/caibian.procurement.v1.CatalogueService/CreateEdition",
    "/caibian.procurement.v1.CatalogueService/UpdateCatalogueItem",
    "/caibian.procurement.v1.FigureService/ReconcileFigure",
    "/caibian.procurement.v1.StatisticsService/GetCoverage",
    "/caibian.procurement.v1.StatisticsService/QueryRollup",
    "/caibian.procurement.v1.StatisticsService/QueryTop",
    "/caibian.procurement.v1.StatisticsService/QueryTrend",
    "/caibian.procurement.v1.StatisticsService/VerifyRollups",
    "/google.longrunning.Operations/WaitOperation",
];
/// What does not count as activity of a person: the desk asks it for every page, or for one that merely stays open.
const IDLE: [&str; 2] =
    ["/caibian.intake.v1.SessionService/GetSession", "/caibian.intake.v1.ReviewService/WatchReviews"];

/// What is asked again and again by machines, and would fill traces.
const UNTRACED: [&str; 2] = ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"];

/// Who calls, as the history tells it: `caller:{name}`; `caller:{issuer}:{sub}` with a signed token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller(pub String);

/// The same caller as one who acts in reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acting {
    /// The name of the user or of the setting; [`LOCAL`] without callers.
    pub name: String,
    /// The user's or the setting's role; without callers an administrator's.
    pub role: Role,
    /// What kind of caller it is.
    pub who: Who,
}

impl Acting {
    /// The session of a person.
    #[must_use]
    pub fn session(&self) -> Option<&Arc<Session>> {
        match &self.who {
            Who::Person(session) => Some(session),
            Who::Nobody | Who::Service => None,
        }
    }
}

/// What kind of caller it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody whom we know, or need to know.
    Nobody,
    /// A service with a token or certificate of the settings or a token of an issuer, or `local`.
    Service,
    /// A person with a session.
    Person(Arc<Session>),
}

/// The hash of the token that the call brought, whether it is known or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer(pub Sha256);

/// Who calls. The gate names every caller; a call that came past it must not act.
pub fn acting<T>(request: &tonic::Request<T>) -> Result<Acting, Status> {
    let acting = request.extensions().get::<Acting>().cloned();
    acting.ok_or_else(|| errors::of_kind(ErrorKind::Internal, &"a call without a caller"))
}

/// Who calls, and that it is now: for what is noted of a change.
///
/// # Errors
/// `Internal` where the gate was not passed.
pub fn by<T>(request: &tonic::Request<T>) -> Result<By, Status> {
    Ok(By { actor: acting(request)?.name, now: Utc::now() })
}

/// Who calls where no caller is set.
pub const LOCAL: &str = "local";

/// When the call must have been answered. A stream is bound by it until its first message only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(pub Instant);

/// The layer.
#[derive(Clone)]
pub struct Gate {
    callers: Arc<Callers>,
    store: Store,
}

impl Gate {
    /// With those who may call beside people with sessions; without any, everybody who reaches the port.
    #[must_use]
    pub fn new(callers: Callers, store: Store) -> Self {
        Self { callers: callers.into(), store }
    }

    async fn caller(&self, path: &str, bearer: &Brought, shown: Option<&Shown>) -> Result<Acting, Status> {
        let right = rights::of(path);
        if right == Some(Right::Open) {
            return Ok(Acting { name: String::new(), role: Role::Viewer, who: Who::Nobody });
        }
        let acting = self.known(path, bearer, shown).await?;
        match right {
            Some(Right::Least(role)) if acting.role < role => Err(too_low(path, role, &acting.name)),
            None => Err(denied(path, &acting.name)),
            _ => Ok(acting),
        }
    }

    async fn known(&self, path: &str, bearer: &Brought, shown: Option<&Shown>) -> Result<Acting, Status> {
        let token = match bearer {
            Brought::Nothing => return self.without_token(path, shown),
            Brought::Token { hash, .. } => *hash,
            Brought::Unreadable => return Err(refused(path)),
        };
        // Every token is compared in full, so that the time taken tells nothing.
        let known = self.callers.tokens.iter().fold(None, |known, setting| {
            if bool::from(setting.sha256.as_bytes().ct_eq(token.as_bytes())) { Some(setting) } else { known }
        });
        if let Some(setting) = known {
            return Ok(Acting { name: setting.name.clone(), role: setting.role, who: Who::Service });
        }
        let now = Utc::now();
        if let Brought::Token { text: Some(text), .. } = bearer {
            return signed::caller(&self.callers.issuers, path, text, now).await;
        }
        let session = self.store.session_find(token, now).await.map_err(errors::of_store)?;
        let session = session.ok_or_else(|| refused(path))?;
        if !IDLE.contains(&path) {
            self.store.session_seen(&session, now).await.map_err(errors::of_store)?;
        }
        let account = &session.account;
        Ok(Acting { name: account.name.clone(), role: account.role, who: Who::Person(Arc::new(session)) })
    }

    fn without_token(&self, path: &str, shown: Option<&Shown>) -> Result<Acting, Status> {
        let service = |name: &str, role| Acting { name: name.to_owned(), role, who: Who::Service };
        if self.callers.is_empty() {
            return Ok(service(LOCAL, Role::Administrator));
        }
        let names = shown.and_then(Shown::names).ok_or_else(|| refused(path))?;
        let known = self.callers.certificates.iter().find(|setting| names.contains(&setting.san));
        known.map(|setting| service(&setting.name, setting.role)).ok_or_else(|| stranger(path))
    }
}

/// The certificate of the line is an authority's whom we believe, and names nobody whom we know.
fn stranger(path: &str) -> Status {
    measure::sign_in_failed("certificate");
    tracing::warn!(path, "a call with a certificate of nobody known was refused");
    let en = "the certificate of this connection names nobody who may call, and the call brings no token";
    errors::status(Code::Unauthenticated, "CERTIFICATE_UNKNOWN", en, "此连接的证书未登记为调用方，且未提供访问令牌")
}

pub(crate) fn refused(path: &str) -> Status {
    measure::sign_in_failed("token");
    tracing::warn!(path, "a call without a known token was refused");
    unknown()
}

/// UNAUTHENTICATED: the token is nobody's, or no longer.
pub fn unknown() -> Status {
    let en = "this call needs the header `authorization: Bearer …` with a known token";
    errors::status(Code::Unauthenticated, "TOKEN_UNKNOWN", en, "请提供有效的访问令牌(authorization: Bearer …)")
}

fn too_low(path: &str, role: Role, caller: &str) -> Status {
    tracing::info!(path, %role, caller, "a call beyond the caller's role was refused");
    let en = format!("this call needs the role {} or a higher one", role.en());
    errors::status(Code::PermissionDenied, "ROLE_TOO_LOW", en, format!("此操作需要{}权限", role.zh()))
}

/// For a method without a line: nobody has said who may call it.
fn denied(path: &str, caller: &str) -> Status {
    tracing::warn!(path, caller, "a call of a method without a right was refused");
    errors::status(Code::PermissionDenied, "METHOD_DENIED", "nobody may call this method", "此方法不对任何人开放")
}

/// A page in a browser can send other types without being asked whether it may (Fetch, CORS-safelisted request headers), and
/// with the certificate of whoever looks at it.
fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|media_type| media_type.as_bytes().starts_with(b"application/grpc"))
}

/// 415, as gRPC over HTTP/2 asks for what is no gRPC.
fn not_grpc() -> Response<Body> {
    let en = "this is no gRPC call: its content-type is not application/grpc";
    let status =
        errors::status(Code::InvalidArgument, "NOT_GRPC", en, "不是 gRPC 调用：content-type 须为 application/grpc");
    let mut answer = status.into_http();
    *answer.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    answer
}

/// What stands in a call's authorisation.
enum Brought {
    Nothing,
    Unreadable,
    Token {
        /// Its hash.
        hash: Sha256,
        /// Itself, where it has the form of a signed one.
        text: Option<String>,
    },
}

fn brought(headers: &HeaderMap) -> Brought {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Brought::Nothing,
        (Some(value), None) => value.as_bytes(),
        _ => return Brought::Unreadable,
    };
    match value.split_at_checked("Bearer ".len()) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"Bearer ") => {
            let text = std::str::from_utf8(token).ok().filter(|text| text.matches('.').count() == 2);
            Brought::Token { hash: Sha256::of(token), text: text.map(str::to_owned) }
        }
        _ => Brought::Unreadable,
    }
}

/// The span that a caller says the call is part of (W3C Trace Context); none where it says nothing that can be read, or
/// two things.
fn traceparent(headers: &HeaderMap) -> Option<Traceparent> {
    let mut values = headers.get_all("traceparent").iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok()?.parse().ok(),
        _ => None,
    }
}

/// The code of an answer that begins; a stream that fails later has begun well.
fn code(headers: &HeaderMap) -> &'static str {
    let code = headers.get("grpc-status").map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()));
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// How long this call may take.
fn allowed(path: &str, headers: &HeaderMap) -> Duration {
    let (default, most) = if LONG.contains(&path) { (DEADLINE_LONG, DEADLINE_LONG_MAX) } else { (DEADLINE, DEADLINE) };
    let asked = headers.get("grpc-timeout").and_then(|value| timeout_read(value.to_str().ok()?));
    match asked {
        // A little less than asked, so that the answer reaches the caller before it stops listening.
        Some(asked) => (asked - (asked / 10).min(Duration::from_millis(100))).min(most),
        None => default,
    }
}

/// The `grpc-timeout` header: at most eight digits and a unit (gRPC over HTTP/2, Requests).
fn timeout_read(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { gate: self.clone(), inner }
    }
}

/// A service behind the gate.
#[derive(Clone)]
pub struct Gated<S> {
    gate: Gate,
    inner: S,
}

impl<S> Service<Request<Body>> for Gated<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let began = Instant::now();
        let deadline = began + allowed(request.uri().path(), request.headers());
        let method = rights::named(request.uri().path());
        let span = if UNTRACED.contains(&request.uri().path()) { Span::none() } else { trace::call(method) };
        let call = span.clone();
        let gate = self.gate.clone();
        // The clone was not asked whether it is ready; the one that was answers this call.
        let inner = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, inner);
        let answer = async move {
            if !is_grpc(request.headers()) {
                return Ok(not_grpc());
            }
            let bearer = brought(request.headers());
            let peer = request.extensions_mut().remove::<Peer>();
            let shown = peer.as_ref().map(|peer| &peer.shown);
            let acting = match gate.caller(request.uri().path(), &bearer, shown).await {
                Ok(acting) => acting,
                Err(status) => return Ok(status.into_http()),
            };
            if acting.who != Who::Nobody
                && let Some(caller) = traceparent(request.headers())
            {
                trace::continues(&call, caller);
            }
            let extensions = request.extensions_mut();
            if let Some(peer) = peer {
                if acting.who != Who::Nobody {
                    peer.called_by(&acting.name);
                }
                // Under the name by which tonic looks for the caller's address.
                extensions.insert(peer.tcp);
            }
            if let Brought::Token { hash, .. } = bearer {
                extensions.insert(Bearer(hash));
            }
            extensions.insert(Caller(format!("caller:{}", acting.name)));
            extensions.insert(acting);
            extensions.insert(Deadline(deadline));
            inner.call(request).instrument(call).await
        };
        let at_work = measure::call_at_work();
        Box::pin(async move {
            let _at_work = at_work;
            let mut response = match tokio::time::timeout_at(deadline, answer).await {
                Ok(Ok(response)) => response,
                Err(_) => errors::deadline().into_http(),
            };
            let code = code(response.headers());
            trace::call_ended(&span, code);
            measure::call_ended(method, code, began.elapsed());
            response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;

    use super::*;

    /// Never answers.
    #[derive(Clone)]
    struct Mute;

    impl Service<Request<Body>> for Mute {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = std::future::Pending<Result<Response<Body>, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            std::future::pending()
        }
    }

    #[tokio::test]
    async fn a_call_that_is_not_answered_ends_at_its_deadline_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("data.db").display())).await.unwrap();
        let mut gated = Gate::new(Callers::default(), store).layer(Mute);
        let request = Request::builder()
            .uri("/caibian.intake.v1.CampaignService/ListCampaigns")
            .header(CONTENT_TYPE, "application/grpc")
            .header("grpc-timeout", "20m")
            .body(Body::empty())
            .unwrap();
        let answer = gated.call(request).await.unwrap();
        let status = Status::from_header_map(answer.headers()).unwrap();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(status.get_details_error_info().unwrap().reason, "DEADLINE_EXCEEDED");
    }

    #[tokio::test]
    async fn what_a_page_of_another_site_can_send_unasked_reaches_no_service() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("data.db").display())).await.unwrap();
        let mut gated = Gate::new(Callers::default(), store).layer(Mute);
        for media_type in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            let request = Request::builder().uri("/grpc.health.v1.Health/Check").header(CONTENT_TYPE, media_type);
            let answer = gated.call(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{media_type}");
            assert_eq!(answer.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        }
        let request = Request::builder().uri("/grpc.health.v1.Health/Check").body(Body::empty()).unwrap();
        assert_eq!(gated.call(request).await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }

    #[test]
    fn the_timeout_header_is_read_as_grpc_writes_it() {
        let table = [
            ("1S", Some(Duration::from_secs(1))),
            ("2M", Some(Duration::from_secs(120))),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
            ("250m", Some(Duration::from_millis(250))),
            ("5u", Some(Duration::from_micros(5))),
            ("7n", Some(Duration::from_nanos(7))),
            ("", None),
            ("S", None),
            ("123456789S", None),
            ("-1S", None),
            ("1秒", None),
            ("1s", None),
        ];
        for (text, expected) in table {
            assert_eq!(timeout_read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_call_may_ask_for_less_time_and_only_the_long_ones_for_more() {
        let of = |path: &str, timeout: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(timeout) = timeout {
                headers.insert("grpc-timeout", timeout.parse().unwrap());
            }
            allowed(path, &headers).as_millis()
        };
        assert_eq!(of("/x", None), 15_000);
        assert_eq!(of("/x", Some("60S")), 15_000);
        assert_eq!(of("/x", Some("2S")), 1_900);
        assert_eq!(of(LONG[0], None), 30_000);
        assert_eq!(of(LONG[0], Some("60S")), 59_900);
        assert_eq!(of(LONG[1], Some("1H")), 300_000);
    }
}
