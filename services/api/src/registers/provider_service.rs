//! ProviderService: who delivers (承接主体), what stands against them, who recommends them, who comes first.

mod evaluated;
mod kinds;
mod merge;
mod profile;
mod ranking;
mod uscc;

use procurement::{
    eligibility::{RegistrationStatus, check_eligibility},
    finding::{self, Finding},
};
use proto::procurement::v1::{self, ProviderKind, provider_service_server::ProviderService};
use store::register::{Comparison, Condition, Direction, Value};
use tonic::{Code, Request, Response, Status};

pub use kinds::{PROVIDER, PROVIDER_FLAG, RECOMMENDED_ENTRY, RECOMMENDED_LIST, check_flag, party, settled};

use super::{Registrar, body, contract_service::CONTRACT, day, list_of, rules, write_of};
use crate::errors;

/// Flags of one provider.
const FLAGS_MAX: usize = 1_000;

/// The service.
pub struct Providers {
    registrar: Registrar,
}

/// What the rules say of an award to a provider on a day.
pub async fn eligibility(
    registrar: &Registrar,
    provider: &v1::Provider,
    on_day: chrono::NaiveDate,
) -> Result<Vec<Finding>, Status> {
    let flags: Vec<_> = flags_of(registrar, provider).await?.iter().filter_map(kinds::mark).collect();
    let party = party(provider).map_err(|error| ours(&error))?;
    let status = status_of(provider);
    let barred = evaluated::barred_until(registrar, std::slice::from_ref(provider), on_day).await?;
    let barred: Vec<_> = barred.into_values().flatten().collect();
    Ok(check_eligibility(&party, status, &flags, &barred, on_day, &registrar.rules().severities))
}

/// Its flags, by first day.
async fn flags_of(registrar: &Registrar, provider: &v1::Provider) -> Result<Vec<v1::ProviderFlag>, Status> {
    let of = is("provider", id_of(&provider.name));
    registrar.all_where(&PROVIDER_FLAG, of, vec![("from_day", Direction::Ascending)], FLAGS_MAX).await
}

fn status_of(provider: &v1::Provider) -> Option<RegistrationStatus> {
    rules::member(provider.status().as_str_name(), "PROVIDER_STATUS_")
}

fn id_of(name: &str) -> &str {
    body::id_of(PROVIDER.collection, name).unwrap_or_default()
}

fn is(column: &'static str, id: &str) -> Condition {
    Condition::Compare(column, Comparison::Equal, Value::Text(id.to_owned()))
}

/// What was stored is not as it was checked.
fn ours(error: &procurement::Error) -> Status {
    errors::of_kind(stdx::ErrorKind::Internal, error)
}

impl Providers {
    /// Over this registrar.
    #[must_use]
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar }
    }

    async fn live(&self, field: &str, name: &str) -> Result<v1::Provider, Status> {
        let provider = self.registrar.get_at(&PROVIDER, field, name).await?;
        if provider.delete_time.is_none() {
            return Ok(provider);
        }
        let (reason, en, zh) = match provider.merged_into.as_str() {
            "" => ("RESOURCE_DELETED", format!("{name} is deleted"), format!("承接主体已删除:{name}")),
            into => {
                let (en, zh) = (format!("{name} was merged into {into}"), format!("承接主体{name}已并入{into}"));
                ("PROVIDER_MERGED", en, zh)
            }
        };
        Err(errors::named(Code::FailedPrecondition, reason, name, en, zh))
    }
}

#[tonic::async_trait]
impl ProviderService for Providers {
    async fn get_provider(&self, request: Request<v1::GetProviderRequest>) -> Result<Response<v1::Provider>, Status> {
        let provider = self.registrar.get(&PROVIDER, &request.get_ref().name).await?;
        Ok(Response::new(provider))
    }

    async fn batch_get_providers(
        &self,
        request: Request<v1::BatchGetProvidersRequest>,
    ) -> Result<Response<v1::BatchGetProvidersResponse>, Status> {
        let providers = self.registrar.batch_get(&PROVIDER, &request.get_ref().names).await?;
        Ok(Response::new(v1::BatchGetProvidersResponse { providers }))
    }

    async fn list_providers(
        &self,
        request: Request<v1::ListProvidersRequest>,
    ) -> Result<Response<v1::ListProvidersResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&PROVIDER, "ProviderService/ListProviders", &list).await?;
        Ok(Response::new(v1::ListProvidersResponse {
            providers: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_provider(
        &self,
        request: Request<v1::CreateProviderRequest>,
    ) -> Result<Response<v1::Provider>, Status> {
        let options = write_of!(request, "ProviderService/CreateProvider");
        let v1::CreateProviderRequest { provider, provider_id, .. } = request.into_inner();
        let mut fresh = self.registrar.fresh(&PROVIDER, provider, &provider_id)?;
        fresh.resource = settled(fresh.resource);
        let provider = self.registrar.insert(&PROVIDER, fresh, options).await?;
        Ok(Response::new(provider))
    }

    async fn update_provider(
        &self,
        request: Request<v1::UpdateProviderRequest>,
    ) -> Result<Response<v1::Provider>, Status> {
        let options = write_of!(request, "ProviderService/UpdateProvider");
        let v1::UpdateProviderRequest { provider, update_mask, .. } = request.into_inner();
        let mut merged = self.registrar.merged(&PROVIDER, provider, update_mask).await?;
        merged.resource = settled(merged.resource);
        let provider = self.registrar.replace(&PROVIDER, merged, options).await?;
        Ok(Response::new(provider))
    }

    async fn delete_provider(
        &self,
        request: Request<v1::DeleteProviderRequest>,
    ) -> Result<Response<v1::Provider>, Status> {
        let options = write_of!(request, "ProviderService/DeleteProvider");
        let v1::DeleteProviderRequest { name, etag, .. } = request.into_inner();
        let with = Condition::Has("providers", id_of(&name).to_owned());
        let contracts = self.registrar.store().register_count(&CONTRACT.register, Some(&with), false).await;
        if contracts.map_err(errors::of_store)? > 0 {
            let (en, zh) = (format!("{name} has contracts"), format!("承接主体{name}有合同,不能删除"));
            return Err(errors::named(Code::FailedPrecondition, "PROVIDER_HAS_CONTRACTS", &name, en, zh));
        }
        let provider = self.registrar.delete(&PROVIDER, &name, &etag, options).await?;
        Ok(Response::new(provider))
    }

    async fn undelete_provider(
        &self,
        request: Request<v1::UndeleteProviderRequest>,
    ) -> Result<Response<v1::Provider>, Status> {
        let options = write_of!(request, "ProviderService/UndeleteProvider");
        let v1::UndeleteProviderRequest { name, etag, .. } = request.into_inner();
        if !self.registrar.get(&PROVIDER, &name).await?.merged_into.is_empty() {
            self.live("name", &name).await?;
        }
        let provider = self.registrar.undelete(&PROVIDER, &name, &etag, options).await?;
        Ok(Response::new(provider))
    }

    async fn check_uscc(
        &self,
        request: Request<v1::CheckUsccRequest>,
    ) -> Result<Response<v1::CheckUsccResponse>, Status> {
        let v1::CheckUsccRequest { uscc, .. } = request.get_ref();
        Ok(Response::new(uscc::read(uscc, request.get_ref().kind(), self.registrar.rules())))
    }

    async fn check_eligibility(
        &self,
        request: Request<v1::CheckEligibilityRequest>,
    ) -> Result<Response<v1::CheckEligibilityResponse>, Status> {
        let v1::CheckEligibilityRequest { name, on_day } = request.get_ref();
        let on_day = day::or_today("on_day", on_day)?;
        let provider = self.registrar.get(&PROVIDER, name).await?;
        let found = eligibility(&self.registrar, &provider, on_day).await?;
        Ok(Response::new(v1::CheckEligibilityResponse {
            is_eligible: finding::is_clear(&found),
            on_day: on_day.to_string(),
            findings: rules::findings(&found),
        }))
    }

    async fn merge_providers(
        &self,
        request: Request<v1::MergeProvidersRequest>,
    ) -> Result<Response<v1::Provider>, Status> {
        let options = write_of!(request, "ProviderService/MergeProviders");
        Ok(Response::new(self.merge(request.get_ref(), options).await?))
    }

    async fn get_provider_profile(
        &self,
        request: Request<v1::GetProviderProfileRequest>,
    ) -> Result<Response<v1::ProviderProfile>, Status> {
        let v1::GetProviderProfileRequest { name, on_day } = request.get_ref();
        let on_day = day::or_today("on_day", on_day)?;
        Ok(Response::new(self.profile(name, on_day).await?))
    }

    async fn rank_providers(
        &self,
        request: Request<v1::RankProvidersRequest>,
    ) -> Result<Response<v1::RankProvidersResponse>, Status> {
        Ok(Response::new(self.rank(request.get_ref()).await?))
    }

    async fn get_provider_flag(
        &self,
        request: Request<v1::GetProviderFlagRequest>,
    ) -> Result<Response<v1::ProviderFlag>, Status> {
        let provider_flag = self.registrar.get(&PROVIDER_FLAG, &request.get_ref().name).await?;
        Ok(Response::new(provider_flag))
    }

    async fn list_provider_flags(
        &self,
        request: Request<v1::ListProviderFlagsRequest>,
    ) -> Result<Response<v1::ListProviderFlagsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&PROVIDER_FLAG, "ProviderService/ListProviderFlags", &list).await?;
        Ok(Response::new(v1::ListProviderFlagsResponse {
            provider_flags: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn add_provider_flag(
        &self,
        request: Request<v1::AddProviderFlagRequest>,
    ) -> Result<Response<v1::ProviderFlag>, Status> {
        let options = write_of!(request, "ProviderService/AddProviderFlag");
        let v1::AddProviderFlagRequest { provider_flag, provider_flag_id, .. } = request.into_inner();
        let flag = self.registrar.create(&PROVIDER_FLAG, provider_flag, &provider_flag_id, options).await?;
        Ok(Response::new(flag))
    }

    async fn end_provider_flag(
        &self,
        request: Request<v1::EndProviderFlagRequest>,
    ) -> Result<Response<v1::ProviderFlag>, Status> {
        let options = write_of!(request, "ProviderService/EndProviderFlag");
        let v1::EndProviderFlagRequest { name, to_day, etag, .. } = request.into_inner();
        if to_day.is_empty() {
            return Err(errors::field("to_day", "a day is needed", "请填写移出日期"));
        }
        let end = |flag: &mut v1::ProviderFlag| {
            flag.to_day = to_day;
            let faults = check_flag(flag);
            if faults.is_empty() { Ok(()) } else { Err(errors::fields(&faults)) }
        };
        let flag = self.registrar.change(&PROVIDER_FLAG, &name, &etag, options, end).await?;
        Ok(Response::new(flag))
    }

    async fn get_recommended_list(
        &self,
        request: Request<v1::GetRecommendedListRequest>,
    ) -> Result<Response<v1::RecommendedList>, Status> {
        let recommended_list = self.registrar.get(&RECOMMENDED_LIST, &request.get_ref().name).await?;
        Ok(Response::new(recommended_list))
    }

    async fn list_recommended_lists(
        &self,
        request: Request<v1::ListRecommendedListsRequest>,
    ) -> Result<Response<v1::ListRecommendedListsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&RECOMMENDED_LIST, "ProviderService/ListRecommendedLists", &list).await?;
        Ok(Response::new(v1::ListRecommendedListsResponse {
            recommended_lists: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_recommended_list(
        &self,
        request: Request<v1::CreateRecommendedListRequest>,
    ) -> Result<Response<v1::RecommendedList>, Status> {
        let options = write_of!(request, "ProviderService/CreateRecommendedList");
        let v1::CreateRecommendedListRequest { recommended_list, recommended_list_id, .. } = request.into_inner();
        let mut fresh = self.registrar.fresh(&RECOMMENDED_LIST, recommended_list, &recommended_list_id)?;
        fresh.resource.revision = fresh.resource.revision.max(1);
        let list = self.registrar.insert(&RECOMMENDED_LIST, fresh, options).await?;
        Ok(Response::new(list))
    }

    async fn update_recommended_list(
        &self,
        request: Request<v1::UpdateRecommendedListRequest>,
    ) -> Result<Response<v1::RecommendedList>, Status> {
        let options = write_of!(request, "ProviderService/UpdateRecommendedList");
        let v1::UpdateRecommendedListRequest { recommended_list, update_mask, .. } = request.into_inner();
        let mut merged = self.registrar.merged(&RECOMMENDED_LIST, recommended_list, update_mask).await?;
        merged.resource.revision = merged.resource.revision.max(1);
        let list = self.registrar.replace(&RECOMMENDED_LIST, merged, options).await?;
        Ok(Response::new(list))
    }

    async fn delete_recommended_list(
        &self,
        request: Request<v1::DeleteRecommendedListRequest>,
    ) -> Result<Response<v1::RecommendedList>, Status> {
        let options = write_of!(request, "ProviderService/DeleteRecommendedList");
        let v1::DeleteRecommendedListRequest { name, etag, .. } = request.into_inner();
        let recommended_list = self.registrar.delete(&RECOMMENDED_LIST, &name, &etag, options).await?;
        Ok(Response::new(recommended_list))
    }

    async fn undelete_recommended_list(
        &self,
        request: Request<v1::UndeleteRecommendedListRequest>,
    ) -> Result<Response<v1::RecommendedList>, Status> {
        let options = write_of!(request, "ProviderService/UndeleteRecommendedList");
        let v1::UndeleteRecommendedListRequest { name, etag, .. } = request.into_inner();
        let recommended_list = self.registrar.undelete(&RECOMMENDED_LIST, &name, &etag, options).await?;
        Ok(Response::new(recommended_list))
    }

    async fn get_recommended_entry(
        &self,
        request: Request<v1::GetRecommendedEntryRequest>,
    ) -> Result<Response<v1::RecommendedEntry>, Status> {
        let recommended_entry = self.registrar.get(&RECOMMENDED_ENTRY, &request.get_ref().name).await?;
        Ok(Response::new(recommended_entry))
    }

    async fn list_recommended_entries(
        &self,
        request: Request<v1::ListRecommendedEntriesRequest>,
    ) -> Result<Response<v1::ListRecommendedEntriesResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&RECOMMENDED_ENTRY, "ProviderService/ListRecommendedEntries", &list).await?;
        Ok(Response::new(v1::ListRecommendedEntriesResponse {
            recommended_entries: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn delete_recommended_entry(
        &self,
        request: Request<v1::DeleteRecommendedEntryRequest>,
    ) -> Result<Response<v1::RecommendedEntry>, Status> {
        let options = write_of!(request, "ProviderService/DeleteRecommendedEntry");
        let v1::DeleteRecommendedEntryRequest { name, etag, .. } = request.into_inner();
        let recommended_entry = self.registrar.delete(&RECOMMENDED_ENTRY, &name, &etag, options).await?;
        Ok(Response::new(recommended_entry))
    }

    async fn create_recommended_entry(
        &self,
        request: Request<v1::CreateRecommendedEntryRequest>,
    ) -> Result<Response<v1::RecommendedEntry>, Status> {
        let options = write_of!(request, "ProviderService/CreateRecommendedEntry");
        let v1::CreateRecommendedEntryRequest { recommended_entry, recommended_entry_id, .. } = request.into_inner();
        let fresh = self.registrar.fresh(&RECOMMENDED_ENTRY, recommended_entry, &recommended_entry_id)?;
        // One that does not exist is told by the reference.
        let provider = self.registrar.find(&PROVIDER, id_of(&fresh.resource.provider)).await?;
        if let Some(provider) = provider.filter(|of| of.kind() != ProviderKind::SocialOrganisation) {
            let (en, zh) = (
                format!("{} is no social organisation", provider.name),
                format!("{}不是社会组织,不能列入社会组织推荐性目录", provider.name),
            );
            let reason = "PROVIDER_NOT_SOCIAL_ORGANISATION";
            return Err(errors::named(Code::FailedPrecondition, reason, &provider.name, en, zh));
        }
        let entry = self.registrar.insert(&RECOMMENDED_ENTRY, fresh, options).await?;
        Ok(Response::new(entry))
    }
}
