//! openmls' storage as a write-set in memory: every change can be rolled back, or taken out to be sealed and persisted.
//!
//! Values are MessagePack with named fields: self-describing, as openmls 0.9 asks. The two that grow with the group, the
//! tree and the message secrets, are stored in parts, and only the parts that changed are written again.
//!
//! Spec: `journal.md` 3.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
};

use openmls::{
    group::PastEpochDeletion,
    prelude::{LeafNodeIndex, MlsGroup},
};

use openmls_traits::storage::CURRENT_VERSION;
use serde::{Serialize, de::DeserializeOwned};
use zeroize::{Zeroize as _, Zeroizing};

use super::{
    Provider,
    crypto::Crypto,
    pack::{Cut, PackError, Packed, Packer},
    parts::{Difference, Part},
};
use crate::unpack::{UnpackError, unpack};

pub(super) const VERSION: u16 = CURRENT_VERSION;

/// A value could not be written or read: a bug, or a journal from another version.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("a value of openmls cannot be encoded: {0}")]
    Encode(#[from] PackError),
    #[error("the name of a value of openmls cannot be encoded: {0}")]
    Name(#[from] rmp_serde::encode::Error),
    #[error("a stored value of openmls cannot be decoded: {0}")]
    Decode(#[from] UnpackError),
}

/// Where a part stands: the value's key, and the number of the part.
type Spot = (Vec<u8>, usize);

/// What changed in a store: the new value of each record, or that it is gone.
pub(crate) type Changes = BTreeMap<Vec<u8>, Option<Part>>;

/// What a step changed.
pub(crate) struct Taken {
    /// What stands there now.
    pub(crate) now: Changes,
    /// What stood there before.
    pub(crate) before: Changes,
}

/// The records of one group, and behind them, while joining, those of the key packages.
#[derive(Default)]
pub(crate) struct MlsStore {
    own: RefCell<Layer>,
    /// Key packages: read and deleted from while joining, never written.
    behind: RefCell<Layer>,
    /// The leaf that is writing a message at the moment.
    sending: Cell<Option<usize>>,
    /// Messages are being read: their ratchets are stored together, when the step ends.
    reading: Cell<bool>,
    /// Ratchets have moved that are not stored yet.
    unstored: Cell<bool>,
}

#[derive(Default)]
struct Layer {
    /// The parts of each value, by its key.
    values: HashMap<Vec<u8>, Vec<Part>>,
    /// What stood where something changed since the last `take` or `roll_back`.
    before: BTreeMap<Spot, Option<Part>>,
}

impl Layer {
    /// From records, in whatever order they come. A part without those before it belongs to nothing.
    fn load(records: impl IntoIterator<Item = (Vec<u8>, Part)>) -> Self {
        let mut layer = Self::default();
        layer.place_all(records.into_iter().map(|(name, part)| (name, Some(part))));
        layer
    }

    /// Puts parts into their places, or takes them away, in the order of the places.
    fn place_all(&mut self, parts: impl Iterator<Item = (Vec<u8>, Option<Part>)>) {
        // `collect` would sort, and bring a sorter of its own into the WASM module.
        let mut sorted = BTreeMap::new();
        sorted.extend(parts.map(|(name, part)| (spot_of(name), part)));
        for (spot, part) in sorted {
            self.place(spot, part);
        }
    }

    /// Puts a part into its place, or takes it and those after it away. The next place that is free is the last one.
    fn place(&mut self, (key, index): Spot, part: Option<Part>) -> Option<Part> {
        let parts = self.values.entry(key).or_default();
        let Some(part) = part else {
            parts.truncate(index);
            return None;
        };
        if let Some(stored) = parts.get_mut(index) {
            return Some(std::mem::replace(stored, part));
        }
        if index == parts.len() {
            parts.push(part);
        }
        None
    }

    fn update(&mut self, key: &[u8], difference: Difference) {
        let Difference { count, changed } = difference;
        for (index, part) in changed {
            let spot = (key.to_vec(), index);
            let old = self.place(spot.clone(), Some(part));
            self.before.entry(spot).or_insert(old);
        }
        let Some(parts) = self.values.get_mut(key) else { return };
        let gone = parts.split_off(count.min(parts.len()));
        for (index, old) in (count..).zip(gone) {
            self.before.entry((key.to_vec(), index)).or_insert(Some(old));
        }
    }

    fn remove(&mut self, key: &[u8]) {
        for (index, old) in self.values.remove(key).unwrap_or_default().into_iter().enumerate() {
            self.before.entry((key.to_vec(), index)).or_insert(Some(old));
        }
    }

    fn take(&mut self) -> Taken {
        let (mut now, mut before) = (Changes::new(), Changes::new());
        for ((key, index), old) in std::mem::take(&mut self.before) {
            let part = self.values.get(&key).and_then(|parts| parts.get(index)).cloned();
            let name = name_of(key, index);
            now.insert(name.clone(), part);
            before.insert(name, old);
        }
        Taken { now, before }
    }

    fn roll_back(&mut self) {
        for (spot, old) in std::mem::take(&mut self.before) {
            self.place(spot, old);
        }
    }
}

/// The name of a part's record. The first part has the value's own.
fn name_of(key: Vec<u8>, index: usize) -> Vec<u8> {
    match u32::try_from(index) {
        Ok(0) | Err(_) => key,
        Ok(index) => [[Label::LaterPart as u8].as_slice(), &index.to_be_bytes(), &key].concat(),
    }
}

fn spot_of(name: Vec<u8>) -> Spot {
    let later = name.split_first().filter(|(label, _)| **label == Label::LaterPart as u8);
    match later.and_then(|(_, rest)| rest.split_first_chunk()) {
        Some((index, key)) => {
            (key.to_vec(), usize::try_from(u32::from_be_bytes(*index)).unwrap_or(usize::MAX))
        }
        None => (name, 0),
    }
}

impl MlsStore {
    /// A store with these records.
    pub(crate) fn new(records: impl IntoIterator<Item = (Vec<u8>, Part)>) -> Self {
        Self { own: RefCell::new(Layer::load(records)), ..Self::default() }
    }

    /// An empty store for a new group, with the key packages' records behind it.
    pub(crate) fn joining(key_packages: impl IntoIterator<Item = (Vec<u8>, Part)>) -> Self {
        Self { behind: RefCell::new(Layer::load(key_packages)), ..Self::default() }
    }

    /// What changed since the last time, to be persisted with the group.
    pub(crate) fn take_changes(&self) -> Taken {
        self.own.borrow_mut().take()
    }

    /// What changed in the key packages: those that were used up. The layer is gone afterwards.
    pub(crate) fn take_changes_behind(&self) -> Changes {
        let mut behind = self.behind.borrow_mut();
        let taken = behind.take();
        *behind = Layer::default();
        taken.now
    }

    /// Undoes everything since the last `take_changes`. A group in memory has to be loaded again after it.
    pub(crate) fn roll_back(&self) {
        self.unstored.set(false);
        self.own.borrow_mut().roll_back();
        self.behind.borrow_mut().roll_back();
    }

    /// Puts back what `take_changes` said was there before, of one step or of many. Nothing may have changed since.
    pub(crate) fn put_back(&self, before: Changes) {
        self.own.borrow_mut().place_all(before.into_iter());
    }

    /// Forgets the group.
    pub(crate) fn clear(&self) {
        self.unstored.set(false);
        let mut own = self.own.borrow_mut();
        let keys: Vec<Vec<u8>> = own.values.keys().cloned().collect();
        for key in keys {
            own.remove(&key);
        }
    }

    /// All records, as a host would have them.
    #[cfg(test)]
    pub(super) fn records(&self) -> BTreeMap<Vec<u8>, Part> {
        let own = self.own.borrow();
        let of_value = |(key, parts): (&Vec<u8>, &Vec<Part>)| -> Vec<(Vec<u8>, Part)> {
            (0..).zip(parts).map(|(index, part)| (name_of(key.clone(), index), part.clone())).collect()
        };
        own.values.iter().flat_map(of_value).collect()
    }

    /// The encoding of the one value with this label.
    #[cfg(test)]
    pub(super) fn encoding(&self, label: Label) -> Vec<u8> {
        let own = self.own.borrow();
        let value = own.values.iter().find(|(key, _)| key.first() == Some(&(label as u8)));
        value.map(|(_, parts)| joined(parts).into_owned()).unwrap_or_default()
    }

    fn key(label: Label, key: &impl Serialize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![label as u8];
        rmp_serde::encode::write(&mut bytes, key)?;
        Ok(bytes)
    }

    pub(super) fn write(
        &self,
        label: Label,
        key: &impl Serialize,
        value: &impl Serialize,
    ) -> Result<(), StoreError> {
        let of_ratchets = matches!(label, Label::MessageSecrets);
        if of_ratchets && self.reading.get() {
            self.unstored.set(true);
            return Ok(());
        }
        let key = Self::key(label, key)?;
        let mut own = self.own.borrow_mut();
        let stored = own.values.get(&key).map_or([].as_slice(), Vec::as_slice);
        let difference = if let Some(difference) = self.sent(label, stored, value)? {
            difference
        } else {
            let mut packer = Packer::new(stored, label.cut());
            value.serialize(&mut packer)?;
            packer.finish().difference
        };
        own.update(&key, difference);
        if of_ratchets {
            self.unstored.set(false);
        }
        Ok(())
    }

    /// What a message of this device changes, if that is only its own ratchet. Where anything else that is looked at is
    /// different, so may be what was not looked at, and everything has to be.
    ///
    /// openmls moves ratchets of others only when it has read their message, and says so at once. It may begin one
    /// without saying so, for a message that then does not open; but that takes a secret out of the tree.
    fn sent(
        &self,
        label: Label,
        stored: &[Part],
        value: &impl Serialize,
    ) -> Result<Option<Difference>, StoreError> {
        let alone = matches!(label, Label::MessageSecrets) && !self.unstored.get();
        let Some(leaf) = self.sending.get().filter(|_| alone) else { return Ok(None) };
        let mut packer = Packer::for_sender(stored, label.cut(), leaf);
        value.serialize(&mut packer)?;
        let Packed { difference, sender_parts } = packer.finish();
        let nothing_else = difference.count == stored.len()
            && difference.changed.iter().all(|(index, _)| sender_parts.contains(index));
        Ok(nothing_else.then_some(difference))
    }

    /// Runs `create_message` for this leaf. In a group where everybody has spoken, others' ratchets need not be looked
    /// at to find the one that moved.
    pub(crate) fn while_sending<T>(&self, own_leaf: LeafNodeIndex, create: impl FnOnce() -> T) -> T {
        self.sending.set(Some(own_leaf.usize()));
        let created = create();
        self.sending.set(None);
        created
    }

    /// Runs `process_message` for a message. Its ratchet is not stored at once: a page of the log has hundreds, and all of
    /// them are found by looking once. What is taken out before [`store_ratchets`](Self::store_ratchets) is of before.
    pub(crate) fn while_reading<T>(&self, process: impl FnOnce() -> T) -> T {
        self.reading.set(true);
        let processed = process();
        self.reading.set(false);
        processed
    }

    /// Stores the ratchets of messages that were read.
    pub(crate) fn store_ratchets(&self, group: &mut MlsGroup) {
        if self.unstored.get() {
            // Nothing random is needed for it.
            let crypto = Crypto::new(&Zeroizing::new([0; 32]));
            let provider = Provider { crypto: &crypto, store: self };
            // There are no past epochs; but so openmls is made to store the present one. It was able to write this
            // value before, so it can't fail.
            let _ = group.delete_past_epoch_secrets(&provider, PastEpochDeletion::delete_all());
        }
    }

    pub(super) fn read<T: DeserializeOwned>(
        &self,
        label: Label,
        key: &impl Serialize,
    ) -> Result<Option<T>, StoreError> {
        let key = Self::key(label, key)?;
        let own = self.own.borrow();
        let behind = self.behind.borrow();
        let parts = own.values.get(&key).or_else(|| behind.values.get(&key));
        let Some(parts) = parts.filter(|parts| !parts.is_empty()) else { return Ok(None) };
        let mut bytes = joined(parts);
        let value = unpack(&bytes);
        if let Cow::Owned(bytes) = &mut bytes {
            bytes.zeroize();
        }
        Ok(Some(value?))
    }

    pub(super) fn delete(&self, label: Label, key: &impl Serialize) -> Result<(), StoreError> {
        let key = Self::key(label, key)?;
        for layer in [&self.own, &self.behind] {
            layer.borrow_mut().remove(&key);
        }
        Ok(())
    }

    pub(super) fn append(
        &self,
        label: Label,
        key: &impl Serialize,
        item: &impl Serialize,
    ) -> Result<(), StoreError> {
        let mut items: Vec<serde_bytes::ByteBuf> = self.read(label, key)?.unwrap_or_default();
        items.push(serde_bytes::ByteBuf::from(rmp_serde::to_vec_named(item)?));
        self.write(label, key, &items)
    }

    pub(super) fn list<T: DeserializeOwned>(
        &self,
        label: Label,
        key: &impl Serialize,
    ) -> Result<Vec<T>, StoreError> {
        let items: Vec<serde_bytes::ByteBuf> = self.read(label, key)?.unwrap_or_default();
        items.iter().map(|item| Ok(unpack(item)?)).collect()
    }
}

/// A value's encoding. Whoever takes it out of the parts wipes it.
fn joined(parts: &[Part]) -> Cow<'_, [u8]> {
    match parts {
        [only] => Cow::Borrowed(only),
        parts => {
            let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
            for part in parts {
                bytes.extend_from_slice(part);
            }
            Cow::Owned(bytes)
        }
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
    /// Followed by the part's number and the name of the value's first part.
    LaterPart = 19,
}

impl Label {
    /// Where values of this kind are cut. A different cut is no different format: the parts are joined for reading.
    fn cut(self) -> Cut {
        match self {
            // A commit changes a leaf and the nodes above it.
            Self::Tree => Cut { fields: &["leaf_nodes", "parent_nodes"], senders: &[], every: 4 },
            // A message moves one ratchet; the first one of a sender deletes the secrets above its leaf.
            Self::MessageSecrets => Cut {
                fields: &[
                    "leaf_nodes",
                    "parent_nodes",
                    "handshake_sender_ratchets",
                    "application_sender_ratchets",
                ],
                senders: &["handshake_sender_ratchets", "application_sender_ratchets"],
                every: 16,
            },
            _ => Cut::NOWHERE,
        }
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    /// A value that is cut.
    #[derive(Serialize)]
    struct Tree {
        leaf_nodes: Vec<u32>,
    }

    fn part(text: &str) -> Part {
        Zeroizing::new(text.as_bytes().to_vec())
    }

    #[test]
    fn the_names_of_records_do_not_change_unnoticed() {
        let key = MlsStore::key(Label::MessageSecrets, &serde_bytes::Bytes::new(b"id")).unwrap();
        assert_eq!(name_of(key.clone(), 0), [10, 0xc4, 2, b'i', b'd']);
        assert_eq!(name_of(key.clone(), 258), [19, 0, 0, 1, 2, 10, 0xc4, 2, b'i', b'd']);
        for index in [0, 1, 258] {
            assert_eq!(spot_of(name_of(key.clone(), index)), (key.clone(), index));
        }
    }

    #[test]
    fn parts_are_joined_in_order_whatever_order_they_come_in() {
        let key = vec![Label::Tree as u8, 1];
        let records = [2, 0, 1].map(|index| (name_of(key.clone(), index), part(&index.to_string())));
        let store = MlsStore::new(records);
        assert_eq!(store.encoding(Label::Tree), b"012");
    }

    #[test]
    fn a_part_without_those_before_it_belongs_to_nothing() {
        let key = vec![Label::Tree as u8, 1];
        let records = [0, 2].map(|index| (name_of(key.clone(), index), part(&index.to_string())));
        assert_eq!(MlsStore::new(records).encoding(Label::Tree), b"0");
    }

    #[test]
    fn what_is_rolled_back_was_never_there() {
        let store = MlsStore::default();
        store.write(Label::Tree, &1, &Tree { leaf_nodes: vec![1; 20] }).unwrap();
        store.write(Label::Psk, &1, &"kept").unwrap();
        store.take_changes();
        let before = store.records();
        store.write(Label::Tree, &1, &Tree { leaf_nodes: vec![2; 40] }).unwrap();
        store.write(Label::Psk, &2, &"new").unwrap();
        store.delete(Label::Psk, &1).unwrap();
        store.roll_back();
        assert_eq!(store.records(), before);
        assert!(store.take_changes().now.is_empty());
    }
}
