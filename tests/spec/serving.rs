//! The API as a program sees it: a stream that can be resumed, bytes as they were sent, pages that are stable, and
//! nobody let in without a token beyond loopback.

use std::time::Duration;

use futures::StreamExt;
use proto::intake::v1::{
    DownloadRawRequest, DownloadResponse, ListSubmissionsRequest, ReconcileMailboxRequest, WatchSubmissionsRequest,
    WatchSubmissionsResponse, submission_service_client::SubmissionServiceClient,
};
use stdx::Sha256;
use tests::{
    Backend, Ledger, Product, World, oracle,
    product::Worker,
    world::{USER, in_time, plain_mail},
};
use tokio_stream::Stream;
use tonic::{Code, Status, Streaming, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

const BOUND: Duration = Duration::from_secs(60);

/// The next submission on the stream with its token; heartbeats are passed over.
async fn next(stream: &mut Streaming<WatchSubmissionsResponse>) -> (String, String) {
    loop {
        let response = tokio::time::timeout(BOUND, stream.next()).await.expect("something comes in time");
        let response = response.expect("the stream goes on").expect("no failure");
        if let Some(submission) = response.submission {
            return (submission.name, response.resume_token);
        }
    }
}

async fn watch(product: &Product, resume_token: &str) -> Streaming<WatchSubmissionsResponse> {
    let request = WatchSubmissionsRequest { resume_token: resume_token.to_owned(), campaign: String::new() };
    product.submissions().watch_submissions(request).await.expect("a stream").into_inner()
}

async fn a_watcher_misses_nothing(backend: Backend) {
    let world = World::new(backend);
    let settings = world.settings(&[world.mailbox()]);
    let product = Product::start(&settings);
    let mut session = world.session();
    session.append("INBOX", in_time(), &plain_mail(USER, 0, 20));
    session.append("INBOX", in_time(), &plain_mail(USER, 1, 20));
    let ledger = Ledger::settled(&product, 2, BOUND).await;
    let mut recorded: Vec<String> = ledger.submissions.iter().map(|submission| submission.name.clone()).collect();

    let mut stream = watch(&product, "0").await;
    let (first, after_first) = next(&mut stream).await;
    let (second, after_second) = next(&mut stream).await;
    let mut seen = vec![first, second.clone()];
    seen.sort();
    recorded.sort();
    assert_eq!(seen, recorded);
    // What is recorded while somebody watches comes on the stream.
    session.append("INBOX", in_time(), &plain_mail(USER, 2, 20));
    let (third, _) = next(&mut stream).await;
    assert!(!recorded.contains(&third));

    // Neither an open stream nor a peer that connected and said nothing holds up the end. After the restart a token goes on
    // where it was taken.
    let address = std::fs::read_to_string(settings.data.join("api.address")).expect("it is written");
    let _silent = std::net::TcpStream::connect(address.trim()).expect("it listens");
    product.terminate().await;
    let product = Product::start(&settings);
    let mut stream = watch(&product, &after_first).await;
    assert_eq!(next(&mut stream).await.0, second);
    assert_eq!(next(&mut stream).await.0, third);
    let mut stream = watch(&product, &after_second).await;
    assert_eq!(next(&mut stream).await.0, third);
    drop(stream);
    product.terminate().await;
}

async fn worker_and_api_may_be_two_processes(backend: Backend) {
    let world = World::new(backend);
    let settings = world.settings(&[world.mailbox()]);
    let api = Product::start_api(&settings);
    let worker = Worker::start(&settings);
    let mut stream = watch(&api, "0").await;
    let mut session = world.session();
    for number in 0..3 {
        session.append("INBOX", in_time(), &plain_mail(USER, number, 20));
        let (name, _) = next(&mut stream).await;
        let ledger = Ledger::settled(&api, number + 1, BOUND).await;
        assert!(ledger.submissions.iter().any(|submission| submission.name == name));
    }
    assert_eq!(oracle::assert_reconciled(&api, USER).await, 3);
    assert!(worker.terminate(), "the worker drains");
    // Nobody answers now; the question ends all the same.
    let name = oracle::mailbox(&api, USER).await.expect("it is listed").name;
    let mut request = tonic::Request::new(ReconcileMailboxRequest { name });
    request.set_timeout(Duration::from_secs(3));
    let status = api.mailboxes().reconcile_mailbox(request).await.expect_err("the worker is away");
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");
    drop(stream);
    api.terminate().await;
}

async fn collect(mut stream: impl Stream<Item = Result<DownloadResponse, Status>> + Unpin) -> (Vec<u8>, u64, String) {
    let (mut bytes, mut total_bytes, mut sha256) = (Vec::new(), 0, String::new());
    while let Some(response) = stream.next().await {
        let response = response.expect("no failure");
        assert!(response.data.len() <= 256 * 1024);
        if !response.sha256.is_empty() {
            (total_bytes, sha256) = (response.total_bytes, response.sha256);
        }
        bytes.extend(response.data);
    }
    (bytes, total_bytes, sha256)
}

async fn the_raw_mail_comes_back_as_it_was(backend: Backend) {
    let world = World::new(backend);
    let product = world.start(&[world.mailbox()]);
    let sent = plain_mail(USER, 0, 9000);
    assert!(sent.len() > 900_000, "several pieces");
    let place = world.session().append("INBOX", in_time(), &sent);
    let ledger = Ledger::settled(&product, 1, BOUND).await;
    let message = ledger.message("INBOX", place);
    let expected = Sha256::of(&sent).hex();
    assert_eq!(message.raw_sha256, expected);
    for name in [&message.name, &message.submission] {
        let request = DownloadRawRequest { name: name.clone(), ..Default::default() };
        let stream = product.submissions().download_raw(request).await.expect("a stream").into_inner();
        let (bytes, total_bytes, sha256) = collect(stream).await;
        assert_eq!((total_bytes, sha256.as_str()), (sent.len() as u64, expected.as_str()));
        assert!(bytes == sent, "{name}");
        let request = DownloadRawRequest { name: name.clone(), offset: 300_000, limit: 400_000 };
        let stream = product.submissions().download_raw(request).await.expect("a stream").into_inner();
        assert!(collect(stream).await.0 == sent[300_000..700_000], "{name}: a piece of it");
    }
    product.terminate().await;
}

async fn pages_are_stable_and_a_wrong_question_is_named(backend: Backend) {
    const MAILS: usize = 7;
    let world = World::new(backend);
    let product = world.start(&[world.mailbox()]);
    let mut session = world.session();
    for number in 0..MAILS {
        session.append("INBOX", in_time(), &plain_mail(USER, number, 20));
    }
    Ledger::settled(&product, MAILS, BOUND).await;
    let mut client = product.submissions();
    let ask = |page_token: &str, filter: &str, order_by: &str| ListSubmissionsRequest {
        page_size: 3,
        page_token: page_token.to_owned(),
        filter: filter.to_owned(),
        order_by: order_by.to_owned(),
        ..Default::default()
    };
    let (mut numbers, mut token) = (Vec::new(), String::new());
    loop {
        let page = client.list_submissions(ask(&token, "", "number")).await.expect("a page").into_inner();
        assert!(page.submissions.len() <= 3);
        numbers.extend(page.submissions.iter().map(|submission| submission.number));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
        if numbers.len() == 3 {
            // A mail that comes between two pages moves nothing.
            session.append("INBOX", in_time(), &plain_mail(USER, MAILS, 20));
            Ledger::settled(&product, MAILS + 1, BOUND).await;
        }
    }
    assert_eq!(numbers, (1..=MAILS as u64 + 1).collect::<Vec<_>>());

    let page =
        client.list_submissions(ask("", &format!("subject : \"{USER} 3\""), "")).await.expect("a page").into_inner();
    assert_eq!(page.submissions.len(), 1);
    let page = client.list_submissions(ask("", "verdict = LATE", "")).await.expect("a page").into_inner();
    assert_eq!(page.submissions.len(), 0);
    for (request, what) in [
        (ask("", "colour = RED", ""), "filter"),
        (ask("", "", "colour"), "order_by"),
        (ask("not a token", "", ""), "page_token"),
    ] {
        let status = client.list_submissions(request).await.expect_err(what);
        assert_eq!(status.code(), Code::InvalidArgument, "{what}: {status:?}");
    }
    product.terminate().await;
}

async fn health_and_reflection_answer(backend: Backend) {
    let world = World::new(backend);
    let product = world.start(&[world.mailbox()]);
    let mut health = HealthClient::new(product.channel());
    let answer = health.check(HealthCheckRequest { service: String::new() }).await.expect("health").into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);

    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(product.channel());
    let mut stream =
        client.server_reflection_info(tokio_stream::iter([request])).await.expect("reflection").into_inner();
    let answer = stream.next().await.expect("an answer").expect("no failure");
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else { panic!("{answer:?}") };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    for service in [
        "CampaignService",
        "SubmissionService",
        "MailboxService",
        "PrivacyService",
        "QuarantineService",
        "ReviewService",
    ] {
        assert!(names.contains(&format!("caibian.intake.v1.{service}")), "{service}: {names:?}");
    }
    product.terminate().await;
}

async fn beyond_loopback_nobody_is_let_in_without_a_token(backend: Backend) {
    let world = World::new(backend);
    let bare = world.settings_with_api("listen = \"0.0.0.0:0\"", &[world.mailbox()]);
    let status = Product::try_start(&bare, &[]).expect_err("it must refuse to serve everybody");
    assert!(!status.success());
    assert!(bare.log_tail(20).contains("token"), "it says what is missing: {}", bare.log_tail(20));

    let token = "a token of this test";
    let api = format!(
        "listen = \"0.0.0.0:0\"\ntokens = [{{ name = \"editor\", sha256 = \"{}\" }}]",
        Sha256::of(token.as_bytes()).hex()
    );
    let settings = world.settings_with_api(&api, &[world.mailbox()]);
    let product = Product::start(&settings);
    let address = std::fs::read_to_string(settings.data.join("api.address")).expect("it is written");
    let port = address.rsplit_once(':').expect("a port").1.trim().to_owned();
    let channel = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).expect("an address").connect_lazy();
    for (authorization, allowed) in
        [(None, false), (Some("Bearer a wrong one".to_owned()), false), (Some(format!("Bearer {token}")), true)]
    {
        let mut client = SubmissionServiceClient::new(channel.clone());
        let mut request = tonic::Request::new(ListSubmissionsRequest::default());
        if let Some(value) = &authorization {
            request.metadata_mut().insert("authorization", value.parse().expect("ASCII"));
        }
        match client.list_submissions(request).await {
            Ok(_) => assert!(allowed, "{authorization:?} was let in"),
            Err(status) => {
                assert!(!allowed, "{status:?}");
                assert_eq!(status.code(), Code::Unauthenticated, "{authorization:?}");
            }
        }
    }
    product.terminate().await;
}

on_each_backend! {
    worker_and_api_may_be_two_processes => super::worker_and_api_may_be_two_processes;
    a_watcher_that_resumes_misses_nothing => super::a_watcher_misses_nothing;
    the_raw_mail_comes_back_as_it_was_sent => super::the_raw_mail_comes_back_as_it_was;
    pages_are_stable_and_wrong_questions_are_refused => super::pages_are_stable_and_a_wrong_question_is_named;
    health_and_reflection_answer => super::health_and_reflection_answer;
    beyond_loopback_a_token_is_needed => super::beyond_loopback_nobody_is_let_in_without_a_token;
}
