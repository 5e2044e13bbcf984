//! `caibian all`, `api`, `worker`, `desk`: builds what the settings name, runs it until a signal, drains.

use std::{
    fs, io::Write, net::SocketAddr, os::unix::fs::OpenOptionsExt, path::Path, process::ExitCode, sync::Arc,
    time::Duration,
};

use chrono::Utc;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use secrecy::ExposeSecret;
use store::{Store, record::Enrolment};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    Failure, history, letters, lines, logging, look_ups, mailbox_test, ops,
    raw::{self, AnyBlobs},
    retention,
    settings::{MailboxSettings, Settings, UnknownUsers},
    source,
    traces::Traces,
    users,
};

/// Which roles this process plays.
#[derive(Clone, Copy, Debug)]
pub struct Roles {
    /// The gRPC service.
    pub api: bool,
    /// The intake worker.
    pub worker: bool,
    /// The editors' desk.
    pub desk: bool,
}

impl Roles {
    /// Every one.
    pub const ALL: Self = Self { api: true, worker: true, desk: true };
    /// None yet.
    pub const NONE: Self = Self { api: false, worker: false, desk: false };

    /// What they are called.
    fn as_str(self) -> &'static str {
        match self {
            Self { api: true, worker: true, .. } => "all",
            Self { api: true, .. } => "api",
            Self { worker: true, .. } => "worker",
            _ => "desk",
        }
    }

    /// Where these tell of themselves.
    fn ops(self, settings: &Settings) -> SocketAddr {
        match self {
            Self { api: true, .. } => settings.ops.address(),
            Self { worker: true, .. } => settings.ops.address_of_worker(),
            _ => settings.ops.address_of_desk(),
        }
    }
}

/// From the signal to stop until the process is gone.
const END_WITHIN: Duration = Duration::from_secs(10);
/// How much of that the last spans may take.
const TRACES_WITHIN: Duration = Duration::from_secs(2);

/// Runs until SIGTERM or SIGINT; a second signal ends at once.
pub async fn serve(settings: Settings, roles: Roles) -> Result<ExitCode, Failure> {
    let traces = Traces::new(&settings.traces, roles.as_str())?;
    logging::start(&settings.log, traces.as_ref())?;
    let cancel = CancellationToken::new();
    let asked = {
        let cancel = cancel.clone();
        tokio::spawn(async move {
            cancel.cancelled().await;
            Instant::now()
        })
    };
    let served = run(&settings, roles, cancel.clone()).await;
    cancel.cancel();
    if let Some(traces) = traces {
        let asked_at = asked.await.unwrap_or_else(|_| Instant::now());
        traces.end(END_WITHIN.saturating_sub(asked_at.elapsed()).min(TRACES_WITHIN)).await;
    }
    served
}

async fn run(settings: &Settings, roles: Roles, cancel: CancellationToken) -> Result<ExitCode, Failure> {
    raise_open_files();
    tokio::spawn(cancel_on_signal(cancel.clone()));
    measure::count_panics();
    let running = start(settings, roles, cancel.clone()).await?;
    if let (true, Some(store)) = (roles.api, &running.parts.store) {
        users::first(store).await?;
    }
    // Last: who asks is answered once the start is over.
    let ended = CancellationToken::new();
    let _ends_last = ended.clone().drop_guard();
    let ops = ops::Bound::new(roles.ops(settings), running.parts.clone(), cancel).await?;
    fs::write(settings.data.0.join("ops.address"), ops.address()?.to_string())?;
    tokio::spawn(ops.serve(ended));
    running.wait().await?;
    Ok(ExitCode::SUCCESS)
}

/// Files and sockets that a process may hold open.
const OPEN_FILES: u64 = 8192;

/// Many systems let a program begin with 1,024: as many as the gRPC service takes connections, which would leave none for
/// tables and blobs.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(OPEN_FILES).min(OPEN_FILES);
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum });
        if let Err(error) = raised {
            tracing::warn!(%error, "the limit of open files stays as it is");
        }
    }
}

/// What was started.
pub struct Running {
    /// Where the gRPC service listens, if it does.
    pub address: Option<SocketAddr>,
    /// What can fail of it.
    pub parts: ops::Parts,
    tasks: JoinSet<Result<(), Failure>>,
    cancel: CancellationToken,
    /// Held until the worker has drained.
    _worker_lock: Option<fs::File>,
}

impl Running {
    /// Waits until everything has drained; when one part ends by a failure, the others are drained and it is given.
    pub async fn wait(mut self) -> Result<(), Failure> {
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            let ended = ended.map_err(Failure::from).flatten();
            self.cancel.cancel();
            if outcome.is_ok() {
                outcome = ended;
            }
        }
        outcome
    }
}

fn make_data_folder(settings: &Settings) -> Result<(), Failure> {
    let folder = &settings.data.0;
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()).into())
}

/// Opens the tables at this program's version, brought there first if the settings say so.
pub async fn open_store(settings: &Settings) -> Result<Store, Failure> {
    make_data_folder(settings)?;
    let store = Store::open(settings.store.address()?.expose_secret()).await?;
    if settings.store.migrate_at_start {
        store.migrate().await?;
    } else if !store.is_current().await? {
        return Err("the tables are not at this program's version: run `caibian migrate`".into());
    }
    Ok(store)
}

/// Starts the roles; gives as soon as everything listens.
pub async fn start(settings: &Settings, roles: Roles, cancel: CancellationToken) -> Result<Running, Failure> {
    make_data_folder(settings)?;
    let worker_lock = if roles.worker { Some(lock_worker(settings).await?) } else { None };
    let sources = if roles.worker { settings.mailbox.iter().map(source::source).collect() } else { Ok(Vec::new()) }?;
    let offices = if roles.worker { letters::offices(settings)? } else { Vec::new() };
    let testing = if roles.worker { testing(settings, &offices)? } else { Vec::new() };
    let mut tasks = JoinSet::new();
    let mut address = None;
    let mut parts = ops::Parts { data: settings.data.0.clone(), ..ops::Parts::default() };
    if roles.api || roles.worker {
        let store = open_store(settings).await?;
        let store = match letters::policy(settings) {
            Some(policy) => store.answering(policy),
            None => store,
        };
        store.campaign_ensure_default().await?;
        let blobs = raw::open(&settings.blobs).await?;
        let tending = blobs.clone().tend(store.clone(), roles.worker, cancel.clone());
        tasks.spawn(async move {
            tending.await;
            Ok(())
        });
        if roles.worker {
            let kept = retention::daily(blobs.clone(), store.clone(), settings.retention.clone(), cancel.clone());
            tasks.spawn(async move {
                kept.await;
                Ok(())
            });
        }
        let histories = history::keep(store.clone(), settings.history.digests_file.clone(), cancel.clone());
        tasks.spawn(async move {
            histories.await;
            Ok(())
        });
        parts.store = Some(store.clone());
        parts.blobs = Some(blobs.clone());
        if roles.api {
            let api = api_settings(settings)?;
            if let Some(tls) = &api.tls {
                lines::follow(tls, &mut parts, &cancel, &mut tasks);
            }
            let listening = start_api(settings, api, store.clone(), blobs.clone(), &cancel, &mut tasks).await?;
            address = Some(listening);
        }
        if !offices.is_empty() {
            let (outbox, sender, cancel) = (store.clone(), settings.worker.name.clone(), cancel.clone());
            tasks.spawn(async move {
                post::run(offices, outbox, stdx::SystemClock, &sender, cancel).await;
                Ok(())
            });
        }
        if roles.worker {
            parts.mailboxes = settings.mailbox.iter().map(|mailbox| mailbox.name.clone()).collect();
            start_worker(settings, sources, testing, store, blobs, &cancel, &mut tasks).await?;
        }
    }
    if roles.desk {
        let api = lines::to_services(settings, address)?;
        if let Some(kept) = api.kept() {
            lines::follow(kept, &mut parts, &cancel, &mut tasks);
        }
        start_desk(settings, api.clone(), &cancel, &mut tasks).await?;
        parts.api = Some(api);
    }
    Ok(Running { address, parts, tasks, cancel, _worker_lock: worker_lock })
}

/// What runs.
pub type Tasks = JoinSet<Result<(), Failure>>;

async fn start_api(
    settings: &Settings,
    api: api::ApiSettings,
    store: Store,
    blobs: AnyBlobs,
    cancel: &CancellationToken,
    tasks: &mut Tasks,
) -> Result<SocketAddr, Failure> {
    let server = api::bind(api, store, Arc::new(blobs)).await?;
    let address = server.address();
    fs::write(settings.data.0.join("api.address"), address.to_string())?;
    tracing::info!(%address, "gRPC listens");
    let cancel = cancel.clone();
    tasks.spawn(async move { server.serve(cancel).await.map_err(Failure::from) });
    Ok(address)
}

/// Lines over which mailboxes are tested, beside those of the intake: one a mailbox.
fn testing(settings: &Settings, offices: &[post::Office]) -> Result<Vec<mailbox_test::Lines>, Failure> {
    let lines = |mailbox: &MailboxSettings| {
        let office = offices.iter().find(|office| mailbox.smtp.is_set() && office.address == mailbox.address);
        Ok(mailbox_test::Lines { source: source::source(mailbox)?, office: office.cloned() })
    };
    settings.mailbox.iter().map(lines).collect()
}

async fn start_worker(
    settings: &Settings,
    sources: Vec<source::AnySource>,
    testing: Vec<mailbox_test::Lines>,
    store: Store,
    blobs: AnyBlobs,
    cancel: &CancellationToken,
    tasks: &mut Tasks,
) -> Result<(), Failure> {
    let holder = &settings.worker.name;
    let mut mailboxes = Vec::new();
    for ((mailbox, source), lines) in settings.mailbox.iter().zip(sources).zip(testing) {
        let enrolled = enrol(mailbox, &store).await?;
        let tested = mailbox_test::Tested {
            id: enrolled.id,
            address: mailbox.address.clone(),
            folders: enrolled.folders.clone(),
            lines,
        };
        let tests = mailbox_test::run(tested, store.clone(), holder.clone(), cancel.clone());
        tasks.spawn(async move {
            tests.await;
            Ok(())
        });
        mailboxes.push((enrolled, source));
    }
    let filling = look_ups::fill(store.clone(), cancel.clone());
    tasks.spawn(async move {
        filling.await;
        Ok(())
    });
    let lease = Duration::from_secs(settings.worker.lease_seconds);
    let opener = scan::ScannedOpener::new(source::opener(), settings.scan.clamd()?);
    let ports = worker::Ports::new(blobs, opener, store, stdx::SystemClock, holder).with_lease(lease);
    let cancel = cancel.clone();
    tasks.spawn(async move {
        worker::run(mailboxes, ports, cancel).await;
        Ok(())
    });
    Ok(())
}

async fn start_desk(
    settings: &Settings,
    api: tls::Remote,
    cancel: &CancellationToken,
    tasks: &mut Tasks,
) -> Result<(), Failure> {
    let desk = desk::bind(desk::DeskSettings {
        listen: settings.desk.listen,
        api,
        public_url: settings.desk.public_url.trim_end_matches('/').to_owned(),
        content_listen: settings.desk.content_listen,
        content_public_url: settings.desk.content_public_url.trim_end_matches('/').to_owned(),
    })
    .await?;
    let address = desk.address();
    match desk.content_address() {
        Some(content) => fs::write(settings.data.0.join("content.address"), content.to_string())?,
        None => tracing::warn!("desk.content_public_url is not set: mail is shown as text alone"),
    }
    fs::write(settings.data.0.join("desk.address"), address.to_string())?;
    tracing::info!("the desk listens at http://{address}");
    let cancel = cancel.clone();
    tasks.spawn(async move { desk.serve(cancel).await.map_err(Failure::from) });
    Ok(())
}

/// How long the lock of a worker that just ended may outlive it.
const LOCK_WITHIN: std::time::Duration = std::time::Duration::from_secs(3);

/// Keeps a second worker with this name away from this machine's data folder. Both would be the same holder of the
/// leases and take them from each other: nothing is recorded twice, but half of the work is thrown away.
async fn lock_worker(settings: &Settings) -> Result<fs::File, Failure> {
    let name = &settings.worker.name;
    let hash = stdx::Sha256::of(name.as_bytes()).to_string();
    let path = settings.data.0.join(format!("worker-{}.lock", &hash[..16]));
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(|error| told(&error))?;
    // A worker that was just killed may have been making a child, which holds the lock until it is a program of its own.
    let deadline = tokio::time::Instant::now() + LOCK_WITHIN;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            Err(fs::TryLockError::WouldBlock) => {
                return Err(format!(
                    "another worker named {name:?} runs with this data folder ({} is locked); stop it, or set worker.name",
                    path.display()
                )
                .into());
            }
            Err(fs::TryLockError::Error(error)) => return Err(told(&error).into()),
        }
    }
}

/// Makes the mailbox known to the tables and gives the worker's plan for it.
async fn enrol(mailbox: &MailboxSettings, store: &Store) -> Result<worker::Mailbox, Failure> {
    let now = Utc::now();
    let id = store
        .mailbox_enrol(&Enrolment {
            name: mailbox.name.clone(),
            kind: mailbox.kind.as_str().into(),
            address: mailbox.address.clone(),
            folders: mailbox.folders.clone(),
            answer_from: mailbox.answer_from.unwrap_or(now),
        })
        .await?;
    Ok(worker::Mailbox {
        id,
        name: mailbox.name.clone(),
        folders: mailbox.folders.clone(),
        filing: mailbox.filing().unwrap_or_default(),
        size_bytes_max: mailbox.size_bytes_max,
        sweep_every: Duration::from_secs(mailbox.sweep_seconds),
        // The moment of the first contact, not of this start.
        answer_from: store.mailbox_get(id, now).await?.enrolment.answer_from,
    })
}

fn api_settings(settings: &Settings) -> Result<api::ApiSettings, Failure> {
    Ok(api::ApiSettings {
        listen: settings.api.listen,
        tls: lines::server(settings)?,
        tokens: settings
            .api
            .tokens
            .iter()
            .map(|token| api::TokenSetting { name: token.name.clone(), sha256: token.sha256, role: token.role.into() })
            .collect(),
        certificates: lines::callers(settings),
        issuers: lines::issuers(settings)?,
        page_token_key: page_token_key(&settings.api.page_token_key_file)?,
        rules: settings.procurement.clone(),
        sign_in_provider: sign_in_provider(settings)?,
    })
}

/// Where people sign in besides here. Asks nothing yet: a provider that is down holds nothing else up.
fn sign_in_provider(settings: &Settings) -> Result<Option<api::SignInProvider>, Failure> {
    let oidc = &settings.oidc;
    if !oidc.is_set() {
        return Ok(None);
    }
    let read = |key: &str, file: &Path| {
        fs::read_to_string(file).map_err(|error| format!("setting oidc.{key}: {}: {error}", file.display()))
    };
    let client_secret = if oidc.client_secret_file.as_os_str().is_empty() {
        Some(oidc.client_secret.clone()).filter(|secret| !secret.expose_secret().is_empty())
    } else {
        Some(read("client_secret_file", &oidc.client_secret_file)?.trim_end().to_owned().into())
    };
    let root = &oidc.root_certificate_file;
    let authorities = if root.as_os_str().is_empty() { None } else { Some(read("root_certificate_file", root)?) };
    let provider = identity::Provider::new(identity::ProviderSettings {
        issuer: oidc.issuer.clone(),
        client_id: oidc.client_id.clone(),
        client_secret,
        user_name_claim: oidc.user_claim.clone(),
        authorities,
    })?;
    Ok(Some(api::SignInProvider {
        provider,
        zh: oidc.name_zh.clone(),
        en: oidc.name_en.clone(),
        unknown_users: match oidc.unknown_users {
            UnknownUsers::Refuse => api::UnknownUsers::Refused,
            UnknownUsers::Viewer => api::UnknownUsers::Viewer,
        },
        desk_url: settings.desk.public_url.trim_end_matches('/').to_owned(),
    }))
}

/// Reads the key that seals page tokens, making the file when there is none.
fn page_token_key(file: &Path) -> Result<[u8; 32], Failure> {
    let wrong = || format!("setting api.page_token_key_file: {} must hold 32 bytes", file.display());
    if !file.exists() {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| format!("no random bytes: {error}"))?;
        let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
        match made {
            Ok(mut made) => made.write_all(&key)?,
            // Another process was quicker; its key is as good.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("{}: {error}", file.display()).into()),
        }
    }
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    bytes.try_into().map_err(|_| wrong().into())
}

/// The first signal asks for a drain, the second ends the process.
async fn cancel_on_signal(cancel: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be heard; stop this process by SIGKILL");
        return;
    };
    for drain in [true, false] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if drain {
            tracing::info!("draining");
            cancel.cancel();
        } else {
            std::process::exit(130);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::DataFolder;

    #[tokio::test]
    async fn a_second_worker_of_one_name_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let named = |name: &str| {
            let mut settings = Settings { data: DataFolder(folder.path().into()), ..Settings::default() };
            settings.worker.name = name.into();
            settings
        };
        let first = lock_worker(&named("a/b:c")).await.unwrap();
        let refused = lock_worker(&named("a/b:c")).await.unwrap_err().to_string();
        assert!(refused.contains("another worker named \"a/b:c\""), "{refused}");
        let _other = lock_worker(&named("a")).await.unwrap();
        drop(first);
        lock_worker(&named("a/b:c")).await.unwrap();
    }
}
