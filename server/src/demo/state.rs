//! The demo instance at run time: its address, its [`Book`], and the file that keeps it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use infrasound_spec::{account::Handle, time::Timestamp};
use url::Url;

use super::{
    book::{Account, Book},
    error::ApiError,
};

const FILE_NAME: &str = "demo-instance.json";

/// The demo instance. Cheap to clone; all clones are one instance.
#[derive(Clone, Debug)]
pub struct DemoState(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    base: Url,
    file: Option<PathBuf>,
    book: Mutex<Book>,
    /// Held over change and write, so that files are written in the order of changes.
    writing: tokio::sync::Mutex<()>,
}

/// Why the demo instance does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address is not a URL with a host.
    #[error("the demo instance's address {address} is not a web address")]
    Address {
        /// What was given.
        address: String,
    },
    /// The file is there but cannot be read.
    #[error("{path} cannot be read", path = path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not one of this version's.
    #[error("{path} is not a file of this demo instance; move it away to start afresh", path = path.display())]
    Format {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl DemoState {
    /// Opens the demo instance that is reached at `base`, with what `data_dir` keeps of it. Without a directory,
    /// nothing outlives the process.
    pub fn open(base: &str, data_dir: Option<&Path>) -> Result<Self, OpenError> {
        let base = Url::parse(base)
            .ok()
            .filter(Url::has_host)
            .ok_or_else(|| OpenError::Address { address: base.to_owned() })?;
        let file = data_dir.map(|dir| dir.join(FILE_NAME));
        let book = match &file {
            Some(path) => load(path)?,
            None => None,
        };
        let book = Mutex::new(book.unwrap_or_else(|| Book::new(now())));
        Ok(Self(Arc::new(Shared { base, file, book, writing: tokio::sync::Mutex::default() })))
    }

    /// Suspends an account, or lets it go on, as a moderator would. Says whether there is such an account.
    pub async fn set_suspended(&self, name: &str, suspended: bool) -> io::Result<bool> {
        self.change_and_write(|book, _| book.set_suspended(name, suspended)).await
    }

    /// Limits an account, or ends that, as a moderator would. Says whether there is such an account.
    pub async fn set_limited(&self, name: &str, limited: bool) -> io::Result<bool> {
        self.change_and_write(|book, _| book.set_limited(name, limited)).await
    }

    /// Gives an account a role that everybody sees, with permissions in Mastodon's bits; with an empty name, takes it
    /// away. Says whether there is such an account.
    pub async fn set_role(&self, name: &str, role: &str, permissions: u64) -> io::Result<bool> {
        self.change_and_write(|book, _| book.set_role(name, role, permissions)).await
    }

    /// Blocks a domain, or ends that, as an admin would.
    pub async fn set_domain_blocked(&self, domain: &str, blocked: bool) -> io::Result<()> {
        self.change_and_write(|book, _| book.set_blocked(domain, blocked)).await
    }

    /// Looks something up.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Book, Timestamp) -> T) -> T {
        look(&self.book(), now())
    }

    /// Changes something, and answers when the change is on disk.
    pub(super) async fn change<T>(
        &self,
        change: impl FnOnce(&mut Book, Timestamp) -> T,
    ) -> Result<T, ApiError> {
        self.change_and_write(change).await.map_err(|error| {
            tracing::error!(%error, "the demo instance's file was not written");
            ApiError::Storage
        })
    }

    /// The URL of a path of this instance.
    pub(super) fn url(&self, path: &str) -> String {
        self.0.base.join(path).unwrap_or_else(|_| self.0.base.clone()).into()
    }

    /// The actor URI of an account.
    pub(super) fn actor_uri(&self, account: &Account) -> String {
        self.url(&format!("/users/{}", account.name))
    }

    /// The host part of handles, with the port if there is one.
    pub(super) fn authority(&self) -> String {
        let host = self.0.base.host_str().unwrap_or_default();
        self.0.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Finds an account by `name`, `name@host` or `@name@host`, if the host is this one.
    pub(super) fn find(&self, text: &str) -> Option<Account> {
        let name = match text.parse::<Handle>() {
            Ok(handle) if handle.host() == self.authority() => handle.name().to_owned(),
            Ok(_) => return None,
            Err(_) => text.trim_start_matches('@').to_owned(),
        };
        self.read(|book, _| book.account(&name).cloned())
    }

    /// Whether browsers reach this instance over https.
    pub(super) fn is_https(&self) -> bool {
        self.0.base.scheme() == "https"
    }

    async fn change_and_write<T>(&self, change: impl FnOnce(&mut Book, Timestamp) -> T) -> io::Result<T> {
        let _in_order = self.0.writing.lock().await;
        let (changed, bytes) = {
            let mut book = self.book();
            let changed = change(&mut book, now());
            (changed, serde_json::to_vec(&*book)?)
        };
        if let Some(path) = self.0.file.clone() {
            tokio::task::spawn_blocking(move || store(&path, &bytes)).await??;
        }
        Ok(changed)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // A panic cannot leave the book half changed in a way that matters to a demo.
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(path: &Path) -> Result<Option<Book>, OpenError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(OpenError::Read { path: path.to_owned(), source }),
    };
    let book = serde_json::from_slice(&bytes);
    book.map(Some).map_err(|source| OpenError::Format { path: path.to_owned(), source })
}

/// Writes beside the file and renames, so that a crash leaves the old or the new, never half of one.
fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("json.new");
    let mut file = create_private(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

/// Only the owner may read it: it holds who signed in where.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_changed_is_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let first = DemoState::open("http://127.0.0.1:1", Some(dir.path())).unwrap();
        first.change(|book, now| book.sign_up("erin", now)).await.unwrap().unwrap();
        drop(first);
        let again = DemoState::open("http://127.0.0.1:2", Some(dir.path())).unwrap();
        let erin = again.find("@erin@127.0.0.1:2").unwrap();
        assert_eq!(again.actor_uri(&erin), "http://127.0.0.1:2/users/erin");
        assert!(again.find("erin@elsewhere.example").is_none());
    }

    #[test]
    fn a_damaged_file_is_reported_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE_NAME), "{").unwrap();
        let error = DemoState::open("http://127.0.0.1:1", Some(dir.path())).unwrap_err();
        assert!(error.to_string().contains("move it away"), "{error}");
        assert_eq!(fs::read(dir.path().join(FILE_NAME)).unwrap(), b"{");
    }
}
