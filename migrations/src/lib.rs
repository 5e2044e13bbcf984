//! Every change ever made to the tables, one a file, both databases.
//!
//! A file that was released is never changed: the next change is a new file. Instants are 64-bit microseconds since
//! 1970 (UTC), so that order and equality are exact and the same on SQLite and PostgreSQL; civil days are dates.

use sea_orm_migration::{
    async_trait,
    migrator::MigratorTrait,
    prelude::{ConnectionTrait, DbErr, MigrationTrait, SchemaManager},
    sea_query::{ForeignKey, ForeignKeyCreateStatement, Index, IndexCreateStatement},
};

mod m0001_campaign;
mod m0002_mailbox;
mod m0003_message;
mod m0004_history;
mod m0005_submission;

/// All migrations in their order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_campaign::Migration),
            Box::new(m0002_mailbox::Migration),
            Box::new(m0003_message::Migration),
            Box::new(m0004_history::Migration),
            Box::new(m0005_submission::Migration),
        ]
    }
}

/// A foreign key from one column to one column.
fn reference(
    from: (&'static str, &'static str),
    to: (&'static str, &'static str),
    name: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(name).from(from.0, from.1).to(to.0, to.1).take()
}

/// An index over some columns of a table.
fn index(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index.take()
}

/// Runs statements that both databases read the same and that the builder cannot say (partial indexes, triggers).
async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
