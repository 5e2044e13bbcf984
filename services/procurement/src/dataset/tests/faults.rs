//! What is wrong with a data file is told with its file, entry and field, and nothing makes the reader panic.

use proptest::prelude::*;

use super::*;

fn fault(text: &str) -> String {
    Dataset::load("f.toml", text, &[("article.txt", ARTICLE_TEXT)]).unwrap_err().to_string()
}

#[test]
fn each_mistake_names_file_entry_and_field() {
    // (what stands in the shipped file, what it becomes, what is told)
    for (old, new, told) in [
        ("value = \"321.70\"", "value = \"321,70\"", "f.toml: figure F09: value: "),
        ("value = \"321.70\"", "value = 321.70", "f.toml: figure F09: value: must be a text in quotes"),
        ("value = \"321.70\"\n", "", "f.toml: figure F09: value: is missing"),
        ("unit = \"YI_YUAN\"", "unit = \"YI\"", "f.toml: figure F09: unit: unit \"YI\": must be one of YUAN, "),
        ("qualifier = \"ORDER_OF\"", "qualifier = \"FEW\"", "f.toml: figure F31a: qualifier: "),
        (
            "value = \"100\"",
            "value = \"300\"",
            "f.toml: figure F31a: value: quantity \"300\": ORDER_OF needs a power of ten",
        ),
        ("period = \"2015..\"", "period = \"2015-\"", "f.toml: figure F01: period: "),
        ("region = \"330300\"", "region = \"3303\"", "f.toml: figure F21a: region: "),
        ("metric = \"settlement_amount\"", "metric = \"决算\"", "f.toml: figure F09: metric: "),
        (
            "quote = \"占全国社会组织总数的 6.98%\"",
            "quote = \"占全国社会组织总数的6.98%\"",
            "f.toml: figure F26: quote: does not stand verbatim",
        ),
        ("id = \"F10\"", "id = \"F09\"", "f.toml: figure F09: id: another entry has it"),
        ("id = \"F10\"\n", "", "f.toml: figure number 13: id: is missing"),
        ("id = \"F10\"", "id = \"F 10\"", "f.toml: figure F 10: id: "),
        ("id = \"F10\"", "id = \"F10\"\nverdict = \"yes\"", "f.toml: figure F10: verdict: is no field of a figure"),
        (
            "formula = \"ratio(F09, F10)\"",
            "formula = \"ratio(F09, F99)\"",
            "f.toml: claim C01: formula: there is no figure or wanted F99",
        ),
        (
            "formula = \"ratio(F09, F10)\"",
            "formula = \"ratio(F09\"",
            "f.toml: claim C01: formula: no formula: expected , or )",
        ),
        (
            "formula = \"ratio(F09, F10)\"",
            "formula = \"sum(F09, F12)\"",
            "f.toml: claim C01: formula: F09 and F12 have unlike units",
        ),
        (
            "formula = \"ratio(F15a, F16a)\"",
            "formula = \"ratio(F15a, difference(F16a, F16a))\"",
            "f.toml: derived D01a: formula: difference(F16a, F16a) may be zero",
        ),
        ("stated = \"F11\"", "stated = \"C02\"", "f.toml: claim C01: stated: there is no figure C02"),
        ("stated = \"F11\"\n", "", "f.toml: claim C01: formula: a claim needs a formula"),
        (
            "base_note_english = \"the year compared",
            "note = \"the year compared",
            "f.toml: figure F19: base_note_english: is missing",
        ),
        (
            "opinions = [\"P2014\"]",
            "opinions = [\"P1999\"]",
            "f.toml: framework FW: opinions: there is no policy P1999",
        ),
        ("opinions = [\"P2014\"]", "opinions = \"P2014\"", "f.toml: framework FW: opinions: must be a list of texts"),
        ("year = 2014", "year = \"2014\"", "f.toml: policy P2014: year: must be a year from 1949 to 2199"),
        ("year = 2014", "year = 20140", "f.toml: policy P2014: year: must be a year from 1949 to 2199"),
        ("kind = \"OPINION\"", "kind = \"LETTER\"", "f.toml: policy P2014: kind: "),
        (
            "convenor = \"省政府常务副省长\"",
            "convenor = \"县长\"",
            "f.toml: mechanism M1: convenor: does not stand verbatim",
        ),
        (
            "means = \"充分借助社会力量\"",
            "means = \"借助外力\"",
            "f.toml: case K-epidemic: means: does not stand verbatim",
        ),
        (
            "entries = [\"G2\", \"G3\"]",
            "entries = [\"G2\", \"G33\"]",
            "f.toml: milestone Y2018c: entries: there is no entry G33",
        ),
        ("sha256 = \"1a59", "sha256 = \"0a59", "f.toml: source zj-2022: sha256: article.txt has 1a59"),
        ("file = \"article.txt\"", "file = \"other.txt\"", "f.toml: source zj-2022: file: other.txt is not there"),
        ("[[result_use]]", "[[result]]", "f.toml: result: kind: is no kind of entry"),
        ("[[framework]]", "[framework]", "f.toml: framework: kind: must be written [[framework]]"),
        ("[[source]]\n", "[[source]\n", "f.toml: line 6: syntax: "),
    ] {
        assert!(ARTICLE.contains(old), "{old}");
        let loaded = Dataset::load("f.toml", &ARTICLE.replacen(old, new, 1), &[("article.txt", ARTICLE_TEXT)]);
        let Err(found) = loaded.map(|_| ()) else { panic!("{new} is read") };
        let found = found.to_string();
        assert!(found.starts_with(told), "{found}\n{told}");
    }
    assert_eq!(Dataset::load("f.toml", "[[figure]]\nid = 3", &[]).unwrap_err().kind(), stdx::ErrorKind::Invalid);
}

#[test]
fn a_file_is_bounded() {
    assert!(fault(&" ".repeat(FILE_BYTES_MAX + 1)).contains("file: bytes: more than"));
    let many = "[[figure]]\n".repeat(ENTRIES_MAX + 1);
    assert!(fault(&many).contains("figure: count: more than"));
    let long = ARTICLE.replacen("note = \"", &format!("note = \"{}", "长".repeat(2001)), 1);
    assert!(fault(&long).contains("source zj-2022: note: has more than 2000 characters"));
}

#[test]
fn a_file_that_nests_without_end_is_refused() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        let deep = format!("a = {}1{}", open.repeat(100_000), close.repeat(100_000));
        assert!(fault(&deep).starts_with("f.toml: line 1: syntax: "), "{open}");
    }
}

#[test]
fn an_empty_file_is_an_empty_data_set() {
    assert_eq!(Dataset::load("f.toml", "", &[]).unwrap(), Dataset::default());
}

#[test]
fn more_entries_may_stand_behind_the_shipped_ones() {
    let set = article_and(
        "[[activity]]\nid = \"A9\"\nkind = \"OUTREACH\"\nchinese = \"培训\"\nenglish = \"training\"\nregion = \"330000\"\nquote = \"培训\"",
    );
    assert_eq!(set.activities.len(), article().activities.len() + 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        let _ = Dataset::load("f.toml", &text, &[]);
    }

    #[test]
    fn a_file_with_a_line_changed_is_read_or_refused_by_file_entry_and_field(
        line in 0_usize..1500, with in "[a-zA-Z_\\[\\]]{0,12}( = )?(\"[^\"\\\\\r\n]{0,12}\"|[0-9.-]{1,6}|\\[\\]|\\{\\}|true)?"
    ) {
        let mut lines: Vec<&str> = ARTICLE.lines().collect();
        let at = line % lines.len();
        lines[at] = &with;
        if let Err(error) = Dataset::load("f.toml", &lines.join("\n"), &[("article.txt", ARTICLE_TEXT)]) {
            let is_named = matches!(&error, Error::Data { file, entry, field, reason }
                if file == "f.toml" && !entry.is_empty() && !field.is_empty() && !reason.is_empty());
            prop_assert!(is_named, "{error:?}");
        }
    }

    #[test]
    fn a_figure_with_any_values_is_read_or_refused(
        value in "-?[0-9]{0,33}(\\.[0-9]{0,3})?", unit in 0_usize..16, qualifier in 0_usize..6, formula in "(ratio|sum|share|growth|product|days)\\((F09|F10|F01|X1|30), ?(X1|F10|0|2)\\)"
    ) {
        let (unit, qualifier) = (crate::unit::Unit::ALL[unit], crate::quantity::Qualifier::ALL[qualifier]);
        let entries = format!(
            "[[figure]]\nid = \"X1\"\nmetric = \"x\"\nchinese = \"x\"\nenglish = \"x\"\nvalue = \"{value}\"\nunit = \"{unit}\"\nqualifier = \"{qualifier}\"\nbasis = \"COUNT\"\nscope = \"OWN_LEVEL\"\nregion = \"330000\"\nperiod = \"2021\"\nquote = \"84\"\n[[derived]]\nid = \"X2\"\nchinese = \"x\"\nenglish = \"x\"\nformula = \"{formula}\"\n"
        );
        let text = format!("{ARTICLE}\n{entries}");
        if let Err(error) = Dataset::load("f.toml", &text, &[("article.txt", ARTICLE_TEXT)]) {
            let text = error.to_string();
            prop_assert!(text.starts_with("f.toml: figure X1: ") || text.starts_with("f.toml: derived X2: "), "{text}");
        }
    }
}
