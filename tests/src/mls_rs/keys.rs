//! The keys of an account's one device, and the endorsement that ties them together.
//!
//! Spec: `identity.md` 2 to 4.

use ed25519_dalek::{Signer as _, SigningKey};
use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, DeviceKey, Signature},
    conversation::Conversation,
    endorsement::{ENDORSEMENT_LIFETIME, Endorsement},
    signing::{self, Purpose},
    time::Timestamp,
};
use rand_core::{OsRng, RngCore as _};

use super::{
    device::{KeyPackageUse, key_package},
    founding::{CommitError, Founded},
    parameters,
};

/// An account's key, a device's key, and the account key's word for the device.
#[derive(Clone)]
pub struct Keys {
    /// Whose.
    pub account: AccountUri,
    /// What goes into the leaf.
    pub endorsement: Endorsement,
    pub(super) device_key: SigningKey,
}

impl Keys {
    /// Makes all of them for an account without a device.
    pub fn generate(account: AccountUri, now: Timestamp) -> Self {
        let account_key = SigningKey::generate(&mut OsRng);
        let device_key = SigningKey::generate(&mut OsRng);
        let device = DeviceId::from_bytes(random());
        let expires = now.plus_millis(ENDORSEMENT_LIFETIME);
        let content = Endorsement::signed_content(&account, &device, &public(&device_key), now, expires);
        let endorsement = Endorsement {
            account_key: AccountKey::from_bytes(account_key.verifying_key().to_bytes()),
            device,
            created: now,
            expires,
            signature: sign(&account_key, Purpose::DeviceEndorsement, &content),
        };
        Self { account, endorsement, device_key }
    }

    /// The same device with an endorsement that is for another key: nobody's.
    #[must_use]
    pub fn with_foreign_endorsement(self) -> Self {
        let other = Self::generate(self.account.clone(), self.endorsement.created);
        Self { endorsement: other.endorsement, ..self }
    }

    /// A key package of this device, as an MLSMessage; its private part is thrown away.
    pub fn key_package(&self, used: KeyPackageUse, now: Timestamp) -> Vec<u8> {
        key_package(&parameters::client(self), self, used, now)
    }

    /// A conversation founded by this device with these key packages, not submitted.
    pub fn found(
        &self,
        direct: Conversation,
        key_packages: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Founded, CommitError> {
        Founded::make(&parameters::client(self), self, direct, key_packages, now)
    }

    /// The device's public key.
    pub fn public(&self) -> DeviceKey {
        public(&self.device_key)
    }

    /// The device's signature.
    pub fn sign(&self, purpose: Purpose, content: &[u8]) -> Signature {
        sign(&self.device_key, purpose, content)
    }
}

fn public(key: &SigningKey) -> DeviceKey {
    DeviceKey::from_bytes(key.verifying_key().to_bytes())
}

fn sign(key: &SigningKey, purpose: Purpose, content: &[u8]) -> Signature {
    Signature::from_bytes(key.sign(&signing::signing_input(purpose, content)).to_bytes())
}

/// Random bytes for ids.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}
