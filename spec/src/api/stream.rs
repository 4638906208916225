//! The stream: server-sent events that say where to look. They carry nothing that is not also to be had by asking, so
//! that losing one costs nothing. Spec: `relay-api.md` 10.

use serde::{Deserialize, Serialize};

use crate::{account::AccountUri, bytes::Base64Url, conversation::ConversationId};

/// The data of one event, in JSON. The event's `id` is a cursor for `Last-Event-ID`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum StreamEvent {
    /// The stream is open and nothing before `id` is missing: what changed since the client's cursor has been sent.
    Ready,
    /// A conversation's log has grown.
    Log {
        /// Which.
        conversation: ConversationId,
        /// The number of its last entry.
        last: u64,
    },
    /// There is a Welcome.
    Welcome,
    /// Somebody wants to leave, and nobody has committed it: this device is asked to.
    CommitWanted {
        /// Where.
        conversation: ConversationId,
    },
    /// Somebody asks to be let into a group, or no longer asks.
    JoinRequests {
        /// Into which.
        conversation: ConversationId,
    },
    /// Somebody is typing. Kept nowhere: it has no place in the order of events.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// What was sent.
        sealed: Base64Url,
    },
    /// What the account says of being in a group has changed, on another device; or it is in another conversation now.
    Conversations,
    /// What the account said of others has changed, on another device.
    Contacts,
    /// The account's devices have changed: one was linked, renamed or revoked.
    Devices,
    /// An account in one of the device's conversations has started over.
    StartedOver {
        /// Which.
        account: AccountUri,
    },
    /// Few one-time key packages are left.
    KeyPackages {
        /// How many.
        one_time: u64,
    },
}
