//! The core's MLS, its storage and its sealing, without the rest of the core: a module that `clients/openmls.mjs` drives as
//! it drives openmls alone.
//!
//! What the app loads has no way to encrypt a message and do nothing else, which is what the peers' figures are of. These
//! are the same sources in the same profile. Each call makes the sealed batch of what it has changed, which no peer does.
//! All leaves are endorsed, as ours are.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a measuring module that cannot go on says where, and there is no report"
)]

#[expect(dead_code, unreachable_pub, reason = "the core's own; nothing is read back here")]
#[path = "../../../../client-core/src/journal.rs"]
mod journal;
#[expect(dead_code, reason = "the core's own; nothing is rolled back here")]
#[path = "../../../../client-core/src/mls/mod.rs"]
mod mls;
mod person;
#[path = "../../../../client-core/src/unpack.rs"]
mod unpack;

use infrasound_spec::{conversation::Conversation, mls as parameters, roster::Roster, time::Timestamp};
use openmls::{
    group::JoinBuilder,
    prelude::{
        DeserializeBytes as _, GroupId, KeyPackage, KeyPackageIn, LeafNodeParameters, MlsGroup,
        MlsMessageBodyIn, MlsMessageIn, MlsMessageOut, ProcessedMessageContent, ProcessedWelcome,
        ProtocolVersion, RatchetTreeIn,
    },
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use tls_codec::Serialize as _;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use journal::{Place, Sealer, StorageKey, WriteSet};
use mls::{Provider, crypto::Crypto, store::MlsStore};
use person::Person;

/// A device: in no group, or in one.
#[wasm_bindgen]
pub struct Member {
    person: Person,
    crypto: Crypto,
    store: MlsStore,
    sealer: Sealer,
    rng: ChaCha20Rng,
    group: Option<MlsGroup>,
    queued: Vec<KeyPackage>,
    welcome: Vec<u8>,
}

macro_rules! provider {
    ($member:ident) => {
        Provider { crypto: &$member.crypto, store: &$member.store }
    };
}

#[wasm_bindgen]
impl Member {
    /// A device of a new account.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str) -> Self {
        let mut seed = [0; 32];
        let length = name.len().min(seed.len());
        seed[..length].copy_from_slice(&name.as_bytes()[..length]);
        Self {
            person: Person::new(name, seed, now()),
            crypto: Crypto::new(&Zeroizing::new(seed)),
            store: MlsStore::default(),
            sealer: Sealer::new(&StorageKey::from_bytes(seed)),
            rng: ChaCha20Rng::from_seed(seed),
            group: None,
            queued: Vec::new(),
            welcome: Vec::new(),
        }
    }

    /// Makes a key package.
    pub fn key_package(&mut self) -> Vec<u8> {
        let provider = provider!(self);
        let bundle = KeyPackage::builder()
            .key_package_lifetime(mls::lifetime(now()))
            .leaf_node_capabilities(parameters::capabilities())
            .leaf_node_extensions(self.person.leaf_extensions())
            .build(parameters::CIPHERSUITE, &provider, &self.person.signer, self.person.credential())
            .expect("a key package");
        bundle.key_package().tls_serialize_detached().expect("its bytes")
    }

    /// Founds a group.
    pub fn create_group(&mut self) {
        let other = "https://social.example/users/other".parse().expect("an account");
        let conversation = Conversation::direct(&self.person.account, &other, 0).expect("two accounts");
        let context = parameters::group_context_extensions(&conversation, None).expect("extensions");
        let config = mls::join_config();
        let group = MlsGroup::builder()
            .with_group_id(GroupId::from_slice(&conversation.group_id()))
            .ciphersuite(parameters::CIPHERSUITE)
            .with_wire_format_policy(config.wire_format_policy())
            .use_ratchet_tree_extension(false)
            .sender_ratchet_configuration(*config.sender_ratchet_configuration())
            .with_capabilities(parameters::capabilities())
            .with_group_context_extensions(context)
            .with_leaf_node_extensions(self.person.leaf_extensions())
            .expect("extensions of a leaf")
            .build(&provider!(self), &self.person.signer, self.person.credential())
            .expect("a group");
        self.group = Some(group);
        self.seal();
    }

    /// Remembers a key package to be added.
    pub fn queue(&mut self, key_package: &[u8]) {
        let key_package = KeyPackageIn::tls_deserialize_exact_bytes(key_package).expect("a key package");
        let valid = key_package.validate(&self.crypto, ProtocolVersion::Mls10).expect("one that verifies");
        self.queued.push(valid);
    }

    /// Commits the additions, and gives the commit.
    pub fn add_queued(&mut self, path: bool) -> Vec<u8> {
        let queued = std::mem::take(&mut self.queued);
        let (commit, welcome) = self.commit(&queued, path);
        self.welcome = welcome.expect("a Welcome");
        commit
    }

    /// The Welcome of the last additions, and the tree, which travels apart from it.
    pub fn take_welcome(&mut self) -> Vec<u8> {
        let welcome = std::mem::take(&mut self.welcome);
        let provider = provider!(self);
        let group = self.group.as_mut().expect("a group");
        // The tree is that of the new epoch.
        group.merge_pending_commit(&provider).expect("it is merged");
        let tree = group.export_ratchet_tree().tls_serialize_detached().expect("a tree");
        let length = u32::try_from(welcome.len()).expect("a length").to_be_bytes();
        [&length, welcome.as_slice(), &tree].concat()
    }

    /// The hub has accepted the commit.
    pub fn merge(&mut self) {
        let provider = provider!(self);
        self.group.as_mut().expect("a group").merge_pending_commit(&provider).expect("it is merged");
        self.seal();
    }

    /// Joins, until messages can be read: what every leaf says of itself is read as well.
    pub fn join(&mut self, welcome: &[u8]) {
        let (length, rest) = welcome.split_first_chunk().expect("a length");
        let (welcome, tree) = rest.split_at(u32::from_be_bytes(*length) as usize);
        let message = MlsMessageIn::tls_deserialize_exact_bytes(welcome).expect("a message");
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else { panic!("not a Welcome") };
        let tree = RatchetTreeIn::tls_deserialize_exact_bytes(tree).expect("a tree");
        let provider = provider!(self);
        let processed = ProcessedWelcome::new_from_welcome(&provider, &mls::join_config(), welcome)
            .expect("a Welcome that is for us");
        let staged = JoinBuilder::new(&provider, processed).with_ratchet_tree(tree).build();
        let group = staged.expect("a group that verifies").into_group(&provider).expect("a group");
        let roster = Roster::of(group.public_group(), &Roster::default()).expect("leaves");
        assert!(roster.at(0).is_some(), "the inviter is endorsed");
        self.group = Some(group);
        self.seal();
    }

    /// Encrypts a message.
    pub fn encrypt(&mut self, text: &[u8]) -> Vec<u8> {
        let provider = provider!(self);
        let group = self.group.as_mut().expect("a group");
        let own_leaf = group.own_leaf_index();
        let create = || group.create_message(&provider, &self.person.signer, text);
        let message = bytes(&self.store.while_sending(own_leaf, create).expect("a message"));
        self.seal();
        message
    }

    /// Takes in what another member made: the text of a message; a commit is applied, and gives none.
    pub fn process(&mut self, message: &[u8]) -> Vec<u8> {
        let message = MlsMessageIn::tls_deserialize_exact_bytes(message).expect("a message");
        let message = message.try_into_protocol_message().expect("a protocol message");
        let provider = provider!(self);
        let group = self.group.as_mut().expect("a group");
        let processed = self.store.while_reading(|| group.process_message(&provider, message));
        self.store.store_ratchets(group);
        let text = match processed.expect("it opens").into_content() {
            ProcessedMessageContent::ApplicationMessage(text) => text.into_bytes(),
            ProcessedMessageContent::StagedCommitMessage(commit) => {
                group.merge_staged_commit(&provider, *commit).expect("it is merged");
                Vec::new()
            }
            _ => panic!("neither a message nor a commit"),
        };
        self.seal();
        text
    }

    /// A commit that renews the own leaf.
    pub fn self_update(&mut self) -> Vec<u8> {
        self.commit(&[], true).0
    }
}

impl Member {
    fn commit(&mut self, add: &[KeyPackage], path: bool) -> (Vec<u8>, Option<Vec<u8>>) {
        let leaf = LeafNodeParameters::builder()
            .with_capabilities(parameters::capabilities())
            .with_extensions(self.person.leaf_extensions())
            .build();
        let provider = provider!(self);
        let group = self.group.as_mut().expect("a group");
        let mut builder = group.commit_builder();
        if path {
            builder = builder.leaf_node_parameters(leaf);
        }
        let bundle = builder
            .propose_adds(add.iter().cloned())
            .force_self_update(path)
            .load_psks(&self.store)
            .expect("no keys from outside")
            .build(&self.crypto, &self.crypto, &self.person.signer, |_| true)
            .expect("a commit")
            .stage_commit(&provider)
            .expect("it is staged");
        let (commit, welcome, _) = bundle.into_messages();
        let messages = (bytes(&commit), welcome.as_ref().map(bytes));
        self.seal();
        messages
    }

    /// Makes the batch of everything that has changed, as a step of the core ends.
    fn seal(&mut self) {
        let place = Place::Conversation([1; 32]);
        let mut writes = WriteSet::default();
        for (key, part) in self.store.take_changes().now {
            let name = [b"mls/".as_slice(), &key].concat();
            match part {
                Some(part) => writes.put(place.clone(), name, part),
                None => writes.delete(place.clone(), name),
            }
        }
        std::hint::black_box(writes.seal(&self.sealer, &mut self.rng));
    }
}

fn bytes(message: &MlsMessageOut) -> Vec<u8> {
    message.to_bytes().expect("its bytes")
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of this century")]
fn now() -> Timestamp {
    Timestamp::from_millis(js_sys::Date::now() as u64)
}
