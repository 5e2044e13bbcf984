//! The HTML of a body made safe to be shown: a fragment of the few elements that carry structure and the look of text,
//! without anything that runs, loads, navigates or covers.
//!
//! Two passes, each of which would do alone. [`rewrite`] knows HTML as texts and tags only: it writes a small, balanced,
//! bounded document anew, so that no nesting and no number of anything reaches the second in a harmful amount.
//! `ammonia` parses that as a browser does and keeps what stands in its lists, with the values that [`values`] lets
//! pass. Whoever shows a page puts it into a frame without scripts all the same.

mod elements;
mod rewrite;
mod style;
mod values;

use std::{
    collections::{HashMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};

use self::{
    elements::{ELEMENTS, GENERIC_ATTRIBUTES},
    rewrite::Rewritten,
};

/// Bytes of a page.
pub const PAGE_BYTES_MAX: usize = 1 << 20;
/// What every link says: a window of its own, which learns nothing of the page.
const LINK: [(&str, &str); 2] = [("target", "_blank"), ("rel", "noopener noreferrer nofollow")];
/// Pictures of the mail that a page shows.
const PICTURES_MAX: usize = 200;

/// A page that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The fragment: what stands in a `body`.
    pub html: String,
    /// Paths of the mail's own pictures that it shows as `part/{path}`, each once.
    pub pictures: Vec<String>,
    /// Pictures that would have been loaded from elsewhere.
    pub remote_pictures: u32,
    /// Whether it was cut at a bound.
    pub truncated: bool,
}

/// Why there is none, though there is something to see. Costs the page and not the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A parser of others broke a promise of its own.
    #[error("its HTML could not be read")]
    Unreadable,
    /// It grew beyond [`PAGE_BYTES_MAX`] when it was made.
    #[error("its HTML made safe has {0} bytes (bound {PAGE_BYTES_MAX})")]
    TooLarge(usize),
}

/// Makes a page; none when there is nothing to see. `pictures` holds the path of each inline picture under its Content-ID
/// in lower case; only what stands there is shown.
///
/// # Errors
/// [`Failure`].
pub fn make(html: &str, pictures: &HashMap<String, String>) -> Result<Option<Made>, Failure> {
    let Rewritten { html, pictures, remote_pictures, truncated, is_empty } = rewrite::rewrite(html, pictures);
    if is_empty {
        return Ok(None);
    }
    let clean = catch_unwind(AssertUnwindSafe(|| SANITISER.clean(&html).to_string()));
    match clean {
        Ok(html) if html.len() <= PAGE_BYTES_MAX => Ok(Some(Made { html, pictures, remote_pictures, truncated })),
        Ok(html) => Err(Failure::TooLarge(html.len())),
        Err(_) => Err(Failure::Unreadable),
    }
}

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(ELEMENTS.iter().map(|element| element.name).collect())
        .generic_attributes(GENERIC_ATTRIBUTES.into_iter().collect())
        .tag_attributes(
            ELEMENTS.iter().map(|element| (element.name, element.attributes.iter().copied().collect())).collect(),
        )
        .filter_style_properties(style::PROPERTIES.into_iter().collect())
        .attribute_filter(values::kept)
        .url_schemes(HashSet::from(values::SCHEMES))
        // The mail's own pictures; any other relative address is refused by `values`.
        .url_relative(UrlRelative::PassThrough)
        // Written by `rewrite`; written here they would change places when a page is made again.
        .link_rel(None)
        .tag_attribute_values(HashMap::from([(
            "a",
            LINK.into_iter().map(|(name, value)| (name, HashSet::from([value]))).collect(),
        )]));
    builder
});

#[cfg(test)]
mod tests;
