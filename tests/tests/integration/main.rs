//! Black-box tests that cross crates.

mod readme;
mod snac;
mod consent;
mod conversations;
mod crashes;
mod start_over;
mod stubborn_relay;
mod tampering;
mod interop;
mod sigkill;
mod leaks;
mod bad_input;
mod sign_in;
