//! The gRPC service past loopback: whom TLS lets in, as whom, and what becomes of certificates that change.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use chrono::TimeDelta;
use proto::intake::v1::{
    CreateCampaignRequest, ListCampaignsRequest, ListSubmissionsRequest,
    campaign_service_client::CampaignServiceClient, submission_service_client::SubmissionServiceClient,
};
use stdx::Sha256;
use tempfile::TempDir;
use tests::{
    Product, Settings, Visitor,
    authority::{Authority, Leaf},
    product::Desk,
    wait_for,
};
use tonic::{Code, Request, Status, transport::Channel};
use tonic_types::StatusExt;

const BOUND: Duration = Duration::from_secs(60);
const TOKEN: &str = "a token of this test";

/// One API with a certificate for `localhost`, on SQLite: TLS knows no tables.
struct Scene {
    home: TempDir,
    house: Authority,
    settings: Settings,
    product: Product,
}

/// With more lines of `[api.tls]` and after them.
fn scene(leaf: impl Fn(&Authority) -> Leaf, more: &str) -> Scene {
    let (home, house) = (tempfile::tempdir().expect("a folder"), Authority::new("house"));
    let (certificate, key) = leaf(&house).write(home.path(), "api");
    house.write(home.path(), "house");
    let token = Sha256::of(TOKEN.as_bytes()).hex();
    let api = format!(
        "listen = \"127.0.0.1:0\"\ntokens = [{{ name = \"report\", sha256 = \"{token}\", role = \"editor\" }}]\n\
         [api.tls]\ncertificate_file = {certificate:?}\nkey_file = {key:?}\n{}",
        more.replace("HOME", &home.path().display().to_string())
    );
    let store = format!("sqlite:{}", home.path().join("data/caibian.db").display());
    let settings = Settings::write_with_api(home.path(), &store, &api, &[]);
    let product = Product::start_api(&settings);
    Scene { home, house, settings, product }
}

fn usual(house: &Authority) -> Leaf {
    house.usual("localhost")
}

impl Scene {
    fn port(&self) -> u16 {
        let address = fs::read_to_string(self.settings.data.join("api.address")).expect("it is written");
        address.trim().parse::<std::net::SocketAddr>().expect("an address").port()
    }

    fn channel(&self, shown: Option<&Leaf>) -> Channel {
        self.house.channel(self.port(), shown)
    }
}

fn with_token() -> Request<ListSubmissionsRequest> {
    let mut request = Request::new(ListSubmissionsRequest::default());
    request.metadata_mut().insert("authorization", format!("Bearer {TOKEN}").parse().expect("ASCII"));
    request
}

async fn asked(channel: Channel) -> Result<(), Status> {
    SubmissionServiceClient::new(channel).list_submissions(with_token()).await.map(drop)
}

/// Without a token: on the certificate alone.
async fn shown(channel: Channel) -> Result<(), Status> {
    CampaignServiceClient::new(channel).list_campaigns(ListCampaignsRequest::default()).await.map(drop)
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Everything that a failed call says, down to the bottom.
fn causes(status: &Status) -> String {
    let mut told = status.to_string();
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        told.push_str(&format!(": {error}"));
        cause = error.source();
    }
    told
}

#[tokio::test]
async fn a_call_by_tls_is_answered_and_one_whose_certificate_is_not_the_services_is_not_made() {
    let scene = scene(usual, "");
    asked(scene.channel(None)).await.expect("a good chain and a token");
    let status = shown(scene.channel(None)).await.expect_err("TLS lets nobody in by itself");
    assert_eq!((status.code(), reason(&status)), (Code::Unauthenticated, "TOKEN_UNKNOWN".into()));
    let other = Authority::new("another");
    let refused = asked(other.channel(scene.port(), None)).await.expect_err("an authority that is not believed");
    assert!(causes(&refused).contains("certificate"), "{}", causes(&refused));
    scene.product.terminate().await;

    for (name, days, words) in [("api.example.cn", 30, "not valid for name"), ("localhost", -1, "expired")] {
        let scene = self::scene(|house| house.leaf(&[name], TimeDelta::days(days)), "");
        let refused = asked(scene.channel(None)).await.expect_err(words);
        assert!(causes(&refused).to_lowercase().contains(words), "{}", causes(&refused));
        scene.product.terminate().await;
    }
}

const CALLERS: &str = "client_authorities_file = \"HOME/house.authority.pem\"\nclient_certificates = \"MODE\"\n\
    [[api.certificates]]\nname = \"newsroom\"\nsan = \"spiffe://example.cn/newsroom\"\nrole = \"viewer\"\n\
    [[api.certificates]]\nname = \"archive\"\nsan = \"Archive.example.cn\"\nrole = \"chief-editor\"\n";

#[tokio::test]
async fn a_certificate_is_a_caller_with_the_role_of_its_name_and_of_no_other() {
    let scene = scene(usual, &CALLERS.replace("MODE", "required"));
    let newsroom = scene.house.usual("spiffe://example.cn/newsroom");
    let archive = scene.house.leaf(&["x.example.cn", "archive.example.cn"], TimeDelta::days(30));
    let create = |leaf: &Leaf| {
        let mut client = CampaignServiceClient::new(scene.channel(Some(leaf)));
        async move { client.create_campaign(CreateCampaignRequest::default()).await.map(drop) }
    };
    shown(scene.channel(Some(&newsroom))).await.expect("a viewer looks");
    let status = create(&newsroom).await.expect_err("a viewer changes nothing");
    assert_eq!((status.code(), reason(&status)), (Code::PermissionDenied, "ROLE_TOO_LOW".into()));
    let status = create(&archive).await.expect_err("there is nothing in it");
    assert_eq!(status.code(), Code::InvalidArgument, "a chief editor is heard: {status:?}");

    // A name of nobody: neither a part of one that is known nor the same word of another kind.
    for name in ["spiffe://example.cn/newsroom/x", "spiffe://EXAMPLE.cn/newsroom", "newsroom", "spiffe://example.cn"] {
        let stranger = scene.house.usual(name);
        let status = shown(scene.channel(Some(&stranger))).await.expect_err(name);
        assert_eq!((status.code(), reason(&status)), (Code::Unauthenticated, "CERTIFICATE_UNKNOWN".into()), "{name}");
        // With a token it is the token's caller: so the desk calls.
        asked(scene.channel(Some(&stranger))).await.expect("the token's caller");
    }
    // A token that is nobody's does not fall back to the certificate.
    let mut request = Request::new(ListCampaignsRequest::default());
    request.metadata_mut().insert("authorization", "Bearer nobody".parse().expect("ASCII"));
    let mut client = CampaignServiceClient::new(scene.channel(Some(&newsroom)));
    let status = client.list_campaigns(request).await.expect_err("a wrong token");
    assert_eq!(reason(&status), "TOKEN_UNKNOWN");
    scene.product.terminate().await;
}

#[tokio::test]
async fn without_a_certificate_of_the_authority_no_line_is_opened_where_one_is_required() {
    let scene = scene(usual, &CALLERS.replace("MODE", "required"));
    let other = Authority::new("house").usual("spiffe://example.cn/newsroom");
    let ended = scene.house.leaf(&["spiffe://example.cn/newsroom"], TimeDelta::days(-1));
    for (leaf, what) in [(None, "none"), (Some(&other), "another authority's"), (Some(&ended), "an ended one")] {
        // Even with a good token: there is nobody to hear it.
        let status = asked(scene.channel(leaf)).await.expect_err(what);
        assert!(reason(&status).is_empty() && status.code() != Code::Unauthenticated, "{what}: {status:?}");
    }
    asked(scene.channel(Some(&scene.house.usual("x.example.cn")))).await.expect("one of the authority, and a token");
    scene.product.terminate().await;

    let scene = self::scene(usual, &CALLERS.replace("MODE", "optional"));
    asked(scene.channel(None)).await.expect("a token is enough");
    assert_eq!(reason(&shown(scene.channel(None)).await.expect_err("nobody")), "TOKEN_UNKNOWN");
    shown(scene.channel(Some(&scene.house.usual("archive.example.cn")))).await.expect("a certificate is enough");
    let status = asked(scene.channel(Some(&other))).await.expect_err("another authority's");
    assert!(reason(&status).is_empty(), "{status:?}");
    scene.product.terminate().await;
}

/// What openssl says of a handshake with these options.
fn openssl(port: u16, options: &str) -> (bool, String) {
    let output = Command::new("openssl")
        .args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-servername", "localhost"])
        .args(options.split(' '))
        .stdin(Stdio::null())
        .output()
        .expect("the command openssl is needed: apt-get install openssl");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), told)
}

#[tokio::test]
async fn old_tls_other_protocols_and_plain_text_end_at_once() {
    let scene = scene(usual, "");
    // SECLEVEL=0, or openssl would not even offer the old ones.
    for (options, opens) in [
        ("-tls1_3 -alpn h2", true),
        ("-tls1_2 -alpn h2", true),
        ("-tls1_1 -alpn h2 -cipher ALL:@SECLEVEL=0", false),
        ("-tls1 -alpn h2 -cipher ALL:@SECLEVEL=0", false),
        ("-tls1_3 -alpn http/1.1", false),
    ] {
        let (opened, told) = openssl(scene.port(), options);
        assert_eq!(opened, opens, "{options}: {told}");
        assert!(opens || told.contains("alert"), "the service itself refuses: {told}");
    }
    // Its first bytes are no handshake, and that is seen without waiting for more.
    let mut plain = TcpStream::connect(("127.0.0.1", scene.port())).expect("it listens");
    plain.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("it reads");
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert_eq!(answer.first(), Some(&21), "an alert, then the end: {answer:?}");
    // Neither a peer that says nothing nor one in the middle of its handshake holds up the others or the end.
    let _silent = TcpStream::connect(("127.0.0.1", scene.port())).expect("it listens");
    let mut half = TcpStream::connect(("127.0.0.1", scene.port())).expect("it listens");
    half.write_all(&[22, 3, 1, 2, 0, 1]).expect("it reads");
    asked(scene.channel(None)).await.expect("others are answered");
    let mut answer = Vec::new();
    half.read_to_end(&mut answer).expect("it is cut when its time is over");
    scene.product.terminate().await;
}

#[tokio::test]
async fn the_strongest_suite_that_both_know_is_taken_and_none_without_forward_secrecy_or_a_seal() {
    let scene = scene(usual, "");
    for (options, suite) in [
        (
            "-tls1_3 -alpn h2 -ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384",
            Some("TLS_AES_256_GCM_SHA384"),
        ),
        (
            "-tls1_2 -alpn h2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384",
            Some("ECDHE-ECDSA-AES256-GCM-SHA384"),
        ),
        // Without forward secrecy, without a seal over the whole, without encryption.
        ("-tls1_2 -alpn h2 -cipher AES256-GCM-SHA384:@SECLEVEL=0", None),
        ("-tls1_2 -alpn h2 -cipher ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0", None),
        ("-tls1_2 -alpn h2 -cipher eNULL:@SECLEVEL=0", None),
    ] {
        let (opened, told) = openssl(scene.port(), options);
        assert_eq!(opened, suite.is_some(), "{options}: {told}");
        let is_told = suite.map_or(told.contains("alert"), |suite| told.contains(&format!("Cipher is {suite}")));
        assert!(is_told, "{options}: {told}");
    }
    scene.product.terminate().await;
}

/// The certificate that a new connection is shown, as openssl prints it.
fn served(scene: &Scene) -> String {
    let (_, told) = openssl(scene.port(), "-tls1_3 -alpn h2");
    let begin = told.find("-----BEGIN CERTIFICATE-----").unwrap_or_else(|| panic!("no certificate in {told}"));
    let (certificate, _) = told[begin..].split_once("-----END").expect("its end");
    certificate.split_whitespace().collect()
}

fn is(leaf: &Leaf, served: &str) -> bool {
    let told: String = leaf.certificate.split_whitespace().collect();
    told.starts_with(served)
}

async fn metric(product: &Product) -> f64 {
    let told = Visitor::at(&product.ops()).get("/metrics").await.html;
    let line = told.lines().find_map(|line| line.strip_prefix("caibian_certificate_ends_in_seconds "));
    line.expect("it is told").parse().expect("a number")
}

const DAY: f64 = 86_400.0;

#[tokio::test]
async fn a_new_certificate_is_used_without_a_restart_and_a_broken_one_is_not() {
    let scene = scene(|house| house.leaf(&["localhost"], TimeDelta::days(10)), "");
    let lasting = scene.channel(None);
    asked(lasting.clone()).await.expect("the first one");
    let near = metric(&scene.product).await;
    assert!((9.0 * DAY..=10.0 * DAY).contains(&near), "{near}");

    let new = scene.house.leaf(&["localhost"], TimeDelta::days(90));
    new.write(scene.home.path(), "api");
    wait_for("a new connection is shown the new certificate", BOUND, async || is(&new, &served(&scene)).then_some(()))
        .await;
    asked(lasting.clone()).await.expect("an open connection goes on");
    asked(scene.channel(None)).await.expect("a new one too");
    wait_for("the metric follows", BOUND, async || (metric(&scene.product).await > 89.0 * DAY).then_some(())).await;

    // A key of another certificate; half a certificate; one that has ended.
    let other = scene.house.usual("localhost");
    let write = |leaf: &Leaf| leaf.write(scene.home.path(), "api");
    let half = other.certificate[..other.certificate.len() / 2].to_owned();
    let broken = [
        Leaf { key: new.key.clone(), ..other.clone() },
        Leaf { certificate: half, ..other.clone() },
        scene.house.leaf(&["localhost"], TimeDelta::days(-1)),
    ];
    for (index, leaf) in broken.iter().enumerate() {
        write(leaf);
        let told = || scene.settings.log_tail(usize::MAX).matches("stay").count();
        wait_for("a warning", BOUND, async || (told() > index).then_some(())).await;
        assert!(is(&new, &served(&scene)), "{index}: the old pair stays");
        asked(scene.channel(None)).await.expect("calls go on");
    }
    let log = scene.settings.log_tail(usize::MAX);
    assert!(!log.contains("PRIVATE KEY") && !log.contains(&new.key[40..80]), "{log}");
    write(&other);
    wait_for("a good one after broken ones", BOUND, async || is(&other, &served(&scene)).then_some(())).await;
    scene.product.terminate().await;
}

fn alert_limit() -> f64 {
    let alerts = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus/alerts.yaml"));
    let alerts = alerts.expect("it is there");
    let line = alerts.lines().find(|line| line.contains("caibian_certificate_ends_in_seconds")).expect("an alert");
    line.rsplit_once("< ").expect("a limit").1.trim().parse().expect("seconds")
}

#[tokio::test]
async fn the_alert_is_about_a_certificate_that_ends_within_a_fortnight() {
    for (days, alerts) in [(13, true), (15, false)] {
        let scene = scene(|house| house.leaf(&["localhost"], TimeDelta::days(days)), "");
        assert_eq!(metric(&scene.product).await < alert_limit(), alerts, "{days} days");
        scene.product.terminate().await;
    }
}

#[tokio::test]
async fn a_person_signs_in_at_a_desk_that_calls_the_service_by_mutual_tls() {
    let scene = scene(usual, &CALLERS.replace("MODE", "required"));
    let home = tempfile::tempdir().expect("a folder");
    let (certificate, key) = scene.house.usual("desk.example.cn").write(home.path(), "desk");
    let authority = scene.house.write(home.path(), "house");
    let other = Authority::new("another").write(home.path(), "another");
    let start = |authority: &Path, shown: bool| {
        let settings = Settings::write(home.path(), "sqlite:none", &[]);
        let file = |path: &Path| path.display().to_string();
        let mut environment = vec![
            ("CAIBIAN__DESK__API", format!("https://localhost:{}", scene.port())),
            ("CAIBIAN__DESK__API_AUTHORITIES_FILE", file(authority)),
        ];
        if shown {
            environment.push(("CAIBIAN__DESK__API_CERTIFICATE_FILE", file(&certificate)));
            environment.push(("CAIBIAN__DESK__API_KEY_FILE", file(&key)));
        }
        Desk::start(&settings, &environment)
    };
    let invitation = scene.settings.invitation().await;
    let desk = start(&authority, true);
    let mut admin = Visitor::at(&desk.address());
    let form = admin.get("/invitation").await.form("invitation").with("invitation", &invitation);
    let form = form.with("password", "秋水共长天一色 1985").with("again", "秋水共长天一色 1985");
    let welcome = admin.send(&form).await;
    assert_eq!((welcome.status, welcome.location.as_str()), (303, "/"), "{}", welcome.html);
    assert_eq!(admin.get("/submissions").await.status, 200);
    // Its own certificate opens the line and no page.
    assert_eq!(Visitor::at(&desk.address()).get("/submissions").await.status, 303);
    assert_eq!(Visitor::at(&desk.ops()).get("/readyz").await.status, 200);
    drop(desk);
    for (authority, shown) in [(&other, true), (&authority, false)] {
        let desk = start(authority, shown);
        assert_ne!(admin.clone().moved(&desk.address()).get("/submissions").await.status, 200);
        assert_eq!(Visitor::at(&desk.ops()).get("/readyz").await.status, 503);
    }
    scene.product.terminate().await;
}

#[test]
fn a_desk_of_the_same_process_is_told_the_services_name() {
    let (home, house) = (tempfile::tempdir().expect("a folder"), Authority::new("house"));
    let (certificate, key) = usual(&house).write(home.path(), "api");
    let api = format!("listen = \"127.0.0.1:0\"\n[api.tls]\ncertificate_file = {certificate:?}\nkey_file = {key:?}\n");
    let store = format!("sqlite:{}", home.path().join("data/caibian.db").display());
    let settings = Settings::write_with_api(home.path(), &store, &api, &[]);
    let refused = settings.run(&["all"]);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && told.contains("setting desk.api: "), "{told}");
}
