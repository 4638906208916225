//! The device's signature key, as openmls wants a signer.

use ed25519_dalek::{Signer as _, SigningKey};
use infrasound_spec::{
    account::{DeviceKey, Signature},
    signing::{self, Purpose},
};
use openmls_traits::{
    signatures::{Signer, SignerError},
    types::SignatureScheme,
};

/// The Ed25519 key of a device. Zeroized when dropped; never printed.
pub(crate) struct DeviceSigner(SigningKey);

impl DeviceSigner {
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    pub(crate) fn public(&self) -> DeviceKey {
        DeviceKey::from_bytes(self.0.verifying_key().to_bytes())
    }

    /// Signs for a purpose of ours; MLS' own signatures go through [`Signer`].
    pub(crate) fn sign_for(&self, purpose: Purpose, content: &[u8]) -> Signature {
        Signature::from_bytes(self.0.sign(&signing::signing_input(purpose, content)).to_bytes())
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

impl std::fmt::Debug for DeviceSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceSigner(..)")
    }
}
