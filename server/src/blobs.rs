//! The files of blobs: one for each, in a folder beside the database, written in order and synced before it is noted.
//!
//! Whoever changes a file, or deletes it, holds the blob's lock: so no upload writes into what is being collected.
//!
//! Spec: `blobs.md` 6.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use infrasound_spec::blob::BlobId;
use tokio::{
    fs::{self, File, OpenOptions},
    io::{AsyncSeekExt as _, SeekFrom},
};

/// The folder of the files, in the data directory.
pub(crate) const FOLDER: &str = "blobs";

/// The folder, and who is at work in it.
#[derive(Debug)]
pub(crate) struct Blobs {
    folder: PathBuf,
    busy: Arc<Mutex<HashSet<BlobId>>>,
}

/// The right to change a blob's file, until it is dropped.
#[derive(Debug)]
pub(crate) struct BlobLock {
    id: BlobId,
    path: PathBuf,
    busy: Arc<Mutex<HashSet<BlobId>>>,
}

impl Drop for BlobLock {
    fn drop(&mut self) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Blobs {
    /// The folder in the data directory, made if it is not there.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder)?;
        Ok(Self { folder, busy: Arc::default() })
    }

    /// Takes the right to change a blob's file, if nobody else has it.
    pub(crate) fn lock(&self, id: BlobId) -> Option<BlobLock> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.insert(id).then(|| BlobLock { id, path: self.path(&id), busy: Arc::clone(&self.busy) })
    }

    /// Opens a blob for reading, from a position on.
    pub(crate) async fn read(&self, id: &BlobId, from: u64) -> io::Result<File> {
        let mut file = File::open(self.path(id)).await?;
        file.seek(SeekFrom::Start(from)).await?;
        Ok(file)
    }

    /// How many bytes a blob's file has; 0 if there is none.
    pub(crate) async fn length(&self, id: &BlobId) -> io::Result<u64> {
        match fs::metadata(self.path(id)).await {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// The blobs that have a file. What is named otherwise is not ours, and left alone.
    pub(crate) async fn files(&self) -> io::Result<Vec<BlobId>> {
        let mut found = Vec::new();
        let mut entries = fs::read_dir(&self.folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            found.extend(entry.file_name().to_str().and_then(id_of));
        }
        Ok(found)
    }

    fn path(&self, id: &BlobId) -> PathBuf {
        self.folder.join(name_of(id))
    }
}

impl BlobLock {
    /// Opens the file to write from a position on; makes it durable that there is one.
    pub(crate) async fn write(&self, from: u64) -> io::Result<File> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&self.path).await?;
        if from == 0 {
            sync_folder(&self.path).await?;
        }
        file.seek(SeekFrom::Start(from)).await?;
        Ok(file)
    }

    /// Deletes the file, if there is one.
    pub(crate) async fn delete(&self) -> io::Result<()> {
        match fs::remove_file(&self.path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// That a file is there is durable when its folder is.
async fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder).await?.sync_all().await,
        _ => Ok(()),
    }
}

/// Hex: two ids never share a file, whatever the file system thinks of capitals.
pub(crate) fn name_of(id: &BlobId) -> String {
    use std::fmt::Write as _;
    id.as_bytes().iter().fold(String::with_capacity(64), |mut name, byte| {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
        name
    })
}

fn id_of(name: &str) -> Option<BlobId> {
    let mut bytes = [0; 32];
    if name.len() != 64 || !name.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase()) {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(name.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(BlobId::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_blob() {
        let id = BlobId::from_bytes(std::array::from_fn(|i| u8::try_from(i * 8).unwrap()));
        assert_eq!(id_of(&name_of(&id)), Some(id));
        for other in ["", "README", &name_of(&id).to_uppercase(), &name_of(&id)[1..], &"é".repeat(32)] {
            assert_eq!(id_of(other), None, "{other}");
        }
    }

    #[test]
    fn one_at_a_time_changes_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let id = BlobId::from_bytes([1; 32]);
        let lock = blobs.lock(id).unwrap();
        assert!(blobs.lock(id).is_none());
        assert!(blobs.lock(BlobId::from_bytes([2; 32])).is_some());
        drop(lock);
        assert!(blobs.lock(id).is_some());
    }
}
