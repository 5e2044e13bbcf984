//! Pages of a register while others write: whatever the order, an entry that lived throughout and kept its place is
//! given exactly once.

use std::{
    cmp::Ordering,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use store::{
    Store,
    register::{Condition, Direction, Draft, Entry, RegisterQuery, Value, Write},
};

use crate::{
    registers::{change, empty, projects, text, with},
    scene::Scene,
    seeded::Seeded,
};

const ORDERS: [&[(&str, Direction)]; 8] = {
    use Direction::{Ascending, Descending};
    [
        &[],
        &[("id", Descending)],
        &[("title", Ascending)],
        &[("year", Descending), ("title", Descending)],
        &[("year", Ascending), ("title", Descending)],
        &[("title", Descending), ("region", Ascending), ("year", Descending)],
        &[("is_synthetic", Descending), ("year", Ascending)],
        &[("created_at", Descending)],
    ]
};

/// Entries that stay as they are.
const STAYING: usize = 120;

/// Few values, so that many entries share them.
fn random(seeded: &mut Seeded, id: &str) -> Draft {
    let register = &projects();
    let mut draft = with(register, empty(register, id), "title", text(seeded.one(&["", "a", "B", "b", "é", "绩效"])));
    draft = with(register, draft, "region", text(seeded.one(&["330000", "330100"])));
    draft = with(register, draft, "year", Value::Integer(2015 + seeded.below(3).cast_signed()));
    draft.is_synthetic = seeded.chance(1, 2);
    draft.body["is_synthetic"] = draft.is_synthetic.into();
    draft
}

/// The place of an entry.
fn key(order: &[(&str, Direction)], entry: &Entry) -> (Vec<Value>, String) {
    let register = projects();
    let value = |name: &str| match name {
        "id" => text(&entry.id),
        "created_at" => Value::Integer(entry.created_at.timestamp_micros()),
        "is_synthetic" => Value::Flag(entry.body["is_synthetic"].as_bool().unwrap()),
        name => entry.values[register.columns.iter().position(|column| column.name == name).unwrap()].clone(),
    };
    (order.iter().map(|(name, _)| value(name)).collect(), entry.id.clone())
}

fn compare(order: &[(&str, Direction)], a: &(Vec<Value>, String), b: &(Vec<Value>, String)) -> Ordering {
    let turned = |ordering: Ordering, direction| match direction {
        Direction::Ascending => ordering,
        Direction::Descending => ordering.reverse(),
    };
    for ((_, direction), (a, b)) in order.iter().zip(a.0.iter().zip(&b.0)) {
        let ordering = match (a, b) {
            (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
            (Value::Flag(a), Value::Flag(b)) => a.cmp(b),
            _ => panic!("{a:?} {b:?}"),
        };
        if ordering.is_ne() {
            return turned(ordering, *direction);
        }
    }
    turned(a.1.cmp(&b.1), order.last().map_or(Direction::Ascending, |(_, direction)| *direction))
}

/// Inserts, moves and deletes entries whose ids begin with `m`, until it is told to end.
async fn disturb(store: Store, ends: Arc<AtomicBool>) {
    let register = projects();
    let mut seeded = Seeded::new(99);
    for number in 0_u64.. {
        if ends.load(Relaxed) {
            return;
        }
        let new = format!("m{:03}x{number}", seeded.below(200));
        let mut writes = vec![Write::Insert(&register, random(&mut seeded, &new))];
        if number > 0 {
            let moved = format!("m{:03}", seeded.below(40));
            writes.push(Write::Update(&register, random(&mut seeded, &moved), None));
        }
        store.register_write(change(writes)).await.unwrap();
        store.register_write(change(vec![Write::Delete(&register, new, None)])).await.unwrap();
    }
}

pub async fn a_page_of_a_register_neither_skips_nor_repeats_while_others_write(scene: Scene) {
    let register = projects();
    let mut seeded = Seeded::new(3);
    // Entries that stay among entries that move.
    let mut drafts: Vec<Draft> = (0..STAYING).map(|number| random(&mut seeded, &format!("m{number:03}-"))).collect();
    drafts.extend((0..40).map(|number| random(&mut seeded, &format!("m{number:03}"))));
    scene.store.register_load(&register, drafts).await.unwrap();
    let ends = Arc::new(AtomicBool::new(false));
    let disturber = tokio::spawn(disturb(Store::open(&scene.url).await.unwrap(), Arc::clone(&ends)));
    for order in ORDERS {
        for limit in [1, 7, 50] {
            let condition = Condition::StartsWith("id", "m".into());
            let mut query = RegisterQuery {
                condition: Some(condition),
                order: order.to_vec(),
                after: None,
                limit,
                shows_deleted: false,
            };
            let mut seen = Vec::new();
            for page in 0.. {
                assert!(page < 1_000, "{order:?} by {limit} does not end");
                let rows = scene.store.register_list(&register, &query).await.unwrap();
                let stays = |entry: &&Entry| entry.id.ends_with('-');
                seen.extend(rows.iter().filter(stays).map(|entry| key(order, entry)));
                let Some(last) = rows.last() else { break };
                query.after = Some(key(order, last));
            }
            let mut expected = seen.clone();
            expected.sort_by(|a, b| compare(order, a, b));
            expected.dedup();
            assert_eq!(expected.len(), STAYING, "{order:?} by {limit} skips");
            assert_eq!(seen, expected, "{order:?} by {limit} repeats or disorders");
        }
    }
    ends.store(true, Relaxed);
    disturber.await.unwrap();
}
