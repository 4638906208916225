//! Support for the tests that cross crates: actors, servers and instances.

pub mod programs;
pub mod relay_process;
pub mod sign_in;
pub mod snac;
