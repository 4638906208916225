//! The algorithms that openmls uses: those of our one ciphersuite, with the randomness of the step.
//!
//! The usual provider seeds a generator of its own from the system, and carries all ciphersuites. Here what is random comes
//! from the step's generator, so that what a client does is a function of what it is given.
//!
//! One thing is not: HPKE's encapsulations, for which the library takes fresh randomness and has no way to be given any.
//! They change bytes of a commit or Welcome, never what anybody does with it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, Mac};
use infrasound_spec::mls::CIPHERSUITE;
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
use sha2::{Digest as _, Sha256};
use tls_codec::SecretVLBytes;
use zeroize::Zeroizing;

use super::{one_suite, primitives};

fn sha256(asked: HashType) -> Result<(), CryptoError> {
    if asked == HashType::Sha2_256 { Ok(()) } else { Err(CryptoError::UnsupportedHashAlgorithm) }
}

fn ed25519(asked: SignatureScheme) -> Result<(), CryptoError> {
    if asked == SignatureScheme::ED25519 { Ok(()) } else { Err(CryptoError::UnsupportedSignatureScheme) }
}

fn aes_128_gcm(asked: AeadType) -> Result<(), CryptoError> {
    if asked == AeadType::Aes128Gcm { Ok(()) } else { Err(CryptoError::UnsupportedAeadAlgorithm) }
}

/// The algorithms, and the generator of the step that is under way.
pub(crate) struct Crypto {
    /// openmls shares its provider, so what changes is behind a lock. Nobody waits for it: a client is one thread's.
    rng: Mutex<ChaCha20Rng>,
}

impl Crypto {
    /// A provider whose randomness begins with this seed.
    pub(crate) fn new(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self { rng: Mutex::new(ChaCha20Rng::from_seed(**seed)) }
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
        if ciphersuite == CIPHERSUITE { Ok(()) } else { Err(CryptoError::UnsupportedCiphersuite) }
    }

    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        vec![CIPHERSUITE]
    }

    fn hkdf_extract(&self, hash: HashType, salt: &[u8], ikm: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        sha256(hash)?;
        Ok(primitives::extract(salt, ikm).into())
    }

    fn hmac(&self, hash: HashType, key: &[u8], message: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        sha256(hash)?;
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).map_err(|_| CryptoError::InvalidLength)?;
        mac.update(message);
        Ok(mac.finalize().into_bytes().as_slice().into())
    }

    fn hkdf_expand(
        &self,
        hash: HashType,
        prk: &[u8],
        info: &[u8],
        okm_len: usize,
    ) -> Result<SecretVLBytes, CryptoError> {
        sha256(hash)?;
        let output = primitives::expand(prk, info, okm_len);
        Ok(output.ok_or(CryptoError::HkdfOutputLengthInvalid)?.into())
    }

    fn hash(&self, hash: HashType, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        sha256(hash)?;
        Ok(Sha256::digest(data).to_vec())
    }

    fn aead_encrypt(
        &self,
        aead: AeadType,
        key: &[u8],
        data: &[u8],
        nonce: &[u8],
        associated: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        aes_128_gcm(aead)?;
        primitives::seal(key, nonce, associated, data).ok_or(CryptoError::CryptoLibraryError)
    }

    fn aead_decrypt(
        &self,
        aead: AeadType,
        key: &[u8],
        sealed: &[u8],
        nonce: &[u8],
        associated: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        aes_128_gcm(aead)?;
        primitives::open(key, nonce, associated, sealed).ok_or(CryptoError::AeadDecryptionError)
    }

    fn signature_key_gen(&self, scheme: SignatureScheme) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        ed25519(scheme)?;
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
        ed25519(scheme)?;
        let key = VerifyingKey::try_from(key).map_err(|_| CryptoError::CryptoLibraryError)?;
        let signature = Signature::from_slice(signature).map_err(|_| CryptoError::CryptoLibraryError)?;
        key.verify_strict(data, &signature).map_err(|_| CryptoError::InvalidSignature)
    }

    fn sign(&self, scheme: SignatureScheme, data: &[u8], key: &[u8]) -> Result<Vec<u8>, CryptoError> {
        ed25519(scheme)?;
        let key = SigningKey::try_from(key).map_err(|_| CryptoError::CryptoLibraryError)?;
        Ok(key.sign(data).to_bytes().to_vec())
    }

    fn hpke_seal(
        &self,
        config: HpkeConfig,
        public: &[u8],
        info: &[u8],
        associated: &[u8],
        plain: &[u8],
    ) -> Result<HpkeCiphertext, CryptoError> {
        let (kem_output, ciphertext) = one_suite::hpke(&config)?
            .seal(&public.into(), info, associated, plain, None, None, None)
            .map_err(|error| one_suite::refused(&error))?;
        Ok(HpkeCiphertext { kem_output: kem_output.into(), ciphertext: ciphertext.into() })
    }

    fn hpke_open(
        &self,
        config: HpkeConfig,
        sealed: &HpkeCiphertext,
        private: &[u8],
        info: &[u8],
        associated: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let (enc, sealed) = (sealed.kem_output.as_slice(), sealed.ciphertext.as_slice());
        one_suite::hpke(&config)?
            .open(enc, &private.into(), info, associated, sealed, None, None, None)
            .map_err(|_| CryptoError::HpkeDecryptionError)
    }

    fn hpke_setup_sender_and_export(
        &self,
        config: HpkeConfig,
        public: &[u8],
        info: &[u8],
        exporter_context: &[u8],
        exporter_length: usize,
    ) -> Result<(KemOutput, ExporterSecret), CryptoError> {
        let (kem_output, context) = one_suite::hpke(&config)?
            .setup_sender(&public.into(), info, None, None, None)
            .map_err(|_| CryptoError::SenderSetupError)?;
        let exported = context.export(exporter_context, exporter_length);
        Ok((kem_output, exported.map_err(|_| CryptoError::ExporterError)?.into()))
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
        let context = one_suite::hpke(&config)?
            .setup_receiver(enc, &private.into(), info, None, None, None)
            .map_err(|_| CryptoError::ReceiverSetupError)?;
        let exported = context.export(exporter_context, exporter_length);
        Ok(exported.map_err(|_| CryptoError::ExporterError)?.into())
    }

    fn derive_hpke_keypair(&self, config: HpkeConfig, ikm: &[u8]) -> Result<HpkeKeyPair, CryptoError> {
        let pair =
            one_suite::hpke(&config)?.derive_key_pair(ikm).map_err(|error| one_suite::refused(&error))?;
        let (private, public) = pair.into_keys();
        Ok(HpkeKeyPair { private: private.as_slice().into(), public: public.as_slice().into() })
    }
}

#[cfg(test)]
mod tests {
    use openmls_rust_crypto::RustCrypto;

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

    #[test]
    fn the_algorithms_are_those_of_the_usual_provider() {
        let (one, usual) = (Crypto::new(&Zeroizing::new([7; 32])), RustCrypto::default());
        let (hash, aead, scheme) = (HashType::Sha2_256, AeadType::Aes128Gcm, SignatureScheme::ED25519);
        let (a, b) = (one.hmac(hash, b"key", b"text").unwrap(), usual.hmac(hash, b"key", b"text").unwrap());
        assert_eq!(a.as_slice(), b.as_slice());
        let prk = one.hkdf_extract(hash, b"salt", b"ikm").unwrap();
        assert_eq!(prk.as_slice(), usual.hkdf_extract(hash, b"salt", b"ikm").unwrap().as_slice());
        let okm = one.hkdf_expand(hash, prk.as_slice(), b"info", 40).unwrap();
        let same = usual.hkdf_expand(hash, prk.as_slice(), b"info", 40).unwrap();
        assert_eq!(okm.as_slice(), same.as_slice());
        assert!(one.hkdf_expand(hash, prk.as_slice(), b"info", 255 * 32 + 1).is_err());
        assert_eq!(one.hash(hash, b"text").unwrap(), usual.hash(hash, b"text").unwrap());
        let sealed = one.aead_encrypt(aead, &[1; 16], b"text", &[2; 12], b"aad").unwrap();
        assert_eq!(sealed, usual.aead_encrypt(aead, &[1; 16], b"text", &[2; 12], b"aad").unwrap());
        assert_eq!(one.aead_decrypt(aead, &[1; 16], &sealed, &[2; 12], b"aad").unwrap(), b"text");
        assert!(one.aead_decrypt(aead, &[1; 16], &sealed, &[2; 12], b"other").is_err());
        let (private, public) = one.signature_key_gen(scheme).unwrap();
        let signature = one.sign(scheme, b"text", &private).unwrap();
        assert_eq!(signature, usual.sign(scheme, b"text", &private).unwrap());
        assert!(one.verify_signature(scheme, b"text", &public, &signature).is_ok());
        assert!(one.verify_signature(scheme, b"other", &public, &signature).is_err());
    }

    #[test]
    fn what_has_not_the_length_that_it_must_have_is_refused() {
        let one = Crypto::new(&Zeroizing::new([7; 32]));
        assert!(one.aead_encrypt(AeadType::Aes128Gcm, &[1; 16], b"", &[2; 11], b"").is_err());
        assert!(one.aead_decrypt(AeadType::Aes128Gcm, &[1; 15], &[0; 16], &[2; 12], b"").is_err());
        assert!(one.verify_signature(SignatureScheme::ED25519, b"", &[1; 31], &[0; 64]).is_err());
        assert!(one.verify_signature(SignatureScheme::ED25519, b"", &[1; 32], &[0; 63]).is_err());
        assert!(one.sign(SignatureScheme::ED25519, b"", &[1; 31]).is_err());
    }
}
