//! The algorithms that openmls uses, with the randomness of the step.
//!
//! The algorithms are those of `openmls_rust_crypto`, which seeds a generator of its own from the system. Here what is
//! random comes from the step's generator, so that what a client does is a function of what it is given.
//!
//! One thing is not: HPKE's encapsulations, for which the library takes fresh randomness from the system and has no way
//! to be given any. They change bytes of a commit or Welcome, never what anybody does with it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ed25519_dalek::SigningKey;
use openmls_rust_crypto::RustCrypto;
use openmls_traits::{
    crypto::OpenMlsCrypto,
    random::OpenMlsRand,
    types::{
        AeadType, Ciphersuite, CryptoError, ExporterSecret, HashType, HpkeCiphertext, HpkeConfig,
        HpkeKeyPair, KemOutput, SignatureScheme,
    },
};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use tls_codec::SecretVLBytes;
use zeroize::Zeroizing;

/// openmls' algorithms, and the generator of the step that is under way.
pub(crate) struct Crypto {
    algorithms: RustCrypto,
    /// openmls shares its provider, so what changes is behind a lock. Nobody waits for it: a client is one thread's.
    rng: Mutex<ChaCha20Rng>,
}

impl Crypto {
    /// A provider whose randomness begins with this seed.
    pub(crate) fn new(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self { algorithms: RustCrypto::default(), rng: Mutex::new(ChaCha20Rng::from_seed(**seed)) }
    }

    /// A new step begins: from now on, randomness is that of this seed.
    pub(crate) fn reseed(&mut self, seed: &Zeroizing<[u8; 32]>) {
        *self.rng() = ChaCha20Rng::from_seed(**seed);
    }

    fn rng(&self) -> MutexGuard<'_, ChaCha20Rng> {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenMlsRand for Crypto {
    type Error = std::convert::Infallible;

    fn random_array<const N: usize>(&self) -> Result<[u8; N], Self::Error> {
        let mut bytes = [0; N];
        self.rng().fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn random_vec(&self, len: usize) -> Result<Vec<u8>, Self::Error> {
        let mut bytes = vec![0; len];
        self.rng().fill_bytes(&mut bytes);
        Ok(bytes)
    }
}

impl OpenMlsCrypto for Crypto {
    fn supports(&self, ciphersuite: Ciphersuite) -> Result<(), CryptoError> {
        self.algorithms.supports(ciphersuite)
    }

    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        self.algorithms.supported_ciphersuites()
    }

    fn hkdf_extract(&self, hash: HashType, salt: &[u8], ikm: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        self.algorithms.hkdf_extract(hash, salt, ikm)
    }

    fn hmac(&self, hash: HashType, key: &[u8], message: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        self.algorithms.hmac(hash, key, message)
    }

    fn hkdf_expand(
        &self,
        hash: HashType,
        prk: &[u8],
        info: &[u8],
        okm_len: usize,
    ) -> Result<SecretVLBytes, CryptoError> {
        self.algorithms.hkdf_expand(hash, prk, info, okm_len)
    }

    fn hash(&self, hash: HashType, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.algorithms.hash(hash, data)
    }

    fn aead_encrypt(
        &self,
        aead: AeadType,
        key: &[u8],
        data: &[u8],
        nonce: &[u8],
        associated: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.algorithms.aead_encrypt(aead, key, data, nonce, associated)
    }

    fn aead_decrypt(
        &self,
        aead: AeadType,
        key: &[u8],
        sealed: &[u8],
        nonce: &[u8],
        associated: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.algorithms.aead_decrypt(aead, key, sealed, nonce, associated)
    }

    fn signature_key_gen(&self, scheme: SignatureScheme) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        if scheme != SignatureScheme::ED25519 {
            return Err(CryptoError::UnsupportedSignatureScheme);
        }
        let mut seed = Zeroizing::new([0; 32]);
        self.rng().fill_bytes(&mut *seed);
        let key = SigningKey::from_bytes(&seed);
        Ok((key.to_bytes().to_vec(), key.verifying_key().to_bytes().to_vec()))
    }

    fn verify_signature(
        &self,
        scheme: SignatureScheme,
        data: &[u8],
        key: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        self.algorithms.verify_signature(scheme, data, key, signature)
    }

    fn sign(&self, scheme: SignatureScheme, data: &[u8], key: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.algorithms.sign(scheme, data, key)
    }

    fn hpke_seal(
        &self,
        config: HpkeConfig,
        public: &[u8],
        info: &[u8],
        associated: &[u8],
        plain: &[u8],
    ) -> Result<HpkeCiphertext, CryptoError> {
        self.algorithms.hpke_seal(config, public, info, associated, plain)
    }

    fn hpke_open(
        &self,
        config: HpkeConfig,
        sealed: &HpkeCiphertext,
        private: &[u8],
        info: &[u8],
        associated: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.algorithms.hpke_open(config, sealed, private, info, associated)
    }

    fn hpke_setup_sender_and_export(
        &self,
        config: HpkeConfig,
        public: &[u8],
        info: &[u8],
        exporter_context: &[u8],
        exporter_length: usize,
    ) -> Result<(KemOutput, ExporterSecret), CryptoError> {
        self.algorithms.hpke_setup_sender_and_export(config, public, info, exporter_context, exporter_length)
    }

    fn hpke_setup_receiver_and_export(
        &self,
        config: HpkeConfig,
        enc: &[u8],
        private: &[u8],
        info: &[u8],
        exporter_context: &[u8],
        exporter_length: usize,
    ) -> Result<ExporterSecret, CryptoError> {
        self.algorithms.hpke_setup_receiver_and_export(
            config,
            enc,
            private,
            info,
            exporter_context,
            exporter_length,
        )
    }

    fn derive_hpke_keypair(&self, config: HpkeConfig, ikm: &[u8]) -> Result<HpkeKeyPair, CryptoError> {
        self.algorithms.derive_hpke_keypair(config, ikm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_brings_the_same_keys() {
        let seed = Zeroizing::new([7; 32]);
        let (mut one, other) = (Crypto::new(&seed), Crypto::new(&seed));
        let key = one.signature_key_gen(SignatureScheme::ED25519).unwrap();
        assert_eq!(key, other.signature_key_gen(SignatureScheme::ED25519).unwrap());
        assert_ne!(key, one.signature_key_gen(SignatureScheme::ED25519).unwrap());
        one.reseed(&seed);
        assert_eq!(key, one.signature_key_gen(SignatureScheme::ED25519).unwrap());
        assert_eq!(one.random_vec(40).unwrap(), other.random_vec(40).unwrap());
    }
}
