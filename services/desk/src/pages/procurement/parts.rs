//! Parts that several registers show alike: where an entry comes from, what rules found, which regions report.

use std::collections::BTreeSet;

use maud::{Markup, html};
use proto::procurement::v1::{Coverage, Finding, NotCarried, Provenance, Wording};

use super::{
    names::{link, wording},
    words::{Named, outcome_tone},
};
use crate::{
    Language,
    html::{Tone, badge, count, synthetic},
};

/// The mark of an entry that is made up, or deleted.
#[must_use]
pub fn marks(provenance: Option<&Provenance>, deleted: Option<&prost_types::Timestamp>, language: Language) -> Markup {
    html! {
        @if provenance.is_some_and(|provenance| provenance.is_synthetic) { " " (synthetic(language)) }
        @if deleted.is_some() { " " (badge(Tone::Bad, language.of("已删除", "deleted"))) }
    }
}

/// Above the facts of an entry: that it is made up, or deleted.
#[must_use]
pub fn warnings(
    provenance: Option<&Provenance>,
    deleted: Option<&prost_types::Timestamp>,
    language: Language,
) -> Markup {
    html! {
        @if provenance.is_some_and(|provenance| provenance.is_synthetic) {
            p.notice.warn { b { (language.of("模拟数据", "Synthetic")) } " "
                (language.of("由程序生成，仅供演示与测试，不代表任何真实的项目或单位。", "Made by a program for demonstrations and tests; it stands for no real project or body.")) }
        }
        @if deleted.is_some() { p.notice.bad { (language.of("此条目已删除。", "This entry is deleted.")) } }
    }
}

/// The words of the source that an entry rests on.
#[must_use]
pub fn source(provenance: Option<&Provenance>, title: &str, language: Language) -> Markup {
    let said = provenance.filter(|provenance| !provenance.quote.is_empty());
    html! {
        @if let Some(said) = said {
            h2 { (language.of("出处", "Source")) }
            blockquote lang="zh-CN" { (said.quote) footer { "——" (if title.is_empty() { &said.source } else { title }) } }
        }
    }
}

/// What rules found of an entry.
#[must_use]
pub fn findings(id: &str, findings: &[Finding], language: Language) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (language.of("规则检查", "Rules")) }
            @if findings.is_empty() { p.nothing { (language.of("没有适用的规则。", "No rule applies.")) } } @else {
                div.scroll tabindex="0" { table {
                    (head(&[(language.of("结果", "Outcome"), false), (language.of("发现", "Finding"), false), (language.of("依据", "Article"), false), (language.of("规则", "Rule"), false)]))
                    tbody { @for finding in findings { tr {
                        td { (badge(outcome_tone(finding.outcome(), finding.severity()), finding.outcome().named(language))) }
                        td lang="zh-CN" { (finding.sentence) }
                        td lang="zh-CN" { (finding.article) }
                        td { span.code { (finding.rule) } }
                    } } }
                } }
            }
        }
    }
}

/// The head of a table: the words of each column, and whether numbers stand in it.
#[must_use]
pub fn head(columns: &[(&str, bool)]) -> Markup {
    html! { thead { tr { @for (words, is_number) in columns {
        th scope="col" class=[is_number.then_some("number")] { (words) }
    } } } }
}

/// Which regions report, of those there are; the missing ones on demand.
#[must_use]
pub fn coverage(coverage: Option<&Coverage>, language: Language) -> Markup {
    html! {
        @match coverage {
            None => span.nothing { "—" },
            Some(coverage) => {
                (count(coverage.regions_reporting.into())) "/" (count(coverage.regions_existing.into()))
                @if coverage.missing_count > 0 && coverage.regions_reporting > 0 {
                    details {
                        summary { (language.of("缺 ", "missing ")) (count(coverage.missing_count.into())) }
                        @for (at, region) in coverage.missing.iter().enumerate() {
                            @if at > 0 { (language.of("、", ", ")) } (link(&region.region, &region.title))
                        }
                        @if usize::try_from(coverage.missing_count).is_ok_and(|all| all > coverage.missing.len()) { "……" }
                    }
                }
                @if !coverage.unknown.is_empty() {
                    p { (language.of("区划表中没有的代码：", "Codes that the register of regions does not know: "))
                        (coverage.unknown.join(language.of("、", ", "))) }
                }
            }
        }
    }
}

/// Whether every region reports.
#[must_use]
pub fn is_partial(coverage: Option<&Coverage>) -> bool {
    coverage.is_some_and(|coverage| coverage.missing_count > 0)
}

/// What to be careful about, and what could not be carried to other boundaries.
#[must_use]
pub fn caveats(caveats: &[Wording], not_carried: &[NotCarried], language: Language) -> Markup {
    let all: BTreeSet<&str> = caveats
        .iter()
        .map(|caveat| wording(Some(caveat), language))
        .chain(not_carried.iter().map(|left| wording(left.sentence.as_ref(), language)))
        .collect();
    html! { @if !all.is_empty() {
        div.notice.plain { b { (language.of("注意", "Note")) } ul { @for caveat in all { li { (caveat) } } } }
    } }
}

/// A long text as it was written; nothing when there is none.
#[must_use]
pub fn prose(heading: &str, text: &str) -> Markup {
    html! { @if !text.is_empty() { h2 { (heading) } div.prose lang="zh-CN" { (text) } } }
}

/// A title in the page's language, where there is one.
#[must_use]
pub fn titled<'a>(zh: &'a str, en: &'a str, language: Language) -> &'a str {
    language.of(zh, if en.is_empty() { zh } else { en })
}

/// A number that may not be recorded.
#[must_use]
pub fn counted(number: Option<i32>) -> Markup {
    html! { @match number { Some(number) => (count(number.into())), None => span.nothing { "—" } } }
}
