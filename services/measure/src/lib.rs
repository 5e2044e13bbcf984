//! What an operator sees in figures: every metric of every role, with its name, labels and meaning in one place. Names are
//! those of OpenTelemetry's semantic conventions where these have one, with underscores as Prometheus wants them.
//!
//! Rooms say what happened ([`call_ended`], [`mail_fetched`], …); [`text`] is what a scraper reads. Labels hold words of
//! ours alone (methods, states, codes, names of mailboxes in the settings): never an address, a subject or a telephone.

mod process;
mod registry;

use std::{sync::LazyLock, time::Duration};

use prometheus_client::metrics::gauge::Gauge;
pub use registry::Described;
use registry::{Metrics, of_call, of_page};

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// What a scraper reads: OpenMetrics text, of the media type [`MEDIA_TYPE`].
#[must_use]
pub fn text() -> String {
    METRICS.text()
}

/// Of [`text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every metric that there is.
#[must_use]
pub fn described() -> &'static [Described] {
    METRICS.described()
}

/// All metrics as a Markdown table.
#[must_use]
pub fn markdown() -> String {
    let mut table = String::from("| Metric | Labels | Meaning |\n|---|---|---|\n");
    for metric in described() {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        table.push_str(&format!("| `{}` | {} | {} |\n", metric.name, labels.join(", "), metric.help));
    }
    table
}

/// A gRPC call was answered: `package.Service/Method`, and the code's name (`OK`, `NOT_FOUND`).
pub fn call_ended(method: &str, code: &'static str, took: Duration) {
    METRICS.calls.get_or_create(&of_call(method, code)).observe(took.as_secs_f64());
}

/// Something that is there as long as this is held.
#[derive(Debug)]
pub struct Held(&'static Gauge);

impl Held {
    fn of(gauge: &'static Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A gRPC call has come; held until its answer begins, or until nobody waits for it any more.
#[must_use]
pub fn call_at_work() -> Held {
    Held::of(&METRICS.calls_at_work)
}

/// A connection to the gRPC service; held while it is open.
#[must_use]
pub fn connection() -> Held {
    Held::of(&METRICS.connections)
}

/// A connection made room for another.
pub fn connection_displaced() {
    METRICS.connections_displaced.inc();
}

/// A page of the desk was answered: the route with its parameters' names, and the status.
pub fn page_ended(method: &str, route: &str, status: u16, took: Duration) {
    METRICS.pages.get_or_create(&of_page(method, route, status)).observe(took.as_secs_f64());
}

/// A mail's bytes came from its server and are durable.
pub fn mail_fetched(size_bytes: u64) {
    METRICS.mails.inc();
    METRICS.fetched_bytes.inc_by(size_bytes);
}

/// Mails were erased because they were kept long enough.
pub fn mails_expired(count: u64) {
    METRICS.erased.inc_by(count);
}

/// A mail was opened in a child, or the child had to be killed.
pub fn mail_opened(took: Duration, was_killed: bool) {
    METRICS.opened.observe(took.as_secs_f64());
    if was_killed {
        METRICS.killed.inc();
    }
}

/// A virus scanner was asked about a mail or a part: `clean`, `found`, `too_large`, `failed`.
pub fn file_scanned(outcome: &str) {
    METRICS.scans.of(outcome).inc();
}

/// Another worker has the lease of a mailbox that this one held.
pub fn lease_lost() {
    METRICS.leases_lost.inc();
}

/// A server numbers a folder's mails anew.
pub fn uidvalidity_changed() {
    METRICS.epochs.inc();
}

/// A mailbox was compared with its rows: mails of the server without a row, rows without a mail on the server.
pub fn reconciled(mailbox: &str, missing: u64, extra: u64) {
    METRICS.missing.of(mailbox).set(missing.cast_signed());
    METRICS.extra.of(mailbox).set(extra.cast_signed());
}

/// A mail server refused this mailbox's password.
pub fn mailbox_refused(mailbox: &str) {
    METRICS.mailbox_refused.of(mailbox).inc();
}

/// A letter was tried; how it ended, as the outbox has it (`sent`, `deferred`, `failed`, `uncertain`).
pub fn letter_tried(outcome: &str) {
    METRICS.letters.of(outcome).inc();
}

/// Somebody was not let in: `password`, `token`, `provider`.
pub fn sign_in_failed(reason: &'static str) {
    METRICS.sign_ins_failed.of(reason).inc();
}

/// A thread panicked. From the hook that [`count_panics`] sets.
pub fn panicked() {
    METRICS.panics.inc();
}

/// Counts panics from now on, before whatever else is done about them.
pub fn count_panics() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        panicked();
        told(panic);
    }));
}

/// What the tables and the disk say at one moment.
#[derive(Clone, Debug, Default)]
pub struct Vitals {
    /// Mails by stage.
    pub messages: Vec<(&'static str, u64)>,
    /// Age of the oldest mail that is still on its way.
    pub oldest_pending: Duration,
    /// Since the last sweep that ended well, by mailbox.
    pub sweeps: Vec<(String, Duration)>,
    /// Letters by state.
    pub letters: Vec<(&'static str, u64)>,
    /// Letters that are not to go, by the reason's word.
    pub suppressed: Vec<(String, u64)>,
    /// Age of the oldest letter that is due and has not gone.
    pub oldest_letter: Duration,
    /// Until the next deadline of a campaign, if one is to come.
    pub deadline_in: Option<Duration>,
    /// Bytes that may still be written where blobs lie.
    pub free_bytes: Option<u64>,
    /// Since the last backup that ended well, if there was one.
    pub backup_age: Option<Duration>,
    /// Until the first of the certificates ends.
    pub certificate_ends_in: Option<Duration>,
    /// Whether the process is ready for work.
    pub is_ready: bool,
}

/// Puts what was found into the gauges.
pub fn set(vitals: &Vitals) {
    let seconds = |span: Duration| span.as_secs_f64();
    for (stage, count) in &vitals.messages {
        METRICS.messages.of(stage).set(count.cast_signed());
        if *stage == "quarantined" {
            METRICS.quarantined.set(count.cast_signed());
        }
    }
    METRICS.oldest_pending.set(seconds(vitals.oldest_pending));
    for (mailbox, age) in &vitals.sweeps {
        METRICS.sweep_age.of(mailbox).set(seconds(*age));
    }
    for (state, count) in &vitals.letters {
        METRICS.outbox.of(state).set(count.cast_signed());
        match *state {
            "pending" => METRICS.outbox_pending.set(count.cast_signed()),
            "uncertain" => METRICS.outbox_uncertain.set(count.cast_signed()),
            _ => 0,
        };
    }
    for (reason, count) in &vitals.suppressed {
        METRICS.suppressed.of(reason).set(count.cast_signed());
    }
    METRICS.oldest_letter.set(seconds(vitals.oldest_letter));
    // What is not known is not shown as nought: an alert would take it for the worst.
    METRICS.deadline_in.set(vitals.deadline_in.map_or(f64::INFINITY, seconds));
    if let Some(bytes) = vitals.free_bytes {
        METRICS.free_bytes.set(bytes.cast_signed());
    }
    METRICS.backup_age.set(vitals.backup_age.map_or(f64::NAN, seconds));
    METRICS.certificate_ends_in.set(vitals.certificate_ends_in.map_or(f64::INFINITY, seconds));
    METRICS.ready.set(i64::from(vitals.is_ready));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_told_under_the_names_that_are_described() {
        call_ended("caibian.intake.v1.SubmissionService/GetSubmission", "OK", Duration::from_millis(3));
        page_ended("GET", "/submissions/{id}", 200, Duration::from_millis(12));
        let _held = call_at_work();
        drop(call_at_work());
        mail_fetched(1_024);
        mail_opened(Duration::from_millis(40), true);
        letter_tried("sent");
        reconciled("czzhengwen", 2, 0);
        set(&Vitals {
            messages: vec![("recorded", 7), ("quarantined", 1)],
            sweeps: vec![("czzhengwen".into(), Duration::from_secs(61))],
            letters: vec![("uncertain", 3)],
            ..Vitals::default()
        });
        let told = text();
        for line in [
            "rpc_server_call_duration_seconds_count{rpc_system_name=\"grpc\",\
             rpc_method=\"caibian.intake.v1.SubmissionService/GetSubmission\",rpc_status_code=\"OK\"} 1",
            "caibian_api_calls_at_work 1",
            "caibian_intake_fetch_bytes_total 1024",
            "caibian_intake_parse_killed_total 1",
            "caibian_intake_reconcile_missing{mailbox=\"czzhengwen\"} 2",
            "caibian_intake_messages{state=\"recorded\"} 7",
            "caibian_intake_quarantine_count 1",
            "caibian_intake_last_successful_sweep_age_seconds{mailbox=\"czzhengwen\"} 61.0",
            "caibian_outbox_uncertain 3",
            "caibian_outbox_attempts_total{outcome=\"sent\"} 1",
        ] {
            assert!(told.lines().any(|told| told == line), "{line} is not in\n{told}");
        }
        // Whatever is told is described by the same words.
        let described: Vec<String> = described()
            .iter()
            .map(|metric| format!("{} {}.", metric.name.strip_suffix("_total").unwrap_or(&metric.name), metric.help))
            .collect();
        for named in told.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
            assert!(described.iter().any(|described| described == named), "{named} in {described:?}");
        }
    }

    #[test]
    fn a_process_tells_what_it_takes_of_the_machine() {
        let told = text();
        let value = |name: &str| -> f64 {
            let line = told.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
            line.unwrap_or_else(|| panic!("no {name} in\n{told}")).parse().unwrap()
        };
        assert!(value("process_resident_memory_bytes") > 1e6);
        assert!(value("process_open_fds") >= 3.0);
        assert!(value("process_start_time_seconds") > 1.6e9);
    }
}
