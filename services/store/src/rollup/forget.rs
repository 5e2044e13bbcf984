//! Which partitions a write touches, and that they are forgotten with it.

use std::collections::BTreeSet;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, ExprTrait,
    sea_query::{Expr, OnConflict, Query},
};

use crate::{
    LIST_MAX, Result,
    register::{Register, Value},
};

/// What writes touched: partitions by themselves, and projects whose contracts were written.
#[derive(Debug, Default)]
pub struct Forgotten {
    partitions: BTreeSet<(i64, String)>,
    projects: BTreeSet<String>,
}

impl Forgotten {
    /// Notes an entry as it was before or after a write.
    pub fn note(&mut self, register: &Register, values: &[Value]) {
        let value = |name: &str| {
            let at = register.columns.iter().position(|column| column.name == name);
            at.and_then(|at| values.get(at))
        };
        match register.table {
            "project" => {
                if let (Some(Value::Integer(year)), Some(Value::Text(region))) = (value("year"), value("region")) {
                    self.partitions.insert((*year, region.clone()));
                }
            }
            "contract" => {
                if let Some(Value::Text(project)) = value("project") {
                    self.projects.insert(project.clone());
                }
            }
            _ => {}
        }
    }

    /// Forgets what was noted. A partition that nobody knew becomes known.
    pub async fn forget(mut self, tx: &DatabaseTransaction) -> Result<()> {
        let projects: Vec<String> = self.projects.into_iter().collect();
        for chunk in projects.chunks(LIST_MAX as usize) {
            let select = Query::select()
                .distinct()
                .columns(["year", "region"])
                .from("project")
                .and_where(Expr::col("id").is_in(chunk.iter().map(String::as_str)))
                .take();
            for row in tx.query_all(&select).await? {
                self.partitions.insert((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
            }
        }
        let partitions: Vec<(i64, String)> = self.partitions.into_iter().collect();
        for chunk in partitions.chunks(LIST_MAX as usize) {
            let mut insert = Query::insert();
            insert.into_table("rollup_partition").columns(["year", "region", "is_filled"]);
            for (year, region) in chunk {
                insert.values_panic([Expr::val(*year), Expr::val(region.as_str()), Expr::val(false)]);
            }
            let again = OnConflict::columns(["year", "region"]).update_column("is_filled").to_owned();
            tx.execute(insert.on_conflict(again)).await?;
        }
        Ok(())
    }
}
