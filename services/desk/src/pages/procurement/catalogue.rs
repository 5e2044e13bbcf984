//! 指导性目录: the catalogues with their editions, and one edition as a tree of 类, 款 and 项.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, Query},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use proto::procurement::v1::{
    Catalogue, CatalogueItem, Edition, EditionCounts, EditionState, GetEditionRequest, ItemLevel,
    ListCatalogueItemsRequest, ListCataloguesRequest, ListEditionsRequest,
};

use super::{
    Answer, Tab, answer,
    listing::quoted,
    names::{Names, id, link},
    parts, show,
    words::Named,
};
use crate::{
    Desk, Language,
    fault::Fault,
    html::{Tone, badge, count, filled, notice, url},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/catalogues", get(list)).route("/procurement/editions/{id}", get(one))
}

/// Lines of an edition that a page shows.
const ITEMS_MAX: usize = 5_000;

/// The most that a list of the services gives at once.
const PAGE_MOST: i32 = 500;

/// Every edition, by catalogue and year; the services' largest page bounds it.
pub async fn editions(visit: &Visit) -> Result<Vec<Edition>, Fault> {
    let asked = ListEditionsRequest {
        page_size: PAGE_MOST,
        order_by: "catalogue, year, revision".into(),
        ..Default::default()
    };
    Ok(visit.api.catalogues().list_editions(asked).await?.into_inner().editions)
}

/// What an edition is called in a list of several.
pub fn called(edition: &Edition, language: Language) -> String {
    let year = format!("{}{}", edition.year, language.of("年", ""));
    let revision = if edition.revision > 1 { format!("·{}", edition.revision) } else { String::new() };
    let has_year = edition.title.contains(&edition.year.to_string());
    let title = if edition.title.is_empty() { String::new() } else { format!(" {}", edition.title) };
    let year = if has_year { String::new() } else { year };
    let made_up = edition.provenance.as_ref().is_some_and(|said| said.is_synthetic);
    format!(
        "{}{}",
        format!("{year}{revision}{title}").trim_start(),
        if made_up { language.of("（模拟数据）", " (synthetic)") } else { "" }
    )
}

async fn list(visit: Visit) -> Response {
    answer(&visit, listed(&visit).await)
}

async fn listed(visit: &Visit) -> Answer {
    let language = visit.language();
    let asked = ListCataloguesRequest { page_size: PAGE_MOST, ..Default::default() };
    let catalogues = visit.api.catalogues().list_catalogues(asked).await?.into_inner().catalogues;
    let editions = editions(visit).await?;
    let names = Names::of(&visit.api, language, catalogues.iter().map(|of| of.region.as_str())).await;
    let body = html! {
        ul.pills {
            li { a href="/procurement/compare" { (visit.say("比较两个版本", "Compare two editions")) } }
            li { a href="/procurement/classify" { (visit.say("按描述归类", "Classify a described service")) } }
        }
        @if catalogues.is_empty() { p.nothing { (visit.say("没有登记目录。", "No catalogue is recorded.")) } }
        @for catalogue in &catalogues { (shelf(catalogue, &editions, &names, language)) }
    };
    show(visit, Tab::Catalogue, visit.say("指导性目录", "Guidance catalogue"), &body)
}

fn shelf(catalogue: &Catalogue, editions: &[Edition], names: &Names, language: Language) -> Markup {
    let columns = [
        (language.of("版本", "Edition"), false),
        (language.of("状态", "State"), false),
        (language.of("施行日", "In force from"), false),
        (language.of("类", "Categories"), true),
        (language.of("款", "Sections"), true),
        (language.of("项", "Items"), true),
        (language.of("条目", "Lines"), false),
    ];
    html! {
        h2 { (catalogue.title) (parts::marks(catalogue.provenance.as_ref(), catalogue.delete_time.as_ref(), language)) }
        p { (names.link(&catalogue.region)) @if !catalogue.description.is_empty() { " · " (catalogue.description) } }
        div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for edition in editions.iter().filter(|edition| edition.catalogue == catalogue.name) {
                @let (counts, is_recorded) = counts(edition);
                tr data-row {
                    th scope="row" { (link(&edition.name, &edition_title(edition, language))) (parts::marks(edition.provenance.as_ref(), edition.delete_time.as_ref(), language)) }
                    td { (state(edition.state(), language)) }
                    td { (filled(&edition.effective_from_day)) }
                    td.number { (count(counts.categories.into())) }
                    td.number { (count(counts.sections.into())) }
                    td.number { (count(counts.items.into())) }
                    td { @if is_recorded { (language.of("已登记", "recorded")) } @else { (language.of("来源只公布数量", "the source gives counts alone")) } }
                }
            } }
        } }
    }
}

fn edition_title(edition: &Edition, language: Language) -> String {
    let revision = if edition.revision > 1 { format!(" · {}", edition.revision) } else { String::new() };
    format!("{}{}{revision}", edition.year, language.of("年", ""))
}

fn state(state: EditionState, language: Language) -> Markup {
    badge(if state == EditionState::Published { Tone::Good } else { Tone::Plain }, state.named(language))
}

/// How many lines it has, and whether they are recorded here.
fn counts(edition: &Edition) -> (EditionCounts, bool) {
    let recorded = edition.counts.filter(|counts| counts.items > 0);
    (recorded.or(edition.published_counts).unwrap_or_default(), recorded.is_some())
}

async fn one(visit: Visit, Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, shown(&visit, format!("editions/{id}"), &Fields(query)).await)
}

/// The lines of an edition, and whether these are all.
async fn items(visit: &Visit, filter: &str) -> Result<(Vec<CatalogueItem>, bool), Fault> {
    let mut items = Vec::new();
    let mut page_token = String::new();
    loop {
        let asked = ListCatalogueItemsRequest {
            page_size: PAGE_MOST,
            page_token,
            filter: filter.to_owned(),
            order_by: "sort, code".into(),
            ..Default::default()
        };
        let found = visit.api.catalogues().list_catalogue_items(asked).await?.into_inner();
        items.extend(found.catalogue_items);
        page_token = found.next_page_token;
        if page_token.is_empty() || items.len() >= ITEMS_MAX {
            return Ok((items, page_token.is_empty()));
        }
    }
}

async fn shown(visit: &Visit, name: String, fields: &Fields) -> Answer {
    let language = visit.language();
    let edition = visit.api.catalogues().get_edition(GetEditionRequest { name: name.clone() }).await?.into_inner();
    let words: String = fields.one("q").trim().chars().filter(|c| !c.is_control()).take(64).collect();
    let within = format!("edition = {}", quoted(&name));
    let filter = if words.is_empty() { within } else { format!("{within} AND search({})", quoted(&words)) };
    let (items, is_all) = items(visit, &filter).await?;
    let source = edition.provenance.as_ref().map(|said| format!("sourceDocuments/{}", said.source)).unwrap_or_default();
    let asked = [edition.catalogue.as_str(), &edition.policy_document, &edition.superseded_by, &source];
    let names = Names::of(&visit.api, language, asked).await;
    let body = html! {
        (parts::warnings(edition.provenance.as_ref(), edition.delete_time.as_ref(), language))
        (facts(&edition, &names, language))
        ul.pills {
            li { a href=(url("/procurement/compare", &[("from", id(&name))])) { (visit.say("与另一版本比较", "Compare with another edition")) } }
            @if !items.is_empty() || !words.is_empty() {
                li { a href=(url("/procurement/classify", &[("edition", id(&name))])) { (visit.say("按描述归类", "Classify a described service")) } }
            }
        }
        (parts::source(edition.provenance.as_ref(), names.title(&source), language))
        h2 { (visit.say("条目", "Lines")) }
        @if items.is_empty() && words.is_empty() {
            p.nothing { (visit.say("来源只公布了数量，没有条目可列；系统不编造条目。", "The source gives counts alone: there are no lines, and none is made up.")) }
        } @else {
            form.line role="search" aria-label=(visit.say("查找条目", "Search the lines")) {
                label { span { (visit.say("在本版本中查找", "Search this edition")) } input type="search" name="q" value=(words) maxlength="64"; }
                button { (visit.say("查找", "Search")) }
            }
            @if !is_all { (notice(Tone::Warn, visit.say("条目过多，只列出前 5000 条；请用查找。", "Too many lines: the first 5000 are shown; search for the others."))) }
            @if words.is_empty() { (tree(&items, language)) } @else { (hits(&items, language)) }
        }
    };
    let title = format!("{} {}", names.title(&edition.catalogue), edition_title(&edition, language));
    show(visit, Tab::Catalogue, &title, &body)
}

fn facts(edition: &Edition, names: &Names, language: Language) -> Markup {
    let words = |of: &EditionCounts| match language {
        Language::Zh => format!("{}类{}款{}项", of.categories, of.sections, of.items),
        Language::En => format!("{} categories, {} sections, {} items", of.categories, of.sections, of.items),
    };
    html! {
        dl.facts {
            dt { (language.of("目录", "Catalogue")) } dd { (names.title(&edition.catalogue)) }
            dt { (language.of("状态", "State")) } dd { (state(edition.state(), language)) }
            dt { (language.of("施行日", "In force from")) } dd { (filled(&edition.effective_from_day)) }
            @if !edition.policy_document.is_empty() { dt { (language.of("发布文件", "Issued by")) } dd { (names.link(&edition.policy_document)) } }
            @if let Some(counts) = &edition.published_counts { dt { (language.of("公布的数量", "As published")) } dd { (words(counts)) } }
            @if let Some(counts) = edition.counts.as_ref().filter(|counts| counts.items > 0) { dt { (language.of("登记的数量", "As recorded")) } dd { (words(counts)) } }
            @if !edition.superseded_by.is_empty() { dt { (language.of("后续版本", "Followed by")) } dd { (names.link(&edition.superseded_by)) } }
        }
    }
}

fn line(item: &CatalogueItem, language: Language) -> Markup {
    html! {
        span.code { (item.code) } (link(&item.name, &item.title))
        @if item.level() == ItemLevel::Item { " " small { (item.service_kind().named(language)) } }
    }
}

/// The lines below each other: 类 open, 款 closed. What opens and closes is no link, so that neither hides the other.
fn tree(items: &[CatalogueItem], language: Language) -> Markup {
    let mut below: BTreeMap<&str, Vec<&CatalogueItem>> = BTreeMap::new();
    for item in items {
        below.entry(item.parent.as_str()).or_default().push(item);
    }
    let of = |parent: &str| below.get(parent).map(Vec::as_slice).unwrap_or_default();
    let about = |item: &CatalogueItem| {
        html! { li { small { (link(&item.name, language.of("本条详情", "About this line"))) span.unseen { (language.of("：", ": ")) (item.title) } } } }
    };
    let section = |section: &CatalogueItem| {
        let items = of(&section.name);
        html! {
            @if items.is_empty() { (line(section, language)) } @else {
                details {
                    summary { span.code { (section.code) } (section.title) " " small { (items.len()) (language.of(" 项", " items")) } }
                    ul { (about(section)) @for item in items { li { (line(item, language)) } } }
                }
            }
        }
    };
    html! { ul.tree { @for category in of("") { @let sections = of(&category.name); li {
        details open {
            summary { span.code { (category.code) } b { (category.title) } " " small { (sections.len()) (language.of(" 款", " sections")) } }
            ul { (about(category)) @for of in sections { li { (section(of)) } } }
        }
    } } } }
}

fn hits(items: &[CatalogueItem], language: Language) -> Markup {
    html! {
        @if items.is_empty() { p.nothing { (language.of("没有相符的条目。", "No line matches.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&[(language.of("代码", "Code"), false), (language.of("名称", "Title"), false), (language.of("级别", "Level"), false), (language.of("所在", "Path"), false)]))
            tbody { @for item in items { tr data-row {
                td { span.code { (item.code) } }
                th scope="row" { (link(&item.name, &item.title)) }
                td { (item.level().named(language)) }
                td { (item.path.join(" › ")) }
            } } }
        } } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edition_is_a_tree_of_three_levels_in_which_every_line_stands_once() {
        let item = |name: &str, parent: &str, level: ItemLevel| CatalogueItem {
            name: format!("catalogueItems/{name}"),
            parent: if parent.is_empty() { String::new() } else { format!("catalogueItems/{parent}") },
            title: name.to_uppercase(),
            level: level.into(),
            ..Default::default()
        };
        let items = [
            item("a", "", ItemLevel::Category),
            item("b", "a", ItemLevel::Section),
            item("c", "b", ItemLevel::Item),
            item("d", "b", ItemLevel::Item),
        ];
        let page = tree(&items, Language::Zh).into_string();
        for name in ["a", "b", "c", "d"] {
            assert_eq!(page.matches(&format!("href=\"/procurement/items/{name}\"")).count(), 1, "{name}");
        }
        assert!(page.contains("1 款") && page.contains("2 项"));
    }

    #[test]
    fn an_edition_of_which_the_counts_alone_are_known_says_so() {
        let published = EditionCounts { categories: 6, sections: 46, items: 170 };
        let edition =
            Edition { published_counts: Some(published), counts: Some(EditionCounts::default()), ..Default::default() };
        assert_eq!(counts(&edition), (published, false));
    }
}
