//! Commands for the bad day that read or mend the tables: `migrate`, `verify`, `reconcile`, `quarantine`.

use std::{path::Path, process::ExitCode};

use chrono::Utc;
use clap::Subcommand;
use intake::ports::{Ledger, Source};
use secrecy::ExposeSecret;
use stdx::{Sha256, beijing};
use store::{
    Store,
    record::{MailboxRecord, MessageQuery, MessageRecord, VerifyFault},
};
use uuid::Uuid;

use crate::{
    Failure, history, orphans,
    raw::{self, AnyBlobs},
    settings::Settings,
    source,
};

/// Rows that one question to the tables may give.
const PAGE: u32 = 500;

/// What to do with mails in quarantine.
#[derive(Subcommand)]
pub enum Quarantine {
    /// Every one, newest first.
    List,
    /// One with its history.
    Show {
        /// The message's id.
        id: Uuid,
    },
    /// Try it again, from the stage that failed.
    Retry {
        /// The message's id.
        id: Uuid,
        /// Why, for the history.
        #[arg(long)]
        reason: String,
    },
    /// Leave it as it is, recorded as unreadable.
    Release {
        /// The message's id.
        id: Uuid,
        /// Why, for the history.
        #[arg(long)]
        reason: String,
    },
}

/// Opens the tables and refuses them unless they are at this program's version.
pub async fn open(settings: &Settings) -> Result<Store, Failure> {
    let store = open_existing(settings).await?;
    if !store.is_current().await? {
        return Err("the tables are not at this program's version: run `caibian migrate`".into());
    }
    Ok(store)
}

/// Opens a database that is there: to ask an empty one, made on the spot in a wrong folder, would say that all is well.
async fn open_existing(settings: &Settings) -> Result<Store, Failure> {
    let address = settings.store.address()?;
    let url = address.expose_secret();
    if let Some(path) = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path))
        && !Path::new(path).exists()
    {
        return Err(format!("there is no database {path}; `data` and `store.url` say where it is").into());
    }
    Ok(Store::open(url).await?)
}

/// `caibian migrate`
pub async fn migrate(settings: &Settings, check: bool) -> Result<ExitCode, Failure> {
    if check {
        let current = open_existing(settings).await?.is_current().await?;
        println!("the tables are {}", if current { "up to date" } else { "not up to date" });
        return Ok(if current { ExitCode::SUCCESS } else { ExitCode::from(1) });
    }
    Store::open(settings.store.address()?.expose_secret()).await?.migrate().await?;
    println!("the tables are up to date");
    Ok(ExitCode::SUCCESS)
}

/// `caibian verify`
pub async fn verify(
    settings: &Settings,
    server: bool,
    digests: Option<&Path>,
    json: bool,
) -> Result<ExitCode, Failure> {
    let store = open(settings).await?;
    let blobs = raw::open(&settings.blobs).await?;
    let mut faults = store.verify().await?;
    faults.extend(history::compare(&store, digests, &settings.history.digests_file).await?);
    faults.extend(verify_blobs(&blobs, &store).await?);
    if server {
        faults.extend(verify_servers(settings, &store).await?);
    }
    for fault in &faults {
        if json {
            println!("{}", serde_json::json!({ "place": fault.place, "detail": fault.detail }));
        } else {
            println!("{}: {}", fault.place, fault.detail);
        }
    }
    note_orphans(&blobs, &store, json).await?;
    if faults.is_empty() {
        if !json {
            println!("no faults");
        }
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(1))
}

/// Hashes every blob that a row names.
async fn verify_blobs(blobs: &AnyBlobs, store: &Store) -> Result<Vec<VerifyFault>, Failure> {
    let mut faults = Vec::new();
    let mut after: Option<Sha256> = None;
    loop {
        let page = store.blob_list(after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(faults) };
        after = Some(*last);
        for (sha256, row) in page {
            let detail = match blobs.verify(sha256).await? {
                blobs::Verification::Ok => continue,
                blobs::Verification::Missing => format!("blob {sha256} is missing"),
                blobs::Verification::Corrupt => format!("the bytes of blob {sha256} hash to something else"),
            };
            faults.push(VerifyFault { place: row, detail });
        }
    }
}

/// Tells of blobs that no row names. They are no fault: a process may die between a blob and its row. From a folder the
/// worker removes what it left; from a bucket a person may.
async fn note_orphans(blobs: &AnyBlobs, store: &Store, json: bool) -> Result<(), Failure> {
    for sha256 in orphans::find(blobs, store, orphans::AGE).await?.orphans {
        let note = "no row has named it for a day";
        if json {
            println!("{}", serde_json::json!({ "place": format!("blob {sha256}"), "note": note }));
        } else {
            println!("note: blob {sha256}: {note}");
        }
    }
    Ok(())
}

/// How one folder's server set and rows differ.
struct Difference {
    server: usize,
    missing: Vec<u64>,
    gone: usize,
}

/// One folder of the settings, compared; a line that says why when it cannot be.
struct Compared {
    place: String,
    difference: Result<Difference, String>,
}

/// Asks the mailboxes' servers for each folder's set, on logins of its own. What fails in one folder keeps nothing from
/// the others.
async fn compare(settings: &Settings, store: &Store) -> Result<Vec<Compared>, Failure> {
    let records = store.mailbox_list(Utc::now()).await?;
    let mut compared = Vec::new();
    for mailbox in &settings.mailbox {
        let Some(record) = records.iter().find(|record| record.enrolment.name == mailbox.name) else {
            let difference = Err("is in the settings and was never swept".into());
            compared.push(Compared { place: format!("mailbox {}", mailbox.name), difference });
            continue;
        };
        let mut source = source::source(mailbox)?;
        for folder in &mailbox.folders {
            let difference = difference(&mut source, folder, record, store).await.map_err(|error| error.to_string());
            compared.push(Compared { place: format!("mailbox {} folder {folder}", mailbox.name), difference });
        }
    }
    Ok(compared)
}

async fn difference(
    source: &mut source::AnySource,
    folder: &str,
    record: &MailboxRecord,
    store: &Store,
) -> Result<Difference, Failure> {
    let state = source.select(folder).await?;
    let server = source.uids().await?;
    let rows = store.uids_known(record.id, folder, state.uidvalidity).await?;
    Ok(Difference {
        missing: server.iter().copied().filter(|uid| rows.binary_search(uid).is_err()).collect(),
        gone: rows.iter().filter(|uid| server.binary_search(uid).is_err()).count(),
        server: server.len(),
    })
}

async fn verify_servers(settings: &Settings, store: &Store) -> Result<Vec<VerifyFault>, Failure> {
    let mut faults = Vec::new();
    for Compared { place, difference } in compare(settings, store).await? {
        match difference {
            Ok(difference) => faults.extend(difference.missing.into_iter().map(|uid| VerifyFault {
                place: place.clone(),
                detail: format!("the server has uid {uid} and there is no row for it"),
            })),
            Err(detail) => faults.push(VerifyFault { place, detail }),
        }
    }
    Ok(faults)
}

/// `caibian reconcile`
pub async fn reconcile(settings: &Settings) -> Result<ExitCode, Failure> {
    let store = open(settings).await?;
    let mut code = ExitCode::SUCCESS;
    for Compared { place, difference } in compare(settings, &store).await? {
        match difference {
            Ok(Difference { server, missing, gone }) => {
                println!("{place}: {server} on the server, missing {}, gone from the server {gone}", missing.len());
                if !missing.is_empty() {
                    code = ExitCode::from(1);
                }
            }
            Err(detail) => {
                println!("{place}: {detail}");
                code = ExitCode::from(1);
            }
        }
    }
    Ok(code)
}

/// `caibian quarantine`
pub async fn quarantine(settings: &Settings, action: Quarantine) -> Result<ExitCode, Failure> {
    let store = open(settings).await?;
    match action {
        Quarantine::List => {
            let mut query = MessageQuery {
                stages: vec![intake::message::Stage::Quarantined],
                limit: PAGE,
                ..MessageQuery::default()
            };
            loop {
                let page = store.message_list(&query).await?;
                let Some(last) = page.last() else { break };
                query.after = Some((last.message.received_at, last.message.id));
                page.iter().for_each(show);
            }
        }
        Quarantine::Show { id } => {
            show(&store.message_get(id).await?);
            for event in store.message_history(id).await? {
                let from = event.from.map_or("-", intake::message::Stage::as_str);
                println!("  {} {from} → {} {}: {}", beijing::format(event.at), event.to, event.actor, event.detail);
            }
        }
        Quarantine::Retry { id, reason } => show(&store.quarantine_retry(id, "command line", &reason).await?),
        Quarantine::Release { id, reason } => show(&store.quarantine_release(id, "command line", &reason).await?),
    }
    Ok(ExitCode::SUCCESS)
}

fn show(record: &MessageRecord) {
    let message = &record.message;
    println!(
        "{} {} {} uid {} {} bytes received {}: {}",
        message.id,
        message.stage,
        message.folder,
        message.uid,
        message.size_bytes,
        beijing::format(message.received_at),
        record.reason
    );
}
