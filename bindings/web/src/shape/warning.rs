//! Codes of warnings, for a program. Their text is for a person.

use infrasound_core::warning::Warning;

/// What a warning is called.
pub(crate) fn code(warning: &Warning) -> &'static str {
    match warning {
        Warning::EntryAltered { .. } => "entry-altered",
        Warning::OwnEntryAltered { .. } => "own-entry-altered",
        Warning::EntryUnreadable { .. } => "entry-unreadable",
        Warning::EntryReplayed { .. } => "entry-replayed",
        Warning::LogGap { .. } => "log-gap",
        Warning::LogRolledBack { .. } => "log-rolled-back",
        Warning::HistoriesDiffer { .. } => "histories-differ",
        Warning::SenderRewritten { .. } => "sender-rewritten",
        Warning::CommitRefused { .. } => "commit-refused",
        Warning::FoundedAgain { .. } => "founded-again",
        Warning::CommitVoided { .. } => "commit-voided",
        Warning::ControlRefused { .. } => "control-refused",
        Warning::Forked { .. } => "forked",
        Warning::ProposalRefused { .. } => "proposal-refused",
        Warning::NotAllowed { .. } => "not-allowed",
        Warning::CannotEnter { .. } => "cannot-enter",
        Warning::KeysRefused { .. } => "keys-refused",
        Warning::WelcomeRefused { .. } => "welcome-refused",
        Warning::AccountKeyChanged { .. } => "account-key-changed",
        Warning::ContactRefused { .. } => "contact-refused",
        Warning::BlobRefused { .. } => "file-refused",
        Warning::ContentRefused { .. } => "content-refused",
        // The core may learn to tell more apart than this version of the package knows.
        _ => "other",
    }
}
