//! Claims: message ⇄ value, and what reconciling gives.

use procurement::{
    figure::PublishedFigure,
    formula::{Failure, Formula},
    rational::Rounding,
    reconcile::{Claim, Mismatch, Reading, Reconciled, RecordsVerdict, Relation, Undetermined, Verdict},
};
use proto::procurement::v1;

use super::{
    computed,
    figure::{Reader, span},
    interval, number, wording,
};
use crate::wire::Fault;

/// Readings of a claim.
const READINGS_MAX: usize = 8;

/// A claim as its message, without the head.
#[must_use]
pub fn claim(claim: &Claim) -> v1::Claim {
    let reading = |reading: &Reading| v1::claim::Reading {
        formula: reading.formula.to_string(),
        meaning: (!reading.chinese.is_empty()).then(|| wording(&reading.chinese, &reading.english)),
    };
    let relation = match claim.relation {
        Relation::Equals => v1::ClaimRelation::Equals,
        Relation::Exceeds => v1::ClaimRelation::Exceeds,
    };
    v1::Claim {
        title: Some(wording(&claim.chinese, &claim.english)),
        source_document: format!("sourceDocuments/{}", claim.source.document),
        quote: claim.source.quote.clone(),
        span: Some(span(&claim.source.span_characters)),
        stated: claim.stated.as_ref().map(|id| format!("figures/{id}")).unwrap_or_default(),
        relation: relation.into(),
        readings: claim.readings.iter().map(reading).collect(),
        ..v1::Claim::default()
    }
}

/// The claim of a message under an id.
pub fn claim_read(id: &str, message: &v1::Claim) -> Result<Claim, Vec<Fault>> {
    let mut read = Reader(Vec::new());
    let (chinese, english) = read.words("title", message.title.as_ref());
    let stated = (!message.stated.is_empty()).then(|| message.stated.strip_prefix("figures/")?.parse().ok());
    if stated.as_ref().is_some_and(Option::is_none) {
        read.wrong("stated", "a name of the form figures/{id} is needed", "应为 figures/{id} 形式的名称");
    }
    let stated = stated.flatten();
    let least = if stated.is_some() { 1 } else { 2 };
    if !(least..=READINGS_MAX).contains(&message.readings.len()) {
        let en = format!("one to {READINGS_MAX} are needed, and two without a stated figure");
        read.wrong("readings", en, "需要一至八种读法,没有明示数字时至少两种");
    }
    let mut readings = Vec::new();
    for (index, reading) in message.readings.iter().take(READINGS_MAX).enumerate() {
        match reading.formula.parse::<Formula>() {
            Ok(formula) => {
                let meaning = reading.meaning.clone().unwrap_or_default();
                readings.push(Reading { formula, chinese: meaning.zh, english: meaning.en });
            }
            Err(failure) => read.wrong(&format!("readings[{index}].formula"), failure.to_string(), "公式无法读取"),
        }
    }
    let source = read.source(&message.source_document, &message.quote, message.span.as_ref());
    let relation = match message.relation() {
        v1::ClaimRelation::Unspecified | v1::ClaimRelation::Equals => Relation::Equals,
        v1::ClaimRelation::Exceeds => Relation::Exceeds,
    };
    if !read.0.is_empty() {
        return Err(read.0);
    }
    Ok(Claim { id: id.to_owned(), chinese, english, source, stated, relation, readings })
}

/// What follows from recomputing a claim.
#[must_use]
pub fn claim_reconciliation(
    claim: &Claim,
    stated: Option<&PublishedFigure>,
    found: &Reconciled,
) -> v1::ClaimReconciliation {
    let (verdict, gap, missing) = match &found.verdict {
        Verdict::Consistent => (v1::ClaimVerdict::Consistent, None, None),
        Verdict::Inconsistent { gap } => (v1::ClaimVerdict::Inconsistent, Some(gap), None),
        Verdict::AmbiguousBase => (v1::ClaimVerdict::AmbiguousBase, None, None),
        Verdict::Undetermined { missing } => (v1::ClaimVerdict::Undetermined, None, Some(missing)),
    };
    let (reason, figures) = match missing {
        None => (v1::UndeterminedReason::Unspecified, Vec::new()),
        Some(Undetermined::Figures(ids)) => {
            (v1::UndeterminedReason::Figures, ids.iter().map(|id| format!("figures/{id}")).collect())
        }
        Some(Undetermined::CommonSubject) => (v1::UndeterminedReason::CommonSubject, Vec::new()),
        Some(Undetermined::FinerDigits) => (v1::UndeterminedReason::FinerDigits, Vec::new()),
        Some(Undetermined::Divisor(_)) => (v1::UndeterminedReason::Divisor, Vec::new()),
        Some(Undetermined::Statement) => (v1::UndeterminedReason::Statement, Vec::new()),
    };
    let readings =
        claim.readings.iter().zip(&found.computed).map(|(reading, value)| v1::claim_reconciliation::ReadingValue {
            formula: reading.formula.to_string(),
            meaning: (!reading.chinese.is_empty()).then(|| wording(&reading.chinese, &reading.english)),
            value: value.as_ref().ok().map(computed),
            failure: value.as_ref().err().map(Failure::to_string).unwrap_or_default(),
        });
    let denominators = found.denominators.iter().map(|one| v1::claim_reconciliation::ImpliedDenominator {
        formula: one.formula.to_string(),
        value: Some(computed(&one.implied)),
        sentence: Some(wording(&one.chinese, &one.english)),
    });
    let central = stated.and_then(|stated| stated.quantity.central());
    v1::ClaimReconciliation {
        claim: format!("claims/{}", claim.id),
        verdict: verdict.into(),
        gap: gap.map(|gap| number(gap, Rounding::Nearest)),
        undetermined_reason: reason.into(),
        missing_figures: figures,
        stated_central: central.map(|central| number(&central, Rounding::Nearest)),
        stated_interval: stated.map(|stated| interval(&stated.quantity.interval())),
        readings: readings.collect(),
        implied_denominators: denominators.collect(),
        sentence: Some(wording(&found.chinese, &found.english)),
    }
}

/// The wire's word for a verdict on records.
#[must_use]
pub fn records_verdict(verdict: &RecordsVerdict) -> v1::RecordsVerdict {
    match verdict {
        RecordsVerdict::Match => v1::RecordsVerdict::Match,
        RecordsVerdict::WithinRounding => v1::RecordsVerdict::WithinRounding,
        RecordsVerdict::Differs { .. } => v1::RecordsVerdict::Differs,
        RecordsVerdict::PartialCoverage { .. } => v1::RecordsVerdict::PartialCoverage,
        RecordsVerdict::NoData { .. } => v1::RecordsVerdict::NoData,
    }
}

/// The wire's word for why records say nothing.
#[must_use]
pub fn mismatch(reason: Mismatch) -> v1::NoDataReason {
    match reason {
        Mismatch::Nothing => v1::NoDataReason::Nothing,
        Mismatch::Basis => v1::NoDataReason::Basis,
        Mismatch::Scope => v1::NoDataReason::Scope,
        Mismatch::Region => v1::NoDataReason::Region,
        Mismatch::Period => v1::NoDataReason::Period,
        Mismatch::Unit => v1::NoDataReason::Unit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_claim_of_the_article_comes_back_from_its_message() {
        let article = procurement::dataset::Dataset::article().unwrap();
        for published in &article.claims {
            assert_eq!(&claim_read(&published.id, &claim(published)).unwrap(), published, "{}", published.id);
        }
    }

    #[test]
    fn a_claim_without_a_stated_figure_needs_two_readings() {
        let article = procurement::dataset::Dataset::article().unwrap();
        let mut message = claim(article.claim("C10").unwrap());
        message.readings.pop();
        let faults = claim_read("C10", &message).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["readings"]);
    }
}
