//! Traces as a collector gets them: one from a mail to its letter across restarts, an editor's in the caller's, a page with its
//! calls. And what a collector costs that is away, and what strangers can make of it.

use std::{collections::BTreeSet, fs, time::Duration};

use proto::intake::v1::{
    AssignSubmissionRequest, BeginReviewRequest, DecideSubmissionRequest, GetReviewRequest, ListCampaignsRequest,
    ListRepliesRequest, Reply, ReplyState, RetryReplyRequest, ReviewDecision,
    campaign_service_client::CampaignServiceClient, outbox_service_client::OutboxServiceClient,
};
use stdx::Sha256;
use tests::{
    Backend, Collector, Ledger, Mailbox, Product, Settings, Visitor, World,
    authority::Authority,
    collector::{self, Mute, Span},
    process::free_port,
    smtp::Sink,
    wait_for,
    world::{USER, in_time, plain_mail},
};
use tonic::{Code, Request};

const BOUND: Duration = Duration::from_secs(60);
/// Where a caller stands.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// A call of a caller who stands there.
fn within<T>(trace: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("traceparent", format!("00-{trace}-{SPAN}-01").parse().expect("ASCII"));
    request.metadata_mut().insert("tracestate", "vendor=planted-state".parse().expect("ASCII"));
    request
}

/// The spans once there are as many of this name as are waited for.
async fn told(collector: &Collector, name: &str, count: usize) -> Vec<Span> {
    wait_for(&format!("{count} spans {name:?} are told"), BOUND, || async {
        let spans = collector.spans();
        (spans.iter().filter(|span| span.name == name).count() >= count).then_some(spans)
    })
    .await
}

fn only<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let found: Vec<&Span> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name}: {spans:#?}");
    found[0]
}

async fn replies(product: &Product) -> Vec<Reply> {
    let mut client = OutboxServiceClient::new(product.channel());
    client.list_replies(ListRepliesRequest::default()).await.expect("a list").into_inner().replies
}

fn id_of(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_mails_way_to_its_letter_is_one_trace_whatever_restarts_lie_between() {
    let (world, collector) = (World::new(Backend::Sqlite), Collector::start());
    let smtp = |settings: String| world.mailbox().with("filing", "\"flag:caibian\"").with("smtp", &settings);
    // Nobody takes the letter at first.
    let nobody =
        format!("{{ host = \"127.0.0.1\", port = {}, security = \"plain\", timeout_seconds = 1 }}", free_port());
    let settings = world.settings(&[smtp(nobody)]).with_more(&collector.settings());
    let product = Product::start_with(&settings, &[("CAIBIAN__LOG__FORMAT", "json")]);
    world.session().append("INBOX", in_time(), &plain_mail(USER, 3, 20));
    let ledger = Ledger::settled(&product, 1, BOUND).await;
    let deferred = wait_for("the letter is put off", BOUND, || async {
        replies(&product).await.into_iter().find(|reply| reply.state() == ReplyState::Deferred)
    })
    .await;
    product.terminate().await;

    let sink = Sink::start();
    let settings = world.settings(&[smtp(sink.settings())]).with_more(&collector.settings());
    let product = Product::start(&settings);
    let request = RetryReplyRequest { name: deferred.name.clone(), etag: deferred.etag };
    OutboxServiceClient::new(product.channel()).retry_reply(request).await.expect("it is tried anew");
    wait_for("the letter arrives", BOUND, || async { sink.taken().pop() }).await;
    product.terminate().await;

    let spans = told(&collector, "letter send", 2).await;
    let (message, submission) = (id_of(&ledger.messages[0].name), id_of(&ledger.submissions[0].name));
    let fetch = only(&spans, "mail fetch");
    assert_eq!((fetch.parent.as_str(), fetch.kind), ("", 3));
    assert!(fetch.attributes["messaging.message.envelope.size"].parse::<u64>().expect("a number") > 1_000);
    for (name, outcome) in [
        ("mail fetch", "stored"),
        ("mail parse", "parsed"),
        ("mail assess", "assessed"),
        ("mail record", "recorded"),
        ("mail file", "filed"),
    ] {
        let span = only(&spans, name);
        assert_eq!(
            (&span.attributes["caibian.message.id"], span.attributes["caibian.outcome"].as_str()),
            (&message, outcome)
        );
        assert_eq!(span.attributes["messaging.destination.name"], USER);
        assert_eq!(span.trace_id, fetch.trace_id, "{name}");
        assert!(name == "mail fetch" || span.parent == fetch.span_id, "{name}: {span:#?}");
    }
    let record = only(&spans, "mail record");
    let letter = id_of(&deferred.name);
    assert_eq!(
        (&record.attributes["caibian.submission.id"], &record.attributes["caibian.letter.id"]),
        (&submission, &letter)
    );
    let tries: Vec<&Span> = spans.iter().filter(|span| span.name == "letter send").collect();
    assert_eq!(tries.len(), 2, "{tries:#?}");
    for (sent, outcome) in tries.iter().zip(["unable", "sent"]) {
        assert_eq!((&sent.trace_id, &sent.parent), (&record.trace_id, &record.span_id), "{sent:#?}");
        assert_eq!(
            (&sent.attributes["caibian.letter.id"], &sent.attributes["caibian.submission.id"]),
            (&letter, &submission)
        );
        assert_eq!(sent.attributes["caibian.outcome"], outcome);
        assert_eq!((sent.is_fault, sent.links.len()), (outcome != "sent", 0));
    }
    // Two processes told it.
    let instances: BTreeSet<&String> = tries.iter().map(|sent| &sent.resource["service.instance.id"]).collect();
    assert_eq!(instances.len(), 2);
    for (key, value) in [("service.name", "caibian"), ("caibian.role", "all")] {
        assert_eq!(record.resource[key], value);
    }
    assert!(spans.iter().all(|span| span.events == 0), "a line of a log is in a span");

    // The line that tells of the record names its span, and a line that is told in none names none.
    let log = fs::read_to_string(settings.data.join("test.log")).expect("it is text");
    let lines: Vec<serde_json::Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let moved = lines.iter().find(|line| line["fields"]["stage"] == "recorded").expect("a line tells of the record");
    assert_eq!(
        (moved["trace_id"].as_str(), moved["span_id"].as_str()),
        (Some(&*record.trace_id), Some(&*record.span_id))
    );
    let draining = lines.iter().find(|line| line["fields"]["message"] == "draining").expect("a line tells of the end");
    assert!(draining.get("trace_id").is_none() && moved.get("span").is_none(), "{draining} {moved}");
}

#[tokio::test]
async fn an_editors_decision_and_its_letter_are_in_the_callers_trace_and_point_at_the_mails() {
    let (world, collector, sink) = (World::new(Backend::Sqlite), Collector::start(), Sink::start());
    let settings = world.settings(&[world.mailbox().with("smtp", &sink.settings())]).with_more(&collector.settings());
    let product = Product::start(&settings);
    product.one_short_round().await;
    world.session().append("INBOX", in_time(), &plain_mail(USER, 3, 20));
    let ledger = Ledger::settled(&product, 1, BOUND).await;
    let submission = ledger.submissions[0].name.clone();
    let mut client = product.reviews();
    let request = GetReviewRequest { submission: submission.clone() };
    let review = client.get_review(request).await.expect("it is reviewed").into_inner();
    let request = AssignSubmissionRequest {
        submission: submission.clone(),
        etag: review.etag,
        editor: "local".into(),
        ..Default::default()
    };
    let review = client.assign_submission(request).await.expect("it is assigned").into_inner();
    let request = BeginReviewRequest { submission: submission.clone(), etag: review.etag, ..Default::default() };
    let review = client.begin_review(request).await.expect("it begins").into_inner();
    let request = DecideSubmissionRequest {
        submission,
        etag: review.etag,
        decision: ReviewDecision::Adopt.into(),
        ..Default::default()
    };
    client.decide_submission(within(TRACE, request)).await.expect("it is adopted");
    wait_for("both letters arrive", BOUND, || async { (sink.taken().len() >= 2).then_some(()) }).await;
    product.terminate().await;

    let spans = told(&collector, "letter send", 2).await;
    let decide = only(&spans, "caibian.intake.v1.ReviewService/DecideSubmission");
    assert_eq!((decide.trace_id.as_str(), decide.parent.as_str(), decide.kind), (TRACE, SPAN, 2));
    for (key, value) in [
        ("rpc.system.name", "grpc"),
        ("rpc.method", "caibian.intake.v1.ReviewService/DecideSubmission"),
        ("rpc.response.status_code", "OK"),
    ] {
        assert_eq!(decide.attributes[key], value);
    }
    let way = &only(&spans, "mail fetch").trace_id;
    let of_decision = spans.iter().find(|span| span.name == "letter send" && span.trace_id == TRACE);
    let of_decision = of_decision.expect("the letter is in the caller's trace");
    assert_eq!((&of_decision.parent, &of_decision.links), (&decide.span_id, &vec![way.clone()]));
    assert_eq!(of_decision.attributes["caibian.letter.id"], decide.attributes["caibian.letter.id"]);
    let of_mail = spans.iter().find(|span| span.name == "letter send" && span.trace_id == *way);
    assert!(of_mail.is_some_and(|span| span.links.is_empty()), "{spans:#?}");
    let bytes = collector.bytes();
    assert!(!String::from_utf8_lossy(&bytes).contains("planted-state"), "a caller's free words were told");
}

#[tokio::test]
async fn a_page_and_its_calls_are_one_trace_and_strangers_are_in_none_of_their_own_choice() {
    let (world, collector) = (World::new(Backend::Sqlite), Collector::start());
    let api = format!(
        "listen = \"127.0.0.1:0\"\ntokens = [{{ name = \"editor\", sha256 = \"{}\" }}]",
        Sha256::of(b"a token of the test").hex()
    );
    let settings = world.settings_with_api(&api, &[world.mailbox()]).with_more(&collector.settings());
    let product = Product::start(&settings);
    let mut client = CampaignServiceClient::new(product.channel());
    let bearing = |trace: &str, token: &str| {
        let mut request = within(trace, ListCampaignsRequest::default());
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("ASCII"));
        request
    };
    let refused = client.list_campaigns(bearing(&TRACE.replace('4', "5"), "another token")).await;
    assert_eq!(refused.expect_err("nobody's token").code(), Code::Unauthenticated);
    client.list_campaigns(bearing(TRACE, "a token of the test")).await.expect("a list");
    let mut admin = Visitor::at(&product.desk());
    let invitation = settings.invitation().await;
    let password = "秋水共长天一色 1985";
    let form = admin.get("/invitation").await.form("invitation").with("invitation", &invitation);
    let welcome = admin.send(&form.with("password", password).with("again", password)).await;
    assert_eq!(welcome.status, 303, "{}", welcome.html);
    assert_eq!(admin.get("/submissions?q=planted").await.status, 200);
    assert_eq!(admin.get("/planted-by-a-stranger").await.status, 404);
    product.terminate().await;

    let spans = told(&collector, "GET /submissions", 1).await;
    let page = only(&spans, "GET /submissions");
    assert_eq!((page.parent.as_str(), page.kind), ("", 2));
    assert_eq!(
        (page.attributes["http.route"].as_str(), page.attributes["http.response.status_code"].as_str()),
        ("/submissions", "200")
    );
    let calls: Vec<&Span> =
        spans.iter().filter(|span| span.trace_id == page.trace_id && span.span_id != page.span_id).collect();
    let methods: BTreeSet<&str> = calls.iter().map(|call| call.name.rsplit('/').next().unwrap_or_default()).collect();
    assert!(methods.contains("GetSession") && methods.contains("ListReviews"), "{methods:?}");
    assert!(calls.iter().all(|call| call.parent == page.span_id), "{calls:#?}");
    only(&spans, "GET other");

    let lists: Vec<&Span> =
        spans.iter().filter(|span| span.name.ends_with("/ListCampaigns") && span.parent != page.span_id).collect();
    let of = |code: &str| {
        lists.iter().find(|span| span.attributes["rpc.response.status_code"] == code).expect("it was told")
    };
    assert_eq!((of("OK").trace_id.as_str(), of("OK").parent.as_str()), (TRACE, SPAN));
    // It begins a trace, whatever its caller said.
    assert_eq!(of("UNAUTHENTICATED").parent, "");
    assert!(!spans.iter().any(|span| span.trace_id == TRACE.replace('4', "5")), "a stranger chose the trace");
    let bytes = collector.bytes();
    assert!(!String::from_utf8_lossy(&bytes).contains("planted"), "an address of a page was told");
}

#[tokio::test]
async fn a_collector_that_is_away_or_mute_costs_spans_and_one_line_of_the_log() {
    let mute = Mute::start();
    let away = collector::settings(&format!("http://127.0.0.1:{}", free_port()));
    for traces in [away, mute.settings()] {
        let (world, sink) = (World::new(Backend::Sqlite), Sink::start());
        let settings = world.settings(&[world.mailbox().with("smtp", &sink.settings())]).with_more(&traces);
        let product = Product::start(&settings);
        let complaints = || settings.log_tail(1_000).matches("the collector of traces takes nothing").count();
        for number in 1..=2 {
            world.session().append("INBOX", in_time(), &plain_mail(USER, number, 20));
            wait_for("the author is answered", BOUND, || async { (sink.taken().len() >= number).then_some(()) }).await;
            wait_for("it is told", BOUND, || async { (complaints() > 0).then_some(()) }).await;
        }
        // In time, although the last spans go nowhere.
        product.terminate().await;
        assert_eq!(complaints(), 1, "{}", settings.log_tail(1_000));
    }
}

#[tokio::test]
async fn a_collector_is_believed_by_its_authority_alone() {
    let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
    let (authority, other) = (Authority::new("the house"), Authority::new("somebody else"));
    let collector = Collector::start_by_tls(&authority.usual("localhost"));
    let inbox = home.path().join("inbox");
    fs::create_dir(&inbox).expect("our own folder");
    let url = format!("sqlite:{}", home.path().join("caibian.db").display());
    for (believed, is_told) in [(&other, false), (&authority, true)] {
        let file = believed.write(home.path(), "collector");
        let more = format!("{}authorities_file = {:?}\n", collector.settings(), file.display().to_string());
        let settings = Settings::write(home.path(), &url, &[Mailbox::folder("inbox", &inbox)]).with_more(&more);
        let product = Product::start(&settings);
        product.campaigns().list_campaigns(ListCampaignsRequest::default()).await.expect("a list");
        product.terminate().await;
        let listed = collector.spans().iter().any(|span| span.name.ends_with("/ListCampaigns"));
        assert_eq!(listed, is_told, "{}", settings.log_tail(20));
    }
}

#[tokio::test]
async fn of_a_share_of_none_nothing_is_told() {
    let (world, collector) = (World::new(Backend::Sqlite), Collector::start());
    let settings = world.settings(&[world.mailbox()]).with_more(&format!("{}sample_ratio = 0\n", collector.settings()));
    let product = Product::start(&settings);
    world.session().append("INBOX", in_time(), &plain_mail(USER, 1, 20));
    Ledger::settled(&product, 1, BOUND).await;
    // A caller who keeps its own compels nobody.
    product.campaigns().list_campaigns(within(TRACE, ListCampaignsRequest::default())).await.expect("a list");
    product.terminate().await;
    assert_eq!(collector.bytes(), [0_u8; 0]);

    // The mail was not kept, so its later steps are not kept either.
    let settings =
        world.settings(&[world.mailbox().with("filing", "\"flag:caibian\"")]).with_more(&collector.settings());
    let product = Product::start(&settings);
    let mut other = world.session();
    other.append("INBOX", in_time(), &plain_mail(USER, 2, 20));
    let spans = told(&collector, "mail file", 1).await;
    product.terminate().await;
    only(&spans, "mail file");
}
