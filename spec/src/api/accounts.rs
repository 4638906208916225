//! Looking up another account. Spec: `relay-api.md` 8.

use serde::{Deserialize, Serialize};

use crate::account::{AccountKey, AccountUri, Handle};

/// `GET /v1/accounts/lookup`: give one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct LookupQuery {
    /// `@name@host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The actor URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// The answer: an account that uses Infrasound. One that does not is a `no-infrasound` problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountInfo {
    /// Its URI.
    pub account: AccountUri,
    /// Its handle.
    pub handle: Handle,
    /// Its key, the relay says. Believed only as far as safety numbers and pins go.
    pub account_key: AccountKey,
}
