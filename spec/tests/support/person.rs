//! People and their devices, with real keys and a real openmls behind each device.

use ed25519_dalek::{Signer as _, SigningKey};
use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, DeviceKey, Signature},
    endorsement::{ENDORSEMENT_LIFETIME, Endorsement},
    key_package::KEY_PACKAGE_LIFETIME,
    mls,
    signing::{self, Purpose},
    time::{DAY, HOUR, Timestamp},
};
use openmls::prelude::{
    BasicCredential, Capabilities, Ciphersuite, CredentialWithKey, Extensions, KeyPackage, LeafNode,
    Lifetime, MlsMessageOut,
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::{
    signatures::{Signer, SignerError},
    types::SignatureScheme,
};
use rand_core::{OsRng, RngCore as _};

/// The present. openmls checks lifetimes by its own clock, so tests with real key packages live in real time.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_secs(since.as_secs())
}

/// An account and its key.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) account: AccountUri,
    key: SigningKey,
}

impl Person {
    pub(crate) fn new(name: &str) -> Self {
        let account = format!("https://social.example/users/{name}").parse().unwrap();
        Self { account, key: SigningKey::generate(&mut OsRng) }
    }

    /// The same account under a new key.
    pub(crate) fn starts_over(&self) -> Self {
        Self { account: self.account.clone(), key: SigningKey::generate(&mut OsRng) }
    }

    pub(crate) fn account_key(&self) -> AccountKey {
        AccountKey::from_bytes(self.key.verifying_key().to_bytes())
    }

    pub(crate) fn endorse(
        &self,
        account: &AccountUri,
        device: DeviceId,
        device_key: &DeviceKey,
        created: Timestamp,
        expires: Timestamp,
    ) -> Endorsement {
        let content = Endorsement::signed_content(account, &device, device_key, created, expires);
        let signed = signing::signing_input(Purpose::DeviceEndorsement, &content);
        let signature = Signature::from_bytes(self.key.sign(&signed).to_bytes());
        Endorsement { account_key: self.account_key(), device, created, expires, signature }
    }

    /// The account key's signature over bytes.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Signature {
        Signature::from_bytes(self.key.sign(bytes).to_bytes())
    }

    /// A new device, endorsed since yesterday.
    pub(crate) fn device(&self) -> Device {
        let mut id = [0; 16];
        OsRng.fill_bytes(&mut id);
        self.device_named(DeviceId::from_bytes(id))
    }

    pub(crate) fn device_named(&self, id: DeviceId) -> Device {
        let signer = DeviceSigner(SigningKey::generate(&mut OsRng));
        let created = now().minus_millis(DAY);
        let expires = created.plus_millis(ENDORSEMENT_LIFETIME);
        let endorsement = self.endorse(&self.account, id, &signer.key(), created, expires);
        Device {
            id,
            identity: self.account.as_str().into(),
            endorsement: Some(endorsement),
            capabilities: mls::capabilities(),
            ciphersuite: mls::CIPHERSUITE,
            lifetime: KEY_PACKAGE_LIFETIME,
            provider: OpenMlsRustCrypto::default(),
            signer,
        }
    }
}

/// A device. What its leaf and key packages say can be changed, to make them wrong.
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) identity: Vec<u8>,
    pub(crate) endorsement: Option<Endorsement>,
    pub(crate) capabilities: Capabilities,
    pub(crate) ciphersuite: Ciphersuite,
    pub(crate) lifetime: u64,
    pub(crate) provider: OpenMlsRustCrypto,
    pub(crate) signer: DeviceSigner,
}

impl Device {
    pub(crate) fn credential(&self) -> CredentialWithKey {
        CredentialWithKey {
            credential: BasicCredential::new(self.identity.clone()).into(),
            signature_key: self.signer.key().as_bytes().as_slice().into(),
        }
    }

    pub(crate) fn leaf_extensions(&self) -> Extensions<LeafNode> {
        self.endorsement
            .as_ref()
            .map_or_else(Extensions::empty, |endorsement| mls::leaf_extensions(endorsement).unwrap())
    }

    pub(crate) fn key_package(&self) -> KeyPackage {
        let begin = now().minus_millis(HOUR);
        let lifetime = Lifetime::init(begin.as_secs(), begin.plus_millis(self.lifetime).as_secs());
        self.key_package_living(lifetime)
    }

    pub(crate) fn key_package_living(&self, lifetime: Lifetime) -> KeyPackage {
        KeyPackage::builder()
            .key_package_lifetime(lifetime)
            .leaf_node_capabilities(self.capabilities.clone())
            .leaf_node_extensions(self.leaf_extensions())
            .build(self.ciphersuite, &self.provider, &self.signer, self.credential())
            .unwrap()
            .into_key_package()
    }

    pub(crate) fn key_package_bytes(&self) -> Vec<u8> {
        MlsMessageOut::from(self.key_package()).to_bytes().unwrap()
    }
}

/// The signature key of a device.
pub(crate) struct DeviceSigner(SigningKey);

impl DeviceSigner {
    pub(crate) fn key(&self) -> DeviceKey {
        DeviceKey::from_bytes(self.0.verifying_key().to_bytes())
    }
}

impl Signer for DeviceSigner {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.0.sign(payload).to_bytes().to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}
