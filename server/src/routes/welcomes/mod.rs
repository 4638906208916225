//! Welcomes for the session's device. Spec: `relay-api.md` 9.

pub(crate) mod delete;
pub(crate) mod list;
