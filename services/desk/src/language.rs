//! The two languages of the pages, and how a person likes them.

use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};

use crate::cookie;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Chinese, unless something else is asked for.
    Zh,
    /// English.
    En,
}

impl Language {
    /// The words of this language, of both.
    #[must_use]
    pub fn of<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// As HTML has it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        self.of("zh-CN", "en")
    }
}

/// How a person likes the pages, kept in the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taste {
    /// In which language.
    pub language: Language,
    /// `light` or `dark`; none follows the system.
    pub theme: Option<&'static str>,
    /// Whether rows stand close.
    pub is_compact: bool,
    /// Whether single letters are keys (WCAG 2.1.4: there is an off switch).
    pub has_keys: bool,
}

impl Taste {
    /// Reads the cookies; where a person has not chosen, the browser's language.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Self {
        let language = match cookie::chosen(headers, "language") {
            Some("en") => Language::En,
            Some("zh") => Language::Zh,
            _ => accepted(headers),
        };
        let theme = match cookie::chosen(headers, "theme") {
            Some("light") => Some("light"),
            Some("dark") => Some("dark"),
            _ => None,
        };
        Self {
            language,
            theme,
            is_compact: cookie::chosen(headers, "density") == Some("compact"),
            has_keys: cookie::chosen(headers, "keys") != Some("off"),
        }
    }
}

/// English where the browser asks for it before any Chinese (RFC 9110 §12.5.4, weights left aside: browsers sort by them).
fn accepted(headers: &HeaderMap) -> Language {
    let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = asked.split(',').map(str::trim).find(|tag| tag.starts_with("zh") || tag.starts_with("en"));
    if first.is_some_and(|tag| tag.starts_with("en")) { Language::En } else { Language::Zh }
}
