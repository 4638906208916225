//! Who is in which epoch of a group, and by whose commit: rules 3 and 6, judged without asking the product's own policy.

use std::collections::{BTreeMap, BTreeSet};

use infrasound_core::Standing;
use infrasound_spec::{
    account::{AccountUri, DeviceId},
    conversation::ConversationId,
    policy::{GroupPolicy, JoinMode, Role},
};
use openmls::prelude::{DeserializeBytes as _, MlsMessageBodyIn, MlsMessageIn, ProtocolMessage};

use super::verdict::{Rule, Violation, require};

/// A group and an epoch of it.
pub(super) type Epoch = (Vec<u8>, u64);

/// Who is in an epoch, and what they may do.
#[derive(Clone, Debug)]
struct Members {
    leaves: Vec<(AccountUri, DeviceId)>,
    policy: Option<GroupPolicy>,
}

impl Members {
    fn accounts(&self) -> BTreeSet<&AccountUri> {
        self.leaves.iter().map(|(account, _)| account).collect()
    }
}

/// What the world knows of epochs.
#[derive(Debug, Default)]
pub(super) struct Memberships {
    epochs: BTreeMap<Epoch, Members>,
    /// For which epoch an entry was made.
    made_in: BTreeMap<(ConversationId, u64), Epoch>,
    /// Whose device submitted a commit.
    committers: BTreeMap<(ConversationId, u64), AccountUri>,
    /// Who was shown a message, or given its bytes.
    seen: BTreeSet<(DeviceId, ConversationId, u64)>,
}

impl Memberships {
    /// An epoch is confirmed on a device.
    pub(super) fn stands(&mut self, standing: &Standing) {
        let epoch = (standing.group.clone(), standing.epoch);
        self.epochs
            .entry(epoch)
            .or_insert_with(|| Members { leaves: standing.members.clone(), policy: standing.policy.clone() });
    }

    /// An entry's bytes are known.
    pub(super) fn entry(&mut self, conversation: ConversationId, number: u64, bytes: &[u8]) {
        if let Some(epoch) = epoch_of(bytes) {
            self.made_in.insert((conversation, number), epoch);
        }
    }

    /// A commit was taken.
    pub(super) fn commits(&mut self, conversation: ConversationId, number: u64, by: AccountUri) {
        self.committers.insert((conversation, number), by);
    }

    /// A device has got an entry.
    pub(super) fn sees(&mut self, device: DeviceId, conversation: ConversationId, number: u64) {
        self.seen.insert((device, conversation, number));
    }

    /// Nobody saw what was not for them (rule 3). `void` tells which entries count for nothing.
    pub(super) fn judge_secrecy(&self, void: impl Fn(ConversationId, u64) -> bool) -> Result<(), Violation> {
        for (device, conversation, number) in &self.seen {
            let epoch = self.made_in.get(&(*conversation, *number));
            let Some(members) = epoch.and_then(|epoch| self.epochs.get(epoch)) else { continue };
            let member = members.leaves.iter().any(|(_, leaf)| leaf == device);
            require(member || void(*conversation, *number), Rule::Secrecy, || {
                format!("{device} has got entry {number} of {conversation}, and was not in its epoch")
            })?;
        }
        Ok(())
    }

    /// From epoch to epoch, nothing changed but what whoever committed may change (rule 6).
    pub(super) fn judge_policy(
        &self,
        void: impl Fn(ConversationId, u64) -> bool,
        left: impl Fn(&AccountUri, ConversationId) -> bool,
    ) -> Result<(), Violation> {
        for (place, committer) in &self.committers {
            let (conversation, number) = *place;
            let Some((group, epoch)) = self.made_in.get(place) else { continue };
            let before = self.epochs.get(&(group.clone(), *epoch));
            let after = self.epochs.get(&(group.clone(), epoch + 1));
            let (Some(before), Some(after)) = (before, after) else { continue };
            let (Some(policy), Some(changed)) = (&before.policy, &after.policy) else { continue };
            if void(conversation, number) {
                continue;
            }
            let broken = change_is_allowed(committer, before, policy, after, changed, |account| {
                left(account, conversation)
            });
            require(broken.is_none(), Rule::Policy, || {
                let what = broken.unwrap_or_default();
                format!("entry {number} of {conversation}, by {committer}: {what}")
            })?;
        }
        Ok(())
    }
}

/// What a commit did that whoever made it may not do.
fn change_is_allowed(
    committer: &AccountUri,
    before: &Members,
    policy: &GroupPolicy,
    after: &Members,
    changed: &GroupPolicy,
    left: impl Fn(&AccountUri) -> bool,
) -> Option<String> {
    let (old, new) = (before.accounts(), after.accounts());
    let own = role(policy, committer);
    for account in new.difference(&old) {
        let by_link = *account == committer && policy.join == JoinMode::Open;
        let allowed = by_link || old.contains(committer) && own >= policy.add;
        if !allowed || policy.closed || policy.banned.contains(*account) {
            return Some(format!("{account} was added"));
        }
    }
    for account in old.difference(&new) {
        let lower = role(policy, account) < own && own >= Role::Moderator;
        if !(lower || own == Role::Owner || left(account)) {
            return Some(format!("{account} was removed"));
        }
    }
    let settings =
        |policy: &GroupPolicy| (policy.add, policy.rename, policy.post, policy.join, policy.closed);
    if settings(policy) != settings(changed) && own < Role::Owner {
        return Some("the settings were changed".to_owned());
    }
    let gives = changed.roles.iter().any(|(account, role)| policy.roles.get(account) != Some(role));
    if gives && own < Role::Owner {
        return Some("a role was given".to_owned());
    }
    if policy.banned != changed.banned && own < Role::Moderator {
        return Some("somebody was banned, or no longer".to_owned());
    }
    None
}

/// An account's role, as `groups.md` 2.5 has it.
fn role(policy: &GroupPolicy, account: &AccountUri) -> Role {
    let owned = policy.roles.values().any(|role| *role == Role::Owner);
    match policy.roles.get(account) {
        Some(Role::Owner) => Role::Owner,
        Some(_) if owned => Role::Moderator,
        None if owned || !policy.roles.is_empty() => Role::Member,
        _ => Role::Owner,
    }
}

/// The epoch that a message of MLS is for.
pub(super) fn epoch_of(bytes: &[u8]) -> Option<Epoch> {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).ok()?;
    let message: ProtocolMessage = match message.extract() {
        MlsMessageBodyIn::PublicMessage(message) => message.into(),
        MlsMessageBodyIn::PrivateMessage(message) => message.into(),
        _ => return None,
    };
    Some((message.group_id().as_slice().to_vec(), message.epoch().as_u64()))
}
