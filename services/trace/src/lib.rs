//! What an operator follows from a mail to its letter: every span of every role, with its name, attributes and meaning in
//! one place. Names are those of OpenTelemetry's semantic conventions where these have one.
//!
//! Rooms begin a span ([`call`], [`page`], [`step`], [`letter`]) and say how it ended; what stands in it are words and ids of
//! ours alone: never an address, a subject, a name, a telephone, a file's name or a token. A mail's way lasts days and
//! outlives processes, so its place in the trace ([`Traceparent`]) is kept with its row, and [`Parent::Row`] goes on there.
//!
//! Where nobody collects traces no span is made and [`current`] gives nothing. Who collects them is `caibian`'s to say.

mod described;

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
pub use stdx::Traceparent;
use tracing::{Span, field::Empty, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use uuid::Uuid;

pub use described::{DESCRIBED, Described, markdown};

/// The target of every span that is made here: what is collected has this one, and logs leave it out.
pub const TARGET: &str = "trace";

/// What is done with a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its bytes are fetched and kept.
    Fetch,
    /// It is taken apart in a child.
    Parse,
    /// It is sorted and judged.
    Assess,
    /// It is recorded, with its letter.
    Record,
    /// It is filed on its server.
    File,
}

/// A gRPC call has come: `package.Service/Method`. It begins a trace of its own unless [`continues`] says otherwise before
/// it is entered.
#[must_use]
pub fn call(method: &'static str) -> Span {
    info_span!(
        target: TARGET,
        parent: None,
        "call",
        "otel.name" = method,
        "otel.kind" = "server",
        "otel.status_code" = Empty,
        "rpc.system.name" = "grpc",
        "rpc.method" = method,
        "rpc.response.status_code" = Empty,
        "error.type" = Empty,
        "caibian.submission.id" = Empty,
        "caibian.letter.id" = Empty,
    )
}

/// Codes that are a server's fault, as the conventions have it; the others tell a caller something.
const FAULTS: [&str; 6] = ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];

/// The answer of a call begins, with the code's name.
pub fn call_ended(call: &Span, code: &'static str) {
    call.record("rpc.response.status_code", code);
    if FAULTS.contains(&code) {
        fault(call, code);
    }
}

/// The call goes on where its caller stands. Only for a caller who is known: what strangers say they are part of is not
/// believed.
pub fn continues(call: &Span, caller: Traceparent) {
    follow(call, caller);
}

/// A page of the desk is asked for: the method, and the route with its parameters' names.
#[must_use]
pub fn page(method: &'static str, route: &str) -> Span {
    info_span!(
        target: TARGET,
        parent: None,
        "page",
        "otel.name" = format_args!("{method} {route}"),
        "otel.kind" = "server",
        "otel.status_code" = Empty,
        "http.request.method" = method,
        "http.route" = route,
        "http.response.status_code" = Empty,
        "error.type" = Empty,
    )
}

/// A page was answered.
pub fn page_ended(page: &Span, status: u16) {
    page.record("http.response.status_code", i64::from(status));
    if status >= 500 {
        fault(page, "server");
    }
}

/// A step of a mail, in the trace of its way if that has begun. `mailbox` is its name in the settings.
#[must_use]
pub fn step(step: Step, message: Uuid, mailbox: &str, way: Option<Traceparent>) -> Span {
    macro_rules! span {
        ($name:literal, $kind:literal $(, $field:literal = $value:expr)*) => {
            info_span!(
                target: TARGET,
                parent: None,
                $name,
                "otel.kind" = $kind,
                "otel.status_code" = Empty,
                "error.type" = Empty,
                "messaging.destination.name" = mailbox,
                "caibian.message.id" = %message,
                "caibian.outcome" = Empty,
                $($field = $value,)*
            )
        };
    }
    let span = match step {
        Step::Fetch => span!(
            "mail fetch",
            "client",
            "messaging.operation.name" = "fetch",
            "messaging.operation.type" = "receive",
            "messaging.message.envelope.size" = Empty
        ),
        Step::Parse => span!("mail parse", "internal"),
        Step::Assess => span!("mail assess", "internal"),
        Step::Record => {
            span!("mail record", "internal", "caibian.submission.id" = Empty, "caibian.letter.id" = Empty)
        }
        Step::File => span!("mail file", "client"),
    };
    if let Some(way) = way {
        follow(&span, way);
    }
    span
}

/// How large the mail is whose fetch is the present span.
pub fn fetched(size_bytes: u64) {
    Span::current().record("messaging.message.envelope.size", size_bytes.cast_signed());
}

/// How the present step ended: the stage that the mail has reached, or another word of ours.
pub fn ended(outcome: &'static str) {
    Span::current().record("caibian.outcome", outcome);
}

/// The present step failed.
pub fn failed(outcome: &'static str) {
    ended(outcome);
    fault(&Span::current(), outcome);
}

/// The present span recorded a submission.
pub fn recorded(submission: Uuid) {
    Span::current().record("caibian.submission.id", tracing::field::display(submission));
}

/// The present span wrote a letter about a submission.
pub fn wrote(letter: Uuid, submission: Uuid) {
    recorded(submission);
    Span::current().record("caibian.letter.id", tracing::field::display(letter));
}

/// A letter is tried: it goes on where what wrote it stood, and points at the way of the mail where that is another trace.
#[must_use]
pub fn letter(
    letter: Uuid,
    submission: Option<Uuid>,
    tries: u32,
    cause: Option<Traceparent>,
    mail: Option<Traceparent>,
) -> Span {
    let span = info_span!(
        target: TARGET,
        parent: None,
        "letter send",
        "otel.kind" = "client",
        "otel.status_code" = Empty,
        "error.type" = Empty,
        "messaging.operation.name" = "send",
        "messaging.operation.type" = "send",
        "caibian.letter.id" = %letter,
        "caibian.submission.id" = Empty,
        "caibian.tries" = i64::from(tries),
        "caibian.outcome" = Empty,
    );
    if let Some(submission) = submission {
        span.record("caibian.submission.id", tracing::field::display(submission));
    }
    if let Some(cause) = cause {
        follow(&span, cause);
    }
    if let Some(mail) = mail.filter(|mail| cause.is_none_or(|cause| cause.trace_id() != mail.trace_id())) {
        span.add_link(context(mail));
    }
    span
}

/// Where the present span stands; none where nobody collects traces.
#[must_use]
pub fn current() -> Option<Traceparent> {
    let context = Context::current();
    let span = context.span();
    let at = span.span_context();
    Traceparent::new(
        u128::from_be_bytes(at.trace_id().to_bytes()),
        u64::from_be_bytes(at.span_id().to_bytes()),
        at.is_sampled(),
    )
}

fn follow(span: &Span, parent: Traceparent) {
    // Refused where nobody collects, and then there is nothing to follow.
    let _ = span.set_parent(Context::new().with_remote_span_context(context(parent)));
}

/// Without a `tracestate`: nothing here reads one, and it would be a caller's free words in what we tell.
fn context(at: Traceparent) -> SpanContext {
    let flags = if at.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let (trace, span) = (TraceId::from(at.trace_id()), SpanId::from(at.span_id()));
    SpanContext::new(trace, span, flags, true, TraceState::default())
}

fn fault(span: &Span, kind: &'static str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", kind);
}

#[cfg(test)]
mod tests;
