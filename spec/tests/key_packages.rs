//! Key packages as openmls makes them, right and wrong. Those that pass must be made now: openmls checks lifetimes by
//! its own clock, so that a file with a good one would not stay good. What is wrong whatever the time is a vector.
//!
//! Spec: `key-packages.md` 2.

use infrasound_spec::{
    endorsement::EndorsementError,
    key_package::{self, EndorsedKeyPackage, KEY_PACKAGE_MARGIN, KeyPackageError},
    mls::LeafError,
    time::{DAY, HOUR},
};
use openmls::prelude::{Capabilities, ExtensionType, KeyPackage, MlsMessageOut};
use openmls_rust_crypto::RustCrypto;

use crate::support::person::{Device, Person, now};

fn parse(bytes: &[u8]) -> Result<EndorsedKeyPackage, KeyPackageError> {
    key_package::parse(&RustCrypto::default(), bytes, now(), KEY_PACKAGE_MARGIN)
}

#[track_caller]
fn refuses(spoil: impl FnOnce(&Person, &mut Device), reason: &KeyPackageError) {
    let bob = Person::new("bob");
    let mut device = bob.device();
    spoil(&bob, &mut device);
    assert_eq!(parse(&device.key_package_bytes()).err().as_ref(), Some(reason));
}

#[test]
fn a_key_package_says_whose_it_is_and_until_when() {
    let bob = Person::new("bob");
    let device = bob.device();
    let parsed = parse(&device.key_package_bytes()).unwrap();
    assert_eq!(parsed.device.account, bob.account);
    assert_eq!(parsed.device.account_key, bob.account_key());
    assert_eq!((parsed.device.device, parsed.device.device_key), (device.id, device.signer.key()));
    assert!(parsed.expires > now().plus_millis(83 * DAY) && parsed.expires < now().plus_millis(84 * DAY));
    assert!(!parsed.last_resort);
}

#[test]
fn a_last_resort_key_package_says_so() {
    let device = Person::new("bob").device();
    let last_resort = KeyPackage::builder()
        .mark_as_last_resort()
        .leaf_node_capabilities(device.capabilities.clone())
        .leaf_node_extensions(device.leaf_extensions())
        .build(device.ciphersuite, &device.provider, &device.signer, device.credential())
        .unwrap();
    let bytes = MlsMessageOut::from(last_resort.into_key_package()).to_bytes().unwrap();
    assert!(parse(&bytes).unwrap().last_resort);
}

#[test]
fn one_that_ends_within_the_margin_is_refused_when_it_is_to_be_handed_out() {
    let mut device = Person::new("bob").device();
    device.lifetime = KEY_PACKAGE_MARGIN;
    let bytes = device.key_package_bytes();
    assert_eq!(parse(&bytes).err(), Some(KeyPackageError::ExpiresTooSoon));
    assert!(key_package::parse(&RustCrypto::default(), &bytes, now(), DAY).is_ok());
}

#[test]
fn one_whose_endorsement_another_key_signed_is_refused() {
    let other = Person::new("bob").account_key();
    refuses(
        |_, device| device.endorsement.as_mut().unwrap().account_key = other,
        &KeyPackageError::Leaf(LeafError::Endorsement(EndorsementError::BadSignature)),
    );
}

#[test]
fn one_with_the_endorsement_of_another_account_is_refused() {
    refuses(
        |_, device| {
            let mallory = Person::new("mallory");
            let (created, expires) = (now(), now().plus_millis(DAY));
            let key = device.signer.key();
            device.endorsement = Some(mallory.endorse(&mallory.account, device.id, &key, created, expires));
        },
        &KeyPackageError::Leaf(LeafError::Endorsement(EndorsementError::BadSignature)),
    );
}

#[test]
fn one_with_the_endorsement_of_a_sibling_is_refused() {
    refuses(
        |bob, device| device.endorsement = bob.device().endorsement,
        &KeyPackageError::Leaf(LeafError::Endorsement(EndorsementError::BadSignature)),
    );
}

#[test]
fn one_without_an_endorsement_is_refused() {
    refuses(
        |_, device| device.endorsement = None,
        &KeyPackageError::Leaf(LeafError::Endorsement(EndorsementError::Missing)),
    );
}

#[test]
fn one_whose_endorsement_has_expired_is_refused() {
    refuses(
        |bob, device| {
            let (created, expires) = (now().minus_millis(DAY), now().minus_millis(HOUR));
            let key = device.signer.key();
            device.endorsement = Some(bob.endorse(&bob.account, device.id, &key, created, expires));
        },
        &KeyPackageError::Leaf(LeafError::Endorsement(EndorsementError::Expired)),
    );
}

#[test]
fn one_whose_credential_is_no_account_is_refused() {
    refuses(
        |_, device| device.identity = b"@bob@social.example".to_vec(),
        &KeyPackageError::Leaf(LeafError::Credential),
    );
}

#[test]
fn one_that_cannot_be_in_a_conversation_is_refused() {
    let lacks = |extensions: &[ExtensionType]| Capabilities::new(None, None, Some(extensions), None, None);
    refuses(
        |_, device| device.capabilities = lacks(&[ExtensionType::Unknown(0xF1A0)]),
        &KeyPackageError::Capabilities,
    );
}

#[test]
fn a_bit_that_flips_on_the_way_is_noticed_wherever_it_is() {
    let bytes = Person::new("bob").device().key_package_bytes();
    for position in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[position] ^= 1;
        assert!(parse(&flipped).is_err(), "byte {position}");
    }
}
