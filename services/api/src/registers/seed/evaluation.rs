//! Evaluations of a data set and what it says of the use of results. No score is published, so none is here.

use procurement::dataset::{Dataset, EvaluatorKind};
use proto::procurement::v1;

use super::{
    policy::{figures, region},
    provenance,
};

/// Evaluations. One whose report went somewhere has one; of the others no report is recorded.
#[must_use]
pub fn evaluations(set: &Dataset) -> Vec<(String, v1::Evaluation)> {
    let read = |evaluation: &procurement::dataset::Evaluation| {
        let kind = match evaluation.evaluator_kind {
            EvaluatorKind::ThirdParty => v1::EvaluatorKind::ThirdParty,
            EvaluatorKind::Unstated => v1::EvaluatorKind::Unspecified,
        };
        let is_reported = evaluation.delivered_to.is_some();
        let state = if is_reported { v1::EvaluationState::Reported } else { v1::EvaluationState::Open };
        let system = if evaluation.pilot.is_none() { region(&evaluation.region) } else { String::new() };
        v1::Evaluation {
            provenance: provenance(&evaluation.source),
            title: evaluation.chinese.clone(),
            title_en: evaluation.english.clone(),
            year: evaluation.year,
            region: region(&evaluation.region),
            system_region: system,
            pilot: evaluation.pilot.as_ref().map(|id| format!("pilots/{id}")).unwrap_or_default(),
            evaluator_kind: kind.into(),
            evaluator: evaluation.evaluator.clone().unwrap_or_default(),
            state: state.into(),
            delivered_to: evaluation.delivered_to.clone().unwrap_or_default(),
            channel: evaluation.channel.clone().unwrap_or_default(),
            figures: figures(&evaluation.figures),
            ..Default::default()
        }
    };
    set.evaluations.iter().map(|evaluation| (evaluation.id.clone(), read(evaluation))).collect()
}

/// What results are used for in general: the source names no evaluation and no decision.
#[must_use]
pub fn result_applications(set: &Dataset) -> Vec<(String, v1::ResultApplication)> {
    let read = |used: &procurement::dataset::ResultUse| v1::ResultApplication {
        provenance: provenance(&used.source),
        kind: v1::ResultUseKind::from_str_name(&format!("RESULT_USE_KIND_{}", used.kind)).unwrap_or_default().into(),
        title: used.chinese.clone(),
        title_en: used.english.clone(),
        region: region(&used.region),
        ..Default::default()
    };
    set.result_uses.iter().map(|used| (used.id.clone(), read(used))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_invented_for_an_evaluation_without_a_published_result() {
        let set = Dataset::article().unwrap();
        let told = evaluations(&set);
        assert_eq!(told.len(), 3);
        for (id, evaluation) in &told {
            assert!(
                evaluation.score.is_empty() && evaluation.grade.is_empty() && evaluation.final_day.is_empty(),
                "{id}"
            );
            assert_eq!(evaluation.phase(), v1::EvaluationPhase::Unspecified, "{id}");
        }
        let (_, whole) = &told[0];
        assert_eq!(
            (whole.evaluator.as_str(), whole.channel.as_str(), whole.delivered_to.as_str(), whole.state()),
            ("浙江大学公共政策研究院", "公共政策参考", "省政府", v1::EvaluationState::Reported)
        );
        assert_eq!((told[2].1.pilot.as_str(), told[2].1.figures.len()), ("pilots/T2016", 2));
        let kinds: Vec<_> = result_applications(&set).iter().map(|(_, used)| used.kind()).collect();
        assert_eq!(kinds, [v1::ResultUseKind::Budget, v1::ResultUseKind::ProviderSelection, v1::ResultUseKind::Policy]);
    }
}
