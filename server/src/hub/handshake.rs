//! A commit and what goes with it, checked against the public group: all that is public (design §5).
//!
//! What cannot be seen here (confirmation tag, membership tag, path secrets) is what makes a commit provisional.
//! Spec: `conversations.md` 7.

use infrasound_spec::{
    api::conversations::{CommitBundle, TreeHash},
    commit::{self, CommitChanges},
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
        Extensions, GroupContext, LeafNodeIndex, ProcessedMessageContent, PublicGroup, Sender,
        Verifiable as _,
    },
};
use openmls_rust_crypto::RustCrypto;
use tls_codec::{DeserializeBytes as _, Serialize as _, TlsDeserializeBytes, TlsSize, VLBytes};

use super::{framing, public_group::Pieces};
use crate::{error::ApiError, session::Session};

/// A commit that is valid in its group, and the group after it.
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
    /// When it was judged: the time of its entry.
    pub(crate) at: Timestamp,
}

/// Checks a bundle against the group before it, at the time that the entry will have.
pub(crate) fn check(
    crypto: &RustCrypto,
    mut group: PublicGroup,
    pieces: &Pieces,
    bundle: &CommitBundle,
    session: &Session,
    at: Timestamp,
) -> Result<CheckedCommit, ApiError> {
    let message = framing::commit(bundle.commit.as_slice())?;
    let processed = group
        .process_message(crypto, message)
        .map_err(|error| ApiError::invalid(format!("The commit does not verify: {error}.")))?;
    let sender = processed.sender().clone();
    let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
        return Err(ApiError::invalid("The message is not a commit."));
    };
    let changes = commit::check(&group, &sender, &staged, at)
        .map_err(|violation| ApiError::invalid(format!("The commit is not allowed: {violation}.")))?;
    let own = (&changes.committer.account, changes.committer.device, changes.committer.device_key)
        == (&session.account, session.device, session.device_key);
    let (true, Sender::Member(committer)) = (own, sender) else {
        return Err(ApiError::new(
            infrasound_spec::api::problem::ProblemType::Forbidden,
            "The commit was made by another device than the one that submits it.",
        ));
    };
    check_welcome(crypto, &staged, bundle)?;
    group.merge_commit(pieces, *staged).map_err(|_| ApiError::invalid("The commit cannot be applied."))?;
    check_group_info(crypto, &group, committer, bundle.group_info.as_slice())?;
    let tree_hash = TreeHash::from_slice(group.group_context().tree_hash())
        .ok_or_else(|| ApiError::invalid("The tree hash has an unexpected length."))?;
    let tree = bundle.welcome.is_some().then(|| group.export_ratchet_tree().tls_serialize_detached());
    Ok(CheckedCommit {
        changes,
        epoch: group.group_context().epoch().as_u64(),
        state: pieces.encode(&group).map_err(unstorable)?,
        tree_hash,
        tree: tree.transpose().map_err(unstorable)?,
        at,
    })
}

fn unstorable(error: impl std::fmt::Display) -> ApiError {
    tracing::error!(%error, "a group that was just checked cannot be written");
    ApiError::internal()
}

/// The Welcome is there when somebody is added, and is for exactly those.
fn check_welcome(crypto: &RustCrypto, staged: &StagedCommit, bundle: &CommitBundle) -> Result<(), ApiError> {
    let mut added = Vec::new();
    for add in staged.add_proposals() {
        let reference = add.add_proposal().key_package().hash_ref(crypto);
        added.push(reference.map_err(|_| ApiError::invalid("A key package in the commit is malformed."))?);
    }
    let Some(bytes) = &bundle.welcome else {
        let none = added.is_empty();
        return if none {
            Ok(())
        } else {
            Err(ApiError::invalid("The commit adds somebody, but has no Welcome."))
        };
    };
    let welcome = framing::welcome(bytes.as_slice())?;
    let invited: Vec<_> = welcome.secrets().iter().map(EncryptedGroupSecrets::new_member).collect();
    let same = !added.is_empty()
        && invited.len() == added.len()
        && added.iter().all(|reference| invited.contains(reference));
    if welcome.ciphersuite() == mls::CIPHERSUITE && same {
        Ok(())
    } else {
        Err(ApiError::invalid("The Welcome is not for those whom the commit adds."))
    }
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

/// The GroupInfo describes the group after the commit, and the committer signed it.
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
