//! `caibian doctor`: looks at everything that the settings name, and tells a person what is wrong and what to do.
//!
//! It signs in at each mailbox's servers, changes nothing and sends nothing. What the runbooks of `docs/runbooks/` are about
//! is named with its page.

mod mailboxes;
mod tables;

use std::{io::Write, process::ExitCode, time::Duration};

use serde_json::Value;

use crate::{
    Failure, ledger, ops, raw,
    settings::{MailboxKind, Settings},
    traces,
};

/// How long a place may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// With less free space than this a few films fill the disk.
const FREE_BYTES_LOW: u64 = 4 << 30;

/// How a thing does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grade {
    Well,
    Warning,
    Fault,
}

/// What was found, told as it is found.
#[derive(Debug, Default)]
struct Report {
    warnings: usize,
    faults: usize,
}

impl Report {
    /// `place: what`, and below it what to do, in both languages; nothing to do where all is well.
    fn tell(&mut self, grade: Grade, place: &str, what: &str, todo: Option<(&str, &str)>) {
        let word = match grade {
            Grade::Well => "ok",
            Grade::Warning => "warning",
            Grade::Fault => "fault",
        };
        self.warnings += usize::from(grade == Grade::Warning);
        self.faults += usize::from(grade == Grade::Fault);
        println!("{word:<8} {place}: {what}");
        if let Some((zh, en)) = todo {
            println!("         → {zh}\n         → {en}");
        }
        // A place that takes its time leaves what was told before it on the screen.
        let _ = std::io::stdout().flush();
    }

    fn well(&mut self, place: &str, what: &str) {
        self.tell(Grade::Well, place, what, None);
    }

    fn warning(&mut self, place: &str, what: &str, zh: &str, en: &str) {
        self.tell(Grade::Warning, place, what, Some((zh, en)));
    }

    fn fault(&mut self, place: &str, what: &str, zh: &str, en: &str) {
        self.tell(Grade::Fault, place, what, Some((zh, en)));
    }
}

/// `caibian doctor`: 0 when nothing is at fault, 1 else.
pub async fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    let mut report = Report::default();
    data_folder(settings, &mut report);
    let store = match ledger::open(settings).await {
        Ok(store) => {
            tables::answer(&store, &mut report).await;
            Some(store)
        }
        Err(failure) => {
            report.fault(
                "tables",
                &crate::chain(&*failure),
                "请核对 data 与 store.url；数据库须已启动，表结构用 `caibian migrate` 更新。",
                "Check `data` and `store.url`; the database has to run, and `caibian migrate` brings the tables up to date.",
            );
            None
        }
    };
    raw_mails(settings, &mut report).await;
    scanner(settings, &mut report).await;
    for mailbox in &settings.mailbox {
        mailboxes::receive(mailbox, &mut report).await;
        mailboxes::send(mailbox, &mut report).await;
    }
    if let Some(store) = store
        && let Err(error) = tables::look(&store, settings, &mut report).await
    {
        let (zh, en) = ("请稍后再试，并查看数据库的日志。", "Try again later, and read the database's log.");
        report.fault("tables", &error.to_string(), zh, en);
    }
    collector(settings, &mut report).await;
    access(settings, &mut report);
    process(settings, &mut report).await;

    let Report { warnings, faults } = report;
    println!("\n{faults} faults, {warnings} warnings");
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn data_folder(settings: &Settings, report: &mut Report) {
    let folder = &settings.data.0;
    match tempfile::NamedTempFile::new_in(folder) {
        Ok(_) => report.well("data", &format!("{} can be written", folder.display())),
        Err(error) => report.fault(
            "data",
            &format!("{}: {error}", folder.display()),
            "此文件夹须存在，且运行 caibian 的用户可写；它由首次启动时建立。",
            "The folder has to be there and writable by the user that runs caibian; the first start makes it.",
        ),
    }
}

/// Where raw bytes lie: the room that is left, and whether a bucket answers.
async fn raw_mails(settings: &Settings, report: &mut Report) {
    let looked = async {
        let blobs = raw::open(&settings.blobs).await?;
        let free = blobs.free_bytes().await?;
        blobs.answers().await?;
        Ok::<u64, Failure>(free)
    };
    let place = if settings.blobs.s3.is_set() { "raw mails, in a bucket" } else { "raw mails, in a folder" };
    let looked = tokio::time::timeout(ANSWER_WITHIN, looked).await;
    let fault = match looked {
        Ok(Ok(free)) if free < ops::FREE_BYTES_MIN => format!("only {free} bytes are free"),
        Ok(Ok(free)) if free < FREE_BYTES_LOW => {
            return report.warning(
                place,
                &format!("{} MiB are free", free >> 20),
                "几封带视频的邮件就会占满磁盘，请扩容或清理。（docs/runbooks/disk-full.md）",
                "A few mails with films fill the disk: give it more room. (docs/runbooks/disk-full.md)",
            );
        }
        Ok(Ok(free)) => return report.well(place, &format!("{} MiB are free", free >> 20)),
        Ok(Err(failure)) => crate::chain(&*failure),
        Err(_) => format!("no answer in {ANSWER_WITHIN:?}"),
    };
    report.fault(
        place,
        &fault,
        "在此恢复之前不会登记任何邮件，邮件留在邮件服务器上。请核对 [blobs]、磁盘空间、存储桶的地址与密钥。（docs/runbooks/disk-full.md）",
        "Until this is mended no mail is recorded; it stays on its server. Check [blobs], the disk, the bucket's address and key. \
         (docs/runbooks/disk-full.md)",
    );
}

/// The virus scanner, if one is set.
async fn scanner(settings: &Settings, report: &mut Report) {
    let Ok(Some(clamd)) = settings.scan.clamd() else { return };
    match clamd.version().await {
        Ok(version) => report.well("virus scanner", &version),
        Err(error) => report.fault(
            "virus scanner",
            &crate::chain(&error),
            "clamd 恢复之前邮件会取回，但不拆解、不登记。请核对 scan.clamd，并确认 clamd 已启动、病毒库已下载。",
            "Until clamd answers mail is fetched, but neither opened nor recorded. Check `scan.clamd`, that clamd runs and has its signatures.",
        ),
    }
}

/// Who is told traces, if anybody is.
async fn collector(settings: &Settings, report: &mut Report) {
    if !settings.traces.is_set() {
        return;
    }
    let endpoint = &settings.traces.endpoint;
    match traces::check(&settings.traces).await {
        Ok(()) => report.well("traces", &format!("{endpoint} takes them")),
        Err(failure) => report.warning(
            "traces",
            &format!("{endpoint}: {}", crate::chain(&*failure)),
            "追踪数据会丢失，其余不受影响。请核对 [traces] 的地址、请求头和证书，以及收集器是否在运行。",
            "Traces are lost, and nothing else is. Check address, headers and certificates of [traces], and that the collector runs.",
        ),
    }
}

/// Who may call.
fn access(settings: &Settings, report: &mut Report) {
    if settings.api.tokens.is_empty() && settings.api.listen.ip().is_loopback() {
        report.warning(
            "api",
            "no token is set: whoever can reach this machine's loopback is an administrator",
            "仅供一人使用的机器可以如此；否则请设置 [[api.tokens]]。",
            "Fine on a machine of one person; else set [[api.tokens]].",
        );
    }
    if settings.mailbox.iter().all(|mailbox| mailbox.kind == MailboxKind::Folder) {
        report.warning(
            "mailboxes",
            "none is an IMAP mailbox: mail is taken from folders alone",
            "收取真实来稿须设置 [[mailbox]]，见 README 与 deploy/caibian.example.toml。",
            "To take real mail set [[mailbox]]: see the README and deploy/caibian.example.toml.",
        );
    }
}

/// What the process that runs with these settings says of itself.
async fn process(settings: &Settings, report: &mut Report) {
    let listen = settings.ops.address();
    let answer = match ops::ask(listen).await {
        Ok((_, answer)) => answer,
        Err(failure) => {
            return report.warning(
                "process",
                &crate::chain(&*failure),
                "这台机器上似乎没有 caibian 在运行，或 ops.listen 不是它的地址。",
                "No caibian seems to run on this machine, or `ops.listen` is not its address.",
            );
        }
    };
    let told: Value = serde_json::from_str(&answer).unwrap_or_default();
    let lines = |key: &str| {
        let lines = told[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    if told["ready"] == true {
        report.well("process", &format!("answers at {listen} and is ready"));
    } else {
        let (zh, en) = ("见 docs/runbooks/not-ready.md。", "See docs/runbooks/not-ready.md.");
        report.fault("process", &format!("not ready: {}", lines("reasons").join("; ")), zh, en);
    }
}
