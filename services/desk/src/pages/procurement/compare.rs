//! Two editions of a guidance catalogue beside each other: what was added, removed, altered, split and merged.

use axum::{Router, extract::Query, response::Response, routing::get};
use maud::{Markup, html};
use proto::procurement::v1::{
    CatalogueItem, DiffEditionsRequest, DiffEditionsResponse, DiffSuggestion, Edition, EditionChange, EditionChangeKind,
};

use super::{
    Answer, Tab, answer,
    catalogue::{called, editions},
    names::{id, link},
    parts, show,
    words::Named,
};
use crate::{
    Desk, Language,
    html::{Tone, badge, notice, pager, url},
    posted::Fields,
    visit::Visit,
};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route(PATH, get(page))
}

const PATH: &str = "/procurement/compare";

/// Changes of a page.
const CHANGES: i32 = 200;

async fn page(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, shown(&visit, &Fields(query)).await)
}

async fn shown(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let editions = editions(visit).await?;
    let (from, to) = (fields.one("from"), fields.one("to"));
    let known = |asked: &str| editions.iter().any(|edition| id(&edition.name) == asked);
    let found = if known(from) && known(to) {
        let asked = DiffEditionsRequest {
            from_edition: format!("editions/{from}"),
            to_edition: format!("editions/{to}"),
            ignores_crosswalk: false,
            page_size: CHANGES,
            page_token: fields.one("page").to_owned(),
        };
        Some(visit.api.catalogues().diff_editions(asked).await?.into_inner())
    } else {
        None
    };
    let body = html! {
        form.line action=(PATH) {
            (choice(visit, "from", visit.say("较早版本", "Earlier"), &editions, from))
            (choice(visit, "to", visit.say("较晚版本", "Later"), &editions, to))
            button { (visit.say("比较", "Compare")) }
        }
        @if let Some(found) = &found {
            (difference(found, language))
            @let first = (!fields.one("page").is_empty()).then(|| url(PATH, &[("from", from), ("to", to)]));
            @let next = (!found.next_page_token.is_empty()).then(|| url(PATH, &[("from", from), ("to", to), ("page", &found.next_page_token)]));
            (pager(visit, first.as_deref(), next.as_deref()))
        }
    };
    show(visit, Tab::Catalogue, visit.say("比较两个版本", "Compare two editions"), &body)
}

/// An edition out of all.
pub fn choice(visit: &Visit, name: &str, label: &str, editions: &[Edition], chosen: &str) -> Markup {
    html! { label { span { (label) } select name=(name) required {
        option value="" { (visit.say("请选择", "Choose")) }
        @for edition in editions {
            option value=(id(&edition.name)) selected[id(&edition.name) == chosen] { (called(edition, visit.language())) }
        }
    } } }
}

fn difference(found: &DiffEditionsResponse, language: Language) -> Markup {
    html! {
        p lang="zh-CN" { (found.sentence) }
        (counts(found, language))
        @if found.is_by_counts {
            (notice(Tone::Plain, language.of("其中一个版本只有公布的数量，没有条目，因此只能比较数量。", "One of the editions is known by its published counts alone: only counts can be compared.")))
        } @else if found.is_empty {
            (notice(Tone::Plain, language.of("两个版本没有差别。", "The editions do not differ.")))
        } @else {
            h2 { (language.of("变动", "Changes")) }
            (changes(&found.changes, language))
        }
        @if !found.suggestions.is_empty() {
            h2 { (language.of("名称相近，供核对", "Alike, for somebody to look at")) }
            p { (language.of("系统不会据此自动对照。", "Nothing is matched because of it.")) }
            (suggestions(&found.suggestions, language))
        }
    }
}

fn counts(found: &DiffEditionsResponse, language: Language) -> Markup {
    let counts = found.counts.unwrap_or_default();
    let (before, after) = (counts.before.unwrap_or_default(), counts.after.unwrap_or_default());
    let levels = [
        (language.of("类", "Categories"), before.categories, after.categories),
        (language.of("款", "Sections"), before.sections, after.sections),
        (language.of("项", "Items"), before.items, after.items),
    ];
    let columns = [
        (language.of("级别", "Level"), false),
        (language.of("较早版本", "Earlier"), true),
        (language.of("较晚版本", "Later"), true),
        (language.of("增减", "Change"), true),
    ];
    html! { div.scroll tabindex="0" { table {
        caption { (language.of("数量", "Counts")) }
        (parts::head(&columns))
        tbody { @for (level, before, after) in levels { tr {
            th scope="row" { (level) }
            td.number { (before) } td.number { (after) }
            td.number { (signed(after - before)) }
        } } }
    } } }
}

fn signed(change: i32) -> String {
    match change {
        0 => "0".to_owned(),
        1.. => format!("+{change}"),
        _ => format!("−{}", change.unsigned_abs()),
    }
}

fn changes(changes: &[EditionChange], language: Language) -> Markup {
    let columns = [
        (language.of("变动", "Change"), false),
        (language.of("较早版本", "Earlier"), false),
        (language.of("较晚版本", "Later"), false),
        (language.of("变动内容", "What differs"), false),
    ];
    html! { div.scroll tabindex="0" { table {
        (parts::head(&columns))
        tbody { @for change in changes { tr data-row {
            th scope="row" { (badge(tone(change.kind()), change.kind().named(language))) }
            td { (lines(&change.before, language)) }
            td { (lines(&change.after, language)) }
            td { @for (at, what) in change.alterations().enumerate() { @if at > 0 { (language.of("、", ", ")) } (what.named(language)) } }
        } } }
    } } }
}

fn tone(kind: EditionChangeKind) -> Tone {
    match kind {
        EditionChangeKind::Added => Tone::Good,
        EditionChangeKind::Removed => Tone::Bad,
        EditionChangeKind::Split | EditionChangeKind::Merged | EditionChangeKind::Regrouped => Tone::Warn,
        EditionChangeKind::Altered | EditionChangeKind::Unspecified => Tone::Plain,
    }
}

fn lines(items: &[CatalogueItem], language: Language) -> Markup {
    html! {
        @if items.is_empty() { span.nothing { "—" } }
        @for item in items {
            div { span.code { (item.code) } (link(&item.name, &item.title)) " " small { (item.level().named(language)) }
                @if let [above @ .., _] = item.path.as_slice() { @if !above.is_empty() { br; small { (above.join(" › ")) } } } }
        }
    }
}

fn suggestions(suggestions: &[DiffSuggestion], language: Language) -> Markup {
    let columns = [
        (language.of("较早版本", "Earlier"), false),
        (language.of("较晚版本", "Later"), false),
        (language.of("相近程度", "Likeness"), true),
    ];
    let lines = |item: Option<&CatalogueItem>| lines(item.map(std::slice::from_ref).unwrap_or_default(), language);
    html! { div.scroll tabindex="0" { table {
        (parts::head(&columns))
        tbody { @for of in suggestions { tr { td { (lines(of.before.as_ref())) } td { (lines(of.after.as_ref())) } td.number { (of.likeness) } } } }
    } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::procurement::v1::{Alteration, DiffCounts, EditionCounts};

    #[test]
    fn a_difference_names_each_change_with_both_its_sides_and_in_what_they_differ() {
        let item = |code: &str, title: &str| CatalogueItem {
            name: format!("catalogueItems/{code}"),
            code: code.into(),
            title: title.into(),
            path: vec!["养老".into(), title.into()],
            ..Default::default()
        };
        let change = EditionChange {
            kind: EditionChangeKind::Altered.into(),
            before: vec![item("A1", "居家养老")],
            after: vec![item("A2", "居家养老服务")],
            alterations: vec![Alteration::Renamed.into(), Alteration::Recoded.into()],
        };
        let counts = DiffCounts {
            before: Some(EditionCounts { categories: 2, sections: 16, items: 65 }),
            after: Some(EditionCounts { categories: 6, sections: 46, items: 64 }),
            ..Default::default()
        };
        let found = DiffEditionsResponse { changes: vec![change], counts: Some(counts), ..Default::default() };
        let page = difference(&found, Language::Zh).into_string();
        for told in ["修改", ">居家养老</a>", ">居家养老服务</a>", "名称、代码", ">+30<", ">−1<"] {
            assert!(page.contains(told), "{told}");
        }
    }
}
