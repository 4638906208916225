//! How a device is woken. Spec: `push.md`.

pub(crate) mod end;
pub(crate) mod set;
