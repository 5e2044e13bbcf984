//! The wire surface, line by line: a client was built against every one of them, so a line that goes is a breach.
//!
//! `proto/surface.txt` holds the lines as last agreed. `UPDATE_SURFACE=1 cargo test -p proto` writes it anew; the diff of
//! that file is then what a reviewer looks at.

use std::{collections::BTreeSet, env, fs, path::Path};

use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};
use proto::POOL;

const PACKAGES: &str = "caibian.";

#[test]
fn the_wire_is_the_one_that_was_agreed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("surface.txt");
    let actual = surface();
    let text = actual.iter().fold(String::new(), |text, line| text + line + "\n");
    if env::var_os("UPDATE_SURFACE").is_some() {
        fs::write(&file, text).expect("proto/surface.txt can be written");
        return;
    }
    let agreed = fs::read_to_string(&file).expect("proto/surface.txt is there");
    let (gone, new) = compared(&agreed, &actual);
    assert!(
        gone.is_empty() && new.is_empty(),
        "the wire is not that of proto/surface.txt\n\
         gone or changed, which breaks clients:\n{}\nnew:\n{}\n\
         if this is meant: UPDATE_SURFACE=1 cargo test -p proto",
        listed(&gone),
        listed(&new)
    );
    assert!(agreed == text, "proto/surface.txt is not in order: UPDATE_SURFACE=1 cargo test -p proto");
}

#[test]
fn a_field_that_is_renumbered_is_gone_and_new() {
    let actual = surface();
    let line = "message caibian.intake.v1.Campaign: 1 name: string";
    let agreed: String = actual
        .iter()
        .map(|known| if known == line { known.replace(": 1 ", ": 2 ") } else { known.clone() } + "\n")
        .collect();
    let (gone, new) = compared(&agreed, &actual);
    assert_eq!(gone, ["message caibian.intake.v1.Campaign: 2 name: string"]);
    assert_eq!(new, [line]);
}

/// The lines of the first that the second has not, and the other way round.
fn compared(agreed: &str, actual: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    let agreed: BTreeSet<String> = agreed.lines().map(str::to_owned).collect();
    (agreed.difference(actual).cloned().collect(), actual.difference(&agreed).cloned().collect())
}

fn listed(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  {line}\n")).collect()
}

/// Every field, enum value and rpc of our packages, one a line.
fn surface() -> BTreeSet<String> {
    let ours = |name: &str| name.starts_with(PACKAGES);
    let mut lines = BTreeSet::new();
    for message in POOL.all_messages().filter(|message| ours(message.full_name()) && !message.is_map_entry()) {
        let name = message.full_name();
        lines.insert(format!("message {name}"));
        lines.extend(message.fields().map(|field| format!("message {name}: {}", field_line(&field))));
        lines.extend(reserved(&message));
    }
    for found in POOL.all_enums().filter(|found| ours(found.full_name())) {
        let name = found.full_name();
        lines.extend(found.values().map(|value| format!("enum {name}: {} {}", value.number(), value.name())));
    }
    for service in POOL.services().filter(|service| ours(service.full_name())) {
        for method in service.methods() {
            let stream = |is: bool| if is { "stream " } else { "" };
            lines.insert(format!(
                "rpc {}/{}({}{}) returns ({}{})",
                service.full_name(),
                method.name(),
                stream(method.is_client_streaming()),
                method.input().full_name(),
                stream(method.is_server_streaming()),
                method.output().full_name()
            ));
        }
    }
    lines
}

fn field_line(field: &FieldDescriptor) -> String {
    let kind = match field.kind() {
        Kind::Message(entry) if entry.is_map_entry() => {
            let of = |field: FieldDescriptor| kind_name(&field.kind());
            format!("map<{}, {}>", of(entry.map_entry_key_field()), of(entry.map_entry_value_field()))
        }
        kind => kind_name(&kind),
    };
    let label = match (field.cardinality(), field.containing_oneof()) {
        _ if field.is_map() => String::new(),
        (Cardinality::Repeated, _) => "repeated ".into(),
        (_, Some(oneof)) if oneof.is_synthetic() => "optional ".into(),
        (_, Some(oneof)) => format!("oneof {} ", oneof.name()),
        _ => String::new(),
    };
    format!("{} {}: {label}{kind}", field.number(), field.name())
}

fn kind_name(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(found) => found.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

/// Numbers and names that may not come again.
fn reserved(message: &MessageDescriptor) -> Vec<String> {
    let name = message.full_name();
    let ranges =
        message.reserved_ranges().map(|range| format!("message {name}: reserved {}..{}", range.start, range.end));
    ranges.chain(message.reserved_names().map(|word| format!("message {name}: reserved {word}"))).collect()
}
