//! openmls alone, as it comes: two members, `openmls_rust_crypto` and its memory storage.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use infrasound_spec::mls::CIPHERSUITE;
use openmls::prelude::{
    BasicCredential, CredentialWithKey, DeserializeBytes as _, KeyPackage, KeyPackageBundle, MlsGroup,
    MlsGroupCreateConfig, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut, StagedWelcome,
};
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;

/// Two members of one group, one of whom writes to the other.
#[derive(Debug)]
pub struct Bare {
    writer: Member,
    reader: Member,
}

#[derive(Debug)]
struct Member {
    provider: OpenMlsRustCrypto,
    signer: SignatureKeyPair,
    group: MlsGroup,
}

struct Newcomer {
    provider: OpenMlsRustCrypto,
    signer: SignatureKeyPair,
    credential: CredentialWithKey,
}

impl Bare {
    /// Makes the group.
    ///
    /// # Panics
    /// If openmls refuses.
    pub fn new() -> Self {
        let config =
            MlsGroupCreateConfig::builder().ciphersuite(CIPHERSUITE).use_ratchet_tree_extension(true);
        let config = config.build();
        let (alice, bob) = (Newcomer::new("alice"), Newcomer::new("bob"));
        let key_package = bob.key_package();
        let Newcomer { provider, signer, credential } = alice;
        let mut group = MlsGroup::new(&provider, &signer, &config, credential).expect("a group");
        let (_, welcome, _) =
            group.add_members(&provider, &signer, &[key_package.key_package().clone()]).expect("a commit");
        group.merge_pending_commit(&provider).expect("the commit is merged");
        let writer = Member { provider, signer, group };
        Self { writer, reader: bob.join(&config, &welcome) }
    }

    /// `create_message`, timed; and the message.
    ///
    /// # Panics
    /// If openmls refuses.
    pub fn create_message(&mut self, text: &[u8]) -> (Duration, Vec<u8>) {
        let Member { provider, signer, group } = &mut self.writer;
        let begin = Instant::now();
        let message = group.create_message(provider, signer, text).expect("a message");
        (begin.elapsed(), message.to_bytes().expect("its bytes"))
    }

    /// `process_message`, timed. Parsing the bytes is not part of it.
    ///
    /// # Panics
    /// If openmls refuses.
    pub fn process_message(&mut self, bytes: &[u8]) -> Duration {
        let Member { provider, group, .. } = &mut self.reader;
        let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).expect("a message");
        let message = message.try_into_protocol_message().expect("a protocol message");
        let begin = Instant::now();
        let processed = group.process_message(provider, message).expect("it opens");
        let took = begin.elapsed();
        black_box(processed);
        took
    }
}

impl Default for Bare {
    fn default() -> Self {
        Self::new()
    }
}

impl Newcomer {
    fn new(name: &str) -> Self {
        let provider = OpenMlsRustCrypto::default();
        let signer = SignatureKeyPair::new(CIPHERSUITE.signature_algorithm()).expect("a key pair");
        let credential = CredentialWithKey {
            credential: BasicCredential::new(name.as_bytes().to_vec()).into(),
            signature_key: signer.to_public_vec().into(),
        };
        Self { provider, signer, credential }
    }

    fn key_package(&self) -> KeyPackageBundle {
        KeyPackage::builder()
            .build(CIPHERSUITE, &self.provider, &self.signer, self.credential.clone())
            .expect("a key package")
    }

    fn join(self, config: &MlsGroupCreateConfig, welcome: &MlsMessageOut) -> Member {
        let Self { provider, signer, .. } = self;
        let bytes = welcome.to_bytes().expect("a Welcome's bytes");
        let message = MlsMessageIn::tls_deserialize_exact_bytes(&bytes).expect("a Welcome");
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else { panic!("not a Welcome") };
        let staged = StagedWelcome::new_from_welcome(&provider, config.join_config(), welcome, None)
            .expect("a Welcome that is for us");
        let group = staged.into_group(&provider).expect("a group");
        Member { provider, signer, group }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_writes_the_other_reads() {
        let mut bare = Bare::new();
        for _ in 0..3 {
            let (took, bytes) = bare.create_message(b"hello");
            assert!(took > Duration::ZERO && bare.process_message(&bytes) > Duration::ZERO);
        }
    }
}
