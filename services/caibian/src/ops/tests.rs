//! Alerts, their pages and the metrics, held against each other.

use std::{collections::BTreeSet, fs, path::Path};

const ALERTS: &str = include_str!("../../../../deploy/prometheus/alerts.yaml");

#[test]
fn every_metric_is_documented() {
    let table = measure::markdown();
    assert!(include_str!("../../../../docs/metrics.md").ends_with(&table), "put this into docs/metrics.md:\n{table}");
}

/// Names in an expression that are a metric's, as they stand there.
fn named(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| {
        ["caibian_", "rpc_server_", "http_server_", "process_"].iter().any(|room| word.starts_with(room))
    })
}

#[test]
fn every_alert_is_about_metrics_that_there_are() {
    let known: BTreeSet<&str> = measure::described().iter().map(|metric| metric.name.as_str()).collect();
    let is_known = |name: &str| {
        let of_histogram = ["_count", "_sum", "_bucket"].iter().find_map(|part| name.strip_suffix(part));
        known.contains(name) || of_histogram.is_some_and(|name| known.contains(name))
    };
    let mut count = 0;
    for name in ALERTS.lines().flat_map(named) {
        assert!(is_known(name), "{name} is no metric");
        count += 1;
    }
    assert!(count >= ALERTS.matches("- alert: ").count());
}

#[test]
fn every_alert_has_a_page_and_every_page_an_alert() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let told: Vec<&str> = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("runbook: ")).collect();
    assert_eq!(told.len(), ALERTS.matches("- alert: ").count());
    for page in &told {
        let text = fs::read_to_string(root.join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.starts_with("# ") && text.contains("\n1. "), "{page} says what it means and what to do");
        // A page leads on to pages that are there.
        for (at, _) in text.match_indices("](") {
            let link = text[at + 2..].split(')').next().unwrap_or_default();
            assert!(root.join("docs/runbooks").join(link).exists(), "{page} leads to {link}");
        }
    }
    let pages = fs::read_dir(root.join("docs/runbooks")).unwrap().map(|entry| entry.unwrap().file_name());
    for page in pages {
        let page = format!("docs/runbooks/{}", page.to_string_lossy());
        assert!(told.contains(&&*page), "{page} belongs to no alert");
    }
}
