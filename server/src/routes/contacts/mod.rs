//! What the account says of others. Spec: `relay-api.md` 8.

pub(crate) mod list;
pub(crate) mod set;
