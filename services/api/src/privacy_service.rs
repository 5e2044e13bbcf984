//! PrivacyService: what is held of a person, for the person, and its erasure with the proof.

use std::sync::Arc;

use chrono::Utc;
use futures::StreamExt;
use privacy::{Erased, Keeps, Report};
use prost::Message;
use proto::intake::v1::{
    self, erase_person_request::Subject as Named, privacy_service_server::PrivacyService, report_person_request::Person,
};
use stdx::{ErrorKind, beijing};
use store::{
    Error, Store,
    erasure::{Asked, Refusal, Subject},
    register::{Once, Refusal as Kept},
};
use tokio::{runtime::Handle, sync::Semaphore};
use tonic::{Code, Request, Response, Status, codegen::BoxStream};
use uuid::Uuid;

use crate::{
    errors,
    export::{file_name, sending},
    gate::{Acting, acting},
    names, page,
    wire::erasure as wire,
};

/// Reports at work at once; each holds a thread.
const REPORTS_MAX: usize = 4;
/// Characters of an address (RFC 5321: 64 before the sign and 255 behind it).
const ADDRESS_CHARACTERS_MAX: usize = 320;
/// Characters of a reason.
const REASON_CHARACTERS_MAX: usize = 500;
/// Mails that one call names.
const MESSAGES_MAX: usize = 1_000;
/// The method, for its calls that are asked twice.
const METHOD: &str = "PrivacyService/ErasePerson";

/// The service.
pub struct Privacy<B> {
    store: Store,
    blobs: Arc<B>,
    tokens: page::Tokens,
    permits: Arc<Semaphore>,
}

impl<B: Keeps + 'static> Privacy<B> {
    /// Over these tables and blobs.
    #[must_use]
    pub fn new(store: Store, blobs: Arc<B>, tokens: page::Tokens) -> Self {
        Self { store, blobs, tokens, permits: Arc::new(Semaphore::new(REPORTS_MAX)) }
    }

    /// The address of a contact.
    async fn address_of(&self, field: &str, contact: &str) -> Result<String, Status> {
        let id = names::CONTACT.required(field, contact)?;
        Ok(self.store.contact_get(id).await.map_err(errors::of_store)?.address)
    }

    async fn subject(&self, named: Option<Named>) -> Result<Subject, Status> {
        match named {
            Some(Named::Address(text)) => Ok(Subject::Person(address(&text)?)),
            Some(Named::Contact(name)) => Ok(Subject::Person(self.address_of("contact", &name).await?)),
            Some(Named::Messages(messages)) => {
                let ids = messages.names.iter().map(|name| names::MESSAGE.required("messages.names", name));
                let ids: Vec<Uuid> = ids.collect::<Result<_, _>>()?;
                if ids.is_empty() || ids.len() > MESSAGES_MAX {
                    let en = format!("1 to {MESSAGES_MAX} mails are needed");
                    return Err(errors::field("messages.names", en, format!("应为 1 至 {MESSAGES_MAX} 封邮件")));
                }
                Ok(Subject::Messages(ids))
            }
            None => {
                let en = "an address, a contact or messages are needed";
                Err(errors::field("subject", en, "请给出邮箱地址、联系人或邮件"))
            }
        }
    }

    /// The key of a call. Whoever has the tables could try addresses against a bare hash of the request.
    fn once(&self, acting: &Acting, request: &v1::ErasePersonRequest) -> Result<Option<Once>, Status> {
        if request.request_id.is_empty() {
            return Ok(None);
        }
        let id = Uuid::try_parse(&request.request_id);
        let id = id.map_err(|_| errors::field("request_id", "a UUID is needed", "应为 UUID"))?;
        Ok(Some(Once {
            method: format!("{} {METHOD}", acting.name),
            request_id: id.hyphenated().to_string(),
            body_sha256: self.tokens.sealed_hash(&request.encode_to_vec()),
        }))
    }
}

fn address(text: &str) -> Result<String, Status> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > ADDRESS_CHARACTERS_MAX || text.chars().any(char::is_control) {
        let en = format!("1 to {ADDRESS_CHARACTERS_MAX} printable characters are needed");
        return Err(errors::field("address", en, format!("应为 1 至 {ADDRESS_CHARACTERS_MAX} 个可打印字符")));
    }
    Ok(text.to_owned())
}

fn reason(text: &str, is_rehearsal: bool) -> Result<String, Status> {
    let text = text.trim();
    let count = text.chars().count();
    if (count == 0 && !is_rehearsal) || count > REASON_CHARACTERS_MAX {
        let en = format!("1 to {REASON_CHARACTERS_MAX} characters are needed");
        return Err(errors::field("reason", en, format!("应为 1 至 {REASON_CHARACTERS_MAX} 字")));
    }
    Ok(text.to_owned())
}

fn peer(acting: &Acting) -> String {
    acting.session().map(|session| session.peer.clone()).unwrap_or_default()
}

fn failed(error: privacy::Error) -> Status {
    match error {
        privacy::Error::Store(Error::Refused(Kept::Reused)) => {
            let (en, zh) = ("this request_id was used for another request", "该 request_id 已用于另一请求");
            errors::named(Code::InvalidArgument, "REQUEST_ID_REUSED", "request_id", en.into(), zh.into())
        }
        privacy::Error::Store(error) => errors::of_store(error),
        error => errors::of_kind(error.kind(), &error),
    }
}

fn refused(refusal: &Refusal) -> Status {
    errors::precondition(&refusal.code().to_uppercase(), refusal.en(), refusal.zh())
}

#[tonic::async_trait]
impl<B: Keeps + 'static> PrivacyService for Privacy<B> {
    type ReportPersonStream = BoxStream<v1::ReportPersonResponse>;

    async fn report_person(
        &self,
        request: Request<v1::ReportPersonRequest>,
    ) -> Result<Response<Self::ReportPersonStream>, Status> {
        let acting = acting(&request)?;
        let address = match request.into_inner().person {
            Some(Person::Address(text)) => address(&text)?,
            Some(Person::Contact(name)) => self.address_of("contact", &name).await?,
            None => {
                let en = "an address or a contact is needed";
                return Err(errors::field("person", en, "请给出邮箱地址或联系人"));
            }
        };
        let permit = self.permits.clone().try_acquire_owned().map_err(|_| {
            let en = "too many reports are at work; try again when one has ended";
            errors::status(Code::ResourceExhausted, "REPORTS_BUSY", en, "正在生成的报告过多，请稍后再试")
        })?;
        let report = Report::begin(&self.store, &address, &acting.name, &peer(&acting)).await.map_err(failed)?;
        let handle = Handle::current();
        let pieces = sending::stream(permit, move |pieces| {
            let mut report = report;
            while let Some(piece) = handle.block_on(report.next()).map_err(failed)? {
                std::io::Write::write_all(pieces, piece.text.as_bytes()).map_err(sending::failed)?;
            }
            Ok(())
        });
        let day = beijing::day_of(Utc::now());
        let mut file = Some(v1::ExportedFile {
            file_name: file_name::safe(&format!("个人信息报告_{day}.json")),
            media_type: "application/json".to_owned(),
        });
        let answers = pieces.map(move |data| Ok(v1::ReportPersonResponse { data: data?, file: file.take() }));
        Ok(Response::new(Box::pin(answers)))
    }

    async fn erase_person(
        &self,
        request: Request<v1::ErasePersonRequest>,
    ) -> Result<Response<v1::ErasePersonResponse>, Status> {
        let acting = acting(&request)?;
        let request = request.into_inner();
        let is_rehearsal = request.validate_only;
        let once = self.once(&acting, &request)?;
        let reason = reason(&request.reason, is_rehearsal)?;
        // A contact that was erased is none any more, and the call that did it may be asked again.
        let subject = match self.subject(request.subject.clone()).await {
            Err(status) if status.code() == Code::NotFound && once.is_some() => Subject::Messages(Vec::new()),
            subject => subject?,
        };
        let asked = Asked {
            subject,
            by: acting.name.clone(),
            peer: peer(&acting),
            reason,
            includes_adopted: request.including_adopted,
            is_rehearsal,
            once,
        };
        let (store, blobs) = (self.store.clone(), self.blobs.clone());
        // What was begun ends, whether the caller waits for it or not.
        let erasing = tokio::spawn(async move { privacy::erase(blobs.place(), &store, &asked).await });
        let erased = erasing.await.map_err(|error| errors::of_kind(ErrorKind::Internal, &error))?.map_err(failed)?;
        let Erased { begun, waits } = erased.map_err(|refusal| refused(&refusal))?;
        if begun.erasure.counts.is_empty() {
            let en = "nothing is held of this address or these mails, or it was erased before";
            let zh = "系统中没有与此地址或邮件有关的内容，或已删除";
            return Err(errors::status(Code::NotFound, "ERASURE_NOTHING_HELD", en, zh));
        }
        Ok(Response::new(wire::erased(&begun, waits, is_rehearsal)))
    }

    async fn get_erasure(&self, request: Request<v1::GetErasureRequest>) -> Result<Response<v1::Erasure>, Status> {
        let id = names::ERASURE.required("name", &request.get_ref().name)?;
        let erasure = self.store.erasure_get(id).await.map_err(errors::of_store)?;
        Ok(Response::new(wire::whole(&erasure)))
    }

    async fn list_erasures(
        &self,
        request: Request<v1::ListErasuresRequest>,
    ) -> Result<Response<v1::ListErasuresResponse>, Status> {
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let query = ["ListErasures"];
        let before: Option<Uuid> = self.tokens.open(&query, &request.page_token)?;
        let rows = self.store.erasure_list(before, size + 1).await.map_err(errors::of_store)?;
        let (erasures, more) = page::fill(&rows, size, wire::listed);
        let next_page_token = match rows[..erasures.len()].last().filter(|_| more) {
            Some(last) => self.tokens.seal(&query, &last.id),
            None => String::new(),
        };
        Ok(Response::new(v1::ListErasuresResponse { erasures, next_page_token }))
    }
}
