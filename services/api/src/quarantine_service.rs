//! QuarantineService: mails that could not be opened, and what an editor does about them.

use intake::message::Stage;
use proto::intake::v1::{self, quarantine_service_server::QuarantineService};
use store::{
    Store,
    record::{MessageQuery, MessageRecord},
};
use tonic::{Extensions, Request, Response, Status};
use uuid::Uuid;

use crate::{errors, gate::Caller, mailbox_service, names, page, wire};

/// Characters of a reason.
const REASON_CHARACTERS_MAX: usize = 500;

/// The service.
pub struct Quarantine {
    store: Store,
    tokens: page::Tokens,
}

impl Quarantine {
    /// Over these tables.
    #[must_use]
    pub fn new(store: Store, tokens: page::Tokens) -> Self {
        Self { store, tokens }
    }

    /// The message, which must be in quarantine now.
    async fn quarantined(&self, id: Uuid) -> Result<MessageRecord, Status> {
        let record = self.store.message_get(id).await.map_err(errors::of_store)?;
        if record.message.stage != Stage::Quarantined {
            let en = format!("the message is not in quarantine: its stage is {}", record.message.stage);
            return Err(errors::precondition("NOT_IN_QUARANTINE", en, "这封来信不在隔离区"));
        }
        Ok(record)
    }

    async fn with_history(&self, record: &MessageRecord) -> Result<Response<v1::Message>, Status> {
        let history = self.store.message_history(record.message.id).await.map_err(errors::of_store)?;
        Ok(Response::new(wire::message(record, &history)))
    }
}

fn reason(reason: &str) -> Result<&str, Status> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(errors::field("reason", "a reason is needed, for the history", "请填写理由,以备查考"));
    }
    if reason.chars().count() > REASON_CHARACTERS_MAX {
        let en = format!("at most {REASON_CHARACTERS_MAX} characters");
        return Err(errors::field("reason", en, format!("最多 {REASON_CHARACTERS_MAX} 字")));
    }
    if reason.chars().any(char::is_control) {
        return Err(errors::field("reason", "a reason is one line without control characters", "理由应为一行文字"));
    }
    Ok(reason)
}

fn actor(extensions: &Extensions) -> Result<String, Status> {
    let caller = extensions.get().map(|Caller(actor)| actor.clone());
    // The gate names every caller; a call that came past it must not write.
    caller.ok_or_else(|| errors::of_kind(stdx::ErrorKind::Internal, &"a call without a caller"))
}

#[tonic::async_trait]
impl QuarantineService for Quarantine {
    async fn list_quarantined(
        &self,
        request: Request<v1::ListQuarantinedRequest>,
    ) -> Result<Response<v1::ListQuarantinedResponse>, Status> {
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let rows = MessageQuery { stages: vec![Stage::Quarantined], ..MessageQuery::default() };
        let query = ["ListQuarantined"];
        let page = mailbox_service::messages(&self.store, &self.tokens, &query, &request.page_token, size, rows);
        let (messages, next_page_token) = page.await?;
        Ok(Response::new(v1::ListQuarantinedResponse { messages, next_page_token }))
    }

    async fn get_quarantined(
        &self,
        request: Request<v1::GetQuarantinedRequest>,
    ) -> Result<Response<v1::Message>, Status> {
        let id = names::MESSAGE.required("name", &request.into_inner().name)?;
        let record = self.store.message_get(id).await.map_err(errors::of_store)?;
        if record.message.stage != Stage::Quarantined {
            return Err(errors::missing(names::MESSAGE, id));
        }
        self.with_history(&record).await
    }

    async fn retry_quarantined(
        &self,
        request: Request<v1::RetryQuarantinedRequest>,
    ) -> Result<Response<v1::Message>, Status> {
        let actor = actor(request.extensions())?;
        let request = request.into_inner();
        let id = names::MESSAGE.required("name", &request.name)?;
        let reason = reason(&request.reason)?;
        self.quarantined(id).await?;
        let record = self.store.quarantine_retry(id, &actor, reason).await.map_err(errors::of_store)?;
        self.with_history(&record).await
    }

    async fn release_quarantined(
        &self,
        request: Request<v1::ReleaseQuarantinedRequest>,
    ) -> Result<Response<v1::Message>, Status> {
        let actor = actor(request.extensions())?;
        let request = request.into_inner();
        let id = names::MESSAGE.required("name", &request.name)?;
        let reason = reason(&request.reason)?;
        self.quarantined(id).await?;
        let record = self.store.quarantine_release(id, &actor, reason).await.map_err(errors::of_store)?;
        self.with_history(&record).await
    }
}
