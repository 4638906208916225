//! Conversations and the hub's log. Spec: `conversations.md`; `relay-api.md` 9.

use serde::{Deserialize, Serialize};

use crate::{
    account::{AccountUri, DeviceId, Handle, Signature},
    bytes::{Base64Url, fixed_bytes},
    consent::ContactState,
    conversation::{ConversationId, ConversationKind},
    log::LogEntry,
    report::{AuthenticatorHash, CommitOutcome},
    submission::SubmissionId,
    time::Timestamp,
};

fixed_bytes!(
    /// Names a Welcome at the relay.
    WelcomeId,
    16
);

/// Where a conversation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationHead {
    /// Which.
    pub conversation: ConversationId,
    /// What kind.
    pub kind: ConversationKind,
    /// Which founding the log's current group is. With a founding that was voided, the next one.
    pub generation: u32,
    /// Whether there is a group: `false` from a voided founding until the next one.
    pub founded: bool,
    /// The number of the last entry.
    pub last: u64,
    /// The number of the first entry whose bytes are kept for this device.
    pub first_kept: u64,
    /// The epoch of the current group.
    pub epoch: u64,
    /// The commit that is not confirmed yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisional: Option<u64>,
    /// Accounts in the group none of whose leaves is a device any more: they started over and wait to be let in again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub started_over: Vec<AccountUri>,
    /// Whether this device has a leaf. Without one, and with `joined` of the account, it may join by itself.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub member: bool,
    /// In a group: what the account says of being in it. `none` is an invitation that is not answered yet.
    #[serde(default, skip_serializing_if = "is_none_said")]
    pub consent: ContactState,
    /// In a group: who added the account, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inviter: Option<Participant>,
    /// In a group: accounts that were invited more than 30 days ago and did not answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invitations_ended: Vec<AccountUri>,
    /// In a group: how many accounts ask to be let in, for whom may let them in.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub join_requests: u64,
    /// Who takes part in a direct conversation. The members of a group are asked for apart.
    pub participants: Vec<Participant>,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
const fn is_yes(member: &bool) -> bool {
    *member
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_none_said(state: &ContactState) -> bool {
    *state == ContactState::None
}

/// An account that takes part in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Participant {
    /// The account.
    pub account: AccountUri,
    /// Its handle.
    pub handle: Handle,
}

/// `GET /v1/conversations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationList {
    /// The conversations in which this device has a leaf, or another device of its account has one.
    pub conversations: Vec<ConversationHead>,
}

/// A commit and what goes with it, accepted or refused as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommitBundle {
    /// The commit: an MLSMessage with a PublicMessage.
    pub commit: Base64Url,
    /// The Welcome, when the commit adds somebody: an MLSMessage, without the ratchet tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub welcome: Option<Base64Url>,
    /// The GroupInfo of the new epoch, signed by the committer: an MLSMessage, without the ratchet tree.
    pub group_info: Base64Url,
}

/// `POST /v1/conversations`: the group as it was made, and the commit that adds the other account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundConversation {
    /// Which; it must be the one that the group's context names.
    pub conversation: ConversationId,
    /// The client's id for this submission.
    pub submission: SubmissionId,
    /// The GroupInfo of epoch 0: an MLSMessage, without the ratchet tree.
    pub group_info: Base64Url,
    /// The ratchet tree of epoch 0.
    pub tree: Base64Url,
    /// The commit to epoch 1.
    pub bundle: CommitBundle,
    /// The device's signature over the bundle ([`crate::submission::commit_content`]).
    pub signature: Signature,
}

/// `POST /v1/conversations/{conversation}/messages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmitMessage {
    /// The client's id for this submission. A repeat gets the first answer.
    pub submission: SubmissionId,
    /// The last entry that the client has: a `wrong-epoch` answer brings those after it.
    pub after: u64,
    /// The message: an MLSMessage with a PrivateMessage of the current epoch.
    pub message: Base64Url,
    /// The device's signature ([`crate::submission::message_content`]).
    pub signature: Signature,
    /// Whether nobody is to be woken for it (`push.md` 2.2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
}

/// `POST /v1/conversations/{conversation}/commits`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmitCommit {
    /// The client's id for this submission. A repeat gets the first answer.
    pub submission: SubmissionId,
    /// The last entry that the client has: a `wrong-epoch` answer brings those after it.
    pub after: u64,
    /// The commit and what goes with it.
    pub bundle: CommitBundle,
    /// The device's signature over the bundle ([`crate::submission::commit_content`]).
    pub signature: Signature,
}

/// `POST /v1/conversations/{conversation}/proposals`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmitProposal {
    /// The client's id for this submission. A repeat gets the first answer.
    pub submission: SubmissionId,
    /// The last entry that the client has: a `wrong-epoch` answer brings those after it.
    pub after: u64,
    /// The proposal: an MLSMessage with a PublicMessage that holds a SelfRemove of the current epoch.
    pub proposal: Base64Url,
    /// The device's signature ([`crate::submission::proposal_content`]).
    pub signature: Signature,
}

/// The answer to a submission: it is in the log, durably.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Accepted {
    /// The number of the entry.
    pub number: u64,
    /// When it was accepted, in the hub's time.
    pub time: Timestamp,
}

/// With a `wrong-epoch` problem: what the client is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WrongEpoch {
    /// The current epoch.
    pub epoch: u64,
    /// The entries after the client's last one (the first page of them).
    pub entries: Vec<LogEntry>,
}

/// `GET /v1/conversations/{conversation}/log`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct LogQuery {
    /// The last entry that this device has stored: what comes before may go.
    pub after: u64,
    /// How many entries at the most; [`crate::limits::MAX_LOG_PAGE`] if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// A page of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogPage {
    /// Entries in order, without gaps.
    pub entries: Vec<LogEntry>,
    /// The number of the last entry of the log.
    pub last: u64,
}

/// `POST /v1/conversations/{conversation}/reports`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportCommit {
    /// The number of the commit's entry.
    pub number: u64,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: CommitOutcome,
    /// The device's signature ([`crate::report::report_content`]).
    pub signature: Signature,
}

/// The answer to a report that another's differs from: what a device of another account reported, which applied the same
/// commit and came to another epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forked {
    /// Which device.
    pub device: DeviceId,
    /// The hash of the authenticator of the epoch that it came to.
    pub authenticator: AuthenticatorHash,
    /// Its signature over the report ([`crate::report::report_content`]).
    pub signature: Signature,
}

/// A Welcome for this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingWelcome {
    /// For `DELETE /v1/welcomes/{welcome}`.
    pub welcome: WelcomeId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The number of the commit that it belongs to: the device's log begins there.
    pub number: u64,
    /// The Welcome: an MLSMessage.
    pub bytes: Base64Url,
    /// The hash of the ratchet tree to fetch.
    pub tree: TreeHash,
    /// What kind of conversation.
    pub kind: ConversationKind,
    /// Who made the commit.
    pub inviter: Participant,
    /// Who takes part in a direct conversation; empty for a group.
    pub participants: Vec<Participant>,
}

/// `GET /v1/welcomes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WelcomeList {
    /// Welcomes that this device has not used yet.
    pub welcomes: Vec<PendingWelcome>,
}

fixed_bytes!(
    /// The hash of a ratchet tree (RFC 9420 section 7.8), as the GroupContext has it.
    TreeHash,
    32
);

/// `GET /v1/conversations/{conversation}/trees/{hash}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TreeBytes {
    /// The ratchet tree (RFC 9420 section 12.4.3.3).
    pub tree: Base64Url,
}
