//! What stands in `deploy/`, for real: the image and the compose files under a Docker engine.

mod many;
mod one;
mod written;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    time::Duration,
};

use proto::intake::v1::{
    ListMessagesRequest, ListSubmissionsRequest, mailbox_service_client::MailboxServiceClient,
    outbox_service_client::OutboxServiceClient, submission_service_client::SubmissionServiceClient,
};
use tempfile::TempDir;
use tests::{Engine, Ledger, Visitor, engine, oracle::is_open, product, wait_for};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

/// Both need both cores, and the engine keeps its images in one folder.
static ALONE: Mutex<()> = Mutex::new(());

/// Containers of some compose files; gone when dropped, with their volumes.
struct Installation {
    engine: Engine,
    files: &'static [&'static str],
    local: TempDir,
}

impl Installation {
    /// An engine with the images, ours of the program that CAIBIAN_PROGRAM names or of the one beside the test, and
    /// settings and secrets made by `deploy/prepare`.
    fn prepare(files: &'static [&'static str], images: &[&str], options: &[&str]) -> Self {
        let engine = Engine::start();
        let mut image = engine.command("deploy/image");
        image.arg(std::env::var_os("CAIBIAN_PROGRAM").unwrap_or_else(|| product::binary().into()));
        println!("{}", told(image, &["deploy/image"]).trim());
        let mut base = engine.command("deploy/base-images");
        base.args(images);
        println!("{}", told(base, &["deploy/base-images"]).trim());
        let local = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
        let mut prepare = engine.command("deploy/prepare");
        prepare.args(options).arg(local.path());
        told(prepare, &["deploy/prepare"]);
        engine.enter();
        Self { engine, files, local }
    }

    fn local(&self, file: &str) -> PathBuf {
        self.local.path().join(file)
    }

    fn secret(&self, name: &str) -> String {
        fs::read_to_string(self.local("secrets").join(name)).expect("deploy/prepare made it").trim().to_owned()
    }

    /// The certificate of the authority that signed the proxy's.
    fn root(&self) -> Vec<u8> {
        fs::read(self.local("tls/ca.pem")).expect("deploy/prepare made it")
    }

    /// `docker compose` with these files.
    fn compose(&self, arguments: &[&str]) -> Command {
        let mut command = self.engine.compose();
        command.env("CAIBIAN_LOCAL", self.local.path()).args(["--project-name", "caibian-try"]);
        for file in self.files {
            command.args(["--file", &format!("deploy/{file}")]);
        }
        command.args(arguments);
        command
    }

    /// What it prints.
    fn composed(&self, arguments: &[&str]) -> String {
        told(self.compose(arguments), arguments)
    }

    /// The container of a service.
    fn container(&self, service: &str) -> String {
        self.composed(&["ps", "--quiet", service]).trim().to_owned()
    }

    /// What `caibian` prints in the container of a service.
    fn caibian(&self, service: &str, arguments: &[&str]) -> String {
        self.composed(&[&["exec", "-T", service, "/usr/bin/caibian"], arguments].concat())
    }

    async fn healthy(&self, services: &[&str], bound: Duration) {
        for service in services {
            wait_for(&format!("{service} is healthy"), bound, || async {
                let container = self.container(service);
                let health = self.engine.docker(&["inspect", "--format", "{{.State.Health.Status}}", &container]);
                (health.trim() == "healthy").then_some(())
            })
            .await;
        }
    }

    /// A person who took the first administrator's invitation, which is made anew.
    async fn administrator(&self, service: &str, mut visitor: Visitor) -> Visitor {
        let told = self.caibian(service, &["users", "invite", "admin"]);
        let invitation = told.lines().last().expect("it is told");
        let password = "秋水共长天一色 1985";
        let form = visitor.get("/invitation").await.form("invitation").with("invitation", invitation);
        let welcome = visitor.send(&form.with("password", password).with("again", password)).await;
        assert_eq!((welcome.status, welcome.location.as_str()), (303, "/"), "{}", welcome.html);
        visitor
    }

    /// Leaves what the containers said in `target/try`.
    fn keep_logs(&self) {
        let log = self.compose(&["logs", "--no-color", "--timestamps"]).output();
        let there = self.compose(&["ps"]).output();
        for (name, output) in [("containers.log", log), ("containers.txt", there)] {
            if let Ok(output) = output {
                let _ = fs::write(engine::kept().join(name), [output.stdout, output.stderr].concat());
            }
        }
        eprintln!("what the containers said lies in {}", engine::kept().display());
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keep_logs();
        }
        let _ = self.compose(&["down", "--volumes", "--timeout", "5"]).output();
    }
}

fn told(mut command: Command, what: &[&str]) -> String {
    engine::told(command.output().unwrap_or_else(|error| panic!("{what:?}: {error}")), what)
}

/// A line to gRPC at the proxy.
fn channel(root: &[u8]) -> Channel {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(root));
    let endpoint = Endpoint::from_static("https://localhost:50443").tls_config(tls).expect("a certificate");
    endpoint.timeout(Duration::from_secs(20)).connect_lazy()
}

/// Puts a token on each call.
#[derive(Clone, Debug)]
struct Token(MetadataValue<Ascii>);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A program with a token.
#[derive(Clone, Debug)]
struct Caller(InterceptedService<Channel, Token>);

impl Caller {
    fn new(channel: Channel, token: &str) -> Self {
        Self(InterceptedService::new(channel, Token(format!("Bearer {token}").parse().expect("ASCII"))))
    }

    fn outbox(&self) -> OutboxServiceClient<InterceptedService<Channel, Token>> {
        OutboxServiceClient::new(self.0.clone())
    }

    /// Every message and submission, page by page: pages that different servers give.
    async fn ledger(&self) -> Result<Ledger, Status> {
        let mut ledger = Ledger::default();
        let mut page_token = String::new();
        let mut mailboxes = MailboxServiceClient::new(self.0.clone());
        loop {
            let request = ListMessagesRequest { page_size: 10, page_token, ..Default::default() };
            let page = mailboxes.list_messages(request).await?.into_inner();
            ledger.messages.extend(page.messages);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let mut submissions = SubmissionServiceClient::new(self.0.clone());
        loop {
            let request = ListSubmissionsRequest { page_size: 10, page_token, ..Default::default() };
            let page = submissions.list_submissions(request).await?.into_inner();
            ledger.submissions.extend(page.submissions);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(ledger);
            }
        }
    }

    /// Waits until so many mails have come to the end of their way.
    async fn settled(&self, mails: usize, bound: Duration) -> Ledger {
        wait_for(&format!("{mails} mails at their end"), bound, || async {
            let ledger = self.ledger().await.ok()?;
            let ended = ledger.messages.iter().filter(|message| !is_open(message.stage())).count();
            (ended >= mails && ended == ledger.messages.len()).then_some(ledger)
        })
        .await
    }
}

/// What the kernel says of the first process in a container, line by line: `Uid`, `CapEff`, …
fn status_of(engine: &Engine, container: &str) -> String {
    let pid = engine.ask(&["inspect", "--format", "{{.State.Pid}}", container]);
    let file = Path::new("proc").join(pid.trim()).join("status");
    fs::read_to_string(engine.root().join(file)).expect("the process runs")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
