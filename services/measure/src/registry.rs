//! The metrics themselves.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry, Unit},
};

use crate::process::Process;

type One = [(&'static str, String); 1];
type Three = [(&'static str, String); 3];
type Seconds = Gauge<f64, AtomicU64>;
/// How long something took, by what it was and how it ended.
pub type Durations = Family<Three, Histogram, fn() -> Histogram>;

/// Seconds: from a look-up to a call's longest deadline.
const CALL_BUCKETS: [f64; 13] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
/// Seconds: from a short mail to the CPU time that a child may use.
const OPEN_BUCKETS: [f64; 9] = [0.005, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0];

/// A metric as people read of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// As a scraper gets it.
    pub name: String,
    /// What it is told apart by.
    pub labels: &'static [&'static str],
    /// What it says, without the full stop.
    pub help: &'static str,
}

/// A metric that is told apart by one word.
#[derive(Debug)]
pub struct By<M> {
    label: &'static str,
    family: Family<One, M>,
}

impl<M: Clone + Default> By<M> {
    /// That of one word.
    pub fn of(&self, value: &str) -> M {
        self.family.get_or_create_owned(&[(self.label, value.to_owned())])
    }
}

/// Labels of a call.
pub fn of_call(method: &str, code: &str) -> Three {
    [("rpc_system_name", "grpc"), ("rpc_method", method), ("rpc_status_code", code)].map(owned)
}

/// Labels of a page.
pub fn of_page(method: &str, route: &str, status: u16) -> Three {
    let status = status.to_string();
    [("http_request_method", method), ("http_route", route), ("http_response_status_code", &*status)].map(owned)
}

fn owned((label, value): (&'static str, &str)) -> (&'static str, String) {
    (label, value.to_owned())
}

/// All of them.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    described: Vec<Described>,
    process: Process,
    pub calls: Durations,
    pub calls_at_work: Gauge,
    pub connections: Gauge,
    pub connections_displaced: Counter,
    pub pages: Durations,
    pub mails: Counter,
    pub fetched_bytes: Counter,
    pub erased: Counter,
    pub opened: Histogram,
    pub killed: Counter,
    pub leases_lost: Counter,
    pub epochs: Counter,
    pub missing: By<Gauge>,
    pub extra: By<Gauge>,
    pub mailbox_refused: By<Counter>,
    pub scans: By<Counter>,
    pub letters: By<Counter>,
    pub sign_ins_failed: By<Counter>,
    pub panics: Counter,
    pub messages: By<Gauge>,
    pub quarantined: Gauge,
    pub oldest_pending: Seconds,
    pub sweep_age: By<Seconds>,
    pub outbox: By<Gauge>,
    pub outbox_pending: Gauge,
    pub outbox_uncertain: Gauge,
    pub suppressed: By<Gauge>,
    pub oldest_letter: Seconds,
    pub deadline_in: Seconds,
    pub free_bytes: Gauge,
    pub backup_age: Seconds,
    pub certificate_ends_in: Seconds,
    pub ready: Gauge,
}

/// Takes metrics in.
#[derive(Default)]
struct Book {
    registry: Registry,
    described: Vec<Described>,
}

impl Book {
    fn take<M: Metric + Clone>(
        &mut self,
        metric: M,
        name: &str,
        unit: Option<Unit>,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> M {
        let suffix = if std::any::type_name::<M>().contains("Counter") { "_total" } else { "" };
        let in_unit = unit.as_ref().map(|unit| format!("_{}", unit.as_str())).unwrap_or_default();
        self.described.push(Described { name: format!("{name}{in_unit}{suffix}"), labels, help });
        match unit {
            Some(unit) => self.registry.register_with_unit(name, help, unit, metric.clone()),
            None => self.registry.register(name, help, metric.clone()),
        }
        metric
    }

    fn plain<M: Metric + Clone + Default>(&mut self, name: &str, help: &'static str) -> M {
        self.take(M::default(), name, None, &[], help)
    }

    fn bytes<M: Metric + Clone + Default>(&mut self, name: &str, help: &'static str) -> M {
        self.take(M::default(), name, Some(Unit::Bytes), &[], help)
    }

    fn seconds(&mut self, name: &str, help: &'static str) -> Seconds {
        self.take(Seconds::default(), name, Some(Unit::Seconds), &[], help)
    }

    fn by<M>(&mut self, labels: &'static [&'static str; 1], name: &str, unit: Option<Unit>, help: &'static str) -> By<M>
    where
        M: Default + Clone,
        Family<One, M>: Metric + Clone,
    {
        By { label: labels[0], family: self.take(Family::default(), name, unit, labels, help) }
    }

    fn durations(&mut self, labels: &'static [&'static str; 3], name: &str, help: &'static str) -> Durations {
        let made: fn() -> Histogram = || Histogram::new(CALL_BUCKETS);
        self.take(Family::new_with_constructor(made), name, Some(Unit::Seconds), labels, help)
    }
}

impl Metrics {
    pub fn new() -> Self {
        let mut book = Book::default();
        let build: Family<One, Gauge> = book.take(
            Family::default(),
            "caibian_build_info",
            None,
            &["version"],
            "Always 1, with the program's version",
        );
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION").to_owned())]).set(1);
        let calls = book.durations(
            &["rpc_system_name", "rpc_method", "rpc_status_code"],
            "rpc_server_call_duration",
            "How long gRPC calls took until their answer began",
        );
        let pages = book.durations(
            &["http_request_method", "http_route", "http_response_status_code"],
            "http_server_request_duration",
            "How long pages of the desk took until their answer began",
        );
        let opened = book.take(
            Histogram::new(OPEN_BUCKETS),
            "caibian_intake_parse_duration",
            Some(Unit::Seconds),
            &[],
            "How long children took to open a mail",
        );
        Self {
            calls,
            calls_at_work: book
                .plain("caibian_api_calls_at_work", "gRPC calls that have come and whose answer has not begun"),
            connections: book.plain("caibian_api_connections", "Connections to the gRPC service"),
            connections_displaced: book.plain(
                "caibian_api_connections_displaced",
                "Connections that were cut because places ran out: of nobody known, or of the caller with most of them",
            ),
            pages,
            opened,
            mails: book.plain("messaging_client_consumed_messages", "Mails whose bytes were fetched and are durable"),
            fetched_bytes: book.take(
                Counter::default(),
                "caibian_intake_fetch_bytes",
                None,
                &[],
                "Bytes of mails that were fetched",
            ),
            erased: book.plain("caibian_intake_erased", "Mails that were erased because they were kept long enough"),
            killed: book.plain("caibian_intake_parse_killed", "Children that were killed or died over a mail"),
            leases_lost: book.plain("caibian_intake_lease_lost", "Leases of mailboxes that another worker has taken"),
            epochs: book.plain("caibian_intake_uidvalidity_changes", "Times that a server numbered a folder anew"),
            missing: book.by(
                &["mailbox"],
                "caibian_intake_reconcile_missing",
                None,
                "Mails of the server without a row, at the last comparison",
            ),
            extra: book.by(
                &["mailbox"],
                "caibian_intake_reconcile_extra",
                None,
                "Rows without a mail on the server, at the last comparison",
            ),
            mailbox_refused: book.by(
                &["mailbox"],
                "caibian_intake_login_refused",
                None,
                "Times that a mail server refused the user name or password of a mailbox",
            ),
            scans: book.by(
                &["outcome"],
                "caibian_scan_files",
                None,
                "Mails and parts that a virus scanner was asked about, by its answer",
            ),
            letters: book.by(
                &["outcome"],
                "caibian_outbox_attempts",
                None,
                "Tries to send a letter, by how they ended",
            ),
            sign_ins_failed: book.by(
                &["reason"],
                "caibian_auth_failures",
                None,
                "Callers and people who were not let in",
            ),
            panics: book.plain("caibian_panics", "Threads and tasks that panicked: always a fault of the program"),
            messages: book.by(&["state"], "caibian_intake_messages", None, "Mails in the tables, by stage"),
            quarantined: book.plain("caibian_intake_quarantine_count", "Mails that were set aside for an editor"),
            oldest_pending: book
                .seconds("caibian_intake_oldest_pending_age", "Age of the oldest mail that is not recorded yet"),
            sweep_age: book.by(
                &["mailbox"],
                "caibian_intake_last_successful_sweep_age",
                Some(Unit::Seconds),
                "Since the last sweep over all folders of a mailbox ended well",
            ),
            outbox: book.by(&["state"], "caibian_outbox_messages", None, "Letters in the tables, by state"),
            outbox_pending: book.plain("caibian_outbox_pending", "Letters that are still to go"),
            outbox_uncertain: book.plain("caibian_outbox_uncertain", "Letters of which nobody knows whether they went"),
            suppressed: book.by(
                &["reason"],
                "caibian_outbox_suppressed",
                None,
                "Letters that do not go, by the reason",
            ),
            oldest_letter: book
                .seconds("caibian_outbox_oldest_age", "Age of the oldest letter that is due and has not gone"),
            deadline_in: book.seconds(
                "caibian_campaign_deadline_in",
                "Until the next deadline of a campaign; infinite when none is to come",
            ),
            free_bytes: book.bytes("caibian_blob_free", "Free bytes where raw mails are written"),
            backup_age: book
                .seconds("caibian_backup_age", "Since the last backup ended well; not a number without one"),
            certificate_ends_in: book.seconds(
                "caibian_certificate_ends_in",
                "Until the first of the certificates ends that gRPC is served or called with; infinite without one",
            ),
            ready: book.plain("caibian_ready", "Whether the process says that it is ready for work"),
            process: Process {
                cpu: book.take(
                    Counter::default(),
                    "process_cpu",
                    Some(Unit::Seconds),
                    &[],
                    "Processor time that the process has used",
                ),
                memory: book.bytes("process_resident_memory", "Memory of the process that is in RAM"),
                files: book.plain("process_open_fds", "Open file descriptors"),
                started: book.seconds("process_start_time", "When the process began, in seconds since 1970"),
            },
            described: book.described,
            registry: book.registry,
        }
    }

    pub fn described(&self) -> &[Described] {
        &self.described
    }

    pub fn text(&self) -> String {
        self.process.look();
        let mut text = String::new();
        // Writing into memory does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
