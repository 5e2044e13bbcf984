//! Where a setting stands that cannot be read. The value itself is never told: a line of the file, or what stands where
//! a table was expected, may be a password.

use std::path::Path;

use config::ConfigError;

use super::Error;

/// How messages of serde begin that repeat a value.
const SERDE: [&str; 3] = ["invalid type: ", "invalid value: ", "invalid length "];

/// Checks that a file is TOML, before anything else reads it.
pub(super) fn grammar(file: &Path, text: &str) -> Result<(), Error> {
    let Err(error) = text.parse::<toml::Table>() else { return Ok(()) };
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Err(Error::Grammar {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        what: error.message().to_owned(),
    })
}

/// The place of a value of the wrong type, and what was expected there.
pub(super) fn of(error: ConfigError) -> Error {
    let (key, what) = read(error);
    // `mailbox[0]port` for `mailbox[0].port`: the library leaves the dot out.
    let mut dotted = String::new();
    for character in key.chars() {
        if dotted.ends_with(']') && character != '.' && character != '[' {
            dotted.push('.');
        }
        dotted.push(character);
    }
    Error::Value { key: if dotted.is_empty() { "(top)".into() } else { dotted }, what }
}

fn read(error: ConfigError) -> (String, String) {
    match error {
        ConfigError::Type { key, expected, .. } => (key.unwrap_or_default(), format!("expected {expected}")),
        ConfigError::At { error, key, .. } => {
            let (inner, what) = read(*error);
            (key.unwrap_or(inner), what)
        }
        ConfigError::NotFound(key) => (key, "is missing".into()),
        // As serde tells them, with the value in between.
        ConfigError::Message(text) if SERDE.iter().any(|start| text.starts_with(start)) => {
            match text.rsplit_once(", expected ") {
                Some((_, expected)) => (String::new(), format!("expected {expected}")),
                None => (String::new(), "cannot be used".into()),
            }
        }
        other => (String::new(), other.to_string()),
    }
}
