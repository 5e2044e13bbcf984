//! The table of `docs/asvs.md`: what it says is shown by a test that there is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The names of all functions below a folder.
fn functions(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the sources").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            functions(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("UTF-8");
            let names = source.lines().filter_map(|line| line.split_once("fn ")?.1.split_once('('));
            into.extend(names.map(|(name, _)| name.to_owned()));
        }
    }
}

/// Every requirement of a cell: `6.5.1–6.5.5, 6.6.1`.
fn requirements(cell: &str) -> Vec<String> {
    let of = |part: &str| -> Vec<String> {
        let Some((first, last)) = part.split_once('–') else { return vec![part.to_owned()] };
        let number =
            |id: &str| id.rsplit_once('.').map(|(chapter, number)| (chapter.to_owned(), number.parse::<u32>()));
        let (Some((chapter, Ok(first))), Some((_, Ok(last)))) = (number(first), number(last)) else {
            panic!("{part} is no range")
        };
        (first..=last).map(|number| format!("{chapter}.{number}")).collect()
    };
    cell.split(", ").flat_map(of).collect()
}

#[test]
fn what_the_table_says_is_shown_by_a_test_that_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie beside docs");
    let mut known = BTreeSet::new();
    for folder in ["services", "migrations", "proto", "tests"] {
        functions(&root.join(folder), &mut known);
    }
    let table = fs::read_to_string(root.join("docs/asvs.md")).expect("the table");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let (mut seen, mut counts) = (BTreeSet::new(), BTreeMap::<&str, usize>::new());
    for row in rows {
        let [requirements, level, state, how, shown] = row[..] else { panic!("not five cells: {row:?}") };
        for requirement in self::requirements(requirements) {
            if level != "3" {
                *counts.entry(state).or_default() += 1;
            }
            assert!(seen.insert(requirement.clone()), "{requirement} stands twice");
        }
        assert!(["1", "2", "1–2", "3"].contains(&level), "{requirements}: level {level}");
        assert!(["met", "partly", "not met", "n/a"].contains(&state), "{requirements}: {state}");
        assert!(!how.is_empty(), "{requirements}");
        let tests: Vec<&str> =
            shown.split(", ").filter(|test| !test.is_empty()).map(|test| test.trim_matches('`')).collect();
        for test in &tests {
            assert!(known.contains(*test), "{requirements}: there is no test {test}");
        }
        // What the language or a library gives by itself says so.
        let by_itself = how.contains("forbid");
        let documents = ["SECURITY.md", "docs/keys.md", "docs/logs.md", "deploy/README.md"];
        // What nothing but a document can show names it.
        let is_told = documents.iter().any(|document| how.contains(document) && root.join(document).exists());
        assert!(
            state != "met" || !tests.is_empty() || by_itself || is_told,
            "{requirements}: met, and shown by nothing"
        );
    }
    assert_eq!(counts.values().sum::<usize>(), 217, "of levels 1 and 2, without V10 and V17");
    let of = |state: &str| counts.get(state).copied().unwrap_or_default();
    let told = format!(
        "{} of the 217 are met, {} in part, {} not, {} are\nabout what is not there",
        of("met"),
        of("partly"),
        of("not met"),
        of("n/a")
    );
    assert!(table.contains(&told), "its head says: {told}");
}
