//! Pilots of a data set with their members, designations and milestones.

use procurement::{dataset::Dataset, region::RegionCode};
use proto::procurement::v1;

use super::{
    policy::{count, region},
    provenance,
};

/// Pilots.
#[must_use]
pub fn pilots(set: &Dataset) -> Vec<(String, v1::Pilot)> {
    let read = |pilot: &procurement::dataset::Pilot| v1::Pilot {
        provenance: provenance(&pilot.source),
        title: pilot.chinese.clone(),
        title_en: pilot.english.clone(),
        stage: v1::PilotStage::from_str_name(&format!("PILOT_STAGE_{}", pilot.stage)).unwrap_or_default().into(),
        year: pilot.year,
        region: region(&pilot.region),
        legal_basis: format!("policyDocuments/{}", pilot.policy),
        ..Default::default()
    };
    set.pilots.iter().map(|pilot| (pilot.id.clone(), read(pilot))).collect()
}

/// Members that the source counts without naming them.
#[must_use]
pub fn pilot_members(set: &Dataset) -> Vec<(String, v1::PilotMember)> {
    let read = |member: &procurement::dataset::Member| {
        let kind = v1::PilotMemberKind::from_str_name(&format!("PILOT_MEMBER_KIND_{}", member.kind));
        v1::PilotMember {
            provenance: provenance(&member.source),
            pilot: format!("pilots/{}", member.pilot),
            kind: kind.unwrap_or_default().into(),
            member_count: count(set, &member.count),
            project_count: member.projects.as_ref().and_then(|id| count(set, id)),
            figures: std::iter::once(&member.count).chain(&member.projects).map(|id| format!("figures/{id}")).collect(),
            ..Default::default()
        }
    };
    set.members.iter().map(|member| (member.id.clone(), read(member))).collect()
}

/// What ministries granted.
#[must_use]
pub fn designations(set: &Dataset) -> Vec<(String, v1::Designation)> {
    let read = |designation: &procurement::dataset::Designation| {
        let kind = v1::DesignationKind::from_str_name(&format!("DESIGNATION_KIND_{}", designation.kind));
        let total = designation.national_total.as_ref();
        v1::Designation {
            provenance: provenance(&designation.source),
            title: designation.chinese.clone(),
            title_en: designation.english.clone(),
            kind: kind.unwrap_or_default().into(),
            grantor: designation.grantor.clone().unwrap_or_default(),
            holder: region(&designation.holder),
            year: designation.year,
            national_total: total.and_then(|id| count(set, id)),
            national_total_figure: total.map(|id| format!("figures/{id}")).unwrap_or_default(),
            ..Default::default()
        }
    };
    set.designations.iter().map(|designation| (designation.id.clone(), read(designation))).collect()
}

/// The reform year by year. A milestone concerns the smallest region that holds all of its entries.
#[must_use]
pub fn milestones(set: &Dataset) -> Vec<(String, v1::Milestone)> {
    let read = |milestone: &procurement::dataset::Milestone| {
        let places: Vec<(String, RegionCode)> = milestone.entries.iter().filter_map(|id| place(set, id)).collect();
        let smallest = places.iter().map(|(_, code)| code.clone()).reduce(common);
        v1::Milestone {
            provenance: provenance(&milestone.source),
            title: milestone.chinese.clone(),
            title_en: milestone.english.clone(),
            year: milestone.year,
            region: region(&smallest.unwrap_or_else(RegionCode::nation)),
            entries: places.into_iter().map(|(name, _)| name).collect(),
            ..Default::default()
        }
    };
    set.milestones.iter().map(|milestone| (milestone.id.clone(), read(milestone))).collect()
}

/// The smallest region that holds both.
fn common(a: RegionCode, b: RegionCode) -> RegionCode {
    let mut wider = a;
    while !wider.covers(&b) {
        wider = wider.parent().unwrap_or_else(RegionCode::nation);
    }
    wider
}

/// The wire's name of an entry of the data set, and where it is.
fn place(set: &Dataset, id: &str) -> Option<(String, RegionCode)> {
    macro_rules! among {
        ($($entries:ident in $collection:literal by $region:ident,)+) => {
            $(if let Some(entry) = set.$entries.iter().find(|entry| entry.id == id) {
                return Some((format!(concat!($collection, "/{}"), id), entry.$region.clone()));
            })+
        };
    }
    among! {
        policies in "policyDocuments" by region,
        mechanisms in "mechanisms" by region,
        pilots in "pilots" by region,
        designations in "designations" by holder,
        evaluations in "evaluations" by region,
        cases in "practiceCases" by region,
    }
    let member = set.members.iter().find(|member| member.id == id)?;
    let pilot = set.pilots.iter().find(|pilot| pilot.id == member.pilot)?;
    Some((format!("pilotMembers/{id}"), pilot.region.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_a_milestone_has_a_name_and_two_counties_make_a_province() {
        let set = Dataset::article().unwrap();
        let told = milestones(&set);
        for ((id, milestone), source) in told.iter().zip(&set.milestones) {
            assert_eq!(milestone.entries.len(), source.entries.len(), "{id}");
        }
        let of = |id: &str| &told.iter().find(|(there, _)| there == id).unwrap().1;
        assert_eq!(of("Y2018c").region, "regions/330000");
        assert_eq!(of("Y2018c").entries, ["designations/G2", "designations/G3"]);
        assert_eq!(of("Y2021b").region, "regions/330383");
        assert!(of("Y2016").entries.contains(&"pilotMembers/T2016-departments".to_owned()));
    }

    #[test]
    fn the_sixteen_projects_belong_to_the_eleven_departments_alone() {
        let set = Dataset::article().unwrap();
        let told: Vec<_> = pilot_members(&set)
            .into_iter()
            .filter(|(_, member)| member.pilot == "pilots/T2016")
            .map(|(_, member)| (member.kind(), member.member_count, member.project_count))
            .collect();
        assert_eq!(
            told,
            [(v1::PilotMemberKind::City, Some(5), None), (v1::PilotMemberKind::Department, Some(11), Some(16)),]
        );
        assert!(pilots(&set).iter().all(|(_, pilot)| pilot.stage() != v1::PilotStage::Unspecified));
    }
}
