//! The roster gives what verifying every leaf gives, whatever it has seen before; and nobody whom it has not verified.
//!
//! Spec: `identity.md` 4.

use infrasound_spec::{endorsement::EndorsementError, members::Members, mls::LeafError, roster::Roster};

use crate::support::{person::Person, room::Room};

#[test]
fn it_gives_the_members_of_every_epoch() {
    let (alice, bob) = (Person::new("alice"), Person::new("bob"));
    let (mut room, _) = Room::of(&alice, &bob);
    let mut roster = Roster::default();
    for _ in 0..3 {
        roster = Roster::of(&room.hub, &roster).unwrap();
        assert_eq!(roster.members().cloned(), Members::of(&room.hub));
        let commit = room.commit(|commit| commit);
        room.enact(&commit);
        let commit = room.change(&[bob.device().key_package()], &[1]);
        room.enact(&commit);
        roster = Roster::of(&room.hub, &roster).unwrap();
        assert_eq!(roster.members().cloned(), Members::of(&room.hub));
    }
}

#[test]
fn an_endorsement_that_was_verified_does_not_let_another_one_in() {
    let (alice, bob) = (Person::new("alice"), Person::new("bob"));
    let (mut room, _) = Room::of(&alice, &bob);
    let roster = Roster::of(&room.hub, &Roster::default()).unwrap();
    roster.members().unwrap();
    // The same account, device, key and times: only the signature is somebody else's.
    let mut forged = room.alice.endorsement.clone().unwrap();
    forged.signature = bob
        .endorse(&alice.account, forged.device, &room.alice.signer.key(), forged.created, forged.expires)
        .signature;
    let mut other = alice.device();
    other.endorsement = Some(forged);
    let commit = room.commit_with_leaf_of(&other);
    room.apply(&commit);
    let refused = Some(LeafError::Endorsement(EndorsementError::BadSignature));
    let roster = Roster::of(&room.hub, &roster).unwrap();
    assert_eq!(roster.members().err(), refused);
    // And not by asking again, or in the next epoch.
    assert_eq!(roster.members().err(), refused);
    let roster = Roster::of(&room.hub, &roster).unwrap();
    assert_eq!(roster.members().err(), refused);
}

#[test]
fn a_verified_endorsement_is_worth_nothing_in_another_leaf() {
    let (alice, bob) = (Person::new("alice"), Person::new("bob"));
    let (mut room, bobs) = Room::of(&alice, &bob);
    let roster = Roster::of(&room.hub, &Roster::default()).unwrap();
    roster.members().unwrap();
    let mut borrower = alice.device();
    borrower.endorsement = bobs.endorsement.clone();
    let commit = room.commit_with_leaf_of(&borrower);
    room.apply(&commit);
    let roster = Roster::of(&room.hub, &roster).unwrap();
    assert_eq!(roster.members().err(), Some(LeafError::Endorsement(EndorsementError::BadSignature)));
}

#[test]
fn one_leaf_that_is_nobodys_leaves_nobody() {
    let (alice, bob) = (Person::new("alice"), Person::new("bob"));
    let (mut room, bobs) = Room::of(&alice, &bob);
    let mut borrower = alice.device();
    borrower.endorsement = bobs.endorsement.clone();
    let commit = room.commit_with_leaf_of(&borrower);
    room.apply(&commit);
    let roster = Roster::of(&room.hub, &Roster::default()).unwrap();
    // What a leaf says of itself makes it nobody.
    assert_eq!(roster.len(), 2);
    assert_eq!(roster.at(0), None);
    assert!(roster.devices_of(|account| *account == alice.account).is_err());
    // The other is who it says, by itself; but there is no group of the two.
    assert_eq!(roster.at(1).map(|device| &device.account), Some(&bob.account));
    assert_eq!(roster.devices_of(|account| *account == bob.account).unwrap().len(), 1);
    assert!(roster.members().is_err());
    assert!(roster.everybody().is_empty());
}
