//! Practice cases of a data set, in the source's words.

use procurement::dataset::{ActivityKind, Dataset};
use proto::procurement::v1;

use super::{
    policy::{figures, region},
    provenance,
};

/// Practice cases, and the reform of public institutions, which the source tells as an outcome of the same kind.
#[must_use]
pub fn practice_cases(set: &Dataset) -> Vec<(String, v1::PracticeCase)> {
    let told = set.cases.iter().map(|case| {
        let theme = v1::CaseTheme::from_str_name(&format!("CASE_THEME_{}", case.theme)).unwrap_or_default();
        let read = v1::PracticeCase {
            provenance: provenance(&case.source),
            title: case.chinese.clone(),
            title_en: case.english.clone(),
            region: region(&case.region),
            themes: vec![theme.into()],
            problem: case.problem.clone().unwrap_or_default(),
            means: case.means.clone().unwrap_or_default(),
            outcome: case.outcome.clone().unwrap_or_default(),
            figures: figures(&case.figures),
            ..Default::default()
        };
        (case.id.clone(), read)
    });
    let reforms = set.activities.iter().filter(|activity| activity.kind == ActivityKind::InstitutionReform);
    let reforms = reforms.map(|activity| {
        let read = v1::PracticeCase {
            provenance: provenance(&activity.source),
            title: activity.chinese.clone(),
            title_en: activity.english.clone(),
            region: region(&activity.region),
            themes: vec![v1::CaseTheme::FunctionTransfer.into()],
            outcome: activity.source.quote.clone(),
            figures: figures(&activity.figures),
            ..Default::default()
        };
        (activity.id.clone(), read)
    });
    told.chain(reforms).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_a_theme_and_wenlings_names_its_figures() {
        let set = Dataset::article().unwrap();
        let cases = practice_cases(&set);
        assert_eq!(cases.len(), set.cases.len() + 1);
        assert!(cases.iter().all(|(_, case)| case.themes().all(|theme| theme != v1::CaseTheme::Unspecified)));
        let (_, wenling) = cases.iter().find(|(id, _)| id == "K-wenling").unwrap();
        assert_eq!(wenling.region, "regions/331081");
        assert_eq!(wenling.figures, ["figures/F24a", "figures/F24b"]);
        assert!(wenling.outcome.contains("98.9%") && wenling.problem.is_empty());
    }
}
