//! Black-box tests of the protocol: vectors, real MLS groups, the JSON on the wire, hostile bytes.

mod commit_validity;
mod hostile_bytes;
mod json_shapes;
mod key_packages;
mod support;
mod vectors;
