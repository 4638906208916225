//! Files of messages: sealed before they are sent, and opened after all of them was fetched and found right.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use infrasound_core::{
    event::{Answer, Failure, FailureCode},
    input::Wish,
};
use infrasound_spec::{
    blob::{BlobRef, SEALED_CHUNK},
    limits::MAX_BLOB,
};
use tokio::task;

use crate::{
    error::Error,
    session::Session,
    spool::{Spool, SpoolError},
};

/// Sealed bytes asked for at a time.
const SLICE: u64 = 8 * SEALED_CHUNK;
/// So many tries in a row may go wrong, with the relay away, before the rest is left for another time.
const TRIES: u32 = 3;
const ONLINE: Duration = Duration::from_secs(15);

impl Session {
    /// Seals a file for `Wish::Send`. Once this is done the original may be changed or deleted. If no wish follows, the
    /// sealed bytes go when the home is opened next.
    pub async fn seal_file(&self, path: &Path) -> Result<BlobRef, Error> {
        let (spool, path) = (self.spool().clone(), path.to_owned());
        blocking(move || {
            let unreadable =
                |error: io::Error| Error::File(format!("{} cannot be read: {error}", path.display()));
            let mut file = File::open(&path).map_err(unreadable)?;
            let metadata = file.metadata().map_err(unreadable)?;
            if !metadata.is_file() {
                return Err(Error::File(format!("{} is not a file", path.display())));
            }
            if metadata.len() > MAX_BLOB {
                let text = format!("{} is too long: a file has at most {MAX_BLOB} bytes", path.display());
                return Err(Error::Refused(Failure::new(FailureCode::TooLong, text)));
            }
            spool.seal(&mut file, metadata.len()).map_err(|error| match error {
                error @ (SpoolError::Source(_) | SpoolError::Seal(_)) => {
                    Error::File(format!("{}: {error}", path.display()))
                }
                error => Error::spool(&error),
            })
        })
        .await
    }

    /// Fetches a file, checks it, and puts it where nothing is yet. What was fetched before goes on from there.
    ///
    /// `progress` is told how many of how many bytes are there.
    pub async fn save_file(
        &self,
        blob: &BlobRef,
        target: &Path,
        progress: impl Fn(u64, u64) + Send,
    ) -> Result<(), Error> {
        if target.symlink_metadata().is_ok() {
            return Err(exists(target));
        }
        self.fetch(blob, progress).await?;
        let (spool, blob, target) = (self.spool().clone(), blob.clone(), target.to_owned());
        blocking(move || open_at(&spool, &blob, &target)).await
    }

    async fn fetch(&self, blob: &BlobRef, progress: impl Fn(u64, u64) + Send) -> Result<(), Error> {
        let (spool, total) = (self.spool(), blob.sealed_size());
        let mut there = spool.fetched(blob).map_err(|error| Error::spool(&error.into()))?;
        let mut failures = 0;
        progress(there, total);
        while there < total {
            let length = SLICE.min(total - there);
            match self.wish(Wish::FetchBlob { blob: blob.id, offset: there, length }).await {
                Ok(Answer::Bytes(bytes)) if bytes.len() as u64 == length => {
                    failures = 0;
                    spool.append(&blob.id, &bytes).map_err(|error| Error::spool(&error.into()))?;
                    there += length;
                    progress(there, total);
                }
                Ok(_) => return Err(Error::Refused(not_what_was_asked_for())),
                Err(Error::Offline(reason)) => {
                    failures += 1;
                    if failures == TRIES {
                        return Err(Error::Offline(reason));
                    }
                    self.wait_caught_up(ONLINE).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn not_what_was_asked_for() -> Failure {
    Failure::new(FailureCode::Untrusted, "the relay gave other bytes than were asked for")
}

/// The file gets its name when it is whole: until then it has another one beside it.
fn open_at(spool: &Spool, blob: &BlobRef, target: &Path) -> Result<(), Error> {
    let unwritable =
        |error: io::Error| Error::File(format!("{} cannot be written: {error}", target.display()));
    let unfinished = unfinished(target);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // One of an attempt that was interrupted.
    let _ = fs::remove_file(&unfinished);
    let mut file = options.open(&unfinished).map_err(unwritable)?;
    let opened = spool.open_into(blob, &mut file).map_err(|error| match error {
        SpoolError::Refused(refused) => Error::FileRefused(refused),
        error => Error::spool(&error),
    });
    let named = opened.and_then(|()| {
        fs::hard_link(&unfinished, target).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Err(exists(target)),
            // A file system without links: the name is taken first, then filled.
            _ => options.open(target).and_then(|_| fs::rename(&unfinished, target)).map_err(unwritable),
        })
    });
    let _ = fs::remove_file(&unfinished);
    named
}

fn unfinished(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".infrasound-");
    name.push(target.file_name().unwrap_or_default());
    target.with_file_name(name)
}

fn exists(target: &Path) -> Error {
    Error::File(format!(
        "{} is there already, and nothing is overwritten: move it away, or save to another folder",
        target.display()
    ))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    task::spawn_blocking(work).await.unwrap_or(Err(Error::Closed))
}
