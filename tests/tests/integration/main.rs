//! Black-box tests that cross crates.

mod readme;
mod snac;
mod consent;
mod conversations;
mod crashes;
mod start_over;
mod tampering;
mod interop;
mod sigkill;
mod leaks;
