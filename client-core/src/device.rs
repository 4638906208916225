//! This device: its keys, its account, and the endorsement that ties them together.
//!
//! Spec: `identity.md` 2 and 4.

use ed25519_dalek::{Signer as _, SigningKey};
use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, Handle, Signature},
    api::{
        devices::{RegisterDevice, registration_content},
        sign_in::Ticket,
    },
    endorsement::{ENDORSEMENT_LIFETIME, Endorsement},
    signing::{self, Purpose},
    time::Timestamp,
};
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::mls::signer::DeviceSigner;

/// The keys of a device and what they are for.
pub(crate) struct Device {
    pub(crate) account: AccountUri,
    pub(crate) handle: Handle,
    pub(crate) id: DeviceId,
    pub(crate) name: String,
    pub(crate) signer: DeviceSigner,
    pub(crate) account_key: AccountKey,
    pub(crate) endorsement: Endorsement,
    seeds: Seeds,
}

/// The secret seeds, for the stored form only.
#[derive(Clone, Serialize, Deserialize)]
struct Seeds {
    #[serde(with = "serde_bytes")]
    account: [u8; 32],
    #[serde(with = "serde_bytes")]
    device: [u8; 32],
}

impl Drop for Seeds {
    fn drop(&mut self) {
        self.account.zeroize();
        self.device.zeroize();
    }
}

/// The stored form of a [`Device`].
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredDevice {
    pub(crate) format: u32,
    account: AccountUri,
    handle: Handle,
    id: DeviceId,
    name: String,
    seeds: Seeds,
    #[serde(with = "serde_bytes")]
    endorsement: Vec<u8>,
    /// The ticket of a registration that the relay has not confirmed yet.
    pub(crate) registering: Option<Registering>,
}

/// A registration under way: kept until the relay has answered, so that a crash between does not lose the device.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Registering {
    pub(crate) ticket: Ticket,
    pub(crate) start_over: bool,
}

impl Device {
    /// Makes the account's first device: a new account key and a device endorsed by it.
    pub(crate) fn make(
        account: AccountUri,
        handle: Handle,
        name: String,
        now: Timestamp,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::linked(&seed, account, handle, name, now, rng)
    }

    /// Makes one more device of an account whose key was handed over.
    pub(crate) fn linked(
        account_seed: &[u8; 32],
        account: AccountUri,
        handle: Handle,
        name: String,
        now: Timestamp,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Self {
        let mut seeds = Seeds { account: *account_seed, device: [0; 32] };
        rng.fill_bytes(&mut seeds.device);
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        let endorsement = endorse(&seeds, &account, DeviceId::from_bytes(id), now);
        Self::from_parts(account, handle, name, seeds, endorsement)
    }

    /// The seed of the account key, for a device that is being linked.
    pub(crate) fn account_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.seeds.account)
    }

    /// The account key that a seed makes.
    pub(crate) fn account_key_of(seed: &[u8; 32]) -> AccountKey {
        AccountKey::from_bytes(SigningKey::from_bytes(seed).verifying_key().to_bytes())
    }

    fn from_parts(
        account: AccountUri,
        handle: Handle,
        name: String,
        seeds: Seeds,
        endorsement: Endorsement,
    ) -> Self {
        Self {
            account,
            handle,
            id: endorsement.device,
            name,
            signer: DeviceSigner::from_seed(&seeds.device),
            account_key: endorsement.account_key,
            endorsement,
            seeds,
        }
    }

    /// Endorses this device again when less than half of the endorsement's life is left. Says whether it did.
    pub(crate) fn refresh_endorsement(&mut self, now: Timestamp) -> bool {
        let due = self.endorsement.expires.millis_since(now) < ENDORSEMENT_LIFETIME / 2;
        if due {
            self.endorsement = endorse(&self.seeds, &self.account, self.id, now);
        }
        due
    }

    pub(crate) fn stored(&self, registering: Option<Registering>) -> StoredDevice {
        StoredDevice {
            format: crate::stored::FORMAT,
            account: self.account.clone(),
            handle: self.handle.clone(),
            id: self.id,
            name: self.name.clone(),
            seeds: self.seeds.clone(),
            endorsement: self.endorsement.encode(),
            registering,
        }
    }

    /// The body of `POST /v1/devices`.
    pub(crate) fn registration(&self, registering: &Registering) -> RegisterDevice {
        let content = registration_content(&registering.ticket, &self.id, &self.account_key);
        RegisterDevice {
            ticket: registering.ticket,
            device: self.id,
            name: self.name.clone(),
            device_key: self.signer.public(),
            account_key: self.account_key,
            created: self.endorsement.created,
            expires: self.endorsement.expires,
            endorsement: self.endorsement.signature,
            start_over: registering.start_over,
            proof: self.signer.sign_for(Purpose::DeviceRegistration, &content),
        }
    }
}

impl StoredDevice {
    /// The device, unless what was stored is not one.
    pub(crate) fn open(self) -> Option<(Device, Option<Registering>)> {
        let endorsement = Endorsement::decode(&self.endorsement).ok()?;
        let device = Device::from_parts(self.account, self.handle, self.name, self.seeds, endorsement);
        (device.id == self.id).then_some((device, self.registering))
    }
}

fn endorse(seeds: &Seeds, account: &AccountUri, device: DeviceId, now: Timestamp) -> Endorsement {
    let account_key = SigningKey::from_bytes(&seeds.account);
    let device_key = DeviceSigner::from_seed(&seeds.device).public();
    let expires = now.plus_millis(ENDORSEMENT_LIFETIME);
    let content = Endorsement::signed_content(account, &device, &device_key, now, expires);
    let signature = account_key.sign(&signing::signing_input(Purpose::DeviceEndorsement, &content));
    Endorsement {
        account_key: AccountKey::from_bytes(account_key.verifying_key().to_bytes()),
        device,
        created: now,
        expires,
        signature: Signature::from_bytes(signature.to_bytes()),
    }
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { account, handle, id, name, signer: _, account_key: _, endorsement: _, seeds: _ } = self;
        f.debug_struct("Device")
            .field("account", account)
            .field("handle", handle)
            .field("id", id)
            .field("name", name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use infrasound_spec::endorsement::EndorsementError;

    use super::*;

    fn device() -> Device {
        let account = "https://a.example/users/alice".parse().unwrap();
        let handle = "@alice@a.example".parse().unwrap();
        Device::make(
            account,
            handle,
            "laptop".to_owned(),
            Timestamp::from_secs(1_795_000_000),
            &mut rand_core::OsRng,
        )
    }

    #[test]
    fn a_device_is_endorsed_by_its_account() {
        let device = device();
        let endorsed = device.endorsement.verify(&device.account, &device.signer.public()).unwrap();
        assert_eq!((endorsed.device, endorsed.account_key), (device.id, device.account_key));
        let other: AccountUri = "https://a.example/users/mallory".parse().unwrap();
        let forged = device.endorsement.verify(&other, &device.signer.public());
        assert_eq!(forged, Err(EndorsementError::BadSignature));
    }

    #[test]
    fn what_is_stored_is_the_same_device() {
        let device = device();
        let (read, registering) = device.stored(None).open().unwrap();
        assert_eq!(
            (read.id, read.account_key, read.signer.public()),
            (device.id, device.account_key, device.signer.public())
        );
        assert!(registering.is_none());
    }

    #[test]
    fn a_device_prints_no_key() {
        let device = device();
        let expected = format!(
            "Device {{ account: {:?}, handle: {:?}, id: {:?}, name: \"laptop\", .. }}",
            device.account, device.handle, device.id
        );
        assert_eq!(format!("{device:?}"), expected);
        assert_eq!(format!("{:?}", device.signer), "DeviceSigner(..)");
        assert_eq!(format!("{:?}", crate::journal::StorageKey::from_bytes([1; 32])), "StorageKey(..)");
    }

    #[test]
    fn an_endorsement_is_renewed_when_half_of_it_is_over() {
        let mut device = device();
        let made = device.endorsement.created;
        assert!(!device.refresh_endorsement(made.plus_millis(ENDORSEMENT_LIFETIME / 2 - 1)));
        let later = made.plus_millis(ENDORSEMENT_LIFETIME / 2 + 1);
        assert!(device.refresh_endorsement(later));
        assert_eq!(device.endorsement.created, later);
    }
}
