//! ProjectService: what is bought (项目), its renewals over the years, and what became of each.

mod check;
pub mod line;
mod series;
mod trace;

use std::{collections::BTreeMap, sync::LazyLock};

use procurement::{
    finding,
    money::Fen,
    project::check_project,
    region::{RegionCode, year_end},
};
use proto::procurement::v1::{self, RegionLevel, project_service_server::ProjectService};
use store::register::{Comparison, Condition, Direction, Value, Write};
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

pub use check::subject;

use super::{
    Registrar, WriteOptions, body,
    contract_service::CONTRACT,
    kind::{Kind, Meaning},
    list_of, rules, write_of,
};
use crate::errors;

/// Projects of one call that links them.
const LINKED_MAX: usize = 100;
/// Projects of one series.
const SERIES_MAX: usize = 1_000;
/// Contracts of one project.
const CONTRACTS_MAX: usize = 1_000;

/// 项目.
pub static PROJECT: LazyLock<Kind<v1::Project>> = LazyLock::new(|| {
    let item = Meaning::Reference { collection: "catalogueItems", table: "catalogue_item" };
    Kind::new("project", "projects", "项目")
        .ordered("title", Meaning::Text)
        .ordered("project_no", Meaning::Text)
        .ordered("year", Meaning::Integer)
        .ordered("region", Meaning::Region)
        .look_up("level", Meaning::Code)
        .ordered("purchaser", Meaning::Reference { collection: "purchasers", table: "purchaser" })
        .ordered("item", item)
        .look_up("class", item)
        .look_up("service_kind", Meaning::Code)
        .look_up("method", Meaning::Code)
        .look_up_as("organisation_form", "form", Meaning::Code, false)
        .look_up("series", Meaning::Text)
        .look_up("pilot", Meaning::Reference { collection: "pilots", table: "pilot" })
        .look_up("state", Meaning::Code)
        .optional_integer("budget_fen")
        .optional_integer("settlement_fen")
        .searched(&["title", "description", "project_no"])
        .output_only(&["level", "class", "section"])
        .checked(check::check)
});

/// The service.
pub struct Projects {
    registrar: Registrar,
}

/// Writes what follows from a project's region and item: its level, 类 and 款.
pub async fn settle(registrar: &Registrar, project: &mut v1::Project) -> Result<(), Status> {
    let chain = line::chain(registrar, &project.item).await?;
    let name = |depth: usize| chain.get(depth).map(|line| line.name.clone()).unwrap_or_default();
    (project.class, project.section) = (name(0), name(1));
    project.level = level(registrar, &project.region, project.year).into();
    Ok(())
}

/// The level of a region as it was at the end of a year.
fn level(registrar: &Registrar, region: &str, year: i32) -> RegionLevel {
    let Some(code) = region.strip_prefix("regions/").and_then(|code| code.parse::<RegionCode>().ok()) else {
        return RegionLevel::Unspecified;
    };
    let regions = registrar.regions();
    let then = year_end(year).and_then(|day| regions.get(&code, day)).map(|region| region.level);
    let level = then.unwrap_or_else(|| code.level());
    RegionLevel::from_str_name(&format!("REGION_LEVEL_{level}")).unwrap_or_default()
}

/// What was stored is not as it was checked.
fn ours(error: &procurement::Error) -> Status {
    errors::of_kind(stdx::ErrorKind::Internal, error)
}

fn is(column: &'static str, text: &str) -> Condition {
    Condition::Compare(column, Comparison::Equal, Value::Text(text.to_owned()))
}

fn id_of(name: &str) -> &str {
    body::id_of(PROJECT.collection, name).unwrap_or_default()
}

impl Projects {
    /// Over this registrar.
    #[must_use]
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar }
    }

    /// Its contracts, by day of signature.
    async fn contracts(&self, project: &str) -> Result<Vec<v1::Contract>, Status> {
        let order = vec![("signed_day", Direction::Ascending)];
        self.registrar.all_where(&CONTRACT, is("project", id_of(project)), order, CONTRACTS_MAX).await
    }

    async fn check(&self, name: &str) -> Result<Vec<finding::Finding>, Status> {
        let project = self.registrar.get(&PROJECT, name).await?;
        let chain = line::chain(&self.registrar, &project.item).await?;
        let edition = line::in_force(&self.registrar, &chain, project.year).await?;
        let contracts = self.contracts(name).await?;
        let parts = contracts.iter().flat_map(|contract| &contract.parts);
        let kinds: Vec<_> =
            parts.filter_map(|part| rules::member(part.kind().as_str_name(), "PROVIDER_KIND_")).collect();
        let subject = subject(&project).map_err(|error| ours(&error))?;
        Ok(check_project(&subject, edition.as_ref(), &kinds, self.registrar.rules()))
    }

    async fn link(
        &self,
        request: &v1::LinkProjectSeriesRequest,
        options: WriteOptions,
    ) -> Result<v1::ProjectSeries, Status> {
        let names = &request.projects;
        if !(1..=LINKED_MAX).contains(&names.len()) {
            return Err(errors::field("projects", "1 to 100 projects are needed", "应有 1 至 100 个项目"));
        }
        if !request.series.is_empty() && !body::is_id(&request.series) {
            let en = "1 to 128 characters of A-Z a-z 0-9 . _ ~ - are taken";
            return Err(errors::field("series", en, "应为 1 至 128 个字符:A-Z a-z 0-9 . _ ~ -"));
        }
        let replayed = self.registrar.replayed(&options).await?;
        let validate_only = options.validate_only;
        let projects = self.registrar.batch_get(&PROJECT, names).await?;
        if let Some(gone) = projects.iter().find(|project| project.delete_time.is_some()) {
            let (en, zh) = (format!("{} is deleted", gone.name), format!("项目已删除:{}", gone.name));
            return Err(errors::named(Code::FailedPrecondition, "RESOURCE_DELETED", &gone.name, en, zh));
        }
        let series = self.series_of(&request.series, &projects)?;
        let mut linked = Vec::new();
        let (mut writes, mut references) = (Vec::new(), Vec::new());
        for project in projects {
            let changed = project.series != series;
            let version = body::version(&project.etag);
            let project = v1::Project { series: series.clone(), ..project };
            if changed && !linked.iter().any(|there: &v1::Project| there.name == project.name) {
                let (draft, refers) = self.registrar.draft(&PROJECT, id_of(&project.name), &project)?;
                writes.push(Write::Update(&PROJECT.register, draft, version));
                references.extend(refers);
            }
            linked.push(project);
        }
        if !writes.is_empty() && replayed.is_none() {
            self.registrar.commit(writes, references, options).await?;
        }
        let mut there: BTreeMap<String, v1::Project> = BTreeMap::new();
        let given = if validate_only { linked } else { Vec::new() };
        for project in self.in_series(&series).await?.into_iter().chain(given) {
            there.insert(project.name.clone(), project);
        }
        self.laid_out(&series, there.into_values().collect(), v1::SeriesBasis::Unspecified).await
    }

    /// The series to be: the one asked for, the one that some have, or a new one.
    fn series_of(&self, asked: &str, projects: &[v1::Project]) -> Result<String, Status> {
        if !asked.is_empty() {
            return Ok(asked.to_owned());
        }
        let mut had: Vec<&str> =
            projects.iter().map(|project| project.series.as_str()).filter(|series| !series.is_empty()).collect();
        had.sort_unstable();
        had.dedup();
        match had[..] {
            [] => Ok(Uuid::now_v7().hyphenated().to_string()),
            [only] => Ok(only.to_owned()),
            _ => {
                let (en, zh) = ("the projects stand in different series; name one", "项目分属不同系列,请指明系列");
                Err(errors::precondition("SERIES_MIXED", en, zh))
            }
        }
    }

    async fn in_series(&self, series: &str) -> Result<Vec<v1::Project>, Status> {
        let order = vec![("year", Direction::Ascending), ("project_no", Direction::Ascending)];
        self.registrar.all_where(&PROJECT, is("series", series), order, SERIES_MAX).await
    }

    async fn laid_out(
        &self,
        name: &str,
        mut projects: Vec<v1::Project>,
        basis: v1::SeriesBasis,
    ) -> Result<v1::ProjectSeries, Status> {
        projects.sort_by(|a, b| (a.year, &a.project_no, &a.name).cmp(&(b.year, &b.project_no, &b.name)));
        let mut agreed: BTreeMap<String, Vec<Fen>> = BTreeMap::new();
        for chunk in projects.chunks(LINKED_MAX) {
            let any = Condition::Any(chunk.iter().map(|of| is("project", id_of(&of.name))).collect());
            for contract in self.registrar.all_where(&CONTRACT, any, Vec::new(), LINKED_MAX * CONTRACTS_MAX).await? {
                agreed.entry(contract.project).or_default().extend(contract.amended_fen.map(Fen::new));
            }
        }
        let mut entries = Vec::with_capacity(projects.len());
        for project in projects {
            let amounts = agreed.remove(&project.name).filter(|amounts| !amounts.is_empty());
            let sum = amounts.map(Fen::sum).transpose().map_err(|error| ours(&error))?;
            entries.push(v1::SeriesEntry { project: Some(project), contract_fen: sum.map(Fen::get) });
        }
        series::series(name, entries, basis).map_err(|error| ours(&error))
    }
}

#[tonic::async_trait]
impl ProjectService for Projects {
    async fn get_project(&self, request: Request<v1::GetProjectRequest>) -> Result<Response<v1::Project>, Status> {
        let project = self.registrar.get(&PROJECT, &request.get_ref().name).await?;
        Ok(Response::new(project))
    }

    async fn batch_get_projects(
        &self,
        request: Request<v1::BatchGetProjectsRequest>,
    ) -> Result<Response<v1::BatchGetProjectsResponse>, Status> {
        let projects = self.registrar.batch_get(&PROJECT, &request.get_ref().names).await?;
        Ok(Response::new(v1::BatchGetProjectsResponse { projects }))
    }

    async fn list_projects(
        &self,
        request: Request<v1::ListProjectsRequest>,
    ) -> Result<Response<v1::ListProjectsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&PROJECT, "ProjectService/ListProjects", &list).await?;
        Ok(Response::new(v1::ListProjectsResponse {
            projects: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_project(
        &self,
        request: Request<v1::CreateProjectRequest>,
    ) -> Result<Response<v1::Project>, Status> {
        let options = write_of!(request, "ProjectService/CreateProject");
        let v1::CreateProjectRequest { project, project_id, .. } = request.into_inner();
        let mut fresh = self.registrar.fresh(&PROJECT, project, &project_id)?;
        settle(&self.registrar, &mut fresh.resource).await?;
        let project = self.registrar.insert(&PROJECT, fresh, options).await?;
        Ok(Response::new(project))
    }

    async fn update_project(
        &self,
        request: Request<v1::UpdateProjectRequest>,
    ) -> Result<Response<v1::Project>, Status> {
        let options = write_of!(request, "ProjectService/UpdateProject");
        let v1::UpdateProjectRequest { project, update_mask, .. } = request.into_inner();
        let mut merged = self.registrar.merged(&PROJECT, project, update_mask).await?;
        settle(&self.registrar, &mut merged.resource).await?;
        let project = self.registrar.replace(&PROJECT, merged, options).await?;
        Ok(Response::new(project))
    }

    async fn delete_project(
        &self,
        request: Request<v1::DeleteProjectRequest>,
    ) -> Result<Response<v1::Project>, Status> {
        let options = write_of!(request, "ProjectService/DeleteProject");
        let v1::DeleteProjectRequest { name, etag, .. } = request.into_inner();
        let of = is("project", id_of(&name));
        let contracts = self.registrar.store().register_count(&CONTRACT.register, Some(&of), false).await;
        if contracts.map_err(errors::of_store)? > 0 {
            let (en, zh) = (format!("{name} has contracts"), format!("项目{name}有合同,不能删除"));
            return Err(errors::named(Code::FailedPrecondition, "PROJECT_HAS_CONTRACTS", &name, en, zh));
        }
        let project = self.registrar.delete(&PROJECT, &name, &etag, options).await?;
        Ok(Response::new(project))
    }

    async fn undelete_project(
        &self,
        request: Request<v1::UndeleteProjectRequest>,
    ) -> Result<Response<v1::Project>, Status> {
        let options = write_of!(request, "ProjectService/UndeleteProject");
        let v1::UndeleteProjectRequest { name, etag, .. } = request.into_inner();
        let project = self.registrar.undelete(&PROJECT, &name, &etag, options).await?;
        Ok(Response::new(project))
    }

    async fn check_project(
        &self,
        request: Request<v1::CheckProjectRequest>,
    ) -> Result<Response<v1::CheckProjectResponse>, Status> {
        let found = self.check(&request.get_ref().name).await?;
        Ok(Response::new(v1::CheckProjectResponse {
            is_clear: finding::is_clear(&found),
            findings: rules::findings(&found),
        }))
    }

    async fn link_project_series(
        &self,
        request: Request<v1::LinkProjectSeriesRequest>,
    ) -> Result<Response<v1::ProjectSeries>, Status> {
        let options = write_of!(request, "ProjectService/LinkProjectSeries");
        Ok(Response::new(self.link(request.get_ref(), options).await?))
    }

    async fn get_project_series(
        &self,
        request: Request<v1::GetProjectSeriesRequest>,
    ) -> Result<Response<v1::ProjectSeries>, Status> {
        let name = &request.get_ref().series;
        let projects = if body::is_id(name) { self.in_series(name).await? } else { Vec::new() };
        if projects.is_empty() {
            let (en, zh) = (format!("no project is of the series {name:?}"), format!("没有项目属于系列“{name}”"));
            return Err(errors::named(Code::NotFound, "RESOURCE_NOT_FOUND", name, en, zh));
        }
        Ok(Response::new(self.laid_out(name, projects, request.get_ref().basis()).await?))
    }

    async fn get_project_trace(
        &self,
        request: Request<v1::GetProjectTraceRequest>,
    ) -> Result<Response<v1::ProjectTrace>, Status> {
        Ok(Response::new(self.trace(&request.get_ref().name).await?))
    }
}
