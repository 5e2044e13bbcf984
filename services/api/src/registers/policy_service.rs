//! PolicyService: policy documents (政策文件) and their lineage, the frameworks that they fill, the bodies that lead the
//! reform, government functions, advice on drafts, outreach.

mod framework;
mod kinds;
mod lineage;

use std::sync::Arc;

use proto::procurement::v1::{self, policy_service_server::PolicyService};
use tokio::sync::Mutex;
use tonic::{Request, Response, Status};

pub use kinds::{
    CONSULTATION_REVIEW, FIGURE_OF, FUNCTION_LIST, GOVERNMENT_FUNCTION, MECHANISM, OUTREACH_EVENT, POLICY_DOCUMENT,
    POLICY_DOCUMENT_OF, POLICY_FRAMEWORK, PURCHASER_OF,
};

use super::{Registrar, list_of, write_of};

/// The service.
pub struct Policies {
    registrar: Registrar,
    // Two documents that come to supersede each other at once would each be right when looked at alone.
    supersession: Arc<Mutex<()>>,
}

impl Policies {
    /// Over this registrar.
    #[must_use]
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar, supersession: Arc::default() }
    }
}

#[tonic::async_trait]
impl PolicyService for Policies {
    async fn get_policy_document(
        &self,
        request: Request<v1::GetPolicyDocumentRequest>,
    ) -> Result<Response<v1::PolicyDocument>, Status> {
        Ok(Response::new(self.registrar.get(&POLICY_DOCUMENT, &request.get_ref().name).await?))
    }

    async fn list_policy_documents(
        &self,
        request: Request<v1::ListPolicyDocumentsRequest>,
    ) -> Result<Response<v1::ListPolicyDocumentsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&POLICY_DOCUMENT, "PolicyService/ListPolicyDocuments", &list).await?;
        Ok(Response::new(v1::ListPolicyDocumentsResponse {
            policy_documents: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_policy_document(
        &self,
        request: Request<v1::CreatePolicyDocumentRequest>,
    ) -> Result<Response<v1::PolicyDocument>, Status> {
        let options = write_of!(request, "PolicyService/CreatePolicyDocument");
        let v1::CreatePolicyDocumentRequest { policy_document, policy_document_id, .. } = request.into_inner();
        let fresh = self.registrar.fresh(&POLICY_DOCUMENT, policy_document, &policy_document_id)?;
        let _one_at_a_time = self.supersession.lock().await;
        let name = POLICY_DOCUMENT.name(&fresh.id);
        lineage::refuse_circle(&self.registrar, &name, &fresh.resource.supersedes).await?;
        Ok(Response::new(self.registrar.insert(&POLICY_DOCUMENT, fresh, options).await?))
    }

    async fn update_policy_document(
        &self,
        request: Request<v1::UpdatePolicyDocumentRequest>,
    ) -> Result<Response<v1::PolicyDocument>, Status> {
        let options = write_of!(request, "PolicyService/UpdatePolicyDocument");
        let v1::UpdatePolicyDocumentRequest { policy_document, update_mask, .. } = request.into_inner();
        let _one_at_a_time = self.supersession.lock().await;
        let merged = self.registrar.merged(&POLICY_DOCUMENT, policy_document, update_mask).await?;
        lineage::refuse_circle(&self.registrar, &merged.stored.name, &merged.resource.supersedes).await?;
        Ok(Response::new(self.registrar.replace(&POLICY_DOCUMENT, merged, options).await?))
    }

    async fn delete_policy_document(
        &self,
        request: Request<v1::DeletePolicyDocumentRequest>,
    ) -> Result<Response<v1::PolicyDocument>, Status> {
        let options = write_of!(request, "PolicyService/DeletePolicyDocument");
        let v1::DeletePolicyDocumentRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&POLICY_DOCUMENT, &name, &etag, options).await?))
    }

    async fn undelete_policy_document(
        &self,
        request: Request<v1::UndeletePolicyDocumentRequest>,
    ) -> Result<Response<v1::PolicyDocument>, Status> {
        let options = write_of!(request, "PolicyService/UndeletePolicyDocument");
        let v1::UndeletePolicyDocumentRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&POLICY_DOCUMENT, &name, &etag, options).await?))
    }

    async fn get_policy_framework(
        &self,
        request: Request<v1::GetPolicyFrameworkRequest>,
    ) -> Result<Response<v1::PolicyFramework>, Status> {
        Ok(Response::new(self.registrar.get(&POLICY_FRAMEWORK, &request.get_ref().name).await?))
    }

    async fn list_policy_frameworks(
        &self,
        request: Request<v1::ListPolicyFrameworksRequest>,
    ) -> Result<Response<v1::ListPolicyFrameworksResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&POLICY_FRAMEWORK, "PolicyService/ListPolicyFrameworks", &list).await?;
        Ok(Response::new(v1::ListPolicyFrameworksResponse {
            policy_frameworks: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_policy_framework(
        &self,
        request: Request<v1::CreatePolicyFrameworkRequest>,
    ) -> Result<Response<v1::PolicyFramework>, Status> {
        let options = write_of!(request, "PolicyService/CreatePolicyFramework");
        let v1::CreatePolicyFrameworkRequest { policy_framework, policy_framework_id, .. } = request.into_inner();
        Ok(Response::new(
            self.registrar.create(&POLICY_FRAMEWORK, policy_framework, &policy_framework_id, options).await?,
        ))
    }

    async fn update_policy_framework(
        &self,
        request: Request<v1::UpdatePolicyFrameworkRequest>,
    ) -> Result<Response<v1::PolicyFramework>, Status> {
        let options = write_of!(request, "PolicyService/UpdatePolicyFramework");
        let v1::UpdatePolicyFrameworkRequest { policy_framework, update_mask, .. } = request.into_inner();
        Ok(Response::new(self.registrar.update(&POLICY_FRAMEWORK, policy_framework, update_mask, options).await?))
    }

    async fn delete_policy_framework(
        &self,
        request: Request<v1::DeletePolicyFrameworkRequest>,
    ) -> Result<Response<v1::PolicyFramework>, Status> {
        let options = write_of!(request, "PolicyService/DeletePolicyFramework");
        let v1::DeletePolicyFrameworkRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&POLICY_FRAMEWORK, &name, &etag, options).await?))
    }

    async fn undelete_policy_framework(
        &self,
        request: Request<v1::UndeletePolicyFrameworkRequest>,
    ) -> Result<Response<v1::PolicyFramework>, Status> {
        let options = write_of!(request, "PolicyService/UndeletePolicyFramework");
        let v1::UndeletePolicyFrameworkRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&POLICY_FRAMEWORK, &name, &etag, options).await?))
    }

    async fn get_mechanism(
        &self,
        request: Request<v1::GetMechanismRequest>,
    ) -> Result<Response<v1::Mechanism>, Status> {
        Ok(Response::new(self.registrar.get(&MECHANISM, &request.get_ref().name).await?))
    }

    async fn list_mechanisms(
        &self,
        request: Request<v1::ListMechanismsRequest>,
    ) -> Result<Response<v1::ListMechanismsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&MECHANISM, "PolicyService/ListMechanisms", &list).await?;
        Ok(Response::new(v1::ListMechanismsResponse {
            mechanisms: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_mechanism(
        &self,
        request: Request<v1::CreateMechanismRequest>,
    ) -> Result<Response<v1::Mechanism>, Status> {
        let options = write_of!(request, "PolicyService/CreateMechanism");
        let v1::CreateMechanismRequest { mechanism, mechanism_id, .. } = request.into_inner();
        Ok(Response::new(self.registrar.create(&MECHANISM, mechanism, &mechanism_id, options).await?))
    }

    async fn update_mechanism(
        &self,
        request: Request<v1::UpdateMechanismRequest>,
    ) -> Result<Response<v1::Mechanism>, Status> {
        let options = write_of!(request, "PolicyService/UpdateMechanism");
        let v1::UpdateMechanismRequest { mechanism, update_mask, .. } = request.into_inner();
        Ok(Response::new(self.registrar.update(&MECHANISM, mechanism, update_mask, options).await?))
    }

    async fn delete_mechanism(
        &self,
        request: Request<v1::DeleteMechanismRequest>,
    ) -> Result<Response<v1::Mechanism>, Status> {
        let options = write_of!(request, "PolicyService/DeleteMechanism");
        let v1::DeleteMechanismRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&MECHANISM, &name, &etag, options).await?))
    }

    async fn undelete_mechanism(
        &self,
        request: Request<v1::UndeleteMechanismRequest>,
    ) -> Result<Response<v1::Mechanism>, Status> {
        let options = write_of!(request, "PolicyService/UndeleteMechanism");
        let v1::UndeleteMechanismRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&MECHANISM, &name, &etag, options).await?))
    }

    async fn get_function_list(
        &self,
        request: Request<v1::GetFunctionListRequest>,
    ) -> Result<Response<v1::FunctionList>, Status> {
        Ok(Response::new(self.registrar.get(&FUNCTION_LIST, &request.get_ref().name).await?))
    }

    async fn list_function_lists(
        &self,
        request: Request<v1::ListFunctionListsRequest>,
    ) -> Result<Response<v1::ListFunctionListsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&FUNCTION_LIST, "PolicyService/ListFunctionLists", &list).await?;
        Ok(Response::new(v1::ListFunctionListsResponse {
            function_lists: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_function_list(
        &self,
        request: Request<v1::CreateFunctionListRequest>,
    ) -> Result<Response<v1::FunctionList>, Status> {
        let options = write_of!(request, "PolicyService/CreateFunctionList");
        let v1::CreateFunctionListRequest { function_list, function_list_id, .. } = request.into_inner();
        Ok(Response::new(self.registrar.create(&FUNCTION_LIST, function_list, &function_list_id, options).await?))
    }

    async fn update_function_list(
        &self,
        request: Request<v1::UpdateFunctionListRequest>,
    ) -> Result<Response<v1::FunctionList>, Status> {
        let options = write_of!(request, "PolicyService/UpdateFunctionList");
        let v1::UpdateFunctionListRequest { function_list, update_mask, .. } = request.into_inner();
        Ok(Response::new(self.registrar.update(&FUNCTION_LIST, function_list, update_mask, options).await?))
    }

    async fn delete_function_list(
        &self,
        request: Request<v1::DeleteFunctionListRequest>,
    ) -> Result<Response<v1::FunctionList>, Status> {
        let options = write_of!(request, "PolicyService/DeleteFunctionList");
        let v1::DeleteFunctionListRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&FUNCTION_LIST, &name, &etag, options).await?))
    }

    async fn undelete_function_list(
        &self,
        request: Request<v1::UndeleteFunctionListRequest>,
    ) -> Result<Response<v1::FunctionList>, Status> {
        let options = write_of!(request, "PolicyService/UndeleteFunctionList");
        let v1::UndeleteFunctionListRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&FUNCTION_LIST, &name, &etag, options).await?))
    }

    async fn get_government_function(
        &self,
        request: Request<v1::GetGovernmentFunctionRequest>,
    ) -> Result<Response<v1::GovernmentFunction>, Status> {
        Ok(Response::new(self.registrar.get(&GOVERNMENT_FUNCTION, &request.get_ref().name).await?))
    }

    async fn list_government_functions(
        &self,
        request: Request<v1::ListGovernmentFunctionsRequest>,
    ) -> Result<Response<v1::ListGovernmentFunctionsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&GOVERNMENT_FUNCTION, "PolicyService/ListGovernmentFunctions", &list).await?;
        Ok(Response::new(v1::ListGovernmentFunctionsResponse {
            government_functions: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_government_function(
        &self,
        request: Request<v1::CreateGovernmentFunctionRequest>,
    ) -> Result<Response<v1::GovernmentFunction>, Status> {
        let options = write_of!(request, "PolicyService/CreateGovernmentFunction");
        let v1::CreateGovernmentFunctionRequest { government_function, government_function_id, .. } =
            request.into_inner();
        Ok(Response::new(
            self.registrar.create(&GOVERNMENT_FUNCTION, government_function, &government_function_id, options).await?,
        ))
    }

    async fn update_government_function(
        &self,
        request: Request<v1::UpdateGovernmentFunctionRequest>,
    ) -> Result<Response<v1::GovernmentFunction>, Status> {
        let options = write_of!(request, "PolicyService/UpdateGovernmentFunction");
        let v1::UpdateGovernmentFunctionRequest { government_function, update_mask, .. } = request.into_inner();
        Ok(Response::new(self.registrar.update(&GOVERNMENT_FUNCTION, government_function, update_mask, options).await?))
    }

    async fn delete_government_function(
        &self,
        request: Request<v1::DeleteGovernmentFunctionRequest>,
    ) -> Result<Response<v1::GovernmentFunction>, Status> {
        let options = write_of!(request, "PolicyService/DeleteGovernmentFunction");
        let v1::DeleteGovernmentFunctionRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&GOVERNMENT_FUNCTION, &name, &etag, options).await?))
    }

    async fn undelete_government_function(
        &self,
        request: Request<v1::UndeleteGovernmentFunctionRequest>,
    ) -> Result<Response<v1::GovernmentFunction>, Status> {
        let options = write_of!(request, "PolicyService/UndeleteGovernmentFunction");
        let v1::UndeleteGovernmentFunctionRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&GOVERNMENT_FUNCTION, &name, &etag, options).await?))
    }

    async fn get_consultation_review(
        &self,
        request: Request<v1::GetConsultationReviewRequest>,
    ) -> Result<Response<v1::ConsultationReview>, Status> {
        Ok(Response::new(self.registrar.get(&CONSULTATION_REVIEW, &request.get_ref().name).await?))
    }

    async fn list_consultation_reviews(
        &self,
        request: Request<v1::ListConsultationReviewsRequest>,
    ) -> Result<Response<v1::ListConsultationReviewsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&CONSULTATION_REVIEW, "PolicyService/ListConsultationReviews", &list).await?;
        Ok(Response::new(v1::ListConsultationReviewsResponse {
            consultation_reviews: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_consultation_review(
        &self,
        request: Request<v1::CreateConsultationReviewRequest>,
    ) -> Result<Response<v1::ConsultationReview>, Status> {
        let options = write_of!(request, "PolicyService/CreateConsultationReview");
        let v1::CreateConsultationReviewRequest { consultation_review, consultation_review_id, .. } =
            request.into_inner();
        Ok(Response::new(
            self.registrar.create(&CONSULTATION_REVIEW, consultation_review, &consultation_review_id, options).await?,
        ))
    }

    async fn update_consultation_review(
        &self,
        request: Request<v1::UpdateConsultationReviewRequest>,
    ) -> Result<Response<v1::ConsultationReview>, Status> {
        let options = write_of!(request, "PolicyService/UpdateConsultationReview");
        let v1::UpdateConsultationReviewRequest { consultation_review, update_mask, .. } = request.into_inner();
        Ok(Response::new(self.registrar.update(&CONSULTATION_REVIEW, consultation_review, update_mask, options).await?))
    }

    async fn delete_consultation_review(
        &self,
        request: Request<v1::DeleteConsultationReviewRequest>,
    ) -> Result<Response<v1::ConsultationReview>, Status> {
        let options = write_of!(request, "PolicyService/DeleteConsultationReview");
        let v1::DeleteConsultationReviewRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&CONSULTATION_REVIEW, &name, &etag, options).await?))
    }

    async fn undelete_consultation_review(
        &self,
        request: Request<v1::UndeleteConsultationReviewRequest>,
    ) -> Result<Response<v1::ConsultationReview>, Status> {
        let options = write_of!(request, "PolicyService/UndeleteConsultationReview");
        let v1::UndeleteConsultationReviewRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&CONSULTATION_REVIEW, &name, &etag, options).await?))
    }

    async fn get_outreach_event(
        &self,
        request: Request<v1::GetOutreachEventRequest>,
    ) -> Result<Response<v1::OutreachEvent>, Status> {
        Ok(Response::new(self.registrar.get(&OUTREACH_EVENT, &request.get_ref().name).await?))
    }

    async fn list_outreach_events(
        &self,
        request: Request<v1::ListOutreachEventsRequest>,
    ) -> Result<Response<v1::ListOutreachEventsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&OUTREACH_EVENT, "PolicyService/ListOutreachEvents", &list).await?;
        Ok(Response::new(v1::ListOutreachEventsResponse {
            outreach_events: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_outreach_event(
        &self,
        request: Request<v1::CreateOutreachEventRequest>,
    ) -> Result<Response<v1::OutreachEvent>, Status> {
        let options = write_of!(request, "PolicyService/CreateOutreachEvent");
        let v1::CreateOutreachEventRequest { outreach_event, outreach_event_id, .. } = request.into_inner();
        Ok(Response::new(self.registrar.create(&OUTREACH_EVENT, outreach_event, &outreach_event_id, options).await?))
    }

    async fn get_policy_lineage(
        &self,
        request: Request<v1::GetPolicyLineageRequest>,
    ) -> Result<Response<v1::GetPolicyLineageResponse>, Status> {
        Ok(Response::new(lineage::lineage(&self.registrar, &request.get_ref().name).await?))
    }

    async fn get_framework(
        &self,
        request: Request<v1::GetFrameworkRequest>,
    ) -> Result<Response<v1::GetFrameworkResponse>, Status> {
        Ok(Response::new(framework::framework(&self.registrar, request.get_ref()).await?))
    }
}
