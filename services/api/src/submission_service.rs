//! SubmissionService: reads what the worker recorded, as one, as a list, as a stream of changes, and as bytes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use intake::{letter::Letter, ports::Blobs, review::Role};
use proto::intake::v1::{self, submission_service_server::SubmissionService};
use store::{
    Store,
    account::{AccessAction, AccessEvent},
    record::{SubmissionKey, SubmissionOrder, SubmissionQuery},
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, codegen::BoxStream};
use uuid::Uuid;

use crate::{
    download, errors, filter,
    gate::{Acting, Who, acting},
    names, page, similar, watch,
    wire::{
        self,
        masking::{self, Sight},
    },
};

/// The service.
pub struct Submissions<B> {
    store: Store,
    blobs: Arc<B>,
    tokens: page::Tokens,
    drain: CancellationToken,
}

impl<B> Submissions<B> {
    /// Over these tables and blobs; watches end when `drain` is cancelled.
    #[must_use]
    pub fn new(store: Store, blobs: Arc<B>, tokens: page::Tokens, drain: CancellationToken) -> Self {
        Self { store, blobs, tokens, drain }
    }
}

/// What a caller sees of authors' personal data.
fn sight(acting: &Acting) -> Sight {
    match &acting.who {
        _ if acting.role < Role::Editor => Sight::Nothing,
        Who::Person(_) => Sight::Contact,
        Who::Service | Who::Nobody => Sight::Whole,
    }
}

/// A submission as a caller sees it.
fn seen(mut submission: v1::Submission, sight: Sight) -> v1::Submission {
    masking::mask(&mut submission, sight);
    submission
}

fn order(order_by: &str) -> Result<SubmissionOrder, Status> {
    let words: Vec<&str> = order_by.split_ascii_whitespace().take(3).collect();
    Ok(match words[..] {
        [] | ["received_time", "desc"] => SubmissionOrder::ReceivedDescending,
        ["received_time"] | ["received_time", "asc"] => SubmissionOrder::ReceivedAscending,
        ["number", "desc"] => SubmissionOrder::NumberDescending,
        ["number"] | ["number", "asc"] => SubmissionOrder::NumberAscending,
        _ => {
            let expected = "received_time, received_time desc, number, number desc";
            let en = format!("expected one of: {expected}");
            return Err(errors::field("order_by", en, format!("应为以下之一:{expected}")));
        }
    })
}

#[tonic::async_trait]
impl<B: Blobs + 'static> SubmissionService for Submissions<B> {
    type WatchSubmissionsStream = BoxStream<v1::WatchSubmissionsResponse>;
    type DownloadAttachmentStream = BoxStream<v1::DownloadResponse>;
    type DownloadRawStream = BoxStream<v1::DownloadResponse>;

    async fn get_submission(
        &self,
        request: Request<v1::GetSubmissionRequest>,
    ) -> Result<Response<v1::Submission>, Status> {
        let sight = sight(&acting(&request)?);
        let id = names::SUBMISSION.required("name", &request.into_inner().name)?;
        let record = self.store.submission_get(id).await.map_err(errors::of_store)?;
        let sender = record.letter.headers.from.first().map(|from| from.address.as_str()).unwrap_or_default();
        let marked = self.store.unreachable_of(record.root_id, sender).await.map_err(errors::of_store)?;
        let mut submission = seen(wire::submission(&record), sight);
        submission.unreachable =
            marked.iter().filter_map(|(address, reach)| wire::reach::unreachable(address, reach)).collect();
        Ok(Response::new(submission))
    }

    async fn list_submissions(
        &self,
        request: Request<v1::ListSubmissionsRequest>,
    ) -> Result<Response<v1::ListSubmissionsResponse>, Status> {
        let sight = sight(&acting(&request)?);
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let order = order(&request.order_by)?;
        let campaign_id = names::CAMPAIGN.optional("campaign", &request.campaign)?;
        let filters = filter::read(&request.filter)?;
        let query = ["ListSubmissions", &request.campaign, &request.filter, &request.order_by];
        let after: Option<(DateTime<Utc>, u64, Uuid)> = self.tokens.open(&query, &request.page_token)?;
        let after = after.map(|(received_at, number, id)| SubmissionKey { received_at, number, id });
        let rows = SubmissionQuery { campaign_id, filters, order, after, limit: size + 1 };
        let rows = self.store.submission_list(&rows).await.map_err(errors::of_store)?;
        let (submissions, more) = page::fill(&rows, size, |row| seen(wire::submission_listed(row), sight));
        let next_page_token = match rows[..submissions.len()].last().filter(|_| more) {
            Some(last) => self.tokens.seal(&query, &(last.message.received_at, last.number, last.id)),
            None => String::new(),
        };
        Ok(Response::new(v1::ListSubmissionsResponse { submissions, next_page_token }))
    }

    async fn watch_submissions(
        &self,
        request: Request<v1::WatchSubmissionsRequest>,
    ) -> Result<Response<Self::WatchSubmissionsStream>, Status> {
        let acting = acting(&request)?;
        let request = request.into_inner();
        let campaign_id = names::CAMPAIGN.optional("campaign", &request.campaign)?;
        let latest = self.store.change_latest().await.map_err(errors::of_store)?;
        let after = watch::resume(&request.resume_token, latest)?;
        let reader = watch::Reader { sight: sight(&acting), session: acting.session().map(|session| session.token) };
        let stream =
            watch::stream(self.store.clone(), campaign_id, after, reader, self.drain.clone(), watch::HEARTBEAT);
        Ok(Response::new(Box::pin(stream)))
    }

    async fn download_attachment(
        &self,
        request: Request<v1::DownloadAttachmentRequest>,
    ) -> Result<Response<Self::DownloadAttachmentStream>, Status> {
        let request = request.into_inner();
        let id = names::SUBMISSION.required("name", &request.name)?;
        let record = self.store.submission_get(id).await.map_err(errors::of_store)?;
        let Letter { parts, .. } = record.letter;
        let Some(part) = parts.into_iter().find(|part| part.path == request.path) else {
            let en = "the submission has no attachment at this path";
            return Err(errors::status(Code::NotFound, "ATTACHMENT_NOT_FOUND", en, "该投稿没有这个附件"));
        };
        let blob = download::Blob { sha256: part.sha256, size_bytes: Some(part.size_bytes) };
        let range = download::Range { offset: request.offset, limit: request.limit };
        let stream = download::stream(&*self.blobs, blob, range).await?;
        Ok(Response::new(Box::pin(stream)))
    }

    async fn download_raw(
        &self,
        request: Request<v1::DownloadRawRequest>,
    ) -> Result<Response<Self::DownloadRawStream>, Status> {
        let request = request.into_inner();
        let (message, erased_at) = if let Some(id) = names::SUBMISSION.id(&request.name) {
            let record = self.store.submission_get(id).await.map_err(errors::of_store)?;
            (record.message, record.erased_at)
        } else if let Some(id) = names::MESSAGE.id(&request.name) {
            let record = self.store.message_get(id).await.map_err(errors::of_store)?;
            (record.message, record.erased_at)
        } else {
            let en = "a name of the form submissions/{uuid} or messages/{uuid} is needed";
            return Err(errors::field("name", en, "应为 submissions/{uuid} 或 messages/{uuid} 形式的名称"));
        };
        if erased_at.is_some() {
            return Err(errors::precondition("ERASED", "the mail was erased", "这封邮件已删除"));
        }
        let Some(sha256) = message.raw_sha256 else {
            let en = "the mail was not fetched yet, or never will be; its stage says which";
            return Err(errors::precondition("RAW_NOT_STORED", en, "邮件原件尚未取回,或不会取回,请查看其状态"));
        };
        // The size on the wire is the server's word; the hash alone decides whether the bytes are whole.
        let blob = download::Blob { sha256, size_bytes: None };
        let range = download::Range { offset: request.offset, limit: request.limit };
        let stream = download::stream(&*self.blobs, blob, range).await?;
        Ok(Response::new(Box::pin(stream)))
    }

    async fn list_similar(
        &self,
        request: Request<v1::ListSimilarRequest>,
    ) -> Result<Response<v1::ListSimilarResponse>, Status> {
        similar::list(&self.store, request.get_ref()).await.map(Response::new)
    }

    async fn compare_submissions(
        &self,
        request: Request<v1::CompareSubmissionsRequest>,
    ) -> Result<Response<v1::CompareSubmissionsResponse>, Status> {
        similar::compare(&self.store, request.get_ref()).await.map(Response::new)
    }

    async fn reveal_contact(
        &self,
        request: Request<v1::RevealContactRequest>,
    ) -> Result<Response<v1::Contact>, Status> {
        let acting = acting(&request)?;
        let id = names::SUBMISSION.required("name", &request.into_inner().name)?;
        let record = self.store.submission_get(id).await.map_err(errors::of_store)?;
        let event = AccessEvent {
            at: Utc::now(),
            actor: acting.name.clone(),
            action: AccessAction::ContactRevealed,
            subject: names::SUBMISSION.name(id),
            peer: acting.session().map(|session| session.peer.clone()).unwrap_or_default(),
            detail: String::new(),
        };
        // Nothing is shown that was not noted.
        self.store.access_append(&event).await.map_err(errors::of_store)?;
        Ok(Response::new(wire::contact(&record.contact)))
    }
}
