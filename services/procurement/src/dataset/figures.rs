//! Reads figures, the figures that are wanted, claims and derived values.

use super::entry::Entry;
use crate::{
    error::Error,
    figure::{BaseNote, ComputedFigure, FigureId, PublishedFigure},
    formula::{Failure, Figures, Formula, Language},
    quantity::{Qualifier, Quantity},
    reconcile::{self, Claim, Reading, Relation, Wanted},
};

/// The longest metric, in bytes.
const METRIC_BYTES_MAX: usize = 64;

/// A value that we compute and no source states: never published, never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// Its name in the data set, such as `D06a`.
    pub id: String,
    /// What it is, in Chinese.
    pub chinese: String,
    /// What it is, in English.
    pub english: String,
    /// How it is computed.
    pub formula: Formula,
}

impl Derived {
    /// Computes the value and writes the arithmetic as a sentence in Chinese and in English.
    ///
    /// # Errors
    /// The formula has no value, such as for a missing figure.
    pub fn tell(&self, figures: &Figures) -> Result<(ComputedFigure, String, String), Failure> {
        let value = self.formula.evaluate(figures)?;
        let sentence = |name: &str, language| reconcile::tell(name, &self.formula, &value, figures, language);
        let (chinese, english) =
            (sentence(&self.chinese, Language::Chinese), sentence(&self.english, Language::English));
        Ok((value, chinese, english))
    }
}

pub(super) fn figure(entry: &mut Entry<'_, '_>) -> Result<PublishedFigure, Error> {
    let id: FigureId = entry.id()?.parse().map_err(|error: Error| entry.wrong("id", error))?;
    let metric = entry.text("metric")?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if metric.len() > METRIC_BYTES_MAX || !metric.bytes().all(plain) {
        return Err(entry.wrong("metric", format!("must be at most {METRIC_BYTES_MAX} of a-z, 0-9 and _")));
    }
    let value = entry.text("value")?;
    let (unit, qualifier) = (entry.code("unit")?, entry.code_or("qualifier", Qualifier::Exact)?);
    let quantity = Quantity::new(&value, unit, qualifier).map_err(|error| entry.wrong("value", error))?;
    let quantity = match entry.optional_text("margin")? {
        Some(margin) => quantity.with_margin(&margin).map_err(|error| entry.wrong("margin", error))?,
        None => quantity,
    };
    Ok(PublishedFigure {
        id,
        metric,
        chinese: entry.text("chinese")?,
        english: entry.text("english")?,
        quantity,
        basis: entry.code("basis")?,
        scope: entry.code("scope")?,
        without: entry.codes("without")?,
        region: entry.code("region")?,
        period: entry.code("period")?,
        base_note: base_note(entry)?,
        source: entry.source()?,
    })
}

fn base_note(entry: &mut Entry<'_, '_>) -> Result<Option<BaseNote>, Error> {
    let (chinese, english) = (entry.optional_text("base_note")?, entry.optional_text("base_note_english")?);
    match (chinese, english) {
        (None, None) => Ok(None),
        (Some(chinese), Some(english)) => Ok(Some(BaseNote { chinese, english })),
        (Some(_), None) => Err(entry.wrong("base_note_english", "is missing")),
        (None, Some(_)) => Err(entry.wrong("base_note", "is missing")),
    }
}

pub(super) fn wanted(entry: &mut Entry<'_, '_>) -> Result<Wanted, Error> {
    Ok(Wanted {
        id: entry.id()?.parse().map_err(|error: Error| entry.wrong("id", error))?,
        chinese: entry.text("chinese")?,
        english: entry.text("english")?,
        unit: entry.code("unit")?,
        region: entry.code("region")?,
        period: entry.code("period")?,
        source: entry.source()?,
    })
}

pub(super) fn claim(entry: &mut Entry<'_, '_>) -> Result<Claim, Error> {
    let id = entry.id()?;
    let stated = entry.optional_reference("stated", &["figure"])?;
    let stated = stated.map(|id| id.parse().map_err(|error: Error| entry.wrong("stated", error))).transpose()?;
    let mut readings = Vec::new();
    if let Some(text) = entry.optional_text("formula")? {
        readings.push(Reading {
            formula: formula(entry, "formula", &text)?,
            chinese: String::new(),
            english: String::new(),
        });
    }
    for mut table in entry.tables("reading")? {
        let mut take = |field: &str| match table.remove(field) {
            Some(toml::Value::String(text)) if !text.trim().is_empty() => Ok(text),
            _ => Err(entry.wrong("reading", format!("{field} must be a text in quotes"))),
        };
        let (text, chinese, english) = (take("formula")?, take("chinese")?, take("english")?);
        if let Some(field) = table.keys().next() {
            return Err(entry.wrong("reading", format!("{field} is no field of a reading")));
        }
        readings.push(Reading { formula: formula(entry, "reading", &text)?, chinese, english });
    }
    if readings.is_empty() || (readings.len() == 1 && stated.is_none()) {
        return Err(entry.wrong("formula", "a claim needs a formula, and without a stated figure two readings"));
    }
    Ok(Claim {
        id,
        chinese: entry.text("chinese")?,
        english: entry.text("english")?,
        source: entry.source()?,
        stated,
        relation: entry.code_or("relation", Relation::Equals)?,
        readings,
    })
}

pub(super) fn derived(entry: &mut Entry<'_, '_>) -> Result<Derived, Error> {
    let id = entry.id()?;
    let text = entry.text("formula")?;
    Ok(Derived {
        id,
        chinese: entry.text("chinese")?,
        english: entry.text("english")?,
        formula: formula(entry, "formula", &text)?,
    })
}

fn formula(entry: &mut Entry<'_, '_>, field: &'static str, text: &str) -> Result<Formula, Error> {
    let formula: Formula = text.parse().map_err(|error| entry.wrong(field, error))?;
    for id in formula.figures() {
        entry.refer(field, &["figure", "wanted"], id.to_string());
    }
    Ok(formula)
}
