//! A scheme is a tree of indicators whose sibling weights sum to 100; a filled sheet of leaves rolls up to one exact score.

use std::collections::BTreeMap;

use num_rational::BigRational;
use num_traits::{Signed, Zero};

/// Most indicators of a scheme.
pub const INDICATORS_MAX: usize = 1_000;
/// Deepest nesting.
pub const DEPTH_MAX: usize = 6;

/// One indicator: a leaf is scored, a branch is the weighted mean of what is below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// Unique in its scheme.
    pub code: String,
    /// 产出数量, 服务对象满意度, …
    pub name: String,
    /// The branch above; `None` at the top.
    pub parent: Option<String>,
    /// Its part of 100 among its siblings.
    pub weight: BigRational,
    /// The most points that a leaf can get.
    pub score_max: BigRational,
}

/// Why a scheme or a sheet was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemeFault {
    /// No indicator, or too many.
    #[error("a scheme has 1 to {INDICATORS_MAX} indicators")]
    Size,
    /// Two indicators of one code.
    #[error("indicator {0:?} stands twice")]
    Twice(String),
    /// A parent that is missing, above itself, or too deep.
    #[error("indicator {0:?} hangs nowhere, below itself, or too deep")]
    Parent(String),
    /// A weight not above zero.
    #[error("indicator {0:?} needs a weight and most points above zero")]
    Weight(String),
    /// Siblings whose weights do not sum to 100.
    #[error("the weights below {under:?} sum to {sum}, not to 100")]
    Sum {
        /// The branch; empty at the top.
        under: String,
        /// What they sum to.
        sum: BigRational,
    },
    /// A leaf without points.
    #[error("leaf {0:?} has no points")]
    Missing(String),
    /// Points for what is no leaf.
    #[error("{0:?} is no leaf of the scheme")]
    NotALeaf(String),
    /// Points outside 0 and the leaf's most.
    #[error("the points of {0:?} lie outside what it can get")]
    Range(String),
}

/// Points by leaf.
pub type Sheet = BTreeMap<String, BigRational>;

/// A tree of indicators that adds up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    indicators: BTreeMap<String, Indicator>,
}

impl Scheme {
    /// Takes indicators in any order.
    ///
    /// # Errors
    /// A tree that does not hold together or does not add up.
    pub fn new(indicators: impl IntoIterator<Item = Indicator>) -> Result<Self, SchemeFault> {
        let mut map: BTreeMap<String, Indicator> = BTreeMap::new();
        for indicator in indicators {
            if map.len() == INDICATORS_MAX {
                return Err(SchemeFault::Size);
            }
            if !indicator.weight.is_positive() || !indicator.score_max.is_positive() {
                return Err(SchemeFault::Weight(indicator.code));
            }
            let code = indicator.code.clone();
            if map.insert(code.clone(), indicator).is_some() {
                return Err(SchemeFault::Twice(code));
            }
        }
        if map.is_empty() {
            return Err(SchemeFault::Size);
        }
        let mut sums: BTreeMap<&str, BigRational> = BTreeMap::new();
        for indicator in map.values() {
            // A row of ancestors that ends within the bound has no circle in it.
            let mut above = indicator.parent.as_deref();
            let mut depth = 1;
            while let Some(code) = above {
                depth += 1;
                let parent = map.get(code).filter(|_| depth <= DEPTH_MAX);
                above = parent.ok_or_else(|| SchemeFault::Parent(indicator.code.clone()))?.parent.as_deref();
            }
            *sums.entry(indicator.parent.as_deref().unwrap_or("")).or_insert_with(BigRational::zero) +=
                &indicator.weight;
        }
        let hundred = BigRational::from_integer(100.into());
        if let Some((under, sum)) = sums.into_iter().find(|(_, sum)| *sum != hundred) {
            return Err(SchemeFault::Sum { under: under.to_owned(), sum });
        }
        Ok(Self { indicators: map })
    }

    /// The indicators by code.
    #[must_use]
    pub fn indicators(&self) -> &BTreeMap<String, Indicator> {
        &self.indicators
    }

    fn below<'a>(&'a self, code: Option<&'a str>) -> impl Iterator<Item = &'a Indicator> {
        self.indicators.values().filter(move |indicator| indicator.parent.as_deref() == code)
    }

    fn is_leaf(&self, code: &str) -> bool {
        self.below(Some(code)).next().is_none()
    }

    /// The exact score out of 100: every leaf must have its points.
    ///
    /// # Errors
    /// A leaf without points, points elsewhere, or points out of range.
    pub fn score(&self, sheet: &Sheet) -> Result<BigRational, SchemeFault> {
        if let Some(stray) = sheet.keys().find(|code| !self.indicators.contains_key(*code) || !self.is_leaf(code)) {
            return Err(SchemeFault::NotALeaf(stray.clone()));
        }
        let part = self.mean(None, sheet)?;
        Ok(part * BigRational::from_integer(100.into()))
    }

    // What part of the whole (0 to 1) the indicators below a code reach. The nesting is bounded, so this may recurse.
    fn mean(&self, code: Option<&str>, sheet: &Sheet) -> Result<BigRational, SchemeFault> {
        let mut sum = BigRational::zero();
        for indicator in self.below(code) {
            let reached = if self.is_leaf(&indicator.code) {
                let points = sheet.get(&indicator.code).ok_or_else(|| SchemeFault::Missing(indicator.code.clone()))?;
                if points.is_negative() || *points > indicator.score_max {
                    return Err(SchemeFault::Range(indicator.code.clone()));
                }
                points / &indicator.score_max
            } else {
                self.mean(Some(&indicator.code), sheet)?
            };
            sum += reached * &indicator.weight / BigRational::from_integer(100.into());
        }
        Ok(sum)
    }
}
