//! A PostgreSQL of the test's own: an unprivileged server on a free loopback port, gone when the test ends.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A running server; when it is dropped or the test dies, it is stopped and its files are removed.
pub struct Server {
    folder: PathBuf,
    port: u16,
}

impl Server {
    /// Starts a server in a fresh folder. A socket's path has at most 107 bytes, so the folder's name is short.
    pub fn start() -> Self {
        let folder = PathBuf::from(format!("/tmp/caibian-pg-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        if is_root() {
            run(Command::new("chown").arg("nobody").arg(&folder));
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder, port };
        let (programs, data) = (programs(), server.data());
        unprivileged(&format!(
            "{}/initdb -D {data} -A trust -U pg -E UTF8 --locale=C.UTF-8 --no-sync",
            programs.display()
        ));
        // fsync is off: what a crash of the machine leaves behind is not asked here.
        unprivileged(&format!(
            "{}/pg_ctl -D {data} -w -t 60 -l {data}/log -o '-p {port} -k {data} -c listen_addresses=127.0.0.1 \
             -c fsync=off -c max_connections=60' start",
            programs.display()
        ));
        // A test that is killed drops nothing: a watcher then does what `drop` would have done.
        unprivileged(&format!(
            "setsid bash -c 'while [ -d /proc/{} ]; do sleep 1; done; {}/pg_ctl -D {data} -m immediate stop; \
             rm -rf {}' </dev/null >/dev/null 2>&1 &",
            std::process::id(),
            programs.display(),
            server.folder.display(),
        ));
        server
    }

    /// The address of a database; `postgres` is there from the start.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://pg@127.0.0.1:{}/{database}", self.port)
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stop = format!("{}/pg_ctl -D {} -m immediate -w stop", programs().display(), self.data());
        let _ = as_nobody(&stop).output();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn is_root() -> bool {
    String::from_utf8_lossy(&run(Command::new("id").arg("-u")).stdout).trim() == "0"
}

/// PostgreSQL refuses to run as root.
fn as_nobody(script: &str) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("su");
        command.args(["-s", "/bin/bash", "nobody", "-c", script]);
        command
    } else {
        let mut command = Command::new("bash");
        command.args(["-c", script]);
        command
    };
    command.current_dir("/tmp");
    command
}

fn unprivileged(script: &str) {
    run(&mut as_nobody(&format!("exec >/dev/null; {script}")));
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Where the server's programs are: Debian keeps them out of the PATH, one folder a version.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed (Debian: postgresql)");
    let newest = versions.map(|entry| entry.unwrap().path().join("bin")).filter(|bin| Path::new(bin).exists()).max();
    newest.expect("a version of PostgreSQL is installed")
}
