//! What the names of the wire (`regions/330110`) are called, and where their pages are.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use proto::procurement::v1::{
    BatchGetCatalogueItemsRequest, BatchGetFiguresRequest, BatchGetProjectsRequest, BatchGetProvidersRequest,
    BatchGetPurchasersRequest, GetCatalogueRequest, GetClaimRequest, GetContractRequest, GetDesignationRequest,
    GetEditionRequest, GetEvaluationRequest, GetEvaluationSchemeRequest, GetFunctionListRequest, GetMechanismRequest,
    GetPilotRequest, GetPolicyDocumentRequest, GetPracticeCaseRequest, GetRegionLineageRequest, GetRegionRequest,
    GetSourceDocumentRequest, Wording,
};
use tokio::task::JoinSet;

use crate::{Language, api::Api};

/// Names that one page asks about one by one.
const SINGLE_MAX: usize = 200;

/// Titles by name.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Asks for the titles of these names; one that cannot be had is shown by its id.
    pub async fn of<'a>(api: &Api, language: Language, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut by_collection: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for name in names {
            if let Some((collection, _)) = name.split_once('/') {
                by_collection.entry(collection).or_default().insert(name);
            }
        }
        let mut titles = BTreeMap::new();
        let mut singles = JoinSet::new();
        let mut begun = 0;
        for (collection, names) in by_collection {
            let list: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            if let Some(found) = together(api, language, collection, list).await {
                titles.extend(found);
                continue;
            }
            for name in names.into_iter().take(SINGLE_MAX.saturating_sub(begun)) {
                begun += 1;
                let (api, name) = (api.clone(), name.to_owned());
                singles.spawn(async move {
                    let title = title(&api, &name).await;
                    (name, title)
                });
            }
        }
        while let Some(Ok((name, title))) = singles.join_next().await {
            if let Some(title) = title {
                titles.insert(name, title);
            }
        }
        Self(titles)
    }

    /// The title; the id where there is none.
    #[must_use]
    pub fn title<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or_else(|| id(name), String::as_str)
    }

    /// Whether the name has a title.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The title, leading to the page; a dash for an empty name.
    #[must_use]
    pub fn link(&self, name: &str) -> Markup {
        html! { @if name.is_empty() { span.nothing { "—" } } @else { (link(name, self.title(name))) } }
    }
}

/// The id of a name.
#[must_use]
pub fn id(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, id)| id)
}

/// Words that lead to the page of a name, where it has one.
#[must_use]
pub fn link(name: &str, words: &str) -> Markup {
    html! { @match path(name) { Some(path) => a href=(path) { (words) }, None => (words) } }
}

/// Where the page of a name is.
#[must_use]
pub fn path(name: &str) -> Option<String> {
    let (collection, id) = name.split_once('/')?;
    let place = match collection {
        "catalogueItems" => "items",
        "policyDocuments" => "policies",
        "practiceCases" => "cases",
        "claims" | "contracts" | "editions" | "evaluations" | "figures" | "pilots" | "projects" | "providers"
        | "purchasers" | "regions" => collection,
        _ => return None,
    };
    Some(format!("/procurement/{place}/{}", crate::html::escaped(id)))
}

/// Words in a language.
#[must_use]
pub fn wording(wording: Option<&Wording>, language: Language) -> &str {
    wording.map_or("", |words| language.of(&words.zh, if words.en.is_empty() { &words.zh } else { &words.en }))
}

/// Of registers that tell of many at once; none for others, and where one of the names is unknown.
async fn together(
    api: &Api,
    language: Language,
    collection: &str,
    names: Vec<String>,
) -> Option<Vec<(String, String)>> {
    macro_rules! titles {
        ($client:ident.$method:ident($request:ident).$list:ident) => {{
            let found = api.$client().$method($request { names }).await.ok()?.into_inner().$list;
            found.into_iter().map(|one| (one.name, one.title)).collect()
        }};
    }
    Some(match collection {
        "catalogueItems" => {
            titles!(catalogues.batch_get_catalogue_items(BatchGetCatalogueItemsRequest).catalogue_items)
        }
        "projects" => titles!(projects.batch_get_projects(BatchGetProjectsRequest).projects),
        "providers" => titles!(providers.batch_get_providers(BatchGetProvidersRequest).providers),
        "purchasers" => titles!(purchasers.batch_get_purchasers(BatchGetPurchasersRequest).purchasers),
        "figures" => {
            let found = api.figures().batch_get_figures(BatchGetFiguresRequest { names }).await.ok()?.into_inner();
            let titled = |figure: proto::procurement::v1::Figure| {
                (figure.name, wording(figure.title.as_ref(), language).to_owned())
            };
            found.figures.into_iter().map(titled).collect()
        }
        _ => return None,
    })
}

async fn title(api: &Api, name: &str) -> Option<String> {
    let name = name.to_owned();
    macro_rules! title {
        ($client:ident.$method:ident($request:ident)) => {
            api.$client().$method($request { name }).await.ok()?.into_inner().title
        };
    }
    let (collection, _) = name.split_once('/')?;
    Some(match collection {
        "catalogues" => title!(catalogues.get_catalogue(GetCatalogueRequest)),
        "contracts" => title!(contracts.get_contract(GetContractRequest)),
        "designations" => title!(pilots.get_designation(GetDesignationRequest)),
        "evaluationSchemes" => title!(evaluations.get_evaluation_scheme(GetEvaluationSchemeRequest)),
        "evaluations" => title!(evaluations.get_evaluation(GetEvaluationRequest)),
        "functionLists" => title!(policies.get_function_list(GetFunctionListRequest)),
        "mechanisms" => title!(policies.get_mechanism(GetMechanismRequest)),
        "pilots" => title!(pilots.get_pilot(GetPilotRequest)),
        "policyDocuments" => title!(policies.get_policy_document(GetPolicyDocumentRequest)),
        "practiceCases" => title!(cases.get_practice_case(GetPracticeCaseRequest)),
        "sourceDocuments" => title!(figures.get_source_document(GetSourceDocumentRequest)),
        "catalogueItems" => {
            let names = vec![name];
            let found =
                api.catalogues().batch_get_catalogue_items(BatchGetCatalogueItemsRequest { names }).await.ok()?;
            found.into_inner().catalogue_items.pop()?.title
        }
        "editions" => {
            let edition = api.catalogues().get_edition(GetEditionRequest { name }).await.ok()?.into_inner();
            if edition.title.is_empty() { edition.year.to_string() } else { edition.title }
        }
        "claims" => api.figures().get_claim(GetClaimRequest { name }).await.ok()?.into_inner().title?.zh,
        "regions" => region(api, &name).await?,
        _ => return None,
    })
}

/// What a region is called; one that is no more, what it was called last.
async fn region(api: &Api, name: &str) -> Option<String> {
    let asked = GetRegionRequest { name: name.to_owned(), as_of_day: String::new() };
    if let Ok(found) = api.regions().get_region(asked).await {
        return Some(found.into_inner().title);
    }
    let asked = GetRegionLineageRequest { name: name.to_owned() };
    let lineage = api.regions().get_region_lineage(asked).await.ok()?.into_inner();
    lineage.regions.into_iter().rfind(|region| region.name == name).map(|region| region.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_page_and_nothing_in_an_id_leads_elsewhere() {
        assert_eq!(path("projects/a.1~b").as_deref(), Some("/procurement/projects/a.1~b"));
        assert_eq!(path("catalogueItems/e.u").as_deref(), Some("/procurement/items/e.u"));
        assert_eq!(path("projects/?x=1#").as_deref(), Some("/procurement/projects/%3Fx%3D1%23"));
        assert_eq!(path("milestones/a"), None);
        assert_eq!(Names::default().title("regions/330110"), "330110");
    }
}
