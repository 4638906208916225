//! Cryptography that seals nothing of use for some: what a member makes with it, only the others can decrypt.
//!
//! Everything else about such a commit is right: signature, tags and hashes are over what is in it.

use openmls_rust_crypto::RustCrypto;
use openmls_traits::{
    crypto::OpenMlsCrypto,
    types::{
        AeadType, Ciphersuite, CryptoError, ExporterSecret, HashType, HpkeCiphertext, HpkeConfig,
        HpkeKeyPair, KemOutput, SignatureScheme,
    },
};
use tls_codec::SecretVLBytes;

/// openmls' algorithms, but for who has one of these keys.
pub(super) struct Spoiled {
    /// openmls' own.
    pub(super) algorithms: RustCrypto,
    /// HPKE keys for which nothing is sealed as it should be.
    pub(super) left_out: Vec<Vec<u8>>,
}

impl OpenMlsCrypto for Spoiled {
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
        self.algorithms.signature_key_gen(scheme)
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
        if self.left_out.iter().any(|key| key == public) {
            let other = vec![0; plain.len()];
            return self.algorithms.hpke_seal(config, public, info, associated, &other);
        }
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
