//! Evaluations as the rules of the room `procurement` read them, and what the rules find.

use procurement::{
    evaluation::{self, Evaluator, Phase, ResultUse, Score, Subject, check_evaluation, check_score},
    finding::Finding,
    money::Fen,
    party::PartyName,
    project::FileNo,
    region::RegionCode,
};
use proto::procurement::v1;
use store::register::{Comparison, Condition, Direction, Value};
use tonic::Status;

use super::{EVALUATION, EVALUATION_SCHEME, RESULT_APPLICATION, SUBJECTS, kinds, report, subjects};
use crate::{
    errors,
    registers::{
        Registrar, contract_service::CONTRACT, day, project_service::PROJECT, provider_service::PROVIDER,
        purchaser_service::PURCHASER, rules,
    },
};

/// Evaluations of one subject.
pub(super) const EVALUATIONS_MAX: usize = 1_000;
/// Decisions that rest on one evaluation.
const USES_MAX: usize = 1_000;
/// Contracts of one project.
pub(super) const CONTRACTS_MAX: usize = 1_000;
/// Characters of a number (procurement::project).
const NUMBER_CHARACTERS_MAX: usize = 100;

/// The part of a full name after its collection.
pub(super) fn id(name: &str) -> &str {
    name.split_once('/').map_or("", |(_, id)| id)
}

/// A column that holds exactly this.
pub(super) fn is(column: &'static str, text: &str) -> Condition {
    Condition::Compare(column, Comparison::Equal, Value::Text(text.to_owned()))
}

/// The evaluations of one subject, by year.
pub(super) async fn of_subject(
    registrar: &Registrar,
    column: &'static str,
    name: &str,
) -> Result<Vec<v1::Evaluation>, Status> {
    let order = vec![("year", Direction::Ascending)];
    registrar.all_where(&EVALUATION, is(column, id(name)), order, EVALUATIONS_MAX).await
}

/// The decisions that rest on an evaluation, by day.
pub(super) async fn uses(registrar: &Registrar, name: &str) -> Result<Vec<v1::ResultApplication>, Status> {
    let order = vec![("decided_day", Direction::Ascending)];
    registrar.all_where(&RESULT_APPLICATION, is("evaluation", id(name)), order, USES_MAX).await
}

// An id may be longer than a number of the rules; the end of it tells entries apart.
fn number(name: &str) -> Result<FileNo, Status> {
    let id = id(name);
    let from = id.char_indices().rev().nth(NUMBER_CHARACTERS_MAX - 1).map_or(0, |(at, _)| at);
    id[from..].parse().map_err(|error| ours(&error))
}

fn ours(error: &dyn std::fmt::Display) -> Status {
    errors::of_kind(stdx::ErrorKind::Internal, &error.to_string())
}

fn party(name: &str) -> Result<PartyName, Status> {
    name.parse().map_err(|error: procurement::party::NotAName| ours(&error))
}

fn score(text: &str) -> Result<Option<Score>, Status> {
    if text.is_empty() { Ok(None) } else { Score::parse(text).map(Some).map_err(|error| ours(&error)) }
}

/// An evaluation as the rules read it.
pub(super) fn evaluation(evaluation: &v1::Evaluation) -> Result<evaluation::Evaluation, Status> {
    let at = subjects(evaluation).iter().position(|name| !name.is_empty()).unwrap_or_default();
    let name = subjects(evaluation)[at];
    let subject = match SUBJECTS[at] {
        "purchaser" => Subject::Purchaser(party(id(name))?),
        "system_region" => Subject::Region(id(name).parse::<RegionCode>().map_err(|error| ours(&error))?),
        "policy_document" => Subject::Policy(number(name)?),
        "pilot" => Subject::Pilot(number(name)?),
        _ => Subject::Project(number(name)?),
    };
    let controller = Some(&evaluation.evaluator_controller).filter(|name| !name.is_empty());
    let evaluator = match evaluation.evaluator_kind() {
        v1::EvaluatorKind::ThirdParty => Evaluator::ThirdParty {
            name: party(&evaluation.evaluator)?,
            controller: controller.map(|name| party(name)).transpose()?,
        },
        v1::EvaluatorKind::Finance => Evaluator::Finance,
        // The rules speak of third parties alone: nobody's independence is judged where nobody is named.
        v1::EvaluatorKind::Unspecified | v1::EvaluatorKind::Self_ => Evaluator::Own,
    };
    Ok(evaluation::Evaluation {
        evaluation_no: number(&evaluation.name)?,
        subject,
        // Only final ones are compared by it, and those have one.
        phase: rules::member(evaluation.phase().as_str_name(), "EVALUATION_PHASE_").unwrap_or(Phase::After),
        year: evaluation.year,
        evaluator,
        score: score(&evaluation.score)?,
        satisfaction: score(&evaluation.satisfaction)?,
        state: rules::member(evaluation.state().as_str_name(), "EVALUATION_STATE_")
            .unwrap_or(evaluation::EvaluationState::Open),
        final_day: day::read(&evaluation.final_day),
    })
}

/// A decision as the rules read it.
pub(super) fn result_use(application: &v1::ResultApplication) -> Result<ResultUse, Status> {
    let targets = [&application.project, &application.purchaser, &application.policy_document, &application.provider];
    let target = targets.into_iter().find(|name| !name.is_empty()).unwrap_or(&application.name);
    Ok(ResultUse {
        evaluation_no: number(&application.evaluation)?,
        effect: kinds::effect(application).map_err(|fault| ours(&fault.en))?,
        target_no: number(target)?,
        provider: None,
        decided_day: day::read(&application.decided_day).ok_or_else(|| ours(&"a decision without a day"))?,
        delta: application.delta_fen.map(Fen::new),
    })
}

/// What the rules say of an evaluation.
pub(super) async fn check(registrar: &Registrar, name: &str) -> Result<Vec<Finding>, Status> {
    let of = registrar.get(&EVALUATION, name).await?;
    let severities = &registrar.rules().severities;
    let mut others = Vec::new();
    for (column, subject) in SUBJECTS.into_iter().zip(subjects(&of)).filter(|(_, name)| !name.is_empty()) {
        for other in of_subject(registrar, column, subject).await?.iter().filter(|other| other.name != of.name) {
            others.push(evaluation(other)?);
        }
    }
    let mut findings = check_evaluation(&evaluation(&of)?, &sides(registrar, &of).await?, &others, severities);
    if let (Some(score), false) = (score(&of.score)?, of.scheme.is_empty()) {
        let by = registrar.get(&EVALUATION_SCHEME, &of.scheme).await?;
        let scheme = report::scheme(&by).map_err(|fault| ours(&fault.en))?;
        findings.extend(check_score(&scheme, &report::sheet(&of.sheet)?, score, severities));
    }
    let mine: Vec<ResultUse> = uses(registrar, name).await?.iter().map(result_use).collect::<Result<_, _>>()?;
    findings.extend(evaluation::trace(&evaluation(&of)?, &mine, severities).findings);
    Ok(findings)
}

// Who buys and who delivers. Nobody's controller is recorded but the evaluator's.
async fn sides(registrar: &Registrar, of: &v1::Evaluation) -> Result<Vec<(PartyName, Option<PartyName>)>, Status> {
    let mut titles = Vec::new();
    let mut purchaser = of.purchaser.clone();
    if !of.project.is_empty() {
        if let Some(project) = registrar.find(&PROJECT, id(&of.project)).await? {
            purchaser = project.purchaser;
        }
        let contracts = is("project", id(&of.project));
        for contract in registrar.all_where(&CONTRACT, contracts, Vec::new(), CONTRACTS_MAX).await? {
            for part in contract.parts {
                titles.extend(registrar.find(&PROVIDER, id(&part.provider)).await?.map(|provider| provider.title));
            }
        }
    }
    titles.extend(registrar.find(&PURCHASER, id(&purchaser)).await?.map(|purchaser| purchaser.title));
    titles.iter().map(|title| Ok((party(title)?, None))).collect()
}
