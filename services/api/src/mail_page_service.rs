//! MailPageService: a mail's HTML, made safe when it was opened, for those who bring a ticket.

use std::sync::Arc;

use chrono::Utc;
use futures::StreamExt;
use intake::{letter::Letter, ports::Blobs, review::Role};
use proto::intake::v1::{self, mail_page_service_server::MailPageService};
use stdx::ErrorKind;
use store::Store;
use tonic::{Code, Request, Response, Status, codegen::BoxStream};
use uuid::Uuid;

use crate::{
    download, errors,
    gate::acting,
    names, page,
    ticket::{self, Tickets},
    wire,
};

/// The service.
pub struct MailPages<B> {
    store: Store,
    blobs: Arc<B>,
    tickets: Tickets,
}

impl<B> MailPages<B> {
    /// Over these tables and blobs.
    #[must_use]
    pub fn new(store: Store, blobs: Arc<B>, tokens: page::Tokens) -> Self {
        Self { store, blobs, tickets: Tickets::new(tokens) }
    }

    /// The message that a name means, and its letter once it was opened. A repeated mail is read as the first.
    async fn letter(&self, name: &str) -> Result<(Uuid, Option<Letter>), Status> {
        if let Some(id) = names::SUBMISSION.id(name) {
            let record = self.store.submission_get(id).await.map_err(errors::of_store)?;
            return Ok((record.message.id, Some(record.letter)));
        }
        let Some(id) = names::MESSAGE.id(name) else {
            let en = "a name of the form submissions/{uuid} or messages/{uuid} is needed";
            return Err(errors::field("name", en, "应为 submissions/{uuid} 或 messages/{uuid} 形式的名称"));
        };
        let record = self.store.message_get(id).await.map_err(errors::of_store)?;
        let id = record.repeats.unwrap_or(id);
        Ok((id, self.opened(id).await?))
    }

    async fn opened(&self, message_id: Uuid) -> Result<Option<Letter>, Status> {
        match self.store.letter_get(message_id).await {
            Ok(letter) => Ok(Some(letter)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(errors::of_store(error)),
        }
    }

    /// The letter that a ticket lets read. A person's ticket is worth what the person's session is.
    async fn admitted(&self, ticket: &str) -> Result<Letter, Status> {
        let now = Utc::now();
        let known = self.tickets.read(ticket, now)?;
        if let Some(token) = known.session {
            let session = self.store.session_find(token, now).await.map_err(errors::of_store)?;
            session.filter(|session| session.account.role >= Role::Editor).ok_or_else(ticket::unknown)?;
        }
        self.opened(known.message_id).await?.ok_or_else(none_kept)
    }
}

fn none_kept() -> Status {
    let en = "no page is kept of this mail: it is plain text, or was opened before pages were kept";
    errors::precondition("PAGE_NOT_KEPT", en, "这封来信没有可按原样查看的正文")
}

#[tonic::async_trait]
impl<B: Blobs + 'static> MailPageService for MailPages<B> {
    type DownloadMailPageStream = BoxStream<v1::DownloadMailPageResponse>;

    async fn get_mail_page(&self, request: Request<v1::GetMailPageRequest>) -> Result<Response<v1::MailPage>, Status> {
        let (message_id, letter) = self.letter(&request.get_ref().name).await?;
        let page = letter.and_then(|letter| letter.body.page);
        Ok(Response::new(wire::mail_page(message_id, page.as_ref())))
    }

    async fn issue_mail_page_ticket(
        &self,
        request: Request<v1::IssueMailPageTicketRequest>,
    ) -> Result<Response<v1::MailPageTicket>, Status> {
        let session = acting(&request)?.session().map(|session| session.token);
        let (message_id, letter) = self.letter(&request.get_ref().name).await?;
        if letter.is_none_or(|letter| letter.body.page.is_none()) {
            return Err(none_kept());
        }
        let (ticket, expires_at) = self.tickets.issue(message_id, session, Utc::now());
        let expire_time = Some(wire::timestamp(expires_at));
        Ok(Response::new(v1::MailPageTicket { ticket, expire_time }))
    }

    async fn download_mail_page(
        &self,
        request: Request<v1::DownloadMailPageRequest>,
    ) -> Result<Response<Self::DownloadMailPageStream>, Status> {
        let request = request.into_inner();
        let letter = self.admitted(&request.ticket).await?;
        let page = letter.body.page.ok_or_else(none_kept)?;
        let (blob, media_type) = if request.path.is_empty() {
            (download::Blob { sha256: page.sha256, size_bytes: Some(page.size_bytes) }, "text/html".to_owned())
        } else {
            let is_shown = page.pictures.contains(&request.path);
            let part = letter.parts.into_iter().find(|part| is_shown && part.path == request.path);
            let Some(part) = part else {
                let en = "the page shows no picture at this path";
                return Err(errors::status(Code::NotFound, "PICTURE_NOT_FOUND", en, "页面中没有这张图片"));
            };
            (download::Blob { sha256: part.sha256, size_bytes: Some(part.size_bytes) }, part.media_type)
        };
        let bytes = download::stream(&*self.blobs, blob, download::Range { offset: 0, limit: 0 }).await?;
        let mut media_type = Some(media_type);
        let pieces = bytes.map(move |piece| {
            piece.map(|piece| v1::DownloadMailPageResponse {
                data: piece.data,
                total_bytes: piece.total_bytes,
                sha256: piece.sha256,
                media_type: media_type.take().unwrap_or_default(),
            })
        });
        Ok(Response::new(Box::pin(pieces)))
    }
}
