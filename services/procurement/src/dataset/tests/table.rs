//! Every published figure, a line a row of procurement.md 1.2 and of domain.md section 2.

use super::article;

/// id | value and unit as written | qualifier | period | region | basis | scope
const FIGURES: &str = "\
F01  | 800多件       | MORE_THAN | 2015..       | 330000    | COUNT          | WHOLE_AREA
F02  | 5个           | EXACT     | 2016         | 330000    | COUNT          | WHOLE_AREA
F03  | 11个          | EXACT     | 2016         | 330000    | COUNT          | OWN_LEVEL
F04  | 16个          | EXACT     | 2016         | 330000    | COUNT          | OWN_LEVEL
F05a | 2个           | EXACT     | 2019         | 330000    | COUNT          | WHOLE_AREA
F05b | 3个           | EXACT     | 2019         | 330000    | COUNT          | WHOLE_AREA
F05c | 4个           | EXACT     | 2019         | 330000    | COUNT          | OWN_LEVEL
F06  | 5个           | EXACT     | 2017         | 330000    | COUNT          | WHOLE_AREA
F07a | 11个          | EXACT     | 2018         | 330000    | COUNT          | OWN_LEVEL
F07b | 16个          | EXACT     | 2018         | 330000    | COUNT          | OWN_LEVEL
F08  | 10个          | EXACT     | 2019         | 000000    | COUNT          | WHOLE_AREA
F09  | 321.70亿元    | EXACT     | 2021         | 330000    | SETTLEMENT     | WHOLE_AREA
F10  | 84亿元        | EXACT     | 2015         | 330000    | SETTLEMENT     | WHOLE_AREA
F11  | 3.83倍        | EXACT     | 2015..2021   | 330000    | DERIVED        | WHOLE_AREA
F12  | 34463个       | EXACT     | 2021         | 330000    | IMPLEMENTATION | WHOLE_AREA
F13  | 9699个        | EXACT     | 2015         | 330000    | IMPLEMENTATION | WHOLE_AREA
F14  | 3.55倍        | EXACT     | 2015..2021   | 330000    | DERIVED        | WHOLE_AREA
F15a | 6类           | EXACT     | 2021         | 330000    | COUNT          | WHOLE_AREA
F15b | 46款          | EXACT     | 2021         | 330000    | COUNT          | WHOLE_AREA
F15c | 170项         | EXACT     | 2021         | 330000    | COUNT          | WHOLE_AREA
F16a | 2类           | EXACT     | 2015         | 330000    | COUNT          | WHOLE_AREA
F16b | 16款          | EXACT     | 2015         | 330000    | COUNT          | WHOLE_AREA
F16c | 65项          | EXACT     | 2015         | 330000    | COUNT          | WHOLE_AREA
F17a | 12个          | EXACT     | 2018         | 000000    | COUNT          | WHOLE_AREA
F17b | 2个           | EXACT     | 2018         | 330000    | COUNT          | WHOLE_AREA
F18a | 3个           | EXACT     | 2021         | 330000    | COUNT          | WHOLE_AREA
F18b | 1位           | EXACT     | 2021         | 330000    | COUNT          | WHOLE_AREA
F18c | 1个           | EXACT     | 2021         | 330383    | COUNT          | WHOLE_AREA
F19  | -143家        | EXACT     | ..2021-12-31 | 330000    | COUNT          | OWN_LEVEL
F20  | -40%          | EXACT     | ..2021-12-31 | 330000    | COUNT          | OWN_LEVEL
F21a | 52项          | EXACT     | unstated     | 330300    | COUNT          | WHOLE_AREA
F21b | 170项         | EXACT     | unstated     | 330300    | COUNT          | WHOLE_AREA
F22a | 34家          | EXACT     | unstated     | 330300    | COUNT          | OWN_LEVEL
F22b | 167项         | EXACT     | unstated     | 330300    | COUNT          | OWN_LEVEL
F23  | 69.4%         | EXACT     | 2021         | 330000    | UNSTATED       | WHOLE_AREA
F24a | 3100多名      | MORE_THAN | unstated     | 331081    | COUNT          | WHOLE_AREA
F24b | 98.9%         | EXACT     | unstated     | 331081    | UNSTATED       | WHOLE_AREA
F25  | 72729家       | EXACT     | 2021-04      | 330000    | REGISTRATION   | WHOLE_AREA
F26  | 6.98%         | EXACT     | 2021-04      | 330000    | REGISTRATION   | WHOLE_AREA
F27  | 约12.4个/万人 | ABOUT     | 2021-04      | 330000    | REGISTRATION   | WHOLE_AREA
F28  | 81.4%         | EXACT     | 2021         | 330000    | UNSTATED       | WHOLE_AREA
F29a | 平均3个月     | AVERAGE   | unstated     | 330800    | UNSTATED       | WHOLE_AREA
F29b | 平均20天      | AVERAGE   | unstated     | 330800    | UNSTATED       | WHOLE_AREA
F30a | 995万元       | EXACT     | 2016         | 330127    | EXPENDITURE    | WHOLE_AREA
F30b | 399万元       | EXACT     | 2019         | 330127    | EXPENDITURE    | WHOLE_AREA
F31a | 几百万元      | ORDER_OF  | unstated     | 330523105 | BUDGET         | WHOLE_AREA
F31b | 几千万元      | ORDER_OF  | unstated     | 330523105 | UNSTATED       | WHOLE_AREA";

#[test]
fn each_published_figure_is_there_with_value_unit_qualifier_period_region_basis_and_scope() {
    let set = article();
    let mut lines = 0;
    for line in FIGURES.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let figure = set.figure(cells[0]).unwrap_or_else(|| panic!("{} is missing", cells[0]));
        let quantity = &figure.quantity;
        let found = [
            figure.id.as_str().to_owned(),
            quantity.chinese(),
            quantity.qualifier().to_string(),
            figure.period.to_string(),
            figure.region.as_str().to_owned(),
            figure.basis.to_string(),
            figure.scope.to_string(),
        ];
        assert_eq!(found, cells.as_slice());
        lines += 1;
    }
    assert_eq!(set.figures.len(), lines, "each figure has its line");
}

#[test]
fn each_row_of_the_figures_that_must_ship_is_there() {
    let set = article();
    for (row, ids, shown) in [
        ("决算金额 2021 / 2015", &["F09", "F10", "F11"][..], "321.70亿元 84亿元 3.83倍"),
        ("项目数 2021 / 2015", &["F12", "F13", "F14"], "34463个 9699个 3.55倍"),
        ("指导性目录 2021", &["F15a", "F15b", "F15c"], "6类 46款 170项"),
        ("指导性目录 2015", &["F16a", "F16b", "F16c"], "2类 16款 65项"),
        ("公共服务项目占比 2021", &["F23"], "69.4%"),
        ("企业及社会机构占比 2021", &["F28"], "81.4%"),
        ("登记社会组织 2021-04", &["F25", "F26", "F27"], "72729家 6.98% 约12.4个/万人"),
        ("征求意见文件", &["F01"], "800多件"),
        ("省属公益一类事业单位", &["F19", "F20"], "-143家 -40%"),
        ("2016 深化试点", &["F02", "F03", "F04"], "5个 11个 16个"),
        ("2019 第三方绩效评价试点", &["F05a", "F05b", "F05c"], "2个 3个 4个"),
        ("全国试点省份 2019", &["F08"], "10个"),
        ("全国联系点", &["F17a", "F17b", "F18a", "F18b"], "12个 2个 3个 1位"),
        ("温州", &["F21a", "F21b", "F22a", "F22b"], "52项 170项 34家 167项"),
        ("温岭", &["F24a", "F24b"], "3100多名 98.9%"),
        ("衢州", &["F29a", "F29b"], "平均3个月 平均20天"),
        ("淳安", &["F30a", "F30b"], "995万元 399万元"),
        ("安吉孝丰镇", &["F31a", "F31b"], "几百万元 几千万元"),
    ] {
        let found: Vec<String> = ids.iter().map(|id| set.figure(id).unwrap().quantity.chinese()).collect();
        assert_eq!(found.join(" "), shown, "{row}");
    }
}

#[test]
fn the_intervals_are_those_of_the_digits_and_qualifiers() {
    let set = article();
    for (id, places, interval) in [
        ("F01", 0, "[800, 900)"),
        ("F09", 3, "321.695–321.705"),
        ("F10", 1, "83.5–84.5"),
        ("F12", 0, "34,463"),
        ("F20", 1, "[-40.5, -39.5]"),
        ("F23", 2, "69.35–69.45"),
        ("F24a", 0, "[3,100, 3,200)"),
        ("F26", 3, "6.975–6.985"),
        ("F27", 2, "12.35–12.45"),
        ("F30a", 1, "994.5–995.5"),
        ("F31a", 0, "[100, 1,000)"),
        ("F31b", 0, "[1,000, 10,000)"),
    ] {
        assert_eq!(set.figure(id).unwrap().quantity.interval_in_unit().show(places), interval, "{id}");
    }
}

#[test]
fn each_figure_quotes_the_digits_that_it_holds() {
    for figure in article().figures.values() {
        let written = figure.quantity.written().trim_start_matches('-');
        // Ranks, orders of size and places counted by name are written in words.
        let words = ["F17b", "F18b", "F18c", "F31a", "F31b"].contains(&figure.id.as_str());
        assert!(words || figure.source.quote.contains(written), "{}: {}", figure.id, figure.source.quote);
    }
}
