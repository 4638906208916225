//! Support for the tests that cross crates: actors, servers and instances.

pub mod sign_in;
pub mod snac;
