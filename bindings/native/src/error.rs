//! What the app is told when something does not work: few cases, each with what to do about it.
//!
//! The modules have errors of their own that know every detail; here they are mapped to what a person can do.

use std::path::{Path, PathBuf};

use infrasound_core::{
    OpenError, RegisterError,
    blob::BlobRefused,
    event::{Failure, FailureCode},
};
use infrasound_spec::{
    account::Handle,
    api::problem::{Problem, ProblemType},
};

use crate::{
    home::HomeError, journal::JournalError, lock::LockError, relay_url::RelayUrlError, sign_in::SignInError,
    spool::SpoolError, transport::NoTls,
};

/// What to do about a home that does not open.
const RESTORE: &str = "Restore the home from a copy of the moment before, or sign in anew with --start-over";

/// Why something did not work, by what to do about it. The text is for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// This home is a device already: use it, or ask whether to sign in anew and set it aside.
    #[error("this home already belongs to a device of {handle}: use it, choose another home, or start over")]
    AlreadySignedIn {
        /// Whose.
        handle: Handle,
    },
    /// The session was closed by the app: open it again.
    #[error("the session is closed")]
    Closed,
    /// A file that was to be sent or saved can't be: the text says why.
    #[error("{0}")]
    File(String),
    /// What the relay gave for a file is not what was sent. Nothing of it was stored.
    #[error("the file was refused: {0}")]
    FileRefused(BlobRefused),
    /// Another process has this home: end it, or wait.
    #[error("another process{} is using {}: end it, or wait until it is done", of(*.pid), .dir.display())]
    HomeLocked {
        /// Its id, if known.
        pid: Option<u32>,
        /// The home.
        dir: PathBuf,
    },
    /// Nobody has signed in here, or the relay no longer accepts this device: sign in.
    #[error("{0}")]
    NeedsLogin(String),
    /// The relay can't be reached: try later. Nothing is lost.
    #[error("{0}")]
    Offline(String),
    /// Refused, by the relay or by the core: show the text.
    #[error(transparent)]
    Refused(Failure),
    /// The relay's URL, or what is behind it, is not what is needed: correct it.
    #[error("{0}")]
    Setup(String),
    /// Files of the home can't be used: show the text; report it if it says that something is damaged.
    #[error("{0}")]
    Storage(String),
    /// There is no room: make some and start again. Nothing that was confirmed is lost.
    #[error("{0}")]
    StorageFull(String),
}

fn of(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

impl Error {
    pub(crate) fn home(error: HomeError, dir: &Path) -> Self {
        match error {
            HomeError::Empty => Self::NeedsLogin(format!(
                "nobody has signed in at {} yet: run `infrasound login --relay URL`",
                dir.display()
            )),
            HomeError::Lock(LockError::Held { pid }) => Self::HomeLocked { pid, dir: dir.to_owned() },
            HomeError::File { error, path } if is_full(&error) => Self::StorageFull(format!(
                "there is no room to write {}: make some, then try again",
                path.display()
            )),
            HomeError::Lock(LockError::File(error)) if is_full(&error) => Self::StorageFull(format!(
                "there is no room to write in {}: make some, then try again",
                dir.display()
            )),
            error => Self::Storage(format!("the home {} cannot be used: {error}", dir.display())),
        }
    }
}

impl Error {
    /// The spool of sealed files.
    pub(crate) fn spool(error: &SpoolError) -> Self {
        match error {
            SpoolError::Io(error) if is_full(error) => {
                Self::StorageFull("there is no room for the file: make some, then try again".to_owned())
            }
            error => Self::Storage(format!("the file cannot be stored: {error}")),
        }
    }
}

fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull)
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        match &error {
            JournalError::Full(_) => Self::StorageFull(format!(
                "{error}. Nothing that was confirmed is lost: make room, then start again"
            )),
            JournalError::FromTheFuture { .. } => Self::Storage(format!("{error}: update Infrasound")),
            JournalError::Damaged(_) => Self::Storage(format!("{error}. {RESTORE}")),
            JournalError::Sqlite(_) => Self::Storage(error.to_string()),
        }
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NoDevice => {
                Self::NeedsLogin("the last sign-in was not finished: sign in again".to_owned())
            }
            OpenError::Damaged(error) => Self::Storage(format!("{error}. {RESTORE}")),
            error @ OpenError::FromTheFuture { .. } => Self::Storage(error.to_string()),
        }
    }
}

impl From<RegisterError> for Error {
    fn from(error: RegisterError) -> Self {
        let code = match error {
            RegisterError::AccountHasDevices => FailureCode::AccountHasDevices,
            RegisterError::DeviceName => FailureCode::Refused,
        };
        Self::Refused(Failure::new(code, error.to_string()))
    }
}

impl From<RelayUrlError> for Error {
    fn from(error: RelayUrlError) -> Self {
        Self::Setup(error.to_string())
    }
}

impl From<NoTls> for Error {
    fn from(error: NoTls) -> Self {
        Self::Setup(error.to_string())
    }
}

impl From<SignInError> for Error {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Refused(problem) => refused(&problem),
            SignInError::Transport(error) => Self::Offline(format!("{error}: check its URL, or try later")),
            error @ SignInError::NotARelay { .. } => Self::Setup(error.to_string()),
            SignInError::NoTls(error) => error.into(),
        }
    }
}

fn refused(problem: &Problem) -> Error {
    let text = if problem.detail.is_empty() { problem.title.clone() } else { problem.detail.clone() };
    match problem.problem_type {
        ProblemType::InstanceRefused | ProblemType::TicketExpired | ProblemType::DeviceRevoked => {
            Error::NeedsLogin(text)
        }
        ProblemType::InstanceUnreachable | ProblemType::Unavailable | ProblemType::StorageFull => {
            Error::Offline(text)
        }
        _ => Error::Refused(Failure::new(FailureCode::Refused, text)),
    }
}

impl From<Failure> for Error {
    /// A failure that ends everything, or only the wish: by its code.
    fn from(failure: Failure) -> Self {
        match failure.code {
            FailureCode::SignedOut => Self::NeedsLogin(failure.text),
            FailureCode::Unreachable => Self::Offline(failure.text),
            _ => Self::Refused(failure),
        }
    }
}
