//! openmls behind our storage and our random numbers. This module is the only one that touches openmls' own clock: it
//! reads `SystemTime` to check lifetimes.

pub(crate) mod crypto;
#[cfg(test)]
mod groups;
mod one_byte;
mod one_suite;
mod pack;
mod parts;
mod primitives;
pub(crate) mod signer;
mod storage;
pub(crate) mod store;

use infrasound_spec::{account::AccountUri, account::DeviceKey, time::Timestamp};
use openmls::prelude::{
    BasicCredential, CredentialWithKey, Lifetime, MlsGroupJoinConfig, PURE_PLAINTEXT_WIRE_FORMAT_POLICY,
    SenderRatchetConfiguration,
};
use openmls_traits::OpenMlsProvider;

use crypto::Crypto;
use store::MlsStore;

/// What openmls needs around one operation.
pub(crate) struct Provider<'a> {
    pub(crate) crypto: &'a Crypto,
    pub(crate) store: &'a MlsStore,
}

impl OpenMlsProvider for Provider<'_> {
    type CryptoProvider = Crypto;
    type RandProvider = Crypto;
    type StorageProvider = MlsStore;

    fn storage(&self) -> &MlsStore {
        self.store
    }

    fn crypto(&self) -> &Crypto {
        self.crypto
    }

    fn rand(&self) -> &Crypto {
        self.crypto
    }
}

/// How every group of ours is configured: handshakes readable by the hub, no tree in the Welcome, no past epochs.
pub(crate) fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(false)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(5, 1_000))
        .build()
}

/// A device's credential: `basic`, its identity the account's URI.
pub(crate) fn credential(account: &AccountUri, key: &DeviceKey) -> CredentialWithKey {
    CredentialWithKey {
        credential: BasicCredential::new(account.as_str().as_bytes().to_vec()).into(),
        signature_key: key.as_bytes().as_slice().into(),
    }
}

/// From an hour ago, for clocks that are behind, to the end of the longest life.
pub(crate) fn lifetime(now: Timestamp) -> Lifetime {
    let begin = now.minus_millis(infrasound_spec::time::HOUR);
    let end = begin.plus_millis(infrasound_spec::key_package::KEY_PACKAGE_LIFETIME);
    Lifetime::init(begin.as_secs(), end.as_secs())
}
