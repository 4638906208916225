//! openmls' storage as a write-set in memory: every change can be rolled back, or taken out to be sealed and persisted.
//!
//! Values are MessagePack with named fields: self-describing, as openmls 0.9 asks, and a quarter of JSON's size.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};

use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

const VERSION: u16 = CURRENT_VERSION;

/// A value could not be written or read: a bug, or a journal from another version.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("a value of openmls cannot be encoded: {0}")]
    Encode(#[from] rmp_serde::encode::Error),
    #[error("a stored value of openmls cannot be decoded: {0}")]
    Decode(#[from] rmp_serde::decode::Error),
}

type Value = Zeroizing<Vec<u8>>;
type Records = HashMap<Vec<u8>, Value>;

/// What changed in a store: the new value of each record, or that it is gone.
pub(crate) type Changes = BTreeMap<Vec<u8>, Option<Value>>;

/// The records of one group, and behind them, while joining, those of the key packages.
#[derive(Default)]
pub(crate) struct MlsStore {
    own: RefCell<Layer>,
    /// Key packages: read and deleted from while joining, never written.
    behind: RefCell<Layer>,
}

#[derive(Default)]
struct Layer {
    records: Records,
    /// What stood where something changed since the last `take` or `roll_back`.
    before: BTreeMap<Vec<u8>, Option<Value>>,
}

impl Layer {
    fn set(&mut self, key: Vec<u8>, value: Option<Value>) {
        let old = match value {
            Some(value) => self.records.insert(key.clone(), value),
            None => self.records.remove(&key),
        };
        self.before.entry(key).or_insert(old);
    }

    fn take(&mut self) -> Changes {
        let changed = std::mem::take(&mut self.before);
        changed.into_keys().map(|key| (key.clone(), self.records.get(&key).cloned())).collect()
    }

    fn roll_back(&mut self) {
        for (key, old) in std::mem::take(&mut self.before) {
            match old {
                Some(value) => self.records.insert(key, value),
                None => self.records.remove(&key),
            };
        }
    }
}

impl MlsStore {
    /// A store with these records.
    pub(crate) fn new(records: impl IntoIterator<Item = (Vec<u8>, Value)>) -> Self {
        let own = Layer { records: records.into_iter().collect(), before: BTreeMap::new() };
        Self { own: RefCell::new(own), behind: RefCell::default() }
    }

    /// An empty store for a new group, with the key packages' records behind it.
    pub(crate) fn joining(key_packages: impl IntoIterator<Item = (Vec<u8>, Value)>) -> Self {
        let behind = Layer { records: key_packages.into_iter().collect(), before: BTreeMap::new() };
        Self { own: RefCell::default(), behind: RefCell::new(behind) }
    }

    /// What changed since the last time, to be persisted with the group.
    pub(crate) fn take_changes(&self) -> Changes {
        self.own.borrow_mut().take()
    }

    /// What changed in the key packages: those that were used up. The layer is gone afterwards.
    pub(crate) fn take_changes_behind(&self) -> Changes {
        let mut behind = self.behind.borrow_mut();
        let changes = behind.take();
        *behind = Layer::default();
        changes
    }

    /// Undoes everything since the last `take_changes`.
    pub(crate) fn roll_back(&self) {
        self.own.borrow_mut().roll_back();
        self.behind.borrow_mut().roll_back();
    }

    /// All records of the group, to be kept while a commit is provisional.
    pub(crate) fn snapshot(&self) -> Vec<(Vec<u8>, Value)> {
        self.own.borrow().records.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Puts the group back to a snapshot.
    pub(crate) fn restore(&self, snapshot: Vec<(Vec<u8>, Value)>) {
        let mut own = self.own.borrow_mut();
        let gone: Vec<Vec<u8>> = own.records.keys().cloned().collect();
        for key in gone {
            own.set(key, None);
        }
        for (key, value) in snapshot {
            own.set(key, Some(value));
        }
    }

    /// Forgets the group.
    pub(crate) fn clear(&self) {
        self.restore(Vec::new());
    }

    fn key(label: Label, key: &impl Serialize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![label as u8];
        rmp_serde::encode::write(&mut bytes, key)?;
        Ok(bytes)
    }

    fn write(&self, label: Label, key: &impl Serialize, value: &impl Serialize) -> Result<(), StoreError> {
        let key = Self::key(label, key)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(256));
        value.serialize(&mut rmp_serde::Serializer::new(&mut *bytes).with_struct_map())?;
        self.own.borrow_mut().set(key, Some(bytes));
        Ok(())
    }

    fn read<T: DeserializeOwned>(&self, label: Label, key: &impl Serialize) -> Result<Option<T>, StoreError> {
        let key = Self::key(label, key)?;
        let own = self.own.borrow();
        let behind = self.behind.borrow();
        let value = own.records.get(&key).or_else(|| behind.records.get(&key));
        value.map(|value| Ok(rmp_serde::from_slice(value)?)).transpose()
    }

    fn delete(&self, label: Label, key: &impl Serialize) -> Result<(), StoreError> {
        let key = Self::key(label, key)?;
        for layer in [&self.own, &self.behind] {
            let mut layer = layer.borrow_mut();
            if layer.records.contains_key(&key) {
                layer.set(key.clone(), None);
            }
        }
        Ok(())
    }

    fn append(&self, label: Label, key: &impl Serialize, item: &impl Serialize) -> Result<(), StoreError> {
        let mut items: Vec<serde_bytes::ByteBuf> = self.read(label, key)?.unwrap_or_default();
        items.push(serde_bytes::ByteBuf::from(rmp_serde::to_vec_named(item)?));
        self.write(label, key, &items)
    }

    fn list<T: DeserializeOwned>(&self, label: Label, key: &impl Serialize) -> Result<Vec<T>, StoreError> {
        let items: Vec<serde_bytes::ByteBuf> = self.read(label, key)?.unwrap_or_default();
        items.iter().map(|item| Ok(rmp_serde::from_slice(item)?)).collect()
    }
}

/// The first byte of a record's name. Part of the stored format: never renumber.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Label {
    JoinConfig = 1,
    OwnLeafNodes = 2,
    ProposalRefs = 3,
    Proposal = 4,
    Tree = 5,
    InterimTranscriptHash = 6,
    GroupContext = 7,
    ConfirmationTag = 8,
    GroupState = 9,
    MessageSecrets = 10,
    ResumptionPsks = 11,
    OwnLeafIndex = 12,
    EpochSecrets = 13,
    SignatureKeyPair = 14,
    EncryptionKeyPair = 15,
    EpochKeyPairs = 16,
    KeyPackage = 17,
    Psk = 18,
}

/// One value for each group: a writer, a reader, a deleter.
macro_rules! group_value {
    ($($write:ident, $read:ident, $delete:ident: $kind:ident = $label:ident;)+) => { $(
        fn $write<G: traits::GroupId<VERSION>, T: traits::$kind<VERSION>>(
            &self,
            group: &G,
            value: &T,
        ) -> Result<(), Self::Error> {
            self.write(Label::$label, group, value)
        }

        fn $read<G: traits::GroupId<VERSION>, T: traits::$kind<VERSION>>(
            &self,
            group: &G,
        ) -> Result<Option<T>, Self::Error> {
            self.read(Label::$label, group)
        }

        fn $delete<G: traits::GroupId<VERSION>>(&self, group: &G) -> Result<(), Self::Error> {
            self.delete(Label::$label, group)
        }
    )+ };
}

/// One value for each key that is not a group: a writer and a deleter (the readers differ in their parameters).
macro_rules! keyed_value {
    ($($write:ident, $delete:ident: $key:ident -> $kind:ident = $label:ident;)+) => { $(
        fn $write<K: traits::$key<VERSION>, T: traits::$kind<VERSION>>(
            &self,
            key: &K,
            value: &T,
        ) -> Result<(), Self::Error> {
            self.write(Label::$label, key, value)
        }

        fn $delete<K: traits::$key<VERSION>>(&self, key: &K) -> Result<(), Self::Error> {
            self.delete(Label::$label, key)
        }
    )+ };
}

impl StorageProvider<VERSION> for MlsStore {
    type Error = StoreError;

    group_value! {
        write_mls_join_config, mls_group_join_config, delete_group_config: MlsGroupJoinConfig = JoinConfig;
        write_tree, tree, delete_tree: TreeSync = Tree;
        write_interim_transcript_hash, interim_transcript_hash, delete_interim_transcript_hash:
            InterimTranscriptHash = InterimTranscriptHash;
        write_context, group_context, delete_context: GroupContext = GroupContext;
        write_confirmation_tag, confirmation_tag, delete_confirmation_tag: ConfirmationTag = ConfirmationTag;
        write_message_secrets, message_secrets, delete_message_secrets: MessageSecrets = MessageSecrets;
        write_resumption_psk_store, resumption_psk_store, delete_all_resumption_psk_secrets:
            ResumptionPskStore = ResumptionPsks;
        write_own_leaf_index, own_leaf_index, delete_own_leaf_index: LeafNodeIndex = OwnLeafIndex;
        write_group_epoch_secrets, group_epoch_secrets, delete_group_epoch_secrets:
            GroupEpochSecrets = EpochSecrets;
    }

    keyed_value! {
        write_signature_key_pair, delete_signature_key_pair:
            SignaturePublicKey -> SignatureKeyPair = SignatureKeyPair;
        write_encryption_key_pair, delete_encryption_key_pair:
            EncryptionKey -> HpkeKeyPair = EncryptionKeyPair;
        write_key_package, delete_key_package: HashReference -> KeyPackage = KeyPackage;
        write_psk, delete_psk: PskId -> PskBundle = Psk;
    }

    fn signature_key_pair<K: traits::SignaturePublicKey<VERSION>, T: traits::SignatureKeyPair<VERSION>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, Self::Error> {
        self.read(Label::SignatureKeyPair, key)
    }

    fn encryption_key_pair<T: traits::HpkeKeyPair<VERSION>, K: traits::EncryptionKey<VERSION>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, Self::Error> {
        self.read(Label::EncryptionKeyPair, key)
    }

    fn key_package<K: traits::HashReference<VERSION>, T: traits::KeyPackage<VERSION>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, Self::Error> {
        self.read(Label::KeyPackage, key)
    }

    fn psk<T: traits::PskBundle<VERSION>, K: traits::PskId<VERSION>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, Self::Error> {
        self.read(Label::Psk, key)
    }

    fn write_group_state<S: traits::GroupState<VERSION>, G: traits::GroupId<VERSION>>(
        &self,
        group: &G,
        state: &S,
    ) -> Result<(), Self::Error> {
        self.write(Label::GroupState, group, state)
    }

    fn group_state<S: traits::GroupState<VERSION>, G: traits::GroupId<VERSION>>(
        &self,
        group: &G,
    ) -> Result<Option<S>, Self::Error> {
        self.read(Label::GroupState, group)
    }

    fn delete_group_state<G: traits::GroupId<VERSION>>(&self, group: &G) -> Result<(), Self::Error> {
        self.delete(Label::GroupState, group)
    }

    fn append_own_leaf_node<G: traits::GroupId<VERSION>, L: traits::LeafNode<VERSION>>(
        &self,
        group: &G,
        leaf: &L,
    ) -> Result<(), Self::Error> {
        self.append(Label::OwnLeafNodes, group, leaf)
    }

    fn own_leaf_nodes<G: traits::GroupId<VERSION>, L: traits::LeafNode<VERSION>>(
        &self,
        group: &G,
    ) -> Result<Vec<L>, Self::Error> {
        self.list(Label::OwnLeafNodes, group)
    }

    fn delete_own_leaf_nodes<G: traits::GroupId<VERSION>>(&self, group: &G) -> Result<(), Self::Error> {
        self.delete(Label::OwnLeafNodes, group)
    }

    fn queue_proposal<G, R, P>(&self, group: &G, reference: &R, proposal: &P) -> Result<(), Self::Error>
    where
        G: traits::GroupId<VERSION>,
        R: traits::ProposalRef<VERSION>,
        P: traits::QueuedProposal<VERSION>,
    {
        self.write(Label::Proposal, &(group, reference), proposal)?;
        self.append(Label::ProposalRefs, group, reference)
    }

    fn queued_proposal_refs<G: traits::GroupId<VERSION>, R: traits::ProposalRef<VERSION>>(
        &self,
        group: &G,
    ) -> Result<Vec<R>, Self::Error> {
        self.list(Label::ProposalRefs, group)
    }

    fn queued_proposals<G, R, P>(&self, group: &G) -> Result<Vec<(R, P)>, Self::Error>
    where
        G: traits::GroupId<VERSION>,
        R: traits::ProposalRef<VERSION>,
        P: traits::QueuedProposal<VERSION>,
    {
        let references: Vec<R> = self.list(Label::ProposalRefs, group)?;
        let with_proposal = |reference: R| -> Result<Option<(R, P)>, StoreError> {
            let proposal = self.read(Label::Proposal, &(group, &reference))?;
            Ok(proposal.map(|proposal| (reference, proposal)))
        };
        references.into_iter().filter_map(|reference| with_proposal(reference).transpose()).collect()
    }

    fn remove_proposal<G: traits::GroupId<VERSION>, R: traits::ProposalRef<VERSION>>(
        &self,
        group: &G,
        reference: &R,
    ) -> Result<(), Self::Error> {
        let wanted = rmp_serde::to_vec_named(reference)?;
        let mut references: Vec<serde_bytes::ByteBuf> =
            self.read(Label::ProposalRefs, group)?.unwrap_or_default();
        references.retain(|stored| stored.as_slice() != wanted);
        self.write(Label::ProposalRefs, group, &references)?;
        self.delete(Label::Proposal, &(group, reference))
    }

    fn clear_proposal_queue<G: traits::GroupId<VERSION>, R: traits::ProposalRef<VERSION>>(
        &self,
        group: &G,
    ) -> Result<(), Self::Error> {
        for reference in self.list::<R>(Label::ProposalRefs, group)? {
            self.delete(Label::Proposal, &(group, &reference))?;
        }
        self.delete(Label::ProposalRefs, group)
    }

    fn write_encryption_epoch_key_pairs<G, E, T>(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
        key_pairs: &[T],
    ) -> Result<(), Self::Error>
    where
        G: traits::GroupId<VERSION>,
        E: traits::EpochKey<VERSION>,
        T: traits::HpkeKeyPair<VERSION>,
    {
        self.write(Label::EpochKeyPairs, &(group, epoch, leaf_index), &key_pairs)
    }

    fn encryption_epoch_key_pairs<G, E, T>(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Result<Vec<T>, Self::Error>
    where
        G: traits::GroupId<VERSION>,
        E: traits::EpochKey<VERSION>,
        T: traits::HpkeKeyPair<VERSION>,
    {
        Ok(self.read(Label::EpochKeyPairs, &(group, epoch, leaf_index))?.unwrap_or_default())
    }

    fn delete_encryption_epoch_key_pairs<G: traits::GroupId<VERSION>, E: traits::EpochKey<VERSION>>(
        &self,
        group: &G,
        epoch: &E,
        leaf_index: u32,
    ) -> Result<(), Self::Error> {
        self.delete(Label::EpochKeyPairs, &(group, epoch, leaf_index))
    }
}
