//! Walks the chain from its begin and compares each link with its line.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use stdx::{Sha256, beijing};

use super::{
    COUNTER, FORMAT, Kind, hash,
    lines::{self, Line},
    seal::{link_sha256, linked_top},
};
use crate::{
    Result,
    entity::{
        counter,
        history_link::{self, Column},
    },
    record::VerifyFault,
    values::instant,
};

/// Links that are read at once.
const PAGE: u64 = 1_000;

/// Disagreements that are told; the first few say enough.
const FAULTS_MAX: usize = 200;

/// For how long a line may be without a link, in microseconds: the time between a commit and the next look for such lines,
/// many times over.
const LATE_AFTER: i64 = 600_000_000;

/// Adds what is wrong with the chain and with the lines that it links.
pub async fn verify(tx: &DatabaseTransaction, faults: &mut Vec<VerifyFault>) -> Result<()> {
    let mut found = Vec::new();
    let (mut number, mut before, mut sealed_at) = (0, Sha256::from([0; 32]), i64::MIN);
    loop {
        let links = history_link::Entity::find()
            .filter(Column::Number.gt(number))
            .order_by_asc(Column::Number)
            .limit(PAGE)
            .all(tx)
            .await?;
        if links.is_empty() || found.len() >= FAULTS_MAX {
            break;
        }
        let lines = lines_of(tx, &links).await?;
        for link in &links {
            let place = format!("history_link {}", link.number);
            let line_sha256 = hash(&link.line_sha256)?;
            if link.number != number + 1 {
                found.push(VerifyFault { place: place.clone(), detail: format!("the links after {number} are gone") });
            } else if hash(&link.link_sha256)? != link_sha256(&before, link.number, link.sealed_at, &line_sha256)
                || link.sealed_at < sealed_at
            {
                found.push(VerifyFault {
                    place: place.clone(),
                    detail: "it does not follow from the one before".into(),
                });
            }
            (number, before, sealed_at) = (link.number, hash(&link.link_sha256)?, link.sealed_at);
            let line = lines.get(&(link.kind.as_str(), link.event_id));
            if let Some(detail) = differs(link, line, &line_sha256)? {
                let about = line.map(|(_, line)| format!(" {}", line.about)).unwrap_or_default();
                found.push(VerifyFault { place: format!("{} {}{about}", link.kind, link.event_id), detail });
            }
        }
    }
    let counted = counter::Entity::find_by_id(COUNTER).one(tx).await?.map_or(0, |row| row.value);
    if found.len() < FAULTS_MAX {
        if counted != number {
            let detail = format!("the last one is {number}, the counter stands at {counted}");
            found.push(VerifyFault { place: "history_link".into(), detail });
        }
        unlinked(tx, sealed_at, &mut found).await?;
    }
    faults.extend(found);
    Ok(())
}

/// Lines that came by another way than those that get links: below the linked ones, for longer than a commit takes.
async fn unlinked(tx: &DatabaseTransaction, sealed_at: i64, found: &mut Vec<VerifyFault>) -> Result<()> {
    for kind in Kind::ALL {
        let top = linked_top(tx, kind).await?;
        for line in lines::unlinked(tx, kind, i64::MIN, PAGE).await? {
            if line.id < top && line.at < sealed_at.saturating_sub(LATE_AFTER) {
                let place = format!("{} {} {}", kind.as_str(), line.id, line.about);
                found.push(VerifyFault { place, detail: "it has no link, and later lines have".into() });
            }
        }
    }
    Ok(())
}

/// What is wrong between a link and its line.
fn differs(link: &history_link::Model, line: Option<&(Kind, Line)>, line_sha256: &Sha256) -> Result<Option<String>> {
    let sealed = beijing::format(instant(link.sealed_at)?);
    let Some((kind, line)) = line.map(|(kind, line)| (*kind, line)) else {
        return Ok(Some(format!("it was linked at {sealed} as {} and is gone", link.number)));
    };
    if link.format != FORMAT {
        return Ok(Some(format!(
            "its link {} is of format {}, which this version does not know",
            link.number, link.format
        )));
    }
    let words_sha256 = hash(&link.words_sha256)?;
    let same_words = match &link.salt {
        Some(salt) => line.words_sha256(salt) == words_sha256,
        None => line.is_bare,
    };
    if same_words && line.sha256(kind, &words_sha256) == *line_sha256 {
        return Ok(None);
    }
    Ok(Some(format!("it is not what was linked at {sealed} as {}", link.number)))
}

/// The lines of some links.
async fn lines_of<'a>(
    tx: &DatabaseTransaction,
    links: &'a [history_link::Model],
) -> Result<HashMap<(&'a str, i64), (Kind, Line)>> {
    let mut lines = HashMap::new();
    for kind in Kind::ALL {
        let ids: Vec<i64> = links.iter().filter(|link| link.kind == kind.as_str()).map(|link| link.event_id).collect();
        for line in lines::by_ids(tx, kind, &ids).await? {
            lines.insert((kind.as_str(), line.id), (kind, line));
        }
    }
    Ok(lines)
}
