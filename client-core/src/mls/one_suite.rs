//! HPKE (RFC 9180) with the algorithms of our one ciphersuite, and no others.
//!
//! The scheme is `hpke-rs`'s. What it builds on comes from the libraries that this crate uses anyway. The usual backend
//! chooses among all curves and ciphers when it is asked, so that a client carries every one of them.
//!
//! Spec: `conversations.md` 1.

use std::convert::Infallible;

use hpke_rs::{Hpke, HpkeError, Mode};
use hpke_rs_crypto::{
    HpkeCrypto, HpkeTestRng, TryCryptoRng, TryRng,
    error::Error,
    types::{AeadAlgorithm, KdfAlgorithm, KemAlgorithm},
};
use openmls_traits::types::{CryptoError, HpkeAeadType, HpkeConfig, HpkeKdfType, HpkeKemType};
use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, RngCore as _, SeedableRng as _};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, Zeroizing};

use super::primitives;

const KEM: KemAlgorithm = KemAlgorithm::DhKem25519;
const KDF: KdfAlgorithm = KdfAlgorithm::HkdfSha256;
const AEAD: AeadAlgorithm = AeadAlgorithm::Aes128Gcm;

/// HPKE with our algorithms, if it is these that are asked for.
pub(super) fn hpke(config: &HpkeConfig) -> Result<Hpke<OneSuite>, CryptoError> {
    match config {
        HpkeConfig(HpkeKemType::DhKem25519, HpkeKdfType::HkdfSha256, HpkeAeadType::AesGcm128) => {
            Ok(Hpke::new(Mode::Base, KEM, KDF, AEAD))
        }
        _ => Err(CryptoError::UnsupportedCiphersuite),
    }
}

/// What openmls calls a failure of HPKE.
pub(super) fn refused(error: &HpkeError) -> CryptoError {
    match error {
        HpkeError::InvalidInput => CryptoError::InvalidLength,
        _ => CryptoError::CryptoLibraryError,
    }
}

/// X25519, HKDF-SHA256 and AES-128-GCM.
#[derive(Debug)]
pub(super) struct OneSuite;

/// Fresh randomness for an encapsulation, seeded by the system.
pub(super) struct Fresh(ChaCha20Rng);

fn kem(asked: KemAlgorithm) -> Result<(), Error> {
    if asked == KEM { Ok(()) } else { Err(Error::UnknownKemAlgorithm) }
}

fn kdf(asked: KdfAlgorithm) -> Result<(), Error> {
    if asked == KDF { Ok(()) } else { Err(Error::UnknownKdfAlgorithm) }
}

fn aead(asked: AeadAlgorithm) -> Result<(), Error> {
    if asked == AEAD { Ok(()) } else { Err(Error::UnknownAeadAlgorithm) }
}

fn secret(bytes: &[u8]) -> Result<StaticSecret, Error> {
    <[u8; 32]>::try_from(bytes).map(StaticSecret::from).map_err(|_| Error::KemInvalidSecretKey)
}

impl HpkeCrypto for OneSuite {
    type HpkePrng = Fresh;

    fn name() -> String {
        "one suite".to_owned()
    }

    fn supports_kdf(asked: KdfAlgorithm) -> Result<(), Error> {
        kdf(asked)
    }

    fn supports_kem(asked: KemAlgorithm) -> Result<(), Error> {
        kem(asked)
    }

    fn supports_aead(asked: AeadAlgorithm) -> Result<(), Error> {
        aead(asked)
    }

    fn prng() -> Fresh {
        let mut seed = Zeroizing::new(<ChaCha20Rng as rand_core::SeedableRng>::Seed::default());
        OsRng.fill_bytes(&mut *seed);
        Fresh(ChaCha20Rng::from_seed(*seed))
    }

    fn kdf_extract(asked: KdfAlgorithm, salt: &[u8], ikm: &[u8]) -> Result<Vec<u8>, Error> {
        kdf(asked)?;
        Ok(primitives::extract(salt, ikm))
    }

    fn kdf_expand(asked: KdfAlgorithm, prk: &[u8], info: &[u8], length: usize) -> Result<Vec<u8>, Error> {
        kdf(asked)?;
        primitives::expand(prk, info, length).ok_or(Error::HpkeInvalidOutputLength)
    }

    fn dh(asked: KemAlgorithm, public: &[u8], secret: &[u8]) -> Result<Vec<u8>, Error> {
        kem(asked)?;
        let public = <[u8; 32]>::try_from(public).map_err(|_| Error::KemInvalidPublicKey)?;
        let shared = self::secret(secret)?.diffie_hellman(&PublicKey::from(public));
        // A key of small order gives zeros, whatever the secret is.
        if shared.was_contributory() {
            Ok(shared.as_bytes().to_vec())
        } else {
            Err(Error::KemInvalidPublicKey)
        }
    }

    fn secret_to_public(asked: KemAlgorithm, secret: &[u8]) -> Result<Vec<u8>, Error> {
        kem(asked)?;
        Ok(PublicKey::from(&self::secret(secret)?).as_bytes().to_vec())
    }

    fn kem_key_gen(asked: KemAlgorithm, prng: &mut Fresh) -> Result<(Vec<u8>, Vec<u8>), Error> {
        kem(asked)?;
        let secret = StaticSecret::random_from_rng(&mut prng.0);
        Ok((PublicKey::from(&secret).as_bytes().to_vec(), secret.to_bytes().to_vec()))
    }

    // X25519 is a Diffie-Hellman KEM: HPKE makes these three from `dh` by itself.

    fn kem_key_gen_derand(_: KemAlgorithm, _: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
        Err(Error::UnsupportedKemOperation)
    }

    fn kem_encaps(_: KemAlgorithm, _: &[u8], _: &mut Fresh) -> Result<(Vec<u8>, Vec<u8>), Error> {
        Err(Error::UnsupportedKemOperation)
    }

    fn kem_decaps(_: KemAlgorithm, _: &[u8], _: &[u8]) -> Result<Vec<u8>, Error> {
        Err(Error::UnsupportedKemOperation)
    }

    /// For curves on which not every number is a key; X25519 is none of them.
    fn dh_validate_sk(_: KemAlgorithm, _: &[u8]) -> Result<Vec<u8>, Error> {
        Err(Error::UnknownKemAlgorithm)
    }

    fn aead_seal(
        asked: AeadAlgorithm,
        key: &[u8],
        nonce: &[u8],
        associated: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Error> {
        aead(asked)?;
        let refused = || Error::CryptoLibraryError("a length that AES-128-GCM does not take".to_owned());
        primitives::seal(key, nonce, associated, plain).ok_or_else(refused)
    }

    fn aead_open(
        asked: AeadAlgorithm,
        key: &[u8],
        nonce: &[u8],
        associated: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, Error> {
        aead(asked)?;
        primitives::open(key, nonce, associated, sealed).ok_or(Error::AeadOpenError)
    }
}

impl TryRng for Fresh {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Fresh {}

impl HpkeTestRng for Fresh {
    type Error = Infallible;

    fn try_fill_test_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.try_fill_bytes(bytes)
    }

    fn seed(&mut self, _: &[u8]) {}
}

impl Zeroize for Fresh {
    fn zeroize(&mut self) {
        self.0 = ChaCha20Rng::from_seed(<ChaCha20Rng as rand_core::SeedableRng>::Seed::default());
    }
}

#[cfg(test)]
mod tests {
    use openmls_rust_crypto::RustCrypto;
    use openmls_traits::crypto::OpenMlsCrypto as _;
    use zeroize::Zeroizing;

    use super::super::crypto::Crypto;
    use super::*;

    fn ours() -> HpkeConfig {
        HpkeConfig(HpkeKemType::DhKem25519, HpkeKdfType::HkdfSha256, HpkeAeadType::AesGcm128)
    }

    #[test]
    fn what_one_seals_the_other_opens_and_keys_are_the_same() {
        let (one, all) = (Crypto::new(&Zeroizing::new([7; 32])), RustCrypto::default());
        let keys = one.derive_hpke_keypair(ours(), &[5; 32]).unwrap();
        let same = all.derive_hpke_keypair(ours(), &[5; 32]).unwrap();
        assert_eq!((&keys.public, &*keys.private), (&same.public, &*same.private));
        let sealed = one.hpke_seal(ours(), &keys.public, b"info", b"aad", b"text").unwrap();
        assert_eq!(all.hpke_open(ours(), &sealed, &keys.private, b"info", b"aad").unwrap(), b"text");
        let sealed = all.hpke_seal(ours(), &keys.public, b"info", b"aad", b"text").unwrap();
        assert_eq!(one.hpke_open(ours(), &sealed, &keys.private, b"info", b"aad").unwrap(), b"text");
        assert!(one.hpke_open(ours(), &sealed, &keys.private, b"info", b"other").is_err());
        let (enc, secret) = one.hpke_setup_sender_and_export(ours(), &keys.public, b"i", b"c", 32).unwrap();
        let exported = all.hpke_setup_receiver_and_export(ours(), &enc, &keys.private, b"i", b"c", 32);
        assert_eq!(&*exported.unwrap(), &*secret);
    }

    #[test]
    fn another_suite_is_refused() {
        let one = Crypto::new(&Zeroizing::new([7; 32]));
        let other = HpkeConfig(HpkeKemType::DhKemP256, HpkeKdfType::HkdfSha256, HpkeAeadType::AesGcm128);
        assert_eq!(one.derive_hpke_keypair(other, &[5; 32]).err(), Some(CryptoError::UnsupportedCiphersuite));
    }
}
