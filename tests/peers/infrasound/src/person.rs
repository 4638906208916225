//! Who a member is: an account, and a device that it endorses.

use ed25519_dalek::{Signer as _, SigningKey};
use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, Signature},
    endorsement::{ENDORSEMENT_LIFETIME, Endorsement},
    mls as parameters,
    signing::{self, Purpose},
    time::Timestamp,
};
use openmls::prelude::{CredentialWithKey, Extensions, LeafNode};

use crate::mls::{self, signer::DeviceSigner};

pub(crate) struct Person {
    pub(crate) account: AccountUri,
    pub(crate) signer: DeviceSigner,
    endorsement: Endorsement,
}

impl Person {
    pub(crate) fn new(name: &str, seed: [u8; 32], created: Timestamp) -> Self {
        let account: AccountUri = format!("https://social.example/users/{name}").parse().expect("an account");
        let account_key = SigningKey::from_bytes(&seed);
        let signer = DeviceSigner::from_seed(&seed.map(|byte| !byte));
        let device = DeviceId::from_bytes(std::array::from_fn(|i| seed[i]));
        let expires = created.plus_millis(ENDORSEMENT_LIFETIME);
        let content = Endorsement::signed_content(&account, &device, &signer.public(), created, expires);
        let input = signing::signing_input(Purpose::DeviceEndorsement, &content);
        let signature = Signature::from_bytes(account_key.sign(&input).to_bytes());
        let account_key = AccountKey::from_bytes(account_key.verifying_key().to_bytes());
        let endorsement = Endorsement { account_key, device, created, expires, signature };
        Self { account, signer, endorsement }
    }

    pub(crate) fn credential(&self) -> CredentialWithKey {
        mls::credential(&self.account, &self.signer.public())
    }

    pub(crate) fn leaf_extensions(&self) -> Extensions<LeafNode> {
        parameters::leaf_extensions(&self.endorsement).expect("extensions")
    }
}
