//! The MLS parameters that every Infrasound group uses, and reading a leaf (RFC 9420 section 7.2).
//!
//! Spec: `identity.md` 5, `key-packages.md` 1, `conversations.md` 2.

use openmls::prelude::{
    BasicCredential, Capabilities, Ciphersuite, CredentialType, Extension, ExtensionType, Extensions,
    GroupContext, LeafNode, OpenMlsSignaturePublicKey, ProposalType, ProtocolVersion,
    RequiredCapabilitiesExtension, UnknownExtension,
};

use crate::{
    account::{AccountUri, DeviceKey},
    conversation::Conversation,
    endorsement::{EndorsedDevice, Endorsement, EndorsementError},
    log::LogPosition,
};

/// The one cipher suite so far: MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 (0x0001).
pub const CIPHERSUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;
/// MLS 1.0.
pub const PROTOCOL_VERSION: ProtocolVersion = ProtocolVersion::Mls10;
/// Leaf-node extension that carries an [`Endorsement`] (private use, RFC 9420 section 17.3).
pub const ENDORSEMENT_EXTENSION: u16 = 0xF1A0;
/// GroupContext extension that carries a [`Conversation`].
pub const CONVERSATION_EXTENSION: u16 = 0xF1A1;
/// GroupInfo extension that carries the committer's [`LogPosition`].
pub const LOG_POSITION_EXTENSION: u16 = 0xF1A2;

/// What every leaf must be able to do.
pub fn capabilities() -> Capabilities {
    Capabilities::new(
        Some(&[PROTOCOL_VERSION]),
        Some(&[CIPHERSUITE]),
        Some(&[
            ExtensionType::LastResort,
            ExtensionType::Unknown(ENDORSEMENT_EXTENSION),
            ExtensionType::Unknown(CONVERSATION_EXTENSION),
        ]),
        Some(&[ProposalType::SelfRemove]),
        Some(&[CredentialType::Basic]),
    )
}

/// What a group requires of its leaves, so that no client without our extensions is ever added.
pub fn required_capabilities() -> RequiredCapabilitiesExtension {
    RequiredCapabilitiesExtension::new(
        &[ExtensionType::Unknown(ENDORSEMENT_EXTENSION), ExtensionType::Unknown(CONVERSATION_EXTENSION)],
        &[ProposalType::SelfRemove],
        &[CredentialType::Basic],
    )
}

/// The extensions of a device's leaf.
pub fn leaf_extensions(endorsement: &Endorsement) -> Result<Extensions<LeafNode>, MlsParameterError> {
    let extension = Extension::Unknown(ENDORSEMENT_EXTENSION, UnknownExtension(endorsement.encode()));
    Extensions::single(extension).map_err(|_| MlsParameterError::Extensions)
}

/// The extensions of a group's context.
pub fn group_context_extensions(
    conversation: &Conversation,
) -> Result<Extensions<GroupContext>, MlsParameterError> {
    Extensions::from_vec(vec![
        Extension::RequiredCapabilities(required_capabilities()),
        Extension::Unknown(CONVERSATION_EXTENSION, UnknownExtension(conversation.encode())),
    ])
    .map_err(|_| MlsParameterError::Extensions)
}

/// The extension that tells a joiner where in the log the committer was.
pub fn log_position_extension(position: &LogPosition) -> Extension {
    Extension::Unknown(LOG_POSITION_EXTENSION, UnknownExtension(position.encode()))
}

/// openmls refused our own parameters: a bug of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MlsParameterError {
    /// The extensions do not fit where they were put.
    #[error("an extension is not allowed where it was put")]
    Extensions,
}

/// Why a leaf is nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// The credential is not `basic`, or its identity is not the URI of an account.
    #[error("the credential does not name an account")]
    Credential,
    /// The signature key is not an Ed25519 key.
    #[error("the signature key is not an Ed25519 key")]
    SignatureKey,
    /// The endorsement does not hold.
    #[error(transparent)]
    Endorsement(#[from] EndorsementError),
}

/// The account that a leaf's credential names. Not yet endorsed by anything.
pub fn leaf_account(leaf: &LeafNode) -> Result<AccountUri, LeafError> {
    let credential =
        BasicCredential::try_from(leaf.credential().clone()).map_err(|_| LeafError::Credential)?;
    let text = std::str::from_utf8(credential.identity()).map_err(|_| LeafError::Credential)?;
    text.parse().map_err(|_| LeafError::Credential)
}

/// The Ed25519 key of a leaf.
pub fn leaf_key(leaf: &LeafNode) -> Result<DeviceKey, LeafError> {
    DeviceKey::from_slice(leaf.signature_key().as_slice()).ok_or(LeafError::SignatureKey)
}

/// The endorsement in a leaf, not yet verified.
pub fn leaf_endorsement(leaf: &LeafNode) -> Result<Endorsement, LeafError> {
    let extension = leaf.extensions().unknown(ENDORSEMENT_EXTENSION).ok_or(EndorsementError::Missing)?;
    Ok(Endorsement::decode(&extension.0)?)
}

/// Who a leaf is: the credential's account, the leaf's key, and the account key's word for both.
///
/// This is the only way from an MLS leaf to a person. The time is not looked at; see [`crate::commit`] for that.
pub fn endorsed_device(leaf: &LeafNode) -> Result<EndorsedDevice, LeafError> {
    Ok(leaf_endorsement(leaf)?.verify(&leaf_account(leaf)?, &leaf_key(leaf)?)?)
}

/// A device's key as openmls wants it.
pub fn openmls_key(key: &DeviceKey) -> OpenMlsSignaturePublicKey {
    OpenMlsSignaturePublicKey::from_signature_key(
        key.as_bytes().to_vec().into(),
        CIPHERSUITE.signature_algorithm(),
    )
}
