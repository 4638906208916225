//! What the instance itself calls. Spec: `relay-api.md` 15.

pub(crate) mod webhook;
