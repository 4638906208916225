//! What a relay says of itself. Spec: `relay-api.md` 3.1.

use serde::{Deserialize, Serialize};

use super::push::PushKey;

/// `GET /.well-known/infrasound`, on the instance's domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WellKnown {
    /// The base URL of the relay, without a slash at the end.
    pub relay: String,
    /// The versions of the protocol that it speaks.
    pub versions: Vec<String>,
}

/// `GET /v1/relay`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RelayInfo {
    /// The version of the software.
    pub version: String,
    /// The base URL of the instance whose accounts sign in here.
    pub instance: String,
    /// Whether the instance is the built-in demo.
    pub demo: bool,
    /// The relay's limits.
    pub limits: Limits,
    /// By which the relay identifies itself to push services, if it wakes devices (`push.md` 1.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<PushKey>,
}

/// The limits that a client must know. Sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limits {
    /// The longest message after padding.
    pub message: u64,
    /// The longest file in a blob.
    pub blob: u64,
    /// One-time key packages kept for a device.
    pub key_packages: u64,
    /// Devices of an account.
    pub devices: u64,
    /// Milliseconds after which entries go, read or not.
    pub retention: u64,
}

/// The answer of `/healthz` and `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// `ok`, or what is wrong.
    pub status: String,
}
