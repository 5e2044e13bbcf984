//! What an operator can ask a running process: whether it lives, whether it is ready and why not, and its metrics.

use std::time::{Duration, Instant};

use proto::intake::v1::ListSubmissionsRequest;
use tests::{
    Backend, Mailbox, Postgres, Product, Settings, Visitor, World,
    visitor::Shown,
    world::{USER, in_time, plain_mail},
};
use tokio::net::TcpStream;

const BOUND: Duration = Duration::from_secs(60);

/// Asks until an answer is as wanted.
async fn until(product: &Product, path: &str, wanted: impl Fn(&Shown) -> bool) -> Shown {
    let begun = Instant::now();
    loop {
        let shown = Visitor::at(&product.ops()).get(path).await;
        if wanted(&shown) {
            return shown;
        }
        assert!(begun.elapsed() < BOUND, "{path}: {} {}", shown.status, shown.html);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn metrics_tell_what_happened_without_a_word_of_the_mails(backend: Backend) {
    let world = World::new(backend);
    let product = world.start(&[world.mailbox()]);
    world.session().append("INBOX", in_time(), &plain_mail(USER, 3, 20));
    world.session().append("INBOX", in_time(), &plain_mail(USER, 4, 20));
    until(&product, "/metrics", |shown| shown.html.contains("caibian_intake_messages{state=\"recorded\"} 2\n")).await;
    product.submissions().list_submissions(ListSubmissionsRequest::default()).await.expect("a list");
    Visitor::at(&product.desk()).get("/sign-in").await;
    let told = until(&product, "/metrics", |shown| shown.html.contains("http_route=\"/sign-in\"")).await.html;
    let value = |name: &str| -> f64 {
        let line = told.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in\n{told}")).parse().expect("a number")
    };
    assert_eq!(value("messaging_client_consumed_messages_total"), 2.0);
    assert!(value("caibian_intake_fetch_bytes_total") > 1_000.0);
    assert_eq!(value("caibian_intake_parse_duration_seconds_count"), 2.0);
    assert!(value("caibian_intake_last_successful_sweep_age_seconds{mailbox=\"czzhengwen\"}") < 60.0);
    assert!(
        value(
            "rpc_server_call_duration_seconds_count{rpc_system_name=\"grpc\",\
             rpc_method=\"caibian.intake.v1.SubmissionService/ListSubmissions\",rpc_status_code=\"OK\"}"
        ) >= 1.0
    );
    assert_eq!((value("caibian_ready"), value("caibian_panics_total")), (1.0, 0.0));
    // A duration's digits are nobody's telephone: the words stand in names and labels.
    let is_number = |word: &&str| word.parse::<f64>().is_ok();
    let words: Vec<&str> = told.split_whitespace().filter(|word| !is_number(word)).collect();
    for secret in ["@", "163.com", "张三", "0571", "财政"] {
        assert!(!words.iter().any(|word| word.contains(secret)), "{secret} in\n{told}");
    }
    // A caller's inventions make no new series.
    for path in ["/a", "/b", "/submissions/../x"] {
        Visitor::at(&product.desk()).get(path).await;
    }
    let after = until(&product, "/metrics", |shown| shown.html.contains("http_route=\"other\"")).await.html;
    let is_other = |line: &&str| line.contains("_count{") && line.contains("http_route=\"other\"");
    assert_eq!(after.lines().filter(is_other).count(), 1, "{after}");
    product.terminate().await;
}

on_each_backend! {
    metrics_tell_what_happened_without_a_word_of_the_mails =>
        super::metrics_tell_what_happened_without_a_word_of_the_mails;
}

#[tokio::test]
async fn a_process_says_that_it_is_not_ready_and_lives_while_its_tables_are_away() {
    let server = Postgres::start();
    let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
    let inbox = home.path().join("inbox");
    std::fs::create_dir(&inbox).expect("our own folder");
    let settings = Settings::write(home.path(), &server.database("ops"), &[Mailbox::folder("inbox", &inbox)]);
    let product = Product::start(&settings);
    let ready = until(&product, "/readyz", |shown| shown.status == 200).await;
    assert!(ready.html.contains("\"ready\":true,\"reasons\":[]"), "{}", ready.html);
    drop(server);
    let away = until(&product, "/readyz", |shown| shown.status == 503).await;
    assert!(away.html.contains("the tables"), "{}", away.html);
    assert_eq!(Visitor::at(&product.ops()).get("/livez").await.status, 200);
    product.kill();
}

#[tokio::test]
async fn the_programs_own_health_check_fails_where_nobody_answers_and_during_a_drain() {
    let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
    let url = format!("sqlite:{}", home.path().join("caibian.db").display());
    let inbox = home.path().join("inbox");
    std::fs::create_dir(&inbox).expect("our own folder");
    let settings = Settings::write(home.path(), &url, &[Mailbox::folder("inbox", &inbox)]);
    let product = Product::start(&settings);
    until(&product, "/readyz", |shown| shown.status == 200).await;
    let check = |address: String| {
        let mut command = settings.command(&["healthcheck"]);
        command.env("CAIBIAN__OPS__LISTEN", address).output().expect("the binary starts")
    };
    assert!(check(product.ops()).status.success());
    let nobody = check("127.0.0.1:1".into());
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");

    // Somebody who says nothing keeps the service from ending at once.
    let api = std::fs::read_to_string(settings.data.join("api.address")).expect("it listens");
    let _silent = TcpStream::connect(&api).await.expect("it listens");
    product.ask_to_end();
    let drain = until(&product, "/readyz", |shown| shown.status == 503).await;
    assert!(drain.html.contains("draining"), "{}", drain.html);
    let during = check(product.ops());
    assert_eq!(during.status.code(), Some(1), "{during:?}");
    product.kill();
}
