//! Infrasound's protocol: the wire types, and the pure functions that relay and client must agree on.
//!
//! Nothing here does I/O, reads a clock, draws randomness or makes a secret (a blob's key passes through, unprinted). The prose is beside the code, in the
//! Markdown files of `spec/`; the vectors are in `spec/vectors/`.

pub mod account;
pub mod api;
mod authority;
pub mod blob;
pub mod bytes;
pub mod commit;
pub mod consent;
pub mod content;
pub mod conversation;
pub mod endorsement;
pub mod external;
pub mod key_package;
pub mod limits;
pub mod link;
pub mod log;
pub mod members;
pub mod message;
pub mod mls;
pub mod mutant;
pub mod policy;
pub mod report;
pub mod roster;
pub mod signing;
pub mod submission;
pub mod time;
