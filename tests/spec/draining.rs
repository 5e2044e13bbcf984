//! The end of the service under load: what is at work is finished, whoever cannot or will not finish is cut, and the
//! process is gone in time.

use std::time::{Duration, Instant};

use futures::StreamExt;
use proto::intake::v1::{
    Campaign, CreateCampaignRequest, DownloadRawRequest, ListCampaignsRequest, WatchSubmissionsRequest,
    submission_service_client::SubmissionServiceClient,
};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseTransaction, TransactionTrait};
use tests::{
    Backend, Ledger, Product, Visitor, World,
    abuse::{Abuse, Abuser, Target},
    collector::Mute,
    http2::{INITIAL_WINDOW_SIZE, Line, PREFACE},
    wait_for,
    world::{USER, in_time, plain_mail},
};
use tokio::{net::TcpStream, task::JoinSet};
use tonic::{Code, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

const BOUND: Duration = Duration::from_secs(60);
/// Calls that are at work when the signal comes.
const CALLS: usize = 50;
/// The promise, and a little for a busy machine.
const DOWN_WITHIN: Duration = Duration::from_secs(10 + 3);

/// Holds up every campaign that is written until it is dropped.
async fn lock(world: &World) -> DatabaseTransaction {
    let mut options = ConnectOptions::new(world.store_url());
    options.max_connections(1);
    let held = Database::connect(options).await.expect("a database").begin().await.expect("a transaction");
    let statement = match world.backend() {
        // Whatever writes takes the one lock that there is, if it changes a row or not.
        Backend::Sqlite => "UPDATE campaign SET id = id WHERE 1 = 0",
        Backend::Postgres => "LOCK TABLE campaign IN EXCLUSIVE MODE",
    };
    held.execute_unprepared(statement).await.expect("nobody else holds it");
    held
}

async fn what_is_at_work_is_finished(backend: Backend) {
    let world = World::new(backend);
    // A collector of traces that never says a word holds nothing up either.
    let mute = Mute::start();
    let settings = world.settings(&[world.mailbox()]).with_more(&mute.settings());
    let product = Product::start(&settings);
    let sent = plain_mail(USER, 0, 9000);
    world.session().append("INBOX", in_time(), &sent);
    let ledger = Ledger::settled(&product, 1, BOUND).await;
    let mail = ledger.messages[0].name.clone();
    product.terminate().await;
    let mut product = Product::start_api(&settings);
    let listed = product.campaigns().list_campaigns(ListCampaignsRequest::default()).await.expect("a list");
    let shipped = listed.into_inner().campaigns.remove(0);

    // Those that have nothing to wait for: a socket that says nothing, half a preface, a whole one without a call.
    let address = product.api();
    let _silent = Line::connect(&address).await.expect("it listens");
    let mut half = Line::connect(&address).await.expect("it listens");
    half.send(&PREFACE[..14]).await.expect("it reads");
    let _unused = Line::greeted(&address, &[(INITIAL_WINDOW_SIZE, 0)]).await.expect("it reads");
    // Those that go on for ever, and two that read a whole mail slowly: one goes on when the end has begun, one never.
    let mut health = HealthClient::new(product.channel());
    let mut states = health.watch(HealthCheckRequest::default()).await.expect("a stream").into_inner();
    assert_eq!(states.message().await.expect("a state").expect("a state").status(), ServingStatus::Serving);
    let request = WatchSubmissionsRequest { resume_token: "0".into(), campaign: String::new() };
    let mut watch = product.submissions().watch_submissions(request).await.expect("a stream").into_inner();
    watch.message().await.expect("it begins").expect("it begins");
    let ask = DownloadRawRequest { name: mail.clone(), ..Default::default() };
    let narrow = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    let narrow = narrow.initial_stream_window_size(65_535).initial_connection_window_size(65_535).connect_lazy();
    let mut slow = SubmissionServiceClient::new(narrow).download_raw(ask).await.expect("a stream").into_inner();
    let mut bytes = slow.message().await.expect("it begins").expect("it begins").data;
    let mut never = Abuser::new(Abuse::NeverReads, Target { mail, ..Target::at(&address) });
    never.round().await;
    assert_eq!(never.tally().held, 1);

    let at_work = async |count: usize| {
        wait_for(&format!("{count} calls are at work"), BOUND, || async {
            (product.metric("caibian_api_calls_at_work").await? == count as f64).then_some(())
        })
        .await;
    };
    at_work(0).await;
    let held = lock(&world).await;
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let campaign = Campaign { name: String::new(), theme: format!("主题 {number}"), ..shipped.clone() };
        let mut client = product.campaigns();
        let request = CreateCampaignRequest { campaign: Some(campaign), validate_only: false };
        calls.spawn(async move { client.create_campaign(request).await.map(|made| made.into_inner().theme) });
    }
    at_work(CALLS).await;

    let asked_at = Instant::now();
    product.ask_to_end();
    let state = states.message().await.expect("a state").expect("a state");
    assert_eq!(state.status(), ServingStatus::NotServing);
    let ready = Visitor::at(&product.ops()).get("/readyz").await;
    assert!(ready.status == 503 && ready.html.contains("draining"), "{} {}", ready.status, ready.html);
    wait_for("nobody new is let in", BOUND, || async { TcpStream::connect(&address).await.is_err().then_some(()) })
        .await;
    let last = loop {
        match watch.next().await {
            Some(Ok(_)) => {}
            last => break last,
        }
    };
    assert_eq!(last.expect("an end in words").expect_err("an end").code(), Code::Unavailable);
    assert!(calls.try_join_next().is_none(), "a call was answered while it was held up");

    // Now they can go on.
    held.rollback().await.expect("it lets go");
    let mut themes = Vec::new();
    while let Some(answer) = calls.join_next().await {
        themes.push(answer.expect("a call").expect("an answer"));
    }
    while let Some(piece) = slow.message().await.expect("the whole mail") {
        bytes.extend(piece.data);
    }
    assert!(bytes == sent, "{} of {} bytes", bytes.len(), sent.len());
    let status = wait_for("the process ends", BOUND, || {
        let ended = product.ended();
        async move { ended }
    })
    .await;
    assert!(status.success(), "{status}");
    assert!(asked_at.elapsed() < DOWN_WITHIN, "down {:?} after the signal", asked_at.elapsed());

    // What was answered was done.
    let product = Product::start_api(&settings);
    let request = ListCampaignsRequest { page_size: 100, ..Default::default() };
    let listed = product.campaigns().list_campaigns(request).await.expect("a list").into_inner();
    let mut stored: Vec<String> = listed.campaigns.into_iter().map(|campaign| campaign.theme).collect();
    stored.retain(|theme| *theme != shipped.theme);
    themes.sort_unstable();
    stored.sort_unstable();
    assert_eq!((stored.len(), &stored), (CALLS, &themes));
    product.terminate().await;
}

on_each_backend! {
    fifty_calls_at_work_are_answered_and_the_process_is_gone_in_time_whatever_peers_do => super::what_is_at_work_is_finished;
}
