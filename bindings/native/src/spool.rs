//! The spool: sealed bytes of files, on their way to the relay or from it. It holds nothing in clear.
//!
//! | file | what |
//! |---|---|
//! | 64 hex digits | a blob that was sealed here; it stays until its message has gone |
//! | the same with `.part` | a blob that is being fetched; what is there need not be fetched again |
//!
//! Spec: `blobs.md` 4.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use infrasound_core::blob::{BlobCheck, BlobRefused, BlobSealer, SealError};
use infrasound_spec::blob::{BlobId, BlobRef, SEALED_CHUNK};
use rand_core::OsRng;

/// What was fetched in part goes when nobody has gone on for so long.
const PART_LIFETIME: Duration = Duration::from_hours(7 * 24);
/// Bytes in memory at a time.
const PIECE: usize = 256 * 1024;

/// The directory.
#[derive(Clone, Debug)]
pub(crate) struct Spool {
    dir: PathBuf,
}

/// A file can't be put into the spool, or not be taken out of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpoolError {
    /// The spool, or where the file is to go.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file that is to be sealed can't be read.
    #[error("it cannot be read: {0}")]
    Source(#[source] io::Error),
    /// The file is no file, or changed while it was read.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// What was fetched is not what was sent.
    #[error(transparent)]
    Refused(#[from] BlobRefused),
}

impl Spool {
    /// Opens the directory, or makes it.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir)?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// Deletes what no intent names, and parts that were given up.
    pub(crate) fn keep_only(&self, blobs: &[BlobId]) -> io::Result<()> {
        let kept: Vec<String> = blobs.iter().map(name_of).collect();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_kept = match name.strip_suffix(".part") {
                Some(_) => is_young(&entry)?,
                None => kept.contains(&name),
            };
            if !is_kept {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Seals a file. It is durable when this returns; the original is not needed any more.
    pub(crate) fn seal(&self, source: &mut File, size: u64) -> Result<BlobRef, SpoolError> {
        let mut sealer = BlobSealer::new(size, &mut OsRng)?;
        let path = self.path(&sealer.id());
        let written = seal_into(source, &mut sealer, &path);
        let reference = written.and_then(|mut file| {
            let mut rest = Vec::new();
            let reference = sealer.finish(&mut rest)?;
            file.write_all(&rest)?;
            file.sync_all()?;
            sync_dir(&self.dir)?;
            Ok(reference)
        });
        if reference.is_err() {
            // What is left of it would be deleted at the next opening.
            let _ = fs::remove_file(&path);
        }
        reference
    }

    /// Some of a blob's sealed bytes.
    pub(crate) fn read(&self, blob: &BlobId, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.path(blob))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Deletes a blob's sealed bytes. If that fails, the next opening does it.
    pub(crate) fn drop_blob(&self, blob: &BlobId) {
        let _ = fs::remove_file(self.path(blob));
    }

    /// How much of a blob was fetched. More than there is of it is nothing.
    pub(crate) fn fetched(&self, blob: &BlobRef) -> io::Result<u64> {
        match fs::metadata(self.part(&blob.id)) {
            Ok(metadata) if metadata.len() <= blob.sealed_size() => Ok(metadata.len()),
            Ok(_) => fs::remove_file(self.part(&blob.id)).map(|()| 0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Adds what was fetched next.
    pub(crate) fn append(&self, blob: &BlobId, bytes: &[u8]) -> io::Result<()> {
        private().append(true).create(true).open(self.part(blob))?.write_all(bytes)
    }

    /// Checks a blob that was fetched whole, and only then opens it into `target`. A refused one is forgotten.
    pub(crate) fn open_into(&self, blob: &BlobRef, target: &mut File) -> Result<(), SpoolError> {
        let opened = self.check_and_open(blob, target);
        if matches!(opened, Ok(()) | Err(SpoolError::Refused(_))) {
            fs::remove_file(self.part(&blob.id))?;
        }
        opened
    }

    fn check_and_open(&self, blob: &BlobRef, target: &mut File) -> Result<(), SpoolError> {
        let mut part = File::open(self.part(&blob.id))?;
        let mut check = BlobCheck::new(blob.clone());
        each_piece(&mut part, |piece| {
            check.push(piece);
            Ok(())
        })?;
        let mut opener = check.finish()?;
        part.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::with_capacity(PIECE + usize::try_from(SEALED_CHUNK).unwrap_or_default());
        each_piece(&mut part, |piece| {
            bytes.clear();
            opener.push(piece, &mut bytes)?;
            Ok(target.write_all(&bytes)?)
        })?;
        opener.finish()?;
        Ok(target.sync_all()?)
    }

    fn path(&self, blob: &BlobId) -> PathBuf {
        self.dir.join(name_of(blob))
    }

    fn part(&self, blob: &BlobId) -> PathBuf {
        self.dir.join(format!("{}.part", name_of(blob)))
    }
}

fn seal_into(source: &mut File, sealer: &mut BlobSealer, path: &Path) -> Result<File, SpoolError> {
    let mut file = private().create_new(true).open(path)?;
    let mut piece = vec![0; PIECE];
    let mut ready = Vec::with_capacity(PIECE + 1024);
    loop {
        let length = source.read(&mut piece).map_err(SpoolError::Source)?;
        if length == 0 {
            return Ok(file);
        }
        ready.clear();
        sealer.push(&piece[..length], &mut ready)?;
        file.write_all(&ready)?;
    }
}

fn each_piece(
    file: &mut File,
    mut take: impl FnMut(&[u8]) -> Result<(), SpoolError>,
) -> Result<(), SpoolError> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            return Ok(());
        }
        take(&piece[..length])?;
    }
}

fn is_young(entry: &fs::DirEntry) -> io::Result<bool> {
    let modified = entry.metadata()?.modified()?;
    // One from the future is of a clock that was set back.
    Ok(SystemTime::now().duration_since(modified).is_ok_and(|age| age < PART_LIFETIME))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// That a file is there is durable when its directory is.
fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

/// Hex: an id is no name that a file system could take for another one.
fn name_of(blob: &BlobId) -> String {
    use std::fmt::Write as _;
    blob.as_bytes().iter().fold(String::with_capacity(64), |mut name, byte| {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spool() -> (tempfile::TempDir, Spool) {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::open(&dir.path().join("blobs")).unwrap();
        (dir, spool)
    }

    fn seal(dir: &Path, spool: &Spool, bytes: &[u8]) -> BlobRef {
        fs::write(dir.join("file"), bytes).unwrap();
        spool.seal(&mut File::open(dir.join("file")).unwrap(), bytes.len() as u64).unwrap()
    }

    fn fetched(spool: &Spool, blob: &BlobRef) -> Vec<u8> {
        let sealed = spool.read(&blob.id, 0, blob.sealed_size()).unwrap();
        for piece in sealed.chunks(100_000) {
            spool.append(&blob.id, piece).unwrap();
        }
        assert_eq!(spool.fetched(blob).unwrap(), blob.sealed_size());
        sealed
    }

    #[test]
    fn a_file_goes_through_the_spool() {
        let (dir, spool) = spool();
        let bytes = vec![7; 700_001];
        let blob = seal(dir.path(), &spool, &bytes);
        fetched(&spool, &blob);
        let target = dir.path().join("target");
        spool.open_into(&blob, &mut File::create(&target).unwrap()).unwrap();
        assert!(fs::read(&target).unwrap() == bytes);
        assert_eq!(spool.fetched(&blob).unwrap(), 0);
    }

    #[test]
    fn nothing_of_an_altered_blob_is_opened() {
        let (dir, spool) = spool();
        let blob = seal(dir.path(), &spool, &vec![7; 200_000]);
        let mut sealed = fetched(&spool, &blob);
        *sealed.last_mut().unwrap() ^= 1;
        fs::write(spool.part(&blob.id), sealed).unwrap();
        let target = dir.path().join("target");
        let opened = spool.open_into(&blob, &mut File::create(&target).unwrap());
        assert!(matches!(opened, Err(SpoolError::Refused(BlobRefused::Digest))), "{opened:?}");
        assert_eq!((fs::read(&target).unwrap().len(), spool.fetched(&blob).unwrap()), (0, 0));
    }

    #[test]
    fn a_file_that_grows_leaves_nothing() {
        let (dir, spool) = spool();
        fs::write(dir.path().join("file"), [1; 11]).unwrap();
        let sealed = spool.seal(&mut File::open(dir.path().join("file")).unwrap(), 10);
        assert!(matches!(sealed, Err(SpoolError::Seal(SealError::Changed))), "{sealed:?}");
        assert_eq!(fs::read_dir(&spool.dir).unwrap().count(), 0);
    }

    #[test]
    fn what_nobody_names_goes_and_parts_stay_for_a_while() {
        let (dir, spool) = spool();
        let (kept, orphan) = (seal(dir.path(), &spool, b"kept"), seal(dir.path(), &spool, b"orphan"));
        fetched(&spool, &kept);
        spool.append(&orphan.id, b"begun").unwrap();
        let old = SystemTime::now() - PART_LIFETIME - Duration::from_secs(1);
        File::options().write(true).open(spool.part(&orphan.id)).unwrap().set_modified(old).unwrap();
        spool.keep_only(&[kept.id]).unwrap();
        assert!(spool.path(&kept.id).exists() && spool.part(&kept.id).exists());
        assert!(!spool.path(&orphan.id).exists() && !spool.part(&orphan.id).exists());
    }
}
