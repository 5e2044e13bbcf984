//! FigureService: published figures (统计数据), what their sources say of them, and what follows from recomputing.

use proto::{
    google::longrunning::Operation,
    procurement::v1::{self, evaluate_formula_request::Computed, figure_service_server::FigureService},
};
use stdx::Sha256;
use tonic::{Request, Response, Status};

use super::{
    Registrar, WriteOptions, caller,
    figure_register::{CLAIM, DERIVED_FIGURE, FIGURE, FINDING, SOURCE_DOCUMENT, WANTED_FIGURE, figure_id, quoted},
    findings, list_of,
    operations::Operations,
    reconciliation, wire, write_of,
};
use crate::errors;

/// Sources of one page: each may hold 256 KiB of text.
const SOURCES_MAX: i32 = 50;
/// Characters of a note on a finding.
const NOTE_CHARACTERS_MAX: usize = 2_000;

/// The service.
pub struct FigureDesk {
    registrar: Registrar,
    operations: Operations,
}

impl FigureDesk {
    /// Over this registrar; works run as these operations.
    #[must_use]
    pub fn new(registrar: Registrar, operations: Operations) -> Self {
        Self { registrar, operations }
    }

    /// Writes what only we say into a figure that is to be stored.
    async fn settled(&self, figure: &mut v1::Figure) -> Result<(), Status> {
        let read = wire::figure_read(&figure_id("name", "F")?, figure).map_err(|faults| errors::fields(&faults))?;
        (figure.from_day, figure.to_day) = wire::period_days(read.period);
        (figure.interval, figure.caveats) = (None, Vec::new());
        figure.span = quoted(&self.registrar, "figure.quote", &figure.source_document, &figure.quote).await?;
        Ok(())
    }
}

/// A stored figure with what is computed each time.
fn told(mut figure: v1::Figure) -> Result<v1::Figure, Status> {
    let read = reconciliation::published(&figure)?;
    wire::told(&mut figure, &read);
    Ok(figure)
}

#[tonic::async_trait]
impl FigureService for FigureDesk {
    async fn get_figure(&self, request: Request<v1::GetFigureRequest>) -> Result<Response<v1::Figure>, Status> {
        let figure = self.registrar.get(&FIGURE, &request.get_ref().name).await?;
        Ok(Response::new(told(figure)?))
    }

    async fn batch_get_figures(
        &self,
        request: Request<v1::BatchGetFiguresRequest>,
    ) -> Result<Response<v1::BatchGetFiguresResponse>, Status> {
        let figures = self.registrar.batch_get(&FIGURE, &request.get_ref().names).await?;
        let figures = figures.into_iter().map(told).collect::<Result<_, _>>()?;
        Ok(Response::new(v1::BatchGetFiguresResponse { figures }))
    }

    async fn list_figures(
        &self,
        request: Request<v1::ListFiguresRequest>,
    ) -> Result<Response<v1::ListFiguresResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&FIGURE, "FigureService/ListFigures", &list).await?;
        Ok(Response::new(v1::ListFiguresResponse {
            figures: page.resources.into_iter().map(told).collect::<Result<_, _>>()?,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_figure(&self, request: Request<v1::CreateFigureRequest>) -> Result<Response<v1::Figure>, Status> {
        let options = write_of!(request, "FigureService/CreateFigure");
        let v1::CreateFigureRequest { figure, figure_id: id, .. } = request.into_inner();
        figure_id("figure_id", &id)?;
        let mut fresh = self.registrar.fresh(&FIGURE, figure, &id)?;
        self.settled(&mut fresh.resource).await?;
        let figure = self.registrar.insert(&FIGURE, fresh, options).await?;
        Ok(Response::new(told(figure)?))
    }

    async fn update_figure(&self, request: Request<v1::UpdateFigureRequest>) -> Result<Response<v1::Figure>, Status> {
        let options = write_of!(request, "FigureService/UpdateFigure");
        let v1::UpdateFigureRequest { figure, update_mask, .. } = request.into_inner();
        let mut merged = self.registrar.merged(&FIGURE, figure, update_mask).await?;
        self.settled(&mut merged.resource).await?;
        let figure = self.registrar.replace(&FIGURE, merged, options).await?;
        Ok(Response::new(told(figure)?))
    }

    async fn delete_figure(&self, request: Request<v1::DeleteFigureRequest>) -> Result<Response<v1::Figure>, Status> {
        let options = write_of!(request, "FigureService/DeleteFigure");
        let v1::DeleteFigureRequest { name, etag, .. } = request.into_inner();
        let figure = self.registrar.delete(&FIGURE, &name, &etag, options).await?;
        Ok(Response::new(told(figure)?))
    }

    async fn undelete_figure(
        &self,
        request: Request<v1::UndeleteFigureRequest>,
    ) -> Result<Response<v1::Figure>, Status> {
        let options = write_of!(request, "FigureService/UndeleteFigure");
        let v1::UndeleteFigureRequest { name, etag, .. } = request.into_inner();
        let figure = self.registrar.undelete(&FIGURE, &name, &etag, options).await?;
        Ok(Response::new(told(figure)?))
    }

    async fn get_source_document(
        &self,
        request: Request<v1::GetSourceDocumentRequest>,
    ) -> Result<Response<v1::SourceDocument>, Status> {
        Ok(Response::new(self.registrar.get(&SOURCE_DOCUMENT, &request.get_ref().name).await?))
    }

    async fn list_source_documents(
        &self,
        request: Request<v1::ListSourceDocumentsRequest>,
    ) -> Result<Response<v1::ListSourceDocumentsResponse>, Status> {
        let mut list = list_of!(request.get_ref());
        list.page_size = list.page_size.min(SOURCES_MAX);
        let method = "FigureService/ListSourceDocuments";
        let page = self.registrar.list(&SOURCE_DOCUMENT, method, &list).await?;
        let without_text = |document| v1::SourceDocument { text: String::new(), ..document };
        Ok(Response::new(v1::ListSourceDocumentsResponse {
            source_documents: page.resources.into_iter().map(without_text).collect(),
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_source_document(
        &self,
        request: Request<v1::CreateSourceDocumentRequest>,
    ) -> Result<Response<v1::SourceDocument>, Status> {
        let options = write_of!(request, "FigureService/CreateSourceDocument");
        let v1::CreateSourceDocumentRequest { source_document, source_document_id, .. } = request.into_inner();
        let mut fresh = self.registrar.fresh(&SOURCE_DOCUMENT, source_document, &source_document_id)?;
        let document = &mut fresh.resource;
        document.text_characters = i64::try_from(document.text.chars().count()).unwrap_or(i64::MAX);
        if document.sha256.is_empty() {
            document.sha256 = Sha256::of(document.text.as_bytes()).to_string();
        }
        Ok(Response::new(self.registrar.insert(&SOURCE_DOCUMENT, fresh, options).await?))
    }

    async fn get_wanted_figure(
        &self,
        request: Request<v1::GetWantedFigureRequest>,
    ) -> Result<Response<v1::WantedFigure>, Status> {
        let wanted = self.registrar.get(&WANTED_FIGURE, &request.get_ref().name).await?;
        let told = reconciliation::wanted_told(&self.registrar, vec![wanted]).await?;
        Ok(Response::new(told.into_iter().next().unwrap_or_default()))
    }

    async fn list_wanted_figures(
        &self,
        request: Request<v1::ListWantedFiguresRequest>,
    ) -> Result<Response<v1::ListWantedFiguresResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&WANTED_FIGURE, "FigureService/ListWantedFigures", &list).await?;
        Ok(Response::new(v1::ListWantedFiguresResponse {
            wanted_figures: reconciliation::wanted_told(&self.registrar, page.resources).await?,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn get_derived_figure(
        &self,
        request: Request<v1::GetDerivedFigureRequest>,
    ) -> Result<Response<v1::DerivedFigure>, Status> {
        Ok(Response::new(self.registrar.get(&DERIVED_FIGURE, &request.get_ref().name).await?))
    }

    async fn list_derived_figures(
        &self,
        request: Request<v1::ListDerivedFiguresRequest>,
    ) -> Result<Response<v1::ListDerivedFiguresResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&DERIVED_FIGURE, "FigureService/ListDerivedFigures", &list).await?;
        Ok(Response::new(v1::ListDerivedFiguresResponse {
            derived_figures: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn get_claim(&self, request: Request<v1::GetClaimRequest>) -> Result<Response<v1::Claim>, Status> {
        Ok(Response::new(self.registrar.get(&CLAIM, &request.get_ref().name).await?))
    }

    async fn list_claims(
        &self,
        request: Request<v1::ListClaimsRequest>,
    ) -> Result<Response<v1::ListClaimsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&CLAIM, "FigureService/ListClaims", &list).await?;
        Ok(Response::new(v1::ListClaimsResponse {
            claims: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn reconcile_claim(
        &self,
        request: Request<v1::ReconcileClaimRequest>,
    ) -> Result<Response<v1::ClaimReconciliation>, Status> {
        let claim = self.registrar.get(&CLAIM, &request.get_ref().name).await?;
        let found = reconciliation::claims(&self.registrar, &[claim]).await?;
        Ok(Response::new(found.into_iter().next().unwrap_or_default()))
    }

    async fn reconcile_claims(
        &self,
        request: Request<v1::ReconcileClaimsRequest>,
    ) -> Result<Response<v1::ReconcileClaimsResponse>, Status> {
        let v1::ReconcileClaimsRequest { page_size, page_token, filter, order_by } = request.into_inner();
        let list = super::List { page_size, page_token, filter, order_by, ..super::List::default() };
        let page = self.registrar.list(&CLAIM, "FigureService/ReconcileClaims", &list).await?;
        Ok(Response::new(v1::ReconcileClaimsResponse {
            reconciliations: reconciliation::claims(&self.registrar, &page.resources).await?,
            next_page_token: page.next_page_token,
        }))
    }

    async fn evaluate_formula(
        &self,
        request: Request<v1::EvaluateFormulaRequest>,
    ) -> Result<Response<v1::EvaluateFormulaResponse>, Status> {
        let answer = match request.into_inner().computed {
            Some(Computed::Formula(text)) => reconciliation::evaluate(&self.registrar, None, "formula", &text).await?,
            Some(Computed::DerivedFigure(name)) => {
                let derived = self.registrar.get_at(&DERIVED_FIGURE, "derived_figure", &name).await?;
                let title = derived.title.as_ref();
                reconciliation::evaluate(&self.registrar, title, "derived_figure", &derived.formula).await?
            }
            None => return Err(errors::field("formula", "a formula is needed", "请填写公式")),
        };
        Ok(Response::new(answer))
    }

    async fn reconcile_figure(
        &self,
        request: Request<v1::ReconcileFigureRequest>,
    ) -> Result<Response<v1::FigureReconciliation>, Status> {
        let request = request.get_ref();
        let figure = reconciliation::published(&self.registrar.get(&FIGURE, &request.name).await?)?;
        Ok(Response::new(reconciliation::figure(&self.registrar, &figure, request.origin()).await?))
    }

    async fn reconcile_all(&self, request: Request<v1::ReconcileAllRequest>) -> Result<Response<Operation>, Status> {
        let message = request.get_ref();
        let options = WriteOptions {
            method: "caibian.procurement.v1.FigureService/ReconcileAll",
            request_id: message.request_id.clone(),
            validate_only: false,
            caller: caller(&request),
            body_sha256: Some(Sha256::of(&prost::Message::encode_to_vec(message))),
        };
        let origin = match message.origin() {
            v1::Origin::Unspecified => v1::Origin::Real,
            given => given,
        };
        let metadata = v1::ReconcileAllMetadata { origin: origin.into(), ..v1::ReconcileAllMetadata::default() };
        let registrar = self.registrar.clone();
        let work = move |progress| async move { findings::reconcile_all(&registrar, origin, &progress).await };
        Ok(Response::new(self.operations.start(options, &metadata, work).await?))
    }

    async fn get_finding(
        &self,
        request: Request<v1::GetFindingRequest>,
    ) -> Result<Response<v1::FigureFinding>, Status> {
        Ok(Response::new(self.registrar.get(&FINDING, &request.get_ref().name).await?))
    }

    async fn list_findings(
        &self,
        request: Request<v1::ListFindingsRequest>,
    ) -> Result<Response<v1::ListFindingsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&FINDING, "FigureService/ListFindings", &list).await?;
        Ok(Response::new(v1::ListFindingsResponse {
            findings: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn resolve_finding(
        &self,
        request: Request<v1::ResolveFindingRequest>,
    ) -> Result<Response<v1::FigureFinding>, Status> {
        let options = write_of!(request, "FigureService/ResolveFinding");
        let v1::ResolveFindingRequest { name, etag, note, .. } = request.into_inner();
        if etag.is_empty() {
            let en = "the etag of the finding as it was read is needed";
            return Err(errors::field("etag", en, "请提供读取时的 etag"));
        }
        if note.trim().is_empty() || note.chars().count() > NOTE_CHARACTERS_MAX {
            let en = format!("1 to {NOTE_CHARACTERS_MAX} characters are taken");
            return Err(errors::field("note", en, "应为 1 至 2000 个字符"));
        }
        let resolver = options.caller.clone();
        let resolved = self.registrar.change(&FINDING, &name, &etag, options, |finding| {
            if finding.state() != v1::figure_finding::State::Open {
                let (en, zh) = ("only an open finding is resolved", "只能处理未处理的核对结果");
                return Err(errors::precondition("FINDING_NOT_OPEN", en, zh));
            }
            finding.set_state(v1::figure_finding::State::Resolved);
            finding.note = note;
            finding.resolver = resolver;
            finding.resolve_time = Some(crate::wire::timestamp(chrono::Utc::now()));
            Ok(())
        });
        Ok(Response::new(resolved.await?))
    }
}
