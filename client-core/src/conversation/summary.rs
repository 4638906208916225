//! What a list of conversations shows; kept in memory for all of them.

use infrasound_spec::{consent::ContactState, conversation::ConversationId, time::Timestamp};
use serde::{Deserialize, Serialize};

use crate::event::Person;

/// One line in a list of conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Which.
    pub conversation: ConversationId,
    /// With whom.
    pub with: Person,
    /// What this account has said of them: `None` makes the conversation a request, if they began it.
    pub consent: ContactState,
    /// Whether it is a request: they began it, and nothing was said of them yet.
    pub request: bool,
    /// Messages that the person has not seen.
    pub unread: u64,
    /// The number of the last message.
    pub last_message: u64,
    /// When the last message was accepted.
    pub last_time: Timestamp,
    /// The start of the last message, as HTML text.
    pub preview: String,
    /// What keeps messages from going, if something does: for a person.
    pub waiting: Option<String>,
}

/// The stored form of a [`Summary`], less what contacts know.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct StoredSummary {
    pub(crate) unread: u64,
    pub(crate) last_message: u64,
    pub(crate) last_time: Timestamp,
    pub(crate) preview: String,
    /// The last page of the timeline that has anything on it.
    pub(crate) last_page: Option<u64>,
    /// Up to where the person has seen.
    pub(crate) seen: u64,
    /// The last entry that was taken in.
    pub(crate) position: u64,
}
