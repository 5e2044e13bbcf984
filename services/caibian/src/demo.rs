//! `caibian demo`: everything in one process on mails that the program composes itself, and a table of what was made
//! of them, read back over gRPC.

mod registers;

use std::{fs, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use proto::intake::v1::{
    self, GetMessageRequest, GetSubmissionRequest, ListMessagesRequest, Outcome, Severity, Stage,
    mailbox_service_client::MailboxServiceClient, submission_service_client::SubmissionServiceClient,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use crate::{
    Failure, logging,
    serve::{self, Roles},
    settings::{ApiSettings, DataFolder, DeskSettings, LogSettings, Settings},
    table::fit,
    words,
};

/// How long the demo waits for its mails to be recorded.
const PATIENCE: Duration = Duration::from_secs(120);

/// Options of the demo.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where it keeps its database, blobs and watched folder.
    #[arg(long, default_value = "data/demo", value_name = "DIR")]
    data: PathBuf,
    /// Where gRPC listens; a free port when this one is taken.
    #[arg(long, default_value = "127.0.0.1:50051", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where the editors' desk listens; a free port when this one is taken.
    #[arg(long, default_value = "127.0.0.1:8088", value_name = "ADDRESS")]
    desk: SocketAddr,
    /// Ends after the table instead of serving on.
    #[arg(long)]
    exit: bool,
}

/// Runs the demo.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut settings = Settings {
        data: DataFolder(arguments.data.clone()),
        api: ApiSettings { listen: free(arguments.listen), ..ApiSettings::default() },
        desk: DeskSettings {
            listen: free(arguments.desk),
            content_listen: free(DeskSettings::default().content_listen),
            ..DeskSettings::default()
        },
        log: LogSettings { filter: "warn".into(), ..LogSettings::default() },
        ..Settings::default()
    };
    settings.complete();
    settings.mailbox[0].sweep_seconds = 1;
    logging::start(&settings.log, None)?;

    let inbox = settings.mailbox[0].path.clone();
    fs::create_dir_all(&inbox)?;
    let mails = specimen::demo_mails("主题征稿", &settings.mailbox[0].address);
    for (name, bytes, _) in &mails {
        let file = inbox.join(name);
        // A second run finds them there and records nothing twice.
        if !file.exists() {
            let draft = inbox.join(format!(".{name}.draft"));
            fs::write(&draft, bytes)?;
            fs::rename(&draft, &file)?;
        }
    }
    println!("{} mails lie in {}", mails.len(), inbox.display());
    registers::fill(&serve::open_store(&settings).await?).await?;

    let cancel = CancellationToken::new();
    let running = serve::start(&settings, Roles { desk: !arguments.exit, ..Roles::ALL }, cancel.clone()).await?;
    let address = running.address.ok_or("gRPC does not listen")?;
    let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
    let messages = settled(channel.clone(), mails.len()).await?;
    print_table(channel.clone(), &messages).await?;
    registers::print(channel).await?;

    if arguments.exit {
        cancel.cancel();
    } else {
        print_commands(address, &arguments.data, &inbox)?;
        tokio::spawn(async move {
            let _ = tokio::signal::ctrl_c().await;
            cancel.cancel();
        });
    }
    running.wait().await?;
    Ok(ExitCode::SUCCESS)
}

/// The wanted address, or a free port beside it when something listens there.
fn free(wanted: SocketAddr) -> SocketAddr {
    match std::net::TcpListener::bind(wanted) {
        Ok(_) => wanted,
        Err(_) => SocketAddr::new(wanted.ip(), 0),
    }
}

/// Waits until every mail stands at the end of its way; gives them in the order of receipt.
async fn settled(channel: Channel, expected: usize) -> Result<Vec<v1::Message>, Failure> {
    let mut client = MailboxServiceClient::new(channel);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let request = ListMessagesRequest { page_size: 500, ..ListMessagesRequest::default() };
        let mut messages = client.list_messages(request).await?.into_inner().messages;
        let open = |message: &v1::Message| {
            matches!(message.stage(), Stage::Unspecified | Stage::Seen | Stage::Stored | Stage::Parsed)
        };
        if messages.len() >= expected && !messages.iter().any(open) {
            messages.reverse();
            return Ok(messages);
        }
        if Instant::now() > deadline {
            return Err(format!("after {PATIENCE:?} only {} of {expected} mails are recorded", messages.len()).into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn print_table(channel: Channel, messages: &[v1::Message]) -> Result<(), Failure> {
    let mut submissions = SubmissionServiceClient::new(channel.clone());
    let mut mailboxes = MailboxServiceClient::new(channel);
    let row = |cells: [&str; 6]| {
        let widths = [19, 22, 34, 10, 8];
        let fitted: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| fit(cell, width)).collect();
        println!("{}  {}", fitted.join("  "), cells[5]);
    };
    row(["收信时间 (北京)", "发件人", "主题", "类别", "判定", "原因"]);
    for message in messages {
        let received = message.received_time.map(|time| beijing(time.seconds)).unwrap_or_default();
        let from = message.from.clone().unwrap_or_default();
        let sender = if from.display_name.is_empty() { from.address } else { from.display_name };
        let class = words::class(message.class());
        if message.submission.is_empty() {
            let message = mailboxes.get_message(GetMessageRequest { name: message.name.clone() }).await?.into_inner();
            let reason = message.class_reason.map_or(message.reason, |reason| reason.zh);
            row([&received, &sender, &message.subject, class, "", &reason]);
            continue;
        }
        let name = message.submission.clone();
        let submission = submissions.get_submission(GetSubmissionRequest { name }).await?.into_inner();
        let verdict = submission.judgement.as_ref().map_or("", |judgement| words::verdict(judgement.verdict()));
        let mut reasons: Vec<String> = submission
            .findings
            .iter()
            .filter(|finding| finding.outcome() != Outcome::Passed && finding.severity() != Severity::Routes)
            .map(|finding| {
                let mark = if finding.severity() == Severity::Advice { "（建议）" } else { "" };
                format!("{mark}{}", finding.sentence.clone().unwrap_or_default().zh)
            })
            .collect();
        if reasons.is_empty() || submission.class() != v1::Class::Submission {
            reasons.insert(0, submission.class_reason.unwrap_or_default().zh);
        }
        row([&received, &sender, &submission.subject, class, verdict, &reasons.join(" ")]);
    }
    let count = |stage| messages.iter().filter(|message| message.stage() == stage).count();
    let (recorded, repeated) = (count(Stage::Recorded), count(Stage::Repeated));
    println!("\n{recorded} of {} mails recorded, each once.", messages.len() - repeated);
    if repeated > 0 {
        println!("{repeated} more are copies of these.");
    }
    if recorded + repeated < messages.len() {
        return Err("a mail was set aside: see `caibian quarantine list`".into());
    }
    Ok(())
}

fn print_commands(address: SocketAddr, data: &std::path::Path, inbox: &std::path::Path) -> Result<(), Failure> {
    let desk = fs::read_to_string(data.join("desk.address"))?;
    println!(
        "
The editors' desk is at http://{desk}. Its first visitor is `admin`, with the invitation told above at the first start, on
http://{desk}/invitation; `caibian users invite admin` with CAIBIAN__DATA={} gives another one.

gRPC listens on {address}. Ask it:
  grpcurl -plaintext {address} list
  grpcurl -plaintext -d '{{\"filter\": \"verdict = LATE\"}}' {address} caibian.intake.v1.SubmissionService/ListSubmissions
  grpcurl -plaintext -d '{{\"resume_token\": \"0\"}}' {address} caibian.intake.v1.SubmissionService/WatchSubmissions
  grpcurl -plaintext {address} caibian.intake.v1.CampaignService/ListCampaigns
  grpcurl -plaintext {address} caibian.intake.v1.MailboxService/ListMailboxes",
        data.display()
    );
    registers::print_commands(address);
    println!("Put another .eml file into {} and it is recorded within seconds. Ctrl-C ends.", inbox.display());
    Ok(())
}

fn beijing(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0)
        .map(|instant| instant.with_timezone(&stdx::beijing::zone()).format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}
