//! Real groups over our storage: whatever happens, what is stored in parts is what openmls would have written whole.

use std::collections::BTreeMap;

use infrasound_spec::{account::AccountUri, mls as parameters, time::Timestamp};
use openmls::{
    group::JoinBuilder,
    prelude::{
        ContentType, DeserializeBytes as _, GroupId, KeyPackage, MlsGroup, MlsMessageBodyIn, MlsMessageIn,
        MlsMessageOut, ProcessedMessageContent, ProcessedWelcome,
    },
};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use zeroize::Zeroizing;

use super::{
    Provider, credential, crypto::Crypto, join_config, lifetime, parts::Part, signer::DeviceSigner, store::*,
};

/// More than make one part of a sequence.
const MEMBERS: u8 = 36;

struct Member {
    crypto: Crypto,
    account: AccountUri,
    signer: DeviceSigner,
    store: MlsStore,
    /// What a host has of the store.
    journal: BTreeMap<Vec<u8>, Part>,
    group: Option<MlsGroup>,
}

fn bytes(message: &MlsMessageOut) -> Vec<u8> {
    message.to_bytes().unwrap()
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_secs(since.as_secs())
}

impl Member {
    fn new(number: u8) -> Self {
        Self {
            crypto: Crypto::new(&Zeroizing::new([number; 32])),
            account: format!("https://social.example/users/member{number}").parse().unwrap(),
            signer: DeviceSigner::from_seed(&[number; 32]),
            store: MlsStore::default(),
            journal: BTreeMap::new(),
            group: None,
        }
    }

    fn found(&mut self) {
        let provider = Provider { crypto: &self.crypto, store: &self.store };
        let config = join_config();
        let group = MlsGroup::builder()
            .with_group_id(GroupId::from_slice(b"group"))
            .ciphersuite(parameters::CIPHERSUITE)
            .with_wire_format_policy(config.wire_format_policy())
            .use_ratchet_tree_extension(false)
            .with_capabilities(parameters::capabilities())
            .build(&provider, &self.signer, credential(&self.account, &self.signer.public()))
            .unwrap();
        self.group = Some(group);
    }

    fn key_package(&self) -> KeyPackage {
        let provider = Provider { crypto: &self.crypto, store: &self.store };
        let credential = credential(&self.account, &self.signer.public());
        KeyPackage::builder()
            .key_package_lifetime(lifetime(now()))
            .leaf_node_capabilities(parameters::capabilities())
            .build(parameters::CIPHERSUITE, &provider, &self.signer, credential)
            .unwrap()
            .key_package()
            .clone()
    }

    fn join(&mut self, welcome: &[u8], founder: &Self) {
        let provider = Provider { crypto: &self.crypto, store: &self.store };
        let message = MlsMessageIn::tls_deserialize_exact_bytes(welcome).unwrap();
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else { panic!("not a Welcome") };
        let tree = founder.group.as_ref().unwrap().export_ratchet_tree();
        let processed = ProcessedWelcome::new_from_welcome(&provider, &join_config(), welcome).unwrap();
        let staged = JoinBuilder::new(&provider, processed).with_ratchet_tree(tree.into()).build().unwrap();
        self.group = Some(staged.into_group(&provider).unwrap());
    }

    fn write(&mut self, text: &[u8]) -> Vec<u8> {
        let provider = Provider { crypto: &self.crypto, store: &self.store };
        let group = self.group.as_mut().unwrap();
        let own_leaf = group.own_leaf_index();
        let create = || group.create_message(&provider, &self.signer, text);
        bytes(&self.store.while_sending(own_leaf, create).unwrap())
    }

    /// Reads a message, or applies a commit.
    fn read(&mut self, message: &[u8]) -> Result<Vec<u8>, String> {
        let provider = Provider { crypto: &self.crypto, store: &self.store };
        let group = self.group.as_mut().unwrap();
        let message = MlsMessageIn::tls_deserialize_exact_bytes(message).unwrap();
        let message = message.try_into_protocol_message().unwrap();
        let of_an_epoch = message.content_type() == ContentType::Application;
        let process = || group.process_message(&provider, message);
        let processed = if of_an_epoch { self.store.while_reading(process) } else { process() };
        match processed.map_err(|error| error.to_string())?.into_content() {
            ProcessedMessageContent::ApplicationMessage(text) => Ok(text.into_bytes()),
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                group.merge_staged_commit(&provider, *staged).unwrap();
                Ok(Vec::new())
            }
            ProcessedMessageContent::OwnPrivateMessage => Err("one's own".to_owned()),
            _ => panic!("neither a message nor a commit"),
        }
    }

    fn commit(&mut self, add: &[KeyPackage]) -> (Vec<u8>, Option<Vec<u8>>) {
        let provider = Provider { crypto: &self.crypto, store: &self.store };
        let group = self.group.as_mut().unwrap();
        let bundle = group
            .commit_builder()
            .propose_adds(add.to_vec())
            .force_self_update(true)
            .load_psks(&self.store)
            .unwrap()
            .build(&self.crypto, &self.crypto, &self.signer, |_| true)
            .unwrap()
            .stage_commit(&provider)
            .unwrap();
        let (commit, welcome, _) = bundle.into_messages();
        group.merge_pending_commit(&provider).unwrap();
        (bytes(&commit), welcome.as_ref().map(bytes))
    }

    /// Ends a step; says how many records that wrote.
    fn save(&mut self) -> usize {
        self.store.store_ratchets(self.group.as_mut().unwrap());
        let changes = self.store.take_changes().now;
        let count = changes.len();
        for (name, part) in changes {
            match part {
                Some(part) => self.journal.insert(name, part),
                None => self.journal.remove(&name),
            };
        }
        assert_eq!(self.journal, self.store.records());
        count
    }

    fn crash(&mut self) {
        self.store = MlsStore::new(self.journal.clone());
        self.group = MlsGroup::load(&self.store, &GroupId::from_slice(b"group")).unwrap();
    }

    /// What is stored is what openmls writes when it writes all of it into an empty storage.
    fn check_message_secrets(&mut self) {
        self.store.store_ratchets(self.group.as_mut().unwrap());
        let whole = MlsStore::default();
        let provider = Provider { crypto: &self.crypto, store: &whole };
        let group = self.group.as_mut().unwrap();
        let policy = group.past_epoch_deletion_policy().clone();
        group.set_past_epoch_deletion_policy(&provider, policy).unwrap();
        let [stored, whole] = [&self.store, &whole].map(|store| store.encoding(Label::MessageSecrets));
        assert!(stored == whole, "what is stored is not what openmls has in memory");
    }

    fn tree(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        self.group.as_ref().unwrap().export_ratchet_tree()
    }
}

/// A group of many; the first two are looked at closely, the others only speak.
fn group() -> Vec<Member> {
    let mut members: Vec<Member> = (0..MEMBERS).map(Member::new).collect();
    let key_packages: Vec<KeyPackage> = members.iter().skip(1).map(Member::key_package).collect();
    members[0].found();
    let (_, welcome) = members[0].commit(&key_packages);
    let (founder, others) = members.split_first_mut().unwrap();
    for other in others {
        other.join(welcome.as_ref().unwrap(), founder);
    }
    for member in &mut members {
        member.save();
    }
    members
}

fn step(members: &mut [Member], held: &mut Vec<Vec<u8>>, rng: &mut ChaCha20Rng) {
    let number = |below: usize, rng: &mut ChaCha20Rng| usize::try_from(rng.next_u32()).unwrap() % below;
    let sender = number(members.len(), rng);
    match number(20, rng) {
        0 => {
            let (commit, _) = members[sender].commit(&[]);
            for (index, member) in members.iter_mut().enumerate() {
                if index != sender {
                    member.read(&commit).unwrap();
                }
            }
            // What was encrypted for the old epoch can't be read any more.
            held.clear();
            for member in members.iter_mut().take(2) {
                member.check_message_secrets();
            }
        }
        1 | 2 => {
            let mut broken = members[sender].write(b"hello");
            *broken.last_mut().unwrap() ^= 1;
            for (index, member) in members.iter_mut().enumerate().take(2) {
                assert!(index == sender || member.read(&broken).is_err());
            }
        }
        3 | 4 => held.push(members[sender].write(b"late")),
        5 if !held.is_empty() => {
            let late = held.remove(number(held.len(), rng));
            for member in members.iter_mut().take(2) {
                // Not if it is one's own, or if too many came after it.
                let _ = member.read(&late);
            }
        }
        6 | 7 => members[number(2, rng)].crash_after_saving(),
        8..12 => {
            let message = members[sender % 2].write(b"hello");
            members[sender % 2].check_message_secrets();
            assert_eq!(members[1 - sender % 2].read(&message).unwrap(), b"hello");
            members[1 - sender % 2].check_message_secrets();
        }
        _ => {
            let message = members[sender].write(b"hello");
            for (index, member) in members.iter_mut().enumerate().take(2) {
                if index != sender {
                    assert_eq!(member.read(&message).unwrap(), b"hello");
                    // A core may read many entries in one step, and write.
                    if number(2, rng) == 0 {
                        member.check_message_secrets();
                    }
                }
            }
        }
    }
    if number(3, rng) == 0 {
        for member in members.iter_mut().take(2) {
            member.save();
        }
    }
}

impl Member {
    fn crash_after_saving(&mut self) {
        let before = self.tree();
        self.save();
        self.crash();
        assert_eq!(self.tree(), before);
        self.check_message_secrets();
    }
}

#[test]
fn what_is_stored_in_parts_is_what_openmls_has_in_memory() {
    let mut rng = ChaCha20Rng::seed_from_u64(20_261_126);
    let mut members = group();
    let mut held = Vec::new();
    for _ in 0..120 {
        step(&mut members, &mut held, &mut rng);
    }
}

#[test]
fn a_message_of_this_device_writes_one_record_when_all_have_spoken() {
    let mut members = group();
    let spoken: Vec<Vec<u8>> = members.iter_mut().skip(1).map(|member| member.write(b"hello")).collect();
    for message in &spoken {
        members[0].read(message).unwrap();
    }
    members[0].save();
    members[0].check_message_secrets();
    members[0].write(b"the first one of an epoch takes secrets out of the tree");
    members[0].save();
    members[0].write(b"the next ones do not");
    assert_eq!(members[0].save(), 1);
    members[0].check_message_secrets();
}

#[test]
fn a_commit_writes_what_it_changes_of_the_tree() {
    let mut members = group();
    let parts = |member: &Member| member.journal.keys().filter(|name| is_of_tree(name)).count();
    let (commit, _) = members[1].commit(&[]);
    members[0].read(&commit).unwrap();
    let changed = members[0].store.take_changes().now;
    let written = changed.keys().filter(|name| is_of_tree(name)).count();
    // A leaf, the five or six nodes above it, and the tree's hash; half of them share a record.
    assert!((2..=8).contains(&written), "{written} of {}", parts(&members[0]));
    assert!(parts(&members[0]) > 16);
}

fn is_of_tree(name: &[u8]) -> bool {
    let label = if name[0] == Label::LaterPart as u8 { name[5] } else { name[0] };
    label == Label::Tree as u8
}
