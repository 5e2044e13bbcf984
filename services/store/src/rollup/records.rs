//! What a partition adds up to, from the records themselves: live projects, and the live contracts of those.

use sea_orm::{
    ExprTrait, QueryResult,
    sea_query::{CaseStatement, Expr, Func, Query, SelectStatement, UnionType},
};

use super::Totals;
use crate::Result;

/// The columns of a group, beside its year and region.
const GROUPS: [&str; 4] = ["level", "class", "service_kind", "method"];

/// The columns that tell a group from the others, in the order of the table; the last is `is_synthetic`.
pub const KEY: [&str; 8] =
    ["year", "region", "level", "class", "service_kind", "method", "provider_kind", "is_synthetic"];

/// The totals of a group, in the order of the table.
pub const MEASURES: [&str; 7] = [
    "project_count",
    "settled_project_count",
    "budget_fen",
    "settlement_fen",
    "contract_count",
    "contract_fen",
    "paid_fen",
];

/// Facets of a contract: what each kind of provider gets of it, and what of that was paid.
const FACETS: [(&str, &str); 2] = [("provider_kinds", "contract_fen"), ("provider_kinds_paid", "paid_fen")];

/// The groups of a partition: the columns of [`KEY`], then [`MEASURES`].
pub fn groups(year: i64, region: &str) -> SelectStatement {
    let mut rows = of_projects(year, region);
    rows.union(UnionType::All, of_contracts(year, region));
    for (facet, measure) in FACETS {
        rows.union(UnionType::All, of_terms(year, region, facet, measure));
    }
    let mut groups = Query::select();
    groups.columns(KEY).from_subquery(rows, "record").group_by_columns(KEY);
    for measure in MEASURES {
        groups.expr_as(sum(measure), measure);
    }
    groups
}

/// A sum as a number of 64 bits: of bigints PostgreSQL makes a numeric.
pub fn sum(measure: &'static str) -> Expr {
    let sum = Func::coalesce([Func::sum(Expr::col(measure)).into(), Expr::val(0_i64)]);
    Expr::expr(sum).cast_as("bigint")
}

/// Reads seven measures that begin at a column.
pub fn totals(row: &QueryResult, from: usize, codes: Vec<String>) -> Result<Totals> {
    let measure = |at: usize| row.try_get_by_index::<i64>(from + at);
    Ok(Totals {
        codes,
        project_count: measure(0)?,
        settled_project_count: measure(1)?,
        budget_fen: measure(2)?,
        settlement_fen: measure(3)?,
        contract_count: measure(4)?,
        contract_fen: measure(5)?,
        paid_fen: measure(6)?,
    })
}

/// One row a project.
fn of_projects(year: i64, region: &str) -> SelectStatement {
    let fen = |column: &'static str| Expr::expr(Func::coalesce([Expr::col(("project", column)), Expr::val(0_i64)]));
    let settled = CaseStatement::new()
        .case(Expr::col(("project", "settlement_fen")).is_null(), Expr::val(0_i64))
        .finally(Expr::val(1_i64));
    measured(
        row(year, region, Expr::val(""), "project"),
        &[
            ("project_count", Expr::val(1_i64)),
            ("settled_project_count", settled.into()),
            ("budget_fen", fen("budget_fen")),
            ("settlement_fen", fen("settlement_fen")),
        ],
    )
}

/// One row a contract, under the kind of its first provider.
fn of_contracts(year: i64, region: &str) -> SelectStatement {
    let row = contract(row(year, region, Expr::col(("contract", "provider_kind")), "contract"));
    measured(row, &[("contract_count", Expr::val(1_i64))])
}

/// One row a kind of provider of a contract.
fn of_terms(year: i64, region: &str, facet: &str, measure: &'static str) -> SelectStatement {
    // A left join, though every contract with a part has its terms: SQLite then looks them up contract by contract, and
    // never begins with the terms of all contracts that there are.
    let or =
        |column: &'static str, none: Expr| Expr::expr(Func::coalesce([Expr::col(("register_term", column)), none]));
    let mut row = contract(row(year, region, or("term", Expr::val("")), "contract"));
    row.left_join(
        "register_term",
        Expr::col(("register_term", "register"))
            .eq("contract")
            .and(Expr::col(("register_term", "id")).equals(("contract", "id")))
            .and(Expr::col(("register_term", "facet")).eq(facet)),
    );
    measured(row, &[(measure, or("amount", Expr::val(0_i64)))])
}

/// The key of a row; made up or not as the record of that table is.
fn row(year: i64, region: &str, provider_kind: Expr, record: &'static str) -> SelectStatement {
    let mut row = Query::select();
    row.columns(["year", "region"].map(|name| ("project", name)))
        .columns(GROUPS.map(|name| ("project", name)))
        .expr_as(provider_kind, "provider_kind")
        .column((record, "is_synthetic"))
        .from("project")
        .and_where(Expr::col(("project", "year")).eq(year))
        .and_where(Expr::col(("project", "region")).eq(region))
        .and_where(Expr::col(("project", "deleted_at")).is_null());
    row
}

fn contract(mut row: SelectStatement) -> SelectStatement {
    row.inner_join("contract", Expr::col(("contract", "project")).equals(("project", "id")))
        .and_where(Expr::col(("contract", "deleted_at")).is_null());
    row
}

/// Adds the measures; those that are not given are 0.
fn measured(mut row: SelectStatement, given: &[(&str, Expr)]) -> SelectStatement {
    for measure in MEASURES {
        let found = given.iter().find(|(name, _)| *name == measure);
        row.expr_as(found.map_or(Expr::val(0_i64), |(_, value)| value.clone()), measure);
    }
    row
}
