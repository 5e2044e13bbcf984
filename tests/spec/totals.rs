//! Made-up registers with the published totals: asked by RPC, and the same on both databases.

use serde_json::{Value, json};
use tests::{Asker, Backend, Registers, asker::missing, registers::run};

fn selection(year: i32) -> Value {
    json!({ "fromYear": year, "region": "regions/330000", "origin": "ORIGIN_SYNTHETIC" })
}

/// One number of the groups with these codes, added up.
fn sum(answer: &Value, codes: &[&str], measure: &str) -> i64 {
    let groups = answer["groups"].as_array().expect("groups").iter();
    let wanted = groups.filter(|group| group["codes"][0].as_str().is_some_and(|code| codes.contains(&code)));
    wanted.map(|group| group["totals"][measure].as_str().unwrap_or("0").parse::<i64>().expect("a number")).sum()
}

/// How many tenths of a percent it rounds to.
fn permille(part: i64, whole: i64) -> i64 {
    (part * 2000 + whole) / (2 * whole)
}

async fn the_totals_are_the_published_ones(backend: Backend) {
    let registers = Registers::start(backend, &[2015, 2021]);
    let asker = registers.asker();
    for (year, projects, fen, public, market) in
        [(2021, 34_463, "3217000000000", Some(694), Some(814)), (2015, 9_699, "840000000000", None, None)]
    {
        let request = json!({ "selection": selection(year), "dimensions": ["ROLLUP_DIMENSION_SERVICE_KIND"] });
        let kinds = asker.ask("StatisticsService/QueryRollup", &request).await;
        let expected = json!({
            "total": { "projectCount": projects.to_string(), "settledProjectCount": projects.to_string(), "settlementFen": fen },
            "includesSynthetic": true,
        });
        assert_eq!(missing(&expected, &kinds), [""; 0], "{year}");
        let request = json!({ "selection": selection(year), "dimensions": ["ROLLUP_DIMENSION_PROVIDER_KIND"] });
        let providers = asker.ask("StatisticsService/QueryRollup", &request).await;
        assert_eq!(providers["total"]["contractCount"], projects.to_string());
        assert_eq!(providers["total"]["paidFen"], fen);
        if let (Some(public), Some(market)) = (public, market) {
            assert_eq!(permille(sum(&kinds, &["PUBLIC"], "projectCount"), projects), public);
            let kinds = ["ENTERPRISE", "SOCIAL_INSTITUTION"];
            assert_eq!(permille(sum(&providers, &kinds, "contractCount"), projects), market);
        }
        // None of it is taken for real.
        let request = json!({ "selection": { "fromYear": year, "region": "regions/330000" } });
        let real = asker.ask("StatisticsService/QueryRollup", &request).await;
        assert_eq!(missing(&json!({ "total": { "projectCount": null }, "includesSynthetic": null }), &real), [""; 0]);
    }
    for (edition, counts) in [("2021", [6, 46, 170]), ("2015", [2, 16, 65])] {
        let name = format!("editions/syn-330000-{edition}");
        let edition = asker.ask("CatalogueService/GetEdition", &json!({ "name": name })).await;
        let [categories, sections, items] = counts;
        let expected = json!({
            "counts": { "categories": categories, "sections": sections, "items": items },
            "provenance": { "isSynthetic": true },
        });
        assert_eq!(missing(&expected, &edition), [""; 0], "{name}");
    }
    let request = json!({ "fromEdition": "editions/syn-330000-2015", "toEdition": "editions/syn-330000-2021" });
    let diff = asker.ask("CatalogueService/DiffEditions", &request).await;
    assert!(diff["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{diff}");

    // figure | verdict: what was published against what was made up to it.
    let mut wrong = Vec::new();
    for (figure, verdict) in [
        ("F09", "MATCH"),
        ("F10", "MATCH"),
        ("F12", "MATCH"),
        ("F13", "MATCH"),
        ("F15a", "MATCH"),
        ("F15b", "MATCH"),
        ("F15c", "MATCH"),
        ("F16a", "MATCH"),
        ("F16b", "MATCH"),
        ("F16c", "MATCH"),
        ("F23", "WITHIN_ROUNDING"),
        ("F28", "WITHIN_ROUNDING"),
    ] {
        let request = json!({ "name": format!("figures/{figure}"), "origin": "ORIGIN_SYNTHETIC" });
        let answer = asker.ask("FigureService/ReconcileFigure", &request).await;
        let expected = json!({ "verdict": format!("RECORDS_VERDICT_{verdict}"), "includesSynthetic": true });
        let sentence = answer["sentence"]["en"].as_str().unwrap_or_default().to_owned();
        wrong.extend(missing(&expected, &answer).into_iter().map(|line| format!("{figure}{line}: {sentence}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let verified = asker.ask("StatisticsService/VerifyRollups", &json!({})).await;
    assert!(verified.get("faults").is_none(), "{verified}");
    registers.product.terminate().await;
}

async fn a_second_load_changes_nothing(backend: Backend) {
    let registers = Registers::start(backend, &[2015]);
    let before = everything(&registers.asker()).await;
    for command in [&["import", "seed"][..], &["generate", "--year", "2015"]] {
        let said = run(&registers.settings, command);
        assert!(said.contains("\n0 entries changed"), "{said}");
    }
    assert_eq!(everything(&registers.asker()).await, before);
    let refused = registers.settings.run(&["generate", "--year", "2020"]);
    let complained = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2));
    assert!(complained.contains("--region 330000 --year 2015 and --region 330000 --year 2021"), "{complained}");
    registers.product.terminate().await;
}

/// What the registers hold, page by page, and what is made of it; without instants and sealed tokens.
async fn everything(asker: &Asker) -> Vec<(String, Value)> {
    let mut answers = Vec::new();
    for (method, field) in [
        ("FigureService/ListSourceDocuments", "sourceDocuments"),
        ("FigureService/ListFigures", "figures"),
        ("FigureService/ListWantedFigures", "wantedFigures"),
        ("FigureService/ListDerivedFigures", "derivedFigures"),
        ("FigureService/ListClaims", "claims"),
        ("FigureService/ReconcileClaims", "reconciliations"),
        ("PolicyService/ListPolicyDocuments", "policyDocuments"),
        ("PolicyService/ListPolicyFrameworks", "policyFrameworks"),
        ("PolicyService/ListMechanisms", "mechanisms"),
        ("PolicyService/ListFunctionLists", "functionLists"),
        ("PolicyService/ListConsultationReviews", "consultationReviews"),
        ("PolicyService/ListOutreachEvents", "outreachEvents"),
        ("PilotService/ListPilots", "pilots"),
        ("PilotService/ListPilotMembers", "pilotMembers"),
        ("PilotService/ListDesignations", "designations"),
        ("PilotService/ListMilestones", "milestones"),
        ("EvaluationService/ListEvaluations", "evaluations"),
        ("EvaluationService/ListResultApplications", "resultApplications"),
        ("CaseService/ListPracticeCases", "practiceCases"),
        ("CatalogueService/ListCatalogues", "catalogues"),
        ("CatalogueService/ListEditions", "editions"),
        ("CatalogueService/ListCatalogueItems", "catalogueItems"),
        ("PurchaserService/ListPurchasers", "purchasers"),
        ("ProviderService/ListProviders", "providers"),
        ("ProjectService/ListProjects", "projects"),
        ("ContractService/ListContracts", "contracts"),
    ] {
        for mut entry in asker.all(method, field).await {
            if let Value::Object(fields) = &mut entry {
                fields.remove("createTime");
                fields.remove("updateTime");
            }
            answers.push((method.to_owned(), entry));
        }
    }
    for (method, request) in questions() {
        let mut answer = asker.ask(method, &request).await;
        answer["nextPageToken"].take();
        strip_instants(&mut answer);
        answers.push((format!("{method} {request}"), answer));
    }
    answers
}

fn strip_instants(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("createTime");
            fields.remove("updateTime");
            fields.values_mut().for_each(strip_instants);
        }
        Value::Array(values) => values.iter_mut().for_each(strip_instants),
        _ => {}
    }
}

/// Questions whose answers hang on how a database compares, orders, searches and adds up.
fn questions() -> Vec<(&'static str, Value)> {
    let rollup = |dimensions: &[&str]| {
        let dimensions: Vec<String> = dimensions.iter().map(|name| format!("ROLLUP_DIMENSION_{name}")).collect();
        json!({ "selection": selection(2015), "dimensions": dimensions })
    };
    let list =
        |filter: &str, order: &str| json!({ "filter": filter, "orderBy": order, "pageSize": 40, "returnTotal": true });
    let mut questions = vec![
        ("StatisticsService/QueryRollup", rollup(&[])),
        ("StatisticsService/QueryRollup", rollup(&["REGION"])),
        ("StatisticsService/QueryRollup", rollup(&["CLASS", "SERVICE_KIND"])),
        ("StatisticsService/QueryRollup", rollup(&["LEVEL", "METHOD"])),
        ("StatisticsService/QueryRollup", rollup(&["PROVIDER_KIND"])),
        ("ProjectService/ListProjects", list("search(\"民政\")", "title desc")),
        (
            "ProjectService/ListProjects",
            list("under(region, \"regions/330100\") AND settlement_fen > 100000000", "region, title"),
        ),
        ("ProjectService/ListProjects", list("NOT service_kind = PUBLIC", "project_no desc")),
        ("ContractService/ListContracts", list("signed_day >= \"2015-06-01\"", "signed_day desc, project")),
        ("ProviderService/ListProviders", list("search(\"事务所\")", "title")),
        ("CatalogueService/ListCatalogueItems", list("search(\"养老\")", "title")),
        ("CaseService/ListPracticeCases", list("search(\"养老\")", "region desc")),
        ("FigureService/ListFigures", list("under(region, \"regions/330300\")", "metric desc")),
    ];
    for figure in ["F09", "F10", "F13", "F16c", "F23"] {
        let request = json!({ "name": format!("figures/{figure}"), "origin": "ORIGIN_SYNTHETIC" });
        questions.push(("FigureService/ReconcileFigure", request));
    }
    questions
}

#[tokio::test]
async fn both_databases_give_the_same_answers() {
    let (sqlite, postgres) = (Registers::start(Backend::Sqlite, &[2015]), Registers::start(Backend::Postgres, &[2015]));
    let (ours, theirs) = (everything(&sqlite.asker()).await, everything(&postgres.asker()).await);
    assert!(ours.len() > 20_000, "{} answers", ours.len());
    assert_eq!(ours.len(), theirs.len());
    for ((question, on_sqlite), (asked, on_postgres)) in ours.iter().zip(&theirs) {
        assert_eq!((question, on_sqlite), (asked, on_postgres));
    }
    sqlite.product.terminate().await;
    postgres.product.terminate().await;
}

on_each_backend! {
    the_totals_are_the_published_ones => super::the_totals_are_the_published_ones;
    a_second_load_changes_nothing => super::a_second_load_changes_nothing;
}
