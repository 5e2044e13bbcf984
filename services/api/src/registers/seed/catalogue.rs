//! Catalogues and editions of a data set. A source that gives counts alone gives editions without items.

use std::collections::BTreeMap;

use procurement::{
    dataset::{Dataset, Edition},
    figure::FigureId,
};
use proto::procurement::v1;

use super::provenance;

/// The catalogues that editions of the data set belong to, under the ids of their policy documents.
#[must_use]
pub fn catalogues(set: &Dataset) -> Vec<(String, v1::Catalogue)> {
    set.policies
        .iter()
        .filter(|policy| set.editions.iter().any(|edition| edition.policy == policy.id))
        .map(|policy| {
            let catalogue = v1::Catalogue {
                provenance: provenance(&policy.source),
                region: format!("regions/{}", policy.region),
                title: policy.title.clone(),
                description: policy.note.clone().unwrap_or_default(),
                ..v1::Catalogue::default()
            };
            (policy.id.clone(), catalogue)
        })
        .collect()
}

/// The editions of the data set, with the counts that their sources state. Of each catalogue the latest is in force.
#[must_use]
pub fn editions(set: &Dataset) -> Vec<(String, v1::Edition)> {
    let mut of_catalogue: BTreeMap<&str, Vec<&Edition>> = BTreeMap::new();
    for edition in &set.editions {
        of_catalogue.entry(&edition.policy).or_default().push(edition);
    }
    let mut told = Vec::new();
    for (policy, mut editions) in of_catalogue {
        editions.sort_by_key(|edition| (edition.year, &edition.id));
        let title = set.policies.iter().find(|known| known.id == policy).map_or("", |policy| policy.title.as_str());
        let mut revision = 0;
        for (at, edition) in editions.iter().enumerate() {
            revision = if at > 0 && editions[at - 1].year == edition.year { revision + 1 } else { 1 };
            let next = editions.get(at + 1);
            let state = if next.is_none() { v1::EditionState::Published } else { v1::EditionState::Superseded };
            let resource = v1::Edition {
                provenance: provenance(&edition.source),
                catalogue: format!("catalogues/{policy}"),
                year: edition.year,
                revision,
                state: state.into(),
                policy_document: format!("policyDocuments/{policy}"),
                counts: Some(v1::EditionCounts::default()),
                published_counts: Some(v1::EditionCounts {
                    categories: count(set, &edition.categories),
                    sections: count(set, &edition.sections),
                    items: count(set, &edition.items),
                }),
                title: format!("{title}({}年)", edition.year),
                superseded_by: next.map(|next| format!("editions/{}", next.id)).unwrap_or_default(),
                ..v1::Edition::default()
            };
            told.push((edition.id.clone(), resource));
        }
    }
    told
}

// Loading the data set checked that the figure is there.
fn count(set: &Dataset, figure: &FigureId) -> i32 {
    let value = set.figures.get(figure).map(|figure| figure.quantity.value().to_integer().to_string());
    value.and_then(|value| value.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_article_gives_two_editions_by_their_counts_and_the_later_is_in_force() {
        let set = Dataset::article().unwrap();
        let (id, catalogue) = catalogues(&set).remove(0);
        assert_eq!((id.as_str(), catalogue.region.as_str()), ("P-catalogue", "regions/330000"));
        let editions = editions(&set);
        let told: Vec<_> = editions
            .iter()
            .map(|(id, edition)| {
                let counts = edition.published_counts.unwrap();
                (id.as_str(), edition.year, edition.state(), [counts.categories, counts.sections, counts.items])
            })
            .collect();
        assert_eq!(
            told,
            [
                ("CAT2015", 2015, v1::EditionState::Superseded, [2, 16, 65]),
                ("CAT2021", 2021, v1::EditionState::Published, [6, 46, 170]),
            ]
        );
        assert!(editions.iter().all(|(_, edition)| edition.counts == Some(v1::EditionCounts::default())));
        assert_eq!(editions[0].1.superseded_by, "editions/CAT2021");
    }
}
