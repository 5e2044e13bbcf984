//! 行政区划: one code with its periods, where its territory came from and what became of it.

use axum::{Router, extract::Path, response::Response, routing::get};
use maud::{Markup, html};
use proto::procurement::v1::{GetRegionLineageRequest, Region, RegionLink};

use super::{
    Answer, Tab, answer,
    names::{Names, link},
    parts, show,
    words::Named,
};
use crate::{Desk, Language, fault::Fault, html::url, visit::Visit};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/regions/{id}", get(one))
}

async fn one(visit: Visit, Path(id): Path<String>) -> Response {
    answer(&visit, shown(&visit, format!("regions/{id}")).await)
}

async fn shown(visit: &Visit, name: String) -> Answer {
    let language = visit.language();
    let asked = GetRegionLineageRequest { name: name.clone() };
    let lineage = visit.api.regions().get_region_lineage(asked).await?.into_inner().regions;
    let Some(region) = lineage.iter().rfind(|region| region.name == name) else { return Err(Fault::not_found()) };
    let names = Names::of(&visit.api, language, lineage.iter().map(|of| of.parent.as_str())).await;
    let body = html! {
        dl.facts {
            dt { (language.of("代码", "Code")) } dd { span.code { (region.code) } }
            dt { (language.of("全称", "Full title")) } dd { (region.full_title) }
            dt { (language.of("层级", "Level")) } dd { (region.level().named(language)) }
            dt { (language.of("上级", "Inside")) } dd { (names.link(&region.parent)) }
        }
        ul.pills {
            li { a href=(url("/procurement/projects", &[("region", &region.code)])) { (language.of("项目", "Projects")) } }
            li { a href=(url("/procurement/providers", &[("region", &region.code)])) { (language.of("承接主体", "Providers")) } }
            li { a href=(url("/procurement/figures", &[("region", &region.code)])) { (language.of("数字", "Figures")) } }
            li { a href=(url("/procurement/statistics", &[("region", &region.code)])) { (language.of("统计", "Statistics")) } }
        }
        h2 { (language.of("沿革", "Lineage")) }
        p { (language.of("同一代码在不同时期可能指不同的地域，跨年比较前请先看沿革。", "One code may mean different ground at different times: look here before years are compared.")) }
        (table(&lineage, language))
    };
    let title = region.title.clone();
    show(visit, Tab::Statistics, &title, &body)
}

fn table(lineage: &[Region], language: Language) -> Markup {
    let columns = [
        (language.of("名称", "Title"), false),
        (language.of("代码", "Code"), false),
        (language.of("层级", "Level"), false),
        (language.of("自", "From"), false),
        (language.of("至（不含）", "Until (excluded)"), false),
        (language.of("来自", "From regions"), false),
        (language.of("去向", "To regions"), false),
    ];
    html! { div.scroll tabindex="0" { table {
        (parts::head(&columns))
        tbody { @for region in lineage { tr data-row {
            th scope="row" { (link(&region.name, &region.title)) }
            td { span.code { (region.code) } }
            td { (region.level().named(language)) }
            td { @if region.valid_from_day.is_empty() { (language.of("早于 ", "before ")) (region.known_since_day) } @else { (region.valid_from_day) } }
            td { @if region.valid_to_day.is_empty() { (language.of("至今", "present")) } @else { (region.valid_to_day) } }
            td { (links(&region.predecessors, language)) }
            td { (links(&region.successors, language)) }
        } } }
    } } }
}

fn links(links: &[RegionLink], language: Language) -> Markup {
    html! {
        @if links.is_empty() { span.nothing { "—" } }
        @for of in links {
            div { (of.kind().named(language)) (language.of("：", ": ")) (link(&of.region, &of.title)) " " span.detail { (of.day) }
                @if !of.note.is_empty() { br; small { (of.note) } } }
        }
    }
}
