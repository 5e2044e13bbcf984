//! The eight traps that the article sets: what a careless service would get wrong, asked by RPC.

use serde_json::{Value, json};
use tests::{Asker, Backend, Registers, asker::missing};
use tonic::Code;

/// Asserts that the answer holds what is expected.
async fn told(asker: &Asker, method: &str, request: Value, expected: Value) -> Value {
    let answer = asker.ask(method, &request).await;
    assert_eq!(missing(&expected, &answer), [""; 0], "{method} {request}");
    answer
}

fn named(name: &str) -> Value {
    json!({ "name": name })
}

/// 34,463 “public service projects” and 69.4 % “public service projects”: two readings, and none is chosen.
async fn t1(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    let expected = json!({
        "verdict": "CLAIM_VERDICT_AMBIGUOUS_BASE",
        "readings": [
            { "formula": "product(F23, F12)", "meaning": { "zh": "∋ 34463个是全部项目" } },
            { "formula": "ratio(F12, F23)", "meaning": { "zh": "∋ 34463个只是公共服务项目" } },
        ],
        "sentence": { "en": "∋ whole numbers 23,901–23,934" },
    });
    told(&asker, "FigureService/ReconcileClaim", named("claims/C10"), expected).await;
    for figure in ["figures/F12", "figures/F23"] {
        told(&asker, "FigureService/GetFigure", named(figure), json!({ "baseNote": { "zh": "∋ 未说明" } })).await;
    }
    registers.product.terminate().await;
}

/// The 16 projects belong to the 11 departments, not to the 5 cities.
async fn t2(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    let members = json!({ "filter": "pilot = \"pilots/T2016\"" });
    let members = asker.ask("PilotService/ListPilotMembers", &members).await;
    let with_projects: Vec<&Value> = members["pilotMembers"]
        .as_array()
        .expect("members")
        .iter()
        .filter(|member| member.get("projectCount").is_some())
        .collect();
    assert_eq!(with_projects.len(), 1, "{members}");
    let expected = json!({ "kind": "PILOT_MEMBER_KIND_DEPARTMENT", "memberCount": 11, "projectCount": 16 });
    assert_eq!(missing(&expected, with_projects[0]), [""; 0]);
    told(
        &asker,
        "FigureService/GetFigure",
        named("figures/F04"),
        json!({ "baseNote": { "zh": "∋ 16个项目属于11个省级部门" } }),
    )
    .await;
    told(
        &asker,
        "FigureService/ReconcileClaim",
        named("claims/C06b"),
        json!({ "verdict": "CLAIM_VERDICT_CONSISTENT" }),
    )
    .await;
    told(&asker, "EvaluationService/GetEvaluation", named("evaluations/E2018"), json!({ "pilot": "pilots/T2016" }))
        .await;
    registers.product.terminate().await;
}

/// 170 stands twice and means two things: 项 of the provincial catalogue, and 小项 that Wenzhou buys.
async fn t3(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    let figures = asker.all("FigureService/ListFigures", "figures").await;
    let of_170: Vec<&str> =
        figures.iter().filter(|figure| figure["value"] == "170").filter_map(|figure| figure["name"].as_str()).collect();
    assert_eq!(of_170, ["figures/F15c", "figures/F21b"]);
    told(
        &asker,
        "FigureService/GetFigure",
        named("figures/F15c"),
        json!({ "region": "regions/330000", "metric": "catalogue_items" }),
    )
    .await;
    let wenzhou =
        json!({ "region": "regions/330300", "metric": "purchased_functions", "baseNote": { "zh": "∋ 不是一回事" } });
    told(&asker, "FigureService/GetFigure", named("figures/F21b"), wenzhou).await;
    registers.product.terminate().await;
}

/// A share and a number per head without their denominators: undetermined, until somebody enters one.
async fn t4(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    for (claim, wanted, sentence) in
        [("claims/C07", "figures/N01", "≈ 1,041,962.75"), ("claims/C08", "figures/N02", "≈ 58,652,419.35")]
    {
        let expected = json!({
            "verdict": "CLAIM_VERDICT_UNDETERMINED",
            "missingFigures": [wanted],
            "impliedDenominators": [{ "sentence": { "en": format!("∋ {sentence}") } }],
        });
        told(&asker, "FigureService/ReconcileClaim", named(claim), expected).await;
    }
    // Roughly what the Ministry of Civil Affairs counted at the end of 2020: then the share is another one.
    let national = json!({
        "metric": "social_organisations", "title": { "zh": "全国社会组织总数", "en": "social organisations in the nation" },
        "value": "894000", "unit": "FIGURE_UNIT_HOUSE", "basis": "FIGURE_BASIS_REGISTRATION", "scope": "AREA_SCOPE_WHOLE_AREA",
        "region": "regions/000000", "period": "2020", "sourceDocument": "sourceDocuments/zj-2022",
        "quote": "占全国社会组织总数的 6.98%",
    });
    asker.ask("FigureService/CreateFigure", &json!({ "figure": national, "figureId": "N01" })).await;
    let expected =
        json!({ "verdict": "CLAIM_VERDICT_INCONSISTENT", "missingFigures": null, "sentence": { "en": "∋ ≈ 8.1352%" } });
    told(&asker, "FigureService/ReconcileClaim", named("claims/C07"), expected).await;
    told(&asker, "FigureService/GetWantedFigure", named("wantedFigures/N01"), json!({ "isEntered": true })).await;
    registers.product.terminate().await;
}

/// Projects are counted by implementation, money by settlement: two populations, and the quotient says so.
async fn t5(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    told(
        &asker,
        "FigureService/GetFigure",
        named("figures/F12"),
        json!({ "basis": "FIGURE_BASIS_IMPLEMENTATION", "unit": "FIGURE_UNIT_THING" }),
    )
    .await;
    told(
        &asker,
        "FigureService/GetFigure",
        named("figures/F09"),
        json!({ "basis": "FIGURE_BASIS_SETTLEMENT", "unit": "FIGURE_UNIT_YI_YUAN" }),
    )
    .await;
    let request = json!({ "formula": "ratio(F09, F12)" });
    let expected = json!({ "sentence": { "en": "∋ ≈ 93.346 × 10,000 yuan/thing", "zh": "∋ 口径" } });
    let answer = told(&asker, "FigureService/EvaluateFormula", request, expected).await;
    let caveats = answer["value"]["caveats"].to_string();
    assert!(caveats.contains("决算") && caveats.contains("实施"), "{caveats}");
    // Money that was planned is not compared with money that was settled.
    let purchaser = json!({ "title": "省级某厅", "region": "regions/330000", "kind": "PURCHASER_KIND_STATE_ORGAN" });
    let purchaser = asker.ask("PurchaserService/CreatePurchaser", &json!({ "purchaser": purchaser })).await;
    let project = json!({
        "title": "某服务", "year": 2021, "region": "regions/330000", "purchaser": purchaser["name"],
        "serviceKind": "SERVICE_KIND_PUBLIC", "settlementFen": "3217000000000",
    });
    asker.ask("ProjectService/CreateProject", &json!({ "project": project })).await;
    let planned = json!({
        "metric": "settlement_amount", "title": { "zh": "预算金额", "en": "budget" }, "value": "321.70",
        "unit": "FIGURE_UNIT_YI_YUAN", "basis": "FIGURE_BASIS_BUDGET", "scope": "AREA_SCOPE_WHOLE_AREA",
        "region": "regions/330000", "period": "2021", "sourceDocument": "sourceDocuments/zj-2022", "quote": "321.70亿元",
    });
    asker.ask("FigureService/CreateFigure", &json!({ "figure": planned, "figureId": "X1" })).await;
    let expected = json!({ "verdict": "RECORDS_VERDICT_NO_DATA", "noDataReason": "NO_DATA_REASON_BASIS" });
    told(&asker, "FigureService/ReconcileFigure", named("figures/X1"), expected).await;
    registers.product.terminate().await;
}

/// 多, 约, 几百万: intervals, never points.
async fn t6(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    // id | from | closed | to | closed
    for (id, low, is_low_closed, high, is_high_closed) in [
        ("F01", "800", true, "900", false),
        ("F24a", "3100", true, "3200", false),
        ("F27", "12.35", true, "12.45", true),
        ("F31a", "100", true, "1000", false),
        ("F31b", "1000", true, "10000", false),
        ("F09", "321.695", true, "321.705", true),
        ("F12", "34463", true, "34463", true),
    ] {
        let figure = asker.ask("FigureService/GetFigure", &named(&format!("figures/{id}"))).await;
        let interval = &figure["interval"];
        let ends = (interval["low"]["exact"].as_str(), interval["high"]["exact"].as_str());
        assert_eq!(ends, (Some(low), Some(high)), "{id}: {interval}");
        let closed = |end: &str| interval[end].as_bool().unwrap_or(false);
        assert_eq!(
            (closed("isLowClosed"), closed("isHighClosed")),
            (is_low_closed, is_high_closed),
            "{id}: {interval}"
        );
    }
    let request = json!({ "derivedFigure": "derivedFigures/D08" });
    let answer = told(&asker, "FigureService/EvaluateFormula", request, json!({ "value": { "central": null } })).await;
    assert!(answer["sentence"]["en"].as_str().is_some_and(|text| text.contains("∈ (1, 100)")), "{answer}");
    registers.product.terminate().await;
}

/// 省属 is the province's own level, 全省 everything in it.
async fn t7(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    for (id, scope) in [
        ("F19", "OWN_LEVEL"),
        ("F22a", "OWN_LEVEL"),
        ("F03", "OWN_LEVEL"),
        ("F12", "WHOLE_AREA"),
        ("F09", "WHOLE_AREA"),
    ] {
        let expected = json!({ "scope": format!("AREA_SCOPE_{scope}") });
        told(&asker, "FigureService/GetFigure", named(&format!("figures/{id}")), expected).await;
    }
    let expected = json!({ "value": { "caveats": null } });
    let same = json!({ "formula": "ratio(F03, F07a)" });
    told(&asker, "FigureService/EvaluateFormula", same, expected).await;
    let answer = asker.ask("FigureService/EvaluateFormula", &json!({ "formula": "ratio(F02, F03)" })).await;
    let caveats = answer["value"]["caveats"].to_string();
    assert!(caveats.contains("本级") && caveats.contains("全辖"), "{answer}");
    // A record of the province's own level is in the whole area's total, one of a county is not in the own level's.
    let purchaser = |title: &str, region: &str| json!({ "purchaser": { "title": title, "region": region, "kind": "PURCHASER_KIND_STATE_ORGAN" } });
    for (title, region) in [("省级某厅", "regions/330000"), ("平湖市某局", "regions/330482")] {
        let made = asker.ask("PurchaserService/CreatePurchaser", &purchaser(title, region)).await;
        let project = json!({ "title": "某服务", "year": 2020, "region": region, "purchaser": made["name"], "serviceKind": "SERVICE_KIND_PUBLIC", "settlementFen": "100" });
        asker.ask("ProjectService/CreateProject", &json!({ "project": project })).await;
    }
    for (scope, count) in [("AREA_SCOPE_OWN_LEVEL", "1"), ("AREA_SCOPE_WHOLE_AREA", "2")] {
        let request = json!({ "selection": { "fromYear": 2020, "region": "regions/330000", "scope": scope } });
        told(&asker, "StatisticsService/QueryRollup", request, json!({ "total": { "projectCount": count } })).await;
    }
    registers.product.terminate().await;
}

/// 余杭 330110 before and after 2021 is not the same ground.
async fn t8(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    told(&asker, "CaseService/GetPracticeCase", named("practiceCases/K-yuhang"), json!({ "region": "regions/330110" }))
        .await;
    let request = json!({ "name": "regions/330110", "yearA": 2020, "yearB": 2022 });
    told(&asker, "RegionService/CompareTerritory", request, json!({ "verdict": "TERRITORY_VERDICT_DIFFERENT" })).await;
    let request = json!({ "name": "regions/330110", "yearA": 2018, "yearB": 2019 });
    told(&asker, "RegionService/CompareTerritory", request, json!({ "verdict": "TERRITORY_VERDICT_SAME" })).await;
    // 临平 was part of it until then, and has a code of its own since.
    let request = json!({ "text": "临平区", "asOfDay": "2022-06-30" });
    told(&asker, "RegionService/ResolveRegion", request, json!({ "regions": [{ "name": "regions/330113" }] })).await;
    let request = json!({ "name": "regions/330113", "asOfDay": "2020-06-30" });
    let refused = asker.try_ask("RegionService/GetRegion", &request).await.expect_err("it was not there yet");
    assert_eq!(refused.code(), Code::NotFound);
    let lineage = asker.ask("RegionService/GetRegionLineage", &named("regions/330110")).await.to_string();
    assert!(lineage.contains("regions/330113"), "{lineage}");
    registers.product.terminate().await;
}

on_each_backend! {
    t1_two_readings_are_both_told_and_none_is_chosen => super::t1;
    t2_the_sixteen_projects_belong_to_the_eleven_departments => super::t2;
    t3_the_two_170_are_two_figures => super::t3;
    t4_a_share_without_its_denominator_is_undetermined_until_one_is_entered => super::t4;
    t5_money_by_settlement_over_projects_by_implementation_carries_a_caveat => super::t5;
    t6_a_qualified_number_is_an_interval => super::t6;
    t7_the_own_level_is_not_the_whole_area => super::t7;
    t8_yuhang_before_and_after_2021_is_not_the_same_ground => super::t8;
}
