//! What every register does the same way, shown on every one that has all six standard methods: each has one line in
//! the table of examples, and a register without a line fails.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tonic::{Code, transport::Channel};
use uuid::Uuid;

use crate::{
    dynamic::{call, methods},
    world::{World, fields, refusal},
};

/// An example of a resource; `#` in a text stands for its number.
struct Example {
    resource: &'static str,
    body: Value,
    /// A field that an update changes, and to what.
    changed: (&'static str, &'static str),
}

fn example(resource: &'static str, changed: (&'static str, &'static str), body: Value) -> Example {
    Example { resource, body, changed }
}

/// In an order in which each can name `…/ground` of those before it.
fn examples() -> Vec<Example> {
    let region = "regions/330000";
    vec![
        example(
            "Purchaser",
            ("budget_unit_code", "115001"),
            json!({"title": "省民政厅#", "region": region, "kind": "PURCHASER_KIND_STATE_ORGAN"}),
        ),
        example(
            "Provider",
            ("registration_class", "有限责任公司"),
            json!({"title": "甲公司#", "kind": "PROVIDER_KIND_ENTERPRISE"}),
        ),
        example(
            "RecommendedList",
            ("issuer", "省民政厅"),
            json!({"title": "推荐性目录#", "region": region, "year": "200#"}),
        ),
        example(
            "CatalogueItem",
            ("description", "居家养老"),
            json!({
                "edition": "editions/ground", "uid": "u#", "code": "u#", "title": "养老服务#",
                "service_kind": "SERVICE_KIND_PUBLIC",
            }),
        ),
        example(
            "Project",
            ("description", "三年一签"),
            json!({
                "title": "水面保洁#", "year": 2021, "region": "regions/330127", "purchaser": "purchasers/ground",
                "service_kind": "SERVICE_KIND_PUBLIC",
            }),
        ),
        example(
            "Contract",
            ("contract_no", "HT-1"),
            json!({
                "title": "合同#", "project": "projects/ground", "amount_fen": "100",
                "parts": [{"provider": "providers/ground", "share": "1"}],
            }),
        ),
        example(
            "Figure",
            ("metric", "settlement"),
            json!({
                "metric": "budget", "title": {"zh": "预算#", "en": "budget #"}, "value": "84",
                "unit": "FIGURE_UNIT_WAN_YUAN", "basis": "FIGURE_BASIS_BUDGET", "scope": "AREA_SCOPE_WHOLE_AREA",
                "region": region, "period": "2015", "source_document": "sourceDocuments/ground", "quote": "84万元",
            }),
        ),
        example(
            "PolicyDocument",
            ("note", "全文公开"),
            json!({"title": "实施意见#", "kind": "POLICY_KIND_OPINION", "region": region}),
        ),
        example(
            "PolicyFramework",
            ("title_en", "framework"),
            json!({
                "title": "制度框架#", "region": region, "from_date": "200#", "slots": [{"title": "意见", "kind": "POLICY_KIND_OPINION"}],
            }),
        ),
        example(
            "Mechanism",
            ("lead_body", "省财政厅"),
            json!({"title": "联席会议#", "kind": "MECHANISM_KIND_JOINT_MEETING", "region": region}),
        ),
        example("FunctionList", ("title_en", "functions"), json!({"title": "职能清单#", "region": region})),
        example(
            "GovernmentFunction",
            ("note", "已转移"),
            json!({"title": "职称评审#", "function_list": "functionLists/ground"}),
        ),
        example("ConsultationReview", ("advice", "建议修改"), json!({"title": "征求意见#", "region": region})),
        example(
            "Pilot",
            ("title_en", "pilot"),
            json!({"title": "试点#", "stage": "PILOT_STAGE_LAUNCH", "year": 2015, "region": region}),
        ),
        example(
            "PilotMember",
            ("provenance.source", "zj-2022"),
            json!({"pilot": "pilots/ground", "kind": "PILOT_MEMBER_KIND_DEPARTMENT", "department": "单位#"}),
        ),
        example(
            "Designation",
            ("grantor", "财政部"),
            json!({
                "title": "联系点#", "kind": "DESIGNATION_KIND_CONTACT_POINT", "holder": "regions/330482",
                "year": 2018,
            }),
        ),
        example("Milestone", ("title_en", "begun"), json!({"title": "起步#", "year": 2014, "region": region})),
        example(
            "EvaluationScheme",
            ("note", "省级"),
            json!({
                "title": "指标#", "region": region, "indicators": [{"code": "a", "title": "产出", "weight": "100"}],
            }),
        ),
        example(
            "Evaluation",
            ("channel", "公共政策参考"),
            json!({
                "title": "评价#", "phase": "EVALUATION_PHASE_AFTER", "year": 2018, "region": region,
                "project": "projects/ground", "scheme": "evaluationSchemes/ground",
                "evaluator_kind": "EVALUATOR_KIND_THIRD_PARTY", "evaluator": "研究院",
            }),
        ),
        example(
            "PracticeCase",
            ("problem", "垃圾围湖"),
            json!({"title": "案例#", "region": region, "themes": ["CASE_THEME_PUBLIC_SERVICE"]}),
        ),
    ]
}

impl Example {
    fn numbered(&self, number: usize) -> Value {
        fn put(value: &mut Value, number: &str) {
            match value {
                Value::String(text) => *text = text.replace('#', number),
                Value::Array(values) => values.iter_mut().for_each(|value| put(value, number)),
                Value::Object(fields) => fields.values_mut().for_each(|value| put(value, number)),
                _ => {}
            }
        }
        let mut body = self.body.clone();
        put(&mut body, &number.to_string());
        body
    }

    /// `recommended_list`, and what its List calls a page of them.
    fn field(&self) -> String {
        let create = methods().find(|method| method.name() == format!("Create{}", self.resource)).unwrap();
        create.input().get_field(1).unwrap().name().to_owned()
    }

    fn list(&self) -> (String, String) {
        let list = methods()
            .find(|method| {
                let rows = method.output().get_field(1);
                method.name().starts_with("List")
                    && rows.is_some_and(|rows| {
                        rows.kind().as_message().is_some_and(|message| message.name() == self.resource)
                    })
                    && method.input().get_field_by_name("show_deleted").is_some()
                    && method.name() != "ListUnappliedEvaluations"
            })
            .unwrap_or_else(|| panic!("nothing lists {}", self.resource));
        (list.name().to_owned(), list.output().get_field(1).unwrap().name().to_owned())
    }

    async fn created(&self, channel: &Channel, id: &str, number: usize) -> Value {
        let request = self.creation(id, number);
        call(channel, &format!("Create{}", self.resource), request)
            .await
            .unwrap_or_else(|status| panic!("{}: {status:?}", self.resource))
    }

    fn creation(&self, id: &str, number: usize) -> Value {
        let field = self.field();
        json!({ &field: self.numbered(number), format!("{field}_id"): id })
    }

    async fn got(&self, channel: &Channel, name: &Value) -> Result<Value, tonic::Status> {
        call(channel, &format!("Get{}", self.resource), json!({ "name": name })).await
    }

    /// The names that its List shows with this filter.
    async fn shown(&self, channel: &Channel, name: &Value, show_deleted: bool) -> Vec<Value> {
        let (method, rows) = self.list();
        let filter = format!("name = {name}");
        let page = call(channel, &method, json!({"filter": filter, "show_deleted": show_deleted})).await.unwrap();
        let rows = page.get(&rows).and_then(Value::as_array).cloned().unwrap_or_default();
        rows.into_iter().map(|row| row["name"].clone()).collect()
    }

    /// An update of the field that the table names, at the etag that the resource has.
    fn change(&self, resource: &Value, to: &str) -> Value {
        let mut changed = resource.clone();
        let mut place = &mut changed;
        for name in self.changed.0.split('.') {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[name];
        }
        *place = json!(to);
        let mask: Vec<String> = vec![camel(self.changed.0)];
        json!({ self.field(): changed, "update_mask": mask.join(",") })
    }
}

/// Masks in JSON are in camel case.
fn camel(path: &str) -> String {
    let mut camel = String::new();
    let mut raise = false;
    for character in path.chars() {
        if character == '_' {
            raise = true;
        } else {
            camel.push(if raise { character.to_ascii_uppercase() } else { character });
            raise = false;
        }
    }
    camel
}

/// A world with `…/ground` of every kind.
async fn ground() -> (World, Vec<Example>) {
    let world = World::new().await;
    for (method, request) in [
        (
            "CreateCatalogue",
            json!({"catalogue": {"region": "regions/330000", "title": "目录"}, "catalogue_id": "ground"}),
        ),
        ("CreateEdition", json!({"edition": {"catalogue": "catalogues/ground", "year": 2021}, "edition_id": "ground"})),
        (
            "CreateSourceDocument",
            json!({
                "source_document": {"title": "文献", "issuer": "财政厅", "sha256": "0".repeat(64)},
                "source_document_id": "ground",
            }),
        ),
    ] {
        call(&world.channel, method, request).await.unwrap();
    }
    let examples = examples();
    for example in &examples {
        example.created(&world.channel, id(example, "ground"), 0).await;
    }
    (world, examples)
}

/// An item's id is made of its edition and its uid.
fn id(example: &Example, id: &'static str) -> &'static str {
    if example.resource == "CatalogueItem" { "" } else { id }
}

#[test]
fn every_register_with_all_six_methods_has_a_line_in_the_table() {
    let names: BTreeSet<String> = methods().map(|method| method.name().to_owned()).collect();
    let all_six: BTreeSet<String> = names
        .iter()
        .filter_map(|name| name.strip_prefix("Undelete"))
        .filter(|resource| {
            ["Get", "Create", "Update", "Delete"].iter().all(|verb| names.contains(&format!("{verb}{resource}")))
        })
        .map(str::to_owned)
        .collect();
    let told: BTreeSet<String> = examples().iter().map(|example| example.resource.to_owned()).collect();
    assert_eq!(told, all_six);
}

#[tokio::test]
async fn a_resource_lives_is_changed_is_deleted_and_comes_back() {
    let (world, examples) = ground().await;
    let channel = &world.channel;
    for example in &examples {
        let what = example.resource;
        let of = |verb: &str| format!("{verb}{what}");
        let made = example.created(channel, id(example, "one"), 1).await;
        let name = &made["name"];
        assert!(made["create_time"].is_string() && made.get("delete_time").is_none(), "{what}: {made}");
        assert_eq!(example.got(channel, name).await.unwrap(), made, "{what}");
        assert_eq!(example.shown(channel, name, false).await, std::slice::from_ref(name), "{what}");
        let taken = call(channel, &of("Create"), example.creation(id(example, "one"), 1)).await;
        assert_eq!(refusal(taken).0, Code::AlreadyExists, "{what}");

        // Updates.
        let unknown = json!({ example.field(): made, "update_mask": "noSuchField" });
        assert_eq!(fields(call(channel, &of("Update"), unknown).await), ["update_mask"], "{what}");
        let mut bare = made.clone();
        bare.as_object_mut().unwrap().remove("etag");
        let bare = call(channel, &of("Update"), json!({ example.field(): bare })).await;
        assert_eq!(fields(bare), [format!("{}.etag", example.field())], "{what}");
        let change = example.change(&made, example.changed.1);
        let updated = call(channel, &of("Update"), change.clone()).await.unwrap_or_else(|s| panic!("{what}: {s:?}"));
        let pointer = format!("/{}", example.changed.0.replace('.', "/"));
        assert_eq!(updated.pointer(&pointer), Some(&json!(example.changed.1)), "{what}");
        assert_ne!(updated["etag"], made["etag"], "{what}");
        assert_eq!(updated["name"], made["name"], "{what}");
        for (field, value) in made.as_object().unwrap() {
            let is_changed = example.changed.0.split('.').next() == Some(field);
            if !is_changed && !["etag", "update_time"].contains(&field.as_str()) {
                assert_eq!(updated.get(field), Some(value), "{what}.{field} is not in the mask");
            }
        }
        let stale = call(channel, &of("Update"), change.clone()).await;
        assert_eq!(refusal(stale), (Code::Aborted, "ETAG_MISMATCH".into()), "{what}");
        assert_eq!(example.got(channel, name).await.unwrap(), updated, "{what}");

        // Deletion.
        let stale = call(channel, &of("Delete"), json!({ "name": name, "etag": made["etag"] })).await;
        assert_eq!(refusal(stale), (Code::Aborted, "ETAG_MISMATCH".into()), "{what}");
        let deleted = call(channel, &of("Delete"), json!({ "name": name, "etag": updated["etag"] })).await.unwrap();
        assert!(deleted["delete_time"].is_string(), "{what}: {deleted}");
        assert_eq!(example.got(channel, name).await.unwrap(), deleted, "{what}");
        assert_eq!(example.shown(channel, name, false).await, Vec::<Value>::new(), "{what}");
        assert_eq!(example.shown(channel, name, true).await, std::slice::from_ref(name), "{what}");
        let twice = call(channel, &of("Delete"), json!({ "name": name })).await;
        assert_eq!(refusal(twice), (Code::FailedPrecondition, "RESOURCE_DELETED".into()), "{what}");
        let of_deleted = example.change(&deleted, example.changed.1);
        let of_deleted = call(channel, &of("Update"), of_deleted).await;
        assert_eq!(refusal(of_deleted), (Code::FailedPrecondition, "RESOURCE_DELETED".into()), "{what}");

        // And back.
        let back = call(channel, &of("Undelete"), json!({ "name": name })).await.unwrap();
        assert!(back.get("delete_time").is_none(), "{what}: {back}");
        assert_eq!(example.shown(channel, name, false).await, std::slice::from_ref(name), "{what}");
        let twice = call(channel, &of("Undelete"), json!({ "name": name })).await;
        assert_eq!(refusal(twice), (Code::AlreadyExists, "RESOURCE_NOT_DELETED".into()), "{what}");
    }
}

#[tokio::test]
async fn a_trial_tells_what_would_come_of_it_and_leaves_nothing() {
    let (world, examples) = ground().await;
    let channel = &world.channel;
    for example in &examples {
        let what = example.resource;
        let mut trial = example.creation(id(example, "two"), 2);
        trial["validate_only"] = json!(true);
        let tried = call(channel, &format!("Create{what}"), trial).await.unwrap();
        let missing = example.got(channel, &tried["name"]).await;
        assert_eq!(refusal(missing), (Code::NotFound, "RESOURCE_NOT_FOUND".into()), "{what}");

        let made = example.created(channel, id(example, "two"), 2).await;
        let mut trial = example.change(&made, example.changed.1);
        trial["validate_only"] = json!(true);
        call(channel, &format!("Update{what}"), trial).await.unwrap();
        let trial = json!({ "name": made["name"], "validate_only": true });
        let tried = call(channel, &format!("Delete{what}"), trial).await.unwrap();
        assert!(tried["delete_time"].is_string(), "{what}: {tried}");
        assert_eq!(example.got(channel, &made["name"]).await.unwrap(), made, "{what}");

        // What would be refused is refused.
        let mut trial = example.change(&made, example.changed.1);
        trial[example.field()]["etag"] = json!("v77");
        trial["validate_only"] = json!(true);
        let refused = call(channel, &format!("Update{what}"), trial).await;
        assert_eq!(refusal(refused), (Code::Aborted, "ETAG_MISMATCH".into()), "{what}");
    }
}

#[tokio::test]
async fn a_call_made_again_is_answered_again_and_done_once() {
    let (world, examples) = ground().await;
    let channel = &world.channel;
    for example in &examples {
        let what = example.resource;
        let once = |mut request: Value, id: &Uuid| {
            request["request_id"] = json!(id.to_string());
            request
        };
        let (creation, change, deletion) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        // A figure's id is never ours to choose.
        let id = if what == "Figure" { "F3" } else { "" };
        let create = once(example.creation(id, 3), &creation);
        let made = call(channel, &format!("Create{what}"), create.clone()).await.unwrap();
        let again = call(channel, &format!("Create{what}"), create.clone()).await;
        assert_eq!(again.unwrap_or_else(|s| panic!("{what}: {s:?}")), made, "{what}");

        let other = call(channel, &format!("Create{what}"), once(example.creation(id, 4), &creation)).await;
        assert_eq!(refusal(other), (Code::InvalidArgument, "REQUEST_ID_REUSED".into()), "{what}");

        let update = once(example.change(&made, example.changed.1), &change);
        let updated = call(channel, &format!("Update{what}"), update.clone()).await.unwrap();
        let again = call(channel, &format!("Update{what}"), update).await;
        assert_eq!(again.unwrap_or_else(|s| panic!("{what}: {s:?}")), updated, "{what}");

        let delete = once(json!({ "name": made["name"] }), &deletion);
        let deleted = call(channel, &format!("Delete{what}"), delete.clone()).await.unwrap();
        let again = call(channel, &format!("Delete{what}"), delete).await;
        assert_eq!(again.unwrap_or_else(|s| panic!("{what}: {s:?}")), deleted, "{what}");
        assert_eq!(example.shown(channel, &made["name"], true).await.len(), 1, "{what}");
        let no_uuid = json!({ "name": made["name"], "request_id": "once" });
        assert_eq!(fields(call(channel, &format!("Undelete{what}"), no_uuid).await), ["request_id"], "{what}");
    }
}

#[tokio::test]
async fn a_page_token_is_of_one_query_and_of_nobody_s_making() {
    let (world, examples) = ground().await;
    let channel = &world.channel;
    for example in &examples {
        let what = example.resource;
        example.created(channel, id(example, "four"), 4).await;
        let (method, rows) = example.list();
        let first = call(channel, &method, json!({"page_size": 1})).await.unwrap();
        assert_eq!(first[&rows].as_array().unwrap().len(), 1, "{what}");
        let token = first["next_page_token"].as_str().unwrap();
        let second = call(channel, &method, json!({"page_size": 1, "page_token": token})).await.unwrap();
        assert_ne!(second[&rows][0]["name"], first[&rows][0]["name"], "{what}");
        assert!(second.get("next_page_token").is_none(), "{what}: two are two pages of one");

        let (middle, end) = (token.len() / 2, token.len() - 1);
        let flipped = |at: usize| {
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &token[..at], &token[at + 1..])
        };
        for wrong in [
            json!({"page_token": "AAAA"}),
            json!({"page_token": flipped(0)}),
            json!({"page_token": flipped(middle)}),
            json!({"page_token": &token[..end]}),
            json!({"page_token": format!("{token}AAAA")}),
            json!({"page_token": token, "show_deleted": true}),
            json!({"page_token": token, "order_by": "name desc"}),
            json!({"page_token": token, "filter": "create_time:*"}),
        ] {
            assert_eq!(fields(call(channel, &method, wrong.clone()).await), ["page_token"], "{what} {wrong}");
        }
        assert_eq!(fields(call(channel, &method, json!({"page_size": -1})).await), ["page_size"], "{what}");
        assert_eq!(fields(call(channel, &method, json!({"filter": "no_such_field = 1"})).await), ["filter"], "{what}");
        assert_eq!(fields(call(channel, &method, json!({"order_by": "no_such_field"})).await), ["order_by"], "{what}");
    }
    // Nor is it of another method, though both lists know its order.
    let first = call(channel, "ListPurchasers", json!({"page_size": 1})).await.unwrap();
    let carried = json!({"page_token": first["next_page_token"]});
    assert_eq!(fields(call(channel, "ListProviders", carried).await), ["page_token"]);
}
