//! How the command ends: every error has an exit code that `--help` documents, and a code for programs.

use std::io;

use infrasound_core::event::FailureCode;
use infrasound_native::Error;

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The client, the relay, the home.
    #[error(transparent)]
    Client(#[from] Error),
    /// The account has a device, and was not told to start over.
    #[error("{0}")]
    HasDevice(String),
    /// Standard input or the terminal can't be read.
    #[error("the input cannot be read: {0}")]
    Input(#[source] io::Error),
    /// Not everybody could be let into a group. Who, and why, was said already.
    #[error("{0}")]
    NotAdded(String),
    /// What was named is not here.
    #[error("{0}")]
    NotFound(String),
    /// The relay can't be reached. Said already, together with what is known without it.
    #[error("the relay cannot be reached")]
    Offline,
    /// Standard output can't be written.
    #[error("the output cannot be written: {0}")]
    Output(#[source] io::Error),
    /// The arguments make no sense together.
    #[error("{0}")]
    Usage(String),
}

impl CommandError {
    /// The exit code.
    pub(crate) fn exit(&self) -> u8 {
        match self {
            // Whoever read our output had enough of it: `infrasound read … | head`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Usage(_) => 2,
            Self::Offline => 4,
            Self::HasDevice(_) => 7,
            Self::Client(error) => client(error).0,
            Self::Input(_) | Self::NotAdded(_) | Self::NotFound(_) | Self::Output(_) => 1,
        }
    }

    /// Whether there is nothing left to say.
    pub(crate) fn is_said(&self) -> bool {
        matches!(self, Self::Offline) || self.exit() == 0
    }

    /// The code for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Client(error) => client(error).1,
            Self::HasDevice(_) => "account_has_device",
            Self::Input(_) => "input",
            Self::NotAdded(_) => "not_added",
            Self::NotFound(_) => "not_found",
            Self::Offline => "offline",
            Self::Output(_) => "output",
            Self::Usage(_) => "usage",
        }
    }
}

fn client(error: &Error) -> (u8, &'static str) {
    match error {
        Error::AlreadySignedIn { .. } => (7, "already_signed_in"),
        Error::File(_) => (1, "file"),
        Error::FileRefused(_) => (1, "untrusted"),
        Error::HomeLocked { .. } => (5, "home_locked"),
        Error::NeedsLogin(_) => (3, "needs_login"),
        Error::Offline(_) => (4, "offline"),
        Error::Refused(failure) if failure.code == FailureCode::AccountHasDevices => {
            (7, "account_has_device")
        }
        Error::Refused(failure) => (1, refused(failure.code)),
        Error::Setup(_) => (2, "setup"),
        Error::Storage(_) => (6, "storage"),
        Error::StorageFull(_) => (6, "storage_full"),
        _ => (1, "failed"),
    }
}

/// The word for why something did not work.
pub(crate) fn refused(code: FailureCode) -> &'static str {
    match code {
        FailureCode::BadLink => "bad_link",
        FailureCode::NoConsent => "no_consent",
        FailureCode::NoInfrasound => "no_infrasound",
        FailureCode::NoKeyPackages => "no_key_packages",
        FailureCode::NotAllowed => "not_allowed",
        FailureCode::NotAuthor => "not_author",
        FailureCode::NotFound => "not_found",
        FailureCode::OtherInstance => "other_instance",
        FailureCode::TooLong => "too_long",
        FailureCode::UnknownAccount => "unknown_account",
        FailureCode::Untrusted => "untrusted",
        _ => "refused",
    }
}
