//! What mls-rs asks about identities: only basic credentials that name an account, with an Ed25519 key.
//!
//! Spec: `identity.md` 5. The endorsement is in an extension of the leaf, which mls-rs does not show here; see
//! [`super::roster`].

use infrasound_spec::{
    account::{AccountUri, DeviceKey},
    mls::LeafError,
};
use mls_rs::{
    ExtensionList, IdentityProvider,
    error::IntoAnyError,
    identity::{Credential, CredentialType, SigningIdentity},
    time::MlsTime,
};
use mls_rs_core::identity::MemberValidationContext;

/// Leaves are devices of accounts.
#[derive(Clone, Debug)]
pub struct Accounts;

/// Why mls-rs must not accept a leaf.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It is nobody's.
    #[error(transparent)]
    Leaf(#[from] LeafError),
    /// External senders have no place in a conversation.
    #[error("a conversation has no external senders")]
    ExternalSender,
}

impl IntoAnyError for IdentityError {
    fn into_dyn_error(self) -> Result<Box<dyn std::error::Error + Send + Sync>, Self> {
        Ok(Box::new(self))
    }
}

/// The account that a credential names. Not yet endorsed by anything.
pub(super) fn account_of(identity: &SigningIdentity) -> Result<AccountUri, LeafError> {
    let Credential::Basic(basic) = &identity.credential else { return Err(LeafError::Credential) };
    let text = std::str::from_utf8(basic.identifier()).map_err(|_| LeafError::Credential)?;
    text.parse().map_err(|_| LeafError::Credential)
}

/// The Ed25519 key of a leaf.
pub(super) fn key_of(identity: &SigningIdentity) -> Result<DeviceKey, LeafError> {
    DeviceKey::from_slice(identity.signature_key.as_bytes()).ok_or(LeafError::SignatureKey)
}

impl IdentityProvider for Accounts {
    type Error = IdentityError;

    fn validate_member(
        &self,
        identity: &SigningIdentity,
        _at: Option<MlsTime>,
        _context: MemberValidationContext<'_>,
    ) -> Result<(), IdentityError> {
        account_of(identity)?;
        key_of(identity)?;
        Ok(())
    }

    fn validate_external_sender(
        &self,
        _identity: &SigningIdentity,
        _at: Option<MlsTime>,
        _extensions: Option<&ExtensionList>,
    ) -> Result<(), IdentityError> {
        Err(IdentityError::ExternalSender)
    }

    /// mls-rs lets no two leaves have one identity. An account has several devices, so this is the device's key.
    fn identity(
        &self,
        identity: &SigningIdentity,
        _extensions: &ExtensionList,
    ) -> Result<Vec<u8>, IdentityError> {
        Ok(key_of(identity)?.as_bytes().to_vec())
    }

    /// A device's leaf is followed by a leaf of the same device only.
    fn valid_successor(
        &self,
        before: &SigningIdentity,
        after: &SigningIdentity,
        _extensions: &ExtensionList,
    ) -> Result<bool, IdentityError> {
        Ok(before == after)
    }

    fn supported_types(&self) -> Vec<CredentialType> {
        vec![CredentialType::BASIC]
    }
}
