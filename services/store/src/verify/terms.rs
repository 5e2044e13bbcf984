//! Compares the inverted index with the registers that it is of.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, ExprTrait, Order,
    sea_query::{Expr, Query},
};
use sea_orm_migration::SchemaManager;

use super::FAULTS_MAX;
use crate::{Result, record::VerifyFault};

/// Terms that belong to no entry.
pub async fn terms(tx: &DatabaseTransaction, faults: &mut Vec<VerifyFault>) -> Result<()> {
    let registers =
        Query::select().distinct().column("register").from("register_term").order_by("register", Order::Asc).take();
    for row in tx.query_all(&registers).await? {
        let register: String = row.try_get_by_index(0)?;
        if !SchemaManager::new(tx).has_table(&register).await? {
            faults.push(VerifyFault { place: register, detail: "it has terms and no table".into() });
            continue;
        }
        let lost = Query::select()
            .distinct()
            .column(("register_term", "id"))
            .from("register_term")
            .left_join(register.clone(), Expr::col((register.clone(), "id")).equals(("register_term", "id")))
            .and_where(Expr::col(("register_term", "register")).eq(register.as_str()))
            .and_where(Expr::col((register.clone(), "id")).is_null())
            .limit(u64::from(FAULTS_MAX))
            .take();
        for row in tx.query_all(&lost).await? {
            let id: String = row.try_get_by_index(0)?;
            let detail = "it has terms and no entry".into();
            faults.push(VerifyFault { place: format!("{register} {id}"), detail });
        }
    }
    Ok(())
}
