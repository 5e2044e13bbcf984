//! A resource as its message, and as what a table holds of it: its look-up values, its terms, its body.

use procurement::{
    catalogue::tokens::tokens,
    region::{RegionCode, RegisterOfRegions},
};
use prost::{Message, Name};
use prost_reflect::{
    DeserializeOptions, DynamicMessage, MessageDescriptor, ReflectMessage, SerializeOptions, Value as Reflected,
};
use prost_types::Timestamp;
use store::register::{Draft, Entry, Reference, TERMS_MAX, Term, Value};
use tonic::Status;

use super::kind::{Field, Kind, Meaning};
use crate::{errors, wire::Fault};

/// The message of a register.
pub trait Resource: Message + Name + Default + Clone + Send + Sync + 'static {}

impl<M: Message + Name + Default + Clone + Send + Sync + 'static> Resource for M {}

/// The fields that only the tables know; the body leaves them out.
pub const HEAD: [&str; 5] = ["name", "etag", "create_time", "update_time", "delete_time"];
/// Whether an entry is made up.
pub const IS_SYNTHETIC: &str = "provenance.is_synthetic";
/// Tokens of a searched text are rows of this facet.
pub const SEARCH: &str = "search";
/// Characters of a text that is looked up or ordered by (PostgreSQL bounds an index row at 2,704 bytes).
const LOOK_UP_CHARACTERS_MAX: usize = 500;
/// Bytes of a body.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The descriptor of a resource's message.
#[must_use]
pub fn descriptor<M: Resource>() -> MessageDescriptor {
    proto::POOL.get_message_by_name(&M::full_name()).expect("every message of these protos has a descriptor")
}

/// A message whose fields are found by name.
#[must_use]
pub fn dynamic<M: Resource>(message: &M) -> DynamicMessage {
    DynamicMessage::decode(descriptor::<M>(), message.encode_to_vec().as_slice())
        .expect("the message was encoded by the same descriptor")
}

/// The typed message again.
#[must_use]
pub fn typed<M: Resource>(message: &DynamicMessage) -> M {
    message.transcode_to().expect("the descriptor is that of the type")
}

/// The etag of a version.
#[must_use]
pub fn etag(row_version: i64) -> String {
    format!("v{row_version}")
}

/// The version behind an etag.
#[must_use]
pub fn version(etag: &str) -> Option<i64> {
    etag.strip_prefix('v')?.parse().ok().filter(|version| *version > 0)
}

fn timestamp(instant: chrono::DateTime<chrono::Utc>) -> Reflected {
    let stamp = Timestamp { seconds: instant.timestamp(), nanos: instant.timestamp_subsec_nanos().cast_signed() };
    let descriptor = proto::POOL.get_message_by_name("google.protobuf.Timestamp").expect("the resources name it");
    Reflected::Message(
        DynamicMessage::decode(descriptor, stamp.encode_to_vec().as_slice()).expect("a timestamp is a timestamp"),
    )
}

/// The resource of an entry. A body that this version does not understand is our fault, not the caller's.
pub fn resource<M: Resource>(kind: &Kind<M>, entry: &Entry) -> Result<M, Status> {
    // A field of a newer version is passed over: two versions run side by side during an upgrade.
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let mut message = DynamicMessage::deserialize_with_options(descriptor::<M>(), &entry.body, &options)
        .map_err(|error| errors::of_kind(stdx::ErrorKind::Internal, &format!("{}: {error}", kind.name(&entry.id))))?;
    message.set_field_by_name("name", Reflected::String(kind.name(&entry.id)));
    message.set_field_by_name("etag", Reflected::String(etag(entry.row_version)));
    message.set_field_by_name("create_time", timestamp(entry.created_at));
    message.set_field_by_name("update_time", timestamp(entry.updated_at));
    if let Some(deleted_at) = entry.deleted_at {
        message.set_field_by_name("delete_time", timestamp(deleted_at));
    }
    Ok(typed(&message))
}

/// The values at a path, each with its own path (`parts[2].provider`): none for what is unset, several behind a repeated
/// field. A scalar without presence is always set.
#[must_use]
pub fn values_at(message: &DynamicMessage, path: &str) -> Vec<(String, Reflected)> {
    let mut found = Vec::new();
    gather(message, path, "", &mut found);
    found
}

fn gather(message: &DynamicMessage, path: &str, walked: &str, found: &mut Vec<(String, Reflected)>) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let descriptor = message.descriptor();
    let Some(field) = descriptor.get_field_by_name(name) else {
        // Kinds are ours: a test walks every path of every kind.
        panic!("{} has no field {name}", descriptor.full_name());
    };
    if field.supports_presence() && !message.has_field(&field) {
        return;
    }
    let here = if walked.is_empty() { name.to_owned() } else { format!("{walked}.{name}") };
    let mut step = |value: &Reflected, at: String| match (rest, value) {
        (Some(rest), Reflected::Message(inner)) => gather(inner, rest, &at, found),
        _ => found.push((at, value.clone())),
    };
    match message.get_field(&field).as_ref() {
        Reflected::List(values) => {
            for (index, value) in values.iter().enumerate() {
                step(value, format!("{here}[{index}]"));
            }
        }
        value => step(value, here),
    }
}

fn fault(field: &str, en: String, zh: String) -> Fault {
    Fault { field: field.to_owned(), zh, en }
}

/// The id in a name of a collection.
#[must_use]
pub fn id_of<'a>(collection: &str, name: &'a str) -> Option<&'a str> {
    name.strip_prefix(collection)?.strip_prefix('/').filter(|id| is_id(id))
}

/// Whether a text is an id: 1 to 128 of the characters that a URL leaves alone (RFC 3986 §2.3).
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'-'))
}

/// The register of regions ends at counties: a township or village is taken where its county is known.
fn county_of(code: &RegionCode) -> RegionCode {
    code.as_str()[..6].parse().unwrap_or_else(|_| code.clone())
}

/// Reads what look-ups hold of a resource.
struct Reader<'a> {
    regions: &'a RegisterOfRegions,
    references: Vec<Reference>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn value(&mut self, field: &Field, at: &str, value: &Reflected) -> Value {
        match (field.meaning, value) {
            (Meaning::Text, Reflected::String(text)) => {
                if text.chars().count() > LOOK_UP_CHARACTERS_MAX {
                    self.faults.push(fault(
                        at,
                        format!("has more than {LOOK_UP_CHARACTERS_MAX} characters"),
                        format!("超过 {LOOK_UP_CHARACTERS_MAX} 个字符"),
                    ));
                }
                Value::Text(text.clone())
            }
            (Meaning::Flag, Reflected::Bool(flag)) => Value::Flag(*flag),
            (Meaning::Integer, value) => Value::Integer(match value {
                Reflected::I32(number) => i64::from(*number),
                Reflected::U32(number) => i64::from(*number),
                Reflected::I64(number) => *number,
                Reflected::U64(number) => i64::try_from(*number).unwrap_or_else(|_| {
                    self.faults.push(fault(at, "does not fit into 63 bits".into(), "数值过大".into()));
                    0
                }),
                other => panic!("{at} is declared a number and holds {other:?}"),
            }),
            (Meaning::Code, Reflected::EnumNumber(_)) => panic!("{at}: codes are read with their descriptor"),
            (Meaning::Reference { collection, table }, Reflected::String(name)) => {
                if name.is_empty() {
                    return Value::Text(String::new());
                }
                let Some(id) = id_of(collection, name) else {
                    self.faults.push(fault(
                        at,
                        format!("a name of the form {collection}/{{id}} is needed"),
                        format!("应为 {collection}/{{id}} 形式的名称"),
                    ));
                    return Value::Text(String::new());
                };
                self.references.push(Reference { field: at.to_owned(), table, id: id.to_owned() });
                Value::Text(id.to_owned())
            }
            (Meaning::Region, Reflected::String(name)) => {
                if name.is_empty() {
                    return Value::Text(String::new());
                }
                let code = name.strip_prefix("regions/").and_then(|code| code.parse::<RegionCode>().ok());
                match code.filter(|code| self.regions.periods(&county_of(code)).next().is_some()) {
                    Some(code) => Value::Text(code.as_str().to_owned()),
                    None => {
                        self.faults.push(fault(
                            at,
                            "no region of any time has this name; regions/330000 is Zhejiang".into(),
                            "没有这个行政区划;浙江省为 regions/330000".into(),
                        ));
                        Value::Text(String::new())
                    }
                }
            }
            (meaning, other) => panic!("{at} is declared {meaning:?} and holds {other:?}"),
        }
    }
}

/// The code of an enum's value: its name without the enum's prefix, empty for the unspecified one.
#[must_use]
pub fn code_of(field: &prost_reflect::FieldDescriptor, number: i32) -> Option<String> {
    let prost_reflect::Kind::Enum(descriptor) = field.kind() else { return None };
    if number == 0 {
        return Some(String::new());
    }
    let value = descriptor.get_value(number)?;
    Some(value.name().strip_prefix(&enum_prefix(&descriptor)).unwrap_or(value.name()).to_owned())
}

/// What the names of an enum's values begin with: `SERVICE_KIND_` of `ServiceKind`.
#[must_use]
pub fn enum_prefix(descriptor: &prost_reflect::EnumDescriptor) -> String {
    let zero = descriptor.default_value().name().to_owned();
    zero.strip_suffix("UNSPECIFIED").unwrap_or_default().to_owned()
}

/// The descriptor of the field at a path.
#[must_use]
pub fn field_at(descriptor: &MessageDescriptor, path: &str) -> Option<prost_reflect::FieldDescriptor> {
    let mut message = descriptor.clone();
    let mut names = path.split('.').peekable();
    loop {
        let field = message.get_field_by_name(names.next()?)?;
        if names.peek().is_none() {
            return Some(field);
        }
        match field.kind() {
            prost_reflect::Kind::Message(inner) => message = inner,
            _ => return None,
        }
    }
}

fn unset(meaning: Meaning) -> Value {
    match meaning {
        Meaning::Integer => Value::Integer(0),
        Meaning::Flag => Value::Flag(false),
        Meaning::Text | Meaning::Code | Meaning::Reference { .. } | Meaning::Region => Value::Text(String::new()),
    }
}

/// What the table holds of a resource, and which entries it refers to. The faults name every field that breaks a rule.
pub fn draft<M: Resource>(
    kind: &Kind<M>,
    id: &str,
    resource: &M,
    regions: &RegisterOfRegions,
) -> Result<(Draft, Vec<Reference>), Vec<Fault>> {
    let mut message = dynamic(resource);
    for name in HEAD {
        message.clear_field_by_name(name);
    }
    let described = message.descriptor();
    let mut reader = Reader { regions, references: Vec::new(), faults: Vec::new() };
    let mut values = Vec::with_capacity(kind.register.columns.len());
    let mut terms = (kind.weighed)(resource);
    let weighed: std::collections::BTreeSet<(&str, String)> =
        terms.iter().map(|term| (term.facet, term.term.clone())).collect();
    for field in &kind.fields {
        let found = values_at(&message, field.path);
        let mut read: Vec<Value> = Vec::with_capacity(found.len());
        for (at, value) in &found {
            read.push(match (field.meaning, value) {
                (Meaning::Code, Reflected::EnumNumber(number)) => {
                    let at_field = field_at(&described, field.path).expect("it was just read");
                    Value::Text(code_of(&at_field, *number).unwrap_or_else(|| {
                        reader.faults.push(fault(at, format!("{number} is none of its values"), "取值无效".into()));
                        String::new()
                    }))
                }
                _ => reader.value(field, at, value),
            });
        }
        if field.is_repeated {
            let texts = read.into_iter().filter_map(|value| match value {
                Value::Text(text) if !text.is_empty() => Some(text),
                Value::Integer(number) => Some(number.to_string()),
                _ => None,
            });
            let plain = texts.filter(|term| !weighed.contains(&(field.column, term.clone())));
            terms.extend(plain.map(|term| Term { facet: field.column, term, amount: 0 }));
        } else {
            let absent = || {
                let column = &kind.register.columns[values.len()];
                match column.kind {
                    store::register::ColumnKind::OptionalInteger => Value::Unset,
                    _ => unset(field.meaning),
                }
            };
            values.push(read.into_iter().next().unwrap_or_else(absent));
        }
    }
    let mut search_text = String::new();
    for path in &kind.searched {
        for (_, value) in values_at(&message, path) {
            if let Reflected::String(text) = value {
                if !search_text.is_empty() {
                    search_text.push('\n');
                }
                search_text.push_str(&text.to_lowercase());
            }
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    let left = TERMS_MAX.saturating_sub(terms.len());
    let found = tokens(&search_text).into_iter().filter(|token| seen.insert(token.clone())).take(left);
    terms.extend(found.map(|term| Term { facet: SEARCH, term, amount: 0 }));
    if message.encoded_len() > BODY_BYTES_MAX {
        let en = format!("has more than {BODY_BYTES_MAX} bytes");
        reader.faults.push(fault(kind.field, en, format!("超过 {BODY_BYTES_MAX} 字节")));
    }
    if !reader.faults.is_empty() {
        return Err(reader.faults);
    }
    let is_synthetic = values_at(&message, IS_SYNTHETIC).iter().any(|(_, value)| value == &Reflected::Bool(true));
    let body = message
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
        .expect("every protobuf message has a JSON form");
    let draft = Draft { id: id.to_owned(), values, terms, search_text, is_synthetic, body };
    Ok((draft, reader.references))
}
