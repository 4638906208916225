//! What a commit does to each account, and whether that is allowed.
//!
//! Spec: `conversations.md` 7; `groups.md` 3.

use std::collections::{BTreeMap, BTreeSet};

use openmls::prelude::LeafNodeIndex;

use super::{Before, CommitChanges, CommitViolation, proposed::Proposed};
use crate::{
    account::{AccountKey, AccountUri, DeviceId},
    endorsement::EndorsedDevice,
    external::ExternalJoin,
    mls,
    policy::{GroupPolicy, Role},
};

/// What a commit does to the accounts.
pub(super) struct Effects {
    added: Vec<EndorsedDevice>,
    removed: BTreeMap<u32, EndorsedDevice>,
    leaving: BTreeSet<AccountUri>,
    before: BTreeMap<AccountUri, AccountKey>,
    after: BTreeMap<AccountUri, AccountKey>,
}

impl Effects {
    /// Works out who is there after the commit; one key for each account and one leaf for each device.
    pub(super) fn of(
        before: &Before<'_>,
        committer: &EndorsedDevice,
        joins: bool,
        proposed: &Proposed,
    ) -> Result<Self, CommitViolation> {
        let mut added = proposed.added.clone();
        if joins {
            added.push(committer.clone());
        }
        let stay = before.members.leaves().filter(|(index, _)| !proposed.removed.contains_key(index));
        let mut after: BTreeMap<AccountUri, AccountKey> = BTreeMap::new();
        let mut devices: BTreeSet<DeviceId> = BTreeSet::new();
        for device in stay.map(|(_, device)| device).chain(&added) {
            if !devices.insert(device.device) {
                return Err(CommitViolation::DeviceTwice);
            }
            let key = after.entry(device.account.clone()).or_insert(device.account_key);
            if *key != device.account_key {
                return Err(CommitViolation::TwoAccountKeys(device.account.clone()));
            }
        }
        let accounts = before.members.accounts();
        Ok(Self {
            added,
            removed: proposed.removed.clone(),
            leaving: proposed.leaving.clone(),
            before: accounts.into_iter().map(|(account, key)| (account.clone(), key)).collect(),
            after,
        })
    }

    /// Whether the committer may do all of it.
    pub(super) fn check(
        &self,
        before: &Before<'_>,
        committer: &EndorsedDevice,
        external: Option<&ExternalJoin>,
    ) -> Result<(), CommitViolation> {
        for account in self.removed.values().map(|device| &device.account).collect::<BTreeSet<_>>() {
            self.check_removal(before, committer, account)?;
        }
        if external.is_none() {
            for device in &self.added {
                self.check_addition(before, committer, &device.account)?;
            }
        }
        Ok(())
    }

    /// Whether the leaves of an account that go may go.
    fn check_removal(
        &self,
        before: &Before<'_>,
        committer: &EndorsedDevice,
        account: &AccountUri,
    ) -> Result<(), CommitViolation> {
        let whole = before.members.leaves_of(account).all(|(index, _)| self.removed.contains_key(&index));
        let own = *account == committer.account;
        let leaves = self.leaving.contains(account);
        if leaves && (!whole || self.after.contains_key(account)) {
            return Err(CommitViolation::PartialRemoval(account.clone()));
        }
        let Some(policy) = &before.policy else {
            return self.check_direct_removal(before, account, whole, own, leaves);
        };
        if own || leaves {
            return Ok(());
        }
        match (whole, self.after.contains_key(account)) {
            (false, _) if self.are_stale(before, account) => Ok(()),
            (false, _) => Err(CommitViolation::PartialRemoval(account.clone())),
            // Replaced: whether that is allowed is a matter of adding.
            (true, true) => Ok(()),
            (true, false) if policy.may_remove(&committer.account, account) => Ok(()),
            (true, false) if self.are_stale(before, account) => Ok(()),
            (true, false) => Err(CommitViolation::MayNotRemove(account.clone())),
        }
    }

    fn check_direct_removal(
        &self,
        before: &Before<'_>,
        account: &AccountUri,
        whole: bool,
        own: bool,
        leaves: bool,
    ) -> Result<(), CommitViolation> {
        if leaves {
            return Err(CommitViolation::ProposalNotAllowed);
        }
        if !self.after.contains_key(account) {
            return Err(CommitViolation::RemovesAccount(account.clone()));
        }
        if whole || own || self.are_stale(before, account) {
            return Ok(());
        }
        Err(CommitViolation::PartialRemoval(account.clone()))
    }

    /// Whether all leaves of the account that go were never updated and are over: they would block who joins.
    fn are_stale(&self, before: &Before<'_>, account: &AccountUri) -> bool {
        self.removed.iter().filter(|(_, device)| device.account == *account).all(|(index, _)| {
            let leaf = before.group.leaf(LeafNodeIndex::new(*index));
            leaf.and_then(mls::leaf_expiry).is_some_and(|expiry| expiry <= before.at)
        })
    }

    /// Whether a device of an account may be added.
    fn check_addition(
        &self,
        before: &Before<'_>,
        committer: &EndorsedDevice,
        account: &AccountUri,
    ) -> Result<(), CommitViolation> {
        let Some(policy) = &before.policy else {
            let part = before.conversation.may_have(account);
            return if part { Ok(()) } else { Err(CommitViolation::Stranger(account.clone())) };
        };
        if *account == committer.account {
            return Ok(());
        }
        let replaced = before.members.leaves_of(account).all(|(index, _)| self.removed.contains_key(&index));
        if replaced && before.members.key_of(account).is_some() {
            // It has started over; it comes back without a role, and everybody sees it.
            return Ok(());
        }
        if policy.closed {
            return Err(CommitViolation::Closed);
        }
        if policy.banned.contains(account) {
            return Err(CommitViolation::Banned(account.clone()));
        }
        if policy.may_add(&committer.account) {
            Ok(())
        } else {
            Err(CommitViolation::MayNotAdd(account.clone()))
        }
    }

    /// Accounts that lose their leaves, or have another key now.
    pub(super) fn lost(&self) -> BTreeSet<AccountUri> {
        self.before
            .iter()
            .filter(|(account, key)| self.after.get(*account) != Some(key))
            .map(|(account, _)| account.clone())
            .collect()
    }

    /// Whether an owner has another key by it.
    pub(super) fn renews_an_owner(&self, policy: &GroupPolicy) -> bool {
        self.lost()
            .iter()
            .any(|account| self.is_member(account) && policy.roles.get(account) == Some(&Role::Owner))
    }

    /// Whether somebody is removed who did not propose it.
    pub(super) fn expels(&self) -> bool {
        self.gone().any(|account| !self.leaving.contains(account))
    }

    fn gone(&self) -> impl Iterator<Item = &AccountUri> {
        self.before.keys().filter(|account| !self.after.contains_key(*account))
    }

    /// Whether the account is a member afterwards, under the key that it had if it was one before.
    pub(super) fn keeps_role(&self, account: &AccountUri) -> bool {
        let key = self.after.get(account);
        key.is_some() && self.before.get(account).is_none_or(|before| Some(before) == key)
    }

    /// Whether the account is a member afterwards.
    pub(super) fn is_member(&self, account: &AccountUri) -> bool {
        self.after.contains_key(account)
    }

    /// Whether there is only one account afterwards.
    pub(super) fn is_alone(&self) -> bool {
        self.after.len() <= 1
    }

    pub(super) fn into_changes(
        self,
        committer: EndorsedDevice,
        external: Option<ExternalJoin>,
        policy: Option<GroupPolicy>,
    ) -> CommitChanges {
        let renewed = self.lost().into_iter().filter(|account| self.after.contains_key(account)).collect();
        let gone: Vec<AccountUri> = self.gone().cloned().collect();
        let joined = self.after.keys().filter(|account| !self.before.contains_key(*account)).cloned();
        CommitChanges {
            committer,
            external,
            joined: joined.collect(),
            left: gone.iter().filter(|account| self.leaving.contains(*account)).cloned().collect(),
            gone,
            renewed,
            policy,
            added: self.added,
            removed: self.removed.into_values().collect(),
        }
    }
}
