//! The hub's log: gap-free entries, and the hash chain over them that members compare.
//!
//! Spec: `conversations.md` 4 and 5.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tls_codec::{TlsDeserialize, TlsSerialize, TlsSize};

use crate::{
    account::DeviceId,
    bytes::{Base64Url, fixed_bytes},
    conversation::ConversationId,
    signing,
    submission::SubmissionId,
    time::Timestamp,
};

fixed_bytes!(
    /// SHA-256 of an entry's bytes. It stays when the bytes go.
    EntryDigest,
    32
);

fixed_bytes!(
    /// The value of the hash chain at an entry.
    ChainValue,
    32
);

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// An MLS commit, as a PublicMessage. It is provisional until a `confirm` names it.
    Commit,
    /// An MLS application message, as a PrivateMessage.
    Message,
    /// The hub says that the commit whose number is in the bytes stands.
    Confirm,
    /// The hub says that the commit whose number is in the bytes, and all after it, never happened.
    Void,
    /// An MLS proposal, as a PublicMessage: somebody wants to leave.
    Proposal,
}

impl EntryKind {
    /// The kind in the hash chain.
    pub const fn code(self) -> u8 {
        match self {
            Self::Commit => 1,
            Self::Message => 2,
            Self::Confirm => 3,
            Self::Void => 4,
            Self::Proposal => 5,
        }
    }

    /// The kind of a code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Commit),
            2 => Some(Self::Message),
            3 => Some(Self::Confirm),
            4 => Some(Self::Void),
            5 => Some(Self::Proposal),
            _ => None,
        }
    }
}

/// One entry of a conversation's log, as the hub delivers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogEntry {
    /// Its number: 1, 2, 3, … without gaps.
    pub number: u64,
    /// When the hub accepted it, in its own time.
    pub time: Timestamp,
    /// What it is.
    pub kind: EntryKind,
    /// SHA-256 of the bytes.
    pub digest: EntryDigest,
    /// The bytes; absent when they have expired or were never this device's to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Base64Url>,
    /// Which device submitted it, the hub says. Never shown as the sender; a mismatch with the MLS leaf is reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitter: Option<DeviceId>,
    /// The submitter's id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<SubmissionId>,
}

/// SHA-256 of an entry's bytes.
pub fn digest(bytes: &[u8]) -> EntryDigest {
    EntryDigest::from_bytes(Sha256::digest(bytes).into())
}

/// The bytes of a `confirm` or `void` entry.
pub fn control_bytes(commit: u64) -> [u8; 8] {
    commit.to_be_bytes()
}

/// The commit that a `confirm` or `void` entry names.
pub fn control_target(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

#[derive(TlsSerialize, TlsSize)]
struct ChainStart {
    label: [u8; 26],
    conversation: [u8; 32],
    generation: u32,
}

#[derive(TlsSerialize, TlsSize)]
struct ChainLink {
    previous: [u8; 32],
    number: u64,
    time: u64,
    kind: u8,
    digest: [u8; 32],
}

impl ChainValue {
    /// The value before the first entry of a founding: it binds the chain to the conversation and the founding.
    pub fn start(conversation: &ConversationId, generation: u32) -> Self {
        let start = ChainStart {
            label: *b"Infrasound 1.0 LogChain v1",
            conversation: *conversation.as_bytes(),
            generation,
        };
        Self::from_bytes(Sha256::digest(signing::encode(&start)).into())
    }

    /// The value after one more entry.
    #[must_use]
    pub fn next(&self, number: u64, time: Timestamp, kind: EntryKind, digest: &EntryDigest) -> Self {
        let link = ChainLink {
            previous: *self.as_bytes(),
            number,
            time: time.as_millis(),
            kind: kind.code(),
            digest: *digest.as_bytes(),
        };
        Self::from_bytes(Sha256::digest(signing::encode(&link)).into())
    }
}

/// A place in the log and the chain's value there: what a member says it has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogPosition {
    /// The number of the last entry seen; 0 before the first.
    pub number: u64,
    /// The chain's value at that entry.
    pub chain: ChainValue,
}

#[derive(TlsSerialize, TlsDeserialize, TlsSize)]
struct WirePosition {
    number: u64,
    chain: [u8; 32],
}

impl LogPosition {
    /// Where a founding begins, when the log already has `number` entries: 0 for the first founding.
    pub fn start(conversation: &ConversationId, generation: u32, number: u64) -> Self {
        Self { number, chain: ChainValue::start(conversation, generation) }
    }

    /// After `entry`, which must be the next one; else `None`.
    pub fn advance(&self, entry: &LogEntry) -> Option<Self> {
        let number = self.number.checked_add(1)?;
        (entry.number == number)
            .then(|| Self { number, chain: self.chain.next(number, entry.time, entry.kind, &entry.digest) })
    }

    /// 40 bytes: the number, then the chain's value.
    pub fn encode(&self) -> Vec<u8> {
        signing::encode(&WirePosition { number: self.number, chain: *self.chain.as_bytes() })
    }

    /// Reads what [`LogPosition::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let wire = signing::decode::<WirePosition>(bytes).ok()?;
        Some(Self { number: wire.number, chain: ChainValue::from_bytes(wire.chain) })
    }
}
