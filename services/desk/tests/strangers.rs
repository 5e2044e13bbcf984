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
    desk_at("").await
}

/// One that people reach at this address.
async fn desk_at(public_url: &str) -> (SocketAddr, CancellationToken) {
    let settings = DeskSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        api: tls::Remote::new("http://127.0.0.1:1", tls::Files::default()).unwrap(),
        public_url: public_url.into(),
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
        assert!(!headers.contains("strict-transport-security"), "{path}: it is not reached by TLS");
        for header in [
            "content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; \
             connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
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
async fn over_tls_every_answer_asks_for_tls_from_now_on() {
    let (address, _shutdown) = desk_at("https://desk.example.cn").await;
    for path in ["/sign-in", "/", "/assets/nothing.css"] {
        let answer = ask(address, &get(path)).await.to_lowercase();
        assert!(answer.contains("strict-transport-security: max-age=31536000\r\n"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn what_changes_something_is_no_get_and_trace_gives_nothing_back() {
    let (address, _shutdown) = desk().await;
    for path in [
        "/sign-out",
        "/taste",
        "/submissions/assign",
        "/submissions/tag",
        "/submissions/x/steps",
        "/submissions/x/contact",
        "/outbox/approve",
        "/administration/privacy/erase",
        "/quarantine/x/release",
    ] {
        let answer = ask(address, &get(path)).await;
        assert!(answer.starts_with("HTTP/1.1 405"), "{path}: {answer}");
    }
    let answer = ask(address, "TRACE /sign-in HTTP/1.1\nHost: desk\nX-Planted: planted\nConnection: close\n\n").await;
    assert!(answer.starts_with("HTTP/1.1 405") && !answer.contains("planted"), "{answer}");
}

#[tokio::test]
async fn a_password_is_not_shown_and_password_managers_know_the_field() {
    let (address, _shutdown) = desk().await;
    for (path, word, fields) in [("/sign-in", "current-password", 1), ("/invitation", "new-password", 2)] {
        let page = ask(address, &get(path)).await;
        assert!(page.contains("content-type: text/html; charset=utf-8\r\n"), "{page}");
        let inputs = page.split("<input ").skip(1).filter_map(|input| input.split('>').next());
        let asked: Vec<_> = inputs
            .filter(|input| ["\"password\"", "\"again\""].iter().any(|name| input.contains(&format!("name={name}"))))
            .collect();
        assert_eq!(asked.len(), fields, "{page}");
        for input in asked {
            assert!(
                input.contains("type=\"password\"") && input.contains(&format!("autocomplete=\"{word}\"")),
                "{input}"
            );
        }
    }
}

#[tokio::test]
async fn a_sign_in_elsewhere_is_begun_from_our_page_and_from_no_other_sites_link() {
    let (address, _shutdown) = desk().await;
    let from = |site: &str| format!("GET /sign-in/provider HTTP/1.1\nHost: desk\n{site}Connection: close\n\n");
    for site in ["cross-site", "same-site"] {
        let answer = ask(address, &from(&format!("Sec-Fetch-Site: {site}\n"))).await;
        assert!(answer.starts_with("HTTP/1.1 403") && !answer.contains("location:"), "{site}: {answer}");
    }
    // From our own page, a bookmark or an old browser it gets further: to services that are not there.
    for site in ["Sec-Fetch-Site: same-origin\n", "Sec-Fetch-Site: none\n", ""] {
        let answer = ask(address, &from(site)).await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{site}: {answer}");
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
