//! The child's side: binds itself to limits, reads the mail on its standard input, answers on its standard output.

use std::{
    env,
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
    path::Path,
    process::ExitCode,
};

use intake::letter::{Letter, Unreadable};
use serde::{Deserialize, Serialize};

use crate::{Error, Limits, confinement, open};

/// Exit code when our side failed (a full disk, a file that cannot be read): `EX_IOERR` of sysexits.
pub(crate) const EXIT_OUR_SIDE: u8 = 74;
/// Exit code for a wrong call: `EX_USAGE`.
const EXIT_USAGE: u8 = 64;

/// What the child says, as one JSON value.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It was read.
    Read(Box<Letter>),
    /// It breaks a bound.
    Refused(Unreadable),
}

/// Runs as the child: the raw mail is a regular file on standard input, the work folder is the last argument. Gives the
/// exit code for `main`; a broken bound of the mail is an answer and no failure.
#[must_use]
pub fn child_main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, told)) => {
            let _ = writeln!(io::stderr(), "{told}");
            ExitCode::from(code)
        }
    }
}

fn run() -> Result<(), (u8, String)> {
    let ours = |what: &str, failure: &dyn std::error::Error| (EXIT_OUR_SIDE, format!("{what}: {}", chain(failure)));
    let workdir = env::args_os().next_back().filter(|it| Path::new(it).is_dir());
    let workdir = workdir.ok_or((EXIT_USAGE, "the last argument must be a work folder".to_owned()))?;
    let raw = io::stdin().as_fd().try_clone_to_owned().map_err(|failure| ours("take standard input", &failure))?;
    let raw = File::from(raw);
    let metadata = raw.metadata().map_err(|failure| ours("look at standard input", &failure))?;
    if !metadata.is_file() {
        return Err((EXIT_USAGE, "standard input must be a regular file".to_owned()));
    }
    let limits = Limits::default();
    confinement::limit(metadata.len()).map_err(|failure| ours("set limits", &failure))?;
    if let Err(failure) = confinement::close_doors() {
        // An old kernel or another architecture: the limits still hold.
        eprintln!("the system call filter is not in force: {failure}");
    }
    let answer = match open(raw, metadata.len(), Path::new(&workdir), &limits) {
        Ok(letter) => Answer::Read(Box::new(letter)),
        Err(Error::Refused(unreadable)) => Answer::Refused(unreadable),
        Err(failure) => return Err((EXIT_OUR_SIDE, chain(&failure))),
    };
    let mut json = serde_json::to_vec(&answer).map_err(|failure| ours("write the answer", &failure))?;
    if json.len() > limits.letter_bytes_max {
        let detail = format!("{} bytes of facts (bound {})", json.len(), limits.letter_bytes_max);
        let refused = Answer::Refused(Unreadable { code: "letter_too_large".into(), detail });
        json = serde_json::to_vec(&refused).map_err(|failure| ours("write the answer", &failure))?;
    }
    io::stdout().write_all(&json).map_err(|failure| ours("write the answer", &failure))
}

/// An error with its causes, one line.
pub(crate) fn chain(failure: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(failure), |it| it.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
