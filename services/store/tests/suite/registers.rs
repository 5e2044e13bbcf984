//! Registers: writes, refusals, conditions, pages, loads and calls made once.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::JsonValue;
use serde_json::json;
use stdx::{ErrorKind, Sha256};
use store::{
    Error, LIST_MAX, Store,
    register::{
        Change, Column, ColumnKind, Comparison, Condition, Direction, Draft, Entry, Loaded, Once, Reference, Refusal,
        Register, RegisterQuery, TERMS_MAX, Term, Value, Write,
    },
};

use crate::scene::Scene;

/// The register of projects, as its table is.
pub fn projects() -> Register {
    let text = |name| Column { name, kind: ColumnKind::Text };
    let mut columns = vec![text("title"), text("project_no"), Column { name: "year", kind: ColumnKind::Integer }];
    columns.extend(
        ["region", "level", "purchaser", "item", "class", "service_kind", "method", "form", "series", "pilot", "state"]
            .map(text),
    );
    columns.extend(["budget_fen", "settlement_fen"].map(|name| Column { name, kind: ColumnKind::OptionalInteger }));
    Register { table: "project", columns }
}

/// A project that is nothing but its id.
fn project(id: &str) -> Draft {
    empty(&projects(), id)
}

/// A draft that is nothing but its id.
pub fn empty(register: &Register, id: &str) -> Draft {
    let values = register
        .columns
        .iter()
        .map(|column| match column.kind {
            ColumnKind::Text => Value::Text(String::new()),
            ColumnKind::Integer => Value::Integer(0),
            ColumnKind::OptionalInteger => Value::Unset,
            ColumnKind::Flag => Value::Flag(false),
        })
        .collect();
    Draft {
        id: id.into(),
        values,
        terms: Vec::new(),
        search_text: String::new(),
        is_synthetic: false,
        body: json!({ "title": id }),
    }
}

/// The draft with another value in a column, and in its body.
pub fn with(register: &Register, mut draft: Draft, column: &str, value: Value) -> Draft {
    let at = register.columns.iter().position(|known| known.name == column).unwrap();
    draft.body[column] = serde_json::to_value(&value).unwrap();
    draft.values[at] = value;
    draft
}

pub fn text(text: &str) -> Value {
    Value::Text(text.into())
}

pub fn change(writes: Vec<Write<'_>>) -> Change<'_> {
    Change { writes, references: Vec::new(), once: None, is_rehearsal: false }
}

pub async fn insert(store: &Store, register: &Register, draft: Draft) -> Entry {
    store.register_write(change(vec![Write::Insert(register, draft)])).await.unwrap().remove(0)
}

fn refusal(result: store::Result<Vec<Entry>>) -> Refusal {
    match result.unwrap_err() {
        Error::Refused(refusal) => refusal,
        other => panic!("no refusal: {other}"),
    }
}

fn query(condition: Condition) -> RegisterQuery {
    RegisterQuery { condition: Some(condition), order: vec![], after: None, limit: LIST_MAX, shows_deleted: false }
}

/// The ids that a condition gives, in their order.
async fn ids(scene: &Scene, register: &Register, condition: Condition) -> String {
    let count = scene.store.register_count(register, Some(&condition), false).await.unwrap();
    let entries = scene.store.register_list(register, &query(condition)).await.unwrap();
    assert_eq!(count, entries.len() as u64);
    entries.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>().join(" ")
}

pub async fn an_entry_goes_from_version_to_version_and_can_be_deleted_and_undeleted(scene: Scene) {
    let (store, register) = (&scene.store, &projects());
    let draft = with(register, project("p.1~a"), "title", text("居家养老"));
    let inserted = insert(store, register, draft.clone()).await;
    assert_eq!((inserted.row_version, inserted.deleted_at), (1, None));
    assert_eq!(inserted.created_at, inserted.updated_at);
    assert_eq!((&inserted.values, &inserted.body), (&draft.values, &draft.body));
    assert_eq!(store.register_get(register, "p.1~a").await.unwrap(), Some(inserted.clone()));
    assert_eq!(store.register_get(register, "P.1~a").await.unwrap(), None);

    let draft = with(register, draft, "budget_fen", Value::Integer(i64::MAX));
    let write = Write::Update(register, draft.clone(), Some(1));
    let updated = store.register_write(change(vec![write.clone()])).await.unwrap().remove(0);
    assert_eq!((updated.row_version, updated.created_at), (2, inserted.created_at));
    assert_eq!((&updated.values, &updated.body), (&draft.values, &draft.body));
    assert_eq!(store.register_get(register, "p.1~a").await.unwrap(), Some(updated.clone()));

    let table = || "project".to_owned();
    let id = || "p.1~a".to_owned();
    assert_eq!(
        refusal(store.register_write(change(vec![write])).await),
        Refusal::Stale { table: table(), id: id(), row_version: 2 }
    );
    for (write, expected) in [
        (Write::Insert(register, draft.clone()), Refusal::Taken { table: table(), id: id() }),
        (Write::Undelete(register, id(), None), Refusal::Live { table: table(), id: id() }),
        (Write::Delete(register, "x".into(), None), Refusal::Missing { table: table(), id: "x".into() }),
        (Write::Update(register, project("x"), None), Refusal::Missing { table: table(), id: "x".into() }),
    ] {
        assert_eq!(refusal(store.register_write(change(vec![write])).await), expected);
    }

    let delete = Write::Delete(register, id(), Some(2));
    let deleted = store.register_write(change(vec![delete.clone()])).await.unwrap().remove(0);
    assert_eq!((deleted.row_version, deleted.deleted_at), (3, Some(deleted.updated_at)));
    assert_eq!(store.register_get(register, &id()).await.unwrap(), Some(deleted));
    for (write, expected) in [
        (delete, Refusal::Stale { table: table(), id: id(), row_version: 3 }),
        (Write::Delete(register, id(), None), Refusal::Deleted { table: table(), id: id() }),
        (Write::Update(register, draft.clone(), Some(3)), Refusal::Deleted { table: table(), id: id() }),
        (Write::Insert(register, draft.clone()), Refusal::Taken { table: table(), id: id() }),
    ] {
        assert_eq!(refusal(store.register_write(change(vec![write])).await), expected);
    }
    assert_eq!(ids(&scene, register, Condition::All(vec![])).await, "");
    assert_eq!(store.register_count(register, None, true).await.unwrap(), 1);
    let undelete = Write::Undelete(register, id(), Some(3));
    let undeleted = store.register_write(change(vec![undelete])).await.unwrap().remove(0);
    assert_eq!((undeleted.row_version, undeleted.deleted_at), (4, None));
    assert_eq!(store.register_many(register, &[id(), "x".into()]).await.unwrap(), [undeleted]);
}

pub async fn values_that_only_one_may_hold_are_refused_to_a_second(scene: Scene) {
    let (store, register) = (&scene.store, &projects());
    let numbered = |id: &str| {
        let draft = with(register, project(id), "purchaser", text("b"));
        with(register, draft, "project_no", text("7"))
    };
    insert(store, register, numbered("p1")).await;
    let double = Refusal::Double { table: "project".into(), columns: "purchaser, project_no".into() };
    assert_eq!(refusal(store.register_write(change(vec![Write::Insert(register, numbered("p2"))])).await), double);
    insert(store, register, project("p2")).await;
    let update = Write::Update(register, numbered("p2"), None);
    assert_eq!(refusal(store.register_write(change(vec![update.clone()])).await), double);
    store.register_write(change(vec![Write::Delete(register, "p1".into(), None), update])).await.unwrap();
    let undelete = change(vec![Write::Undelete(register, "p1".into(), None)]);
    assert_eq!(refusal(store.register_write(undelete).await), double);
    assert_eq!(refusal(store.register_load(register, vec![numbered("p3")]).await.map(|_| vec![])), double);
}

pub async fn a_change_happens_whole_or_not_at_all_and_a_rehearsal_leaves_nothing(scene: Scene) {
    let (store, register) = (&scene.store, &projects());
    let writes = vec![
        Write::Insert(register, project("p1")),
        Write::Insert(register, project("p2")),
        Write::Insert(register, project("p1")),
    ];
    refusal(store.register_write(change(writes.clone())).await);
    assert_eq!(store.register_count(register, None, true).await.unwrap(), 0);

    let rehearsal = Change { is_rehearsal: true, ..change(writes[..2].to_vec()) };
    assert_eq!(store.register_write(rehearsal).await.unwrap().len(), 2);
    assert_eq!(store.register_count(register, None, true).await.unwrap(), 0);

    // What was refused or rehearsed took no numbers.
    store.register_write(change(writes[..2].to_vec())).await.unwrap();
    for (id, change_seq) in [("p1", 1), ("p2", 2)] {
        let condition = Condition::Compare("change_seq", Comparison::Equal, Value::Integer(change_seq));
        assert_eq!(ids(&scene, register, condition).await, id);
    }

    let to = |table, id: &str| Reference { field: format!("project.{id}"), table, id: id.into() };
    let check = |references| Change { references, ..change(vec![Write::Delete(register, "p2".into(), None)]) };
    for (references, missing) in [
        (vec![to("project", "p1"), to("project", "p2"), to("contract", "p1")], "project.p2"),
        (vec![to("project", "p1"), to("contract", "p1"), to("project", "x")], "project.p1"),
        (vec![to("project", "x\0")], "project.x\0"),
    ] {
        let dangling = Refusal::Dangling { field: missing.into() };
        assert_eq!(refusal(store.register_write(check(references)).await), dangling);
    }
    let mut both = check(vec![to("project", "p1"), to("project", "p3")]);
    both.writes.push(Write::Insert(register, project("p3")));
    store.register_write(both).await.unwrap();
    assert_eq!(ids(&scene, register, Condition::All(vec![])).await, "p1 p3");
}
