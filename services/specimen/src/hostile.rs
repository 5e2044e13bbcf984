//! Mails and files that are made to hurt whoever reads them: bombs of nesting, of headers, of names, of box sizes.

use std::io::Write;

use crate::mp4::{Mp4, atom, mp4};

const HEAD: &str =
    "From: <attacker@example.net>\r\nTo: <czzhengwen@163.com>\r\nSubject: hostile\r\nMIME-Version: 1.0\r\n";

/// A mail of `levels` multiparts, each the only part of the one before.
#[must_use]
pub fn nested_multiparts(levels: usize) -> Vec<u8> {
    let mut mail = HEAD.as_bytes().to_vec();
    for level in 0..levels {
        let _ = write!(mail, "Content-Type: multipart/mixed; boundary=\"b{level}\"\r\n\r\n--b{level}\r\n");
    }
    mail.extend(b"Content-Type: text/plain\r\n\r\ninnermost\r\n");
    for level in (0..levels).rev() {
        let _ = write!(mail, "--b{level}--\r\n");
    }
    mail
}

/// A mail of about so many bytes in which each message holds the next.
#[must_use]
pub fn nested_rfc822(bytes: usize) -> Vec<u8> {
    const LEVEL: &[u8] = b"Content-Type: message/rfc822\r\n\r\n";
    let mut mail = HEAD.as_bytes().to_vec();
    while mail.len() < bytes {
        mail.extend(LEVEL);
    }
    mail.extend(b"Content-Type: text/plain\r\n\r\ninnermost\r\n");
    mail
}

/// A mail with so many header fields.
#[must_use]
pub fn many_headers(count: usize) -> Vec<u8> {
    let mut mail = HEAD.as_bytes().to_vec();
    for number in 0..count {
        let _ = write!(mail, "X-{number}: {number}\r\n");
    }
    mail.extend(b"\r\nbody\r\n");
    mail
}

/// A mail whose subject is folded over so many bytes.
#[must_use]
pub fn huge_header(bytes: usize) -> Vec<u8> {
    let mut mail = HEAD.as_bytes().to_vec();
    mail.extend(b"X-Huge: start");
    let line = [b"\r\n ".as_slice(), &[b'a'; 900]].concat();
    while mail.len() < bytes {
        mail.extend(&line);
    }
    mail.extend(b"\r\n\r\nbody\r\n");
    mail
}

/// A mail with so many small parts beside each other.
#[must_use]
pub fn many_parts(count: usize) -> Vec<u8> {
    let mut mail = HEAD.as_bytes().to_vec();
    mail.extend(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    for number in 0..count {
        let _ = write!(
            mail,
            "--b\r\nContent-Type: application/octet-stream; name=\"{number}.bin\"\r\nContent-Disposition: attachment\r\n\r\nx\r\n"
        );
    }
    mail.extend(b"--b--\r\n");
    mail
}

/// Names of files that must stay data: paths, controls, devices, lies about the type.
#[must_use]
pub fn evil_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "../../../../etc/passwd",
        "..\\..\\windows\\system32\\drivers\\etc\\hosts",
        "/etc/shadow",
        "C:\\autoexec.bat",
        "\\\\192.0.2.1\\share\\x.docx",
        "稿件\0.exe.docx",
        "稿件\r\nX-Injected: yes.docx",
        "稿件\u{202e}xcod.exe",
        "CON",
        "LPT1.docx",
        "稿件.html.jpg",
        ".htaccess",
        "..",
        ".",
        "-rf",
        "$(reboot).docx",
        "`id`.docx",
        "'; DROP TABLE submission; --.docx",
        "<img src=x onerror=alert(1)>.docx",
        "=cmd|' /C calc'!A0.csv",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "稿件. ",
        "\u{feff}稿件.docx",
        "e\u{301}\u{301}\u{301}.docx",
    ]
    .map(str::to_owned)
    .into();
    names.push("长".repeat(300) + ".docx");
    names.push("a".repeat(70_000) + ".docx");
    names.push("../".repeat(1000) + "x");
    names
}

/// Films whose boxes lie about their sizes, counts and places, with what is wrong.
#[must_use]
pub fn broken_movies() -> Vec<(&'static str, Vec<u8>)> {
    let whole = mp4(Mp4 { width: 64, height: 64, seconds: 3, ..Mp4::default() });
    // Writes over the bytes that lie `after` bytes behind the start of a box's type.
    let with = |kind: &[u8; 4], after: isize, bytes: &[u8]| {
        let mut film = whole.clone();
        let at = film.windows(4).position(|at| at == kind).expect("the box is there").wrapping_add_signed(after);
        film[at..at + bytes.len()].copy_from_slice(bytes);
        film
    };
    let all = u32::MAX.to_be_bytes();
    let header = |moov: &[&[u8]]| [atom(b"ftyp", &[b"isom\0\0\0\0"]), atom(b"moov", moov)].concat();
    let mut wide_moov = b"\0\0\0\x01moov".to_vec();
    wide_moov.extend(u64::MAX.to_be_bytes());
    let mut nested = Vec::new();
    for _ in 0..5_000 {
        nested = atom(b"moov", &[&nested]);
    }
    let trex = atom(b"mvex", &[&atom(b"trex", &[&[0; 4], &1u32.to_be_bytes(), &[0; 4], &all, &[0; 8]])]);
    let run = |flags: u32| {
        let tfhd = atom(b"tfhd", &[&[0; 4], &1u32.to_be_bytes()]);
        atom(b"moof", &[&atom(b"traf", &[&tfhd, &atom(b"trun", &[&flags.to_be_bytes(), &all])])])
    };
    let mut fragmented = whole.clone();
    let moov_at = fragmented.windows(4).position(|at| at == b"moov").expect("the box is there") - 4;
    let size = u32::from_be_bytes(*fragmented[moov_at..].first_chunk().expect("four bytes"));
    fragmented.splice(moov_at + size as usize..moov_at + size as usize, trex.iter().copied());
    fragmented[moov_at..moov_at + 4].copy_from_slice(&(size + trex.len() as u32).to_be_bytes());
    let fragments = |count: usize, flags: u32| [fragmented.clone(), run(flags).repeat(count)].concat();

    vec![
        ("moov of size 0 that holds itself for ever", with(b"moov", -4, &[0; 4])),
        ("moov of size 1 without a 64-bit size", b"\0\0\0\x01moov".to_vec()),
        ("moov of size 7", with(b"moov", -4, &7u32.to_be_bytes())),
        ("moov of size 4 GiB", with(b"moov", -4, &all)),
        ("moov of 2^64 - 1 bytes", wide_moov),
        ("ftyp that swallows the file", with(b"ftyp", -4, &all)),
        ("trak of size 0", with(b"trak", -4, &[0; 4])),
        ("trak of size 3", with(b"trak", -4, &3u32.to_be_bytes())),
        ("trak beyond its parent", with(b"trak", -4, &all)),
        ("sample description beyond its parent", with(b"avc1", -4, &all)),
        ("sample description of size 9", with(b"avc1", -4, &9u32.to_be_bytes())),
        ("clock of 0 ticks", with(b"mvhd", 16, &[0; 4])),
        ("unknown duration", with(b"mvhd", 20, &all)),
        ("media clock of 0 ticks", with(b"mdhd", 16, &[0; 4])),
        ("matrix of ones", with(b"tkhd", 44, &[0xff; 36])),
        ("matrix of the most negative numbers", with(b"tkhd", 44, &[0x80, 0, 0, 0].repeat(9))),
        ("matrix of zeros", with(b"tkhd", 44, &[0; 36])),
        ("four milliards of edits", with(b"elst", 8, &all)),
        ("four milliards of runs", with(b"stts", 8, &all)),
        ("five thousand nested moov", nested),
        ("moov of a hundred thousand empty boxes", header(&[&atom(b"free", &[]).repeat(100_000)])),
        ("moov of a thousand empty tracks", header(&[&atom(b"trak", &[]).repeat(1_000)])),
        ("a hundred thousand empty boxes before moov", atom(b"free", &[]).repeat(100_000)),
        ("four milliards of samples by default", fragments(1, 0)),
        ("four milliards of samples with durations", fragments(1, 0x100)),
        ("ten thousand fragments of four milliards of samples", fragments(10_000, 0)),
    ]
}
