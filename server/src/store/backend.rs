//! What SQLite needs and another database would do differently: opening, pragmas, and how a write begins and ends.
//!
//! **Invariant:** an answer follows the commit, and the commit is synced (`synchronous = FULL` with WAL): a killed relay
//! loses nothing that it acknowledged.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, SqliteConnection, SqlitePool,
    migrate::Migrator,
    sqlite::{
        SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
    },
};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The database, in the data directory.
pub(crate) const FILE: &str = "relay.db";
const LOCK: &str = "relay.lock";
const READERS: u32 = 4;
/// The appends' statements for each number of rows, and all others.
const STATEMENTS: usize = 512;

/// The one connection that writes, and the ones that read.
pub(crate) struct Database {
    /// For the writer task alone.
    pub(crate) writer: SqliteConnection,
    /// Each read sees one snapshot of the write-ahead log.
    pub(crate) readers: SqlitePool,
    /// Keeps other relays away while it is open.
    pub(crate) lock: File,
}

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The data directory cannot be made or protected.
    #[error("the data directory {} cannot be used", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another relay runs on it. What each keeps in memory, the other would not know of.
    #[error("another relay uses the data directory {}", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The file is not a database, or cannot be written.
    #[error("the database cannot be opened")]
    Database(#[from] sqlx::Error),
    /// The database is of a newer version, or damaged.
    #[error("the database cannot be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Opens or makes the database in `directory`. `max_pages` bounds its size, for tests of a full disk.
pub(crate) async fn open(directory: &Path, max_pages: Option<u32>) -> Result<Database, OpenError> {
    let lock = claim(directory)?;
    let path = directory.join(FILE);
    protect(&path).map_err(|source| OpenError::Directory { path: directory.to_owned(), source })?;
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(STATEMENTS)
        .pragma("secure_delete", "FAST")
        // What a statement of many rows would undo: kept in memory, not written to a file as every batch goes by.
        .pragma("temp_store", "MEMORY")
        // The pages that every batch touches stay in memory, and are copied back into the database less often than they
        // change: in 32 MiB of the log each of them is written many times.
        .pragma("cache_size", "-65536")
        .pragma("wal_autocheckpoint", "8192");
    let mut writer = options.clone().connect().await?;
    migrate(&mut writer).await?;
    if let Some(pages) = max_pages {
        let pragma = format!("PRAGMA max_page_count = {pages}");
        writer.execute(sqlx::AssertSqlSafe(pragma)).await?;
    }
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_with(options.pragma("query_only", "ON"))
        .await?;
    Ok(Database { writer, readers, lock })
}

/// Makes the directory and takes it for this process alone, while the file is open.
pub(crate) fn claim(directory: &Path) -> Result<File, OpenError> {
    let unusable = |source| OpenError::Directory { path: directory.to_owned(), source };
    make_directory(directory).map_err(unusable)?;
    let lock = File::create(directory.join(LOCK)).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: directory.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

/// Opens a database to read, also while a relay writes.
pub(crate) async fn open_to_read(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .busy_timeout(Duration::from_secs(5))
        .connect()
        .await
}

/// Opens a database that nobody else knows of: no log beside it, all in one file.
pub(crate) async fn open_alone(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(file).journal_mode(SqliteJournalMode::Truncate);
    options.synchronous(SqliteSynchronous::Full).foreign_keys(true).connect().await
}

/// Brings the tables up to date.
pub(crate) async fn migrate(conn: &mut SqliteConnection) -> Result<(), OpenError> {
    Ok(MIGRATIONS.run(conn).await?)
}

/// Writes the database as it is now into a new file, without its unused pages. A relay may write meanwhile.
pub(crate) async fn copy_into(file: &Path, copy: &Path) -> Result<(), sqlx::Error> {
    let mut conn = open_to_read(file).await?;
    let copy = copy.to_str().ok_or_else(|| sqlx::Error::Configuration("the path is not UTF-8".into()))?;
    sqlx::query("VACUUM INTO $1").bind(copy).execute(&mut conn).await?;
    conn.close().await
}

/// Looks through the pages and indexes. What is wrong first, if anything.
pub(crate) async fn check(conn: &mut SqliteConnection) -> Result<Option<String>, sqlx::Error> {
    let (said,): (String,) = sqlx::query_as("PRAGMA integrity_check(1)").fetch_one(conn).await?;
    Ok(Some(said).filter(|said| said != "ok"))
}

/// How the tables of a database relate to this program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tables {
    /// There are none yet.
    Missing,
    /// They are the same.
    Current,
    /// Some changes are to be made yet.
    Older,
    /// There are changes that this program does not know.
    Newer,
}

/// Compares the tables with this program's.
pub(crate) async fn tables(conn: &mut SqliteConnection) -> Result<Tables, sqlx::Error> {
    let tables: Vec<(String,)> =
        sqlx::query_as("SELECT name FROM sqlite_master").fetch_all(&mut *conn).await?;
    if tables.is_empty() {
        return Ok(Tables::Missing);
    }
    let made: Vec<(i64,)> = sqlx::query_as("SELECT version FROM _sqlx_migrations").fetch_all(conn).await?;
    let known = || MIGRATIONS.iter().map(|migration| migration.version);
    Ok(match () {
        () if made.iter().any(|(made,)| known().all(|known| known != *made)) => Tables::Newer,
        () if known().any(|known| made.iter().all(|(made,)| *made != known)) => Tables::Older,
        () => Tables::Current,
    })
}

/// Begins a write: the lock is taken at once, so that nothing fails half-way for want of it.
pub(crate) async fn begin(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    conn.execute("BEGIN IMMEDIATE").await.map(drop)
}

/// Makes the write durable.
pub(crate) async fn commit(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    conn.execute("COMMIT").await.map(drop)
}

/// Gives the write up. SQLite may have done so already, after a full disk.
pub(crate) async fn roll_back(conn: &mut SqliteConnection) {
    if let Err(error) = conn.execute("ROLLBACK").await {
        tracing::debug!(%error, "there was nothing to roll back");
    }
}

/// Marks the place that [`undo_job`] goes back to.
pub(crate) async fn begin_job(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    conn.execute("SAVEPOINT job").await.map(drop)
}

/// Keeps what was done since [`begin_job`].
pub(crate) async fn keep_job(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    conn.execute("RELEASE job").await.map(drop)
}

/// Undoes what was done since [`begin_job`].
pub(crate) async fn undo_job(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    conn.execute("ROLLBACK TO job; RELEASE job").await.map(drop)
}

/// Gives unused pages back to the file system, a few at a time.
pub(crate) async fn shrink(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    conn.execute("PRAGMA incremental_vacuum(256)").await.map(drop)
}

/// Empties the write-ahead log and closes.
pub(crate) async fn close(mut conn: SqliteConnection) -> Result<(), sqlx::Error> {
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    conn.close().await
}

/// Whether the error says that the disk is full: SQLITE_FULL, or a write (778) or growth of the shared index (4874)
/// that failed, which is what a quota looks like.
pub(crate) fn is_full(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
    matches!(code.as_deref(), Some("13" | "778" | "4874"))
}

/// Nobody else on the machine may look into it.
fn make_directory(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    set_mode(directory, 0o700)
}

/// Nobody else on the machine may read what is stored.
fn protect(file: &Path) -> io::Result<()> {
    std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(file)?;
    set_mode(file, 0o600)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}
