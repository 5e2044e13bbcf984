//! A real S3 server on loopback that checks signatures and keeps a bucket as a folder; one for a test.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::process;

const BUCKET: &str = "magazine";
const PREFIX: &str = "office/mail";
const KEY_ID: &str = "caibian";
const KEY: &str = "planted-secret-key";

/// The server with one empty bucket; stops when dropped.
#[derive(Debug)]
pub struct BucketServer {
    child: Option<Child>,
    home: TempDir,
    port: u16,
}

impl BucketServer {
    /// Starts it and waits until it takes connections.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
        fs::create_dir(home.path().join(BUCKET)).expect("our own folder");
        let mut server = Self { child: None, home, port: process::free_port() };
        server.begin();
        server
    }

    /// Starts it again after [`Self::stop`], on the same port.
    ///
    /// # Panics
    /// When it does not start.
    pub fn begin(&mut self) {
        let mut child = process::bound_to_the_test(process::installed("nanio"))
            .arg("serve")
            .env("NANIO_ACCESS_KEY", KEY_ID)
            .env("NANIO_SECRET_KEY", KEY)
            .env("NANIO_DATA_DIR", self.home.path())
            .env("NANIO_HOST", "127.0.0.1")
            .env("NANIO_PORT", self.port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it is installed");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(child.try_wait().expect("a child of ours").is_none(), "the S3 server ended at once");
            assert!(begun.elapsed() < Duration::from_secs(30), "the S3 server did not answer in 30 s");
            std::thread::sleep(Duration::from_millis(50));
        }
        self.child = Some(child);
    }

    /// Ends it; what it keeps stays.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            process::end(&mut child, Signal::KILL, Duration::from_secs(10));
        }
    }

    /// The lines of the settings that name its bucket.
    #[must_use]
    pub fn settings(&self) -> String {
        format!(
            "[blobs.s3]\nbucket = {BUCKET:?}\nendpoint = \"http://127.0.0.1:{}\"\nprefix = {PREFIX:?}\n\
             access_key_id = {KEY_ID:?}\nsecret_access_key = {KEY:?}\n",
            self.port
        )
    }

    /// Where the object of this hash lies.
    #[must_use]
    pub fn object(&self, sha256: &str) -> PathBuf {
        let bucket = self.home.path().join(BUCKET).join(PREFIX);
        bucket.join(&sha256[..2]).join(&sha256[2..4]).join(sha256)
    }

    /// The folder that it keeps everything in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.home.path()
    }
}

impl Drop for BucketServer {
    fn drop(&mut self) {
        self.stop();
    }
}
