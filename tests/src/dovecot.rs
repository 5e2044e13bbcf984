//! A real Dovecot on a free loopback port, unprivileged: any user logs in with any password, mails lie in Maildirs.

use std::{
    fs,
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{Imap, process};

/// The running server; stops when dropped.
#[derive(Debug)]
pub struct Dovecot {
    child: Child,
    folder: PathBuf,
    // Removed last.
    _home: TempDir,
    /// Port on 127.0.0.1.
    pub port: u16,
}

impl Dovecot {
    /// Starts a server and waits until it greets.
    ///
    /// # Panics
    /// When Dovecot is not installed or does not start; its log is in the message.
    #[must_use]
    pub fn start() -> Self {
        // Unix sockets have at most 107 bytes of path: a short one, where the unprivileged user may enter.
        let home = tempfile::Builder::new().prefix("cb").tempdir_in("/tmp").expect("a folder under /tmp");
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).expect("our own folder");
        let folder = home.path().join("d");
        for name in ["", "run", "state", "mail", "log"] {
            let path = folder.join(name);
            fs::create_dir(&path).expect("our own folder");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("our own folder");
            process::give_away(&path);
        }
        let port = process::free_port();
        let configuration = folder.join("dovecot.conf");
        fs::write(&configuration, settings(&folder, port)).expect("our own folder");
        fs::set_permissions(&configuration, fs::Permissions::from_mode(0o644)).expect("our own file");
        let child = process::unprivileged("TERM", "/usr/sbin/dovecot")
            .arg("-F")
            .arg("-c")
            .arg(&configuration)
            // The zone in which it tells INTERNALDATE: another than Beijing's.
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("setpriv (util-linux) and dovecot-imapd are installed");
        let mut server = Self { child, folder, _home: home, port };
        server.wait_for_greeting();
        server
    }

    fn wait_for_greeting(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("Dovecot ended with {status}:\n{}", self.log());
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("Dovecot did not listen in 20 s:\n{}", self.log());
    }

    /// Process id of the master; a session is a descendant of it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the server logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log/dovecot.log")).unwrap_or_default()
    }

    /// A session of the test itself.
    #[must_use]
    pub fn session(&self, user: &str) -> Imap {
        Imap::login(self.port, user)
    }

    /// Makes the server forget every UID of a user's folder, as after a restore from a backup: the mails stay, the next
    /// session sees them under a new UIDVALIDITY. No session may have the folder open.
    ///
    /// # Panics
    /// When the folder has no UID list.
    pub fn forget_uids(&self, user: &str, folder: &str) {
        let path = self.maildir(user, folder);
        fs::remove_file(path.join("dovecot-uidlist")).expect("the folder was opened before");
        for entry in fs::read_dir(&path).expect("the Maildir").flatten() {
            if entry.file_name().to_string_lossy().starts_with("dovecot.index") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn maildir(&self, user: &str, folder: &str) -> PathBuf {
        let home = self.folder.join("mail").join(user);
        if folder == "INBOX" { home } else { home.join(format!(".{folder}")) }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        process::end(&mut self.child, Signal::TERM, Duration::from_secs(10));
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(15).collect();
            eprintln!("the end of Dovecot's log, newest first:\n{}", tail.join("\n"));
        }
    }
}

fn settings(folder: &Path, port: u16) -> String {
    let (user, group) = process::unprivileged_names();
    let folder = folder.display();
    format!(
        "base_dir = {folder}/run
state_dir = {folder}/state
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
log_path = {folder}/log/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 1000
mail_fsync = never
verbose_proctitle = yes
mailbox_list_index = yes
default_vsz_limit = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service director {{
  chroot =
}}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
  mailbox Processed {{
    auto = create
  }}
}}
"
    )
}
