//! What a relay that lies could make by itself: keys, endorsements and key packages that claim to be somebody's; and what
//! a member could that keeps to no rule.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "test support: a step that fails fails the test, and says which"
)]

pub mod collusion;
pub mod rogue;
mod spoiled;

use ed25519_dalek::{Signer as _, SigningKey};
use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, DeviceKey, Signature},
    endorsement::{ENDORSEMENT_LIFETIME, Endorsement},
    mls,
    signing::{Purpose, signing_input},
    time::{HOUR, Timestamp},
};
use openmls::prelude::{BasicCredential, CredentialWithKey, KeyPackage, Lifetime, MlsMessageOut};
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;

/// A key package that says it is a device of `account`, endorsed by an account key that the forger made.
pub fn key_package(account: &AccountUri, now: Timestamp) -> (DeviceId, Vec<u8>) {
    let (device, key_package) = device_of(account, now, |signature| signature);
    (device, MlsMessageOut::from(key_package).to_bytes().unwrap())
}

/// A key package that says it is a device of `account`, and that nobody has endorsed: the signature is not one.
pub fn unendorsed_key_package(account: &AccountUri, now: Timestamp) -> KeyPackage {
    let spoil = |mut signature: [u8; 64]| {
        signature[0] ^= 1;
        signature
    };
    device_of(account, now, spoil).1
}

fn device_of(
    account: &AccountUri,
    now: Timestamp,
    sign: impl Fn([u8; 64]) -> [u8; 64],
) -> (DeviceId, KeyPackage) {
    let provider = OpenMlsRustCrypto::default();
    let signer = SignatureKeyPair::new(mls::CIPHERSUITE.signature_algorithm()).unwrap();
    let device_key = DeviceKey::from_slice(signer.public()).unwrap();
    let device = DeviceId::from_bytes([66; 16]);
    let account_key = SigningKey::from_bytes(&[13; 32]);
    let expires = now.plus_millis(ENDORSEMENT_LIFETIME);
    let content = Endorsement::signed_content(account, &device, &device_key, now, expires);
    let signature = account_key.sign(&signing_input(Purpose::DeviceEndorsement, &content));
    let endorsement = Endorsement {
        account_key: AccountKey::from_bytes(account_key.verifying_key().to_bytes()),
        device,
        created: now,
        expires,
        signature: Signature::from_bytes(sign(signature.to_bytes())),
    };
    let credential = CredentialWithKey {
        credential: BasicCredential::new(account.as_str().as_bytes().to_vec()).into(),
        signature_key: signer.public().into(),
    };
    let begin = now.minus_millis(HOUR);
    let end = begin.plus_millis(infrasound_spec::key_package::KEY_PACKAGE_LIFETIME);
    let bundle = KeyPackage::builder()
        .key_package_lifetime(Lifetime::init(begin.as_secs(), end.as_secs()))
        .leaf_node_capabilities(mls::capabilities())
        .leaf_node_extensions(mls::leaf_extensions(&endorsement).unwrap())
        .build(mls::CIPHERSUITE, &provider, &signer, credential)
        .unwrap();
    (device, bundle.key_package().clone())
}
