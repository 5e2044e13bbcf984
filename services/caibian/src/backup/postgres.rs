//! The tables of PostgreSQL, by its own programs: `pg_dump` and `pg_restore` from the client package of the server's version
//! or a newer one.

use std::{io::ErrorKind, path::Path};

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use tokio::process::Command;
use url::Url;

use crate::Failure;

/// Characters of what such a program says in an error.
const WORDS_MAX: usize = 500;

/// Copies the tables of one moment into a new file, while others write.
///
/// # Errors
/// When `pg_dump` is not installed, is older than the server, or cannot reach it.
pub async fn dump(address: &SecretString, file: &Path) -> Result<(), Failure> {
    let mut command = client("pg_dump", address)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(file);
    run(command).await.map(|_| ())
}

/// Fills an empty database, in one transaction.
///
/// # Errors
/// When `pg_restore` is not installed, is older than what made the file, or a table cannot be made.
pub async fn restore(address: &SecretString, file: &Path) -> Result<(), Failure> {
    let mut command = client("pg_restore", address)?;
    command.args(["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]).arg(file);
    run(command).await.map(|_| ())
}

/// Refuses a database that has a table already.
///
/// # Errors
/// When it has one, or cannot be asked.
pub async fn refuse_unless_empty(address: &SecretString) -> Result<(), Failure> {
    let mut command = client("psql", address)?;
    command.args(["--no-psqlrc", "--tuples-only", "--no-align", "--command"]);
    command.arg("select count(*) from pg_catalog.pg_tables where schemaname = current_schema()");
    match run(command).await?.trim() {
        "0" => Ok(()),
        _ => Err("the database has tables already: nothing is overwritten".into()),
    }
}

/// A program that talks to this database. The password is in no command line: others may read those.
fn client(program: &'static str, address: &SecretString) -> Result<Command, Failure> {
    let mut url =
        Url::parse(address.expose_secret()).map_err(|_| "setting store.url: not postgres://user@host/name")?;
    let mut command = Command::new(program);
    if let Some(password) = url.password() {
        let password = percent_decode_str(password).decode_utf8()?;
        command.env("PGPASSWORD", &*password);
        url.set_password(None).map_err(|()| "setting store.url names no host")?;
    }
    command.args(["--no-password", "--dbname", url.as_str()]).kill_on_drop(true);
    Ok(command)
}

/// What it prints.
async fn run(mut command: Command) -> Result<String, Failure> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command.output().await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("{program} is not installed: it comes with PostgreSQL's client programs"),
        _ => format!("{program}: {error}"),
    })?;
    if !output.status.success() {
        let said: String = String::from_utf8_lossy(&output.stderr).trim().chars().take(WORDS_MAX).collect();
        return Err(format!("{program}: {said}").into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_password_stands_in_no_command_line() {
        let command =
            client("pg_dump", &"postgres://caibian:p%40ss%2Fword@db:5433/caibian?sslmode=require".into()).unwrap();
        let arguments: Vec<_> = command.as_std().get_args().collect();
        assert_eq!(arguments, ["--no-password", "--dbname", "postgres://caibian@db:5433/caibian?sslmode=require"]);
        let variables: Vec<_> = command.as_std().get_envs().collect();
        assert_eq!(variables, [(OsStr::new("PGPASSWORD"), Some(OsStr::new("p@ss/word")))]);
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named_with_where_it_comes_from() {
        let missing = run(Command::new("/nowhere/pg_dump")).await.unwrap_err().to_string();
        assert!(missing.contains("pg_dump is not installed"), "{missing}");
    }
}
