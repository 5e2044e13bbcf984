//! Every span, explained to people; a test holds it against what is made, and `docs/traces.md` against it.

/// One span: its name, its kind, its attributes, its meaning.
pub type Described = (&'static str, &'static str, &'static [&'static str], &'static str);

/// Every span that there is.
pub const DESCRIBED: &[Described] = &[
    (
        "{rpc.method}",
        "server",
        &[
            "rpc.system.name",
            "rpc.method",
            "rpc.response.status_code",
            "error.type",
            "caibian.submission.id",
            "caibian.letter.id",
        ],
        "A gRPC call, from its arrival until its answer begins; the ids when it wrote a letter",
    ),
    (
        "{http.request.method} {http.route}",
        "server",
        &["http.request.method", "http.route", "http.response.status_code", "error.type"],
        "A page of the desk, from the request until its answer begins",
    ),
    (
        "mail fetch",
        "client",
        &[
            "messaging.operation.name",
            "messaging.operation.type",
            "messaging.destination.name",
            "messaging.message.envelope.size",
            "caibian.message.id",
            "caibian.outcome",
            "error.type",
        ],
        "The bytes of a mail are fetched and kept; the first one begins the trace of the mail's way",
    ),
    (
        "mail parse",
        "internal",
        &["messaging.destination.name", "caibian.message.id", "caibian.outcome", "error.type"],
        "A mail is taken apart in a child",
    ),
    (
        "mail assess",
        "internal",
        &["messaging.destination.name", "caibian.message.id", "caibian.outcome", "error.type"],
        "A mail is sorted and judged",
    ),
    (
        "mail record",
        "internal",
        &[
            "messaging.destination.name",
            "caibian.message.id",
            "caibian.submission.id",
            "caibian.letter.id",
            "caibian.outcome",
            "error.type",
        ],
        "A mail is recorded, with its submission and its letter where there are such",
    ),
    (
        "mail file",
        "client",
        &["messaging.destination.name", "caibian.message.id", "caibian.outcome", "error.type"],
        "A mail is flagged or moved on its server",
    ),
    (
        "letter send",
        "client",
        &[
            "messaging.operation.name",
            "messaging.operation.type",
            "caibian.letter.id",
            "caibian.submission.id",
            "caibian.tries",
            "caibian.outcome",
            "error.type",
        ],
        "A try of a letter: under the `mail record` or the call that wrote it, with a link to the mail's way in the latter case",
    ),
];

/// All spans as a Markdown table.
#[must_use]
pub fn markdown() -> String {
    let mut table = String::from("| Span | Kind | Attributes | Meaning |\n|---|---|---|---|\n");
    for (name, kind, attributes, meaning) in DESCRIBED {
        let attributes: Vec<String> = attributes.iter().map(|attribute| format!("`{attribute}`")).collect();
        table.push_str(&format!("| `{name}` | {kind} | {} | {meaning} |\n", attributes.join(", ")));
    }
    table
}
