//! Alerts, their pages, the dashboard and the metrics, held against each other.

use std::{collections::BTreeSet, fs, path::Path};

const ALERTS: &str = include_str!("../../../../deploy/prometheus/alerts.yaml");
const DASHBOARD: &str = include_str!("../../../../deploy/grafana/dashboard.json");

#[test]
fn every_metric_is_documented() {
    let table = measure::markdown();
    assert!(include_str!("../../../../docs/metrics.md").ends_with(&table), "put this into docs/metrics.md:\n{table}");
}

/// Names in an expression that are a metric's, as they stand there.
fn named(expression: &str) -> impl Iterator<Item = &str> {
    let rooms = ["caibian_", "messaging_client_", "rpc_server_", "http_server_", "process_"];
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(move |word| rooms.iter().any(|room| word.starts_with(room)))
}

/// The expressions of the dashboard's panels.
fn drawn() -> Vec<String> {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn alerts_and_dashboard_are_about_metrics_that_there_are() {
    let known: BTreeSet<&str> = measure::described().iter().map(|metric| metric.name.as_str()).collect();
    let is_known = |name: &str| {
        let of_histogram = ["_count", "_sum", "_bucket"].iter().find_map(|part| name.strip_suffix(part));
        known.contains(name) || of_histogram.is_some_and(|name| known.contains(name))
    };
    let drawn = drawn();
    for expression in ALERTS.lines().chain(drawn.iter().map(String::as_str)) {
        for name in named(expression) {
            assert!(is_known(name), "{name} is no metric: {expression}");
        }
    }
    for expression in &drawn {
        assert!(named(expression).next().is_some(), "{expression} is about no metric");
    }
    assert!(ALERTS.lines().flat_map(named).count() >= ALERTS.matches("- alert: ").count());
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
