//! `caibian doctor`: what a person is told of a house in order, and of one that is not.

use std::{fs, time::Duration};

use tests::{
    Backend, Collector, Ledger, Mailbox, Product, Settings, World,
    fake_imap::{FakeImap, Manner},
    smtp::Sink,
    world::{USER, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(60);
/// Where nobody listens.
const NOBODY: &str = "127.0.0.1:1";

/// Its exit code and what it says; `ops` is where the running process tells of itself.
fn doctor(settings: &Settings, ops: &str) -> (Option<i32>, String) {
    let mut command = settings.command(&["doctor"]);
    let output = command.env("CAIBIAN__OPS__LISTEN", ops).output().expect("the binary starts");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether there is a line of this grade about a place that holds these words.
#[track_caller]
fn assert_told(told: &str, grade: &str, place: &str, words: &str) {
    let found = told.lines().any(|line| {
        line.strip_prefix(grade).is_some_and(|line| line.trim_start().starts_with(place) && line.contains(words))
    });
    assert!(found, "no `{grade} {place} … {words}` in\n{told}");
}

async fn it_finds_what_is_in_order_and_what_is_not(backend: Backend) {
    let (world, sink) = (World::new(backend), Sink::start());
    let mailbox = world.mailbox().with("smtp", &sink.settings());
    let collector = Collector::start();
    let settings = world.settings(&[mailbox]).with_more(&collector.settings());
    let (code, told) = doctor(&settings, NOBODY);
    assert_eq!(code, Some(1), "{told}");
    assert_told(&told, "fault", "tables", "");
    assert!(told.contains("caibian migrate"), "it says what to do: {told}");
    // Nothing was made by asking.
    assert!(!settings.data.join("caibian.db").exists());

    let product = Product::start(&settings);
    world.session().append("INBOX", in_time(), &plain_mail(USER, 1, 20));
    Ledger::settled(&product, 1, BOUND).await;
    let (code, told) = doctor(&settings, &product.ops());
    assert_eq!(code, Some(0), "{told}");
    for (place, words) in [
        ("data", "can be written"),
        ("tables", "up to date"),
        ("raw mails", "free"),
        ("mailbox czzhengwen", "INBOX 1"),
        ("letters of czzhengwen", "lets us in"),
        ("sweeps of czzhengwen", "last 20"),
        ("what waits", "no mail and no letter"),
        ("traces", "takes them"),
        ("process", "is ready"),
    ] {
        assert_told(&told, "ok", place, words);
    }
    // What is no fault and still wants somebody.
    assert_told(&told, "warning", "campaigns of czzhengwen", "ended on 2023-03-31");
    assert_told(&told, "warning", "people", "nobody has set a password");
    assert_told(&told, "warning", "backup", "none was made");
    assert_told(&told, "warning", "api", "no token is set");

    // A mailbox that refuses us, one whose folder is missing, and letters that nobody takes.
    let refusing = FakeImap::start(Manner::RefusesLogin, Vec::new());
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let closed = silent.local_addr().expect("it is bound").port();
    drop(silent);
    let ill = world.home().join("ill");
    fs::create_dir(&ill).expect("our own folder");
    let url = format!("sqlite:{}", ill.join("data/caibian.db").display());
    let ill = Settings::write(
        &ill,
        &url,
        &[
            Mailbox::imap("refused", refusing.port),
            world.mailbox().with("folders", "[\"INBOX\", \"投稿\"]").with(
                "smtp",
                &format!("{{ host = \"127.0.0.1\", port = {closed}, security = \"plain\", timeout_seconds = 1 }}"),
            ),
        ],
    );
    let ill = ill.with_more(&tests::collector::settings(&format!("http://{NOBODY}")));
    assert!(ill.run(&["migrate"]).status.success());
    let (code, told) = doctor(&ill, NOBODY);
    assert_eq!(code, Some(1), "{told}");
    assert_told(&told, "fault", "mailbox refused", "127.0.0.1");
    assert_told(&told, "fault", "mailbox czzhengwen", "投稿");
    assert_told(&told, "fault", "letters of czzhengwen", "127.0.0.1");
    assert_told(&told, "warning", "sweeps of refused", "no worker has had it yet");
    assert_told(&told, "warning", "traces", NOBODY);
    assert_told(&told, "warning", "process", "");
    assert!(told.contains("授权码") && told.contains("authorisation code"), "{told}");
    product.terminate().await;
}

on_each_backend! {
    it_finds_what_is_in_order_and_what_is_not => super::it_finds_what_is_in_order_and_what_is_not;
}
