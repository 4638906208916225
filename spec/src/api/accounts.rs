//! Looking up other accounts. Spec: `relay-api.md` 8.

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

/// `GET /v1/accounts/search`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct SearchQuery {
    /// What a person has typed of a handle or a name.
    pub q: String,
}

/// The answer: at most a few.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundAccounts {
    /// As the instance orders them.
    pub accounts: Vec<FoundAccount>,
}

/// An account of the instance. Whether it uses Infrasound is not said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundAccount {
    /// Its handle.
    pub handle: Handle,
    /// What it calls itself: plain text, not to be trusted.
    pub name: String,
}
