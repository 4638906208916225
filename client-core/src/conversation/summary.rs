//! What a list of conversations shows; kept in memory for all of them.

use infrasound_spec::{
    account::{AccountUri, Handle},
    consent::ContactState,
    content::{GroupMetadata, ObjectId},
    conversation::ConversationId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::event::Person;

/// One line in a list of conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Which.
    pub conversation: ConversationId,
    /// With whom.
    pub with: With,
    /// What this account has said of them, or of being in the group: `None` makes the conversation a request, if it did
    /// not begin it.
    pub consent: ContactState,
    /// Whether it is a request: others began it, and nothing was said of it yet.
    pub request: bool,
    /// Messages that the person has not seen.
    pub unread: u64,
    /// The number of the last message.
    pub last_message: u64,
    /// When the last message was accepted.
    pub last_time: Timestamp,
    /// The start of the last message as it is now, as HTML text; empty if it was deleted.
    pub preview: String,
    /// What keeps messages from going, if something does: for a person.
    pub waiting: Option<String>,
    /// Whether the person wants no notice of it.
    pub muted: bool,
    /// Whether the person has put it away.
    pub archived: bool,
}

/// Whom a conversation is with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum With {
    /// One other account.
    Person(Person),
    /// A group.
    Group(Box<GroupCard>),
}

/// A group, as far as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupCard {
    /// What it is called; `None` until somebody has told this device.
    pub metadata: Option<GroupMetadata>,
    /// Who added this account, if somebody did.
    pub inviter: Option<Person>,
    /// Why this account is no longer in it, if so.
    pub ended: Option<Ended>,
}

/// Why a group is over for this account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// It left.
    Left,
    /// It was removed.
    Removed,
}

impl Summary {
    /// The other account, if it is a direct conversation.
    pub fn person(&self) -> Option<&Person> {
        match &self.with {
            With::Person(person) => Some(person),
            With::Group(_) => None,
        }
    }

    /// The group, if it is one.
    pub fn group(&self) -> Option<&GroupCard> {
        match &self.with {
            With::Person(_) => None,
            With::Group(card) => Some(card),
        }
    }
}

/// What the list keeps of a group.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct StoredGroup {
    pub(crate) metadata: Option<GroupMetadata>,
    /// What the account says of being in it.
    pub(crate) consent: ContactState,
    /// The relay does not know that yet.
    pub(crate) unsynced: bool,
    pub(crate) inviter: Option<(AccountUri, Handle)>,
    pub(crate) ended: Option<Ended>,
    /// When this account, whose picture it is, last asked the relay to keep the group's picture.
    #[serde(default)]
    pub(crate) picture_kept: Option<Timestamp>,
}

/// The stored form of a [`Summary`], less what contacts know.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct StoredSummary {
    pub(crate) unread: u64,
    pub(crate) last_message: u64,
    pub(crate) last_time: Timestamp,
    pub(crate) preview: String,
    /// The note that the preview is of, and whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previewed: Option<(ObjectId, AccountUri)>,
    /// The last page of the timeline that has anything on it.
    pub(crate) last_page: Option<u64>,
    /// Up to where the person has seen.
    pub(crate) seen: u64,
    /// The last entry that was taken in.
    pub(crate) position: u64,
    #[serde(default)]
    pub(crate) muted: bool,
    #[serde(default)]
    pub(crate) archived: bool,
    /// When this device's leaf is to be renewed.
    #[serde(default)]
    pub(crate) renew_at: Option<Timestamp>,
}
