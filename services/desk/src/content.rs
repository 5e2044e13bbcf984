//! The content origin: shows mails as they were sent, apart from the desk. It knows no session, sets no cookie and reads
//! none; what it may show is what a ticket in the address lets it ask of the services. What a mail says stands in a
//! document without scripts, without an origin, and without a way to load anything but the mail's own pictures.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use proto::intake::v1::DownloadMailPageRequest;
use tokio_stream::StreamExt;
use tonic::{Code, Status, transport::Channel};

use crate::{api::Api, server::TLS_ONLY};

/// Characters of a ticket, and of a picture's place, that are handed on.
const TICKET_CHARACTERS_MAX: usize = 1024;
const PATH_CHARACTERS_MAX: usize = 64;

/// Pictures that are shown; the services say no others.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// What stands before the mail's own HTML. A link's true target stands behind its words, whatever the mail says of it and
/// however it is dressed.
const HEAD: &str = concat!(
    "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light\">",
    "<title>来信原样 / Mail as sent</title><style>",
    "html{background:#fff;color:#1a1a1a}",
    "body{margin:1rem;font:16px/1.6 system-ui,sans-serif;overflow-wrap:anywhere}",
    "img{max-width:100%;height:auto}",
    "a[href]::after{content:\" 〔\" attr(href) \"〕\";display:inline;font:12px/1.5 ui-monospace,monospace!important;",
    "color:#333!important;background:#fff!important;white-space:normal!important;overflow-wrap:anywhere!important;",
    "direction:ltr!important;unicode-bidi:isolate!important}",
    "</style></head><body>\n"
);
const FOOT: &str = "\n</body></html>\n";

/// Where the content origin is, and who may frame it.
#[derive(Clone, Debug)]
pub struct Origins {
    /// `https://mail.example.cn`.
    pub own: String,
    /// Origins of the desk, as a browser may name them.
    pub desk: Vec<String>,
}

/// `scheme://host[:port]` of an address that has nothing else.
#[must_use]
pub fn origin(url: &str) -> Option<&str> {
    let url = url.strip_suffix('/').unwrap_or(url);
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let is_host = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | ':' | '[' | ']' | '_');
    (!rest.is_empty() && rest.chars().all(is_host)).then_some(url)
}

#[derive(Clone)]
struct Content {
    channel: Channel,
    policy: HeaderValue,
    is_over_tls: bool,
}

/// The routes, with what every answer says to the browser.
pub(crate) fn router(channel: Channel, origins: &Origins) -> Router {
    let policy = format!(
        "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox allow-popups; frame-ancestors {}; \
         base-uri 'none'; form-action 'none'",
        origins.desk.join(" ")
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'; sandbox"));
    let content = Content { channel, policy, is_over_tls: origins.own.starts_with("https://") };
    Router::new()
        .route("/mail/{ticket}/", get(page))
        .route("/mail/{ticket}/part/{path}", get(picture))
        .fallback(nothing)
        .layer(from_fn_with_state(Arc::new(content.clone()), bounded))
        .with_state(content)
}

/// What an answer may do. A picture is asked for by a document without an origin, so it may be had from everywhere: the
/// ticket is what guards it.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_DNS_PREFETCH_CONTROL, "off"),
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

async fn bounded(State(content): State<Arc<Content>>, request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, content.policy.clone());
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if content.is_over_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    answer
}

async fn nothing() -> Response {
    said(StatusCode::NOT_FOUND, "没有这一页。", "There is no such page.")
}

fn said(status: StatusCode, zh: &str, en: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{zh}\n{en}\n")).into_response()
}

fn refused(status: &Status) -> Response {
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => said(
            StatusCode::FORBIDDEN,
            "查看凭证无效或已过期。请回到工作台，重新打开这封来信。",
            "This view has run out, or never was one. Go back to the desk and open the mail anew.",
        ),
        Code::NotFound | Code::InvalidArgument | Code::FailedPrecondition => {
            said(StatusCode::NOT_FOUND, "没有这一页。", "There is no such page.")
        }
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::ResourceExhausted => said(
            StatusCode::SERVICE_UNAVAILABLE,
            "服务暂时没有回应，请稍后再试。",
            "The services do not answer now. Try again in a moment.",
        ),
        code => {
            tracing::error!(?code, message = status.message(), "a mail could not be shown as it was sent");
            said(StatusCode::INTERNAL_SERVER_ERROR, "系统出错。", "Something went wrong.")
        }
    }
}

async fn page(State(content): State<Content>, method: Method, Path(ticket): Path<String>) -> Response {
    answer(&content, &method, ticket, String::new()).await
}

async fn picture(
    State(content): State<Content>,
    method: Method,
    Path((ticket, path)): Path<(String, String)>,
) -> Response {
    if path.is_empty() {
        return nothing().await;
    }
    answer(&content, &method, ticket, path).await
}

async fn answer(content: &Content, method: &Method, ticket: String, path: String) -> Response {
    let is_plain = |text: &str| text.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'.'));
    if ticket.len() > TICKET_CHARACTERS_MAX
        || path.len() > PATH_CHARACTERS_MAX
        || !is_plain(&ticket)
        || !is_plain(&path)
    {
        return nothing().await;
    }
    let is_page = path.is_empty();
    let asked = DownloadMailPageRequest { ticket, path };
    let mut pieces = match Api::nobody(content.channel.clone()).mail_pages().download_mail_page(asked).await {
        Ok(pieces) => pieces.into_inner(),
        Err(status) => return refused(&status),
    };
    let first = match pieces.message().await {
        Ok(first) => first.unwrap_or_default(),
        Err(status) => return refused(&status),
    };
    let (before, media_type, behind) = match first.media_type.as_str() {
        "text/html" if is_page => (HEAD, "text/html; charset=utf-8", FOOT),
        known => match PICTURES.iter().find(|picture| !is_page && **picture == known) {
            Some(picture) => ("", *picture, ""),
            None => return nothing().await,
        },
    };
    let length = first.total_bytes + (before.len() + behind.len()) as u64;
    let head = [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_LENGTH, length.to_string())];
    if method == Method::HEAD {
        return head.into_response();
    }
    let rest = pieces.map(|piece| {
        piece.map(|piece| Bytes::from(piece.data)).inspect_err(|status| {
            tracing::warn!(code = ?status.code(), message = status.message(), "a mail broke off while it was shown");
        })
    });
    let begin = [Bytes::from_static(before.as_bytes()), Bytes::from(first.data)].map(Ok);
    let end = [Ok(Bytes::from_static(behind.as_bytes()))];
    let bytes = tokio_stream::iter(begin).chain(rest).chain(tokio_stream::iter(end));
    (head, Body::from_stream(bytes)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_nothing_else() {
        for (url, told) in [
            ("https://mail.example.cn", Some("https://mail.example.cn")),
            ("https://mail.example.cn/", Some("https://mail.example.cn")),
            ("http://127.0.0.1:8089", Some("http://127.0.0.1:8089")),
            ("http://[::1]:8089", Some("http://[::1]:8089")),
            ("https://mail.example.cn/mail", None),
            ("https://mail.example.cn;script-src *", None),
            ("https://u@mail.example.cn", None),
            ("https://", None),
            ("mail.example.cn", None),
            ("", None),
        ] {
            assert_eq!(origin(url), told, "{url}");
        }
    }

    #[test]
    fn what_stands_around_a_mail_loads_nothing_and_runs_nothing() {
        let around = [HEAD, FOOT].concat();
        for token in ["<script", "<link", "src=", "url(", "@import", "http:", "https:"] {
            assert!(!around.contains(token), "{token}");
        }
    }
}
