//! A Docker engine: the one that is there, or one of the test's own in namespaces of its own, so that its bridges, rules and
//! processes touch nothing of the machine, its ports lie on a loopback of its own, and all of it ends with the test.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    process::{Pid, Signal, kill_process},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};
use tempfile::TempDir;

use crate::process;

/// The folder of the source.
#[must_use]
pub fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a room of it").to_owned()
}

/// Where the engine keeps its images from one test to the next, and where logs are left: `target/try`.
#[must_use]
pub fn kept() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    test.ancestors().nth(3).expect("tests lie in target/PROFILE/deps").join("try")
}

/// The engine; ends when dropped, if it is the test's own.
#[derive(Debug)]
pub struct Engine {
    own: Option<(Child, Pid)>,
    home: TempDir,
}

impl Engine {
    /// Finds or starts it. What this thread and what it starts then see as 127.0.0.1 is the engine's.
    ///
    /// # Panics
    /// When there is none and none can be started: that needs root and docker.io.
    #[must_use]
    pub fn start() -> Self {
        let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
        let there = Command::new("docker").arg("info").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if there.expect("docker.io is installed").success() {
            return Self { own: None, home };
        }
        assert!(process::is_root(), "there is no Docker engine, and only root can start one");
        let data = kept().join("engine");
        fs::create_dir_all(&data).expect("our own folder");
        let log = File::create(kept().join("engine.log")).expect("our own folder");
        let folder = home.path().display();
        let dockerd = format!(
            "ip link set lo up && exec dockerd --host unix://{folder}/s --data-root {} --exec-root {folder}/x --pidfile {folder}/p",
            data.display()
        );
        let mut child = process::bound_to_the_test("unshare")
            .args([
                "--net",
                "--pid",
                "--mount",
                "--fork",
                "--mount-proc",
                "--kill-child=KILL",
                "--",
                "sh",
                "-c",
                &dockerd,
            ])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("setpriv and unshare (util-linux) are installed");
        let begun = Instant::now();
        let told = || fs::read_to_string(kept().join("engine.log")).unwrap_or_default();
        let engine = loop {
            let children = format!("/proc/{0}/task/{0}/children", child.id());
            let first = fs::read_to_string(children).ok().and_then(|pids| pids.split(' ').next()?.parse().ok());
            if let Some(pid) = first.and_then(Pid::from_raw)
                && home.path().join("s").exists()
            {
                break Self { own: Some((child, pid)), home };
            }
            assert!(child.try_wait().expect("a child of ours").is_none(), "dockerd ended at once:\n{}", told());
            assert!(begun.elapsed() < Duration::from_secs(60), "no engine after a minute:\n{}", told());
            std::thread::sleep(Duration::from_millis(50));
        };
        while !engine.command("docker").arg("info").output().is_ok_and(|output| output.status.success()) {
            assert!(begun.elapsed() < Duration::from_secs(60), "no engine after a minute:\n{}", told());
            std::thread::sleep(Duration::from_millis(50));
        }
        // What an earlier test that was killed left behind.
        for leftover in engine.docker(&["ps", "--all", "--quiet"]).split_whitespace() {
            engine.docker(&["rm", "--force", "--volumes", leftover]);
        }
        engine.docker(&["volume", "prune", "--force"]);
        engine.docker(&["network", "prune", "--force"]);
        engine
    }

    /// Moves this thread, and what it starts from now on, to where the ports of containers are published.
    ///
    /// # Panics
    /// When the engine has just ended.
    pub fn enter(&self) {
        let Some((_, pid)) = &self.own else { return };
        let network = File::open(format!("/proc/{}/ns/net", pid.as_raw_nonzero())).expect("the engine runs");
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).expect("root may do that");
    }

    /// The file system as the engine's processes see it.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.own.as_ref().map_or("/".into(), |(_, pid)| format!("/proc/{}/root", pid.as_raw_nonzero()).into())
    }

    /// A command that talks to this engine.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(source()).stdin(Stdio::null()).env("COMPOSE_HTTP_TIMEOUT", "300");
        if self.own.is_some() {
            command.env("DOCKER_HOST", format!("unix://{}/s", self.home.path().display()));
        }
        command
    }

    /// What `docker` prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn ask(&self, arguments: &[&str]) -> String {
        told(self.command("docker").args(arguments).output().expect("docker.io is installed"), arguments)
    }

    /// Runs `docker`, whatever it says; what it prints.
    pub fn docker(&self, arguments: &[&str]) -> String {
        let output = self.command("docker").args(arguments).output().expect("docker.io is installed");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// `docker compose`, or `docker-compose` where that is what is installed.
    #[must_use]
    pub fn compose(&self) -> Command {
        let plugin = Command::new("docker").args(["compose", "version"]).output();
        if plugin.is_ok_and(|output| output.status.success()) {
            let mut command = self.command("docker");
            command.arg("compose");
            return command;
        }
        self.command("docker-compose")
    }
}

/// What a command printed.
///
/// # Panics
/// When it failed.
pub fn told(output: Output, what: &[&str]) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what:?}, {}:\n{said}{complained}", output.status);
    said
}

impl Drop for Engine {
    fn drop(&mut self) {
        let Some((child, pid)) = &mut self.own else { return };
        // The engine is asked; what does not end is killed with its namespace.
        let _ = kill_process(*pid, Signal::TERM);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) && !matches!(child.try_wait(), Ok(Some(_))) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}
