//! When a commit is valid: a function of the group's state and the hub's entry time alone, so that hub and members
//! never disagree (design: a client's pins or clock would fork groups).
//!
//! Spec: `conversations.md` 7.

use std::collections::BTreeMap;

use openmls::{
    group::StagedCommit,
    prelude::{LeafNode, Proposal, PublicGroup, Sender},
};

use crate::{
    account::{AccountKey, AccountUri, DeviceId},
    conversation::{self, Conversation},
    endorsement::EndorsedDevice,
    mls::{self, LeafError},
    time::Timestamp,
};

/// What a valid commit changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitChanges {
    /// Whose device made it.
    pub committer: EndorsedDevice,
    /// Devices that it adds.
    pub added: Vec<EndorsedDevice>,
    /// Devices that it removes.
    pub removed: Vec<EndorsedDevice>,
}

/// Why a commit is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitViolation {
    /// The group's context does not name its conversation.
    #[error("the group does not say which conversation it is")]
    NotAConversation,
    /// The sender is not a member; external commits are not part of direct conversations.
    #[error("the commit does not come from a member")]
    NotFromAMember,
    /// A leaf is not endorsed as it must be.
    #[error("a leaf is not endorsed: {0}")]
    Leaf(#[from] LeafError),
    /// A proposal other than Add, Remove.
    #[error("a proposal of this type is not allowed in a direct conversation")]
    ProposalNotAllowed,
    /// The commit has no path, so it heals nothing and rotates no key.
    #[error("the commit has no path")]
    NoPath,
    /// The committer's new leaf is another device's, or has another key.
    #[error("the committer's new leaf is not the committer's")]
    PathLeafNotCommitters,
    /// An account that is not one of the two.
    #[error("{0} is not part of this conversation")]
    Stranger(AccountUri),
    /// An account would have leaves under two account keys.
    #[error("the devices of {0} would not share one account key")]
    TwoAccountKeys(AccountUri),
    /// An account would have no leaf left.
    #[error("the commit would remove {0} from a direct conversation")]
    RemovesAccount(AccountUri),
    /// One device would have two leaves.
    #[error("a device would have two leaves")]
    DeviceTwice,
    /// The group's context would change.
    #[error("the commit changes the group's context")]
    ContextChanged,
}

/// The members of a group: each leaf with the device that it is. Fails if any leaf is nobody's.
pub fn members(group: &PublicGroup) -> Result<BTreeMap<u32, EndorsedDevice>, LeafError> {
    group
        .members()
        .filter_map(|member| group.leaf(member.index).map(|leaf| (member.index.u32(), leaf)))
        .map(|(index, leaf)| Ok((index, mls::endorsed_device(leaf)?)))
        .collect()
}

/// Checks a staged commit by `sender` against the group before it, at the hub's entry time.
///
/// `sender` is the sender in the MLS framing, whose signature openmls has checked.
pub fn check(
    group: &PublicGroup,
    sender: &Sender,
    staged: &StagedCommit,
    at: Timestamp,
) -> Result<CommitChanges, CommitViolation> {
    let conversation = conversation::conversation_of(group.group_context())
        .map_err(|_| CommitViolation::NotAConversation)?;
    let Sender::Member(sender) = sender else { return Err(CommitViolation::NotFromAMember) };
    let mut devices = members(group)?;
    let committer = devices.get(&sender.u32()).cloned().ok_or(CommitViolation::NotFromAMember)?;
    if staged.group_context().extensions() != group.group_context().extensions() {
        return Err(CommitViolation::ContextChanged);
    }
    let accounts_before = accounts(devices.values());

    let (added, removed) = proposals(staged, &mut devices, at)?;
    check_path(staged, &committer, at)?;
    let after: Vec<&EndorsedDevice> = devices.values().chain(&added).collect();
    check_members(&conversation, &accounts_before, &after)?;
    Ok(CommitChanges { committer, added, removed })
}

/// Reads the proposals: what comes, what goes. Takes what goes out of `devices`.
fn proposals(
    staged: &StagedCommit,
    devices: &mut BTreeMap<u32, EndorsedDevice>,
    at: Timestamp,
) -> Result<(Vec<EndorsedDevice>, Vec<EndorsedDevice>), CommitViolation> {
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for queued in staged.queued_proposals() {
        match queued.proposal() {
            Proposal::Add(add) => added.push(endorsed_at(add.key_package().leaf_node(), at)?),
            Proposal::Remove(remove) => {
                removed.push(
                    devices.remove(&remove.removed().u32()).ok_or(CommitViolation::ProposalNotAllowed)?,
                );
            }
            _ => return Err(CommitViolation::ProposalNotAllowed),
        }
    }
    Ok((added, removed))
}

fn check_path(
    staged: &StagedCommit,
    committer: &EndorsedDevice,
    at: Timestamp,
) -> Result<(), CommitViolation> {
    let leaf = staged.update_path_leaf_node().ok_or(CommitViolation::NoPath)?;
    let renewed = endorsed_at(leaf, at)?;
    let same = (&renewed.account, renewed.account_key, renewed.device, renewed.device_key)
        == (&committer.account, committer.account_key, committer.device, committer.device_key);
    if same { Ok(()) } else { Err(CommitViolation::PathLeafNotCommitters) }
}

/// The rules of a direct conversation for the members after the commit.
fn check_members(
    conversation: &Conversation,
    accounts_before: &[AccountUri],
    after: &[&EndorsedDevice],
) -> Result<(), CommitViolation> {
    let mut keys: BTreeMap<&AccountUri, AccountKey> = BTreeMap::new();
    let mut seen: Vec<(&AccountUri, DeviceId)> = Vec::with_capacity(after.len());
    for device in after {
        if !conversation.has(&device.account) {
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
    match accounts_before.iter().find(|account| !keys.contains_key(account)) {
        Some(gone) => Err(CommitViolation::RemovesAccount(gone.clone())),
        None => Ok(()),
    }
}

/// The device of a leaf that enters now: endorsed, and by an endorsement that is valid now.
pub fn endorsed_at(leaf: &LeafNode, at: Timestamp) -> Result<EndorsedDevice, LeafError> {
    let endorsement = mls::leaf_endorsement(leaf)?;
    Ok(endorsement.verify_at(&mls::leaf_account(leaf)?, &mls::leaf_key(leaf)?, at)?)
}

fn accounts<'a>(devices: impl Iterator<Item = &'a EndorsedDevice>) -> Vec<AccountUri> {
    let mut accounts: Vec<AccountUri> = devices.map(|device| device.account.clone()).collect();
    accounts.sort();
    accounts.dedup();
    accounts
}
