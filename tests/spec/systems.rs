//! Every system, register and process that the article tells of: asked by RPC and answered from the article's data set.

use serde_json::{Value, json};
use tests::{Asker, Backend, Registers, asker::missing};

/// The rows: number, method, request, what the answer must hold. A row may ask more than once.
fn rows() -> Vec<(&'static str, &'static str, Value, Value)> {
    let get = |name: &str| json!({ "name": name });
    let filter = |text: &str| json!({ "filter": text });
    let names = |names: &[&str]| Value::Array(names.iter().map(|name| json!({ "name": name })).collect());
    vec![
        (
            "E1",
            "PolicyService/GetMechanism",
            get("mechanisms/M1"),
            json!({ "kind": "MECHANISM_KIND_JOINT_MEETING", "convenorRole": "省政府常务副省长", "leadBody": "浙江省财政厅", "startYear": 2014, "region": "regions/330000" }),
        ),
        (
            "E2",
            "PolicyService/GetMechanism",
            get("mechanisms/M2"),
            json!({ "kind": "MECHANISM_KIND_LEADING_GROUP", "convenorRole": "厅主要负责人", "startYear": null }),
        ),
        (
            "E3",
            "PolicyService/GetFramework",
            json!({ "region": "regions/330000" }),
            json!({ "policyFramework": { "title": "一个意见、两个目录、若干个办法" }, "slots": [
            { "slot": { "kind": "POLICY_KIND_OPINION", "wantedCount": 1, "documents": ["policyDocuments/P2014"] }, "state": "FRAMEWORK_SLOT_STATE_FILLED" },
            { "slot": { "kind": "POLICY_KIND_CATALOGUE", "wantedCount": 2 }, "state": "FRAMEWORK_SLOT_STATE_FILLED" },
            { "slot": { "kind": "POLICY_KIND_MEASURE", "wantedCount": null }, "state": "FRAMEWORK_SLOT_STATE_FILLED" },
        ] }),
        ),
        (
            "E4",
            "CatalogueService/GetEdition",
            get("editions/CAT2021"),
            json!({ "year": 2021, "state": "EDITION_STATE_PUBLISHED", "catalogue": "catalogues/P-catalogue", "publishedCounts": { "categories": 6, "sections": 46, "items": 170 } }),
        ),
        (
            "E4",
            "CatalogueService/GetEdition",
            get("editions/CAT2015"),
            json!({ "year": 2015, "state": "EDITION_STATE_SUPERSEDED", "supersededBy": "editions/CAT2021", "publishedCounts": { "categories": 2, "sections": 16, "items": 65 } }),
        ),
        (
            "E4",
            "CatalogueService/ListEditions",
            filter("catalogue = \"catalogues/P-catalogue\""),
            json!({ "editions": names(&["editions/CAT2015", "editions/CAT2021"]) }),
        ),
        (
            "E5",
            "PolicyService/GetPolicyDocument",
            get("policyDocuments/P-recommended"),
            json!({ "title": "社会组织推荐性目录", "kind": "POLICY_KIND_CATALOGUE", "note": "由其他部门按职责分工制订" }),
        ),
        // The article names no organisation that is recommended, and none is made up.
        (
            "E5",
            "ProviderService/ListRecommendedEntries",
            json!({ "returnTotal": true }),
            json!({ "recommendedEntries": null, "totalSize": "0" }),
        ),
        (
            "E6",
            "PolicyService/ListFunctionLists",
            filter("region = \"regions/330300\""),
            json!({ "functionLists": [{ "departmentCount": 34, "functionCount": 167, "figures": ["figures/F22a", "figures/F22b"] }] }),
        ),
        (
            "E6",
            "PolicyService/GetPolicyDocument",
            get("policyDocuments/P-functions"),
            json!({ "title": "政府职能清单", "kind": "POLICY_KIND_LIST" }),
        ),
        (
            "E7",
            "PolicyService/ListPolicyDocuments",
            json!({ "filter": "kind = MEASURE", "orderBy": "title" }),
            json!({ "policyDocuments": [
            { "title": "事业单位改革管理办法" }, { "title": "政府购买服务采购管理办法" }, { "title": "政府购买服务预算管理办法" },
        ] }),
        ),
        (
            "E7",
            "PolicyService/GetPolicyLineage",
            get("policyDocuments/P-budget"),
            json!({ "policyDocument": { "issuer": "浙江省财政厅" }, "predecessors": null, "successors": null, "latest": ["policyDocuments/P-budget"] }),
        ),
        (
            "E8",
            "PolicyService/ListConsultationReviews",
            json!({}),
            json!({ "consultationReviews": [{ "title": "为征求意见文件提供政策建议", "figures": ["figures/F01"] }] }),
        ),
        (
            "E9",
            "PolicyService/ListOutreachEvents",
            json!({}),
            json!({ "outreachEvents": [{ "title": "送政策上门", "provenance": { "quote": "通过会议、培训、授课等多种形式,送政策上门" } }] }),
        ),
        (
            "E10",
            "PilotService/ListPilots",
            json!({ "orderBy": "year" }),
            json!({ "pilots": [
            { "year": 2014, "stage": "PILOT_STAGE_LAUNCH", "legalBasis": "policyDocuments/P2014" },
            { "year": 2015, "stage": "PILOT_STAGE_EXPANSION", "legalBasis": "policyDocuments/P2015" },
            { "year": 2016, "stage": "PILOT_STAGE_DEEPENING", "legalBasis": "policyDocuments/P2016" },
            { "year": 2019, "stage": "PILOT_STAGE_THIRD_PARTY_EVALUATION", "legalBasis": "policyDocuments/P2019" },
            { "year": 2021, "stage": "PILOT_STAGE_REGULATION", "legalBasis": "policyDocuments/P2021" },
        ] }),
        ),
        (
            "E11",
            "PilotService/ListPilotMembers",
            filter("pilot = \"pilots/T2016\""),
            json!({ "pilotMembers": [
            { "kind": "PILOT_MEMBER_KIND_CITY", "memberCount": 5, "projectCount": null },
            { "kind": "PILOT_MEMBER_KIND_DEPARTMENT", "memberCount": 11, "projectCount": 16 },
        ] }),
        ),
        (
            "E12",
            "PilotService/ListDesignations",
            filter("kind = CONTACT_POINT"),
            json!({ "designations": [
            { "holder": "regions/330482", "year": 2018, "grantor": "财政部", "nationalTotal": 12 },
            { "holder": "regions/330182", "year": 2018, "nationalTotal": 12 },
            { "holder": "regions/330383", "year": 2021 },
        ] }),
        ),
        (
            "E12",
            "PilotService/ListDesignations",
            filter("kind = PILOT_PROVINCE"),
            json!({ "designations": [
            { "grantor": "原农业部", "year": 2015 }, { "grantor": "住房和城乡建设部", "year": 2018 }, { "grantor": "财政部", "year": 2019, "nationalTotal": 10 },
        ] }),
        ),
        // The article names the three phases and says of no evaluation which one it was made in.
        (
            "E13",
            "EvaluationService/ListEvaluations",
            json!({ "filter": "phase = BEFORE OR phase = DURING OR phase = AFTER", "returnTotal": true }),
            json!({ "evaluations": null, "totalSize": "0" }),
        ),
        (
            "E14",
            "EvaluationService/GetEvaluation",
            get("evaluations/E2017"),
            json!({ "year": 2017, "systemRegion": "regions/330000", "evaluatorKind": "EVALUATOR_KIND_THIRD_PARTY", "evaluator": "浙江大学公共政策研究院", "deliveredTo": "省政府", "channel": "公共政策参考", "score": null }),
        ),
        (
            "E15",
            "EvaluationService/ListResultApplications",
            json!({}),
            json!({ "resultApplications": [
            { "kind": "RESULT_USE_KIND_BUDGET" }, { "kind": "RESULT_USE_KIND_PROVIDER_SELECTION" }, { "kind": "RESULT_USE_KIND_POLICY" },
        ] }),
        ),
        (
            "E16",
            "EvaluationService/ListEvaluations",
            filter("pilot = \"pilots/T2016\" AND year = 2018"),
            json!({ "evaluations": [{ "name": "evaluations/E2018", "title": "11个省级部门的16个民生项目", "figures": ["figures/F07a", "figures/F07b"] }] }),
        ),
        (
            "E17",
            "FigureService/GetFigure",
            get("figures/F12"),
            json!({ "value": "34463", "basis": "FIGURE_BASIS_IMPLEMENTATION" }),
        ),
        // No real project is recorded: the totals say so, and the figure is not compared with nothing.
        (
            "E17",
            "StatisticsService/QueryRollup",
            json!({ "selection": { "fromYear": 2021, "region": "regions/330000" } }),
            json!({ "total": { "projectCount": null, "settlementFen": null }, "includesSynthetic": null }),
        ),
        (
            "E17",
            "FigureService/ReconcileFigure",
            get("figures/F09"),
            json!({ "verdict": "RECORDS_VERDICT_NO_DATA", "noDataReason": "NO_DATA_REASON_NOTHING", "measure": "settlement_fen" }),
        ),
        (
            "E18",
            "FigureService/GetFigure",
            get("figures/F21a"),
            json!({ "quote": "∋ 政府公共服务和政府履职辅助性服务" }),
        ),
        (
            "E18",
            "CatalogueService/ListCatalogueItems",
            json!({ "filter": "service_kind = PUBLIC OR service_kind = AUXILIARY", "returnTotal": true }),
            json!({ "totalSize": "0" }),
        ),
        (
            "E19",
            "FigureService/GetFigure",
            get("figures/F28"),
            json!({ "value": "81.4", "baseNote": { "zh": "∋ 未说明" } }),
        ),
        (
            "E19",
            "ProviderService/CheckUscc",
            json!({ "uscc": "91330106673959654P" }),
            json!({ "isValid": true, "registrationClass": "企业", "kinds": ["PROVIDER_KIND_ENTERPRISE"], "regionCode": "330106" }),
        ),
        (
            "E20",
            "FigureService/EvaluateFormula",
            json!({ "derivedFigure": "derivedFigures/D04b" }),
            json!({ "sentence": { "en": "∋ -59.899%" }, "value": { "inputs": ["figures/F30a", "figures/F30b"] } }),
        ),
        (
            "E20",
            "CaseService/GetPracticeCase",
            get("practiceCases/K-chunan"),
            json!({ "region": "regions/330127", "means": "∋ 根据服务提供情况动态调整招标价格", "figures": ["figures/F30a", "figures/F30b"] }),
        ),
        (
            "E21",
            "FigureService/GetFigure",
            get("figures/F19"),
            json!({ "value": "-143", "scope": "AREA_SCOPE_OWN_LEVEL", "baseNote": { "zh": "与哪一年相比未说明" } }),
        ),
        (
            "E21",
            "FigureService/GetFigure",
            get("figures/F20"),
            json!({ "value": "-40", "unit": "FIGURE_UNIT_PERCENT" }),
        ),
        (
            "E22",
            "CaseService/ListPracticeCases",
            json!({ "filter": "themes:ELDERLY_CARE", "orderBy": "region" }),
            json!({ "practiceCases": [
            { "name": "practiceCases/K-longevity" }, { "name": "practiceCases/K-anji", "region": "regions/330523105" }, { "name": "practiceCases/K-wenling", "figures": ["figures/F24a", "figures/F24b"] },
        ] }),
        ),
        (
            "E22",
            "CaseService/ListPracticeCases",
            json!({ "returnTotal": true, "pageSize": 1 }),
            json!({ "totalSize": "13" }),
        ),
        (
            "E22",
            "CaseService/SearchCases",
            json!({ "text": "养老" }),
            json!({ "practiceCases": names(&["practiceCases/K-anji", "practiceCases/K-wenling"]) }),
        ),
        (
            "E23",
            "CaseService/GetPracticeCase",
            get("practiceCases/K-huzhou"),
            json!({ "region": "regions/330500", "means": "∋ 委托给第三方公证机构" }),
        ),
        ("E24", "CaseService/GetPracticeCase", get("practiceCases/K-wenling"), json!({ "means": "∋ 竞争择优方式" })),
    ]
}

async fn each_system_of_the_article_is_answered(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    let mut wrong = Vec::new();
    let mut asked = std::collections::BTreeSet::new();
    for (row, method, request, expected) in rows() {
        asked.insert(row);
        match asker.try_ask(method, &request).await {
            Ok(answer) => {
                wrong.extend(missing(&expected, &answer).iter().map(|line| format!("{row} {method}: {line}")))
            }
            Err(status) => wrong.push(format!("{row} {method}: {:?} {}", status.code(), status.message())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let wanted: Vec<String> = (1..=24).map(|number| format!("E{number}")).collect();
    assert!(wanted.iter().all(|row| asked.contains(row.as_str())), "{asked:?}");
    registers.product.terminate().await;
}

/// Makes an entry; its name.
async fn made(asker: &Asker, method: &str, request: Value) -> String {
    asker.ask(method, &request).await["name"].as_str().expect("a name").to_owned()
}

/// E20, E23 and E24 have no project or contract in the article; what they need can be recorded and is given back.
async fn a_service_whose_price_falls_is_recorded_in_its_own_words(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    let purchaser =
        json!({ "title": "淳安县生态环境局", "region": "regions/330127", "kind": "PURCHASER_KIND_STATE_ORGAN" });
    let purchaser = made(&asker, "PurchaserService/CreatePurchaser", json!({ "purchaser": purchaser })).await;
    let notary = json!({ "title": "某公证处", "kind": "PROVIDER_KIND_SOCIAL_INSTITUTION", "registrationClass": "公证处", "region": "regions/330500" });
    let notary = made(&asker, "ProviderService/CreateProvider", json!({ "provider": notary })).await;
    let mut projects = Vec::new();
    for (year, fen) in [(2016, "995000000"), (2019, "399000000")] {
        let project = json!({
            "title": format!("千岛湖湖面垃圾打捞服务（{year}年）"), "projectNo": format!("CA-{year}"), "year": year,
            "region": "regions/330127", "purchaser": purchaser, "serviceKind": "SERVICE_KIND_PUBLIC",
            "method": "PROCUREMENT_METHOD_OTHER", "methodText": "竞争择优方式",
            "budgetFen": fen, "settlementFen": fen, "state": "PROJECT_STATE_FINISHED",
        });
        projects.push(made(&asker, "ProjectService/CreateProject", json!({ "project": project })).await);
    }
    let series = json!({ "projects": projects, "series": "qiandaohu" });
    asker.ask("ProjectService/LinkProjectSeries", &series).await;
    let found = asker.ask("ProjectService/GetProjectSeries", &json!({ "series": "qiandaohu" })).await;
    let expected = json!({
        "basis": "SERIES_BASIS_SETTLEMENT",
        "whole": { "fromYear": 2016, "toYear": 2019, "deltaFen": "-596000000", "ratio": "399/995", "percent": "-59.90" },
        "entries": [{ "project": { "year": 2016 } }, { "project": { "year": 2019 } }],
    });
    assert_eq!(missing(&expected, &found), [""; 0]);

    let contract = json!({
        "title": "公证服务合同", "project": projects[1], "parts": [{ "provider": notary }], "amountFen": "399000000",
        "method": "PROCUREMENT_METHOD_OTHER", "methodText": "竞争择优方式", "signedDay": "2019-03-01",
    });
    let contract = made(&asker, "ContractService/CreateContract", json!({ "contract": contract })).await;
    let found = asker.ask("ContractService/GetContract", &json!({ "name": contract })).await;
    let expected = json!({
        "method": "PROCUREMENT_METHOD_OTHER", "methodText": "竞争择优方式",
        "providerKind": "PROVIDER_KIND_SOCIAL_INSTITUTION", "amendedFen": "399000000",
    });
    assert_eq!(missing(&expected, &found), [""; 0]);
    let found = asker.ask("ProviderService/GetProvider", &json!({ "name": notary })).await;
    assert_eq!(found["registrationClass"], "公证处");
    registers.product.terminate().await;
}

on_each_backend! {
    each_system_of_the_article_is_answered => super::each_system_of_the_article_is_answered;
    a_service_whose_price_falls_is_recorded_in_its_own_words => super::a_service_whose_price_falls_is_recorded_in_its_own_words;
}
