//! `caibian check`: what the worker would record of mail files. Opens each in the worker's child, applies the shipped
//! campaign's rules, and touches no database.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use api::wire;
use chrono::{DateTime, FixedOffset, Utc};
use intake::{
    campaign::Campaign,
    letter::Letter,
    message::ReceivedBasis,
    ports::{Opened, Opener},
    submission::{self, Assessment},
};
use stdx::Sha256;
use uuid::Uuid;

use crate::{Failure, words};

/// One mail file, assessed.
struct Checked {
    letter: Letter,
    assessment: Assessment,
    received_at: DateTime<Utc>,
    received_basis: ReceivedBasis,
    raw_sha256: Sha256,
    raw_size_bytes: u64,
}

/// Checks each file; exit code 1 when one could not be read.
pub async fn run(files: &[PathBuf], json: bool, received: Option<DateTime<FixedOffset>>) -> Result<ExitCode, Failure> {
    let campaign = Campaign::twentieth_congress(Uuid::nil());
    let mut code = ExitCode::SUCCESS;
    for file in files {
        match check(file, received, &campaign).await {
            Ok(checked) if json => {
                let submission = wire::submission_unrecorded(
                    &checked.letter,
                    checked.received_at,
                    checked.received_basis,
                    checked.raw_sha256,
                    checked.raw_size_bytes,
                    &checked.assessment,
                    None,
                );
                println!("{}", proto::json("caibian.intake.v1.Submission", &submission));
            }
            Ok(checked) => print!("{}", as_text(file, &checked)),
            Err(reason) => {
                eprintln!("{}: {reason}", file.display());
                code = ExitCode::from(1);
            }
        }
    }
    Ok(code)
}

async fn check(file: &Path, received: Option<DateTime<FixedOffset>>, campaign: &Campaign) -> Result<Checked, Failure> {
    // Before it is opened: a pipe would be waited for without end.
    if !std::fs::metadata(file)?.is_file() {
        return Err("not a regular file".into());
    }
    let workdir = tempfile::tempdir()?;
    let letter = match crate::source::opener().open(file, workdir.path()).await? {
        Opened::Read(letter) => *letter,
        Opened::Refused(unreadable) | Opened::Died(unreadable) => {
            return Err(format!("cannot be opened: {unreadable}").into());
        }
    };
    let (received_at, received_basis) = match received {
        Some(received) => (received.to_utc(), ReceivedBasis::InternalDate),
        None => mail::folder::received_at(file)?,
    };
    let (raw_sha256, raw_size_bytes) = hash(file.to_path_buf()).await?;
    let assessment = submission::assess(&letter, received_at, std::slice::from_ref(campaign), &[]);
    Ok(Checked { letter, assessment, received_at, received_basis, raw_sha256, raw_size_bytes })
}

async fn hash(file: PathBuf) -> Result<(Sha256, u64), Failure> {
    Ok(tokio::task::spawn_blocking(move || Sha256::of_reader(&mut std::fs::File::open(file)?)).await??)
}

fn as_text(file: &Path, checked: &Checked) -> String {
    use std::fmt::Write;
    let Checked { letter, assessment, .. } = checked;
    let mut text = String::new();
    let sender = letter.headers.from.first().cloned().unwrap_or_default();
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "  {} {value}", crate::table::fit(label, 10));
    };
    line("主题", &letter.headers.subject);
    line("发件人", &format!("{} <{}>", sender.name, sender.address));
    line("收信时间", &format!("{} ({})", stdx::beijing::format(checked.received_at), checked.received_basis.as_str()));
    line("类别", &format!("{}：{}", words::class(wire::class(assessment.sorting.class)), assessment.sorting.zh));
    let found = |found: &[intake::contact::Found]| {
        found.iter().map(|found| found.value.as_str()).collect::<Vec<_>>().join("、")
    };
    let contact = &assessment.contact;
    line("作者", &found(&contact.names));
    line("单位", &found(&contact.organisations));
    line("联系方式", &found(&[contact.phones.clone(), contact.addresses.clone()].concat()));
    for part in &letter.parts {
        line("附件", &format!("{} {} {} 字节 {}", part.name, part.media_type, part.size_bytes, part.sha256));
    }
    for cloud in &letter.cloud_files {
        line("超大附件", &format!("{} {}", cloud.name, cloud.url));
    }
    for fault in &letter.faults {
        line("读取", &format!("{} {} {}", fault.code, fault.place, fault.detail));
    }
    for finding in &assessment.findings {
        let mark = match finding.outcome {
            intake::finding::Outcome::Passed => "✓",
            intake::finding::Outcome::Failed => "✗",
            intake::finding::Outcome::Undetermined => "?",
        };
        line(&format!("{mark} 规则"), &format!("{}：{}", finding.rule.as_str(), finding.zh));
    }
    if let Some(judgement) = &assessment.judgement {
        line("判定", words::verdict(wire::verdict(judgement.verdict)));
    }
    format!("{}\n{text}\n", file.display())
}
