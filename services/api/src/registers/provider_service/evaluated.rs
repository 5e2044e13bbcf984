//! What evaluations say of providers: the results of the projects that they had contracts under, and until when a result
//! bars one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use proto::procurement::v1::{Contract, Evaluation, Provider};
use store::register::{Comparison, Condition, Value};
use tonic::Status;

use super::{
    super::{
        Registrar, body, day,
        evaluation_service::{EVALUATION, RESULT_APPLICATION},
        project_service::PROJECT,
    },
    id_of, is,
};

/// Ids of one question.
const CHUNK: usize = 100;
/// Answers to one question.
const FOUND_MAX: usize = 50_000;

/// The days until which results bar each provider, by name: what was decided on a day or before it, also of those that
/// were merged into one.
pub async fn barred_until(
    registrar: &Registrar,
    providers: &[Provider],
    on_day: NaiveDate,
) -> Result<BTreeMap<String, Vec<NaiveDate>>, Status> {
    let mut owners: HashMap<&str, &str> = HashMap::new();
    for provider in providers {
        for name in std::iter::once(&provider.name).chain(&provider.merged_providers) {
            owners.insert(name, &provider.name);
        }
    }
    let names: Vec<&str> = owners.keys().copied().collect();
    let decided = Value::Text(on_day.to_string());
    let mut barred: BTreeMap<String, Vec<NaiveDate>> = BTreeMap::new();
    for chunk in names.chunks(CHUNK) {
        let condition = Condition::All(vec![
            is("effect", "BAR_UNTIL"),
            Condition::Compare("decided_day", Comparison::AtMost, decided.clone()),
            Condition::Any(chunk.iter().map(|name| is("provider", id_of(name))).collect()),
        ]);
        for used in registrar.all_where(&RESULT_APPLICATION, condition, Vec::new(), FOUND_MAX).await? {
            if let (Some(owner), Some(day)) = (owners.get(used.provider.as_str()), day::read(&used.bar_until_day)) {
                barred.entry((*owner).to_owned()).or_default().push(day);
            }
        }
    }
    Ok(barred)
}

/// The final evaluations of the projects of these contracts, by project.
pub async fn finals(
    registrar: &Registrar,
    contracts: &[Contract],
) -> Result<BTreeMap<String, Vec<Evaluation>>, Status> {
    let projects: BTreeSet<&str> = contracts.iter().map(|contract| contract.project.as_str()).collect();
    let ids: Vec<&str> = projects.into_iter().filter_map(|name| body::id_of(PROJECT.collection, name)).collect();
    let mut by_project: BTreeMap<String, Vec<Evaluation>> = BTreeMap::new();
    for chunk in ids.chunks(CHUNK) {
        let condition = Condition::All(vec![
            is("state", "FINAL"),
            Condition::Any(chunk.iter().map(|id| is("project", id)).collect()),
        ]);
        for evaluation in registrar.all_where(&EVALUATION, condition, Vec::new(), FOUND_MAX).await? {
            by_project.entry(evaluation.project.clone()).or_default().push(evaluation);
        }
    }
    Ok(by_project)
}
