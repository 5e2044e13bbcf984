//! A region as a person types it: a name or a code, read by the services, and told where it is none or several.

use maud::{Markup, html};
use proto::procurement::v1::{Region, ResolutionOutcome, ResolveRegionRequest};

use super::names::{Names, id};
use crate::{
    fault::Fault,
    html::{Tone, notice, url},
    visit::Visit,
};

/// What a text says of a region.
pub enum Place {
    /// Nothing was said.
    None,
    /// Exactly one region.
    One {
        /// `330110`
        code: String,
        /// 余杭区.
        title: String,
    },
    /// Several, or none.
    Unclear(Vec<Region>),
}

/// Reads a region's name or code.
///
/// # Errors
/// When the services do not answer.
pub async fn place(visit: &Visit, text: &str) -> Result<Place, Fault> {
    if text.is_empty() {
        return Ok(Place::None);
    }
    if matches!(text.len(), 6 | 9 | 12) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let name = format!("regions/{text}");
        let names = Names::of(&visit.api, visit.language(), [name.as_str()]).await;
        return Ok(match names.title(&name) {
            // Without a title it is no region of any time.
            title if title == id(&name) => Place::Unclear(Vec::new()),
            title => Place::One { code: text.to_owned(), title: title.to_owned() },
        });
    }
    let asked = ResolveRegionRequest { text: text.to_owned(), as_of_day: String::new() };
    let found = visit.api.regions().resolve_region(asked).await?.into_inner();
    let (is_unique, mut regions) = match found.outcome() {
        ResolutionOutcome::Unique => (true, found.regions),
        ResolutionOutcome::Unknown => (found.regions_of_other_days.len() == 1, found.regions_of_other_days),
        ResolutionOutcome::Ambiguous | ResolutionOutcome::Unspecified => (false, found.regions),
    };
    Ok(match regions.pop() {
        Some(region) if is_unique => Place::One { code: region.code, title: region.title },
        Some(region) => Place::Unclear(regions.into_iter().chain([region]).collect()),
        None => Place::Unclear(Vec::new()),
    })
}

/// That a region's name was not understood, and what it could mean.
#[must_use]
pub fn unclear(visit: &Visit, text: &str, regions: &[Region], others: &str) -> Markup {
    let said = if regions.is_empty() {
        visit.say("没有名为此的行政区划：", "No region bears this name: ")
    } else {
        visit.say("请选定一个行政区划：", "Choose one region: ")
    };
    html! {
        (notice(Tone::Warn, &format!("{said}{text}")))
        @if !regions.is_empty() {
            ul.pills { @for region in regions {
                li { a href=(url(others, &[("region", &region.code)])) { (region.full_title) " " span.code { (region.code) } } }
            } }
        }
    }
}
