//! Black-box tests that cross crates.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a step that fails fails the test, and says which")]
#![expect(clippy::large_futures, reason = "a test may have as much of the stack as its devices take")]

mod adversaries;
mod bad_input;
mod consent;
mod conversations;
mod crashes;
mod files;
mod group_commands;
mod groups;
mod interop;
mod leaks;
mod linking;
mod readme;
mod restored;
mod scripts;
mod sigkill;
mod sign_in;
mod simulator;
mod snac;
mod start_over;
mod stubborn_relay;
mod tampering;
