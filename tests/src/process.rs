//! Starts servers as an unprivileged user and programs that cannot outlive the test.

use std::{
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

/// User and group that servers run as where the test itself is root: Dovecot and PostgreSQL refuse root.
pub const UNPRIVILEGED: (&str, &str) = ("nobody", "nogroup");

/// Whether this process is root.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A command that receives `signal` when the thread that started it ends, and that runs as an unprivileged user.
#[must_use]
pub fn unprivileged(signal: &str, program: impl AsRef<Path>) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid", UNPRIVILEGED.0, "--regid", UNPRIVILEGED.1, "--clear-groups"]);
    }
    command.args(["--pdeathsig", signal]).arg(program.as_ref());
    command
}

/// A command that is killed when the thread that started it ends.
#[must_use]
pub fn bound_to_the_test(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program.as_ref());
    command
}

/// Gives a folder to the unprivileged user; nothing to do where the test is not root.
///
/// # Panics
/// When there is no such user.
pub fn give_away(folder: &Path) {
    if !is_root() {
        return;
    }
    let id = |option: &str| -> u32 {
        let output = Command::new("id").args([option, UNPRIVILEGED.0]).output().expect("id runs");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    };
    let (user, group) = (id("-u"), id("-g"));
    std::os::unix::fs::chown(folder, Some(user), Some(group)).expect("root may give a folder away");
    assert_eq!(std::fs::metadata(folder).expect("the folder").uid(), user);
}

/// The names that the unprivileged user and group have here.
#[must_use]
pub fn unprivileged_names() -> (String, String) {
    let name = |option: &str| {
        let mut command = Command::new("id");
        command.arg(option);
        if is_root() {
            command.arg(UNPRIVILEGED.0);
        }
        String::from_utf8_lossy(&command.output().expect("id runs").stdout).trim().to_owned()
    };
    (name("-un"), name("-gn"))
}

/// A program that `.ci/run` installed beside what is built, from `tests/python/requirements.txt`.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn installed(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let target = test.ancestors().nth(3).expect("tests lie in target/PROFILE/deps");
    let program = target.join("python/bin").join(name);
    assert!(program.exists(), "{} is missing; `.ci/run spec` installs it", program.display());
    program
}

/// Sets how many files this process may hold open, and what it starts after it: `soft`, or as many as the system allows;
/// gives how many that is.
///
/// # Panics
/// When the system allows fewer.
pub fn allow_open_files(soft: Option<u64>) -> u64 {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = soft.or(maximum).unwrap_or(1 << 20);
    setrlimit(Resource::Nofile, Rlimit { current: Some(current), maximum }).expect("no more than is allowed");
    current
}

/// Lets this thread run only while nobody else wants its processor (SCHED_IDLE): being nicer is not enough, for Linux lets
/// whoever runs end its turn of some milliseconds.
///
/// # Panics
/// When the system refuses.
pub fn give_way() {
    let thread = rustix::thread::gettid().to_string();
    let given = Command::new("chrt").args(["--idle", "--pid", "0", &thread]).status().expect("chrt is in util-linux");
    assert!(given.success(), "chrt: {given}");
}

/// A port on loopback that was free a moment ago.
///
/// # Panics
/// When none is.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Sends a signal to a child that was not waited for yet.
pub fn signal(child: &Child, signal: Signal) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // A child that has just ended is no failure of the test.
        let _ = kill_process(pid, signal);
    }
}

/// Asks a child to end, waits for at most `bound`, then kills it; whether it ended by itself.
///
/// # Panics
/// When the child cannot be waited for.
pub fn end(child: &mut Child, with: Signal, bound: Duration) -> bool {
    signal(child, with);
    let begun = Instant::now();
    while begun.elapsed() < bound {
        if child.try_wait().expect("a child of ours").is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}
