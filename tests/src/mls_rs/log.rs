//! The log, entry after entry: what a commit does, what a message says, and what is not believed.
//!
//! Spec: `conversations.md` 4, 5, 7 to 9; `groups.md` 6.

use infrasound_spec::{
    commit::CommitViolation,
    content::{Activity, ContentError},
    conversation::ConversationKind,
    log::{self, EntryKind, LogEntry, LogPosition},
    message::{MessageAad, MessageError, MessageFrame},
    mls::LeafError,
    report::CommitOutcome,
};
use mls_rs::{
    MlsMessage, WireFormat,
    error::MlsError,
    group::{CommitEffect, ReceivedMessage},
};

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
            EntryKind::Proposal => self.take_proposal(entry),
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
        if !self.is_in() {
            return Ok(());
        }
        let own = self.is_own(entry)?;
        let mut after = self.group.clone();
        let applied =
            process(&mut after, entry, WireFormat::PublicMessage).and_then(|received| match received {
                ReceivedMessage::Commit(commit) => {
                    roster::check_commit(&self.context, &self.group, &after, &commit, entry.time)?;
                    Ok(matches!(commit.effect, CommitEffect::Removed { .. }))
                }
                _ => Err(EntryError::WrongKind(entry.number)),
            });
        self.leaving = false;
        match applied {
            // The group stays as it was, in case the commit is voided.
            Ok(true) => {
                self.removed = Some(entry.number);
                Ok(())
            }
            Ok(false) => {
                let mut before = std::mem::replace(&mut self.group, after);
                before.clear_pending_commit();
                self.provisional.push((entry.number, Some(before)));
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
        if !self.is_in() || self.is_own(entry)? {
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

    /// Somebody leaves a group. mls-rs cannot read a SelfRemove, so this device waits until somebody else has committed it.
    fn take_proposal(&mut self, entry: &LogEntry) -> Result<(), EntryError> {
        if self.context.kind() == ConversationKind::Direct {
            return Err(EntryError::WrongKind(entry.number));
        }
        self.leaving = true;
        match process(&mut self.group.clone(), entry, WireFormat::PublicMessage) {
            Err(EntryError::Mls { .. }) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(EntryError::WrongKind(entry.number)),
        }
    }

    fn take_control(&mut self, entry: &LogEntry) -> Result<(), EntryError> {
        let bytes = entry.bytes.as_ref().ok_or(EntryError::NoBytes(entry.number))?;
        let target = log::control_target(bytes.as_slice()).ok_or(EntryError::WrongControl(entry.number))?;
        if entry.kind == EntryKind::Void { self.undo(entry, target) } else { self.confirm(entry, target) }
    }

    /// A commit stands, and with it those before it.
    fn confirm(&mut self, entry: &LogEntry, target: u64) -> Result<(), EntryError> {
        if self.provisional.iter().any(|(number, _)| *number == target) {
            self.provisional.retain(|(number, _)| *number > target);
        } else if self.refused == Some(target) {
            self.refused = None;
            self.left_out = true;
        } else if self.removed != Some(target) && target >= self.joined_at {
            return Err(EntryError::WrongControl(entry.number));
        }
        Ok(())
    }

    /// A commit never happened, nor what came after it.
    fn undo(&mut self, entry: &LogEntry, target: u64) -> Result<(), EntryError> {
        let fell = |number: &mut Option<u64>| number.take_if(|number| *number >= target).is_some();
        let (refused, removed) = (fell(&mut self.refused), fell(&mut self.removed));
        match self.provisional.iter().position(|(number, _)| *number == target) {
            Some(first) => {
                if let Some((_, Some(before))) = self.provisional.drain(first..).next() {
                    self.group = before;
                    self.leaving = false;
                } else {
                    // What let this device in is void: it is out again.
                    self.left_out = true;
                }
                Ok(())
            }
            None if refused || removed => Ok(()),
            None => Err(EntryError::WrongControl(entry.number)),
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
