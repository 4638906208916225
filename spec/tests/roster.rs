//! The roster gives what verifying every leaf gives, whatever it has seen before.
//!
//! Spec: `identity.md` 4.

use infrasound_spec::{commit, endorsement::EndorsementError, mls::LeafError, roster::Roster};

use crate::support::{person::Person, room::Room};

#[test]
fn it_gives_the_members_of_every_epoch() {
    let (alice, bob) = (Person::new("alice"), Person::new("bob"));
    let (mut room, _) = Room::of(&alice, &bob);
    let mut roster = Roster::default();
    for _ in 0..3 {
        assert_eq!(roster.members(&room.hub), commit::members(&room.hub));
        let commit = room.commit(|commit| commit);
        room.enact(&commit);
        let commit = room.change(&[bob.device().key_package()], &[1]);
        room.enact(&commit);
        assert_eq!(roster.members(&room.hub), commit::members(&room.hub));
    }
}

#[test]
fn an_endorsement_that_was_verified_does_not_let_another_one_in() {
    let (alice, bob) = (Person::new("alice"), Person::new("bob"));
    let (mut room, _) = Room::of(&alice, &bob);
    let mut roster = Roster::default();
    roster.members(&room.hub).unwrap();
    // The same account, device, key and times: only the signature is somebody else's.
    let mut forged = room.alice.endorsement.clone().unwrap();
    forged.signature = bob
        .endorse(&alice.account, forged.device, &room.alice.signer.key(), forged.created, forged.expires)
        .signature;
    let mut other = alice.device();
    other.endorsement = Some(forged);
    let commit = room.commit_with_leaf_of(&other);
    room.enact_unchecked(&commit);
    let refused = Err(LeafError::Endorsement(EndorsementError::BadSignature));
    assert_eq!(roster.members(&room.hub), refused);
    // And not by asking again.
    assert_eq!(roster.members(&room.hub), refused);
}

#[test]
fn a_verified_endorsement_is_worth_nothing_in_another_leaf() {
    let (alice, bob) = (Person::new("alice"), Person::new("bob"));
    let (mut room, bobs) = Room::of(&alice, &bob);
    let mut roster = Roster::default();
    roster.members(&room.hub).unwrap();
    let mut borrower = alice.device();
    borrower.endorsement = bobs.endorsement.clone();
    let commit = room.commit_with_leaf_of(&borrower);
    room.enact_unchecked(&commit);
    let refused = Err(LeafError::Endorsement(EndorsementError::BadSignature));
    assert_eq!(roster.members(&room.hub), refused);
}
