//! Loads of many drafts: what is new goes in many rows a statement, what is the same is not touched, and what somebody
//! wrote since the last load is left to them.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;

use super::{
    Draft, Loaded, Register, Term, place, read,
    row::{Row, settled},
    terms,
    write::{CHANGE_COUNTER, insert, update},
};
use crate::{
    Error, Result, Store,
    rollup::forget::Forgotten,
    values::{instant, now},
    write::numbers_next,
};

/// Drafts whose terms are inserted together.
const BATCH: usize = 20_000;

/// Drafts that are compared and inserted at once.
const CHUNK: usize = 500;

/// Values of one insert: SQLite binds 32,766 at most.
const BINDS_MAX: usize = 32_000;

/// Columns of an insert beside the look-up columns: the head, and a place.
const HEAD_BINDS: usize = 11;

pub async fn load(store: &Store, register: &Register, drafts: Vec<Draft>) -> Result<Loaded> {
    let mut ids = HashSet::with_capacity(drafts.len());
    if let Some(double) = drafts.iter().find(|draft| !ids.insert(draft.id.as_str())) {
        return Err(Error::Invalid(format!("{} {} is there twice in one load", register.table, double.id)));
    }
    drop(ids);
    let drafts = drafts.into_iter().map(|draft| settled(register, draft)).collect::<Result<Vec<_>>>()?;
    let tx = store.write().await?;
    // Held to the end, as every write to a register holds it.
    numbers_next(&tx, CHANGE_COUNTER, 0).await?;
    let at = instant(now())?;
    let (mut loaded, mut forgotten) = (Loaded::default(), Forgotten::default());
    for batch in drafts.chunks(BATCH) {
        let mut terms: Vec<(&str, &Term)> = Vec::new();
        for chunk in batch.chunks(CHUNK) {
            let new = load_some(&tx, register, chunk, at, &mut loaded, &mut forgotten).await?;
            terms.extend(new.into_iter().flat_map(|draft| draft.terms.iter().map(|term| (draft.id.as_str(), term))));
        }
        // In the order of the index, so that neighbours are written together.
        terms.sort_unstable_by_key(|(id, term)| (term.facet, term.term.as_str(), *id));
        terms::insert(&tx, register.table, &terms).await?;
    }
    place::follow(&tx, drafts.iter().filter_map(|draft| place::project(register, draft)).collect()).await?;
    forgotten.forget(&tx).await?;
    tx.commit().await?;
    Ok(loaded)
}

/// Loads some drafts; gives those that were inserted, whose terms are not yet.
async fn load_some<'a>(
    tx: &DatabaseTransaction,
    register: &Register,
    drafts: &'a [Draft],
    at: DateTime<Utc>,
    loaded: &mut Loaded,
    forgotten: &mut Forgotten,
) -> Result<Vec<&'a Draft>> {
    let ids: Vec<String> = drafts.iter().map(|draft| draft.id.clone()).collect();
    let rows = read::rows(tx, register, &ids).await?;
    let known: HashMap<&str, &Row> = rows.iter().map(|row| (row.entry.id.as_str(), row)).collect();
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for draft in drafts {
        match known.get(draft.id.as_str()) {
            None => new.push(draft),
            Some(row) if row.entry.deleted_at.is_some() => loaded.left_alone += 1,
            Some(row) if row.entry.body == draft.body => loaded.unchanged += 1,
            Some(row) if row.entry.row_version != row.loaded_version => loaded.left_alone += 1,
            Some(row) => changed.push((draft, *row)),
        }
    }
    let count = i64::try_from(new.len() + changed.len()).map_err(|_| Error::Invalid("too many drafts".into()))?;
    if count == 0 {
        return Ok(new);
    }
    let mut change_seqs = numbers_next(tx, CHANGE_COUNTER, count).await? - count + 1..;
    for (draft, row) in changed {
        let (row_version, change_seq) = (row.entry.row_version + 1, change_seqs.next().unwrap_or_default());
        update(tx, register, draft, row_version, change_seq, at, Some(row_version)).await?;
        forgotten.note(register, &row.entry.values);
        forgotten.note(register, &draft.values);
        loaded.replaced += 1;
    }
    let rows_max = BINDS_MAX / (HEAD_BINDS + register.columns.len());
    for chunk in new.chunks(rows_max.max(1)) {
        let rows: Vec<(&Draft, i64)> = chunk.iter().copied().zip(&mut change_seqs).collect();
        insert(tx, register, &rows, at, 1).await?;
        for (draft, _) in rows {
            forgotten.note(register, &draft.values);
            loaded.inserted += 1;
        }
    }
    Ok(new)
}
