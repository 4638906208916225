//! HKDF-SHA256 and AES-128-GCM, of which MLS and its HPKE make everything in our one ciphersuite but keys and signatures.
//!
//! `None` is a key, nonce or length that the algorithm does not take, or, on opening, bytes that were not sealed so.

use aes_gcm::{
    Aes128Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use sha2::Sha256;

const NONCE: usize = 12;

/// HKDF-Extract (RFC 5869).
pub(super) fn extract(salt: &[u8], ikm: &[u8]) -> Vec<u8> {
    Hkdf::<Sha256>::extract(Some(salt), ikm).0.to_vec()
}

/// HKDF-Expand (RFC 5869), to so many bytes.
pub(super) fn expand(prk: &[u8], info: &[u8], length: usize) -> Option<Vec<u8>> {
    let hkdf = Hkdf::<Sha256>::from_prk(prk).ok()?;
    let mut output = vec![0; length];
    hkdf.expand(info, &mut output).ok()?;
    Some(output)
}

/// Seals with AES-128-GCM.
pub(super) fn seal(key: &[u8], nonce: &[u8], associated: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    cipher(key, nonce)?.encrypt(nonce.into(), Payload { msg: plain, aad: associated }).ok()
}

/// Opens what was sealed with AES-128-GCM.
pub(super) fn open(key: &[u8], nonce: &[u8], associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    cipher(key, nonce)?.decrypt(nonce.into(), Payload { msg: sealed, aad: associated }).ok()
}

fn cipher(key: &[u8], nonce: &[u8]) -> Option<Aes128Gcm> {
    if nonce.len() == NONCE { Aes128Gcm::new_from_slice(key).ok() } else { None }
}
