//! What every message and method of the package has in common, told by the descriptors.

use std::collections::BTreeSet;

use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};

use crate::dynamic::{messages, methods, services};

/// `name number type`, with `*` before the type of a repeated field and `?` before that of one with presence.
fn shape(field: &FieldDescriptor) -> String {
    let mark = match (field.cardinality(), field.field_descriptor_proto().proto3_optional()) {
        (Cardinality::Repeated, _) => "*",
        (_, true) => "?",
        _ => "",
    };
    let kind = match field.kind() {
        Kind::Message(message) => message.full_name().rsplit('.').next().unwrap().to_owned(),
        kind => format!("{kind:?}"),
    };
    format!("{} {} {mark}{kind}", field.name(), field.number())
}

fn lacks(message: &MessageDescriptor, wanted: &[&str]) -> Vec<String> {
    let there: BTreeSet<String> = message.fields().map(|field| shape(&field)).collect();
    wanted
        .iter()
        .filter(|field| !there.contains(**field))
        .map(|field| format!("{} lacks `{field}`", message.name()))
        .collect()
}

/// What a method that begins so is of.
fn of<'a>(method: &'a str, verb: &str) -> Option<&'a str> {
    method.strip_prefix(verb).filter(|rest| rest.starts_with(|initial: char| initial.is_ascii_uppercase()))
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// What a Get or a Create answers with: a message with a head.
fn is_resource(message: &MessageDescriptor) -> bool {
    message.get_field_by_name("etag").is_some_and(|etag| etag.number() == 2) && !message.name().ends_with("Request")
}

#[test]
fn every_list_takes_the_same_arguments_and_answers_with_a_token_and_a_total() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for method in methods().filter(|method| of(method.name(), "List").is_some()) {
        seen += 1;
        let row = method.output().get_field(1).filter(FieldDescriptor::is_list);
        let Some(row) = row.and_then(|rows| rows.kind().as_message().cloned()) else {
            wrong.push(format!("{} does not begin with the page", method.output().name()));
            continue;
        };
        // What is no resource of a register, such as a region on a day, has no columns to be filtered and ordered by.
        let arguments = [
            "page_size 1 int32",
            "page_token 2 string",
            "return_total 6 bool",
            "filter 3 string",
            "order_by 4 string",
            "show_deleted 5 bool",
        ];
        wrong.extend(lacks(&method.input(), if is_resource(&row) { &arguments } else { &arguments[..3] }));
        wrong.extend(lacks(&method.output(), &["next_page_token 2 string", "total_size 3 ?int64"]));
        if method.is_server_streaming() {
            wrong.push(format!("{} streams", method.name()));
        }
    }
    assert!(seen >= 20, "{seen}");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_write_takes_a_request_id_and_can_be_tried() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for method in methods() {
        let (name, input) = (method.name(), method.input());
        let resource = |verb| of(name, verb).map(|resource| (resource.to_owned(), snake(resource)));
        if let Some((resource, field)) = resource("Create") {
            let (held, id) = (format!("{field} 1 {resource}"), format!("{field}_id 2 string"));
            wrong.extend(lacks(&input, &[&held, &id, "request_id 3 string", "validate_only 4 bool"]));
        } else if let Some((resource, field)) = resource("Update") {
            let held = format!("{field} 1 {resource}");
            wrong.extend(lacks(
                &input,
                &[&held, "update_mask 2 FieldMask", "request_id 3 string", "validate_only 4 bool"],
            ));
        } else if resource("Delete").is_some() || resource("Undelete").is_some() {
            wrong.extend(lacks(
                &input,
                &["name 1 string", "etag 2 string", "request_id 3 string", "validate_only 4 bool"],
            ));
        } else if resource("BatchGet").is_some() {
            wrong.extend(lacks(&input, &["names 1 *string"]));
            continue;
        } else if resource("Get").is_some() {
            wrong.extend(lacks(&input, &["name 1 string"]).into_iter().filter(|_| is_resource(&method.output())));
            continue;
        } else {
            // A method of its own that takes one of the two is a write and takes both; work that goes on after the call has
            // nothing to try.
            let takes = |field: &str| input.get_field_by_name(field).is_some();
            let goes_on = method.output().full_name() == "google.longrunning.Operation";
            if !goes_on && takes("request_id") != takes("validate_only") {
                wrong.push(format!("{} takes only one of request_id and validate_only", input.name()));
            }
            continue;
        }
        seen += 1;
        if !is_resource(&method.output()) {
            wrong.push(format!("{name} does not answer with the resource"));
        }
    }
    assert!(seen >= 60, "{seen}");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_resource_begins_with_the_same_head_and_its_own_fields_begin_at_10() {
    let created = methods().filter(|method| of(method.name(), "Create").is_some()).map(|method| method.output());
    let resources: Vec<MessageDescriptor> = created.chain(messages().filter(is_resource)).collect();
    let mut wrong = Vec::new();
    for resource in &resources {
        wrong.extend(lacks(
            resource,
            &[
                "name 1 string",
                "etag 2 string",
                "create_time 3 Timestamp",
                "update_time 4 Timestamp",
                "delete_time 5 Timestamp",
                "provenance 6 Provenance",
            ],
        ));
        let own = resource.fields().filter(|field| (7..10).contains(&field.number()));
        wrong.extend(own.map(|field| format!("{} has `{}`", resource.name(), shape(&field))));
    }
    assert!(resources.len() >= 40, "{}", resources.len());
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_number_is_a_floating_point_one_and_money_is_whole_fen() {
    let mut wrong = Vec::new();
    for field in messages().flat_map(|message| message.fields().collect::<Vec<_>>()) {
        let is_float = matches!(field.kind(), Kind::Double | Kind::Float);
        let is_money = field.name().ends_with("_fen");
        if is_float || is_money && !matches!(field.kind(), Kind::Int64) {
            wrong.push(field.full_name().to_owned());
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_enum_begins_with_an_unspecified_value_and_its_values_with_its_name() {
    let enums: Vec<_> = proto::POOL.all_enums().filter(|one| one.package_name() == "caibian.procurement.v1").collect();
    let mut wrong = Vec::new();
    for one in &enums {
        let prefix = snake(one.name()).to_ascii_uppercase() + "_";
        if one.default_value().number() != 0 || one.default_value().name() != format!("{prefix}UNSPECIFIED") {
            wrong.push(format!("{} begins with {}", one.name(), one.default_value().name()));
        }
        wrong.extend(one.values().map(|value| value.name().to_owned()).filter(|value| !value.starts_with(&prefix)));
    }
    assert!(enums.len() >= 20, "{}", enums.len());
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_two_services_have_a_method_of_one_name() {
    let mut names: Vec<String> = methods().map(|method| method.name().to_owned()).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn every_service_and_resource_says_what_it_is_and_every_day_and_amount_what_it_means() {
    let is_said = |file: &prost_reflect::FileDescriptor, path: &[i32]| {
        let info = file.file_descriptor_proto().source_code_info.as_ref().expect("comments are kept");
        info.location.iter().any(|place| place.path == path && !place.leading_comments().trim().is_empty())
    };
    let service_silent =
        services().filter(|one| !is_said(&one.parent_file(), one.path())).map(|one| one.name().to_owned());
    let resource_silent = messages()
        .filter(|one| one.parent_message().is_none() && is_resource(one))
        .filter(|one| !is_said(&one.parent_file(), one.path()))
        .map(|one| one.name().to_owned());
    let field_silent = messages()
        .filter(is_resource)
        .flat_map(|message| message.fields().collect::<Vec<_>>())
        .filter(|field| field.name().ends_with("_fen") || field.name().ends_with("_day"))
        .filter(|field| !is_said(&field.parent_message().parent_file(), field.path()))
        .map(|field| field.full_name().to_owned());
    let silent: Vec<String> = service_silent.chain(resource_silent).chain(field_silent).collect();
    assert_eq!(silent, Vec::<String>::new());
}
