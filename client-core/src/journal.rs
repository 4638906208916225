//! The sealed journal: what is persisted, and how nobody but this device can read it.
//!
//! The host stores opaque records by two opaque keys, a scope and a name. Both are pseudorandom functions of what they
//! stand for, so that the host learns neither; the value is sealed with an AEAD whose associated data is the place where
//! it stands, so that records cannot be swapped. All keys come from one storage key by HKDF; the platform's key store
//! holds that.
//!
//! Spec: `journal.md`.

use std::collections::BTreeMap;

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, AeadInPlace as _, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use rand_core::{CryptoRng, RngCore};
use sha2::Sha256;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

const NONCE: usize = 24;
const TAG: usize = 16;

/// The key that everything of a device is sealed under: 32 random bytes, kept in the platform's key store.
#[derive(Clone, ZeroizeOnDrop)]
pub struct StorageKey([u8; 32]);

impl StorageKey {
    /// Takes the key's bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StorageKey(..)")
    }
}

/// Which records belong together and are loaded together. Opaque to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(pub [u8; 16]);

impl Scope {
    /// The scope that `Client::open` needs.
    pub const ROOT: Self = Self([0; 16]);
}

/// Which record within a scope. Opaque to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordName(pub [u8; 16]);

/// A record as the host stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRecord {
    /// Which.
    pub name: RecordName,
    /// Sealed.
    pub value: Vec<u8>,
}

/// Changes that are made all or not at all. Records are keyed by scope and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Records to write, replacing what was there.
    pub put: Vec<(Scope, RecordName, Vec<u8>)>,
    /// Records to delete.
    pub delete: Vec<(Scope, RecordName)>,
}

/// A record that was opened: its name and its value.
pub(crate) type OpenedRecord = (Vec<u8>, Zeroizing<Vec<u8>>);

/// A record can't be opened: the wrong storage key, or somebody changed the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored record does not open: the storage key is wrong, or the file was altered")]
pub struct RecordDamaged;

/// What records are about. The names here are sealed and never reach the host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The device, its session, contacts, summaries and intents: read when the client opens.
    Root,
    /// Private parts of key packages: read when a Welcome comes.
    KeyPackages,
    /// A conversation's state and MLS group.
    Conversation([u8; 32]),
    /// 64 numbers of a conversation's log: what each entry is.
    Timeline([u8; 32], u64),
    /// A note and what was done to it.
    Note([u8; 32], String),
}

impl Place {
    fn label(&self) -> Vec<u8> {
        match self {
            Self::Root => b"root".to_vec(),
            Self::KeyPackages => b"key-packages".to_vec(),
            Self::Conversation(id) => [b"conversation/".as_slice(), id].concat(),
            Self::Timeline(id, page) => [b"timeline/".as_slice(), id, &page.to_be_bytes()].concat(),
            Self::Note(id, note) => [b"note/".as_slice(), id, note.as_bytes()].concat(),
        }
    }
}

/// Seals and opens records.
pub(crate) struct Sealer {
    seal_key: Zeroizing<[u8; 32]>,
    /// Ready with its key: names are made for every record of every message.
    names: Hmac<Sha256>,
}

impl Sealer {
    pub(crate) fn new(key: &StorageKey) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, &key.0);
        let mut seal_key = Zeroizing::new([0; 32]);
        // As long as a block of SHA-256: HMAC takes it as it is.
        let mut name_key = Zeroizing::new([0; 64]);
        // Both lengths are within HKDF's range, so neither call can fail.
        let _ = hkdf.expand(b"Infrasound 1.0 journal seal", &mut *seal_key);
        let _ = hkdf.expand(b"Infrasound 1.0 journal names", &mut name_key[..32]);
        Self { seal_key, names: <Hmac<Sha256> as hmac::digest::KeyInit>::new((&*name_key).into()) }
    }

    fn prf(&self, kind: u8, parts: &[&[u8]]) -> [u8; 16] {
        let mut mac = self.names.clone();
        mac.update(&[kind]);
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        std::array::from_fn(|i| full[i])
    }

    /// The scope of a place.
    pub(crate) fn scope(&self, place: &Place) -> Scope {
        match place {
            Place::Root => Scope::ROOT,
            place => Scope(self.prf(1, &[&place.label()])),
        }
    }

    fn name(&self, scope: Scope, name: &[u8]) -> RecordName {
        RecordName(self.prf(2, &[&scope.0, name]))
    }

    fn seal(
        &self,
        scope: Scope,
        name: &[u8],
        value: &[u8],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> (RecordName, Vec<u8>) {
        let record = self.name(scope, name);
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        // Room for all of it from the start: a vector that grows leaves copies of the plaintext behind.
        let mut bytes = Vec::with_capacity(NONCE + 2 + name.len() + value.len() + TAG);
        bytes.extend_from_slice(&nonce);
        // Names are ours and short.
        bytes.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(value);
        let cipher = XChaCha20Poly1305::new((&*self.seal_key).into());
        let sealed = bytes.split_at_mut(NONCE).1;
        let tag = cipher.encrypt_in_place_detached(XNonce::from_slice(&nonce), &aad(scope, record), sealed);
        match tag {
            Ok(tag) => bytes.extend_from_slice(&tag),
            // ChaCha20Poly1305 refuses only messages over 256 GiB. Nothing is left in clear.
            Err(_) => bytes.zeroize(),
        }
        (record, bytes)
    }

    /// Opens a record: its name and its value.
    pub(crate) fn open(&self, scope: Scope, record: &SealedRecord) -> Result<OpenedRecord, RecordDamaged> {
        let (nonce, sealed) = record.value.split_first_chunk::<NONCE>().ok_or(RecordDamaged)?;
        let aad = aad(scope, record.name);
        let cipher = XChaCha20Poly1305::new((&*self.seal_key).into());
        let plain = cipher
            .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: &aad })
            .map_err(|_| RecordDamaged)?;
        let mut plain = Zeroizing::new(plain);
        let (length, rest) = plain.split_first_chunk::<2>().ok_or(RecordDamaged)?;
        let (name, value) =
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(RecordDamaged)?;
        let opened = (name.to_vec(), Zeroizing::new(value.to_vec()));
        plain.zeroize();
        Ok(opened)
    }
}

/// Where a record stands, bound to what is sealed.
fn aad(scope: Scope, record: RecordName) -> [u8; 32] {
    std::array::from_fn(|i| if i < 16 { scope.0[i] } else { record.0[i - 16] })
}

/// What becomes of a record: its new value, or nothing.
type Change = Option<Zeroizing<Vec<u8>>>;

/// Changes of one step, by what they are about; the last word on each record counts.
#[derive(Default)]
pub(crate) struct WriteSet {
    changes: BTreeMap<(Place, Vec<u8>), Change>,
}

impl WriteSet {
    pub(crate) fn put(
        &mut self,
        place: Place,
        name: impl Into<Vec<u8>>,
        value: impl Into<Zeroizing<Vec<u8>>>,
    ) {
        self.changes.insert((place, name.into()), Some(value.into()));
    }

    pub(crate) fn delete(&mut self, place: Place, name: impl Into<Vec<u8>>) {
        self.changes.insert((place, name.into()), None);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Seals everything into one batch.
    pub(crate) fn seal(self, sealer: &Sealer, rng: &mut (impl RngCore + CryptoRng)) -> Batch {
        let mut batch = Batch::default();
        let mut known: Option<(Place, Scope)> = None;
        for ((place, name), value) in self.changes {
            let scope = match &known {
                Some((last, scope)) if *last == place => *scope,
                _ => sealer.scope(&place),
            };
            match value {
                Some(value) => {
                    let (record, bytes) = sealer.seal(scope, &name, &value, rng);
                    batch.put.push((scope, record, bytes));
                }
                None => batch.delete.push((scope, sealer.name(scope, &name))),
            }
            known = Some((place, scope));
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(place: Place, name: &str, value: &[u8]) -> (Sealer, Batch) {
        let sealer = Sealer::new(&StorageKey::from_bytes([5; 32]));
        let mut set = WriteSet::default();
        set.put(place, name, value.to_vec());
        let batch = set.seal(&sealer, &mut rand_core::OsRng);
        (sealer, batch)
    }

    #[test]
    fn what_is_sealed_opens_with_its_name() {
        let (sealer, batch) = sealed(Place::Root, "device", b"secret");
        let (scope, name, value) = batch.put[0].clone();
        let (opened, plain) = sealer.open(scope, &SealedRecord { name, value }).unwrap();
        assert_eq!((opened.as_slice(), plain.as_slice()), (b"device".as_slice(), b"secret".as_slice()));
    }

    #[test]
    fn neither_name_nor_value_is_readable() {
        let (_, batch) =
            sealed(Place::Conversation(*b"the-conversation-that-is-private"), "state", b"secret plaintext");
        let all = format!("{batch:?}").into_bytes();
        let (scope, name, value) = &batch.put[0];
        for needle in [b"secret".as_slice(), b"state", b"private"] {
            for haystack in [scope.0.as_slice(), &name.0, value, &all] {
                assert!(!haystack.windows(needle.len()).any(|window| window == needle));
            }
        }
    }

    #[test]
    fn a_record_moved_to_another_place_does_not_open() {
        let (sealer, batch) = sealed(Place::Root, "device", b"secret");
        let (_, name, value) = batch.put[0].clone();
        let elsewhere = sealer.scope(&Place::KeyPackages);
        assert_eq!(sealer.open(elsewhere, &SealedRecord { name, value: value.clone() }), Err(RecordDamaged));
        assert_eq!(
            sealer.open(Scope::ROOT, &SealedRecord { name: RecordName([1; 16]), value }),
            Err(RecordDamaged)
        );
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let (sealer, batch) = sealed(Place::Root, "device", b"secret");
        let (scope, name, mut value) = batch.put[0].clone();
        *value.last_mut().unwrap() ^= 1;
        assert_eq!(sealer.open(scope, &SealedRecord { name, value }), Err(RecordDamaged));
    }
}
