//! The only place where a transaction begins.
//!
//! SQLite: IMMEDIATE on the one writing connection, so that the lock is taken at the start; a DEFERRED transaction that
//! reads and then writes fails at once with "database is locked", whatever the busy timeout says.

use intake::ports::Lease;
use sea_orm::{
    AccessMode, ColumnTrait, DatabaseTransaction, DbBackend, EntityTrait, IsolationLevel, QueryFilter, QuerySelect,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sea_query::{Expr, OnConflict, Query},
};

use crate::{
    Error, Result, Store,
    entity::{counter, mailbox},
};

/// A writing transaction of a lease's holder.
pub struct Leased {
    /// The transaction; dropped instead of committed, nothing remains.
    pub tx: DatabaseTransaction,
    /// Who holds the lease: the actor of the history.
    pub holder: String,
}

impl Store {
    /// Begins a writing transaction.
    pub(crate) async fn write(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.writer.begin_with_options(options).await?)
    }

    /// Begins a writing transaction under a lease: as long as it lasts, nobody else can take the lease.
    pub(crate) async fn write_leased(&self, lease: &Lease) -> Result<Leased> {
        let tx = self.write().await?;
        let holder: Option<Option<String>> = mailbox::Entity::find_by_id(lease.mailbox_id)
            .select_only()
            .column(mailbox::Column::LeaseHolder)
            .filter(mailbox::Column::LeaseFence.eq(lease.fence))
            .lock_shared()
            .into_tuple()
            .one(&tx)
            .await?;
        match holder.flatten() {
            Some(holder) => Ok(Leased { tx, holder }),
            None => Err(lease_lost(lease)),
        }
    }

    /// Begins a reading transaction that sees one state of everything.
    pub(crate) async fn snapshot(&self) -> Result<DatabaseTransaction> {
        let options = match self.backend() {
            DbBackend::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
            // A deferred transaction in WAL mode reads from one snapshot.
            _ => TransactionOptions::default(),
        };
        Ok(self.reader.begin_with_options(options).await?)
    }
}

/// The failure of a write whose lease somebody else took, or that was let go.
pub fn lease_lost(lease: &Lease) -> Error {
    Error::Conflict(format!("the lease {} on mailbox {} was lost", lease.fence, lease.mailbox_id))
}

/// Takes the next number of a counter. The counter's row is held until the commit, so that numbers become visible in
/// their order, and a rollback leaves no gap.
pub async fn number_next(tx: &DatabaseTransaction, name: &str) -> Result<i64> {
    numbers_next(tx, name, 1).await
}

/// As above, takes some numbers at once and gives the last of them. None can be taken too: then the row is only held.
pub async fn numbers_next(tx: &DatabaseTransaction, name: &str, count: i64) -> Result<i64> {
    use sea_orm::{ConnectionTrait, ExprTrait};
    let insert = Query::insert()
        .into_table(counter::Entity)
        .columns([counter::Column::Name, counter::Column::Value])
        .values_panic([name.into(), count.into()])
        .on_conflict(
            OnConflict::column(counter::Column::Name)
                .value(counter::Column::Value, Expr::col((counter::Entity, counter::Column::Value)).add(count))
                .to_owned(),
        )
        .returning_col(counter::Column::Value)
        .take();
    let row = tx.query_one(&insert).await?.ok_or_else(|| Error::Internal(format!("the counter {name} is mute")))?;
    Ok(row.try_get_by_index(0)?)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    fn sources(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }

    #[test]
    fn a_transaction_begins_in_this_file_only() {
        let mut found = Vec::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        sources(&root, &root, &mut found);
        assert!(found.len() > 10, "the sources were not found");
        for (name, text) in found {
            let code = text.split("#[cfg(test)]").next().unwrap();
            for call in [".begin(", ".begin_with_options(", ".begin_with_config(", ".transaction("] {
                let expected = if (name.as_str(), call) == ("write.rs", ".begin_with_options(") { 2 } else { 0 };
                assert_eq!(code.matches(call).count(), expected, "{call} in {name}");
            }
        }
    }
}
