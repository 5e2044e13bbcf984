//! The registers of the article: documents, mechanisms, pilots, designations, evaluations, cases.

use std::collections::BTreeMap;

use super::*;
use crate::region::{RegionCode, RegisterOfRegions};

#[test]
fn each_quote_stands_verbatim_in_the_article_where_its_span_says() {
    let set = article();
    let mut sources: Vec<&crate::figure::Source> = Vec::new();
    sources.extend(set.figures.values().map(|entry| &entry.source));
    sources.extend(set.wanted.values().map(|entry| &entry.source));
    sources.extend(set.claims.iter().map(|entry| &entry.source));
    sources.extend(set.policies.iter().map(|entry| &entry.source));
    sources.extend(set.frameworks.iter().map(|entry| &entry.source));
    sources.extend(set.mechanisms.iter().map(|entry| &entry.source));
    sources.extend(set.editions.iter().map(|entry| &entry.source));
    sources.extend(set.activities.iter().map(|entry| &entry.source));
    sources.extend(set.pilots.iter().map(|entry| &entry.source));
    sources.extend(set.members.iter().map(|entry| &entry.source));
    sources.extend(set.designations.iter().map(|entry| &entry.source));
    sources.extend(set.evaluations.iter().map(|entry| &entry.source));
    sources.extend(set.result_uses.iter().map(|entry| &entry.source));
    sources.extend(set.milestones.iter().map(|entry| &entry.source));
    sources.extend(set.cases.iter().map(|entry| &entry.source));
    let characters: Vec<char> = Dataset::article_text().chars().collect();
    assert!(sources.len() > 100);
    for source in sources {
        assert_eq!(source.document, "zj-2022");
        let found: String = characters[source.span_characters.clone()].iter().collect();
        assert_eq!(found, source.quote);
    }
}

#[test]
fn the_shipped_article_is_the_one_that_was_reviewed() {
    let source = &article().sources[0];
    assert_eq!(source.sha256, Sha256::of(ARTICLE_TEXT.as_bytes()));
    assert_eq!(source.sha256.hex(), "1a59487ff73b3e51158021e76b48345c96e8a9c3a6df23f7eddb0e8456d08a4b");
    assert_eq!(source.issuer, "浙江省财政厅");
}

#[test]
fn each_milestone_of_the_reform_is_there() {
    let lines: Vec<String> = article()
        .milestones
        .iter()
        .map(|one| format!("{} {} {}", one.year, one.chinese, one.entries.join(" ")))
        .collect();
    assert_eq!(
        lines,
        [
            "2014 建立联席会议制度 M1",
            "2014 下发实施意见 P2014 T2014",
            "2015 试点扩面 P2015 T2015",
            "2015 农业公益性服务改革试点省份 G1",
            "2016 深化试点 P2016 T2016 T2016-cities T2016-departments",
            "2017 独立第三方评价全省制度与试点 E2017",
            "2017 评价5个设区市的深化试点项目 E2017-cities",
            "2018 评价11个省级部门的16个项目 E2018",
            "2018 公租房运营管理服务改革试点省份 G4",
            "2018 平湖、建德成为全国联系点 G2 G3",
            "2019 全国第三方绩效评价工作试点省份 G5",
            "2019 出台全省第三方绩效评价试点实施方案 P2019 T2019 T2019-counties T2019-cities T2019-departments",
            "2021 加强和规范政府购买服务改革 P2021 T2021",
            "2021 龙港成为联系点 G6",
        ]
    );
}

#[test]
fn the_framework_is_one_opinion_two_catalogues_and_several_measures() {
    let set = article();
    let framework = &set.frameworks[0];
    assert_eq!((framework.opinions.len(), framework.catalogues.len(), framework.measures.len()), (1, 2, 3));
    let kinds: BTreeMap<&str, PolicyKind> =
        set.policies.iter().map(|policy| (policy.id.as_str(), policy.kind)).collect();
    for (ids, kind) in [
        (&framework.opinions, PolicyKind::Opinion),
        (&framework.catalogues, PolicyKind::Catalogue),
        (&framework.measures, PolicyKind::Measure),
    ] {
        assert!(ids.iter().all(|id| kinds[id.as_str()] == kind), "{kind}");
    }
}

#[test]
fn mechanisms_evaluations_uses_and_designations_are_as_the_article_says() {
    let set = article();
    let mechanisms: Vec<_> =
        set.mechanisms.iter().map(|one| (one.kind, one.convenor.as_deref().unwrap(), one.year)).collect();
    assert_eq!(
        mechanisms,
        [
            (MechanismKind::JointMeeting, "省政府常务副省长", Some(2014)),
            (MechanismKind::LeadingGroup, "厅主要负责人", None)
        ]
    );
    let third_party: Vec<_> =
        set.evaluations.iter().filter(|one| one.evaluator_kind == EvaluatorKind::ThirdParty).collect();
    assert_eq!(third_party.len(), 1);
    assert_eq!(third_party[0].evaluator.as_deref(), Some("浙江大学公共政策研究院"));
    assert_eq!(third_party[0].channel.as_deref(), Some("公共政策参考"));
    assert_eq!(third_party[0].delivered_to.as_deref(), Some("省政府"));
    let uses: Vec<_> = set.result_uses.iter().map(|one| one.kind).collect();
    assert_eq!(uses, ResultUseKind::ALL);
    let designations: Vec<String> = set
        .designations
        .iter()
        .map(|one| format!("{} {} {} {}", one.year, one.kind, one.holder.as_str(), one.grantor.as_deref().unwrap()))
        .collect();
    assert_eq!(
        designations,
        [
            "2015 PILOT_PROVINCE 330000 原农业部",
            "2018 CONTACT_POINT 330482 财政部",
            "2018 CONTACT_POINT 330182 财政部",
            "2018 PILOT_PROVINCE 330000 住房和城乡建设部",
            "2019 PILOT_PROVINCE 330000 财政部",
            "2021 CONTACT_POINT 330383 财政部",
        ]
    );
    let contact_points = set.designations.iter().filter(|one| one.kind == DesignationKind::ContactPoint).count();
    assert_eq!(set.figure("F18a").unwrap().quantity.written(), contact_points.to_string());
}

#[test]
fn each_practice_case_is_there_with_its_figures() {
    let cases: Vec<String> = article()
        .cases
        .iter()
        .map(|one| {
            let figures: Vec<&str> = one.figures.iter().map(crate::figure::FigureId::as_str).collect();
            format!("{} {} {}", one.region.as_str(), one.theme, figures.join(" ")).trim_end().to_owned()
        })
        .collect();
    assert_eq!(
        cases,
        [
            "330300 FUNCTION_TRANSFER F21a F21b F22a F22b",
            "330481 FUNCTION_TRANSFER",
            "330500 PUBLIC_SERVICE",
            "331081 ELDERLY_CARE F24a F24b",
            "330800 GOVERNANCE F29a F29b",
            "330110 GOVERNANCE",
            "330127 ENVIRONMENT F30a F30b",
            "330523105 ELDERLY_CARE F31a F31b",
            "330000 EPIDEMIC",
            "330000 ENVIRONMENT",
            "330000 CHILD_CARE",
            "330000 ELDERLY_CARE",
        ]
    );
}

#[test]
fn every_region_of_the_data_set_is_known_to_the_register_of_regions() {
    let (set, register) = (article(), RegisterOfRegions::shipped());
    let mut codes: Vec<RegionCode> = set.figures.values().map(|figure| figure.region.clone()).collect();
    codes.extend(set.cases.iter().map(|case| case.region.clone()));
    codes.extend(set.designations.iter().map(|designation| designation.holder.clone()));
    for code in codes {
        // The register ends at county level: of a township it knows the county.
        let county: RegionCode = code.as_str()[..6].parse().unwrap();
        let day = chrono::NaiveDate::from_ymd_opt(2021, 12, 31).unwrap();
        assert!(register.get(&county, day).is_some(), "{}", code.as_str());
    }
}
