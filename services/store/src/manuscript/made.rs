//! The rows of a review as they follow from it and from the versions of its manuscript.

use std::collections::{BTreeSet, HashMap};

use intake::{
    contact::Contact,
    finding::{Finding, Outcome, Severity},
    letter::Letter,
    review::{Decision, Role, Standing},
    tally,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JsonValue, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    groups::{Group, groups},
    pairs,
};
use crate::{
    Error, Result,
    entity::{manuscript, manuscript_summary, review, review_event, submission},
    review::decided,
    values::{LINE_CHARACTERS_MAX, from_json, json, line, micros, signed, word},
};

/// What stands beside a review; `bounced_at` is unset, as it follows from letters.
#[derive(Debug, PartialEq)]
pub struct Made {
    pub row: manuscript::Model,
    pub summary: manuscript_summary::Model,
    pub groups: BTreeSet<Group>,
}

/// Makes the rows of these reviews, by id; those that are no review are passed over.
pub async fn load(connection: &impl ConnectionTrait, root_ids: &[Uuid], locks: bool) -> Result<Vec<Made>> {
    let mut reviews = review::Entity::find()
        .filter(review::Column::SubmissionId.is_in(root_ids.iter().copied()))
        .order_by_asc(review::Column::SubmissionId);
    if locks {
        reviews = reviews.lock_exclusive();
    }
    let reviews = reviews.all(connection).await?;
    // Near misses have no review and take no part in one.
    let versions: Vec<(Uuid, Uuid, i64)> = submission::Entity::find()
        .select_only()
        .columns([submission::Column::RootId, submission::Column::Id, submission::Column::Version])
        .filter(submission::Column::RootId.is_in(root_ids.iter().copied()))
        .filter(submission::Column::Class.is_in(["submission", "correction"]))
        .into_tuple()
        .all(connection)
        .await?;
    let mut chains: HashMap<Uuid, (i64, i64, Uuid)> = HashMap::new();
    for (root_id, id, version) in versions {
        let chain = chains.entry(root_id).or_insert((0, 0, id));
        chain.0 += 1;
        if version > chain.1 {
            (chain.1, chain.2) = (version, id);
        }
    }
    let numbers: Vec<(Uuid, i64)> = submission::Entity::find()
        .select_only()
        .columns([submission::Column::Id, submission::Column::Number])
        .filter(submission::Column::Id.is_in(root_ids.iter().copied()))
        .into_tuple()
        .all(connection)
        .await?;
    let numbers: HashMap<Uuid, i64> = numbers.into_iter().collect();
    let newest = submission::Entity::find()
        .filter(submission::Column::Id.is_in(chains.values().map(|(_, _, id)| *id)))
        .all(connection)
        .await?;
    let mut newest: HashMap<Uuid, submission::Model> = newest.into_iter().map(|row| (row.id, row)).collect();
    let mut standings: HashMap<Uuid, Standing> = HashMap::with_capacity(reviews.len());
    for review in &reviews {
        standings.insert(review.submission_id, from_json(review.standing.clone())?);
    }
    let states = standings.iter().map(|(id, standing)| (*id, standing.state)).collect();
    let decided = decided(connection, &states).await?;
    let opened: Vec<(Uuid, Option<i64>)> = review_event::Entity::find()
        .select_only()
        .column(review_event::Column::SubmissionId)
        .column_as(review_event::Column::At.min(), "opened_at")
        .filter(review_event::Column::SubmissionId.is_in(root_ids.iter().copied()))
        .filter(review_event::Column::Role.ne(Role::Worker.as_str()))
        .group_by(review_event::Column::SubmissionId)
        .into_tuple()
        .all(connection)
        .await?;
    let opened: HashMap<Uuid, Option<i64>> = opened.into_iter().collect();
    let mut made = Vec::with_capacity(reviews.len());
    for review in reviews {
        let id = review.submission_id;
        let missing = || Error::NotFound { what: "version of the manuscript", id };
        let (versions, _, newest_id) = chains.get(&id).copied().ok_or_else(missing)?;
        let newest = newest.remove(&newest_id).ok_or_else(missing)?;
        let number = numbers.get(&id).copied().ok_or_else(missing)?;
        let standing = standings.remove(&id).ok_or_else(missing)?;
        let (newest_category, row_version) = (newest.category, review.row_version);
        let mut one = make(review, number, versions, newest)?;
        let decided = decided.get(&id);
        one.groups = groups(newest_category, &one.summary.organisation, &standing, decided);
        one.row.opened_at = opened.get(&id).copied().flatten();
        one.row.decided_at =
            decided.filter(|decided| decided.decision != Decision::AskRevision).map(|decided| decided.at);
        one.row.grouped_version = row_version;
        made.push(one);
    }
    Ok(made)
}

fn make(review: review::Model, number: i64, versions: i64, newest: submission::Model) -> Result<Made> {
    let letter: Letter = from_json(newest.outline)?;
    let contact: Contact = from_json(newest.contact)?;
    let findings: Vec<Finding> = from_json(newest.findings)?;
    let tally = tally::tally(&letter);
    let first = |found: &[intake::contact::Found]| {
        found.first().map(|found| line(&found.value, LINE_CHARACTERS_MAX)).unwrap_or_default()
    };
    let (contact_name, organisation) = (first(&contact.names), first(&contact.organisations));
    Ok(Made {
        row: manuscript::Model {
            received_at: review.received_at,
            submission_id: review.submission_id,
            campaign_id: review.campaign_id,
            number,
            row_version: review.row_version,
            state: review.state,
            verdict: verdict(&review.standing)?,
            editor_id: review.editor_id,
            due_day: review.due_day,
            updated_at: review.updated_at,
            versions,
            sender: newest.sender,
            has_video: tally.has_video,
            has_cloud_file: tally.cloud_files > 0,
            cloud_expires_at: tally.cloud_expires_at.map(micros),
            backfilled: newest.backfilled,
            bounced_at: None,
            opened_at: None,
            decided_at: None,
            grouped_version: 0,
        },
        summary: manuscript_summary::Model {
            submission_id: review.submission_id,
            newest_id: newest.id,
            search_text: pairs::text(&[&newest.subject, &contact_name, &organisation]),
            subject: newest.subject,
            contact_name,
            organisation,
            received_at: newest.received_at,
            failed: told(&findings, Outcome::Failed)?,
            undetermined: told(&findings, Outcome::Undetermined)?,
            documents: tally.documents.into(),
            videos: tally.videos.into(),
            pictures: tally.pictures.into(),
            cloud_files: tally.cloud_files.into(),
            characters: signed(tally.characters)?,
            erased_at: newest.erased_at,
        },
        groups: BTreeSet::new(),
    })
}

/// The verdict of a standing as a column holds it.
pub fn verdict(standing: &JsonValue) -> Result<String> {
    let standing: Standing = from_json(standing.clone())?;
    standing.verdict.map_or(Ok(String::new()), word)
}

/// Rules that are required or advice and ended so, each once, in their order.
fn told(findings: &[Finding], outcome: Outcome) -> Result<JsonValue> {
    let mut rules: Vec<&str> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.outcome == outcome) {
        let rule = finding.rule.as_str();
        if finding.severity != Severity::Routes && !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    json(&rules)
}

/// The rows of the index of rules: outcome and rule.
pub fn rules(summary: &manuscript_summary::Model) -> Result<BTreeSet<(String, String)>> {
    let mut rules = BTreeSet::new();
    for (outcome, told) in [("failed", &summary.failed), ("undetermined", &summary.undetermined)] {
        let told: Vec<String> = from_json(told.clone())?;
        rules.extend(told.into_iter().map(|rule| (outcome.to_owned(), rule)));
    }
    Ok(rules)
}
