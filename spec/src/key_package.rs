//! Key packages (RFC 9420 section 10): bytes from outside become an [`EndorsedKeyPackage`] or an error.
//!
//! Spec: `key-packages.md` 2.

use openmls::prelude::{KeyPackage, KeyPackageIn, KeyPackageRef, MlsMessageBodyIn, MlsMessageIn};
use openmls_traits::crypto::OpenMlsCrypto;
use tls_codec::DeserializeBytes as _;

use crate::{
    commit,
    endorsement::EndorsedDevice,
    limits,
    mls::{self, LeafError},
    time::{self, Timestamp},
};

/// The longest life of a key package, in milliseconds: openmls' acceptable range, less its hour of margin.
pub const KEY_PACKAGE_LIFETIME: u64 = 84 * time::DAY;
/// How much of its life a key package must have left when it is handed out, in milliseconds.
pub const KEY_PACKAGE_MARGIN: u64 = 35 * time::DAY;

/// A key package whose signatures, lifetime, capabilities and endorsement hold.
#[derive(Clone, Debug)]
pub struct EndorsedKeyPackage {
    /// The key package.
    pub key_package: KeyPackage,
    /// Whose it is.
    pub device: EndorsedDevice,
    /// Its reference (RFC 9420 section 5.2).
    pub reference: KeyPackageRef,
    /// The end of its life.
    pub expires: Timestamp,
    /// Whether it may be used more than once, when no other is left.
    pub last_resort: bool,
}

/// Why bytes are not a key package that may be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyPackageError {
    /// Longer than [`limits::MAX_KEY_PACKAGE`].
    #[error("a key package has at most {} bytes", limits::MAX_KEY_PACKAGE)]
    TooLong,
    /// Not an MLSMessage with a KeyPackage.
    #[error("these bytes are not an MLS key package")]
    Malformed,
    /// Another cipher suite.
    #[error("the key package is for another cipher suite")]
    Ciphersuite,
    /// A signature or the lifetime does not hold.
    #[error("the key package does not verify or has expired")]
    Invalid,
    /// It lives longer than [`KEY_PACKAGE_LIFETIME`].
    #[error("the key package lives for too long")]
    LivesTooLong,
    /// It ends too soon to be of use.
    #[error("the key package expires too soon")]
    ExpiresTooSoon,
    /// It does not offer what every group requires.
    #[error("the key package lacks a capability that Infrasound needs")]
    Capabilities,
    /// Its leaf is nobody's.
    #[error(transparent)]
    Leaf(#[from] LeafError),
}

/// Parses and checks a key package at `at`; it must stay valid for `margin` milliseconds more.
pub fn parse(
    crypto: &impl OpenMlsCrypto,
    bytes: &[u8],
    at: Timestamp,
    margin: u64,
) -> Result<EndorsedKeyPackage, KeyPackageError> {
    let key_package =
        read(bytes)?.validate(crypto, mls::PROTOCOL_VERSION).map_err(|_| KeyPackageError::Invalid)?;
    if key_package.ciphersuite() != mls::CIPHERSUITE {
        return Err(KeyPackageError::Ciphersuite);
    }
    let expires = check_lifetime(&key_package, at, margin)?;
    let capabilities = key_package.leaf_node().capabilities();
    let required = mls::capabilities();
    let offers = required.extensions().iter().all(|e| capabilities.extensions().contains(e))
        && required.proposals().iter().all(|p| capabilities.proposals().contains(p))
        && required.credentials().iter().all(|c| capabilities.credentials().contains(c));
    if !offers {
        return Err(KeyPackageError::Capabilities);
    }
    let device = commit::endorsed_at(key_package.leaf_node(), at)?;
    let reference = key_package.hash_ref(crypto).map_err(|_| KeyPackageError::Invalid)?;
    let last_resort = key_package.last_resort();
    Ok(EndorsedKeyPackage { key_package, device, reference, expires, last_resort })
}

fn read(bytes: &[u8]) -> Result<KeyPackageIn, KeyPackageError> {
    if bytes.len() > limits::MAX_KEY_PACKAGE {
        return Err(KeyPackageError::TooLong);
    }
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| KeyPackageError::Malformed)?;
    match message.extract() {
        MlsMessageBodyIn::KeyPackage(key_package) => Ok(key_package),
        _ => Err(KeyPackageError::Malformed),
    }
}

/// openmls has checked that the lifetime has begun and not ended, by its own clock; here its length and what is left.
fn check_lifetime(
    key_package: &KeyPackage,
    at: Timestamp,
    margin: u64,
) -> Result<Timestamp, KeyPackageError> {
    let lifetime = key_package.life_time();
    if !lifetime.has_acceptable_range() {
        return Err(KeyPackageError::LivesTooLong);
    }
    let expires = Timestamp::from_secs(lifetime.not_after());
    if expires < at.plus_millis(margin) {
        return Err(KeyPackageError::ExpiresTooSoon);
    }
    Ok(expires)
}
