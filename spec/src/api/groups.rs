//! Groups: coming in by oneself, asking, being invited, members, turns, typing. Spec: `groups.md`; `relay-api.md` 11.

use serde::{Deserialize, Serialize};

use super::conversations::Participant;
use crate::{
    account::{AccountUri, Signature},
    bytes::Base64Url,
    consent::ContactState,
    policy::LinkKey,
    time::Timestamp,
};

/// What a device shows to be let near a group that its account is not in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkProof {
    /// The link's key.
    pub link: LinkKey,
    /// The link's key signed conversation, account and device ([`crate::external::request_content`]).
    pub signature: Signature,
}

/// `POST /v1/conversations/{conversation}/group-info`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskGroupInfo {
    /// A device of a member account needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<LinkProof>,
}

/// What a device needs to join by an external commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupInfoGiven {
    /// The GroupInfo of the current epoch: an MLSMessage, without the ratchet tree.
    pub group_info: Base64Url,
    /// The ratchet tree.
    pub tree: Base64Url,
    /// The proposals of this epoch, each an MLSMessage with a PublicMessage: the commit must apply them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<Base64Url>,
    /// The number of the last entry.
    pub last: u64,
}

/// `POST /v1/conversations/{conversation}/join-requests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskToJoin {
    /// By which link.
    pub proof: LinkProof,
}

/// Somebody who asks to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoinRequest {
    /// Who.
    pub who: Participant,
    /// Since when.
    pub since: Timestamp,
}

/// `GET /v1/conversations/{conversation}/join-requests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoinRequestList {
    /// Oldest first.
    pub requests: Vec<JoinRequest>,
}

/// `PUT /v1/conversations/{conversation}/consent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetConsent {
    /// `accepted`, `ignored` or `none`.
    pub state: ContactState,
}

/// `GET /v1/conversations/{conversation}/members`: names for the accounts that the tree has. It is the relay's word for
/// the handles only; who is a member is what the tree says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberList {
    /// Every account that has a leaf, or had one while this account was a member.
    pub members: Vec<Participant>,
}

/// `POST /v1/key-packages/claim-many`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClaimMany {
    /// Of whom: at most 250 accounts.
    pub accounts: Vec<AccountUri>,
}

/// What was claimed of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClaimedOf {
    /// Of whom.
    pub account: AccountUri,
    /// One key package for each device, each an MLSMessage; empty if the claim was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_packages: Vec<Base64Url>,
    /// Why it was refused, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<super::problem::ProblemType>,
}

/// The answer of `POST /v1/key-packages/claim-many`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClaimedMany {
    /// For each account that was asked for, in that order.
    pub claimed: Vec<ClaimedOf>,
}

/// `POST /v1/conversations/{conversation}/turns`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskTurn {
    /// Whether somebody is to be removed: such commits come first.
    #[serde(default)]
    pub removal: bool,
}

/// A turn was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TurnGiven {
    /// Until then the hub takes no commit but this device's.
    pub until: Timestamp,
}

/// `POST /v1/conversations/{conversation}/typing`, and what the stream brings of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Typing {
    /// Sealed, at most 256 bytes.
    pub sealed: Base64Url,
}
