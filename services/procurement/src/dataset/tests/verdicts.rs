//! The article's ratios and totals recomputed: a line a row of procurement.md 1.3.

use super::*;
use crate::rational::{Rounding, decimal, fraction};

/// claim | verdict | what the English sentence says
const CLAIMS: &str = "\
C01  | CONSISTENT     | F09 (321.70 × 100 million yuan) ÷ F10 (84 × 100 million yuan) ≈ 3.8298 times (interval 3.8070–3.8528 times); the source states F11 (3.83 times), which allows 3.8250–3.8350 times.
C02  | CONSISTENT     | F12 (34463) ÷ F13 (9699) ≈ 3.5533 times; the source states F14 (3.55 times), which allows 3.5450–3.5550 times.
C03a | CONSISTENT     | F16a (2 categories); the source says that F15a (6 categories) exceeds it.
C03b | CONSISTENT     | F16b (16 sections); the source says that F15b (46 sections) exceeds it.
C03c | CONSISTENT     | F16c (65 items); the source says that F15c (170 items) exceeds it.
C04  | CONSISTENT     | F17b (2) + F18c (1) = 3; the source states F18a (3).
C05  | CONSISTENT     | F02 (5); the source states F06 (5).
C06a | CONSISTENT     | F03 (11); the source states F07a (11).
C06b | CONSISTENT     | F04 (16); the source states F07b (16).
C07  | UNDETERMINED   | missing N01 social organisations in the nation.
C07  | UNDETERMINED   | F25 (72729 bodies) ÷ F26 (6.98%) ≈ 1,041,962.75 bodies (interval 1,041,216.89–1,042,709.68 bodies,
C08  | UNDETERMINED   | missing N02 population of Zhejiang.
C08  | UNDETERMINED   | ≈ 58,652,419.35 people (interval 58,416,867.46–58,889,878.55 people,
C09  | UNDETERMINED   | missing N03 social organisations per 10,000 people in the nation.
C10  | AMBIGUOUS_BASE | F23 (69.4%) × F12 (34463) ≈ 23,917.32 things (interval 23,900.09–23,934.56 things, whole numbers 23,901–23,934).
C10  | AMBIGUOUS_BASE | F12 (34463) ÷ F23 (69.4%) ≈ 49,658.50 things (interval 49,622.75–49,694.31 things,";

#[test]
fn each_claim_of_the_article_gets_its_verdict_with_the_arithmetic() {
    let set = article();
    let mut judged = std::collections::BTreeSet::new();
    for line in CLAIMS.lines() {
        let cells: Vec<&str> = line.splitn(3, '|').map(str::trim).collect();
        let found = set.reconcile(set.claim(cells[0]).unwrap()).unwrap();
        assert_eq!(found.verdict.code(), cells[1], "{}", found.english);
        assert!(found.english.contains(cells[2]), "{}", found.english);
        assert!(found.english.contains(&format!("Verdict: {}", cells[1])), "{}", found.english);
        assert!(found.chinese.contains(&format!("结论：{}", found.verdict.chinese())), "{}", found.chinese);
        judged.insert(cells[0]);
    }
    assert_eq!(set.claims.len(), judged.len(), "each claim has its line");
}

#[test]
fn the_chinese_sentence_shows_the_same_arithmetic() {
    let set = article();
    expect_test::expect![[
        "F09（321.70亿元） ÷ F10（84亿元） ≈ 3.8298倍（区间 3.8070–3.8528倍）；文中为 F11（3.83倍），可取 3.8250–3.8350倍。结论：一致。"
    ]]
    .assert_eq(&set.reconcile(set.claim("C01").unwrap()).unwrap().chinese);
}

#[test]
fn the_values_are_exact_rationals() {
    let set = article();
    let value = |id: &str| set.reconcile(set.claim(id).unwrap()).unwrap().computed[0].clone().unwrap();
    let times = value("C01");
    assert_eq!(times.central, Some(fraction(3217, 840)));
    // 321.695 ÷ 84.5 and 321.705 ÷ 83.5.
    assert_eq!(times.interval.low().unwrap().value, fraction(321_695, 84_500));
    assert_eq!(times.interval.high().unwrap().value, fraction(321_705, 83_500));
    let projects = value("C02");
    assert_eq!(projects.interval.as_point(), Some(&fraction(34_463, 9_699)));
    assert_eq!(decimal(&fraction(34_463, 9_699), 5, Rounding::Nearest), "3.55325");
    let implied = &set.reconcile(set.claim("C07").unwrap()).unwrap().denominators[0].implied;
    assert_eq!(implied.central, Some(fraction(7_272_900, 1) / fraction(698, 100)));
    let people = &set.reconcile(set.claim("C08").unwrap()).unwrap().denominators[0].implied;
    assert_eq!(people.central, Some(fraction(727_290_000, 1) / fraction(124, 10)));
}

#[test]
fn an_entered_denominator_settles_a_claim_and_is_told_apart_from_the_implied_one() {
    let national = r#"
[[figure]]
id = "ID"
metric = "entered"
chinese = "录入"
english = "entered"
value = "VALUE"
unit = "UNIT"
basis = "BASIS"
scope = "WHOLE_AREA"
region = "000000"
period = "PERIOD"
quote = "占全国社会组织总数的 6.98%"
"#;
    let with = |id: &str, value: &str, unit: &str, basis: &str, period: &str, claim: &str| {
        // The wanted entry gives its name to the figure that is entered for it.
        let text = ARTICLE.replacen(&format!("[[wanted]]\nid = \"{id}\""), "[[wanted]]\nid = \"X99\"", 1);
        let entry = national.replace("ID", id).replace("VALUE", value).replace("UNIT", unit);
        let entry = entry.replace("BASIS", basis).replace("PERIOD", period);
        let set = Dataset::load("more.toml", &format!("{text}\n{entry}"), &[("article.txt", ARTICLE_TEXT)]).unwrap();
        set.reconcile(set.claim(claim).unwrap()).unwrap()
    };
    let low = with("N01", "894000", "HOUSE", "REGISTRATION", "2020", "C07");
    assert_eq!(low.verdict.code(), "INCONSISTENT");
    assert!(low.english.contains("≈ 8.1352%"), "{}", low.english);
    assert!(low.english.contains("INCONSISTENT, at least 1.1502% apart"), "{}", low.english);
    assert!(low.english.contains("Caveat: different periods: 2020, 2021-04"), "{}", low.english);
    assert!(low.english.contains("Implied denominator"), "{}", low.english);
    let fitting = with("N01", "1042000", "HOUSE", "REGISTRATION", "2021-04", "C07");
    assert_eq!(fitting.verdict.code(), "CONSISTENT");
    for (people, period, verdict, told) in [
        ("64570000", "2020", "INCONSISTENT", "≈ 11.264 per 10,000 people"),
        ("58500000", "2019", "CONSISTENT", "≈ 12.432 per 10,000 people"),
    ] {
        let found = with("N02", people, "PERSON", "POPULATION", period, "C08");
        assert_eq!(found.verdict.code(), verdict, "{}", found.english);
        assert!(found.english.contains(told), "{}", found.english);
    }
}

/// derived value | places | computed | interval
#[test]
fn each_derived_value_is_the_one_of_the_review() {
    let set = article();
    for (id, told) in [
        ("D01a", "= 3 times."),
        ("D01b", "= 2.875 times."),
        ("D01c", "≈ 2.6154 times."),
        ("D02a", "= 4 categories."),
        ("D02b", "= 30 sections."),
        ("D02c", "= 105 items."),
        ("D03", "F05a (2) + F05b (3) + F05c (4) = 9."),
        ("D04a", "≈ 0.40101 times (interval 0.40030–0.40171 times)."),
        ("D04b", "≈ -59.899% (interval [-59.970, -59.829]%)."),
        ("D04c", "≈ -26.258% (interval [-26.301, -26.214]%)."),
        ("D05", "× 30 days a month) − 1 ≈ -77.778% (interval [-81.429, -72.666]%)."),
        ("D06a", "≈ 93.346 × 10,000 yuan/thing (interval 93.345–93.348 × 10,000 yuan/thing)."),
        ("D06b", "≈ 86.607 × 10,000 yuan/thing (interval 86.091–87.123 × 10,000 yuan/thing)."),
        ("D06c", "≈ 7.7819% (interval 7.1424–8.4290%)."),
        ("D07a", "≈ 25.082% (interval 24.958–25.207%)."),
        ("D07b", "≈ 23.530%."),
        ("D08", "∈ (1, 100) times."),
    ] {
        let derived = set.derived.iter().find(|derived| derived.id == id).unwrap();
        let (_, _, english) = derived.tell(&set.figures).unwrap();
        assert!(english.contains(told), "{english}");
    }
    assert_eq!(set.derived.len(), 17);
}

#[test]
fn nothing_computed_stands_in_the_data_file() {
    for word in ["CONSISTENT", "AMBIGUOUS", "UNDETERMINED", "verdict =", "3.8298", "1041963", "23917"] {
        assert!(!ARTICLE.contains(word), "{word}");
    }
}
