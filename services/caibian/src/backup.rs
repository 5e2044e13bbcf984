//! `caibian backup` and `restore`: the tables of one moment and every blob that they name, while everything runs.
//!
//! The tables are copied first, in one transaction (those of PostgreSQL by `pg_dump`); blobs are never changed, so that
//! whatever the copy names can be copied after it. `backup.json` is written last: a folder without it is no backup.

mod postgres;

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
    process::ExitCode,
};

use chrono::{DateTime, Utc};
use intake::ports::{Blobs, Draft};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use stdx::Sha256;

use crate::{Failure, ledger, raw, serve, settings::Settings};

/// Rows that one question to the tables may give.
const PAGE: u32 = 500;
/// Bytes of a blob in hand.
const WINDOW_BYTES: usize = 1 << 20;
const TABLES_SQLITE: &str = "caibian.db";
const TABLES_POSTGRES: &str = "caibian.dump";
const BLOBS: &str = "blobs";
const MANIFEST: &str = "backup.json";
/// In the data folder: when the last backup ended well.
const LAST: &str = "last-backup";

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    /// Of this layout; 1.
    format: u32,
    /// The program that made it.
    version: String,
    begun_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    /// The file of the tables.
    #[serde(default = "tables_sqlite")]
    tables: String,
    /// Of the tables' file.
    sha256: Sha256,
    blobs: u64,
    blob_bytes: u64,
}

fn tables_sqlite() -> String {
    TABLES_SQLITE.to_owned()
}

/// When the last backup of a data folder ended well.
pub fn last(data: &Path) -> Option<DateTime<Utc>> {
    fs::read_to_string(data.join(LAST)).ok()?.trim().parse().ok()
}

/// `caibian backup`
pub async fn backup(settings: &Settings, to: &Path) -> Result<ExitCode, Failure> {
    let begun_at = Utc::now();
    let store = ledger::open(settings).await?;
    let source = raw::open(&settings.blobs).await?;
    if !is_empty(to)? {
        return Err(format!("{} is not empty: a backup wants a folder of its own", to.display()).into());
    }
    fs::create_dir_all(to).map_err(|error| format!("{}: {error}", to.display()))?;
    let address = settings.store.address()?;
    let tables = if is_sqlite(&address) { TABLES_SQLITE } else { TABLES_POSTGRES };
    let file = to.join(tables);
    if is_sqlite(&address) {
        store.copy_into(&file).await?;
    } else {
        postgres::dump(&address, &file).await?;
    }
    File::open(&file)?.sync_all()?;
    let target = blobs::Folder::open(to.join(BLOBS)).await?;
    let (mut blobs, mut blob_bytes, mut after) = (0, 0, None);
    loop {
        let page = store.blob_list(after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (sha256, named_by) in page {
            let copied = copy(&source, &target, sha256).await;
            blob_bytes += copied.map_err(|error| format!("{named_by}: {error}"))?;
            blobs += 1;
        }
    }
    let sha256 = Sha256::of_reader(&mut File::open(&file)?)?.0;
    let (version, tables) = (env!("CARGO_PKG_VERSION").to_owned(), tables.to_owned());
    let manifest = Manifest { format: 1, version, begun_at, ended_at: Utc::now(), tables, sha256, blobs, blob_bytes };
    write(to, MANIFEST, &(serde_json::to_string_pretty(&manifest)? + "\n"))?;
    write(&settings.data.0, LAST, &(manifest.ended_at.to_rfc3339() + "\n"))?;
    println!(
        "the tables as of {} and {blobs} files ({blob_bytes} bytes) are in {}; settings, passwords and page-token.key are not",
        stdx::beijing::format(begun_at),
        to.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// `caibian restore`
pub async fn restore(settings: &Settings, from: &Path) -> Result<ExitCode, Failure> {
    let manifest = fs::read_to_string(from.join(MANIFEST))
        .map_err(|error| format!("{} is no whole backup: {MANIFEST}: {error}", from.display()))?;
    let manifest: Manifest = serde_json::from_str(&manifest).map_err(|error| format!("{MANIFEST}: {error}"))?;
    if manifest.format != 1 {
        return Err(format!("{MANIFEST}: format {} is not known to this program", manifest.format).into());
    }
    let address = settings.store.address()?;
    let wanted = if is_sqlite(&address) { TABLES_SQLITE } else { TABLES_POSTGRES };
    if manifest.tables != wanted {
        let (held, wanted) =
            (manifest.tables, settings.store.url.expose_secret().split(':').next().unwrap_or_default());
        return Err(format!("{MANIFEST}: the tables are {held}, which cannot be brought into {wanted}").into());
    }
    let file = from.join(wanted);
    if is_sqlite(&address) {
        let path = sqlite_path(&address);
        if path.exists() {
            return Err(format!("{} is there already: nothing is overwritten", path.display()).into());
        }
    } else {
        postgres::refuse_unless_empty(&address).await?;
    }
    let source = blobs::Folder::open(from.join(BLOBS)).await?;
    let target = raw::open(&settings.blobs).await?;
    let (mut blobs, mut blob_bytes) = (0, 0);
    for first_byte in 0..=u8::MAX {
        for sha256 in source.unchanged(first_byte, std::time::Duration::ZERO).await? {
            blob_bytes += copy(&source, &target, sha256).await?;
            blobs += 1;
        }
    }
    if (blobs, blob_bytes) != (manifest.blobs, manifest.blob_bytes) {
        let named = manifest.blobs;
        return Err(format!("{}: {blobs} files are there, and {named} were copied", from.join(BLOBS).display()).into());
    }
    // The tables last, and whole at once: a restore that broke off has none, and can be begun anew.
    if is_sqlite(&address) {
        place(&file, manifest.sha256, sqlite_path(&address))?;
    } else {
        check(&file, manifest.sha256)?;
        postgres::restore(&address, &file).await?;
    }
    serve::open_store(settings).await?;
    println!("the tables as of {} and {blobs} files are back; checking them", stdx::beijing::format(manifest.begun_at));
    ledger::verify(settings, false, None, false).await
}

fn is_sqlite(address: &SecretString) -> bool {
    address.expose_secret().starts_with("sqlite:")
}

fn sqlite_path(address: &SecretString) -> &Path {
    let path = address.expose_secret().strip_prefix("sqlite:").unwrap_or_default();
    Path::new(path.strip_prefix("//").unwrap_or(path))
}

/// Whether a file of tables holds the bytes that were copied.
fn check(file: &Path, sha256: Sha256) -> Result<(), Failure> {
    if Sha256::of_reader(&mut File::open(file)?)?.0 != sha256 {
        return Err(format!("{}: not the bytes that were copied", file.display()).into());
    }
    Ok(())
}

/// Puts a copy of SQLite's file where no file is.
fn place(file: &Path, sha256: Sha256, path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    std::io::copy(&mut File::open(file)?, &mut draft)?;
    draft.as_file().sync_all()?;
    check(draft.path(), sha256).map_err(|_| format!("{}: not the bytes that were copied", file.display()))?;
    draft.persist_noclobber(path)?;
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// Copies one blob; gives its bytes. What is kept is what its name says, or nothing.
async fn copy(source: &impl Blobs, target: &impl Blobs, sha256: Sha256) -> Result<u64, Failure> {
    let mut file = File::open(source.path(sha256).await?)?;
    let mut draft = target.draft().await?;
    let mut window = vec![0; WINDOW_BYTES];
    loop {
        let read = file.read(&mut window)?;
        if read == 0 {
            break;
        }
        draft.append(&window[..read]).await?;
    }
    let (copied, size_bytes) = draft.commit().await?;
    if copied != sha256 {
        return Err(format!("the file {sha256} holds other bytes: run `caibian verify`").into());
    }
    Ok(size_bytes)
}

fn is_empty(folder: &Path) -> Result<bool, Failure> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(format!("{}: {error}", folder.display()).into()),
    }
}

/// A small file, durable and whole at once.
fn write(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let draft = tempfile::NamedTempFile::new_in(folder)?;
    fs::write(draft.path(), text)?;
    draft.as_file().sync_all()?;
    draft.persist(folder.join(name))?;
    File::open(folder)?.sync_all()?;
    Ok(())
}
