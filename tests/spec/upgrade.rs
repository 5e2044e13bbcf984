//! Tables that the first release filled, brought to the present: what it told of them is told still, and work goes on.
//! `tests/upgrade/make.py` made them with that release's program.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use chrono::DateTime;
use serde_json::{Value, json};
use tests::{
    Asker, Backend, Ledger, Mailbox, Postgres, Product, Settings, asker,
    world::{USER, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(60);
const RELEASE: &str = "0.1.0";

fn kept(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("upgrade").join(RELEASE).join(file)
}

fn unpacked(file: &str) -> Vec<u8> {
    let output = Command::new("gzip").arg("-dc").arg(kept(file)).output().expect("gzip starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What follows from the moment of the question (a decision can be retracted for a while), and an etag, which is good for its
/// version alone.
const PASSING: [&str; 3] = ["etag", "nextActions", "retractableUntilTime"];

/// Instants in one form: the JSON mapping leaves open how many places a second has.
fn comparable(value: Value) -> Value {
    match value {
        Value::String(text) => match DateTime::parse_from_rfc3339(&text) {
            Ok(instant) => json!(instant.timestamp_micros()),
            Err(_) => Value::String(text),
        },
        Value::Array(entries) => entries.into_iter().map(comparable).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(key, _)| !PASSING.contains(&key.as_str()))
            .map(|(key, value)| (key, comparable(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other,
    }
}

/// What names an entry: a review has the name of its submission.
fn name(entry: &Value) -> String {
    [&entry["name"], &entry["submission"]].iter().find_map(|name| name.as_str()).expect("a name").to_owned()
}

/// What the release told and the present program does not.
async fn lost(asker: &Asker, told: &Value) -> Vec<String> {
    let mut lost = Vec::new();
    for (method, list) in told["lists"].as_object().expect("lists") {
        let entries = list["entries"].as_array().expect("entries");
        assert!(!entries.is_empty(), "{method}: nothing to compare");
        let found = asker.all(method, list["field"].as_str().expect("a field")).await;
        let mut found: HashMap<String, Value> = found.into_iter().map(|entry| (name(&entry), entry)).collect();
        for entry in entries {
            let now = found.remove(&name(entry)).unwrap_or_default();
            let missing = asker::missing(&comparable(entry.clone()), &comparable(now));
            lost.extend(missing.into_iter().map(|line| format!("{method} {}{line}", name(entry))));
        }
        lost.extend(found.into_keys().map(|name| format!("{method}: {name} was not there")));
    }
    for question in told["single"].as_array().expect("questions") {
        let method = question["method"].as_str().expect("a method");
        let answer = asker.ask(method, &question["request"]).await;
        let missing = asker::missing(&comparable(question["answer"].clone()), &comparable(answer));
        lost.extend(missing.into_iter().map(|line| format!("{method} {}{line}", question["request"])));
    }
    lost
}

async fn what_the_first_release_kept_is_kept(backend: Backend) {
    let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
    let (data, inbox) = (home.path().join("data"), home.path().join("inbox"));
    fs::create_dir_all(&data).expect("our own folder");
    fs::create_dir(&inbox).expect("our own folder");
    let blobs = Command::new("tar").arg("-xzf").arg(kept("blobs.tar.gz")).arg("-C").arg(&data).status();
    assert!(blobs.expect("tar starts").success());
    let postgres = (backend == Backend::Postgres).then(Postgres::start);
    let url = match &postgres {
        None => {
            fs::write(data.join("caibian.db"), unpacked("caibian.db.gz")).expect("our own folder");
            format!("sqlite:{}", data.join("caibian.db").display())
        }
        Some(server) => {
            let url = server.database("caibian");
            server.load("caibian", &unpacked("caibian.sql.gz"));
            url
        }
    };
    let settings = Settings::write(home.path(), &url, &[Mailbox::folder("inbox", &inbox)]);
    assert_eq!(settings.run(&["migrate", "--check"]).status.code(), Some(1), "they are of an older version");
    let told = settings.run(&["migrate"]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    assert!(settings.run(&["migrate", "--check"]).status.success());
    let found = settings.run(&["verify"]);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));

    let product = Product::start(&settings);
    let told: Value = serde_json::from_slice(&unpacked("told.json.gz")).expect("JSON");
    let told = &told[if postgres.is_some() { "postgres" } else { "sqlite" }];
    let lost = lost(&Asker::new(product.channel()), told).await;
    assert!(lost.is_empty(), "{}", lost.join("\n"));

    // Work goes on behind what was there.
    let before = Ledger::read(&product).await;
    let last = before.submissions.iter().map(|submission| submission.number).max().expect("some are there");
    let mail = format!("Received: from x by y; {}\r\n", in_time().to_rfc2822()).into_bytes();
    let mail = [mail, plain_mail(USER, 77, 20)].concat();
    fs::write(inbox.join(".new"), mail).expect("our own folder");
    fs::rename(inbox.join(".new"), inbox.join("new.eml")).expect("our own folder");
    let after = Ledger::settled(&product, before.messages.len() + 1, BOUND).await;
    let newest = after.submissions.iter().map(|submission| submission.number).max();
    assert_eq!((after.submissions.len(), newest), (before.submissions.len() + 1, Some(last + 1)));
    product.terminate().await;
    let found = settings.run(&["verify"]);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
}

on_each_backend! {
    what_the_first_release_kept_is_kept => super::what_the_first_release_kept_is_kept;
}
