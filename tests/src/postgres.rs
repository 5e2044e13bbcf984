//! A real PostgreSQL on a free loopback port, unprivileged, without fsync; one for a test, a database for the asking.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::process;

/// The running server; stops when dropped.
#[derive(Debug)]
pub struct Postgres {
    child: Child,
    programs: PathBuf,
    home: TempDir,
    port: u16,
}

impl Postgres {
    /// Makes a cluster, starts it and waits until it takes connections.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let programs = programs();
        let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).expect("our own folder");
        process::give_away(home.path());
        let data = home.path().join("pg");
        let made = process::unprivileged("KILL", programs.join("initdb"))
            .args(["--no-sync", "-A", "trust", "-U", "pg", "-E", "UTF8", "--locale=C.UTF-8", "-D"])
            .arg(&data)
            .output()
            .expect("setpriv (util-linux) and postgresql are installed");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = process::free_port();
        let child = process::unprivileged("INT", programs.join("postgres"))
            .args(["-F", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=50", "-c", "shared_buffers=32MB"])
            .args(["-p", &port.to_string(), "-D"])
            .arg(&data)
            .arg("-k")
            .arg(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postgresql is installed");
        let mut server = Self { child, programs, home, port };
        let begun = Instant::now();
        while !server.runs("select 1") {
            assert!(server.child.try_wait().expect("a child of ours").is_none(), "PostgreSQL ended at once");
            assert!(begun.elapsed() < Duration::from_secs(30), "PostgreSQL did not answer in 30 s");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn runs(&self, statement: &str) -> bool {
        Command::new(self.programs.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "pg", "-d", "postgres", "-qc", statement])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Makes an empty database and gives its URL.
    ///
    /// # Panics
    /// When there is one of that name.
    #[must_use]
    pub fn database(&self, name: &str) -> String {
        assert!(self.runs(&format!("create database {name}")), "database {name} could not be made");
        format!("postgres://pg@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs a file of SQL in a database, in one transaction.
    ///
    /// # Panics
    /// When a statement fails.
    pub fn load(&self, name: &str, sql: &[u8]) {
        let mut file = tempfile::NamedTempFile::new_in("/tmp").expect("a file under /tmp");
        std::io::Write::write_all(&mut file, sql).expect("our own file");
        let output = Command::new(self.programs.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "pg", "-d", name, "-q", "-1"])
            .args(["-v", "ON_ERROR_STOP=1", "-f"])
            .arg(file.path())
            .output()
            .expect("postgresql is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The folder that holds the cluster.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.home.path()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        process::end(&mut self.child, Signal::INT, Duration::from_secs(10));
    }
}

fn programs() -> PathBuf {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|path| path.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().expect("postgresql is installed under /usr/lib/postgresql")
}
