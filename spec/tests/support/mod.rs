//! Actors for the tests: people with account keys, their devices, and rooms that they share.

pub(crate) mod decoders;
pub(crate) mod person;
pub(crate) mod room;
