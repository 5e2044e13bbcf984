//! Does the tests of mailboxes that somebody asked for: a mail to the mailbox itself, step by step, over lines of its own, so
//! that the sweeps go on.

use std::time::Duration;

use chrono::{DateTime, Utc};
use intake::{
    letter::LOOP_FIELD,
    ports::{PortError, PortResult, Source},
};
use post::{Office, Post, deliver};
use reply::outbox::{Origin, Outbox, Outcome, Outgoing, Stage};
use stdx::ErrorKind;
use store::{
    Store,
    mailbox_test::{MailboxTest, TestNote, TestOutcome, TestStep},
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::source::AnySource;

/// From one look for what is asked to the next.
const ASKED_EVERY: Duration = Duration::from_secs(1);
/// A whole test; with the time to be taken up it stays under [`store::mailbox_test::WITHIN`].
const WITHIN: Duration = Duration::from_secs(55);
/// The mail to itself, from sending it to having set it aside.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);
/// Bytes of a mail in which the token is looked for.
const HEAD_BYTES: u32 = 32 * 1024;
/// New mails of a folder that are looked at.
const NEW_MAX: usize = 50;

/// A mailbox that can be tested.
pub struct Tested {
    /// Its identity in the tables.
    pub id: Uuid,
    /// Its address.
    pub address: String,
    /// The folders that are swept.
    pub folders: Vec<String>,
    /// What is tested.
    pub lines: Lines,
}

/// Ways to a mailbox's servers that nothing else uses.
pub struct Lines {
    /// Where its mail is read.
    pub source: AnySource,
    /// Where its letters leave; none when no server is set.
    pub office: Option<Office>,
}

/// Does what is asked of a mailbox until `cancel`.
pub async fn run(mut mailbox: Tested, store: Store, holder: String, cancel: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            () = sleep(ASKED_EVERY) => {}
        }
        // While the tables are away nobody can ask either.
        let Ok(Some(test)) = store.mailbox_test_take(mailbox.id, &holder).await else { continue };
        let mut told = Told { store: &store, id: test.id, notes: Vec::new() };
        tokio::select! {
            biased;
            () = cancel.cancelled() => {
                told.stopped().await;
                return told.over().await;
            }
            ended = timeout(WITHIN, steps(&mut mailbox, &test, &mut told)) => {
                if ended.is_err() {
                    told.late().await;
                }
            }
        }
        mailbox.lines.source.reset();
        told.over().await;
    }
}

/// What was told so far.
struct Told<'a> {
    store: &'a Store,
    id: Uuid,
    notes: Vec<TestNote>,
}

impl Told<'_> {
    async fn tell(&mut self, step: TestStep, outcome: TestOutcome, zh: impl Into<String>, en: impl Into<String>) {
        self.notes.push(TestNote { step, outcome, zh: zh.into(), en: en.into() });
        self.keep(false).await;
    }

    async fn passed(&mut self, step: TestStep, zh: &str, en: &str) {
        self.tell(step, TestOutcome::Passed, zh, en).await;
    }

    async fn failed(&mut self, step: TestStep, zh: String, en: String) {
        self.tell(step, TestOutcome::Failed, zh, en).await;
    }

    /// The step that was under way.
    fn present(&self) -> TestStep {
        const ORDER: [TestStep; 6] =
            [TestStep::Receive, TestStep::Folders, TestStep::Send, TestStep::Taken, TestStep::Seen, TestStep::SetAside];
        ORDER[self.notes.len().min(ORDER.len() - 1)]
    }

    async fn late(&mut self) {
        let zh = "超过时限仍无结果。请稍后再试；若仍如此，请检查服务器地址、端口和网络。".to_owned();
        let en = "No result in time. Try again later; if it stays so, check the server's name, port and the network.";
        self.failed(self.present(), zh, en.to_owned()).await;
    }

    async fn stopped(&mut self) {
        let zh = "采集程序正在停止，测试中断。请在它重新启动后再试。".to_owned();
        let en = "The worker is stopping, and the test was broken off. Try again when it runs anew.".to_owned();
        self.failed(self.present(), zh, en).await;
    }

    async fn over(&mut self) {
        self.keep(true).await;
    }

    async fn keep(&self, is_ended: bool) {
        if let Err(error) = self.store.mailbox_test_note(self.id, &self.notes, is_ended).await {
            tracing::warn!(%error, "the tables could not be told of a mailbox's test");
        }
    }
}

/// The steps, until one fails.
async fn steps(mailbox: &mut Tested, test: &MailboxTest, told: &mut Told<'_>) {
    mailbox.lines.source.reset();
    let Some(before) = received(mailbox, told).await else { return };
    let Some(office) = mailbox.lines.office.clone() else {
        let zh = "没有设置发信服务器（[mailbox.smtp]），其余步骤未试。此邮箱只收不发时，这是正常的。";
        let en = "No server for sending is set ([mailbox.smtp]): the rest was not tried. A mailbox that only receives is fine so.";
        told.tell(TestStep::Send, TestOutcome::Skipped, zh, en).await;
        return;
    };
    if sent(&mailbox.address, office, test, told).await {
        arrived(mailbox, test, &before, told).await;
    }
}

/// Signs in and opens each folder; gives the highest UID of each.
async fn received(mailbox: &mut Tested, told: &mut Told<'_>) -> Option<Vec<u64>> {
    let mut highest = Vec::new();
    for (at, folder) in mailbox.folders.iter().enumerate() {
        let opened = mailbox.lines.source.select(folder).await;
        if at == 0 {
            match &opened {
                Err(error) if error.kind != ErrorKind::NotFound => {
                    let (zh, en) = advice(error);
                    told.failed(
                        TestStep::Receive,
                        format!("收信服务器未能登录：{}。{zh}", error.detail),
                        format!("The server that mail is read from cannot be used: {}. {en}", error.detail),
                    )
                    .await;
                    return None;
                }
                _ => told.passed(TestStep::Receive, "收信服务器已连接并登录。", "Connected and signed in.").await,
            }
        }
        let uids = match opened {
            Ok(_) => mailbox.lines.source.uids().await,
            Err(error) => Err(error),
        };
        match uids {
            Ok(uids) => highest.push(uids.last().copied().unwrap_or(0)),
            Err(error) => {
                told.failed(
                    TestStep::Folders,
                    format!("文件夹“{folder}”打不开：{}。请核对设置中的 folders 与邮箱中的文件夹名。", error.detail),
                    format!(
                        "The folder “{folder}” cannot be opened: {}. Compare `folders` in the settings with the names in the mailbox.",
                        error.detail
                    ),
                )
                .await;
                return None;
            }
        }
    }
    told.passed(TestStep::Folders, "设置中的文件夹均可打开。", "Every folder of the settings can be opened.").await;
    Some(highest)
}

/// What to do about a server that mail is read from, in Chinese and in English.
pub fn advice(error: &PortError) -> (&'static str, &'static str) {
    match error.kind {
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => (
            "请核对用户名和密码；网易、QQ 等邮箱须用授权码，并在网页版中开启 IMAP。",
            "Check user and password; NetEase, QQ and others want an authorisation code, and IMAP switched on in their web page.",
        ),
        _ => (
            "请核对服务器地址、端口和加密方式，并检查网络。",
            "Check the server's name, port and encryption, and the network.",
        ),
    }
}

/// Hands the mail over; tells whether the server took it.
async fn sent(address: &str, office: Office, test: &MailboxTest, told: &mut Told<'_>) -> bool {
    let outgoing = Outgoing {
        id: test.id,
        fence: 0,
        from: address.to_owned(),
        to: address.to_owned(),
        raw: mail(address, test, Utc::now()),
        message_id: test.message_id.clone(),
        tries: 1,
        origin: Origin::default(),
    };
    let mut post = Post::new(office.settings);
    let stages = Stages(Mutex::new(told));
    let outcome = deliver(&mut post, &stages, &outgoing).await;
    let told = stages.0.into_inner();
    post.close().await;
    let said = match outcome {
        Some(Outcome::Sent { .. }) => {
            told.passed(TestStep::Taken, "发信服务器已接收测试邮件。", "The server took the mail.").await;
            return true;
        }
        Some(
            Outcome::Unable { said }
            | Outcome::Deferred { said, .. }
            | Outcome::Refused { said, .. }
            | Outcome::Uncertain { said },
        ) => said,
        Some(Outcome::Abandoned { .. }) | None => String::new(),
    };
    let step = told.present();
    let (zh, en) = if step == TestStep::Send {
        (
            format!(
                "发信服务器未能登录：{said}。请核对 [mailbox.smtp] 的地址、端口、加密方式、用户名和密码（授权码）。"
            ),
            format!(
                "The server for sending cannot be used: {said}. Check name, port, encryption, user and password \
                 (authorisation code) of [mailbox.smtp]."
            ),
        )
    } else {
        (
            format!("发信服务器没有接收测试邮件：{said}。请核对发信地址是否属于该账号，或稍后再试。"),
            format!(
                "The server did not take the mail: {said}. Check that the address belongs to the account, or try later."
            ),
        )
    };
    told.failed(step, zh, en).await;
    false
}

/// Looks for the mail in the mailbox, and waits until the intake has set it aside.
async fn arrived(mailbox: &mut Tested, test: &MailboxTest, before: &[u64], told: &mut Told<'_>) {
    let begun = Instant::now();
    let store = told.store;
    let is_set_aside = || async { store.mailbox_test_get(test.id).await.is_ok_and(|test| test.is_set_aside) };
    let mut found = None;
    while found.is_none() && begun.elapsed() < ARRIVES_WITHIN {
        found = match seen(mailbox, &test.token, before).await {
            Ok(Some(folder)) => Some(folder),
            // The intake may have moved it on before it was seen here.
            _ if is_set_aside().await => Some(String::new()),
            _ => None,
        };
        if found.is_none() {
            sleep(ASKED_EVERY).await;
        }
    }
    let Some(folder) = found else {
        let zh = "测试邮件已发出，但收件箱中一直没有出现。请在网页版中查看垃圾邮件和拦截设置，或稍后再试。".to_owned();
        let en = "The mail was taken and never arrived. Look for it among junk and blocked mail in the web page, or try later.";
        return told.failed(TestStep::Seen, zh, en.to_owned()).await;
    };
    let (zh, en) = match mailbox.folders.first() {
        Some(first) if !folder.is_empty() && *first != folder => {
            (format!("测试邮件到了文件夹“{folder}”。"), format!("The mail arrived in the folder “{folder}”."))
        }
        _ => ("测试邮件已到收件箱。".to_owned(), "The mail arrived in the inbox.".to_owned()),
    };
    told.tell(TestStep::Seen, TestOutcome::Passed, zh, en).await;
    while begun.elapsed() < ARRIVES_WITHIN {
        if is_set_aside().await {
            let (zh, en) = (
                "采集程序认出这是自己的测试邮件，未作为来稿登记，也不会回复。",
                "The intake knew the mail as its own: it is no submission and gets no answer.",
            );
            return told.passed(TestStep::SetAside, zh, en).await;
        }
        sleep(ASKED_EVERY).await;
    }
    // Not wrong by itself: sweeps may be minutes apart.
    let zh = "测试邮件已到，采集程序将在下一次收取时处理。若迟迟不处理，请在“邮箱”页查看上次收取时间和最近的错误。";
    let en = "The mail arrived, and the intake takes it up at its next sweep. If it does not, see on the mailbox's page when it was \
              read last, and its last error.";
    told.tell(TestStep::SetAside, TestOutcome::Skipped, zh, en).await;
}

/// The folder in which the mail is, among those that are new.
async fn seen(mailbox: &mut Tested, token: &str, before: &[u64]) -> PortResult<Option<String>> {
    let wanted = token.as_bytes();
    for (folder, before) in mailbox.folders.iter().zip(before) {
        mailbox.lines.source.select(folder).await?;
        let new: Vec<u64> = mailbox.lines.source.uids().await?.into_iter().filter(|uid| uid > before).collect();
        for uid in new.into_iter().rev().take(NEW_MAX) {
            let head = match mailbox.lines.source.window(uid, 0, HEAD_BYTES).await {
                Ok(head) => head,
                Err(error) if error.kind == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if head.windows(wanted.len()).any(|bytes| bytes == wanted) {
                return Ok(Some(folder.clone()));
            }
        }
    }
    Ok(None)
}

/// The mail's bytes. Its words are ASCII, so that no server has to encode anything anew.
fn mail(address: &str, test: &MailboxTest, now: DateTime<Utc>) -> Vec<u8> {
    let domain = address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    format!(
        "From: <{address}>\r\nTo: <{address}>\r\nSubject: {}\r\nDate: {}\r\n\
         Message-ID: <{}>\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n\
         {LOOP_FIELD}: {domain}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
         An administrator tests this mailbox. Nobody has to answer; the mail can be deleted.\r\n",
        test.subject,
        now.to_rfc2822(),
        test.message_id,
    )
    .into_bytes()
}

/// Tells how far the mail has come. Nothing is kept to send it again: a test that dies is asked for anew.
struct Stages<'a, 'b>(Mutex<&'a mut Told<'b>>);

impl Outbox for Stages<'_, '_> {
    async fn take(&self, _: &str, _: Duration) -> PortResult<Option<Outgoing>> {
        Ok(None)
    }

    async fn staged(&self, _: &Outgoing, stage: Stage) -> PortResult<()> {
        if stage == Stage::Envelope {
            let mut told = self.0.lock().await;
            told.passed(TestStep::Send, "发信服务器已连接并登录。", "Connected and signed in for sending.").await;
        }
        Ok(())
    }

    async fn ended(&self, _: &Outgoing, _: &Outcome) -> PortResult<()> {
        Ok(())
    }

    async fn due_next(&self) -> PortResult<Option<DateTime<Utc>>> {
        Ok(None)
    }
}
