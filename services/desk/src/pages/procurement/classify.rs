//! A service described in words, and the items that it may be: with the words that matched. Never applied by itself.

use axum::{Router, extract::Query, response::Response, routing::get};
use maud::{Markup, html};
use proto::procurement::v1::{ClassifyTextRequest, ItemCandidate};

use super::{
    Answer, Tab, answer,
    catalogue::editions,
    compare::choice,
    names::{id, link},
    parts, show,
};
use crate::{Desk, Language, posted::Fields, visit::Visit};

/// The routes of this file.
pub fn routes() -> Router<Desk> {
    Router::new().route("/procurement/classify", get(page))
}

/// Characters of a description; it stands in the address.
const CHARACTERS_MAX: usize = 400;

async fn page(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    answer(&visit, shown(&visit, &Fields(query)).await)
}

async fn shown(visit: &Visit, fields: &Fields) -> Answer {
    let language = visit.language();
    let mut editions = editions(visit).await?;
    editions.retain(|edition| edition.counts.is_some_and(|counts| counts.items > 0));
    let asked = fields.one("edition");
    let edition = editions.iter().find(|edition| id(&edition.name) == asked);
    let text: String = fields.one("text").trim().chars().take(CHARACTERS_MAX).collect();
    let found = match edition {
        Some(edition) if !text.is_empty() => {
            let asked = ClassifyTextRequest { edition: edition.name.clone(), text: text.clone(), candidates_max: 10 };
            Some(visit.api.catalogues().classify_text(asked).await?.into_inner().candidates)
        }
        _ => None,
    };
    let body = html! {
        p { (visit.say("输入对服务的描述，系统按用词列出可能的目录条目；是否采用由人决定。", "Describe a service: items that its words point to are listed. Whether one is taken is for a person to say.")) }
        form.column {
            (choice(visit, "edition", visit.say("目录版本", "Edition"), &editions, asked))
            label { span { (visit.say("服务描述", "Description")) } textarea name="text" required maxlength=(CHARACTERS_MAX) { (text) } }
            button { (visit.say("归类", "Classify")) }
        }
        @if editions.is_empty() { p.nothing { (visit.say("没有登记了条目的目录版本。", "No edition has its lines recorded.")) } }
        @if let Some(found) = &found {
            h2 { (visit.say("候选条目", "Candidates")) }
            (candidates(found, language))
        }
    };
    show(visit, Tab::Catalogue, visit.say("按描述归类", "Classify a described service"), &body)
}

fn candidates(found: &[ItemCandidate], language: Language) -> Markup {
    let columns = [
        (language.of("条目", "Item"), false),
        (language.of("所在", "Path"), false),
        (language.of("相符的词", "Words that matched"), false),
        (language.of("相符程度", "Score"), true),
    ];
    html! {
        @if found.is_empty() { p.nothing { (language.of("没有条目与描述相符。", "No item answers the description.")) } }
        @else { div.scroll tabindex="0" { table {
            (parts::head(&columns))
            tbody { @for candidate in found { @let item = candidate.item.clone().unwrap_or_default();
                tr data-row {
                    th scope="row" { span.code { (item.code) } (link(&item.name, &item.title)) (parts::marks(item.provenance.as_ref(), None, language)) }
                    td { (item.path.join(" › ")) }
                    td { @for word in &candidate.matched_words { mark { (word) } " " } }
                    td.number { (percent(&candidate.score)) }
                }
            } }
        } } }
    }
}

/// A fraction in hundredths, rounded; it opens to the fraction.
fn percent(fraction: &str) -> Markup {
    let (above, below) = fraction.split_once('/').unwrap_or((fraction, "1"));
    let rounded = above.parse::<i128>().ok().zip(below.parse::<i128>().ok().filter(|below| *below > 0));
    let rounded = rounded.and_then(|(above, below)| Some((above.checked_mul(100)?.checked_add(below / 2)?) / below));
    html! { @match rounded {
        Some(0) if !above.starts_with('0') => details.exact { summary { "<1%" } (fraction) },
        Some(rounded) => details.exact { summary { (rounded) "%" } (fraction) },
        None => (fraction),
    } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_read_in_hundredths_and_opens_to_its_fraction() {
        assert_eq!(percent("2/3").into_string(), "<details class=\"exact\"><summary>67%</summary>2/3</details>");
        assert_eq!(percent("1").into_string(), "<details class=\"exact\"><summary>100%</summary>1</details>");
        assert_eq!(percent("1/999").into_string(), "<details class=\"exact\"><summary>&lt;1%</summary>1/999</details>");
        assert_eq!(percent("0.5").into_string(), "0.5");
    }
}
