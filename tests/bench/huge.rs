//! How long the mail with a film of 500 MiB takes: a bare windowed fetch to disk beside fetch, decode, probe and record,
//! in one run on one server; with the peak of resident memory. `cargo build --release && cargo bench -p tests`.

use std::{
    fs::File,
    io::Write,
    time::{Duration, Instant},
};

use proto::intake::v1::GetMessageRequest;
use tests::{Backend, Ledger, World, huge::HugeMail, memory::Watch, oracle};

/// The window that the worker uses too.
const WINDOW_BYTES: u64 = 1024 * 1024;

fn main() {
    let world = World::new(Backend::Sqlite);
    println!("composing and delivering the mail");
    let mail = HugeMail::compose(world.home());
    let mut session = world.session();
    let place = mail.deliver(&mut session);
    session.select("INBOX");

    let begun = Instant::now();
    let mut file = File::create(world.home().join("bare.eml")).expect("our own folder");
    let mut offset = 0;
    while offset < mail.size_bytes {
        let window = session.window(place.uid, offset, WINDOW_BYTES);
        assert!(!window.is_empty(), "the mail ended at {offset}");
        file.write_all(&window).expect("the disk takes it");
        offset += window.len() as u64;
    }
    file.sync_all().expect("the disk takes it");
    let bare = begun.elapsed();
    drop(session);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    let begun = Instant::now();
    let product = world.start(&[world.mailbox()]);
    let watch = Watch::start(product.pid(), Duration::from_millis(20));
    let ledger = runtime.block_on(Ledger::settled(&product, 1, Duration::from_secs(600)));
    let whole = begun.elapsed();
    let message = ledger.message("INBOX", place);
    let decided = oracle::decided(message, ledger.submission_of(message));
    assert_eq!((decided.as_str(), &message.raw_sha256), ("submission eligible", &mail.raw_sha256.hex()));

    let request = GetMessageRequest { name: message.name.clone() };
    let told = runtime.block_on(product.mailboxes().get_message(request)).expect("it is there").into_inner();
    let moments: Vec<_> = told
        .history
        .iter()
        .filter_map(|event| event.time.map(|time| (event.to(), time.seconds as f64 + f64::from(time.nanos) / 1e9)))
        .collect();

    let peak = watch.peak();
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!("mail on the wire                      {:>8.1} MiB", mib(mail.size_bytes));
    println!("bare windowed fetch to disk           {:>8.2} s", bare.as_secs_f64());
    println!("start, fetch, decode, probe, record   {:>8.2} s", whole.as_secs_f64());
    println!("ratio                                 {:>8.2}", whole.as_secs_f64() / bare.as_secs_f64());
    for pair in moments.windows(2) {
        println!("  of it, to {:<28}{:>8.2} s", pair[1].0.as_str_name(), pair[1].1 - pair[0].1);
    }
    println!("peak memory, sampled sum              {:>8.1} MiB", mib(peak.sampled_bytes));
    println!(
        "peak memory, worker / child           {:>8.1} / {:.1} MiB",
        mib(peak.parent_bytes),
        mib(peak.child_bytes)
    );
    println!("pages of the program beside that      {:>8.1} MiB", mib(peak.program_bytes));
}
