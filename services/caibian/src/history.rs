//! The chain over the histories: links what is new while the program runs, and writes one digest a day into a file, so that
//! who changes a history in the database, chain and all, is found by what left it.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
    time::Duration,
};

use chrono::{NaiveDate, TimeDelta, Utc};
use stdx::{Sha256, beijing};
use store::{
    Store,
    chain::{Digest, Kind},
    record::VerifyFault,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{Failure, ledger, settings::Settings};

/// Between two looks for lines that have no link.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// From a failure to the next try.
const RETRY_AFTER: Duration = Duration::from_secs(60);
/// For how long after the last line one more may come that took its id earlier.
const SETTLED_AFTER: Duration = Duration::from_secs(60);
/// What is linked after the signal to end may take this long.
const END_WITHIN: Duration = Duration::from_secs(2);
/// After the end of a day another process with a slower clock may still link something into it.
const DAY_ENDS_AFTER: TimeDelta = TimeDelta::minutes(10);

/// Links what is new and keeps the file of digests; ends at `cancel` alone, as every part of the program does.
pub async fn keep(store: Store, digests_file: PathBuf, cancel: CancellationToken) {
    let mut seen = None;
    let mut settled_at = Instant::now();
    while !cancel.is_cancelled() {
        let looked = look(&store, &digests_file, &mut seen, &mut settled_at).await;
        let pause = match looked {
            Ok(()) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(error = crate::chain(&*error), "the histories were not linked; another try follows");
                RETRY_AFTER
            }
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    let rest = async { while store.history_seal().await.is_ok_and(|count| count > 0) {} };
    let _ = tokio::time::timeout(END_WITHIN, rest).await;
}

async fn look(
    store: &Store,
    digests_file: &Path,
    seen: &mut Option<[i64; Kind::ALL.len()]>,
    settled_at: &mut Instant,
) -> Result<(), Failure> {
    let tops = Some(store.history_tops().await?);
    if *seen != tops {
        *settled_at = Instant::now() + SETTLED_AFTER;
    }
    if Instant::now() < *settled_at {
        while store.history_seal().await? > 0 {}
        *seen = tops;
    }
    let day = beijing::day_of(Utc::now() - DAY_ENDS_AFTER) - TimeDelta::days(1);
    write_down(store, digests_file, day).await
}

/// Adds the digest of a day to the file unless the file is that far.
async fn write_down(store: &Store, file: &Path, day: NaiveDate) -> Result<(), Failure> {
    let last = read(file)?.pop();
    if last.as_ref().is_some_and(|last| last.day >= day) {
        return Ok(());
    }
    let Some(digest) = store.history_digest(day).await? else { return Ok(()) };
    if let Some(last) = last
        && let Some(detail) = differs(store, &last).await?
    {
        tracing::error!(day = %last.day, "{detail}: somebody changed it; ask `caibian verify`");
    }
    let line = DayDigest { day, number: digest.number, sha256: digest.sha256 };
    let told = |error: io::Error| format!("{}: {error}", file.display());
    let mut open = fs::OpenOptions::new().create(true).append(true).open(file).map_err(told)?;
    // One write: another process of this data folder may add the same line.
    open.write_all(format!("{line}\n").as_bytes()).and_then(|()| open.sync_all()).map_err(told)?;
    tracing::info!(%day, number = digest.number, sha256 = %digest.sha256, "the histories' digest");
    Ok(())
}

/// `caibian digest`
pub async fn digest(settings: &Settings, day: Option<NaiveDate>) -> Result<ExitCode, Failure> {
    let store = ledger::open(settings).await?;
    let day = day.unwrap_or_else(|| beijing::day_of(Utc::now()) - TimeDelta::days(1));
    let Some(Digest { number, sha256, .. }) = store.history_digest(day).await? else {
        eprintln!("caibian: nothing was linked by the end of {day}");
        return Ok(ExitCode::FAILURE);
    };
    println!("{}", DayDigest { day, number, sha256 });
    Ok(ExitCode::SUCCESS)
}

/// How the chain differs from digests: those of the file that is named, which must be there, or those that we keep, if any.
///
/// # Errors
/// When the file cannot be read or a line of it is none.
pub async fn compare(store: &Store, named: Option<&Path>, kept: &Path) -> Result<Vec<VerifyFault>, Failure> {
    let digests = match named {
        Some(named) if !named.exists() => return Err(format!("{}: no such file", named.display()).into()),
        named => read(named.unwrap_or(kept))?,
    };
    let mut faults = Vec::new();
    for digest in digests {
        if let Some(detail) = differs(store, &digest).await? {
            faults.push(VerifyFault { place: format!("history until {}", digest.day), detail });
        }
    }
    Ok(faults)
}

async fn differs(store: &Store, kept: &DayDigest) -> Result<Option<String>, Failure> {
    Ok(match store.history_digest_at(kept.number).await? {
        Some(digest) if digest.sha256 == kept.sha256 => None,
        Some(_) => Some(format!("its {} lines are not those of the digest that was kept", kept.number)),
        None => Some(format!("the digest that was kept is of {} lines, and so many are not there", kept.number)),
    })
}

/// A line of the file: `2026-11-28 1234 SHA-256`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DayDigest {
    day: NaiveDate,
    number: i64,
    sha256: Sha256,
}

impl std::fmt::Display for DayDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.day, self.number, self.sha256)
    }
}

impl FromStr for DayDigest {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let mut words = line.split_whitespace();
        let mut word = || words.next().ok_or(());
        let digest = Self {
            day: word()?.parse().map_err(|_| ())?,
            number: word()?.parse().map_err(|_| ())?,
            sha256: word()?.parse().map_err(|_| ())?,
        };
        if words.next().is_some() { Err(()) } else { Ok(digest) }
    }
}

/// The file's lines, none while there is no file.
fn read(file: &Path) -> Result<Vec<DayDigest>, Failure> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(|error| format!("{}: {error}", file.display()))?,
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            line.parse().map_err(|()| format!("{}: line {} is no `DAY NUMBER SHA-256`", file.display(), at + 1).into())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn store(folder: &Path) -> Store {
        let store = Store::open(&format!("sqlite:{}", folder.join("caibian.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    async fn event(store: &Store, subject: &str) {
        let event = store::account::AccessEvent {
            at: Utc::now(),
            actor: "zhang".into(),
            action: store::account::AccessAction::UserCreated,
            subject: subject.into(),
            peer: String::new(),
            detail: String::new(),
        };
        store.access_append(&event).await.unwrap();
        store.history_seal().await.unwrap();
    }

    #[tokio::test]
    async fn each_day_gets_one_line_and_a_chain_made_anew_is_told_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let (one, file) = (store(folder.path()).await, folder.path().join("history.digests"));
        let tomorrow = beijing::day_of(Utc::now()) + TimeDelta::days(1);
        write_down(&one, &file, tomorrow).await.unwrap();
        assert!(!file.exists(), "nothing was linked");
        event(&one, "li").await;
        for day in [tomorrow, tomorrow, tomorrow - TimeDelta::days(1)] {
            write_down(&one, &file, day).await.unwrap();
        }
        event(&one, "wang").await;
        write_down(&one, &file, tomorrow + TimeDelta::days(1)).await.unwrap();
        let lines = read(&file).unwrap();
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2]);
        assert!(compare(&one, None, &file).await.unwrap().is_empty());
        // The same lines in another database have other salts: that is a chain made anew.
        let elsewhere = tempfile::tempdir().unwrap();
        let anew = store(elsewhere.path()).await;
        event(&anew, "li").await;
        let faults = compare(&anew, Some(&file), Path::new("nowhere")).await.unwrap();
        let details: Vec<_> = faults.iter().map(|fault| fault.detail.as_str()).collect();
        assert_eq!(
            details,
            [
                "its 1 lines are not those of the digest that was kept",
                "the digest that was kept is of 2 lines, and so many are not there"
            ]
        );
        assert_eq!(faults[0].place, format!("history until {tomorrow}"));
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_or_holds_something_else_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (store, file) = (store(folder.path()).await, folder.path().join("kept"));
        assert!(compare(&store, Some(&file), &file).await.unwrap_err().to_string().ends_with("no such file"));
        assert!(compare(&store, None, &file).await.unwrap().is_empty());
        for wrong in ["2026-11-28 1", "2026-13-28 1 00", "x"] {
            fs::write(&file, format!("\n{wrong}\n")).unwrap();
            let error = compare(&store, None, &file).await.unwrap_err().to_string();
            assert!(error.ends_with("line 2 is no `DAY NUMBER SHA-256`"), "{error}");
        }
    }
}
