//! The server itself: who may call, what it tells of itself, its bounds, and its end.

use std::time::Duration;

use api::{ApiSettings, TokenSetting};
use intake::review::Role;
use prost::Message;
use proto::intake::v1::{
    self, campaign_service_client::CampaignServiceClient, mailbox_service_client::MailboxServiceClient,
    submission_service_client::SubmissionServiceClient,
};
use sea_orm::ConnectionTrait;
use stdx::{ErrorKind, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{Code, Request, Status, client::Grpc, codegen::http::uri::PathAndQuery, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

use crate::world::{Server, World, refusal, soon};

/// Every method there is, from the descriptors, and reflection's own.
pub fn methods() -> Vec<String> {
    let set = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
    let reflection = |version| format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
    let mut methods = vec![reflection("v1"), reflection("v1alpha")];
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                methods.push(format!("/{}.{}/{}", file.package(), service.name(), method.name()));
            }
        }
    }
    methods
}

/// Calls a method with an empty request and the given authorisation.
pub async fn call(channel: &Channel, path: &str, authorization: Option<&str>) -> Result<(), Status> {
    let mut request = Request::new(());
    request.set_timeout(Duration::from_secs(10));
    if let Some(value) = authorization {
        request.metadata_mut().insert("authorization", value.parse().unwrap());
    }
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    let path: PathAndQuery = path.parse().unwrap();
    let codec = ProstCodec::<(), ()>::default();
    soon("an answer", grpc.server_streaming(request, path, codec)).await.map(|_| ())
}

#[tokio::test]
async fn every_method_but_health_signing_in_and_what_takes_a_ticket_wants_a_known_token() {
    let world = World::new().await;
    let tokens = vec![
        TokenSetting { name: "desk".into(), sha256: Sha256::of(b"one"), role: Role::Administrator },
        TokenSetting { name: "report".into(), sha256: Sha256::of(b"two"), role: Role::Administrator },
    ];
    let server = world.serve_with(tokens).await;
    let channel = server.channel().await;
    let methods = methods();
    for package in ["/caibian.intake.v1.", "/caibian.procurement.v1."] {
        assert!(methods.iter().any(|path| path.starts_with(package)), "{package}");
    }
    let open = ["SignIn", "ListSignInProviders", "AcceptInvitation", "SignOut", "DownloadMailPage"];
    for path in methods.iter().filter(|path| !open.iter().any(|open| path.ends_with(open))) {
        for wrong in [None, Some("Bearer three"), Some("Bearer "), Some("one"), Some("Basic one"), Some("Bearer one ")]
        {
            let answer = call(&channel, path, wrong).await;
            assert_eq!(refusal(answer), (Code::Unauthenticated, "TOKEN_UNKNOWN".into()), "{path} {wrong:?}");
        }
        for right in ["Bearer one", "bearer two"] {
            if let Err(status) = call(&channel, path, Some(right)).await {
                let for_persons = ["GetSession", "ChangePassword"].iter().any(|method| path.ends_with(method));
                assert_eq!(status.code() == Code::Unauthenticated, for_persons, "{path}");
                assert_ne!(status.code(), Code::Unimplemented, "{path}");
            }
        }
    }
    let mut health = HealthClient::new(channel);
    let answer = health.check(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);
}

#[tokio::test]
async fn without_tokens_nothing_beyond_loopback_is_served() {
    let world = World::new().await;
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let settings = ApiSettings { listen: listen.parse().unwrap(), ..world.settings() };
        let error = api::bind(settings, world.store.clone(), world.blobs.clone()).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("neither a token nor"), "{error}");
    }
    let tokens = vec![TokenSetting { name: "desk".into(), sha256: Sha256::of(b"one"), role: Role::Administrator }];
    let settings = ApiSettings { listen: "0.0.0.0:0".parse().unwrap(), tokens, ..world.settings() };
    assert!(api::bind(settings, world.store.clone(), world.blobs.clone()).await.is_ok());
}

#[tokio::test]
async fn an_address_that_is_taken_is_told() {
    let world = World::new().await;
    let server = world.serve().await;
    let settings = ApiSettings { listen: server.address, ..world.settings() };
    let error = api::bind(settings, world.store.clone(), world.blobs.clone()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.to_string(), format!("cannot listen on {}", server.address));
}

/// The services that reflection of a version names, in order.
macro_rules! services_named_by {
    ($version:ident, $channel:expr) => {{
        use tonic_reflection::pb::$version::{
            ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
            server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
        };
        let ask = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let mut client = ServerReflectionClient::new($channel);
        let mut answers = client.server_reflection_info(tokio_stream::once(ask)).await.unwrap().into_inner();
        let answer = answers.message().await.unwrap().unwrap();
        let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else { panic!("{answer:?}") };
        let mut names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
        names.sort_unstable();
        names
    }};
}

#[tokio::test]
async fn reflection_of_both_versions_names_every_service() {
    let world = World::new().await;
    let server = world.serve().await;
    let new = services_named_by!(v1, server.channel().await);
    let old = services_named_by!(v1alpha, server.channel().await);
    for (mut names, version) in [(new, "v1"), (old, "v1alpha")] {
        // The registers are many: their own tests name them.
        let registers = names.len();
        names.retain(|name| !name.starts_with("caibian.procurement.v1.") && name != "google.longrunning.Operations");
        assert!(names.len() < registers, "{version}");
        assert_eq!(
            names,
            [
                "caibian.intake.v1.CampaignService",
                "caibian.intake.v1.ContactService",
                "caibian.intake.v1.ExportService",
                "caibian.intake.v1.MailPageService",
                "caibian.intake.v1.MailboxService",
                "caibian.intake.v1.OutboxService",
                "caibian.intake.v1.PrivacyService",
                "caibian.intake.v1.QuarantineService",
                "caibian.intake.v1.ReviewService",
                "caibian.intake.v1.SessionService",
                "caibian.intake.v1.StatisticsService",
                "caibian.intake.v1.SubmissionService",
                "caibian.intake.v1.UserService",
                "grpc.health.v1.Health",
                &format!("grpc.reflection.{version}.ServerReflection"),
            ]
        );
    }
}

#[tokio::test]
async fn health_knows_each_service_by_name() {
    let world = World::new().await;
    let server = world.serve().await;
    let mut health = HealthClient::new(server.channel().await);
    for service in ["", "Campaign", "Submission", "Mailbox", "Privacy", "Quarantine", "Session", "Statistics"] {
        let service = if service.is_empty() { String::new() } else { format!("caibian.intake.v1.{service}Service") };
        let answer = health.check(HealthCheckRequest { service: service.clone() }).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let unknown = health.check(HealthCheckRequest { service: "x".into() }).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn a_request_beyond_4_mib_is_refused_and_the_connection_lives_on() {
    let world = World::new().await;
    let server = world.serve().await;
    let mut client = CampaignServiceClient::new(server.channel().await);
    let theme = "主".repeat(2 * 1024 * 1024);
    let campaign = Some(v1::Campaign { theme, ..v1::Campaign::default() });
    let create = v1::CreateCampaignRequest { campaign, validate_only: true };
    assert_eq!(client.create_campaign(create).await.unwrap_err().code(), Code::OutOfRange);
    assert!(client.list_campaigns(v1::ListCampaignsRequest::default()).await.is_ok());
}

#[tokio::test]
async fn a_peer_that_never_says_it_speaks_http2_is_let_go() {
    let world = World::new().await;
    let server = world.serve().await;
    for beginning in [&b""[..], b"PRI * HTT", b"GET / HTTP/1.1\r\nHost: x\r\n"] {
        let mut peer = TcpStream::connect(server.address).await.unwrap();
        peer.write_all(beginning).await.unwrap();
        // Whatever the server says first, the connection ends.
        soon("the end of the connection", async {
            let mut bytes = [0; 1024];
            while peer.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
        })
        .await;
    }
}

#[tokio::test]
async fn beyond_64_calls_at_work_a_connection_is_told_so_and_not_kept_waiting() {
    let world = World::new().await;
    let server = world.serve().await;
    let channel = server.channel().await;
    let name = format!("mailboxes/{}", world.mailbox_id);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..80 {
        let mut client = MailboxServiceClient::new(channel.clone());
        let mut request = Request::new(v1::ReconcileMailboxRequest { name: name.clone() });
        request.set_timeout(Duration::from_secs(10));
        calls.spawn(async move { client.reconcile_mailbox(request).await.unwrap_err().code() });
    }
    // The sixteen too many come back first, while the others still wait for the worker.
    for _ in 0..16 {
        let code = soon("a refusal", calls.join_next()).await.unwrap().unwrap();
        assert_eq!(code, Code::ResourceExhausted);
    }
}

async fn watch(server: &Server) -> tonic::Streaming<v1::WatchSubmissionsResponse> {
    let mut client = SubmissionServiceClient::new(server.channel().await);
    let mut stream = client.watch_submissions(v1::WatchSubmissionsRequest::default()).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    stream
}

#[tokio::test]
async fn the_end_comes_within_ten_seconds_whatever_peers_do() {
    let world = World::new().await;
    let mut server = world.serve().await;
    // An idle socket, half a preface, a watch, and a stream that nothing of ours ends.
    let _idle = TcpStream::connect(server.address).await.unwrap();
    let mut half = TcpStream::connect(server.address).await.unwrap();
    half.write_all(b"PRI * HTTP/2.0").await.unwrap();
    let mut watch = watch(&server).await;
    let mut health = HealthClient::new(server.channel().await);
    let mut states = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(states.message().await.unwrap().unwrap().status(), ServingStatus::Serving);

    server.shutdown.cancel();
    assert_eq!(soon("a state", states.message()).await.unwrap().unwrap().status(), ServingStatus::NotServing);
    let last = soon("the end of the watch", async {
        loop {
            match watch.message().await {
                Ok(Some(_)) => {}
                other => break other,
            }
        }
    })
    .await;
    assert_eq!(refusal(last), (Code::Unavailable, "DRAINING".into()));
    soon("the end of the server", &mut server.ended).await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "it still accepts");
    assert!(soon("the cut", states.message()).await.is_err(), "a stream outlives the server");
}

#[tokio::test]
async fn an_unknown_failure_is_told_by_an_id() {
    let world = World::new().await;
    let server = world.serve().await;
    let mut client = CampaignServiceClient::new(server.channel().await);
    // A table goes away beneath the server.
    let database = format!("sqlite:{}", world.folder.path().join("data.db").display());
    let database = sea_orm::Database::connect(database).await.unwrap();
    database.execute_unprepared("ALTER TABLE campaign RENAME TO gone").await.unwrap();
    let status = client.list_campaigns(v1::ListCampaignsRequest::default()).await.unwrap_err();
    let info = status.get_details_error_info().unwrap();
    assert!(matches!(status.code(), Code::Internal | Code::Unavailable), "{status:?}");
    assert!(status.message().contains(&info.metadata["error_id"]));
    let told = format!("{status:?}").to_lowercase();
    assert!(!told.contains("sqlite") && !told.contains("table") && !told.contains("select"), "{told}");
}
