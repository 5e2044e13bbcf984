//! `caibian person`: what is held of a person, for the person; and its erasure, with the proof of it.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use intake::ports::Blobs;
use privacy::{Erased, Finished, Keeps, Report, Waits};
use serde::{Deserialize, Serialize};
use stdx::{Sha256, beijing};
use store::{
    Store,
    erasure::{Asked, Begun, ErasedMail, Erasure, Fate, PersonMail, Subject},
};
use uuid::Uuid;

use crate::{
    Failure, ledger,
    raw::{self, AnyBlobs},
    settings::Settings,
};

/// Who acts, for the histories.
const ACTOR: &str = "caibian";
/// Erasures in memory at once, with all their mails.
const PAGE: u32 = 20;
/// Bytes of one line of a list of erasures: 5,000 mails of 500 bytes.
const LINE_BYTES_MAX: usize = 16 << 20;

/// What to do with a person's data.
#[derive(Subcommand)]
pub enum Person {
    /// Everything that is held of an address, as JSON; with a folder also the raw mails and files.
    Report {
        /// The mail address.
        address: String,
        /// A new or empty folder for `report.json`, the raw mails and the files, each named by its hash.
        #[arg(long, value_name = "FOLDER")]
        output: Option<PathBuf>,
    },
    /// Erases what is held of an address, or single mails; without `--yes` only tells what it would do.
    Erase(Erase),
    /// Goes on with erasures that have not ended; exit code 1 when something still waits.
    Resume,
    /// Every erasure, newest first.
    Erasures {
        /// One JSON object a line: what `replay` reads. Keep it apart from the backups.
        #[arg(long)]
        json: bool,
    },
    /// Erases again what a backup brought back, and keeps it from coming back with the next sweep.
    Replay {
        /// What `erasures --json` printed.
        file: PathBuf,
        /// Do it; else only tell what it would do.
        #[arg(long)]
        yes: bool,
    },
}

/// What is erased, and why.
#[derive(Args)]
pub struct Erase {
    /// The mail address.
    #[arg(required_unless_present = "message", conflicts_with = "message")]
    address: Option<String>,
    /// A single mail by its id, as often as there are mails.
    #[arg(long, value_name = "ID")]
    message: Vec<Uuid>,
    /// Why, for the record; no name of the person belongs into it.
    #[arg(long)]
    reason: String,
    /// Also manuscripts that were adopted, scheduled or published.
    #[arg(long)]
    including_adopted: bool,
    /// Do it.
    #[arg(long)]
    yes: bool,
    /// The proof as one JSON object.
    #[arg(long)]
    json: bool,
}

/// `caibian person`
pub async fn run(settings: &Settings, action: Person) -> Result<ExitCode, Failure> {
    let store = ledger::open(settings).await?;
    let blobs = raw::open(&settings.blobs).await?;
    match action {
        Person::Report { address, output } => report(&store, &blobs, &address, output.as_deref()).await,
        Person::Erase(erase) => self::erase(&store, &blobs, &erase).await,
        Person::Resume => resume(&store, &blobs).await,
        Person::Erasures { json } => erasures(&store, json).await,
        Person::Replay { file, yes } => replay(&store, &blobs, &file, yes).await,
    }
}

async fn report(store: &Store, blobs: &AnyBlobs, address: &str, output: Option<&Path>) -> Result<ExitCode, Failure> {
    if let Some(folder) = output {
        if folder.exists() && fs::read_dir(folder)?.next().is_some() {
            return Err(format!("{} is not empty: a report wants a folder of its own", folder.display()).into());
        }
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut report = Report::begin(store, address, ACTOR, "").await?;
    let mut text: Box<dyn Write> = match output {
        Some(folder) => Box::new(io::BufWriter::new(File::create(folder.join("report.json"))?)),
        None => Box::new(io::stdout().lock()),
    };
    let (mut mails, mut files) = (0_u64, 0_u64);
    while let Some(piece) = report.next().await? {
        text.write_all(piece.text.as_bytes())?;
        for mail in &piece.mails {
            mails += 1;
            if let Some(folder) = output {
                files += copy(blobs, mail, folder).await?;
            }
        }
    }
    text.flush()?;
    if let Some(folder) = output {
        println!("{}: {mails} mails, {files} files", folder.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Copies the raw mail and its files; gives how many were not there yet.
async fn copy(blobs: &AnyBlobs, mail: &PersonMail, folder: &Path) -> Result<u64, Failure> {
    let mut copied = 0;
    let parts = mail.letter.iter().flat_map(|letter| letter.files().map(|sha256| (sha256, sha256.hex())));
    for (sha256, name) in mail.raw_sha256.map(|sha256| (sha256, format!("{sha256}.eml"))).into_iter().chain(parts) {
        let to = folder.join(name);
        if !to.exists() {
            fs::copy(blobs.path(sha256).await?, &to).map_err(|error| format!("{}: {error}", to.display()))?;
            copied += 1;
        }
    }
    Ok(copied)
}

async fn erase(store: &Store, blobs: &AnyBlobs, erase: &Erase) -> Result<ExitCode, Failure> {
    let subject = match &erase.address {
        Some(address) => Subject::Person(address.clone()),
        None => Subject::Messages(erase.message.clone()),
    };
    let asked = Asked {
        subject,
        by: ACTOR.into(),
        peer: String::new(),
        reason: erase.reason.clone(),
        includes_adopted: erase.including_adopted,
        is_rehearsal: !erase.yes,
        once: None,
    };
    let Erased { begun, waits } = match privacy::erase(blobs.place(), store, &asked).await? {
        Ok(erased) => erased,
        Err(refusal) => {
            eprintln!("{}\n{}", refusal.zh(), refusal.en());
            return Ok(ExitCode::FAILURE);
        }
    };
    tell(&begun, waits, erase.json)?;
    if !erase.yes && !erase.json && !begun.erasure.counts.is_empty() {
        println!("Nothing was done. With --yes it is.");
    }
    Ok(if waits.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The proof.
fn tell(begun: &Begun, waits: Option<Waits>, json: bool) -> Result<(), Failure> {
    if json {
        let mut proof = serde_json::to_value(begun)?;
        if let (Some(proof), Some(waits)) = (proof.as_object_mut(), waits) {
            proof.insert("waits".into(), waits.en().into());
        }
        println!("{proof}");
        return Ok(());
    }
    let Begun { erasure, salt, adopted, mentions, unread, .. } = begun;
    println!("{}", line(erasure));
    for mail in &erasure.mails {
        let ErasedMail { message_id, mailbox, folder, uidvalidity, uid, .. } = mail;
        println!(
            "  message {message_id}: may still lie on the server, {mailbox} / {folder}, epoch {uidvalidity}, uid {uid}"
        );
    }
    for one in adopted {
        println!("  number {} of campaigns/{} is {}", one.number, one.campaign_id, one.state);
    }
    if !mentions.is_empty() {
        println!("  mails of others that hold the address stay; look at them:");
        mentions.iter().for_each(|id| println!("    message {id}"));
    }
    if *unread > 0 {
        println!("  {unread} mails could not be read yet: whose they are is not known (`caibian quarantine list`)");
    }
    if let (Some(salt), Some(sha256), Some(_)) = (salt, &erasure.subject_sha256, erasure.ended_at) {
        println!("  SHA-256 of “{salt} ADDRESS” is {sha256}; the salt is kept nowhere else");
    }
    if let Some(waits) = waits {
        println!("  some blobs wait: {}", waits.en());
    }
    Ok(())
}

fn line(erasure: &Erasure) -> String {
    let counts = &erasure.counts;
    let fate = |fate: Fate| erasure.blobs.iter().filter(|blob| blob.fate == fate).count();
    format!(
        "erasure {}  {}  {}: {} mails, {} submissions, {} letters to authors ({} called off), {} lines of history; blobs: \
         {} removed, {} shared with others, {} waiting  {}",
        erasure.id,
        beijing::format(erasure.asked_at),
        erasure.kind.as_str(),
        counts.messages,
        counts.submissions,
        counts.replies,
        counts.called_off,
        counts.lines,
        fate(Fate::Removed),
        fate(Fate::Shared),
        fate(Fate::Waiting),
        if erasure.ended_at.is_some() { "ended" } else { "" }
    )
    .trim_end()
    .to_owned()
}

async fn resume(store: &Store, blobs: &AnyBlobs) -> Result<ExitCode, Failure> {
    let waiting = privacy::resume(blobs.place(), store).await?;
    for Finished { erasure, waits } in &waiting {
        println!("{}\n  some blobs wait: {}", line(erasure), waits.map_or("", Waits::en));
    }
    if waiting.is_empty() {
        println!("every erasure has ended");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

/// A line of the list that `replay` reads: hashes and times, no address.
#[derive(Serialize, Deserialize)]
struct Listed {
    id: Uuid,
    asked_at: DateTime<Utc>,
    raw_sha256: Vec<Sha256>,
}

async fn erasures(store: &Store, json: bool) -> Result<ExitCode, Failure> {
    let mut before = None;
    loop {
        let page = store.erasure_list(before, PAGE).await?;
        let Some(last) = page.last() else { return Ok(ExitCode::SUCCESS) };
        before = Some(last.id);
        for erasure in &page {
            if json {
                let hashes = erasure.mails.iter().filter_map(|mail| mail.raw_sha256.as_deref()?.parse().ok());
                let listed = Listed { id: erasure.id, asked_at: erasure.asked_at, raw_sha256: hashes.collect() };
                println!("{}", serde_json::to_string(&listed)?);
            } else {
                println!("{}", line(erasure));
            }
        }
    }
}

async fn replay(store: &Store, blobs: &AnyBlobs, file: &Path, yes: bool) -> Result<ExitCode, Failure> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let lines = BufReader::new(File::open(file).map_err(|error| named(&error))?).lines();
    let mut code = ExitCode::SUCCESS;
    for text in lines {
        let text = text.map_err(|error| named(&error))?;
        if text.len() > LINE_BYTES_MAX {
            return Err(named(&"a line is longer than any of `erasures --json`").into());
        }
        let listed: Listed = serde_json::from_str(&text).map_err(|error| named(&error))?;
        let asked = Asked {
            subject: Subject::Hashes(listed.raw_sha256),
            by: ACTOR.into(),
            peer: String::new(),
            reason: format!("erasure {} of {} again", listed.id, listed.asked_at.to_rfc3339()),
            includes_adopted: true,
            is_rehearsal: !yes,
            once: None,
        };
        match store.erasure_begin(&asked).await? {
            Err(refusal) => {
                eprintln!("{}\n{}", refusal.zh(), refusal.en());
                code = ExitCode::FAILURE;
            }
            Ok(begun) if yes => {
                let finished = privacy::finish(blobs.place(), store, &begun.erasure).await?;
                tell(&Begun { erasure: finished.erasure, ..begun }, finished.waits, false)?;
            }
            Ok(begun) => tell(&begun, None, false)?,
        }
    }
    if !yes {
        println!("Nothing was done. With --yes it is.");
    }
    Ok(code)
}
