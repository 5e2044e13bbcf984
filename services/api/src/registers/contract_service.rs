//! ContractService: agreements (合同) with their supplements, payments, acceptance and end.

mod terms;

use std::{collections::HashMap, sync::LazyLock};

use chrono::NaiveDate;
use procurement::{
    contract::check_contract,
    finding::{self, Finding},
    party::{self, PROVIDER_BARRED},
    workday::WorkdayCalendar,
};
use proto::procurement::v1::{self, Contract, ContractChange, ServiceKind, contract_service_server::ContractService};
use tonic::{Code, Request, Response, Status};

pub use terms::amounts;

use super::{
    Registrar, WriteOptions, body, day,
    kind::{Kind, Meaning},
    list_of,
    project_service::PROJECT,
    provider_service::{self, PROVIDER},
    rules, write_of,
};
use crate::{errors, wire::Fault};

/// Characters of a reason or a note.
const REASON_CHARACTERS_MAX: usize = 1_000;

/// 合同.
pub static CONTRACT: LazyLock<Kind<Contract>> = LazyLock::new(|| {
    let provider = Meaning::Reference { collection: "providers", table: "provider" };
    Kind::new("contract", "contracts", "合同")
        .look_up("title", Meaning::Text)
        .look_up("contract_no", Meaning::Text)
        .ordered("project", Meaning::Reference { collection: "projects", table: "project" })
        .ordered("provider", provider)
        .look_up("provider_kind", Meaning::Code)
        .ordered("signed_day", Meaning::Text)
        .ordered("end_day", Meaning::Text)
        .look_up("state", Meaning::Code)
        .optional_integer("amount_fen")
        .optional_integer("paid_fen")
        .repeated("parts.provider", "providers", provider)
        .repeated("parts.kind", "provider_kinds", Meaning::Code)
        .searched(&["title", "contract_no", "parts.title"])
        .output_only(&[
            "amendments",
            "payments",
            "acceptance",
            "termination",
            "state",
            "amended_fen",
            "paid_fen",
            "provider",
            "provider_kind",
        ])
        .immutable(&["project"])
        .checked(terms::check)
        .weighed(terms::weighed)
});

/// The service.
pub struct Contracts {
    registrar: Registrar,
}

/// Writes what follows from the rest of a contract; a sum beyond 64 bits is the caller's.
pub fn settle(contract: &mut Contract) -> Result<(), Status> {
    terms::settle(contract).map_err(|faults| errors::fields(&faults))
}

/// What was stored is not as it was checked.
fn ours(error: &procurement::Error) -> Status {
    errors::of_kind(stdx::ErrorKind::Internal, error)
}

fn id_of(name: &str) -> &str {
    body::id_of(PROVIDER.collection, name).unwrap_or_default()
}

impl Contracts {
    /// Over this registrar.
    #[must_use]
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar }
    }

    /// The providers of a contract that exist, by name.
    async fn providers(&self, contract: &Contract) -> Result<HashMap<String, v1::Provider>, Status> {
        let ids = contract.parts.iter().map(|part| id_of(&part.provider).to_owned());
        let ids: Vec<String> = ids.filter(|id| !id.is_empty()).collect();
        let entries = self.registrar.store().register_many(&PROVIDER.register, &ids).await.map_err(errors::of_store)?;
        entries
            .iter()
            .map(|entry| self.registrar.resource(&PROVIDER, entry).map(|of: v1::Provider| (of.name.clone(), of)))
            .collect()
    }

    /// Writes of each part who it is, and refuses whoever may not deliver. Parts that `stored` had already keep the title
    /// they were recorded with, and stay: a record can be put right.
    async fn award(&self, contract: &mut Contract, stored: Option<&Contract>) -> Result<(), Status> {
        let providers = self.providers(contract).await?;
        for (index, part) in contract.parts.iter_mut().enumerate() {
            let had = stored.and_then(|of| of.parts.iter().find(|there| there.provider == part.provider));
            let provider = providers.get(&part.provider);
            let Some(provider) = provider.filter(|provider| provider.delete_time.is_none()) else {
                return Err(nobody(&format!("contract.parts[{index}].provider"), provider));
            };
            let kind: Option<party::ProviderKind> = rules::member(provider.kind().as_str_name(), "PROVIDER_KIND_");
            if let Some(kind) = kind.filter(|kind| kind.is_barred() && had.is_none()) {
                return Err(barred(&provider.name, kind));
            }
            part.title = had.map_or(&provider.title, |there| &there.title).clone();
            part.kind = provider.kind;
        }
        settle(contract)
    }

    /// What the rules say of a contract and of each of its providers, seen from a day.
    async fn check(&self, contract: &Contract, on_day: NaiveDate) -> Result<Vec<Finding>, Status> {
        let project = self.registrar.get_at(&PROJECT, "project", &contract.project).await?;
        let is_public = project.service_kind() == ServiceKind::Public;
        let agreement = terms::agreement(contract, is_public).map_err(|error| ours(&error))?;
        let rules = self.registrar.rules();
        let mut found = check_contract(&agreement, rules, WorkdayCalendar::shipped(), on_day);
        // Who may be awarded is asked of the day of the award.
        let awarded = agreement.award_day.or(agreement.signed_day).unwrap_or(on_day);
        let providers = self.providers(contract).await?;
        for part in &contract.parts {
            let Some(provider) = providers.get(&part.provider) else { continue };
            for mut finding in provider_service::eligibility(&self.registrar, provider, awarded).await? {
                finding.sentence = format!("{}: {}", provider.title, finding.sentence);
                found.push(finding);
            }
        }
        Ok(found)
    }

    /// Changes a contract and tells what the rules then say of it.
    async fn change(
        &self,
        name: &str,
        etag: &str,
        options: WriteOptions,
        change: impl FnOnce(&mut Contract) -> Result<(), Status>,
    ) -> Result<Response<ContractChange>, Status> {
        let settled = |contract: &mut Contract| {
            change(contract)?;
            settle(contract)
        };
        let contract = self.registrar.change(&CONTRACT, name, etag, options, settled).await?;
        let found = self.check(&contract, day::today()).await?;
        Ok(Response::new(ContractChange { contract: Some(contract), findings: rules::findings(&found) }))
    }
}

fn barred(name: &str, kind: party::ProviderKind) -> Status {
    let article = PROVIDER_BARRED.article;
    let (en, zh) = (
        format!("{name} is of a kind that may not deliver ({article})"),
        format!("{}不得作为承接主体({article}):{name}", kind.chinese()),
    );
    errors::named(Code::FailedPrecondition, "PROVIDER_BARRED", name, en, zh)
}

/// A provider that does not exist, or no longer.
fn nobody(field: &str, deleted: Option<&v1::Provider>) -> Status {
    match deleted.map(|provider| provider.merged_into.as_str()) {
        None | Some("") => errors::field(field, "stands for nothing that exists", "所指的承接主体不存在或已删除"),
        Some(into) => errors::field(field, format!("was merged into {into}"), format!("已并入{into}")),
    }
}

fn required<T>(field: &str, given: Option<T>) -> Result<T, Status> {
    given.ok_or_else(|| errors::field(field, format!("an {field} is needed"), format!("请填写 {field}")))
}

/// Refuses an entry whose day is missing or no day, or whose text is too long.
fn entry(field: &str, day: &str, text: (&str, &str)) -> Result<(), Status> {
    let at = format!("{field}.day");
    let mut faults = day::faults(&[(&at, day)]);
    if day.is_empty() {
        faults.push(Fault { field: at, zh: "请填写日期".into(), en: "a day is needed".into() });
    }
    if text.1.chars().count() > REASON_CHARACTERS_MAX {
        let en = format!("has at most {REASON_CHARACTERS_MAX} characters");
        let zh = format!("不超过 {REASON_CHARACTERS_MAX} 个字符");
        faults.push(Fault { field: format!("{field}.{}", text.0), zh, en });
    }
    let told = format!("{field}.{}", text.0);
    faults.extend(rules::identity_faults(&[(&told, text.1)]));
    if faults.is_empty() { Ok(()) } else { Err(errors::fields(&faults)) }
}

fn room(entries: usize) -> Result<(), Status> {
    if terms::has_room(entries) {
        return Ok(());
    }
    let (en, zh) = ("a contract takes 1000 entries of a kind at most", "一份合同的同类记录最多 1000 条");
    Err(errors::status(Code::ResourceExhausted, "TOO_MANY", en, zh))
}

fn running(contract: &Contract) -> Result<(), Status> {
    match &contract.termination {
        None => Ok(()),
        Some(ended) => {
            let (en, zh) = (format!("it ended on {}", ended.day), format!("合同已于{}终止", ended.day));
            Err(errors::named(Code::FailedPrecondition, "CONTRACT_TERMINATED", &contract.name, en, zh))
        }
    }
}

#[tonic::async_trait]
impl ContractService for Contracts {
    async fn get_contract(&self, request: Request<v1::GetContractRequest>) -> Result<Response<v1::Contract>, Status> {
        let contract = self.registrar.get(&CONTRACT, &request.get_ref().name).await?;
        Ok(Response::new(contract))
    }

    async fn list_contracts(
        &self,
        request: Request<v1::ListContractsRequest>,
    ) -> Result<Response<v1::ListContractsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&CONTRACT, "ContractService/ListContracts", &list).await?;
        Ok(Response::new(v1::ListContractsResponse {
            contracts: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_contract(&self, request: Request<v1::CreateContractRequest>) -> Result<Response<Contract>, Status> {
        let options = write_of!(request, "ContractService/CreateContract");
        let v1::CreateContractRequest { contract, contract_id, .. } = request.into_inner();
        let mut fresh = self.registrar.fresh(&CONTRACT, contract, &contract_id)?;
        self.award(&mut fresh.resource, None).await?;
        let contract = self.registrar.insert(&CONTRACT, fresh, options).await?;
        Ok(Response::new(contract))
    }

    async fn update_contract(&self, request: Request<v1::UpdateContractRequest>) -> Result<Response<Contract>, Status> {
        let options = write_of!(request, "ContractService/UpdateContract");
        let v1::UpdateContractRequest { contract, update_mask, .. } = request.into_inner();
        let mut merged = self.registrar.merged(&CONTRACT, contract, update_mask).await?;
        self.award(&mut merged.resource, Some(&merged.stored)).await?;
        let contract = self.registrar.replace(&CONTRACT, merged, options).await?;
        Ok(Response::new(contract))
    }

    async fn delete_contract(
        &self,
        request: Request<v1::DeleteContractRequest>,
    ) -> Result<Response<v1::Contract>, Status> {
        let options = write_of!(request, "ContractService/DeleteContract");
        let v1::DeleteContractRequest { name, etag, .. } = request.into_inner();
        let contract = self.registrar.delete(&CONTRACT, &name, &etag, options).await?;
        Ok(Response::new(contract))
    }

    async fn undelete_contract(
        &self,
        request: Request<v1::UndeleteContractRequest>,
    ) -> Result<Response<v1::Contract>, Status> {
        let options = write_of!(request, "ContractService/UndeleteContract");
        let v1::UndeleteContractRequest { name, etag, .. } = request.into_inner();
        let contract = self.registrar.undelete(&CONTRACT, &name, &etag, options).await?;
        Ok(Response::new(contract))
    }

    async fn amend_contract(
        &self,
        request: Request<v1::AmendContractRequest>,
    ) -> Result<Response<ContractChange>, Status> {
        let options = write_of!(request, "ContractService/AmendContract");
        let v1::AmendContractRequest { name, etag, amendment, .. } = request.into_inner();
        let amendment = required("amendment", amendment)?;
        entry("amendment", &amendment.day, ("reason", &amendment.reason))?;
        let change = |contract: &mut Contract| {
            running(contract)?;
            room(contract.amendments.len())?;
            contract.amendments.push(amendment);
            Ok(())
        };
        self.change(&name, &etag, options, change).await
    }

    async fn record_payment(
        &self,
        request: Request<v1::RecordPaymentRequest>,
    ) -> Result<Response<ContractChange>, Status> {
        let options = write_of!(request, "ContractService/RecordPayment");
        let v1::RecordPaymentRequest { name, etag, payment, .. } = request.into_inner();
        let payment = required("payment", payment)?;
        entry("payment", &payment.day, ("note", &payment.note))?;
        let change = |contract: &mut Contract| {
            room(contract.payments.len())?;
            contract.payments.push(payment);
            Ok(())
        };
        self.change(&name, &etag, options, change).await
    }

    async fn record_acceptance(
        &self,
        request: Request<v1::RecordAcceptanceRequest>,
    ) -> Result<Response<ContractChange>, Status> {
        let options = write_of!(request, "ContractService/RecordAcceptance");
        let v1::RecordAcceptanceRequest { name, etag, acceptance, .. } = request.into_inner();
        let acceptance = required("acceptance", acceptance)?;
        entry("acceptance", &acceptance.day, ("note", &acceptance.note))?;
        let change = |contract: &mut Contract| {
            contract.acceptance = Some(acceptance);
            Ok(())
        };
        self.change(&name, &etag, options, change).await
    }

    async fn terminate_contract(
        &self,
        request: Request<v1::TerminateContractRequest>,
    ) -> Result<Response<ContractChange>, Status> {
        let options = write_of!(request, "ContractService/TerminateContract");
        let v1::TerminateContractRequest { name, etag, termination, .. } = request.into_inner();
        let termination = required("termination", termination)?;
        entry("termination", &termination.day, ("reason", &termination.reason))?;
        if termination.reason.trim().is_empty() {
            return Err(errors::field("termination.reason", "a reason is needed", "请填写终止原因"));
        }
        let change = |contract: &mut Contract| {
            running(contract)?;
            contract.termination = Some(termination);
            Ok(())
        };
        self.change(&name, &etag, options, change).await
    }

    async fn check_contract(
        &self,
        request: Request<v1::CheckContractRequest>,
    ) -> Result<Response<v1::CheckContractResponse>, Status> {
        let v1::CheckContractRequest { name, on_day } = request.get_ref();
        let on_day = day::or_today("on_day", on_day)?;
        let contract = self.registrar.get(&CONTRACT, name).await?;
        let found = self.check(&contract, on_day).await?;
        Ok(Response::new(v1::CheckContractResponse {
            is_clear: finding::is_clear(&found),
            on_day: on_day.to_string(),
            findings: rules::findings(&found),
        }))
    }
}
