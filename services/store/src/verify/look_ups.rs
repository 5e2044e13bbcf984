//! Compares the rows that only serve look-ups with the JSON that they were made from, page by page.

use std::collections::HashMap;

use intake::{finding::Finding, judgement::Judgement, letter::Letter};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, JsonValue, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::FAULTS_MAX;
use crate::{
    Result,
    entity::{attachment, letter, submission, submission_finding},
    message,
    record::VerifyFault,
    values::{LINE_CHARACTERS_MAX, from_json, line, word},
};

/// Submissions in memory at once, with their findings.
const SUBMISSIONS: u64 = 200;
/// Letters in memory at once, with all their texts.
const LETTERS: u64 = 20;

/// Compares `submission_finding` and the verdict with what each submission holds.
pub async fn findings(tx: &DatabaseTransaction, faults: &mut Vec<VerifyFault>) -> Result<()> {
    let faults_before = faults.len();
    let mut after = Uuid::nil();
    while faults.len() - faults_before < FAULTS_MAX as usize {
        let page: Vec<(Uuid, String, JsonValue, JsonValue)> = submission::Entity::find()
            .select_only()
            .columns([
                submission::Column::Id,
                submission::Column::Verdict,
                submission::Column::Findings,
                submission::Column::Judgement,
            ])
            .filter(submission::Column::Id.gt(after))
            .order_by_asc(submission::Column::Id)
            .limit(SUBMISSIONS)
            .into_tuple()
            .all(tx)
            .await?;
        let Some((last, ..)) = page.last() else { break };
        after = *last;
        let rows = submission_finding::Entity::find()
            .filter(submission_finding::Column::SubmissionId.is_in(page.iter().map(|(id, ..)| *id)))
            .order_by_asc(submission_finding::Column::SubmissionId)
            .order_by_asc(submission_finding::Column::Position)
            .all(tx)
            .await?;
        let mut kept: HashMap<Uuid, Vec<String>> = HashMap::new();
        for row in rows {
            let line = format!("{} {} {} {}", row.position, row.rule, row.outcome, row.severity);
            kept.entry(row.submission_id).or_default().push(line);
        }
        for (id, verdict, findings, judgement) in page {
            let kept = kept.remove(&id).unwrap_or_default();
            if let Some(detail) = finding_fault(&verdict, findings, judgement, &kept) {
                faults.push(VerifyFault { place: format!("submission {id}"), detail });
            }
        }
    }
    Ok(())
}

fn finding_fault(verdict: &str, findings: JsonValue, judgement: JsonValue, kept: &[String]) -> Option<String> {
    let read = || -> Result<(Vec<String>, String)> {
        let findings: Vec<Finding> = from_json(findings)?;
        let lines = findings.iter().zip(0_i64..).map(|(finding, position)| {
            Ok(format!("{position} {} {} {}", finding.rule.as_str(), word(finding.outcome)?, word(finding.severity)?))
        });
        Ok((lines.collect::<Result<_>>()?, word(from_json::<Judgement>(judgement)?.verdict)?))
    };
    match read() {
        Err(error) => Some(format!("its findings cannot be read: {error}")),
        Ok((held, _)) if held != kept => Some(format!("its findings for look-ups: {}", difference(&held, kept))),
        Ok((_, judged)) => {
            (judged != verdict).then(|| format!("its verdict for look-ups is {verdict}, its judgement says {judged}"))
        }
    }
}

/// Compares `attachment` with the files of each letter.
pub async fn attachments(tx: &DatabaseTransaction, faults: &mut Vec<VerifyFault>) -> Result<()> {
    let faults_before = faults.len();
    let mut after = Uuid::nil();
    while faults.len() - faults_before < FAULTS_MAX as usize {
        let page = letter::Entity::find()
            .filter(letter::Column::MessageId.gt(after))
            .order_by_asc(letter::Column::MessageId)
            .limit(LETTERS)
            .all(tx)
            .await?;
        let Some(last) = page.last() else { break };
        after = last.message_id;
        let rows = attachment::Entity::find()
            .filter(attachment::Column::MessageId.is_in(page.iter().map(|row| row.message_id)))
            .all(tx)
            .await?;
        let mut kept: HashMap<Uuid, Vec<String>> = HashMap::new();
        for row in rows {
            let line = part(&row.path, &row.media_type, row.size_bytes, &row.sha256, &row.name);
            kept.entry(row.message_id).or_default().push(line);
        }
        for row in page {
            let kept = kept.remove(&row.message_id).unwrap_or_default();
            if let Some(detail) = attachment_fault(row.facts, kept) {
                faults.push(VerifyFault { place: format!("message {}", row.message_id), detail });
            }
        }
    }
    Ok(())
}

fn attachment_fault(facts: JsonValue, mut kept: Vec<String>) -> Option<String> {
    let letter: Letter = match from_json(facts) {
        Ok(letter) => letter,
        Err(error) => return Some(format!("its letter cannot be read: {error}")),
    };
    let cut = |text: &str| line(text, LINE_CHARACTERS_MAX);
    let mut held: Vec<String> = message::files(&letter)
        .map(|each| {
            let size_bytes = i64::try_from(each.size_bytes).unwrap_or(i64::MAX);
            part(&cut(each.path), &cut(each.media_type), size_bytes, &each.sha256.hex(), &cut(each.name))
        })
        .collect();
    held.sort_unstable();
    kept.sort_unstable();
    (held != kept).then(|| format!("its attachments: {}", difference(&held, &kept)))
}

fn part(path: &str, media_type: &str, size_bytes: i64, sha256: &str, name: &str) -> String {
    format!("{path} {media_type} {size_bytes} {sha256} {name:?}")
}

/// The first place where two lists differ.
fn difference(held: &[String], kept: &[String]) -> String {
    let at = held.iter().zip(kept).take_while(|(held, kept)| held == kept).count();
    let told = |lines: &[String]| lines.get(at).map_or("nothing", String::as_str).to_owned();
    format!("{} is held, {} stands in its row", told(held), told(kept))
}
