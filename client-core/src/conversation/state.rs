//! What is stored of a conversation besides the MLS group.

use std::collections::BTreeMap;

use infrasound_spec::{
    account::AccountUri,
    api::conversations::{CommitBundle, FoundConversation},
    content::ObjectId,
    conversation::ConversationId,
    log::LogPosition,
    report::CommitOutcome,
    submission::SubmissionId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The stored state of a conversation.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and stored under its name")]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// The other account of a direct conversation.
    pub(crate) other: Option<AccountUri>,
    /// The MLS group id, while there is a group.
    pub(crate) group_id: Option<Vec<u8>>,
    /// The founding to use next, or the one that stands.
    pub(crate) generation: u32,
    /// The last entry that was taken in.
    pub(crate) position: LogPosition,
    /// The entry that let this device in; entries before it were never for it.
    pub(crate) joined_at: u64,
    /// The commits that are applied here and not confirmed, in order.
    pub(crate) provisional: Vec<u64>,
    /// The commit that could not be applied here. Until it is voided, entries of its epoch can't be read.
    pub(crate) refused: Option<u64>,
    /// The account has proposed to leave: whatever the log still shows, it is out.
    #[serde(default)]
    pub(crate) left: bool,
    /// The commit that took this device's leaf out. If it is voided, the device is back.
    #[serde(default)]
    pub(crate) removed: Option<u64>,
    /// The Welcome that was to let this device in was of no use: if its commit stands, the device comes in by itself.
    #[serde(default)]
    pub(crate) welcome_refused: bool,
    /// Reports that the hub has not acknowledged.
    pub(crate) reports: Vec<(u64, CommitOutcome)>,
    /// This account founded it: it is not a request.
    pub(crate) began: bool,
    /// A founding on its way: these bytes and no others are sent until the hub has answered.
    pub(crate) founding: Option<FoundConversation>,
    /// Foundings and commits of this device in a row that were voided.
    pub(crate) voided: u32,
    /// The last note of the other: what receipts name.
    pub(crate) received: Option<(u64, ObjectId)>,
    /// Up to where this account's receipts have gone: reached, read.
    pub(crate) acknowledged: u64,
    pub(crate) read_receipt: u64,
    /// Up to where the receipts of all others go.
    pub(crate) other_delivered: u64,
    pub(crate) other_read: u64,
    /// In a group: up to where each member's receipts go, reached and read.
    #[serde(default)]
    pub(crate) receipts: BTreeMap<AccountUri, (u64, u64)>,
    /// An external commit on its way: these bytes and no others are sent until the hub has answered.
    #[serde(default)]
    pub(crate) entering: Option<Entering>,
    /// When this device joined by an external commit lately: it must not do so without end.
    #[serde(default)]
    pub(crate) entered: Vec<Timestamp>,
    /// Something was said that this device could not read: it says so when it is back.
    #[serde(default)]
    pub(crate) missed: bool,
    /// Up to where the history is here, until it is known whether something was said after that and before this device came
    /// in by itself.
    #[serde(default)]
    pub(crate) missed_after: Option<u64>,
}

/// An external commit that the hub has not answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entering {
    pub(crate) submission: SubmissionId,
    pub(crate) bundle: CommitBundle,
}

impl State {
    /// Up to where a member of a group has received, or read.
    pub(crate) fn receipt_of(&self, account: &AccountUri, read: bool) -> u64 {
        let (delivered, seen) = self.receipts.get(account).copied().unwrap_or_default();
        if read { seen } else { delivered.max(seen) }
    }

    pub(crate) fn new(id: ConversationId, other: Option<AccountUri>) -> Self {
        Self {
            other,
            group_id: None,
            generation: 0,
            position: LogPosition::start(&id, 0, 0),
            joined_at: 0,
            provisional: Vec::new(),
            refused: None,
            left: false,
            removed: None,
            welcome_refused: false,
            reports: Vec::new(),
            began: false,
            founding: None,
            voided: 0,
            received: None,
            acknowledged: 0,
            read_receipt: 0,
            other_delivered: 0,
            other_read: 0,
            receipts: BTreeMap::new(),
            entering: None,
            entered: Vec::new(),
            missed: false,
            missed_after: None,
        }
    }

    /// What another device of the account is given of it: receipts, and no part in the group.
    pub(crate) fn for_sibling(&self, id: &ConversationId) -> Self {
        Self {
            began: self.began,
            received: self.received.clone(),
            acknowledged: self.acknowledged,
            read_receipt: self.read_receipt,
            other_delivered: self.other_delivered,
            other_read: self.other_read,
            ..Self::new(*id, self.other.clone())
        }
    }

    /// Whether it takes no part in a group.
    pub(crate) fn is_bare(&self) -> bool {
        self.group_id.is_none()
            && self.founding.is_none()
            && self.reports.is_empty()
            && self.provisional.is_empty()
            && self.refused.is_none()
            && self.joined_at == 0
    }
}
