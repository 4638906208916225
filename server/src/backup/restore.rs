//! Puts a backup into an empty data directory, so that a relay can go on from it.
//!
//! The relay of a backup is older than what its clients have seen. So that nothing of the time in between is mistaken:
//!
//! - Cursors of streams that clients keep are behind the next change: the sequence goes on far beyond any of them.
//! - One-time key packages go, since some may have been given out; clients are told that they are few, and make new ones.
//! - Sessions, and what leads to one, go: devices start new ones by themselves, and the instance is asked about the account.
//!
//! What cannot be known stays lost: entries, blocks and revocations of after the backup. Clients notice a log that is
//! shorter than it was (`LogRolledBack`). Spec: `conversations.md` 13.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{BLOBS, DATABASE, MANIFEST, Manifest, copy_durably, make_folder, sync};
use crate::store::{
    StoreError,
    backend::{self, OpenError},
    restored,
};

/// Why a backup was not restored. The data directory has no database then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// It is no backup.
    #[error("{} is not a backup: there is no {MANIFEST} in it that can be read", path.display())]
    NoBackup {
        /// What was given.
        path: PathBuf,
    },
    /// Nothing is overwritten, and nothing of another database is taken for this one's.
    #[error("there is {} already: move it away, or choose another directory", file.display())]
    Exists {
        /// The database, or what a relay that was killed has left beside it.
        file: PathBuf,
    },
    /// The copy of the database is not whole.
    #[error("the database in the backup is damaged ({fault}): take another backup")]
    Damaged {
        /// What is wrong.
        fault: String,
    },
    /// The directory cannot be used, or the backup is of a newer relay.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database cannot be made ready.
    #[error("the database cannot be made ready")]
    Database(#[from] sqlx::Error),
    /// A file cannot be read or written.
    #[error("{} cannot be written", path.display())]
    File {
        /// What was being written.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Restores a backup into a data directory without a database.
pub async fn restore(backup: &Path, data: &Path) -> Result<Manifest, RestoreError> {
    let no_backup = || RestoreError::NoBackup { path: backup.to_owned() };
    let text = fs::read(backup.join(MANIFEST)).map_err(|_| no_backup())?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|_| no_backup())?;
    let _lock = backend::claim(data)?;
    let place = data.join(DATABASE);
    if let Some(file) = with_companions(&place).into_iter().find(|file| file.exists()) {
        return Err(RestoreError::Exists { file });
    }
    let failed = |source| RestoreError::File { path: data.to_owned(), source };
    copy_files(&backup.join(BLOBS), &data.join(BLOBS)).map_err(failed)?;
    // Not by its name before it is ready: a relay that starts meanwhile must not find it.
    let partial = data.join("relay.db.partial");
    for left in with_companions(&partial) {
        remove(&left).map_err(failed)?;
    }
    copy_durably(&backup.join(DATABASE), &partial).map_err(failed)?;
    make_ready(&partial).await?;
    sync(&partial).and_then(|()| fs::rename(&partial, &place)).and_then(|()| sync(data)).map_err(failed)?;
    Ok(manifest)
}

/// A database and what SQLite keeps beside it: it would take such a file of another database for this one's.
fn with_companions(database: &Path) -> [PathBuf; 4] {
    ["", "-wal", "-shm", "-journal"].map(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn make_ready(file: &Path) -> Result<(), RestoreError> {
    let mut conn = backend::open_alone(file).await?;
    if let Some(fault) = backend::check(&mut conn).await? {
        return Err(RestoreError::Damaged { fault });
    }
    backend::migrate(&mut conn).await?;
    backend::begin(&mut conn).await?;
    restored::go_on(&mut conn).await.map_err(|error| match error {
        StoreError::Database(error) => RestoreError::Database(error),
        other => RestoreError::Damaged { fault: other.to_string() },
    })?;
    backend::commit(&mut conn).await?;
    Ok(sqlx::Connection::close(conn).await?)
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    if !to.is_dir() {
        make_folder(to)?;
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy_durably(&entry.path(), &to.join(entry.file_name()))?;
    }
    sync(to)
}
