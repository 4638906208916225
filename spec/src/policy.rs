//! A group's policy: who may do what. It lives in the GroupContext, so that all members and the hub agree on it, and
//! what it allows is decided here and in [`crate::commit`], nowhere else.
//!
//! Spec: `groups.md` 2 and 4.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tls_codec::{TlsDeserialize, TlsSerialize, TlsSize, VLBytes};

use crate::{
    account::AccountUri,
    bytes::fixed_bytes,
    mutant::{self, Mutant},
    signing,
    time::{DAY, Timestamp},
};

fixed_bytes!(
    /// The public key of a join link.
    LinkKey,
    32
);

/// Accounts with a role of their own, at most.
pub const MAX_ROLES: usize = 100;
/// Banned accounts, at most.
pub const MAX_BANNED: usize = 500;
/// Join links, at most.
pub const MAX_LINKS: usize = 20;
/// How long a link lives at the most, in milliseconds.
pub const MAX_LINK_LIFETIME: u64 = 90 * DAY;

const VERSION: u8 = 1;

/// What a member is to a group. Higher roles may do what lower ones may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Anybody in the group.
    #[default]
    Member,
    /// Removes and bans, makes links.
    Moderator,
    /// May do everything.
    Owner,
}

/// What a join link gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum JoinMode {
    /// Nothing: whoever comes in is added.
    #[default]
    Invite,
    /// The right to ask.
    Approval,
    /// The right to come in, while everybody is offline.
    Open,
}

/// What a link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkTerms {
    /// From when on it is not.
    pub expires: Timestamp,
    /// How many may come in by it, as the hub counts; 0 for any number.
    pub uses: u32,
}

/// Who may do what in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupPolicy {
    /// Who may add accounts.
    pub add: Role,
    /// Who may change name, description and picture.
    pub rename: Role,
    /// Who may write.
    pub post: Role,
    /// What a link gives.
    pub join: JoinMode,
    /// Nobody comes in any more, and nothing is said any more.
    pub closed: bool,
    /// Who is more than a member.
    pub roles: BTreeMap<AccountUri, Role>,
    /// Who may not come in.
    pub banned: BTreeSet<AccountUri>,
    /// The links that are good.
    pub links: BTreeMap<LinkKey, LinkTerms>,
}

/// The bytes are not a policy of this version, or not in the one form that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the group's policy is malformed")]
pub struct MalformedPolicy;

/// What of a change of the policy is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyViolation {
    /// Only an owner sets who may add, rename, post and join, and closes or opens the group.
    #[error("only an owner may change what members may do")]
    Settings,
    /// Only an owner gives and takes roles.
    #[error("only an owner may change the role of {0}")]
    Role(AccountUri),
    /// Bans are for moderators, and of lower roles only, but for an owner's.
    #[error("{0} may not be banned, or let off, by this member")]
    Ban(AccountUri),
    /// Links are for moderators.
    #[error("only a moderator may make and revoke links")]
    Link,
    /// A link lives too long, or is over already.
    #[error("a link expires within 90 days, and not before it is made")]
    LinkLifetime,
}

/// What else the commit does that carries a change of the policy.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The committer's role before it.
    pub role: Role,
    /// Accounts that lose their leaves by it, or change their key: their roles go, whoever commits.
    pub lost: &'a BTreeSet<AccountUri>,
    /// Whether any of them did not leave by itself: then all links go, whoever commits.
    pub expels: bool,
    /// The hub's time of its entry.
    pub at: Timestamp,
}

#[derive(Debug, TlsSerialize, TlsDeserialize, TlsSize)]
struct WireRole {
    account: VLBytes,
    role: u8,
}

#[derive(Debug, TlsSerialize, TlsDeserialize, TlsSize)]
struct WireLink {
    key: [u8; 32],
    expires: u64,
    uses: u32,
}

#[derive(TlsSerialize, TlsDeserialize, TlsSize)]
struct Wire {
    version: u8,
    add: u8,
    rename: u8,
    post: u8,
    join: u8,
    closed: u8,
    roles: Vec<WireRole>,
    banned: Vec<VLBytes>,
    links: Vec<WireLink>,
}

impl Role {
    const fn code(self) -> u8 {
        match self {
            Self::Member => 0,
            Self::Moderator => 1,
            Self::Owner => 2,
        }
    }

    fn from_code(code: u8) -> Result<Self, MalformedPolicy> {
        [Self::Member, Self::Moderator, Self::Owner]
            .into_iter()
            .find(|role| role.code() == code)
            .ok_or(MalformedPolicy)
    }
}

impl JoinMode {
    const fn code(self) -> u8 {
        match self {
            Self::Invite => 0,
            Self::Approval => 1,
            Self::Open => 2,
        }
    }

    fn from_code(code: u8) -> Result<Self, MalformedPolicy> {
        [Self::Invite, Self::Approval, Self::Open]
            .into_iter()
            .find(|mode| mode.code() == code)
            .ok_or(MalformedPolicy)
    }
}

impl GroupPolicy {
    /// The policy of a new group.
    pub fn new(creator: &AccountUri) -> Self {
        Self {
            add: Role::Moderator,
            rename: Role::Moderator,
            post: Role::Member,
            join: JoinMode::Invite,
            closed: false,
            roles: BTreeMap::from([(creator.clone(), Role::Owner)]),
            banned: BTreeSet::new(),
            links: BTreeMap::new(),
        }
    }

    /// What an account is, if it is in the group at all. In a group that has lost its owner moderators count as owners,
    /// and where there is none either, everybody.
    pub fn role(&self, account: &AccountUri) -> Role {
        let named = self.roles.get(account).copied().unwrap_or_default();
        let stands_in = named == Role::Moderator || self.roles.is_empty();
        if stands_in && !self.has_owner() { Role::Owner } else { named }
    }

    /// Whether anybody is named an owner.
    pub fn has_owner(&self) -> bool {
        self.roles.values().any(|role| *role == Role::Owner)
    }

    /// Whether a member may write.
    pub fn may_post(&self, account: &AccountUri) -> bool {
        !self.closed && self.role(account) >= self.post
    }

    /// Whether a member may add accounts and answer requests.
    pub fn may_add(&self, account: &AccountUri) -> bool {
        !self.closed && self.role(account) >= self.add || mutant::is(Mutant::IgnoresPolicy)
    }

    /// Whether a member may change name, description and picture.
    pub fn may_rename(&self, account: &AccountUri) -> bool {
        !self.closed && self.role(account) >= self.rename
    }

    /// Whether a member may remove, and so ban, another.
    pub fn may_remove(&self, account: &AccountUri, other: &AccountUri) -> bool {
        self.role(account) >= Role::Moderator && self.role(account) > self.role(other)
            || self.role(account) == Role::Owner && account != other
            || mutant::is(Mutant::IgnoresPolicy)
    }

    /// The link, if it is good at a time.
    pub fn live_link(&self, key: &LinkKey, at: Timestamp) -> Option<LinkTerms> {
        self.links.get(key).copied().filter(|terms| at < terms.expires)
    }

    /// Writes the content of the GroupContext extension.
    pub fn encode(&self) -> Vec<u8> {
        let uri = |account: &AccountUri| VLBytes::new(account.as_str().into());
        signing::encode(&Wire {
            version: VERSION,
            add: self.add.code(),
            rename: self.rename.code(),
            post: self.post.code(),
            join: self.join.code(),
            closed: u8::from(self.closed),
            roles: self
                .roles
                .iter()
                .filter(|(_, role)| **role > Role::Member)
                .map(|(account, role)| WireRole { account: uri(account), role: role.code() })
                .collect(),
            banned: self.banned.iter().map(uri).collect(),
            links: self
                .links
                .iter()
                .map(|(key, terms)| WireLink {
                    key: *key.as_bytes(),
                    expires: terms.expires.as_millis(),
                    uses: terms.uses,
                })
                .collect(),
        })
    }

    /// Reads the content of the GroupContext extension. There is one way to write a policy, and no other is read.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedPolicy> {
        let wire: Wire = signing::decode(bytes).map_err(|_| MalformedPolicy)?;
        let account = |bytes: &VLBytes| -> Result<AccountUri, MalformedPolicy> {
            let text = std::str::from_utf8(bytes.as_slice()).map_err(|_| MalformedPolicy)?;
            text.parse().map_err(|_| MalformedPolicy)
        };
        let within =
            wire.roles.len() <= MAX_ROLES && wire.banned.len() <= MAX_BANNED && wire.links.len() <= MAX_LINKS;
        if wire.version != VERSION || wire.closed > 1 || !within {
            return Err(MalformedPolicy);
        }
        let mut policy = Self {
            add: Role::from_code(wire.add)?,
            rename: Role::from_code(wire.rename)?,
            post: Role::from_code(wire.post)?,
            join: JoinMode::from_code(wire.join)?,
            closed: wire.closed == 1,
            roles: BTreeMap::new(),
            banned: BTreeSet::new(),
            links: BTreeMap::new(),
        };
        for entry in &wire.roles {
            policy.roles.insert(account(&entry.account)?, Role::from_code(entry.role)?);
        }
        for entry in &wire.banned {
            policy.banned.insert(account(entry)?);
        }
        for entry in &wire.links {
            let terms = LinkTerms { expires: Timestamp::from_millis(entry.expires), uses: entry.uses };
            policy.links.insert(LinkKey::from_bytes(entry.key), terms);
        }
        // Out of order, twice, or a role that needs no entry: not the one form.
        if policy.encode() == bytes { Ok(policy) } else { Err(MalformedPolicy) }
    }
}

/// Whether a commit may change the policy from `before` to `after`.
pub fn check_change(
    before: &GroupPolicy,
    after: &GroupPolicy,
    by: Circumstances<'_>,
) -> Result<(), PolicyViolation> {
    if mutant::is(Mutant::IgnoresPolicy) {
        return Ok(());
    }
    let settings =
        |policy: &GroupPolicy| (policy.add, policy.rename, policy.post, policy.join, policy.closed);
    if settings(before) != settings(after) && by.role < Role::Owner {
        return Err(PolicyViolation::Settings);
    }
    check_roles(before, after, by)?;
    check_bans(before, after, by)?;
    check_links(before, after, by)
}

fn check_roles(
    before: &GroupPolicy,
    after: &GroupPolicy,
    by: Circumstances<'_>,
) -> Result<(), PolicyViolation> {
    for account in before.roles.keys().chain(after.roles.keys()) {
        let falls_away = !after.roles.contains_key(account) && by.lost.contains(account);
        let changes = before.roles.get(account) != after.roles.get(account);
        if changes && !falls_away && by.role < Role::Owner {
            return Err(PolicyViolation::Role(account.clone()));
        }
    }
    Ok(())
}

fn check_bans(
    before: &GroupPolicy,
    after: &GroupPolicy,
    by: Circumstances<'_>,
) -> Result<(), PolicyViolation> {
    for account in before.banned.symmetric_difference(&after.banned) {
        let lower =
            before.banned.contains(account) || before.role(account) < by.role || by.role == Role::Owner;
        if by.role < Role::Moderator || !lower {
            return Err(PolicyViolation::Ban(account.clone()));
        }
    }
    Ok(())
}

fn check_links(
    before: &GroupPolicy,
    after: &GroupPolicy,
    by: Circumstances<'_>,
) -> Result<(), PolicyViolation> {
    if before.links == after.links || (by.expels && after.links.is_empty()) {
        return Ok(());
    }
    if by.role < Role::Moderator {
        return Err(PolicyViolation::Link);
    }
    let new = after.links.iter().filter(|(key, terms)| before.links.get(key) != Some(terms));
    for (_, terms) in new {
        if terms.expires <= by.at || terms.expires > by.at.plus_millis(MAX_LINK_LIFETIME) {
            return Err(PolicyViolation::LinkLifetime);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> AccountUri {
        format!("https://a.example/users/{name}").parse().unwrap()
    }

    #[test]
    fn a_group_without_an_owner_is_in_the_hands_of_its_moderators_or_of_everybody() {
        let (alice, bob) = (account("alice"), account("bob"));
        let mut policy = GroupPolicy::new(&alice);
        assert_eq!((policy.role(&alice), policy.role(&bob)), (Role::Owner, Role::Member));
        policy.roles = BTreeMap::from([(alice.clone(), Role::Moderator)]);
        assert_eq!((policy.role(&alice), policy.role(&bob)), (Role::Owner, Role::Member));
        policy.roles.clear();
        assert_eq!((policy.role(&alice), policy.role(&bob)), (Role::Owner, Role::Owner));
    }
}
