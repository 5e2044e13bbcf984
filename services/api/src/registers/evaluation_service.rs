//! EvaluationService: evaluations (绩效评价), the schemes they are scored by, and what was decided because of their results
//! (结果应用).

mod apply;
mod judge;
mod kinds;
mod report;
mod trace;

use proto::procurement::v1::{self, evaluation_service_server::EvaluationService};
use store::register::{Comparison, Condition, Value};
use tonic::{Request, Response, Status};

pub use kinds::{EVALUATION, EVALUATION_SCHEME, RESULT_APPLICATION};
use kinds::{SUBJECTS, subjects};
pub use trace::trace;

use self::report::Report;
use super::{Registrar, inside, list_of, region_code, rules, write_of};
use crate::errors;

/// The service.
pub struct Evaluations {
    registrar: Registrar,
}

impl Evaluations {
    /// Over this registrar.
    #[must_use]
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar }
    }

    async fn unapplied(
        &self,
        request: &v1::ListUnappliedEvaluationsRequest,
    ) -> Result<v1::ListUnappliedEvaluationsResponse, Status> {
        let mut conditions = vec![
            judge::is("state", "FINAL"),
            Condition::Compare("application_count", Comparison::Equal, Value::Integer(0)),
        ];
        if !request.region.is_empty() {
            conditions.push(inside("region", &region_code(&self.registrar, "region", &request.region)?));
        }
        let method = "EvaluationService/ListUnappliedEvaluations";
        let conditions = Condition::All(conditions);
        let page =
            self.registrar.list_where(&EVALUATION, method, &list_of!(request), conditions, &[&request.region]).await?;
        Ok(v1::ListUnappliedEvaluationsResponse {
            evaluations: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        })
    }
}

fn refuse_final(evaluation: &v1::Evaluation) -> Result<(), Status> {
    if evaluation.state() != v1::EvaluationState::Final {
        return Ok(());
    }
    Err(errors::precondition(
        "EVALUATION_FINAL",
        format!("{} is final and stays as it is", evaluation.name),
        format!("{} 已定稿,不能修改", evaluation.name),
    ))
}

#[tonic::async_trait]
impl EvaluationService for Evaluations {
    async fn get_evaluation_scheme(
        &self,
        request: Request<v1::GetEvaluationSchemeRequest>,
    ) -> Result<Response<v1::EvaluationScheme>, Status> {
        Ok(Response::new(self.registrar.get(&EVALUATION_SCHEME, &request.get_ref().name).await?))
    }

    async fn list_evaluation_schemes(
        &self,
        request: Request<v1::ListEvaluationSchemesRequest>,
    ) -> Result<Response<v1::ListEvaluationSchemesResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&EVALUATION_SCHEME, "EvaluationService/ListEvaluationSchemes", &list).await?;
        Ok(Response::new(v1::ListEvaluationSchemesResponse {
            evaluation_schemes: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_evaluation_scheme(
        &self,
        request: Request<v1::CreateEvaluationSchemeRequest>,
    ) -> Result<Response<v1::EvaluationScheme>, Status> {
        let options = write_of!(request, "EvaluationService/CreateEvaluationScheme");
        let v1::CreateEvaluationSchemeRequest { evaluation_scheme, evaluation_scheme_id, .. } = request.into_inner();
        Ok(Response::new(
            self.registrar.create(&EVALUATION_SCHEME, evaluation_scheme, &evaluation_scheme_id, options).await?,
        ))
    }

    async fn update_evaluation_scheme(
        &self,
        request: Request<v1::UpdateEvaluationSchemeRequest>,
    ) -> Result<Response<v1::EvaluationScheme>, Status> {
        let options = write_of!(request, "EvaluationService/UpdateEvaluationScheme");
        let v1::UpdateEvaluationSchemeRequest { evaluation_scheme, update_mask, .. } = request.into_inner();
        Ok(Response::new(self.registrar.update(&EVALUATION_SCHEME, evaluation_scheme, update_mask, options).await?))
    }

    async fn delete_evaluation_scheme(
        &self,
        request: Request<v1::DeleteEvaluationSchemeRequest>,
    ) -> Result<Response<v1::EvaluationScheme>, Status> {
        let options = write_of!(request, "EvaluationService/DeleteEvaluationScheme");
        let v1::DeleteEvaluationSchemeRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&EVALUATION_SCHEME, &name, &etag, options).await?))
    }

    async fn undelete_evaluation_scheme(
        &self,
        request: Request<v1::UndeleteEvaluationSchemeRequest>,
    ) -> Result<Response<v1::EvaluationScheme>, Status> {
        let options = write_of!(request, "EvaluationService/UndeleteEvaluationScheme");
        let v1::UndeleteEvaluationSchemeRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&EVALUATION_SCHEME, &name, &etag, options).await?))
    }

    async fn get_evaluation(
        &self,
        request: Request<v1::GetEvaluationRequest>,
    ) -> Result<Response<v1::Evaluation>, Status> {
        Ok(Response::new(self.registrar.get(&EVALUATION, &request.get_ref().name).await?))
    }

    async fn list_evaluations(
        &self,
        request: Request<v1::ListEvaluationsRequest>,
    ) -> Result<Response<v1::ListEvaluationsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&EVALUATION, "EvaluationService/ListEvaluations", &list).await?;
        Ok(Response::new(v1::ListEvaluationsResponse {
            evaluations: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_evaluation(
        &self,
        request: Request<v1::CreateEvaluationRequest>,
    ) -> Result<Response<v1::Evaluation>, Status> {
        let options = write_of!(request, "EvaluationService/CreateEvaluation");
        let v1::CreateEvaluationRequest { evaluation, evaluation_id, .. } = request.into_inner();
        let mut fresh = self.registrar.fresh(&EVALUATION, evaluation, &evaluation_id)?;
        fresh.resource.set_state(v1::EvaluationState::Open);
        Ok(Response::new(self.registrar.insert(&EVALUATION, fresh, options).await?))
    }

    async fn update_evaluation(
        &self,
        request: Request<v1::UpdateEvaluationRequest>,
    ) -> Result<Response<v1::Evaluation>, Status> {
        let options = write_of!(request, "EvaluationService/UpdateEvaluation");
        let v1::UpdateEvaluationRequest { evaluation, update_mask, .. } = request.into_inner();
        let merged = self.registrar.merged(&EVALUATION, evaluation, update_mask).await?;
        refuse_final(&merged.stored)?;
        if !merged.stored.sheet.is_empty() && merged.stored.scheme != merged.resource.scheme {
            return Err(errors::precondition(
                "EVALUATION_REPORTED",
                "the report was scored by this scheme",
                "已按该指标体系提交评分,不能更换",
            ));
        }
        Ok(Response::new(self.registrar.replace(&EVALUATION, merged, options).await?))
    }

    async fn delete_evaluation(
        &self,
        request: Request<v1::DeleteEvaluationRequest>,
    ) -> Result<Response<v1::Evaluation>, Status> {
        let options = write_of!(request, "EvaluationService/DeleteEvaluation");
        let v1::DeleteEvaluationRequest { name, mut etag, .. } = request.into_inner();
        let read = self.registrar.get(&EVALUATION, &name).await?;
        if read.application_count > 0 {
            return Err(errors::precondition(
                "EVALUATION_APPLIED",
                format!("{} decisions rest on it", read.application_count),
                format!("已有 {} 项结果应用以其为依据", read.application_count),
            ));
        }
        if etag.is_empty() {
            // A decision that rests on it comes in between.
            etag = read.etag;
        }
        Ok(Response::new(self.registrar.delete(&EVALUATION, &name, &etag, options).await?))
    }

    async fn undelete_evaluation(
        &self,
        request: Request<v1::UndeleteEvaluationRequest>,
    ) -> Result<Response<v1::Evaluation>, Status> {
        let options = write_of!(request, "EvaluationService/UndeleteEvaluation");
        let v1::UndeleteEvaluationRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&EVALUATION, &name, &etag, options).await?))
    }

    async fn get_result_application(
        &self,
        request: Request<v1::GetResultApplicationRequest>,
    ) -> Result<Response<v1::ResultApplication>, Status> {
        Ok(Response::new(self.registrar.get(&RESULT_APPLICATION, &request.get_ref().name).await?))
    }

    async fn list_result_applications(
        &self,
        request: Request<v1::ListResultApplicationsRequest>,
    ) -> Result<Response<v1::ListResultApplicationsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&RESULT_APPLICATION, "EvaluationService/ListResultApplications", &list).await?;
        Ok(Response::new(v1::ListResultApplicationsResponse {
            result_applications: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn delete_result_application(
        &self,
        request: Request<v1::DeleteResultApplicationRequest>,
    ) -> Result<Response<v1::ResultApplication>, Status> {
        let options = write_of!(request, "EvaluationService/DeleteResultApplication");
        Ok(Response::new(apply::take_back(&self.registrar, request.into_inner(), options).await?))
    }

    async fn submit_evaluation_report(
        &self,
        request: Request<v1::SubmitEvaluationReportRequest>,
    ) -> Result<Response<v1::Evaluation>, Status> {
        let options = write_of!(request, "EvaluationService/SubmitEvaluationReport");
        let request = request.into_inner();
        let read = self.registrar.get(&EVALUATION, &request.name).await?;
        let scheme = match read.scheme.as_str() {
            "" => None,
            scheme => Some(self.registrar.get_at(&EVALUATION_SCHEME, "name", scheme).await?),
        };
        let name = request.name.clone();
        // Read against the scheme that it has now: whoever gives it another one comes in between.
        let etag = if request.etag.is_empty() { read.etag } else { request.etag.clone() };
        let report = Report::read(request, scheme.as_ref())?;
        let put = |evaluation: &mut v1::Evaluation| {
            refuse_final(evaluation)?;
            report.put(evaluation);
            Ok(())
        };
        Ok(Response::new(self.registrar.change(&EVALUATION, &name, &etag, options, put).await?))
    }

    async fn finalise_evaluation(
        &self,
        request: Request<v1::FinaliseEvaluationRequest>,
    ) -> Result<Response<v1::Evaluation>, Status> {
        let options = write_of!(request, "EvaluationService/FinaliseEvaluation");
        Ok(Response::new(apply::finalise(&self.registrar, request.into_inner(), options).await?))
    }

    async fn apply_evaluation_result(
        &self,
        request: Request<v1::ApplyEvaluationResultRequest>,
    ) -> Result<Response<v1::ResultApplication>, Status> {
        let options = write_of!(request, "EvaluationService/ApplyEvaluationResult");
        Ok(Response::new(apply::apply(&self.registrar, request.into_inner(), options).await?))
    }

    async fn trace_result(
        &self,
        request: Request<v1::TraceResultRequest>,
    ) -> Result<Response<v1::TraceResultResponse>, Status> {
        Ok(Response::new(trace(&self.registrar, &request.get_ref().name).await?))
    }

    async fn list_unapplied_evaluations(
        &self,
        request: Request<v1::ListUnappliedEvaluationsRequest>,
    ) -> Result<Response<v1::ListUnappliedEvaluationsResponse>, Status> {
        Ok(Response::new(self.unapplied(request.get_ref()).await?))
    }

    async fn check_evaluation(
        &self,
        request: Request<v1::CheckEvaluationRequest>,
    ) -> Result<Response<v1::CheckEvaluationResponse>, Status> {
        let findings = judge::check(&self.registrar, &request.get_ref().name).await?;
        Ok(Response::new(v1::CheckEvaluationResponse { findings: rules::findings(&findings) }))
    }
}
