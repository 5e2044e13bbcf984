//! Where a contract stands: the year and the region of its project, by which its table can be spread over machines as that
//! of projects is. Nobody reads them yet: a program of before writes contracts without.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, ExprTrait, Value as Bound,
    sea_query::{Condition, Expr, Query, UpdateStatement},
};

use super::{Draft, Register, Value};
use crate::{LIST_MAX, Result, Store};

/// The columns of a place.
pub const COLUMNS: [&str; 2] = ["year", "region"];

/// Whether entries of a register have a place beside their look-up columns.
pub fn has_place(register: &Register) -> bool {
    register.table == "contract"
}

/// The project whose contracts this draft concerns: its own, or that of a contract.
pub fn project(register: &Register, draft: &Draft) -> Option<String> {
    let at = match register.table {
        "project" => return Some(draft.id.clone()),
        "contract" => register.columns.iter().position(|column| column.name == "project"),
        _ => None,
    };
    match draft.values.get(at?) {
        Some(Value::Text(id)) => Some(id.clone()),
        _ => None,
    }
}

/// The places of contracts that are about to be inserted, in their order: year 0 and no region where the project is not there.
pub async fn of_drafts(tx: &DatabaseTransaction, register: &Register, drafts: &[&Draft]) -> Result<Vec<[Bound; 2]>> {
    let projects: BTreeSet<String> = drafts.iter().filter_map(|draft| project(register, draft)).collect();
    let projects: Vec<String> = projects.into_iter().collect();
    let mut places: HashMap<String, (i64, String)> = HashMap::new();
    for chunk in projects.chunks(LIST_MAX as usize) {
        let select = Query::select()
            .columns(["id", "year", "region"])
            .from("project")
            .and_where(Expr::col("id").is_in(chunk.iter().map(String::as_str)))
            .take();
        for row in tx.query_all(&select).await? {
            places.insert(row.try_get_by_index(0)?, (row.try_get_by_index(1)?, row.try_get_by_index(2)?));
        }
    }
    let place = |draft: &&Draft| {
        let of_project = project(register, draft).and_then(|id| places.get(&id));
        let (year, region) = of_project.cloned().unwrap_or_default();
        [year.into(), region.into()]
    };
    Ok(drafts.iter().map(place).collect())
}

/// Lets the contracts of these projects follow: a project may move or come after them, and a contract go to another.
pub async fn follow(tx: &DatabaseTransaction, projects: BTreeSet<String>) -> Result<()> {
    let projects: Vec<String> = projects.into_iter().collect();
    for chunk in projects.chunks(LIST_MAX as usize) {
        let mut update = following();
        update.and_where(Expr::col(("project", "id")).is_in(chunk.iter().map(String::as_str)));
        tx.execute(&update).await?;
    }
    Ok(())
}

/// Lets every contract follow that does not stand where its project does: what a program of before wrote. Gives how many.
pub async fn follow_all(store: &Store) -> Result<u64> {
    let one =
        Query::select().expr(Expr::val(1_i64)).from("contract").from("project").cond_where(elsewhere()).limit(1).take();
    if store.reader.query_one(&one).await?.is_none() {
        return Ok(0);
    }
    let tx = store.write().await?;
    let followed = tx.execute(&following()).await?.rows_affected();
    tx.commit().await?;
    Ok(followed)
}

fn following() -> UpdateStatement {
    let mut update = Query::update();
    update.table("contract").from("project").cond_where(elsewhere());
    for column in COLUMNS {
        update.value(column, Expr::col(("project", column)));
    }
    update
}

/// Contracts with their projects that stand elsewhere than these.
fn elsewhere() -> Condition {
    let differs = |column: &'static str| Expr::col(("contract", column)).ne(Expr::col(("project", column)));
    let differs = COLUMNS.into_iter().fold(Condition::any(), |any, column| any.add(differs(column)));
    Condition::all().add(Expr::col(("contract", "project")).equals(("project", "id"))).add(differs)
}
