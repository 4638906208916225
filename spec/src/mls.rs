//! The MLS parameters that every Infrasound group uses, and reading a leaf (RFC 9420 section 7.2).
//!
//! Spec: `identity.md` 5, `key-packages.md` 1, `conversations.md` 2.

use openmls::prelude::{
    BasicCredential, Capabilities, Ciphersuite, CredentialType, Extension, ExtensionType, Extensions,
    GroupContext, LeafNode, OpenMlsSignaturePublicKey, ProposalType, ProtocolVersion,
    RequiredCapabilitiesExtension, UnknownExtension,
};
use openmls::treesync::LeafNodeSource;

use crate::{
    account::{AccountUri, DeviceKey},
    conversation::Conversation,
    endorsement::{EndorsedDevice, Endorsement, EndorsementError},
    log::LogPosition,
    policy::GroupPolicy,
    time::Timestamp,
};

/// The one cipher suite so far: MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 (0x0001).
pub const CIPHERSUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;
/// MLS 1.0.
pub const PROTOCOL_VERSION: ProtocolVersion = ProtocolVersion::Mls10;
/// Leaf-node extension that carries an [`Endorsement`] (private use, RFC 9420 section 17.3).
pub const ENDORSEMENT_EXTENSION: u16 = 0xF1A0;
/// GroupContext extension that carries a [`Conversation`].
pub const CONVERSATION_EXTENSION: u16 = 0xF1A1;
/// GroupContext extension that carries a [`GroupPolicy`].
pub const POLICY_EXTENSION: u16 = 0xF1A3;
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
            ExtensionType::Unknown(POLICY_EXTENSION),
        ]),
        Some(&[ProposalType::SelfRemove]),
        Some(&[CredentialType::Basic]),
    )
}

/// What a group requires of its leaves, so that no client without our extensions is ever added.
pub fn required_capabilities() -> RequiredCapabilitiesExtension {
    RequiredCapabilitiesExtension::new(
        &[
            ExtensionType::Unknown(ENDORSEMENT_EXTENSION),
            ExtensionType::Unknown(CONVERSATION_EXTENSION),
            ExtensionType::Unknown(POLICY_EXTENSION),
        ],
        &[ProposalType::SelfRemove],
        &[CredentialType::Basic],
    )
}

/// The extensions of a device's leaf.
pub fn leaf_extensions(endorsement: &Endorsement) -> Result<Extensions<LeafNode>, MlsParameterError> {
    let extension = Extension::Unknown(ENDORSEMENT_EXTENSION, UnknownExtension(endorsement.encode()));
    Extensions::single(extension).map_err(|_| MlsParameterError::Extensions)
}

/// The extensions of a group's context. A direct conversation has no policy, a group has one.
pub fn group_context_extensions(
    conversation: &Conversation,
    policy: Option<&GroupPolicy>,
) -> Result<Extensions<GroupContext>, MlsParameterError> {
    let mut extensions = vec![
        Extension::RequiredCapabilities(required_capabilities()),
        Extension::Unknown(CONVERSATION_EXTENSION, UnknownExtension(conversation.encode())),
    ];
    extensions
        .extend(policy.map(|policy| Extension::Unknown(POLICY_EXTENSION, UnknownExtension(policy.encode()))));
    Extensions::from_vec(extensions).map_err(|_| MlsParameterError::Extensions)
}

/// The bytes of a context's policy, if it has one.
pub fn policy_bytes(context: &GroupContext) -> Option<&[u8]> {
    context.extensions().unknown(POLICY_EXTENSION).map(|extension| extension.0.as_slice())
}

/// Whether two contexts have the same extensions, but for the policy.
pub fn same_but_policy(one: &GroupContext, other: &GroupContext) -> bool {
    let rest = |context: &GroupContext| -> Vec<Extension> {
        let policy = ExtensionType::Unknown(POLICY_EXTENSION);
        context
            .extensions()
            .iter()
            .filter(|extension| extension.extension_type() != policy)
            .cloned()
            .collect()
    };
    rest(one) == rest(other)
}

/// Whether a context has what every context of ours has, and nothing else.
pub fn has_only_our_extensions(context: &GroupContext) -> bool {
    fn same_set<T: PartialEq>(one: &[T], other: &[T]) -> bool {
        one.len() == other.len() && one.iter().all(|item| other.contains(item))
    }
    let ours = required_capabilities();
    let required = context.required_capabilities().is_some_and(|theirs| {
        same_set(theirs.extension_types(), ours.extension_types())
            && same_set(theirs.proposal_types(), ours.proposal_types())
            && same_set(theirs.credential_types(), ours.credential_types())
    });
    let policy = usize::from(policy_bytes(context).is_some());
    required && context.extensions().iter().count() == 2 + policy
}

/// When the lifetime of a leaf ends; `None` for a leaf that was updated, which has none.
pub fn leaf_expiry(leaf: &LeafNode) -> Option<Timestamp> {
    match leaf.leaf_node_source() {
        LeafNodeSource::KeyPackage(lifetime) => Some(Timestamp::from_secs(lifetime.not_after())),
        LeafNodeSource::Update | LeafNodeSource::Commit(_) => None,
    }
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
