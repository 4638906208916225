//! The endorsement: an account key's word that a device is the account's.
//!
//! It travels in a leaf-node extension of a private-use type. The account and the MLS signature key that it covers
//! are not repeated there: they are the leaf's own credential and signature key.
//!
//! Spec: `identity.md` 4.

use tls_codec::{TlsDeserialize, TlsSerialize, TlsSize, VLBytes};

use crate::{
    account::{AccountKey, AccountUri, DeviceId, DeviceKey, Signature},
    signing::{self, Purpose},
    time::{self, Timestamp},
};

/// How long an endorsement holds, in milliseconds.
pub const ENDORSEMENT_LIFETIME: u64 = 365 * time::DAY;
/// How far an endorsing device's clock may be ahead of the hub's, in milliseconds.
pub const CLOCK_SKEW: u64 = time::HOUR;

const VERSION: u8 = 1;

/// An endorsement whose signature has not been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endorsement {
    /// The key that signs.
    pub account_key: AccountKey,
    /// The device that is endorsed.
    pub device: DeviceId,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it no longer lets a leaf in.
    pub expires: Timestamp,
    /// Over account, device, MLS signature key, created, expires.
    pub signature: Signature,
}

/// Who a leaf is: an endorsement that was checked against the leaf it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndorsedDevice {
    /// The account that the device belongs to.
    pub account: AccountUri,
    /// The key of that account.
    pub account_key: AccountKey,
    /// The device.
    pub device: DeviceId,
    /// The device's MLS signature key.
    pub device_key: DeviceKey,
    /// Until when the endorsement lets a leaf in.
    pub expires: Timestamp,
}

impl EndorsedDevice {
    /// Whether it is the same device of the same account with the same keys, whenever it was endorsed.
    pub fn is_same_device(&self, other: &Self) -> bool {
        (&self.account, self.account_key, self.device, self.device_key)
            == (&other.account, other.account_key, other.device, other.device_key)
    }
}

/// Why an endorsement is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndorsementError {
    /// There is none.
    #[error("the device carries no endorsement")]
    Missing,
    /// Its bytes are not an endorsement of this version.
    #[error("the endorsement is malformed")]
    Malformed,
    /// The account key did not sign this account, device, key and time.
    #[error("the account key did not sign this endorsement")]
    BadSignature,
    /// Used at or after the end of its life.
    #[error("the endorsement has expired")]
    Expired,
    /// Created later than the hub's time allows.
    #[error("the endorsement was created in the future")]
    NotYetValid,
    /// It holds for longer than [`ENDORSEMENT_LIFETIME`].
    #[error("the endorsement holds for too long")]
    LivesTooLong,
}

#[derive(TlsSerialize, TlsDeserialize, TlsSize)]
struct Wire {
    version: u8,
    account_key: [u8; 32],
    device: [u8; 16],
    created: u64,
    expires: u64,
    signature: VLBytes,
}

#[derive(TlsSerialize, TlsSize)]
struct Signed {
    account: VLBytes,
    device: [u8; 16],
    device_key: [u8; 32],
    created: u64,
    expires: u64,
}

impl Endorsement {
    /// What the account key signs, before the label is put before it.
    pub fn signed_content(
        account: &AccountUri,
        device: &DeviceId,
        device_key: &DeviceKey,
        created: Timestamp,
        expires: Timestamp,
    ) -> Vec<u8> {
        signing::encode(&Signed {
            account: VLBytes::new(account.as_str().into()),
            device: *device.as_bytes(),
            device_key: *device_key.as_bytes(),
            created: created.as_millis(),
            expires: expires.as_millis(),
        })
    }

    /// Reads the content of a leaf-node extension.
    pub fn decode(bytes: &[u8]) -> Result<Self, EndorsementError> {
        let wire = signing::decode::<Wire>(bytes).map_err(|_| EndorsementError::Malformed)?;
        let signature = Signature::from_slice(wire.signature.as_slice());
        match (wire.version, signature) {
            (VERSION, Some(signature)) => Ok(Self {
                account_key: AccountKey::from_bytes(wire.account_key),
                device: DeviceId::from_bytes(wire.device),
                created: Timestamp::from_millis(wire.created),
                expires: Timestamp::from_millis(wire.expires),
                signature,
            }),
            _ => Err(EndorsementError::Malformed),
        }
    }

    /// Writes the content of a leaf-node extension.
    pub fn encode(&self) -> Vec<u8> {
        signing::encode(&Wire {
            version: VERSION,
            account_key: *self.account_key.as_bytes(),
            device: *self.device.as_bytes(),
            created: self.created.as_millis(),
            expires: self.expires.as_millis(),
            signature: VLBytes::new(self.signature.as_bytes().to_vec()),
        })
    }

    /// Checks that the account key endorsed exactly this account's device with exactly this key.
    ///
    /// The time is not looked at: a leaf that is already in a group stays valid after its endorsement ends.
    pub fn verify(
        &self,
        account: &AccountUri,
        device_key: &DeviceKey,
    ) -> Result<EndorsedDevice, EndorsementError> {
        if self.expires.millis_since(self.created) > ENDORSEMENT_LIFETIME {
            return Err(EndorsementError::LivesTooLong);
        }
        let content = Self::signed_content(account, &self.device, device_key, self.created, self.expires);
        signing::verify(self.account_key.as_bytes(), Purpose::DeviceEndorsement, &content, &self.signature)
            .map_err(|_| EndorsementError::BadSignature)?;
        Ok(EndorsedDevice {
            account: account.clone(),
            account_key: self.account_key,
            device: self.device,
            device_key: *device_key,
            expires: self.expires,
        })
    }

    /// [`Endorsement::verify`], and valid at `at`: for a leaf that is added, updated or joins.
    pub fn verify_at(
        &self,
        account: &AccountUri,
        device_key: &DeviceKey,
        at: Timestamp,
    ) -> Result<EndorsedDevice, EndorsementError> {
        if at >= self.expires {
            return Err(EndorsementError::Expired);
        }
        if self.created > at.plus_millis(CLOCK_SKEW) {
            return Err(EndorsementError::NotYetValid);
        }
        self.verify(account, device_key)
    }
}
