//! Logs: to standard error, as text or JSON, a line an event, with the lines that could hold a password kept off. A line in JSON
//! names the span that it is told in, so that it is found from a trace.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
};

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
    let is_coloured = settings.format == LogFormat::Text && is_shown_to_a_person();
    let lines = tracing_subscriber::fmt::layer().with_writer(move || OneLine { writer: io::stderr(), is_coloured });
    let lines = match settings.format {
        LogFormat::Text => lines.with_ansi(is_coloured).boxed(),
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

/// A line an event: what ends a line, or turns its reading around, is written as its number. A server's answer in an error is
/// words of a stranger, who is to write no line of ours.
struct OneLine<W> {
    writer: W,
    /// Then what sets a colour stays, whoever wrote it: the formatter's own cannot be told from others.
    is_coloured: bool,
}

impl<W: Write> Write for OneLine<W> {
    /// An event comes whole.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let mut line = String::with_capacity(event.len());
        for (at, character) in text.char_indices() {
            let is_breaking = (character.is_control() && !(self.is_coloured && sets_colour(&text[at..])))
                || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            match character {
                '\n' => line.push_str("\\n"),
                '\r' => line.push_str("\\r"),
                '\t' => line.push_str("\\t"),
                // As JSON writes it.
                _ if is_breaking => line.push_str(&format!("\\u{:04x}", u32::from(character))),
                _ => line.push(character),
            }
        }
        line.push('\n');
        self.writer.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Whether a terminal's sequence begins here that changes how text looks (ECMA-48, SGR) and nothing else.
fn sets_colour(text: &str) -> bool {
    let numbers = text.strip_prefix("\u{1b}[").unwrap_or_default();
    numbers.trim_start_matches(|character: char| character.is_ascii_digit() || character == ';').starts_with('m')
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
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|refused| refused.is_empty())
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
    use std::{
        collections::BTreeSet,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[test]
    fn words_of_a_stranger_write_no_line_and_move_no_cursor() {
        let words = "NO refused\r\n2026-01-01T00:00:00Z  INFO worker: all is well\u{2028}\u{202e}\u{1b}[2J。";
        let told = |is_coloured: bool, is_json: bool| {
            let written = Arc::new(Mutex::new(Vec::new()));
            let into = written.clone();
            let writer = move || OneLine { writer: Into(into.clone()), is_coloured };
            let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(is_coloured);
            let lines = if is_json { lines.json().boxed() } else { lines.boxed() };
            let told = tracing_subscriber::registry().with(lines);
            tracing::subscriber::with_default(told, || tracing::warn!(error = %words, said = words, "{words}"));
            String::from_utf8(written.lock().unwrap().clone()).unwrap()
        };
        for (is_coloured, is_json) in [(false, false), (true, false), (false, true)] {
            let line = told(is_coloured, is_json);
            assert!(line.ends_with('\n') && line.lines().count() == 1, "{line:?}");
            assert!(!line.contains(['\r', '\u{2028}', '\u{202e}']) && !line.contains("\u{1b}[2J"), "{line:?}");
            assert!(line.contains("all is well") && line.contains('。'), "{line:?}");
            assert_eq!(line.contains('\u{1b}'), is_coloured, "{line:?}");
            if is_json {
                let read: serde_json::Value = serde_json::from_str(&line).unwrap();
                let at = read["timestamp"].as_str().unwrap();
                // In UTC, and for any reader.
                assert!(at.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(at).is_ok(), "{at}");
            }
        }
    }

    struct Into(Arc<Mutex<Vec<u8>>>);

    impl Write for Into {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

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
