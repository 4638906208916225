//! Sign-in with the instance. It ends in a ticket, good for registering one device. Spec: `relay-api.md` 6.

use serde::{Deserialize, Serialize};

use super::devices::DeviceInfo;
use crate::{
    account::{AccountKey, AccountUri, Handle},
    bytes::fixed_bytes,
    time::Timestamp,
};

fixed_bytes!(
    /// Names a sign-in that has begun.
    SignInId,
    16
);

fixed_bytes!(
    /// Proves a finished sign-in, once, within ten minutes.
    Ticket,
    32
);

/// The answer of `POST /v1/sign-in/start`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignInStarted {
    /// The id to finish with.
    pub sign_in: SignInId,
    /// Where the person signs in, with a browser. It ends on a page that shows a code.
    pub authorize_url: String,
    /// Until when.
    pub expires: Timestamp,
}

/// `POST /v1/sign-in/finish`. The code ties the browser to this client: who only knows the id cannot take the sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FinishSignIn {
    /// From [`SignInStarted`].
    pub sign_in: SignInId,
    /// What the page in the browser showed.
    pub code: String,
}

/// `POST /v1/sign-in/exchange`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExchangeToken {
    /// An access token of the instance. The relay uses it once and does not keep it.
    pub access_token: String,
}

impl std::fmt::Debug for ExchangeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExchangeToken").finish_non_exhaustive()
    }
}

/// The answer of `finish` and `exchange`: who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedIn {
    /// For `POST /v1/devices`.
    pub ticket: Ticket,
    /// The account, as the instance named it.
    pub account: AccountUri,
    /// Its handle.
    pub handle: Handle,
    /// Its key, if it has been here before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_key: Option<AccountKey>,
    /// Its devices. If there are any, the person must choose: start over, or leave it.
    pub devices: Vec<DeviceInfo>,
}
