//! What the relay says of itself.

pub(crate) mod health;
pub(crate) mod info;
pub(crate) mod openapi;
pub(crate) mod ready;
pub(crate) mod well_known;
