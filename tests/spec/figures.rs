//! Every figure that the article publishes, asked by RPC and answered; and what the service makes of the article's own
//! arithmetic.

use serde_json::json;
use tests::{Backend, Registers, asker::missing};

/// id | value as written | unit | qualifier | period | region | basis | scope
const FIGURES: &str = "\
F01  | 800    | DOCUMENT         | MORE_THAN | 2015..       | 330000    | COUNT          | WHOLE_AREA
F02  | 5      | THING            | EXACT     | 2016         | 330000    | COUNT          | WHOLE_AREA
F03  | 11     | THING            | EXACT     | 2016         | 330000    | COUNT          | OWN_LEVEL
F04  | 16     | THING            | EXACT     | 2016         | 330000    | COUNT          | OWN_LEVEL
F05a | 2      | THING            | EXACT     | 2019         | 330000    | COUNT          | WHOLE_AREA
F05b | 3      | THING            | EXACT     | 2019         | 330000    | COUNT          | WHOLE_AREA
F05c | 4      | THING            | EXACT     | 2019         | 330000    | COUNT          | OWN_LEVEL
F06  | 5      | THING            | EXACT     | 2017         | 330000    | COUNT          | WHOLE_AREA
F07a | 11     | THING            | EXACT     | 2018         | 330000    | COUNT          | OWN_LEVEL
F07b | 16     | THING            | EXACT     | 2018         | 330000    | COUNT          | OWN_LEVEL
F08  | 10     | THING            | EXACT     | 2019         | 000000    | COUNT          | WHOLE_AREA
F09  | 321.70 | YI_YUAN          | EXACT     | 2021         | 330000    | SETTLEMENT     | WHOLE_AREA
F10  | 84     | YI_YUAN          | EXACT     | 2015         | 330000    | SETTLEMENT     | WHOLE_AREA
F11  | 3.83   | TIMES            | EXACT     | 2015..2021   | 330000    | DERIVED        | WHOLE_AREA
F12  | 34463  | THING            | EXACT     | 2021         | 330000    | IMPLEMENTATION | WHOLE_AREA
F13  | 9699   | THING            | EXACT     | 2015         | 330000    | IMPLEMENTATION | WHOLE_AREA
F14  | 3.55   | TIMES            | EXACT     | 2015..2021   | 330000    | DERIVED        | WHOLE_AREA
F15a | 6      | CATEGORY         | EXACT     | 2021         | 330000    | COUNT          | WHOLE_AREA
F15b | 46     | SECTION          | EXACT     | 2021         | 330000    | COUNT          | WHOLE_AREA
F15c | 170    | ITEM             | EXACT     | 2021         | 330000    | COUNT          | WHOLE_AREA
F16a | 2      | CATEGORY         | EXACT     | 2015         | 330000    | COUNT          | WHOLE_AREA
F16b | 16     | SECTION          | EXACT     | 2015         | 330000    | COUNT          | WHOLE_AREA
F16c | 65     | ITEM             | EXACT     | 2015         | 330000    | COUNT          | WHOLE_AREA
F17a | 12     | THING            | EXACT     | 2018         | 000000    | COUNT          | WHOLE_AREA
F17b | 2      | THING            | EXACT     | 2018         | 330000    | COUNT          | WHOLE_AREA
F18a | 3      | THING            | EXACT     | 2021         | 330000    | COUNT          | WHOLE_AREA
F18b | 1      | RANK             | EXACT     | 2021         | 330000    | COUNT          | WHOLE_AREA
F18c | 1      | THING            | EXACT     | 2021         | 330383    | COUNT          | WHOLE_AREA
F19  | -143   | HOUSE            | EXACT     | ..2021-12-31 | 330000    | COUNT          | OWN_LEVEL
F20  | -40    | PERCENT          | EXACT     | ..2021-12-31 | 330000    | COUNT          | OWN_LEVEL
F21a | 52     | ITEM             | EXACT     | unstated     | 330300    | COUNT          | WHOLE_AREA
F21b | 170    | ITEM             | EXACT     | unstated     | 330300    | COUNT          | WHOLE_AREA
F22a | 34     | HOUSE            | EXACT     | unstated     | 330300    | COUNT          | OWN_LEVEL
F22b | 167    | ITEM             | EXACT     | unstated     | 330300    | COUNT          | OWN_LEVEL
F23  | 69.4   | PERCENT          | EXACT     | 2021         | 330000    | UNSTATED       | WHOLE_AREA
F24a | 3100   | PERSON           | MORE_THAN | unstated     | 331081    | COUNT          | WHOLE_AREA
F24b | 98.9   | PERCENT          | EXACT     | unstated     | 331081    | UNSTATED       | WHOLE_AREA
F25  | 72729  | HOUSE            | EXACT     | 2021-04      | 330000    | REGISTRATION   | WHOLE_AREA
F26  | 6.98   | PERCENT          | EXACT     | 2021-04      | 330000    | REGISTRATION   | WHOLE_AREA
F27  | 12.4   | PER_TEN_THOUSAND | ABOUT     | 2021-04      | 330000    | REGISTRATION   | WHOLE_AREA
F28  | 81.4   | PERCENT          | EXACT     | 2021         | 330000    | UNSTATED       | WHOLE_AREA
F29a | 3      | MONTH            | AVERAGE   | unstated     | 330800    | UNSTATED       | WHOLE_AREA
F29b | 20     | DAY              | AVERAGE   | unstated     | 330800    | UNSTATED       | WHOLE_AREA
F30a | 995    | WAN_YUAN         | EXACT     | 2016         | 330127    | EXPENDITURE    | WHOLE_AREA
F30b | 399    | WAN_YUAN         | EXACT     | 2019         | 330127    | EXPENDITURE    | WHOLE_AREA
F31a | 100    | WAN_YUAN         | ORDER_OF  | unstated     | 330523105 | BUDGET         | WHOLE_AREA
F31b | 1000   | WAN_YUAN         | ORDER_OF  | unstated     | 330523105 | UNSTATED       | WHOLE_AREA";

async fn each_published_figure_is_answered(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    let mut wrong = Vec::new();
    for line in FIGURES.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [id, value, unit, qualifier, period, region, basis, scope] = cells[..] else { panic!("{line}") };
        let expected = json!({
            "name": format!("figures/{id}"),
            "value": value,
            "unit": format!("FIGURE_UNIT_{unit}"),
            "qualifier": format!("FIGURE_QUALIFIER_{qualifier}"),
            "period": period,
            "region": format!("regions/{region}"),
            "basis": format!("FIGURE_BASIS_{basis}"),
            "scope": format!("AREA_SCOPE_{scope}"),
            "sourceDocument": "sourceDocuments/zj-2022",
            "provenance": { "source": "zj-2022", "isSynthetic": null },
        });
        let figure = asker.ask("FigureService/GetFigure", &json!({ "name": format!("figures/{id}") })).await;
        wrong.extend(missing(&expected, &figure).into_iter().map(|line| format!("{id}{line}")));
        // Digits are quoted; ranks, orders of size and places counted by name are written in words.
        let quote = figure["quote"].as_str().unwrap_or_default();
        let in_words = ["F17b", "F18b", "F18c", "F31a", "F31b"].contains(&id);
        if !in_words && !quote.contains(value.trim_start_matches('-')) {
            wrong.push(format!("{id}: the quote does not hold {value}: {quote}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let listed = asker.all("FigureService/ListFigures", "figures").await;
    assert_eq!(listed.len(), FIGURES.lines().count(), "each figure has its line");
    // The quotes stand verbatim in the text that the service holds.
    let source = asker.ask("FigureService/GetSourceDocument", &json!({ "name": "sourceDocuments/zj-2022" })).await;
    let text: Vec<char> = source["text"].as_str().expect("the article").chars().collect();
    for figure in &listed {
        let place = |end: &str| figure["span"][end].as_str().unwrap_or("0").parse::<usize>().expect("a number");
        let found: String = text[place("begin")..place("end")].iter().collect();
        assert_eq!(found, figure["quote"].as_str().expect("a quote"), "{}", figure["name"]);
    }
    registers.product.terminate().await;
}

/// claim | verdict | what the English sentence holds
const CLAIMS: &str = "\
C01  | CONSISTENT     | ≈ 3.8298 times (interval 3.8070–3.8528 times); the source states F11 (3.83 times)
C02  | CONSISTENT     | ≈ 3.5533 times; the source states F14 (3.55 times)
C03a | CONSISTENT     | F16a (2 categories); the source says that F15a (6 categories) exceeds it
C03b | CONSISTENT     | F16b (16 sections); the source says that F15b (46 sections) exceeds it
C03c | CONSISTENT     | F16c (65 items); the source says that F15c (170 items) exceeds it
C04  | CONSISTENT     | F17b (2) + F18c (1) = 3; the source states F18a (3)
C05  | CONSISTENT     | F02 (5); the source states F06 (5)
C06a | CONSISTENT     | F03 (11); the source states F07a (11)
C06b | CONSISTENT     | F04 (16); the source states F07b (16)
C07  | UNDETERMINED   | ≈ 1,041,962.75 bodies (interval 1,041,216.89–1,042,709.68 bodies
C08  | UNDETERMINED   | ≈ 58,652,419.35 people (interval 58,416,867.46–58,889,878.55 people
C09  | UNDETERMINED   | missing N03 social organisations per 10,000 people in the nation
C10  | AMBIGUOUS_BASE | whole numbers 23,901–23,934";

/// derived value | what the English sentence holds
const DERIVED: &str = "\
D01a | = 3 times
D01b | = 2.875 times
D01c | ≈ 2.6154 times
D02a | = 4 categories
D02b | = 30 sections
D02c | = 105 items
D03  | = 9
D04a | ≈ 0.40101 times
D04b | ≈ -59.899%
D04c | ≈ -26.258%
D05  | ≈ -77.778%
D06a | ≈ 93.346 × 10,000 yuan/thing
D06b | ≈ 86.607 × 10,000 yuan/thing
D06c | ≈ 7.7819%
D07a | ≈ 25.082%
D07b | ≈ 23.530%
D08  | ∈ (1, 100) times";

async fn each_claim_of_the_article_is_recomputed(backend: Backend) {
    let registers = Registers::start(backend, &[]);
    let asker = registers.asker();
    let mut wrong = Vec::new();
    for line in CLAIMS.lines() {
        let cells: Vec<&str> = line.splitn(3, '|').map(str::trim).collect();
        let expected = json!({
            "claim": format!("claims/{}", cells[0]),
            "verdict": format!("CLAIM_VERDICT_{}", cells[1]),
            "sentence": { "en": format!("∋ {}", cells[2]), "zh": "∋ 结论：" },
        });
        let request = json!({ "name": format!("claims/{}", cells[0]) });
        let answer = asker.ask("FigureService/ReconcileClaim", &request).await;
        wrong.extend(missing(&expected, &answer).into_iter().map(|line| format!("{}{line}", cells[0])));
    }
    for line in DERIVED.lines() {
        let (id, told) = line.split_once('|').expect("two cells");
        let request = json!({ "derivedFigure": format!("derivedFigures/{}", id.trim()) });
        let answer = asker.ask("FigureService/EvaluateFormula", &request).await;
        let expected = json!({ "sentence": { "en": format!("∋ {}", told.trim()) } });
        wrong.extend(missing(&expected, &answer).into_iter().map(|line| format!("{id}{line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let listed = asker.all("FigureService/ListClaims", "claims").await.len();
    assert_eq!(listed, CLAIMS.lines().count(), "each claim has its line");
    let listed = asker.all("FigureService/ListDerivedFigures", "derivedFigures").await.len();
    assert_eq!(listed, DERIVED.lines().count(), "each derived value has its line");
    registers.product.terminate().await;
}

on_each_backend! {
    each_published_figure_is_answered => super::each_published_figure_is_answered;
    each_claim_of_the_article_is_recomputed => super::each_claim_of_the_article_is_recomputed;
}
