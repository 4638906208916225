//! The home directory: everything of one device on this machine.
//!
//! | file | what |
//! |---|---|
//! | `journal.db` | the core's sealed records |
//! | `key` | the storage key that they are sealed under |
//! | `relay` | where the relay is, and whose device this is, in JSON |
//! | `blobs/` | sealed files on their way (see `spool`) |
//! | `lock` | held by the process that uses the home |
//! | `old-N/` | what was here before somebody signed in anew |
//!
//! The directory is the user's alone (0700), the key file too (0600). Where there is no platform key store the storage
//! key is a file beside what it seals: whoever can read this directory can read the conversations in it. The seal then
//! protects only copies of the journal without the key. Spec: `threat-model.md`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use infrasound_core::{event::Person, journal::StorageKey};
use infrasound_spec::account::{AccountUri, DeviceId, Handle};
use rand_core::{OsRng, RngCore as _};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    file_size_limit,
    lock::{HomeLock, LockError},
    relay_url::RelayUrl,
    spool::Spool,
};

const JOURNAL: &str = "journal.db";
const KEY: &str = "key";
const RELAY: &str = "relay";
const BLOBS: &str = "blobs";

/// A home directory that this process has to itself.
#[derive(Debug)]
pub(crate) struct Home {
    dir: PathBuf,
    _lock: HomeLock,
}

/// Whose device a home is, and where its relay is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tenant {
    pub(crate) relay: RelayUrl,
    /// Absent while the relay has not confirmed the registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) registered: Option<Registered>,
}

/// The device that a home is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Registered {
    pub(crate) account: AccountUri,
    pub(crate) handle: Handle,
    pub(crate) device: DeviceId,
}

/// Why a home directory can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HomeError {
    /// Nobody has signed in here.
    #[error("nobody has signed in here yet")]
    Empty,
    /// The lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file of the home is not as it should be.
    #[error("{file} is damaged")]
    Damaged {
        /// Which.
        file: &'static str,
    },
    /// The file system.
    #[error("{path} cannot be used: {error}")]
    File {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

impl Home {
    /// Takes a directory for this process; makes it if need be.
    pub(crate) fn take(dir: &Path) -> Result<Self, HomeError> {
        file_size_limit::keep_running();
        make_private_dir(dir).map_err(at(dir))?;
        let lock = HomeLock::take(&dir.join("lock"))?;
        Ok(Self { dir: dir.to_owned(), _lock: lock })
    }

    /// Takes a directory in which somebody has signed in.
    pub(crate) fn take_existing(dir: &Path) -> Result<(Self, Tenant), HomeError> {
        if !dir.join(RELAY).exists() {
            return Err(HomeError::Empty);
        }
        let home = Self::take(dir)?;
        let tenant = home.tenant()?.ok_or(HomeError::Empty)?;
        Ok((home, tenant))
    }

    /// The directory.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the journal is.
    pub(crate) fn journal(&self) -> PathBuf {
        self.dir.join(JOURNAL)
    }

    /// Where sealed files are, on their way.
    pub(crate) fn spool(&self) -> Result<Spool, HomeError> {
        let path = self.dir.join(BLOBS);
        Spool::open(&path).map_err(at(&path))
    }

    /// Whose device it is, if anybody's.
    pub(crate) fn tenant(&self) -> Result<Option<Tenant>, HomeError> {
        let path = self.dir.join(RELAY);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(&path)(error)),
        };
        serde_json::from_str(&text).map(Some).map_err(|_| HomeError::Damaged { file: RELAY })
    }

    /// Stores whose device it is, atomically.
    pub(crate) fn set_tenant(&self, tenant: &Tenant) -> Result<(), HomeError> {
        Self::write_tenant(&self.dir, tenant)
    }

    /// [`Home::set_tenant`] for who knows that this process holds the home.
    pub(crate) fn write_tenant(dir: &Path, tenant: &Tenant) -> Result<(), HomeError> {
        let path = dir.join(RELAY);
        let text = serde_json::to_vec_pretty(tenant).map_err(io::Error::other).map_err(at(&path))?;
        let next = dir.join("relay.next");
        write_private(&next, &text).map_err(at(&next))?;
        fs::rename(&next, &path).map_err(at(&path))?;
        sync_dir(dir)
    }

    /// The storage key.
    pub(crate) fn storage_key(&self) -> Result<StorageKey, HomeError> {
        let path = self.dir.join(KEY);
        let mut bytes = Zeroizing::new(Vec::with_capacity(33));
        File::open(&path).and_then(|file| file.take(33).read_to_end(&mut bytes)).map_err(at(&path))?;
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| HomeError::Damaged { file: KEY })?;
        Ok(StorageKey::from_bytes(bytes))
    }

    /// Makes a new storage key. What was sealed under an earlier one must have been set aside.
    pub(crate) fn generate_storage_key(&self) -> Result<StorageKey, HomeError> {
        let path = self.dir.join(KEY);
        let mut bytes = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(bytes.as_mut());
        write_private(&path, bytes.as_ref()).map_err(at(&path))?;
        sync_dir(&self.dir)?;
        Ok(StorageKey::from_bytes(*bytes))
    }

    /// Moves what an earlier sign-in left into a directory of its own; nothing is deleted. Says where.
    pub(crate) fn set_aside(&self) -> Result<Option<PathBuf>, HomeError> {
        let files = [RELAY, JOURNAL, "journal.db-wal", "journal.db-shm", KEY, BLOBS];
        if !files.iter().any(|file| self.dir.join(file).exists()) {
            return Ok(None);
        }
        let old = self.free_name();
        make_private_dir(&old).map_err(at(&old))?;
        for file in files {
            let path = self.dir.join(file);
            match fs::rename(&path, old.join(file)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path)(error)),
                _ => {}
            }
        }
        sync_dir(&self.dir)?;
        Ok(Some(old))
    }

    fn free_name(&self) -> PathBuf {
        let mut n = 1;
        loop {
            let dir = self.dir.join(format!("old-{n}"));
            if !dir.exists() {
                return dir;
            }
            n += 1;
        }
    }
}

impl Tenant {
    /// The account, once the relay has confirmed the registration.
    pub(crate) fn person(&self) -> Option<Person> {
        let registered = self.registered.as_ref()?;
        Some(Person { account: registered.account.clone(), handle: registered.handle.clone() })
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> HomeError + '_ {
    move |error| HomeError::File { path: path.to_owned(), error }
}

/// A rename is durable when its directory is.
fn sync_dir(dir: &Path) -> Result<(), HomeError> {
    if cfg!(unix) {
        File::open(dir).and_then(|opened| opened.sync_all()).map_err(at(dir))?;
    }
    Ok(())
}

fn make_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant() -> Tenant {
        Tenant { relay: "https://relay.example".parse().unwrap(), registered: None }
    }

    #[test]
    fn only_its_owner_can_read_a_home() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let home = Home::take(&dir.path().join("a/home")).unwrap();
        home.generate_storage_key().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&home.dir), mode(&home.dir.join("key"))), (0o700, 0o600));
    }

    #[test]
    fn whose_it_is_survives() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Home::take_existing(dir.path()), Err(HomeError::Empty)));
        let home = Home::take(dir.path()).unwrap();
        home.set_tenant(&tenant()).unwrap();
        drop(home);
        let (_, stored) = Home::take_existing(dir.path()).unwrap();
        assert_eq!(stored, tenant());
    }

    #[test]
    fn what_is_set_aside_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::take(dir.path()).unwrap();
        assert_eq!(home.set_aside().unwrap(), None);
        for round in 1..=2 {
            home.set_tenant(&tenant()).unwrap();
            home.generate_storage_key().unwrap();
            fs::write(home.journal(), format!("journal {round}")).unwrap();
            let old = home.set_aside().unwrap().unwrap();
            assert_eq!(old, dir.path().join(format!("old-{round}")));
            assert_eq!(fs::read_to_string(old.join("journal.db")).unwrap(), format!("journal {round}"));
            assert!(old.join("key").exists() && !home.journal().exists());
            assert_eq!(home.tenant().unwrap(), None);
        }
    }

    #[test]
    fn a_truncated_key_is_said_to_be_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::take(dir.path()).unwrap();
        fs::write(dir.path().join("key"), [1; 31]).unwrap();
        assert!(matches!(home.storage_key(), Err(HomeError::Damaged { file: "key" })));
    }
}
