//! What a document superseded and what superseded it, by every step. Supersession has no circle: whoever writes one is
//! told so.

use std::collections::{BTreeMap, BTreeSet};

use proto::procurement::v1;
use store::register::Condition;
use tonic::{Code, Status};

use super::POLICY_DOCUMENT;
use crate::{
    errors,
    registers::{Registrar, body},
};

/// Documents of one lineage.
const DOCUMENTS_MAX: usize = 1_000;

/// Which way a lineage is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Earlier,
    Later,
}

fn id(name: &str) -> &str {
    body::id_of(POLICY_DOCUMENT.collection, name).unwrap_or_default()
}

/// The live documents that supersede this one.
pub(super) async fn superseding(registrar: &Registrar, name: &str) -> Result<Vec<v1::PolicyDocument>, Status> {
    let condition = Condition::Has("supersedes", id(name).to_owned());
    registrar.all_where(&POLICY_DOCUMENT, condition, Vec::new(), DOCUMENTS_MAX).await
}

/// The documents of these names, also deleted ones; a name that stands for none is left out.
pub(super) async fn documents(
    registrar: &Registrar,
    names: impl IntoIterator<Item = &String>,
) -> Result<Vec<v1::PolicyDocument>, Status> {
    let mut found = Vec::new();
    for name in names {
        found.extend(registrar.find(&POLICY_DOCUMENT, id(name)).await?);
    }
    Ok(found)
}

// A document once, at its least number of steps; a circle that two writers made at once ends here all the same.
async fn walk(
    registrar: &Registrar,
    from: Vec<v1::PolicyDocument>,
    way: Way,
) -> Result<Vec<v1::PolicyLineageStep>, Status> {
    let mut seen: BTreeSet<String> = from.iter().map(|document| document.name.clone()).collect();
    let mut told = Vec::new();
    let (mut front, mut steps) = (from, 0);
    while !front.is_empty() {
        steps += 1;
        let mut next: BTreeMap<(String, String), v1::PolicyDocument> = BTreeMap::new();
        for document in front {
            let found = match way {
                Way::Earlier => documents(registrar, &document.supersedes).await?,
                Way::Later => superseding(registrar, &document.name).await?,
            };
            for document in found {
                if seen.insert(document.name.clone()) {
                    next.insert((document.issue_date.clone(), document.name.clone()), document);
                }
            }
        }
        if seen.len() > DOCUMENTS_MAX {
            let (en, zh) = (
                format!("the lineage has more than {DOCUMENTS_MAX} documents"),
                format!("承继关系超过 {DOCUMENTS_MAX} 个文件"),
            );
            return Err(errors::status(Code::ResourceExhausted, "TOO_MANY", en, zh));
        }
        front = next.into_values().collect();
        let step =
            |document: &v1::PolicyDocument| v1::PolicyLineageStep { policy_document: Some(document.clone()), steps };
        told.extend(front.iter().map(step));
    }
    Ok(told)
}

/// The lineage of a document.
pub(super) async fn lineage(registrar: &Registrar, name: &str) -> Result<v1::GetPolicyLineageResponse, Status> {
    let document = registrar.get(&POLICY_DOCUMENT, name).await?;
    let predecessors = walk(registrar, vec![document.clone()], Way::Earlier).await?;
    let successors = walk(registrar, vec![document.clone()], Way::Later).await?;
    let all: Vec<&v1::PolicyDocument> =
        std::iter::once(&document).chain(successors.iter().filter_map(|step| step.policy_document.as_ref())).collect();
    let superseded: BTreeSet<&String> = all
        .iter()
        .filter(|document| document.delete_time.is_none())
        .flat_map(|document| &document.supersedes)
        .collect();
    let mut latest: Vec<String> = all
        .iter()
        .filter(|document| document.delete_time.is_none() && !superseded.contains(&document.name))
        .map(|document| document.name.clone())
        .collect();
    latest.sort();
    Ok(v1::GetPolicyLineageResponse { policy_document: Some(document), predecessors, successors, latest })
}

/// Refuses a document that would come to supersede itself.
pub(super) async fn refuse_circle(registrar: &Registrar, name: &str, supersedes: &[String]) -> Result<(), Status> {
    let near = documents(registrar, supersedes).await?;
    let far = walk(registrar, near, Way::Earlier).await?;
    let is_in = supersedes.iter().any(|superseded| superseded == name)
        || far.iter().filter_map(|step| step.policy_document.as_ref()).any(|document| document.name == name);
    if !is_in {
        return Ok(());
    }
    Err(errors::precondition(
        "SUPERSESSION_CIRCLE",
        format!("{name} would come to supersede itself"),
        format!("{name} 将间接取代自身"),
    ))
}
