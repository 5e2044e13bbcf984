//! CatalogueService: guidance catalogues (政府购买服务指导性目录), their editions and items.
//!
//! An edition and its items change together: every write of an item writes the edition too, at the version that was read.
//! So a draft cannot be published while somebody changes it, and its etag vouches for its items.

mod compare;
mod convert;
mod crosswalk;
mod draft;
mod edition;
mod loaded;

use std::sync::{Arc, LazyLock};

use procurement::catalogue::{CODE_BYTES_MAX, DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX};
use proto::procurement::v1::{self, catalogue_service_server::CatalogueService};
use store::register::Reference;
use tonic::{Request, Response, Status};

use self::loaded::Shelf;
use super::{
    Registrar,
    kind::{Kind, Meaning},
    list_of, write_of,
};
use crate::wire::Fault;

const CATALOGUE_OF: Meaning = Meaning::Reference { collection: "catalogues", table: "catalogue" };
const EDITION_OF: Meaning = Meaning::Reference { collection: "editions", table: "edition" };
const ITEM_OF: Meaning = Meaning::Reference { collection: "catalogueItems", table: "catalogue_item" };
const POLICY_DOCUMENT_OF: Meaning = Meaning::Reference { collection: "policyDocuments", table: "policy_document" };

/// Years that an edition may be for.
const YEARS: std::ops::RangeInclusive<i32> = 1949..=2100;
/// Most links of a crosswalk that is set.
const LINKS_MAX: usize = 20_000;

/// 指导性目录.
pub static CATALOGUE: LazyLock<Kind<v1::Catalogue>> = LazyLock::new(|| {
    Kind::new("catalogue", "catalogues", "指导性目录")
        .ordered("region", Meaning::Region)
        .ordered("title", Meaning::Text)
        .searched(&["title", "description"])
        .checked(check_catalogue)
});

/// 目录版本.
pub static EDITION: LazyLock<Kind<v1::Edition>> = LazyLock::new(|| {
    Kind::new("edition", "editions", "目录版本")
        .ordered("catalogue", CATALOGUE_OF)
        .ordered("year", Meaning::Integer)
        .ordered("revision", Meaning::Integer)
        .look_up("state", Meaning::Code)
        .ordered("effective_from_day", Meaning::Text)
        .look_up("policy_document", POLICY_DOCUMENT_OF)
        .output_only(&["state", "effective_from_day", "counts", "superseded_by"])
        .immutable(&["catalogue", "year", "revision"])
        .checked(check_edition)
});

/// 目录条目.
pub static CATALOGUE_ITEM: LazyLock<Kind<v1::CatalogueItem>> = LazyLock::new(|| {
    Kind::new("catalogue_item", "catalogueItems", "目录条目")
        .ordered("edition", EDITION_OF)
        .ordered("uid", Meaning::Text)
        .ordered("code", Meaning::Text)
        .ordered("title", Meaning::Text)
        .look_up("level", Meaning::Code)
        .look_up("parent", ITEM_OF)
        .look_up("class", ITEM_OF)
        .look_up("service_kind", Meaning::Code)
        .ordered("sort", Meaning::Integer)
        .searched(&["title", "description", "path"])
        .output_only(&["level", "class", "path"])
        .immutable(&["edition", "uid"])
        .checked(check_item)
});

/// 目录对照表.
pub static CROSSWALK: LazyLock<Kind<v1::Crosswalk>> = LazyLock::new(|| {
    Kind::new("crosswalk", "crosswalks", "目录对照表")
        .look_up("from_edition", EDITION_OF)
        .look_up("to_edition", EDITION_OF)
        .immutable(&["from_edition", "to_edition"])
});

fn fault(field: impl Into<String>, en: impl Into<String>, zh: impl Into<String>) -> Fault {
    Fault { field: field.into(), zh: zh.into(), en: en.into() }
}

fn text(faults: &mut Vec<Fault>, field: &str, text: &str, chars: std::ops::RangeInclusive<usize>) {
    let count = text.chars().count();
    if !chars.contains(&count) || text.chars().any(|c| c.is_control() && c != '\n') {
        let (from, to) = (chars.start(), chars.end());
        faults.push(fault(
            field,
            format!("{from} to {to} characters are taken, no control characters"),
            format!("应为 {from} 至 {to} 个字符,不含控制字符"),
        ));
    }
}

/// A reference of an edition, its field as the request has it.
fn within_edition(reference: Reference) -> Reference {
    Reference { field: format!("edition.{}", reference.field), ..reference }
}

fn check_catalogue(catalogue: &v1::Catalogue) -> Vec<Fault> {
    let mut faults = Vec::new();
    if catalogue.region.is_empty() {
        faults.push(fault("region", "a region is needed", "请填写行政区划"));
    }
    text(&mut faults, "title", &catalogue.title, 1..=NAME_CHARS_MAX);
    text(&mut faults, "description", &catalogue.description, 0..=DESCRIPTION_CHARS_MAX);
    faults
}

fn check_edition(edition: &v1::Edition) -> Vec<Fault> {
    let mut faults = Vec::new();
    if edition.catalogue.is_empty() {
        faults.push(fault("catalogue", "a catalogue is needed", "请填写所属目录"));
    }
    if !YEARS.contains(&edition.year) {
        faults.push(fault("year", "a year from 1949 to 2100 is needed", "年份应在 1949 至 2100 之间"));
    }
    if !(0..=1_000).contains(&edition.revision) {
        faults.push(fault("revision", "a number from 1 to 1,000 is needed", "序号应在 1 至 1000 之间"));
    }
    text(&mut faults, "title", &edition.title, 0..=NAME_CHARS_MAX);
    if let Some(counts) = &edition.published_counts
        && [counts.categories, counts.sections, counts.items].iter().any(|count| !(0..=1_000_000).contains(count))
    {
        faults.push(fault("published_counts", "counts from 0 to 1,000,000 are taken", "数量应在 0 至 1000000 之间"));
    }
    faults
}

fn check_item(item: &v1::CatalogueItem) -> Vec<Fault> {
    let mut faults = Vec::new();
    if item.edition.is_empty() {
        faults.push(fault("edition", "an edition is needed", "请填写目录版本"));
    }
    check_line(&mut faults, "", &item.uid, &item.code, &item.title, &item.description);
    if item.service_kind() == v1::ServiceKind::Unspecified {
        faults.push(fault("service_kind", "a kind of service is needed", "请选择服务类别"));
    }
    faults
}

/// What an item and one of a new edition have in common; `at` comes before the names of the fields.
fn check_line(faults: &mut Vec<Fault>, at: &str, uid: &str, code: &str, title: &str, description: &str) {
    if !super::body::is_id(uid) || uid.len() > CODE_BYTES_MAX {
        let en = format!("1 to {CODE_BYTES_MAX} characters of A-Z a-z 0-9 . _ ~ - are taken");
        let zh = format!("应为 1 至 {CODE_BYTES_MAX} 个字符:A-Z a-z 0-9 . _ ~ -");
        faults.push(fault(format!("{at}uid"), en, zh));
    }
    if !(1..=CODE_BYTES_MAX).contains(&code.len()) || code.chars().any(char::is_control) {
        let en = format!("1 to {CODE_BYTES_MAX} bytes are taken");
        faults.push(fault(format!("{at}code"), en, format!("应为 1 至 {CODE_BYTES_MAX} 字节")));
    }
    text(faults, &format!("{at}title"), title, 1..=NAME_CHARS_MAX);
    text(faults, &format!("{at}description"), description, 0..=DESCRIPTION_CHARS_MAX);
}

/// The service.
pub struct Catalogues {
    registrar: Registrar,
    shelf: Arc<Shelf>,
}

impl Catalogues {
    /// Over this registrar.
    #[must_use]
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar, shelf: Arc::default() }
    }
}

#[tonic::async_trait]
impl CatalogueService for Catalogues {
    async fn get_catalogue(
        &self,
        request: Request<v1::GetCatalogueRequest>,
    ) -> Result<Response<v1::Catalogue>, Status> {
        Ok(Response::new(self.registrar.get(&CATALOGUE, &request.get_ref().name).await?))
    }

    async fn list_catalogues(
        &self,
        request: Request<v1::ListCataloguesRequest>,
    ) -> Result<Response<v1::ListCataloguesResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&CATALOGUE, "CatalogueService/ListCatalogues", &list).await?;
        Ok(Response::new(v1::ListCataloguesResponse {
            catalogues: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_catalogue(
        &self,
        request: Request<v1::CreateCatalogueRequest>,
    ) -> Result<Response<v1::Catalogue>, Status> {
        let options = write_of!(request, "CatalogueService/CreateCatalogue");
        let v1::CreateCatalogueRequest { catalogue, catalogue_id, .. } = request.into_inner();
        Ok(Response::new(self.registrar.create(&CATALOGUE, catalogue, &catalogue_id, options).await?))
    }

    async fn get_edition(&self, request: Request<v1::GetEditionRequest>) -> Result<Response<v1::Edition>, Status> {
        Ok(Response::new(self.registrar.get(&EDITION, &request.get_ref().name).await?))
    }

    async fn list_editions(
        &self,
        request: Request<v1::ListEditionsRequest>,
    ) -> Result<Response<v1::ListEditionsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&EDITION, "CatalogueService/ListEditions", &list).await?;
        Ok(Response::new(v1::ListEditionsResponse {
            editions: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn create_edition(
        &self,
        request: Request<v1::CreateEditionRequest>,
    ) -> Result<Response<v1::Edition>, Status> {
        let options = write_of!(request, "CatalogueService/CreateEdition");
        self.edition_created(request.into_inner(), options).await.map(Response::new)
    }

    async fn update_edition(
        &self,
        request: Request<v1::UpdateEditionRequest>,
    ) -> Result<Response<v1::Edition>, Status> {
        let options = write_of!(request, "CatalogueService/UpdateEdition");
        self.edition_updated(request.into_inner(), options).await.map(Response::new)
    }

    async fn publish_edition(
        &self,
        request: Request<v1::PublishEditionRequest>,
    ) -> Result<Response<v1::Edition>, Status> {
        let options = write_of!(request, "CatalogueService/PublishEdition");
        self.edition_published(request.get_ref(), options).await.map(Response::new)
    }

    async fn get_catalogue_item(
        &self,
        request: Request<v1::GetCatalogueItemRequest>,
    ) -> Result<Response<v1::CatalogueItem>, Status> {
        Ok(Response::new(self.registrar.get(&CATALOGUE_ITEM, &request.get_ref().name).await?))
    }

    async fn list_catalogue_items(
        &self,
        request: Request<v1::ListCatalogueItemsRequest>,
    ) -> Result<Response<v1::ListCatalogueItemsResponse>, Status> {
        let list = list_of!(request.get_ref());
        let page = self.registrar.list(&CATALOGUE_ITEM, "CatalogueService/ListCatalogueItems", &list).await?;
        Ok(Response::new(v1::ListCatalogueItemsResponse {
            catalogue_items: page.resources,
            next_page_token: page.next_page_token,
            total_size: page.total_size,
        }))
    }

    async fn batch_get_catalogue_items(
        &self,
        request: Request<v1::BatchGetCatalogueItemsRequest>,
    ) -> Result<Response<v1::BatchGetCatalogueItemsResponse>, Status> {
        let catalogue_items = self.registrar.batch_get(&CATALOGUE_ITEM, &request.get_ref().names).await?;
        Ok(Response::new(v1::BatchGetCatalogueItemsResponse { catalogue_items }))
    }

    async fn create_catalogue_item(
        &self,
        request: Request<v1::CreateCatalogueItemRequest>,
    ) -> Result<Response<v1::CatalogueItem>, Status> {
        let options = write_of!(request, "CatalogueService/CreateCatalogueItem");
        self.item_created(request.get_ref(), &options).await.map(Response::new)
    }

    async fn update_catalogue_item(
        &self,
        request: Request<v1::UpdateCatalogueItemRequest>,
    ) -> Result<Response<v1::CatalogueItem>, Status> {
        let options = write_of!(request, "CatalogueService/UpdateCatalogueItem");
        self.item_updated(request.get_ref(), &options).await.map(Response::new)
    }

    async fn delete_catalogue_item(
        &self,
        request: Request<v1::DeleteCatalogueItemRequest>,
    ) -> Result<Response<v1::CatalogueItem>, Status> {
        let options = write_of!(request, "CatalogueService/DeleteCatalogueItem");
        self.item_deleted(request.get_ref(), &options).await.map(Response::new)
    }

    async fn undelete_catalogue_item(
        &self,
        request: Request<v1::UndeleteCatalogueItemRequest>,
    ) -> Result<Response<v1::CatalogueItem>, Status> {
        let options = write_of!(request, "CatalogueService/UndeleteCatalogueItem");
        self.item_undeleted(request.get_ref(), &options).await.map(Response::new)
    }

    async fn diff_editions(
        &self,
        request: Request<v1::DiffEditionsRequest>,
    ) -> Result<Response<v1::DiffEditionsResponse>, Status> {
        self.diff(request.get_ref()).await.map(Response::new)
    }

    async fn get_crosswalk(
        &self,
        request: Request<v1::GetCrosswalkRequest>,
    ) -> Result<Response<v1::Crosswalk>, Status> {
        Ok(Response::new(self.registrar.get(&CROSSWALK, &request.get_ref().name).await?))
    }

    async fn set_crosswalk(
        &self,
        request: Request<v1::SetCrosswalkRequest>,
    ) -> Result<Response<v1::Crosswalk>, Status> {
        let options = write_of!(request, "CatalogueService/SetCrosswalk");
        self.crosswalk_set(request.into_inner().crosswalk, options).await.map(Response::new)
    }

    async fn suggest_crosswalk(
        &self,
        request: Request<v1::SuggestCrosswalkRequest>,
    ) -> Result<Response<v1::SuggestCrosswalkResponse>, Status> {
        self.crosswalk_suggested(request.get_ref()).await.map(Response::new)
    }

    async fn map_items(&self, request: Request<v1::MapItemsRequest>) -> Result<Response<v1::MapItemsResponse>, Status> {
        self.mapped(request.get_ref()).await.map(Response::new)
    }

    async fn classify_text(
        &self,
        request: Request<v1::ClassifyTextRequest>,
    ) -> Result<Response<v1::ClassifyTextResponse>, Status> {
        self.classified(request.get_ref()).await.map(Response::new)
    }
}
