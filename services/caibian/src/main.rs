//! The binary: the only room that reads arguments, environment and settings; it wires ports to implementors.

mod backup;
mod check;
mod demo;
mod doctor;
mod history;
mod ledger;
mod letters;
mod lines;
mod logging;
mod look_ups;
mod mailbox_test;
mod ops;
mod orphans;
mod person;
mod probe;
mod raw;
mod registers;
mod retention;
mod serve;
mod settings;
mod source;
mod table;
mod traces;
mod users;
mod words;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use chrono::{DateTime, FixedOffset, NaiveDate};
use clap::{Parser, Subcommand};
use settings::Settings;

/// 采编: takes manuscripts from mailboxes, checks them against a campaign's rules, and serves them over gRPC and to editors.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Settings file; `caibian.toml` here when there is one.
    #[arg(long, global = true, value_name = "FILE")]
    settings: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// gRPC service, intake worker and editors' desk in one process.
    All,
    /// The gRPC service alone.
    Api,
    /// The intake worker alone.
    Worker,
    /// The editors' desk alone; it reaches the gRPC service at `desk.api`.
    Desk,
    /// Brings the tables up to date.
    Migrate {
        /// Only tell whether they are; exit code 1 when not.
        #[arg(long)]
        check: bool,
    },
    /// Shows it all on mails that the program composes itself; needs nothing.
    Demo(demo::Arguments),
    /// What the worker would record of mail files; touches no database.
    Check {
        /// Mail files (.eml).
        #[arg(required = true, value_name = "FILE.eml")]
        files: Vec<PathBuf>,
        /// One JSON object a line: the protobuf JSON mapping of `caibian.intake.v1.Submission`.
        #[arg(long)]
        json: bool,
        /// When the server received them, RFC 3339; else the topmost Received field, else the file's time.
        #[arg(long, value_name = "TIME")]
        received: Option<DateTime<FixedOffset>>,
    },
    /// What the boxes of video files say.
    Probe {
        /// Video files (MP4, MOV).
        #[arg(required = true, value_name = "VIDEO")]
        files: Vec<PathBuf>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Checks rows, history and blobs (hashed again); exit code 1 when something is wrong.
    Verify {
        /// Also compare the mail servers' sets with the rows.
        #[arg(long)]
        server: bool,
        /// Digests of the histories that were kept elsewhere; else those of `history.digests_file`.
        #[arg(long, value_name = "FILE")]
        digests: Option<PathBuf>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// The digest of all histories at the end of a day in Beijing, as a line to keep elsewhere for `verify --digests`.
    Digest {
        /// YYYY-MM-DD; yesterday when left out, and today means up to now.
        #[arg(long)]
        day: Option<NaiveDate>,
    },
    /// Compares the mail servers' sets with the rows; exit code 1 when a mail has no row or a folder cannot be asked.
    Reconcile,
    /// Mails that could not be opened.
    Quarantine {
        #[command(subcommand)]
        action: ledger::Quarantine,
    },
    /// The people who sign in.
    Users {
        #[command(subcommand)]
        action: users::Users,
    },
    /// What is held of a person: a report for the person, and its erasure.
    Person {
        #[command(subcommand)]
        action: person::Person,
    },
    /// Erases what was kept as long as the rules say, as the worker does once a day; without `--yes` only tells.
    Retention {
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
    /// Fills the procurement registers; a second import changes nothing.
    Import {
        #[command(subcommand)]
        what: registers::Import,
    },
    /// Fills the procurement registers with made-up records whose totals are the published ones, marked as made up.
    Generate(registers::Generate),
    /// Copies the tables and the raw mails of one moment into a folder, while everything runs.
    Backup {
        /// A new or empty folder.
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
    },
    /// Brings a backup back where no tables are, and checks it; exit code 1 when something is wrong.
    Restore {
        /// What `backup` made.
        #[arg(long, value_name = "FOLDER")]
        from: PathBuf,
    },
    /// Looks at everything that the settings name and tells what is wrong and what to do; exit code 1 when something is.
    Doctor,
    /// Asks the process at `ops.listen` whether it is ready; exit code 1 when it is not.
    Healthcheck,
    /// Every metric of `/metrics` with its labels and meaning, as a Markdown table.
    Metrics,
    /// The settings in force, secrets masked.
    Settings {
        /// Every setting with its default and meaning, as a Markdown table.
        #[arg(long)]
        table: bool,
    },
    /// Opens one mail under limits: the worker starts this as its child.
    #[command(hide = true)]
    Letter {
        /// Folder for decoded parts.
        workdir: PathBuf,
    },
}

/// What a command ends with when our side failed: one line with the whole chain.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if matches!(arguments.command, Command::Letter { .. }) {
        // Before any runtime: the child gives up the right to make threads, sockets and processes.
        return letter::child_main();
    }
    if let Err(failure) = keep_to_itself() {
        eprintln!("caibian: the memory of this process is open to its user's other programs: {failure}");
    }
    match run(arguments) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("caibian: {}", chain(&*failure));
            ExitCode::from(2)
        }
    }
}

/// What this program makes (manuscripts, personal data, keys) is its own user's alone. What it holds (passwords) no other
/// process may read, not even the child that opens hostile mail; that holds for a core dump too.
fn keep_to_itself() -> rustix::io::Result<()> {
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
}

fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let settings = || load(arguments.settings.as_deref());
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let _ = rustls::crypto::ring::default_provider().install_default();
    match arguments.command {
        Command::All => runtime()?.block_on(serve::serve(settings()?, serve::Roles::ALL)),
        Command::Api => {
            runtime()?.block_on(serve::serve(settings()?, serve::Roles { api: true, ..serve::Roles::NONE }))
        }
        Command::Worker => {
            runtime()?.block_on(serve::serve(settings()?, serve::Roles { worker: true, ..serve::Roles::NONE }))
        }
        Command::Desk => {
            runtime()?.block_on(serve::serve(settings()?, serve::Roles { desk: true, ..serve::Roles::NONE }))
        }
        Command::Migrate { check } => runtime()?.block_on(ledger::migrate(&settings()?, check)),
        Command::Demo(arguments) => runtime()?.block_on(demo::run(arguments)),
        Command::Check { files, json, received } => runtime()?.block_on(check::run(&files, json, received)),
        Command::Probe { files, json } => Ok(probe::run(&files, json)),
        Command::Verify { server, digests, json } => {
            runtime()?.block_on(ledger::verify(&settings()?, server, digests.as_deref(), json))
        }
        Command::Digest { day } => runtime()?.block_on(history::digest(&settings()?, day)),
        Command::Reconcile => runtime()?.block_on(ledger::reconcile(&settings()?)),
        Command::Quarantine { action } => runtime()?.block_on(ledger::quarantine(&settings()?, action)),
        Command::Users { action } => runtime()?.block_on(users::run(&settings()?, action)),
        Command::Person { action } => runtime()?.block_on(person::run(&settings()?, action)),
        Command::Retention { yes } => runtime()?.block_on(retention::run(&settings()?, yes)),
        Command::Import { what } => runtime()?.block_on(registers::import(&settings()?, &what)),
        Command::Generate(arguments) => runtime()?.block_on(registers::generate(&settings()?, &arguments)),
        Command::Backup { to } => runtime()?.block_on(backup::backup(&settings()?, &to)),
        Command::Restore { from } => runtime()?.block_on(backup::restore(&settings()?, &from)),
        Command::Doctor => runtime()?.block_on(doctor::run(&settings()?)),
        Command::Healthcheck => match runtime()?.block_on(ops::healthcheck(settings()?.ops.address())) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(failure) => {
                eprintln!("caibian: {}", chain(&*failure));
                Ok(ExitCode::FAILURE)
            }
        },
        Command::Metrics => {
            print!("{}", measure::markdown());
            Ok(ExitCode::SUCCESS)
        }
        Command::Settings { table } => {
            if table {
                print!("{}", settings::markdown());
            } else {
                print!("{}", toml::to_string(&settings()?)?);
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Letter { .. } => unreachable!("handled before anything else"),
    }
}

fn load(file: Option<&Path>) -> Result<Settings, Failure> {
    let settings = Settings::load(file)?;
    Ok(settings)
}

/// An error with its causes, in one line, none told twice.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        source = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_other_program_of_the_user_reads_the_memory() {
        super::keep_to_itself().unwrap();
        let behavior = rustix::process::dumpable_behavior().unwrap();
        assert_eq!(behavior, rustix::process::DumpableBehavior::NotDumpable);
    }
}
