//! The list of submissions as its address asks for it: what is filtered, in which order; the same as a filter of
//! ReviewService, and as pills that take one condition away.

use chrono::{NaiveDate, TimeDelta};
use proto::intake::v1::ReviewState;

use crate::{
    Language,
    html::url,
    posted::Fields,
    words::{self, OPEN, RULES, STATES, VERDICTS},
};

/// Where the list is.
pub const PATH: &str = "/submissions";

/// Characters of a text that is looked for.
const TEXT_CHARACTERS_MAX: usize = 80;

/// Orders: what the address says, what the service is asked, Chinese, English. The first is the default.
pub const ORDERS: [(&str, &str, &str, &str); 5] = [
    ("newest", "received_time desc", "最新收到在前", "Newest first"),
    ("oldest", "received_time", "最早收到在前", "Oldest first"),
    ("changed", "update_time desc", "最近处理在前", "Last changed first"),
    ("unchanged", "update_time", "最久未处理在前", "Longest unchanged first"),
    ("due", "due_day", "退修期限在前", "Earliest due first"),
];

/// Conditions that are there or not: what the address says, what the service is asked, Chinese, English.
pub const SWITCHES: [(&str, &str, &str, &str); 6] = [
    ("video", "has_video = true", "有视频", "With video"),
    ("cloud", "has_cloud_file = true", "有云附件", "With cloud file"),
    ("revised", "versions > 1", "有修改稿", "With later versions"),
    ("bounced", "bounced = true", "有退信", "A letter came back"),
    ("backfilled", "backfilled = true", "补录", "Backfilled"),
    ("current", "backfilled = false", "非补录", "Not backfilled"),
];

/// Columns that can be chosen: what the address says, Chinese, English. Number and manuscript are always there.
pub const COLUMNS: [(&str, &str, &str); 7] = [
    ("author", "作者与单位", "Author"),
    ("received", "收到", "Received"),
    ("verdict", "判定", "Verdict"),
    ("state", "状态", "State"),
    ("editor", "责任编辑", "Editor"),
    ("changed", "最近处理", "Last step"),
    ("tags", "标签", "Tags"),
];

/// Those that are there when the address names none.
const COLUMNS_USUAL: [&str; 5] = ["author", "received", "verdict", "state", "editor"];

/// One condition: the name and the value in the address.
type Pair = (&'static str, String);

/// The list that an address asks for. Only values that the list knows are in it, each once, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pairs: Vec<Pair>,
    order: &'static str,
    /// Empty for the usual ones.
    columns: Vec<&'static str>,
    page: String,
}

/// Names whose value is looked up in a list or read as a day, in the order of the pills.
const NAMES: [&str; 19] = [
    "campaign",
    "category",
    "state",
    "verdict",
    "editor",
    "tag",
    "untag",
    "failed",
    "unsure",
    "org",
    "author",
    "scheduled",
    "published",
    "reason",
    "from",
    "to",
    "expires",
    "overdue",
    "is",
];

/// Names that the form has no field for, and that it keeps: they come from the pages that link here.
pub const KEPT: [&str; 5] = ["category", "org", "scheduled", "published", "reason"];

/// Characters of a value that statistics group by.
const VALUE_CHARACTERS_MAX: usize = 200;

/// An organisation as an address says it: behind a prefix, so that none is taken for a word of ours; empty is `none`.
#[must_use]
pub fn organisation(name: &str) -> String {
    if name.is_empty() { "none".to_owned() } else { format!("by.{name}") }
}

/// Names that take several values.
const SEVERAL: [&str; 4] = ["state", "is", "tag", "untag"];

/// Values of one name at most.
const VALUES_MAX: usize = 20;

impl Listing {
    /// From the fields of an address. What the list does not know is left out.
    #[must_use]
    pub fn read(query: &Fields) -> Self {
        let mut pairs: Vec<Pair> = Vec::new();
        let text: String =
            query.one("q").trim().chars().filter(|c| !c.is_control()).take(TEXT_CHARACTERS_MAX).collect();
        if !text.is_empty() {
            pairs.push(("q", text));
        }
        for name in NAMES {
            for value in query.all(name) {
                let value = value.trim();
                if is_known(name, value) && !pairs.iter().any(|(n, v)| *n == name && v == value) {
                    pairs.push((name, value.to_owned()));
                }
                let count = pairs.iter().filter(|(n, _)| *n == name).count();
                if count >= if SEVERAL.contains(&name) { VALUES_MAX } else { 1 } {
                    break;
                }
            }
        }
        let order = ORDERS.iter().find(|(word, ..)| *word == query.one("order")).map_or("", |(word, ..)| word);
        let order = if order == ORDERS[0].0 { "" } else { order };
        let columns = COLUMNS.map(|(word, ..)| word);
        let columns: Vec<&str> =
            columns.into_iter().filter(|word| query.all("col").any(|named| named == *word)).collect();
        let columns = if columns == COLUMNS_USUAL { Vec::new() } else { columns };
        let page = query.one("page").chars().filter(|c| c.is_ascii_graphic()).take(500).collect();
        Self { pairs, order, columns, page }
    }

    /// From what [`Self::query`] wrote.
    #[must_use]
    pub fn of_query(text: &str) -> Self {
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.replace('+', " ");
            let value = percent_encoding::percent_decode_str(&value).decode_utf8_lossy().into_owned();
            (name.to_owned(), value)
        };
        Self::read(&Fields(text.split('&').take(64).map(pair).collect()))
    }

    /// A list with these conditions, for links that the desk writes itself.
    #[must_use]
    pub fn with(pairs: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self::read(&Fields(pairs.iter().map(owned).collect()))
    }

    /// The first value of a name; empty without one.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.pairs.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Every value of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a name has a value.
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.pairs.iter().any(|(known, known_value)| *known == name && known_value == value)
    }

    /// The names of the conditions.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.pairs.iter().map(|(name, _)| *name)
    }

    /// How many states are asked for.
    #[must_use]
    pub fn states_asked(&self) -> usize {
        self.names().filter(|name| *name == "state").count()
    }

    /// Whether a column is shown.
    #[must_use]
    pub fn shows(&self, column: &str) -> bool {
        if self.columns.is_empty() { COLUMNS_USUAL.contains(&column) } else { self.columns.contains(&column) }
    }

    /// Whether the columns are other than the usual ones.
    #[must_use]
    pub fn has_own_columns(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Whether nothing is filtered.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The order, as the address says it.
    #[must_use]
    pub fn order(&self) -> &'static str {
        if self.order.is_empty() { ORDERS[0].0 } else { self.order }
    }

    /// The order, as the service takes it.
    #[must_use]
    pub fn order_by(&self) -> &'static str {
        ORDERS.iter().find(|(word, ..)| *word == self.order()).map_or(ORDERS[0].1, |(_, asked, ..)| asked)
    }

    /// The token of the page; empty for the first.
    #[must_use]
    pub fn page(&self) -> &str {
        &self.page
    }

    /// The campaign that is asked for: `campaigns/{uuid}`; empty for all.
    #[must_use]
    pub fn campaign(&self) -> String {
        let id = self.one("campaign");
        if id.is_empty() { String::new() } else { format!("campaigns/{id}") }
    }

    /// As ReviewService takes it, without the campaign. `me` is whose `mine` is; days are those of Beijing.
    #[must_use]
    pub fn filter(&self, me: &str, today: NaiveDate) -> String {
        let mut terms = Vec::new();
        let states: Vec<&str> =
            self.states().into_iter().map(|state| wire_word(state.as_str_name(), "REVIEW_STATE_")).collect();
        match states[..] {
            [] => {}
            [state] => terms.push(format!("state = {state}")),
            _ => terms.push(format!("state = ({})", states.join(" OR "))),
        }
        for (name, value) in &self.pairs {
            match *name {
                "q" => terms.push(format!("text : {}", quoted(value))),
                "verdict" => terms.push(format!("verdict = {value}")),
                "editor" if value == "none" => terms.push("assigned = false".into()),
                "editor" if value == "mine" => terms.push(format!("editor = {}", quoted(me))),
                "editor" => terms.push(format!("editor = {}", quoted(value.strip_prefix("by.").unwrap_or(value)))),
                "tag" => terms.push(format!("tag = {}", quoted(value))),
                "untag" => terms.push(format!("tag != {}", quoted(value))),
                "failed" => terms.push(format!("finding = {}", quoted(value))),
                "unsure" => terms.push(format!("undetermined = {}", quoted(value))),
                "category" => terms.push(format!("category = {value}")),
                "org" => {
                    terms.push(format!("organisation = {}", quoted(value.strip_prefix("by.").unwrap_or_default())))
                }
                "scheduled" | "published" | "reason" => terms.push(format!("{name} = {}", quoted(value))),
                "author" => terms.push(format!("from = {}", quoted(value))),
                "from" => terms.push(format!("received_time >= {value}")),
                "to" => terms.push(format!("received_time <= {value}")),
                "expires" => {
                    let days = TimeDelta::days(value.parse().unwrap_or(0));
                    terms.push(format!("cloud_expire_time >= {today}"));
                    terms.push(format!("cloud_expire_time <= {}", today + days));
                }
                "overdue" => terms.push(format!("due_day < {today}")),
                "is" => {
                    terms.extend(SWITCHES.iter().find(|(word, ..)| word == value).map(|(_, asked, ..)| (*asked).into()))
                }
                _ => {}
            }
        }
        terms.join(" AND ")
    }

    fn states(&self) -> Vec<ReviewState> {
        let asked = |state: &ReviewState| {
            self.has("state", wire_word(state.as_str_name(), "REVIEW_STATE_"))
                || (self.has("state", "open") && OPEN.contains(state))
        };
        STATES.into_iter().filter(asked).collect()
    }

    /// The conditions and the order as a query, without the page.
    #[must_use]
    pub fn query(&self) -> String {
        let url = url("", &self.parts());
        url.strip_prefix('?').unwrap_or_default().to_owned()
    }

    fn parts(&self) -> Vec<(&str, &str)> {
        let mut parts: Vec<(&str, &str)> = self.pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        parts.push(("order", self.order));
        parts.extend(self.columns.iter().map(|column| ("col", *column)));
        parts
    }

    /// The first page of the list.
    #[must_use]
    pub fn url(&self) -> String {
        url(PATH, &self.parts())
    }

    /// Another page of the list.
    #[must_use]
    pub fn url_of_page(&self, page: &str) -> String {
        let mut parts = self.parts();
        parts.push(("page", page));
        url(PATH, &parts)
    }

    /// The page of a submission, from which one comes back to this list and goes to its neighbours.
    #[must_use]
    pub fn submission_url(&self, name: &str) -> String {
        url(&format!("/{name}"), &[("list", &self.query())])
    }

    /// Each condition with its words and the list without it. `editors` and `campaigns` give what people call them.
    #[must_use]
    pub fn pills(
        &self,
        language: Language,
        editor: impl Fn(&str) -> String,
        campaign: impl Fn(&str) -> String,
    ) -> Vec<(String, String)> {
        let without = |index: usize| {
            let mut rest = self.clone();
            rest.pairs.remove(index);
            rest.url()
        };
        let words = |name: &str, value: &str| match name {
            "q" => format!("{}“{value}”", language.of("含 ", "holds ")),
            "campaign" => campaign(value),
            "state" if value == "open" => language.of("未决", "Undecided").to_owned(),
            "state" => STATES
                .iter()
                .find(|state| wire_word(state.as_str_name(), "REVIEW_STATE_") == value)
                .map_or(String::new(), |state| words::state(*state, language).to_owned()),
            "verdict" => VERDICTS
                .iter()
                .find(|verdict| wire_word(verdict.as_str_name(), "VERDICT_") == value)
                .map_or(String::new(), |verdict| words::verdict(*verdict, language).1.to_owned()),
            "editor" if value == "none" => language.of("无责任编辑", "No editor").to_owned(),
            "editor" if value == "mine" => language.of("我的稿件", "Mine").to_owned(),
            "editor" => {
                format!(
                    "{}{}",
                    language.of("责任编辑：", "Editor: "),
                    editor(value.strip_prefix("by.").unwrap_or(value))
                )
            }
            "tag" => format!("{}{value}", language.of("标签：", "Tag: ")),
            "untag" => format!("{}{value}", language.of("无标签：", "Without tag: ")),
            "failed" => format!("{}{}", language.of("不符合：", "Not met: "), words::rule(value, language)),
            "unsure" => format!("{}{}", language.of("待核：", "To be checked: "), words::rule(value, language)),
            "category" if value == "0" => language.of("内容类别未注明", "Category not told").to_owned(),
            "category" => match language {
                Language::Zh => format!("第 {value} 类"),
                Language::En => format!("Category {value}"),
            },
            "org" if value == "none" => language.of("工作单位未注明", "No organisation").to_owned(),
            "org" => {
                format!("{}{}", language.of("单位：", "Organisation: "), value.strip_prefix("by.").unwrap_or(value))
            }
            "scheduled" => format!("{}{value}", language.of("已排期：", "Scheduled: ")),
            "published" => format!("{}{value}", language.of("已刊发：", "Published: ")),
            "reason" => format!("{}{value}", language.of("理由：", "Reason: ")),
            "author" => format!("{}{value}", language.of("来自 ", "from ")),
            "from" => format!("{value} {}", language.of("起收到", "and later")),
            "to" => format!("{value} {}", language.of("前收到（含当日）", "and earlier")),
            "expires" => match language {
                Language::Zh => format!("云附件 {value} 日内到期"),
                Language::En => format!("Cloud file ends within {value} days"),
            },
            "overdue" => language.of("退修逾期", "Revision overdue").to_owned(),
            _ => SWITCHES
                .iter()
                .find(|(word, ..)| *word == value)
                .map_or(String::new(), |(_, _, zh, en)| language.of(zh, en).to_owned()),
        };
        self.pairs.iter().enumerate().map(|(index, (name, value))| (words(name, value), without(index))).collect()
    }
}

/// `REVIEW_STATE_ADOPTED` → `ADOPTED`, the word that addresses and filters use.
#[must_use]
pub fn wire_word(name: &'static str, prefix: &str) -> &'static str {
    name.strip_prefix(prefix).unwrap_or(name)
}

fn is_known(name: &str, value: &str) -> bool {
    match name {
        "campaign" => value.len() == 36 && value.chars().all(|c| c.is_ascii_hexdigit() || c == '-'),
        "state" => {
            value == "open" || STATES.iter().any(|state| wire_word(state.as_str_name(), "REVIEW_STATE_") == value)
        }
        "verdict" => VERDICTS.iter().any(|verdict| wire_word(verdict.as_str_name(), "VERDICT_") == value),
        // Behind a prefix, so that nobody's name is taken for a word of ours.
        "editor" => matches!(value, "none" | "mine") || (value.starts_with("by.") && is_plain(value, 4, 103)),
        "tag" | "untag" => is_plain(value, 1, 20) && !value.contains(char::is_whitespace),
        "failed" | "unsure" => RULES.iter().any(|(code, ..)| *code == value),
        "category" => value.len() <= 3 && value.parse::<u16>().is_ok_and(|number| number.to_string() == value),
        "org" => value == "none" || (value.starts_with("by.") && is_plain(value, 4, VALUE_CHARACTERS_MAX + 3)),
        "scheduled" | "published" | "reason" => is_plain(value, 1, VALUE_CHARACTERS_MAX),
        "author" => value.contains('@') && is_plain(value, 3, 254),
        "from" | "to" => value.len() == 10 && value.parse::<NaiveDate>().is_ok(),
        "expires" => value.parse::<u8>().is_ok_and(|days| (1..=60).contains(&days)),
        "overdue" => value == "1",
        _ => SWITCHES.iter().any(|(word, ..)| *word == value),
    }
}

fn is_plain(value: &str, characters_min: usize, characters_max: usize) -> bool {
    (characters_min..=characters_max).contains(&value.chars().count()) && !value.chars().any(char::is_control)
}

/// As the grammar of filters quotes: only `"` and `\` are escaped.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> NaiveDate {
        "2023-03-20".parse().unwrap()
    }

    #[test]
    fn an_address_is_read_into_the_filter_that_the_service_takes() {
        let table: [(&[(&str, &str)], &str); 12] = [
            (
                &[("tag", "浙江"), ("tag", "ai"), ("untag", "待约")],
                "tag = \"浙江\" AND tag = \"ai\" AND tag != \"待约\"",
            ),
            (&[], ""),
            (&[("state", "ADOPTED")], "state = ADOPTED"),
            (
                &[("state", "open"), ("editor", "mine")],
                "state = (RECEIVED OR JUDGED OR ASSIGNED OR FIRST_REVIEW OR SECOND_REVIEW OR FINAL_REVIEW OR REVISION_ASKED) AND editor = \"li.na\"",
            ),
            (&[("editor", "none"), ("verdict", "LATE")], "verdict = LATE AND assigned = false"),
            (&[("editor", "by.mine")], "editor = \"mine\""),
            (
                &[
                    ("category", "2"),
                    ("org", "by.某省\"财政厅"),
                    ("published", "微信 视频号"),
                    ("reason", "选题重复。"),
                ],
                "category = 2 AND organisation = \"某省\\\"财政厅\" AND published = \"微信 视频号\" AND reason = \"选题重复。\"",
            ),
            (&[("org", "none"), ("category", "0")], "category = 0 AND organisation = \"\""),
            (&[("q", " 绩效\" OR \\ ")], "text : \"绩效\\\" OR \\\\\""),
            (&[("expires", "3")], "cloud_expire_time >= 2023-03-20 AND cloud_expire_time <= 2023-03-23"),
            (
                &[("overdue", "1"), ("is", "video"), ("is", "revised")],
                "due_day < 2023-03-20 AND has_video = true AND versions > 1",
            ),
            (
                &[("failed", "deadline"), ("from", "2023-03-01"), ("to", "2023-03-31")],
                "finding = \"deadline\" AND received_time >= 2023-03-01 AND received_time <= 2023-03-31",
            ),
        ];
        for (pairs, filter) in table {
            assert_eq!(Listing::with(pairs).filter("li.na", day()), filter, "{pairs:?}");
        }
    }

    #[test]
    fn the_columns_stand_in_the_address_unless_they_are_the_usual_ones() {
        let usual = COLUMNS_USUAL.map(|column| ("col", column));
        assert_eq!(Listing::with(&usual), Listing::default());
        let chosen = Listing::with(&[("col", "tags"), ("col", "state"), ("col", "nonsense"), ("col", "tags")]);
        assert_eq!(chosen.query(), "col=state&col=tags");
        assert!(chosen.shows("tags") && !chosen.shows("author") && Listing::default().shows("author"));
        assert_eq!(Listing::of_query(&chosen.query()), chosen);
    }

    #[test]
    fn what_the_list_does_not_know_is_left_out() {
        let wrong = [
            ("state", "ADOPTED OR"),
            ("verdict", "late"),
            ("editor", "x"),
            ("from", "2023-02-30"),
            ("expires", "61"),
            ("campaign", "1 AND state = ADOPTED"),
            ("failed", "x\""),
            ("overdue", "yes"),
            ("other", "1"),
            ("q", " \u{7} "),
        ];
        assert!(Listing::with(&wrong).is_all());
        assert_eq!(Listing::with(&wrong).url(), "/submissions");
    }

    #[test]
    fn a_list_is_the_same_after_its_address_was_written_and_read() {
        let list = Listing::with(&[
            ("order", "due"),
            ("q", "a+b &=绩效"),
            ("state", "JUDGED"),
            ("state", "open"),
            ("editor", "by.王 芳"),
        ]);
        assert_eq!(Listing::of_query(&list.query()), list);
        assert_eq!(list.order_by(), "due_day");
        assert_eq!(list.submission_url("submissions/1").matches('?').count(), 1);
    }

    #[test]
    fn a_pill_takes_its_own_condition_away_and_keeps_the_rest() {
        let list = Listing::with(&[("state", "JUDGED"), ("state", "ADOPTED"), ("q", "绩效"), ("order", "oldest")]);
        let pills = list.pills(Language::Zh, str::to_owned, str::to_owned);
        let (words, url) = &pills[1];
        assert_eq!(words, "待分派");
        assert_eq!(*url, "/submissions?q=%E7%BB%A9%E6%95%88&state=ADOPTED&order=oldest");
        assert_eq!(pills.len(), 3);
    }
}
