//! Logs: to standard error, as text or JSON, with the lines that could hold a password kept off.

use std::io::IsTerminal;

use tracing::Level;
use tracing_subscriber::{EnvFilter, Layer, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    Failure,
    settings::{LogFormat, LogSettings},
};

/// Starts logging; a second call is an error.
///
/// # Errors
/// When the filter is not understood.
pub fn start(settings: &LogSettings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|error| format!("setting log.filter: {error}"))?;
    let lines = match settings.format {
        LogFormat::Text => fmt::layer().with_ansi(is_shown_to_a_person()).with_writer(std::io::stderr).boxed(),
        LogFormat::Json => fmt::layer().json().with_writer(std::io::stderr).boxed(),
    };
    let harmless = filter_fn(|metadata| is_harmless(metadata.target(), *metadata.level()));
    tracing_subscriber::registry().with(lines.with_filter(harmless).with_filter(filter)).try_init()?;
    Ok(())
}

/// Colours are for a terminal whose owner did not refuse them (https://no-color.org).
fn is_shown_to_a_person() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|refused| refused.is_empty())
}

/// The rooms: what they write at any level is written with care.
const ROOMS: [&str; 9] = ["api", "blobs", "caibian", "intake", "letter", "mail", "scan", "store", "worker"];

/// Libraries are heard from INFO on, whatever the filter says. Below, the IMAP library writes the LOGIN line and whole
/// mails (by way of the `log` crate, where the target of all lines is `log`), HTTP/2 its frames and thereby the header
/// with the bearer token, and a database driver its statements: which of them does so today changes with their versions.
fn is_harmless(target: &str, level: Level) -> bool {
    let room = target.split("::").next().unwrap_or_default();
    ROOMS.contains(&room) || level <= Level::INFO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_heard_from_info_on_and_rooms_at_any_level() {
        for (target, level, heard) in [
            ("mail::imap::login", Level::TRACE, true),
            ("worker", Level::DEBUG, true),
            ("h2::codec::framed_read", Level::TRACE, false),
            ("async_imap::client", Level::DEBUG, false),
            ("sqlx::query", Level::DEBUG, false),
            ("log", Level::TRACE, false),
            ("mailx", Level::DEBUG, false),
            ("h2::codec", Level::WARN, true),
            ("sea_orm_migration::migrator", Level::INFO, true),
        ] {
            assert_eq!(is_harmless(target, level), heard, "{target} {level}");
        }
    }
}
