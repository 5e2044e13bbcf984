//! Logs: to standard error, as text or JSON, with the lines that could hold a password kept off. A line in JSON names the span
//! that it is told in, so that it is found from a trace.

use std::{fmt, io::IsTerminal};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::filter_fn,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Json, Writer},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{
    Failure,
    settings::{LogFormat, LogSettings},
    traces::Traces,
};

/// Starts logging, and taking up spans where somebody collects them; a second call is an error.
///
/// # Errors
/// When the filter is not understood.
pub fn start(settings: &LogSettings, traces: Option<&Traces>) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|error| format!("setting log.filter: {error}"))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match settings.format {
        LogFormat::Text => lines.with_ansi(is_shown_to_a_person()).boxed(),
        LogFormat::Json => lines.json().event_format(Traced(Format::default().json())).boxed(),
    };
    // Spans are told to a collector and to nobody else: here they would stand before every line.
    let harmless =
        filter_fn(|metadata| metadata.target() != trace::TARGET && is_harmless(metadata.target(), *metadata.level()));
    tracing_subscriber::registry()
        .with(traces.map(Traces::layer))
        .with(lines.with_filter(harmless).with_filter(filter))
        .try_init()?;
    Ok(())
}

/// JSON with the ids of the span that a line is told in, where that is kept.
struct Traced(Format<Json>);

impl<S, N> FormatEvent<S, N> for Traced
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'fields> FormatFields<'fields> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(at) = trace::current().filter(|at| at.is_sampled()) else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        match line.trim_end().strip_suffix('}') {
            Some(open) => {
                let (trace, span) = (at.trace_id(), at.span_id());
                writeln!(writer, "{open},\"trace_id\":\"{trace:032x}\",\"span_id\":\"{span:016x}\"}}")
            }
            None => writer.write_str(&line),
        }
    }
}

/// Colours are for a terminal whose owner did not refuse them (https://no-color.org).
fn is_shown_to_a_person() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|refused| refused.is_empty())
}

/// The rooms: what they write at any level is written with care.
const ROOMS: [&str; 21] = [
    "api",
    "blobs",
    "caibian",
    "desk",
    "identity",
    "intake",
    "letter",
    "mail",
    "measure",
    "migrations",
    "post",
    "privacy",
    "procurement",
    "reply",
    "scan",
    "specimen",
    "stdx",
    "store",
    "tls",
    "trace",
    "worker",
];

/// Libraries are heard from INFO on, whatever the filter says. Below, the IMAP library writes the LOGIN line and whole
/// mails (by way of the `log` crate, where the target of all lines is `log`), HTTP/2 its frames and thereby the header
/// with the bearer token, and a database driver its statements: which of them does so today changes with their versions.
fn is_harmless(target: &str, level: Level) -> bool {
    let room = target.split("::").next().unwrap_or_default();
    ROOMS.contains(&room) || level <= Level::INFO
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_room_is_heard_as_one() {
        let rooms = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
        let mut rooms: BTreeSet<String> = rooms.map(|room| room.unwrap().file_name().into_string().unwrap()).collect();
        rooms.insert("migrations".into());
        assert_eq!(rooms, ROOMS.map(str::to_owned).into());
    }

    #[test]
    fn libraries_are_heard_from_info_on_and_rooms_at_any_level() {
        for (target, level, heard) in [
            ("mail::imap::login", Level::TRACE, true),
            ("desk::server", Level::DEBUG, true),
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
