//! The session's account, and looking up others. Spec: `relay-api.md` 8.

pub(crate) mod lookup;
pub(crate) mod own;
pub(crate) mod policy;
pub(crate) mod search;
