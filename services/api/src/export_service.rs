//! ExportService: the register of submissions and their files, written as they are sent.

use std::sync::Arc;

use chrono::Utc;
use futures::{Stream, StreamExt};
use intake::{ports::Blobs, review::Role};
use proto::intake::v1::{self, ExportFormat, export_service_server::ExportService};
use stdx::{
    beijing,
    csv::{self, Cell},
};
use store::{
    Store,
    account::{AccessAction, AccessEvent},
    record::{ExportLine, ExportQuery, ReviewFilter},
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tonic::{Code, Request, Response, Status, codegen::BoxStream};
use uuid::Uuid;

use crate::{
    errors,
    export::{archive, columns, file_name, sending, xlsx},
    gate::{Acting, acting},
    names, review_filter,
};

/// Exports at work at once; each holds a thread.
const EXPORTS_MAX: usize = 4;
/// Submissions that are read at once.
const PAGE: u32 = 200;
/// Submissions of one archive.
const SUBMISSIONS_MAX: usize = 1_000;

/// The service.
pub struct Exports<B> {
    store: Store,
    blobs: Arc<B>,
    permits: Arc<Semaphore>,
}

impl<B: Blobs + 'static> Exports<B> {
    /// Over these tables and blobs.
    #[must_use]
    pub fn new(store: Store, blobs: Arc<B>) -> Self {
        Self { store, blobs, permits: Arc::new(Semaphore::new(EXPORTS_MAX)) }
    }

    fn permit(&self) -> Result<OwnedSemaphorePermit, Status> {
        self.permits.clone().try_acquire_owned().map_err(|_| {
            let en = "too many exports are at work; try again when one has ended";
            errors::status(Code::ResourceExhausted, "EXPORTS_BUSY", en, "正在进行的导出过多,请稍后再试")
        })
    }

    /// The submissions whose files are asked for.
    async fn chosen(&self, request: &v1::ExportFilesRequest) -> Result<Vec<ExportLine>, Status> {
        let too_many = || {
            let en = format!("at most {SUBMISSIONS_MAX} submissions at once");
            errors::field("submissions", en, format!("一次最多导出 {SUBMISSIONS_MAX} 件来稿"))
        };
        let campaign_id = names::CAMPAIGN.optional("campaign", &request.campaign)?;
        match (request.submissions.len(), campaign_id) {
            (0, Some(campaign_id)) => {
                self.store.campaign_get(campaign_id).await.map_err(errors::of_store)?;
                let filters = review_filter::read("filter", &request.filter)?;
                let limit = PAGE;
                let mut query = ExportQuery { campaign_id, filters, after: 0, limit };
                let mut lines = Vec::new();
                loop {
                    let page = self.store.export_lines(&query).await.map_err(errors::of_store)?;
                    let Some(last) = page.last() else { return Ok(lines) };
                    query.after = last.submission.number;
                    lines.extend(page);
                    if lines.len() > SUBMISSIONS_MAX {
                        return Err(too_many());
                    }
                }
            }
            (0, None) => {
                let en = "name submissions, or a campaign";
                Err(errors::field("submissions", en, "请选择来稿,或指定征稿"))
            }
            (_, Some(_)) => {
                let en = "either submissions are named, or a campaign";
                Err(errors::field("campaign", en, "已选择来稿时不能再指定征稿"))
            }
            (count, None) if count > SUBMISSIONS_MAX => Err(too_many()),
            (_, None) => {
                if !request.filter.is_empty() {
                    let en = "a filter goes with a campaign";
                    return Err(errors::field("filter", en, "筛选条件只与征稿一起使用"));
                }
                let ids = request.submissions.iter().map(|name| names::SUBMISSION.required("submissions", name));
                let mut ids: Vec<Uuid> = ids.collect::<Result<_, _>>()?;
                ids.sort_unstable();
                ids.dedup();
                let lines = self.store.export_lines_of(&ids).await.map_err(errors::of_store)?;
                let missing = ids.iter().find(|id| !lines.iter().any(|line| line.submission.id == **id));
                match missing {
                    Some(id) => Err(errors::missing(names::SUBMISSION, *id)),
                    None => Ok(lines),
                }
            }
        }
    }
}

/// Who asks must be an editor at least.
fn editors_only(acting: &Acting, en: &str, zh: &str) -> Result<(), Status> {
    if acting.role >= Role::Editor {
        return Ok(());
    }
    Err(errors::status(Code::PermissionDenied, "ROLE_TOO_LOW", en, zh))
}

/// Notes who takes what out; nothing leaves that was not noted.
async fn noted(store: &Store, acting: &Acting, subject: &str, detail: &str) -> Result<(), Status> {
    let event = AccessEvent {
        at: Utc::now(),
        actor: acting.name.clone(),
        action: AccessAction::Exported,
        subject: subject.to_owned(),
        peer: acting.session().map(|session| session.peer.clone()).unwrap_or_default(),
        detail: detail.to_owned(),
    };
    store.access_append(&event).await.map_err(errors::of_store)
}

/// A campaign's submissions, a page of lines at a time, for a thread that writes.
struct Lines {
    store: Store,
    handle: Handle,
    query: ExportQuery,
    with_contacts: bool,
    read: u32,
}

impl Lines {
    /// The next lines; none at the end.
    fn page(&mut self) -> Result<Vec<Vec<Cell>>, Status> {
        let page = self.handle.block_on(self.store.export_lines(&self.query)).map_err(errors::of_store)?;
        if let Some(last) = page.last() {
            self.query.after = last.submission.number;
        }
        self.read = self.read.saturating_add(u32::try_from(page.len()).unwrap_or(u32::MAX));
        if self.read > xlsx::LINES_MAX {
            let en = format!("more than {} lines; narrow the filter", xlsx::LINES_MAX);
            let zh = format!("超过 {} 行,请缩小筛选范围", xlsx::LINES_MAX);
            return Err(errors::status(Code::OutOfRange, "EXPORT_TOO_LARGE", en, zh));
        }
        Ok(page.iter().map(|line| columns::cells(line, self.with_contacts)).collect())
    }
}

/// Pieces as responses, the first with what the file is called.
fn responses<R: Send + 'static>(
    pieces: impl Stream<Item = Result<Vec<u8>, Status>> + Send + 'static,
    file: v1::ExportedFile,
    response: impl Fn(Vec<u8>, Option<v1::ExportedFile>) -> R + Send + 'static,
) -> BoxStream<R> {
    let mut file = Some(file);
    Box::pin(pieces.map(move |piece| Ok(response(piece?, file.take()))))
}

fn file(stem: &str, extension: &str, media_type: &str) -> v1::ExportedFile {
    let day = beijing::day_of(Utc::now());
    v1::ExportedFile {
        file_name: file_name::safe(&format!("{stem}_{day}.{extension}")),
        media_type: media_type.to_owned(),
    }
}

#[tonic::async_trait]
impl<B: Blobs + 'static> ExportService for Exports<B> {
    type ExportRegisterStream = BoxStream<v1::ExportRegisterResponse>;
    type ExportFilesStream = BoxStream<v1::ExportFilesResponse>;

    async fn export_register(
        &self,
        request: Request<v1::ExportRegisterRequest>,
    ) -> Result<Response<Self::ExportRegisterStream>, Status> {
        let acting = acting(&request)?;
        if request.get_ref().with_contacts {
            let en = "contacts are for editors; ask without with_contacts";
            editors_only(&acting, en, "只有编辑以上角色可以导出完整联系方式")?;
        }
        let request = request.into_inner();
        let campaign_id = names::CAMPAIGN.required("campaign", &request.campaign)?;
        let filters: Vec<ReviewFilter> = review_filter::read("filter", &request.filter)?;
        let is_csv = match request.format() {
            ExportFormat::Csv => true,
            ExportFormat::Xlsx => false,
            ExportFormat::Unspecified => {
                return Err(errors::field("format", "CSV or XLSX is needed", "请选择 CSV 或 XLSX"));
            }
        };
        self.store.campaign_get(campaign_id).await.map_err(errors::of_store)?;
        let mut lines = Lines {
            store: self.store.clone(),
            handle: Handle::current(),
            query: ExportQuery { campaign_id, filters, after: 0, limit: PAGE },
            with_contacts: request.with_contacts,
            read: 0,
        };
        let permit = self.permit()?;
        let detail = if request.with_contacts { "register with contacts" } else { "register" };
        noted(&self.store, &acting, &request.campaign, detail).await?;
        let (file, pieces) = if is_csv {
            let pieces = sending::stream(permit, move |pieces| {
                use std::io::Write;
                pieces.write_all(csv::BYTE_ORDER_MARK.as_bytes()).map_err(sending::failed)?;
                csv::write_line(pieces, &columns::head()).map_err(sending::failed)?;
                loop {
                    let page = lines.page()?;
                    if page.is_empty() {
                        return Ok(());
                    }
                    for cells in &page {
                        csv::write_line(pieces, cells).map_err(sending::failed)?;
                    }
                }
            });
            (file("收稿登记簿", "csv", "text/csv; charset=utf-8"), pieces.left_stream())
        } else {
            let folder = self.blobs.workdir().await.map_err(|error| errors::of_port(&error))?;
            let pieces = sending::stream(permit, move |pieces| {
                let written =
                    xlsx::write(pieces, &folder, "收稿登记簿", &columns::COLUMNS, || lines.page(), sending::failed);
                if let Err(error) = std::fs::remove_dir_all(&folder) {
                    tracing::warn!(%error, "a work folder could not be removed");
                }
                written
            });
            let media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            (file("收稿登记簿", "xlsx", media_type), pieces.right_stream())
        };
        Ok(Response::new(responses(pieces, file, |data, file| v1::ExportRegisterResponse { data, file })))
    }

    async fn export_files(
        &self,
        request: Request<v1::ExportFilesRequest>,
    ) -> Result<Response<Self::ExportFilesStream>, Status> {
        let acting = acting(&request)?;
        let en = "files hold what authors wrote of themselves: they are for editors";
        editors_only(&acting, en, "来稿文件含作者个人信息,只有编辑以上角色可以导出")?;
        let request = request.into_inner();
        let lines = self.chosen(&request).await?;
        let files = archive::plan(&lines, request.with_raw_mail)?;
        let permit = self.permit()?;
        let detail = format!("files of {} submissions", lines.len());
        let subject = request.submissions.first().unwrap_or(&request.campaign);
        noted(&self.store, &acting, subject, &detail).await?;
        let (blobs, handle) = (self.blobs.clone(), Handle::current());
        let pieces = sending::stream(permit, move |pieces| archive::write(pieces, &*blobs, &handle, files));
        let file = file("来稿文件", "zip", "application/zip");
        Ok(Response::new(responses(pieces, file, |data, file| v1::ExportFilesResponse { data, file })))
    }
}
