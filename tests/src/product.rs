//! The real `caibian` binary: its settings, its processes and its gRPC clients.

use std::{
    fmt::Write as _,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use proto::intake::v1::{
    ListCampaignsRequest, UpdateCampaignRequest, campaign_service_client::CampaignServiceClient,
    export_service_client::ExportServiceClient, mailbox_service_client::MailboxServiceClient,
    quarantine_service_client::QuarantineServiceClient, review_service_client::ReviewServiceClient,
    submission_service_client::SubmissionServiceClient,
};
use rustix::process::Signal;
use tonic::transport::{Channel, Endpoint};

use crate::{Visitor, process};

/// How long the product may take to begin or to drain before a test gives up.
pub const START_BOUND: Duration = Duration::from_secs(60);

/// The address that the shipped campaign takes mail for.
pub const ADDRESS: &str = "czzhengwen@163.com";

/// The binary beside the test executable.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.parent().and_then(Path::parent).expect("tests lie in target/PROFILE/deps");
    let binary = profile.join("caibian");
    assert!(binary.exists(), "{} is missing; build it first: cargo build -p caibian", binary.display());
    binary
}

/// A `[[mailbox]]` of the settings.
#[derive(Clone, Debug)]
pub struct Mailbox {
    name: String,
    lines: Vec<(String, String)>,
}

impl Mailbox {
    /// A mailbox at an IMAP server on loopback, swept every second.
    #[must_use]
    pub fn imap(name: &str, port: u16) -> Self {
        Self { name: name.to_owned(), lines: Vec::new() }
            .with("kind", "\"imap\"")
            .with("address", &format!("{ADDRESS:?}"))
            .with("host", "\"127.0.0.1\"")
            .with("port", &port.to_string())
            .with("security", "\"plain\"")
            .with("user", &format!("{name:?}"))
            .with("password", "\"x\"")
            .with("sweep_seconds", "1")
            .with("answer_from", "\"2022-10-01T00:00:00+08:00\"")
    }

    /// A watched folder.
    #[must_use]
    pub fn folder(name: &str, path: &Path) -> Self {
        Self { name: name.to_owned(), lines: Vec::new() }
            .with("kind", "\"folder\"")
            .with("address", &format!("{ADDRESS:?}"))
            .with("path", &format!("{:?}", path.display().to_string()))
            .with("sweep_seconds", "1")
            .with("answer_from", "\"2022-10-01T00:00:00+08:00\"")
    }

    /// Sets a key to a value in TOML, instead of what it was.
    #[must_use]
    pub fn with(mut self, key: &str, toml: &str) -> Self {
        self.lines.retain(|(name, _)| name != key);
        self.lines.push((key.to_owned(), toml.to_owned()));
        self
    }
}

/// Where one caibian keeps its things, and the file that says so.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `data` folder.
    pub data: PathBuf,
    file: PathBuf,
    program: PathBuf,
}

impl Settings {
    /// Writes a settings file into `home`, which holds the data too.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn write(home: &Path, store_url: &str, mailboxes: &[Mailbox]) -> Self {
        Self::write_with_api(home, store_url, "listen = \"127.0.0.1:0\"", mailboxes)
    }

    /// The same with the lines of `[api]`.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn write_with_api(home: &Path, store_url: &str, api: &str, mailboxes: &[Mailbox]) -> Self {
        let data = home.join("data");
        fs::create_dir_all(&data).expect("our own folder");
        let mut toml = format!(
            "data = {:?}\n[store]\nurl = {store_url:?}\n[blobs]\nfolder = {:?}\n[api]\n{api}\n[desk]\nlisten = \"127.0.0.1:0\"\ncontent_listen = \"127.0.0.1:0\"\n[ops]\nlisten = \"127.0.0.1:0\"\n[worker]\nname = \"w1\"\n",
            data.display().to_string(),
            data.join("blobs").display().to_string(),
        );
        for mailbox in mailboxes {
            let _ = writeln!(toml, "[[mailbox]]\nname = {:?}", mailbox.name);
            for (key, value) in &mailbox.lines {
                let _ = writeln!(toml, "{key} = {value}");
            }
        }
        let file = home.join("caibian.toml");
        fs::write(&file, toml).expect("our own folder");
        Self { data, file, program: binary() }
    }

    /// The same with more lines at the end, such as those of `[reply]`.
    ///
    /// # Panics
    /// When the file cannot be written.
    #[must_use]
    pub fn with_more(self, toml: &str) -> Self {
        let written = fs::read_to_string(&self.file).expect("our own file");
        fs::write(&self.file, format!("{written}{toml}")).expect("our own file");
        self
    }

    /// The same for another program than the one beside the tests: one of before there were a desk and metrics.
    ///
    /// # Panics
    /// When the file cannot be written.
    #[must_use]
    pub fn of_program(self, program: PathBuf) -> Self {
        let written = fs::read_to_string(&self.file).expect("our own file");
        let (before, rest) = written.split_once("[desk]").expect("it is in every file");
        let (_, after) = rest.split_once("[worker]").expect("it is in every file");
        fs::write(&self.file, format!("{before}[worker]{after}")).expect("our own file");
        Self { program, ..self }
    }

    /// The same with a worker of another name, and with the blobs of others.
    ///
    /// # Panics
    /// When the file cannot be written.
    #[must_use]
    pub fn beside(self, others: &Self, worker: &str) -> Self {
        let written = fs::read_to_string(&self.file).expect("our own file");
        let blobs = |settings: &Self| format!("{:?}", settings.data.join("blobs").display().to_string());
        let changed = written.replace(&blobs(&self), &blobs(others)).replace("\"w1\"", &format!("{worker:?}"));
        fs::write(&self.file, changed).expect("our own file");
        self
    }

    /// A command of the binary with these settings.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = process::bound_to_the_test(&self.program);
        command.arg("--settings").arg(&self.file).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs a command of the binary to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary starts")
    }

    /// A new invitation for the first administrator, whom the gRPC service makes soon after it listens.
    ///
    /// # Panics
    /// When there is none in time.
    pub async fn invitation(&self) -> String {
        let begun = Instant::now();
        loop {
            let invited = self.run(&["users", "invite", "admin"]);
            let told = String::from_utf8_lossy(&invited.stdout);
            match told.lines().last() {
                Some(invitation) if invited.status.success() => return invitation.to_owned(),
                _ if begun.elapsed() > START_BOUND => panic!("{}", String::from_utf8_lossy(&invited.stderr)),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Asserts that `caibian verify` finds nothing, with the server's UIDs compared too.
    ///
    /// # Panics
    /// With everything it found.
    pub fn verify_with_server(&self) {
        let output = self.run(&["verify", "--server"]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("no faults"),
            "verify --server, {}:\n{said}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// The end of what all processes logged.
    #[must_use]
    pub fn log_tail(&self, lines: usize) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    fn listening(&self, file: &str) -> String {
        let begun = Instant::now();
        loop {
            if let Ok(address) = fs::read_to_string(self.data.join(file))
                && address.parse::<std::net::SocketAddr>().is_ok()
            {
                return address;
            }
            assert!(begun.elapsed() < START_BOUND, "no {file}:\n{}", self.log_tail(40));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn log(&self) -> PathBuf {
        self.data.join("test.log")
    }
}

/// A running `caibian worker`.
#[derive(Debug)]
pub struct Worker {
    child: Child,
}

impl Worker {
    /// Starts it; what it does is seen through an API on the same database.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(settings: &Settings) -> Self {
        let log = File::options().create(true).append(true).open(settings.log()).expect("our own folder");
        let child = settings
            .command(&["worker"])
            .env("NO_COLOR", "1")
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        Self { child }
    }

    /// SIGTERM; whether it has drained in 15 s.
    pub fn terminate(mut self) -> bool {
        process::end(&mut self.child, Signal::TERM, Duration::from_secs(15))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running `caibian desk`, of services in another process.
#[derive(Debug)]
pub struct Desk {
    child: Child,
    settings: Settings,
}

impl Desk {
    /// Starts it with these variables of the environment.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(settings: &Settings, environment: &[(&str, String)]) -> Self {
        for of_another_start in ["desk.address", "ops.address"] {
            let _ = fs::remove_file(settings.data.join(of_another_start));
        }
        let log = File::options().create(true).append(true).open(settings.log()).expect("our own folder");
        let child = settings
            .command(&["desk"])
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("NO_COLOR", "1")
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        Self { child, settings: settings.clone() }
    }

    /// Where it listens: `127.0.0.1:PORT`.
    ///
    /// # Panics
    /// When it does not begin.
    #[must_use]
    pub fn address(&self) -> String {
        self.settings.listening("desk.address")
    }

    /// Where it tells of its health: `127.0.0.1:PORT`.
    ///
    /// # Panics
    /// When nothing listens there in time.
    #[must_use]
    pub fn ops(&self) -> String {
        self.settings.listening("ops.address")
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the end of the desk's log:\n{}", self.settings.log_tail(40));
        }
    }
}

/// A running `caibian all`: worker and API in one process.
#[derive(Debug)]
pub struct Product {
    child: Child,
    settings: Settings,
    channel: Channel,
}

impl Product {
    /// Starts it and waits until its API is bound.
    ///
    /// # Panics
    /// When it ends or stays silent; its log is in the message.
    #[must_use]
    pub fn start(settings: &Settings) -> Self {
        Self::start_with(settings, &[])
    }

    /// The same with variables of the environment.
    ///
    /// # Panics
    /// When it ends or stays silent; its log is in the message.
    #[must_use]
    pub fn start_with(settings: &Settings, environment: &[(&str, &str)]) -> Self {
        match Self::try_start(settings, environment) {
            Ok(product) => product,
            Err(status) => panic!("caibian ended with {status}:\n{}", settings.log_tail(40)),
        }
    }

    /// The same for a start that may be cut short by a crash: then how it ended.
    ///
    /// # Errors
    /// How the process ended before its API was bound.
    ///
    /// # Panics
    /// When it neither ends nor binds its API.
    pub fn try_start(settings: &Settings, environment: &[(&str, &str)]) -> Result<Self, ExitStatus> {
        Self::try_start_roles(settings, "all", environment)
    }

    /// Starts the API alone, for a worker in another process.
    ///
    /// # Panics
    /// When it ends or stays silent; its log is in the message.
    #[must_use]
    pub fn start_api(settings: &Settings) -> Self {
        match Self::try_start_roles(settings, "api", &[]) {
            Ok(product) => product,
            Err(status) => panic!("caibian ended with {status}:\n{}", settings.log_tail(40)),
        }
    }

    fn try_start_roles(settings: &Settings, roles: &str, environment: &[(&str, &str)]) -> Result<Self, ExitStatus> {
        let address_file = settings.data.join("api.address");
        let _ = fs::remove_file(&address_file);
        for of_another_start in ["desk.address", "ops.address"] {
            let _ = fs::remove_file(settings.data.join(of_another_start));
        }
        let log = File::options().create(true).append(true).open(settings.log()).expect("our own folder");
        let mut child = settings
            .command(&[roles])
            .envs(environment.iter().copied())
            .env("RUST_BACKTRACE", "1")
            .env("NO_COLOR", "1")
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        let begun = Instant::now();
        loop {
            if let Ok(address) = fs::read_to_string(&address_file)
                && address.trim().parse::<std::net::SocketAddr>().is_ok()
            {
                let endpoint = Endpoint::from_shared(format!("http://{}", address.trim())).expect("an address");
                let channel = endpoint.connect_lazy();
                return Ok(Self { child, settings: settings.clone(), channel });
            }
            if let Some(status) = child.try_wait().expect("a child of ours") {
                return Err(status);
            }
            if begun.elapsed() > START_BOUND {
                let _ = child.kill();
                let _ = child.wait();
                panic!("no api.address after {START_BOUND:?}:\n{}", settings.log_tail(40));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Where its desk listens: `127.0.0.1:PORT`.
    ///
    /// # Panics
    /// When the desk does not begin.
    #[must_use]
    pub fn desk(&self) -> String {
        self.settings.listening("desk.address")
    }

    /// Where it tells of its health and metrics: `127.0.0.1:PORT`.
    ///
    /// # Panics
    /// When nothing listens there in time.
    #[must_use]
    pub fn ops(&self) -> String {
        self.settings.listening("ops.address")
    }

    /// What a metric says now, named with its labels as it is told.
    ///
    /// # Panics
    /// When its ops listener does not answer.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let told = Visitor::at(&self.ops()).get("/metrics").await.html;
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map(|value| value.parse().expect("a number"))
    }

    /// Where its API listens: `127.0.0.1:PORT`.
    ///
    /// # Panics
    /// When it does not listen.
    #[must_use]
    pub fn api(&self) -> String {
        self.settings.listening("api.address")
    }

    /// Where it shows mail as it was sent: `127.0.0.1:PORT`.
    ///
    /// # Panics
    /// When the desk does not begin.
    #[must_use]
    pub fn content(&self) -> String {
        // Written before the desk's own.
        let _ = self.desk();
        fs::read_to_string(self.settings.data.join("content.address")).expect("the desk wrote it")
    }

    /// Asks it to drain and end, and does not wait.
    pub fn ask_to_end(&self) {
        process::signal(&self.child, Signal::TERM);
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    ///
    /// # Panics
    /// When the child cannot be waited for.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of ours")
    }

    /// kill -9; whether it was still alive.
    ///
    /// # Panics
    /// When the child cannot be waited for.
    pub fn kill(mut self) -> bool {
        let alive = self.ended().is_none();
        let _ = self.child.kill();
        let _ = self.child.wait();
        alive
    }

    /// SIGTERM, then waits until it has drained; connections of the test go on answering meanwhile.
    ///
    /// # Panics
    /// When it does not end by itself in 15 s or not with success.
    pub async fn terminate(mut self) {
        process::signal(&self.child, Signal::TERM);
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.ended() {
                break status;
            }
            let late = begun.elapsed() > Duration::from_secs(15);
            assert!(!late, "not down 15 s after SIGTERM:\n{}", self.settings.log_tail(40));
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        assert!(status.success(), "{status} after SIGTERM:\n{}", self.settings.log_tail(40));
    }

    /// The settings it runs with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The connection to its API.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Lets the first campaign have one round, which one person may decide, with nothing to wait for afterwards.
    ///
    /// # Panics
    /// When it is not taken.
    pub async fn one_short_round(&self) {
        let mut client = self.campaigns();
        let listed = client.list_campaigns(ListCampaignsRequest::default()).await.expect("a list").into_inner();
        let mut campaign = listed.campaigns.into_iter().next().expect("a campaign is there from the start");
        let review = campaign.review.as_mut().expect("it says how it reviews");
        review.rounds.drain(..2);
        review.rounds[0].recommendations_min = 0;
        (review.decider_differs, review.retract_minutes) = (false, 0);
        let request = UpdateCampaignRequest { campaign: Some(campaign), ..Default::default() };
        client.update_campaign(request).await.expect("it is taken");
    }

    /// Campaigns.
    #[must_use]
    pub fn campaigns(&self) -> CampaignServiceClient<Channel> {
        CampaignServiceClient::new(self.channel())
    }

    /// Submissions.
    #[must_use]
    pub fn submissions(&self) -> SubmissionServiceClient<Channel> {
        SubmissionServiceClient::new(self.channel())
    }

    /// Mailboxes and messages.
    #[must_use]
    pub fn mailboxes(&self) -> MailboxServiceClient<Channel> {
        MailboxServiceClient::new(self.channel())
    }

    /// Quarantine.
    #[must_use]
    pub fn quarantine(&self) -> QuarantineServiceClient<Channel> {
        QuarantineServiceClient::new(self.channel())
    }

    /// Reviews.
    #[must_use]
    pub fn reviews(&self) -> ReviewServiceClient<Channel> {
        ReviewServiceClient::new(self.channel())
    }

    /// Exports.
    #[must_use]
    pub fn exports(&self) -> ExportServiceClient<Channel> {
        ExportServiceClient::new(self.channel())
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the end of caibian's log:\n{}", self.settings.log_tail(60));
        }
    }
}
