//! How long a good client waits for its answers while somebody abuses the gRPC service, beside how long it waits when
//! nobody does, in one run: p50 and p99 of calls over a connection that stands, and of calls over one made for each.
//! `cargo build --release && cargo bench -p tests --bench abuse`.
//!
//! The abuser is a thread of this program, the good client another, the service a process; they share the machine's
//! processors, so the abuser is slow enough to leave the service some: it does a round (see `tests::abuse::Abuse`) every
//! 20 ms, or as many milliseconds as `-- pause=MILLISECONDS` says. What it takes of a processor, and what the service does,
//! stands beside; a ratio that is high where these are high too is theirs.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use proto::intake::v1::{ListSubmissionsRequest, submission_service_client::SubmissionServiceClient};
use tests::{
    Backend, Ledger, Product, World,
    abuse::{Abuse, Running, Target},
    process,
    world::{USER, in_time, plain_mail},
};
use tonic::transport::{Channel, Endpoint};

/// Calls over a connection that stands.
const CALLS: usize = 2_000;
/// Connections that are made for one call.
const CONNECTIONS: usize = 400;
/// From the begin of the abuse to the first call that is measured.
const SETTLING: Duration = Duration::from_secs(2);

fn main() {
    let pause = std::env::args().find_map(|argument| argument.strip_prefix("pause=")?.parse().ok()).unwrap_or(20);
    let world = World::new(Backend::Sqlite);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    let settings = world.settings(&[world.mailbox()]);
    world.session().append("INBOX", in_time(), &plain_mail(USER, 0, 9000));
    let filling = Product::start(&settings);
    let ledger = runtime.block_on(Ledger::settled(&filling, 1, Duration::from_secs(60)));
    runtime.block_on(filling.terminate());

    let files = process::allow_open_files(None);
    let product = Product::start_api(&settings);
    let packed = Command::new("sh").args(["-c", "head -c 40M /dev/zero | gzip -9"]).output().expect("gzip runs");
    let target = Target {
        mail: ledger.messages[0].name.clone(),
        sockets: usize::try_from(files - 500).expect("a number of files").min(5_000),
        bomb: packed.stdout,
        ..Target::at(&product.api())
    };
    println!("a round every {pause} ms; {} sockets at once", target.sockets);
    println!(
        "{:<18} {:>9} {:>9} {:>7} {:>9} {:>9} {:>7} {:>9} {:>9}",
        "", "p50 ms", "p99 ms", "×", "new p50", "new p99", "×", "service", "abuser"
    );
    runtime.block_on(async {
        // Once for the caches.
        measured(&product, &target.address).await;
        for abuse in Abuse::ALL {
            let rest = measured(&product, &target.address).await;
            let running = Running::start(abuse, target.clone(), Duration::from_millis(pause));
            tokio::time::sleep(SETTLING).await;
            let under = measured(&product, &target.address).await;
            let tally = running.tally();
            drop(running);
            row("  before", rest, rest);
            row(&format!("{abuse:?}"), under, rest);
            println!("    {tally:?}");
            tokio::time::sleep(SETTLING).await;
        }
        product.terminate().await;
    });
}

/// What a good client got.
#[derive(Clone, Copy)]
struct Got {
    /// p50 and p99 over a connection that stands.
    standing: (Duration, Duration),
    /// The same with connecting.
    new: (Duration, Duration),
    /// Processors that the service took.
    service: f64,
    /// And this program, the good client included.
    own: f64,
}

fn row(name: &str, got: Got, rest: Got) {
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    let ratio = |got: (Duration, Duration), rest: (Duration, Duration)| got.1.as_secs_f64() / rest.1.as_secs_f64();
    println!(
        "{name:<18} {:>9.2} {:>9.2} {:>7.2} {:>9.2} {:>9.2} {:>7.2} {:>9.2} {:>9.2}",
        ms(got.standing.0),
        ms(got.standing.1),
        ratio(got.standing, rest.standing),
        ms(got.new.0),
        ms(got.new.1),
        ratio(got.new, rest.new),
        got.service,
        got.own
    );
}

async fn measured(product: &Product, address: &str) -> Got {
    let (began, service, own) = (Instant::now(), cpu(product.pid()), cpu(std::process::id()));
    let mut client = client(address);
    ask(&mut client).await;
    let mut standing = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let begun = Instant::now();
        ask(&mut client).await;
        standing.push(begun.elapsed());
    }
    let mut new = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let begun = Instant::now();
        ask(&mut self::client(address)).await;
        new.push(begun.elapsed());
    }
    let took = began.elapsed().as_secs_f64();
    Got {
        standing: told(standing),
        new: told(new),
        service: (cpu(product.pid()) - service) / took,
        own: (cpu(std::process::id()) - own) / took,
    }
}

fn client(address: &str) -> SubmissionServiceClient<Channel> {
    SubmissionServiceClient::new(Endpoint::from_shared(format!("http://{address}")).expect("an address").connect_lazy())
}

async fn ask(client: &mut SubmissionServiceClient<Channel>) {
    let answer = client.list_submissions(ListSubmissionsRequest::default()).await.expect("an answer");
    assert_eq!(answer.into_inner().submissions.len(), 1);
}

/// p50 and p99.
fn told(mut took: Vec<Duration>) -> (Duration, Duration) {
    took.sort_unstable();
    (took[took.len() / 2], took[took.len() * 99 / 100])
}

/// Seconds of processor time that a process has taken: fields 14 and 15 of its `stat`, in hundredths.
fn cpu(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
