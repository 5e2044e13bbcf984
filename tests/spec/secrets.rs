//! What must never be told: passwords, tokens and words of mails stay out of every log at its finest level, out of the
//! metrics, of what a collector of traces gets, of the command line, and of files that others may read.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use proto::intake::v1::{
    AcceptInvitationRequest, ChangePasswordRequest, DownloadRawRequest, GetSessionRequest, GetSubmissionRequest,
    ListMailboxesRequest, ListSubmissionsRequest, SignInRequest, SignOutRequest, Submission,
    mailbox_service_client::MailboxServiceClient, session_service_client::SessionServiceClient,
    submission_service_client::SubmissionServiceClient,
};
use stdx::Sha256;
use tests::{
    Backend, Collector, Mailbox, Product, Visitor, World,
    fake_imap::{FakeImap, Manner},
    smtp::Sink,
    wait_for,
    world::{USER, in_time, plain_mail},
};
use tonic::{Code, Request};

const BOUND: Duration = Duration::from_secs(60);
const TOKEN: &str = "planted-token-7f3a";
const ENTRANCE: &str = "planted-entrance-4b7d";
const COLLECTORS: &str = "planted-collector-2e8b";
const PASSWORD: &str = "planted-password-\\\"9c1e";

/// A mail whose sender, subject, body and phone occur nowhere else.
fn planted(author: &str) -> Vec<u8> {
    let mail = String::from_utf8(plain_mail(author, 1, 30)).expect("it is UTF-8");
    let mail =
        mail.replace("0571-87057000", "13987650123").replace("张三", "欧阳秘之").replace("Zhang San", "Planted Sender");
    mail.replacen(&format!("{author} 1\r\n"), &format!("{author} planted-subject\r\n"), 1).into_bytes()
}

/// Every form in which a secret may stand in a log.
fn needles() -> Vec<String> {
    let words = [
        TOKEN,
        ENTRANCE,
        COLLECTORS,
        "planted-exchange",
        "planted-password",
        "9c1e",
        "planted-subject",
        "Planted Sender",
        "13987650123",
        "欧阳秘之",
        "财政治理效能",
    ];
    // Base64 of `\0user\0password` and of `user=…Bearer password` as they go over the line, cut to what no alignment changes.
    let encoded = ["cGxhbnRlZC1wYXNzd29yZ", "BsYW50ZWQtcGFzc3dvcm", "wbGFudGVkLXBhc3N3b3Jk"];
    // A formatter that shows bytes or escapes.
    let escaped = [
        "欧阳秘之".escape_unicode().to_string(),
        format!("{:?}", TOKEN.as_bytes()).trim_matches(['[', ']']).to_owned(),
    ];
    words.into_iter().chain(encoded).map(str::to_owned).chain(escaped).collect()
}

fn with_token<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {TOKEN}").parse().expect("ASCII"));
    request
}

async fn recorded(product: &Product, count: usize) -> Vec<Submission> {
    let begun = Instant::now();
    loop {
        let list = product.submissions().list_submissions(with_token(ListSubmissionsRequest::default())).await;
        let submissions = list.expect("a list").into_inner().submissions;
        if submissions.len() == count {
            return submissions;
        }
        let late = begun.elapsed() > BOUND;
        assert!(!late, "{} of {count} recorded:\n{}", submissions.len(), product.settings().log_tail(40));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Calls of each kind: a question, one that is refused, bytes, and a token that nobody knows.
async fn ask(product: &Product, submissions: &[Submission]) {
    let mut client: SubmissionServiceClient<_> = product.submissions();
    for submission in submissions {
        let name = submission.name.clone();
        let whole = client.get_submission(with_token(GetSubmissionRequest { name: name.clone() })).await;
        assert!(whole.expect("it is there").into_inner().text.contains("欧阳秘之"));
        let request = DownloadRawRequest { name, ..DownloadRawRequest::default() };
        let mut bytes = client.download_raw(with_token(request)).await.expect("a stream").into_inner();
        while bytes.message().await.expect("no failure").is_some() {}
    }
    let filter = "subject : \"planted-subject\" AND from = ".to_owned();
    let request = ListSubmissionsRequest { filter, ..ListSubmissionsRequest::default() };
    assert_eq!(client.list_submissions(with_token(request)).await.unwrap_err().code(), Code::InvalidArgument);
    let mut request = Request::new(ListSubmissionsRequest::default());
    request.metadata_mut().insert("authorization", format!("Basic {TOKEN}").parse().expect("ASCII"));
    assert_eq!(client.list_submissions(request).await.unwrap_err().code(), Code::Unauthenticated);
    let mut client: MailboxServiceClient<_> = product.mailboxes();
    client.list_mailboxes(with_token(ListMailboxesRequest {})).await.expect("a list");
}

/// A person who is invited, signs in rightly and wrongly, changes the password and signs out; gives the secrets that the
/// program made on the way.
async fn come_and_go(product: &Product) -> Vec<String> {
    let made = product.settings().run(&["users", "create", "planted", "--role", "viewer"]);
    assert!(made.status.success(), "{made:?}");
    let told = String::from_utf8(made.stdout).expect("it is text");
    let invitation = told.lines().last().expect("an invitation").to_owned();
    let mut client = SessionServiceClient::new(product.channel());
    let accept =
        AcceptInvitationRequest { invitation: invitation.clone(), password: ENTRANCE.into(), peer: String::new() };
    let first = client.accept_invitation(accept).await.expect("it is good once").into_inner().token;
    let sign_in =
        |password: &str| SignInRequest { user_name: "planted".into(), password: password.into(), peer: String::new() };
    let wrong = client.sign_in(sign_in("planted-exchange-wrong")).await;
    assert_eq!(wrong.unwrap_err().code(), Code::Unauthenticated);
    let second = client.sign_in(sign_in(ENTRANCE)).await.expect("the password").into_inner().token;
    let bearing = |token: &str| format!("Bearer {token}").parse().expect("ASCII");
    let mut request =
        Request::new(ChangePasswordRequest { password: ENTRANCE.into(), password_new: "planted-exchange-new".into() });
    request.metadata_mut().insert("authorization", bearing(&second));
    client.change_password(request).await.expect("the password");
    for token in [&first, &second] {
        let mut request = Request::new(SignOutRequest {});
        request.metadata_mut().insert("authorization", bearing(token));
        client.sign_out(request).await.expect("it ends");
        let mut request = Request::new(GetSessionRequest {});
        request.metadata_mut().insert("authorization", bearing(token));
        assert_eq!(client.get_session(request).await.unwrap_err().code(), Code::Unauthenticated);
    }
    vec![invitation, first, second]
}

/// The same at the desk: a wrong password, the right one, the list, a submission and what was not found.
async fn visit(product: &Product, submission: &Submission) -> Vec<String> {
    let made = product.settings().run(&["users", "create", "planted-visitor", "--role", "chief-editor"]);
    assert!(made.status.success(), "{made:?}");
    let invitation = String::from_utf8(made.stdout).expect("it is text").lines().last().expect("one").to_owned();
    let mut visitor = Visitor::at(&product.desk());
    let form = visitor.get("/invitation").await.form("invitation").with("invitation", &invitation);
    let welcome = visitor.send(&form.with("password", ENTRANCE).with("again", ENTRANCE)).await;
    assert_eq!(welcome.status, 303, "{}", welcome.html);
    let mut stranger = Visitor::at(&product.desk());
    let form = stranger.get("/sign-in").await.form("password").with("user_name", "planted-visitor");
    let refused = stranger.send(&form.with("password", "planted-exchange-wrong")).await;
    assert_ne!(refused.status, 303, "{}", refused.html);
    for path in ["/", "/submissions?q=planted-subject", "/mails", "/outbox", "/contacts", "/nothing-planted-subject"] {
        visitor.get(path).await;
    }
    let page = visitor.get(&format!("/{}", submission.name)).await;
    assert!(page.status == 200 && page.html.contains("欧阳秘之"), "{}", page.html);
    vec![invitation]
}

async fn nothing_secret_is_told_at_any_level(backend: Backend) {
    let (world, sink, collector) = (World::new(backend), Sink::start(), Collector::start());
    let password = format!("{:?}", PASSWORD.replace('\\', ""));
    let taken = FakeImap::start(Manner::Honest, vec![planted("third")]);
    let refused = FakeImap::start(Manner::RefusesLogin, Vec::new());
    world.session().append("INBOX", in_time(), &planted("first"));
    world.dovecot.session("other").append("INBOX", in_time(), &planted("second"));
    let api = format!(
        "listen = \"127.0.0.1:0\"\ntokens = [{{ name = \"editor\", sha256 = \"{}\" }}]",
        Sha256::of(TOKEN.as_bytes()).hex()
    );
    let mailboxes = [
        world.mailbox().with("auth", "\"login\"").with("smtp", &sink.settings()),
        Mailbox::imap("other", world.dovecot.port).with("auth", "\"plain\""),
        Mailbox::imap("third", taken.port).with("auth", "\"xoauth2\""),
        Mailbox::imap("fourth", refused.port).with("auth", "\"plain\""),
    ]
    .map(|mailbox| mailbox.with("password", &password));
    let headers = format!("headers = {{ authorization = \"Bearer {COLLECTORS}\" }}\n");
    let traces = collector.settings() + &headers;
    let settings = world.settings_with_api(&api, &mailboxes).with_more(&traces);
    let product = Product::start_with(&settings, &[("CAIBIAN__LOG__FILTER", "trace")]);
    let submissions = recorded(&product, 3).await;
    ask(&product, &submissions).await;
    let mut made = come_and_go(&product).await;
    made.extend(visit(&product, &submissions[0]).await);
    wait_for("an author is answered", BOUND, || async { sink.taken().pop() }).await;
    let metrics = Visitor::at(&product.ops()).get("/metrics").await.html;
    assert!(metrics.contains("caibian_intake_messages{state=\"recorded\"} 3"), "{metrics}");
    let command_line = fs::read(format!("/proc/{}/cmdline", product.pid())).expect("it runs");
    product.terminate().await;

    let told = fs::read_to_string(settings.data.join("test.log")).expect("it is text");
    // It was as talkative as it can be, and every login came to its end.
    assert!(told.contains("DEBUG mail::imap"), "{told}");
    assert!(told.contains("login was refused"), "{told}");
    assert!(refused.connections() > 0 && taken.transcript().iter().any(|command| command.contains("XOAUTH2")));
    // So did each kind of span, and the collector's own token came to it and to nobody else.
    let spans = collector.spans();
    for name in ["mail record", "letter send", "GET /submissions", "GET other"] {
        assert!(spans.iter().any(|span| span.name == name), "{name} in {spans:#?}");
    }
    for (name, value) in spans.iter().flat_map(|span| &span.attributes) {
        assert!(value.is_ascii() && !value.contains('@'), "{name}: {value}");
    }
    assert!(collector.headers().contains(&format!("Bearer {COLLECTORS}")), "{:?}", collector.headers());
    let shown = settings.run(&["settings"]);
    assert!(shown.status.success(), "{shown:?}");
    let places = [
        ("the log", told),
        ("the metrics", metrics),
        ("the traces", String::from_utf8_lossy(&collector.bytes()).into_owned()),
        ("settings", String::from_utf8_lossy(&shown.stdout).into_owned()),
        ("the command line", String::from_utf8_lossy(&command_line).into_owned()),
    ];
    for (place, text) in places {
        for needle in needles().into_iter().chain(made.iter().cloned()) {
            let found = text.lines().find(|line| line.contains(&needle));
            assert_eq!(found, None, "{needle} in {place}");
        }
    }
}

/// What the program made below a folder and others may read or enter.
fn open_to_others(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("our own folder").flatten() {
        let (path, metadata) = (entry.path(), entry.metadata().expect("it is there"));
        let mode = metadata.permissions().mode() & 0o777;
        // The one file that the test itself made.
        if mode & 0o077 != 0 && !path.ends_with("test.log") {
            into.push(format!("{} {mode:o}", path.display()));
        }
        if metadata.is_dir() {
            open_to_others(&path, into);
        }
    }
}

#[tokio::test]
async fn what_the_program_makes_is_its_users_alone() {
    let world = World::new(Backend::Sqlite);
    world.session().append("INBOX", in_time(), &plain_mail(USER, 1, 30));
    let settings = world.settings(&[world.mailbox()]);
    let product = world.start(&[world.mailbox()]);
    tests::Ledger::settled(&product, 1, BOUND).await;
    let mut open = Vec::new();
    open_to_others(&settings.data, &mut open);
    assert_eq!(open, Vec::<String>::new());
    product.terminate().await;
}

on_each_backend! {
    nothing_secret_is_told_at_any_level => super::nothing_secret_is_told_at_any_level;
}
