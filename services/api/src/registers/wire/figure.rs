//! Figures: message ⇄ value. A message that breaks a rule gives a fault for each field that does.

use std::{ops::Range, str::FromStr};

use chrono::{Datelike, NaiveDate};
use procurement::{
    dataset::{self, Derived},
    error::Error,
    figure::{BaseNote, Basis, FigureId, Period, PublishedFigure, Scope, Source},
    quantity::{Qualifier, Quantity},
    rational,
    reconcile::Wanted,
    region::RegionCode,
    unit::Unit,
};
use proto::procurement::v1;

use super::{interval, wording};
use crate::wire::Fault;

/// Characters of a title, a base note, a quote.
const WORDS_CHARACTERS_MAX: usize = 2_000;
/// Bytes of a metric.
const METRIC_BYTES_MAX: usize = 64;
/// Parts that a figure leaves out.
const WITHOUT_MAX: usize = 64;

/// The value of the wire with the code of ours, and back; none for the unspecified one.
macro_rules! by_code {
    ($to:ident, $from:ident, $value:ty, $wire:ty, $prefix:literal) => {
        #[doc = concat!("The wire's word for a `", stringify!($value), "`.")]
        #[must_use]
        pub fn $to(value: $value) -> $wire {
            <$wire>::from_str_name(&format!(concat!($prefix, "{}"), value.code())).unwrap_or_default()
        }

        #[doc = concat!("The `", stringify!($value), "` of the wire's word.")]
        #[must_use]
        pub fn $from(wire: $wire) -> Option<$value> {
            wire.as_str_name().strip_prefix($prefix)?.parse().ok()
        }
    };
}

by_code!(unit, unit_read, Unit, v1::FigureUnit, "FIGURE_UNIT_");
by_code!(qualifier, qualifier_read, Qualifier, v1::FigureQualifier, "FIGURE_QUALIFIER_");
by_code!(basis, basis_read, Basis, v1::FigureBasis, "FIGURE_BASIS_");
by_code!(scope, scope_read, Scope, v1::AreaScope, "AREA_SCOPE_");

/// The first and the last day that a period says, `YYYY-MM-DD`; empty where it says none.
#[must_use]
pub fn period_days(period: Period) -> (String, String) {
    let first = |year, month| NaiveDate::from_ymd_opt(year, month, 1).map(|day| day.to_string()).unwrap_or_default();
    let last = |year| format!("{year}-12-31");
    match period {
        Period::Unstated => (String::new(), String::new()),
        Period::Year(year) => (first(year, 1), last(year)),
        Period::Month(year, month) => {
            let end =
                NaiveDate::from_ymd_opt(year, month, 1).map(|day| day.with_day(u32::from(day.num_days_in_month())));
            (first(year, month), end.flatten().map(|day| day.to_string()).unwrap_or_default())
        }
        Period::Since(year) => (first(year, 1), String::new()),
        Period::Until(day) => (String::new(), day.to_string()),
        Period::Between(from, to) => (first(from, 1), last(to)),
    }
}

/// Where a source's words stand.
#[must_use]
pub fn span(range: &Range<usize>) -> v1::CharacterSpan {
    let at = |place: usize| i64::try_from(place).unwrap_or(i64::MAX);
    v1::CharacterSpan { begin: at(range.start), end: at(range.end) }
}

/// Where a quote first stands in a text, verbatim.
#[must_use]
pub fn text_span(text: &str, quote: &str) -> Option<v1::CharacterSpan> {
    let begin = text[..text.find(quote)?].chars().count();
    Some(span(&(begin..begin + quote.chars().count())))
}

fn region_name(code: &RegionCode) -> String {
    format!("regions/{code}")
}

/// A published figure as its message, without the head.
#[must_use]
pub fn figure(figure: &PublishedFigure) -> v1::Figure {
    let (from_day, to_day) = period_days(figure.period);
    let margin = figure.quantity.margin().map(|margin| {
        // A margin is read from a decimal, so it has an exact one.
        rational::exact(margin).unwrap_or_default().replace(',', "")
    });
    v1::Figure {
        metric: figure.metric.clone(),
        title: Some(wording(&figure.chinese, &figure.english)),
        value: figure.quantity.written().to_owned(),
        unit: unit(figure.quantity.unit()).into(),
        qualifier: qualifier(figure.quantity.qualifier()).into(),
        margin: margin.unwrap_or_default(),
        basis: basis(figure.basis).into(),
        scope: scope(figure.scope).into(),
        region: region_name(&figure.region),
        without_regions: figure.without.iter().map(region_name).collect(),
        period: figure.period.to_string(),
        from_day,
        to_day,
        base_note: figure.base_note.as_ref().map(|note| wording(&note.chinese, &note.english)),
        source_document: format!("sourceDocuments/{}", figure.source.document),
        quote: figure.source.quote.clone(),
        span: Some(span(&figure.source.span_characters)),
        ..v1::Figure::default()
    }
}

/// What is only told, never kept: the interval, the caveats.
pub fn told(message: &mut v1::Figure, figure: &PublishedFigure) {
    message.interval = Some(interval(&figure.quantity.interval_in_unit()));
    let figures = [(figure.id.clone(), figure.clone())].into();
    let value = procurement::formula::Formula::Figure(figure.id.clone()).evaluate(&figures);
    message.caveats = value.map_or_else(
        // A rank has no value that anybody computes with, and so no caveat but its base note.
        |_| figure.base_note.iter().map(|note| wording(&note.chinese, &note.english)).collect(),
        |value| value.caveats.iter().map(|caveat| wording(caveat.chinese(), caveat.english())).collect(),
    );
}

/// Reads fields and gathers what is wrong with them.
pub(super) struct Reader(pub Vec<Fault>);

impl Reader {
    pub(super) fn wrong(&mut self, field: &str, en: impl Into<String>, zh: &str) {
        self.0.push(Fault { field: field.to_owned(), zh: zh.to_owned(), en: en.into() });
    }

    /// Words in both languages, neither empty.
    pub(super) fn words(&mut self, field: &str, words: Option<&v1::Wording>) -> (String, String) {
        let words = words.cloned().unwrap_or_default();
        let zh = self.text(&format!("{field}.zh"), words.zh);
        let en = self.text(&format!("{field}.en"), words.en);
        (zh, en)
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, field: &str, text: String) -> String {
        if text.trim().is_empty() {
            self.wrong(field, "a text is needed", "请填写");
        } else if text.chars().count() > WORDS_CHARACTERS_MAX {
            self.wrong(field, format!("has more than {WORDS_CHARACTERS_MAX} characters"), "超过 2000 个字符");
        }
        text
    }

    pub(super) fn region(&mut self, field: &str, name: &str) -> Option<RegionCode> {
        let code = name.strip_prefix("regions/").and_then(|code| code.parse().ok());
        if code.is_none() {
            self.wrong(field, "a name of the form regions/{code} is needed", "应为 regions/{code} 形式的名称");
        }
        code
    }

    fn required<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.wrong(field, "a value is needed", "请选择");
        }
        value
    }

    fn parsed<T: FromStr<Err = Error>>(&mut self, field: &str, text: &str, zh: &str) -> Option<T> {
        text.parse().map_err(|error: Error| self.wrong(field, error.to_string(), zh)).ok()
    }

    pub(super) fn source(&mut self, document: &str, quote: &str, at: Option<&v1::CharacterSpan>) -> Source {
        if document.is_empty() {
            self.wrong("source_document", "a source is needed", "请填写来源文献");
        }
        let place = |place: i64| usize::try_from(place).unwrap_or_default();
        Source {
            document: document.strip_prefix("sourceDocuments/").unwrap_or(document).to_owned(),
            quote: self.text("quote", quote.to_owned()),
            span_characters: at.map_or(0..0, |at| place(at.begin)..place(at.end)),
        }
    }
}

/// The figure of a message under an id.
pub fn figure_read(id: &FigureId, message: &v1::Figure) -> Result<PublishedFigure, Vec<Fault>> {
    let mut read = Reader(Vec::new());
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if message.metric.is_empty() || message.metric.len() > METRIC_BYTES_MAX || !message.metric.bytes().all(plain) {
        let en = format!("1 to {METRIC_BYTES_MAX} of a-z, 0-9 and _ are taken");
        read.wrong("metric", en, "应为 1 至 64 个 a-z、0-9 或 _");
    }
    let (chinese, english) = read.words("title", message.title.as_ref());
    let unit = read.required("unit", unit_read(message.unit()));
    let qualifier = match message.qualifier() {
        v1::FigureQualifier::Unspecified => Qualifier::Exact,
        given => qualifier_read(given).unwrap_or(Qualifier::Exact),
    };
    let quantity = unit.and_then(|unit| {
        let quantity = Quantity::new(&message.value, unit, qualifier)
            .map_err(|error| read.wrong("value", error.to_string(), "不是可用的十进制数(或与限定词不符)"))
            .ok()?;
        if message.margin.is_empty() {
            return Some(quantity);
        }
        let wide = quantity.with_margin(&message.margin);
        wide.map_err(|error| read.wrong("margin", error.to_string(), "只有“约”可以放宽,且不得小于末位的一半")).ok()
    });
    let basis = read.required("basis", basis_read(message.basis()));
    let scope = read.required("scope", scope_read(message.scope()));
    let region = read.region("region", &message.region);
    if message.without_regions.len() > WITHOUT_MAX {
        read.wrong("without_regions", format!("at most {WITHOUT_MAX} are taken"), "最多 64 个");
    }
    let mut without = Vec::new();
    for (index, name) in message.without_regions.iter().take(WITHOUT_MAX).enumerate() {
        let field = format!("without_regions[{index}]");
        let Some(part) = read.region(&field, name) else { continue };
        if region.as_ref().is_some_and(|region| *region == part || !region.covers(&part)) {
            read.wrong(&field, "is no part of the region", "不在该地区之内");
        }
        without.push(part);
    }
    let zh = "应为 2021、2021-04、2015..、..2021-12-31、2015..2021 或 unstated";
    let period = read.parsed("period", &message.period, zh);
    let base_note = message.base_note.as_ref().map(|note| {
        let (chinese, english) = read.words("base_note", Some(note));
        BaseNote { chinese, english }
    });
    let source = read.source(&message.source_document, &message.quote, message.span.as_ref());
    match (quantity, basis, scope, region, period) {
        (Some(quantity), Some(basis), Some(scope), Some(region), Some(period)) if read.0.is_empty() => {
            let (id, metric) = (id.clone(), message.metric.clone());
            Ok(PublishedFigure {
                id,
                metric,
                chinese,
                english,
                quantity,
                basis,
                scope,
                without,
                region,
                period,
                base_note,
                source,
            })
        }
        _ => Err(read.0),
    }
}

/// A wanted figure as its message, without the head.
#[must_use]
pub fn wanted(wanted: &Wanted) -> v1::WantedFigure {
    v1::WantedFigure {
        title: Some(wording(&wanted.chinese, &wanted.english)),
        unit: unit(wanted.unit).into(),
        region: region_name(&wanted.region),
        period: wanted.period.to_string(),
        source_document: format!("sourceDocuments/{}", wanted.source.document),
        quote: wanted.source.quote.clone(),
        span: Some(span(&wanted.source.span_characters)),
        ..v1::WantedFigure::default()
    }
}

/// The wanted figure of a message under an id.
pub fn wanted_read(id: &FigureId, message: &v1::WantedFigure) -> Result<Wanted, Vec<Fault>> {
    let mut read = Reader(Vec::new());
    let (chinese, english) = read.words("title", message.title.as_ref());
    let unit = read.required("unit", unit_read(message.unit()));
    let region = read.region("region", &message.region);
    let period = read.parsed("period", &message.period, "时间的写法不对");
    let source = read.source(&message.source_document, &message.quote, message.span.as_ref());
    match (unit, region, period) {
        (Some(unit), Some(region), Some(period)) if read.0.is_empty() => {
            Ok(Wanted { id: id.clone(), chinese, english, unit, region, period, source })
        }
        _ => Err(read.0),
    }
}

/// A derived figure as its message, without the head.
#[must_use]
pub fn derived(derived: &Derived) -> v1::DerivedFigure {
    v1::DerivedFigure {
        title: Some(wording(&derived.chinese, &derived.english)),
        formula: derived.formula.to_string(),
        ..v1::DerivedFigure::default()
    }
}

/// A source document with its text as its message, without the head.
#[must_use]
pub fn source(source: &dataset::SourceDocument, text: &str) -> v1::SourceDocument {
    v1::SourceDocument {
        title: source.title.clone(),
        issuer: source.issuer.clone(),
        sha256: source.sha256.to_string(),
        note: source.note.clone().unwrap_or_default(),
        text_characters: i64::try_from(text.chars().count()).unwrap_or(i64::MAX),
        text: text.to_owned(),
        ..v1::SourceDocument::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_ours_has_one_on_the_wire_and_comes_back() {
        for value in Unit::ALL {
            assert_eq!(unit_read(unit(*value)), Some(*value));
        }
        for value in Qualifier::ALL {
            assert_eq!(qualifier_read(qualifier(*value)), Some(*value));
        }
        for value in Basis::ALL {
            assert_eq!(basis_read(basis(*value)), Some(*value));
        }
        for value in Scope::ALL {
            assert_eq!(scope_read(scope(*value)), Some(*value));
        }
        assert_eq!(unit_read(v1::FigureUnit::Unspecified), None);
    }

    #[test]
    fn every_figure_of_the_article_comes_back_from_its_message() {
        let article = dataset::Dataset::article().unwrap();
        for (id, published) in &article.figures {
            assert_eq!(&figure_read(id, &figure(published)).unwrap(), published, "{id}");
        }
        for (id, missing) in &article.wanted {
            assert_eq!(&wanted_read(id, &wanted(missing)).unwrap(), missing, "{id}");
        }
    }

    #[test]
    fn every_field_that_breaks_a_rule_is_named_at_once() {
        let message = v1::Figure { metric: "Über".into(), value: "1e3".into(), ..v1::Figure::default() };
        let faults = figure_read(&"F1".parse().unwrap(), &message).unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "metric",
                "title.zh",
                "title.en",
                "unit",
                "basis",
                "scope",
                "region",
                "period",
                "source_document",
                "quote"
            ]
        );
    }

    #[test]
    fn a_period_says_the_days_that_it_says() {
        for (text, from, to) in [
            ("unstated", "", ""),
            ("2021", "2021-01-01", "2021-12-31"),
            ("2020-02", "2020-02-01", "2020-02-29"),
            ("2015..", "2015-01-01", ""),
            ("..2021-12-31", "", "2021-12-31"),
            ("2015..2021", "2015-01-01", "2021-12-31"),
        ] {
            assert_eq!(period_days(text.parse().unwrap()), (from.to_owned(), to.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_quote_is_found_by_characters() {
        assert_eq!(text_span("甲乙丙丁", "丙"), Some(v1::CharacterSpan { begin: 2, end: 3 }));
        assert_eq!(text_span("甲乙丙丁", "戊"), None);
    }
}
