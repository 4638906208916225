//! A conversation at a device of mls-rs: its group, its place in the log, what was read.
//!
//! It keeps everything in memory and survives no crash: it is there to be talked to.

use std::collections::BTreeMap;

use infrasound_spec::{
    content::Activity,
    conversation::Conversation,
    endorsement::EndorsedDevice,
    log::{EntryDigest, LogPosition},
    report::{self, CommitOutcome},
    submission::SubmissionId,
};

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
    pub direct: Conversation,
    /// The messages of others, in order.
    pub received: Vec<Received>,
    /// Reports that the hub has not had yet.
    pub reports: Vec<(u64, CommitOutcome)>,
    pub(super) group: MlsGroup,
    /// The commit that is not confirmed yet, and the group before it; none before a founding or a join.
    pub(super) provisional: Option<(u64, Option<MlsGroup>)>,
    pub(super) position: LogPosition,
    /// The number of the commit with which this device came in.
    pub(super) joined_at: u64,
    /// The chain where this device has been, by number.
    pub(super) chain: BTreeMap<u64, LogPosition>,
    /// What this device has submitted, and the digests of what it was.
    pub(super) submitted: BTreeMap<SubmissionId, EntryDigest>,
    /// A commit that this device could not apply: nothing is read until it is voided.
    pub(super) refused: Option<u64>,
}

impl MlsRsConversation {
    /// A conversation in which nothing has been read yet; `joined_at` is its provisional commit.
    pub(super) fn new(direct: Conversation, group: MlsGroup, position: LogPosition, joined_at: u64) -> Self {
        Self {
            direct,
            received: Vec::new(),
            reports: Vec::new(),
            group,
            provisional: Some((joined_at, None)),
            position,
            joined_at,
            chain: BTreeMap::from([(position.number, position)]),
            submitted: BTreeMap::new(),
            refused: None,
        }
    }

    /// The epoch that this device is in.
    pub fn epoch(&self) -> u64 {
        self.group.current_epoch()
    }

    /// The number of the commit that is not confirmed yet.
    pub fn provisional(&self) -> Option<u64> {
        self.provisional.as_ref().map(|(number, _)| *number)
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
