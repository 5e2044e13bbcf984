//! What can go wrong in the tables, and what the databases' own codes mean for a caller.

use intake::ports::PortError;
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};
use stdx::ErrorKind;
use uuid::Uuid;

use crate::register::Refusal;

/// What can go wrong in the tables.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The named row does not exist.
    #[error("no {what} {id}")]
    NotFound {
        /// `campaign`, `submission`, `review`, `message`, `mailbox`, `account`, `view`.
        what: &'static str,
        /// The id that was asked for.
        id: Uuid,
    },
    /// The row changed in between, or the lease was lost.
    #[error("{0}")]
    Conflict(String),
    /// The database is newer than this program, or its address is not understood.
    #[error("{0}")]
    Invalid(String),
    /// The database does not answer or is busy.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// A write to a register was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Anything else.
    #[error("{0}")]
    Internal(String),
}

/// A result of the tables.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The kind, for callers.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Conflict(_) => ErrorKind::Conflict,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Refused(refusal) => refusal.kind(),
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }
}

impl From<Error> for PortError {
    fn from(error: Error) -> Self {
        Self { kind: error.kind(), detail: error.to_string() }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let detail = error.to_string();
        if let Some(SqlErr::UniqueConstraintViolation(_)) = error.sql_err() {
            return Self::Conflict(detail);
        }
        let passing = match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
            DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source)) => {
                is_passing(source)
            }
            _ => false,
        };
        if passing { Self::Unavailable(detail) } else { Self::Internal(detail) }
    }
}

/// Whether the same call may work later.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                is_passing_sqlite(&code)
            } else {
                is_passing_postgres(&code)
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// BUSY, LOCKED, IOERR, FULL, CANTOPEN (the low byte of an extended result code).
fn is_passing_sqlite(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
}

/// Serialisation failure, deadlock, lock timeout, a transaction that slept too long, a server that became a standby; and
/// the classes of lost connections, lacking resources and operators' intervention.
fn is_passing_postgres(code: &str) -> bool {
    matches!(code, "40001" | "40P01" | "55P03" | "25P03" | "25006")
        || ["08", "53", "57"].iter().any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_or_absent_database_is_told_apart_from_a_fault_of_ours() {
        for (code, passing) in [("5", true), ("261", true), ("517", true), ("13", true), ("1", false), ("2067", false)]
        {
            assert_eq!(is_passing_sqlite(code), passing, "SQLite {code}");
        }
        for (code, passing) in [("40001", true), ("40P01", true), ("57P01", true), ("53300", true), ("42703", false)] {
            assert_eq!(is_passing_postgres(code), passing, "PostgreSQL {code}");
        }
        assert_eq!(Error::from(DbErr::Custom("x".into())).kind(), ErrorKind::Internal);
        let port = PortError::from(Error::Conflict("moved".into()));
        assert_eq!((port.kind, port.detail.as_str()), (ErrorKind::Conflict, "moved"));
    }
}
