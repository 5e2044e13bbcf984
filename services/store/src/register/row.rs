//! How an entry lies in its table: which columns there are, what their values are bound as, and how a row is read back.

use sea_orm::{
    JsonValue, QueryResult,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{Column, ColumnKind, Draft, Entry, Register, TERMS_MAX, Value};
use crate::{
    Error, Result,
    values::{LINE_CHARACTERS_MAX, clean, instant, json},
};

/// The columns of every register that conditions and orders may name.
const HEAD: &[(&str, ColumnKind)] = &[
    ("id", ColumnKind::Text),
    ("row_version", ColumnKind::Integer),
    ("change_seq", ColumnKind::Integer),
    ("created_at", ColumnKind::Integer),
    ("updated_at", ColumnKind::Integer),
    ("deleted_at", ColumnKind::OptionalInteger),
    ("is_synthetic", ColumnKind::Flag),
    ("search_text", ColumnKind::Text),
];

/// The columns that are read before the look-up columns; the body is read after them.
const READ: [&str; 6] = ["id", "row_version", "loaded_version", "created_at", "updated_at", "deleted_at"];

/// A row as it is read.
#[derive(Clone, Debug)]
pub struct Row {
    /// What callers see of it.
    pub entry: Entry,
    /// The version that a load left behind; 0 when none did.
    pub loaded_version: i64,
}

/// What a column of a register holds; a name that it does not have is a fault of ours.
pub fn kind(register: &Register, name: &str) -> Result<ColumnKind> {
    let own = register.columns.iter().map(|column| (column.name, column.kind));
    let mut all = HEAD.iter().copied().chain(own);
    let found = all.find(|(known, _)| *known == name).map(|(_, kind)| kind);
    found.ok_or_else(|| Error::Internal(format!("{} has no column {name}", register.table)))
}

/// A column of a register, told apart from those of other tables.
pub fn column(register: &Register, name: &'static str) -> Expr {
    Expr::col((register.table, name))
}

/// A value as it is bound.
pub fn bound(value: &Value) -> sea_orm::Value {
    match value {
        Value::Text(text) => clean(text).into(),
        Value::Integer(number) => (*number).into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Unset => sea_orm::Value::BigInt(None),
    }
}

/// Whether a column of that kind can hold the value.
pub fn fits(kind: ColumnKind, value: &Value) -> bool {
    matches!(
        (kind, value),
        (ColumnKind::Text, Value::Text(_))
            | (ColumnKind::Integer | ColumnKind::OptionalInteger, Value::Integer(_))
            | (ColumnKind::OptionalInteger, Value::Unset)
            | (ColumnKind::Flag, Value::Flag(_))
    )
}

/// Rows of a register, whole.
pub fn select(register: &Register) -> SelectStatement {
    let mut select = Query::select();
    select.from(register.table).columns(READ.map(|name| (register.table, name)));
    select.columns(register.columns.iter().map(|column| (register.table, column.name)));
    select.column((register.table, "body"));
    select
}

/// Reads a row that [`select`] gave.
pub fn read(register: &Register, row: &QueryResult) -> Result<Row> {
    let deleted_at: Option<i64> = row.try_get_by_index(5)?;
    let values = register.columns.iter().zip(READ.len()..).map(|(column, at)| value(column, row, at));
    let entry = Entry {
        id: row.try_get_by_index(0)?,
        row_version: row.try_get_by_index(1)?,
        created_at: instant(row.try_get_by_index(3)?)?,
        updated_at: instant(row.try_get_by_index(4)?)?,
        deleted_at: deleted_at.map(instant).transpose()?,
        values: values.collect::<Result<_>>()?,
        body: row.try_get_by_index::<JsonValue>(READ.len() + register.columns.len())?,
    };
    Ok(Row { entry, loaded_version: row.try_get_by_index(2)? })
}

fn value(column: &Column, row: &QueryResult, at: usize) -> Result<Value> {
    Ok(match column.kind {
        ColumnKind::Text => Value::Text(row.try_get_by_index(at)?),
        ColumnKind::Integer => Value::Integer(row.try_get_by_index(at)?),
        ColumnKind::OptionalInteger => row.try_get_by_index::<Option<i64>>(at)?.map_or(Value::Unset, Value::Integer),
        ColumnKind::Flag => Value::Flag(row.try_get_by_index(at)?),
    })
}

/// A draft as both databases take it: no U+0000, its values in the kinds of their columns, its terms in their order and
/// each once. Whoever wrote the draft answers for its shape (`Internal`), whoever wrote the resource for its length
/// (`Invalid`: an index of PostgreSQL takes rows of 2,704 bytes).
pub fn settled(register: &Register, mut draft: Draft) -> Result<Draft> {
    let table = register.table;
    if draft.id.is_empty() || draft.id.len() > 128 || draft.id.contains('\0') {
        return Err(Error::Internal(format!("{:?} is no id of {table}", draft.id)));
    }
    if draft.values.len() != register.columns.len() {
        let (given, needed) = (draft.values.len(), register.columns.len());
        return Err(Error::Internal(format!("{given} values for the {needed} columns of {table}")));
    }
    for (column, value) in register.columns.iter().zip(&mut draft.values) {
        if !fits(column.kind, value) {
            return Err(Error::Internal(format!("{value:?} in the column {} of {table}", column.name)));
        }
        if let Value::Text(text) = value {
            bounded(text, column.name)?;
            *text = clean(text);
        }
    }
    if draft.terms.len() > TERMS_MAX {
        return Err(Error::Invalid(format!("{table} {} has more than {TERMS_MAX} terms", draft.id)));
    }
    for term in &mut draft.terms {
        bounded(&term.term, term.facet)?;
        term.term = clean(&term.term);
    }
    draft.terms.sort_by(|a, b| (a.facet, &a.term).cmp(&(b.facet, &b.term)));
    let mut overflow = false;
    draft.terms.dedup_by(|double, kept| {
        let same = double.facet == kept.facet && double.term == kept.term;
        if same {
            let sum = kept.amount.checked_add(double.amount);
            overflow |= sum.is_none();
            kept.amount = sum.unwrap_or(kept.amount);
        }
        same
    });
    if overflow {
        return Err(Error::Invalid(format!("the amounts of {table} {} do not fit into 63 bits", draft.id)));
    }
    draft.search_text = clean(&draft.search_text);
    draft.body = json(&draft.body)?;
    Ok(draft)
}

fn bounded(text: &str, place: &str) -> Result<()> {
    if text.len() > LINE_CHARACTERS_MAX && text.chars().count() > LINE_CHARACTERS_MAX {
        return Err(Error::Invalid(format!("{place} has more than {LINE_CHARACTERS_MAX} characters")));
    }
    Ok(())
}
