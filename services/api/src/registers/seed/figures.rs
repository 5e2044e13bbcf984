//! FigureService: sources, figures, wanted and derived figures, claims.

use procurement::dataset::Dataset;
use proto::procurement::v1;

use super::provenance;
use crate::registers::wire;

/// The documents that a data set quotes, with their texts where `text_of` (by file name) has them.
#[must_use]
pub fn sources(set: &Dataset, text_of: impl Fn(&str) -> Option<String>) -> Vec<(String, v1::SourceDocument)> {
    let entry = |source: &procurement::dataset::SourceDocument| {
        let text = text_of(&source.file).unwrap_or_default();
        let own = v1::Provenance { source: source.id.clone(), ..v1::Provenance::default() };
        let message = v1::SourceDocument { provenance: Some(own), ..wire::source(source, &text) };
        (source.id.clone(), message)
    };
    set.sources.iter().map(entry).collect()
}

/// The published figures.
#[must_use]
pub fn figures(set: &Dataset) -> Vec<(String, v1::Figure)> {
    let entry = |figure: &procurement::figure::PublishedFigure| {
        let message = v1::Figure { provenance: provenance(&figure.source), ..wire::figure(figure) };
        (figure.id.to_string(), message)
    };
    set.figures.values().map(entry).collect()
}

/// Figures that claims rest on and no source states.
#[must_use]
pub fn wanted(set: &Dataset) -> Vec<(String, v1::WantedFigure)> {
    let entry = |wanted: &procurement::reconcile::Wanted| {
        let message = v1::WantedFigure { provenance: provenance(&wanted.source), ..wire::wanted(wanted) };
        (wanted.id.to_string(), message)
    };
    set.wanted.values().map(entry).collect()
}

/// What we compute from the figures: formulas, no values.
#[must_use]
pub fn derived(set: &Dataset) -> Vec<(String, v1::DerivedFigure)> {
    set.derived.iter().map(|derived| (derived.id.clone(), wire::derived(derived))).collect()
}

/// What the sources say of their own figures.
#[must_use]
pub fn claims(set: &Dataset) -> Vec<(String, v1::Claim)> {
    let entry = |claim: &procurement::reconcile::Claim| {
        let message = v1::Claim { provenance: provenance(&claim.source), ..wire::claim(claim) };
        (claim.id.clone(), message)
    };
    set.claims.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registers::figure_register::{CLAIM, DERIVED_FIGURE, FIGURE, SOURCE_DOCUMENT, WANTED_FIGURE};

    #[test]
    fn everything_the_article_gives_keeps_the_rules_of_its_register() {
        let article = Dataset::article().unwrap();
        let text = Dataset::article_text();
        let named = |id: &str, faults: Vec<crate::wire::Fault>| assert!(faults.is_empty(), "{id}: {faults:?}");
        let documents = sources(&article, |_| Some(text.to_owned()));
        documents.iter().for_each(|(id, message)| named(id, (SOURCE_DOCUMENT.check)(message)));
        figures(&article).iter().for_each(|(id, message)| named(id, (FIGURE.check)(message)));
        wanted(&article).iter().for_each(|(id, message)| named(id, (WANTED_FIGURE.check)(message)));
        derived(&article).iter().for_each(|(id, message)| named(id, (DERIVED_FIGURE.check)(message)));
        claims(&article).iter().for_each(|(id, message)| named(id, (CLAIM.check)(message)));
        let counts = (figures(&article).len(), claims(&article).len(), wanted(&article).len(), derived(&article).len());
        assert_eq!(counts, (article.figures.len(), article.claims.len(), 3, article.derived.len()));
    }

    #[test]
    fn every_quote_stands_where_the_entry_says() {
        let article = Dataset::article().unwrap();
        for (id, figure) in figures(&article) {
            assert_eq!(wire::text_span(Dataset::article_text(), &figure.quote), figure.span, "{id}");
        }
    }
}
