//! Infrasound's client as a state machine: inputs in, outputs out. It does no I/O and reads no clock.
//!
//! [`Client::handle`] is the one entry point. [`input`] says what goes in, [`output`] what the host must do with what
//! comes out. Time and randomness are arguments; what was stored comes in as records.

pub mod blob;
mod client;
mod contact;
pub mod conversation;
mod device;
pub mod event;
pub mod group_link;
pub mod input;
mod intent;
pub mod journal;
mod link;
pub mod message;
mod mls;
pub mod output;
pub mod safety_number;
mod stored;
mod unpack;
pub mod warning;

pub use client::{Client, NewDevice, Newcomer, OpenError, RegisterError};
#[cfg(feature = "simulation")]
pub use client::{Standing, Unfinished};
pub use intent::Settings;
