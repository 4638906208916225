//! A conversation at a device of mls-rs: its group, its place in the log, what was read.
//!
//! It keeps everything in memory and survives no crash: it is there to be talked to.

use std::collections::BTreeMap;

use infrasound_spec::{
    account::AccountUri,
    content::Activity,
    conversation::Conversation,
    endorsement::EndorsedDevice,
    log::{EntryDigest, LogPosition},
    report::{self, CommitOutcome},
    submission::SubmissionId,
};

use mls_rs::MlsMessage;

use super::parameters::MlsGroup;

/// A message that was read.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its number in the log.
    pub number: u64,
    /// Who sent it, by the MLS leaf.
    pub sender: EndorsedDevice,
    /// What it says.
    pub activity: Activity,
}

/// One conversation.
pub struct MlsRsConversation {
    /// Which, and whose.
    pub context: Conversation,
    /// The messages of others, in order.
    pub received: Vec<Received>,
    /// Reports that the hub has not had yet.
    pub reports: Vec<(u64, CommitOutcome)>,
    pub(super) group: MlsGroup,
    /// The commits that are not confirmed yet, and the group before each; none before a founding or a join.
    pub(super) provisional: Vec<(u64, Option<MlsGroup>)>,
    pub(super) position: LogPosition,
    /// The number of the commit with which this device came in.
    pub(super) joined_at: u64,
    /// The chain where this device has been, by number.
    pub(super) chain: BTreeMap<u64, LogPosition>,
    /// What this device has submitted, and the digests of what it was.
    pub(super) submitted: BTreeMap<SubmissionId, EntryDigest>,
    /// A commit that this device could not apply: nothing is read until it is voided.
    pub(super) refused: Option<u64>,
    /// Others could apply what this device could not: it is in no epoch that stands, and comes back by itself.
    pub(super) left_out: bool,
    /// The commit that removed this device.
    pub(super) removed: Option<u64>,
    /// Whether somebody proposed to leave in this epoch. mls-rs cannot read that, so it commits nothing meanwhile.
    pub(super) leaving: bool,
}

impl MlsRsConversation {
    /// A conversation in which nothing has been read yet; `joined_at` is its provisional commit.
    pub(super) fn new(context: Conversation, group: MlsGroup, position: LogPosition, joined_at: u64) -> Self {
        Self {
            context,
            received: Vec::new(),
            reports: Vec::new(),
            group,
            provisional: vec![(joined_at, None)],
            position,
            joined_at,
            chain: BTreeMap::from([(position.number, position)]),
            submitted: BTreeMap::new(),
            refused: None,
            left_out: false,
            removed: None,
            leaving: false,
        }
    }

    /// The epoch that this device is in.
    pub fn epoch(&self) -> u64 {
        self.group.current_epoch()
    }

    /// The number of the first commit that is not confirmed yet.
    pub fn provisional(&self) -> Option<u64> {
        self.provisional.first().map(|(number, _)| *number)
    }

    /// The number of the commit that removed this device.
    pub fn removed(&self) -> Option<u64> {
        self.removed
    }

    /// Whether the group's keys open a message, whoever would hand it to this device.
    pub fn opens(&self, message: &[u8]) -> bool {
        let message = MlsMessage::from_bytes(message).expect("a message");
        self.group.clone().process_incoming_message(message).is_ok()
    }

    /// Whether it is the direct conversation with an account.
    pub(super) fn is_with(&self, other: &AccountUri) -> bool {
        self.context.pair().is_some_and(|pair| pair.contains(other))
    }

    /// Whether this device reads what comes: it is in the epoch that the log is in.
    pub(super) fn is_in(&self) -> bool {
        self.refused.is_none() && self.removed.is_none() && !self.left_out
    }

    /// Where this device is in the log.
    pub fn position(&self) -> LogPosition {
        self.position
    }

    /// What a report says of a commit that was applied: the new epoch, as this device has it.
    pub fn applied(&self) -> CommitOutcome {
        let authenticator = self.group.epoch_authenticator().expect("a group has an epoch authenticator");
        CommitOutcome::Applied { authenticator: report::authenticator_hash(&authenticator) }
    }
}
