//! Each rule for commits, with a real commit that breaks it.
//!
//! Spec: `conversations.md` 7.

use infrasound_spec::{
    commit::{self, CommitViolation, Framing},
    conversation::Conversation,
    endorsement::EndorsementError,
    external::ExternalJoin,
    members::Members,
    mls::{self, LeafError},
    time::{DAY, HOUR},
};
use openmls::{
    prelude::{
        Extension, Extensions, LeafNodeIndex, PreSharedKeyProposal, Proposal, Sender, UnknownExtension,
    },
    schedule::{ExternalPsk, PreSharedKeyId, Psk},
};
use openmls_traits::OpenMlsProvider as _;

use crate::support::{
    person::{Device, Person, now},
    room::{Room, join},
};

fn people() -> (Person, Person) {
    (Person::new("alice"), Person::new("bob"))
}

#[test]
fn a_founding_commit_adds_the_other_account() {
    let (alice, bob) = people();
    let mut room = Room::founded_by(&alice, &bob);
    let device = bob.device();
    let commit = room.change(&[device.key_package()], &[]);
    let changes = room.judge(&commit).unwrap();
    assert_eq!(changes.committer.device, room.alice.id);
    assert_eq!(changes.added.iter().map(|added| added.device).collect::<Vec<_>>(), [device.id]);
    assert!(changes.removed.is_empty());
}

#[test]
fn a_member_may_renew_its_leaf() {
    let (alice, bob) = people();
    let (mut room, _) = Room::of(&alice, &bob);
    let commit = room.commit(|commit| commit);
    assert!(room.judge(&commit).is_ok());
}

#[test]
fn an_account_that_started_over_is_let_in_again_in_one_commit() {
    let (alice, bob) = people();
    let (mut room, old) = Room::of(&alice, &bob);
    let new = bob.starts_over().device();
    let commit = room.change(&[new.key_package()], &[1]);
    let changes = room.judge(&commit).unwrap();
    assert_eq!((changes.removed[0].device, changes.added[0].device), (old.id, new.id));
}

#[test]
fn a_group_that_names_no_conversation_is_refused() {
    let alice = Person::new("alice");
    let required = Extension::RequiredCapabilities(mls::required_capabilities());
    let mut room = Room::with_context(alice.device(), Extensions::single(required).unwrap(), b"some group");
    let commit = room.commit(|commit| commit);
    assert_eq!(room.judge(&commit), Err(CommitViolation::NotAConversation));
}

#[test]
fn a_group_with_another_id_than_its_conversation_is_refused() {
    let (alice, bob) = people();
    let conversation = Conversation::direct(&alice.account, &bob.account, 0).unwrap();
    let again = Conversation { generation: 1, ..conversation.clone() };
    let extensions = mls::group_context_extensions(&conversation, None).unwrap();
    let mut room = Room::with_context(alice.device(), extensions, &again.group_id());
    let commit = room.commit(|commit| commit);
    assert_eq!(room.judge(&commit), Err(CommitViolation::NotAConversation));
}

#[test]
fn a_device_of_a_member_may_come_in_by_itself() {
    let (alice, bob) = people();
    let (room, _) = Room::of(&alice, &bob);
    let sibling = bob.device();
    let changes = room.judge(&room.come_back(&sibling)).unwrap();
    assert_eq!((changes.external, changes.committer.device), (Some(ExternalJoin::Member), sibling.id));
    assert!(changes.joined.is_empty() && changes.removed.is_empty());
}

#[test]
fn nobody_else_comes_in_by_itself() {
    let (alice, bob) = people();
    let (room, _) = Room::of(&alice, &bob);
    let carol = Person::new("carol");
    let commit = room.come_back(&carol.device());
    assert_eq!(room.judge(&commit), Err(CommitViolation::NotAMember(carol.account)));
    let commit = room.come_back(&bob.starts_over().device());
    assert_eq!(room.judge(&commit), Err(CommitViolation::NotAMember(bob.account.clone())));
    let commit = room.join_by_itself(&bob.device(), Vec::new());
    assert_eq!(room.judge(&commit), Err(CommitViolation::NoRight));
}

#[test]
fn a_sender_that_is_no_leaf_is_refused() {
    let (alice, bob) = people();
    let (mut room, _) = Room::of(&alice, &bob);
    room.commit(|commit| commit);
    let staged = room.group.pending_commit().unwrap();
    let nobody = Sender::Member(LeafNodeIndex::new(7));
    let members = Members::of(&room.hub).unwrap();
    let framing = Framing { sender: &nobody, aad: &[] };
    let judged = commit::check(&room.hub, &members, framing, staged, now());
    assert_eq!(judged, Err(CommitViolation::NotFromAMember));
}

#[test]
fn a_device_without_an_endorsement_is_not_added() {
    refuses_to_add(|_, device| device.endorsement = None, EndorsementError::Missing.into());
}

#[test]
fn a_device_whose_endorsement_another_key_signed_is_not_added() {
    let mallory = Person::new("mallory");
    refuses_to_add(
        |_, device| device.endorsement.as_mut().unwrap().account_key = mallory.account_key(),
        EndorsementError::BadSignature.into(),
    );
}

#[test]
fn a_device_with_a_borrowed_endorsement_is_not_added() {
    refuses_to_add(
        |bob, device| device.endorsement = bob.device().endorsement,
        EndorsementError::BadSignature.into(),
    );
}

#[test]
fn a_device_whose_endorsement_has_expired_is_not_added() {
    refuses_to_add(
        |bob, device| {
            let (created, expires) = (now().minus_millis(2 * DAY), now().minus_millis(DAY));
            let key = device.signer.key();
            device.endorsement = Some(bob.endorse(&bob.account, device.id, &key, created, expires));
        },
        EndorsementError::Expired.into(),
    );
}

#[test]
fn a_device_endorsed_in_the_future_is_not_added() {
    refuses_to_add(
        |bob, device| {
            let (created, expires) = (now().plus_millis(2 * HOUR), now().plus_millis(DAY));
            let key = device.signer.key();
            device.endorsement = Some(bob.endorse(&bob.account, device.id, &key, created, expires));
        },
        EndorsementError::NotYetValid.into(),
    );
}

#[test]
fn a_device_whose_credential_names_no_account_is_not_added() {
    refuses_to_add(|_, device| device.identity = b"bob".to_vec(), LeafError::Credential);
}

#[track_caller]
fn refuses_to_add(spoil: impl FnOnce(&Person, &mut Device), reason: LeafError) {
    let (alice, bob) = people();
    let mut room = Room::founded_by(&alice, &bob);
    let mut device = bob.device();
    spoil(&bob, &mut device);
    let commit = room.change(&[device.key_package()], &[]);
    assert_eq!(room.judge(&commit), Err(CommitViolation::Leaf(reason)));
}

#[test]
fn a_new_leaf_with_a_broken_endorsement_is_refused() {
    let (alice, bob) = people();
    let (mut room, _) = Room::of(&alice, &bob);
    let mut spoilt = alice.device_named(room.alice.id);
    spoilt.endorsement = room.alice.endorsement.clone();
    spoilt.endorsement.as_mut().unwrap().created = now();
    let commit = room.commit_with_leaf_of(&spoilt);
    let reason = LeafError::Endorsement(EndorsementError::BadSignature);
    assert_eq!(room.judge(&commit), Err(CommitViolation::Leaf(reason)));
}

#[test]
fn a_new_leaf_that_calls_itself_another_device_is_refused() {
    let (alice, bob) = people();
    let (mut room, _) = Room::of(&alice, &bob);
    let mut other = alice.device();
    // Endorsed for the key that the leaf really has, under another id.
    let (created, expires) = (now().minus_millis(DAY), now().plus_millis(DAY));
    let key = room.alice.signer.key();
    other.endorsement = Some(alice.endorse(&alice.account, other.id, &key, created, expires));
    let commit = room.commit_with_leaf_of(&other);
    assert_eq!(room.judge(&commit), Err(CommitViolation::PathLeafNotCommitters));
}

#[test]
fn a_self_remove_is_not_allowed_in_a_direct_conversation() {
    let (alice, bob) = people();
    let mut room = Room::founded_by(&alice, &bob);
    let device = bob.device();
    let key_package = device.key_package();
    let bundle = {
        let (commit, welcome, _) =
            room.group.add_members(&room.alice.provider, &room.alice.signer, &[key_package]).unwrap();
        room.enact(&commit);
        welcome
    };
    let mut bobs = join(&device, &bundle, &room);
    let leave = bobs.leave_group_via_self_remove(&device.provider, &device.signer).unwrap();
    room.propose(&leave);
    let commit = room.commit(|commit| commit);
    assert_eq!(room.judge(&commit), Err(CommitViolation::ProposalNotAllowed));
}

#[test]
fn a_pre_shared_key_is_not_allowed() {
    let (alice, bob) = people();
    let (mut room, _) = Room::of(&alice, &bob);
    let psk = Psk::External(ExternalPsk::new(b"a secret from elsewhere".to_vec()));
    let id = PreSharedKeyId::new(mls::CIPHERSUITE, room.alice.provider.rand(), psk).unwrap();
    id.store(&room.alice.provider, b"the secret itself, which nobody else needs").unwrap();
    let proposal = Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(id)));
    let commit = room.commit(|commit| commit.add_proposal(proposal));
    assert_eq!(room.judge(&commit), Err(CommitViolation::ProposalNotAllowed));
}

#[test]
fn a_commit_without_a_path_is_refused() {
    let (alice, bob) = people();
    let mut room = Room::founded_by(&alice, &bob);
    let key_package = bob.device().key_package();
    let (commit, _, _) = room
        .group
        .add_members_without_update(&room.alice.provider, &room.alice.signer, &[key_package])
        .unwrap();
    assert_eq!(room.judge(&commit), Err(CommitViolation::NoPath));
}

#[test]
fn a_third_account_is_refused() {
    let (alice, bob) = people();
    let (mut room, _) = Room::of(&alice, &bob);
    let carol = Person::new("carol");
    let commit = room.change(&[carol.device().key_package()], &[]);
    assert_eq!(room.judge(&commit), Err(CommitViolation::Stranger(carol.account)));
}

#[test]
fn a_sibling_under_another_account_key_is_refused() {
    let (alice, bob) = people();
    let (mut room, _) = Room::of(&alice, &bob);
    let commit = room.change(&[bob.starts_over().device().key_package()], &[]);
    assert_eq!(room.judge(&commit), Err(CommitViolation::TwoAccountKeys(bob.account)));
}

#[test]
fn removing_the_other_account_altogether_is_refused() {
    let (alice, bob) = people();
    let (mut room, _) = Room::of(&alice, &bob);
    let commit = room.change(&[], &[1]);
    assert_eq!(room.judge(&commit), Err(CommitViolation::RemovesAccount(bob.account)));
}

#[test]
fn a_device_with_two_leaves_is_refused() {
    let (alice, bob) = people();
    let (mut room, device) = Room::of(&alice, &bob);
    let twin = bob.device_named(device.id);
    let commit = room.change(&[twin.key_package()], &[]);
    assert_eq!(room.judge(&commit), Err(CommitViolation::DeviceTwice));
}

#[test]
fn a_change_of_the_groups_context_is_refused() {
    let (alice, bob) = people();
    let (mut room, _) = Room::of(&alice, &bob);
    let conversation = Conversation::direct(&alice.account, &bob.account, 1).unwrap();
    let mut extensions = mls::group_context_extensions(&conversation, None).unwrap();
    extensions
        .add_or_replace(Extension::Unknown(
            mls::CONVERSATION_EXTENSION,
            UnknownExtension(conversation.encode()),
        ))
        .unwrap();
    let commit = room.commit(|commit| commit.propose_group_context_extensions(extensions).unwrap());
    assert_eq!(room.judge(&commit), Err(CommitViolation::ContextChanged));
}
