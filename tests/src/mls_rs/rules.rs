//! What is allowed in a group: who may add and remove whom, who may come in, what may change in the policy.
//!
//! Of our code it uses the policy and [`policy::check_change`]; what the commit does is read from mls-rs. It cannot read
//! a SelfRemove, so nobody leaves by a commit that gets this far.
//!
//! Spec: `groups.md` 3 to 5.

use std::collections::{BTreeMap, BTreeSet};

use infrasound_spec::{
    account::{AccountKey, AccountUri},
    commit::CommitViolation,
    endorsement::EndorsedDevice,
    external::{self, ExternalJoin},
    policy::{self, Circumstances, GroupPolicy, JoinMode, Role},
    signing::Purpose,
    time::Timestamp,
};
use mls_rs::{
    ExtensionList,
    group::{CommitEffect, CommitMessageDescription, LeafNodeSource, proposal::Proposal},
};

use super::{
    parameters::{MlsGroup, conversation_of, policy_in, with_policy},
    roster,
};

type Members = BTreeMap<u32, EndorsedDevice>;

/// What a commit proposes.
#[derive(Default)]
struct Proposed {
    removed: BTreeSet<u32>,
    context: Option<ExtensionList>,
    joins: bool,
}

/// A commit, and the group around it.
struct Judged<'a> {
    group: &'a MlsGroup,
    policy: GroupPolicy,
    before: Members,
    removed: BTreeSet<u32>,
    after: Members,
    committer: EndorsedDevice,
    at: Timestamp,
}

/// Checks what a commit does to members and policy.
pub(super) fn check(
    group: &MlsGroup,
    after: &MlsGroup,
    commit: &CommitMessageDescription,
    at: Timestamp,
) -> Result<(), CommitViolation> {
    let context = conversation_of(group).ok_or(CommitViolation::NotAConversation)?;
    let policy = policy_in(group.context().extensions()).ok_or(CommitViolation::NotAConversation)?;
    let proposed = Proposed::read(commit)?;
    let before = roster::members(group)?;
    let after = match commit.effect {
        CommitEffect::Removed { .. } => without(&before, &proposed.removed),
        _ => roster::members(after)?,
    };
    let committer =
        if commit.is_external { after.get(&commit.committer) } else { before.get(&commit.committer) };
    let committer = committer.ok_or(CommitViolation::NotFromAMember)?.clone();
    roster::check_members(&context, &before, &after)?;
    let new_policy = read_policy(group, &policy, proposed.context.as_ref())?;
    let judged = Judged { group, policy, before, removed: proposed.removed, after, committer, at };
    if commit.is_external {
        judged.check_entering(&commit.authenticated_data, &new_policy)?;
    } else {
        if proposed.joins {
            return Err(CommitViolation::ProposalNotAllowed);
        }
        if !commit.authenticated_data.is_empty() {
            return Err(CommitViolation::UnknownAad);
        }
        judged.check_removals()?;
        judged.check_additions()?;
    }
    judged.check_policy(&new_policy)
}

/// Checks who comes into a direct conversation: a device of one of the two, under the key that the account has there.
pub(super) fn check_sibling(
    group: &MlsGroup,
    after: &MlsGroup,
    commit: &CommitMessageDescription,
) -> Result<(), CommitViolation> {
    let right = ExternalJoin::decode(&commit.authenticated_data).map_err(|_| CommitViolation::NoRight)?;
    if right != ExternalJoin::Member {
        return Err(CommitViolation::NoRight);
    }
    let after = roster::members(after)?;
    let joiner = after.get(&commit.committer).ok_or(CommitViolation::NotFromAMember)?;
    check_member(&roster::members(group)?, &Proposed::read(commit)?.removed, joiner)
}

/// Whether a device of a member comes in, and no leaf goes but the one that it had.
fn check_member(
    before: &Members,
    removed: &BTreeSet<u32>,
    joiner: &EndorsedDevice,
) -> Result<(), CommitViolation> {
    let own = |index: &u32| before.get(index).is_some_and(|device| device.is_same_device(joiner));
    if !removed.iter().all(own) {
        return Err(CommitViolation::NoRight);
    }
    match before.values().find(|device| device.account == joiner.account) {
        Some(sibling) if sibling.account_key == joiner.account_key => Ok(()),
        _ => Err(CommitViolation::NotAMember(joiner.account.clone())),
    }
}

impl Proposed {
    fn read(commit: &CommitMessageDescription) -> Result<Self, CommitViolation> {
        let (CommitEffect::NewEpoch(epoch) | CommitEffect::Removed { new_epoch: epoch, .. }) = &commit.effect
        else {
            return Err(CommitViolation::ProposalNotAllowed);
        };
        let mut proposed = Self::default();
        for info in epoch.applied_proposals() {
            match &info.proposal {
                _ if info.is_by_reference() => return Err(CommitViolation::ProposalNotAllowed),
                Proposal::Add(_) => {}
                Proposal::Remove(remove) => drop(proposed.removed.insert(remove.to_remove())),
                Proposal::GroupContextExtensions(context) => proposed.context = Some(context.clone()),
                Proposal::ExternalInit(_) => proposed.joins = true,
                _ => return Err(CommitViolation::ProposalNotAllowed),
            }
        }
        Ok(proposed)
    }
}

impl Judged<'_> {
    fn accounts(members: &Members) -> BTreeMap<&AccountUri, AccountKey> {
        members.values().map(|device| (&device.account, device.account_key)).collect()
    }

    /// Whether all leaves of an account go.
    fn goes_whole(&self, account: &AccountUri) -> bool {
        let mut leaves = self.before.iter().filter(|(_, device)| device.account == *account);
        leaves.all(|(index, _)| self.removed.contains(index))
    }

    fn check_removals(&self) -> Result<(), CommitViolation> {
        let after = Self::accounts(&self.after);
        for index in &self.removed {
            let account = &self.before.get(index).ok_or(CommitViolation::ProposalNotAllowed)?.account;
            let replaced = after.contains_key(account);
            if *account == self.committer.account || self.is_over(*index) {
                continue;
            }
            if !self.goes_whole(account) {
                return Err(CommitViolation::PartialRemoval(account.clone()));
            }
            if !replaced && !self.policy.may_remove(&self.committer.account, account) {
                return Err(CommitViolation::MayNotRemove(account.clone()));
            }
        }
        Ok(())
    }

    /// Whether a leaf was never updated and its lifetime is over.
    fn is_over(&self, index: u32) -> bool {
        match roster::leaves(&self.group.export_tree()).get(&index).map(|leaf| &leaf.leaf_node_source) {
            Some(LeafNodeSource::KeyPackage(lifetime)) => {
                Timestamp::from_secs(lifetime.not_after.seconds_since_epoch()) <= self.at
            }
            _ => false,
        }
    }

    fn check_additions(&self) -> Result<(), CommitViolation> {
        let before = Self::accounts(&self.before);
        for (index, device) in &self.after {
            let stayed = !self.removed.contains(index) && self.before.contains_key(index);
            let account = &device.account;
            let replaced = before.contains_key(account) && self.goes_whole(account);
            if stayed || *account == self.committer.account || replaced {
                continue;
            }
            if self.policy.closed {
                return Err(CommitViolation::Closed);
            }
            if self.policy.banned.contains(account) {
                return Err(CommitViolation::Banned(account.clone()));
            }
            if !self.policy.may_add(&self.committer.account) {
                return Err(CommitViolation::MayNotAdd(account.clone()));
            }
        }
        Ok(())
    }

    /// By what right somebody joins by the commit.
    fn check_entering(&self, aad: &[u8], new_policy: &GroupPolicy) -> Result<(), CommitViolation> {
        let right = ExternalJoin::decode(aad).map_err(|_| CommitViolation::NoRight)?;
        if *new_policy != self.policy {
            return Err(CommitViolation::ProposalNotAllowed);
        }
        let joiner = &self.committer;
        let ExternalJoin::Link { link, signature } = right else {
            return check_member(&self.before, &self.removed, joiner);
        };
        if !self.removed.is_empty() {
            return Err(CommitViolation::NoRight);
        }
        if self.policy.closed {
            return Err(CommitViolation::Closed);
        }
        if self.policy.banned.contains(&joiner.account) {
            return Err(CommitViolation::Banned(joiner.account.clone()));
        }
        let content = external::join_content(
            self.group.group_id(),
            self.group.current_epoch(),
            &joiner.account,
            &joiner.device_key,
        );
        let good = self.policy.join == JoinMode::Open
            && self.policy.live_link(&link, self.at).is_some()
            && !Self::accounts(&self.before).contains_key(&joiner.account)
            && external::verify_link(&link, Purpose::GroupJoin, &content, &signature).is_ok();
        if good { Ok(()) } else { Err(CommitViolation::BadLink) }
    }

    /// Whether the policy may change so, and fits the members after the commit.
    fn check_policy(&self, new: &GroupPolicy) -> Result<(), CommitViolation> {
        let (before, after) = (Self::accounts(&self.before), Self::accounts(&self.after));
        let lost: BTreeSet<AccountUri> = before
            .iter()
            .filter(|(account, key)| after.get(*account) != Some(key))
            .map(|(account, _)| (*account).clone())
            .collect();
        let expels = before.keys().any(|account| !after.contains_key(account));
        let role = self.policy.role(&self.committer.account);
        policy::check_change(&self.policy, new, Circumstances { role, lost: &lost, expels, at: self.at })?;
        let stale = new.roles.keys().find(|account| !after.contains_key(account) || lost.contains(*account));
        if let Some(stale) = stale {
            return Err(CommitViolation::StaleRole(stale.clone()));
        }
        if let Some(banned) = new.banned.iter().find(|account| after.contains_key(account)) {
            return Err(CommitViolation::Banned(banned.clone()));
        }
        let renews_an_owner = lost.iter().any(|account| {
            after.contains_key(account) && self.policy.roles.get(account) == Some(&Role::Owner)
        });
        let ownerless = !self.policy.has_owner() || renews_an_owner || new.closed || after.len() <= 1;
        if !new.has_owner() && !ownerless {
            return Err(CommitViolation::NoOwner);
        }
        if expels && !new.links.is_empty() {
            return Err(CommitViolation::LinksSurvive);
        }
        Ok(())
    }
}

fn without(members: &Members, removed: &BTreeSet<u32>) -> Members {
    let stay = members.iter().filter(|(index, _)| !removed.contains(index));
    stay.map(|(index, device)| (*index, device.clone())).collect()
}

/// The policy after the commit. Everything else in the context stays as it is.
fn read_policy(
    group: &MlsGroup,
    policy: &GroupPolicy,
    context: Option<&ExtensionList>,
) -> Result<GroupPolicy, CommitViolation> {
    let Some(context) = context else { return Ok(policy.clone()) };
    let new = policy_in(context).ok_or(CommitViolation::ContextChanged)?;
    if *context == with_policy(group.context().extensions(), &new) {
        Ok(new)
    } else {
        Err(CommitViolation::ContextChanged)
    }
}
