//! The journal: the core's sealed records in one SQLite file.
//!
//! A write is all or nothing, and durable when it returns: WAL with full synchronisation. The file holds opaque bytes
//! only; what they mean is `infrasound_core::journal`'s affair. Deleted content is overwritten (`secure_delete`).

use std::path::Path;

use infrasound_core::journal::{Batch, RecordName, Scope, SealedRecord};
use sqlx::{
    Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

/// The format of the file. A later one is refused.
const FORMAT: i64 = 1;

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    connection: SqliteConnection,
}

/// Why the journal can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// There is no room: the disk, a quota or a limit on the size of files.
    #[error("the disk is full, or a limit on the size of files is reached")]
    Full(#[source] sqlx::Error),
    /// Written by a later version.
    #[error("the journal was written by a later version of Infrasound (format {format})")]
    FromTheFuture {
        /// Its format.
        format: i64,
    },
    /// Not a journal, or broken.
    #[error("the journal is damaged")]
    Damaged(#[source] Option<sqlx::Error>),
    /// Anything else that the file system or SQLite says.
    #[error("the journal cannot be read or written: {0}")]
    Sqlite(#[source] sqlx::Error),
}

impl From<sqlx::Error> for JournalError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code()?.parse::<i64>().ok());
        // The primary code is in the low byte. 778 is SQLITE_IOERR_WRITE: what a file-size limit (EFBIG) comes out as.
        match (code, code.map(|code| code & 0xff)) {
            (_, Some(13)) | (Some(778), _) => Self::Full(error),
            (_, Some(11 | 26)) => Self::Damaged(Some(error)),
            _ => Self::Sqlite(error),
        }
    }
}

impl Journal {
    /// Opens the file, or makes it.
    pub(crate) async fn open(path: &Path) -> Result<Self, JournalError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "ON")
            .pragma("trusted_schema", "OFF");
        let mut journal = Self { connection: SqliteConnection::connect_with(&options).await? };
        journal.migrate().await?;
        Ok(journal)
    }

    async fn migrate(&mut self) -> Result<(), JournalError> {
        let format: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut self.connection).await?;
        match format {
            0 => {
                let mut transaction = self.connection.begin().await?;
                sqlx::query(
                    "CREATE TABLE record (scope BLOB NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL, \
                     PRIMARY KEY (scope, name)) WITHOUT ROWID",
                )
                .execute(&mut *transaction)
                .await?;
                sqlx::query("PRAGMA user_version = 1").execute(&mut *transaction).await?;
                Ok(transaction.commit().await?)
            }
            FORMAT => Ok(()),
            format => Err(JournalError::FromTheFuture { format }),
        }
    }

    /// Writes batches in one transaction. When it fails, none of it was written.
    pub(crate) async fn write(&mut self, batches: &[Batch]) -> Result<(), JournalError> {
        let mut transaction = self.connection.begin().await?;
        for batch in batches {
            for (scope, name, value) in &batch.put {
                sqlx::query("INSERT OR REPLACE INTO record (scope, name, value) VALUES ($1, $2, $3)")
                    .bind(scope.0.as_slice())
                    .bind(name.0.as_slice())
                    .bind(value.as_slice())
                    .execute(&mut *transaction)
                    .await?;
            }
            for (scope, name) in &batch.delete {
                sqlx::query("DELETE FROM record WHERE scope = $1 AND name = $2")
                    .bind(scope.0.as_slice())
                    .bind(name.0.as_slice())
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        Ok(transaction.commit().await?)
    }

    /// Reads all records of a scope.
    pub(crate) async fn read(&mut self, scope: Scope) -> Result<Vec<SealedRecord>, JournalError> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as("SELECT name, value FROM record WHERE scope = $1")
            .bind(scope.0.as_slice())
            .fetch_all(&mut self.connection)
            .await?;
        rows.into_iter()
            .map(|(name, value)| {
                let name = name.try_into().map_err(|_| JournalError::Damaged(None))?;
                Ok(SealedRecord { name: RecordName(name), value })
            })
            .collect()
    }

    /// Closes the file in good order. Dropping it instead loses nothing.
    pub(crate) async fn close(self) -> Result<(), JournalError> {
        Ok(self.connection.close().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Scope = Scope([1; 16]);
    const THERE: Scope = Scope([2; 16]);

    fn put(scope: Scope, name: u8, value: &[u8]) -> Batch {
        Batch { put: vec![(scope, RecordName([name; 16]), value.to_vec())], delete: Vec::new() }
    }

    fn delete(scope: Scope, name: u8) -> Batch {
        Batch { put: Vec::new(), delete: vec![(scope, RecordName([name; 16]))] }
    }

    fn record(name: u8, value: &[u8]) -> SealedRecord {
        SealedRecord { name: RecordName([name; 16]), value: value.to_vec() }
    }

    async fn journal(dir: &tempfile::TempDir) -> Journal {
        Journal::open(&dir.path().join("journal.db")).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_written_is_there_when_it_is_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = journal(&dir).await;
        first.write(&[put(HERE, 1, b"a"), put(THERE, 1, b"b"), put(HERE, 2, b"c")]).await.unwrap();
        first.write(&[put(HERE, 1, b"changed"), delete(HERE, 2), delete(HERE, 9)]).await.unwrap();
        drop(first);
        let mut again = journal(&dir).await;
        assert_eq!(again.read(HERE).await.unwrap(), [record(1, b"changed")]);
        assert_eq!(again.read(THERE).await.unwrap(), [record(1, b"b")]);
        assert!(again.read(Scope::ROOT).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_write_that_fails_leaves_nothing_of_itself() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = journal(&dir).await;
        journal.write(&[put(HERE, 1, b"before")]).await.unwrap();
        sqlx::query("PRAGMA max_page_count = 8").execute(&mut journal.connection).await.unwrap();
        let large = vec![7; 100_000];
        let result = journal.write(&[put(HERE, 1, b"after"), delete(HERE, 1), put(HERE, 2, &large)]).await;
        assert!(matches!(result, Err(JournalError::Full(_))), "{result:?}");
        assert_eq!(journal.read(HERE).await.unwrap(), [record(1, b"before")]);
        journal.write(&[put(HERE, 3, b"small")]).await.unwrap();
    }

    #[tokio::test]
    async fn a_write_is_synchronised_fully() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = journal(&dir).await;
        let connection = &mut journal.connection;
        let synchronous: i64 =
            sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await.unwrap();
        let mode: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
        let secure: i64 =
            sqlx::query_scalar("PRAGMA secure_delete").fetch_one(&mut *connection).await.unwrap();
        assert_eq!((synchronous, mode.as_str(), secure), (2, "wal", 1));
    }

    #[tokio::test]
    async fn a_journal_from_the_future_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = journal(&dir).await;
        sqlx::query("PRAGMA user_version = 2").execute(&mut journal.connection).await.unwrap();
        journal.close().await.unwrap();
        let again = Journal::open(&dir.path().join("journal.db")).await;
        assert!(matches!(again, Err(JournalError::FromTheFuture { format: 2 })), "{again:?}");
    }

    #[tokio::test]
    async fn a_file_that_is_no_journal_is_said_to_be_damaged() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("journal.db"), vec![b'x'; 8192]).unwrap();
        let opened = Journal::open(&dir.path().join("journal.db")).await;
        assert!(matches!(opened, Err(JournalError::Damaged(_))), "{opened:?}");
    }
}
