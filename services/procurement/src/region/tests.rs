//! The register's promises: counts by year, names, lineages, and files that are refused.

use chrono::NaiveDate;
use expect_test::expect;

use super::*;

fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn register() -> &'static RegisterOfRegions {
    RegisterOfRegions::shipped()
}

#[test]
fn zhejiang_has_its_known_numbers_of_divisions_at_the_end_of_each_year() {
    //                 year, districts, county-level cities, counties, all
    for (year, districts, cities, counties, all) in [
        (2013, 34, 21, 35, 90),
        (2014, 35, 20, 35, 90),
        (2015, 36, 20, 34, 90),
        (2016, 36, 19, 34, 89),
        (2017, 37, 19, 33, 89),
        (2018, 37, 19, 33, 89),
        (2019, 37, 20, 33, 90),
        (2020, 37, 20, 33, 90),
        (2021, 37, 20, 33, 90),
        (2022, 37, 20, 33, 90),
        (2023, 37, 20, 33, 90),
    ] {
        let at = year_end(year).unwrap();
        let zhejiang = code("330000");
        let inside: Vec<&Region> =
            register().on(at).filter(|r| zhejiang.covers(&r.code) && r.level == Level::County).collect();
        let ending = |rank: &str| inside.iter().filter(|r| r.name.ends_with(rank)).count();
        assert_eq!(
            (ending("区"), ending("市"), ending("县"), inside.len()),
            (districts, cities, counties, all),
            "{year}"
        );
        assert_eq!(register().children(&zhejiang, at).len(), 11, "{year}");
    }
}

#[test]
fn the_nation_has_its_known_numbers_of_divisions_in_2023() {
    let at = day("2023-12-31");
    let provinces = register().children(&RegionCode::nation(), at);
    assert_eq!(provinces.len(), 34);
    let cities: Vec<&Region> = register().on(at).filter(|region| region.level == Level::City).collect();
    let ending = |rank: &str| cities.iter().filter(|region| region.name.ends_with(rank)).count();
    assert_eq!((cities.len(), ending("市"), ending("地区"), ending("自治州"), ending("盟")), (333, 293, 7, 30, 3));
    for (province, count) in [
        ("110000", 0),
        ("130000", 11),
        ("150000", 12),
        ("210000", 14),
        ("230000", 13),
        ("320000", 13),
        ("330000", 11),
        ("340000", 16),
        ("350000", 9),
        ("360000", 11),
        ("370000", 16),
        ("410000", 17),
        ("420000", 13),
        ("430000", 14),
        ("440000", 21),
        ("450000", 14),
        ("460000", 4),
        ("510000", 21),
        ("520000", 9),
        ("530000", 16),
        ("540000", 7),
        ("610000", 10),
        ("620000", 14),
        ("630000", 8),
        ("640000", 5),
        ("650000", 14),
    ] {
        let under = cities.iter().filter(|region| code(province).covers(&region.code)).count();
        assert_eq!(under, count, "{province}");
    }
}

#[test]
fn every_region_has_its_ancestors_and_a_name_that_leads_back_to_it() {
    for region in register().iter() {
        let at = region.valid_to.and_then(|day| day.pred_opt()).unwrap_or(day("2023-12-31"));
        let above = register().ancestors(&region.code, at);
        assert_eq!(above.last().map(|top| top.level), (region.level != Level::Nation).then_some(Level::Nation));
        let full_name = register().full_name(region, at);
        assert_eq!(register().resolve(&full_name, at), Resolution::One(region), "{full_name}");
    }
}

#[test]
fn names_are_found_in_every_form_and_on_the_right_day() {
    for (name, at, found) in [
        ("浙江省杭州市余杭区", "2020-01-01", "330110"),
        ("浙江杭州余杭", "2022-01-01", "330110"),
        ("浙江省余杭区", "2022-01-01", "330110"),
        ("杭州市 余杭区", "2022-01-01", "330110"),
        ("余杭", "2022-01-01", "330110"),
        ("富阳", "2014-06-01", "330183"),
        ("富阳", "2015-06-01", "330111"),
        ("富阳区", "2014-06-01", ""),
        ("临平", "2021-04-08", ""),
        ("临平", "2021-04-09", "330113"),
        ("江干区", "2021-04-08", "330104"),
        ("江干区", "2021-04-09", ""),
        ("江苏省余杭区", "2022-01-01", ""),
        ("余杭杭州", "2022-01-01", ""),
        ("绍兴", "2013-01-01", "330600/330621"),
        ("绍兴县", "2013-01-01", "330621"),
        ("绍兴", "2022-01-01", "330600"),
        ("吉林", "2023-06-01", "220000/220200"),
        ("吉林市", "2023-06-01", "220200"),
        ("吉林省", "2023-06-01", "220000"),
        ("吉林吉林", "2023-06-01", "220200"),
        ("海南", "2023-06-01", "460000/632500"),
        ("湖北仙桃", "2023-06-01", "429004"),
        ("景宁县", "2023-06-01", ""),
        ("景宁", "2023-06-01", "331127"),
        ("全国", "2023-06-01", "000000"),
        ("", "2023-06-01", ""),
        ("省", "2023-06-01", ""),
    ] {
        let answer = match register().resolve(name, day(at)) {
            Resolution::One(region) => region.code.to_string(),
            Resolution::Ambiguous(all) => all.iter().map(|r| r.code.to_string()).collect::<Vec<_>>().join("/"),
            Resolution::Unknown => String::new(),
        };
        assert_eq!(answer, found, "{name} on {at}");
    }
    assert_eq!(register().resolve(&"杭".repeat(NAME_CHARS_MAX + 1), day("2022-01-01")), Resolution::Unknown);
}

fn told(answer: Territory) -> String {
    match answer {
        Territory::Same => "same".to_owned(),
        Territory::SameUnderOtherCode(code) => format!("same as {code}"),
        Territory::Absent { year } => format!("absent in {year}"),
        Territory::NotVouched { since } => format!("known since {since}"),
        Territory::Different(edges) => {
            let edges: Vec<String> =
                edges.iter().map(|edge| format!("{} > {} {:?}", edge.from.code, edge.to.code, edge.kind)).collect();
            format!("{}: {}", edges.len(), edges.join(", "))
        }
    }
}

#[test]
fn one_code_is_told_apart_before_and_after_its_land_changed() {
    let mut text = String::new();
    for (unit, a, b) in [
        ("330110", 2016, 2020),
        ("330110", 2020, 2021),
        ("330110", 2021, 2023),
        ("330113", 2020, 2021),
        ("330114", 2021, 2022),
        ("330109", 2020, 2021),
        ("330105", 2020, 2021),
        ("330104", 2020, 2021),
        ("330183", 2013, 2021),
        ("330283", 2015, 2016),
        ("330204", 2015, 2016),
        ("330212", 2015, 2016),
        ("330185", 2016, 2017),
        ("331021", 2016, 2017),
        ("330322", 2014, 2015),
        ("330327", 2018, 2019),
        ("330383", 2018, 2021),
        ("330682", 2012, 2021),
        ("330682", 2013, 2021),
        ("330621", 2013, 2014),
        ("130100", 2020, 2023),
        ("330604", 2020, 2014),
        ("330604", 2020, 2021),
        ("330682", 2013, 2020),
        ("331081", 2014, 2023),
    ] {
        text.push_str(&format!("{unit} {a} {b}: {}\n", told(register().same_territory(&code(unit), a, b))));
    }
    expect![[r#"
        330110 2016 2020: same
        330110 2020 2021: 2: 330110 > 330110 Split, 330110 > 330113 Split
        330110 2021 2023: same
        330113 2020 2021: absent in 2020
        330114 2021 2022: same
        330109 2020 2021: 3: 330104 > 330114 Split, 330109 > 330109 Split, 330109 > 330114 Split
        330105 2020 2021: 2: 330103 > 330105 Merge, 330105 > 330105 Merge
        330104 2020 2021: 4: 330102 > 330102 Merge, 330104 > 330102 Merge, 330104 > 330114 Split, 330109 > 330114 Split
        330183 2013 2021: same as 330111
        330283 2015 2016: same as 330213
        330204 2015 2016: 2: 330204 > 330212 Merge, 330212 > 330212 Merge
        330212 2015 2016: 4: 330203 > 330203 Merge, 330204 > 330212 Merge, 330212 > 330203 Transfer, 330212 > 330212 Merge
        330185 2016 2017: same as 330112
        331021 2016 2017: same as 331083
        330322 2014 2015: 2: 330303 > 330305 Transfer, 330322 > 330305 Upgrade
        330327 2018 2019: 2: 330327 > 330327 Split, 330327 > 330383 Split
        330383 2018 2021: absent in 2018
        330682 2012 2021: known since 2013-01-01
        330682 2013 2021: absent in 2013
        330621 2013 2014: absent in 2013
        130100 2020 2023: known since 2023-01-01
        330604 2020 2014: same
        330604 2020 2021: 3: 330602 > 330602 Merge, 330604 > 330602 Transfer, 330604 > 330604 Split
        330682 2013 2020: absent in 2013
        331081 2014 2023: same
    "#]].assert_eq(&text);
}

#[test]
fn figures_are_carried_to_later_boundaries_only_where_the_land_stayed_whole() {
    for (unit, from, to, expected) in [
        ("330103", 2020, 2021, "330105"),
        ("330105", 2020, 2023, "330105"),
        ("330183", 2013, 2023, "330111"),
        ("330204", 2015, 2016, "330212"),
        ("331081", 2014, 2023, "331081"),
        ("330110", 2020, 2021, "torn in 2"),
        ("330110", 2021, 2023, "330110"),
        ("330104", 2020, 2021, "torn in 4"),
        ("330327", 2018, 2019, "torn in 2"),
        ("330113", 2020, 2021, "absent 2020"),
        ("330110", 2023, 2021, "absent 2021"),
        ("130100", 2020, 2023, "known since 2023-01-01"),
    ] {
        let told = match register().carried_to(&code(unit), from, to) {
            Carried::Into(code) => code.to_string(),
            Carried::Torn(edges) => format!("torn in {}", edges.len()),
            Carried::NotVouched { since } => format!("known since {since}"),
            Carried::Absent { year } => format!("absent {year}"),
        };
        assert_eq!(told, expected, "{unit} {from} {to}");
    }
}

#[test]
fn a_lineage_holds_all_that_came_before_and_after() {
    let family = |unit: &str| -> Vec<String> {
        let name = |r: &&Region| format!("{} {} {:?}", r.code, r.name, r.valid_from.map(|day| day.to_string()));
        register().lineage(&code(unit)).iter().map(name).collect()
    };
    assert_eq!(family("330114"), ["330104 江干区 None", "330109 萧山区 None", "330114 钱塘区 Some(\"2021-04-09\")"]);
    assert_eq!(family("330383"), ["330327 苍南县 None", "330383 龙港市 Some(\"2019-08-30\")"]);
    assert_eq!(family("330111"), ["330183 富阳市 None", "330111 富阳区 Some(\"2014-12-13\")"]);
    assert_eq!(family("330110").len(), 3);
    assert_eq!(family("999999"), Vec::<String>::new());
}

#[test]
fn no_link_leads_back_in_time() {
    for region in register().iter() {
        for link in &region.successors {
            assert!(register().by_id(&link.region).unwrap().valid_from > region.valid_from, "{:?}", region.id());
        }
    }
}

#[test]
fn codes_are_read_strictly() {
    for (text, level) in [
        ("000000", Some(Level::Nation)),
        ("330000", Some(Level::Province)),
        ("330100", Some(Level::City)),
        ("330110", Some(Level::County)),
        ("330523105", Some(Level::Township)),
        ("330523105001", Some(Level::Village)),
        ("33", None),
        ("3301101", None),
        ("33011a", None),
        ("330110", Some(Level::County)),
        ("000100", None),
        ("330010", None),
        ("330000101", None),
        ("330523000", None),
        ("330523105000", None),
        ("33011０", None),
    ] {
        assert_eq!(text.parse::<RegionCode>().ok().map(|code| code.level()), level, "{text}");
    }
    assert_eq!(code("330523105").parent(), Some(code("330523")));
    assert!(code("330500").covers(&code("330523105")) && !code("330400").covers(&code("330523105")));
}

#[test]
fn unsound_files_are_refused() {
    for (body, complaint) in [
        (r#"counties = ["330110 余杭区 - 2021-01-02", "330110 余杭区 2021-01-01 -"]"#, "periods of 330110 overlap"),
        (r#"counties = ["330110 余杭区", "330110 余杭区"]"#, "periods of 330110 overlap"),
        (r#"counties = ["330110 余杭区 2021-01-01 2021-01-01"]"#, "a period of 330110 is empty"),
        (r#"counties = ["330110"]"#, "does not read: 330110"),
        (r#"counties = ["330110 余杭区 soon"]"#, "does not read: 330110 余杭区 soon"),
        (
            "counties = [\"330110 余杭区\"]\n[[changes]]\nday = 2021-01-01\nnote = \"\"\nedges = [\"330110 > 330113 SPLIT\"]",
            "a link of 330110 does not join",
        ),
        ("other = 1", "does not read"),
    ] {
        let faults = RegisterOfRegions::read(&[&format!("since = 2014-01-01\n{body}")]).unwrap_err();
        assert!(faults.iter().any(|told| told.fault.to_string().contains(complaint)), "{faults:?}");
    }
}

#[test]
fn every_fault_of_a_table_is_told_with_its_file_and_line() {
    let first =
        "since = 2014-01-01\nnation = \"000000 全国\"\nprovinces = [\n  \"330000 浙江省\",\n  \"33 浙江\",\n]\n";
    let second = concat!(
        "since = 2014-01-01\n",
        "cities = [\"330100 杭州市\"]\n",
        "counties = [\n",
        "  \"330110 余杭区 - 2021-04-09\", \"330110 余杭区 2021-04-08 -\",\n",
        "  \"410102 中原区\",\n",
        "  \"330106 西湖区 2021-01-01 2020-01-01\",\n",
        "]\n",
        "[[changes]]\n",
        "day = 2021-04-09\n",
        "note = \"\"\n",
        "edges = [\n",
        "  \"330110 > 330113 SPLIT\",\n",
        "  \"330110 > 330110 GONE\",\n",
        "]\n",
    );
    let faults = RegisterOfRegions::read(&[first, second, "since = soon"]).unwrap_err();
    let told: Vec<String> =
        faults.iter().map(|told| format!("{}:{} {}: {}", told.file, told.line, told.text, told.fault)).collect();
    expect![[r#"
        1:5 33 浙江: this line of a file of regions does not read: 33 浙江
        2:4 330110 余杭区: periods of 330110 overlap
        2:6 330106 西湖区: a period of 330106 is empty
        2:12 330110 > 330113 SPLIT: a link of 330110 does not join two periods on its day
        2:13 330110 > 330110 GONE: this line of a file of regions does not read: 330110 > 330110 GONE
        3:1 : a file of regions does not read: string values must be quoted, expected literal string"#]]
    .assert_eq(&told.join("\n"));
    assert!(faults.iter().all(|told| told.fault.chinese().chars().any(|c| c > '\u{4e00}')));
}
