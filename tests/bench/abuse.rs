//! How long a good client waits for its answers while somebody abuses the gRPC service, beside how long it waits when
//! nobody does, in one run: p50 and p99 of calls over a connection that stands, and of calls over one made for each. The
//! ratio of each turn is that of its own two p99s, and the middle one of all turns is told: a hiccup of the machine spoils a
//! turn and not the ratio.
//! `cargo build --release && cargo bench -p tests --bench abuse`.
//!
//! The abuser is a thread of this program, the good client another, the service a process. They share the machine's
//! processors, where in life the abuser has some of its own: so it runs while neither of them wants to, and is slow enough to
//! leave the service some: it does a round (see `tests::abuse::Abuse`) at most every 20 ms, or as many milliseconds as
//! `-- pause=MILLISECONDS` says: 5,000 calls that are taken back a second, 50,000 empty pieces, 25,000 PINGs, 1,000
//! connections. What service and abuser take of a processor stands beside. `-- only=IdleConnections` does one abuse alone.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use proto::intake::v1::{ListSubmissionsRequest, submission_service_client::SubmissionServiceClient};
use tests::{
    Backend, Ledger, Product, World,
    abuse::{Abuse, Running, Tally, Target},
    process,
    world::{USER, in_time, plain_mail},
};
use tonic::transport::{Channel, Endpoint};

/// Turns without and with each abuse, one after the other, so that whatever else the machine does falls on both.
const TURNS: usize = 5;
/// Calls of a turn over a connection that stands.
const CALLS: usize = 1_000;
/// Connections of a turn that are made for one call.
const CONNECTIONS: usize = 400;
/// From the begin of the abuse to the first call that is measured, and from its end to the next one.
const SETTLING: Duration = Duration::from_secs(2);

fn main() {
    let argument = |name: &str| std::env::args().find_map(|argument| Some(argument.strip_prefix(name)?.to_owned()));
    let pause = argument("pause=").and_then(|pause| pause.parse().ok()).unwrap_or(20);
    let only = argument("only=");
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
        gives_way: true,
        ..Target::at(&product.api())
    };
    println!("a round every {pause} ms; {} sockets at once", target.sockets);
    println!(
        "{:<18} {:>9} {:>9} {:>7} {:>9} {:>9} {:>7} {:>9} {:>9}",
        "", "p50 ms", "p99 ms", "×", "new p50", "new p99", "×", "service", "abuser"
    );
    runtime.block_on(async {
        // Once for the caches.
        Got::of(&product, &target.address).await;
        for abuse in
            Abuse::ALL.into_iter().filter(|abuse| only.as_ref().is_none_or(|only| *only == format!("{abuse:?}")))
        {
            let (mut rest, mut under) = (Vec::new(), Vec::new());
            let mut tally = Tally::default();
            for _ in 0..TURNS {
                rest.push(Got::of(&product, &target.address).await);
                let running = Running::start(abuse, target.clone(), Duration::from_millis(pause));
                tokio::time::sleep(SETTLING).await;
                under.push(Got::of(&product, &target.address).await);
                tally = running.tally();
                drop(running);
                tokio::time::sleep(SETTLING).await;
            }
            row("  without", &rest, &rest);
            row(&format!("{abuse:?}"), &under, &rest);
            println!("    the last turn: {tally:?}");
        }
        product.terminate().await;
    });
}

/// What a good client got in a turn.
struct Got {
    /// How long calls took over a connection that stands, in order.
    standing: Vec<Duration>,
    /// The same with connecting.
    new: Vec<Duration>,
    /// Processor seconds that the service took,
    service: f64,
    /// and this program, the good client included,
    own: f64,
    /// in so many seconds.
    seconds: f64,
}

impl Got {
    async fn of(product: &Product, address: &str) -> Self {
        let (began, service, own) = (Instant::now(), cpu(product.pid()), cpu(std::process::id()));
        let (mut standing, mut new) = (Vec::with_capacity(CALLS), Vec::with_capacity(CONNECTIONS));
        let mut client = client(address);
        ask(&mut client).await;
        for _ in 0..CALLS {
            let begun = Instant::now();
            ask(&mut client).await;
            standing.push(begun.elapsed());
        }
        for _ in 0..CONNECTIONS {
            let begun = Instant::now();
            ask(&mut self::client(address)).await;
            new.push(begun.elapsed());
        }
        standing.sort_unstable();
        new.sort_unstable();
        Self {
            standing,
            new,
            service: cpu(product.pid()) - service,
            own: cpu(std::process::id()) - own,
            seconds: began.elapsed().as_secs_f64(),
        }
    }
}

fn row(name: &str, turns: &[Got], rest: &[Got]) {
    let each = |value: &dyn Fn(&Got) -> f64| middle(turns.iter().map(value).collect());
    let ratio = |of: &dyn Fn(&Got) -> &[Duration]| {
        let ratios = turns.iter().zip(rest).map(|(turn, rest)| percentile(of(turn), 99) / percentile(of(rest), 99));
        middle(ratios.collect())
    };
    println!(
        "{name:<18} {:>9.2} {:>9.2} {:>7.2} {:>9.2} {:>9.2} {:>7.2} {:>9.2} {:>9.2}",
        each(&|got| percentile(&got.standing, 50)),
        each(&|got| percentile(&got.standing, 99)),
        ratio(&|got| &got.standing),
        each(&|got| percentile(&got.new, 50)),
        each(&|got| percentile(&got.new, 99)),
        ratio(&|got| &got.new),
        each(&|got| got.service / got.seconds),
        each(&|got| got.own / got.seconds)
    );
}

/// Of an odd number of them.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// In milliseconds, of times in order.
fn percentile(took: &[Duration], percent: usize) -> f64 {
    took[took.len() * percent / 100].as_secs_f64() * 1e3
}

fn client(address: &str) -> SubmissionServiceClient<Channel> {
    SubmissionServiceClient::new(Endpoint::from_shared(format!("http://{address}")).expect("an address").connect_lazy())
}

async fn ask(client: &mut SubmissionServiceClient<Channel>) {
    let answer = client.list_submissions(ListSubmissionsRequest::default()).await.expect("an answer");
    assert_eq!(answer.into_inner().submissions.len(), 1);
}

/// Seconds of processor time that a process has taken: fields 14 and 15 of its `stat`, in hundredths.
fn cpu(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
