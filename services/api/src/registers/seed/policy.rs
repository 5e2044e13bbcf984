//! Policies of a data set: documents, frameworks, mechanisms, and the activities that figures count. A count stays a
//! figure that an entry names: 800 多个征求意见文件 are not 800 entries.

use procurement::{
    dataset::{Activity, ActivityKind, Dataset, PolicyKind},
    figure::{FigureId, PublishedFigure},
    unit::Unit,
};
use proto::procurement::v1;

use super::provenance;

/// The wire's name of a region.
pub(super) fn region(code: &impl std::fmt::Display) -> String {
    format!("regions/{code}")
}

/// The wire's names of figures.
pub(super) fn figures(ids: &[FigureId]) -> Vec<String> {
    ids.iter().map(|id| format!("figures/{id}")).collect()
}

/// The number of a figure that counts one by one.
pub(super) fn count(set: &Dataset, id: &FigureId) -> Option<i32> {
    let value = set.figures.get(id)?.quantity.value();
    if value.is_integer() { value.to_integer().to_string().parse().ok() } else { None }
}

fn year(year: Option<i32>) -> String {
    year.map(|year| year.to_string()).unwrap_or_default()
}

fn kind(kind: PolicyKind) -> i32 {
    v1::PolicyKind::from_str_name(&format!("POLICY_KIND_{kind}")).unwrap_or_default().into()
}

/// Policy documents, each as far as its source tells of it.
#[must_use]
pub fn policy_documents(set: &Dataset) -> Vec<(String, v1::PolicyDocument)> {
    let read = |policy: &procurement::dataset::PolicyDocument| v1::PolicyDocument {
        provenance: provenance(&policy.source),
        title: policy.title.clone(),
        kind: kind(policy.kind),
        issuer: policy.issuer.clone().unwrap_or_default(),
        issue_date: year(policy.year),
        region: region(&policy.region),
        note: policy.note.clone().unwrap_or_default(),
        ..Default::default()
    };
    set.policies.iter().map(|policy| (policy.id.clone(), read(policy))).collect()
}

/// Frameworks with their three places: 意见, 目录, 办法. How many each wants is what the framework's own name says.
#[must_use]
pub fn policy_frameworks(set: &Dataset) -> Vec<(String, v1::PolicyFramework)> {
    let read = |framework: &procurement::dataset::PolicyFramework| {
        let places: Vec<&str> = framework.chinese.split('、').collect();
        let slot = |of: PolicyKind, documents: &[String]| {
            let title = places.iter().find(|place| place.ends_with(of.chinese())).copied();
            v1::FrameworkSlot {
                title: title.unwrap_or(of.chinese()).to_owned(),
                kind: kind(of),
                wanted_count: title.map(wanted).unwrap_or_default(),
                documents: documents.iter().map(|id| format!("policyDocuments/{id}")).collect(),
            }
        };
        v1::PolicyFramework {
            provenance: provenance(&framework.source),
            title: framework.chinese.clone(),
            title_en: framework.english.clone(),
            region: region(&framework.region),
            slots: vec![
                slot(PolicyKind::Opinion, &framework.opinions),
                slot(PolicyKind::Catalogue, &framework.catalogues),
                slot(PolicyKind::Measure, &framework.measures),
            ],
            ..Default::default()
        }
    };
    set.frameworks.iter().map(|framework| (framework.id.clone(), read(framework))).collect()
}

/// 一个 is one, 两个 is two; 若干个, and whatever else is said, is any number.
fn wanted(place: &str) -> i32 {
    match place.chars().next() {
        Some('一') => 1,
        Some('二' | '两') => 2,
        Some('三') => 3,
        _ => 0,
    }
}

/// Joint meetings and leading groups.
#[must_use]
pub fn mechanisms(set: &Dataset) -> Vec<(String, v1::Mechanism)> {
    let read = |mechanism: &procurement::dataset::Mechanism| v1::Mechanism {
        provenance: provenance(&mechanism.source),
        title: mechanism.chinese.clone(),
        title_en: mechanism.english.clone(),
        kind: v1::MechanismKind::from_str_name(&format!("MECHANISM_KIND_{}", mechanism.kind))
            .unwrap_or_default()
            .into(),
        convenor_role: mechanism.convenor.clone().unwrap_or_default(),
        lead_body: mechanism.lead.clone(),
        start_year: mechanism.year,
        region: region(&mechanism.region),
        ..Default::default()
    };
    set.mechanisms.iter().map(|mechanism| (mechanism.id.clone(), read(mechanism))).collect()
}

fn activities(set: &Dataset, kind: ActivityKind) -> impl Iterator<Item = &Activity> {
    set.activities.iter().filter(move |activity| activity.kind == kind)
}

/// Lists of government functions: those that are documents, and those that only an activity's figures count.
#[must_use]
pub fn function_lists(set: &Dataset) -> Vec<(String, v1::FunctionList)> {
    let published = set.policies.iter().filter(|policy| policy.kind == PolicyKind::List).map(|policy| {
        let list = v1::FunctionList {
            provenance: provenance(&policy.source),
            title: policy.title.clone(),
            region: region(&policy.region),
            year: policy.year,
            policy_document: format!("policyDocuments/{}", policy.id),
            ..Default::default()
        };
        (policy.id.clone(), list)
    });
    let counted = activities(set, ActivityKind::FunctionTransfer).map(|activity| {
        let figures_of: Vec<&PublishedFigure> = activity.figures.iter().filter_map(|id| set.figures.get(id)).collect();
        let in_unit = |unit: Unit| {
            let mut found = figures_of.iter().filter(|figure| figure.quantity.unit() == unit);
            found.next().and_then(|figure| count(set, &figure.id))
        };
        let list = v1::FunctionList {
            provenance: provenance(&activity.source),
            title: activity.chinese.clone(),
            title_en: activity.english.clone(),
            region: region(&activity.region),
            department_count: in_unit(Unit::House),
            function_count: in_unit(Unit::Item),
            figures: figures(&activity.figures),
            ..Default::default()
        };
        (activity.id.clone(), list)
    });
    published.chain(counted).collect()
}

/// What figures count of advice on drafts, one entry for all of it.
#[must_use]
pub fn consultation_reviews(set: &Dataset) -> Vec<(String, v1::ConsultationReview)> {
    let read = |activity: &Activity| v1::ConsultationReview {
        provenance: provenance(&activity.source),
        title: activity.chinese.clone(),
        title_en: activity.english.clone(),
        region: region(&activity.region),
        figures: figures(&activity.figures),
        ..Default::default()
    };
    activities(set, ActivityKind::Consultation).map(|activity| (activity.id.clone(), read(activity))).collect()
}

/// The forms that a source may name.
const FORMS: [&str; 6] = ["会议", "培训", "授课", "宣讲", "座谈", "调研"];

/// Outreach, with the forms that the source's words name.
#[must_use]
pub fn outreach_events(set: &Dataset) -> Vec<(String, v1::OutreachEvent)> {
    let read = |activity: &Activity| v1::OutreachEvent {
        provenance: provenance(&activity.source),
        title: activity.chinese.clone(),
        title_en: activity.english.clone(),
        forms: FORMS.into_iter().filter(|form| activity.source.quote.contains(form)).map(str::to_owned).collect(),
        region: region(&activity.region),
        ..Default::default()
    };
    activities(set, ActivityKind::Outreach).map(|activity| (activity.id.clone(), read(activity))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_framework_wants_one_opinion_two_catalogues_and_any_number_of_measures() {
        let set = Dataset::article().unwrap();
        let (id, framework) = policy_frameworks(&set).remove(0);
        let told: Vec<_> = framework
            .slots
            .iter()
            .map(|slot| (slot.title.as_str(), slot.kind(), slot.wanted_count, slot.documents.len()))
            .collect();
        assert_eq!(id, "FW");
        assert_eq!(
            told,
            [
                ("一个意见", v1::PolicyKind::Opinion, 1, 1),
                ("两个目录", v1::PolicyKind::Catalogue, 2, 2),
                ("若干个办法", v1::PolicyKind::Measure, 0, 3),
            ]
        );
    }

    #[test]
    fn wenzhous_functions_are_counted_and_the_provinces_list_is_a_document_without_counts() {
        let set = Dataset::article().unwrap();
        let lists = function_lists(&set);
        let told: Vec<_> = lists
            .iter()
            .map(|(id, list)| (id.as_str(), list.region.as_str(), list.department_count, list.function_count))
            .collect();
        assert_eq!(
            told,
            [("P-functions", "regions/330000", None, None), ("A3", "regions/330300", Some(34), Some(167))]
        );
    }

    #[test]
    fn years_stay_years_and_what_is_not_said_stays_empty() {
        let set = Dataset::article().unwrap();
        let documents = policy_documents(&set);
        let of = |id: &str| &documents.iter().find(|(there, _)| there == id).unwrap().1;
        assert_eq!((of("P2014").issue_date.as_str(), of("P2014").issuer.as_str()), ("2014", "浙江省政府"));
        assert_eq!((of("P2015").issuer.as_str(), of("P-budget").issue_date.as_str()), ("", ""));
        assert_eq!(mechanisms(&set)[0].1.convenor_role, "省政府常务副省长");
        assert_eq!(outreach_events(&set)[0].1.forms, ["会议", "培训", "授课"]);
        assert_eq!(consultation_reviews(&set)[0].1.figures, ["figures/F01"]);
    }
}
