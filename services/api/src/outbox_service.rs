//! OutboxService: every letter to an author, sent or not, and what a person does with it. The tables take a step or
//! refuse it; here a refusal is put in the words of the wire. The caller's role was asked in the gate.

use chrono::{DateTime, Utc};
use intake::review::{Role, WORDS_MAX};
use proto::intake::v1::{self, outbox_service_server::OutboxService};
use reply::editing::Refusal;
use store::{
    Error, Store,
    outbox::record::{ReplyAction, ReplyQuery, ReplyStep},
};
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use crate::{
    errors,
    gate::{Acting, acting},
    masked, names, page, wire,
};

/// Characters of a subject.
const SUBJECT_MAX: usize = 200;
/// Characters of a body.
const BODY_MAX: usize = 10_000;

/// The service.
pub struct OutboxDesk {
    store: Store,
    tokens: page::Tokens,
}

impl OutboxDesk {
    /// Over these tables.
    #[must_use]
    pub fn new(store: Store, tokens: page::Tokens) -> Self {
        Self { store, tokens }
    }

    async fn take(&self, step: ReplyStep) -> Result<Response<v1::Reply>, Status> {
        let id = step.id;
        match self.store.reply_step(&step).await {
            Ok(Ok(_)) => self.whole(id).await,
            Ok(Err(refusal)) => Err(refused(refusal)),
            Err(Error::Conflict(_)) => {
                let en = "the letter changed since it was read; read it again";
                Err(errors::status(Code::Aborted, "ETAG_STALE", en, "其间此信已有改动,请重新读取"))
            }
            Err(error) => Err(errors::of_store(error)),
        }
    }

    /// A letter with its history.
    async fn whole(&self, id: Uuid) -> Result<Response<v1::Reply>, Status> {
        let record = self.store.reply_get(id).await.map_err(errors::of_store)?;
        let mut reply = wire::reply::reply(&record);
        let history = self.store.reply_history(id).await.map_err(errors::of_store)?;
        reply.history = history.iter().map(wire::reply::event).collect();
        let reaches = self.store.reach(std::slice::from_ref(&record.to)).await.map_err(errors::of_store)?;
        reply.unreachable = reaches.iter().find_map(|(address, reach)| wire::reach::unreachable(address, reach));
        Ok(Response::new(reply))
    }
}

/// Hides the author's address from a viewer; mail servers name it in what they say.
fn mask(reply: &mut v1::Reply, acting: &Acting) {
    if acting.role < Role::Editor {
        reply.to = masked::address(&reply.to);
        let said = [&mut reply.detail, &mut reply.bounce_detail].into_iter();
        for said in said.chain(reply.history.iter_mut().map(|event| &mut event.detail)) {
            *said = masked::addresses_within(said);
        }
    }
}

/// The step that a caller asks for.
fn step(acting: Acting, name: &str, etag: &str, action: ReplyAction, note: String) -> Result<ReplyStep, Status> {
    let id = names::REPLY.required("name", name)?;
    if note.chars().count() > WORDS_MAX || note.chars().any(|character| character.is_control() && character != '\n') {
        let en = format!("at most {WORDS_MAX} characters, no control characters");
        return Err(errors::field("note", en, format!("不超过 {WORDS_MAX} 字，不含控制字符")));
    }
    Ok(ReplyStep { id, row_version: version(etag)?, action, actor: acting.name, note })
}

/// The version behind an etag.
fn version(etag: &str) -> Result<u64, Status> {
    if etag.is_empty() {
        let en = "the etag that was read is needed, so that nobody's change is lost";
        return Err(errors::field("etag", en, "请带回读取时的 etag,以免覆盖他人的改动"));
    }
    let version = etag.strip_prefix('r').and_then(|digits| digits.parse().ok());
    let version = version.filter(|version| i64::try_from(*version).is_ok() && wire::reply::etag(*version) == etag);
    version.ok_or_else(|| errors::field("etag", "is no etag of ours", "不是有效的 etag"))
}

fn refused(refusal: Refusal) -> Status {
    errors::precondition(&refusal.code().to_ascii_uppercase(), refusal.en(), refusal.zh())
}

/// New words, or everything that is wrong with them.
fn words(subject: String, body: String) -> Result<ReplyAction, Status> {
    let mut faults = Vec::new();
    let mut unless = |sound: bool, field: &str, zh: String, en: String| {
        if !sound {
            faults.push(wire::Fault { field: field.to_owned(), zh, en });
        }
    };
    let fits = |text: &str, characters_max| !text.trim().is_empty() && text.chars().count() <= characters_max;
    unless(
        fits(&subject, SUBJECT_MAX) && !subject.chars().any(char::is_control),
        "subject",
        format!("须为一行，1 至 {SUBJECT_MAX} 字，不含控制字符"),
        format!("must be one line of 1 to {SUBJECT_MAX} characters without control characters"),
    );
    let unfit = |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    unless(
        fits(&body, BODY_MAX) && !body.chars().any(unfit),
        "body",
        format!("须有 1 至 {BODY_MAX} 字，除换行和制表符外不含控制字符"),
        format!("must have 1 to {BODY_MAX} characters, no control characters but line breaks and tabs"),
    );
    if faults.is_empty() { Ok(ReplyAction::Rewrite { subject, body }) } else { Err(errors::fields(&faults)) }
}

#[tonic::async_trait]
impl OutboxService for OutboxDesk {
    async fn get_reply(&self, request: Request<v1::GetReplyRequest>) -> Result<Response<v1::Reply>, Status> {
        let acting = acting(&request)?;
        let mut answer = self.whole(names::REPLY.required("name", &request.get_ref().name)?).await?;
        mask(answer.get_mut(), &acting);
        Ok(answer)
    }

    async fn list_replies(
        &self,
        request: Request<v1::ListRepliesRequest>,
    ) -> Result<Response<v1::ListRepliesResponse>, Status> {
        let acting = acting(&request)?;
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let mut states = Vec::new();
        for state in request.states() {
            states.push(
                wire::reply::state_read(state)
                    .ok_or_else(|| errors::field("states", "a known state is needed", "请给出已知的状态"))?,
            );
        }
        let numbers = request.states.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let bounced = if request.bounced { "bounced" } else { "" };
        let query = ["ListReplies", &request.submission, &request.campaign, &numbers, bounced];
        let after: Option<(DateTime<Utc>, Uuid)> = self.tokens.open(&query, &request.page_token)?;
        let rows = ReplyQuery {
            submission_id: names::SUBMISSION.optional("submission", &request.submission)?,
            campaign_id: names::CAMPAIGN.optional("campaign", &request.campaign)?,
            states,
            bounced: request.bounced,
            after,
            limit: size + 1,
        };
        let rows = self.store.reply_list(&rows).await.map_err(errors::of_store)?;
        let (replies, more) = page::fill(&rows, size, |row| {
            let mut reply = wire::reply::reply(row);
            mask(&mut reply, &acting);
            reply
        });
        let next_page_token = match rows[..replies.len()].last().filter(|_| more) {
            Some(last) => self.tokens.seal(&query, &(last.created_at, last.id)),
            None => String::new(),
        };
        Ok(Response::new(v1::ListRepliesResponse { replies, next_page_token }))
    }

    async fn count_replies(
        &self,
        request: Request<v1::CountRepliesRequest>,
    ) -> Result<Response<v1::CountRepliesResponse>, Status> {
        let campaign_id = names::CAMPAIGN.optional("campaign", &request.get_ref().campaign)?;
        let (counts, bounced) = self.store.reply_counts(campaign_id).await.map_err(errors::of_store)?;
        let count =
            |(state, count)| v1::count_replies_response::Count { state: wire::reply::state(state).into(), count };
        Ok(Response::new(v1::CountRepliesResponse { counts: counts.into_iter().map(count).collect(), bounced }))
    }

    async fn update_reply(&self, request: Request<v1::UpdateReplyRequest>) -> Result<Response<v1::Reply>, Status> {
        let acting = acting(&request)?;
        let request = request.into_inner();
        let action = words(request.subject, request.body)?;
        self.take(step(acting, &request.name, &request.etag, action, String::new())?).await
    }

    async fn approve_reply(&self, request: Request<v1::ApproveReplyRequest>) -> Result<Response<v1::Reply>, Status> {
        let acting = acting(&request)?;
        let request = request.into_inner();
        self.take(step(acting, &request.name, &request.etag, ReplyAction::Approve, String::new())?).await
    }

    async fn hold_reply(&self, request: Request<v1::HoldReplyRequest>) -> Result<Response<v1::Reply>, Status> {
        let acting = acting(&request)?;
        let request = request.into_inner();
        self.take(step(acting, &request.name, &request.etag, ReplyAction::Hold, request.note)?).await
    }

    async fn cancel_reply(&self, request: Request<v1::CancelReplyRequest>) -> Result<Response<v1::Reply>, Status> {
        let acting = acting(&request)?;
        let request = request.into_inner();
        self.take(step(acting, &request.name, &request.etag, ReplyAction::Cancel, request.note)?).await
    }

    async fn retry_reply(&self, request: Request<v1::RetryReplyRequest>) -> Result<Response<v1::Reply>, Status> {
        let acting = acting(&request)?;
        let request = request.into_inner();
        self.take(step(acting, &request.name, &request.etag, ReplyAction::Retry, String::new())?).await
    }

    async fn settle_reply(&self, request: Request<v1::SettleReplyRequest>) -> Result<Response<v1::Reply>, Status> {
        let acting = acting(&request)?;
        let request = request.into_inner();
        let action = ReplyAction::Settle { send_again: request.send_again };
        self.take(step(acting, &request.name, &request.etag, action, request.note)?).await
    }

    async fn get_sending(&self, _: Request<v1::GetSendingRequest>) -> Result<Response<v1::Sending>, Status> {
        let sending = self.store.reply_sending().await.map_err(errors::of_store)?;
        Ok(Response::new(wire::reply::sending(&sending)))
    }
}
