//! Update masks (AIP-134, AIP-161): which fields of a given resource replace those of the stored one.

use prost_reflect::{DynamicMessage, Kind as FieldKind, MessageDescriptor, ReflectMessage, Value};
use prost_types::FieldMask;

use super::body::{HEAD, values_at};
use crate::wire::Fault;

/// Paths of a mask.
const PATHS_MAX: usize = 64;

/// The stored message with the fields that the mask names taken from the given one; every writable one when the mask is
/// empty or `*`. Fields of the head and `output_only` ones stay as they are stored, whatever the mask says.
pub fn merged(
    stored: &DynamicMessage,
    given: &DynamicMessage,
    mask: Option<&FieldMask>,
    output_only: &[&str],
) -> Result<DynamicMessage, Vec<Fault>> {
    let paths = mask.map_or(&[][..], |mask| mask.paths.as_slice());
    if paths.len() > PATHS_MAX {
        let en = format!("at most {PATHS_MAX} paths are taken");
        return Err(vec![Fault { field: "update_mask".into(), zh: format!("最多 {PATHS_MAX} 个路径"), en }]);
    }
    let descriptor = stored.descriptor();
    let whole: Vec<String>;
    let paths: Vec<&str> = if paths.is_empty() || paths.iter().any(|path| path == "*") {
        whole = descriptor.fields().map(|field| field.name().to_owned()).collect();
        whole.iter().map(String::as_str).collect()
    } else {
        paths.iter().map(String::as_str).collect()
    };
    let faults: Vec<Fault> = paths
        .iter()
        .filter(|path| !exists(&descriptor, path))
        .map(|path| Fault {
            field: "update_mask".into(),
            zh: format!("没有字段“{path}”(重复字段只能整体替换)"),
            en: format!("{path:?} is no field of {} (a repeated field is replaced as a whole)", descriptor.name()),
        })
        .collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut merged = stored.clone();
    for path in paths {
        if !HEAD.contains(&path) {
            put(&mut merged, given, path);
        }
    }
    for path in output_only {
        put(&mut merged, stored, path);
    }
    Ok(merged)
}

/// The paths of `immutable` whose values differ. A message that is unset says the same as an empty one: provenance may be
/// given later, as long as nothing becomes made up by it.
pub fn moved<'a>(before: &DynamicMessage, after: &DynamicMessage, immutable: &[&'a str]) -> Vec<&'a str> {
    let said = |message: &DynamicMessage, path: &str| {
        let mut values = values_at(message, path);
        values.retain(|(_, value)| *value != Value::Bool(false) && *value != Value::String(String::new()));
        values
    };
    immutable.iter().copied().filter(|path| said(before, path) != said(after, path)).collect()
}

fn exists(descriptor: &MessageDescriptor, path: &str) -> bool {
    let mut message = Some(descriptor.clone());
    for name in path.split('.') {
        let Some(field) = message.and_then(|message| message.get_field_by_name(name)) else { return false };
        message = match field.kind() {
            FieldKind::Message(inner) if !field.is_list() && !field.is_map() => Some(inner),
            _ => None,
        };
    }
    true
}

/// Copies the field at a path, unset included.
pub fn put(target: &mut DynamicMessage, source: &DynamicMessage, path: &str) {
    match path.split_once('.') {
        None if source.has_field_by_name(path) => {
            let value = source.get_field_by_name(path).expect("it is there").into_owned();
            target.set_field_by_name(path, value);
        }
        None => target.clear_field_by_name(path),
        Some((name, rest)) => {
            // Reading an unset message gives an empty one, from which nothing is copied but the absence.
            let Some(Value::Message(source)) = source.get_field_by_name(name).map(std::borrow::Cow::into_owned) else {
                return;
            };
            let Some(Value::Message(inner)) = target.get_field_by_name(name).map(std::borrow::Cow::into_owned) else {
                return;
            };
            let mut inner = inner;
            put(&mut inner, &source, rest);
            // A message that was unset and got nothing stays unset.
            if target.has_field_by_name(name) || inner.fields().next().is_some() {
                target.set_field_by_name(name, Value::Message(inner));
            }
        }
    }
}
