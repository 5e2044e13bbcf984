//! MailboxService: how the mailboxes fare, every mail seen there, and whether server and rows agree.

use std::time::Duration;

use chrono::{DateTime, Utc};
use intake::{message::Stage, sorting::Class};
use proto::intake::v1::{self, mailbox_service_server::MailboxService};
use store::{
    Store,
    record::{MessageQuery, MessageRecord},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, codegen::BoxStream};
use uuid::Uuid;

use crate::{
    errors,
    gate::{Deadline, acting},
    mailbox_test, names, page, wire,
};

/// From one look for the worker's answer to the next.
const POLL: Duration = Duration::from_millis(250);
/// How long before the call's deadline the wait ends, so that the reason can still be told.
const MARGIN: Duration = Duration::from_millis(100);

/// Characters of a text that is looked for.
const TEXT_CHARACTERS_MAX: usize = 200;

/// The service.
pub struct Mailboxes {
    store: Store,
    tokens: page::Tokens,
    drain: CancellationToken,
}

impl Mailboxes {
    /// Over these tables; tests end when `drain` is cancelled.
    #[must_use]
    pub fn new(store: Store, tokens: page::Tokens, drain: CancellationToken) -> Self {
        Self { store, tokens, drain }
    }
}

fn stages(words: &[i32]) -> Result<Vec<Stage>, Status> {
    let mut stages = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let stage = v1::Stage::try_from(*word).ok().and_then(wire::stage_read);
        let stage = stage.ok_or_else(|| {
            errors::field(&format!("stages[{index}]"), format!("{word} is not a stage"), format!("没有状态 {word}"))
        })?;
        if !stages.contains(&stage) {
            stages.push(stage);
        }
    }
    Ok(stages)
}

fn classes(words: &[i32]) -> Result<Vec<Class>, Status> {
    let mut classes = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let class = v1::Class::try_from(*word).ok().and_then(wire::class_read);
        let class = class.ok_or_else(|| {
            errors::field(&format!("classes[{index}]"), format!("{word} is not a class"), format!("没有类别 {word}"))
        })?;
        if !classes.contains(&class) {
            classes.push(class);
        }
    }
    Ok(classes)
}

/// One page of messages, newest receipt first, with the token of the next. `query` is what its token is bound to.
pub(crate) async fn messages(
    store: &Store,
    tokens: &page::Tokens,
    query: &[&str],
    page_token: &str,
    size: u32,
    rows: MessageQuery,
) -> Result<(Vec<v1::Message>, String), Status> {
    let after: Option<(DateTime<Utc>, Uuid)> = tokens.open(query, page_token)?;
    let rows = MessageQuery { after, limit: size + 1, ..rows };
    let rows: Vec<MessageRecord> = store.message_list(&rows).await.map_err(errors::of_store)?;
    let (messages, more) = page::fill(&rows, size, |row| wire::message(row, &[]));
    let next_page_token = match rows[..messages.len()].last().filter(|_| more) {
        Some(last) => tokens.seal(query, &(last.message.received_at, last.message.id)),
        None => String::new(),
    };
    Ok((messages, next_page_token))
}

#[tonic::async_trait]
impl MailboxService for Mailboxes {
    type TestMailboxStream = BoxStream<v1::TestMailboxResponse>;

    async fn test_mailbox(
        &self,
        request: Request<v1::TestMailboxRequest>,
    ) -> Result<Response<Self::TestMailboxStream>, Status> {
        let acting = acting(&request)?;
        let id = names::MAILBOX.required("name", &request.get_ref().name)?;
        let record = self.store.mailbox_get(id, Utc::now()).await.map_err(errors::of_store)?;
        if record.enrolment.kind != "imap" {
            let en = "only a mailbox at a mail server can be tested by a mail";
            return Err(errors::precondition("MAILBOX_NOT_IMAP", en, "只有邮件服务器上的邮箱才能用邮件测试"));
        }
        let test = self.store.mailbox_test_ask(id, &acting.name).await.map_err(errors::of_store)?.ok_or_else(|| {
            let en = "a test of this mailbox is under way; ask again when it is over, in a minute and a half at most";
            errors::precondition("MAILBOX_TEST_RUNNING", en, "此邮箱正在测试，请在其结束后再试，最长约一分半钟")
        })?;
        let stream = mailbox_test::stream(self.store.clone(), test, self.drain.clone());
        Ok(Response::new(Box::pin(stream)))
    }

    async fn get_mailbox(&self, request: Request<v1::GetMailboxRequest>) -> Result<Response<v1::Mailbox>, Status> {
        let id = names::MAILBOX.required("name", &request.into_inner().name)?;
        let record = self.store.mailbox_get(id, Utc::now()).await.map_err(errors::of_store)?;
        Ok(Response::new(wire::mailbox(&record)))
    }

    async fn list_mailboxes(
        &self,
        _: Request<v1::ListMailboxesRequest>,
    ) -> Result<Response<v1::ListMailboxesResponse>, Status> {
        let records = self.store.mailbox_list(Utc::now()).await.map_err(errors::of_store)?;
        let mailboxes = records.iter().map(wire::mailbox).collect();
        Ok(Response::new(v1::ListMailboxesResponse { mailboxes }))
    }

    async fn list_messages(
        &self,
        request: Request<v1::ListMessagesRequest>,
    ) -> Result<Response<v1::ListMessagesResponse>, Status> {
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let mailbox_id = names::MAILBOX.optional("mailbox", &request.mailbox)?;
        let stages = stages(&request.stages)?;
        let classes = classes(&request.classes)?;
        if request.text.chars().count() > TEXT_CHARACTERS_MAX {
            let en = format!("at most {TEXT_CHARACTERS_MAX} characters");
            return Err(errors::field("text", en, format!("最多 {TEXT_CHARACTERS_MAX} 字")));
        }
        let stage_words = stages.iter().map(|stage| stage.as_str()).collect::<Vec<_>>().join(",");
        let class_words = format!("{classes:?}");
        let query = ["ListMessages", &request.mailbox, &stage_words, &class_words, &request.text];
        let holds = request.text.trim().to_owned();
        let rows = MessageQuery { mailbox_id, stages, classes, holds, ..MessageQuery::default() };
        let (messages, next_page_token) =
            messages(&self.store, &self.tokens, &query, &request.page_token, size, rows).await?;
        Ok(Response::new(v1::ListMessagesResponse { messages, next_page_token }))
    }

    async fn get_message(&self, request: Request<v1::GetMessageRequest>) -> Result<Response<v1::Message>, Status> {
        let id = names::MESSAGE.required("name", &request.into_inner().name)?;
        let record = self.store.message_get(id).await.map_err(errors::of_store)?;
        let history = self.store.message_history(id).await.map_err(errors::of_store)?;
        Ok(Response::new(wire::message(&record, &history)))
    }

    async fn reconcile_mailbox(
        &self,
        request: Request<v1::ReconcileMailboxRequest>,
    ) -> Result<Response<v1::ReconcileMailboxResponse>, Status> {
        // The gate sets it for every call.
        let Deadline(deadline) =
            request.extensions().get().copied().unwrap_or(Deadline(Instant::now() + Duration::from_secs(30)));
        let id = names::MAILBOX.required("name", &request.into_inner().name)?;
        let asked = self.store.reconcile_ask(id).await.map_err(errors::of_store)?;
        loop {
            if let Some(folders) = self.store.reconcile_answer(id, asked).await.map_err(errors::of_store)? {
                let folders = folders.iter().map(wire::reconciliation).collect();
                return Ok(Response::new(v1::ReconcileMailboxResponse { folders }));
            }
            if Instant::now() + POLL + MARGIN > deadline {
                let en = "the worker has not answered in time; it answers at its next sweep, ask again then";
                let zh = "采集程序未在时限内答复,请在下一次巡检后再试";
                return Err(errors::status(Code::DeadlineExceeded, "WORKER_SILENT", en, zh));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
