//! A real clamd on a socket of its own, that knows one signature: ours.

use std::{
    fs,
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::process;

/// What it finds in a mail, an attachment, or a file in an archive.
pub const PLANTED: &str = "caibian-planted-virus-c0ffee";
/// Bytes that it takes.
pub const SIZE_BYTES_MAX: usize = 1 << 20;

/// The scanner; stops when dropped.
#[derive(Debug)]
pub struct Clamd {
    child: Option<Child>,
    home: TempDir,
}

impl Clamd {
    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
        let hex: String = PLANTED.bytes().map(|byte| format!("{byte:02x}")).collect();
        let folder = home.path();
        fs::create_dir(folder.join("signatures")).expect("our own folder");
        fs::write(folder.join("signatures/ours.ndb"), format!("Caibian.Planted:0:*:{hex}\n")).expect("our own folder");
        let configuration = format!(
            "Foreground yes\nLocalSocket {0}/clamd\nDatabaseDirectory {0}/signatures\nTemporaryDirectory {0}\n\
             StreamMaxLength {SIZE_BYTES_MAX}\nSelfCheck 0\n",
            folder.display()
        );
        fs::write(folder.join("clamd.conf"), configuration).expect("our own folder");
        let mut clamd = Self { child: None, home };
        clamd.begin();
        clamd
    }

    /// Starts it again after [`Self::stop`].
    ///
    /// # Panics
    /// When it does not start.
    pub fn begin(&mut self) {
        let mut child = process::bound_to_the_test("/usr/sbin/clamd")
            .arg("--config-file")
            .arg(self.home.path().join("clamd.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Debian's clamav-daemon is installed");
        let begun = Instant::now();
        while UnixStream::connect(self.socket()).is_err() {
            assert!(child.try_wait().expect("a child of ours").is_none(), "clamd ended at once");
            assert!(begun.elapsed() < Duration::from_secs(60), "clamd did not answer in 60 s");
            std::thread::sleep(Duration::from_millis(50));
        }
        self.child = Some(child);
    }

    /// Ends it.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            process::end(&mut child, Signal::KILL, Duration::from_secs(10));
        }
        let _ = fs::remove_file(self.socket());
    }

    /// Takes its signature away: it finds something else from its next start on.
    ///
    /// # Panics
    /// When that cannot be written.
    pub fn forget(&self) {
        let file = self.home.path().join("signatures/ours.ndb");
        fs::write(file, "Caibian.Other:0:*:deadbeefdeadbeefdeadbeef\n").expect("our own folder");
    }

    fn socket(&self) -> PathBuf {
        self.home.path().join("clamd")
    }

    /// The lines of the settings that name it.
    #[must_use]
    pub fn settings(&self) -> String {
        format!("[scan]\nclamd = \"unix:{}\"\nsize_bytes_max = {SIZE_BYTES_MAX}\n", self.socket().display())
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        self.stop();
    }
}
