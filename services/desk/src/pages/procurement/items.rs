//! 目录条目: one line of an edition, and what became of it in the others.

use axum::{Router, extract::Path, response::Response, routing::get};
use maud::{Markup, html};
use proto::procurement::v1::{
    CatalogueItem, Edition, GetCatalogueItemRequest, ItemAmount, ItemLevel, ListCatalogueItemsRequest, MapItemsRequest,
    MapItemsResponse,
};
use tonic::Code;

use super::{
    Answer, Tab, answer,
    catalogue::{called, editions},
    listing::quoted,
    names::{Names, id, link},
    parts, show,
    words::Named,
};
use crate::{Desk, Language, fault::Fault, html::url, visit::Visit};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/items/{id}", get(one))
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("catalogueItems/{id}")).await)
}

/// Where the line went in another edition; none where no crosswalk is set between the two.
async fn mapped(visit: &Visit, item: &CatalogueItem, edition: &Edition) -> Result<Option<MapItemsResponse>, Fault> {
    let asked = MapItemsRequest {
        from_edition: item.edition.clone(),
        to_edition: edition.name.clone(),
        items: vec![ItemAmount { item: item.name.clone(), amount_fen: None }],
    };
    match visit.api.catalogues().map_items(asked).await {
        Ok(found) => Ok(Some(found.into_inner())),
        Err(status) if status.code() == Code::FailedPrecondition => Ok(None),
        Err(status) => Err(status.into()),
    }
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let mut catalogues = visit.api.catalogues();
    let item = catalogues.get_catalogue_item(GetCatalogueItemRequest { name: name.clone() }).await?.into_inner();
    let asked = ListCatalogueItemsRequest {
        page_size: 100,
        filter: format!("parent = {}", quoted(&name)),
        order_by: "sort, code".into(),
        ..Default::default()
    };
    let below = catalogues.list_catalogue_items(asked).await?.into_inner().catalogue_items;
    let editions = editions(visit).await?;
    let catalogue =
        editions.iter().find(|edition| edition.name == item.edition).map(|edition| edition.catalogue.clone());
    let mut found = Vec::new();
    for edition in editions.iter().filter(|of| of.name != item.edition && Some(&of.catalogue) == catalogue.as_ref()) {
        found.push((edition, mapped(visit, &item, edition).await?));
    }
    let parts_of = found.iter().filter_map(|(_, found)| found.as_ref()).flat_map(|found| &found.items);
    let asked = parts_of.flat_map(|of| &of.parts).map(|part| part.item.as_str());
    let names = Names::of(&visit.api, language, asked.chain([item.parent.as_str(), &item.class, &item.edition])).await;
    let filter = match item.level() {
        ItemLevel::Item => Some("item"),
        ItemLevel::Category => Some("class"),
        ItemLevel::Section | ItemLevel::Unspecified => None,
    };
    let body = html! {
        (parts::warnings(item.provenance.as_ref(), item.delete_time.as_ref(), language))
        ol.crumbs { li { (names.link(&item.edition)) } @for (at, title) in item.path.iter().enumerate() { li { (crumb(&item, at, title)) } } }
        dl.facts {
            dt { (language.of("代码", "Code")) } dd { span.code { (item.code) } }
            dt { (language.of("级别", "Level")) } dd { (item.level().named(language)) }
            dt { (language.of("服务类别", "Kind of service")) } dd { (item.service_kind().named(language)) }
            dt { (language.of("跨版本标识", "Key through all editions")) } dd { span.code { (item.uid) } }
            @if !item.description.is_empty() { dt { (language.of("说明", "Description")) } dd { (item.description) } }
        }
        @if let Some(filter) = filter {
            p { a href=(url("/procurement/projects", &[(filter, id(&item.name))])) { (language.of("属于此条目的项目", "Projects of this line")) } }
        }
        @if !below.is_empty() {
            h2 { (language.of("下级条目", "Lines below")) }
            ul.tree { @for line in &below { li { span.code { (line.code) } (link(&line.name, &line.title)) } } }
        }
        h2 { (language.of("版本对照", "In other editions")) }
        (crosswalk(&found, &names, language))
    };
    show(visit, Tab::Catalogue, &item.title, &body)
}

/// A line of the path: category and parent have pages that we know, the line itself is here.
fn crumb(item: &CatalogueItem, at: usize, title: &str) -> Markup {
    let last = item.path.len().saturating_sub(1);
    html! {
        @if at == last { (title) }
        @else if at == 0 { (link(&item.class, title)) }
        @else { (link(&item.parent, title)) }
    }
}

fn crosswalk(found: &[(&Edition, Option<MapItemsResponse>)], names: &Names, language: Language) -> Markup {
    let columns = [(language.of("版本", "Edition"), false), (language.of("对照结果", "Where it went"), false)];
    html! {
        @if found.is_empty() { p.nothing { (language.of("此目录没有其他版本。", "The catalogue has no other edition.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for (edition, mapped) in found { tr {
                th scope="row" { (link(&edition.name, &called(edition, language))) }
                td { @match mapped {
                    None => span.nothing { (language.of("未设置对照表", "no crosswalk is set")) },
                    Some(mapped) => {
                        @let parts: Vec<_> = mapped.items.iter().flat_map(|of| &of.parts).collect();
                        @if parts.is_empty() { span.nothing { (language.of("没有对应条目", "no line corresponds")) } }
                        @for part in parts { div { (names.link(&part.item)) @if part.weight != "1" { " " (language.of("权重 ", "weight ")) (part.weight) } } }
                        @if mapped.is_inverted { small { (language.of("由后一版本的对照表反推", "read backwards from the other crosswalk")) } }
                    },
                } }
            } } }
        } } }
    }
}
