//! Charts as pictures in the page (SVG), drawn on the server: bars for groups, a line for years. Colours come from the
//! style sheet, so that they are right in the dark and on paper; the same numbers stand in a table below.
//!
//! Coordinates are whole numbers and every share is taken in integers: a picture never says more than its table.

use maud::{Markup, html};

use crate::Language;

/// Width of a picture in its own units; the style sheet scales it.
const WIDTH: i64 = 480;
/// From the left edge to the axis of a line's picture.
const LEFT: i64 = 64;
/// Height of a line's picture without its years.
const HEIGHT: i64 = 200;
/// Above the topmost grid line.
const TOP: i64 = 26;
/// One bar with its words above.
const ROW: i64 = 44;
/// Characters of a bar's words; the table has all of them.
const WORDS_MAX: usize = 22;
/// Numbers stand at the points of a line while there is room for them.
const NUMBERED_MAX: usize = 8;
/// Years written under the axis.
const YEARS_MAX: usize = 10;

/// One number of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The year, or the group's name.
    pub label: String,
    /// The number in base units (fen, things); none where nothing is known, which is not zero.
    pub value: Option<i64>,
    /// The number as it is written in the picture.
    pub text: String,
    /// Whether it rests on a part of what it should: drawn hollow.
    pub is_partial: bool,
    /// Where the group's own page or list is; empty without one.
    pub href: String,
}

/// A chart: what it shows, and its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart<'a> {
    /// Unique in the page.
    pub id: &'a str,
    /// What it shows, with its unit.
    pub title: String,
    /// In order.
    pub points: Vec<Point>,
    /// How many base units one step of the axis's numbers is: `10_000_000_000` fen for 亿元.
    pub unit: i64,
    /// Whether made-up records are among those shown.
    pub is_synthetic: bool,
}

impl Chart<'_> {
    /// Groups: a bar each, the words above it.
    #[must_use]
    pub fn bars(&self, language: Language) -> Markup {
        let most = self.points.iter().filter_map(|point| point.value).map(i64::unsigned_abs).max().unwrap_or(0).max(1);
        let height = i64::try_from(self.points.len()).unwrap_or(0) * ROW + 8;
        let body = html! {
            @for (row, point) in (0_i64..).zip(&self.points) {
                @let y = row * ROW + 18;
                text.words x="0" y=(y) { (short(&point.label)) }
                text.figure x=(WIDTH) y=(y) text-anchor="end" { (point.text) }
                rect.track x="0" y=(y + 7) width=(WIDTH) height="12" rx="2" {}
                @if let Some(value) = point.value {
                    @let width = part(value.unsigned_abs().into(), most.into(), WIDTH).max(if value == 0 { 0 } else { 2 });
                    rect.bar.minus[value < 0].part[point.is_partial] x="0" y=(y + 7) width=(width) height="12" rx="2" {}
                }
            }
        };
        self.figure(&body, height, language)
    }

    /// Years: a line; where nothing is known it is broken, and where little is known its points are hollow.
    #[must_use]
    pub fn line(&self, language: Language) -> Markup {
        let known = || self.points.iter().filter_map(|point| point.value).map(i128::from);
        let (low, high) = (known().min().unwrap_or(0).min(0), known().max().unwrap_or(0).max(0));
        let step = step(high - low, self.unit.into());
        let (floor, ceiling) = (low.div_euclid(step) * step, (high.div_euclid(step) + 1) * step);
        let y = |value: i128| TOP + HEIGHT - part(value - floor, ceiling - floor, HEIGHT);
        let last = i64::try_from(self.points.len()).unwrap_or(0) - 1;
        let x = |at: i64| {
            LEFT + 20 + if last > 0 { part(at.into(), last.into(), WIDTH - LEFT - 50) } else { (WIDTH - LEFT - 50) / 2 }
        };
        let ticks = std::iter::successors(Some(floor), |tick| Some(tick + step)).take_while(|tick| *tick <= ceiling);
        let places: Vec<(i64, &Point)> = (0..).zip(&self.points).collect();
        let every = self.points.len().div_ceil(YEARS_MAX).max(1);
        let is_numbered = self.points.len() <= NUMBERED_MAX;
        let body = html! {
            @for tick in ticks {
                line.grid.axis[tick == 0] x1=(LEFT) y1=(y(tick)) x2=(WIDTH) y2=(y(tick)) {}
                text.tick x=(LEFT - 6) y=(y(tick) + 5) text-anchor="end" { (scaled(tick, self.unit.into())) }
            }
            @for run in places.chunk_by(|(_, before), (_, after)| before.value.is_some() && after.value.is_some()) {
                @let path: Vec<_> = run.iter().filter_map(|(at, point)| Some(format!("{},{}", x(*at), y(point.value?.into())))).collect();
                @if path.len() > 1 { polyline.stroke.made-up[self.is_synthetic] points=(path.join(" ")) {} }
            }
            @for (at, point) in &places {
                @if let Some(value) = point.value {
                    circle.dot.part[point.is_partial] cx=(x(*at)) cy=(y(value.into())) r="5" {}
                    @if is_numbered { text.figure x=(x(*at)) y=(y(value.into()) - 10) text-anchor="middle" { (point.text) } }
                }
                @if usize::try_from(*at).is_ok_and(|at| at.is_multiple_of(every)) {
                    text.tick x=(x(*at)) y=(TOP + HEIGHT + 22) text-anchor="middle" { (point.label) }
                }
            }
        };
        self.figure(&body, TOP + HEIGHT + 32, language)
    }

    /// The picture with its name and what it says in words, for those who do not see it.
    fn figure(&self, body: &Markup, height: i64, language: Language) -> Markup {
        let (title, desc) = (format!("{}-title", self.id), format!("{}-desc", self.id));
        let is_partial = self.points.iter().any(|point| point.is_partial && point.value.is_some());
        html! {
            figure.chart {
                figcaption {
                    (self.title)
                    @if self.is_synthetic { " " (synthetic(language)) }
                    @if is_partial { small { (language.of("空心为覆盖不全", "hollow: not all regions report")) } }
                }
                svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-labelledby={ (title) " " (desc) } {
                    title id=(title) { (self.title) }
                    desc id=(desc) { (self.told(language)) }
                    (body)
                }
            }
        }
    }

    /// What the picture says, in a sentence.
    fn told(&self, language: Language) -> String {
        let known = || self.points.iter().filter(|point| point.value.is_some());
        let (Some(most), Some(least)) = (known().max_by_key(|at| at.value), known().min_by_key(|at| at.value)) else {
            return language.of("没有数据。", "No data.").to_owned();
        };
        let below = language.of("全部数值见下表。", "All numbers stand in the table below.");
        match language {
            Language::Zh => {
                format!("最高 {}：{}；最低 {}：{}。{below}", most.label, most.text, least.label, least.text)
            }
            Language::En => {
                format!("Highest {}: {}; lowest {}: {}. {below}", most.label, most.text, least.label, least.text)
            }
        }
    }

    /// The same numbers as a table: what the labels are, what the columns are, and a row of cells for each point.
    #[must_use]
    pub fn table(&self, label: &str, columns: &[&str], cells: &[Vec<Markup>]) -> Markup {
        html! {
            div.scroll tabindex="0" {
                table {
                    caption.unseen { (self.title) }
                    thead { tr {
                        th scope="col" { (label) }
                        @for column in columns { th.number scope="col" { (column) } }
                    } }
                    tbody {
                        @for (point, row) in self.points.iter().zip(cells) {
                            tr {
                                th scope="row" { (point.linked()) }
                                @for cell in row { td.number { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Point {
    fn linked(&self) -> Markup {
        html! { @if self.href.is_empty() { (self.label) } @else { a href=(self.href) { (self.label) } } }
    }
}

/// The mark of what is made up: wherever such records or their totals stand.
#[must_use]
pub fn synthetic(language: Language) -> Markup {
    super::badge(super::Tone::Warn, language.of("模拟数据", "synthetic"))
}

/// `value × size / whole`, to the nearest whole number.
fn part(value: i128, whole: i128, size: i64) -> i64 {
    let whole = whole.max(1);
    i64::try_from((value * i128::from(size) + whole / 2) / whole).unwrap_or(size)
}

/// The distance of grid lines: 1, 2 or 5 by a power of ten, so that a picture has five of them at most; whole units where
/// the numbers reach one.
fn step(span: i128, unit: i128) -> i128 {
    let first = if span >= unit { unit.max(1) } else { 1 };
    let powers = std::iter::successors(Some(first), |power| power.checked_mul(10));
    let mut steps = powers.flat_map(|power| [1, 2, 5].map(|by| power.saturating_mul(by)));
    steps.find(|step| span / step < 5).unwrap_or(i128::MAX)
}

/// A number of the axis in its unit, its closing zeros left out.
fn scaled(value: i128, unit: i128) -> String {
    let unit = unit.max(1);
    let (whole, rest) = (value / unit, (value % unit).unsigned_abs());
    let sign = if value < 0 && whole == 0 { "−" } else { "" };
    let whole = super::count(i64::try_from(whole).unwrap_or(i64::MAX));
    if rest == 0 {
        return sign.to_owned() + &whole;
    }
    let places = unit.to_string().len() - 1;
    let digits = format!("{rest:0places$}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

fn short(words: &str) -> String {
    match words.char_indices().nth(WORDS_MAX) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(label: &str, value: Option<i64>) -> Point {
        let text = value.map(super::super::count).unwrap_or_default();
        Point { label: label.into(), value, text, is_partial: false, href: String::new() }
    }

    fn chart(points: Vec<Point>) -> Chart<'static> {
        Chart { id: "c", title: "项目数".into(), points, unit: 1, is_synthetic: false }
    }

    #[test]
    fn a_year_of_which_nothing_is_known_breaks_the_line_and_is_never_a_zero() {
        let picture =
            chart(vec![point("2018", Some(4)), point("2019", Some(5)), point("2020", None), point("2021", Some(9))])
                .line(Language::Zh)
                .into_string();
        assert_eq!(picture.matches("<circle").count(), 3);
        assert_eq!(picture.matches("<polyline").count(), 1);
        assert!(picture.contains(">2020</text>"));
    }

    #[test]
    fn a_picture_says_what_it_shows_to_those_who_do_not_see_it_and_has_no_style_of_its_own() {
        let mut shown = chart(vec![point("2015", Some(9_699)), point("2021", Some(34_463))]);
        shown.is_synthetic = true;
        for picture in [shown.line(Language::Zh).into_string(), shown.bars(Language::Zh).into_string()] {
            assert!(picture.contains("role=\"img\" aria-labelledby=\"c-title c-desc\""));
            assert!(picture.contains("最高 2021：34,463；最低 2015：9,699。"));
            assert!(picture.contains("模拟数据"));
            assert!(!picture.contains("style="));
        }
    }

    #[test]
    fn a_bar_is_as_long_as_its_part_of_the_longest_and_what_is_little_is_still_seen() {
        let picture =
            chart(vec![point("甲", Some(200)), point("乙", Some(50)), point("丙", Some(0)), point("丁", Some(-1))])
                .bars(Language::Zh)
                .into_string();
        for (class, width) in [("bar", 480), ("bar", 120), ("bar", 0), ("bar minus", 2)] {
            assert!(picture.contains(&format!("<rect class=\"{class}\"")), "{class}");
            assert!(picture.contains(&format!("width=\"{width}\" height=\"12\"")), "{width}");
        }
    }

    #[test]
    fn the_axis_goes_in_steps_that_people_read() {
        assert_eq!(step(321, 1), 100);
        assert_eq!(step(9, 1), 2);
        assert_eq!(step(0, 1), 1);
        assert_eq!(step(3_217_000_000_000, 10_000_000_000), 1_000_000_000_000);
        assert!(step(u64::MAX.into(), 1) > 0);
        assert_eq!(scaled(3_000_000_000_000, 10_000_000_000), "300");
        assert_eq!(scaled(5_000_000_000, 10_000_000_000), "0.5");
        assert_eq!(scaled(-50, 100), "−0.5");
    }

    #[test]
    fn numbers_at_the_ends_of_what_can_be_counted_draw_a_picture_all_the_same() {
        let ends = || vec![point("a", Some(i64::MIN + 1)), point("b", Some(i64::MAX))];
        assert!(chart(ends()).line(Language::En).into_string().contains("<circle"));
        assert!(chart(ends()).bars(Language::En).into_string().contains("<rect"));
        assert!(chart(Vec::new()).line(Language::En).into_string().contains("No data."));
    }
}
