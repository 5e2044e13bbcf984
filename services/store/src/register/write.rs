//! Writes to registers. The counter of changes is taken first and held to the end, on both databases: so writes to
//! registers take turns, what was read of a row is still so when it is written, and a reference that was found live
//! cannot die before the commit.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, ExprTrait, RuntimeErr, SqlErr,
    sea_query::{Expr, Query, UpdateStatement},
    sqlx::postgres::PgDatabaseError,
};

use super::{
    Change, Draft, Entry, Reference, Refusal, Register, Term, Write, once, place, read,
    row::{Row, bound, settled},
    terms,
};
use crate::{
    Error, LIST_MAX, Result, Store,
    rollup::forget::Forgotten,
    values::{clean, instant, micros, now},
    write::numbers_next,
};

/// The counter of changes to registers.
pub const CHANGE_COUNTER: &str = "register_change";

pub async fn write(store: &Store, change: Change<'_>) -> Result<Vec<Entry>> {
    let once = change.once.filter(|_| !change.is_rehearsal);
    if let Some(once) = &once
        && let Some(entries) = once::replayed(store, once).await?
    {
        return Ok(entries);
    }
    let tx = store.write().await?;
    if let Some(once) = &once
        && let Some(entries) = once::claim(&tx, once).await?
    {
        return Ok(entries);
    }
    let count = i64::try_from(change.writes.len()).map_err(|_| Error::Invalid("too many writes".into()))?;
    let first = numbers_next(&tx, CHANGE_COUNTER, count).await? - count + 1;
    let at = instant(now())?;
    let mut forgotten = Forgotten::default();
    let drafts = change.writes.iter().filter_map(|write| match write {
        Write::Insert(register, draft) | Write::Update(register, draft, _) => Some((register, draft)),
        Write::Delete(..) | Write::Undelete(..) => None,
    });
    let projects = drafts.filter_map(|(register, draft)| place::project(register, draft)).collect();
    let mut entries = Vec::with_capacity(change.writes.len());
    for (change_seq, write) in (first..).zip(change.writes) {
        entries.push(one(&Turn { tx: &tx, change_seq, at }, write, &mut forgotten).await?);
    }
    resolve(&tx, &change.references).await?;
    place::follow(&tx, projects).await?;
    forgotten.forget(&tx).await?;
    if let Some(once) = &once {
        once::keep(&tx, once, &entries).await?;
    }
    if change.is_rehearsal {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(entries)
}

/// What a write is done with.
struct Turn<'a> {
    tx: &'a DatabaseTransaction,
    change_seq: i64,
    at: DateTime<Utc>,
}

async fn one(turn: &Turn<'_>, write: Write<'_>, forgotten: &mut Forgotten) -> Result<Entry> {
    let (register, entry) = match write {
        Write::Insert(register, draft) => (register, turn.insert(register, draft).await?),
        Write::Update(register, draft, version) => {
            let draft = settled(register, draft)?;
            let before = turn.before(register, &draft.id, version).await?;
            refuse_deleted(register, &before.entry)?;
            forgotten.note(register, &before.entry.values);
            (register, turn.update(register, draft, before.entry).await?)
        }
        Write::Delete(register, id, version) => {
            let before = turn.before(register, &id, version).await?;
            refuse_deleted(register, &before.entry)?;
            (register, turn.mark(register, before.entry, Some(turn.at)).await?)
        }
        Write::Undelete(register, id, version) => {
            let before = turn.before(register, &id, version).await?;
            if before.entry.deleted_at.is_none() {
                return Err(Refusal::Live { table: register.table.into(), id }.into());
            }
            (register, turn.mark(register, before.entry, None).await?)
        }
    };
    forgotten.note(register, &entry.values);
    Ok(entry)
}

fn refuse_deleted(register: &Register, entry: &Entry) -> Result<()> {
    match entry.deleted_at {
        Some(_) => Err(Refusal::Deleted { table: register.table.into(), id: entry.id.clone() }.into()),
        None => Ok(()),
    }
}

impl Turn<'_> {
    /// The row as it is, at that version if one is given.
    async fn before(&self, register: &Register, id: &str, version: Option<i64>) -> Result<Row> {
        let row = read::row(self.tx, register, id).await?;
        let row = row.ok_or_else(|| Refusal::Missing { table: register.table.into(), id: id.into() })?;
        let row_version = row.entry.row_version;
        if version.is_some_and(|version| version != row_version) {
            return Err(Refusal::Stale { table: register.table.into(), id: id.into(), row_version }.into());
        }
        Ok(row)
    }

    async fn insert(&self, register: &Register, draft: Draft) -> Result<Entry> {
        let draft = settled(register, draft)?;
        if read::row(self.tx, register, &draft.id).await?.is_some() {
            return Err(Refusal::Taken { table: register.table.into(), id: draft.id }.into());
        }
        let rows = [(&draft, self.change_seq)];
        insert(self.tx, register, &rows, self.at, 0).await?;
        let terms: Vec<(&str, &Term)> = draft.terms.iter().map(|term| (draft.id.as_str(), term)).collect();
        terms::insert(self.tx, register.table, &terms).await?;
        Ok(Entry {
            id: draft.id,
            row_version: 1,
            created_at: self.at,
            updated_at: self.at,
            deleted_at: None,
            values: draft.values,
            body: draft.body,
        })
    }

    async fn update(&self, register: &Register, draft: Draft, before: Entry) -> Result<Entry> {
        let row_version = before.row_version + 1;
        update(self.tx, register, &draft, row_version, self.change_seq, self.at, None).await?;
        let (updated_at, values, body) = (self.at, draft.values, draft.body);
        Ok(Entry { row_version, updated_at, values, body, ..before })
    }

    async fn mark(&self, register: &Register, before: Entry, deleted_at: Option<DateTime<Utc>>) -> Result<Entry> {
        let row_version = before.row_version + 1;
        let mut update = written(register, &before.id, row_version, self.change_seq, self.at);
        update.value("deleted_at", deleted_at.map(micros));
        self.tx.execute(&update).await.map_err(|error| refused(register, &before.id, error))?;
        Ok(Entry { row_version, updated_at: self.at, deleted_at, ..before })
    }
}

/// Inserts settled drafts with their change numbers, without their terms, in one statement: the caller minds how many
/// values the databases bind.
pub async fn insert(
    tx: &DatabaseTransaction,
    register: &Register,
    rows: &[(&Draft, i64)],
    at: DateTime<Utc>,
    loaded_version: i64,
) -> Result<()> {
    let Some((first, _)) = rows.first() else { return Ok(()) };
    let has_place = place::has_place(register);
    let mut insert = Query::insert();
    insert.into_table(register.table).columns(
        [
            "id",
            "row_version",
            "change_seq",
            "created_at",
            "updated_at",
            "is_synthetic",
            "loaded_version",
            "search_text",
            "body",
        ]
        .into_iter()
        .chain(register.columns.iter().map(|column| column.name))
        .chain(has_place.then_some(place::COLUMNS).into_iter().flatten()),
    );
    let mut places = Vec::new();
    if has_place {
        let drafts: Vec<&Draft> = rows.iter().map(|(draft, _)| *draft).collect();
        places = place::of_drafts(tx, register, &drafts).await?;
    }
    let mut places = places.into_iter();
    for (draft, change_seq) in rows {
        let head: [sea_orm::Value; 9] = [
            draft.id.as_str().into(),
            1_i64.into(),
            (*change_seq).into(),
            micros(at).into(),
            micros(at).into(),
            draft.is_synthetic.into(),
            loaded_version.into(),
            draft.search_text.as_str().into(),
            draft.body.clone().into(),
        ];
        let place = places.next().into_iter().flatten();
        insert.values_panic(head.into_iter().chain(draft.values.iter().map(bound)).chain(place).map(Expr::val));
    }
    tx.execute(&insert).await.map_err(|error| refused(register, &first.id, error))?;
    Ok(())
}

/// Puts a settled draft in the place of an entry.
pub async fn update(
    tx: &DatabaseTransaction,
    register: &Register,
    draft: &Draft,
    row_version: i64,
    change_seq: i64,
    at: DateTime<Utc>,
    loaded_version: Option<i64>,
) -> Result<()> {
    let mut update = written(register, &draft.id, row_version, change_seq, at);
    update.value("is_synthetic", draft.is_synthetic);
    update.value("search_text", draft.search_text.as_str());
    update.value("body", draft.body.clone());
    for (column, value) in register.columns.iter().zip(&draft.values) {
        update.value(column.name, bound(value));
    }
    if let Some(loaded_version) = loaded_version {
        update.value("loaded_version", loaded_version);
    }
    tx.execute(&update).await.map_err(|error| refused(register, &draft.id, error))?;
    terms::replace(tx, register.table, &draft.id, &draft.terms).await
}

/// What every write sets.
fn written(register: &Register, id: &str, row_version: i64, change_seq: i64, at: DateTime<Utc>) -> UpdateStatement {
    let mut update = Query::update();
    update
        .table(register.table)
        .value("row_version", row_version)
        .value("change_seq", change_seq)
        .value("updated_at", micros(at))
        .and_where(Expr::col("id").eq(id));
    update
}

/// Checks that every reference stands for a live entry; the first that does not is told.
async fn resolve(tx: &DatabaseTransaction, references: &[Reference]) -> Result<()> {
    let mut asked: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for reference in references {
        asked.entry(reference.table).or_default().push(clean(&reference.id));
    }
    let mut live: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for (table, mut ids) in asked {
        ids.sort();
        ids.dedup();
        let found = live.entry(table).or_default();
        for chunk in ids.chunks(LIST_MAX as usize) {
            let select = Query::select()
                .column("id")
                .from(table)
                .and_where(Expr::col("id").is_in(chunk.iter().map(String::as_str)))
                .and_where(Expr::col("deleted_at").is_null())
                .take();
            for row in tx.query_all(&select).await? {
                found.push(row.try_get_by_index(0)?);
            }
        }
        found.sort();
    }
    let dangling =
        references.iter().find(|reference| live[reference.table].binary_search(&clean(&reference.id)).is_err());
    match dangling {
        Some(reference) => Err(Refusal::Dangling { field: reference.field.clone() }.into()),
        None => Ok(()),
    }
}

/// What the database said of a write to an entry: a unique index that does not take it is a refusal.
pub fn refused(register: &Register, id: &str, error: DbErr) -> Error {
    let Some(SqlErr::UniqueConstraintViolation(message)) = error.sql_err() else { return error.into() };
    let table = register.table.to_owned();
    match columns_of_postgres(&error).or_else(|| columns_of_sqlite(&message)) {
        Some(columns) if columns == "id" => Refusal::Taken { table, id: id.to_owned() }.into(),
        Some(columns) => Refusal::Double { table, columns }.into(),
        None => error.into(),
    }
}

/// `UNIQUE constraint failed: project.purchaser, project.project_no`.
fn columns_of_sqlite(message: &str) -> Option<String> {
    let (_, columns) = message.split_once("failed: ")?;
    let names = columns.split(", ").map(|column| column.rsplit('.').next().unwrap_or(column));
    Some(names.collect::<Vec<_>>().join(", "))
}

/// `Key (purchaser, project_no)=(P1, 7) already exists.`, in whatever language the server speaks.
fn columns_of_postgres(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source))) = error else {
        return None;
    };
    let detail = source.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?.detail()?;
    let (_, rest) = detail.split_once('(')?;
    let (columns, _) = rest.split_once(")=(")?;
    Some(columns.replace('"', ""))
}
