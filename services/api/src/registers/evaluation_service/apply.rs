//! Decisions that rest on a final evaluation (结果应用). The evaluation counts them, in the same transaction, so that those
//! nobody used are found by an index.

use proto::procurement::v1;
use store::register::{Entry, Reference, Write};
use tonic::{Code, Status};

use super::{EVALUATION, RESULT_APPLICATION};
use crate::{
    errors,
    registers::{Fresh, Registrar, WriteOptions, body, day, project_service::PROJECT, registrar::version_given},
};

/// How often a write is tried anew that somebody came in between.
const TRIES: usize = 3;

pub(super) async fn apply(
    registrar: &Registrar,
    request: v1::ApplyEvaluationResultRequest,
    options: WriteOptions,
) -> Result<v1::ResultApplication, Status> {
    if request.result_application.as_ref().is_some_and(|application| application.evaluation.is_empty()) {
        return Err(errors::field(
            "result_application.evaluation",
            "an evaluation is needed",
            "请填写所依据的绩效评价",
        ));
    }
    let fresh = registrar.fresh(&RESULT_APPLICATION, request.result_application, &request.result_application_id)?;
    if let Some(entries) = registrar.replayed(&options).await? {
        return first(registrar, &entries);
    }
    let mut tries = 1;
    loop {
        match try_to_apply(registrar, &fresh, options.clone()).await {
            Err(status) if status.code() == Code::Aborted && tries < TRIES => tries += 1,
            answer => return answer,
        }
    }
}

fn first(registrar: &Registrar, entries: &[Entry]) -> Result<v1::ResultApplication, Status> {
    registrar.resource(&RESULT_APPLICATION, &entries[0])
}

async fn try_to_apply(
    registrar: &Registrar,
    fresh: &Fresh<v1::ResultApplication>,
    options: WriteOptions,
) -> Result<v1::ResultApplication, Status> {
    let mut application = fresh.resource.clone();
    let at = |field: &str| format!("result_application.{field}");
    let mut evaluation = registrar.get_at(&EVALUATION, &at("evaluation"), &application.evaluation).await?;
    if evaluation.state() != v1::EvaluationState::Final || evaluation.delete_time.is_some() {
        return Err(errors::precondition(
            "EVALUATION_NOT_FINAL",
            format!("{} is not final: nothing may follow from it", evaluation.name),
            format!("{} 尚未定稿,不能应用其结果", evaluation.name),
        ));
    }
    // Both have one spelling, whose order is that of the days.
    if application.decided_day < evaluation.final_day {
        return Err(errors::field(
            &at("decided_day"),
            format!("is before {}, when the evaluation became final", evaluation.final_day),
            format!("早于评价定稿日期 {}", evaluation.final_day),
        ));
    }
    if !application.project.is_empty() {
        let project = registrar.get_at(&PROJECT, &at("project"), &application.project).await?;
        if project.year < evaluation.year {
            return Err(errors::field(
                &at("project"),
                format!("is of {}, before the evaluation's {}", project.year, evaluation.year),
                format!("为 {} 年项目,早于评价年度 {}", project.year, evaluation.year),
            ));
        }
    }
    if application.region.is_empty() {
        application.region.clone_from(&evaluation.region);
    }
    let (draft, references) = registrar.draft(&RESULT_APPLICATION, &fresh.id, &application)?;
    let references = references.into_iter().map(|reference| Reference { field: at(&reference.field), ..reference });
    evaluation.application_count += 1;
    let counted = counted(registrar, &evaluation)?;
    let writes = vec![Write::Insert(&RESULT_APPLICATION.register, draft), counted];
    first(registrar, &registrar.commit(writes, references.collect(), options).await?)
}

// What the evaluation refers to is not looked up anew: only its count changes.
fn counted(registrar: &Registrar, evaluation: &v1::Evaluation) -> Result<Write<'static>, Status> {
    let id = body::id_of(EVALUATION.collection, &evaluation.name).unwrap_or_default();
    let (draft, _) = registrar.draft(&EVALUATION, id, evaluation)?;
    Ok(Write::Update(&EVALUATION.register, draft, body::version(&evaluation.etag)))
}

/// Takes a decision back that was recorded by mistake.
pub(super) async fn take_back(
    registrar: &Registrar,
    request: v1::DeleteResultApplicationRequest,
    options: WriteOptions,
) -> Result<v1::ResultApplication, Status> {
    if let Some(entries) = registrar.replayed(&options).await? {
        return first(registrar, &entries);
    }
    let mut tries = 1;
    loop {
        let application = registrar.get(&RESULT_APPLICATION, &request.name).await?;
        let id = body::id_of(RESULT_APPLICATION.collection, &request.name).unwrap_or_default().to_owned();
        let version = version_given("etag", &request.etag)?.or_else(|| body::version(&application.etag));
        let mut writes = vec![Write::Delete(&RESULT_APPLICATION.register, id, version)];
        if !application.evaluation.is_empty() && application.delete_time.is_none() {
            let mut evaluation = registrar.get(&EVALUATION, &application.evaluation).await?;
            evaluation.application_count -= 1;
            writes.push(counted(registrar, &evaluation)?);
        }
        match registrar.commit(writes, Vec::new(), options.clone()).await {
            Err(status) if status.code() == Code::Aborted && request.etag.is_empty() && tries < TRIES => tries += 1,
            answer => return first(registrar, &answer?),
        }
    }
}

/// Closes a reported evaluation.
pub(super) async fn finalise(
    registrar: &Registrar,
    request: v1::FinaliseEvaluationRequest,
    options: WriteOptions,
) -> Result<v1::Evaluation, Status> {
    let final_day = day::or_today("final_day", &request.final_day)?.to_string();
    let close = |evaluation: &mut v1::Evaluation| {
        if evaluation.state() != v1::EvaluationState::Reported {
            return Err(errors::precondition(
                "EVALUATION_NOT_REPORTED",
                format!("{} waits for no end: it is {}", evaluation.name, evaluation.state().as_str_name()),
                format!("{} 不是已提交报告、待定稿的评价", evaluation.name),
            ));
        }
        if evaluation.phase() == v1::EvaluationPhase::Unspecified {
            return Err(errors::precondition(
                "EVALUATION_WITHOUT_PHASE",
                "a final evaluation says when in its subject's life it was made",
                "定稿前请填写评价阶段(事前、事中、事后)",
            ));
        }
        if final_day < evaluation.reported_day {
            return Err(errors::field("final_day", "is before that of the report", "早于提交报告日期"));
        }
        evaluation.final_day.clone_from(&final_day);
        evaluation.set_state(v1::EvaluationState::Final);
        Ok(())
    };
    registrar.change(&EVALUATION, &request.name, &request.etag, options, close).await
}
