//! Against a clamd of ours that says what a test wants, and hangs up when it wants.

use std::{io::Write, path::Path};

use intake::{
    letter::{Letter, Part, Unreadable},
    ports::{Opened, Opener, PortResult},
};
use scan::{Clamd, Error, Scan, ScannedOpener};
use stdx::{ErrorKind, Sha256};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixListener,
};

/// Listens at `folder/clamd`; finds `virus` in whatever holds the word `EVIL`, and hangs up on more than `bound` bytes.
fn clamd(folder: &Path, bound: usize, size_bytes_max: u64) -> Clamd {
    let path = folder.join("clamd");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        loop {
            let (mut line, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut command = [0; 10];
                line.read_exact(&mut command).await.unwrap();
                assert_eq!(&command, b"zINSTREAM\0");
                let mut bytes = Vec::new();
                loop {
                    let length = line.read_u32().await.unwrap() as usize;
                    if length == 0 {
                        break;
                    }
                    if bytes.len() + length > bound {
                        line.write_all(b"INSTREAM size limit exceeded. ERROR\0").await.unwrap();
                        return;
                    }
                    let begin = bytes.len();
                    bytes.resize(begin + length, 0);
                    line.read_exact(&mut bytes[begin..]).await.unwrap();
                }
                let found = bytes.windows(4).any(|window| window == b"EVIL");
                let answer: &[u8] = match &bytes[..] {
                    b"mute" => return,
                    b"full" => b"stream: Can't write to temporary file ERROR\0",
                    _ if found => b"stream: virus FOUND\0",
                    _ => b"stream: OK\0",
                };
                line.write_all(answer).await.unwrap();
            });
        }
    });
    Clamd::new(format!("unix:{}", path.display()).parse().unwrap(), size_bytes_max)
}

async fn scan(clamd: &Clamd, bytes: &[u8]) -> Result<Scan, Error> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let mut file = File::from_std(file);
    tokio::io::AsyncSeekExt::rewind(&mut file).await.unwrap();
    clamd.scan(file).await
}

#[tokio::test]
async fn what_it_says_of_a_file_is_told_whatever_the_files_length() {
    let folder = tempfile::tempdir().unwrap();
    let clamd = clamd(folder.path(), 300_000, 10 << 20);
    assert_eq!(scan(&clamd, b"").await.unwrap(), Scan::Clean);
    assert_eq!(scan(&clamd, &vec![b'x'; 300_000]).await.unwrap(), Scan::Clean);
    // Over the border of two pieces.
    let evil = [vec![b'x'; (64 << 10) - 2], b"EVIL".to_vec()].concat();
    assert_eq!(scan(&clamd, &evil).await.unwrap(), Scan::Found("virus".into()));
    // It hangs up while we still write, and has said why; the pipe is full long before.
    assert_eq!(scan(&clamd, &vec![b'x'; 9 << 20]).await.unwrap(), Scan::TooLarge);
    // Longer than we would send.
    assert_eq!(scan(&clamd, &vec![b'x'; (10 << 20) + 1]).await.unwrap(), Scan::TooLarge);
}

#[tokio::test]
async fn one_that_does_not_do_its_work_has_said_nothing_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let there = clamd(folder.path(), 1 << 20, 1 << 20);
    assert!(matches!(scan(&there, b"mute").await, Err(Error::Line(..))));
    assert!(matches!(scan(&there, b"full").await, Err(Error::Refused(_, said)) if said.starts_with("Can't write")));
    let away = Clamd::new(format!("unix:{}", folder.path().join("nobody").display()).parse().unwrap(), 1);
    assert!(matches!(scan(&away, b"x").await, Err(Error::Line(..))));
    assert!(away.version().await.is_err());
}

/// Leaves one part that holds what the mail holds.
struct Copies;

impl Opener for Copies {
    async fn open(&self, raw: &Path, workdir: &Path) -> PortResult<Opened> {
        let bytes = std::fs::read(raw).unwrap();
        let letter =
            Letter { parts: vec![part(&bytes[bytes.len().saturating_sub(100)..], workdir)], ..Letter::default() };
        Ok(Opened::Read(Box::new(letter)))
    }
}

fn part(bytes: &[u8], workdir: &Path) -> Part {
    let sha256 = Sha256::of(bytes);
    std::fs::write(workdir.join(sha256.hex()), bytes).unwrap();
    serde_json::from_value(serde_json::json!({
        "path": "2", "name": "x", "media_type_declared": "", "media_type": "text/plain", "disposition": "attachment",
        "size_bytes": bytes.len(), "sha256": sha256, "content": { "kind": "other" },
    }))
    .unwrap()
}

#[tokio::test]
async fn a_mail_is_opened_when_nothing_was_found_and_a_long_one_by_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let clamd = clamd(folder.path(), 1 << 20, 1000);
    let (raw, workdir) = (folder.path().join("raw"), folder.path().join("work"));
    std::fs::create_dir(&workdir).unwrap();
    let opener = ScannedOpener::new(Copies, Some(clamd));
    let open = async |bytes: &[u8]| {
        std::fs::write(&raw, bytes).unwrap();
        opener.open(&raw, &workdir).await
    };
    let infected = |opened: PortResult<Opened>, place: &str| match opened.unwrap() {
        Opened::Refused(Unreadable { code, detail }) => {
            assert_eq!((code.as_str(), detail), ("infected", format!("clamd found virus in {place}")));
        }
        other => panic!("{other:?}"),
    };
    assert!(matches!(open(b"harmless").await.unwrap(), Opened::Read(_)));
    infected(open(b"EVIL").await, "the mail");
    assert!(matches!(open(&[b'x'; 2000]).await.unwrap(), Opened::Read(_)));
    infected(open(&[vec![b'x'; 2000], b"EVIL".to_vec()].concat()).await, "part 2");
    // Nobody answers: the mail waits, and the try is not the mail's.
    let away = Clamd::new("unix:/nowhere/clamd".parse().unwrap(), 1000);
    let waits = ScannedOpener::new(Copies, Some(away)).open(&raw, &workdir).await.unwrap_err();
    assert_eq!(waits.kind, ErrorKind::Unavailable);
    assert!(waits.detail.starts_with("clamd at unix:/nowhere/clamd: "), "{}", waits.detail);
    assert!(matches!(ScannedOpener::new(Copies, None).open(&raw, &workdir).await.unwrap(), Opened::Read(_)));
}
