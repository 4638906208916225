//! One process at a time for one device: two that advance the same ratchets would betray its keys.
//!
//! The operating system holds the lock and releases it when the process ends, however it ends; the process id in the
//! file is only for the message. It is advisory, and not to be relied upon on network file systems.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::Path,
};

/// Holds a home's lock until it is dropped.
#[derive(Debug)]
pub(crate) struct HomeLock {
    _file: File,
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another process has it.
    #[error("another process is using this home directory")]
    Held {
        /// Its id, if it has written it already.
        pid: Option<u32>,
    },
    /// The file can't be opened, written or locked.
    #[error("the lock file cannot be used: {0}")]
    File(#[from] io::Error),
}

impl HomeLock {
    /// Takes the lock at a path, without waiting.
    pub(crate) fn take(path: &Path) -> Result<Self, LockError> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { pid: read_pid(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        write_pid(&mut file)?;
        Ok(Self { _file: file })
    }
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_who_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = HomeLock::take(&path).unwrap();
        let second = HomeLock::take(&path);
        let own = std::process::id();
        assert!(matches!(second, Err(LockError::Held { pid: Some(pid) }) if pid == own), "{second:?}");
        drop(first);
        HomeLock::take(&path).unwrap();
    }

    #[test]
    fn a_process_that_died_leaves_no_lock_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        std::fs::write(&path, "4194304\n").unwrap();
        HomeLock::take(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().trim(), std::process::id().to_string());
    }
}
