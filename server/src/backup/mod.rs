//! A backup of a relay that runs, and the way back.
//!
//! A backup is a directory: `relay.db`, a compact copy of the database as it was at one moment; `blobs`, the files that
//! this copy names; and `backup.json`, which says what it is. It is written beside its place and moved there when it is
//! whole and synced, so what has its name is a backup.
//!
//! **Rows first, then files.** A file is complete up to what its row says before the row says so, is never changed, and is
//! deleted after its row. So each file that the copy names is there, or has expired since. The other way round, a file that
//! came in between would be missing.

mod restore;
mod take;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use infrasound_spec::{blob::BlobId, time::Timestamp};
use serde::{Deserialize, Serialize};

pub use self::{
    restore::{RestoreError, restore},
    take::{BackupError, back_up},
};

const DATABASE: &str = crate::store::backend::FILE;
const BLOBS: &str = crate::blobs::FOLDER;
const MANIFEST: &str = "backup.json";

/// What a backup is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the relay that made it.
    pub version: String,
    /// When it was begun, in milliseconds since the Unix epoch.
    pub begun: Timestamp,
    /// The last change in it.
    pub change: u64,
    /// Files of blobs in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that expired, or were given up, while it was made.
    pub expired: u64,
}

/// Makes a folder that other users cannot look into. It must not be there.
fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Nobody else on the machine may read it.
fn protect(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(file, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Copies a file and makes the copy durable. Says how long it is.
fn copy_durably(from: &Path, to: &Path) -> io::Result<u64> {
    let length = fs::copy(from, to)?;
    protect(to)?;
    sync(to)?;
    Ok(length)
}

/// Makes a file, or the names in a folder, durable.
fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// The folder that a path is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn file_of(folder: &Path, id: &BlobId) -> PathBuf {
    folder.join(BLOBS).join(crate::blobs::name_of(id))
}
