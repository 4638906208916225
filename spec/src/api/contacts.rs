//! What an account says of others. Spec: `relay-api.md` 8.

use serde::{Deserialize, Serialize};

use crate::{
    account::{AccountUri, Handle},
    consent::ContactState,
};

/// What an account says of one other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Contact {
    /// The other account.
    pub account: AccountUri,
    /// Its handle.
    pub handle: Handle,
    /// What is said.
    pub state: ContactState,
}

/// `GET /v1/contacts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactList {
    /// All about whom something was said.
    pub contacts: Vec<Contact>,
}

/// `PUT /v1/contacts/{account}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetContact {
    /// What is said from now on.
    pub state: ContactState,
}
