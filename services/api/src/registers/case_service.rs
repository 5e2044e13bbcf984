//! CaseService: practice cases (实践案例), found by theme, region and the words they are told in.

use std::{collections::BTreeSet, sync::LazyLock};

use procurement::catalogue::tokens::tokens;
use proto::procurement::v1::{self, case_service_server::CaseService};
use store::register::Condition;
use tonic::{Request, Response, Status};

use super::{
    Registrar,
    held::{FIGURES_MAX, Held, PROJECTS_MAX, TEXT_CHARACTERS_MAX},
    inside,
    kind::{Kind, Meaning},
    list_of,
    pilot_service::PROJECT_OF,
    policy_service::FIGURE_OF,
    region_code, write_of,
};
use crate::{errors, wire::Fault};

/// Themes of a case.
const THEMES_MAX: usize = 10;
/// Characters of a text that is searched for.
const SEARCHED_CHARACTERS: std::ops::RangeInclusive<usize> = 2..=100;

/// 实践案例.
pub static PRACTICE_CASE: LazyLock<Kind<v1::PracticeCase>> = LazyLock::new(|| {
    Kind::new("practice_case", "practiceCases", "实践案例")
        .ordered("title", Meaning::Text)
        .ordered("region", Meaning::Region)
        .repeated("themes", "theme", Meaning::Code)
        .repeated("figures", "figure", FIGURE_OF)
        .repeated("projects", "project", PROJECT_OF)
        .searched(&["title", "title_en", "problem", "means", "outcome"])
        .checked(check)
});

fn check(case: &v1::PracticeCase) -> Vec<Fault> {
    let mut held = Held::default();
    held.titles(&case.title, &case.title_en);
    held.required("region", &case.region);
    held.must(!case.themes.is_empty(), "themes", "a theme is needed", "请选择主题");
    held.list("themes", &case.themes, THEMES_MAX);
    for (index, theme) in case.themes.iter().enumerate().take(THEMES_MAX) {
        held.must(*theme != 0, &format!("themes[{index}]"), "is needed", "请选择");
    }
    for (field, text) in [("problem", &case.problem), ("means", &case.means), ("outcome", &case.outcome)] {
        held.text(field, text, 0..=TEXT_CHARACTERS_MAX);
    }
    held.list("figures", &case.figures, FIGURES_MAX);
    held.list("projects", &case.projects, PROJECTS_MAX);
    held.faults()
}

/// The service.
pub struct Cases {
    registrar: Registrar,
}

impl Cases {
    /// Over this registrar.
    #[must_use]
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar }
    }

    async fn search(&self, request: &v1::SearchCasesRequest) -> Result<v1::SearchCasesResponse, Status> {
        let text = request.text.trim().to_lowercase();
        let mut conditions = Vec::new();
        if !text.is_empty() {
            if !SEARCHED_CHARACTERS.contains(&text.chars().count()) {
                return Err(errors::field("text", "2 to 100 characters are needed", "应为 2 至 100 个字符"));
            }
            let tokens: BTreeSet<String> = tokens(&text).into_iter().collect();
            conditions.push(Condition::Search { tokens: tokens.into_iter().collect(), text: text.clone() });
        }
        let mut themes = BTreeSet::new();
        for (index, theme) in request.themes.iter().enumerate() {
            let field = format!("themes[{index}]");
            let known = v1::CaseTheme::try_from(*theme).ok().filter(|theme| *theme != v1::CaseTheme::Unspecified);
            let theme = known.ok_or_else(|| errors::field(&field, "is no theme", "没有这个主题"))?;
            themes.insert(theme.as_str_name().trim_start_matches("CASE_THEME_"));
        }
        if !themes.is_empty() {
            conditions.push(Condition::Any(
                themes.iter().map(|theme| Condition::Has("theme", (*theme).to_owned())).collect(),
            ));
        }
        if !request.region.is_empty() {
            conditions.push(inside("region", &region_code(&self.registrar, "region", &request.region)?));
        }
        let themes = themes.into_iter().collect::<Vec<_>>().join(",");
        let page = self
            .registrar
            .list_where(
                &PRACTICE_CASE,
                "CaseService/SearchCases",
                &list_of!(request),
                Condition::All(conditions),
                &[&text, &themes, &request.region],
            )
            .await?;
        Ok(v1::SearchCasesResponse {
            practice_cases: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        })
    }
}

#[tonic::async_trait]
impl CaseService for Cases {
    async fn get_practice_case(
        &self,
        request: Request<v1::GetPracticeCaseRequest>,
    ) -> Result<Response<v1::PracticeCase>, Status> {
        Ok(Response::new(self.registrar.get(&PRACTICE_CASE, &request.get_ref().name).await?))
    }

    async fn list_practice_cases(
        &self,
        request: Request<v1::ListPracticeCasesRequest>,
    ) -> Result<Response<v1::ListPracticeCasesResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&PRACTICE_CASE, "CaseService/ListPracticeCases", &list).await?;
        Ok(Response::new(v1::ListPracticeCasesResponse {
            practice_cases: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_practice_case(
        &self,
        request: Request<v1::CreatePracticeCaseRequest>,
    ) -> Result<Response<v1::PracticeCase>, Status> {
        let options = write_of!(request, "CaseService/CreatePracticeCase");
        let v1::CreatePracticeCaseRequest { practice_case, practice_case_id, .. } = request.into_inner();
        Ok(Response::new(self.registrar.create(&PRACTICE_CASE, practice_case, &practice_case_id, options).await?))
    }

    async fn update_practice_case(
        &self,
        request: Request<v1::UpdatePracticeCaseRequest>,
    ) -> Result<Response<v1::PracticeCase>, Status> {
        let options = write_of!(request, "CaseService/UpdatePracticeCase");
        let v1::UpdatePracticeCaseRequest { practice_case, update_mask, .. } = request.into_inner();
        Ok(Response::new(self.registrar.update(&PRACTICE_CASE, practice_case, update_mask, options).await?))
    }

    async fn delete_practice_case(
        &self,
        request: Request<v1::DeletePracticeCaseRequest>,
    ) -> Result<Response<v1::PracticeCase>, Status> {
        let options = write_of!(request, "CaseService/DeletePracticeCase");
        let v1::DeletePracticeCaseRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.delete(&PRACTICE_CASE, &name, &etag, options).await?))
    }

    async fn undelete_practice_case(
        &self,
        request: Request<v1::UndeletePracticeCaseRequest>,
    ) -> Result<Response<v1::PracticeCase>, Status> {
        let options = write_of!(request, "CaseService/UndeletePracticeCase");
        let v1::UndeletePracticeCaseRequest { name, etag, .. } = request.into_inner();
        Ok(Response::new(self.registrar.undelete(&PRACTICE_CASE, &name, &etag, options).await?))
    }

    async fn search_cases(
        &self,
        request: Request<v1::SearchCasesRequest>,
    ) -> Result<Response<v1::SearchCasesResponse>, Status> {
        Ok(Response::new(self.search(request.get_ref()).await?))
    }
}
