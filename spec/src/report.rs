//! Reports: a device tells the hub, signed, what became of a commit when it tried to apply it.
//!
//! Spec: `conversations.md` 8.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tls_codec::{TlsSerialize, TlsSize};

use crate::{bytes::fixed_bytes, conversation::ConversationId, signing};

fixed_bytes!(
    /// SHA-256 of a device's epoch authenticator (RFC 9420 section 8.7): equal for all who are in the same epoch.
    AuthenticatorHash,
    32
);

/// The hash of an epoch authenticator.
pub fn authenticator_hash(epoch_authenticator: &[u8]) -> AuthenticatorHash {
    AuthenticatorHash::from_bytes(Sha256::digest(epoch_authenticator).into())
}

/// What became of a commit on one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum CommitOutcome {
    /// Applied; the device is in the new epoch, whose authenticator has this hash.
    Applied {
        /// The hash of the new epoch's authenticator.
        authenticator: AuthenticatorHash,
    },
    /// Not applied: the commit or the Welcome does not verify on this device.
    CannotApply,
}

#[derive(TlsSerialize, TlsSize)]
struct Signed {
    conversation: [u8; 32],
    number: u64,
    applied: u8,
    authenticator: [u8; 32],
}

/// What a device signs for a report on the commit with this number.
pub fn report_content(conversation: &ConversationId, number: u64, outcome: &CommitOutcome) -> Vec<u8> {
    let (applied, authenticator) = match outcome {
        CommitOutcome::Applied { authenticator } => (1, *authenticator.as_bytes()),
        CommitOutcome::CannotApply => (0, [0; 32]),
    };
    signing::encode(&Signed { conversation: *conversation.as_bytes(), number, applied, authenticator })
}
