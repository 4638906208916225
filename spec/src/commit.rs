//! When a commit is valid: a function of the group's state and the hub's entry time alone, so that hub and members
//! never disagree (design: a client's pins or clock would fork groups).
//!
//! | file | what |
//! |---|---|
//! | `proposed` | what a commit proposes, read and sorted |
//! | `accounts` | what it does to each account, and whether that is allowed |
//! | `entering` | by what right somebody joins by it |
//!
//! Spec: `conversations.md` 7; `groups.md` 3, 4 and 5.

mod accounts;
mod entering;
mod proposed;

use openmls::{
    group::StagedCommit,
    prelude::{GroupContext, LeafNode, PublicGroup, Sender},
};

use crate::{
    account::AccountUri,
    conversation::{self, Conversation, ConversationKind},
    endorsement::EndorsedDevice,
    external::ExternalJoin,
    members::Members,
    mls::{self, LeafError},
    policy::{self, Circumstances, GroupPolicy, PolicyViolation, Role},
    time::Timestamp,
};
use accounts::Effects;
use proposed::Proposed;

/// What a valid commit changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitChanges {
    /// Whose device made it.
    pub committer: EndorsedDevice,
    /// How the committer joined by it, if it did. Its device is among those added, and, if it came back, removed.
    pub external: Option<ExternalJoin>,
    /// Devices that it adds.
    pub added: Vec<EndorsedDevice>,
    /// Devices that it removes.
    pub removed: Vec<EndorsedDevice>,
    /// Accounts that are members by it and were not before.
    pub joined: Vec<AccountUri>,
    /// Accounts that were members and are not any more.
    pub gone: Vec<AccountUri>,
    /// Those of them who proposed it themselves.
    pub left: Vec<AccountUri>,
    /// Accounts that have another key by it: they started over and were let in again.
    pub renewed: Vec<AccountUri>,
    /// The group's policy, if it changes.
    pub policy: Option<GroupPolicy>,
}

/// What is around a commit: what MLS authenticates besides the commit itself.
#[derive(Clone, Copy, Debug)]
pub struct Framing<'a> {
    /// The sender, whose signature openmls has checked.
    pub sender: &'a Sender,
    /// The authenticated data.
    pub aad: &'a [u8],
}

/// Why a commit is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitViolation {
    /// The group's context does not name its conversation, or a group has no policy.
    #[error("the group does not say which conversation it is")]
    NotAConversation,
    /// The sender is neither a member nor joins by the commit.
    #[error("the commit does not come from a member")]
    NotFromAMember,
    /// A leaf is not endorsed as it must be.
    #[error("a leaf is not endorsed: {0}")]
    Leaf(#[from] LeafError),
    /// A proposal of a type that this kind of conversation, or of commit, does not have.
    #[error("a proposal of this type is not allowed here")]
    ProposalNotAllowed,
    /// The commit has no path, so it heals nothing and rotates no key.
    #[error("the commit has no path")]
    NoPath,
    /// The committer's new leaf is another device's, or has another key.
    #[error("the committer's new leaf is not the committer's")]
    PathLeafNotCommitters,
    /// A commit of a member carries authenticated data.
    #[error("the commit carries data that means nothing")]
    UnknownAad,
    /// An account that is not one of the two.
    #[error("{0} is not part of this conversation")]
    Stranger(AccountUri),
    /// An account would have leaves under two account keys.
    #[error("the devices of {0} would not share one account key")]
    TwoAccountKeys(AccountUri),
    /// An account would have no leaf left in a direct conversation.
    #[error("the commit would remove {0} from a direct conversation")]
    RemovesAccount(AccountUri),
    /// Some leaves of another account would be removed, and others stay.
    #[error("the commit would remove some devices of {0} and leave others")]
    PartialRemoval(AccountUri),
    /// One device would have two leaves.
    #[error("a device would have two leaves")]
    DeviceTwice,
    /// The group's context would change where it must not.
    #[error("the commit changes the group's context")]
    ContextChanged,
    /// The committer may not add accounts.
    #[error("this member may not add {0}")]
    MayNotAdd(AccountUri),
    /// The committer may not remove this account.
    #[error("this member may not remove {0}")]
    MayNotRemove(AccountUri),
    /// The account is banned.
    #[error("{0} is banned from this group")]
    Banned(AccountUri),
    /// An account would keep its role without its leaves, or under another key.
    #[error("{0} would keep a role that it has no right to")]
    StaleRole(AccountUri),
    /// There would be no owner.
    #[error("the group would have no owner")]
    NoOwner,
    /// Somebody is removed, and links that they may know would stay good.
    #[error("the commit removes somebody and leaves links that would let them in again")]
    LinksSurvive,
    /// The group is closed.
    #[error("the group is closed")]
    Closed,
    /// The change of the policy is not allowed.
    #[error(transparent)]
    Policy(#[from] PolicyViolation),
    /// Who joins by the commit does not say by what right, or removes another leaf than its own.
    #[error("the commit joins the group without saying by what right")]
    NoRight,
    /// Who joins as a device of a member is of no member, or under another key than that member.
    #[error("{0} is not a member under this key")]
    NotAMember(AccountUri),
    /// The link is not one of the group's, has expired, or does not let anybody in.
    #[error("the link is not good, or no longer")]
    BadLink,
}

/// Checks a staged commit against the group before it, at the hub's entry time.
///
/// `members` are those of `group`.
pub fn check(
    group: &PublicGroup,
    members: &Members,
    framing: Framing<'_>,
    staged: &StagedCommit,
    at: Timestamp,
) -> Result<CommitChanges, CommitViolation> {
    let (conversation, policy) = read_context(group.group_context())?;
    let proposed = Proposed::read(members, staged, at)?;
    let committer = committer(members, framing, staged, at)?;
    let after = new_policy(group.group_context(), staged.group_context(), policy.as_ref())?;
    let before = Before { conversation, policy, members, group, at };

    let external = if *framing.sender == Sender::NewMemberCommit {
        Some(entering::check(&before, &committer, framing.aad, &proposed)?)
    } else {
        entering::refuse(framing.aad, &proposed)?;
        None
    };
    let effects = Effects::of(&before, &committer, external.is_some(), &proposed)?;
    effects.check(&before, &committer, external.as_ref())?;
    if let (Some(policy), Some(after)) = (&before.policy, &after) {
        check_policy(&before, policy, after, &committer, &effects)?;
    }
    let policy = after.filter(|after| before.policy.as_ref() != Some(after));
    Ok(effects.into_changes(committer, external, policy))
}

/// A group as it stands before the commit.
struct Before<'a> {
    conversation: Conversation,
    /// Of a group; a direct conversation has none.
    policy: Option<GroupPolicy>,
    members: &'a Members,
    group: &'a PublicGroup,
    at: Timestamp,
}

impl Before<'_> {
    /// What an account may do.
    fn role(&self, account: &AccountUri) -> Role {
        self.policy.as_ref().map_or(Role::Member, |policy| policy.role(account))
    }
}

/// Which conversation a context names, and its policy, if it is a group's.
pub fn read_context(context: &GroupContext) -> Result<(Conversation, Option<GroupPolicy>), CommitViolation> {
    let conversation =
        conversation::conversation_of(context).map_err(|_| CommitViolation::NotAConversation)?;
    let policy = match (conversation.kind(), mls::policy_bytes(context)) {
        (ConversationKind::Direct, None) => None,
        (ConversationKind::Group, Some(bytes)) => {
            Some(GroupPolicy::decode(bytes).map_err(|_| CommitViolation::NotAConversation)?)
        }
        _ => return Err(CommitViolation::NotAConversation),
    };
    Ok((conversation, policy))
}

/// The device of a leaf that enters now: endorsed, and by an endorsement that is valid now.
pub fn endorsed_at(leaf: &LeafNode, at: Timestamp) -> Result<EndorsedDevice, LeafError> {
    let endorsement = mls::leaf_endorsement(leaf)?;
    Ok(endorsement.verify_at(&mls::leaf_account(leaf)?, &mls::leaf_key(leaf)?, at)?)
}

/// Whose device made the commit: the sender's leaf, and the new leaf in the path must be the same device's.
fn committer(
    members: &Members,
    framing: Framing<'_>,
    staged: &StagedCommit,
    at: Timestamp,
) -> Result<EndorsedDevice, CommitViolation> {
    let leaf = |staged: &StagedCommit| -> Result<EndorsedDevice, CommitViolation> {
        let leaf = staged.update_path_leaf_node().ok_or(CommitViolation::NoPath)?;
        Ok(endorsed_at(leaf, at)?)
    };
    match framing.sender {
        Sender::Member(index) => {
            let committer = members.at(index.u32()).ok_or(CommitViolation::NotFromAMember)?;
            let renewed = leaf(staged)?;
            if renewed.is_same_device(committer) {
                Ok(renewed)
            } else {
                Err(CommitViolation::PathLeafNotCommitters)
            }
        }
        Sender::NewMemberCommit => leaf(staged),
        Sender::External(_) | Sender::NewMemberProposal => Err(CommitViolation::NotFromAMember),
    }
}

/// The policy after the commit. Everything else in the context stays as it is.
fn new_policy(
    before: &GroupContext,
    after: &GroupContext,
    policy: Option<&GroupPolicy>,
) -> Result<Option<GroupPolicy>, CommitViolation> {
    if before.extensions() == after.extensions() {
        return Ok(policy.cloned());
    }
    let bytes = mls::policy_bytes(after).ok_or(CommitViolation::ContextChanged)?;
    if policy.is_none() || !mls::same_but_policy(before, after) {
        return Err(CommitViolation::ContextChanged);
    }
    GroupPolicy::decode(bytes).map(Some).map_err(|_| CommitViolation::ContextChanged)
}

/// Whether the committer may change the policy so, and whether it fits the members after the commit.
fn check_policy(
    before: &Before<'_>,
    policy: &GroupPolicy,
    after: &GroupPolicy,
    committer: &EndorsedDevice,
    effects: &Effects,
) -> Result<(), CommitViolation> {
    let circumstances = Circumstances {
        role: before.role(&committer.account),
        lost: &effects.lost(),
        expels: effects.expels(),
        at: before.at,
    };
    policy::check_change(policy, after, circumstances)?;
    if let Some(stale) = after.roles.keys().find(|account| !effects.keeps_role(account)) {
        return Err(CommitViolation::StaleRole(stale.clone()));
    }
    if let Some(banned) = after.banned.iter().find(|account| effects.is_member(account)) {
        return Err(CommitViolation::Banned(banned.clone()));
    }
    // Who started over loses the role, even as the last owner; nobody gives it up so by choice.
    let lost = !policy.has_owner() || effects.renews_an_owner(policy);
    if !(after.has_owner() || lost || after.closed || effects.is_alone()) {
        return Err(CommitViolation::NoOwner);
    }
    if effects.expels() && !after.links.is_empty() {
        return Err(CommitViolation::LinksSurvive);
    }
    Ok(())
}
