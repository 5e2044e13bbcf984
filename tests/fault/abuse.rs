//! Peers of the gRPC service that do what they can to take it from others: whoever behaves gets every answer, the service
//! stays small, and what a peer took comes back when it goes.

use std::{process::Command, time::Duration};

use proto::intake::v1::{
    ListSubmissionsRequest, WatchSubmissionsRequest, WatchSubmissionsResponse,
    submission_service_client::SubmissionServiceClient,
};
use stdx::Sha256;
use tests::{
    Backend, Ledger, Product, World,
    abuse::{Abuse, Running, STREAMS, Tally, Target},
    memory::Watch,
    process, wait_for,
    world::{USER, in_time, plain_mail},
};
use tonic::{
    Request, Status, Streaming,
    metadata::MetadataValue,
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};

const BOUND: Duration = Duration::from_secs(60);
const TOKEN: &str = "a token of these tests";
const LEAKY_TOKEN: &str = "a token of somebody careless";
/// What abuse may add to the memory of the service.
const MEMORY_MAX: u64 = 64 * 1024 * 1024;
/// Files that a program may hold open at first on most systems.
const OPEN_FILES_USUAL: u64 = 1024;

type Submissions = SubmissionServiceClient<InterceptedService<Channel, fn(Request<()>) -> Result<Request<()>, Status>>>;

fn with_token(mut request: Request<()>) -> Result<Request<()>, Status> {
    request.metadata_mut().insert("authorization", MetadataValue::from_static("Bearer a token of these tests"));
    Ok(request)
}

fn with_leaky_token(mut request: Request<()>) -> Result<Request<()>, Status> {
    request.metadata_mut().insert("authorization", MetadataValue::from_static("Bearer a token of somebody careless"));
    Ok(request)
}

/// A client of the service, over a connection of its own.
fn client(address: &str) -> Submissions {
    SubmissionServiceClient::with_interceptor(channel(address), with_token)
}

fn leaky_client(address: &str) -> Submissions {
    SubmissionServiceClient::with_interceptor(channel(address), with_leaky_token)
}

fn channel(address: &str) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).expect("an address").connect_lazy()
}

/// A watch that has begun, over a connection of its own.
async fn watching(address: &str) -> Streaming<WatchSubmissionsResponse> {
    let request = WatchSubmissionsRequest { resume_token: "0".into(), campaign: String::new() };
    let mut watch = client(address).watch_submissions(request).await.expect("a stream").into_inner();
    watch.message().await.expect("it begins").expect("it begins");
    watch
}

/// Asks, and looks at the answer.
async fn ask(client: &mut Submissions, meanwhile: impl std::fmt::Debug) {
    let answer = tokio::time::timeout(BOUND, client.list_submissions(ListSubmissionsRequest::default())).await;
    let answer = answer.unwrap_or_else(|_| panic!("{meanwhile:?}: no answer in {BOUND:?}"));
    let answer = answer.unwrap_or_else(|status| panic!("{meanwhile:?}: {status:?}")).into_inner();
    assert_eq!(answer.submissions.len(), 1, "{meanwhile:?}");
    assert!(answer.submissions[0].subject.contains(USER), "{meanwhile:?}: {answer:?}");
}

/// A service with a mail of 900 KB, and what abuse needs to know of it. It begins with as few open files as most systems
/// give; the test itself has all that it may.
async fn served(world: &World) -> (Product, Target) {
    let mut tokens = String::from("listen = \"127.0.0.1:0\"\n");
    let known = [("test", TOKEN), ("leaky", LEAKY_TOKEN)]
        .map(|(name, token)| format!("{{ name = \"{name}\", sha256 = \"{}\" }}", Sha256::of(token.as_bytes()).hex()));
    tokens += &format!("tokens = [{}]", known.join(", "));
    let bare = world.settings(&[world.mailbox()]);
    world.session().append("INBOX", in_time(), &plain_mail(USER, 0, 9000));
    let product = Product::start(&bare);
    let ledger = Ledger::settled(&product, 1, BOUND).await;
    let mail = ledger.messages[0].name.clone();
    product.terminate().await;

    process::allow_open_files(Some(OPEN_FILES_USUAL));
    let product = Product::start_api(&world.settings_with_api(&tokens, &[world.mailbox()]));
    let files = process::allow_open_files(None);
    let target = Target {
        token: Some(TOKEN.to_owned()),
        mail,
        // Some are for the test.
        sockets: usize::try_from(files - 500).expect("a number of files").min(5_000),
        bomb: bomb(),
        ..Target::at(&product.api())
    };
    (product, target)
}

/// 40 MiB of nothing in 40 KiB.
fn bomb() -> Vec<u8> {
    let packed =
        Command::new("sh").args(["-c", "head -c 40M /dev/zero | gzip -9"]).output().expect("gzip is installed");
    assert!(packed.status.success() && packed.stdout.len() < 60_000, "{packed:?}");
    packed.stdout
}

/// Whether it has been done to such an extent that what it is meant to meet was met.
fn is_in_full_swing(abuse: Abuse, tally: Tally, sockets: usize) -> bool {
    match abuse {
        Abuse::RapidReset | Abuse::EmptyData | Abuse::ContinuationFlood => tally.calmed >= 5,
        Abuse::LongHeaders | Abuse::GzipBomb | Abuse::HugeClaim => tally.rounds >= 200,
        Abuse::IdleSockets | Abuse::IdleConnections => tally.sent as usize >= sockets,
        Abuse::SlowLoris => tally.sent >= 50_000,
        Abuse::ManyStreams => tally.sent as usize >= STREAMS,
        Abuse::NeverReads => tally.sent >= 128,
        Abuse::PingFlood | Abuse::SettingsFlood => tally.sent >= 20_000,
    }
}

/// How many calls for the list were answered with this code.
async fn answered(product: &Product, code: &str) -> f64 {
    let labels = "rpc_system_name=\"grpc\",rpc_method=\"caibian.intake.v1.SubmissionService/ListSubmissions\"";
    let name = format!("rpc_server_call_duration_seconds_count{{{labels},rpc_status_code=\"{code}\"}}");
    product.metric(&name).await.unwrap_or_default()
}

/// Calls as others do while a peer does this, over a connection that stood before and over new ones.
async fn others_have_their_answers_and_it_keeps_nothing(abuse: Abuse) {
    let _alone = crate::ALONE.lock().await;
    let world = World::new(Backend::Sqlite);
    let (product, target) = served(&world).await;
    let mut old = client(&target.address);
    ask(&mut old, "nothing").await;
    let begun_with = product.metric("caibian_api_connections").await.expect("it is told");
    let rest = product.metric("process_resident_memory_bytes").await.expect("it is told") as u64;
    let watch = Watch::start(product.pid(), Duration::from_millis(20));

    let running = Running::start(abuse, target.clone(), Duration::from_millis(5));
    wait_for(&format!("{abuse:?} is in full swing"), BOUND, || async {
        is_in_full_swing(abuse, running.tally(), target.sockets).then_some(())
    })
    .await;
    let before = running.tally();
    let mut asked = 0;
    // Until it has gone on for a while.
    while asked < 60 || running.tally().rounds < before.rounds + 3 {
        ask(&mut old, abuse).await;
        if asked % 6 == 0 {
            ask(&mut client(&target.address), abuse).await;
        }
        asked += 1;
    }
    let tally = running.tally();
    match abuse {
        Abuse::GzipBomb => assert!(answered(&product, "UNIMPLEMENTED").await >= 200.0),
        Abuse::HugeClaim => assert!(answered(&product, "OUT_OF_RANGE").await >= 200.0),
        // None of them became a call: it would have wanted a token.
        Abuse::LongHeaders => assert_eq!(answered(&product, "UNAUTHENTICATED").await, 0.0),
        // More are refused, or told that they are too many; these wait for what never comes.
        Abuse::ManyStreams => {
            let at_work = product.metric("caibian_api_calls_at_work").await.expect("it is told");
            assert!((1.0..=64.0).contains(&at_work), "{at_work}");
        }
        _ => {}
    }
    drop(running);
    wait_for("what it took comes back", BOUND, || async {
        (product.metric("caibian_api_connections").await? <= begun_with).then_some(())
    })
    .await;
    let peak = watch.peak();
    println!("{tally:?}, {} KiB more than at rest", peak.parent_bytes.saturating_sub(rest) / 1024);
    assert!(peak.parent_bytes < rest + MEMORY_MAX, "{peak:?} after {rest}");
    assert_eq!(product.metric("caibian_panics_total").await, Some(0.0));
    product.terminate().await;
}

macro_rules! a_peer_that {
    ($($name:ident: $abuse:ident;)+) => {
        mod a_peer_that {
            $(#[tokio::test]
            async fn $name() {
                super::others_have_their_answers_and_it_keeps_nothing(super::Abuse::$abuse).await;
            })+
        }
    };
}

a_peer_that! {
    takes_back_each_call_at_once_keeps_nobody_from_an_answer: RapidReset;
    sends_headers_without_end_keeps_nobody_from_an_answer: ContinuationFlood;
    sends_pieces_with_nothing_in_them_keeps_nobody_from_an_answer: EmptyData;
    sends_headers_that_are_too_long_keeps_nobody_from_an_answer: LongHeaders;
    holds_five_thousand_sockets_keeps_nobody_from_an_answer: IdleSockets;
    holds_five_thousand_connections_keeps_nobody_from_an_answer: IdleConnections;
    sends_a_byte_at_a_time_keeps_nobody_from_an_answer: SlowLoris;
    sends_what_grows_when_it_is_unpacked_keeps_nobody_from_an_answer: GzipBomb;
    says_that_4_gib_follow_keeps_nobody_from_an_answer: HugeClaim;
    begins_more_streams_than_it_may_keeps_nobody_from_an_answer: ManyStreams;
    reads_nothing_of_what_it_asks_for_keeps_nobody_from_an_answer: NeverReads;
    asks_without_end_whether_we_are_there_keeps_nobody_from_an_answer: PingFlood;
    settles_without_end_keeps_nobody_from_an_answer: SettingsFlood;
}

#[tokio::test]
async fn who_takes_every_place_and_calls_nobody_makes_room_and_who_has_called_stays() {
    let _alone = crate::ALONE.lock().await;
    let world = World::new(Backend::Sqlite);
    let (product, target) = served(&world).await;
    let mut watch = watching(&target.address).await;

    let running = Running::start(Abuse::IdleConnections, target.clone(), Duration::from_millis(5));
    wait_for("every place was taken more than once", BOUND, || async {
        (product.metric("caibian_api_connections_displaced_total").await? >= 1_500.0).then_some(())
    })
    .await;
    assert!(product.metric("caibian_api_connections").await.expect("it is told") <= 1_024.0);
    // The oldest of all connections is the watch's: it still stands, and says so of itself.
    watch.message().await.expect("it goes on").expect("it goes on");
    ask(&mut client(&target.address), "every place is taken").await;
    drop(running);
    product.terminate().await;
}

#[tokio::test]
async fn a_caller_that_closes_nothing_makes_room_and_others_stay() {
    let _alone = crate::ALONE.lock().await;
    let world = World::new(Backend::Sqlite);
    let (product, target) = served(&world).await;
    let mut watch = watching(&target.address).await;

    let mut open = Vec::new();
    for number in 0..1_200 {
        let mut client = leaky_client(&target.address);
        ask(&mut client, number).await;
        open.push(client);
    }
    let displaced = product.metric("caibian_api_connections_displaced_total").await.expect("it is told");
    assert!(displaced >= 170.0, "{displaced}");
    assert!(product.metric("caibian_api_connections").await.expect("it is told") <= 1_024.0);
    // Called on once, before all the others, it still stands: its caller has no other.
    watch.message().await.expect("it goes on").expect("it goes on");
    ask(&mut client(&target.address), "every place is taken").await;
    // Who was cut connects anew.
    ask(&mut open[0], "its place was given away").await;
    product.terminate().await;
}
