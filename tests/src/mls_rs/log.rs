//! The log, entry after entry: what a commit does, what a message says, and what is not believed.
//!
//! Spec: `conversations.md` 4, 5, 7 to 9.

use infrasound_spec::{
    commit::CommitViolation,
    content::{Activity, ContentError},
    log::{self, EntryKind, LogEntry, LogPosition},
    message::{MessageAad, MessageError, MessageFrame},
    mls::LeafError,
    report::CommitOutcome,
};
use mls_rs::{MlsMessage, WireFormat, error::MlsError, group::ReceivedMessage};

use super::{
    conversation::{MlsRsConversation, Received},
    roster,
};

/// Why an entry is not taken in as what it says it is.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Not the next number, or bytes that are not the digest's.
    #[error("entry {0} does not follow from the log before it")]
    NotTheNext(u64),
    /// The hub does not deliver what this device should read.
    #[error("entry {0} came without its bytes")]
    NoBytes(u64),
    /// mls-rs refuses it.
    #[error("entry {number} does not verify: {error}")]
    Mls {
        /// Which.
        number: u64,
        /// Why.
        error: MlsError,
    },
    /// It is not what the hub says.
    #[error("entry {0} is not of its kind")]
    WrongKind(u64),
    /// A commit against the rules.
    #[error(transparent)]
    Violation(#[from] CommitViolation),
    /// A leaf is nobody's.
    #[error(transparent)]
    Leaf(#[from] LeafError),
    /// The AAD or the frame is malformed.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The content is not an activity.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The hub names another device than the leaf does.
    #[error("the hub says that another device sent entry {0}")]
    SenderRewritten(u64),
    /// The sender has seen another log.
    #[error("the sender of entry {0} has seen another log")]
    HistoriesDiffer(u64),
    /// This device's own entry has other bytes than it submitted.
    #[error("entry {0} is not what this device submitted under that id")]
    OwnEntryAltered(u64),
    /// A `confirm` or `void` of something else than the provisional commit.
    #[error("entry {0} decides about a commit that is not open")]
    WrongControl(u64),
}

impl MlsRsConversation {
    /// Takes the next entry in. A commit that is refused is reported as such, and the group stays as it was.
    pub(super) fn take(&mut self, entry: &LogEntry) -> Result<(), EntryError> {
        let position = self.after(entry)?;
        let taken = match entry.kind {
            _ if entry.number <= self.joined_at => Ok(()),
            EntryKind::Commit => self.take_commit(entry),
            EntryKind::Message => self.take_message(entry),
            EntryKind::Confirm | EntryKind::Void => self.take_control(entry),
            // Nobody leaves a direct conversation.
            EntryKind::Proposal => Err(EntryError::WrongControl(entry.number)),
        };
        self.move_to(position);
        taken
    }

    /// Where the log is after an entry, if it is the next one and its bytes are its own.
    pub(super) fn after(&self, entry: &LogEntry) -> Result<LogPosition, EntryError> {
        let differs = entry.bytes.as_ref().is_some_and(|bytes| log::digest(bytes.as_slice()) != entry.digest);
        self.position.advance(entry).filter(|_| !differs).ok_or(EntryError::NotTheNext(entry.number))
    }

    /// Goes further in the log.
    pub(super) fn move_to(&mut self, position: LogPosition) {
        self.position = position;
        self.chain.insert(position.number, position);
    }

    /// Whether this device submitted it, unaltered.
    fn is_own(&self, entry: &LogEntry) -> Result<bool, EntryError> {
        let submitted = entry.submission.and_then(|submission| self.submitted.get(&submission));
        match submitted {
            Some(digest) if *digest != entry.digest => Err(EntryError::OwnEntryAltered(entry.number)),
            submitted => Ok(submitted.is_some()),
        }
    }

    /// Applies a commit to a copy of the group; the copy replaces the group if the commit is valid.
    fn take_commit(&mut self, entry: &LogEntry) -> Result<(), EntryError> {
        let own = self.is_own(entry)?;
        let mut after = self.group.clone();
        let applied =
            process(&mut after, entry, WireFormat::PublicMessage).and_then(|received| match received {
                ReceivedMessage::Commit(commit) => {
                    Ok(roster::check_commit(&self.direct, &self.group, &after, &commit, entry.time)?)
                }
                _ => Err(EntryError::WrongKind(entry.number)),
            });
        match applied {
            Ok(()) => {
                let mut before = std::mem::replace(&mut self.group, after);
                before.clear_pending_commit();
                self.provisional = Some((entry.number, Some(before)));
                if !own {
                    self.reports.push((entry.number, self.applied()));
                }
                Ok(())
            }
            Err(error) => {
                self.refused = Some(entry.number);
                self.reports.push((entry.number, CommitOutcome::CannotApply));
                Err(error)
            }
        }
    }

    fn take_message(&mut self, entry: &LogEntry) -> Result<(), EntryError> {
        if self.refused.is_some() || self.is_own(entry)? {
            return Ok(());
        }
        let number = entry.number;
        let received = process(&mut self.group, entry, WireFormat::PrivateMessage)?;
        let ReceivedMessage::ApplicationMessage(message) = received else {
            return Err(EntryError::WrongKind(number));
        };
        MessageAad::decode(&message.authenticated_data)?;
        let mut members = roster::members(&self.group)?;
        let sender = members.remove(&message.sender_index).ok_or(EntryError::WrongKind(number))?;
        if entry.submitter.is_some_and(|submitter| submitter != sender.device) {
            return Err(EntryError::SenderRewritten(number));
        }
        let frame = MessageFrame::decode(message.data())?;
        let differs = self.chain.get(&frame.seen.number).is_some_and(|seen| *seen != frame.seen);
        if differs || frame.seen.number >= number {
            return Err(EntryError::HistoriesDiffer(number));
        }
        let activity = Activity::decode(&frame.content)?;
        self.received.push(Received { number, sender, activity });
        Ok(())
    }

    fn take_control(&mut self, entry: &LogEntry) -> Result<(), EntryError> {
        let bytes = entry.bytes.as_ref().ok_or(EntryError::NoBytes(entry.number))?;
        let target = log::control_target(bytes.as_slice());
        if entry.kind == EntryKind::Void && target.is_some() && target == self.refused {
            self.refused = None;
            return Ok(());
        }
        match (self.provisional.take(), entry.kind) {
            (Some((number, _)), EntryKind::Confirm) if target == Some(number) => Ok(()),
            (Some((number, Some(before))), EntryKind::Void) if target == Some(number) => {
                self.group = before;
                Ok(())
            }
            (provisional, _) => {
                self.provisional = provisional;
                Err(EntryError::WrongControl(entry.number))
            }
        }
    }
}

/// Gives mls-rs an entry, if it is of the wire format that its kind has.
fn process(
    group: &mut super::MlsGroup,
    entry: &LogEntry,
    format: WireFormat,
) -> Result<ReceivedMessage, EntryError> {
    let number = entry.number;
    let refused = |error| EntryError::Mls { number, error };
    let bytes = entry.bytes.as_ref().ok_or(EntryError::NoBytes(number))?;
    let message = MlsMessage::from_bytes(bytes.as_slice()).map_err(refused)?;
    if message.wire_format() != format {
        return Err(EntryError::WrongKind(number));
    }
    group.process_incoming_message(message).map_err(refused)
}
