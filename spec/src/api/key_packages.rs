//! Key packages: uploading one's own, claiming somebody's. Spec: `key-packages.md`.

use serde::{Deserialize, Serialize};

use crate::{
    account::{AccountKey, AccountUri, DeviceId},
    bytes::Base64Url,
};

/// `POST /v1/key-packages`: adds one-time key packages, replaces the last-resort one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UploadKeyPackages {
    /// One-time key packages, as MLSMessages.
    pub one_time: Vec<Base64Url>,
    /// The one that is handed out when no other is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_resort: Option<Base64Url>,
}

/// The answer of `POST` and `GET /v1/key-packages`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyPackageCount {
    /// One-time key packages that can still be handed out.
    pub one_time: u64,
    /// Whether there is a last-resort one that can be handed out.
    pub last_resort: bool,
}

/// `POST /v1/key-packages/claim`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClaimKeyPackages {
    /// Whose.
    pub account: AccountUri,
}

/// The answer: one key package for each device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClaimedKeyPackages {
    /// The account's key, the relay says.
    pub account_key: AccountKey,
    /// One for each device.
    pub key_packages: Vec<ClaimedKeyPackage>,
}

/// A key package that was handed out. It is not handed out again, unless it is the last resort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClaimedKeyPackage {
    /// The device.
    pub device: DeviceId,
    /// The key package, as an MLSMessage.
    pub key_package: Base64Url,
}
