//! Compares what lists read with the reviews and versions that it is made of, page by page.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::FAULTS_MAX;
use crate::{
    Result,
    entity::{manuscript, manuscript_group, manuscript_pair, manuscript_rule, manuscript_summary, review},
    manuscript::{Made, load, pairs, rules},
    record::{ReviewGroup, VerifyFault},
};

/// Reviews in memory at once, with the newest version of each.
const REVIEWS: u64 = 100;

/// Compares them all, and then the sizes of the inverted indexes with what was found in them.
pub async fn manuscripts(tx: &DatabaseTransaction, faults: &mut Vec<VerifyFault>) -> Result<()> {
    let faults_before = faults.len();
    let mut after = Uuid::nil();
    let (mut rules_held, mut pairs_held, mut groups_held) = (0, 0, 0);
    loop {
        if faults.len() - faults_before >= FAULTS_MAX as usize {
            return Ok(());
        }
        let ids: Vec<Uuid> = review::Entity::find()
            .select_only()
            .column(review::Column::SubmissionId)
            .filter(review::Column::SubmissionId.gt(after))
            .order_by_asc(review::Column::SubmissionId)
            .limit(REVIEWS)
            .into_tuple()
            .all(tx)
            .await?;
        let Some(last) = ids.last() else { break };
        after = *last;
        let within = || ids.iter().copied();
        let rows = manuscript::Entity::find().filter(manuscript::Column::SubmissionId.is_in(within())).all(tx).await?;
        let summaries = manuscript_summary::Entity::find()
            .filter(manuscript_summary::Column::SubmissionId.is_in(within()))
            .all(tx)
            .await?;
        for id in &ids {
            let mut tell = |detail: String| faults.push(VerifyFault { place: format!("review {id}"), detail });
            let made = match load(tx, &[*id], false).await {
                Ok(mut made) => made.pop(),
                Err(error) => {
                    tell(format!("what lists show of it cannot be made: {error}"));
                    continue;
                }
            };
            let row = rows.iter().find(|row| row.submission_id == *id);
            let summary = summaries.iter().find(|summary| summary.submission_id == *id);
            let (Some(made), Some(row), Some(summary)) = (made, row, summary) else {
                tell("lists do not show it".into());
                continue;
            };
            let differing = differing(&made, row, summary);
            if !differing.is_empty() {
                tell(format!("lists know it with another {}", differing.join(", ")));
            }
            let groups = manuscript_group::Entity::find().filter(manuscript_group::Column::SubmissionId.eq(*id));
            let groups = groups.all(tx).await?;
            let is_held = |(kind, value): &(ReviewGroup, String)| {
                groups.iter().any(|row| {
                    row.kind == kind.as_str() && row.value == *value && row.received_at == made.row.received_at
                })
            };
            if groups.len() != made.groups.len() || !made.groups.iter().all(is_held) {
                tell("statistics count it under other groups".into());
            }
            groups_held += groups.len() as u64;
            let (held, expected) = terms(tx, &made).await?;
            if held != expected {
                tell(format!("{} of its rules and pairs are in the indexes of lists, of {}", sum(held), sum(expected)));
            }
            rules_held += held.0;
            pairs_held += held.1;
        }
    }
    if faults.len() > faults_before {
        return Ok(());
    }
    for (table, kept, held) in [
        ("manuscript_rule", manuscript_rule::Entity::find().count(tx).await?, rules_held),
        ("manuscript_pair", manuscript_pair::Entity::find().count(tx).await?, pairs_held),
        ("manuscript_group", manuscript_group::Entity::find().count(tx).await?, groups_held),
    ] {
        if kept != held {
            let detail = format!("it has {kept} rows, and {held} belong to a manuscript");
            faults.push(VerifyFault { place: table.into(), detail });
        }
    }
    Ok(())
}

fn sum((rules, pairs): (u64, u64)) -> u64 {
    rules + pairs
}

/// The columns that differ.
fn differing(made: &Made, row: &manuscript::Model, summary: &manuscript_summary::Model) -> Vec<&'static str> {
    let mut differing = Vec::new();
    macro_rules! compare {
        ($made:expr, $kept:expr; $($column:ident)+) => {
            $(if $made.$column != $kept.$column { differing.push(stringify!($column)); })+
        };
    }
    compare!(made.row, row; received_at campaign_id number row_version state verdict editor_id due_day updated_at versions
        sender has_video has_cloud_file cloud_expires_at backfilled opened_at decided_at grouped_version);
    compare!(made.summary, summary; newest_id subject contact_name organisation failed undetermined documents videos
        pictures cloud_files characters search_text erased_at);
    if made.summary.received_at != summary.received_at {
        differing.push("receipt");
    }
    differing
}

/// How many rules and pairs of a manuscript stand in the indexes, and how many should.
async fn terms(tx: &DatabaseTransaction, made: &Made) -> Result<((u64, u64), (u64, u64))> {
    let (id, received_at) = (made.row.submission_id, made.row.received_at);
    let expected_rules = rules(&made.summary)?;
    let held: Vec<(String, String)> = manuscript_rule::Entity::find()
        .select_only()
        .columns([manuscript_rule::Column::Outcome, manuscript_rule::Column::Rule])
        .filter(manuscript_rule::Column::Outcome.is_in(["failed", "undetermined"]))
        .filter(manuscript_rule::Column::Rule.is_in(expected_rules.iter().map(|(_, rule)| rule)))
        .filter(manuscript_rule::Column::ReceivedAt.eq(received_at))
        .filter(manuscript_rule::Column::SubmissionId.eq(id))
        .into_tuple()
        .all(tx)
        .await?;
    let held_rules = held.iter().filter(|rule| expected_rules.contains(*rule)).count() as u64;
    let expected_pairs: BTreeSet<String> = pairs(&made.summary.search_text);
    let held_pairs = manuscript_pair::Entity::find()
        .filter(manuscript_pair::Column::Pair.is_in(&expected_pairs))
        .filter(manuscript_pair::Column::ReceivedAt.eq(received_at))
        .filter(manuscript_pair::Column::SubmissionId.eq(id))
        .count(tx)
        .await?;
    Ok(((held_rules, held_pairs), (expected_rules.len() as u64, expected_pairs.len() as u64)))
}
