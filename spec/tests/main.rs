//! Black-box tests of the protocol: vectors, real MLS groups, the JSON on the wire, hostile bytes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, in what its tests share as well"
)]

mod commit_validity;
mod group_validity;
mod hostile_bytes;
mod json_shapes;
mod key_packages;
mod properties;
mod prose;
mod roster;
mod support;
mod vectors;
