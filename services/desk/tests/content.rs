//! The content origin as a browser meets it, before services that are made up: what its answers say, and to whom.

use std::{net::SocketAddr, pin::Pin};

use desk::{DeskSettings, Error};
use proto::intake::v1::{
    DownloadMailPageRequest, DownloadMailPageResponse, GetMailPageRequest, IssueMailPageTicketRequest, MailPage,
    MailPageTicket,
    mail_page_service_server::{MailPageService, MailPageServiceServer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_stream::{Stream, wrappers::TcpListenerStream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

const HTML: &str = "<p>正文</p><img src=\"part/2.1\">";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

struct Services;

type Answer<T> = Result<Response<T>, Status>;
type Bytes = Pin<Box<dyn Stream<Item = Result<DownloadMailPageResponse, Status>> + Send>>;

#[tonic::async_trait]
impl MailPageService for Services {
    type DownloadMailPageStream = Bytes;

    async fn get_mail_page(&self, _: Request<GetMailPageRequest>) -> Answer<MailPage> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn issue_mail_page_ticket(&self, _: Request<IssueMailPageTicketRequest>) -> Answer<MailPageTicket> {
        Err(Status::unimplemented("not asked for here"))
    }

    /// Ticket `good` opens a page in two pieces, a picture, and something that is none; `broken` a page that breaks off.
    async fn download_mail_page(&self, request: Request<DownloadMailPageRequest>) -> Answer<Bytes> {
        assert!(request.metadata().get("authorization").is_none(), "the content origin has no token");
        let DownloadMailPageRequest { ticket, path } = request.into_inner();
        if !matches!(ticket.as_str(), "good" | "broken") {
            return Err(Status::unauthenticated("no ticket"));
        }
        let (bytes, media_type) = match path.as_str() {
            "" => (HTML.as_bytes(), "text/html"),
            "2.1" => (PNG, "image/png"),
            "3" => (b"<script>alert(1)</script>".as_slice(), "text/html"),
            "4" => (b"<svg onload=alert(1)>".as_slice(), "image/svg+xml"),
            _ => return Err(Status::not_found("no picture")),
        };
        let (one, two) = bytes.split_at(bytes.len() / 2);
        let first = DownloadMailPageResponse {
            data: one.to_vec(),
            total_bytes: bytes.len() as u64,
            sha256: String::new(),
            media_type: media_type.into(),
        };
        let then = match ticket.as_str() {
            "good" => Ok(DownloadMailPageResponse { data: two.to_vec(), ..DownloadMailPageResponse::default() }),
            _ => Err(Status::data_loss("it hashes to something else")),
        };
        Ok(Response::new(Box::pin(tokio_stream::iter([Ok(first), then]))))
    }
}

fn settings(api: &str) -> DeskSettings {
    DeskSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        api: tls::Remote::new(api, tls::Files::default()).unwrap(),
        public_url: String::new(),
        content_listen: ([127, 0, 0, 1], 0).into(),
        content_public_url: String::new(),
    }
}

struct Scene {
    desk: SocketAddr,
    content: SocketAddr,
    _shutdown: tokio_util::sync::DropGuard,
}

async fn scene() -> Scene {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    let services = tonic::transport::Server::builder().add_service(MailPageServiceServer::new(Services));
    tokio::spawn(services.serve_with_incoming(TcpListenerStream::new(listener)));
    let bound = desk::bind(settings(&api)).await.unwrap();
    let (desk, content, shutdown) = (bound.address(), bound.content_address().unwrap(), CancellationToken::new());
    tokio::spawn(bound.serve(shutdown.clone()));
    Scene { desk, content, _shutdown: shutdown.drop_guard() }
}

/// The head in lower case, and the body.
async fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> (String, Vec<u8>) {
    let mut line = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: content\r\nConnection: close\r\n{headers}\r\n");
    line.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A body that breaks off ends the line with an error, or short.
    let _ = line.read_to_end(&mut answer).await;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let Some(end) = end else { return (String::from_utf8_lossy(&answer).to_lowercase(), Vec::new()) };
    (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end + 4..].to_vec())
}

#[tokio::test]
async fn a_mail_is_shown_whole_between_words_of_ours() {
    let scene = scene().await;
    let (head, body) = ask(scene.content, "GET", "/mail/good/", "").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: text/html; charset=utf-8"), "{head}");
    let body = String::from_utf8(body).unwrap();
    assert!(body.starts_with("<!doctype html>") && body.contains(HTML) && body.ends_with("</html>\n"), "{body}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    assert!(body.contains("attr(href)"), "a link's true target is shown");
    let (head, body) = ask(scene.content, "GET", "/mail/good/part/2.1", "").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: image/png"), "{head}");
    assert_eq!(body, PNG);
    let (head, body) = ask(scene.content, "HEAD", "/mail/good/", "").await;
    assert!(head.starts_with("http/1.1 200") && body.is_empty(), "{head}");
}

#[tokio::test]
async fn every_answer_forbids_all_but_the_mails_own_pictures_and_knows_no_cookie() {
    let scene = scene().await;
    let desk = scene.desk;
    for path in ["/mail/good/", "/mail/good/part/2.1", "/mail/good/part/9", "/mail/bad/", "/", "/submissions"] {
        let (head, _) = ask(scene.content, "GET", path, "Cookie: caibian=T\r\n").await;
        for header in [
            "content-security-policy: default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox allow-popups; ",
            &format!("frame-ancestors http://{desk} http://localhost:{}; ", desk.port()),
            "base-uri 'none'; form-action 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "x-dns-prefetch-control: off",
        ] {
            assert!(head.contains(header), "{path}: {header} is not in {head}");
        }
        assert!(!head.contains("set-cookie") && !head.contains("allow-scripts") && !head.contains("x-frame"), "{head}");
    }
}

#[tokio::test]
async fn without_a_ticket_that_holds_nothing_is_shown_and_what_is_no_picture_never() {
    let scene = scene().await;
    let long = format!("/mail/{}/", "a".repeat(2_000));
    for (path, status) in [
        ("/mail/forged/", "403"),
        ("/mail/forged/part/2.1", "403"),
        ("/mail/good/part/9", "404"),
        ("/mail/good/part/3", "404"),
        ("/mail/good/part/4", "404"),
        ("/mail/good/part/", "404"),
        ("/mail/good/part/..%2F2", "404"),
        ("/mail/good", "404"),
        ("/mail/g%20ood/", "404"),
        ("/mail//", "403"),
        (&long, "404"),
        ("/assets/desk.js", "404"),
        ("/sign-in", "404"),
    ] {
        let (head, body) = ask(scene.content, "GET", path, "").await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{path}: {head}");
        assert!(!String::from_utf8_lossy(&body).contains("<script"), "{path}");
    }
    let (head, _) = ask(scene.content, "POST", "/mail/good/", "Content-Length: 0\r\n").await;
    assert!(head.starts_with("http/1.1 405"), "{head}");
}

#[tokio::test]
async fn a_mail_that_breaks_off_never_looks_whole() {
    let scene = scene().await;
    let (_, body) = ask(scene.content, "GET", "/mail/broken/", "").await;
    assert!(!String::from_utf8_lossy(&body).contains("</html>"));
}

#[tokio::test]
async fn the_desk_frames_the_content_origin_and_nothing_else() {
    let scene = scene().await;
    let (head, _) = ask(scene.desk, "GET", "/sign-in", "").await;
    let content = scene.content;
    assert!(head.contains(&format!("base-uri 'none'; frame-src http://{content}\r\n")), "{head}");
    let (head, _) = ask(scene.desk, "GET", "/mail/good/", "").await;
    assert!(head.starts_with("http/1.1 303"), "the desk itself shows no mail: {head}");
}

#[tokio::test]
async fn behind_a_proxy_the_view_has_a_host_of_its_own_or_there_is_none() {
    let with = |desk: &str, content: &str| DeskSettings {
        public_url: desk.into(),
        content_public_url: content.into(),
        ..settings("http://127.0.0.1:1")
    };
    let bound = desk::bind(with("https://desk.example.cn", "https://mail.example.cn")).await.unwrap();
    assert!(bound.content_address().is_some());
    let bound = desk::bind(with("https://desk.example.cn", "")).await.unwrap();
    assert!(bound.content_address().is_none());
    for (desk, content) in [
        ("https://desk.example.cn", "https://desk.example.cn"),
        ("https://desk.example.cn", "https://desk.example.cn/"),
        ("https://desk.example.cn", "https://mail.example.cn/mail"),
        ("https://desk.example.cn", "mail.example.cn"),
    ] {
        assert!(matches!(desk::bind(with(desk, content)).await.err(), Some(Error::Content)), "{desk} {content}");
    }
    let open = DeskSettings { content_listen: ([0, 0, 0, 0], 0).into(), ..settings("http://127.0.0.1:1") };
    assert!(matches!(desk::bind(open).await.err(), Some(Error::Content)));
}
