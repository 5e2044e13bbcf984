//! From a subject to its evaluations, to what was decided because of them, and to what became of that.

use procurement::evaluation::{self, ResultUse};
use proto::procurement::v1;
use store::register::{Comparison, Condition, Value};
use tonic::Status;

use super::{
    EVALUATION,
    judge::{self, CONTRACTS_MAX, id, is},
};
use crate::{
    errors,
    registers::{
        Registrar, contract_service::CONTRACT, policy_service::POLICY_DOCUMENT, project_service::PROJECT, region_code,
        rules,
    },
};

/// Projects of one series and year.
const RENEWALS_MAX: usize = 100;

/// The evaluations of a thing, with what was decided because of each and what became of that.
pub async fn trace(registrar: &Registrar, name: &str) -> Result<v1::TraceResultResponse, Status> {
    let collection = name.split_once('/').map_or("", |(collection, _)| collection);
    let evaluations = match collection {
        "evaluations" => vec![registrar.get(&EVALUATION, name).await?],
        "projects" => judge::of_subject(registrar, "project", name).await?,
        "purchasers" => judge::of_subject(registrar, "purchaser", name).await?,
        "policyDocuments" => judge::of_subject(registrar, "policy_document", name).await?,
        "pilots" => judge::of_subject(registrar, "pilot", name).await?,
        "regions" => {
            region_code(registrar, "name", name)?;
            judge::of_subject(registrar, "system_region", name).await?
        }
        _ => {
            let en = "the name of a project, purchaser, region, policy document, pilot or evaluation is needed";
            return Err(errors::field("name", en, "应为项目、购买主体、行政区划、政策文件、试点或绩效评价的名称"));
        }
    };
    let mut traced = Vec::with_capacity(evaluations.len());
    let mut unapplied_count = 0;
    for evaluation in evaluations {
        let applications = judge::uses(registrar, &evaluation.name).await?;
        if evaluation.state() == v1::EvaluationState::Final && applications.is_empty() {
            unapplied_count += 1;
        }
        let mine: Vec<ResultUse> = applications.iter().map(judge::result_use).collect::<Result<_, _>>()?;
        let judged = judge::evaluation(&evaluation)?;
        let findings = evaluation::trace(&judged, &mine, &registrar.rules().severities).findings;
        let mut uses = Vec::with_capacity(applications.len());
        for application in applications {
            uses.push(followed(registrar, &evaluation, application).await?);
        }
        traced.push(v1::TracedEvaluation { evaluation: Some(evaluation), uses, findings: rules::findings(&findings) });
    }
    Ok(v1::TraceResultResponse { evaluations: traced, unapplied_count })
}

async fn followed(
    registrar: &Registrar,
    evaluation: &v1::Evaluation,
    application: v1::ResultApplication,
) -> Result<v1::TracedUse, Status> {
    let mut used = v1::TracedUse::default();
    if !application.project.is_empty()
        && let Some(target) = registrar.find(&PROJECT, id(&application.project)).await?
    {
        let before = if evaluation.project.is_empty() || evaluation.project == target.name {
            renewed(registrar, &target).await?
        } else {
            registrar.find(&PROJECT, id(&evaluation.project)).await?
        };
        let contracts = is("project", id(&target.name));
        let contracts = registrar.all_where(&CONTRACT, contracts, Vec::new(), CONTRACTS_MAX).await?;
        used.contracts = contracts.into_iter().map(|contract| contract.name).collect();
        let budget = |project: &v1::Project| project.budget_fen;
        used.budget_change_fen = before
            .as_ref()
            .and_then(budget)
            .zip(target.budget_fen)
            .and_then(|(before, after)| after.checked_sub(before));
        used.before = before.map(money);
        used.after = Some(money(target));
    }
    if !application.policy_document.is_empty() {
        used.policy_document = registrar.find(&POLICY_DOCUMENT, id(&application.policy_document)).await?;
    }
    used.result_application = Some(application);
    Ok(used)
}

/// What a project renews: the only one of its series in the year before.
async fn renewed(registrar: &Registrar, project: &v1::Project) -> Result<Option<v1::Project>, Status> {
    if project.series.is_empty() {
        return Ok(None);
    }
    let year = Condition::Compare("year", Comparison::Equal, Value::Integer(i64::from(project.year) - 1));
    let condition = Condition::All(vec![is("series", &project.series), year]);
    let mut found = registrar.all_where(&PROJECT, condition, Vec::new(), RENEWALS_MAX).await?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

fn money(project: v1::Project) -> v1::TracedProject {
    let v1::Project { name, title, year, budget_fen, settlement_fen, .. } = project;
    v1::TracedProject { name, title, year, budget_fen, settlement_fen }
}
