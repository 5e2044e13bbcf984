//! What one unit of work costs: a mail with its letter, a GiB of films, a call, a thousand made-up projects; as processor time of
//! the program (its children's too) and bytes of the tables. `docs/scale.md` reckons with these.
//! `cargo build --release && cargo bench -p tests --bench costs`

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use proto::intake::v1::{GetSubmissionRequest, ListReviewsRequest};
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use specimen::{Mail, docx};
use tests::{
    Backend, Ledger, Product, World,
    huge::{FILM_BYTES, HugeMail},
    product::ADDRESS,
    smtp::Sink,
    wait_for,
    world::in_time,
};

const MAILS: usize = 500;
const CALLS: usize = 5_000;
/// Characters of a manuscript: what the call asks for at most.
const CHARACTERS: usize = 3_000;
/// As the kernel tells them to programs, whatever its own are.
const TICKS_A_SECOND: f64 = 100.0;
const BOUND: Duration = Duration::from_secs(900);

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    for backend in [Backend::Sqlite, Backend::Postgres] {
        println!("\n{backend:?}");
        runtime.block_on(measure(backend));
    }
}

async fn measure(backend: Backend) {
    let (world, sink) = (World::new(backend), Sink::start());
    let settings = world
        .settings(&[world.mailbox().with("smtp", &sink.settings())])
        .with_more("[reply.caps]\nhour = 100000\nday = 1000000\n");
    let mut session = world.session();
    for number in 0..MAILS {
        session.append("INBOX", in_time(), &mail(number));
    }
    let empty = Product::start_api(&settings);
    let tables_before = tables(&world).await;
    empty.terminate().await;

    let begun = Instant::now();
    let product = Product::start(&settings);
    let ledger = Ledger::settled(&product, MAILS, BOUND).await;
    let took = begun.elapsed();
    tell("mails a second, recorded", MAILS as f64 / took.as_secs_f64(), "");
    wait_for("every letter went", BOUND, || async { (sink.taken().len() >= MAILS).then_some(()) }).await;
    // The chain has caught up with everything.
    let linked = || async { (unlinked(&world).await == 0).then_some(()) };
    wait_for("every line is linked", BOUND, linked).await;
    tell("processor, a mail with its letter", 1e3 * processor(&product) / MAILS as f64, "ms");
    tell("tables, a mail with its letter", (tables(&world).await - tables_before) / MAILS as f64 / 1024.0, "KiB");

    let before = processor(&product);
    let mut client = product.submissions();
    for number in 0..CALLS {
        let name = ledger.submissions[number % MAILS].name.clone();
        client.get_submission(GetSubmissionRequest { name }).await.expect("it is there");
    }
    tell("processor, one submission by gRPC", 1e3 * (processor(&product) - before) / CALLS as f64, "ms");
    let before = processor(&product);
    for _ in 0..CALLS / 10 {
        let request = ListReviewsRequest { page_size: 50, ..Default::default() };
        product.reviews().list_reviews(request).await.expect("a list");
    }
    tell("processor, a page of 50 reviews", 1e3 * (processor(&product) - before) / (CALLS / 10) as f64, "ms");

    let huge = HugeMail::compose(world.home());
    let before = processor(&product);
    let begun = Instant::now();
    huge.deliver(&mut session);
    Ledger::settled(&product, MAILS + 1, BOUND).await;
    let gib = FILM_BYTES as f64 / f64::from(1 << 30);
    tell("processor, a GiB of films", (processor(&product) - before) / gib, "s");
    tell("seconds, a GiB of films", begun.elapsed().as_secs_f64() / gib, "s");
    tell(
        "blobs, a GiB of films",
        huge_blobs(&settings.data.join("blobs"), FILM_BYTES / 2) / gib / f64::from(1 << 30),
        "GiB",
    );
    product.terminate().await;

    let before = tables(&world).await;
    let begun = Instant::now();
    let output = settings.run(&["generate", "--year", "2021"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let projects = count(&world, "SELECT COUNT(*) FROM project").await;
    tell("projects with their contracts", projects, "");
    tell("projects a second, loaded", projects / begun.elapsed().as_secs_f64(), "");
    tell("tables, a project with its contracts", (tables(&world).await - before) / projects / 1024.0, "KiB");
}

fn tell(what: &str, value: f64, unit: &str) {
    println!("{what:<40}{value:>10.2} {unit}");
}

/// A manuscript of the usual length in a document.
fn mail(number: usize) -> Vec<u8> {
    let paragraph = format!("第{number}篇：推进政府购买服务改革，提升财政治理效能，完善绩效评价。");
    let times = CHARACTERS / paragraph.chars().count();
    let words: Vec<String> = (0..times).map(|part| format!("{part}、{paragraph}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Mail::new("张三", &format!("author{number}@a.example"), ADDRESS)
        .subject(&format!("主题征稿 稿件{number}"))
        .message_id(&format!("{number}@a.example"))
        .text("编辑您好：\n稿件见附件。\n姓名：张三\n单位：浙江省财政厅\n电话：0571-87057000\n")
        .attach("稿件.docx", "application/octet-stream", docx(&words, 0))
        .to_bytes()
}

/// Seconds of processor time that the program and its ended children took.
fn processor(product: &Product) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", product.pid())).expect("it runs");
    let (_, fields) = stat.rsplit_once(')').expect("a name in parentheses");
    let ticks: u64 = fields.split_whitespace().skip(11).take(4).map(|field| field.parse::<u64>().expect("ticks")).sum();
    ticks as f64 / TICKS_A_SECOND
}

async fn count(world: &World, sql: &str) -> f64 {
    let database = Database::connect(world.store_url()).await.expect("a database");
    let row = database.query_one_raw(Statement::from_string(database.get_database_backend(), sql)).await;
    row.expect("a row").expect("a row").try_get_by_index::<i64>(0).expect("a number") as f64
}

async fn unlinked(world: &World) -> usize {
    let lines = ["message_event", "review_event", "reply_event", "review_remark", "access_event", "contact_event"];
    let mut missing = 0.0;
    for table in lines {
        missing += count(world, &format!("SELECT COUNT(*) FROM {table}")).await;
    }
    (missing - count(world, "SELECT COUNT(*) FROM history_link").await) as usize
}

/// Bytes of the tables with their indexes.
async fn tables(world: &World) -> f64 {
    let sql = match Database::connect(world.store_url()).await.expect("a database").get_database_backend() {
        DbBackend::Postgres => "SELECT pg_database_size(current_database())",
        _ => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    };
    count(world, sql).await
}

/// Bytes of files above a size in a folder.
fn huge_blobs(folder: &Path, above: u64) -> f64 {
    let entries = fs::read_dir(folder).expect("our own folder").flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => huge_blobs(&entry.path(), above),
            Ok(metadata) if metadata.len() > above => metadata.len() as f64,
            _ => 0.0,
        })
        .sum()
}
