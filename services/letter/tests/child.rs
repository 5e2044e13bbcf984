//! The child under its limits: hostile mails end in a named refusal, huge ones in little memory, and a parent learns
//! how a child ended.

use std::{
    env,
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use intake::{
    letter::{Content, Letter, Unreadable},
    ports::{Opened, Opener},
};
use letter::ChildOpener;
use stdx::Sha256;

/// The example beside this test's own binary.
fn program() -> PathBuf {
    let own = env::current_exe().unwrap();
    own.parent().unwrap().parent().unwrap().join("examples/letter_child")
}

struct Mail {
    folder: tempfile::TempDir,
}

impl Mail {
    fn write(compose: impl FnOnce(&mut dyn Write)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut out = BufWriter::with_capacity(1 << 20, File::create(folder.path().join("raw")).unwrap());
        compose(&mut out);
        out.flush().unwrap();
        fs::create_dir(folder.path().join("parts")).unwrap();
        Self { folder }
    }

    fn raw(&self) -> PathBuf {
        self.folder.path().join("raw")
    }

    fn workdir(&self) -> PathBuf {
        self.folder.path().join("parts")
    }

    /// The child's answer, and the peak of its resident memory in KiB.
    fn open(&self, name: &str) -> (Result<Letter, Unreadable>, u64) {
        let output = Command::new(program())
            .arg(self.workdir())
            .stdin(File::open(self.raw()).unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{name}: {:?}: {words}", output.status);
        assert!(!words.contains("not in force"), "{words}");
        let peak = words.split_ascii_whitespace().skip_while(|word| *word != "VmHWM:").nth(1).unwrap().parse().unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let answer = match (answer.get("read"), answer.get("refused")) {
            (Some(letter), None) => Ok(serde_json::from_value(letter.clone()).unwrap()),
            (None, Some(refused)) => Err(serde_json::from_value(refused.clone()).unwrap()),
            _ => panic!("neither read nor refused"),
        };
        (answer, peak)
    }

    async fn open_by(&self, opener: &ChildOpener) -> Opened {
        opener.open(&self.raw(), &self.workdir()).await.unwrap()
    }
}

type Compose = fn(&mut dyn Write);

fn nested_multiparts(out: &mut dyn Write) {
    for level in 0..10_000 {
        write!(out, "Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n").unwrap();
    }
}

fn nested_digests(out: &mut dyn Write) {
    for level in 0..10_000 {
        write!(out, "Content-Type: multipart/digest; boundary=b{level}\n\n--b{level}\n").unwrap();
    }
}

fn nested_mails(out: &mut dyn Write) {
    for _ in 0..16_000 {
        out.write_all(b"Content-Type: message/rfc822\r\n\r\n").unwrap();
    }
}

fn million_headers(out: &mut dyn Write) {
    for _ in 0..1_000_000 {
        out.write_all(b"X-A: b\r\n").unwrap();
    }
    out.write_all(b"\r\ntext").unwrap();
}

fn header_of_100_mb(out: &mut dyn Write) {
    out.write_all(b"Subject: ").unwrap();
    for _ in 0..100 {
        out.write_all(&[b'a'; 1_000_000]).unwrap();
    }
    out.write_all(b"\r\n\r\ntext").unwrap();
}

fn million_empty_parts(out: &mut dyn Write) {
    out.write_all(b"Content-Type: multipart/mixed; boundary=b\n\n").unwrap();
    for _ in 0..1_000_001 {
        out.write_all(b"--b\n\n\n").unwrap();
    }
}

fn large_part_headers(out: &mut dyn Write) {
    out.write_all(b"Content-Type: multipart/mixed; boundary=b\n\n").unwrap();
    for _ in 0..9_000 {
        write!(out, "--b\nContent-Type: text/plain; name=\"{}\"\n\n", "a".repeat(1_000)).unwrap();
    }
}

fn addresses(out: &mut dyn Write, count: usize) {
    out.write_all(b"To: ").unwrap();
    for _ in 0..count {
        out.write_all(b"a@b.cn, ").unwrap();
    }
    out.write_all(b"c@d.cn\r\n\r\n").unwrap();
}

#[test]
fn each_hostile_shape_is_refused_by_name_in_little_memory() {
    let shapes: &[(&str, Compose, &str)] = &[
        ("10,000 nested multiparts", nested_multiparts, "too_deep"),
        ("10,000 nested digests", nested_digests, "too_deep"),
        ("500 KB of nested mails", nested_mails, "too_deep"),
        ("a million headers", million_headers, "too_many_headers"),
        ("a header of 100 MB", header_of_100_mb, "header_too_large"),
        ("1,000,001 empty parts", million_empty_parts, "too_many_parts"),
        ("9 MB of part headers", large_part_headers, "header_too_large"),
        ("a million addresses", |out| addresses(out, 1_000_000), "header_too_large"),
        ("100,000 addresses", |out| addresses(out, 100_000), "too_many_addresses"),
    ];
    for (name, compose, code) in shapes {
        let (answer, peak_kib) = Mail::write(compose).open(name);
        let refused = answer.expect_err(name);
        assert_eq!(refused.code, *code, "{name}: {refused}");
        assert!(refused.detail.contains("bound"), "{name}: {refused}");
        assert!(peak_kib < 40 << 10, "{name}: {peak_kib} KiB");
    }
}

fn html(out: &mut dyn Write, begin: &str, repeated: &str, count: usize) {
    write!(out, "Content-Type: text/html; charset=utf-8\r\n\r\n{begin}{}", repeated.repeat(count)).unwrap();
}

#[test]
fn odd_shapes_within_the_bounds_are_read_in_little_memory() {
    let shapes: &[(&str, Compose)] = &[
        ("deep HTML", |out| html(out, "", "<div>", 200_000)),
        ("HTML tags that never end", |out| html(out, "", "<a x=\"", 170_000)),
        ("HTML tags that end within quotes", |out| html(out, "", "<a x=\">\"", 120_000)),
        ("HTML styles that never end", |out| html(out, "", "<style>", 150_000)),
        ("HTML comments that never end", |out| html(out, "", "<!--", 250_000)),
        ("content ids", |out| html(out, "text ", "cid:", 250_000)),
        ("encoded words without end", |out| write!(out, "Subject: {}?=\n\n", "=?a?q?x ".repeat(120_000)).unwrap()),
        ("encoded words", |out| write!(out, "Subject: {}\n\n", "=?gbk?b?1ve=?= ".repeat(65_000)).unwrap()),
        ("nested comments", |out| write!(out, "From: {}\n\n", "(".repeat(1_000_000)).unwrap()),
        ("parameters", |out| write!(out, "Content-Type: text/plain; {}\n\nx", "a*1=b;".repeat(150_000)).unwrap()),
        ("continuations", |out| write!(out, "Content-Type: a/b; {}\n\nx", "name*1*=%41;".repeat(80_000)).unwrap()),
        ("lines of hyphens", |out| {
            out.write_all(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n").unwrap();
            out.write_all("--\n".repeat(5_000_000).as_bytes()).unwrap();
        }),
        ("begin lines", |out| write!(out, "A: b\n\n{}", "begin 644 a\n".repeat(1_000_000)).unwrap()),
        ("one line of quoted-printable", |out| {
            out.write_all(b"Content-Transfer-Encoding: quoted-printable\n\n").unwrap();
            out.write_all("=41 ".repeat(5_000_000).as_bytes()).unwrap();
        }),
        ("base64 of padding", |out| {
            out.write_all(b"Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n").unwrap();
            out.write_all("QQ==".repeat(5_000_000).as_bytes()).unwrap();
        }),
        ("quoted lines", |out| write!(out, "A: b\n\n{}", "在 @\n".repeat(200_000)).unwrap()),
        ("zero bytes", |_| {}),
        ("NUL bytes", |out| out.write_all(&vec![0; 1 << 20]).unwrap()),
        ("ten thousand small texts", |out| {
            out.write_all(b"Content-Type: multipart/mixed; boundary=b\n\n").unwrap();
            out.write_all("--b\n\ntext\n".repeat(9_000).as_bytes()).unwrap();
        }),
    ];
    for (name, compose) in shapes {
        let (answer, peak_kib) = Mail::write(compose).open(name);
        answer.expect(name);
        assert!(peak_kib < 96 << 10, "{name}: {peak_kib} KiB");
    }
}

#[test]
fn hostile_html_is_made_a_page_within_the_limits() {
    for (class, html) in specimen::hostile_html::grown() {
        let head = &html[..html.floor_char_boundary(40)];
        let mail =
            Mail::write(|out| write!(out, "Content-Type: text/html; charset=utf-8\r\n\r\n<p>text</p>{html}").unwrap());
        let (answer, peak_kib) = mail.open(head);
        let page = answer.expect(head).body.page.unwrap_or_else(|| panic!("{class}: {head}: no page"));
        let shown = fs::read_to_string(mail.workdir().join(page.sha256.hex())).unwrap();
        assert!(shown.starts_with("<p>text</p>") && shown.len() as u64 == page.size_bytes, "{class}: {head}");
        assert!(page.size_bytes <= 1 << 20 && peak_kib < 128 << 10, "{class}: {head}: {page:?} in {peak_kib} KiB");
    }
    for (class, bytes) in specimen::hostile_html::charset_mails() {
        let mail = Mail::write(|out| out.write_all(&bytes).unwrap());
        let (answer, _) = mail.open(class);
        let Some(page) = answer.expect(class).body.page else { continue };
        let shown = fs::read_to_string(mail.workdir().join(page.sha256.hex())).unwrap();
        for token in ["<script", "<img", "javascript:", "onerror=alert(1)>"] {
            assert!(!shown.contains(token), "{class}: {shown}");
        }
    }
}

/// A mail with one attachment of `mebibytes`, as a large video comes.
fn large(out: &mut dyn Write, mebibytes: usize) {
    out.write_all(b"Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n").unwrap();
    out.write_all(b"--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/octet-stream; name=large.bin\r\n").unwrap();
    out.write_all(b"Content-Transfer-Encoding: base64\r\n\r\n").unwrap();
    // 57 bytes are one line of 76 characters; a MiB of such lines, and some.
    let line = format!("{}\r\n", "QUJD".repeat(19));
    let block = line.repeat((1 << 20) / 57);
    for _ in 0..mebibytes {
        out.write_all(block.as_bytes()).unwrap();
    }
    out.write_all(b"--b--\r\n").unwrap();
}

#[test]
fn memory_does_not_grow_with_the_mail() {
    let (answer, peak_kib) = Mail::write(|out| large(out, 96)).open("large");
    let letter = answer.unwrap();
    assert_eq!((letter.body.text.as_str(), letter.parts.len()), ("text", 1));
    let size_bytes = 96 * ((1 << 20) / 57 * 57) as u64;
    let whole = "ABC".repeat(usize::try_from(size_bytes).unwrap() / 3);
    assert_eq!((letter.parts[0].size_bytes, letter.parts[0].sha256), (size_bytes, Sha256::of(whole.as_bytes())));
    assert!(peak_kib < 40 << 10, "{peak_kib} KiB");
}

#[tokio::test]
async fn a_parent_learns_how_its_child_ended() {
    let opener = ChildOpener::new(program(), [] as [&str; 0]);
    let small = Mail::write(|out| write!(out, "Subject: hello\r\n\r\ntext\r\n").unwrap());
    match small.open_by(&opener).await {
        Opened::Read(letter) => assert_eq!(letter.headers.subject, "hello"),
        other => panic!("{other:?}"),
    }
    match Mail::write(nested_mails).open_by(&opener).await {
        Opened::Refused(unreadable) => assert_eq!(unreadable.code, "too_deep"),
        other => panic!("{other:?}"),
    }
    let shell = |script: &str| ChildOpener::new("/bin/sh", ["-c", script]);
    let died = [
        ("kill -SEGV $$", "child_killed", "signal 11"),
        ("kill -XCPU $$", "child_killed", "out of CPU time"),
        ("echo panicked >&2; exit 101", "child_killed", "exit code 101: panicked"),
        ("echo no letter", "child_killed", "is none"),
        ("exec yes {", "child_killed", "signal 13"),
        ("exec yes words >&2", "timeout", "no answer"),
        ("exec sleep 600", "timeout", "no answer"),
    ];
    for (script, code, detail) in died {
        let mut opener = shell(script);
        if code == "timeout" {
            (opener.patience, opener.cpu_share) = (Duration::from_millis(50), 0);
        }
        match small.open_by(&opener).await {
            Opened::Died(unreadable) => {
                assert_eq!(unreadable.code, code, "{script}: {unreadable}");
                assert!(unreadable.detail.contains(detail), "{script}: {unreadable}");
            }
            other => panic!("{script}: {other:?}"),
        }
    }
    let failed = shell("echo disk full >&2; exit 74").open(&small.raw(), &small.workdir()).await.unwrap_err();
    assert!(failed.detail.contains("disk full"), "{failed}");
    let missing = opener.open(&small.workdir().join("missing.eml"), &small.workdir()).await.unwrap_err();
    assert_eq!(missing.kind, stdx::ErrorKind::NotFound);
    let no_program = ChildOpener::new("/nonexistent", ["letter"]).open(&small.raw(), &small.workdir()).await;
    assert_eq!(no_program.unwrap_err().kind, stdx::ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_child_that_cannot_write_blames_our_side_and_not_the_mail() {
    let mail = Mail::write(|out| large(out, 1));
    // A folder under the name that the first part takes while it is written.
    fs::create_dir_all(mail.workdir().join("part-1.partial/occupied")).unwrap();
    let opener = ChildOpener::new(program(), [] as [&str; 0]);
    let failed = opener.open(&mail.raw(), &mail.workdir()).await.unwrap_err();
    assert!(failed.detail.contains("write a part"), "{failed}");
}

#[test]
fn no_mutation_of_a_real_mail_panics_or_loses_a_part() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mails");
    let mut mails: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    mails.retain(|path| path.extension().is_some_and(|it| it == "eml"));
    mails.sort();
    let mails: Vec<Vec<u8>> = mails.iter().map(|path| fs::read(path).unwrap()).collect();
    // A fixed seed: a failure is the same on every machine.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below.max(1) as u64).unwrap()
    };
    const PIECES: [&[u8]; 12] =
        [b"\r\n", b"\n", b"--", b"=?gb2312?B?", b"?=", b"\0", b"\xff\xd6", b"\"", b"begin 644 a\n", b"=", b";", b"<"];
    for round in 0..1_500 {
        let mut bytes = mails[random(mails.len())].clone();
        for _ in 0..=random(8) {
            let at = random(bytes.len());
            let end = (at + random(60)).min(bytes.len());
            match random(4) {
                0 => bytes[at] = random(256) as u8,
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..at, PIECES[random(PIECES.len())].iter().copied())),
                _ => {
                    let piece = bytes[at..end].to_vec();
                    let to = random(bytes.len());
                    bytes.splice(to..to, piece);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        let mail = Mail::write(|out| out.write_all(&bytes).unwrap());
        let letter = letter::open_here(&mail.raw(), &mail.workdir()).unwrap_or_else(|it| panic!("round {round}: {it}"));
        for part in &letter.parts {
            let kept = fs::metadata(mail.workdir().join(part.sha256.hex())).unwrap();
            assert_eq!(kept.len(), part.size_bytes, "round {round}");
            if let Content::Document(document) = &part.content {
                assert!(!document.text.contains('\0'), "round {round}");
            }
        }
        let quoted_from = letter.body.quoted_from.unwrap_or(0);
        assert!(letter.body.text.is_char_boundary(quoted_from), "round {round}");
    }
}
