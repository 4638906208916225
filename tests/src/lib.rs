//! Support for the tests that cross crates: actors, servers and instances.

pub mod bench;
pub mod cli;
pub mod device;
pub mod forge;
pub mod group;
pub mod journal;
pub mod kill;
pub mod leak_scan;
pub mod linking;
pub mod mls_rs;
pub mod programs;
pub mod relay_process;
pub mod script;
pub mod sign_in;
pub mod sim;
pub mod snac;
pub mod world;
