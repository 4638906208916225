//! The relay's API under `/v1`: the bodies of requests and answers, one module for each part of the URL space.
//!
//! Every type here is what `/openapi.json` describes. Paths are in [`paths`]; errors in [`problem`].
//!
//! Spec: `relay-api.md`.

pub mod accounts;
pub mod blobs;
pub mod contacts;
pub mod conversations;
pub mod devices;
pub mod groups;
pub mod key_packages;
pub mod links;
pub mod paths;
pub mod problem;
pub mod push;
pub mod relay;
pub mod sign_in;
pub mod stream;
