//! The laws of the difference on random editions, and single changes by example.

use proptest::prelude::*;

use super::*;
use crate::catalogue::{
    Depth, ServiceKind,
    tests::{item, small},
};

fn uid(text: &str) -> ItemUid {
    text.parse().unwrap()
}

fn edition(items: Vec<CatalogueItem>) -> Edition {
    Edition::with_items(2021, 1, items).unwrap()
}

fn told(diff: &Diff) -> Vec<String> {
    let uids = |items: &[CatalogueItem]| items.iter().map(|item| item.uid.to_string()).collect::<Vec<_>>().join("+");
    diff.changes
        .iter()
        .map(|change| {
            let what = match change {
                Change::Added(_) => "added".to_owned(),
                Change::Removed(_) => "removed".to_owned(),
                Change::Altered { alterations, .. } => format!("{alterations:?}"),
                Change::Split { .. } => "split".to_owned(),
                Change::Merged { .. } => "merged".to_owned(),
                Change::Regrouped { .. } => "regrouped".to_owned(),
            };
            format!("{} > {}: {what}", uids(change.before()), uids(change.after()))
        })
        .collect()
}

type Edit = fn(&mut Vec<CatalogueItem>);

#[test]
fn every_kind_of_change_is_told_by_its_name() {
    let cases: [(Edit, &[&str]); 11] = [
        (|_| {}, &[]),
        (|items| items[2].name = "上门养老".to_owned(), &["a11 > a11: {Renamed}"]),
        (|items| items[2].code = "A0199".to_owned(), &["a11 > a11: {Recoded}"]),
        (|items| items[2].parent = Some(uid("b1")), &["a11 > a11: {Moved}"]),
        (|items| items[2].description = "助餐".to_owned(), &["a11 > a11: {TextChanged}"]),
        (|items| items[6].service_kind = ServiceKind::Auxiliary, &["b11 > b11: {Reclassified}"]),
        (|items| items[6].sort = 9, &["b11 > b11: {Reordered}"]),
        (|items| items.truncate(6), &["b11 > : removed"]),
        (|items| items.push(item("b12", "B0102", "法律援助", 3, Some("b1"))), &[" > b12: added"]),
        // A new uid under the same code and name is the same item; the children of a rekeyed section have not moved.
        (
            |items| {
                items[1].uid = uid("x1");
                items[2].parent = Some(uid("x1"));
                items[3].parent = Some(uid("x1"));
            },
            &["a1 > x1: {Rekeyed}", "a11 > a11: {Rekeyed}", "a12 > a12: {Rekeyed}"],
        ),
        // New uid and new code: found by the path of names; new name of the category as well: by the mapped parent.
        (
            |items| {
                items[4].name = "政府履职辅助性服务".to_owned();
                items[5].uid = uid("x");
                items[5].code = "X".to_owned();
                items[6].parent = Some(uid("x"));
            },
            &["b > b: {Renamed}", "b1 > x: {Recoded, Rekeyed}", "b11 > b11: {Rekeyed}"],
        ),
    ];
    for (edit, expected) in cases {
        let mut items = small();
        edit(&mut items);
        assert_eq!(told(&Diff::between(&edition(small()), &edition(items), None).unwrap()), expected);
    }
}

#[test]
fn a_crosswalk_tells_splits_and_merges() {
    let mut items = small();
    items[6] = item("b12", "B0102", "公证", 3, Some("b1"));
    items.push(item("b13", "B0103", "鉴定", 3, Some("b1")));
    let (a, b) = (edition(small()), edition(items));
    let walk = Crosswalk::equal([(uid("b11"), uid("b12")), (uid("b11"), uid("b13"))]).unwrap();
    let diff = Diff::between(&a, &b, Some(&walk)).unwrap();
    assert_eq!(told(&diff), ["b11 > b12+b13: split"]);
    assert_eq!(told(&diff.inverse()), ["b12+b13 > b11: merged"]);
    assert_eq!(diff.counts(&a, &b).regrouped, 1);
    assert!(Diff::between(&b, &a, Some(&walk)).is_err());
}

#[test]
fn a_crosswalk_is_suggested_from_what_matches_and_keeps_what_is_known() {
    let mut items = small();
    items[2].uid = uid("new");
    items[6] = item("b12", "B0102", "公证", 3, Some("b1"));
    items.push(item("b13", "B0103", "鉴定", 3, Some("b1")));
    let (a, b) = (edition(small()), edition(items));
    let third = |part: i64| BigRational::new(part.into(), 3.into());
    let known = Crosswalk::new([(uid("b11"), uid("b12"), third(1)), (uid("b11"), uid("b13"), third(2))]).unwrap();
    let told = |walk: Crosswalk| {
        walk.links().map(|(from, to, weight)| format!("{from}>{to} {weight}")).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(told(suggest_crosswalk(&a, &b, None).unwrap()), "a>a 1, a1>a1 1, a11>new 1, a12>a12 1, b>b 1, b1>b1 1");
    assert_eq!(
        told(suggest_crosswalk(&a, &b, Some(&known)).unwrap()),
        "a>a 1, a1>a1 1, a11>new 1, a12>a12 1, b>b 1, b1>b1 1, b11>b12 1/3, b11>b13 2/3"
    );
}

#[test]
fn a_likeness_of_names_is_a_suggestion_only() {
    let mut items = small();
    items[2] = item("z11", "Z", "老年居家养老服务", 3, Some("b1"));
    let diff = Diff::between(&edition(small()), &edition(items), None).unwrap();
    assert_eq!(told(&diff), [" > z11: added", "a11 > : removed"]);
    assert_eq!(diff.suggestions, [Suggestion { before: uid("a11"), after: uid("z11"), shared: 5, total: 12 }]);
}

#[test]
fn two_possible_matches_are_none() {
    let mut before = small();
    before.push(item("p", "P", "同名", 3, Some("a1")));
    let mut after = small();
    after.push(item("q", "Q", "同名", 3, Some("a1")));
    after.push(item("r", "R", "同名", 3, Some("a1")));
    let diff = Diff::between(&edition(before), &edition(after), None).unwrap();
    assert_eq!(told(&diff), [" > q: added", " > r: added", "p > : removed"]);
}

#[test]
fn a_difference_applies_only_to_what_it_was_taken_from() {
    let mut items = small();
    items[2].name = "上门养老".to_owned();
    let diff = Diff::between(&edition(small()), &edition(items.clone()), None).unwrap();
    items[2].name = "别的".to_owned();
    assert_eq!(diff.apply(&edition(items), 2022, 1), Err(Fault::DoesNotFit(uid("a11"))));
}

#[test]
fn twenty_thousand_items_are_compared_in_bounded_steps() {
    let many = |from: usize, stem: &str| {
        let mut items = vec![item("a", "A", "类", 1, None), item("b", "B", "款", 2, Some("a"))];
        items.extend(
            (from..from + 9_990)
                .map(|n| item(&format!("i{n}"), &format!("C{n}"), &format!("{stem}服务{n}"), 3, Some("b"))),
        );
        edition(items)
    };
    let diff = Diff::between(&many(0, "甲"), &many(20_000, "乙"), None).unwrap();
    assert_eq!(diff.changes.len(), 2 * 9_990);
    assert!(diff.suggestions.len() <= SUGGESTIONS_MAX);
}

// A small tree from numbers; names and codes from small pools, so that content collides often.
fn grow(seeds: &[(u8, u8, u8, u8)], stem: &str) -> Vec<CatalogueItem> {
    let mut items: Vec<CatalogueItem> = Vec::new();
    for (n, (depth, parent, name, identity)) in seeds.iter().enumerate() {
        let parents: Vec<&CatalogueItem> = items.iter().filter(|above| above.depth.number() == depth % 3).collect();
        let parent = (depth % 3 > 0).then(|| parents.get(*parent as usize % parents.len().max(1))).flatten();
        let depth = if parent.is_some() { depth % 3 + 1 } else { 1 };
        let parent = parent.map(|above| above.uid.as_str().to_owned());
        let uid = if identity % 3 == 0 { format!("{stem}{n}") } else { format!("u{n}") };
        let code = if identity % 2 == 0 { format!("C{n}") } else { format!("{stem}C{n}") };
        let mut grown = item(&uid, &code, &format!("名{}", name % 5), depth, parent.as_deref());
        grown.description = format!("{}", name % 2);
        grown.sort = u32::from(name % 3);
        items.push(grown);
    }
    items
}

fn seeds() -> impl Strategy<Value = Vec<(u8, u8, u8, u8)>> {
    proptest::collection::vec((0u8..6, 0u8..4, 0u8..10, 0u8..6), 0..16)
}

fn walk(a: &Edition, b: &Edition, picks: &[(u8, u8)]) -> Option<Crosswalk> {
    let links = picks.iter().filter_map(|(from, to)| {
        let from = a.items.values().nth(*from as usize % a.items.len().max(1))?;
        let to = b.items.values().nth(*to as usize % b.items.len().max(1))?;
        (from.depth == to.depth && from.depth == Depth::Item).then(|| (from.uid.clone(), to.uid.clone()))
    });
    Some(Crosswalk::equal(links).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_laws_of_the_difference_hold(
        first in seeds(), second in seeds(), edits in seeds(), picks in proptest::collection::vec((0u8..16, 0u8..16), 0..6),
        related in any::<bool>(),
    ) {
        let a = edition(grow(&first, "p"));
        // Half of the cases compare an edition with an edited copy of itself, half with a stranger.
        let second = if related {
            first.iter().enumerate().map(|(n, seed)| edits.get(n).filter(|edit| edit.0 > 3).copied().unwrap_or(*seed)).collect()
        } else {
            second
        };
        let b = edition(grow(&second, "q"));
        let walk = walk(&a, &b, &picks);

        let itself = Diff::between(&a, &a, None).unwrap();
        prop_assert!(itself.is_empty());

        let there = Diff::between(&a, &b, walk.as_ref()).unwrap();
        let back = Diff::between(&b, &a, walk.as_ref().map(Crosswalk::inverse).as_ref()).unwrap();
        prop_assert_eq!(&back.changes, &there.inverse().changes);
        prop_assert_eq!(&there.inverse().inverse(), &there);

        let rebuilt = there.apply(&a, 2022, 1).unwrap();
        prop_assert_eq!(rebuilt.items(), b.items());

        let counts = there.counts(&a, &b);
        let all = |counts: Counts| (counts.categories + counts.sections + counts.items) as isize;
        prop_assert_eq!(
            all(counts.after),
            all(counts.before) + counts.added as isize - counts.removed as isize + counts.regrouped
        );
    }
}
