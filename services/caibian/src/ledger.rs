//! Commands for the bad day that read or mend the tables: `migrate`, `verify`, `reconcile`, `quarantine`.

use std::process::ExitCode;

use chrono::Utc;
use clap::Subcommand;
use intake::ports::{Ledger, Source};
use stdx::{Sha256, beijing};
use store::{
    Store,
    record::{MailboxRecord, MessageQuery, MessageRecord, VerifyFault},
};
use uuid::Uuid;

use crate::{Failure, orphans, settings::Settings, source};

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
async fn open(settings: &Settings) -> Result<Store, Failure> {
    let store = Store::open(&settings.store.url).await?;
    if !store.is_current().await? {
        return Err("the tables are not at this program's version: run `caibian migrate`".into());
    }
    Ok(store)
}

/// `caibian migrate`
pub async fn migrate(settings: &Settings, check: bool) -> Result<ExitCode, Failure> {
    let store = Store::open(&settings.store.url).await?;
    if check {
        let current = store.is_current().await?;
        println!("the tables are {}", if current { "up to date" } else { "not up to date" });
        return Ok(if current { ExitCode::SUCCESS } else { ExitCode::from(1) });
    }
    store.migrate().await?;
    println!("the tables are up to date");
    Ok(ExitCode::SUCCESS)
}

/// `caibian verify`
pub async fn verify(settings: &Settings, server: bool, json: bool) -> Result<ExitCode, Failure> {
    let store = open(settings).await?;
    let blobs = blobs::Folder::open(&settings.blobs.folder).await?;
    let mut faults = store.verify().await?;
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
        println!("no faults");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(1))
}

/// Hashes every blob that a row names.
async fn verify_blobs(blobs: &blobs::Folder, store: &Store) -> Result<Vec<VerifyFault>, Failure> {
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

/// Tells of blobs that no row names. They are no fault: a process may die between a blob and its row, and the worker
/// removes what it left.
async fn note_orphans(blobs: &blobs::Folder, store: &Store, json: bool) -> Result<(), Failure> {
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
    folder: String,
    server: usize,
    missing: Vec<u64>,
    gone: usize,
}

/// Asks a mailbox's server for each folder's set, on a login of its own.
async fn differences(
    settings: &crate::settings::MailboxSettings,
    record: &MailboxRecord,
    store: &Store,
) -> Result<Vec<Difference>, Failure> {
    let mut source = source::source(settings)?;
    let mut differences = Vec::new();
    for folder in &settings.folders {
        let state = source.select(folder).await?;
        let server = source.uids().await?;
        let rows = store.uids_known(record.id, folder, state.uidvalidity).await?;
        differences.push(Difference {
            folder: folder.clone(),
            missing: server.iter().copied().filter(|uid| rows.binary_search(uid).is_err()).collect(),
            gone: rows.iter().filter(|uid| server.binary_search(uid).is_err()).count(),
            server: server.len(),
        });
    }
    Ok(differences)
}

async fn verify_servers(settings: &Settings, store: &Store) -> Result<Vec<VerifyFault>, Failure> {
    let records = store.mailbox_list(Utc::now()).await?;
    let mut faults = Vec::new();
    for mailbox in &settings.mailbox {
        let Some(record) = records.iter().find(|record| record.enrolment.name == mailbox.name) else {
            faults.push(VerifyFault {
                place: format!("mailbox {}", mailbox.name),
                detail: "is in the settings and was never swept".into(),
            });
            continue;
        };
        for difference in differences(mailbox, record, store).await? {
            for uid in difference.missing {
                faults.push(VerifyFault {
                    place: format!("mailbox {} folder {}", mailbox.name, difference.folder),
                    detail: format!("the server has uid {uid} and there is no row for it"),
                });
            }
        }
    }
    Ok(faults)
}

/// `caibian reconcile`
pub async fn reconcile(settings: &Settings) -> Result<ExitCode, Failure> {
    let store = open(settings).await?;
    let records = store.mailbox_list(Utc::now()).await?;
    let mut missing = 0;
    for mailbox in &settings.mailbox {
        let Some(record) = records.iter().find(|record| record.enrolment.name == mailbox.name) else {
            println!("{}: never swept", mailbox.name);
            continue;
        };
        for difference in differences(mailbox, record, &store).await? {
            missing += difference.missing.len();
            println!(
                "{} {}: {} on the server, missing {}, gone from the server {}",
                mailbox.name,
                difference.folder,
                difference.server,
                difference.missing.len(),
                difference.gone
            );
        }
    }
    Ok(if missing == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
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
