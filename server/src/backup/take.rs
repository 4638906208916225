//! Takes a backup, beside the relay that runs on the same data, or without one.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::{BLOBS, DATABASE, MANIFEST, Manifest, copy_durably, file_of, make_folder, parent, protect, sync};
use crate::{
    clock::Clock,
    store::{StoreError, backend, blob, sequence},
};

/// Rows looked at in one go.
const MANY: u64 = 500;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is no relay's database.
    #[error("there is no database in {}: is this the relay's data directory (--data)?", data.display())]
    NoDatabase {
        /// The data directory.
        data: PathBuf,
    },
    /// Nothing is overwritten.
    #[error("{} is there already: choose another name, such as one with the date", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// The database cannot be copied, or the copy is not whole.
    #[error("the database cannot be copied")]
    Database(#[from] sqlx::Error),
    /// A row cannot be understood.
    #[error("the database is damaged ({0}): infrasound-relay doctor says more")]
    Damaged(String),
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

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => Self::Database(error),
            StoreError::Full | StoreError::Inconsistent { .. } => Self::Damaged(error.to_string()),
        }
    }
}

/// Backs the data directory up into a new directory.
pub async fn back_up(data: &Path, to: &Path) -> Result<Manifest, BackupError> {
    if !data.join(DATABASE).is_file() {
        return Err(BackupError::NoDatabase { data: data.to_owned() });
    }
    if to.exists() {
        return Err(BackupError::Exists { path: to.to_owned() });
    }
    let begun = Clock::default().now();
    let mut name = to.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".partial");
    let partial = to.with_file_name(name);
    let failed = |source| BackupError::File { path: partial.clone(), source };
    make_folder(&partial).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists { path: partial.clone() },
        _ => failed(source),
    })?;
    let written = write(data, &partial, begun).await;
    let manifest = match written {
        Ok(manifest) => manifest,
        Err(error) => {
            // What is left of it is in nobody's way but its own.
            drop(fs::remove_dir_all(&partial));
            return Err(error);
        }
    };
    fs::rename(&partial, to).map_err(failed)?;
    sync(parent(to)).map_err(failed)?;
    Ok(manifest)
}

async fn write(
    data: &Path,
    partial: &Path,
    begun: infrasound_spec::time::Timestamp,
) -> Result<Manifest, BackupError> {
    let failed = |source| BackupError::File { path: partial.to_owned(), source };
    let copy = partial.join(DATABASE);
    backend::copy_into(&data.join(DATABASE), &copy).await?;
    protect(&copy).and_then(|()| sync(&copy)).map_err(failed)?;
    let mut rows = backend::open_to_read(&copy).await?;
    if let Some(fault) = backend::check(&mut rows).await? {
        return Err(BackupError::Damaged(fault));
    }
    let mut manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        begun,
        change: sequence::load(&mut rows).await?,
        files: 0,
        bytes: 0,
        expired: 0,
    };
    make_folder(&partial.join(BLOBS)).map_err(failed)?;
    let mut after = None;
    loop {
        let stored = blob::stored(&mut rows, after, MANY).await?;
        let Some(last) = stored.last().copied() else { break };
        for id in stored {
            let Some(row) = blob::load(&mut rows, &id).await? else { continue };
            if row.received > 0 {
                manifest.take(data, partial, &id, row.received).map_err(failed)?;
            }
        }
        after = Some(last);
    }
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| failed(error.into()))?;
    let path = partial.join(MANIFEST);
    fs::write(&path, text).and_then(|()| protect(&path)).and_then(|()| sync(&path)).map_err(failed)?;
    sync(&partial.join(BLOBS)).and_then(|()| sync(partial)).map_err(failed)?;
    Ok(manifest)
}

impl Manifest {
    fn take(
        &mut self,
        data: &Path,
        partial: &Path,
        id: &infrasound_spec::blob::BlobId,
        received: u64,
    ) -> io::Result<()> {
        let to = file_of(partial, id);
        match copy_durably(&file_of(data, id), &to) {
            Ok(length) if length >= received => {
                self.files += 1;
                self.bytes += length;
                Ok(())
            }
            // The relay gives it up as well when it finds it so.
            Ok(_) => {
                self.expired += 1;
                fs::remove_file(to)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.expired += 1;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
