use std::sync::LazyLock;

use proptest::prelude::*;
use store::register::Condition::{All, Any, Between, Compare, Has, HasBetween, Holds, IsSet, Not, Search, StartsWith};
use tonic_types::StatusExt;

use super::*;

/// Fields of every meaning. The message is one that has an enum; only codes and presence are looked up in it.
static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let purchasers = Meaning::Reference { collection: "purchasers", table: "purchaser" };
    [
        ("title", Meaning::Text, false, true),
        ("kind", Meaning::Code, false, false),
        ("region", Meaning::Region, false, true),
        ("year", Meaning::Integer, false, true),
        ("is_multi_year", Meaning::Flag, false, false),
        ("sign_day", Meaning::Text, false, true),
        ("issue_date", Meaning::Text, false, false),
        ("purchaser", purchasers, false, false),
        ("regions", Meaning::Region, true, false),
        ("tags", Meaning::Text, true, false),
        ("parts.purchaser", purchasers, true, false),
    ]
    .map(|(path, meaning, is_repeated, is_ordered)| Field { path, column: path, meaning, is_repeated, is_ordered })
    .to_vec()
});

fn vocabulary_of<T>(is_searchable: bool, then: impl FnOnce(&Vocabulary<'_>) -> T) -> T {
    let message = proto::POOL.get_message_by_name("caibian.procurement.v1.Purchaser").unwrap();
    then(&Vocabulary {
        collection: "purchasers",
        fields: &FIELDS,
        message: &message,
        regions: RegisterOfRegions::shipped(),
        is_searchable,
    })
}

fn reading(text: &str) -> Result<Option<Condition>, Misread> {
    vocabulary_of(true, |vocabulary| understood(text, vocabulary))
}

fn is(column: &'static str, value: &str) -> Condition {
    Compare(column, Comparison::Equal, Value::Text(value.into()))
}

fn is_not(column: &'static str, value: &str) -> Condition {
    Compare(column, Comparison::Unequal, Value::Text(value.into()))
}

fn count(column: &'static str, comparison: Comparison, value: i64) -> Condition {
    Compare(column, comparison, Value::Integer(value))
}

fn between(column: &'static str, from: &str, to: &str) -> Condition {
    Between(column, from.into(), to.into())
}

fn words(text: &str, tokens: &[&str]) -> Condition {
    Search { tokens: tokens.iter().map(ToString::to_string).collect(), text: text.into() }
}

#[test]
fn filters_that_are_understood() {
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less, Unequal};
    // 2023-03-01T00:00:00+08:00 in microseconds, and a day.
    let (first, day) = (1_677_600_000_000_000, 86_400_000_000);
    let (a, b, c) = (is("title", "a"), is("title", "b"), is("title", "c"));
    let not = |condition: &Condition| Not(Box::new(condition.clone()));
    let table = [
        ("title = a", a.clone()),
        ("title=a", a.clone()),
        ("title = \"养老 服务\"", is("title", "养老 服务")),
        ("title = '\"'", is("title", "\"")),
        ("title = \"\\\"\\\\\\*\"", is("title", "\"\\*")),
        ("title = \"\"", is("title", "")),
        ("title:a", a.clone()),
        ("title != a", is_not("title", "a")),
        ("title:*", is_not("title", "")),
        ("title = \"*\"", is_not("title", "")),
        ("title = 养老*", StartsWith("title", "养老".into())),
        ("title = \"*养老*\"", Holds("title", "养老".into())),
        ("title != \"养老*\"", not(&StartsWith("title", "养老".into()))),
        ("title = \\*", is("title", "*")),
        // AND, OR, NOT, parentheses.
        ("title=a AND title=b", All(vec![a.clone(), b.clone()])),
        ("title=a title=b", All(vec![a.clone(), b.clone()])),
        ("title=a OR title=b", Any(vec![a.clone(), b.clone()])),
        ("title=a AND title=b OR title=c", All(vec![a.clone(), Any(vec![b.clone(), c.clone()])])),
        ("title=a OR title=b AND title=c", All(vec![Any(vec![a.clone(), b.clone()]), c.clone()])),
        ("(title=a AND title=b) OR title=c", Any(vec![All(vec![a.clone(), b.clone()]), c.clone()])),
        ("NOT title=a", not(&a)),
        ("-title=a", not(&a)),
        ("NOT(title=a OR title=b)", not(&Any(vec![a.clone(), b.clone()]))),
        ("title=a AND -( title=b )", All(vec![a.clone(), not(&b)])),
        (" \t( title = a )\n", a.clone()),
        ("title = \"AND OR NOT\"", is("title", "AND OR NOT")),
        // Codes.
        ("kind = STATE_ORGAN", is("kind", "STATE_ORGAN")),
        ("kind = \"state_organ\"", is("kind", "STATE_ORGAN")),
        ("kind:PURCHASER_KIND_STATE_ORGAN", is("kind", "STATE_ORGAN")),
        ("kind = \"\"", is("kind", "")),
        ("kind:*", is_not("kind", "")),
        // Names.
        ("purchaser = purchasers/a", is("purchaser", "a")),
        ("purchaser = purchasers/a*", StartsWith("purchaser", "a".into())),
        ("purchaser != \"\"", is_not("purchaser", "")),
        ("name = \"purchasers/a\"", is("id", "a")),
        ("name != purchasers/a", is_not("id", "a")),
        ("region = regions/330000", is("region", "330000")),
        ("region:\"*\"", is_not("region", "")),
        // Numbers and flags.
        ("year = 2021", count("year", Equal, 2021)),
        ("year:2021", count("year", Equal, 2021)),
        ("year != \"2021\"", count("year", Unequal, 2021)),
        ("year >= -5", count("year", AtLeast, -5)),
        ("year<=5", count("year", AtMost, 5)),
        ("year < 9223372036854775807", count("year", Less, i64::MAX)),
        ("year > 5", count("year", Greater, 5)),
        ("year:*", count("year", Unequal, 0)),
        ("is_multi_year = true", Compare("is_multi_year", Equal, Value::Flag(true))),
        ("is_multi_year != FALSE", Compare("is_multi_year", Unequal, Value::Flag(false))),
        ("is_multi_year:*", Compare("is_multi_year", Equal, Value::Flag(true))),
        ("provenance.is_synthetic = true", Compare("is_synthetic", Equal, Value::Flag(true))),
        // Days and instants.
        ("sign_day >= 2021-01-05", Compare("sign_day", AtLeast, Value::Text("2021-01-05".into()))),
        (
            "sign_day < 2021-01-05",
            All(vec![Compare("sign_day", Less, Value::Text("2021-01-05".into())), is_not("sign_day", "")]),
        ),
        ("issue_date > 2014", Compare("issue_date", Greater, Value::Text("2014".into()))),
        ("issue_date = 2014-06", is("issue_date", "2014-06")),
        ("sign_day = 2021*", StartsWith("sign_day", "2021".into())),
        ("create_time >= \"2023-03-01T00:00:00+08:00\"", count("created_at", AtLeast, first)),
        ("create_time < 2023-02-28T16:00:00Z", count("created_at", Less, first)),
        ("update_time > 2023-03-01", count("updated_at", AtLeast, first + day)),
        ("update_time <= 2023-02-28T16:00:00Z", count("updated_at", Less, first + 1)),
        (
            "create_time = 2023-03-01",
            All(vec![count("created_at", AtLeast, first), count("created_at", Less, first + day)]),
        ),
        (
            "create_time != 2023-03-01",
            Any(vec![count("created_at", Less, first), count("created_at", AtLeast, first + day)]),
        ),
        ("delete_time:*", IsSet("deleted_at")),
        ("delete_time != *", not(&IsSet("deleted_at"))),
        // Repeated fields.
        ("tags:养老", Has("tags", "养老".into())),
        ("tags:养老*", HasBetween("tags", "养老".into(), "养老\u{10ffff}".into())),
        ("tags:*", HasBetween("tags", String::new(), "\u{10ffff}".into())),
        ("parts.purchaser:purchasers/a", Has("parts.purchaser", "a".into())),
        ("NOT regions:regions/330100", not(&Has("regions", "330100".into()))),
        // Functions.
        ("search(\"养老\")", words("养老", &["养老"])),
        ("search(居家养老)", words("居家养老", &["居家", "家养", "养老"])),
        ("search( \"AI  养老\" )", All(vec![words("ai", &["ai"]), words("养老", &["养老"])])),
        ("NOT search(\"养老\")", not(&words("养老", &["养老"]))),
        ("under(region, \"regions/330000\")", between("region", "33", "33:")),
        ("under(region,regions/330100)", between("region", "3301", "3301:")),
        ("under(region, \"regions/330127\")", between("region", "330127", "330127:")),
        ("under(region, \"regions/000000\")", All(vec![])),
        ("under(regions, \"regions/330000\")", HasBetween("regions", "33".into(), "33:".into())),
    ];
    for (text, expected) in table {
        assert_eq!(reading(text), Ok(Some(expected)), "{text}");
    }
    for blank in ["", "  ", "\n"] {
        assert_eq!(reading(blank), Ok(None));
    }
}

#[test]
fn filters_that_are_not_understood_say_where_and_what_could_stand_there() {
    let fields = "title, kind, region, year, is_multi_year, sign_day, issue_date, purchaser, regions, tags, \
                  parts.purchaser, create_time, update_time, delete_time, name, provenance.is_synthetic";
    let kinds = "STATE_ORGAN";
    let operators = "!=, <=, >=, =, <, >, :";
    let table = [
        ("titel = a", 0, "there is no field \"titel\"", fields),
        ("title = a AND 名称 = a", 14, "there is no field \"名称\"", fields),
        ("id = a", 0, "there is no field", fields),
        ("search_text = a", 0, "there is no field", fields),
        ("title", 5, "an operator is needed; to search in the text, write search(\"title\")", operators),
        ("title = a and title = b", 14, "an operator is needed (AND, OR and NOT are written in capitals", operators),
        ("title = a AND", 13, "a field or a function", ""),
        ("AND title = a", 4, "an operator is needed (AND", operators),
        ("title = a OR", 12, "a field or a function", ""),
        ("NOT", 3, "a field or a function", ""),
        ("title =", 7, "a value is needed", ""),
        ("title = = a", 8, "a value is needed", ""),
        ("title = \"a", 8, "this quotation mark is not closed", ""),
        ("title = \"\\n\"", 10, "\\ stands before", ""),
        ("title = a*b", 9, "* stands at the beginning", ""),
        ("title = \"*a\"", 8, "a text is looked for by its beginning", ""),
        ("title < a", 6, "title does not take <", "=, !=, :"),
        ("(title = a", 0, "this parenthesis is not closed", ""),
        ("title = a)", 9, "this parenthesis closes nothing", ""),
        ("()", 1, "a field or a function", ""),
        ("title = a, title = b", 9, "a field or a function", ""),
        ("title = \"\u{0}\"", 9, "a control character", ""),
        ("kind = PUBLIC", 7, "\"PUBLIC\" is none of its values", kinds),
        ("kind = UNSPECIFIED", 7, "\"UNSPECIFIED\" is none", kinds),
        ("kind = STATE*", 7, "a wildcard cannot stand here", ""),
        ("kind > STATE_ORGAN", 5, "kind does not take >", "=, !=, :"),
        ("purchaser = a", 12, "a name of the form purchasers/{id}", ""),
        ("purchaser = providers/a", 12, "a name of the form purchasers/{id}", ""),
        ("name = a", 7, "a name of the form purchasers/{id}", ""),
        ("region = 330000", 9, "no region of any time", ""),
        ("region = regions/339999", 9, "no region of any time", ""),
        ("region = regions/33*", 9, "a wildcard cannot stand here", ""),
        ("year = 2021.5", 7, "a whole number", ""),
        ("year = 9223372036854775808", 7, "a whole number", ""),
        ("year > *", 7, "a whole number", ""),
        ("is_multi_year = yes", 16, "true or false", "true, false"),
        ("sign_day >= 2021-1-5", 12, "a day such as", ""),
        ("sign_day > 2021", 11, "a day such as", ""),
        ("issue_date > 2014-13", 13, "a day such as", ""),
        ("sign_day = yesterday", 11, "a day such as", ""),
        ("create_time >= 2023-02-29", 15, "a time such as", ""),
        ("create_time > *", 14, "a time such as", ""),
        ("tags = a", 5, "tags does not take =", ":"),
        ("tags:*a", 5, "of a repeated field", ""),
        ("tags:\"\"", 5, "an element is never empty", ""),
        ("search(\"老\")", 7, "a search needs two Chinese characters", ""),
        ("search(\"养老 老\")", 7, "a search needs two Chinese characters", ""),
        ("search(\"、\")", 7, "a search needs two Chinese characters", ""),
        ("search(\" \")", 7, "a search needs a text", ""),
        ("search(养老*)", 7, "a search needs no wildcard", ""),
        ("search(\"a b c d e f g h i\")", 7, "a search has at most 8 words", ""),
        ("search()", 0, "search takes one text", ""),
        ("search(\"养老\"", 6, "this parenthesis is not closed", ""),
        ("search(\"养老\" \"托育\")", 12, "a comma or )", ""),
        ("under(region)", 0, "under takes a field and a region", ""),
        ("under(title, \"regions/330000\")", 6, "\"title\" is no field of regions", "region, regions"),
        ("under(region, \"330000\")", 14, "no region of any time", ""),
        ("in_category(x)", 0, "there is no function \"in_category\"", "search, under"),
        ("f(a, a, a, a, a)", 14, "that is one argument too many", ""),
    ];
    for (text, at, en, choices) in table {
        let misread = reading(text).expect_err(text);
        assert_eq!(misread.at, at, "{text}: {misread:?}");
        assert!(misread.en.starts_with(en), "{text}: {misread:?}");
        if choices == kinds {
            assert!(misread.choices.iter().any(|choice| choice == kinds), "{text}: {misread:?}");
        } else {
            assert_eq!(misread.choices.join(", "), choices, "{text}");
        }
    }
}

#[test]
fn a_kind_without_searched_texts_knows_no_search() {
    let misread = vocabulary_of(false, |vocabulary| understood("search(\"养老\")", vocabulary)).unwrap_err();
    assert_eq!((misread.at, misread.choices), (0, vec!["under".to_owned()]));
}

#[test]
fn the_refusal_names_the_character_and_every_field_there_is_in_both_languages() {
    let status = vocabulary_of(true, |vocabulary| read("title = a AND titel = b", vocabulary)).unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    assert!(status.message().starts_with("filter: at character 15: there is no field \"titel\""), "{status:?}");
    let details = status.get_error_details();
    let metadata = &details.error_info().unwrap().metadata;
    assert_eq!(metadata["character"], "15");
    assert!(metadata["expected"].ends_with("delete_time, name, provenance.is_synthetic"), "{metadata:?}");
    let localized = &details.localized_message().unwrap().message;
    assert!(localized.starts_with("filter:第 15 个字符处:没有可筛选的字段“titel”"), "{localized}");
    assert_eq!(details.bad_request().unwrap().field_violations[0].field, "filter");
}

#[test]
fn the_bounds_are_2_000_characters_50_comparisons_and_16_parentheses() {
    let of = |comparisons: usize| vec!["year = 1"; comparisons].join(" AND ");
    assert!(reading(&of(50)).is_ok());
    assert!(reading(&of(51)).unwrap_err().en.contains("at most 50 comparisons"));
    let long = |characters: usize| format!("title = {}", "绩".repeat(characters - "title = ".len()));
    assert!(reading(&long(2_000)).is_ok());
    assert_eq!(reading(&long(2_001)).unwrap_err().at, 2_000);
    let deep = |depth: usize| format!("{}year = 1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(reading(&deep(16)).is_ok());
    assert_eq!(reading(&deep(17)).unwrap_err().at, 16);
}

#[test]
fn orders_that_are_understood_and_those_that_are_not() {
    use Direction::{Ascending, Descending};
    for (text, expected) in [
        ("", vec![]),
        (" ", vec![]),
        ("title", vec![("title", Ascending)]),
        ("title asc", vec![("title", Ascending)]),
        (
            " year desc , title,create_time desc",
            vec![("year", Descending), ("title", Ascending), ("created_at", Descending)],
        ),
        ("name desc", vec![("id", Descending)]),
    ] {
        assert_eq!(ordered(text, &FIELDS), Ok(expected), "{text}");
    }
    for (text, at, en) in [
        ("kind", 0, "there is no order by \"kind\""),
        ("id", 0, "there is no order by"),
        ("title, ", 7, "there is no order by \"\""),
        (",", 0, "there is no order by \"\""),
        ("year DESC", 0, "a field is followed by"),
        ("year desc nulls", 0, "a field is followed by"),
        ("year, title, year desc", 13, "this field is named twice"),
    ] {
        let misread = ordered(text, &FIELDS).expect_err(text);
        assert_eq!(misread.at, at, "{text}: {misread:?}");
        assert!(misread.en.starts_with(en), "{text}: {misread:?}");
    }
    let choices = ordered("kind", &FIELDS).unwrap_err().choices.join(", ");
    assert_eq!(choices, "title, region, year, sign_day, create_time, update_time, name");
}

/// Pieces that get past the first character of the grammar more often than arbitrary text does.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("title"),
        Just("kind"),
        Just("year"),
        Just("tags"),
        Just("create_time"),
        Just("under"),
        Just("search"),
        Just("region"),
        Just("\"regions/330100\""),
        Just("\"养老"),
        Just("\""),
        Just("'"),
        Just("\\"),
        Just("*"),
        Just("("),
        Just(")"),
        Just(","),
        Just("-"),
        Just("="),
        Just("!="),
        Just("<"),
        Just(">="),
        Just(":"),
        Just("5"),
        Just(" "),
        Just(" AND "),
        Just(" OR "),
        Just("NOT "),
        Just("STATE_ORGAN"),
        Just("2023-03-01"),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_is_a_panic_and_every_refusal_names_a_place_in_the_text(
        text in prop_oneof![".{0,80}", "\\PC{0,40}", pieces()],
    ) {
        let end = text.chars().count();
        for misread in [reading(&text).err(), ordered(&text, &FIELDS).err()].into_iter().flatten() {
            prop_assert!(misread.at <= end, "{text:?}: {misread:?}");
            prop_assert!(!misread.en.is_empty() && !misread.zh.is_empty());
        }
    }

    #[test]
    fn every_text_can_be_asked_for_in_quotation_marks(value in "[^\\p{Cc}]{0,40}") {
        let escaped: String =
            value.chars().flat_map(|c| if "\"\\*".contains(c) { vec!['\\', c] } else { vec![c] }).collect();
        prop_assert_eq!(reading(&format!("title = \"{escaped}\"")), Ok(Some(is("title", &value))));
    }

    #[test]
    fn what_under_takes_in_is_what_the_code_covers(digits in "[1-9][0-9]{5}([0-9]{3}){0,2}") {
        let regions = RegisterOfRegions::shipped();
        for code in ["330000", "330100", "330127"] {
            let Ok(Some(Between(_, from, to))) = reading(&format!("under(region, regions/{code})")) else { panic!() };
            let code: RegionCode = code.parse().unwrap();
            prop_assert!(regions.periods(&code).next().is_some());
            let Ok(other) = digits.parse::<RegionCode>() else { continue };
            let is_in = from.as_str() <= other.as_str() && other.as_str() < to.as_str();
            prop_assert_eq!(is_in, code.covers(&other), "{} {}", code, other);
        }
    }
}
