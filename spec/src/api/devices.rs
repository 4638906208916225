//! Devices and their sessions. Spec: `relay-api.md` 7.

use serde::{Deserialize, Serialize};

use super::sign_in::Ticket;
use crate::{
    account::{AccountKey, AccountUri, DeviceId, DeviceKey, Handle, Signature},
    bytes::fixed_bytes,
    consent::RequestPolicy,
    time::Timestamp,
};

fixed_bytes!(
    /// A session's bearer token.
    SessionToken,
    32
);

fixed_bytes!(
    /// What a device signs to get a session: fresh, good once, for two minutes.
    Challenge,
    32
);

/// A device as its account sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceInfo {
    /// Its id.
    pub device: DeviceId,
    /// The name that the person gave it.
    pub name: String,
    /// When it was registered.
    pub created: Timestamp,
    /// When it was last heard of, to the hour.
    pub last_seen: Timestamp,
}

/// `POST /v1/devices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterDevice {
    /// From the sign-in.
    pub ticket: Ticket,
    /// The device's id, chosen by itself.
    pub device: DeviceId,
    /// A name that the person recognises; at most [`crate::limits::MAX_DEVICE_NAME`] bytes.
    pub name: String,
    /// The device's MLS signature key.
    pub device_key: DeviceKey,
    /// The account's key.
    pub account_key: AccountKey,
    /// When the endorsement was made.
    pub created: Timestamp,
    /// When the endorsement ends.
    pub expires: Timestamp,
    /// The account key's endorsement of this device.
    pub endorsement: Signature,
    /// Whether the account starts over: all its devices and its old key are given up.
    #[serde(default)]
    pub start_over: bool,
    /// The device key's signature over the ticket and the device id ([`registration_content`]): the device holds the key.
    pub proof: Signature,
}

/// What a device signs to register: ticket, device id, account key.
pub fn registration_content(ticket: &Ticket, device: &DeviceId, account_key: &AccountKey) -> Vec<u8> {
    [ticket.as_bytes().as_slice(), device.as_bytes(), account_key.as_bytes()].concat()
}

/// The answer of `POST /v1/devices` and `POST /v1/sessions`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// For `Authorization: Bearer`.
    pub token: SessionToken,
    /// Until when, 24 hours by default.
    pub expires: Timestamp,
    /// The relay's time, so that a client can tell that its clock is wrong.
    pub now: Timestamp,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { token: _, expires, now } = self;
        f.debug_struct("Session").field("expires", expires).field("now", now).finish_non_exhaustive()
    }
}

/// `POST /v1/sessions/challenge`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskChallenge {
    /// The device that wants a session.
    pub device: DeviceId,
}

/// The answer of `POST /v1/sessions/challenge`. A relay answers for devices it does not know, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChallengeGiven {
    /// To be signed.
    pub challenge: Challenge,
}

/// `POST /v1/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartSession {
    /// The device.
    pub device: DeviceId,
    /// From [`ChallengeGiven`].
    pub challenge: Challenge,
    /// The device key's signature over challenge and device id ([`session_content`]).
    pub signature: Signature,
}

/// What a device signs for a session: challenge, device id.
pub fn session_content(challenge: &Challenge, device: &DeviceId) -> Vec<u8> {
    [challenge.as_bytes().as_slice(), device.as_bytes()].concat()
}

/// `GET /v1/account`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnAccount {
    /// The session's account.
    pub account: AccountUri,
    /// Its handle.
    pub handle: Handle,
    /// Its key.
    pub account_key: AccountKey,
    /// The session's device.
    pub device: DeviceId,
    /// Who may ask.
    pub policy: RequestPolicy,
}

/// `PUT /v1/devices/{device}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RenameDevice {
    /// A name that the person recognises; at most [`crate::limits::MAX_DEVICE_NAME`] bytes.
    pub name: String,
}

/// `GET /v1/devices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceList {
    /// The account's devices.
    pub devices: Vec<DeviceInfo>,
}
