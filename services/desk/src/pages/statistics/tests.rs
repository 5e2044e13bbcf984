//! The page of made-up statistics.

use proto::intake::v1::{
    ReviewState, StateCount, Verdict,
    intake_statistics::{CategoryCount, DayCount, Group, RuleCount, TopGroups, VerdictCount, Waiting},
};

use super::*;
use crate::{Language, listing::Listing, visit::tests::visit_of};

const ID: &str = "0190a5f0-0000-7000-8000-000000000001";

fn asked() -> Asked {
    let fields = [("campaign", ID), ("from", "2023-02-20"), ("to", "2023-05-10")];
    Asked::read(&Fields(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()))
}

fn on(month: i32, day: i32, manuscript_count: u64) -> DayCount {
    DayCount { day: Some(Day { year: 2023, month, day }), manuscript_count }
}

fn told() -> IntakeStatistics {
    let group = |value: &str, manuscript_count| Group { value: value.into(), manuscript_count };
    let top = |groups: Vec<Group>, rest_count| Some(TopGroups { groups, rest_count });
    IntakeStatistics {
        manuscript_count: 40,
        days: vec![on(2, 25, 7), on(3, 1, 20), on(3, 31, 10), on(5, 10, 3)],
        verdicts: vec![VerdictCount { verdict: Verdict::Late.into(), manuscript_count: 40 }],
        states: vec![
            StateCount { state: ReviewState::Adopted.into(), manuscript_count: 13 },
            StateCount { state: ReviewState::Judged.into(), manuscript_count: 27 },
        ],
        categories: vec![
            CategoryCount { category: 0, display_name: String::new(), manuscript_count: 1 },
            CategoryCount { category: 2, display_name: "心得体会".into(), manuscript_count: 39 },
        ],
        organisations: top(vec![group("=HYPERLINK(\"http://x\")", 20), group("", 12)], 8),
        scheduled: top(vec![], 0),
        published: top(vec![group("杂志", 5)], 0),
        reasons: top(vec![group("<script>alert(1)</script>", 2)], 0),
        failed: vec![RuleCount { rule: "deadline".into(), manuscript_count: 40 }],
        undetermined: vec![],
        first_step: Some(Waiting {
            manuscript_count: 1_234,
            median_seconds: 3_600,
            p90_seconds: 5_580,
            max_seconds: 86_400,
        }),
        decision: Some(Waiting::default()),
    }
}

/// Every link to the list in a page, with the number of its row.
fn links(html: &str) -> Vec<(String, u64)> {
    let row = |row: &str| {
        let href = row.split("href=\"/submissions?").nth(1)?.split('"').next()?.replace("&amp;", "&");
        let number = row.split("<td class=\"number\">").nth(1)?.split('<').next()?;
        Some((href, number.replace(',', "").parse().ok()?))
    };
    html.split("<tr").filter_map(row).collect()
}

#[test]
fn each_number_leads_to_the_list_of_just_these() {
    let visit = visit_of(proto::intake::v1::ReviewRole::Viewer, Language::Zh);
    let html = body(&visit, &asked(), &[], &told()).into_string();
    let within = "received_time >= 2023-02-20 AND received_time <= 2023-05-10";
    let expected = [
        ("received_time >= 2023-02-20 AND received_time <= 2023-02-28".to_owned(), 7),
        ("received_time >= 2023-03-01 AND received_time <= 2023-03-31".to_owned(), 30),
        ("received_time >= 2023-05-01 AND received_time <= 2023-05-10".to_owned(), 3),
        (format!("verdict = LATE AND {within}"), 40),
        (format!("state = JUDGED AND {within}"), 27),
        (format!("state = ADOPTED AND {within}"), 13),
        (format!("category = 0 AND {within}"), 1),
        (format!("category = 2 AND {within}"), 39),
        (format!("organisation = \"=HYPERLINK(\\\"http://x\\\")\" AND {within}"), 20),
        (format!("organisation = \"\" AND {within}"), 12),
        (format!("finding = \"deadline\" AND {within}"), 40),
        (format!("published = \"杂志\" AND {within}"), 5),
        (format!("reason = \"<script>alert(1)</script>\" AND {within}"), 2),
    ];
    let today = "2023-06-01".parse().unwrap();
    let found: Vec<(String, u64)> = links(&html)
        .into_iter()
        .map(|(query, number)| {
            let listing = Listing::of_query(&query);
            assert_eq!(listing.campaign(), format!("campaigns/{ID}"), "{query}");
            (listing.filter("zhang.li", today), number)
        })
        .collect();
    assert_eq!(found, expected);
    // A month without any is shown, and what no list has leads nowhere.
    assert!(html.contains("<th scope=\"row\">2023-04</th>") && html.contains("<th scope=\"row\">其余</th>"), "{html}");
    assert!(!html.contains("<script>alert"), "strangers' words are never HTML");
}

#[test]
fn a_picture_has_a_table_with_the_same_numbers_and_waits_are_told_in_hours() {
    let visit = visit_of(proto::intake::v1::ReviewRole::Viewer, Language::Zh);
    let html = body(&visit, &asked(), &[], &told()).into_string();
    assert_eq!(html.matches("<svg").count(), 8);
    assert_eq!(html.matches("<table").count(), 9);
    assert_eq!(html.matches(".csv?campaign=").count(), 9);
    for told in ["50.0", "1,234", "1.0", "1.6", "24.0"] {
        assert!(html.contains(&format!("<td class=\"number\">{told}</td>")), "{told}");
    }
    let short = IntakeStatistics { days: vec![on(3, 30, 1), on(4, 2, 1)], ..told() };
    let table = &tables(&Asked::default(), &short, Language::En)[0];
    let labels: Vec<&str> = table.rows.iter().map(|row| row.label.as_str()).collect();
    assert_eq!(labels, ["2023-03-30", "2023-03-31", "2023-04-01", "2023-04-02"]);
    assert_eq!(table.rows[0].href, "/submissions?from=2023-03-30&to=2023-03-30");
    let none = body(&visit, &Asked::default(), &[], &IntakeStatistics::default()).into_string();
    assert!(none.contains("所选范围内没有来稿。") && !none.contains("<svg"));
}

#[test]
fn no_words_of_a_mail_become_a_formula_in_a_file() {
    let all = tables(&asked(), &told(), Language::Zh);
    let table = all.iter().find(|table| table.id == "organisations").unwrap();
    let mut bytes = Vec::new();
    for line in table.lines(Language::Zh) {
        csv::write_line(&mut bytes, &line).unwrap();
    }
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(
        text,
        "\"单位\",\"篇数\",\"占比（%）\"\r\n\"'=HYPERLINK(\"\"http://x\"\")\",\"20\",\"50.0\"\r\n\"未注明\",\"12\",\"30.0\"\r\n\"其余\",\"8\",\"20.0\"\r\n"
    );
    assert_eq!(waits(&told(), Language::Zh).lines()[1][1], Cell::Number(1_234));
}
