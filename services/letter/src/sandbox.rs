//! The parent's side: starts a child per mail, bounds its answer and its time, and tells how it ended.

use std::{
    ffi::OsString,
    fs::File,
    io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use intake::{
    letter::Unreadable,
    ports::{Opened, Opener, PortError, PortResult},
};
use stdx::ErrorKind;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::timeout,
};

use crate::{
    Limits,
    child::{self, Answer},
    confinement,
};

/// How much of the child's last words is kept.
const LAST_WORDS_BYTES: usize = 2 << 10;

/// Opens letters in a child process: `program args_before… workdir`, which must end in [`crate::child_main`].
#[derive(Clone, Debug)]
pub struct ChildOpener {
    /// The program, most often our own.
    pub program: PathBuf,
    /// Arguments before the work folder, such as the name of the hidden subcommand.
    pub args_before: Vec<OsString>,
    /// Wall-clock time for any mail.
    pub patience: Duration,
    /// How much more a mail gets, in times of the CPU time that it may take: a disk may be slow.
    pub cpu_share: u32,
}

impl ChildOpener {
    /// Opens letters with this program.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, args_before: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let args_before = args_before.into_iter().map(Into::into).collect();
        Self { program: program.into(), args_before, patience: Duration::from_secs(30), cpu_share: 2 }
    }

    async fn run(&self, raw: &Path, workdir: &Path) -> PortResult<Opened> {
        let raw = raw.to_owned();
        let file =
            tokio::task::spawn_blocking(move || File::open(raw).and_then(|file| Ok((file.metadata()?.len(), file))))
                .await
                .map_err(|failure| port(ErrorKind::Internal, "open the raw mail", &failure))?;
        let (size_bytes, file) = file.map_err(|failure| port(kind_of(&failure), "open the raw mail", &failure))?;
        let mut child = Command::new(&self.program)
            .args(&self.args_before)
            .arg(workdir)
            .stdin(file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env_clear()
            .kill_on_drop(true)
            .spawn()
            .map_err(|failure| port(ErrorKind::Unavailable, "start the child", &failure))?;
        let patience = self.patience + self.cpu_share * Duration::from_secs(confinement::cpu_seconds(size_bytes));
        match timeout(patience, listen(&mut child)).await {
            Ok(Ok((status, answer, last_words))) => Ok(judge(status, &answer, &last_words)?),
            Ok(Err(failure)) => Err(port(ErrorKind::Unavailable, "talk to the child", &failure)),
            Err(_) => {
                child.kill().await.map_err(|failure| port(ErrorKind::Internal, "kill the child", &failure))?;
                Ok(died("timeout", format!("no answer within {patience:?}")))
            }
        }
    }
}

impl Opener for ChildOpener {
    async fn open(&self, raw: &Path, workdir: &Path) -> PortResult<Opened> {
        self.run(raw, workdir).await
    }
}

/// The child's whole answer and last words. An answer beyond its bound is cut, which makes it no answer at all.
async fn listen(child: &mut Child) -> io::Result<(ExitStatus, Vec<u8>, String)> {
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("the child has no pipes"));
    };
    let bound = Limits::default().letter_bytes_max as u64 + (64 << 10);
    // The pipe closes at the bound, so that a child that says too much cannot wait for us to listen.
    let answer = async move {
        let mut answer = Vec::new();
        stdout.take(bound).read_to_end(&mut answer).await.map(|_| answer)
    };
    let (answer, last_words) = tokio::join!(answer, last_words(stderr));
    Ok((child.wait().await?, answer?, last_words?))
}

async fn last_words(mut stderr: impl AsyncRead + Unpin) -> io::Result<String> {
    let (mut kept, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        let read = stderr.read(&mut buffer).await?;
        if read == 0 {
            return Ok(String::from_utf8_lossy(&kept).trim().to_owned());
        }
        kept.extend_from_slice(&buffer[..read]);
        kept.drain(..kept.len().saturating_sub(LAST_WORDS_BYTES));
    }
}

fn judge(status: ExitStatus, answer: &[u8], last_words: &str) -> PortResult<Opened> {
    if status.success() {
        return Ok(match serde_json::from_slice(answer) {
            Ok(Answer::Read(letter)) => Opened::Read(letter),
            Ok(Answer::Refused(unreadable)) => Opened::Refused(unreadable),
            Err(failure) => died("child_killed", format!("its answer of {} bytes is none: {failure}", answer.len())),
        });
    }
    match (status.code(), status.signal()) {
        (Some(code), _) if code == i32::from(child::EXIT_OUR_SIDE) => {
            Err(PortError { kind: ErrorKind::Unavailable, detail: format!("the child of letter: {last_words}") })
        }
        (_, Some(signal)) => {
            let name = rustix::process::Signal::from_named_raw(signal).map_or("", |it| match it {
                it if it == rustix::process::Signal::XCPU => " (out of CPU time)",
                it if it == rustix::process::Signal::XFSZ => " (a file too large)",
                it if it == rustix::process::Signal::ABORT => " (out of memory or stack, or a broken promise)",
                it if it == rustix::process::Signal::KILL => " (killed)",
                _ => "",
            });
            Ok(died("child_killed", format!("ended by signal {signal}{name}: {last_words}")))
        }
        (code, _) => Ok(died("child_killed", format!("exit code {}: {last_words}", code.unwrap_or(-1)))),
    }
}

fn died(code: &str, detail: String) -> Opened {
    Opened::Died(Unreadable { code: code.into(), detail })
}

fn kind_of(failure: &io::Error) -> ErrorKind {
    if failure.kind() == io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Unavailable }
}

fn port(kind: ErrorKind, what: &str, failure: &dyn std::error::Error) -> PortError {
    PortError { kind, detail: format!("{what}: {}", child::chain(failure)) }
}
