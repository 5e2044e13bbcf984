//! Stored bytes from the services to a browser as they come: nothing is kept, a range is answered with the range, and a
//! browser is told never to run any of it.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use proto::intake::v1::DownloadResponse;
use tokio_stream::StreamExt;
use tonic::Streaming;

use crate::disposition::{self, Disposition};

/// What is only ever shown: pictures and films, known by their bytes. Never anything that could hold a script.
const SHOWN: [&str; 6] = ["image/png", "image/jpeg", "image/gif", "image/webp", "video/mp4", "video/quicktime"];

/// Whatever it is, it runs nothing and loads nothing.
const POLICY: &str = "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// A file as it is told to a browser.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// As the sender wrote it.
    pub name: &'a str,
    /// Where the sender wrote none that can be used.
    pub or_else: &'a str,
    /// By its bytes.
    pub media_type: &'a str,
    /// Of the whole.
    pub size_bytes: u64,
    /// Of the whole, 64 hexadecimal digits.
    pub sha256: &'a str,
}

/// Whether a browser may show a file of this type.
#[must_use]
pub fn is_shown(media_type: &str) -> bool {
    SHOWN.contains(&media_type)
}

/// Which bytes a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    Whole,
    /// From the first to the last, both inside.
    Range(u64, u64),
    /// A range that lies behind the end.
    Nowhere,
}

/// Reads the range of a request (RFC 9110 §14.2). Anything but one range of bytes asks for the whole, as does one on
/// condition of another file.
#[must_use]
pub fn part(headers: &HeaderMap, told: &Told<'_>) -> Part {
    let said = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if said(header::IF_RANGE).is_some_and(|tag| tag != etag(told.sha256)) {
        return Part::Whole;
    }
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let range = said(header::RANGE).and_then(|range| range.strip_prefix("bytes=")?.trim().split_once('-'));
    let size = told.size_bytes;
    match range.map(|(first, last)| (first, number(first), last, number(last))) {
        // The last so many bytes.
        Some(("", _, _, Some(count))) if count > 0 && size > 0 => Part::Range(size - count.min(size), size - 1),
        Some(("", _, _, Some(_))) => Part::Nowhere,
        Some((_, Some(first), "", _)) if first < size => Part::Range(first, size - 1),
        Some((_, Some(first), _, Some(last))) if first <= last && first < size => {
            Part::Range(first, last.min(size - 1))
        }
        Some((_, Some(_), "", _)) => Part::Nowhere,
        Some((_, Some(first), _, Some(last))) if first <= last => Part::Nowhere,
        _ => Part::Whole,
    }
}

/// Offset and limit as the services take them.
#[must_use]
pub fn window(part: Part) -> (u64, u64) {
    match part {
        Part::Range(first, last) => (first, last - first + 1),
        Part::Whole | Part::Nowhere => (0, 0),
    }
}

fn etag(sha256: &str) -> String {
    format!("\"{sha256}\"")
}

/// Status and headers, without bytes: the answer to HEAD, and to a range that lies nowhere.
#[must_use]
pub fn head(told: &Told<'_>, part: Part, is_download: bool) -> Response {
    let size = told.size_bytes;
    let (status, length, range) = match part {
        Part::Whole => (StatusCode::OK, size, None),
        Part::Range(first, last) => {
            (StatusCode::PARTIAL_CONTENT, last - first + 1, Some(format!("bytes {first}-{last}/{size}")))
        }
        Part::Nowhere => (StatusCode::RANGE_NOT_SATISFIABLE, 0, Some(format!("bytes */{size}"))),
    };
    let is_inline = is_shown(told.media_type) && !is_download;
    let media_type = if is_shown(told.media_type) { told.media_type } else { "application/octet-stream" };
    let disposition = if is_inline { Disposition::Inline } else { Disposition::Attachment };
    let mut answer = status.into_response();
    let headers = answer.headers_mut();
    let mut set = |name: HeaderName, value: Result<HeaderValue, _>| {
        if let Ok(value) = value {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, HeaderValue::from_str(media_type));
    set(header::CONTENT_LENGTH, HeaderValue::from_str(&length.to_string()));
    set(header::CONTENT_DISPOSITION, Ok(disposition::header(disposition, told.name, told.or_else)));
    set(header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(POLICY));
    set(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_str("nosniff"));
    set(header::ACCEPT_RANGES, HeaderValue::from_str("bytes"));
    set(header::ETAG, HeaderValue::from_str(&etag(told.sha256)));
    if let Some(range) = range {
        set(header::CONTENT_RANGE, HeaderValue::from_str(&range));
    }
    answer
}

/// Whether bytes are to follow.
#[must_use]
pub fn has_body(method: &Method, part: Part) -> bool {
    method != Method::HEAD && part != Part::Nowhere
}

/// The answer with its bytes. A stream that breaks breaks the browser's download too: what was cut never looks whole.
#[must_use]
pub fn with_bytes(answer: Response, bytes: Streaming<DownloadResponse>) -> Response {
    let (parts, _) = answer.into_parts();
    let bytes = bytes.map(|message| {
        message.map(|message| message.data).inspect_err(|status| {
            tracing::warn!(code = ?status.code(), message = status.message(), "a file broke off while it was sent");
        })
    });
    Response::from_parts(parts, Body::from_stream(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(media_type: &str, size_bytes: u64) -> Told<'_> {
        Told { name: "片子.mp4", or_else: "file", media_type, size_bytes, sha256: "ab" }
    }

    fn asked(range: &str) -> HeaderMap {
        [(header::RANGE, HeaderValue::from_str(range).unwrap())].into_iter().collect()
    }

    #[test]
    fn a_range_is_read_as_the_standard_says() {
        let table = [
            ("bytes=0-99", Part::Range(0, 99)),
            ("bytes=0-", Part::Range(0, 999)),
            ("bytes=990-2000", Part::Range(990, 999)),
            ("bytes=-10", Part::Range(990, 999)),
            ("bytes=-5000", Part::Range(0, 999)),
            ("bytes=999-999", Part::Range(999, 999)),
            ("bytes=1000-", Part::Nowhere),
            ("bytes=1000-1001", Part::Nowhere),
            ("bytes=-0", Part::Nowhere),
            ("bytes=5-4", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("bytes=-", Part::Whole),
            ("items=0-1", Part::Whole),
            ("bytes=99999999999999999999-", Part::Whole),
        ];
        for (range, expected) in table {
            assert_eq!(part(&asked(range), &told("video/mp4", 1000)), expected, "{range}");
        }
        assert_eq!(part(&asked("bytes=0-"), &told("video/mp4", 0)), Part::Nowhere);
        assert_eq!(part(&HeaderMap::new(), &told("video/mp4", 1000)), Part::Whole);
    }

    #[test]
    fn a_range_of_another_file_is_answered_with_the_whole() {
        let mut headers = asked("bytes=0-9");
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"cd\""));
        assert_eq!(part(&headers, &told("video/mp4", 1000)), Part::Whole);
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"ab\""));
        assert_eq!(part(&headers, &told("video/mp4", 1000)), Part::Range(0, 9));
    }

    #[test]
    fn only_pictures_and_films_are_shown_and_nothing_runs() {
        for media_type in ["text/html", "image/svg+xml", "application/pdf", "text/plain", "application/xhtml+xml", ""] {
            let answer = head(&told(media_type, 10), Part::Whole, false);
            assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/octet-stream", "{media_type}");
            assert!(answer.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment;"));
        }
        let shown = head(&told("video/mp4", 10), Part::Range(2, 5), false);
        assert_eq!(shown.status(), StatusCode::PARTIAL_CONTENT);
        for (name, value) in [
            (header::CONTENT_TYPE, "video/mp4"),
            (header::CONTENT_RANGE, "bytes 2-5/10"),
            (header::CONTENT_LENGTH, "4"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            assert_eq!(shown.headers()[&name], value);
        }
        assert!(shown.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("inline;"));
        let kept = head(&told("video/mp4", 10), Part::Whole, true);
        assert!(kept.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment;"));
        let nowhere = head(&told("video/mp4", 10), Part::Nowhere, false);
        assert_eq!(nowhere.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(nowhere.headers()[header::CONTENT_RANGE], "bytes */10");
    }
}
