//! What a server or a line said, in words for an editor: bounded, on one line, and without a secret.

use std::error::Error as _;

use lettre::transport::smtp::{Error, response::Response};

/// Characters that are kept, as [`reply::outbox::Outcome`] has it.
const CHARACTERS_MAX: usize = 500;

/// On one line, cut at the bound.
pub(crate) fn bounded(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|character| !character.is_control()).take(CHARACTERS_MAX).collect()
}

/// An answer with its code.
pub(crate) fn answer(response: &Response) -> String {
    bounded(&format!("{} {}", response.code(), response.message().collect::<Vec<_>>().join(" ")))
}

/// A failure: the server's own words where it spoke, else what broke.
pub(crate) fn failure(error: &Error) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => bounded(&format!("{code} {source}")),
        None if source.is_empty() => bounded(&error.to_string()),
        None => bounded(&source),
    }
}

/// The answer to a login. Some servers repeat the line that they refuse: then only its code is told.
pub(crate) fn refused_login(error: &Error) -> String {
    const QUOTED_MIN: usize = 12;
    let said = failure(error);
    let is_base64 = |word: &str| word.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'/' | b'='));
    let quotes = said.to_ascii_uppercase().contains("AUTH ")
        && said
            .split(|it: char| it.is_whitespace() || it == '"' || it == '\'')
            .any(|word| word.len() >= QUOTED_MIN && is_base64(word));
    match error.status() {
        Some(code) if quotes => code.to_string(),
        _ => said,
    }
}
