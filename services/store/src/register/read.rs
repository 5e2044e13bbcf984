//! Entries by id and by page. A page begins after a key, never at an offset, so that it neither skips nor repeats.

use sea_orm::{
    ConnectionTrait, ExprTrait, Order,
    sea_query::{Condition as Chain, Expr, Func, Query, SelectStatement},
};

use super::{
    ColumnKind, Condition, Direction, Entry, Register, RegisterQuery, Value,
    condition::expression,
    row::{Row, bound, column, fits, kind, read, select},
};
use crate::{
    Error, LIST_MAX, Result, Store,
    values::{bounded, clean},
};

/// Columns of one order.
const ORDER_MAX: usize = 16;

pub async fn get(store: &Store, register: &Register, id: &str) -> Result<Option<Entry>> {
    Ok(row(&store.reader, register, id).await?.map(|row| row.entry))
}

pub async fn many(store: &Store, register: &Register, ids: &[String]) -> Result<Vec<Entry>> {
    if ids.len() > LIST_MAX as usize {
        return Err(Error::Invalid(format!("{} ids are asked for, {LIST_MAX} at most are given", ids.len())));
    }
    Ok(rows(&store.reader, register, ids).await?.into_iter().map(|row| row.entry).collect())
}

/// The row with that id.
pub async fn row(connection: &impl ConnectionTrait, register: &Register, id: &str) -> Result<Option<Row>> {
    let select = select(register).and_where(column(register, "id").eq(clean(id))).take();
    connection.query_one(&select).await?.map(|row| read(register, &row)).transpose()
}

/// The rows with those ids, by id.
pub async fn rows(connection: &impl ConnectionTrait, register: &Register, ids: &[String]) -> Result<Vec<Row>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = select(register);
    select.and_where(column(register, "id").is_in(ids.iter().map(|id| clean(id))));
    select.order_by((register.table, "id"), Order::Asc);
    connection.query_all(&select).await?.iter().map(|row| read(register, row)).collect()
}

pub async fn list(store: &Store, register: &Register, query: &RegisterQuery) -> Result<Vec<Entry>> {
    let mut select = select(register);
    narrow(store, register, query.condition.as_ref(), query.shows_deleted, &mut select)?;
    let order = order(register, &query.order)?;
    if let Some((values, id)) = &query.after {
        select.cond_where(beyond(register, &order, values, id)?);
    }
    for (name, direction) in &order {
        select.order_by(
            (register.table, *name),
            match direction {
                Direction::Ascending => Order::Asc,
                Direction::Descending => Order::Desc,
            },
        );
    }
    select.limit(bounded(query.limit));
    let rows = store.reader.query_all(&select).await?;
    rows.iter().map(|row| Ok(read(register, row)?.entry)).collect()
}

pub async fn count(
    store: &Store,
    register: &Register,
    condition: Option<&Condition>,
    shows_deleted: bool,
) -> Result<u64> {
    let mut select = Query::select();
    select.from(register.table).expr(Func::count(column(register, "id")));
    narrow(store, register, condition, shows_deleted, &mut select)?;
    let row = store.reader.query_one(&select).await?;
    let count: i64 = row.ok_or_else(|| Error::Internal("a count gave nothing".into()))?.try_get_by_index(0)?;
    crate::values::unsigned(count)
}

fn narrow(
    store: &Store,
    register: &Register,
    condition: Option<&Condition>,
    shows_deleted: bool,
    select: &mut SelectStatement,
) -> Result<()> {
    if let Some(condition) = condition {
        select.and_where(expression(store.backend(), register, condition)?);
    }
    if !shows_deleted {
        select.and_where(column(register, "deleted_at").is_null());
    }
    Ok(())
}

/// The columns in their order, the id last, which makes it total.
fn order(register: &Register, asked: &[(&'static str, Direction)]) -> Result<Vec<(&'static str, Direction)>> {
    if asked.len() > ORDER_MAX {
        return Err(Error::Invalid(format!("an order has at most {ORDER_MAX} columns")));
    }
    for (name, _) in asked {
        if kind(register, name)? == ColumnKind::OptionalInteger {
            return Err(Error::Internal(format!("{} is ordered by {name}, which may be unset", register.table)));
        }
    }
    let last = asked.last().map_or(Direction::Ascending, |(_, direction)| *direction);
    Ok(asked.iter().copied().chain([("id", last)]).collect())
}

/// The rows that come after a key in that order.
fn beyond(register: &Register, order: &[(&'static str, Direction)], values: &[Value], id: &str) -> Result<Chain> {
    if values.len() + 1 != order.len() {
        let (given, needed) = (values.len(), order.len() - 1);
        return Err(Error::Invalid(format!("the key has {given} values for an order by {needed} columns")));
    }
    let id = Value::Text(id.to_owned());
    let mut key = Vec::with_capacity(order.len());
    for ((name, direction), value) in order.iter().zip(values.iter().chain([&id])) {
        if !fits(kind(register, name)?, value) {
            return Err(Error::Invalid(format!("the key has {value:?} for {name}")));
        }
        key.push((*name, *direction, bound(value)));
    }
    let first = key[0].1;
    if key.iter().all(|(_, direction, _)| *direction == first) {
        let here = Expr::tuple(key.iter().map(|(name, ..)| column(register, name)));
        let there = Expr::tuple(key.iter().map(|(.., value)| Expr::val(value.clone())));
        return Ok(Chain::all().add(past(here, there, first)));
    }
    // The same place up to a column, and past the key in that one.
    let mut places = Chain::any();
    for (position, (name, direction, value)) in key.iter().enumerate() {
        let mut place = Chain::all();
        for (name, _, value) in &key[..position] {
            place = place.add(column(register, name).eq(value.clone()));
        }
        places = places.add(place.add(past(column(register, name), Expr::val(value.clone()), *direction)));
    }
    // What follows of it for the first column alone, which an index can begin at.
    let (name, direction, value) = &key[0];
    let bound = match direction {
        Direction::Ascending => column(register, name).gte(value.clone()),
        Direction::Descending => column(register, name).lte(value.clone()),
    };
    Ok(Chain::all().add(bound).add(places))
}

fn past(here: Expr, there: Expr, direction: Direction) -> Expr {
    match direction {
        Direction::Ascending => here.gt(there),
        Direction::Descending => here.lt(there),
    }
}
