//! Registers: writes, refusals, conditions, pages, loads and calls made once.

use sea_orm::{ConnectionTrait, Statement};
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

fn term(facet: &'static str, term: &str) -> Term {
    Term { facet, term: term.into(), amount: 0 }
}

/// Five projects whose columns, terms and texts differ in what databases tend to compare differently.
async fn some(scene: &Scene) -> Register {
    let register = projects();
    /// Id, title, year, budget, tokens, text.
    type Line = (&'static str, &'static str, i64, Option<i64>, &'static [&'static str], &'static str);
    let table: [Line; 5] = [
        ("a", "绩效评价", 2015, None, &["绩效", "效评", "评价"], "绩效评价 gov"),
        ("b", "Éclair", 2016, Some(0), &["gov", "养老"], "居家养老 Gov"),
        ("c", "eclair", 2017, Some(-5), &["gov"], "100%_养 老"),
        ("d", "", 2018, Some(i64::MIN), &[], ""),
        ("e", "eclair 10%", 2019, Some(i64::MAX), &["养老", "老服"], "养老服务"),
    ];
    for (id, title, year, fen, tokens, search_text) in table {
        let mut draft = with(&register, project(id), "title", text(title));
        draft = with(&register, draft, "year", Value::Integer(year));
        draft = with(&register, draft, "budget_fen", fen.map_or(Value::Unset, Value::Integer));
        draft.terms = tokens.iter().map(|token| term("search", token)).collect();
        draft.terms.push(term("tags", id));
        draft.search_text = search_text.into();
        draft.is_synthetic = id == "e";
        insert(&scene.store, &register, draft).await;
    }
    let mut other = with(&register, project("gone"), "title", text("eclair"));
    other.terms = vec![term("search", "gov"), term("tags", "a")];
    insert(&scene.store, &register, other).await;
    let delete = Write::Delete(&register, "gone".into(), None);
    scene.store.register_write(change(vec![delete])).await.unwrap();
    // Terms of another register with the same ids are no terms of this one.
    let purchasers = Register { table: "purchaser", columns: vec![] };
    let columns = ["title", "uscc", "budget_unit_code", "region", "kind"];
    let columns = columns.map(|name| Column { name, kind: ColumnKind::Text });
    let purchasers = Register { columns: columns.into(), ..purchasers };
    let mut draft = empty(&purchasers, "d");
    draft.terms = vec![term("tags", "z"), term("search", "gov")];
    insert(&scene.store, &purchasers, draft).await;
    register
}

pub async fn a_condition_says_the_same_on_both_databases(scene: Scene) {
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less, Unequal};
    use Condition::{All, Any, Between, Compare, Has, HasBetween, Holds, IsSet, Not, Search, StartsWith};
    let register = &some(&scene).await;
    let s = |text: &str| text.to_owned();
    let not = |condition| Not(Box::new(condition));
    let fen = |comparison, fen| Compare("budget_fen", comparison, Value::Integer(fen));
    let title = |comparison, title| Compare("title", comparison, text(title));
    let search = |tokens: &[&str], text: &str| Search {
        tokens: tokens.iter().map(|token| (*token).to_owned()).collect(),
        text: text.into(),
    };
    for (condition, expected) in [
        (All(vec![]), "a b c d e"),
        (Any(vec![]), ""),
        (not(Any(vec![])), "a b c d e"),
        (Any(vec![title(Equal, "eclair"), All(vec![title(Equal, ""), fen(Less, 0)])]), "c d"),
        (not(All(vec![title(Equal, "eclair"), fen(Equal, 1)])), "a b c d e"),
        // Text is compared by code point: capitals before small letters, Han after all of Latin.
        (title(Equal, "Eclair"), ""),
        (title(Unequal, "eclair"), "a b d e"),
        (title(Greater, "eclair"), "a b e"),
        (title(AtMost, "eclair 10%"), "c d e"),
        (title(Less, "eclair\0"), "c d e"),
        // A number that is not set is nothing, and its negation everything.
        (fen(Unequal, 0), "c d e"),
        (not(fen(Unequal, 0)), "a b"),
        (fen(AtLeast, i64::MIN), "b c d e"),
        (not(fen(AtLeast, i64::MIN)), "a"),
        (fen(Greater, i64::MAX - 1), "e"),
        (Compare("budget_fen", Equal, Value::Unset), ""),
        (not(Compare("budget_fen", Unequal, Value::Unset)), "a b c d e"),
        (IsSet("budget_fen"), "b c d e"),
        (not(IsSet("settlement_fen")), "a b c d e"),
        (IsSet("deleted_at"), ""),
        (Compare("is_synthetic", Equal, Value::Flag(true)), "e"),
        (Compare("is_synthetic", Less, Value::Flag(true)), "a b c d"),
        (Compare("id", AtLeast, text("d")), "d e"),
        (Compare("row_version", Equal, Value::Integer(2)), ""),
        (Compare("created_at", Greater, Value::Integer(0)), "a b c d e"),
        (Between("title", s("eclair"), s("eclair 10%")), "c"),
        (Between("title", s("f"), s("a")), ""),
        // Neither case nor pattern: a prefix and a part are themselves.
        (StartsWith("title", s("")), "a b c d e"),
        (StartsWith("title", s("e")), "c e"),
        (StartsWith("title", s("E")), ""),
        (StartsWith("title", s("绩效")), "a"),
        (StartsWith("title", s("%")), ""),
        (Holds("title", s("clair")), "b c e"),
        (Holds("title", s("É")), "b"),
        (Holds("title", s("é")), ""),
        (Holds("title", s("%")), "e"),
        (Holds("search_text", s("%_")), "c"),
        (Holds("title", s("")), "a b c d e"),
        (Has("tags", s("a")), "a"),
        (Has("tags", s("z")), ""),
        (not(Has("search", s("gov"))), "a d e"),
        (HasBetween("tags", s("b"), s("d")), "b c"),
        (search(&["gov"], "gov"), ""),
        (search(&["gov"], "Gov"), "b"),
        (search(&["养老"], "养老"), "b e"),
        (search(&["养老", "老服", "养老"], "养老服"), "e"),
        (search(&["绩效", "评价"], "评价绩效"), ""),
        (search(&[], "老"), "b c e"),
        (search(&[], ""), "a b c d e"),
    ] {
        let said = format!("{condition:?}");
        assert_eq!(ids(&scene, register, condition).await, expected, "{said}");
    }
    let deleted = RegisterQuery { shows_deleted: true, ..query(Has("tags", s("a"))) };
    let deleted = scene.store.register_list(register, &deleted).await.unwrap();
    assert_eq!(deleted.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["a", "gone"]);
}

pub async fn what_a_register_does_not_have_is_a_fault_of_ours_and_never_sql(scene: Scene) {
    let (store, register) = (&scene.store, &projects());
    let number = Value::Integer(0);
    let ordered = |order| RegisterQuery { order, ..query(Condition::All(vec![])) };
    for (query, kind) in [
        (query(Condition::Compare("1=1; --", Comparison::Equal, number.clone())), ErrorKind::Internal),
        (query(Condition::Compare("loaded_version", Comparison::Equal, number.clone())), ErrorKind::Internal),
        (query(Condition::Compare("title", Comparison::Equal, number.clone())), ErrorKind::Internal),
        (query(Condition::IsSet("title")), ErrorKind::Internal),
        (query(Condition::Holds("year", "2".into())), ErrorKind::Internal),
        (query(Condition::Any(vec![Condition::All(vec![]); 500])), ErrorKind::Invalid),
        (ordered(vec![("body", Direction::Ascending)]), ErrorKind::Internal),
        (ordered(vec![("budget_fen", Direction::Ascending)]), ErrorKind::Internal),
        (ordered(vec![("deleted_at", Direction::Ascending)]), ErrorKind::Internal),
        (
            RegisterQuery {
                after: Some((vec![number.clone()], "a".into())),
                ..ordered(vec![("title", Direction::Ascending)])
            },
            ErrorKind::Invalid,
        ),
        (RegisterQuery { after: Some((vec![number], "a".into())), ..ordered(vec![]) }, ErrorKind::Invalid),
    ] {
        assert_eq!(store.register_list(register, &query).await.unwrap_err().kind(), kind, "{query:?}");
    }
    let too_many: Vec<String> = (0..=LIST_MAX).map(|id| id.to_string()).collect();
    assert_eq!(store.register_many(register, &too_many).await.unwrap_err().kind(), ErrorKind::Invalid);
    let terms = |count: usize| (0..count).map(|number| term("search", &number.to_string())).collect::<Vec<_>>();
    for (draft, kind) in [
        (with(register, project("p"), "title", text(&"长".repeat(501))), ErrorKind::Invalid),
        (Draft { terms: terms(TERMS_MAX + 1), ..project("p") }, ErrorKind::Invalid),
        (Draft { terms: vec![term("tags", &"长".repeat(501))], ..project("p") }, ErrorKind::Invalid),
        (with(register, project("p"), "title", Value::Unset), ErrorKind::Internal),
        (Draft { values: vec![], ..project("p") }, ErrorKind::Internal),
        (project(""), ErrorKind::Internal),
    ] {
        let refused = store.register_write(change(vec![Write::Insert(register, draft)])).await;
        assert_eq!(refused.unwrap_err().kind(), kind);
    }
    // The longest of everything goes in, in the worst of characters for an index.
    let longest: String = (0..500_u32).map(|at| char::from_u32(0x2_0000 + at * 7919 % 0xa000).unwrap()).collect();
    let mut draft = with(register, project(&"~".repeat(128)), "title", text(&longest));
    draft.terms = terms(TERMS_MAX - 1);
    draft.terms.push(term("tags", &longest));
    insert(store, register, draft).await;
    assert_eq!(ids(&scene, register, Condition::Has("tags", longest.clone())).await, "~".repeat(128));
    assert_eq!(ids(&scene, register, Condition::StartsWith("title", longest)).await, "~".repeat(128));
    let hostile = with(register, project("q"), "title", text("a\0b"));
    let hostile = insert(store, register, hostile).await;
    assert_eq!((&hostile.values[0], &hostile.body["title"]["Text"]), (&text("a\u{fffd}b"), &json!("a\u{fffd}b")));
    assert_eq!(store.register_get(register, "q").await.unwrap(), Some(hostile));
    assert_eq!(store.register_get(register, "q\0").await.unwrap(), None);
}

pub async fn terms_follow_their_entry(scene: Scene) {
    let (store, register) = (&scene.store, &projects());
    let weighed = |term: &str, amount| Term { facet: "kinds", term: term.into(), amount };
    let mut draft = project("p");
    draft.terms = vec![weighed("a", 1), weighed("b", 2), weighed("a", 3), term("tags", "x"), term("tags", "x")];
    insert(store, register, draft.clone()).await;
    let rows = async || {
        let raw = scene.raw().await;
        let sql = "SELECT facet || ' ' || term || ' ' || CAST(amount AS text) FROM register_term ORDER BY 1";
        let rows = raw.query_all_raw(Statement::from_string(raw.get_database_backend(), sql)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(rows().await, ["kinds a 4", "kinds b 2", "tags x 0"]);
    draft.terms = vec![weighed("b", 5), weighed("c", 6), term("tags", "x"), term("tags", "y")];
    store.register_write(change(vec![Write::Update(register, draft.clone(), None)])).await.unwrap();
    assert_eq!(rows().await, ["kinds b 5", "kinds c 6", "tags x 0", "tags y 0"]);
    store.register_write(change(vec![Write::Delete(register, "p".into(), None)])).await.unwrap();
    assert_eq!(rows().await.len(), 4, "an entry can be undeleted with its terms");
    draft.terms = vec![weighed("a", i64::MAX), weighed("a", 1)];
    let overflow = store.register_write(change(vec![Write::Update(register, draft, None)])).await;
    assert_eq!(overflow.unwrap_err().kind(), ErrorKind::Invalid);

    assert_eq!(scene.faults().await, [""; 0]);
    scene.sql("INSERT INTO register_term VALUES ('project', 'tags', 'x', 'q', 0)").await.unwrap();
    scene.sql("INSERT INTO register_term VALUES ('no_table', 'tags', 'x', 'q', 0)").await.unwrap();
    let faults = scene.store.verify().await.unwrap();
    let faults: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.place, fault.detail)).collect();
    assert_eq!(faults, ["no_table: it has terms and no table", "project q: it has terms and no entry"]);
}

pub async fn a_load_leaves_alone_what_is_the_same_or_somebody_wrote(scene: Scene) {
    let (store, register) = (&scene.store, &projects());
    let titled = |id: &str, title: &str| with(register, project(id), "title", text(title));
    insert(store, register, titled("made", "by a person")).await;
    let drafts: Vec<Draft> = (0..1_100).map(|number| titled(&format!("p{number:04}"), "1")).collect();
    let mut first = drafts.clone();
    first.push(titled("made", "by a load"));
    let loaded = store.register_load(register, first.clone()).await.unwrap();
    assert_eq!(loaded, Loaded { inserted: 1_100, left_alone: 1, ..Loaded::default() });
    let loaded = store.register_load(register, first).await.unwrap();
    assert_eq!(loaded, Loaded { unchanged: 1_100, left_alone: 1, ..Loaded::default() });
    let title = async |id: &str| {
        let entry = store.register_get(register, id).await.unwrap().unwrap();
        (entry.row_version, entry.body["title"]["Text"].as_str().unwrap().to_owned())
    };
    assert_eq!(title("made").await, (1, "by a person".into()));

    let write = vec![
        Write::Update(register, titled("p0001", "by a person"), None),
        Write::Delete(register, "p0002".into(), None),
        Write::Delete(register, "p0003".into(), None),
        Write::Undelete(register, "p0003".into(), None),
    ];
    store.register_write(change(write)).await.unwrap();
    let second = |title: &str| (0..6).map(|number| titled(&format!("p000{number}"), title)).collect::<Vec<_>>();
    let loaded = store.register_load(register, second("2")).await.unwrap();
    assert_eq!(loaded, Loaded { replaced: 3, left_alone: 3, ..Loaded::default() });
    assert_eq!(title("p0000").await, (2, "2".into()));
    assert_eq!(title("p0001").await, (2, "by a person".into()));
    assert_eq!(title("p0003").await, (3, "1".into()));
    let loaded = store.register_load(register, second("3")).await.unwrap();
    assert_eq!(loaded, Loaded { replaced: 3, left_alone: 3, ..Loaded::default() });
    // Numbers of change: one each for 1 + 1,100 + 4 + 3 + 3 writes.
    let last = Condition::Compare("change_seq", Comparison::AtLeast, Value::Integer(1_111));
    assert_eq!(ids(&scene, register, last).await.split(' ').count(), 1);
    let beyond = Condition::Compare("change_seq", Comparison::Greater, Value::Integer(1_111));
    assert_eq!(ids(&scene, register, beyond).await, "");
    let twice = store.register_load(register, vec![project("t"), project("t")]).await;
    assert_eq!(twice.unwrap_err().kind(), ErrorKind::Invalid);
}

fn once(request_id: &str, body: &str) -> Once {
    Once { method: "x/CreateProject".into(), request_id: request_id.into(), body_sha256: Sha256::of(body.as_bytes()) }
}

pub async fn a_call_that_was_made_gives_its_first_success_for_a_week(scene: Scene) {
    let (store, register) = (&scene.store, &projects());
    let call = |id: &str, once: Once| Change { once: Some(once), ..change(vec![Write::Insert(register, project(id))]) };
    let rehearsal = Change { is_rehearsal: true, ..call("p", once("r1", "other")) };
    store.register_write(rehearsal).await.unwrap();
    assert_eq!(store.register_replayed(&once("r1", "p")).await.unwrap(), None);
    let first = store.register_write(call("p", once("r1", "p"))).await.unwrap();
    let update = Write::Update(register, with(register, project("p"), "title", text("later")), None);
    store.register_write(change(vec![update])).await.unwrap();
    assert_eq!(store.register_write(call("p", once("r1", "p"))).await.unwrap(), first);
    assert_eq!(store.register_replayed(&once("r1", "p")).await.unwrap(), Some(first.clone()));
    assert_eq!(refusal(store.register_write(call("q", once("r1", "q"))).await), Refusal::Reused);
    let other = Once { method: "y/CreateProject".into(), ..once("r1", "q") };
    store.register_write(call("q", other)).await.unwrap();

    // A call that was refused was not made: its id can be used again.
    refusal(store.register_write(call("p", once("r2", "p"))).await);
    store.register_write(call("r", once("r2", "r"))).await.unwrap();

    let week = 7 * 24 * 3600 * 1_000_000_i64;
    scene.sql(&format!("UPDATE idempotency_key SET created_at = created_at - {week} + 60000000")).await.unwrap();
    assert_eq!(store.register_write(call("p", once("r1", "p"))).await.unwrap(), first);
    scene.sql("UPDATE idempotency_key SET created_at = created_at - 60000000").await.unwrap();
    assert_eq!(store.register_replayed(&once("r1", "p")).await.unwrap(), None);
    assert!(matches!(refusal(store.register_write(call("p", once("r1", "p"))).await), Refusal::Taken { .. }));
    store.register_write(call("s", once("r1", "s"))).await.unwrap();
    let raw = scene.raw().await;
    let count = Statement::from_string(raw.get_database_backend(), "SELECT COUNT(*) FROM idempotency_key");
    let left: i64 = raw.query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    assert_eq!(left, 1, "what has expired is taken away in passing");
}

/// Eight processes make the same call at once, many times over.
pub async fn of_the_same_calls_made_at_once_one_writes_and_all_give_the_same(scene: Scene) {
    let (stores, register) = (stores(&scene, 8).await, projects());
    for round in 0..5 {
        let calls: Vec<_> = stores
            .iter()
            .cloned()
            .map(|store| {
                let register = register.clone();
                tokio::spawn(async move {
                    let id = format!("p{round}");
                    let once = Some(once(&id, &id));
                    let call = Change { once, ..change(vec![Write::Insert(&register, project(&id))]) };
                    store.register_write(call).await.unwrap()
                })
            })
            .collect();
        let mut given = Vec::new();
        for call in calls {
            given.push(call.await.unwrap());
        }
        assert_eq!(given[0][0].row_version, 1);
        assert!(given.iter().all(|entries| *entries == given[0]), "{given:?}");
    }
    assert_eq!(scene.store.register_count(&register, None, true).await.unwrap(), 5);
    let beyond = Condition::Compare("change_seq", Comparison::Greater, Value::Integer(5));
    assert_eq!(ids(&scene, &register, beyond).await, "");
}

/// Connections of their own, as other processes have.
async fn stores(scene: &Scene, count: usize) -> Vec<Store> {
    let mut stores = Vec::new();
    for _ in 0..count {
        stores.push(Store::open(&scene.url).await.unwrap());
    }
    stores
}

pub async fn of_many_updates_from_one_version_one_is_taken(scene: Scene) {
    let (stores, register) = (stores(&scene, 6).await, projects());
    insert(&scene.store, &register, project("p")).await;
    for version in 1..=4 {
        let updates: Vec<_> = (0_i64..)
            .zip(stores.iter().cloned())
            .map(|(writer, store)| {
                let register = register.clone();
                tokio::spawn(async move {
                    let draft = with(&register, project("p"), "year", Value::Integer(writer));
                    store.register_write(change(vec![Write::Update(&register, draft, Some(version))])).await
                })
            })
            .collect();
        let mut taken = 0;
        for update in updates {
            match update.await.unwrap() {
                Ok(entries) => taken += entries[0].row_version - version,
                Err(Error::Refused(Refusal::Stale { row_version, .. })) => assert_eq!(row_version, version + 1),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(taken, 1);
    }
}

/// A purchaser is deleted while projects that refer to it are made: either the one or the other is refused or comes
/// first, and no project is made for what is gone.
pub async fn a_reference_that_was_found_live_lives_until_the_commit(scene: Scene) {
    let (stores, register) = (stores(&scene, 2).await, projects());
    for round in 0..15 {
        let target = format!("t{round}");
        insert(&scene.store, &register, project(&target)).await;
        let (reader, writer) = (stores[0].clone(), stores[1].clone());
        let (own, id) = (register.clone(), target.clone());
        let delete = tokio::spawn(async move {
            reader.register_write(change(vec![Write::Delete(&own, id, None)])).await.unwrap();
        });
        let reference = Reference { field: "series".into(), table: "project", id: target.clone() };
        let name = format!("r{round}");
        let refer = Change { references: vec![reference], ..change(vec![Write::Insert(&register, project(&name))]) };
        let made = writer.register_write(refer).await;
        delete.await.unwrap();
        let deleted = scene.store.register_get(&register, &target).await.unwrap().unwrap();
        match made {
            Ok(made) => assert!(made[0].created_at <= deleted.deleted_at.unwrap(), "{round}"),
            Err(error) => assert!(matches!(error, Error::Refused(Refusal::Dangling { .. })), "{error}"),
        }
    }
}
