//! The MLS parameters of a conversation as mls-rs has them, from the numbers in `spec/`.
//!
//! Spec: `conversations.md` 2, `key-packages.md` 1.

use std::time::Duration;

use infrasound_spec::{
    conversation::Conversation,
    endorsement::Endorsement,
    key_package::KEY_PACKAGE_LIFETIME,
    log::LogPosition,
    mls::{CONVERSATION_EXTENSION, ENDORSEMENT_EXTENSION, LOG_POSITION_EXTENSION, POLICY_EXTENSION},
    policy::GroupPolicy,
    time::{HOUR, Timestamp},
};
use mls_rs::{
    CipherSuite, Client, Extension, ExtensionList, Group,
    client_builder::{BaseConfig, PaddingMode, WithCryptoProvider, WithIdentityProvider, WithMlsRules},
    crypto::SignatureSecretKey,
    extension::{ExtensionType, MlsExtension as _, built_in::RequiredCapabilitiesExt},
    group::proposal::ProposalType,
    identity::{CredentialType, SigningIdentity, basic::BasicCredential},
    mls_rules::{CommitOptions, DefaultMlsRules, EncryptionOptions},
    time::MlsTime,
};
use mls_rs_crypto_rustcrypto::RustCryptoProvider;

use super::{identity::Accounts, keys::Keys};

/// MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519.
const SUITE: CipherSuite = CipherSuite::CURVE25519_AES128;
/// The number of the extensions draft and of openmls; mls-rs' own constant has an older one.
const SELF_REMOVE: ProposalType = ProposalType::new(0x000A);
const ENDORSEMENT: ExtensionType = ExtensionType::new(ENDORSEMENT_EXTENSION);
const CONVERSATION: ExtensionType = ExtensionType::new(CONVERSATION_EXTENSION);
const POLICY: ExtensionType = ExtensionType::new(POLICY_EXTENSION);
const LOG_POSITION: ExtensionType = ExtensionType::new(LOG_POSITION_EXTENSION);

pub(super) type Config = WithMlsRules<
    DefaultMlsRules,
    WithIdentityProvider<Accounts, WithCryptoProvider<RustCryptoProvider, BaseConfig>>,
>;
pub(super) type MlsClient = Client<Config>;
/// A group of mls-rs, configured as every conversation is.
pub type MlsGroup = Group<Config>;

/// mls-rs for one device.
pub(super) fn client(keys: &Keys) -> MlsClient {
    let credential = BasicCredential::new(keys.account.as_str().into()).into_credential();
    let identity = SigningIdentity::new(credential, keys.public().as_bytes().to_vec().into());
    let secret = SignatureSecretKey::from(keys.device_key.to_keypair_bytes().to_vec());
    Client::builder()
        .crypto_provider(RustCryptoProvider::with_enabled_cipher_suites(vec![SUITE]))
        .identity_provider(Accounts)
        .mls_rules(rules())
        .extension_types([ExtensionType::LAST_RESORT_KEY_PACKAGE, ENDORSEMENT, CONVERSATION, POLICY])
        .custom_proposal_type(SELF_REMOVE)
        .key_package_lifetime(Duration::from_millis(KEY_PACKAGE_LIFETIME))
        .signing_identity(identity, secret, SUITE)
        .build()
}

/// Every commit has a path, handshakes are public, the tree travels apart, and the frame is padded, not the message.
fn rules() -> DefaultMlsRules {
    DefaultMlsRules::new()
        .with_commit_options(CommitOptions::new().with_path_required(true).with_ratchet_tree_extension(false))
        .with_encryption_options(EncryptionOptions::new(false, PaddingMode::None))
}

/// When leaves and key packages begin: an hour ago, for clocks that are behind.
pub(super) fn begin(now: Timestamp) -> MlsTime {
    MlsTime::from(now.minus_millis(HOUR).as_secs())
}

/// The extensions of a device's leaf.
pub(super) fn leaf_extensions(endorsement: &Endorsement) -> ExtensionList {
    vec![Extension::new(ENDORSEMENT, endorsement.encode())].into()
}

/// The extensions of a group's context.
pub(super) fn context_extensions(conversation: &Conversation) -> ExtensionList {
    let required = RequiredCapabilitiesExt::new(
        vec![ENDORSEMENT, CONVERSATION, POLICY],
        vec![SELF_REMOVE],
        vec![CredentialType::BASIC],
    );
    let required = required.into_extension().expect("a short extension");
    vec![required, Extension::new(CONVERSATION, conversation.encode())].into()
}

/// A group's context with another policy.
pub(super) fn with_policy(extensions: &ExtensionList, policy: &GroupPolicy) -> ExtensionList {
    let mut extensions = extensions.clone();
    extensions.set(Extension::new(POLICY, policy.encode()));
    extensions
}

/// The policy in a group's context.
pub(super) fn policy_in(extensions: &ExtensionList) -> Option<GroupPolicy> {
    GroupPolicy::decode(&extensions.get(POLICY)?.extension_data).ok()
}

/// The extensions of a GroupInfo: where in the log the committer is.
pub(super) fn group_info_extensions(position: &LogPosition) -> ExtensionList {
    vec![Extension::new(LOG_POSITION, position.encode())].into()
}

/// The endorsement in a leaf.
pub(super) fn endorsement_in(extensions: &ExtensionList) -> Option<Vec<u8>> {
    extensions.get(ENDORSEMENT).map(|extension| extension.extension_data)
}

/// The conversation that a group says it is, if its id is the one of this founding.
pub(super) fn conversation_of(group: &MlsGroup) -> Option<Conversation> {
    let extension = group.context().extensions().get(CONVERSATION)?;
    let conversation = Conversation::decode(&extension.extension_data).ok()?;
    (conversation.group_id() == group.group_id()).then_some(conversation)
}

/// Where the committer was, from a GroupInfo.
pub(super) fn position_in(extensions: &ExtensionList) -> Option<LogPosition> {
    LogPosition::decode(&extensions.get(LOG_POSITION)?.extension_data)
}
