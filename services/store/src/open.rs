//! Opens a database and brings its tables to the newest version.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use migrations::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait, Statement,
    sqlx::{
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use sea_orm_migration::{MigratorTrait, SchemaManager, seaql_migrations};

use crate::{Error, Result, Store, manuscript};

/// Connections that read on SQLite; it has one more, which writes.
const SQLITE_READERS: u32 = 4;
/// Pages that the writer keeps, in KiB: with SQLite's own 2 MiB a load of thousands of rows writes each page many times.
const SQLITE_WRITER_CACHE_KIB: u32 = 64 * 1024;
/// Connections to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 10;
/// How long a caller waits for a connection, and a program that starts for a database that starts too.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long SQLite waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Key of the advisory lock that migrations take on PostgreSQL ("caibian" in ASCII).
const MIGRATION_LOCK: i64 = 0x0063_6169_6269_616e;

/// Opens `sqlite:PATH` or `postgres://…`.
pub async fn open(url: &str) -> Result<Store> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return open_sqlite(Path::new(path)).await;
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return open_postgres(url).await;
    }
    // The address may hold a password: it is not repeated.
    Err(Error::Invalid("a database address begins with sqlite: or postgres://".into()))
}

async fn open_sqlite(path: &Path) -> Result<Store> {
    let text = path.to_string_lossy();
    if text.is_empty() || text.starts_with(":memory:") || text.contains('?') {
        return Err(Error::Invalid(format!("sqlite:{text} names no file (options after ? are not understood)")));
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder)
            .await
            .map_err(|error| Error::Unavailable(format!("{}: {error}", folder.display())))?;
    }
    let writer = connect_sqlite(path.to_owned(), 1, false).await?;
    let reader = connect_sqlite(path.to_owned(), SQLITE_READERS, true).await?;
    Ok(Store { writer, reader, policy: None })
}

async fn connect_sqlite(path: PathBuf, connections: u32, query_only: bool) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new("sqlite:");
    pool(&mut options, connections).map_sqlx_sqlite_opts(move |options: SqliteConnectOptions| {
        let options = options
            .in_memory(false)
            .shared_cache(false)
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true);
        if query_only {
            options.pragma("query_only", "1")
        } else {
            options.pragma("cache_size", format!("-{}", SQLITE_WRITER_CACHE_KIB))
        }
    });
    Ok(Database::connect(options).await?)
}

async fn open_postgres(url: &str) -> Result<Store> {
    // Read here first: the error that connecting gives repeats the address, password and all.
    if let Err(error) = PgConnectOptions::from_str(url) {
        return Err(Error::Invalid(format!("the database address cannot be read: {error}")));
    }
    let mut options = ConnectOptions::new(url);
    pool(&mut options, POSTGRES_CONNECTIONS).set_application_name("caibian").map_sqlx_postgres_opts(|options| {
        // A worker that sleeps inside a transaction (SIGSTOP, a dead host) must not hold the others up for ever.
        options.options([("lock_timeout", "20s"), ("idle_in_transaction_session_timeout", "60s")])
    });
    let writer = Database::connect(options).await?;
    Ok(Store { reader: writer.clone(), writer, policy: None })
}

fn pool(options: &mut ConnectOptions, connections: u32) -> &mut ConnectOptions {
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
}

/// Copies the tables of one moment into a new file.
pub async fn copy_into(store: &Store, file: &Path) -> Result<()> {
    if store.writer.get_database_backend() != DbBackend::Sqlite {
        return Err(Error::Invalid(
            "PostgreSQL is copied by pg_dump; copy the bucket or folder of blobs after it".into(),
        ));
    }
    let into = [file.to_string_lossy().into_owned().into()];
    store.writer.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", into)).await?;
    Ok(())
}

/// Brings the tables to the newest version, and what is made from others to what it is made from.
pub async fn migrate(store: &Store) -> Result<()> {
    if !is_current(store).await? {
        tables(store).await?;
    }
    manuscript::fill(store).await?;
    Ok(())
}

/// Two programs that start at once take turns, and one transaction holds all: a crash in the middle leaves the version
/// before.
async fn tables(store: &Store) -> Result<()> {
    let tx = store.write().await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared("SET LOCAL lock_timeout = 0").await?;
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
    }
    refuse_newer(&applied(&tx).await?)?;
    Migrator::up(&tx, None).await?;
    Ok(tx.commit().await?)
}

/// Whether every migration of this program was applied, and no other.
pub async fn is_current(store: &Store) -> Result<bool> {
    let applied = applied(&store.reader).await?;
    refuse_newer(&applied)?;
    Ok(applied.len() == Migrator::migrations().len())
}

async fn applied<C: ConnectionTrait>(connection: &C) -> Result<Vec<String>>
where
    for<'c> &'c C: sea_orm_migration::IntoSchemaManagerConnection<'c>,
{
    if !SchemaManager::new(connection).has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let rows = seaql_migrations::Entity::find().all(connection).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

fn refuse_newer(applied: &[String]) -> Result<()> {
    let known: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    match applied.iter().find(|version| !known.contains(version)) {
        Some(version) => {
            Err(Error::Invalid(format!("the database is newer than this program: it has the migration {version}")))
        }
        None => Ok(()),
    }
}
