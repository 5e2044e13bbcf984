//! Makes the database give up the pages that held what was erased.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{Error, Result, Store};

/// Tables that an erasure empties rows of.
const TABLES: &str = "message, letter, attachment, submission, submission_contact, submission_finding, likeness, \
     likeness_band, manuscript, manuscript_summary, manuscript_pair, manuscript_group, manuscript_rule, manuscript_tag, \
     reply, contact_mark, message_event, review_event, review_remark, reply_event, contact_event, access_event";

/// Tries to end the write-ahead log, which a reader of another process may hold for a moment.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(200);

/// SQLite: the file is written anew without free pages, and the write-ahead log is emptied. PostgreSQL: rows that nobody
/// sees any more are cleared for reuse; their bytes stay in the files until others are written over them.
pub async fn scrub(store: &Store) -> Result<()> {
    if store.backend() == DbBackend::Postgres {
        store.writer.execute_unprepared(&format!("VACUUM {TABLES}")).await?;
        return Ok(());
    }
    store.writer.execute_unprepared("VACUUM").await?;
    for _ in 0..TRIES {
        let ended = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let busy: i64 = match store.writer.query_one_raw(ended).await? {
            Some(row) => row.try_get_by_index(0)?,
            None => 0,
        };
        if busy == 0 {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(Error::Unavailable("somebody reads an older state of the file, so that its write-ahead log cannot end".into()))
}

/// From here on the one connection that writes overwrites what it deletes.
pub async fn overwrite(store: &Store) -> Result<()> {
    if store.backend() == DbBackend::Sqlite {
        store.writer.execute_unprepared("PRAGMA secure_delete = ON").await?;
    }
    Ok(())
}
