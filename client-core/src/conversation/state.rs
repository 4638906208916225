//! What is stored of a conversation besides the MLS group.

use infrasound_spec::{
    account::AccountUri, api::conversations::FoundConversation, content::ObjectId,
    conversation::ConversationId, log::LogPosition, report::CommitOutcome,
};
use serde::{Deserialize, Serialize};

/// The stored state of a conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) other: AccountUri,
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
    /// Up to where the other's receipts go.
    pub(crate) other_delivered: u64,
    pub(crate) other_read: u64,
}

impl State {
    pub(crate) fn new(id: ConversationId, other: AccountUri) -> Self {
        Self {
            other,
            group_id: None,
            generation: 0,
            position: LogPosition::start(&id, 0, 0),
            joined_at: 0,
            provisional: Vec::new(),
            refused: None,
            reports: Vec::new(),
            began: false,
            founding: None,
            voided: 0,
            received: None,
            acknowledged: 0,
            read_receipt: 0,
            other_delivered: 0,
            other_read: 0,
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
