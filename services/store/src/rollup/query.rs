//! Totals of what was kept, and counts of what cannot be added up.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, ExprTrait, Order,
    sea_query::{Condition, Expr, Query, SelectStatement},
};

use super::{
    Dimension, Origin, RollupQuery, Totals,
    fill::filled,
    records::{MEASURES, sum, totals},
};
use crate::{
    Error, LIST_MAX, Result, Store,
    values::{clean, unsigned},
};

/// Groups of one answer.
const GROUPS_MAX: usize = 100_000;

/// Ranges and codes of one question.
const PARTS_MAX: usize = 400;

pub async fn query(store: &Store, query: &RollupQuery) -> Result<Vec<Totals>> {
    bounded(query)?;
    let tx = filled(store, &place(query, "rollup_partition")).await?;
    let names: Vec<&'static str> = query.dimensions.iter().map(|dimension| column(*dimension)).collect();
    let mut select = Query::select();
    select.columns(names.iter().copied()).from("rollup");
    for measure in MEASURES {
        select.expr_as(sum(measure), measure);
    }
    select.cond_where(place(query, "rollup")).cond_where(origin(query.origin, "rollup"));
    for (dimension, codes) in &query.only {
        select.and_where(among(("rollup", column(*dimension)), *dimension, codes));
    }
    for name in &names {
        select.group_by_col(*name).order_by(*name, Order::Asc);
    }
    let rows = tx.query_all(select.limit(GROUPS_MAX as u64 + 1)).await?;
    tx.commit().await?;
    if rows.len() > GROUPS_MAX {
        return Err(Error::Invalid(format!("there are more than {GROUPS_MAX} groups: ask for fewer dimensions")));
    }
    rows.iter()
        .map(|row| {
            let codes = query.dimensions.iter().enumerate().map(|(at, dimension)| match dimension {
                Dimension::Year => Ok(row.try_get_by_index::<i64>(at)?.to_string()),
                _ => Ok(row.try_get_by_index(at)?),
            });
            totals(row, names.len(), codes.collect::<Result<_>>()?)
        })
        .collect()
}

pub async fn distinct(store: &Store, query: &RollupQuery) -> Result<(u64, u64)> {
    bounded(query)?;
    let tx = store.snapshot().await?;
    let mut purchasers = Query::select();
    purchasers
        .expr(Expr::col(("project", "purchaser")).count_distinct())
        .from("project")
        .cond_where(origin(query.origin, "project"))
        .and_where(Expr::col(("project", "purchaser")).ne(""));
    of_projects(query, &mut purchasers);
    // A project has no kind of provider: it is taken in where the empty code is.
    if query
        .only
        .iter()
        .any(|(dimension, codes)| *dimension == Dimension::ProviderKind && !codes.contains(&String::new()))
    {
        purchasers.and_where(Expr::val(1_i64).eq(0_i64));
    }
    let mut providers = Query::select();
    providers
        .expr(Expr::col(("register_term", "term")).count_distinct())
        .from("project")
        .inner_join("contract", Expr::col(("contract", "project")).equals(("project", "id")))
        .inner_join(
            "register_term",
            Expr::col(("register_term", "register"))
                .eq("contract")
                .and(Expr::col(("register_term", "id")).equals(("contract", "id")))
                .and(Expr::col(("register_term", "facet")).eq("providers")),
        )
        .cond_where(origin(query.origin, "contract"))
        .and_where(Expr::col(("contract", "deleted_at")).is_null())
        .and_where(Expr::col(("register_term", "term")).ne(""));
    of_projects(query, &mut providers);
    for (dimension, codes) in &query.only {
        if *dimension == Dimension::ProviderKind {
            let kinds = Query::select()
                .column("id")
                .from("register_term")
                .and_where(Expr::col("register").eq("contract"))
                .and_where(Expr::col("facet").eq("provider_kinds"))
                .and_where(among(("register_term", "term"), *dimension, codes))
                .take();
            providers.and_where(Expr::col(("contract", "id")).in_subquery(kinds));
        }
    }
    let counts = (one(&tx, &purchasers).await?, one(&tx, &providers).await?);
    tx.commit().await?;
    Ok(counts)
}

pub async fn regions(store: &Store, year: i32, of: Origin) -> Result<Vec<String>> {
    let year = i64::from(year);
    let tx = filled(store, &Condition::all().add(Expr::col(("rollup_partition", "year")).eq(year))).await?;
    let select = Query::select()
        .distinct()
        .column("region")
        .from("rollup")
        .and_where(Expr::col(("rollup", "year")).eq(year))
        .and_where(Expr::col(("rollup", "project_count")).gt(0_i64))
        .cond_where(origin(of, "rollup"))
        .order_by("region", Order::Asc)
        .take();
    let rows = tx.query_all(&select).await?;
    tx.commit().await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

fn bounded(query: &RollupQuery) -> Result<()> {
    let parts = query.regions.len() + query.without_regions.len() + query.only.len();
    if parts > PARTS_MAX || query.only.iter().any(|(_, codes)| codes.len() > LIST_MAX as usize) {
        return Err(Error::Invalid(format!("a question has at most {PARTS_MAX} ranges and {LIST_MAX} codes")));
    }
    Ok(())
}

fn column(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Year => "year",
        Dimension::Region => "region",
        Dimension::Level => "level",
        Dimension::Class => "class",
        Dimension::ServiceKind => "service_kind",
        Dimension::Method => "method",
        Dimension::ProviderKind => "provider_kind",
    }
}

/// The years and regions of a question, in a table that has these columns.
fn place(query: &RollupQuery, table: &'static str) -> Condition {
    let within = |ranges: &[(String, String)]| {
        ranges.iter().fold(Condition::any(), |any, (from, to)| {
            let region = || Expr::col((table, "region"));
            any.add(region().gte(clean(from)).and(region().lt(clean(to))))
        })
    };
    let year = || Expr::col((table, "year"));
    let mut place = Condition::all()
        .add(year().gte(i64::from(*query.years.start())))
        .add(year().lte(i64::from(*query.years.end())));
    if !query.regions.is_empty() {
        place = place.add(within(&query.regions));
    }
    if !query.without_regions.is_empty() {
        place = place.add(within(&query.without_regions).not());
    }
    place
}

fn origin(origin: Origin, table: &'static str) -> Condition {
    let is_synthetic = |is: bool| Condition::all().add(Expr::col((table, "is_synthetic")).eq(is));
    match origin {
        Origin::Real => is_synthetic(false),
        Origin::Synthetic => is_synthetic(true),
        Origin::All => Condition::all(),
    }
}

fn among(place: (&'static str, &'static str), dimension: Dimension, codes: &[String]) -> Expr {
    match dimension {
        Dimension::Year => Expr::col(place).is_in(codes.iter().filter_map(|code| code.parse::<i64>().ok())),
        _ => Expr::col(place).is_in(codes.iter().map(|code| clean(code))),
    }
}

/// Narrows projects down to the live ones that a question takes in, whatever the kind of their providers.
fn of_projects(query: &RollupQuery, select: &mut SelectStatement) {
    select.and_where(Expr::col(("project", "deleted_at")).is_null()).cond_where(place(query, "project"));
    for (dimension, codes) in &query.only {
        if *dimension != Dimension::ProviderKind {
            select.and_where(among(("project", column(*dimension)), *dimension, codes));
        }
    }
}

async fn one(tx: &DatabaseTransaction, select: &SelectStatement) -> Result<u64> {
    let row = tx.query_one(select).await?.ok_or_else(|| Error::Internal("a count gave nothing".into()))?;
    unsigned(row.try_get_by_index::<i64>(0)?)
}
