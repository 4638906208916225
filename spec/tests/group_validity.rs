//! Each rule for commits in groups, with a real commit that breaks it, and one that does not.
//!
//! Spec: `groups.md` 3, 4 and 5.

use std::collections::{BTreeMap, BTreeSet};

use infrasound_spec::{
    account::{AccountUri, Signature},
    commit::{CommitChanges, CommitViolation},
    conversation::Conversation,
    external::{self, ExternalJoin},
    mls,
    policy::{GroupPolicy, JoinMode, LinkKey, LinkTerms, PolicyViolation, Role},
    signing::{self, Purpose},
    time::{DAY, HOUR, Timestamp},
};
use openmls::prelude::{
    Extension, KeyPackage, MlsMessageOut, PreSharedKeyProposal, Proposal, UnknownExtension,
};
use openmls::schedule::{ExternalPsk, PreSharedKeyId, Psk};
use openmls_traits::OpenMlsProvider as _;

use crate::support::{
    person::{Device, Person, now},
    room::{Room, join},
};

/// Alice commits; bob is in the group; carol is not.
struct Cast {
    alice: Person,
    bob: Person,
    carol: Person,
    device: Device,
    room: Room,
}

impl Cast {
    /// Alice has this role, and bob is the owner if she is not.
    fn with(role: Role, change: impl FnOnce(&mut GroupPolicy)) -> Self {
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(Person::new);
        let mut policy = GroupPolicy::new(&alice.account);
        policy.roles = BTreeMap::from([(alice.account.clone(), role)]);
        if role == Role::Member {
            policy.roles.clear();
        }
        if role < Role::Owner {
            policy.roles.insert(bob.account.clone(), Role::Owner);
        }
        change(&mut policy);
        let device = bob.device();
        let room = Room::group(&alice, &[&device], &policy);
        Self { alice, bob, carol, device, room }
    }

    fn of(role: Role) -> Self {
        Self::with(role, |_| ())
    }

    fn policy(&self) -> GroupPolicy {
        GroupPolicy::decode(mls::policy_bytes(self.room.hub.group_context()).unwrap()).unwrap()
    }

    /// What becomes of a change of the policy, with what else is done.
    fn judge_change(
        &mut self,
        change: impl FnOnce(&mut GroupPolicy),
        added: &[KeyPackage],
        removed: &[u32],
    ) -> Result<CommitChanges, CommitViolation> {
        let mut policy = self.policy();
        change(&mut policy);
        let commit = self.room.change_policy(&policy, added, removed);
        self.room.judge(&commit)
    }

    fn judge(&mut self, added: &[KeyPackage], removed: &[u32]) -> Result<CommitChanges, CommitViolation> {
        let commit = self.room.change(added, removed);
        self.room.judge(&commit)
    }

    /// Bob proposes to leave.
    fn bob_leaves(&mut self) {
        let mut bobs = self.join_again();
        let leave = bobs.leave_group_via_self_remove(&self.device.provider, &self.device.signer).unwrap();
        self.room.propose(&leave);
    }

    /// Bob's group: he comes in anew by a Welcome, in place of his leaf.
    fn join_again(&mut self) -> openmls::group::MlsGroup {
        let Room { alice, group, .. } = &mut self.room;
        self.device = self.bob.device();
        let key_package = self.device.key_package();
        let leaf = openmls::prelude::LeafNodeIndex::new(1);
        let bundle = group
            .commit_builder()
            .propose_removals([leaf])
            .propose_adds([key_package])
            .force_self_update(true)
            .load_psks(alice.provider.storage())
            .unwrap()
            .build(alice.provider.rand(), alice.provider.crypto(), &alice.signer, |_| true)
            .unwrap()
            .stage_commit(&alice.provider)
            .unwrap();
        let (commit, welcome, _) = bundle.into_messages();
        self.room.enact(&commit);
        join(&self.device, &welcome.unwrap(), &self.room)
    }
}

fn set(account: &AccountUri) -> BTreeSet<AccountUri> {
    BTreeSet::from([account.clone()])
}

#[test]
fn an_owner_may_do_everything() {
    let mut cast = Cast::of(Role::Owner);
    let (bob, carol) = (cast.bob.account.clone(), cast.carol.clone());
    let added = [carol.device().key_package(), carol.device().key_package()];
    let changes = cast.judge(&added, &[]).unwrap();
    assert_eq!((changes.joined, changes.added.len()), (vec![carol.account], 2));
    let changes = cast.judge_change(|policy| policy.banned = set(&bob), &[], &[1]).unwrap();
    assert_eq!((changes.gone, changes.left), (vec![bob.clone()], vec![]));
    let changes = cast.judge_change(
        |policy| {
            policy.roles.insert(bob.clone(), Role::Owner);
            (policy.add, policy.join, policy.closed) = (Role::Owner, JoinMode::Open, true);
        },
        &[],
        &[],
    );
    assert_eq!(changes.unwrap().policy.unwrap().role(&bob), Role::Owner);
}

#[test]
fn a_group_without_a_policy_is_refused() {
    let alice = Person::new("alice");
    let conversation = Conversation::group(&alice.account, [5; 16], 0);
    let extensions = mls::group_context_extensions(&conversation, None).unwrap();
    let mut room = Room::with_context(alice.device(), extensions, &conversation.group_id());
    let commit = room.commit(|commit| commit);
    assert_eq!(room.judge(&commit), Err(CommitViolation::NotAConversation));
}

#[test]
fn a_direct_conversation_with_a_policy_is_refused() {
    let (alice, bob) = (Person::new("alice"), Person::new("bob"));
    let conversation = Conversation::direct(&alice.account, &bob.account, 0).unwrap();
    let policy = GroupPolicy::new(&alice.account);
    let extensions = mls::group_context_extensions(&conversation, Some(&policy)).unwrap();
    let mut room = Room::with_context(alice.device(), extensions, &conversation.group_id());
    let commit = room.commit(|commit| commit);
    assert_eq!(room.judge(&commit), Err(CommitViolation::NotAConversation));
}

#[test]
fn a_pre_shared_key_is_not_allowed_in_a_group() {
    let mut cast = Cast::of(Role::Owner);
    let provider = &cast.room.alice.provider;
    let psk = Psk::External(ExternalPsk::new(b"a secret from elsewhere".to_vec()));
    let id = PreSharedKeyId::new(mls::CIPHERSUITE, provider.rand(), psk).unwrap();
    id.store(provider, b"the secret itself, which nobody else needs").unwrap();
    let proposal = Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(id)));
    let commit = cast.room.commit(|commit| commit.add_proposal(proposal));
    assert_eq!(cast.room.judge(&commit), Err(CommitViolation::ProposalNotAllowed));
}

#[test]
fn a_members_commit_with_authenticated_data_is_refused() {
    let mut cast = Cast::of(Role::Owner);
    cast.room.group.set_aad(b"hidden in plain sight".to_vec());
    let commit = cast.room.commit(|commit| commit);
    assert_eq!(cast.room.judge(&commit), Err(CommitViolation::UnknownAad));
}

#[test]
fn the_conversation_in_a_groups_context_never_changes() {
    let mut cast = Cast::of(Role::Owner);
    let again = Conversation::group(&cast.alice.account, [5; 16], 1);
    let mut extensions = mls::group_context_extensions(&again, Some(&cast.policy())).unwrap();
    let other = Extension::Unknown(mls::CONVERSATION_EXTENSION, UnknownExtension(again.encode()));
    extensions.add_or_replace(other).unwrap();
    let commit = cast.room.commit(|commit| commit.propose_group_context_extensions(extensions).unwrap());
    assert_eq!(cast.room.judge(&commit), Err(CommitViolation::ContextChanged));
}

#[test]
fn a_policy_that_does_not_decode_is_refused() {
    let mut cast = Cast::of(Role::Owner);
    let conversation = Conversation::group(&cast.alice.account, [5; 16], 0);
    let mut extensions = mls::group_context_extensions(&conversation, Some(&cast.policy())).unwrap();
    let garbage = Extension::Unknown(mls::POLICY_EXTENSION, UnknownExtension(vec![1, 2, 3]));
    extensions.add_or_replace(garbage).unwrap();
    let commit = cast.room.commit(|commit| commit.propose_group_context_extensions(extensions).unwrap());
    assert_eq!(cast.room.judge(&commit), Err(CommitViolation::ContextChanged));
}

#[test]
fn who_may_not_add_adds_only_its_own_devices() {
    let mut cast = Cast::of(Role::Member);
    let (alice, bob, carol) = (cast.alice.clone(), cast.bob.clone(), cast.carol.clone());
    assert!(cast.judge(&[alice.device().key_package()], &[]).is_ok());
    for other in [bob, carol] {
        let refused = cast.judge(&[other.device().key_package()], &[]);
        assert_eq!(refused, Err(CommitViolation::MayNotAdd(other.account)));
    }
    let mut cast = Cast::with(Role::Member, |policy| policy.add = Role::Member);
    let carol = cast.carol.device().key_package();
    assert!(cast.judge(&[carol], &[]).is_ok());
}

#[test]
fn who_is_banned_is_not_added() {
    let carol = Person::new("carol");
    let mut cast = Cast::with(Role::Owner, |policy| policy.banned = set(&carol.account));
    let refused = cast.judge(&[carol.device().key_package()], &[]);
    assert_eq!(refused, Err(CommitViolation::Banned(carol.account.clone())));
    let let_off = cast.judge_change(|policy| policy.banned.clear(), &[], &[]);
    assert!(let_off.is_ok());
}

#[test]
fn who_is_banned_does_not_stay() {
    let mut cast = Cast::of(Role::Owner);
    let bob = cast.bob.account.clone();
    let refused = cast.judge_change(|policy| policy.banned = set(&bob), &[], &[]);
    assert_eq!(refused, Err(CommitViolation::Banned(bob)));
}

#[test]
fn nobody_is_removed_by_an_equal() {
    let mut cast = Cast::of(Role::Member);
    let bob = cast.bob.account.clone();
    assert_eq!(cast.judge(&[], &[1]), Err(CommitViolation::MayNotRemove(bob.clone())));
    let mut cast = Cast::of(Role::Moderator);
    assert_eq!(cast.judge(&[], &[1]), Err(CommitViolation::MayNotRemove(bob)));
}

#[test]
fn a_moderator_removes_a_member() {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(Person::new);
    let mut policy = GroupPolicy::new(&bob.account);
    policy.roles.insert(alice.account.clone(), Role::Moderator);
    let mut room = Room::group(&alice, &[&bob.device(), &carol.device()], &policy);
    let commit = room.change(&[], &[2]);
    assert_eq!(room.judge(&commit).unwrap().gone, [carol.account]);
}

#[test]
fn an_account_is_removed_whole() {
    let [alice, bob] = ["alice", "bob"].map(Person::new);
    let policy = GroupPolicy::new(&alice.account);
    let mut room = Room::group(&alice, &[&bob.device(), &bob.device()], &policy);
    let commit = room.change(&[], &[1]);
    assert_eq!(room.judge(&commit), Err(CommitViolation::PartialRemoval(bob.account)));
    let commit = room.change(&[], &[1, 2]);
    assert_eq!(room.judge(&commit).unwrap().removed.len(), 2);
}

#[test]
fn an_own_sibling_may_be_removed() {
    let [alice, bob] = ["alice", "bob"].map(Person::new);
    let policy = GroupPolicy::new(&bob.account);
    let mut room = Room::group(&alice, &[&bob.device(), &alice.device()], &policy);
    let commit = room.change(&[], &[2]);
    assert!(room.judge(&commit).unwrap().gone.is_empty());
}

#[test]
fn a_leaf_that_would_block_joins_may_be_removed_by_anybody() {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(Person::new);
    let policy = GroupPolicy::new(&carol.account);
    let mut room = Room::group(&alice, &[&bob.device(), &carol.device()], &policy);
    let commit = room.change(&[], &[1]);
    assert_eq!(room.judge(&commit), Err(CommitViolation::MayNotRemove(bob.account.clone())));
    let changes = room.judge_at(&commit, now().plus_millis(90 * DAY)).unwrap();
    assert_eq!(changes.gone, [bob.account]);
}

#[test]
fn an_account_that_started_over_is_let_in_again_by_anybody() {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(Person::new);
    let policy = GroupPolicy::new(&carol.account);
    let mut room = Room::group(&alice, &[&bob.device(), &carol.device()], &policy);
    let new = bob.starts_over().device().key_package();
    let commit = room.change(std::slice::from_ref(&new), &[1]);
    let changes = room.judge(&commit).unwrap();
    assert_eq!(changes.renewed, std::slice::from_ref(&bob.account));
    assert!(changes.joined.is_empty() && changes.gone.is_empty());
    let commit = room.change(&[new], &[]);
    assert_eq!(room.judge(&commit), Err(CommitViolation::TwoAccountKeys(bob.account)));
}

#[test]
fn a_device_of_another_member_is_added_by_who_may_add() {
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(Person::new);
    for (add, allowed) in [(Role::Member, true), (Role::Moderator, false)] {
        let policy = GroupPolicy { add, ..GroupPolicy::new(&carol.account) };
        let mut room = Room::group(&alice, &[&bob.device(), &carol.device()], &policy);
        let commit = room.change(&[bob.device().key_package()], &[]);
        let refused = CommitViolation::MayNotAdd(bob.account.clone());
        assert_eq!(room.judge(&commit).map(|_| ()), if allowed { Ok(()) } else { Err(refused) });
    }
}

#[test]
fn a_role_goes_with_the_key() {
    let mut cast = Cast::with(Role::Member, |policy| policy.add = Role::Member);
    let (alice, bob) = (cast.alice.account.clone(), cast.bob.account.clone());
    let new = cast.bob.starts_over().device();
    let stale = cast.judge_change(|policy| policy.banned.clear(), &[new.key_package()], &[1]);
    assert_eq!(stale, Err(CommitViolation::StaleRole(bob.clone())));
    // Even of the last owner: the group goes on without one.
    let unowned = cast.judge_change(|policy| policy.roles.clear(), &[new.key_package()], &[1]);
    assert_eq!(unowned.unwrap().renewed, std::slice::from_ref(&bob));
    let mut cast = Cast::of(Role::Owner);
    let roles = |policy: &mut GroupPolicy| {
        policy.roles.insert(bob.clone(), Role::Moderator);
    };
    let commit = {
        let mut policy = cast.policy();
        roles(&mut policy);
        cast.room.change_policy(&policy, &[], &[])
    };
    cast.room.enact(&commit);
    assert_eq!(cast.judge(&[], &[1]), Err(CommitViolation::StaleRole(bob.clone())));
    let gone = cast.judge_change(|policy| policy.roles = BTreeMap::from([(alice, Role::Owner)]), &[], &[1]);
    assert_eq!(gone.unwrap().gone, [bob]);
}

#[test]
fn a_group_keeps_an_owner() {
    let mut cast = Cast::of(Role::Owner);
    let refused = cast.judge_change(|policy| policy.roles.clear(), &[], &[]);
    assert_eq!(refused, Err(CommitViolation::NoOwner));
    let closed = cast.judge_change(
        |policy| {
            policy.roles.clear();
            policy.closed = true;
        },
        &[],
        &[],
    );
    assert!(closed.is_ok());
    assert!(cast.judge_change(|policy| policy.roles.clear(), &[], &[1]).is_ok(), "nobody else is left");
}

#[test]
fn links_that_a_removed_member_knew_go() {
    let live = BTreeMap::from([(link().0, lasting(HOUR))]);
    let mut cast = Cast::with(Role::Owner, |policy| policy.links = live);
    assert_eq!(cast.judge(&[], &[1]), Err(CommitViolation::LinksSurvive));
    assert!(cast.judge_change(|policy| policy.links.clear(), &[], &[1]).is_ok());
}

#[test]
fn nobody_comes_into_a_closed_group() {
    let open = Cast::of(Role::Owner);
    let mut cast = Cast::with(Role::Owner, |policy| policy.closed = true);
    let refused = cast.judge(&[open.carol.device().key_package()], &[]);
    assert_eq!(refused, Err(CommitViolation::Closed));
    assert!(cast.judge(&[], &[1]).is_ok(), "but out of it");
    assert!(cast.judge_change(|policy| policy.closed = false, &[], &[]).is_ok());
}

#[test]
fn who_proposed_to_leave_goes_with_all_devices() {
    let mut cast = Cast::of(Role::Owner);
    cast.bob_leaves();
    let changes = cast.judge(&[], &[]).unwrap();
    assert_eq!((&changes.gone, &changes.left), (&vec![cast.bob.account.clone()], &changes.gone));
}

#[test]
fn a_device_does_not_leave_alone() {
    let mut cast = Cast::of(Role::Owner);
    cast.bob_leaves();
    let sibling = cast.bob.device().key_package();
    let refused = cast.judge(&[sibling], &[]);
    assert_eq!(refused, Err(CommitViolation::PartialRemoval(cast.bob.account)));
}

fn violation(judged: Result<CommitChanges, CommitViolation>) -> PolicyViolation {
    match judged {
        Err(CommitViolation::Policy(violation)) => violation,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_an_owner_changes_what_members_may_do() {
    for role in [Role::Member, Role::Moderator] {
        let changes: [fn(&mut GroupPolicy); 5] = [
            |policy| policy.add = Role::Member,
            |policy| policy.rename = Role::Member,
            |policy| policy.post = Role::Moderator,
            |policy| policy.join = JoinMode::Open,
            |policy| policy.closed = true,
        ];
        for change in changes {
            let mut cast = Cast::of(role);
            assert_eq!(violation(cast.judge_change(change, &[], &[])), PolicyViolation::Settings);
        }
    }
}

#[test]
fn only_an_owner_gives_and_takes_roles() {
    let mut cast = Cast::of(Role::Moderator);
    let (alice, bob) = (cast.alice.account.clone(), cast.bob.account.clone());
    let own = cast.judge_change(
        |policy| {
            policy.roles.insert(alice.clone(), Role::Owner);
        },
        &[],
        &[],
    );
    assert_eq!(violation(own), PolicyViolation::Role(alice));
    let others = cast.judge_change(
        |policy| {
            policy.roles.remove(&bob);
        },
        &[],
        &[],
    );
    assert_eq!(violation(others), PolicyViolation::Role(bob));
}

#[test]
fn bans_are_for_moderators_and_of_lower_roles() {
    let carol = Person::new("carol").account;
    let mut cast = Cast::of(Role::Member);
    let by_member = cast.judge_change(|policy| policy.banned = set(&carol), &[], &[]);
    assert_eq!(violation(by_member), PolicyViolation::Ban(carol.clone()));
    let mut cast = Cast::of(Role::Moderator);
    let bob = cast.bob.account.clone();
    let of_owner = cast.judge_change(|policy| policy.banned = set(&bob), &[], &[]);
    assert_eq!(violation(of_owner), PolicyViolation::Ban(bob));
    assert!(cast.judge_change(|policy| policy.banned = set(&carol), &[], &[]).is_ok());
}

#[test]
fn links_are_for_moderators() {
    let add = |policy: &mut GroupPolicy| {
        policy.links.insert(link().0, lasting(HOUR));
    };
    let mut cast = Cast::of(Role::Member);
    assert_eq!(violation(cast.judge_change(add, &[], &[])), PolicyViolation::Link);
    let mut cast = Cast::of(Role::Moderator);
    assert!(cast.judge_change(add, &[], &[]).is_ok());
}

#[test]
fn a_link_lives_for_ninety_days_at_most() {
    let mut cast = Cast::of(Role::Owner);
    for expires in [now().minus_millis(1), now().plus_millis(91 * DAY)] {
        let terms = LinkTerms { expires, uses: 0 };
        let judged = cast.judge_change(
            |policy| {
                policy.links.insert(link().0, terms);
            },
            &[],
            &[],
        );
        assert_eq!(violation(judged), PolicyViolation::LinkLifetime);
    }
}

/// A link and who holds it.
fn link() -> (LinkKey, Person) {
    let holder = Person::new("link");
    (LinkKey::from_bytes(*holder.account_key().as_bytes()), holder)
}

fn lasting(millis: u64) -> LinkTerms {
    LinkTerms { expires: now().plus_millis(millis), uses: 0 }
}

/// A group that lets in whoever has the link.
fn open(change: impl FnOnce(&mut GroupPolicy)) -> (Cast, LinkKey, Person) {
    let (key, holder) = link();
    let cast = Cast::with(Role::Owner, |policy| {
        policy.join = JoinMode::Open;
        policy.links = BTreeMap::from([(key, lasting(HOUR))]);
        change(policy);
    });
    (cast, key, holder)
}

/// An external commit by a link, signed for this device.
fn by_link(cast: &Cast, key: LinkKey, holder: &Person, signed: &Device, device: &Device) -> MlsMessageOut {
    let group = cast.room.hub.group_context();
    let account = std::str::from_utf8(&signed.identity).unwrap().parse().unwrap();
    let content = external::join_content(
        group.group_id().as_slice(),
        group.epoch().as_u64(),
        &account,
        &signed.signer.key(),
    );
    let signature: Signature = holder.sign(&signing::signing_input(Purpose::GroupJoin, &content));
    cast.room.join_by_itself(device, ExternalJoin::Link { link: key, signature }.encode())
}

fn judge_by_link(change: impl FnOnce(&mut GroupPolicy)) -> Result<CommitChanges, CommitViolation> {
    let (cast, key, holder) = open(change);
    let device = cast.carol.device();
    cast.room.judge(&by_link(&cast, key, &holder, &device, &device))
}

#[test]
fn who_has_a_link_comes_in_as_a_member() {
    let (cast, key, holder) = open(|_| ());
    let device = cast.carol.device();
    let changes = cast.room.judge(&by_link(&cast, key, &holder, &device, &device)).unwrap();
    assert_eq!((changes.joined, changes.policy), (vec![cast.carol.account.clone()], None));
    assert!(matches!(changes.external, Some(ExternalJoin::Link { link, .. }) if link == key));
}

#[test]
fn a_link_that_is_not_good_lets_nobody_in() {
    let expired = LinkTerms { expires: now().minus_millis(1), uses: 0 };
    let changes: [&dyn Fn(&mut GroupPolicy); 4] = [
        &|policy| policy.join = JoinMode::Approval,
        &|policy| policy.join = JoinMode::Invite,
        &|policy| policy.links.clear(),
        &|policy| policy.links.values_mut().for_each(|terms| *terms = expired),
    ];
    for change in changes {
        assert_eq!(judge_by_link(change), Err(CommitViolation::BadLink));
    }
}

#[test]
fn a_link_signed_for_another_device_lets_nobody_in() {
    let (cast, key, holder) = open(|_| ());
    let (other, device) = (cast.carol.device(), cast.carol.device());
    let commit = by_link(&cast, key, &holder, &other, &device);
    assert_eq!(cast.room.judge(&commit), Err(CommitViolation::BadLink));
    let commit = by_link(&cast, key, &cast.carol, &device, &device);
    assert_eq!(cast.room.judge(&commit), Err(CommitViolation::BadLink));
}

#[test]
fn a_link_is_not_for_members_or_the_banned() {
    let (cast, key, holder) = open(|_| ());
    let sibling = cast.bob.device();
    let commit = by_link(&cast, key, &holder, &sibling, &sibling);
    assert_eq!(cast.room.judge(&commit), Err(CommitViolation::BadLink));
    let carol = Person::new("carol").account;
    assert_eq!(judge_by_link(|policy| policy.banned = set(&carol)), Err(CommitViolation::Banned(carol)));
    assert_eq!(judge_by_link(|policy| policy.closed = true), Err(CommitViolation::Closed));
}

#[test]
fn a_device_that_lost_its_state_comes_back_in_its_place() {
    let cast = Cast::of(Role::Owner);
    let changes = cast.room.judge(&cast.room.come_back(&cast.device)).unwrap();
    assert_eq!(changes.removed.len(), 1);
    assert_eq!((changes.removed[0].device, changes.committer.device), (cast.device.id, cast.device.id));
    assert!(changes.gone.is_empty() && changes.joined.is_empty());
}

#[test]
fn who_joins_says_by_what_right() {
    let cast = Cast::of(Role::Owner);
    let sibling = cast.bob.device();
    for aad in [Vec::new(), vec![1], vec![9; 35]] {
        let commit = cast.room.join_by_itself(&sibling, aad);
        assert_eq!(cast.room.judge(&commit), Err(CommitViolation::NoRight));
    }
}

#[test]
fn an_account_under_another_key_does_not_come_in_by_itself() {
    let cast = Cast::of(Role::Owner);
    for stranger in [cast.bob.starts_over(), cast.carol.clone()] {
        let commit = cast.room.come_back(&stranger.device());
        assert_eq!(cast.room.judge(&commit), Err(CommitViolation::NotAMember(stranger.account)));
    }
}

#[test]
fn who_leaves_does_not_come_back_by_itself() {
    let mut cast = Cast::of(Role::Owner);
    cast.bob_leaves();
    let sibling = cast.bob.device();
    let commit = cast.room.come_back(&sibling);
    assert_eq!(cast.room.judge(&commit), Err(CommitViolation::NotAMember(cast.bob.account)));
}

/// The time of an entry decides, not the clock of who looks.
#[test]
fn a_links_end_is_judged_at_the_time_of_the_entry() {
    let (cast, key, holder) = open(|_| ());
    let device = cast.carol.device();
    let commit = by_link(&cast, key, &holder, &device, &device);
    let later: Timestamp = now().plus_millis(2 * HOUR);
    assert_eq!(cast.room.judge_at(&commit, later), Err(CommitViolation::BadLink));
}
