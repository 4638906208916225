//! Who the members of a group are, and whether a commit is valid: the rules of `spec/` on mls-rs' types. What is allowed in
//! a group is in [`super::rules`].
//!
//! Spec: `identity.md` 5, `conversations.md` 7.

use std::collections::BTreeMap;

use infrasound_spec::{
    account::{AccountKey, AccountUri},
    commit::CommitViolation,
    conversation::{Conversation, ConversationKind},
    endorsement::{EndorsedDevice, Endorsement, EndorsementError},
    mls::LeafError,
    time::Timestamp,
};
use mls_rs::group::{
    CommitEffect, CommitMessageDescription, ExportedTree, LeafIndex, LeafNode, proposal::Proposal,
};

use super::{
    identity::{account_of, key_of},
    parameters::{MlsGroup, endorsement_in},
    rules,
};

/// Who a leaf is: the only way from a leaf to a person. The time is not looked at.
pub(super) fn endorsed_device(leaf: &LeafNode) -> Result<EndorsedDevice, LeafError> {
    let (account, key) = (account_of(&leaf.signing_identity)?, key_of(&leaf.signing_identity)?);
    Ok(endorsement(leaf)?.verify(&account, &key)?)
}

/// Who a leaf is that enters now.
fn endorsed_at(leaf: &LeafNode, at: Timestamp) -> Result<EndorsedDevice, LeafError> {
    let (account, key) = (account_of(&leaf.signing_identity)?, key_of(&leaf.signing_identity)?);
    Ok(endorsement(leaf)?.verify_at(&account, &key, at)?)
}

fn endorsement(leaf: &LeafNode) -> Result<Endorsement, LeafError> {
    let bytes = endorsement_in(&leaf.extensions).ok_or(EndorsementError::Missing)?;
    Ok(Endorsement::decode(&bytes)?)
}

/// The leaves of a tree.
pub(super) fn leaves(tree: &ExportedTree<'_>) -> BTreeMap<u32, LeafNode> {
    (0..tree.total_leaf_count())
        .filter_map(|index| {
            let leaf = tree.get_leaf(LeafIndex::try_from(index).ok()?).ok()??;
            Some((index, leaf.clone()))
        })
        .collect()
}

/// The members of a group: each leaf with the device that it is. Fails if any leaf is nobody's.
pub(super) fn members(group: &MlsGroup) -> Result<BTreeMap<u32, EndorsedDevice>, LeafError> {
    members_in(&group.export_tree())
}

/// The members that a tree has.
pub(super) fn members_in(tree: &ExportedTree<'_>) -> Result<BTreeMap<u32, EndorsedDevice>, LeafError> {
    leaves(tree).iter().map(|(index, leaf)| Ok((*index, endorsed_device(leaf)?))).collect()
}

/// Checks a commit by what it made of the group, at the hub's entry time.
pub(super) fn check_commit(
    conversation: &Conversation,
    before: &MlsGroup,
    after: &MlsGroup,
    commit: &CommitMessageDescription,
    at: Timestamp,
) -> Result<(), CommitViolation> {
    if conversation.kind() == ConversationKind::Group {
        // Who is removed cannot see the leaves of the new epoch; whether the removal is allowed can be seen.
        if !matches!(commit.effect, CommitEffect::Removed { .. }) {
            check_leaves(before, after, commit, at)?;
        }
        return rules::check(before, after, commit, at);
    }
    if before.context().extensions() != after.context().extensions() {
        return Err(CommitViolation::ContextChanged);
    }
    check_leaves(before, after, commit, at)?;
    if commit.is_external {
        rules::check_sibling(before, after, commit)?;
    } else {
        check_proposals(&commit.effect)?;
    }
    check_members(conversation, &members(before)?, &members(after)?)
}

/// The committer's leaf is new and still the committer's; that one and all others that are new are endorsed now.
fn check_leaves(
    before: &MlsGroup,
    after: &MlsGroup,
    commit: &CommitMessageDescription,
    at: Timestamp,
) -> Result<(), CommitViolation> {
    let (leaves_before, leaves_after) = (leaves(&before.export_tree()), leaves(&after.export_tree()));
    if !commit.is_external {
        let committer = leaves_before.get(&commit.committer).ok_or(CommitViolation::NotFromAMember)?;
        let path = leaves_after.get(&commit.committer).filter(|leaf| *leaf != committer);
        check_path(path, &endorsed_device(committer)?, at)?;
    }
    for (index, leaf) in &leaves_after {
        if leaves_before.get(index) != Some(leaf) {
            endorsed_at(leaf, at)?;
        }
    }
    Ok(())
}

fn check_proposals(effect: &CommitEffect) -> Result<(), CommitViolation> {
    let CommitEffect::NewEpoch(epoch) = effect else { return Err(CommitViolation::ProposalNotAllowed) };
    let allowed = |proposal: &Proposal| matches!(proposal, Proposal::Add(_) | Proposal::Remove(_));
    if epoch.applied_proposals().iter().all(|info| allowed(&info.proposal)) {
        Ok(())
    } else {
        Err(CommitViolation::ProposalNotAllowed)
    }
}

fn check_path(
    leaf: Option<&LeafNode>,
    committer: &EndorsedDevice,
    at: Timestamp,
) -> Result<(), CommitViolation> {
    let renewed = endorsed_at(leaf.ok_or(CommitViolation::NoPath)?, at)?;
    if renewed.is_same_device(committer) { Ok(()) } else { Err(CommitViolation::PathLeafNotCommitters) }
}

/// What holds for the members after each commit: they belong there, no account has two keys, no device two leaves, and in a
/// direct conversation nobody is gone.
pub(super) fn check_members(
    conversation: &Conversation,
    before: &BTreeMap<u32, EndorsedDevice>,
    after: &BTreeMap<u32, EndorsedDevice>,
) -> Result<(), CommitViolation> {
    let mut keys: BTreeMap<&AccountUri, AccountKey> = BTreeMap::new();
    let mut seen = Vec::new();
    for device in after.values() {
        if !conversation.may_have(&device.account) {
            return Err(CommitViolation::Stranger(device.account.clone()));
        }
        if *keys.entry(&device.account).or_insert(device.account_key) != device.account_key {
            return Err(CommitViolation::TwoAccountKeys(device.account.clone()));
        }
        if seen.contains(&(&device.account, device.device)) {
            return Err(CommitViolation::DeviceTwice);
        }
        seen.push((&device.account, device.device));
    }
    let gone = before.values().find(|device| !keys.contains_key(&device.account));
    match gone.filter(|_| conversation.kind() == ConversationKind::Direct) {
        Some(gone) => Err(CommitViolation::RemovesAccount(gone.account.clone())),
        None => Ok(()),
    }
}
