//! Making a device, and opening one that is stored.

use infrasound_spec::{
    account::AccountUri, api::sign_in::SignedIn, consent::RequestPolicy, conversation::ConversationId,
    limits::MAX_DEVICE_NAME, time::Timestamp,
};
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::patience::Patience;
use super::{Client, Listed, key_packages::KeyPackageIndex, session::Online, step::Step, sync::Sync};
use crate::{
    contact::Contact,
    conversation::summary::{StoredGroup, StoredSummary},
    device::{Device, Registering, StoredDevice},
    intent::Intent,
    journal::{Place, RecordDamaged, Scope, SealedRecord, Sealer, StorageKey},
    mls::crypto::Crypto,
    output::Output,
    stored,
};

/// What it takes to make this installation a device of an account.
#[derive(Debug)]
pub struct NewDevice {
    /// The answer of the sign-in.
    pub signed_in: SignedIn,
    /// A name that the person recognises.
    pub device_name: String,
    /// Whether the account's devices, if it has any, and its key are given up.
    pub start_over: bool,
}

/// This installation can't become a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The name is empty or too long.
    #[error("a device's name has 1 to {MAX_DEVICE_NAME} bytes")]
    DeviceName,
    /// The account has devices and is not to start over.
    #[error("the account already has a device")]
    AccountHasDevices,
}

/// What was stored can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// There is no device in it.
    #[error("there is no device here yet: sign in first")]
    NoDevice,
    /// The storage key is not the one, or somebody changed a record.
    #[error(transparent)]
    Damaged(#[from] RecordDamaged),
    /// It was written by a newer version.
    #[error("this was stored by a newer version (format {format}); update the app")]
    FromTheFuture {
        /// The format that was found.
        format: u32,
    },
}

/// The stored form of a line of the list.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredListed {
    pub(super) id: ConversationId,
    pub(super) other: Option<AccountUri>,
    #[serde(default)]
    pub(super) group: Option<StoredGroup>,
    pub(super) began: bool,
    pub(super) summary: StoredSummary,
}

impl Client {
    /// Makes keys for this installation and registers it as a device of the account.
    pub fn register<R: RngCore + CryptoRng>(
        key: &StorageKey,
        new: NewDevice,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(Self, Vec<Output>), RegisterError> {
        if new.device_name.is_empty() || new.device_name.len() > MAX_DEVICE_NAME {
            return Err(RegisterError::DeviceName);
        }
        if !(new.signed_in.devices.is_empty() || new.start_over) {
            return Err(RegisterError::AccountHasDevices);
        }
        let mut step = Step::new(now, rng);
        let SignedIn { ticket, account, handle, .. } = new.signed_in;
        let device = Device::make(account, handle, new.device_name, now, &mut step.rng);
        // An account that had a key and lost its devices has no other way than a new key, either.
        let registering = Registering { ticket, start_over: new.start_over };
        let mut client = Self::with_device(Sealer::new(key), device, Some(registering), &mut step);
        client.save_device(&mut step);
        let outputs = client.finish(step);
        Ok((client, outputs))
    }

    /// Opens what was stored: all records of [`Scope::ROOT`].
    pub fn open<R: RngCore + CryptoRng>(
        key: &StorageKey,
        records: &[SealedRecord],
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(Self, Vec<Output>), OpenError> {
        let mut step = Step::new(now, rng);
        let sealer = Sealer::new(key);
        let mut opened = BTreeMap::new();
        for record in records {
            let (name, value) = sealer.open(Scope::ROOT, record)?;
            opened.insert(name, value);
        }
        let stored = opened.remove(b"device".as_slice()).ok_or(OpenError::NoDevice)?;
        let stored: StoredDevice = stored::decode(&stored)?;
        if stored.format > stored::FORMAT {
            return Err(OpenError::FromTheFuture { format: stored.format });
        }
        let (device, registering) = stored.open().ok_or(RecordDamaged)?;
        let mut client = Self::with_device(sealer, device, registering, &mut step);
        for (name, value) in opened {
            client.take_record(&name, &value)?;
        }
        client.tell_failed_again(&mut step);
        let outputs = client.finish(step);
        Ok((client, outputs))
    }

    fn with_device(
        sealer: Sealer,
        device: Device,
        registering: Option<Registering>,
        step: &mut Step,
    ) -> Self {
        Self {
            sealer,
            crypto: Crypto::new(&step.seed()),
            device,
            registering,
            online: Online::default(),
            policy: RequestPolicy::default(),
            contacts: BTreeMap::new(),
            contacts_overtaken: false,
            summaries: BTreeMap::new(),
            intents: BTreeMap::new(),
            next_intent: 1,
            failed: BTreeMap::new(),
            told: Vec::new(),
            key_packages: KeyPackageIndex::default(),
            conversations: HashMap::new(),
            active: BTreeSet::new(),
            known_last: HashMap::new(),
            foundings: HashMap::new(),
            patience: Patience::default(),
            receipts_due: HashMap::new(),
            requests: HashMap::new(),
            next_request: 1,
            sync: Sync::ALL,
            welcomes: VecDeque::new(),
            given_back: VecDeque::new(),
            joining: None,
            queries: Vec::new(),
            views: Vec::new(),
            names: HashMap::new(),
            own_devices: None,
            metadata_due: HashMap::new(),
            lost_races: HashMap::new(),
            unheard: Vec::new(),
            links: HashMap::new(),
            detaches: BTreeMap::new(),
            uploads: HashMap::new(),
            linking: None,
            loading: HashMap::new(),
            caught_up: false,
        }
    }

    fn take_record(&mut self, name: &[u8], value: &[u8]) -> Result<(), RecordDamaged> {
        if name == b"policy" {
            self.policy = stored::decode(value)?;
        } else if name == b"key-packages" {
            self.key_packages = stored::decode(value)?;
        } else if name.starts_with(b"contact/") {
            let contact: Contact = stored::decode(value)?;
            self.contacts.insert(contact.account.clone(), contact);
        } else if name.starts_with(b"summary/") {
            let StoredListed { id, other, group, began, summary } = stored::decode(value)?;
            self.summaries.insert(id, Listed { stored: summary, ..Listed::new(other, group, began) });
        } else if name.starts_with(b"link/") {
            let (id, link) = stored::decode(value)?;
            self.links.insert(id, link);
            self.active.insert(id);
        } else if name.starts_with(b"intent/") {
            let intent: Intent = stored::decode(value)?;
            self.next_intent = self.next_intent.max(intent.id + 1);
            if !intent.is_held() {
                self.active.extend(intent.conversation());
            }
            self.intents.insert(intent.id, intent);
        } else if name.starts_with(b"detach/") {
            let (blob, id) = stored::decode(value)?;
            self.detaches.insert(blob, id);
        } else if name.starts_with(b"failed/") {
            self.take_failed(stored::decode(value)?);
        }
        // A record of a name that is not known is a later version's: it is kept as it is.
        Ok(())
    }

    pub(super) fn save_device(&self, step: &mut Step) {
        let stored = self.device.stored(self.registering.clone());
        step.writes.put(Place::Root, "device", stored::encode(&stored));
    }
}
