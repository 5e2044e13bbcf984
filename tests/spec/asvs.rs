//! The table of `docs/asvs.md`: what it says is shown by a test that there is.

use std::{collections::BTreeSet, fs, path::Path};

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
    assert!(rows.len() > 60, "{} rows", rows.len());
    let mut seen = BTreeSet::new();
    for row in rows {
        let [requirements, level, state, how, shown] = row[..] else { panic!("not five cells: {row:?}") };
        for requirement in requirements.split(", ") {
            assert!(seen.insert(requirement.to_owned()), "{requirement} stands twice");
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
        assert!(state != "met" || !tests.is_empty() || by_itself, "{requirements}: met, and shown by nothing");
    }
}
