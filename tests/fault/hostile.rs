//! Mail that is made to hurt: each ends in a named stage with little CPU and memory, and the mail behind it is recorded.

use std::{fs, path::Path, time::Duration};

use proto::intake::v1::Stage;
use specimen::{
    Mail, hostile,
    mail::{Charset, NameEncoding},
};
use tests::{
    Backend, Ledger, Mailbox, Settings, World,
    memory::measure,
    oracle,
    product::ADDRESS,
    world::{USER, at, in_time, plain_mail},
};

/// CPU time of one mail, by the process and its child; the wall's clock would measure the neighbours too.
const CPU_MAX: Duration = Duration::from_secs(2);
const MEMORY_MAX: u64 = 300 * 1024 * 1024;
const WALL_MAX: Duration = Duration::from_secs(60);

/// What is wrong with a mail, and the mail.
type Shape = (String, Vec<u8>);

fn bombs() -> Vec<Shape> {
    [
        ("10,000 nested multiparts", hostile::nested_multiparts(10_000)),
        ("500 KB of nested message/rfc822", hostile::nested_rfc822(500_000)),
        ("3 MB of nested message/rfc822", hostile::nested_rfc822(3_000_000)),
        ("a million header fields", hostile::many_headers(1_000_000)),
        ("a header of 100 MB", hostile::huge_header(100_000_000)),
        ("100,000 parts", hostile::many_parts(100_000)),
    ]
    .into_iter()
    .map(|(name, raw)| (name.to_owned(), raw))
    .collect()
}

fn attacker(id: &str) -> Mail {
    Mail::new("攻击者", &format!("{id}@attacker.example.net"), ADDRESS)
        .subject(&format!("主题征稿 {id}"))
        .received_at(at("2023-03-01T09:00:00+08:00"))
        .message_id(&format!("{id}@attacker.example.net"))
        .text("姓名：李文博\n单位：浙江省财政厅\n联系电话：0571-87057615\n")
}

/// All names in one mail, for each way to write a name; and NUL in the text.
fn names() -> Vec<Shape> {
    [
        ("rfc2231", Charset::Utf8, NameEncoding::Rfc2231),
        ("rfc2047", Charset::Utf8, NameEncoding::Rfc2047),
        ("raw8bit", Charset::Gb18030Raw8bit, NameEncoding::Raw8bit),
    ]
    .into_iter()
    .map(|(id, charset, encoding)| {
        let mut mail = attacker(id).charset(charset).name_encoding(encoding);
        for name in hostile::evil_names() {
            mail = mail.attach(&name, "application/octet-stream", id.as_bytes());
        }
        (format!("evil names by {id}"), mail.to_bytes())
    })
    .collect()
}

fn films() -> Vec<Shape> {
    hostile::broken_movies()
        .into_iter()
        .enumerate()
        .map(|(number, (what, film))| {
            (what.to_owned(), attacker(&format!("film{number}")).attach("f.mp4", "video/mp4", film).to_bytes())
        })
        .collect()
}

fn shapes() -> Vec<Shape> {
    [bombs(), names(), films()].concat()
}

#[test]
fn each_hostile_mail_takes_less_than_2_s_of_cpu_and_300_mib() {
    let _alone = crate::ALONE.blocking_lock();
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::write(folder.path(), "", &[]);
    let mut wrong = Vec::new();
    for (number, (what, raw)) in shapes().into_iter().enumerate() {
        let file = folder.path().join(format!("{number}.eml"));
        fs::write(&file, raw).expect("our own folder");
        let file = file.display().to_string();
        let command = settings.command(&["check", "--json", "--received", "2023-03-01T09:00:00+08:00", &file]);
        let measured = measure(&command, WALL_MAX);
        println!("{what}: {:?} {} MiB, {}", measured.cpu, measured.peak.child_bytes >> 20, measured.stderr.trim());
        // Facts, or a reason on the error line; never nothing.
        let said = if measured.success { measured.stdout.trim() } else { measured.stderr.trim() };
        let named = if measured.success { said.starts_with('{') } else { said.contains("cannot be opened") };
        if !named || said.contains("panicked") {
            wrong.push(format!("{what}: said {:?}", said.chars().take(300).collect::<String>()));
        }
        if measured.cpu > CPU_MAX || measured.peak.child_bytes > MEMORY_MAX {
            wrong.push(format!("{what}: {:?}, {} MiB", measured.cpu, measured.peak.child_bytes >> 20));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn each_hostile_mail_ends_in_a_named_stage_and_the_mail_behind_it_is_recorded() {
    let _alone = crate::ALONE.lock().await;
    let world = World::new(Backend::Sqlite);
    // The same mails by IMAP and, untouched by any server, from a watched folder; with a line more, for the same bytes to
    // one address would only repeat the first.
    let inbox = world.home().join("inbox");
    fs::create_dir(&inbox).expect("our own folder");
    let settings = world.settings(&[world.mailbox(), Mailbox::folder("watched", &inbox)]);
    let mut session = world.session();
    let mut places = Vec::new();
    for (number, (what, raw)) in shapes().into_iter().enumerate() {
        let hostile = session.append("INBOX", in_time(), &raw);
        let behind = session.append("INBOX", in_time(), &plain_mail(USER, number, 20));
        let raw = [b"X-Way: folder\r\n".as_slice(), &raw].concat();
        fs::write(inbox.join(format!("{number:03}.eml")), raw).expect("our own folder");
        fs::write(inbox.join(format!("{number:03}-behind.eml")), plain_mail("watched", number, 20))
            .expect("our own folder");
        places.push((what, hostile, behind));
    }
    let product = tests::Product::start(&settings);
    let ledger = Ledger::settled(&product, 4 * places.len(), Duration::from_secs(240)).await;
    ledger.assert_sound();
    let mut wrong = Vec::new();
    for (what, hostile, behind) in &places {
        let message = ledger.message("INBOX", *hostile);
        let decided = oracle::decided(message, ledger.submission_of(message));
        println!("{what}: {decided} {}", message.reason);
        let named = match message.stage() {
            Stage::Quarantined => !message.reason.is_empty(),
            Stage::Recorded => true,
            _ => false,
        };
        if !named {
            wrong.push(format!("{what}: {decided}"));
        }
        let message = ledger.message("INBOX", *behind);
        let decided = oracle::decided(message, ledger.submission_of(message));
        if decided != "submission eligible" {
            wrong.push(format!("behind {what}: {decided}"));
        }
    }
    let plain = ledger.submissions.iter().filter(|submission| submission.subject.contains("watched")).count();
    if plain != places.len() {
        wrong.push(format!("{plain} of {} plain mails of the watched folder are submissions", places.len()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // Names are data: no file in our folder bears one.
    let mut files = Vec::new();
    walk(&settings.data.join("blobs"), &mut files);
    assert!(!files.is_empty());
    for file in files {
        let name = file.rsplit('/').next().unwrap_or_default();
        assert!(name.chars().all(|c| c.is_ascii_hexdigit()), "{file}");
    }
    product.terminate().await;
    settings.verify_with_server();
}

fn walk(folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of ours").flatten() {
        match entry.file_type().expect("a file system") {
            kind if kind.is_dir() => walk(&entry.path(), files),
            kind => {
                assert!(kind.is_file(), "{:?} is a link", entry.path());
                files.push(entry.path().display().to_string());
            }
        }
    }
}
