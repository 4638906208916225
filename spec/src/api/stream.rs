//! The stream: server-sent events that say where to look. They carry nothing that is not also to be had by asking, so
//! that losing one costs nothing. Spec: `relay-api.md` 10.

use serde::{Deserialize, Serialize};

use crate::{account::AccountUri, conversation::ConversationId};

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
