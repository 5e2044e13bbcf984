//! Every change ever made to the tables, one a file, both databases.
//!
//! A file that was released is never changed: the next change is a new file. Instants are 64-bit microseconds since
//! 1970 (UTC), so that order and equality are exact and the same on SQLite and PostgreSQL; civil days are dates.

use sea_orm_migration::{
    async_trait,
    migrator::MigratorTrait,
    prelude::{ConnectionTrait, DbErr, MigrationTrait, SchemaManager},
    sea_orm::DbBackend,
    sea_query::{
        ColumnDef, ForeignKey, ForeignKeyCreateStatement, Index, IndexCreateStatement, Table, TableCreateStatement,
    },
};

mod m0001_campaign;
mod m0002_mailbox;
mod m0003_message;
mod m0004_history;
mod m0005_submission;
mod m0006_register;
mod m0007_project;
mod m0008_catalogue;
mod m0009_figure;
mod m0010_provider;
mod m0011_policy;
mod m0012_review;
mod m0013_outbox;
mod m0014_account;
mod m0015_manuscript;
mod m0016_likeness;
mod m0017_group;
mod m0018_reachable;
mod m0019_remark;
mod m0020_mailbox_test;
mod m0021_identity;
mod m0022_day_work;
mod m0023_day_page;
mod m0024_chain;
mod m0025_trace;
mod m0026_erasure;
mod m0027_place;
mod m0028_revision;

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
            Box::new(m0006_register::Migration),
            Box::new(m0007_project::Migration),
            Box::new(m0008_catalogue::Migration),
            Box::new(m0009_figure::Migration),
            Box::new(m0010_provider::Migration),
            Box::new(m0011_policy::Migration),
            Box::new(m0012_review::Migration),
            Box::new(m0013_outbox::Migration),
            Box::new(m0014_account::Migration),
            Box::new(m0015_manuscript::Migration),
            Box::new(m0016_likeness::Migration),
            Box::new(m0017_group::Migration),
            Box::new(m0018_reachable::Migration),
            Box::new(m0019_remark::Migration),
            Box::new(m0020_mailbox_test::Migration),
            Box::new(m0021_identity::Migration),
            Box::new(m0022_day_work::Migration),
            Box::new(m0023_day_page::Migration),
            Box::new(m0024_chain::Migration),
            Box::new(m0025_trace::Migration),
            Box::new(m0026_erasure::Migration),
            Box::new(m0027_place::Migration),
            Box::new(m0028_revision::Migration),
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

/// A look-up column of a register; only the last kind is NULL when unset.
#[derive(Clone, Copy)]
enum Lookup {
    Text(&'static str),
    Integer(&'static str),
    Flag(&'static str),
    OptionalInteger(&'static str),
}

/// A text column whose order is that of the code points on both databases: SQLite's own, and "C" on PostgreSQL.
fn text_column(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text().not_null();
    if manager.get_database_backend() == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

/// A register: the head that all of them have, its look-up columns, the body. Every ordering ends with the id, so an
/// index of look-up columns ends with it too.
async fn register(manager: &SchemaManager<'_>, table: &'static str, columns: &[Lookup]) -> Result<(), DbErr> {
    let mut create = Table::create();
    create
        .table(table)
        .col(text_column(manager, "id").primary_key())
        .col(ColumnDef::new("row_version").big_integer().not_null())
        .col(ColumnDef::new("change_seq").big_integer().not_null())
        .col(ColumnDef::new("created_at").big_integer().not_null())
        .col(ColumnDef::new("updated_at").big_integer().not_null())
        .col(ColumnDef::new("deleted_at").big_integer().null())
        .col(ColumnDef::new("is_synthetic").boolean().not_null())
        .col(ColumnDef::new("loaded_version").big_integer().not_null().default(0))
        .col(text_column(manager, "search_text"));
    for column in columns {
        match *column {
            Lookup::Text(name) => create.col(text_column(manager, name)),
            Lookup::Integer(name) => create.col(ColumnDef::new(name).big_integer().not_null()),
            Lookup::Flag(name) => create.col(ColumnDef::new(name).boolean().not_null()),
            Lookup::OptionalInteger(name) => create.col(ColumnDef::new(name).big_integer().null()),
        };
    }
    create.col(ColumnDef::new("body").json_binary().not_null());
    manager.create_table(create.take()).await
}

/// SQLite keeps the rows in the tree of their key: one tree instead of two.
fn clustered(manager: &SchemaManager<'_>, mut table: TableCreateStatement) -> TableCreateStatement {
    if manager.get_database_backend() == DbBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table.take()
}

/// Runs statements that both databases read the same and that the builder cannot say (partial indexes, triggers).
async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
