//! The IMAP source against a real Dovecot, which the test starts unprivileged on a free loopback port.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use intake::{
    message::ReceivedBasis,
    ports::{Filing, Source},
};
use mail::imap::{Auth, ImapSettings, ImapSource, Security};
use stdx::ErrorKind;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A Dovecot that lets anyone in, gone with this value.
struct Dovecot {
    folder: PathBuf,
    port: u16,
    process: Child,
}

impl Dovecot {
    async fn start() -> Self {
        const DAEMON: &str = "/usr/sbin/dovecot";
        assert!(Path::new(DAEMON).exists(), "{DAEMON} is missing: apt-get install dovecot-imapd");
        static STARTED: AtomicU32 = AtomicU32::new(0);
        // Short, because the path of a socket has 107 bytes.
        let started = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(format!("/tmp/cb-{}-{started}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        for part in ["run", "state", "mail", "log"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        // Dovecot's processes run as one user without rights, as root would need a second one.
        let is_root = told(Command::new("id").arg("-u")) == "0";
        let user = if is_root { "nobody".to_owned() } else { told(Command::new("id").arg("-un")) };
        let id = |what: &str| told(Command::new("id").args([what, &user]));
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let conf = folder.join("dovecot.conf");
        fs::write(&conf, settings(&folder, port, &user, &id("-gn"), &id("-u"), &id("-g"))).unwrap();
        if is_root {
            told(Command::new("chown").arg("-R").arg(format!("{user}:{}", id("-gn"))).arg(&folder));
        }
        let daemon = format!("exec {DAEMON} -F -c {}", conf.display());
        let mut command = match is_root {
            true => {
                let mut command = Command::new("su");
                command.args(["-s", "/bin/bash", &user, "-c", &daemon]);
                command
            }
            false => {
                let mut command = Command::new("/bin/bash");
                command.args(["-c", &daemon]);
                command
            }
        };
        let process = command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let dovecot = Self { folder, port, process };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "Dovecot did not start:\n{}", dovecot.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        dovecot
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log/dovecot.log")).unwrap_or_default()
    }

    fn settings(&self) -> ImapSettings {
        ImapSettings {
            port: self.port,
            security: Security::Plain,
            ..ImapSettings::new("127.0.0.1", "editor", "any".into())
        }
    }

    async fn person(&self) -> Person {
        let mut person = Person(BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()));
        person.line().await;
        person.ask("LOGIN editor any").await;
        person
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.folder.join("run/master.pid")) {
            let _ = Command::new("kill").arg(pid.trim()).status();
        } else {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn told(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn settings(folder: &Path, port: u16, user: &str, group: &str, uid: &str, gid: &str) -> String {
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
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Processed {{
    auto = create
  }}
}}
"
    )
}

/// Somebody else at the same mailbox, who speaks IMAP by hand.
struct Person(BufReader<TcpStream>);

impl Person {
    async fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.0.read_line(&mut line).await.unwrap(), 0, "Dovecot hung up");
        line
    }

    /// Says a command and gives all that is answered, which must end well.
    async fn ask(&mut self, command: &str) -> String {
        self.0.write_all(format!("P1 {command}\r\n").as_bytes()).await.unwrap();
        self.answer(command).await
    }

    async fn answer(&mut self, command: &str) -> String {
        let mut answer = String::new();
        loop {
            let line = self.line().await;
            answer.push_str(&line);
            if let Some(outcome) = line.strip_prefix("P1 ") {
                assert!(outcome.starts_with("OK"), "{command}: {answer}");
                return answer;
            }
        }
    }

    async fn append(&mut self, folder: &str, received: &str, mail: &[u8]) {
        let command = format!("APPEND \"{folder}\" \"{received}\" {{{}}}", mail.len());
        self.0.write_all(format!("P1 {command}\r\n").as_bytes()).await.unwrap();
        assert!(self.line().await.starts_with('+'));
        self.0.write_all(mail).await.unwrap();
        self.0.write_all(b"\r\n").await.unwrap();
        self.answer(&command).await;
    }
}

const LAST_SECOND: &str = "31-Mar-2023 23:59:59 +0800";
const MIDNIGHT: &str = "01-Apr-2023 00:00:00 +0800";

fn mail(subject: &str, body_bytes: usize) -> Vec<u8> {
    let line = format!("{}\r\n", "x".repeat(74));
    let body = line.repeat(body_bytes / line.len() + 1);
    format!("From: a@example.org\r\nSubject: {subject}\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\n\r\n{body}")
        .into_bytes()
}

#[tokio::test]
async fn a_mailbox_is_walked_from_the_login_to_the_filing() {
    let dovecot = Dovecot::start().await;
    let mut person = dovecot.person().await;
    let (small, large) = (mail("one", 10), mail("two", 2_500_000));
    person.append("INBOX", LAST_SECOND, &small).await;
    person.append("INBOX", MIDNIGHT, &large).await;
    person.append("INBOX", MIDNIGHT, &mail("three", 10)).await;

    for auth in [Auth::Plain, Auth::Login] {
        let mut source = ImapSource::new(ImapSettings { auth, ..dovecot.settings() });
        assert_eq!(source.select("INBOX").await.unwrap().exists, 3);
    }
    let mut source = ImapSource::new(dovecot.settings());
    let state = source.select("INBOX").await.unwrap();
    assert_eq!(state.exists, 3);
    assert!(state.uidvalidity > 0);
    assert_eq!(source.uids().await.unwrap(), [1, 2, 3]);

    let listed = source.list(&[1, 2, 99]).await.unwrap();
    let shown: Vec<_> = listed.iter().map(|mail| (mail.uid, mail.size_bytes, mail.received_at.to_rfc3339())).collect();
    assert_eq!(
        shown,
        [
            (1, small.len() as u64, "2023-03-31T15:59:59+00:00".to_owned()),
            (2, large.len() as u64, "2023-03-31T16:00:00+00:00".to_owned()),
        ]
    );
    assert!(listed.iter().all(|mail| mail.received_basis == ReceivedBasis::InternalDate));

    let mut bytes = Vec::new();
    loop {
        let window = source.window(2, bytes.len() as u64, 1 << 20).await.unwrap();
        bytes.extend_from_slice(&window);
        if window.len() < 1 << 20 {
            break;
        }
    }
    assert!(bytes == large, "{} bytes came of {}", bytes.len(), large.len());
    assert_eq!(source.window(2, large.len() as u64, 100).await.unwrap(), []);
    assert_eq!(source.window(99, 0, 100).await.unwrap_err().kind, ErrorKind::NotFound);

    for uid in [1, 1, 99] {
        source.file(uid, &Filing::Flag("caibian".to_owned())).await.unwrap();
    }
    person.ask("SELECT INBOX").await;
    let flags = person.ask("FETCH 1:* FLAGS").await;
    assert!(flags.contains("1 FETCH (FLAGS (caibian") && !flags.contains("Seen"), "{flags}");

    for uid in [2, 2, 99] {
        source.file(uid, &Filing::Move("Processed".to_owned())).await.unwrap();
    }
    assert_eq!(source.uids().await.unwrap(), [1, 3]);
    let error = source.file(1, &Filing::Move("已处理".to_owned())).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
    assert!(error.detail.contains("Processed"), "{error}");
    assert_eq!(source.select("Processed").await.unwrap().exists, 1);
}

#[tokio::test]
async fn a_folder_of_a_chinese_name_is_opened_and_named() {
    let dovecot = Dovecot::start().await;
    let mut person = dovecot.person().await;
    person.ask("CREATE \"&V4NXPpCuTvY-\"").await;
    person.append("&V4NXPpCuTvY-", LAST_SECOND, &mail("judged as junk", 10)).await;
    let mut source = ImapSource::new(dovecot.settings());
    assert_eq!(source.select("垃圾邮件").await.unwrap().exists, 1);
    assert_eq!(source.uids().await.unwrap(), [1]);
    let error = source.select("垃圾箱").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.detail.contains("垃圾邮件") && error.detail.contains("INBOX"), "{error}");
}

#[tokio::test]
async fn waiting_ends_when_somebody_sends_a_mail() {
    let dovecot = Dovecot::start().await;
    let mut person = dovecot.person().await;
    let mut source = ImapSource::new(dovecot.settings());
    source.select("INBOX").await.unwrap();
    assert_eq!(source.uids().await.unwrap(), []);
    let work = async {
        let new = mail("one", 10);
        let (outcome, ()) =
            tokio::join!(source.wait(Duration::from_secs(600)), person.append("INBOX", LAST_SECOND, &new));
        outcome.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("the new mail was not noticed");
    assert_eq!(source.uids().await.unwrap(), [1]);
}

#[tokio::test]
async fn without_idle_a_mail_that_came_before_is_noticed_by_asking() {
    let dovecot = Dovecot::start().await;
    let mut source = ImapSource::new(ImapSettings { idle: false, ..dovecot.settings() });
    source.select("INBOX").await.unwrap();
    assert_eq!(source.uids().await.unwrap(), []);
    dovecot.person().await.append("INBOX", LAST_SECOND, &mail("one", 10)).await;
    tokio::time::timeout(Duration::from_secs(60), source.wait(Duration::from_secs(600))).await.unwrap().unwrap();
    assert_eq!(source.uids().await.unwrap(), [1]);
}

#[tokio::test]
async fn windows_in_any_order_and_with_anything_between_them_give_the_bytes_that_were_asked_for() {
    const WINDOW: usize = mail::WINDOW_BYTES_MAX as usize;
    let dovecot = Dovecot::start().await;
    let mut person = dovecot.person().await;
    // Bytes that differ from window to window and from mail to mail.
    let mails = [1_u64, 2].map(|uid| {
        let lines = (0..40_000).map(|line| format!("{uid} {line:060}\r\n")).collect::<String>();
        [mail("large", 0), lines.into_bytes()].concat()
    });
    for mail in &mails {
        person.append("INBOX", LAST_SECOND, mail).await;
    }
    let mut source = ImapSource::new(dovecot.settings());
    source.select("INBOX").await.unwrap();
    // The server is asked for the next full window before anybody wants it; these calls want another, or something else.
    for (uid, window) in [(1, 0), (1, 1), (1, 2), (2, 0), (1, 0), (1, 0), (2, 1), (2, 2)] {
        let mail = &mails[uid as usize - 1];
        let from = window * WINDOW;
        let bytes = source.window(uid, from as u64, WINDOW as u32).await.unwrap();
        assert!(bytes == mail[from..mail.len().min(from + WINDOW)], "uid {uid} window {window}");
        if window == 1 {
            assert_eq!(source.uids().await.unwrap(), [1, 2]);
        }
    }
    source.window(1, 0, WINDOW as u32).await.unwrap();
    source.select("Processed").await.unwrap();
    assert_eq!(source.uids().await.unwrap(), [0_u64; 0]);
    source.select("INBOX").await.unwrap();
    source.window(1, 0, WINDOW as u32).await.unwrap();
    source.wait(Duration::from_millis(50)).await.unwrap();
    assert!(source.window(1, 0, WINDOW as u32).await.unwrap() == mails[0][..WINDOW]);
}

#[tokio::test]
async fn a_mail_that_somebody_removes_meanwhile_is_gone_and_the_others_are_not() {
    let dovecot = Dovecot::start().await;
    let mut person = dovecot.person().await;
    for subject in ["one", "two"] {
        person.append("INBOX", LAST_SECOND, &mail(subject, 10)).await;
    }
    let mut source = ImapSource::new(dovecot.settings());
    source.select("INBOX").await.unwrap();
    assert_eq!(source.uids().await.unwrap(), [1, 2]);
    person.ask("SELECT INBOX").await;
    person.ask("STORE 1 +FLAGS (\\Deleted)").await;
    person.ask("EXPUNGE").await;
    assert_eq!(source.window(1, 0, 100).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(source.window(2, 0, 100).await.unwrap().len(), 100);
    source.file(1, &Filing::Move("Processed".to_owned())).await.unwrap();
    assert_eq!(source.uids().await.unwrap(), [2]);
}

#[tokio::test]
async fn the_end_of_the_server_under_an_idle_client_is_noticed() {
    let mut dovecot = Dovecot::start().await;
    dovecot.person().await.append("INBOX", LAST_SECOND, &mail("one", 10)).await;
    let mut source = ImapSource::new(dovecot.settings());
    source.select("INBOX").await.unwrap();
    let pid = fs::read_to_string(dovecot.folder.join("run/master.pid")).unwrap();
    let work = async {
        let (outcome, ()) = tokio::join!(source.wait(Duration::from_secs(600)), async {
            told(Command::new("kill").arg(pid.trim()));
        });
        assert_eq!(outcome.unwrap_err().kind, ErrorKind::Unavailable);
    };
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("the end of the server was not noticed");
    dovecot.process.wait().unwrap();
    assert_eq!(source.uids().await.unwrap_err().kind, ErrorKind::Unavailable);
}
