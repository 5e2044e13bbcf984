//! The files that every page needs, part of the program, each under a name that changes with its bytes.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use stdx::Sha256;

/// A file with its address.
pub struct Asset {
    /// `/assets/1f2e….css`
    pub path: String,
    media_type: &'static str,
    text: &'static str,
}

fn asset(text: &'static str, ending: &str, media_type: &'static str) -> Asset {
    let hash = Sha256::of(text.as_bytes()).hex();
    Asset { path: format!("/assets/{}.{ending}", &hash[..16]), media_type, text }
}

/// How pages look.
pub static STYLE: LazyLock<Asset> =
    LazyLock::new(|| asset(include_str!("assets/desk.css"), "css", "text/css; charset=utf-8"));

/// What makes them quicker.
pub static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| asset(include_str!("assets/desk.js"), "js", "text/javascript; charset=utf-8"));

/// The mark in the browser's tab.
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| asset(include_str!("assets/icon.svg"), "svg", "image/svg+xml; charset=utf-8"));

/// `GET /assets/{name}`
pub async fn get(Path(name): Path<String>) -> Response {
    let asked =
        [&*STYLE, &*SCRIPT, &*ICON].into_iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(&name));
    match asked {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_says_its_charset_and_the_script_keeps_nothing_and_evaluates_nothing() {
        for asset in [&*STYLE, &*SCRIPT, &*ICON] {
            assert!(asset.media_type.ends_with("; charset=utf-8"), "{}", asset.media_type);
        }
        for word in [
            "localStorage",
            "sessionStorage",
            "indexedDB",
            "document.cookie",
            "__proto__",
            "Object.assign",
            "JSON.parse",
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "postMessage",
        ] {
            assert!(!SCRIPT.text.contains(word), "{word}");
        }
    }
}
