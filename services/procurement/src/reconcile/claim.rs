//! A source's claim about its own figures, and what follows from recomputing it.

use std::collections::BTreeMap;

use num_rational::BigRational;

use super::wording::{Telling, ends};
use crate::{
    coded::coded,
    figure::{ComputedFigure, FigureId, Period, PublishedFigure, Source},
    formula::{Failure, Figures, Formula, Language},
    interval::Interval,
    rational,
    region::RegionCode,
    unit::Unit,
};

coded! {
    /// How the stated figure stands to the formula.
    Relation, "relation":
    /// The figure is the value of the formula.
    Equals = "EQUALS" "等于",
    /// The figure is larger than the value of the formula (高于).
    Exceeds = "EXCEEDS" "高于",
}

/// One way to understand a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What is computed.
    pub formula: Formula,
    /// What the formula takes the words to mean, in Chinese; empty where there is only one way.
    pub chinese: String,
    /// The same in English.
    pub english: String,
}

/// What a source says about its own figures. The verdict is not part of it: [`Claim::reconcile`] computes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name in the data set, such as `C01`.
    pub id: String,
    /// What is claimed, in Chinese.
    pub chinese: String,
    /// What is claimed, in English.
    pub english: String,
    /// The words of the source.
    pub source: Source,
    /// The figure that is claimed; none where the source states parts that fit together in several ways.
    pub stated: Option<FigureId>,
    /// How the figure stands to the formula.
    pub relation: Relation,
    /// The ways to understand the claim, one or more.
    pub readings: Vec<Reading>,
}

/// A figure that a claim rests on and the source does not state; an editor may enter it with a source of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name in formulas, such as `N01`.
    pub id: FigureId,
    /// What it is, in Chinese.
    pub chinese: String,
    /// What it is, in English.
    pub english: String,
    /// Its unit.
    pub unit: Unit,
    /// For which region.
    pub region: RegionCode,
    /// When.
    pub period: Period,
    /// The words that presuppose it.
    pub source: Source,
}

/// Why a claim cannot be judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undetermined {
    /// Figures that are not there.
    Figures(Vec<FigureId>),
    /// The two figures do not speak of one metric, region and scope: that their values agree means nothing (trap T3).
    CommonSubject,
    /// The intervals overlap, so the words do not say which is larger.
    FinerDigits,
    /// A divisor may be zero.
    Divisor(String),
    /// Neither a stated figure nor a second reading: there is nothing to compare with.
    Statement,
}

/// What follows from recomputing a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Stated and computed values have a value in common in every reading.
    Consistent,
    /// They have none in any reading.
    Inconsistent {
        /// How far apart the intervals are in the nearest reading, in base units (yuan, things, people, days, plain numbers).
        gap: BigRational,
    },
    /// The readings disagree and the source does not say which one is meant.
    AmbiguousBase,
    /// Something is missing.
    Undetermined {
        /// What.
        missing: Undetermined,
    },
}

impl Verdict {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Consistent => "CONSISTENT",
            Self::Inconsistent { .. } => "INCONSISTENT",
            Self::AmbiguousBase => "AMBIGUOUS_BASE",
            Self::Undetermined { .. } => "UNDETERMINED",
        }
    }

    /// The word that Chinese readers are shown.
    #[must_use]
    pub fn chinese(&self) -> &'static str {
        match self {
            Self::Consistent => "一致",
            Self::Inconsistent { .. } => "不一致",
            Self::AmbiguousBase => "基数有歧义",
            Self::Undetermined { .. } => "无法判定",
        }
    }
}

/// The denominator that a stated share or figure per head implies, so that an editor can check it elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denominator {
    /// The divisor of the claim.
    pub formula: Formula,
    /// What it would have to be for the stated figure to be right.
    pub implied: ComputedFigure,
    /// The arithmetic in Chinese.
    pub chinese: String,
    /// The arithmetic in English.
    pub english: String,
}

/// A claim recomputed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciled {
    /// What follows.
    pub verdict: Verdict,
    /// The value of each reading, in their order, or why it has none.
    pub computed: Vec<Result<ComputedFigure, Failure>>,
    /// The denominators that the claim implies.
    pub denominators: Vec<Denominator>,
    /// The arithmetic and the verdict as sentences in Chinese.
    pub chinese: String,
    /// The arithmetic and the verdict as sentences in English.
    pub english: String,
}

impl Claim {
    /// Recomputes the claim from the figures that are there.
    ///
    /// # Errors
    /// The claim makes no sense: unlike units, a rank, a root of a negative number.
    pub fn reconcile(&self, figures: &Figures, wanted: &BTreeMap<FigureId, Wanted>) -> Result<Reconciled, Failure> {
        let stated = self.stated.as_ref().and_then(|id| figures.get(id));
        if let Some(stated) = stated.filter(|figure| figure.quantity.unit() == Unit::Rank) {
            return Err(Failure::Rank(stated.id.clone()));
        }
        let mut computed = Vec::with_capacity(self.readings.len());
        for reading in &self.readings {
            match reading.formula.evaluate(figures) {
                Ok(value) => {
                    if let Some(stated) = stated.filter(|stated| stated.quantity.unit().dimension() != value.dimension)
                    {
                        let (one, two) = (stated.id.to_string(), reading.formula.to_string());
                        return Err(Failure::UnlikeUnits { one, two });
                    }
                    computed.push(Ok(value));
                }
                Err(failure @ (Failure::Missing(_) | Failure::DivisorHoldsZero(_))) => computed.push(Err(failure)),
                Err(failure) => return Err(failure),
            }
        }
        let verdict = self.verdict(figures, stated, &computed);
        let denominators = self.denominators(figures, stated, wanted);
        let sentences =
            |language| self.sentences(language, figures, stated, wanted, &computed, &verdict, &denominators);
        let (chinese, english) = (sentences(Language::Chinese), sentences(Language::English));
        Ok(Reconciled { verdict, computed, denominators, chinese, english })
    }

    fn verdict(
        &self,
        figures: &Figures,
        stated: Option<&PublishedFigure>,
        computed: &[Result<ComputedFigure, Failure>],
    ) -> Verdict {
        let undetermined = |missing| Verdict::Undetermined { missing };
        let named = self.readings.iter().flat_map(|reading| reading.formula.figures()).chain(self.stated.clone());
        let mut missing: Vec<FigureId> = named.filter(|id| !figures.contains_key(id)).collect();
        missing.sort();
        missing.dedup();
        if !missing.is_empty() {
            return undetermined(Undetermined::Figures(missing));
        }
        let mut intervals = Vec::with_capacity(computed.len());
        for value in computed {
            match value {
                Ok(value) => intervals.push(&value.interval),
                Err(failure) => return undetermined(Undetermined::Divisor(failure.to_string())),
            }
        }
        let Some(stated) = stated else {
            let apart = intervals.iter().enumerate().any(|(at, one)| intervals[..at].iter().any(|two| !one.meets(two)));
            return match (intervals.len(), apart) {
                (0 | 1, _) => undetermined(Undetermined::Statement),
                (_, true) => Verdict::AmbiguousBase,
                (_, false) => Verdict::Consistent,
            };
        };
        let same_subject = |other: &PublishedFigure| {
            other.metric == stated.metric && other.region == stated.region && other.scope == stated.scope
        };
        for reading in &self.readings {
            if let Formula::Figure(id) = &reading.formula
                && figures.get(id).is_some_and(|other| !same_subject(other))
            {
                return undetermined(Undetermined::CommonSubject);
            }
        }
        let said = stated.quantity.interval();
        let agrees: Option<Vec<bool>> =
            intervals.iter().map(|interval| agrees(self.relation, &said, interval)).collect();
        let Some(agrees) = agrees else { return undetermined(Undetermined::FinerDigits) };
        match (agrees.contains(&true), agrees.contains(&false)) {
            (true, true) => Verdict::AmbiguousBase,
            (true, false) => Verdict::Consistent,
            (false, true) => {
                let gaps = intervals.iter().map(|interval| said.gap(interval));
                Verdict::Inconsistent { gap: gaps.min().unwrap_or_else(|| rational::fraction(0, 1)) }
            }
            (false, false) => undetermined(Undetermined::Statement),
        }
    }

    fn denominators(
        &self,
        figures: &Figures,
        stated: Option<&PublishedFigure>,
        wanted: &BTreeMap<FigureId, Wanted>,
    ) -> Vec<Denominator> {
        let Some(stated) = stated else { return Vec::new() };
        let mut found = Vec::new();
        for reading in &self.readings {
            let Some((above, below)) = reading.formula.as_quotient() else { continue };
            let is_missing = below.figures().iter().any(|id| !figures.contains_key(id));
            if matches!(reading.formula, Formula::Ratio(..)) && !is_missing {
                continue;
            }
            let inverse = Formula::Ratio(Box::new(above.clone()), Box::new(Formula::Figure(stated.id.clone())));
            let Ok(implied) = inverse.evaluate(figures) else { continue };
            let telling = match below {
                Formula::Figure(id) => {
                    let unit = wanted.get(id).map(|wanted| wanted.unit);
                    unit.or_else(|| figures.get(id).map(|figure| figure.quantity.unit()))
                }
                _ => None,
            }
            .filter(|unit| unit.dimension() == implied.dimension)
            .map_or_else(|| Telling::usual(&inverse, &implied, figures), Telling::of);
            let places = telling.places(&ends(&implied.interval, implied.central.as_ref()), None);
            let sentence = |language| {
                let name = name(below, figures, wanted, language);
                let arithmetic = inverse.spelled(figures, language);
                let value = telling.value(&implied, places, language);
                match language {
                    Language::Chinese => format!("隐含的分母“{name}”：{arithmetic} {value}。"),
                    Language::English => format!("Implied denominator “{name}”: {arithmetic} {value}."),
                }
            };
            let (chinese, english) = (sentence(Language::Chinese), sentence(Language::English));
            found.push(Denominator { formula: below.clone(), implied, chinese, english });
        }
        found
    }

    #[allow(clippy::too_many_arguments)] // the parts of one result, each already computed
    fn sentences(
        &self,
        language: Language,
        figures: &Figures,
        stated: Option<&PublishedFigure>,
        wanted: &BTreeMap<FigureId, Wanted>,
        computed: &[Result<ComputedFigure, Failure>],
        verdict: &Verdict,
        denominators: &[Denominator],
    ) -> String {
        let chinese = language == Language::Chinese;
        let mut sentences = Vec::new();
        for (reading, value) in self.readings.iter().zip(computed) {
            let note = if chinese { &reading.chinese } else { &reading.english };
            let note = match (note.is_empty(), chinese) {
                (true, _) => String::new(),
                (false, true) => format!("若{note}："),
                (false, false) => format!("If {note}: "),
            };
            let arithmetic = reading.formula.spelled(figures, language);
            let stop = if chinese { "。" } else { "." };
            sentences.push(match value {
                Ok(value) => format!("{note}{}{stop}", self.arithmetic(language, figures, reading, value, stated)),
                Err(_) => format!("{note}{arithmetic}{stop}"),
            });
            if let Ok(value) = value {
                for caveat in &value.caveats {
                    sentences.push(if chinese {
                        format!("注意：{}。", caveat.chinese())
                    } else {
                        format!("Caveat: {}.", caveat.english())
                    });
                }
            }
        }
        sentences
            .extend(denominators.iter().map(|one| if chinese { one.chinese.clone() } else { one.english.clone() }));
        let reason = match verdict {
            Verdict::Undetermined { missing } => missing.reason(language, figures, wanted),
            Verdict::Inconsistent { gap } => {
                let telling = stated.map(|figure| Telling::of(figure.quantity.unit()));
                telling.map_or_else(String::new, |telling| {
                    let places = telling.places(&[gap], stated.map(|figure| figure.quantity.decimals()));
                    let gap = telling.number(gap, places, language);
                    if chinese { format!("，相差至少 {gap}") } else { format!(", at least {gap} apart") }
                })
            }
            Verdict::Consistent | Verdict::AmbiguousBase => String::new(),
        };
        sentences.push(if chinese {
            format!("结论：{}{reason}。", verdict.chinese())
        } else {
            format!("Verdict: {}{reason}.", verdict.code())
        });
        sentences.join(if chinese { "" } else { " " })
    }

    fn arithmetic(
        &self,
        language: Language,
        figures: &Figures,
        reading: &Reading,
        value: &ComputedFigure,
        stated: Option<&PublishedFigure>,
    ) -> String {
        let arithmetic = reading.formula.spelled(figures, language);
        let Some(stated) = stated else {
            let telling = Telling::usual(&reading.formula, value, figures);
            let places = telling.places(&ends(&value.interval, value.central.as_ref()), None);
            return format!("{arithmetic} {}", telling.value(value, places, language));
        };
        let said = stated.quantity.interval();
        let telling = Telling::of(stated.quantity.unit());
        let mut told = ends(&value.interval, value.central.as_ref());
        told.extend(ends(&said, None));
        let places = telling.places(&told, Some(stated.quantity.decimals()));
        let is_bare = matches!(reading.formula, Formula::Figure(_));
        let computed = if is_bare { String::new() } else { format!(" {}", telling.value(value, places, language)) };
        let name = Formula::Figure(stated.id.clone()).spelled(figures, language);
        let range = match (said.as_point(), language) {
            (Some(_), _) => String::new(),
            (None, Language::Chinese) => format!("，可取 {}", telling.range(&said, places, language)),
            (None, Language::English) => format!(", which allows {}", telling.range(&said, places, language)),
        };
        match (self.relation, language) {
            (Relation::Equals, Language::Chinese) => format!("{arithmetic}{computed}；文中为 {name}{range}"),
            (Relation::Equals, Language::English) => format!("{arithmetic}{computed}; the source states {name}{range}"),
            (Relation::Exceeds, Language::Chinese) => format!("{arithmetic}{computed}；文中称 {name}{range} 高于此数"),
            (Relation::Exceeds, Language::English) => {
                format!("{arithmetic}{computed}; the source says that {name}{range} exceeds it")
            }
        }
    }
}

impl Undetermined {
    fn reason(&self, language: Language, figures: &Figures, wanted: &BTreeMap<FigureId, Wanted>) -> String {
        let chinese = language == Language::Chinese;
        match self {
            Self::Figures(ids) => {
                let names: Vec<String> = ids
                    .iter()
                    .map(|id| format!("{id} {}", name(&Formula::Figure(id.clone()), figures, wanted, language)))
                    .collect();
                if chinese {
                    format!("，缺少 {}", names.join("、"))
                } else {
                    format!(", missing {}", names.join(", "))
                }
            }
            Self::CommonSubject if chinese => "，两个数字的指标、地区或范围不同，数值相等不说明问题".to_owned(),
            Self::CommonSubject => {
                ", the figures differ in metric, region or scope: equal values mean nothing".to_owned()
            }
            Self::FinerDigits if chinese => "，取值区间重叠，需要更精确的数字".to_owned(),
            Self::FinerDigits => ", the intervals overlap: finer digits are missing".to_owned(),
            Self::Divisor(_) if chinese => "，除数可能为零".to_owned(),
            Self::Divisor(reason) => format!(", {reason}"),
            Self::Statement if chinese => "，没有可比的公布数字".to_owned(),
            Self::Statement => ", no stated figure to compare with".to_owned(),
        }
    }
}

fn agrees(relation: Relation, said: &Interval, computed: &Interval) -> Option<bool> {
    match relation {
        Relation::Equals => Some(said.meets(computed)),
        Relation::Exceeds if computed.is_below(said) => Some(true),
        Relation::Exceeds => {
            let not_above = match (said.high(), computed.low()) {
                (Some(high), Some(low)) => high.value <= low.value,
                _ => false,
            };
            not_above.then_some(false)
        }
    }
}

fn name(formula: &Formula, figures: &Figures, wanted: &BTreeMap<FigureId, Wanted>, language: Language) -> String {
    let Formula::Figure(id) = formula else { return formula.to_string() };
    let names = figures.get(id).map(|figure| (&figure.chinese, &figure.english));
    let names = names.or_else(|| wanted.get(id).map(|wanted| (&wanted.chinese, &wanted.english)));
    match (names, language) {
        (Some((chinese, _)), Language::Chinese) => chinese.clone(),
        (Some((_, english)), Language::English) => english.clone(),
        (None, _) => id.to_string(),
    }
}

#[cfg(test)]
mod tests;
