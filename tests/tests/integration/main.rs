//! Black-box tests that cross crates.

mod readme;
mod snac;
