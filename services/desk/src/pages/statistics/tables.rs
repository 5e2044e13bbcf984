//! What was counted, as tables: a row a group, with the list behind its number.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};
use maud::{Markup, html};
use proto::intake::v1::{
    IntakeStatistics, ReviewState, Verdict,
    intake_statistics::{RuleCount, TopGroups, Waiting},
};
use stdx::csv::Cell;

use super::Asked;
use crate::{
    Language,
    html::{Chart, Point, count, filled},
    listing::{Listing, organisation, wire_word},
    words,
};

/// Days that are shown one by one; more are added up by month.
const DAYS_SHOWN: i64 = 62;

/// A group of manuscripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is called.
    pub label: String,
    /// How many there are.
    pub count: u64,
    /// The list of them; empty where no list has just them.
    pub href: String,
}

/// Groups of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// In the address of its file and in the page.
    pub id: &'static str,
    /// What is grouped.
    pub title: &'static str,
    /// What a group is.
    label: &'static str,
    /// What to know when reading it.
    pub note: Option<&'static str>,
    /// The groups.
    pub rows: Vec<Row>,
    /// All manuscripts, for their shares.
    all: u64,
    /// Whether the groups are days or months.
    is_over_time: bool,
}

/// All tables of an answer.
pub fn tables(asked: &Asked, told: &IntakeStatistics, language: Language) -> Vec<Table> {
    let all = told.manuscript_count;
    let list = |name: &str, value: &str| {
        let mut pairs = asked.pairs();
        pairs.retain(|(_, value)| !value.is_empty());
        let mut pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        pairs.push((name, value));
        Listing::with(&pairs).url()
    };
    let table = |id, (zh, en): (&'static str, &'static str), (label_zh, label_en), rows| Table {
        id,
        title: language.of(zh, en),
        label: language.of(label_zh, label_en),
        note: None,
        rows,
        all,
        is_over_time: false,
    };
    let verdicts = told.verdicts.iter().map(|group| {
        let verdict = group.verdict();
        Row {
            label: words::verdict(verdict, language).1.to_owned(),
            count: group.manuscript_count,
            href: match verdict {
                Verdict::Unspecified => String::new(),
                verdict => list("verdict", wire_word(verdict.as_str_name(), "VERDICT_")),
            },
        }
    });
    let states = words::STATES.into_iter().filter_map(|state: ReviewState| {
        let group = told.states.iter().find(|group| group.state() == state)?;
        Some(Row {
            label: words::state(state, language).to_owned(),
            count: group.manuscript_count,
            href: list("state", wire_word(state.as_str_name(), "REVIEW_STATE_")),
        })
    });
    let categories = told.categories.iter().map(|group| Row {
        label: match (group.category, group.display_name.as_str()) {
            (0, _) => language.of("未注明", "Not told").to_owned(),
            (number, "") => format!("{number}"),
            (number, name) => format!("{number}. {name}"),
        },
        count: group.manuscript_count,
        href: list("category", &group.category.to_string()),
    });
    let rules = |name: &'static str, rules: &[RuleCount]| {
        let row = |group: &RuleCount| Row {
            label: words::rule(&group.rule, language).to_owned(),
            count: group.manuscript_count,
            href: list(name, &group.rule),
        };
        rules.iter().map(row).collect::<Vec<_>>()
    };
    let top = |name: &'static str, top: &Option<TopGroups>| {
        let Some(top) = top else { return Vec::new() };
        let row = |value: &str, count| Row {
            label: if value.is_empty() { language.of("未注明", "Not told").to_owned() } else { value.to_owned() },
            count,
            href: if name == "org" { list(name, &organisation(value)) } else { list(name, value) },
        };
        let mut rows: Vec<Row> = top.groups.iter().map(|group| row(&group.value, group.manuscript_count)).collect();
        if top.rest_count > 0 {
            let label = language.of("其余", "All others").to_owned();
            rows.push(Row { label, count: top.rest_count, href: String::new() });
        }
        rows
    };
    let over_time = over_time(asked, told, language);
    let mut tables = vec![
        over_time,
        table("verdicts", ("判定", "Verdict"), ("判定", "Verdict"), verdicts.collect()),
        table("states", ("审稿状态", "State of the review"), ("状态", "State"), states.collect()),
    ];
    if !asked.campaign.is_empty() {
        let categories = categories.collect();
        tables.push(table("categories", ("内容类别", "Category"), ("类别", "Category"), categories));
    }
    let several = language.of("一篇稿件可计入多项。", "One manuscript can be in several.");
    tables.extend([
        table("organisations", ("工作单位", "Organisation"), ("单位", "Organisation"), top("org", &told.organisations)),
        Table {
            note: Some(several),
            ..table("failed", ("不符合的规则", "Rule not met"), ("规则", "Rule"), rules("failed", &told.failed))
        },
        Table {
            note: Some(several),
            ..table(
                "undetermined",
                ("待核的规则", "Rule to be checked"),
                ("规则", "Rule"),
                rules("unsure", &told.undetermined),
            )
        },
        table(
            "scheduled",
            ("已排期的渠道", "Channel, scheduled"),
            ("渠道", "Channel"),
            top("scheduled", &told.scheduled),
        ),
        Table {
            note: Some(several),
            ..table(
                "published",
                ("已刊发的渠道", "Channel, published"),
                ("渠道", "Channel"),
                top("published", &told.published),
            )
        },
        table(
            "reasons",
            ("退稿与退修的理由", "Reason of a decline or a revision"),
            ("理由", "Reason"),
            top("reason", &told.reasons),
        ),
    ]);
    tables
}

/// By day, or by month where there are many days; those without a manuscript in between too.
fn over_time(asked: &Asked, told: &IntakeStatistics, language: Language) -> Table {
    let mut days: BTreeMap<NaiveDate, u64> = BTreeMap::new();
    for group in &told.days {
        let day = group.day.and_then(|day| {
            NaiveDate::from_ymd_opt(day.year, u32::try_from(day.month).ok()?, u32::try_from(day.day).ok()?)
        });
        days.extend(day.map(|day| (day, group.manuscript_count)));
    }
    let ends = || Some((*days.keys().next()?, *days.keys().next_back()?));
    let is_daily = ends().is_none_or(|(first, last)| (last - first).num_days() < DAYS_SHOWN);
    let begin = |day: NaiveDate| if is_daily { day } else { day.with_day(1).unwrap_or(day) };
    let next = |day: NaiveDate| {
        if is_daily { day.checked_add_days(Days::new(1)) } else { day.checked_add_months(Months::new(1)) }
    };
    let mut rows = Vec::new();
    let mut at = ends().map(|(first, _)| begin(first));
    while let (Some(from), Some((_, last))) = (at, ends()) {
        let Some(until) = next(from).filter(|_| from <= last) else { break };
        let count: u64 = days.range(from..until).map(|(_, count)| count).sum();
        let within = Asked {
            campaign: asked.campaign.clone(),
            from: Some(asked.from.map_or(from, |day| day.max(from))),
            to: until.pred_opt().map(|to| asked.to.map_or(to, |day| day.min(to))),
        };
        let pairs = within.pairs();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let label = from.format(if is_daily { "%Y-%m-%d" } else { "%Y-%m" }).to_string();
        let href = if count > 0 { Listing::with(&pairs).url() } else { String::new() };
        rows.push(Row { label, count, href });
        at = Some(until);
    }
    let (title, label) = if is_daily {
        (language.of("逐日来稿", "By day"), language.of("日期", "Day"))
    } else {
        (language.of("逐月来稿", "By month"), language.of("月份", "Month"))
    };
    Table { id: "received", title, label, note: None, rows, all: told.manuscript_count, is_over_time: true }
}

impl Table {
    fn chart(&self) -> Chart<'static> {
        let point = |row: &Row| {
            let value = i64::try_from(row.count).unwrap_or(i64::MAX);
            let (label, href) = (row.label.clone(), row.href.clone());
            Point { label, value: Some(value), text: count(value), is_partial: false, href }
        };
        Chart {
            id: self.id,
            title: self.title.to_owned(),
            points: self.rows.iter().map(point).collect(),
            unit: 1,
            is_synthetic: false,
        }
    }

    /// Bars, or a line over time.
    pub fn picture(&self, language: Language) -> Markup {
        if self.is_over_time && self.rows.len() > 1 { self.chart().line(language) } else { self.chart().bars(language) }
    }

    fn columns(language: Language) -> [&'static str; 2] {
        [language.of("篇数", "Manuscripts"), language.of("占比（%）", "Share (%)")]
    }

    /// Tenths of a percent, to the nearest.
    fn share(&self, row: &Row) -> String {
        let all = u128::from(self.all.max(1));
        let tenths = (u128::from(row.count) * 1_000 + all / 2) / all;
        format!("{}.{}", tenths / 10, tenths % 10)
    }

    /// The same numbers as the picture's.
    pub fn markup(&self, language: Language) -> Markup {
        let cells: Vec<Vec<Markup>> = self
            .rows
            .iter()
            .map(|row| {
                let number = count(i64::try_from(row.count).unwrap_or(i64::MAX));
                vec![html! { (number) }, html! { (self.share(row)) }]
            })
            .collect();
        self.chart().table(self.label, &Self::columns(language), &cells)
    }

    /// The lines of its file, the head first.
    pub fn lines(&self, language: Language) -> Vec<Vec<Cell>> {
        let [number, share] = Self::columns(language);
        let head = vec![Cell::text(self.label), Cell::text(number), Cell::text(share)];
        let line =
            |row: &Row| vec![Cell::text(row.label.clone()), Cell::Number(row.count), Cell::text(self.share(row))];
        std::iter::once(head).chain(self.rows.iter().map(line)).collect()
    }
}

/// How long manuscripts waited.
pub struct Waits {
    /// Its heading.
    pub title: &'static str,
    /// What is measured.
    pub note: &'static str,
    head: [&'static str; 5],
    rows: Vec<(&'static str, Waiting)>,
}

/// The waits of an answer.
pub fn waits(told: &IntakeStatistics, language: Language) -> Waits {
    let rows = [
        (language.of("自收到至首次处理", "From receipt to the first step of a person"), told.first_step),
        (language.of("自收到至决定（采用或退稿）", "From receipt to the decision"), told.decision),
    ];
    Waits {
        title: language.of("处理用时", "Waits"),
        note: language.of(
            "单位：小时。不含补录的来稿；中位数与九成数取实际稿件的用时。",
            "In hours, without what was backfilled; median and nine of ten are those of a manuscript.",
        ),
        head: [
            language.of("用时", "Wait"),
            language.of("篇数", "Manuscripts"),
            language.of("中位数", "Median"),
            language.of("九成以内", "Nine of ten within"),
            language.of("最长", "Longest"),
        ],
        rows: rows.into_iter().map(|(label, waiting)| (label, waiting.unwrap_or_default())).collect(),
    }
}

/// Hours, to a tenth.
fn hours(seconds: u64) -> String {
    let tenths = seconds.saturating_add(180) / 360;
    format!("{}.{}", tenths / 10, tenths % 10)
}

impl Waits {
    /// In the address of its file and in the page.
    pub const ID: &'static str = "waits";

    /// In hours; nothing where nothing is measured.
    fn spans(waiting: &Waiting) -> [Option<String>; 3] {
        let spans = [waiting.median_seconds, waiting.p90_seconds, waiting.max_seconds];
        spans.map(|span| (waiting.manuscript_count > 0).then(|| hours(span)))
    }

    /// As a table.
    pub fn markup(&self) -> Markup {
        html! {
            div.scroll tabindex="0" { table {
                caption.unseen { (self.title) }
                thead { tr { @for (at, words) in self.head.iter().enumerate() { th.number[at > 0] scope="col" { (words) } } } }
                tbody { @for (label, waiting) in &self.rows { tr {
                    th scope="row" { (label) }
                    td.number { (count(i64::try_from(waiting.manuscript_count).unwrap_or(i64::MAX))) }
                    @for span in Self::spans(waiting) { td.number { (filled(&span.unwrap_or_default())) } }
                } } }
            } }
        }
    }

    /// The lines of its file, the head first.
    pub fn lines(&self) -> Vec<Vec<Cell>> {
        let head = self.head.map(Cell::text).to_vec();
        let line = |(label, waiting): &(&str, Waiting)| {
            let spans = Self::spans(waiting).map(|span| Cell::text(span.unwrap_or_default()));
            [Cell::text(*label), Cell::Number(waiting.manuscript_count)].into_iter().chain(spans).collect()
        };
        std::iter::once(head).chain(self.rows.iter().map(line)).collect()
    }
}
