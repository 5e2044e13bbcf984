//! Stands before every service, reflection included: who calls, and how long the call may take. Only health is asked
//! without a token.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use intake::review::Role;
use stdx::Sha256;
use subtle::ConstantTimeEq;
use tokio::time::Instant;
use tonic::{
    Code, Status,
    body::Body,
    codegen::http::{HeaderMap, Request, Response, header::AUTHORIZATION},
};
use tower::{Layer, Service};

use crate::{TokenSetting, errors};

/// How long a call may take when it does not say, and at most.
const DEADLINE: Duration = Duration::from_secs(15);
/// The same for calls that wait for the worker or for an operation, or go over much that is stored.
const DEADLINE_LONG: Duration = Duration::from_secs(30);
/// The longest deadline that such a call may ask for.
const DEADLINE_LONG_MAX: Duration = Duration::from_secs(300);
/// The calls that this holds for.
const LONG: [&str; 11] = [
    "/caibian.intake.v1.MailboxService/ReconcileMailbox",
    "/caibian.intake.v1.CampaignService/TestCampaign",
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
/// What is answered without a token.
const OPEN: &str = "/grpc.health.v1.Health/";

/// Who calls, as the history tells it: `caller:{token name}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller(pub String);

/// The same caller as one who acts in reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acting {
    /// The name of the token; [`LOCAL`] without tokens.
    pub name: String,
    /// The token's role; without tokens an administrator's.
    pub role: Role,
}

/// Who calls where no token is asked for.
pub const LOCAL: &str = "local";

/// When the call must have been answered. A stream is bound by it until its first message only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(pub Instant);

/// The layer.
#[derive(Clone)]
pub struct Gate {
    tokens: Arc<[TokenSetting]>,
}

impl Gate {
    /// With the tokens that open it; without any, everybody who reaches the port may call.
    #[must_use]
    pub fn new(tokens: Vec<TokenSetting>) -> Self {
        Self { tokens: tokens.into() }
    }

    fn caller(&self, path: &str, headers: &HeaderMap) -> Result<Acting, Status> {
        if self.tokens.is_empty() || path.starts_with(OPEN) {
            return Ok(Acting { name: LOCAL.to_owned(), role: Role::Administrator });
        }
        let refused = || {
            tracing::warn!(path, "a call without a known token was refused");
            let en = "this call needs the header `authorization: Bearer …` with a known token";
            errors::status(Code::Unauthenticated, "TOKEN_UNKNOWN", en, "请提供有效的访问令牌(authorization: Bearer …)")
        };
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return Err(refused()) };
        let value = value.as_bytes();
        let (scheme, token) = value.split_at_checked("Bearer ".len()).ok_or_else(refused)?;
        if !scheme.eq_ignore_ascii_case(b"Bearer ") {
            return Err(refused());
        }
        let hash = Sha256::of(token);
        // Every token is compared in full, so that the time taken tells nothing.
        let known = self.tokens.iter().fold(None, |known, setting| {
            if bool::from(setting.sha256.as_bytes().ct_eq(hash.as_bytes())) { Some(setting) } else { known }
        });
        known.map(|setting| Acting { name: setting.name.clone(), role: setting.role }).ok_or_else(refused)
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
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let deadline = Instant::now() + allowed(path, request.headers());
        match self.gate.caller(path, request.headers()) {
            Err(status) => Box::pin(async move { Ok(status.into_http()) }),
            Ok(acting) => {
                request.extensions_mut().insert(Caller(format!("caller:{}", acting.name)));
                request.extensions_mut().insert(acting);
                request.extensions_mut().insert(Deadline(deadline));
                let answer = self.inner.call(request);
                Box::pin(async move {
                    match tokio::time::timeout_at(deadline, answer).await {
                        Ok(answer) => answer,
                        Err(_) => Ok(errors::deadline().into_http()),
                    }
                })
            }
        }
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
        let mut gated = Gate::new(Vec::new()).layer(Mute);
        let request = Request::builder().uri("/x/Y").header("grpc-timeout", "20m").body(Body::empty()).unwrap();
        let answer = gated.call(request).await.unwrap();
        let status = Status::from_header_map(answer.headers()).unwrap();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(status.get_details_error_info().unwrap().reason, "DEADLINE_EXCEEDED");
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
