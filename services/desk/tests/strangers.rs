//! What somebody sees who is not signed in, and what every answer says to the browser.

use std::net::SocketAddr;

use desk::DeskSettings;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

/// A desk whose services are nowhere.
async fn desk() -> (SocketAddr, CancellationToken) {
    let settings = DeskSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        api: tls::Remote::new("http://127.0.0.1:1", tls::Files::default()).unwrap(),
        public_url: String::new(),
        content_listen: ([127, 0, 0, 1], 0).into(),
        content_public_url: String::new(),
    };
    let bound = desk::bind(settings).await.unwrap();
    let (address, shutdown) = (bound.address(), CancellationToken::new());
    tokio::spawn(bound.serve(shutdown.clone()));
    (address, shutdown)
}

/// Sends a request and gives the whole answer.
async fn ask(address: SocketAddr, request: &str) -> String {
    let mut line = TcpStream::connect(address).await.unwrap();
    line.write_all(request.replace('\n', "\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\nHost: desk\nConnection: close\n\n")
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\nHost: desk\n{headers}Content-Type: application/x-www-form-urlencoded\n\
         Content-Length: {}\nConnection: close\n\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn the_sign_in_page_is_in_chinese_and_in_english_where_the_browser_asks_for_it() {
    let (address, _shutdown) = desk().await;
    let page = ask(address, &get("/sign-in")).await;
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("lang=\"zh-CN\"") && page.contains("登录"), "{page}");
    let english = "GET /sign-in HTTP/1.1\nHost: desk\nAccept-Language: en-GB,zh;q=0.5\nConnection: close\n\n";
    assert!(ask(address, english).await.contains("Sign in"));
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_sign_in_page_and_back_afterwards() {
    let (address, _shutdown) = desk().await;
    let answer = ask(address, &get("/account?done=1")).await;
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert!(answer.contains("location: /sign-in?next=/account%3Fdone%3D1\r\n"), "{answer}");
    for made_up in ["/no/such/page", "/submissions"] {
        assert!(ask(address, &get(made_up)).await.starts_with("HTTP/1.1 303"), "{made_up}");
    }
}

#[tokio::test]
async fn every_answer_forbids_what_no_page_of_ours_does() {
    let (address, _shutdown) = desk().await;
    for path in ["/sign-in", "/", "/assets/nothing.css"] {
        let answer = ask(address, &get(path)).await.to_lowercase();
        let headers = answer.split("\r\n\r\n").next().unwrap();
        for header in [
            "content-security-policy: default-src 'none';",
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: same-origin",
            "cache-control: no-store",
        ] {
            assert!(headers.contains(header), "{path}: {header} is not in {headers}");
        }
    }
}

#[tokio::test]
async fn a_form_that_another_site_sent_signs_nobody_in() {
    let (address, _shutdown) = desk().await;
    let body = "user_name=zhang&password=x";
    for headers in ["", "Sec-Fetch-Site: cross-site\n", "Origin: https://evil.example\n", "Origin: null\n"] {
        let answer = ask(address, &post("/sign-in", headers, body)).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{headers:?}: {answer}");
    }
    // From a page of ours it gets further: to services that are not there.
    for headers in ["Sec-Fetch-Site: same-origin\n", "Origin: http://desk\n"] {
        let answer = ask(address, &post("/sign-in", headers, body)).await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{headers:?}: {answer}");
    }
}

#[tokio::test]
async fn a_desk_that_others_reach_asks_for_tls() {
    let settings = DeskSettings {
        listen: ([0, 0, 0, 0], 0).into(),
        api: tls::Remote::new("http://127.0.0.1:1", tls::Files::default()).unwrap(),
        public_url: "http://desk.example.cn".into(),
        content_listen: ([127, 0, 0, 1], 0).into(),
        content_public_url: String::new(),
    };
    assert!(matches!(desk::bind(settings).await.err(), Some(desk::Error::Open { .. })));
}
