//! Infrasound's relay: runs beside an instance, orders and stores ciphertext.
//!
//! [`serve`] starts one in this process, as the command and the tests do. Bird's-eye view: `spec/architecture.md`.
//!
//! **Invariant:** nothing here can decrypt: the relay knows `infrasound-spec` and openmls' public group, never the core.

mod access;
mod address;
pub mod admin;
mod apart;
mod app;
pub mod backup;
mod blobs;
mod body;
mod cache;
mod clock;
mod collecting;
pub mod command;
pub mod config;
pub mod demo;
mod disk;
pub mod doctor;
mod domains;
mod error;
mod housekeeping;
mod hub;
mod identity;
pub mod init;
pub mod instance;
mod link_waits;
mod live;
mod looking_again;
mod metrics;
mod openapi;
mod outbound;
mod push;
mod rates;
mod routes;
mod secret;
mod serving;
mod session;
#[cfg(feature = "simulation")]
pub mod simulation;
mod store;
mod streams;
mod web_app;
mod webhook;
mod writer;

pub use self::{
    clock::Clock,
    config::Config,
    serving::{Relay, ServeError, serve},
    store::backend::OpenError,
};
