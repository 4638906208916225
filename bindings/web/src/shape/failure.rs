//! Why something did not work.

use infrasound_core::event::{self, FailureCode};
use serde::Serialize;

/// Why something did not work.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    code: &'static str,
    text: String,
}

impl From<event::Failure> for Failure {
    fn from(failure: event::Failure) -> Self {
        Self { code: code(failure.code), text: failure.text }
    }
}

fn code(code: FailureCode) -> &'static str {
    match code {
        FailureCode::UnknownAccount => "unknown-account",
        FailureCode::NoInfrasound => "no-infrasound",
        FailureCode::OtherInstance => "other-instance",
        FailureCode::NoConsent => "no-consent",
        FailureCode::NoKeyPackages => "no-key-packages",
        FailureCode::TooLong => "too-long",
        FailureCode::NotFound => "not-found",
        FailureCode::NotAuthor => "not-author",
        FailureCode::NotAllowed => "not-allowed",
        FailureCode::BadLink => "bad-link",
        FailureCode::Refused => "refused",
        FailureCode::Untrusted => "untrusted",
        FailureCode::AccountHasDevices => "account-has-devices",
        FailureCode::SignedOut => "signed-out",
        FailureCode::Unreachable => "unreachable",
        // The core may learn to tell more apart than this version of the package knows.
        _ => "other",
    }
}
