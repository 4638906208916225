//! Members of a group as large as one wants, endorsed as ours are, over whatever storage is measured.

use ed25519_dalek::{Signer as _, SigningKey};
use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, Signature},
    conversation::Conversation,
    endorsement::{ENDORSEMENT_LIFETIME, Endorsement},
    mls as parameters,
    signing::{self, Purpose},
    time::Timestamp,
};
use openmls::{
    group::JoinBuilder,
    prelude::{
        DeserializeBytes as _, GroupId, KeyPackage, LeafNodeIndex, LeafNodeParameters, MlsGroup, MlsMessageBodyIn,
        MlsMessageIn, MlsMessageOut, ProcessedMessage, ProcessedWelcome, ProtocolMessage, RatchetTreeIn,
    },
};
use openmls_rust_crypto::{OpenMlsRustCrypto, RustCrypto};
use openmls_traits::OpenMlsProvider;
use tls_codec::Serialize as _;

use super::{mls, mls::signer::DeviceSigner, mls::store::MlsStore};

/// Storage and cryptography of one member.
pub(super) trait Storage: OpenMlsProvider + Default {
    /// Runs `create_message` for this leaf.
    fn while_sending<T>(&self, _own_leaf: LeafNodeIndex, create: impl FnOnce() -> T) -> T {
        create()
    }
}

impl Storage for OpenMlsRustCrypto {}

/// The core's storage.
#[derive(Default)]
pub(super) struct Ours {
    crypto: RustCrypto,
    pub(super) store: MlsStore,
}

impl OpenMlsProvider for Ours {
    type CryptoProvider = RustCrypto;
    type RandProvider = RustCrypto;
    type StorageProvider = MlsStore;

    fn storage(&self) -> &MlsStore {
        &self.store
    }

    fn crypto(&self) -> &RustCrypto {
        &self.crypto
    }

    fn rand(&self) -> &RustCrypto {
        &self.crypto
    }
}

impl Storage for Ours {
    fn while_sending<T>(&self, own_leaf: LeafNodeIndex, create: impl FnOnce() -> T) -> T {
        self.store.while_sending(own_leaf, create)
    }
}

/// A person's device, in no group yet.
pub(super) struct Person {
    account: AccountUri,
    endorsement: Endorsement,
    signer: DeviceSigner,
}

/// A device whose key package waits to be used.
pub(super) struct Newcomer<S> {
    person: Person,
    storage: S,
    pub(super) key_package: KeyPackage,
}

/// A member of a group.
pub(super) struct Member<S> {
    person: Person,
    pub(super) storage: S,
    pub(super) group: MlsGroup,
}

impl Person {
    pub(super) fn new(number: u32) -> Self {
        let mut seed = [3; 32];
        seed[..4].copy_from_slice(&number.to_be_bytes());
        let account_key = SigningKey::from_bytes(&seed);
        seed[31] = 4;
        let signer = DeviceSigner::from_seed(&seed);
        let account: AccountUri =
            format!("https://social.example/users/member{number}").parse().expect("an account");
        let created = now();
        let expires = created.plus_millis(ENDORSEMENT_LIFETIME);
        let device = DeviceId::from_bytes(std::array::from_fn(|i| seed[i]));
        let content = Endorsement::signed_content(&account, &device, &signer.public(), created, expires);
        let input = signing::signing_input(Purpose::DeviceEndorsement, &content);
        let signature = Signature::from_bytes(account_key.sign(&input).to_bytes());
        let account_key = AccountKey::from_bytes(account_key.verifying_key().to_bytes());
        let endorsement = Endorsement { account_key, device, created, expires, signature };
        Self { account, endorsement, signer }
    }

    /// A group with this person alone in it.
    pub(super) fn found<S: Storage>(self) -> Member<S> {
        let storage = S::default();
        let other = "https://social.example/users/other".parse().expect("an account");
        let conversation = Conversation::direct(&self.account, &other, 0).expect("two accounts");
        let config = mls::join_config();
        let group = MlsGroup::builder()
            .with_group_id(GroupId::from_slice(&conversation.group_id()))
            .ciphersuite(parameters::CIPHERSUITE)
            .with_wire_format_policy(config.wire_format_policy())
            .use_ratchet_tree_extension(false)
            .sender_ratchet_configuration(*config.sender_ratchet_configuration())
            .with_capabilities(parameters::capabilities())
            .with_group_context_extensions(
                parameters::group_context_extensions(&conversation).expect("extensions"),
            )
            .with_leaf_node_extensions(parameters::leaf_extensions(&self.endorsement).expect("extensions"))
            .expect("extensions of a leaf")
            .build(&storage, &self.signer, mls::credential(&self.account, &self.signer.public()))
            .expect("a group");
        Member { person: self, storage, group }
    }

    /// Makes a key package.
    pub(super) fn arrive<S: Storage>(self) -> Newcomer<S> {
        let storage = S::default();
        let credential = mls::credential(&self.account, &self.signer.public());
        let bundle = KeyPackage::builder()
            .key_package_lifetime(mls::lifetime(now()))
            .leaf_node_capabilities(parameters::capabilities())
            .leaf_node_extensions(parameters::leaf_extensions(&self.endorsement).expect("extensions"))
            .build(parameters::CIPHERSUITE, &storage, &self.signer, credential)
            .expect("a key package");
        Newcomer { person: self, storage, key_package: bundle.key_package().clone() }
    }
}

/// A commit and what goes with it.
pub(super) struct Commit {
    pub(super) bytes: Vec<u8>,
    pub(super) welcome: Option<Vec<u8>>,
}

impl<S: Storage> Member<S> {
    /// A commit with a path, as the core makes it. It is not merged yet.
    pub(super) fn commit(&mut self, add: &[KeyPackage]) -> Commit {
        let leaf = LeafNodeParameters::builder()
            .with_capabilities(parameters::capabilities())
            .with_extensions(parameters::leaf_extensions(&self.person.endorsement).expect("extensions"))
            .build();
        let bundle = self
            .group
            .commit_builder()
            .leaf_node_parameters(leaf)
            .propose_adds(add.iter().cloned())
            .force_self_update(true)
            .load_psks(self.storage.storage())
            .expect("no keys from outside")
            .build(self.storage.rand(), self.storage.crypto(), &self.person.signer, |_| true)
            .expect("a commit")
            .stage_commit(&self.storage)
            .expect("it is staged");
        let (commit, welcome, _) = bundle.into_messages();
        Commit { bytes: bytes(&commit), welcome: welcome.as_ref().map(bytes) }
    }

    /// The hub has accepted the commit.
    pub(super) fn merge(&mut self) {
        self.group.merge_pending_commit(&self.storage).expect("it is merged");
    }

    /// Encrypts one message.
    pub(super) fn write(&mut self, text: &[u8]) -> Vec<u8> {
        let Self { person, storage, group } = self;
        let own_leaf = group.own_leaf_index();
        let create = || group.create_message(storage, &person.signer, text);
        bytes(&storage.while_sending(own_leaf, create).expect("a message"))
    }

    /// Reads what another member has made.
    pub(super) fn read(&mut self, message: ProtocolMessage) -> ProcessedMessage {
        self.group.process_message(&self.storage, message).expect("it opens")
    }

    /// The tree, as a joiner gets it from the hub.
    pub(super) fn tree(&self) -> Vec<u8> {
        self.group.export_ratchet_tree().tls_serialize_detached().expect("a tree")
    }
}

impl<S: Storage> Newcomer<S> {
    /// Joins by a Welcome, with the tree from elsewhere.
    pub(super) fn join(self, welcome: &[u8], tree: &[u8]) -> Member<S> {
        let Self { person, storage, .. } = self;
        let message = MlsMessageIn::tls_deserialize_exact_bytes(welcome).expect("a message");
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else { panic!("not a Welcome") };
        let tree = RatchetTreeIn::tls_deserialize_exact_bytes(tree).expect("a tree");
        let processed = ProcessedWelcome::new_from_welcome(&storage, &mls::join_config(), welcome)
            .expect("a Welcome that is for us");
        let staged = JoinBuilder::new(&storage, processed).with_ratchet_tree(tree).build();
        let group = staged.expect("a group that verifies").into_group(&storage).expect("a group");
        Member { person, storage, group }
    }
}

/// A message as it comes from the log. Parsing is not part of what openmls calls processing.
pub(super) fn parse(bytes: &[u8]) -> ProtocolMessage {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).expect("a message");
    message.try_into_protocol_message().expect("a protocol message")
}

fn bytes(message: &MlsMessageOut) -> Vec<u8> {
    message.to_bytes().expect("its bytes")
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_secs(since.as_secs())
}
