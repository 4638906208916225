//! A commit and what goes with it, checked against the public group: all that is public (design §5).
//!
//! What cannot be seen here (confirmation tag, membership tag, path secrets) is what makes a commit provisional.
//! Spec: `conversations.md` 7.

use std::collections::HashMap;

use infrasound_spec::{
    account::DeviceId,
    api::{
        conversations::{CommitBundle, TreeHash},
        problem::ProblemType,
    },
    commit::{self, CommitChanges, Framing},
    conversation::ConversationKind,
    limits,
    log::LogPosition,
    mls,
    time::Timestamp,
};
use openmls::{
    group::StagedCommit,
    messages::{
        EncryptedGroupSecrets,
        group_info::{GroupInfo, VerifiableGroupInfo},
    },
    prelude::{
        Extensions, GroupContext, LeafNode, LeafNodeIndex, ProcessedMessageContent, Proposal, PublicGroup,
        Sender, Verifiable as _,
    },
};
use openmls_rust_crypto::RustCrypto;
use tls_codec::{DeserializeBytes as _, Serialize as _, TlsDeserializeBytes, TlsSize, VLBytes};

use super::{current::EpochGroup, framing, welcome};
use crate::{error::ApiError, session::Session};

/// A commit that is valid in its group.
#[derive(Debug)]
pub(crate) struct CheckedCommit {
    /// What it changes.
    pub(crate) changes: CommitChanges,
    /// The epoch after it.
    pub(crate) epoch: u64,
    /// The group after it, as it is stored.
    pub(crate) state: Vec<u8>,
    /// The hash of the tree after it.
    pub(crate) tree_hash: TreeHash,
    /// The tree after it, when a Welcome needs it.
    pub(crate) tree: Option<Vec<u8>>,
    /// The Welcome, taken apart.
    pub(crate) welcome: Option<SplitWelcome>,
    /// Accounts after it.
    pub(crate) accounts: usize,
    /// Leaves after it.
    pub(crate) leaves: usize,
    /// When it was judged: the time of its entry.
    pub(crate) at: Timestamp,
}

/// A Welcome, taken apart for its devices.
#[derive(Debug)]
pub(crate) struct SplitWelcome {
    /// What they share.
    pub(crate) shared: Vec<u8>,
    /// The secret of each.
    pub(crate) secrets: HashMap<DeviceId, Vec<u8>>,
}

/// Why a commit is not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It leaves out somebody who wants to leave.
    Incomplete,
    /// It is not valid, or not the session's.
    Problem(ApiError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Problem(error)
    }
}

/// A commit to check, and the group that it is for.
pub(crate) struct Judging<'a> {
    /// The algorithms.
    pub(crate) crypto: &'a RustCrypto,
    /// What kind of conversation.
    pub(crate) kind: ConversationKind,
    /// The leaves of who has proposed to leave.
    pub(crate) leaving: &'a [DeviceId],
    /// Whose commit it is.
    pub(crate) session: &'a Session,
    /// The time that its entry will have.
    pub(crate) at: Timestamp,
}

impl Judging<'_> {
    /// Checks a bundle against the group before it. If it is valid, `epoch` is the group after it; its `state_entry` is the
    /// caller's to set.
    pub(crate) fn check(
        &self,
        epoch: &mut EpochGroup,
        bundle: &CommitBundle,
    ) -> Result<CheckedCommit, Refusal> {
        let limit = framing::handshake_limit(self.kind);
        framing::check_length(bundle.commit.as_slice(), "commit", limit)?;
        framing::check_length(bundle.group_info.as_slice(), "GroupInfo", limit)?;
        let message = framing::commit(bundle.commit.as_slice())?;
        let processed = epoch
            .group
            .process_message(self.crypto, message)
            .map_err(|error| ApiError::invalid(format!("The commit does not verify: {error}.")))?;
        let (sender, aad) = (processed.sender().clone(), processed.aad().to_vec());
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            return Err(ApiError::invalid("The message is not a commit.").into());
        };
        let framing = Framing { sender: &sender, aad: &aad };
        let changes = commit::check(&epoch.group, &epoch.members, framing, &staged, self.at)
            .map_err(|violation| ApiError::invalid(format!("The commit is not allowed: {violation}.")))?;
        let committer = self.own_leaf(epoch, &sender, &staged, &changes)?;
        self.check_complete(epoch, &staged)?;
        check_leaf_sizes(&staged)?;
        let welcome = self.check_welcome(&staged, bundle)?;
        let members = {
            epoch
                .group
                .merge_commit(&epoch.pieces, *staged)
                .map_err(|_| ApiError::invalid("The commit cannot be applied."))?;
            epoch.proposals.clear();
            epoch.members.after(&epoch.group, &changes)
        };
        epoch.members = members.map_err(unstorable)?;
        check_group_info(self.crypto, &epoch.group, committer, bundle.group_info.as_slice())?;
        let tree = if changes.added.is_empty() { None } else { Some(self.grown_tree(&epoch.group)?) };
        let tree_hash = TreeHash::from_slice(epoch.group.group_context().tree_hash())
            .ok_or_else(|| ApiError::invalid("The tree hash has an unexpected length."))?;
        Ok(CheckedCommit {
            changes,
            epoch: epoch.group.group_context().epoch().as_u64(),
            state: epoch.pieces.encode(&epoch.group).map_err(unstorable)?,
            tree_hash,
            tree: tree.filter(|_| welcome.is_some()),
            welcome,
            accounts: epoch.members.accounts().len(),
            leaves: epoch.members.len(),
            at: self.at,
        })
    }

    /// The tree after a commit that adds somebody: it may not grow beyond what who joins has to take.
    fn grown_tree(&self, group: &PublicGroup) -> Result<Vec<u8>, ApiError> {
        let tree = group.export_ratchet_tree().tls_serialize_detached().map_err(unstorable)?;
        framing::check_length(&tree, "ratchet tree", framing::tree_limit(self.kind))?;
        Ok(tree)
    }

    /// The leaf of the committer after the commit; it must be the session's device.
    fn own_leaf(
        &self,
        epoch: &EpochGroup,
        sender: &Sender,
        staged: &StagedCommit,
        changes: &CommitChanges,
    ) -> Result<LeafNodeIndex, ApiError> {
        let own = (&changes.committer.account, changes.committer.device, changes.committer.device_key)
            == (&self.session.account, self.session.device, self.session.device_key);
        let index = match sender {
            Sender::Member(index) => Some(*index),
            Sender::NewMemberCommit => Some(epoch.group.ext_commit_sender_index(staged).map_err(unstorable)?),
            Sender::External(_) | Sender::NewMemberProposal => None,
        };
        index.filter(|_| own).ok_or_else(|| {
            ApiError::new(
                ProblemType::Forbidden,
                "The commit was made by another device than the one that submits it.",
            )
        })
    }

    /// All who proposed to leave go by it.
    fn check_complete(&self, epoch: &EpochGroup, staged: &StagedCommit) -> Result<(), Refusal> {
        let applied: Vec<DeviceId> = staged
            .queued_proposals()
            .filter_map(|queued| match (queued.proposal(), queued.sender()) {
                (Proposal::SelfRemove, Sender::Member(index)) => epoch.members.at(index.u32()),
                _ => None,
            })
            .map(|device| device.device)
            .collect();
        if self.leaving.iter().all(|device| applied.contains(device)) {
            Ok(())
        } else {
            Err(Refusal::Incomplete)
        }
    }

    /// The Welcome is there when somebody is added, and is for exactly those.
    fn check_welcome(
        &self,
        staged: &StagedCommit,
        bundle: &CommitBundle,
    ) -> Result<Option<SplitWelcome>, ApiError> {
        let malformed = || ApiError::invalid("A key package in the commit is malformed.");
        let mut added = Vec::new();
        for add in staged.add_proposals() {
            let key_package = add.add_proposal().key_package();
            let reference = key_package.hash_ref(self.crypto).map_err(|_| malformed())?;
            let device = mls::leaf_endorsement(key_package.leaf_node()).map_err(|_| malformed())?.device;
            added.push((device, reference));
        }
        let Some(bytes) = &bundle.welcome else {
            let none = added.is_empty();
            return if none {
                Ok(None)
            } else {
                Err(ApiError::invalid("The commit adds somebody, but has no Welcome."))
            };
        };
        framing::check_length(bytes.as_slice(), "Welcome", framing::handshake_limit(self.kind))?;
        let parsed = framing::welcome(bytes.as_slice())?;
        let invited: Vec<_> = parsed.secrets().iter().map(EncryptedGroupSecrets::new_member).collect();
        let wrong = || ApiError::invalid("The Welcome is not for those whom the commit adds.");
        let mut split = welcome::split(bytes.as_slice()).map_err(|_| wrong())?;
        if added.is_empty() || invited.len() != added.len() || parsed.ciphersuite() != mls::CIPHERSUITE {
            return Err(wrong());
        }
        let mut secrets = HashMap::new();
        for (device, reference) in added {
            let secret = split.secrets.remove(reference.as_slice()).ok_or_else(wrong)?;
            secrets.insert(device, secret);
        }
        Ok(Some(SplitWelcome { shared: split.shared, secrets }))
    }
}

/// No leaf that comes in is larger than a key package may be: all who join later have to fetch it.
fn check_leaf_sizes(staged: &StagedCommit) -> Result<(), ApiError> {
    let check = |leaf: &LeafNode| {
        let bytes = leaf.tls_serialize_detached().map_err(unstorable)?;
        framing::check_length(&bytes, "leaf", limits::MAX_KEY_PACKAGE)
    };
    for add in staged.add_proposals() {
        check(add.add_proposal().key_package().leaf_node())?;
    }
    staged.update_path_leaf_node().map_or(Ok(()), check)
}

fn unstorable(error: impl std::fmt::Display) -> ApiError {
    tracing::error!(%error, "a group that was just checked cannot be written");
    ApiError::internal()
}

/// A GroupInfo (RFC 9420 section 12.4.3), to read what openmls keeps to itself.
#[derive(TlsDeserializeBytes, TlsSize)]
struct WireGroupInfo {
    context: GroupContext,
    extensions: Extensions<GroupInfo>,
    confirmation_tag: VLBytes,
    signer: u32,
    signature: VLBytes,
}

/// The GroupInfo describes the group after the commit, lets devices join by it, and the committer signed it.
fn check_group_info(
    crypto: &RustCrypto,
    group: &PublicGroup,
    committer: LeafNodeIndex,
    bytes: &[u8],
) -> Result<(), ApiError> {
    let info = framing::group_info(bytes)?;
    let (confirmation_tag, signer) = hidden_fields(&info)?;
    let expected_tag = group.confirmation_tag().tls_serialize_detached().map_err(unstorable)?;
    let same = info.group_context() == group.group_context()
        && signer == committer.u32()
        && confirmation_tag.tls_serialize_detached().map_err(unstorable)? == expected_tag;
    if !same {
        return Err(ApiError::invalid("The GroupInfo does not describe the group after the commit."));
    }
    let position = info.extensions().unknown(mls::LOG_POSITION_EXTENSION);
    let usable = info.extensions().external_pub().is_some()
        && position.is_some_and(|position| LogPosition::decode(&position.0).is_some());
    if !usable {
        return Err(ApiError::invalid(
            "The GroupInfo lacks the key that devices join with, or the committer's place in the log.",
        ));
    }
    let leaf = group.leaf(committer).ok_or_else(|| ApiError::invalid("The committer has no leaf."))?;
    let key =
        mls::leaf_key(leaf).map_err(|error| ApiError::invalid(format!("The committer's leaf: {error}.")))?;
    info.verify(crypto, &mls::openmls_key(&key))
        .map(drop)
        .map_err(|_| ApiError::invalid("The committer did not sign the GroupInfo."))
}

fn hidden_fields(info: &VerifiableGroupInfo) -> Result<(VLBytes, u32), ApiError> {
    let bytes = info.tls_serialize_detached().map_err(unstorable)?;
    let wire = WireGroupInfo::tls_deserialize_exact_bytes(&bytes)
        .map_err(|_| ApiError::invalid("The GroupInfo is malformed."))?;
    Ok((wire.confirmation_tag, wire.signer))
}
