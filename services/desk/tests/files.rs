//! Files of submissions as a browser gets them, from services that are made up and a desk that is not.

use std::{net::SocketAddr, pin::Pin};

use desk::DeskSettings;
use proto::intake::v1::{
    AcceptInvitationRequest, Attachment, BeginProviderSignInRequest, BeginProviderSignInResponse,
    ChangePasswordRequest, ChangePasswordResponse, CompareSubmissionsRequest, CompareSubmissionsResponse,
    CompleteProviderSignInRequest, Contact, DownloadAttachmentRequest, DownloadRawRequest, DownloadResponse,
    GetSessionRequest, GetSubmissionRequest, ListSignInProvidersRequest, ListSignInProvidersResponse,
    ListSimilarRequest, ListSimilarResponse, ListSubmissionsRequest, ListSubmissionsResponse, RevealContactRequest,
    ReviewRole, Session, SignInRequest, SignInResponse, SignOutRequest, SignOutResponse, Submission,
    WatchSubmissionsRequest, WatchSubmissionsResponse,
    session_service_server::{SessionService, SessionServiceServer},
    submission_service_server::{SubmissionService, SubmissionServiceServer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_stream::{Stream, wrappers::TcpListenerStream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

const FILES: &str = "/submissions/0190a5f0-0000-7000-8000-000000000012/files";
const SIZE: usize = 1_000_000;
const CHUNK: usize = 256 * 1024;

/// The byte at a place of the film.
fn byte(at: usize) -> u8 {
    u8::try_from(at % 251).unwrap()
}

struct Services;

type Answer<T> = Result<Response<T>, Status>;
type Bytes = Pin<Box<dyn Stream<Item = Result<DownloadResponse, Status>> + Send>>;

fn nothing<T>() -> Answer<T> {
    Err(Status::unimplemented("not asked for here"))
}

#[tonic::async_trait]
impl SessionService for Services {
    async fn get_session(&self, request: Request<GetSessionRequest>) -> Answer<Session> {
        if request.metadata().get("authorization").is_none_or(|value| value != "Bearer T") {
            return Err(Status::unauthenticated("no session"));
        }
        let session = Session { user_name: "li.na".into(), role: ReviewRole::Editor.into(), ..Session::default() };
        Ok(Response::new(session))
    }

    async fn sign_in(&self, _: Request<SignInRequest>) -> Answer<SignInResponse> {
        nothing()
    }

    async fn accept_invitation(&self, _: Request<AcceptInvitationRequest>) -> Answer<SignInResponse> {
        nothing()
    }

    async fn sign_out(&self, _: Request<SignOutRequest>) -> Answer<SignOutResponse> {
        nothing()
    }

    async fn change_password(&self, _: Request<ChangePasswordRequest>) -> Answer<ChangePasswordResponse> {
        nothing()
    }

    async fn list_sign_in_providers(
        &self,
        _: Request<ListSignInProvidersRequest>,
    ) -> Answer<ListSignInProvidersResponse> {
        nothing()
    }

    async fn begin_provider_sign_in(
        &self,
        _: Request<BeginProviderSignInRequest>,
    ) -> Answer<BeginProviderSignInResponse> {
        nothing()
    }

    async fn complete_provider_sign_in(&self, _: Request<CompleteProviderSignInRequest>) -> Answer<SignInResponse> {
        nothing()
    }
}

#[tonic::async_trait]
impl SubmissionService for Services {
    type WatchSubmissionsStream = Pin<Box<dyn Stream<Item = Result<WatchSubmissionsResponse, Status>> + Send>>;
    type DownloadAttachmentStream = Bytes;
    type DownloadRawStream = Bytes;

    async fn get_submission(&self, request: Request<GetSubmissionRequest>) -> Answer<Submission> {
        let file = |path: &str, name: &str, media_type: &str| Attachment {
            path: path.into(),
            file_name: name.into(),
            media_type: media_type.into(),
            size_bytes: SIZE as u64,
            sha256: "ab".repeat(32),
            ..Attachment::default()
        };
        Ok(Response::new(Submission {
            name: request.into_inner().name,
            number: 12,
            attachments: vec![
                file("2", "片\u{202e}子\r\nX-Evil: 1.mp4", "video/mp4"),
                file("3", "图.svg", "image/svg+xml"),
                file("4", "断.mp4", "video/mp4"),
            ],
            ..Submission::default()
        }))
    }

    /// File 4 breaks off after its first piece.
    async fn download_attachment(&self, request: Request<DownloadAttachmentRequest>) -> Answer<Bytes> {
        let asked = request.into_inner();
        let first = usize::try_from(asked.offset).unwrap();
        let end = if asked.limit == 0 { SIZE } else { SIZE.min(first + usize::try_from(asked.limit).unwrap()) };
        let mut pieces = Vec::new();
        for from in (first..end).step_by(CHUNK) {
            let data = (from..end.min(from + CHUNK)).map(byte).collect();
            pieces.push(Ok(DownloadResponse { data, total_bytes: SIZE as u64, ..DownloadResponse::default() }));
        }
        if asked.path == "4" {
            pieces.truncate(1);
            pieces.push(Err(Status::data_loss("its bytes hash to another")));
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(pieces))))
    }

    async fn list_submissions(&self, _: Request<ListSubmissionsRequest>) -> Answer<ListSubmissionsResponse> {
        nothing()
    }

    async fn watch_submissions(&self, _: Request<WatchSubmissionsRequest>) -> Answer<Self::WatchSubmissionsStream> {
        nothing()
    }

    async fn download_raw(&self, _: Request<DownloadRawRequest>) -> Answer<Bytes> {
        nothing()
    }

    async fn list_similar(&self, _: Request<ListSimilarRequest>) -> Answer<ListSimilarResponse> {
        nothing()
    }

    async fn compare_submissions(&self, _: Request<CompareSubmissionsRequest>) -> Answer<CompareSubmissionsResponse> {
        nothing()
    }

    async fn reveal_contact(&self, _: Request<RevealContactRequest>) -> Answer<Contact> {
        nothing()
    }
}

async fn desk() -> (SocketAddr, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = listener.local_addr().unwrap();
    let router = tonic::transport::Server::builder()
        .add_service(SessionServiceServer::new(Services))
        .add_service(SubmissionServiceServer::new(Services));
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    let settings = DeskSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        api: tls::Remote::new(&format!("http://{api}"), tls::Files::default()).unwrap(),
        public_url: String::new(),
        content_listen: ([127, 0, 0, 1], 0).into(),
        content_public_url: String::new(),
    };
    let bound = desk::bind(settings).await.unwrap();
    let (address, shutdown) = (bound.address(), CancellationToken::new());
    tokio::spawn(bound.serve(shutdown.clone()));
    (address, shutdown)
}

/// Head in lower case, and body, of a whole answer.
async fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> (String, Vec<u8>) {
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: desk\r\nCookie: caibian=T\r\n{headers}Connection: close\r\n\r\n");
    let mut line = TcpStream::connect(address).await.unwrap();
    line.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = line.read_to_end(&mut answer).await;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end + 4..].to_vec())
}

#[tokio::test]
async fn a_film_is_sent_whole_and_by_range_as_the_services_have_it() {
    let (address, _shutdown) = desk().await;
    let (head, body) = ask(address, "GET", &format!("{FILES}/2"), "").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: video/mp4"), "{head}");
    assert!(body == (0..SIZE).map(byte).collect::<Vec<_>>());
    let (head, body) = ask(address, "GET", &format!("{FILES}/2"), "Range: bytes=300000-699999\r\n").await;
    assert!(head.starts_with("http/1.1 206") && head.contains("content-range: bytes 300000-699999/1000000"), "{head}");
    assert!(body == (300_000..700_000).map(byte).collect::<Vec<_>>());
    let (head, body) = ask(address, "GET", &format!("{FILES}/2"), "Range: bytes=1000000-\r\n").await;
    assert!(head.starts_with("http/1.1 416") && head.contains("content-range: bytes */1000000"), "{head}");
    assert!(body.is_empty());
}

#[tokio::test]
async fn a_head_request_is_answered_with_the_head_alone() {
    let (address, _shutdown) = desk().await;
    let (head, body) = ask(address, "HEAD", &format!("{FILES}/2"), "").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("content-length: 1000000"), "{head}");
    assert!(head.contains("accept-ranges: bytes") && body.is_empty());
}

#[tokio::test]
async fn whatever_a_file_is_it_runs_nothing_and_writes_no_header() {
    let (address, _shutdown) = desk().await;
    let (head, _) = ask(address, "GET", &format!("{FILES}/3"), "").await;
    for header in [
        "content-type: application/octet-stream",
        "content-disposition: attachment;",
        "content-security-policy: sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
    ] {
        assert!(head.contains(header), "{header} is not in {head}");
    }
    let (head, _) = ask(address, "GET", &format!("{FILES}/2?download=1"), "").await;
    assert!(head.contains("content-disposition: attachment;") && !head.contains("\r\nx-evil"), "{head}");
}

#[tokio::test]
async fn a_file_that_breaks_off_never_looks_whole() {
    let (address, _shutdown) = desk().await;
    let (head, body) = ask(address, "GET", &format!("{FILES}/4"), "").await;
    assert!(head.contains("content-length: 1000000"), "{head}");
    assert!(body.len() < SIZE);
}

#[tokio::test]
async fn a_file_is_for_those_who_are_signed_in_and_only_one_of_the_mail() {
    let (address, _shutdown) = desk().await;
    for path in [format!("{FILES}/9"), format!("{FILES}/..%2F2"), "/submissions/x/files/2".into()] {
        assert!(ask(address, "GET", &path, "").await.0.starts_with("http/1.1 404"), "{path}");
    }
    let (head, _) = ask(address, "GET", &format!("{FILES}/2"), "Cookie: caibian=U\r\n").await;
    assert!(head.starts_with("http/1.1 303"), "{head}");
}
